"""The recording that a coding is about: found where its link leads, or beside the file, and the times of its frames."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path, PureWindowsPath
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pandas as pd

from ..analysis.clock import Clock
from ..errors import CodingError, MediaError


def find_media(links: Iterable[str], folder: Path) -> Path | None:
    """The recording to which one of the links leads; else a file of its name in the folder; None where there is neither.

    Parameters
    ----------
    links : iterable of str
        Paths as they are written in files: relative to the folder or absolute, of this system or of Windows, or addresses (``file:///C:/...``).
    folder : Path
        Where the file with the links lies.
    """
    paths = [local_path(link) for link in links if link]
    named = [name_of(path) for path in paths]
    return next((path for path in (*map(Path, paths), *(folder / path for path in (*paths, *named))) if path.name and path.exists()), None)


def local_path(link: str) -> str:
    """A path out of a link: no address any more, nothing escaped, no backslashes."""
    if link.casefold().startswith("file:"):
        parts = urlsplit(link.replace("\\", "/"))
        path = unquote(parts.path)
        if parts.netloc and parts.netloc != "localhost":
            path = f"//{parts.netloc}{path}"  # a share of a Windows network
        link = path[1:] if re.match(r"/[A-Za-z]:", path) else path
    return link.replace("\\", "/")


def name_of(link: str) -> str:
    """The name of the file to which a link leads, whichever system wrote it."""
    return PureWindowsPath(local_path(link)).name  # which takes both kinds of slashes


def clock_of(media: Path | None, folder: Path, name: str) -> Clock | None:
    """When each frame of a recording was taken: as an analysis in the folder has measured it, or else by decoding the recording.

    Parameters
    ----------
    media : Path or None
        The recording, if it is there.
    folder : Path
        In which ``signals.csv`` and ``analysis.json`` of the same recording may lie.
    name : str
        The recording's name, with or without its suffix.

    Raises
    ------
    CodingError
        The recording cannot be decoded.
    """
    if (clock := _measured(folder, name)) is not None or media is None:
        return clock
    from ..media import open_media

    try:
        with open_media(media, partial=True) as video:
            return Clock(video.fps, np.array([frame.time for frame in video]), video.start)
    except MediaError as error:
        raise CodingError(f"{error} Or say how many frames a second it has (clock=).") from error


def analysis_beside(folder: Path, name: str) -> dict[str, Any] | None:
    """The ``analysis.json`` of a recording in a folder, or in one of the recording's name below it; ``folder`` in it says which."""
    for place in (folder, folder / Path(name).stem):
        try:
            about = json.loads((place / "analysis.json").read_text("utf-8"))
            if about["name"] in (name, Path(name).stem):
                return {**about, "folder": place}
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def _measured(folder: Path, name: str) -> Clock | None:
    """The timestamps that an analysis has kept in ``signals.csv``; None where there are none, or not of each frame."""
    if (about := analysis_beside(folder, name)) is None:
        return None
    try:
        signals = pd.read_csv(about["folder"] / "signals.csv", usecols=["frame", "time_s", "face"])
    except (OSError, ValueError):
        return None
    one = signals[signals["face"] == signals["face"].min()]
    times = one["time_s"].to_numpy(float)
    if len(times) < 2 or not np.array_equal(one["frame"], np.arange(len(times))) or not (np.diff(times) > 0).all():
        return None
    return Clock(1 / float(np.median(np.diff(times))), times, float(about.get("quality", {}).get("first_frame_s") or 0))
