"""What a result depends on, as plain data and as one short name: the keys of the cache and of run folders.

A method is its classes, their parameters and their ``revision``. Code of one's own (a notebook, a script) has no revision
to raise, so its compiled functions count, with the functions and constants of the same kind that they use. Mutable
things that a function sees from outside do not count: they are taken for notes, not for settings.
"""

from __future__ import annotations

import dis
import hashlib
import json
import math
import os
import sys
from contextlib import suppress
from enum import Enum
from functools import cache, partial
from io import IOBase
from pathlib import Path, PurePath
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

from ..clip import Clip, Video
from ..errors import UsageError
from .rows import Rows, Stored, in_parts

NO_MATTER = {"n_jobs", "verbose", "memory", "progress", "checkpoint"}  # parameters that change no result
PLAIN = (bool, int, float, complex, str, bytes, type(None))
# Where classes stood when runs and cached features were first named by them: what was named then is found after a move. Who moves a
# class that a method, a protocol or a clip may hold adds a line; the longest that fits counts.
PUBLISHED = {
    "fleeting.compute.prefix": "fleeting.prefix",
    "fleeting.training": "fleeting.models",
    "fleeting.training.net_features.DeepFeatures": "fleeting.models.sdf.DeepFeatures",
    "fleeting.training.tlcnn": "fleeting.models.tlcnn_training",
}


class UnnamableError(UsageError):
    """Something that has no lasting description: a lock, an open file, a random generator."""


def digest(*values: Any, length: int = 32) -> str:
    """A name of ``length`` hexadecimal digits, 64 at most, for anything that :func:`describe` can say."""
    text = json.dumps([describe(value) for value in values], sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()[:length]


def describe(value: Any) -> Any:
    """The value as JSON-able data, the same in each process.

    A file is described by its name and size, an array by its type, shape and content, an estimator by its class, revision
    and parameters, a function by its name and code, any other object by its class and attributes.

    Raises
    ------
    UnnamableError
        The value, or something in it, cannot be described so that it is known again.
    """
    try:
        return _describe(value)
    except RecursionError as error:
        raise UnnamableError(f"a {type(value).__name__} holds itself, and cannot be named") from error


def source(clip: Clip | Video, place: bool = False) -> Any:
    """Where the frames of a clip or of a long video come from, as JSON-able data.

    A file counts by its name and size; with ``place`` by its whole path, size and time of change, which tells versions apart
    on one machine. Arrays in memory count by content, and so do the frames where a bare function reads them.
    """
    return _source(clip.read if isinstance(clip, Clip) else clip.stream, clip, place)


def names_in(thing: Any, _seen: set[Any] | None = None) -> set[str]:
    """The top of each dotted name that the code of one's own class or function mentions, or that of functions it calls."""
    seen = set() if _seen is None else _seen
    if not isinstance(thing, type | FunctionType) or thing in seen or not _own(thing.__module__):
        return set()
    seen.add(thing)
    if isinstance(thing, type):
        return set().union(*(names_in(_function(member), seen) for member in vars(thing).values()))
    names = _names(thing.__code__)
    called = (thing.__globals__[name] for name in names if name in thing.__globals__)
    return {name.partition(".")[0] for name in names}.union(*(names_in(each, seen) for each in called))


def _describe(value: Any) -> Any:
    if isinstance(value, Enum):
        return {"enum": f"{_path(type(value))}.{value.name}"}
    if isinstance(value, bytes | complex | range | slice | np.dtype | np.ufunc):
        return {type(value).__name__: repr(value)}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}  # JSON has no word for it
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, np.generic):
        return _describe(value.item())
    if isinstance(value, PurePath):
        return _file(Path(value), place=False)
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, Rows | Stored):
        return _rows(value)
    if isinstance(value, list | tuple):
        return [_describe(each) for each in value]
    if isinstance(value, set | frozenset):
        return {"set": sorted((_describe(each) for each in value), key=repr)}
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {key: _describe(each) for key, each in value.items()}
        return {"pairs": sorted(([_describe(key), _describe(each)] for key, each in value.items()), key=repr)}
    if isinstance(value, type):
        return {"class": _path(value), **_class_code(value, set()), **_revision(value)}
    if isinstance(value, FunctionType):
        return {"function": _path(value), **_function_code(value, set())}
    if isinstance(value, BuiltinFunctionType):
        return {"function": _path(value)}
    if isinstance(value, partial):
        return {"partial": _describe(value.func), "args": _describe(value.args), "keywords": _describe(value.keywords)}
    if isinstance(value, MethodType):
        return {"method": _describe(value.__func__), "of": _describe(value.__self__)}
    return _object(value)


