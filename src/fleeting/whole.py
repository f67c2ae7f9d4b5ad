"""A file that appears whole or not at all."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

WAITS_S = (0.02, 0.1, 0.5)  # on Windows, where a file that somebody is reading, a virus scanner say, cannot be replaced


@contextmanager
def whole_file(path: Path, suffix: str = "") -> Iterator[Path]:
    """A path beside, to write to: what lies there when the block ends well gets the name ``path``, otherwise nothing is left.

    Writers need no lock, and no reader meets half a file; an older file stays until it is replaced. Of a process that was killed a hidden
    file is left, ``.*.tmp`` and the suffix.

    Parameters
    ----------
    path : Path
        In a folder that is there.
    suffix : str, default=""
        For writers to which it says what to write, such as ``.npz``.

    Raises
    ------
    OSError
        As the disk says it.
    """
    beside = path.with_name(f".{uuid4().hex}.tmp{suffix}")
    try:
        yield beside
        _replace(beside, path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def _replace(beside: Path, path: Path) -> None:
    for wait in WAITS_S if os.name == "nt" else ():
        try:
            return os.replace(beside, path)
        except PermissionError:
            time.sleep(wait)
    return os.replace(beside, path)
