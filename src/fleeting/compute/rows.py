"""Samples that are not in memory: rows of an array that lie in a file, and some of the rows of another.

What learns batch by batch needs no more than their shape, their type, and the rows it asks for.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from ..errors import OutputError

AT_ONCE = 64  # rows that are looked at together, where all are looked at
TOUCH_S = 60.0  # a file that is in use is marked so at least this often, lest it is swept away as a killed process's


@dataclass(frozen=True, eq=False)
class Rows:
    """Some samples of an array, or of whatever gives rows: they stay where they are until they are asked for.

    Attributes
    ----------
    base : array of shape (N, ...)
    rows : ndarray of shape (n,), int
    """

    base: Any
    rows: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the samples."""
        return (len(self.rows), *self.base.shape[1:])

    @property
    def dtype(self) -> Any:
        """Of the samples."""
        return self.base.dtype

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Any) -> Any:
        return self.base[self.rows[rows]]


class Stored:
    """N samples of one shape in a file, which goes when nobody holds them any more.

    Parameters
    ----------
    folder : path or None
        Where, in a folder ``00`` of it; None: where this system keeps what is temporary.
    n : int
    like : ndarray
        A sample.

    Raises
    ------
    OutputError
        The file cannot be made.
    """

    def __init__(self, folder: str | os.PathLike[str] | None, n: int, like: np.ndarray):
        self.shape, self.dtype = (n, *like.shape), like.dtype
        self.path = Path(tempfile.gettempdir() if folder is None else folder) / "00" / f".{uuid4().hex}.tmp"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("x+b", buffering=0)
        except OSError as error:
            raise OutputError(f"{self.path.parent} cannot be written: {error.strerror}. {_WAY_OUT}") from error
        self._touched = time.monotonic()
        weakref.finalize(self, _remove, self._file, self.path)

    def put(self, row: int, sample: np.ndarray) -> None:
        """Keep a sample as that row; OutputError where the disk is full."""
        content = np.ascontiguousarray(sample, self.dtype).tobytes()
        try:
            self._file.seek(row * len(content))
            written = self._file.write(content) or 0
        except OSError as error:
            raise OutputError(f"{self.path} cannot be written: {error.strerror}. {_WAY_OUT}") from error
        if written < len(content):
            raise OutputError(f"{self.path} cannot be written: the disk is full. {_WAY_OUT}")

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        """The rows of those numbers, in memory."""
        if time.monotonic() - self._touched > TOUCH_S:
            with suppress(OSError):
                os.utime(self.path)
            self._touched = time.monotonic()
        numbers = np.arange(len(self))[rows]
        out = np.empty((*np.shape(numbers), *self.shape[1:]), self.dtype)
        width = math.prod(self.shape[1:])
        size, places = width * self.dtype.itemsize, out.reshape(np.size(numbers), width).view(np.uint8)
        for number, place in zip(np.ravel(numbers).tolist(), places, strict=True):
            self._file.seek(number * size)
            self._file.readinto(place.data)
        return out

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_file"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._file = self.path.open("rb", buffering=0)
        weakref.finalize(self, self._file.close)


def in_parts(X: Any) -> Iterator[np.ndarray]:
    """All samples, some at a time."""
    for start in range(0, len(X), AT_ONCE):
        yield np.asarray(X[np.arange(start, min(start + AT_ONCE, len(X)))])


_WAY_OUT = "Make room, or name another folder with FLEETING_CACHE"


def _remove(file: Any, path: Path) -> None:
    file.close()
    with suppress(OSError):
        path.unlink()
