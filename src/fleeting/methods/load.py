"""A method by what stands on a command line: its registered name, or ``file.py:function`` for one of your own."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..errors import FleetingError, UsageError
from ..evaluate import copied
from ..identity import digest


def load_method(text: str) -> Any:
    """The estimator of a registered name, or the one that a function in a file returns: ``my_file.py:my_function``.

    The file may be edited at will: its content is part of the names of its classes, and so of what cached results and runs
    are found by. Other files that it imports are looked for beside it, and are not.

    Raises
    ------
    UsageError
        No such name, file or function, or the function does not return an estimator.
    """
    from . import METHODS

    if text in METHODS:
        return copied(METHODS[text]())
    file, colon, wanted = text.rpartition(":")
    if not colon:
        near = [name for name in METHODS if text in name] or get_close_matches(text, METHODS, 3, 0.5) or sorted(METHODS)
        raise UsageError(f"{text!r} is no registered method: there is {', '.join(near)}; one of your own is file.py:function")
    path = Path(file).expanduser()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}): a method is a registered name or file.py:function") from error
    module_name = f"{path.stem}_{digest(content, length=8)}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python file: its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    if str(path.parent.resolve()) not in sys.path:
        sys.path.append(str(path.parent.resolve()))
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
        method = _function(vars(module), wanted, path, module_name)()
    except FleetingError:
        raise
    except Exception as error:
        raise UsageError(f"{text} failed: {type(error).__name__}: {error}") from error
    finally:
        del sys.modules[module_name]  # what is in no module is sent to other processes by value: they need not have the file
    return copied(method)


def _function(names: dict[str, Any], wanted: str, path: Path, module_name: str) -> Callable[[], Any]:
    function = names.get(wanted)
    if not callable(function):
        known = [key for key, value in names.items() if callable(value) and getattr(value, "__module__", "") == module_name]
        raise UsageError(f"{path} has no function {wanted!r}; it has {', '.join(known) or 'none'}")
    return function
