"""An analysis on disk: tables, JSON, ELAN, subtitles and a report, all of them or none.

=================  ===================================================================================
``events.csv``     one row an event (micro, macro), columns :data:`EVENT_COLUMNS`
``analysis.json``  events, the other kinds (blink, speech, head), quality, settings; strict JSON, format :data:`FORMAT`
``signals.csv``    one row a frame and face: what was measured
``events.eaf``     ELAN annotations to correct, linked to the video (:mod:`fleeting.analysis.elan`)
``events.vtt``     WebVTT subtitles of the events
``report.html``    everything on one self-contained page (:mod:`fleeting.analysis.report`)
=================  ===================================================================================

Times are seconds since the first frame, the same in each file; what an interval's end is, :mod:`fleeting.analysis.clock` says.
Players and ELAN count from the beginning of the file: where the sound begins before the picture, subtitles are that much
later, and ELAN's link says so.
"""
from __future__ import annotations

import errno
import json
import math
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..drawing.page import write_plainly
from ..errors import FleetingError, OutputError, UsageError
from .clock import milliseconds
from .elan import faces_of, first_frame_ms, to_eaf
from .findings import EVENT_COLUMNS, OTHER_COLUMNS, Findings
from .report import report_html

FILES = ("events.csv", "analysis.json", "signals.csv", "events.eaf", "events.vtt", "report.html")
DECIMALS = {"onset_s": 4, "apex_s": 4, "offset_s": 4, "score": 2, "p_negative": 3, "p_positive": 3, "p_surprise": 3,
            "amplitude": 2, "repeatable": 2}
FORMAT = 1  # of analysis.json


