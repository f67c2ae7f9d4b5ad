"""An analysis as ELAN annotations that a coder can work in: a tier for each kind, and below it what is said of each event.

==================  ==========================  ================================================================================
tier                type                        annotations
==================  ==========================  ================================================================================
``micro``           on the time line            one an event; its text, ``#3``, is its place in ``events.csv``
``micro apex``      included in ``micro``       the apex, one frame long
``micro emotion``   associated with ``micro``   a word of the vocabulary ``emotion``
``micro AUs``       subdivision of ``micro``    one an action unit, of the vocabulary ``action units``
``micro score``     associated with ``micro``   the spotter's score
``micro note``      associated with ``micro``   empty, for the coder
``macro`` ...       likewise
``blink``           on the time line            blinks; likewise ``speech`` and ``head``
==================  ==========================  ================================================================================

All are present even when empty. With several faces, each has its own: ``micro face 2``, ``micro face 2 apex``. ELAN refuses to put
anything that is not in a vocabulary, so action units stand one by one: several in one annotation would each be a word of its own.

References
----------
The Language Archive, EAF Annotation Format (2017), Max Planck Institute for Psycholinguistics; written in its version 2.8.
"""

from __future__ import annotations

import mimetypes
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pandas as pd

from ..faces.action_units import AU_NAMES, SIDED
from .clock import milliseconds
from .findings import Findings

if TYPE_CHECKING:
    from pympi.Elan import Eaf

KINDS = ("micro", "macro", "blink", "speech", "head", "closed", "other")
EXPRESSIONS = KINDS[:2]
EMOTIONS = (
    "negative", "positive", "surprise", "happiness", "disgust", "sadness", "fear", "anger", "contempt", "repression", "tense", "others",
)  # fmt: skip
# FACS has these as well. What the recogniser can see is in AU_NAMES.
FURTHER_AUS = {
    11: "nasolabial deepener", 13: "sharp lip puller", 16: "lower lip depressor", 18: "lip pucker", 22: "lip funneler",
    23: "lip tightener", 27: "mouth stretch", 43: "eyes closed", 46: "wink",
}  # fmt: skip
FURTHER_SIDED = (11, 13, 16, 46)
NONE_SEEN = "none"

# Type of a tier: (constraint towards its parent, vocabulary).
_TYPES: dict[str, tuple[str | None, str | None]] = {
    "expression": (None, None),
    "apex": ("Included_In", None),
    "emotion": ("Symbolic_Association", "emotion"),
    "AUs": ("Symbolic_Subdivision", "action units"),
    "score": ("Symbolic_Association", None),
    "note": ("Symbolic_Association", None),
    "not an expression": (None, None),
}
_CHILDREN = ("apex", "emotion", "AUs", "score", "note")
_LANGUAGE = ("eng", "http://cdb.iso.org/lg/CDB-00138502-001", "English (eng)")


def to_eaf(analysis: Findings, folder: str | os.PathLike[str] = ".") -> Eaf:
    """ELAN annotations with the tiers above, times in ms.

    A tier of ELAN holds no two annotations at one time. Where two events share only the frame at which one ends and the other begins, they
    meet in the middle of that frame, which keeps both their frames when they are read back; where they truly overlap, the later goes to
    a tier of its own, ``micro overlap 1``.

    Parameters
    ----------
    analysis : Findings
        Its video is linked by address and relative to `folder`; a folder of pictures or what a camera saw cannot be. Of its events, apex,
        emotion, ``aus``, score and ``note`` may be missing. Where its first frame comes later than the sound, ``TIME_ORIGIN`` says so.
    folder : path, default='.'
        Where the file will lie.

    Returns
    -------
    pympi.Elan.Eaf
        ``to_file(path)`` writes it.
    """
    from pympi.Elan import Eaf

    eaf = Eaf(author=f"Fleeting {analysis.settings.get('version', '')}".strip())
    eaf.adocument["DATE"] = datetime.now().astimezone().isoformat(timespec="seconds")  # pympi's own is none for offsets of half an hour
    eaf.remove_tier("default")
    eaf.remove_linguistic_type("default-lt")
    eaf.header.update(MEDIA_FILE="", TIME_UNITS="milliseconds")
    if os.path.isfile(analysis.path):
        eaf.add_linked_file(**_media_link(analysis.path, folder), time_origin=first_frame_ms(analysis) or None)
    events = analysis.events.reset_index(drop=True)
    _add_types(eaf, events)
    frame_s = analysis.quality.get("frame_s") or 0
    faces = faces_of(analysis)
    for face in faces:
        for kind in KINDS:
            table = events if kind in EXPRESSIONS else analysis.others
            tier = f"{kind} face {face}" if len(faces) > 1 else kind
            rows = table[(table["kind"] == kind) & (table["face"] == face)] if len(table) else table
            for number, lane in enumerate(_lanes(rows, frame_s)):
                _add_tier(eaf, f"{tier} overlap {number}" if number else tier, kind, face, lane, frame_s)
    _sort_time_slots(eaf)
    eaf.properties = [("lastUsedAnnotationId", eaf.maxaid)]
    return eaf


def first_frame_ms(analysis: Findings) -> int:
    """How long after the beginning of the file the first frame is shown, from which our times count."""
    return round(1000 * (analysis.quality.get("first_frame_s") or 0))


def faces_of(analysis: Findings) -> list[int]:
    """The numbers of the faces that anything is said of; face 1 where there is none."""
    tables = (analysis.signals, analysis.events, analysis.others)
    return sorted({int(face) for table in tables if len(table) for face in table["face"].unique()}) or [1]


