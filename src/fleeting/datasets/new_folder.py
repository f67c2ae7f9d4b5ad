"""A folder that appears whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import FleetingError, OutputError, UsageError


@contextmanager
def new_folder(out: str | Path) -> Iterator[Path]:
    """A hidden folder to write into, which is called ``out`` once the block has ended well, and gone if it has not.

    Raises
    ------
    UsageError
        There is something called ``out`` already, other than an empty folder.
    OutputError
        It could not be written: folder read-only, disk full.
    """
    out = Path(os.path.abspath(Path(out).expanduser()))
    try:
        if os.path.lexists(out) and (out.is_symlink() or not out.is_dir() or any(out.iterdir())):
            raise UsageError(f"{out} exists already. Choose a name that is free, or remove it first.")
        draft = out.with_name(f".{out.name}.{os.getpid()}.part")
        draft.mkdir(parents=True)
        try:
            yield draft
            if out.is_dir():
                out.rmdir()
            draft.rename(out)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except FleetingError:
        raise
    except OSError as error:
        raise OutputError(f"{out} could not be written: {error.strerror or error}. Make room, or choose another folder.") from error
