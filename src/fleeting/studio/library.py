"""What lies in the chosen folders: analyses, runs and videos, each with an identifier that is no path.

A browser asks for things by these identifiers alone; a path from outside is only ever compared with what was found here. Links are
not followed out of the folders.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError

VIDEOS = (".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ts", ".webm", ".wmv")
DEPTH = 5  # folders below a chosen one that are looked into
FRESH_S = 1.0  # how long a look at the folders holds


@dataclass(frozen=True)
class Place:
    """One thing in the folders: an analysis (its folder), a run (its folder) or a video (its file)."""

    id: str
    kind: str  # analysis, run or video
    path: Path
    name: str  # below the chosen folder, for people


class Library:
    """The analyses, runs and videos in some folders.

    Parameters
    ----------
    folders : sequence of Path
        The first is where new files are written.

    Raises
    ------
    UsageError
        One of them is no folder.
    """

    def __init__(self, folders: Sequence[Path]):
        for folder in folders:
            if not folder.is_dir():
                raise UsageError(f"{folder} is no folder. Make it first, or choose another one (`--folder`).")
        self.folders = [Path(os.path.realpath(folder)) for folder in folders]
        self._lock = threading.Lock()
        self._places: dict[str, Place] = {}
        self._looked = -FRESH_S

    @property
    def home(self) -> Path:
        """The folder into which new files go."""
        return self.folders[0]

    def places(self, kind: str | None = None) -> list[Place]:
        """All that is there now, or all of one kind, by name."""
        with self._lock:
            if time.monotonic() - self._looked > FRESH_S:
                self._places = {place.id: place for folder in self.folders for place in _find(folder)}
                self._looked = time.monotonic()
            found = list(self._places.values())
        return sorted((p for p in found if kind in (None, p.kind)), key=lambda p: p.name)

    def forget(self) -> None:
        """Look anew next time: something was written."""
        with self._lock:
            self._looked = -FRESH_S

    def place(self, id: str, kind: str) -> Place | None:
        """The thing of that identifier and kind, if it is still there."""
        for attempt in range(2):
            if (place := self._places.get(id)) and place.kind == kind and place.path.exists():
                return place
            if not attempt:
                self.forget()
                self.places()
        return None

    def within(self, path: str | Path) -> Path | None:
        """The true path, links resolved, if it lies in one of the folders; relative ones are below the first."""
        try:
            true = Path(os.path.realpath(self.home / path))
        except (OSError, ValueError):  # a zero byte, or too long a name
            return None
        return true if any(true.is_relative_to(folder) for folder in self.folders) else None

    def video_of(self, analysis: Place) -> tuple[Path | None, str]:
        """The video that an analysis is of, if it lies in the folders, and the path that its ``analysis.json`` names."""
        named = str(read_about(analysis.path).get("path", ""))
        candidates = [Path(named), analysis.path / named, *(folder / Path(named).name for folder in (analysis.path, analysis.path.parent))]
        for candidate in candidates if named else []:
            if (true := self.within(Path.cwd() / candidate)) and os.path.exists(true):
                return true, named
        return None, named


def read_about(folder: Path) -> dict[str, Any]:
    """What ``analysis.json`` says; empty where it is not one."""
    try:
        about = json.loads((folder / "analysis.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return about if isinstance(about, dict) and about.get("format") == 1 else {}


def free(folder: Path, name: str) -> Path:
    """A path in the folder that is not taken: of that name, or with a number behind it."""
    stem, suffix = os.path.splitext(name)
    path, number = folder / name, 2
    while os.path.lexists(path):
        path, number = folder / f"{stem} {number}{suffix}", number + 1
    return path


def _find(root: Path) -> Iterator[Place]:
    for at, folders, files in os.walk(root):
        here = Path(at)
        folders[:] = sorted(f for f in folders if not f.startswith(".")) if len(here.relative_to(root).parts) < DEPTH else []
        true_files = {name for name in files if not name.startswith(".") and _inside(here / name, root)}
        if {"analysis.json", "events.csv"} <= true_files:
            yield _place("analysis", here, root)
        if "run.json" in true_files:
            yield _place("run", here, root)
            folders[:] = []
        for name in true_files:
            if name.lower().endswith(VIDEOS):
                yield _place("video", here / name, root)


def _inside(path: Path, root: Path) -> bool:
    return not path.is_symlink() or Path(os.path.realpath(path)).is_relative_to(root)


def _place(kind: str, path: Path, root: Path) -> Place:
    below = path.relative_to(root).as_posix()
    name = root.name if below == "." else below
    id = hashlib.sha256(os.fsencode(f"{kind}:{path}")).hexdigest()[:16]
    return Place(id, kind, path, name.encode("utf-8", "replace").decode())
