"""The default spotter: a region leaves its place and comes back within half a second. No weights, no randomness.

Related to the feature-difference analysis of Moilanen, Zhao & Pietikäinen (2014), ICPR, and the rule-based flow spotters of the MEGC
challenges; ours differs in three ways. Motion is measured against a moving reference with the head's rigid motion taken out. A pulse
must rise *and* fall along the same direction, at one of several widths, so steps and drifts score nothing. And what else the face does
(blinks, speech, head movement) is found first, and reported instead of dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d, maximum_filter1d
from scipy.signal import find_peaks
from sklearn.base import BaseEstimator

from ..errors import UsageError
from ..faces.regions import EYES, LOWER_FACE, REGIONS
from . import context

MICRO_S = (0.05, 0.08, 0.12, 0.17, 0.25)  # half-widths of a pulse
MACRO_S = (0.35, 0.5, 0.75, 1.1, 1.6)
FLOOR = 0.06  # % of the eye distance: what registration leaves undone on a good day
LEAK = 10.0  # % of the eye distance for a nod of one radian or one eye distance: depth is known to about a tenth
# % of the eye distance. Larger than LARGE is no micro-expression, however short: it is a mouth that talks, or a macro-expression.
# Larger than BEYOND is no expression: the head turned, or something passed before the face.
LARGE, BEYOND = 8.0, 20.0
_MOUTH, _LOWER, _EYES = (
    np.array([REGIONS.index(name) for name in names]) for names in (("right_mouth", "left_mouth", "chin"), LOWER_FACE, EYES)
)


class Event(NamedTuple):
    """One thing that was found; frames are inclusive."""

    onset: int
    apex: int
    offset: int
    score: float
    kind: str
    regions: str = ""
    amplitude: float = np.nan  # % of the eye distance


@dataclass
class Spotted:
    """What was found on one face.

    Attributes
    ----------
    intervals : DataFrame
        ``onset apex offset`` (frames, inclusive), ``score kind regions amplitude``, by onset. ``amplitude`` is in % of the eye distance.
    score : ndarray of shape (T,), float32
        How far above the noise the face's motion pulses at each frame; an event is a peak above ``threshold``. NaN where not judged.
    judged : ndarray of shape (T,), bool
    """

    intervals: pd.DataFrame
    score: np.ndarray
    judged: np.ndarray


class FlowSpotter(BaseEstimator):
    """Finds micro- and macro-expressions, blinks, speech and head movement in the signals of a face.

    Parameters
    ----------
    max_duration_s : float, default=0.5
        Longest micro-expression, onset to offset. What lasts longer is a macro-expression.
    threshold : float, default=5.0
        Score from which a pulse counts, in multiples of its noise.
    min_amplitude : float, default=0.4
        Least displacement of a region, % of the eye distance.
    """

    def __init__(self, max_duration_s: float = 0.5, threshold: float = 5.0, min_amplitude: float = 0.4):
        self.max_duration_s = max_duration_s
        self.threshold = threshold
        self.min_amplitude = min_amplitude

    def spot(self, table: pd.DataFrame) -> Spotted:
        """The events in one face's signals.

        Parameters
        ----------
        table : DataFrame
            As :func:`fleeting.faces.signals.measure` gives it: one row a frame.

        Raises
        ------
        UsageError
            A parameter is out of its range.
        """
        if not (0 < self.max_duration_s <= 2 and self.threshold > 0 and self.min_amplitude >= 0):
            raise UsageError(f"{self!r}: max_duration_s must lie in (0, 2], threshold above 0, min_amplitude at 0 or above.")
        score, judged = np.full(len(table), np.nan, np.float32), np.zeros(len(table), bool)
        found: list[Event] = []
        for rows in _stretches(table):
            part = _Stretch(table.iloc[rows], self)
            score[rows], judged[rows] = part.score, True
            found += [e._replace(onset=rows[e.onset], apex=rows[e.apex], offset=rows[e.offset]) for e in part.events()]
        intervals = pd.DataFrame(sorted(found), columns=list(Event._fields))
        return Spotted(intervals, score, judged)


def _stretches(table: pd.DataFrame) -> list[np.ndarray]:
    """Row numbers of each unbroken stretch: one track, gaps of at most .1 s; shorter than .15 s or 5 frames is not judged."""
    rows = np.flatnonzero(table["seen"].to_numpy())
    if len(rows) < 5:
        return []
    time, track = table["time_s"].to_numpy()[rows], table["track"].to_numpy()[rows]
    frame = float(np.median(np.diff(table["time_s"].to_numpy())))
    breaks = (np.diff(time) > max(0.1, 1.5 * frame)) | (np.diff(track) != 0)
    parts = np.split(rows, np.flatnonzero(breaks) + 1)
    return [part for part in parts if len(part) >= 5 and table["time_s"].iloc[part[-1]] - table["time_s"].iloc[part[0]] >= 0.15]


class _Stretch:
    """One unbroken stretch of one face, on an even time grid of the stretch's own median frame rate."""

    def __init__(self, table: pd.DataFrame, spotter: FlowSpotter):
        self.spotter = spotter
        self.time = table["time_s"].to_numpy(np.float64)
        self.frame_s = float(np.median(np.diff(self.time)))
        self.fps = 1 / self.frame_s
        self.grid = np.arange(self.time[0], self.time[-1] + self.frame_s / 2, self.frame_s)
        skin = self._even(table[[f"{r}_{a}" for r in REGIONS for a in "xy"]]).reshape(-1, len(REGIONS), 2)  # (T, R, 2)
        self.head = self._even(table[["head_x", "head_y", "head_scale", "head_roll", "head_yaw", "head_pitch"]])
        eye_open, mouth_open = self._even(table[["eye_open", "mouth_open"]]).T
        self.blinks = context.blinks(eye_open, self.fps)
        # Not the lips' own motion: teeth that appear between them mislead the tracking.
        jaw = np.column_stack([skin[:, REGIONS.index("chin"), 1], 100 * mouth_open])
        self.speech = context.speech(jaw, self.fps)
        self.head_speed = context.head_speed(self.head, self.fps)
        self.heads = context.head_movements(self.head_speed, self.fps)
        self.skin = gaussian_filter1d(skin, max(0.008 * self.fps, 0.35), axis=0)
        likeness = self._even(table[[f"{r}_likeness" for r in REGIONS]])
        likeness[:, _MOUTH] = likeness[:, _MOUTH].min(axis=1, keepdims=True)
        near = 2 * round(0.15 * self.fps) + 1
        lost = maximum_filter1d(maximum_filter1d(likeness, near, axis=0) - likeness, near, axis=0)
        # A micro-expression moves skin; where teeth or a hand come into view, what is tracked is something else.
        same = (1 - np.clip((lost - 0.06) / 0.1, 0, 1)) * np.clip((likeness - 0.7) / 0.15, 0, 1)
        self.micro = self._pulses(MICRO_S, same)
        self.macro = self._pulses(MACRO_S, np.ones(likeness.shape))
        self.score = np.interp(self.time, self.grid, self.micro.score).astype(np.float32)

    def _even(self, columns: pd.DataFrame) -> np.ndarray:
        values = columns.to_numpy(np.float32)
        return np.stack([np.interp(self.grid, self.time, column).astype(np.float32) for column in values.T], axis=1)

    def _pulses(self, half_widths: tuple[float, ...], trust: np.ndarray) -> _Pulses:
        height = np.zeros(self.skin.shape[:2], np.float32)  # (T, R), % of the eye distance
        frames = sorted({max(1, round(s * self.fps)) for s in half_widths if 2 * s < self.grid[-1] - self.grid[0]} or {1})
        nod = np.zeros((len(height), 1), np.float32)
        for k in frames:
            height = np.maximum(height, _pulse(self.skin, k))
            nod = np.maximum(nod, _pulse(self.head[:, None], k))
        noise = self._noise(frames[0], height, nod)
        trust[:, _EYES] *= 0.5  # gaze and lids move there all the time
        margin = round(0.06 * self.fps)
        trust[np.ix_(context.mask(self.speech, len(height), margin), _LOWER)] = 0
        blinking = context.mask(self.blinks, len(height), margin)
        if blinking.any():
            # What a blink usually drags along in this face, from all its blinks, is not an expression.
            usual = np.median([height[max(a - margin, 0) : c + margin + 1].max(axis=0) for a, _, c, _ in self.blinks], axis=0)
            height = np.where(blinking[:, None], np.maximum(height - 2 * usual, 0), height)
            trust[np.ix_(blinking, _EYES)] = 0
        snr = trust * height / noise
        return _Pulses(height * trust, snr, np.sqrt((np.sort(snr, axis=1)[:, -3:] ** 2).sum(axis=1)))

    def _noise(self, k: int, height: np.ndarray, nod: np.ndarray) -> np.ndarray:
        """How high each region pulses when nothing happens, (T, R).

        Its jitter over 10 s, its usual restlessness over 16 s, and what the head's motion may leave in it. In a clip of a second or two
        the event itself would be the usual; only the jitter counts there.
        """
        jerk = np.zeros_like(height)
        jerk[k:-k] = np.linalg.norm(self.skin[k:-k] - 0.5 * (self.skin[2 * k :] + self.skin[: -2 * k]), axis=2)
        known = float(np.clip((len(height) / self.fps - 1) / 2, 0, 1))
        restless = known * context.moving_percentile(height, 75, round(16 * self.fps))
        usual = np.maximum(1.5 * context.moving_median(jerk, round(10 * self.fps)), restless)
        # Blur and turning: 1 % for each eye distance a second.
        fast = maximum_filter1d(self.head_speed[:, None], max(3, round(0.15 * self.fps) | 1), axis=0)
        return np.sqrt(usual**2 + FLOOR**2 + fast**2 + (LEAK * nod) ** 2)

    def events(self) -> list[Event]:
        """Everything found, frames counted within the stretch."""
        found: list[Event] = []
        taken = np.zeros(len(self.grid), bool)
        for pulses, wanted in ((self.micro, "micro"), (self.macro, "macro")):
            peaks, _ = find_peaks(pulses.score, height=self.spotter.threshold)
            for peak in sorted(peaks, key=lambda p: -pulses.score[p]):
                event = self._delimit(pulses, int(peak), wanted)
                if event is not None and not taken[event.onset : event.offset + 1].any():
                    taken[event.onset : event.offset + 1] = True
                    found.append(event)
        found, speech, heads, lids = self._sorted_out(sorted(found))
        for kind, spans in (("blink", lids), ("speech", speech), ("head", heads)):
            found += [Event(a, b, c, score, kind) for a, b, c, score in spans]
        return [e._replace(onset=self._frame(e.onset), apex=self._frame(e.apex), offset=self._frame(e.offset)) for e in found]

    def _sorted_out(self, found: list[Event]) -> tuple[list[Event], context.Spans, context.Spans, context.Spans]:
        """Expressions, then speech, head movements and blinks: what only looks like an expression is put where it belongs."""
        expressions, speech, heads, lids = [], list(self.speech), list(self.heads), list(self.blinks)
        near = round(0.35 * self.fps)
        for event in found:  # by onset, so that a stretch of speech grows syllable by syllable
            span = (event.onset, event.apex, event.offset, event.score)
            lower = set(event.regions.split("+")) <= set(LOWER_FACE)
            talking = context.mask(speech, len(self.grid), near)[event.onset : event.offset + 1].any()
            if event.amplitude > BEYOND:
                heads.append(span)
            elif set(event.regions.split("+")) <= set(EYES):
                lids.append(span)  # the lids or the gaze moved, and nothing else
            elif event.kind == "micro" and lower and (talking or event.amplitude > LARGE):
                speech.append(span)
            else:
                expressions.append(event._replace(kind="macro") if event.amplitude > LARGE else event)
        return expressions, context.merge(speech, near), context.merge(heads, 0), context.merge(lids, 0)

    def _frame(self, i: int) -> int:
        return int(np.argmin(np.abs(self.time - self.grid[min(i, len(self.grid) - 1)])))

    def _delimit(self, pulses: _Pulses, peak: int, wanted: str) -> Event | None:
        """The event around a peak of the score, or None where it is not of the wanted kind."""
        strong = pulses.snr[peak] >= max(3.0, 0.4 * float(pulses.snr[peak].max()))
        reach = round((1.2 * self.spotter.max_duration_s if wanted == "micro" else 4.0) * self.fps)
        low, high = max(peak - reach, 0), min(peak + reach, len(self.grid) - 1)
        # All strong regions as one trace along their own directions at the peak.
        around = self.skin[low : high + 1][:, strong] - self._rest(peak, reach)[strong]
        direction = around[peak - low]
        trace = (around * direction).sum(axis=(1, 2)) / max(float(np.linalg.norm(direction)), 1e-9)
        near = round(0.08 * self.fps) if wanted == "micro" else round(0.3 * self.fps)
        first = max(peak - low - near, 0)
        apex = first + int(np.argmax(trace[first : peak - low + near + 1]))
        onset, offset = _edges(trace, apex, max(1, round(0.06 * self.fps)))
        duration = (offset - onset) / self.fps
        amplitude = float(pulses.height[max(peak - near, 0) : peak + near + 1].max())
        # What shows in a single frame cannot be told from a flaw in the recording.
        if amplitude < self.spotter.min_amplitude or (trace[onset : offset + 1] > 0.5 * trace[apex]).sum() < 2:
            return None
        if wanted == "micro" and duration > self.spotter.max_duration_s + self.frame_s:
            return None
        if wanted == "macro" and (duration <= self.spotter.max_duration_s or amplitude < 2.0):
            return None
        names = "+".join(r for r, s in zip(REGIONS, strong, strict=True) if s)
        return Event(onset + low, apex + low, offset + low, float(pulses.score[peak]), wanted, names, amplitude)

    def _rest(self, peak: int, reach: int) -> np.ndarray:
        """Where each region is when nothing happens around the peak, (R, 2): the median of its surroundings."""
        around = self.skin[max(peak - reach, 0) : peak + reach + 1]
        return np.asarray(np.median(around, axis=0))


@dataclass
class _Pulses:
    height: np.ndarray  # (T, R) % of the eye distance
    snr: np.ndarray  # (T, R)
    score: np.ndarray  # (T,)


def _pulse(x: np.ndarray, k: int) -> np.ndarray:
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


def _edges(trace: np.ndarray, apex: int, ahead: int) -> tuple[int, int]:
    """Where a trace leaves its foot before the apex and reaches it after, 10 % of the way up.

    The foot is where the trace, at most half as high as at the apex, falls by less than 5 % of that height within ``ahead`` frames, be it
    that it rests there, drifts or rises again.
    """

    def edge(values: np.ndarray) -> int:  # from the apex outwards
        level = values[0]
        lowest = np.array([values[i : i + ahead + 1].min() for i in range(len(values))])
        resting = np.flatnonzero((values < 0.5 * level) & (values - lowest < 0.05 * abs(level)))
        foot = int(resting[0]) if len(resting) else int(values.argmin())
        return int(np.flatnonzero(values[: foot + 1] <= values[foot] + 0.1 * (level - values[foot]))[0])

    return apex - edge(trace[apex::-1]), apex + edge(trace[apex:])
