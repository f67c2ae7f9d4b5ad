"""From a number a frame to intervals, as most published spotters do it: contrast, threshold, peaks, half an expression to each side.

References
----------
Moilanen, Zhao & Pietikäinen (2014), ICPR. Li, Hong, Moilanen, Huang, Pfister, Zhao & Pietikäinen (2018), IEEE Trans. Affective
Computing 9(4).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.signal import find_peaks

from ..errors import UsageError

COLUMNS = ("onset", "apex", "offset", "score", "kind")


def half_length(frames: Iterable[float]) -> int:
    """Half of the mean of these expression lengths, frames: ``(N + 1) / 2`` of the rounded mean N, at least 1.

    Authors differ by one: some take ``(N - 1) / 2``.
    """
    return max(1, (round(float(np.mean(list(frames)))) + 1) // 2)


def contrast(signal: np.ndarray, k: int) -> np.ndarray:
    """How far each value stands above the mean of those ``k`` frames before and after, (T,) float64; 0 where it does not.

    The first and the last ``k`` frames have no score: 0. A constant added to the signal changes nothing. Where the signal is NaN
    (no face), and ``k`` frames around that, it is 0 too.
    """
    signal = np.asarray(signal, np.float64)
    if k < 1:
        raise UsageError(f"k={k}: half the length of an expression is 1 frame or more")
    out = np.zeros(len(signal))
    if len(signal) > 2 * k:
        out[k:-k] = np.nan_to_num(np.maximum(signal[k:-k] - 0.5 * (signal[: -2 * k] + signal[2 * k :]), 0))
    return out


def threshold(scores: np.ndarray, p: float) -> float:
    """The height above which a peak counts: the mean and ``p``, 0 to 1, of the way from there to the maximum."""
    if not 0 <= p <= 1:
        raise UsageError(f"p={p} must lie between 0 (the mean) and 1 (the maximum)")
    mean = float(np.mean(scores)) if len(scores) else 0.0
    return mean + p * (float(np.max(scores, initial=0.0)) - mean)


def peaks(scores: np.ndarray, k: int, p: float, *, merge: bool = False) -> list[tuple[int, int, int, float]]:
    """The intervals around the peaks of a score: (onset, apex, offset, score), frames, inclusive, by onset.

    Parameters
    ----------
    scores : ndarray of shape (T,)
    k : int
        Frames on each side of a peak that belong to it, cut off at the ends of the video; peaks nearer to each other than this are one.
    p : float
        As in :func:`threshold`.
    merge : bool, default=False
        Make one of intervals that share a frame; the apex is that of the higher peak.

    Notes
    -----
    A peak must reach the threshold and rise above the mean, so a constant score has none. With ``p=1`` the maximum alone is left.
    """
    scores = np.asarray(scores, np.float64)
    # Beyond both ends the video is as low as it gets: a score may be highest in its first or last frame.
    low = np.min(scores, initial=0.0) - 1
    found, _ = find_peaks(np.concatenate([[low], scores, [low]]), height=threshold(scores, p), distance=max(k, 1))
    mean = scores.mean() if len(scores) else 0.0
    spans = [(max(i - k, 0), i, min(i + k, len(scores) - 1), float(scores[i])) for i in (found - 1).tolist() if scores[i] > mean + 1e-12]
    if not merge:
        return spans
    out: list[tuple[int, int, int, float]] = []
    for span in spans:
        if out and span[0] <= out[-1][2]:
            best = max(out[-1], span, key=lambda each: each[3])
            out[-1] = (out[-1][0], best[1], span[2], best[3])
        else:
            out.append(span)
    return out


def runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """First and last index, inclusive, of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(flags, np.int8), [0]])))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def as_table(spans: Iterable[tuple[int, int, int, float, str]]) -> pd.DataFrame:
    """Found intervals as a table, by onset: ``onset apex offset score kind``, a row each; of these types also when there is none."""
    table = pd.DataFrame(sorted(spans), columns=list(COLUMNS))
    return table.astype({"onset": int, "apex": int, "offset": int, "score": float, "kind": object})
