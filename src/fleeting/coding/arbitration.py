"""One coding out of two: what both have stays, a third coder decides what differs, and what stays unresolved takes the mean frame.

References
----------
Yan, Li, Wang, Zhao, Liu, Chen & Fu (2014), CASME II, PLoS ONE 9(1), e86041. doi:10.1371/journal.pone.0086041
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import pandas as pd

from .changes import check_same
from .coding import COLUMNS, NUMBERS, Coding, event_table
from .pairing import GROUPS, paired, same_emotion, units

BOTH, MEAN, UNRESOLVED = "both", "mean", "unresolved"
WHAT = ("event", *NUMBERS, "kind", "emotion", "aus")
_SECONDS = [f"{name}_s" for name in NUMBERS]  # they follow from the frames


def arbitrate(a: Coding, b: Coding, third: Coding | None = None, *, tolerance: int = 0, iou: float = 0.5) -> Coding:
    """The coding on which two coders settle.

    Parameters
    ----------
    a, b : Coding
        Of one recording.
    third : Coding, optional
        Who decides what differs: the third's event that overlaps the disputed one by ``iou``, and what it says. Without it, and where it
        says nothing, the following stays unresolved.

        - A frame takes the mean of the two (half a frame is rounded up), as CASME II was coded.
        - An event that only one of them has is left out: with a warning where nobody was asked, without where the third has not got it.
        - An emotion becomes ``others``, as in CASME II; action units, those that both gave; a kind follows from the length.
    tolerance : int, default=0
        Frames by which the two may differ and still have the same: then the mean stands, and both decided it.
    iou : float, default=.5
        Events are one if they overlap by this share of their union.

    Returns
    -------
    Coding
        Its coder is ``Anna+Ben`` or ``Anna+Ben, Cleo``. Further columns of its events say who decided: ``event_by``, ``onset_by``,
        ``apex_by``, ``offset_by``, ``kind_by``, ``emotion_by``, ``aus_by``: ``both``, ``mean``, ``unresolved``, or a coder's name, which is
        one of the two where the other said nothing.

    Raises
    ------
    UsageError
        They are of recordings of different lengths.
    """
    for coder in (b, third):
        if coder is not None:
            check_same(a, coder)
    names = (a.coder, b.coder, third.coder if third else "")
    disputed = _disputed(a, b, iou)
    clocks = [coding.clock for coding in (a, b, third) if coding and coding.clock]
    clock = next((each for each in clocks if each.times is not None), next(iter(clocks), None))
    rows, left_out = [], []
    for (one, other), judge in zip(disputed, _rulings(disputed, third, iou), strict=True):
        if one is not None and other is not None:
            rows.append(_settle(one, other, judge, names, tolerance))
        elif judge is not None:
            rows.append({**judge[list(COLUMNS)].drop(_SECONDS), **{f"{name}_by": names[2] for name in WHAT}})
        elif third is None:
            left_out.append(names[0] if other is None else names[1])
    if left_out:
        each = " and ".join(f"{left_out.count(name)} that only {name} has" for name in dict.fromkeys(left_out))
        warnings.warn(f"Left out, as nobody decided: {each}. Let a third coder code the recording.", UserWarning, stacklevel=2)
    events = event_table(rows, clock, f"{a.coder} and {b.coder}").reindex(columns=[*COLUMNS, *(f"{name}_by" for name in WHAT)])
    media = next((coding.media for coding in (a, b, third) if coding and coding.media), None)
    return Coding(a.video or b.video, f"{a.coder}+{b.coder}" + (f", {third.coder}" if third else ""), events, clock, media)


def _disputed(a: Coding, b: Coding, iou: float) -> list[tuple[pd.Series | None, pd.Series | None]]:
    """Events that both have, then those that the first has alone, then the second."""
    pairs = paired(a.events, b.events, iou)
    alone = [
        [coding.events.iloc[row] for row in range(len(coding.events)) if row not in {pair[side] for pair in pairs}]
        for side, coding in enumerate((a, b))
    ]
    both = [(a.events.iloc[i], b.events.iloc[j]) for i, j in pairs]
    return [*both, *((event, None) for event in alone[0]), *((None, event) for event in alone[1])]


def _rulings(disputed: list[tuple[pd.Series | None, pd.Series | None]], third: Coding | None, iou: float) -> list[pd.Series | None]:
    """The third coder's event for each of them: that which fits one of the two, or what lies between them."""
    found: list[pd.Series | None] = [None] * len(disputed)
    if third is None or not disputed:
        return found
    candidates = [
        (position, event)
        for position, (one, other) in enumerate(disputed)
        for event in ((one, other, _between(one, other)) if one is not None and other is not None else (one if other is None else other,))
    ]
    table = pd.DataFrame([{name: event[name] for name in ("face", "onset_frame", "offset_frame")} for _, event in candidates])  # type: ignore[index]
    for row, mine in paired(table, third.events, iou):
        position = candidates[row][0]
        found[position] = third.events.iloc[mine] if found[position] is None else found[position]
    return found


