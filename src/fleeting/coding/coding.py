"""Coding: what one person, or a program, says happened in a recording."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ..analysis.clock import Clock
from ..errors import CodingError
from ..labels import UNCLEAR

NUMBERS = ("onset", "apex", "offset")
WORDS = ("kind", "emotion", "aus", "note")
COLUMNS = ("face", *(f"{name}_frame" for name in NUMBERS), *(f"{name}_s" for name in NUMBERS), *WORDS)
KINDS = ("micro", "macro")
MICRO_S = 0.5  # an event whose kind nobody said is micro up to this length, as in spotting


@dataclass
class Coding:
    """The expressions that one coder sees in one recording.

    Parameters
    ----------
    video : str
        The recording, as the file names it.
    coder : str
        Who.
    events : DataFrame
        One row a micro- or macro-expression, :data:`COLUMNS`: frames are 0-based and inclusive, int64; apex Int64, <NA> where it was not
        coded; times float64, s since the first frame, nan where no clock is known; ``kind`` micro or macro; ``emotion``, ``aus`` and
        ``note`` are str, "" where nothing was said, and ``aus`` "none" where it was said that none was seen. By onset.
    clock : Clock or None
        When each frame was taken.
    media : Path or None
        The recording, where it was found on this machine.
    source : str
        The file that was read.
    unread : tuple of str
        What of that file was left out: tiers of other names.
    """

    video: str
    coder: str
    events: pd.DataFrame
    clock: Clock | None = None
    media: Path | None = None
    source: str = ""
    unread: tuple[str, ...] = ()

    @property
    def frames(self) -> int | None:
        """How many frames the recording has; None where its timestamps are not known."""
        return None if self.clock is None or self.clock.times is None else len(self.clock.times)

    def table(self) -> pd.DataFrame:
        """The events with their video and coder, as a table that :func:`.reading.read_coding` reads.

        Returns
        -------
        DataFrame
            A row an event.
        """
        columns = [name for name in self.events if name != "face"]
        return self.events.assign(video=str(self.media or self.video), coder=self.coder)[["video", "coder", "face", *columns]]


def event_table(rows: list[dict[str, Any]], clock: Clock | None, source: str) -> pd.DataFrame:
    """Events in the form of :attr:`Coding.events`, by onset.

    Parameters
    ----------
    rows : list of dict
        Each with onset and offset in frames or in seconds (when the first frame begins and the last one ends); apex, face, kind,
        emotion, aus and note may be missing. ``where`` says in a message which row it is. Further entries become further columns.
    clock : Clock or None
    source : str
        Where they come from, for messages.

    Raises
    ------
    CodingError
        Onset, apex and offset are not in this order or not in the recording; a kind or action units that cannot be understood.
    """
    events = [_event(dict(row), clock, source) for row in rows]
    further = [name for name in dict.fromkeys(name for event in events for name in event) if name not in COLUMNS]
    table = pd.DataFrame(events, columns=[*COLUMNS, *further])
    types = {"face": "int64", "onset_frame": "int64", "apex_frame": "Int64", "offset_frame": "int64", **dict.fromkeys(WORDS, "object")}
    table = table.astype({**types, **{f"{name}_s": "float64" for name in NUMBERS}})
    return table.sort_values(["onset_frame", "offset_frame", "face"], kind="stable", ignore_index=True)


def named_aus(text: str) -> str | None:
    """Action units as they are written here, ``AU4+L10``; "none" if none was seen, "" if not coded, None if it is something else."""
    from ..datasets.aus import parse_aus

    units = parse_aus(re.sub("au", "AU", text, flags=re.IGNORECASE))
    if units is None:
        return "" if text.strip().casefold() in ("", "?", "-", "/", "n/a", "nan") else None
    return "+".join(units) or "none"


def _event(row: dict[str, Any], clock: Clock | None, source: str) -> dict[str, Any]:
    where = f"{source}, {row.pop('where', 'an event')},"
    frames = {name: _frame(row, name, clock, where) for name in NUMBERS}
    onset, apex, offset = frames["onset"], frames["apex"], frames["offset"]
    if onset is None or offset is None:
        raise CodingError(f"{where} has no {'onset' if onset is None else 'offset'}. Fill it in, or take the event out.")
    if not 0 <= onset <= (onset if apex is None else apex) <= offset:
        raise CodingError(f"{where} has onset {onset}, apex {'-' if apex is None else apex}, offset {offset}: not in that order. Mend it.")
    if clock is not None and clock.times is not None and offset >= len(clock.times):
        last = len(clock.times) - 1
        raise CodingError(f"{where} goes to frame {offset}, but the recording ends with {last}. Mend it, or give its own recording.")
    event = {f"{name}_frame": pd.NA if frame is None else frame for name, frame in frames.items()}
    seconds = {f"{name}_s": _seconds(row, name, frame, clock, where) for name, frame in frames.items()}
    kind, emotion, aus, note = (_text(row.get(name)) for name in WORDS)
    if not kind:
        if clock is None:
            raise CodingError(f"{where} does not say whether it is micro or macro. Say it, or the frames a second (clock=).")
        kind = "micro" if (offset - onset + 1) * clock.frame_s <= MICRO_S else "macro"
    if kind not in KINDS:
        raise CodingError(f"{where} is of kind {kind!r}; there are micro and macro.")
    if (units := named_aus(aus)) is None:
        raise CodingError(f"{where} has action units {aus!r}. Write them as AU4+L10; none, where none was seen.")
    further = {name: value for name, value in row.items() if name not in COLUMNS}
    named = "" if emotion.casefold() == UNCLEAR else emotion.casefold()
    words = {"kind": kind, "emotion": named, "aus": units, "note": note}
    face = _number(row, "face", where, whole=True)
    return {"face": 1 if face is None else int(face), **event, **seconds, **words, **further}


def _frame(row: dict[str, Any], name: str, clock: Clock | None, where: str) -> int | None:
    """A frame number, its own or that of its time; None where there is neither."""
    if (frame := _number(row, f"{name}_frame", where, whole=True)) is not None:
        return int(frame)
    if (time := _number(row, f"{name}_s", where)) is None:
        return None
    if clock is None:
        raise CodingError(f"{where} is in seconds, but which frames are they? Give the recording (video=) or frames a second (clock=).")
    if time < 0:
        return -1
    return clock.last(time) if name == "offset" else clock.shown(time)


def _seconds(row: dict[str, Any], name: str, frame: int | None, clock: Clock | None, where: str) -> float:
    if frame is None:
        return math.nan
    own = _number(row, f"{name}_s", where) if clock is None else clock.time(frame) + (clock.frame_s if name == "offset" else 0)
    return math.nan if own is None else own


def _number(row: dict[str, Any], column: str, where: str, *, whole: bool = False) -> float | None:
    """The number in a cell; None where it is empty."""
    if not (text := _text(row.get(column))):
        return None
    try:
        number = float(text)
    except ValueError as error:
        raise CodingError(f"{where} has {column} {text!r}, which is no number. Mend it.") from error
    if not math.isfinite(number) or (whole and number != int(number)):
        raise CodingError(f"{where} has {column} {text!r}, which is no {'whole number' if whole else 'time'}. Mend it.")
    return number


def _text(cell: object) -> str:
    """A cell as text, blanks around it gone; "" where it is missing, which tables say in several ways."""
    missing = cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell))
    return "" if missing else str(cell).strip()
