"""What was computed of a clip, kept on disk: arrays by key, the least recently used leaving first.

An entry is one ``.npy`` file, written aside and renamed, so writers need no lock and no reader meets half an entry. Two
who write the same key write the same bytes. What the disk refuses costs a warning and the entry, never the computation.
"""

from __future__ import annotations

import os
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import OutputError
from ..whole import whole_file

LIMIT = 20_000_000_000
ABANDONED_S = 3600  # a file that its writer did not rename for so long never will be


def default_folder() -> Path:
    """``$FLEETING_CACHE/clips``, or ``clips`` where this system keeps what programs can compute again."""
    import platformdirs

    return Path(os.environ.get("FLEETING_CACHE") or platformdirs.user_cache_dir("fleeting")) / "clips"


@dataclass
class Cache:
    """Arrays by key in a folder of bounded size. Copies in other processes share the folder.

    Parameters
    ----------
    folder : str or Path, optional
        Made when first written to. Default: :func:`default_folder`.
    limit : int, default=-1
        Bytes; below 0 what :meth:`keep_below` has set for the folder, or else 20 GB. Exceeded by a twentieth at most for each
        process that writes, then the entries used longest ago leave.
    """

    folder: str | os.PathLike[str] = field(default_factory=default_folder)
    limit: int = -1
    _broken: bool = field(default=False, repr=False)
    _unswept: float = field(default=float("inf"), repr=False)  # bytes written since the last look at the whole folder

    def __post_init__(self) -> None:
        if self.limit < 0:
            try:
                self.limit = int((Path(self.folder) / "limit").read_text("ascii"))
            except (OSError, ValueError):
                self.limit = LIMIT

    def get(self, key: str) -> np.ndarray | None:
        """The array under a key, or None; what is there but damaged is removed."""
        path = self._path(key)
        try:
            array = np.load(path, allow_pickle=False)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError):
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)  # used now
        return array

    def put(self, key: str, array: np.ndarray) -> bool:
        """Whether the array could be kept. The first refusal of the disk warns; from then on nothing is tried."""
        if self._broken or array.nbytes > self.limit or array.dtype.hasobject:
            return False
        try:
            path = self._path(key)
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as beside, beside.open("wb") as file:
                np.save(file, array, allow_pickle=False)
        except OSError as error:
            if isinstance(error, PermissionError) and path.exists():  # Windows: somebody is reading it, who has the same bytes
                return True
            self._broken = True
            warnings.warn(
                f"the cache {self.folder} could not be written: {error.strerror or f'the disk is full ({error})'}; going on without it. "
                "`fleeting cache --clear` makes room, FLEETING_CACHE names another folder",
                stacklevel=2,
            )
            return False
        self._unswept += array.nbytes
        if self._unswept > self.limit / 20:
            self._sweep()
        return True

    def keep_below(self, limit: int) -> None:
        """Set how many bytes the folder may hold, for all who use it from now on; what is too much leaves.

        Raises
        ------
        OutputError
            The folder cannot be written to.
        """
        self.limit = limit
        try:
            Path(self.folder).mkdir(parents=True, exist_ok=True)
            with whole_file(Path(self.folder) / "limit") as beside:
                beside.write_text(str(limit), "ascii")
        except OSError as error:
            raise OutputError(f"the cache {self.folder} could not be written: {error.strerror}; FLEETING_CACHE names another") from error
        self._sweep()

    def info(self) -> dict[str, Any]:
        """``folder``, how many ``entries`` of how many ``bytes`` are there, and the ``limit``."""
        entries = self._entries()
        return {
            "folder": str(self.folder),
            "entries": sum(path.suffix == ".npy" for _, _, path in entries),
            "bytes": sum(size for _, size, _ in entries),
            "limit": self.limit,
        }

    def clear(self) -> int:
        """How many bytes were freed by removing all entries; what is being written at this moment stays."""
        freed, old = 0, time.time() - ABANDONED_S
        for used, size, path in self._entries():
            if path.suffix == ".npy" or used < old:
                with suppress(OSError):
                    path.unlink()
                    freed += size
        return freed

    def _sweep(self) -> None:
        """Entries used longest ago leave until a tenth of the limit is free again."""
        self._unswept = 0
        entries, old = self._entries(), time.time() - ABANDONED_S
        total = sum(size for _, size, _ in entries)
        room = 0.9 * self.limit if total > self.limit else float("inf")
        for used, size, path in sorted(entries):
            if total > room or (path.suffix == ".tmp" and used < old):
                with suppress(OSError):
                    path.unlink()
                    total -= size

    def _entries(self) -> list[tuple[float, int, Path]]:
        """When each entry was last used, its bytes and its file; files that are being written included."""
        found = []
        for pattern in ("??/*.npy", "??/.*.tmp"):
            for path in Path(self.folder).glob(pattern):
                with suppress(OSError):  # another process was quicker
                    about = path.stat()
                    found.append((about.st_mtime, about.st_size, path))
        return found

    def _path(self, key: str) -> Path:
        return Path(self.folder) / key[:2] / f"{key}.npy"


def cache_of(cache: Cache | bool) -> Cache | None:
    """The cache that is meant: the usual one, none, or the one that was given."""
    return (Cache() if cache else None) if isinstance(cache, bool) else cache
