"""Docstrings of all public names: what numpydoc's validation says of them, and whether their examples run."""

from __future__ import annotations

import doctest
import importlib
import inspect
import sys
import tomllib
from pathlib import Path

import pytest
from numpydoc.validate import ERROR_MSGS, validate

import fleeting

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(str(fleeting.__file__)).parent
sys.path.insert(0, str(ROOT / "docs"))

from generate import public_objects  # noqa: E402

LISTED = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["numpydoc_validation"]["checks"]
CHECKS = set(ERROR_MSGS) - set(LISTED)
# What scikit-learn's and PyTorch's own contracts say of a method is said there; ours says in a line what differs.
PUBLIC = {name: thing for name, thing in public_objects().items() if inspect.isclass(thing) or inspect.isroutine(thing)}
WITH_EXAMPLES = [
    ".".join(("fleeting", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
    for path in sorted(SOURCE.rglob("*.py"))
    if ">>> " in path.read_text("utf-8")
]


@pytest.mark.parametrize("name", PUBLIC)
def test_the_docstring_tells_parameters_returns_and_errors(name):
    wrong = {each: validate(each)["errors"] for each in (name, *_methods(name, PUBLIC[name]))}
    said = [f"{each}: {code} {text}" for each, errors in wrong.items() for code, text in errors if code in CHECKS]
    assert not said, "\n".join(said)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_its_examples_give_what_they_say(name):
    assert not doctest.testmod(importlib.import_module(name)).failed  # what differs is printed


def test_a_docstring_that_forgets_a_parameter_is_noticed(tmp_path, monkeypatch):
    (tmp_path / "forgetful.py").write_text('def f(what: int) -> int:\n    """A number, of which nothing is told."""\n    return what\n')
    monkeypatch.syspath_prepend(tmp_path)
    assert {code for code, _ in validate("forgetful.f")["errors"]} & CHECKS == {"PR01", "RT01"}


def _methods(name: str, thing: object) -> list[str]:
    """The public methods and properties of a class that override nothing: those that do are told where they come from."""
    if not inspect.isclass(thing):
        return []
    kinds = (property, classmethod, staticmethod)
    own = [key for key, value in vars(thing).items() if not key.startswith("_") and (inspect.isfunction(value) or isinstance(value, kinds))]
    return [f"{name}.{key}" for key in own if not any(hasattr(base, key) for base in thing.__mro__[1:])]