def _revision(kind: type) -> dict[str, Any]:
    """What changes where a class computes something else than before; networks are given as classes."""
    revision = getattr(kind, "revision", None)
    return {} if revision is None else {"revision": revision}


def _object(value: Any) -> Any:
    kind = type(value)
    named = {"class": _path(kind), **_class_code(kind, set()), **_revision(kind)}
    if hasattr(value, "get_params"):
        params = {key: each for key, each in sorted(value.get_params(deep=False).items()) if key not in NO_MATTER}
        if (request := getattr(value, "_metadata_request", None)) is not None:  # set_fit_request(groups=True) and the like
            named["asks"] = repr(request)
        return {**named, "params": _describe(params)}
    if hasattr(value, "detach") and hasattr(value, "cpu"):  # a tensor, wherever it lives
        return {**named, "values": _array(value.detach().cpu().numpy())}
    if not hasattr(value, "__dict__") or isinstance(value, IOBase | np.random.RandomState | np.random.Generator):
        raise UnnamableError(f"a {_path(kind)} cannot be named in a run: give a number, a text or a path in its place")
    return {**named, "holds": _describe(vars(value))}


def _source(value: Any, clip: Clip | Video, place: bool) -> Any:
    if isinstance(value, PurePath):
        return _file(Path(value), place)
    if isinstance(value, str):
        return _file(Path(value), place) if os.sep in value and os.path.exists(value) else value
    if isinstance(value, list | tuple):
        return [_source(each, clip, place) for each in value]
    if isinstance(value, partial):
        parts = [_source(each, clip, place) for each in (value.args, list(value.keywords.items()))]
        return [_source(value.func, clip, place), *parts]
    if isinstance(value, Clip):  # one that a preprocess was laid over
        return [value.id, value.fps, value.onset, value.apex, value.offset, _source(value.read, value, place)]
    if isinstance(value, FunctionType | MethodType) and _own(value.__module__):
        return {"frames": _frames(clip)}  # it may read anything from anywhere
    if hasattr(value, "__dict__") and not isinstance(value, type | FunctionType) and not hasattr(value, "get_params"):
        return {"class": _path(type(value)), "holds": [[k, _source(v, clip, place)] for k, v in sorted(vars(value).items())]}
    return describe(value)


def _frames(clip: Clip | Video) -> Any:
    return _array(np.asarray(clip.frames)) if isinstance(clip, Clip) else digest([_array(frame) for frame in clip.frames()])


def _file(path: Path, place: bool) -> Any:
    try:
        about = path.stat()
    except OSError:
        return {"file": str(path)}
    if place:
        return {"file": str(path.resolve()), "size": about.st_size, "time": about.st_mtime_ns}
    return {"file": path.name, "size": about.st_size}


def _array(array: np.ndarray) -> Any:
    if array.dtype.hasobject:
        return {"array": _describe(array.tolist())}
    content = hashlib.blake2b(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data, digest_size=16)
    return {"array": [array.dtype.str, list(array.shape), content.hexdigest()]}


def _rows(samples: Rows | Stored) -> Any:
    """As of the same samples in memory."""
    content = hashlib.blake2b(digest_size=16)
    for part in in_parts(samples):
        content.update(np.ascontiguousarray(part).reshape(-1).view(np.uint8).data)
    return {"array": [np.dtype(samples.dtype).str, list(samples.shape), content.hexdigest()]}