def action_units() -> dict[str, str]:
    """Action units a coder can choose, and what FACS calls them: ``AU12``, ``L12`` for the subject's left side only."""
    words = {}
    for number, name in sorted({**AU_NAMES, **FURTHER_AUS}.items()):
        words[f"AU{number}"] = name
        if number in (*SIDED, *FURTHER_SIDED):
            words.update({f"L{number}": f"{name}, left only", f"R{number}": f"{name}, right only"})
    return words


def _add_types(eaf: Eaf, events: pd.DataFrame) -> None:
    """Vocabularies, with what else the events hold at their end, and the types of tiers that use them."""
    vocabularies = {"emotion": dict.fromkeys(EMOTIONS, ""), "action units": {NONE_SEEN: "coded, none seen", **action_units()}}
    for name, column, between in (("emotion", "emotion", None), ("action units", "aus", "+")):
        for cell in events.get(column, ()):
            vocabularies[name].update({word: "" for word in _words(cell, between) if word not in vocabularies[name]})
    eaf.add_language(*_LANGUAGE)
    for name, words in vocabularies.items():
        eaf.add_controlled_vocabulary(name)
        eaf.add_cv_description(name, _LANGUAGE[0])
        for number, (word, meaning) in enumerate(words.items()):
            eaf.add_cv_entry(name, f"{name.replace(' ', '-')}-{number}", [(word, _LANGUAGE[0], meaning or None)])
    for name, (constraint, vocabulary) in _TYPES.items():
        eaf.add_linguistic_type(name, constraint, timealignable=constraint in (None, "Included_In"))
        eaf.linguistic_types[name]["CONTROLLED_VOCABULARY_REF"] = vocabulary


def _add_tier(eaf: Eaf, name: str, kind: str, face: int, lane: list[tuple[int, int, pd.Series]], frame_s: float) -> None:
    """A tier, and those below it if it holds expressions."""
    expressions = kind in EXPRESSIONS
    person = f"face {face}"
    eaf.add_tier(name, "expression" if expressions else "not an expression", part=person)
    for child in _CHILDREN if expressions else ():
        eaf.add_tier(f"{name} {child}", child, parent=name, part=person)
    for begin, end, row in lane:
        score = f"{row['score']:.2f}" if pd.notna(row.get("score")) else ""
        place = f"#{int(str(row.name)) + 1}"
        eaf.add_annotation(name, begin, end, place if expressions else score and f"score {score}")
        if not expressions:
            continue
        event = next(reversed(eaf.tiers[name][0]))
        if pd.notna(row["apex_s"]):
            eaf.add_annotation(f"{name} apex", *_within(milliseconds(row["apex_s"], row["apex_s"] + frame_s), begin, end))
        said = {"emotion": row.get("emotion"), "AUs": row.get("aus"), "score": score, "note": row.get("note")}
        for child, cell in said.items():
            previous = None
            for word in _words(cell, "+" if child == "AUs" else None):
                number = eaf.generate_annotation_id()
                eaf.annotations[number] = f"{name} {child}"
                eaf.tiers[f"{name} {child}"][1][number] = (event, word, previous, None)
                previous = number


def _words(cell: object, between: str | None) -> list[str]:
    """The words of a cell; none where it is empty or missing."""
    return (cell.split(between) if between else [cell]) if isinstance(cell, str) and cell else []


def _within(span: tuple[int, int], begin: int, end: int) -> tuple[int, int]:
    """What of a frame lies in its event: one ms at least."""
    first = min(max(span[0], begin), end - 1)
    return first, max(min(span[1], end), first + 1)


def _lanes(rows: pd.DataFrame, frame_s: float) -> list[list[tuple[int, int, pd.Series]]]:
    """Annotations (begin, end, row) in as many lanes as they need, at least one; see :func:`to_eaf`."""
    lanes: list[list[tuple[int, int, pd.Series]]] = [[]]
    last: list[int] = [0]  # ms of the last event's own last frame, by lane
    for _, row in (rows.sort_values(["onset_s", "offset_s"]) if len(rows) else rows).iterrows():
        begin, end = milliseconds(row["onset_s"], row["offset_s"])
        lane = next((i for i, done in enumerate(lanes) if not done or done[-1][1] <= begin or done[-1][0] < begin >= last[i]), len(lanes))
        if lane == len(lanes):
            lanes.append([])
            last.append(0)
        if lanes[lane] and (earlier := lanes[lane][-1])[1] > begin:
            begin += (min(earlier[1], end) - begin) // 2
            lanes[lane][-1] = (earlier[0], begin, earlier[2])
        lanes[lane].append((begin, end, row))
        last[lane] = round(1000 * (row["offset_s"] - frame_s))
    return lanes


def _media_link(path: str, folder: str | os.PathLike[str]) -> dict[str, str | None]:
    media = Path(os.path.abspath(path))
    try:
        near = Path(os.path.relpath(media, os.path.abspath(folder))).as_posix()
        relative = quote(os.fsencode(near if near.startswith("../") else f"./{near}"))
    except ValueError:  # another drive: there is no relative way
        relative = None
    mime = mimetypes.guess_type(media.name)[0] or "video/*"
    return {"file_path": media.as_uri(), "relpath": relative, "mimetype": mime}


def _sort_time_slots(eaf: Eaf) -> None:
    """Number the time slots in the order of time, as ELAN itself writes them."""
    order = sorted(eaf.timeslots, key=lambda slot: eaf.timeslots[slot])
    new = {slot: f"ts{i}" for i, slot in enumerate(order, start=1)}
    eaf.timeslots = {new[slot]: eaf.timeslots[slot] for slot in order}
    for spans, *_ in eaf.tiers.values():
        spans.update({name: (new[s], new[e], *rest) for name, (s, e, *rest) in spans.items()})