def _between(one: pd.Series, other: pd.Series) -> dict[str, Any]:
    return {"face": one["face"], **{f"{name}_frame": _mean(one[f"{name}_frame"], other[f"{name}_frame"]) for name in ("onset", "offset")}}


def _mean(one: int, other: int) -> int:
    return math.floor((one + other) / 2 + 0.5)


def _settle(one: pd.Series, other: pd.Series, judge: pd.Series | None, coders: tuple[str, str, str], tolerance: int) -> dict[str, Any]:
    """The event that two have, with who decided what."""
    notes = "; ".join(dict.fromkeys(filter(None, (one["note"], other["note"]))))
    row: dict[str, Any] = {"face": one["face"], "event_by": BOTH, "note": notes}
    for name in NUMBERS:
        column = f"{name}_frame"
        frames = [None if pd.isna(event[column]) else int(event[column]) for event in (one, other)]
        ruling = None if judge is None or pd.isna(judge[column]) else int(judge[column])
        row[column], row[f"{name}_by"] = _frame(frames, ruling, coders, tolerance)
    row["offset_frame"] = max(row["offset_frame"], row["onset_frame"])  # a third coder may have decided but one of them
    if row["apex_frame"] is not None:
        row["apex_frame"] = min(max(row["apex_frame"], row["onset_frame"]), row["offset_frame"])
    for name, settle in (("kind", _kind), ("emotion", _emotion), ("aus", _aus)):
        row[name], row[f"{name}_by"] = _word(one[name], other[name], "" if judge is None else judge[name], coders, settle)
    return row


def _frame(frames: list[int | None], ruling: int | None, coders: tuple[str, str, str], tolerance: int) -> tuple[int | None, str]:
    one, other = frames
    if one is None or other is None:
        given = ruling if ruling is not None else one if other is None else other
        return given, "" if given is None else coders[2] if ruling is not None else coders[0 if other is None else 1]
    if abs(one - other) <= tolerance:
        return _mean(one, other), BOTH
    return (ruling, coders[2]) if ruling is not None else (_mean(one, other), MEAN)


def _word(
    one: str, other: str, ruling: str, coders: tuple[str, str, str], settle: Callable[[str, str], tuple[str, bool]]
) -> tuple[str, str]:
    """What is said of an event, and by whom; ``settle`` gives what it is without a third coder, and whether the two agree."""
    if not one and not other:
        return "", ""
    if one and other:
        word, agreed = settle(one, other)
        if agreed:
            return word, BOTH
        return (ruling, coders[2]) if ruling else (word, UNRESOLVED)
    return (ruling, coders[2]) if ruling else (one or other, coders[0] if one else coders[1])


def _kind(one: str, other: str) -> tuple[str, bool]:
    return (one, True) if one == other else ("", False)  # event_table tells it by the length


def _emotion(one: str, other: str) -> tuple[str, bool]:
    return (other if one in GROUPS else one, True) if same_emotion(one, other) else ("others", False)


def _aus(one: str, other: str) -> tuple[str, bool]:
    shared = [word for word in one.split("+") if word in units(other)]
    return "+".join(shared) or ("none" if not units(one) | units(other) else ""), units(one) == units(other)