def _path(thing: Any) -> str:
    """The dotted name by which a class or function was first published."""
    name = f"{thing.__module__}.{thing.__qualname__}"
    now = max((each for each in PUBLISHED if name == each or name.startswith(f"{each}.")), key=len, default="")
    return PUBLISHED[now] + name.removeprefix(now) if now else name


@cache
def _own(module: str | None) -> bool:
    """Whether a module is code of the user's own: neither Python's, nor Fleeting's, nor installed with a version."""
    top = (module or "").partition(".")[0]
    if top == "__main__":
        return True
    if top in sys.stdlib_module_names or top in ("builtins", "fleeting", "sklearn", "numpy"):
        return False
    file = getattr(sys.modules.get(top), "__file__", None) or ""
    return not {"site-packages", "dist-packages"} & set(Path(file).parts)


def _class_code(kind: type, seen: set[Any]) -> dict[str, Any]:
    """The code of the class's own functions and of its parents that are code of one's own; empty for all other classes."""
    code = {}
    for each in kind.__mro__:
        if not _own(each.__module__) or each in seen:
            continue
        seen.add(each)
        for name, member in sorted(vars(each).items()):
            function = _function(member)
            if isinstance(function, FunctionType):
                code[f"{each.__qualname__}.{name}"] = _function_code(function, seen)
            elif isinstance(member, PLAIN) and not name.startswith("__"):
                code[f"{each.__qualname__}.{name}"] = {"value": repr(member)}
    return {"code": _short(code)} if code else {}


def _function_code(function: FunctionType, seen: set[Any]) -> dict[str, Any]:
    """The code of a function of one's own, with what it refers to; empty for all other functions."""
    if not _own(function.__module__) or function in seen:
        return {}
    seen.add(function)
    code = function.__code__
    names = {name: function.__globals__[name] for name in sorted(_names(code)) if name in function.__globals__}
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # not filled yet
            names[name] = cell.cell_contents
    written = _written(code)
    uses = {name: _used(thing, seen) for name, thing in names.items() if name not in written}
    defaults = [repr(each) if isinstance(each, PLAIN) else type(each).__name__ for each in function.__defaults__ or ()]
    return {"code": _short([_compiled(code), defaults, {name: used for name, used in uses.items() if used}])}


def _function(member: Any) -> Any:
    """What is behind a static method, a class method or a property."""
    return getattr(member, "__func__", getattr(member, "fget", member))


def _used(thing: Any, seen: set[Any]) -> Any:
    if isinstance(thing, FunctionType):
        return _function_code(thing, seen)
    if isinstance(thing, type):
        return _class_code(thing, seen)
    if isinstance(thing, PLAIN) or (isinstance(thing, tuple | frozenset) and all(isinstance(each, PLAIN) for each in thing)):
        return repr(sorted(thing, key=repr) if isinstance(thing, frozenset) else thing)
    return _array(thing) if isinstance(thing, np.ndarray) else None


def _compiled(code: CodeType) -> Any:
    constants = [_compiled(each) if isinstance(each, CodeType) else _used(each, set()) for each in code.co_consts]
    return [code.co_code.hex(), constants, list(code.co_names)]


def _names(code: CodeType) -> set[str]:
    inner = (_names(each) for each in code.co_consts if isinstance(each, CodeType))
    return set(code.co_names).union(*inner)


def _written(code: CodeType) -> set[str]:
    """What a function assigns outside itself: counters and the like."""
    stores = {step.argval for step in dis.get_instructions(code) if step.opname in ("STORE_GLOBAL", "STORE_DEREF")}
    return stores.union(*(_written(each) for each in code.co_consts if isinstance(each, CodeType)))


def _short(value: Any) -> str:
    return hashlib.blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=8).hexdigest()
