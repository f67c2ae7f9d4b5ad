"""Messages speak Python; the command line says them in its own words."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import typer

import fleeting
from fleeting.cli.app import app
from fleeting.cli.terminal import OTHERWISE, SWITCHES, VALUES, in_options

SOURCE = Path(str(fleeting.__file__)).parent


@pytest.mark.parametrize(
    ("python", "terminal"),
    [
        ("Replace it with overwrite=True, or choose", "Replace it with --overwrite, or choose"),
        ("clips(partial=True) leaves them out", "--partial leaves them out"),
        ("take what is there with partial=True.", "take what is there with --partial."),
        ("such as fps=30 for most cameras or fps=200.", "such as --fps 30 for most cameras or --fps 200."),
        ("fps=0.0 must be a positive number.", "--fps 0.0 must be a positive number."),
        ("or its true rate (fps=).", "or its true rate (--fps)."),
        ("recogniser='my net.safetensors'.", "--recogniser my net.safetensors."),
        ("face=7: pair shows 2 face(s)", "--face 7: pair shows 2 face(s)"),
        ("or its frames a second (clock=).", "or its frames a second (--fps)."),
        ("Say so (tiers={'NAME': 'micro'}).", "Say so (--tier NAME=micro)."),
        ("smic__camera=VIS, alpha=3, surface=2, myfps=3", "smic__camera=VIS, alpha=3, surface=2, myfps=3"),
    ],
)
def test_parameters_become_options(python, terminal):
    assert in_options(python) == terminal


def test_what_is_translated_is_an_option():
    words = {word for pattern in (SWITCHES, VALUES) for word in re.search(r"\((\w+(?:\|\w+)+)\)=", pattern.pattern)[1].split("|")}
    words = {"tier", *(OTHERWISE.get(word, word) for word in words)}
    assert words <= _options(typer.main.get_command(app))


def test_python_does_not_speak_of_options():
    """But within a whole command, in backquotes."""
    said = [
        f"{path.name}:{node.lineno}"
        for path in sorted(SOURCE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if path.parent.name != "cli" and (isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and _tells(node.func)))
        if re.search(r"(?<![\w-])--[a-z]", re.sub(r"`[^`]*`", "", ast.unparse(node)))
    ]
    assert not said


def _tells(function):
    return ast.unparse(function).rpartition(".")[2] in ("warn", "append")


def _options(command):
    found = {name.removeprefix("--") for each in command.params for name in each.opts}
    return found.union(*(_options(each) for each in getattr(command, "commands", {}).values()))
