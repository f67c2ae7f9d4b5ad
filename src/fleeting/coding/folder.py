"""Codings as a dataset: a folder that :class:`fleeting.datasets.FolderDataset` reads, so that it can be evaluated on and trained with."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ..datasets.new_folder import new_folder
from ..drawing.page import write_plainly
from ..errors import CodingError, UsageError
from .coding import NUMBERS, Coding
from .recording import name_of


def training_folder(codings: Sequence[Coding], out: str | Path, *, subjects: Mapping[str, str] | None = None, face: int = 1) -> Path:
    """The folder, with ``clips.csv``: one row an expression, with its recording's path, subject and coder.

    Recordings stay where they are and are named by their path from the folder, so both must be moved together.

    Parameters
    ----------
    codings : sequence of Coding
        One for each recording: two coders of one are to be arbitrated first.
    out : str or Path
        A new folder.
    subjects : mapping of str to str, optional
        Who is in which recording, by its name with or without its suffix. Default: each recording is a person of its own, with a warning:
        where one person is in several, training and test would share that person.
    face : int, default=1
        Whose expressions to take. Methods look at the largest face of a picture, so others should not be in it.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    UsageError
        Two codings are of one recording, ``subjects`` lacks one, or there is no expression.
    CodingError
        A recording is not on this machine.
    OutputError
        The folder could not be written.
    """
    out = Path(os.path.abspath(Path(out).expanduser()))
    rows: list[dict[str, Any]] = []
    media = [_media(coding) for coding in codings]
    for number, (coding, path) in enumerate(zip(codings, media, strict=True)):
        if (first := media.index(path)) != number:
            coders = f"{codings[first].coder} and by {coding.coder}"
            raise UsageError(f"{path.name} was coded by {coders}. Arbitrate the two first, or take one.")
    names = _names(media)
    for coding, path, name in zip(codings, media, names, strict=True):
        events = coding.events[coding.events["face"] == face]
        if others := len(coding.events) - len(events):
            warnings.warn(f"{path.name}: {others} expressions of other faces than {face} are left out.", UserWarning, stacklevel=2)
        subject = _subject(path, name, subjects)
        rows += [_row(event, coding, path, name, subject, out) for _, event in events.iterrows()]
    if not rows:
        raise UsageError("there is no expression in these codings, and so nothing to train on")
    if subjects is None:
        warnings.warn(
            f"Each of the {len(media)} recordings counts as a person of its own. Subjects must be people, not files: where one is in "
            "several recordings, say so (subjects=), lest one person be trained on and tested.",
            UserWarning,
            stacklevel=2,
        )
    with new_folder(out) as draft:
        write_plainly(draft / "clips.csv", pd.DataFrame(rows).to_csv(index=False, lineterminator="\n"))
    return out


def _media(coding: Coding) -> Path:
    if coding.media is None:
        raise CodingError(
            f"{coding.source or coding.coder} is about {coding.video or 'no recording that it names'}, which is not on this machine. "
            "Copy it beside the file, or name it (video=)."
        )
    return Path(os.path.abspath(coding.media))


def _names(media: Sequence[Path]) -> list[str]:
    """What recordings are called in the table: recordings of one name are told apart by a number."""
    names: list[str] = []
    for path in media:
        name, number = path.stem, 2
        while name in names:
            name, number = f"{path.stem}-{number}", number + 1
        names.append(name)
    return names


def _subject(path: Path, name: str, subjects: Mapping[str, str] | None) -> str:
    if subjects is None:
        return name
    found = [subject for key, subject in subjects.items() if name_of(key) in (path.name, path.stem)]
    if not found or not found[0].strip():
        raise UsageError(f"who is in {path.name}? Subjects are given for {', '.join(subjects) or 'no recording'}. Name that one too.")
    return found[0].strip()


def _row(event: pd.Series, coding: Coding, path: Path, name: str, subject: str, out: Path) -> dict[str, Any]:
    clip = f"{name}-{event['onset_frame']:06d}-{event['offset_frame']:06d}-{event['kind']}"
    try:
        place = Path(os.path.relpath(path, out)).as_posix()
    except ValueError:  # another drive
        place = path.as_posix()
    said = {name: event[name] for name in ("emotion", "aus", "kind", "note")}
    frames = {name: "" if pd.isna(event[f"{name}_frame"]) else int(event[f"{name}_frame"]) for name in NUMBERS}
    rate = f"{coding.clock.fps:g}" if path.is_dir() and coding.clock else ""  # a video file knows its own
    decided = {column: event[column] for column in event.index if column.endswith("_by")}
    return {"clip": clip, "subject": subject, **frames, **said, "fps": rate, "path": place, "video": name, "coder": coding.coder, **decided}
