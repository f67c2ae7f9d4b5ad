"""How well found intervals agree with true ones: the spotting challenges' intersection-over-union matching."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Match:
    """The agreement of found and true intervals.

    Attributes
    ----------
    pairs : list of (int, int)
        Row positions (found, true) of each true positive.
    found, true : int
        How many there are of each.
    """

    pairs: list[tuple[int, int]]
    found: int
    true: int

    @property
    def f1(self) -> float:
        """2 TP / (found + true); 1 when there is nothing to find and nothing was found."""
        return 2 * len(self.pairs) / (self.found + self.true) if self.found + self.true else 1.0

    @property
    def precision(self) -> float:
        """Share of the found that are true; nan when none was found."""
        return len(self.pairs) / self.found if self.found else float("nan")

    @property
    def recall(self) -> float:
        """Share of the true that were found; nan when there is none."""
        return len(self.pairs) / self.true if self.true else float("nan")


def match(found: pd.DataFrame, true: pd.DataFrame, iou: float = 0.5) -> Match:
    """Each found interval paired with at most one true one whose overlap is at least ``iou`` of their union.

    Parameters
    ----------
    found, true : DataFrame
        Columns ``onset`` and ``offset``: frames, inclusive, so an interval of one frame has length 1.
    iou : float, default=0.5
        As in the Micro-Expression Grand Challenges. At .5 a found interval can fit two true ones only if both overlaps are exactly a
        half; best overlaps are paired first.
    """
    ratio = shares(found, true)
    pairs: list[tuple[int, int]] = []
    for i, j in zip(*np.unravel_index(np.argsort(-ratio, axis=None, kind="stable"), ratio.shape), strict=True):
        if ratio[i, j] < iou:
            break
        if all(i != p and j != q for p, q in pairs):
            pairs.append((int(i), int(j)))
    return Match(sorted(pairs), len(found), len(true))


def shares(found: pd.DataFrame, true: pd.DataFrame) -> np.ndarray:
    """What each found and each true interval have in common, over their union, (found, true) float64: 0 where they only touch, 1 if equal.

    Parameters as in :func:`match`.
    """
    a, b = found[["onset", "offset"]].to_numpy(float), true[["onset", "offset"]].to_numpy(float)
    shared = np.minimum(a[:, None, 1], b[None, :, 1]) - np.maximum(a[:, None, 0], b[None, :, 0]) + 1
    union = (a[:, 1] - a[:, 0] + 1)[:, None] + (b[:, 1] - b[:, 0] + 1)[None] - shared
    return np.where(shared > 0, shared / union, 0)
