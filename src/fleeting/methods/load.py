"""A method by what stands on a command line: its registered name, or ``file.py:function`` for one of your own."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

from ..base import copied
from ..compute.identity import digest
from ..errors import FleetingError, UsageError


def load_method(text: str, parameters: Mapping[str, Any] | None = None) -> Any:
    """The estimator of a registered name, or the one that a function in a file returns: ``my_file.py:my_function``.

    The file may be edited at will: its content is part of the names of its classes, and so of what cached results and runs
    are found by. Other files that it imports are looked for beside it, and are not.

    Parameters
    ----------
    text : str
    parameters : mapping, optional
        Of the function, such as ``align`` or ``epochs``, or of a step of what it returns, such as ``svc__C``.

    Raises
    ------
    UsageError
        No such name, file, function or parameter, or the function does not return an estimator.
    """
    function, given = _function_of(text), dict(parameters or {})
    takes = signature(function).parameters.values()
    own = {each.name for each in takes if each.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)}
    if any(each.kind is Parameter.VAR_KEYWORD for each in takes):  # training's own, which the function looks through itself
        own |= {key for key in given if "__" not in key}
    method = _built(text, function, {key: value for key, value in given.items() if key in own})
    for key in given.keys() - own:
        if key not in (known := method.get_params()):
            near = get_close_matches(key, [*own, *known], 3, 0.4) or [*sorted(own), *sorted(values_of(method))]
            raise UsageError(f"{key}: {text} has no such parameter; there is {', '.join(near)} (`fleeting methods {text}` lists all)")
        method.set_params(**{key: given[key]})
    return method


def parameters_of(text: str) -> dict[str, Any]:
    """All that can be given to a method, with its default: of its function first, then of the steps of what that returns."""
    function = _function_of(text)
    takes = signature(function).parameters.values()
    return {each.name: each.default for each in takes if each.default is not Parameter.empty} | values_of(_built(text, function, {}))


def values_of(method: Any) -> dict[str, Any]:
    """Those of its parameters that are values and not parts of it, sorted."""
    aside = {"memory", "steps", "transform_input", "verbose"} if hasattr(method, "steps") else set()
    return {key: value for key, value in sorted(method.get_params().items()) if key not in aside and not hasattr(value, "get_params")}


def _function_of(text: str) -> Callable[..., Any]:
    """The function that builds the method."""
    from . import METHODS

    if text in METHODS:
        return METHODS[text]
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
    except FleetingError:
        raise
    except Exception as error:
        raise UsageError(f"{text} failed: {type(error).__name__}: {error}") from error
    finally:
        del sys.modules[module_name]  # what is in no module is sent to other processes by value: they need not have the file
    return _function(vars(module), wanted, path, module_name)


def _built(text: str, function: Callable[..., Any], parameters: Mapping[str, Any]) -> Any:
    """What the function returns, as a copy."""
    try:
        method = function(**parameters)
    except FleetingError:
        raise
    except Exception as error:
        raise UsageError(f"{text} failed: {type(error).__name__}: {error}") from error
    return copied(method)


def _function(names: dict[str, Any], wanted: str, path: Path, module_name: str) -> Callable[[], Any]:
    function = names.get(wanted)
    if not callable(function):
        known = [key for key, value in names.items() if callable(value) and getattr(value, "__module__", "") == module_name]
        raise UsageError(f"{path} has no function {wanted!r}; it has {', '.join(known) or 'none'}")
    return function
