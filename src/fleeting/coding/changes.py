"""What a coder made of another's events: confirmed, moved, relabelled, removed, added."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..drawing.tables import Table
from ..errors import UsageError
from .coding import NUMBERS, Coding
from .pairing import paired, same_emotion, units

CHANGES = ("confirmed", "moved", "relabelled", "removed", "added")
_ANY_OVERLAP = 1e-9
_SIDES = ("before", "after")
_LABELS = ("kind", "emotion", "aus")


def corrections(coding: Coding, against: Coding, *, tolerance: int = 0) -> pd.DataFrame:
    """What became of each event, one row an event of either coding, by onset.

    Events that overlap at all are one, best overlaps first: a coder who moves an event has not removed it.

    Parameters
    ----------
    coding : Coding
        The coder's.
    against : Coding
        What the coder started from, such as ``events.csv``.
    tolerance : int, default=0
        Frames by which a boundary may differ and still count as confirmed.

    Returns
    -------
    DataFrame
        ``change`` (``confirmed``, ``moved``, ``relabelled``, ``moved, relabelled``, ``removed`` or ``added``), ``face``; onset, apex and
        offset, ``before`` and ``after``, and by how many frames they ``moved`` (positive: later; <NA> where one side has none); kind,
        emotion and aus likewise. What the coder left empty is no change. An emotion within the group that stood there is none either.
    """
    check_same(coding, against)
    pairs = paired(against.events, coding.events, _ANY_OVERLAP)
    kept, made = {i for i, _ in pairs}, {j for _, j in pairs}
    rows = [_change(against.events.iloc[i], coding.events.iloc[j], tolerance) for i, j in pairs]
    rows += [_change(against.events.iloc[i], None, tolerance) for i in range(len(against.events)) if i not in kept]
    rows += [_change(None, coding.events.iloc[j], tolerance) for j in range(len(coding.events)) if j not in made]
    numbers = [f"{name}_{side}" for name in NUMBERS for side in (*_SIDES, "moved")]
    words = [f"{name}_{side}" for name in _LABELS for side in _SIDES]
    table = pd.DataFrame(rows, columns=["change", "face", *numbers, *words])
    table = table.astype(dict.fromkeys(numbers, "Int64"))
    first = table["onset_before"].fillna(table["onset_after"])
    return table.iloc[first.argsort(kind="stable")].reset_index(drop=True)


def counts(changes: pd.DataFrame) -> dict[str, int]:
    """How many events were confirmed, moved and so on; one that was moved and relabelled counts as both."""
    return {name: int(changes["change"].str.split(", ").map(lambda words, name=name: name in words).sum()) for name in CHANGES}


def change_tables(changes: pd.DataFrame, coding: Coding, against: Coding) -> list[Table]:
    """The corrections for people: how many of each, and each that is not simply confirmed."""
    number = counts(changes)
    summary = Table(
        f"{coding.coder} on {against.coder}: {len(against.events)} before, {len(coding.events)} after",
        list(CHANGES),
        [[str(number[name]) for name in CHANGES]],
    )
    shown = changes[changes["change"] != "confirmed"]
    if shown.empty:
        return [summary]
    columns = ["change", "frames", *NUMBERS, "kind", "emotion", "action units"]
    return [summary, Table("What changed, by how many frames", columns, [_line(row) for _, row in shown.iterrows()])]


def check_same(a: Coding, b: Coding) -> None:
    """Nothing, if two codings can be of one recording; otherwise UsageError says why not."""
    if a.frames and b.frames and a.frames != b.frames:
        names = [coding.source or coding.coder for coding in (a, b)]
        raise UsageError(f"{names[0]} is about a recording of {a.frames} frames, {names[1]} about one of {b.frames}. Give codings of one.")


def _change(before: pd.Series | None, after: pd.Series | None, tolerance: int) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for side, event in zip(_SIDES, (before, after), strict=True):
        for name in NUMBERS:
            row[f"{name}_{side}"] = pd.NA if event is None else event[f"{name}_frame"]
        for name in _LABELS:
            row[f"{name}_{side}"] = "" if event is None else event[name]
    row |= {f"{name}_moved": row[f"{name}_after"] - row[f"{name}_before"] for name in NUMBERS}
    present = before if before is not None else after
    row["face"] = present["face"]  # type: ignore[index]
    if before is None or after is None:
        return row | {"change": "added" if before is None else "removed"}
    moved = any(pd.notna(row[f"{name}_moved"]) and abs(row[f"{name}_moved"]) > tolerance for name in NUMBERS)
    relabelled = (
        before["kind"] != after["kind"]
        or bool(after["emotion"] and not same_emotion(after["emotion"], before["emotion"]))
        or bool(after["aus"] and units(after["aus"]) != units(before["aus"]))
    )
    return row | {"change": ", ".join([*["moved"] * moved, *["relabelled"] * relabelled]) or "confirmed"}


def _line(row: pd.Series) -> list[str]:
    side = "after" if row["change"] == "added" else "before"
    moved = ["" if pd.isna(row[f"{name}_moved"]) else f"{row[f'{name}_moved']:+d}".replace("-", "−").replace("+0", "0") for name in NUMBERS]
    words = []
    for name in _LABELS:
        before, after = row[f"{name}_{side}"], row[f"{name}_after"]
        words.append(before if after in ("", before) else f"{before or '–'} → {after}")
    return [row["change"], f"{row[f'onset_{side}']} to {row[f'offset_{side}']}", *moved, *words]