def save(analysis: Findings, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """The folder, with the six :data:`FILES` in it.

    They are written into a hidden folder inside it and then moved; whatever stops that (a full disk, Ctrl-C) leaves
    the folder as it was, and no folder where there was none.

    Parameters
    ----------
    analysis : Findings
    folder : path
        Made if missing, parents included.
    overwrite : bool, default=False
        Replace files of these names; other files in the folder are never touched.

    Raises
    ------
    UsageError
        If one of the files exists and `overwrite` is False, or the folder cannot be used (:func:`check_writable`).
    OutputError
        If a file could not be written.
    """
    folder = Path(folder)
    check_writable(folder, overwrite)
    writers: dict[str, Callable[[Path], object]] = {
        "events.csv": lambda path: write_plainly(path, event_table(analysis).to_csv(index=False, lineterminator="\n")),
        "analysis.json": lambda path: write_plainly(path, to_json(analysis)),
        "signals.csv": lambda path: _write_signals(path, analysis.signals),
        "events.eaf": lambda path: to_eaf(analysis, folder).to_file(path),
        "events.vtt": lambda path: write_plainly(path, to_vtt(analysis)),
        "report.html": lambda path: write_plainly(path, report_html(analysis)),
    }
    target = folder
    try:
        with _staging(folder) as staging:
            for name, write in writers.items():
                target = folder / name
                write(staging / name)
            _publish(staging, folder)
    except FleetingError:
        raise
    except OSError as error:
        raise OutputError(f"{target} could not be written: {error.strerror or error}. Nothing of this analysis was "
                          "kept in the folder; make room or choose another folder, then run it again.") from error
    return folder


def check_writable(folder: str | os.PathLike[str], overwrite: bool = False) -> None:
    """Nothing, if :func:`save` can put its files there: to be asked before a long analysis, not after it.

    The folder is tried out for real (made, written to and removed again).

    Raises
    ------
    UsageError
        If it is a file, cannot be made or written to, or holds one of :data:`FILES` and `overwrite` is False.
    OutputError
        If the disk is full.
    """
    folder = Path(folder)
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise UsageError(f"{folder} is a file, but the results need a folder. Choose another name for it.")
    for name in FILES:
        if os.path.isdir(folder / name):
            raise UsageError(f"{folder / name} is a folder, where a file of that name has to go. Choose another "
                             "output folder.")
        if os.path.lexists(folder / name) and not overwrite:
            raise UsageError(f"{folder / name} exists already. Replace it with overwrite=True, or choose another "
                             "output folder.")
    try:
        with _staging(folder):
            pass
    except OSError as error:
        kind = OutputError if error.errno == errno.ENOSPC else UsageError
        raise kind(f"{folder} cannot be written to: {error.strerror or error}. Choose a folder in which you may "
                   "create files.") from error


def event_table(analysis: Findings) -> pd.DataFrame:
    """The events as they are written: :data:`EVENT_COLUMNS` in order, rounded to :data:`DECIMALS`."""
    return analysis.events.reindex(columns=list(EVENT_COLUMNS)).round(DECIMALS)


def to_json(analysis: Findings) -> str:
    """:func:`to_dict` as strict JSON."""
    return json.dumps(to_dict(analysis), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def to_dict(analysis: Findings) -> dict[str, Any]:
    """The analysis without its pictures and per-frame signals, of what JSON knows: what is not a finite number is None."""
    others = analysis.others.reindex(columns=list(OTHER_COLUMNS)).round(DECIMALS)
    content = {
        "format": FORMAT,
        "name": analysis.name,
        "path": analysis.path,
        "settings": analysis.settings,
        "quality": analysis.quality,
        "events": event_table(analysis).to_dict("records"),
        "others": others.to_dict("records"),
        "signals": {"file": "signals.csv", "rows": len(analysis.signals), "columns": list(analysis.signals.columns)},
    }
    plain: dict[str, Any] = _plain(content)
    return plain


def to_vtt(analysis: Findings) -> str:
    """Subtitles in WebVTT: a cue for each micro- and macro-expression, by the time of the player; valid when there is none."""
    cues = ["WEBVTT"]
    rows = analysis.events.sort_values("onset_s", kind="stable") if len(analysis.events) else analysis.events
    several = len(faces_of(analysis)) > 1
    for number, (_, row) in enumerate(rows.iterrows(), start=1):
        begin, end = (moment + first_frame_ms(analysis) for moment in milliseconds(row["onset_s"], row["offset_s"]))
        face = f", face {row['face']}" if several else ""
        text = escape(f"{row['kind']}{face}: {_value(row)}", quote=False)
        cues.append(f"{number}\n{_timestamp(begin)} --> {_timestamp(end)}\n{text}")
    return "\n\n".join(cues) + "\n"


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A hidden folder inside `folder`, gone afterwards, as are the folders made for it that are empty by then."""
    made = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]     # deepest first
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fleeting-", dir=folder, ignore_cleanup_errors=True) as staging:
            yield Path(staging)
    finally:
        for path in made:
            with suppress(OSError):                       # not empty: it holds the results
                path.rmdir()


def _publish(staging: Path, folder: Path) -> None:
    """Move the written files in; if that is stopped half-way, take them out again and put the old ones back."""
    old = staging / "old"
    old.mkdir()
    begun = []
    try:
        for name in FILES:
            if os.path.lexists(folder / name):
                os.replace(folder / name, old / name)
            begun.append(name)
            os.replace(staging / name, folder / name)
    except BaseException:
        for name in FILES:
            if os.path.lexists(old / name):
                os.replace(old / name, folder / name)
            elif name in begun:
                (folder / name).unlink(missing_ok=True)
        raise


def _write_signals(path: Path, signals: pd.DataFrame, rows: int = 20_000) -> None:
    """Rounded to 4 decimals, in pieces: 20 minutes at 200 fps are 240,000 rows."""
    floats = [c for c in signals.columns if pd.api.types.is_float_dtype(signals[c])]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for start in range(0, max(len(signals), 1), rows):
            piece = signals.iloc[start:start + rows].astype(dict.fromkeys(floats, np.float64)).round(4)
            piece.to_csv(file, index=False, header=start == 0, lineterminator="\n")


def _plain(value: Any) -> Any:
    """The same in dict, list, str, bool, int, finite float and None."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray | pd.Series | pd.Index):
        return _plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return None if value is pd.NA or value is pd.NaT else str(value)


def _value(row: pd.Series) -> str:
    """What an annotation says, such as ``surprise .71 AU1+AU2 score 4.2``."""
    parts = []
    if isinstance(row.get("emotion"), str) and row["emotion"]:
        p = row.get(f"p_{row['emotion']}", math.nan)
        parts.append(row["emotion"] if pd.isna(p) else f"{row['emotion']} {p:.2f}".replace(" 0.", " ."))
    if isinstance(row.get("aus"), str) and row["aus"]:
        parts.append(row["aus"])
    if pd.notna(row.get("score")):
        parts.append(f"score {row['score']:.1f}")
    return " ".join(parts) or str(row["kind"])


def _timestamp(ms: int) -> str:
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"
