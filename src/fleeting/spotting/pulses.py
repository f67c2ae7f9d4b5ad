"""Pulses and rises of a trace, how far they stand above the noise, and where a pulse begins and ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import uniform_filter1d


@dataclass
class Pulses:
    """What pulses at each frame, and how far above its noise."""

    height: np.ndarray  # (T, R) % of the eye distance
    trust: np.ndarray  # (T, R)
    snr: np.ndarray  # (T, R)
    score: np.ndarray  # (T,)

    @classmethod
    def of(cls, height: np.ndarray, trust: np.ndarray, noise: np.ndarray) -> Pulses:
        """The three best regions together make the score."""
        snr = trust * height / noise
        return cls(height * trust, trust, snr, np.sqrt((np.sort(snr, axis=1)[:, -3:] ** 2).sum(axis=1)))


def change(x: np.ndarray, k: int) -> np.ndarray:
    """From the mean of k frames before to that of k frames after, (T, ...); beyond the ends everything stays as it is there."""
    mean = uniform_filter1d(x, k, axis=0, mode="nearest")
    padded = np.pad(mean, [(k, k), *[(0, 0)] * (x.ndim - 1)], mode="edge")
    return np.asarray(padded[2 * k :] - padded[: -2 * k])


def pulse(x: np.ndarray, k: int) -> np.ndarray:
    """How far x rises within k frames and falls again along the same direction, (T, R) for (T, R, dimensions).

    With u = x(t) - x(t-k) and w = x(t) - x(t+k): u.w / max(|u|, |w|), the smaller of the two flanks as seen along the larger; 0 where
    they disagree in direction, so for a step, a drift, and at the ends.
    """
    out = np.zeros(x.shape[:2], x.dtype)
    if len(x) <= 2 * k:
        return out
    u, w = x[k:-k] - x[: -2 * k], x[k:-k] - x[2 * k :]
    larger = np.maximum(np.linalg.norm(u, axis=2), np.linalg.norm(w, axis=2))
    out[k:-k] = np.maximum((u * w).sum(axis=2) / np.maximum(larger, 1e-9), 0)
    return out


def edges(trace: np.ndarray, apex: int, ahead: int) -> tuple[int, int]:
    """Where a trace leaves its foot before the apex and reaches it after, 10 % of the way up.

    The foot is where the trace, at most half as high as at the apex, falls by less than 5 % of that height within ``ahead`` frames, be it
    that it rests there, drifts or rises again.
    """

    def edge(values: np.ndarray) -> int:  # from the apex outwards
        level = values[0]
        ahead_of = sliding_window_view(np.append(values, np.full(ahead, np.inf)), ahead + 1)
        lowest = ahead_of.min(axis=1)
        resting = np.flatnonzero((values < 0.5 * level) & (values - lowest < 0.05 * abs(level)))
        foot = int(resting[0]) if len(resting) else int(values.argmin())
        return int(np.flatnonzero(values[: foot + 1] <= values[foot] + 0.1 * (level - values[foot]))[0])

    return apex - edge(trace[apex::-1]), apex + edge(trace[apex:])


def half_height(trace: np.ndarray, apex: int, reach: int) -> tuple[int, int]:
    """Where a trace falls below half of its height at the apex, on both sides, at most ``reach`` places away."""
    high = trace > 0.5 * trace[apex]
    onset = apex - int(np.argmin(np.append(high[apex : max(apex - reach, 0) : -1], False)))
    return onset, apex + int(np.argmin(np.append(high[apex : apex + reach], False)))
