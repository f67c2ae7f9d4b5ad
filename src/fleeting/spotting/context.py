"""What else a face does: blinks, speech and head movement, found before expressions are looked for.

They are reported in their own right, and tell the spotter which motion not to believe.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, percentile_filter, uniform_filter1d
from scipy.signal import find_peaks

from .peaks import runs

Spans = list[tuple[int, int, int, float]]  # onset, apex, offset (inclusive frames), score


BLINK_S = 0.5  # the longest blink; who keeps the eyes shut for longer has closed them


def blinks(eye_open: np.ndarray, fps: float) -> Spans:
    """Blinks: the lids close by a fifth or more and are open again within half a second.

    Open means as open as they then stay, which may be less than before: who starts to smile, or looks down, has blinked and no more.

    Parameters
    ----------
    eye_open : ndarray of shape (T,)
        Lid distance over eye width, as :func:`fleeting.faces.landmarks.eye_openness` gives it.
    fps : float

    Returns
    -------
    list of (onset, apex, offset, score)
        The score is the share by which the eye was closed at the apex.
    """
    if len(eye_open) < 3:
        return []
    closed = np.pad(_closed(eye_open, fps), 1, mode="edge")
    reach, last = max(2, round(0.8 * BLINK_S * fps)), len(eye_open) - 1
    spans: Spans = []
    for peak in find_peaks(closed, prominence=0.2)[0]:
        before, after = _opened(closed[peak::-1][: reach + 1]), _opened(closed[peak : peak + reach + 1])
        if before is None or after is None or (before + after - 1) / fps > BLINK_S:
            continue
        spans.append((max(int(peak) - before - 1, 0), int(peak) - 1, min(int(peak) + after - 1, last), float(closed[peak])))
    return spans


def closures(eye_open: np.ndarray, fps: float) -> Spans:
    """Stretches in which the eyes stay shut for longer than a blink; the score is the share by which they were closed."""
    closed = _closed(eye_open, fps) if len(eye_open) else eye_open
    spans = []
    for first, last in runs(closed > 0.6):
        if (last - first + 1) / fps > BLINK_S:
            apex = first + int(np.argmax(closed[first : last + 1]))
            spans.append((first, apex, last, float(closed[apex])))
    return spans


def _closed(eye_open: np.ndarray, fps: float) -> np.ndarray:
    """How far the eyes are closed: 0 as usual, 1 shut."""
    return np.asarray(1 - eye_open / np.maximum(moving_percentile(eye_open, 75, round(8 * fps)), 0.05))


def _opened(closed: np.ndarray) -> int | None:
    """After how many frames from the apex the lids are open, to a fifth of the way, or None where they do not open by half."""
    level = float(closed.min())
    if closed[0] - level < max(0.5 * closed[0], 0.12):
        return None
    return int(np.flatnonzero(closed <= level + 0.2 * (closed[0] - level))[0])


def speech(jaw: np.ndarray, fps: float) -> Spans:
    """Stretches in which the mouth opens and closes again and again, as in speech, chewing or laughing.

    Parameters
    ----------
    jaw : ndarray of shape (T, K)
        Traces of the chin and of the opening between the lips, % of the eye distance.

    Returns
    -------
    list of (onset, apex, offset, score)
        At least 1 s long; the score is the motion's size in % of the eye distance.
    """
    if len(jaw) < fps:
        return []
    # What a running sum leaves of zero may lie a little below it, hence the maximum before the root.
    slow = gaussian_filter1d(jaw, 0.25 * fps, axis=0)
    swing = gaussian_filter1d(jaw, max(0.02 * fps, 0.5), axis=0) - slow
    # Extremes of any one trace that stand out by 1.2 %: at least 4 of them within 1.2 s.
    turns = np.zeros(jaw.shape)
    for k, trace in enumerate(swing.T):
        for sign in (1, -1):
            turns[find_peaks(sign * trace, prominence=1.2)[0], k] = 1
    many = (uniform_filter1d(turns, max(int(1.2 * fps), 1), axis=0) * 1.2 * fps >= 4 - 1e-6).any(axis=1)
    size = np.sqrt(np.maximum(uniform_filter1d((swing**2).sum(axis=1), max(int(0.6 * fps), 1)), 0))
    talking = maximum_filter1d((many & (size > 1.0)).astype(np.uint8), max(int(0.4 * fps), 1)).astype(bool)
    spans = []
    for first, last in runs(_bridge(talking, int(0.5 * fps))):
        if (last - first + 1) / fps >= 1.0:
            spans.append((first, first + int(np.argmax(size[first : last + 1])), last, float(size[first : last + 1].mean())))
    return spans


def head_movements(speed: np.ndarray, fps: float, threshold: float = 0.25) -> Spans:
    """Stretches in which the head shifts or turns faster than ``threshold`` eye distances a second for .1 s or more."""
    spans = []
    for first, last in runs(_bridge(speed > threshold, int(0.2 * fps))):
        if (last - first + 1) / fps >= 0.1:
            apex = first + int(np.argmax(speed[first : last + 1]))
            spans.append((first, apex, last, float(speed[apex])))
    return spans


def head_speed(head: np.ndarray, fps: float) -> np.ndarray:
    """Speed of the head, (T,) eye distances a second: shift, and turns as what they move at one eye distance from the axis.

    Parameters
    ----------
    head : ndarray of shape (T, 6)
        Shift x, y (eye distances), scale (share), roll, yaw, pitch (radians).
    """
    if len(head) < 2:
        return np.zeros(len(head))
    smooth = gaussian_filter1d(head, max(0.03 * fps, 0.6), axis=0)
    return np.asarray(np.linalg.norm(np.gradient(smooth, axis=0), axis=1) * fps)


def mask(spans: Spans, length: int, margin: int = 0) -> np.ndarray:
    """Frames that lie in any span, (length,) bool, each span widened by ``margin`` frames."""
    out = np.zeros(length, bool)
    for first, _, last, _ in spans:
        out[max(first - margin, 0) : last + margin + 1] = True
    return out


def merge(spans: Spans, gap: int) -> Spans:
    """Spans by onset, those closer than ``gap`` frames made one; the apex is that of the highest score."""
    out: Spans = []
    for span in sorted(spans):
        if out and span[0] - out[-1][2] <= gap:
            best = max(out[-1], span, key=lambda s: s[3])
            out[-1] = out[-1][0], best[1], max(out[-1][2], span[2]), best[3]
        else:
            out.append(span)
    return out


def moving_median(x: np.ndarray, frames: int) -> np.ndarray:
    """Median of each column of (T, ...) over a sliding window of about ``frames`` frames."""
    return moving_percentile(x, 50, frames)


def moving_percentile(x: np.ndarray, percent: float, frames: int) -> np.ndarray:
    """Percentile of each column of (T, ...) over a sliding window, read at 25 or more places in it so that it stays fast at 200 fps."""
    step = max(1, frames // 25)
    flat = x[::step].reshape(-(-len(x) // step), -1)
    thin = percentile_filter(flat, percent, size=(_odd(frames / step), 1), mode="reflect")
    at = np.arange(0, len(x), step)
    return np.stack([np.interp(np.arange(len(x)), at, column) for column in thin.T], axis=1).reshape(x.shape)


def _bridge(flags: np.ndarray, gap: int) -> np.ndarray:
    """The flags with gaps of up to ``gap`` frames between two runs filled."""
    out = flags.copy()
    for (_, a), (b, _) in pairwise(runs(flags)):
        if b - a - 1 <= gap:
            out[a : b + 1] = True
    return out


def _odd(frames: float) -> int:
    return max(3, int(frames)) | 1
