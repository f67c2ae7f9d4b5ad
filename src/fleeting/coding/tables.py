"""Tables and JSON read as a coding: what an analysis wrote, and what coders keep in a spreadsheet."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ..analysis.clock import Clock
from ..datasets.tree import read_sheets
from ..errors import CodingError, DatasetError
from .coding import COLUMNS, KINDS, Coding, event_table
from .recording import analysis_beside, clock_of, find_media, name_of

_NOT_EXPRESSIONS = ("blink", "speech", "head", "closed", "other")

# What coders call the columns of a table; compared without case, blanks and signs.
_SPELLINGS = {
    "onset_frame": "onsetframe onset onsetf startframe start",
    "apex_frame": "apexframe apex apexf peakframe peak",
    "offset_frame": "offsetframe offset offsetf endframe end",
    "onset_s": "onsets onsettime onsettimes onsetsec starttime",
    "apex_s": "apexs apextime apextimes apexsec peaktime",
    "offset_s": "offsets offsettime offsettimes offsetsec endtime",
    "face": "face",
    "kind": "kind type expressiontype microormacro",
    "emotion": "emotion emotions estimatedemotion label",
    "aus": "aus au actionunits actionunit",
    "note": "note notes comment comments remark remarks",
    "video": "video videos file filename recording",
    "coder": "coder annotator rater",
}
_COLUMN = {spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings.split()}


def read_json(path: Path, *, coder: str | None = None, video: str | Path | None = None, clock: Clock | None = None) -> Coding:
    """The events of an ``analysis.json``; see :func:`.reading.read_coding`."""
    try:
        content = json.loads(path.read_text("utf-8"))
        rows = [{name: value for name, value in row.items() if name in COLUMNS} for row in content["events"]]
        name, link = str(content["name"]), str(content["path"])
        media = find_media([str(video or link)], path.parent)
        clock = clock or clock_of(media, path.parent, name)
        rows = [{**_by_program(row), "where": f"event {number}"} for number, row in enumerate(rows, 1)]
        program = f"Fleeting {content['settings'].get('version', '')}".strip()
    except OSError as error:
        raise CodingError(f"{path} may not be read: {error.strerror}. Copy it, or ask its owner.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CodingError(f"{path} is no analysis.json of `fleeting analyze` ({error}). Copy it, or analyse the video, again.") from error
    return Coding(link or name, coder or program, event_table(rows, clock, str(path)), clock, media, str(path))


def read_table(path: Path, *, coder: str | None = None, video: str | Path | None = None, clock: Clock | None = None) -> Coding:
    """The events of an ``events.csv`` or of a coder's own table; see :func:`.reading.read_coding`."""
    try:
        cells = [(number, row) for number, row in enumerate(next(iter(read_sheets(path).values()), []), 1) if any(row)]
    except DatasetError as error:
        raise CodingError(str(error)) from error
    header = [_COLUMN.get(re.sub(r"[^a-z0-9]", "", cell.casefold()), cell) for cell in cells[0][1]] if cells else []
    if lacking := [name for name in ("onset", "offset") if not {f"{name}_frame", f"{name}_s"} & set(header)]:
        raise CodingError(f"{path} has no column {lacking[0]}; its first row reads: {', '.join(header) or '(nothing)'}. Name it there.")
    rows = [dict(zip(header, row, strict=False)) | {"where": f"row {number}"} for number, row in cells[1:]]
    program = "p_negative" in header  # a column that only we write
    rows, whose = _one_of(rows, "coder", coder, path)
    rows, name = _one_of(rows, "video", None if video is None else str(video), path)
    name = name or (str(video) if video else "")
    link = str((analysis_beside(path.parent, name) or {}).get("path", "")) if program else name
    media = find_media([str(video or link)], path.parent)
    clock = clock or clock_of(media, path.parent, name_of(name))
    kept = [{**row, "kind": kind} for row in rows if (kind := _kind(row.get("kind", ""))) not in _NOT_EXPRESSIONS]
    kept = [{column: value for column, value in row.items() if column in (*COLUMNS, "where")} for row in kept]
    kept = [_by_program(row) for row in kept] if program else kept
    coder = coder or whose or ("Fleeting" if program else path.stem)
    return Coding(link or name, coder, event_table(kept, clock, str(path)), clock, media, str(path))


def _one_of(rows: list[dict[str, Any]], column: str, wanted: str | None, path: Path) -> tuple[list[dict[str, Any]], str]:
    """The rows of the coder or video that is wanted, and what the table calls it."""
    names = list(dict.fromkeys(str(row[column]) for row in rows if row.get(column)))
    if wanted is not None:
        fits = [name for name in names if name == wanted or Path(name).stem.casefold() == Path(wanted).stem.casefold()]
        if len(fits) == 1:
            return [row for row in rows if row.get(column) == fits[0]], fits[0]
    if len(names) > 1:
        raise CodingError(f"{path} is about {len(names)} {column}s: {', '.join(names[:4])}. Say which one ({column}=).")
    return rows, names[0] if names else ""


def _by_program(row: dict[str, Any]) -> dict[str, Any]:
    """An event that we wrote: where no action unit was seen, its cell is empty, which of a coder would mean that none was coded."""
    return {**row, "aus": row.get("aus") or "none"}


def _kind(word: str) -> str:
    """A kind as it is called here, if a coder's word is one: ``Micro - 1/2``, ``macro-expression``."""
    plain = word.strip().casefold()
    return next((kind for kind in (*KINDS, *_NOT_EXPRESSIONS) if plain.startswith(kind)), plain)
