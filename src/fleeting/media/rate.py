"""The rate of a recording by the timestamps of its frames, and timestamps that were rounded, as they were before.

Matroska, WebM, FLV and ASF keep times in whole milliseconds. A steady 30 frames/s reads 0, 33, 67, 100 ms there, of which one step
says 30.3 and another 29.4; at 2000 frames/s two frames share each millisecond. Where all times lie within one tick of a steady
rate, they are taken as the times of that rate; from the first that does not on, each frame keeps the time in the file.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil, floor, gcd

import numpy as np

NTSC = tuple(Fraction(1000 * n, 1001) for n in (24, 30, 48, 60, 120, 240))
SAME = 0.05  # ticks: rates whose mean errors differ by less fit equally well


class Grid:
    """The moments of a steady rate, to which timestamps are brought that lie within one tick of them, in order.

    Parameters
    ----------
    rate : Fraction
        Frames a second.
    tick : Fraction
        Unit of the timestamps, s. Where a frame lasts a whole number of ticks nothing was rounded, and times must fit exactly.
    """

    def __init__(self, rate: Fraction, tick: Fraction):
        self._rate, self._frames_a_tick = rate, float(rate * tick)
        self._tolerance = 1e-6 if (1 / (rate * tick)).denominator == 1 else self._frames_a_tick * 1.001
        self._last = -1

    def place(self, ticks: int) -> int | None:
        """Position on the grid of the next frame, ``ticks`` after the first; None if it is not on it."""
        frames = ticks * self._frames_a_tick
        expected = self._last + 1
        position = expected if abs(frames - expected) <= self._tolerance else round(frames)
        if position < expected or abs(frames - position) > self._tolerance:
            return None
        self._last = position
        return position

    def seconds(self, position: int) -> float:
        """Time of a position, s since the first frame."""
        return position * self._rate.denominator / self._rate.numerator


def steady_rate(stamps: Sequence[int], tick: Fraction, declared: Iterable[Fraction | None] = ()) -> Fraction | None:
    """The frames a second of a recording whose timestamps all fit one rate; None if they fit none, for then it varies.

    Of rates that fit equally well one that the container declares is taken, then the roundest; 29.97 is 30000/1001.

    Parameters
    ----------
    stamps : sequence of int
        Timestamps in the order in which frames are shown, in ticks.
    tick : Fraction
        Their unit, s.
    declared : iterable of Fraction or None
        What the container and the codec say.
    """
    ticks = np.asarray(stamps, np.int64)
    ticks = ticks - ticks[:1]
    steps = np.diff(ticks)
    if not len(steps) or ticks[-1] <= 0:
        return None
    middle = np.median(steps)
    near = steps[np.abs(steps - middle) <= max(1, 0.1 * middle)]  # a dropped frame leaves a longer step
    if near.sum() <= 0:
        return None
    mean = len(near) / (near.sum() * float(tick))
    said = {rate for rate in declared if rate}
    error = 2 / near.sum()
    usual = {Fraction(n) for n in range(max(1, ceil(mean * (1 - error))), floor(mean * (1 + error)) + 1)}
    usual = set(sorted(usual, key=_roundness)[:20]) | {rate for rate in NTSC if abs(rate - mean) <= error * mean}
    fits = {}
    for rate in said | usual | {Fraction(mean).limit_denominator(10**6)}:
        if (miss := _miss(ticks, rate, tick)) is not None:
            fits[rate] = miss
    good = [rate for rate, miss in fits.items() if miss <= min(fits.values()) + SAME]
    return min(good, key=lambda rate: (rate not in usual, rate not in said, _roundness(rate), fits[rate]), default=None)


def _miss(ticks: np.ndarray, rate: Fraction, tick: Fraction) -> float | None:
    """Mean distance of timestamps from the moments of a rate, ticks; None if one is too far, or half of the moments are empty."""
    grid = Grid(rate, tick)
    positions = [grid.place(each) for each in ticks.tolist()]
    if None in positions or np.mean(np.diff(np.array(positions, np.int64)) == 1) <= 0.5:
        return None
    return float(np.abs(ticks - np.array(positions, float) / float(rate * tick)).mean())


def _roundness(rate: Fraction) -> int:
    """Less for rounder rates: 2000 before 1990 before 1999."""
    return -gcd(rate.numerator, 1000) if rate.denominator == 1 else 0
