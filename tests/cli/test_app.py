"""``fleeting`` alone, its version, and what the shell completes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import fleeting


@pytest.fixture
def run(fleeting, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    return lambda *arguments: fleeting(*arguments)[:2]


def test_version(run):
    assert run("--version") == (0, f"fleeting {fleeting.__version__}\n")


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_help_begins_with_what_is_done_most(run, arguments):
    _, said = run(*arguments)
    places = [said.index(f"fleeting {task}") for task in ("analyze interview.mp4", "demo", "evaluate lbp_top_svm")]
    assert places == sorted(places)
    assert places[-1] < said.index("Options") < said.index("Find the micro-expressions in videos")
    commands = "analyze coded demo evaluate compare report inflate reproduce train methods cache datasets models"
    assert all(f"│ {name} " in said for name in commands.split())


@pytest.mark.skipif(sys.platform == "win32", reason="bash")
@pytest.mark.parametrize(("typed", "completed"), [("fleeting ana", "analyze"), ("fleeting analyze --recog", "--recogniser")])
def test_the_shell_completes_commands_and_options(typed, completed):
    words = {"_FLEETING_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    code = "import sys; sys.argv[0] = 'fleeting'; from fleeting.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**os.environ, **words})
    assert (done.returncode, done.stdout.split()) == (0, [completed])
