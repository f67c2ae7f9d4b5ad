"""Which events of two codings are one, and when two words for an emotion say the same."""

from __future__ import annotations

import pandas as pd

from ..labels import emotion_group
from ..spotting.matching import match

GROUPS = {"negative", "positive", "surprise"}


def paired(a: pd.DataFrame, b: pd.DataFrame, iou: float) -> list[tuple[int, int]]:
    """Row positions in the one table and the other of events that are one: on the same face, and overlapping by ``iou`` of their union.

    As in :func:`fleeting.spotting.matching.match`, whatever their kinds; a tiny ``iou`` pairs all that overlap, the best overlaps first.
    """
    pairs = []
    for face in sorted({*a["face"], *b["face"]}):
        mine, theirs = (_spans(table, face) for table in (a, b))
        pairs += [(int(mine.index[i]), int(theirs.index[j])) for i, j in match(mine, theirs, iou).pairs]
    return sorted(pairs)


def same_emotion(a: str, b: str) -> bool:
    """Whether two words for an emotion do not contradict each other: a group is right of every emotion in it."""
    return a == b or (a in GROUPS and emotion_group(b) == a) or (b in GROUPS and emotion_group(a) == b)


def units(aus: str) -> set[str]:
    """The action units of a cell such as ``AU4+L10``; none in "" and "none"."""
    return set(aus.split("+")) - {"", "none"}


def _spans(events: pd.DataFrame, face: int) -> pd.DataFrame:
    """Onset and offset of the events of a face, by row position."""
    spans = events[["onset_frame", "offset_frame"]].set_axis(["onset", "offset"], axis=1).reset_index(drop=True)
    return spans[events["face"].to_numpy() == face]
