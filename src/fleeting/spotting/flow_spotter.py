"""The default spotter: a region leaves its place and comes back, soon or later or not while we look. No weights, no randomness.

Related to the feature-difference analysis of Moilanen, Zhao & Pietikäinen (2014), ICPR, and the rule-based flow spotters of the MEGC
challenges; ours differs in three ways. Motion is measured against a moving reference with the head's rigid motion taken out. A pulse
must rise *and* fall along the same direction, at one of several widths, so that drifts score nothing; what rises and stays is looked for
apart from that, and is open at its end where no return is seen. And what else the face does (blinks, speech, head movement) is found
first, and reported instead of dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, uniform_filter1d
from scipy.signal import find_peaks
from sklearn.base import BaseEstimator

from ..errors import UsageError
from ..faces.regions import EYES, LOWER_FACE, REGIONS
from ..faces.signals import HEAD
from . import context
from .pulses import Pulses, change, edges, half_height, pulse

MICRO_S = (0.05, 0.08, 0.12, 0.17, 0.25)  # half-widths of a pulse
MACRO_S = (0.35, 0.5, 0.75, 1.1, 1.6)
RISE_S = 0.3  # what is held rises within about this time
FLOOR = 0.06  # % of the eye distance: what registration leaves undone on a good day
LEAK = 10.0  # % of the eye distance for a nod of one radian or one eye distance: depth is known to about a tenth
# % of the eye distance. Larger than LARGE is no micro-expression, however short: it is a mouth that talks, or a macro-expression.
# Larger than BEYOND is no expression where the head moved by half an eye distance or half a radian: it turned away, and the skin with it.
LARGE, BEYOND, TURNED = 8.0, 20.0, 0.5
# % of the eye distance: a macro-expression's least. Of 2 %, less what noise may take: nothing of 2 % stays unreported.
LEAST_LARGE = 1.9
WEAKEST = 1.0  # score of the weakest candidate
_MOUTH, _LOWER, _EYES, _BROWS = (
    np.array([REGIONS.index(name) for name in names])
    for names in (("right_mouth", "left_mouth", "chin"), LOWER_FACE, EYES, ("right_brow", "left_brow", "inner_brow"))
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
    open: str = ""  # which end was not seen: "onset", "offset", both joined by "+", or neither
    certain: bool = True


@dataclass
class Spotted:
    """What was found on one face.

    Parameters
    ----------
    intervals : DataFrame
        ``onset apex offset`` (frames, inclusive), ``score kind regions amplitude open certain``, by onset. ``amplitude`` is in % of the
        eye distance; ``open`` says which end was not seen, and ``certain`` is False of candidates, which do not reach the threshold.
    score : ndarray of shape (T,), float32
        How far above the noise the face's motion pulses at each frame; an event is a peak above ``threshold``. NaN where not judged.
    upper, lower : ndarray of shape (T,), bool
        Where the brows, and the face from the cheeks downwards, were judged: seen, followed, and not masked by a blink or by speech.
    """

    intervals: pd.DataFrame
    score: np.ndarray
    upper: np.ndarray
    lower: np.ndarray

    @property
    def judged(self) -> np.ndarray:
        """Where any part of the face was judged, (T,) bool."""
        return self.upper | self.lower


class FlowSpotter(BaseEstimator):
    """Finds micro- and macro-expressions, blinks, speech and head movement in the signals of a face.

    Parameters
    ----------
    max_duration_s : float, default=0.5
        Longest micro-expression, from its first frame to the end of its last one. What lasts longer is a macro-expression.
    threshold : float, default=5.0
        Score from which a pulse counts, in multiples of its noise.
    min_amplitude : float, default=0.4
        Least displacement of a region, % of the eye distance.
    candidates : float, default=0
        How many weaker events a minute to report as well, the strongest of those that do not reach the threshold, for people who will
        look at everything.
    """

    # From which threshold on so many false events a minute are left in footage of people who talk: twelve clips, docs/spotting.md.
    false_a_minute: Mapping[float, float] = MappingProxyType({0.4: 4.0, 0.8: 3.25, 2.0: 2.5, 4.8: 2.0, 11.7: 1.5})
    revision = 3  # raised when a change of the rules moves events, so that kept runs of spotting know

    def __init__(self, max_duration_s: float = 0.5, threshold: float = 5.0, min_amplitude: float = 0.4, candidates: float = 0.0):
        self.max_duration_s = max_duration_s
        self.threshold = threshold
        self.min_amplitude = min_amplitude
        self.candidates = candidates

    def threshold_at(self, rate: float) -> float:
        """The threshold at which about ``rate`` false events a minute are left in footage of people who talk; on calm faces fewer are.

        Between the rates that were measured it is interpolated over their logarithm; beyond them it is that of the nearest.

        Parameters
        ----------
        rate : float
            False events a minute, above 0.

        Returns
        -------
        float
            In multiples of the noise, as ``threshold`` is.

        Raises
        ------
        UsageError
            The rate is not above 0.
        """
        if not rate > 0:
            raise UsageError(f"{rate} false events a minute: the number must be above 0.")
        rates, scores = zip(*sorted(self.false_a_minute.items()), strict=True)
        return float(np.interp(np.log(rate), np.log(rates), scores))

    def spot(self, table: pd.DataFrame) -> Spotted:
        """The events in one face's signals.

        Parameters
        ----------
        table : DataFrame
            As :func:`fleeting.faces.signals.measure` gives it: one row a frame.

        Returns
        -------
        Spotted
            What was found, and where it was looked.

        Raises
        ------
        UsageError
            A parameter is out of its range.
        """
        if not (0 < self.max_duration_s <= 2 and self.threshold > 0 and self.min_amplitude >= 0 and self.candidates >= 0):
            raise UsageError(
                f"{self!r}: max_duration_s must lie in (0, 2], threshold above 0, min_amplitude and candidates at 0 or above."
            )
        score = np.full(len(table), np.nan, np.float32)
        upper, lower = np.zeros(len(table), bool), np.zeros(len(table), bool)
        found: list[Event] = []
        minutes = 0.0
        for rows in stretches(table):
            part = Stretch(table.iloc[rows], self)
            upper[rows], lower[rows] = part.upper, part.lower
            events, score[rows] = self._found(part)
            score[rows[~(part.upper | part.lower)]] = np.nan
            minutes += part.time[-1] / 60 - part.time[0] / 60
            found += [e._replace(**{end: rows[part.frame(getattr(e, end))] for end in ("onset", "apex", "offset")}) for e in events]
        weak = sorted((e for e in found if not e.certain), key=lambda e: -e.score)[round(self.candidates * minutes) :]
        intervals = pd.DataFrame(sorted(e for e in found if e not in weak), columns=list(Event._fields))
        return Spotted(intervals, score, upper, lower)

    def _found(self, part: Stretch) -> tuple[list[Event], np.ndarray]:
        """The events of one stretch, on its grid, and the score of each of its frames."""
        return part.events(), part.score


def stretches(table: pd.DataFrame) -> list[np.ndarray]:
    """Row numbers of each unbroken stretch: one track, gaps of at most .1 s; shorter than .15 s or 5 frames is not judged."""
    rows = np.flatnonzero(table["seen"].to_numpy())
    if len(rows) < 5:
        return []
    time, track = table["time_s"].to_numpy()[rows], table["track"].to_numpy()[rows]
    frame = float(np.median(np.diff(table["time_s"].to_numpy())))
    breaks = (np.diff(time) > max(0.1, 1.5 * frame)) | (np.diff(track) != 0)
    parts = np.split(rows, np.flatnonzero(breaks) + 1)
    return [part for part in parts if len(part) >= 5 and table["time_s"].iloc[part[-1]] - table["time_s"].iloc[part[0]] >= 0.15]


class Stretch:
    """One unbroken stretch of one face, on an even time grid of the stretch's own median frame rate."""

    def __init__(self, table: pd.DataFrame, spotter: FlowSpotter):
        self.table, self.spotter = table, spotter
        self.time = table["time_s"].to_numpy(np.float64)
        self.frame_s = float(np.median(np.diff(self.time)))
        self.fps = 1 / self.frame_s
        self.grid = np.arange(self.time[0], self.time[-1] + self.frame_s / 2, self.frame_s)
        skin = self._even(table[[f"{r}_{a}" for r in REGIONS for a in "xy"]]).reshape(-1, len(REGIONS), 2)  # (T, R, 2)
        self.head = self._even(table[list(HEAD)])
        eye_open, mouth_open = self._even(table[["eye_open", "mouth_open"]]).T
        self.blinks, self.closures = context.blinks(eye_open, self.fps), context.closures(eye_open, self.fps)
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
        followed = np.clip((likeness - 0.4) / 0.3, 0, 1)  # a slow change of light or a smile changes the skin's look; a slip loses it
        self.micro = self._pulses(MICRO_S, same)
        self._followed = followed
        self.score = np.interp(self.time, self.grid, self.micro.score).astype(np.float32)
        self.upper, self.lower = (self._judged(self.micro.trust[:, part]) for part in (_BROWS, _LOWER))

    @cached_property
    def macro(self) -> Pulses:
        """Pulses that are too wide for a micro-expression."""
        return self._pulses(MACRO_S, self._followed)

    @cached_property
    def rise(self) -> Pulses:
        """What rises and may stay."""
        return self._rises(self._followed)

    def _even(self, columns: pd.DataFrame) -> np.ndarray:
        values = columns.to_numpy(np.float32)
        return np.stack([np.interp(self.grid, self.time, column).astype(np.float32) for column in values.T], axis=1)

    def _pulses(self, half_widths: tuple[float, ...], trust: np.ndarray) -> Pulses:
        height = np.zeros(self.skin.shape[:2], np.float32)  # (T, R), % of the eye distance
        frames = sorted({max(1, round(s * self.fps)) for s in half_widths if 2 * s < self.grid[-1] - self.grid[0]} or {1})
        nod = np.zeros((len(height), 1), np.float32)
        for k in frames:
            height = np.maximum(height, pulse(self.skin, k))
            nod = np.maximum(nod, pulse(self.head[:, None], k))
        noise = self._noise(frames[0], height, nod)
        trust, blinking = self._trusted(trust)
        margin = round(0.06 * self.fps)
        if blinking.any():
            # What a blink usually drags along in this face, from all its blinks, is not an expression.
            usual = np.median([height[max(a - margin, 0) : c + margin + 1].max(axis=0) for a, _, c, _ in self.blinks], axis=0)
            height = np.where(blinking[:, None], np.maximum(height - 2 * usual, 0), height)
        return Pulses.of(height, trust, noise)

    def _rises(self, trust: np.ndarray) -> Pulses:
        """How far each region goes from one place to another, and does not come back at once."""
        k = max(2, round(RISE_S * self.fps))
        height = np.linalg.norm(change(self.skin, k), axis=2)
        turn = np.linalg.norm(change(self.head[:, None], k)[:, 0], axis=1, keepdims=True)
        usual = context.moving_percentile(height, 75, round(16 * self.fps)) * self._known()
        fast = maximum_filter1d(self.head_speed[:, None], 2 * k + 1, axis=0)
        noise = np.sqrt(usual**2 + (2 * FLOOR) ** 2 + fast**2 + (LEAK * turn) ** 2)
        return Pulses.of(height, self._trusted(trust)[0], noise)

    def _trusted(self, trust: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The trust in each region, (T, R), less what blinks, shut eyes and speech mask; and where there is a blink, (T,)."""
        trust, length, margin = trust.copy(), len(trust), round(0.06 * self.fps)
        blinking = context.mask(self.blinks, length, margin)
        trust[:, _EYES] *= 0.5  # gaze and lids move there all the time
        trust[np.ix_(context.mask(self.speech, length, margin), _LOWER)] *= 0.25  # enough for a candidate at most
        trust[np.ix_(blinking | context.mask(self.closures, length, margin), _EYES)] = 0
        return trust, blinking

    def _judged(self, trust: np.ndarray) -> np.ndarray:
        """Where most regions of a part of the face are trusted, and there is no blink: (T,) of the table's own frames."""
        usable = np.median(trust, axis=1) * ~context.mask(self.blinks, len(trust))
        return np.interp(self.time, self.grid, usable) > 0.5

    def _known(self) -> float:
        """How far a region's own habits can be told: in a clip of a second or two the event itself would be the usual."""
        return float(np.clip((len(self.grid) / self.fps - 1) / 2, 0, 1))

    def _noise(self, k: int, height: np.ndarray, nod: np.ndarray) -> np.ndarray:
        """How high each region pulses when nothing happens, (T, R).

        Its jitter over 10 s, its usual restlessness over 16 s, and what the head's motion may leave in it.
        """
        jerk = np.zeros_like(height)
        jerk[k:-k] = np.linalg.norm(self.skin[k:-k] - 0.5 * (self.skin[2 * k :] + self.skin[: -2 * k]), axis=2)
        restless = self._known() * context.moving_percentile(height, 75, round(16 * self.fps))
        usual = np.maximum(1.5 * context.moving_median(jerk, round(10 * self.fps)), restless)
        # Blur and turning: 1 % for each eye distance a second.
        fast = maximum_filter1d(self.head_speed[:, None], max(3, round(0.15 * self.fps) | 1), axis=0)
        return np.sqrt(usual**2 + FLOOR**2 + fast**2 + (LEAK * nod) ** 2)

    def events(self) -> list[Event]:
        """Everything found, on the grid."""
        found: list[Event] = []
        taken = np.zeros(len(self.grid), bool)
        for pulses, find in ((self.micro, self._micro), (self.macro, self._macro), (self.rise, self._held)):
            peaks, _ = find_peaks(np.pad(pulses.score, 1), height=WEAKEST)
            # The best first; but what is held begins with the first rise, and its end would look like another.
            for peak in peaks - 1 if pulses is self.rise else sorted(peaks - 1, key=lambda p: -pulses.score[p]):
                event = None if taken[peak] else find(int(peak))
                if event is not None and not taken[event.onset : event.offset + 1].any():
                    certain = event.score >= self.spotter.threshold
                    if certain:
                        taken[event.onset : event.offset + 1] = True
                    found.append(event._replace(certain=certain))
        found, *spans = self._sorted_out(sorted(found))
        for kind, some in zip(("blink", "speech", "head", "closed"), (*spans, self.closures), strict=True):
            found += [Event(a, b, c, score, kind) for a, b, c, score in some]
        return found

    def _sorted_out(self, found: list[Event]) -> tuple[list[Event], context.Spans, context.Spans, context.Spans]:
        """Expressions, then blinks, speech and head movements: what only looks like an expression is put where it belongs."""
        expressions, speech, heads, lids = [], list(self.speech), list(self.heads), list(self.blinks)
        near = round(0.35 * self.fps)
        explained = context.mask([*speech, *heads, *lids, *self.closures], len(self.grid))
        for event in found:  # by onset, so that a stretch of speech grows syllable by syllable
            span = (event.onset, event.apex, event.offset, event.score)
            lower = set(event.regions.split("+")) <= set(LOWER_FACE)
            talking = context.mask(speech, len(self.grid), near)[event.onset : event.offset + 1].any()
            turned = np.linalg.norm(np.ptp(self.head[event.onset : event.offset + 1], axis=0)) > TURNED
            if event.amplitude > BEYOND and turned:
                heads.append(span)
            elif set(event.regions.split("+")) <= set(EYES):
                lids += [span] if event.certain else []  # the lids or the gaze moved, and nothing else
            elif event.certain and lower and (talking or event.amplitude > LARGE) and (event.kind == "micro" or (event.open and talking)):
                speech.append(span)
            elif event.certain or event.kind == "micro":
                expressions.append(event._replace(kind="macro") if event.amplitude > LARGE else event)
            elif event.amplitude >= LEAST_LARGE and not explained[event.onset : event.offset + 1].any():
                expressions.append(event._replace(kind="other", certain=True))
        return _best_of(expressions, "other"), context.merge(lids, 0), context.merge(speech, near), context.merge(heads, 0)

    def frame(self, i: int) -> int:
        """The stretch's own frame nearest to place ``i`` of the grid."""
        return int(np.argmin(np.abs(self.time - self.grid[min(i, len(self.grid) - 1)])))

    def _micro(self, peak: int) -> Event | None:
        return self._delimit(self.micro, peak, "micro")

    def _macro(self, peak: int) -> Event | None:
        return self._delimit(self.macro, peak, "macro")

    def _delimit(self, pulses: Pulses, peak: int, wanted: str) -> Event | None:
        """The event around a peak of the score, or None where it is not of the wanted kind."""
        strong = _strong(pulses.snr[peak])
        reach = round((1.2 * self.spotter.max_duration_s if wanted == "micro" else 4.0) * self.fps)
        low, high = max(peak - reach, 0), min(peak + reach, len(self.grid) - 1)
        # All strong regions as one trace along their own directions at the peak.
        around = self.skin[low : high + 1][:, strong] - self._rest(peak, reach)[strong]
        direction = around[peak - low]
        trace = (around * direction).sum(axis=(1, 2)) / max(float(np.linalg.norm(direction)), 1e-9)
        near = round(0.08 * self.fps) if wanted == "micro" else round(0.3 * self.fps)
        first = max(peak - low - near, 0)
        apex = first + int(np.argmax(trace[first : peak - low + near + 1]))
        onset, offset = edges(trace, apex, max(1, round(0.06 * self.fps)))
        duration = (offset - onset + 1) / self.fps
        amplitude = float(pulses.height[max(peak - near, 0) : peak + near + 1].max())
        # What shows in a single frame cannot be told from a flaw in the recording.
        if amplitude < self.spotter.min_amplitude or (trace[onset : offset + 1] > 0.5 * trace[apex]).sum() < 2:
            return None
        longer = duration > self.spotter.max_duration_s + 1e-6
        if wanted == "micro" and longer:
            if duration <= 1.2 * self.spotter.max_duration_s + self.frame_s:
                wanted = "macro"  # a little longer than the limit allows, and too brief for the wider pulses to see
            elif pulses.score[peak] < self.spotter.threshold:
                onset, offset = half_height(trace, apex, round(0.5 * self.spotter.max_duration_s * self.fps) - 1)  # amid other motion
            else:
                return None
        elif wanted == "macro" and (not longer or amplitude < LEAST_LARGE):
            return None
        return Event(onset + low, apex + low, offset + low, float(pulses.score[peak]), wanted, _names(strong), amplitude)

    def around(self, peak: int, score: float, reach: int) -> Event:
        """A micro-expression around a peak that something else has found, of this score; at most ``reach`` places to each side."""
        strong = _strong(self.micro.snr[peak])
        low, high = max(peak - 2 * reach, 0), min(peak + 2 * reach, len(self.grid) - 1)
        around = self.skin[low : high + 1][:, strong] - self._rest(peak, 2 * reach)[strong]
        trace = (around * around[peak - low]).sum(axis=(1, 2))
        onset, offset = half_height(trace, peak - low, reach)
        amplitude = float(np.linalg.norm(around[peak - low], axis=1).max())
        certain = score >= self.spotter.threshold
        return Event(onset + low, peak, offset + low, score, "micro", _names(strong), amplitude, certain=certain)

    def _held(self, peak: int) -> Event | None:
        """What rose around a peak of the rises and was held, until it returns or the stretch ends; None where it did neither."""
        k = max(2, round(RISE_S * self.fps))
        strong = _strong(self.rise.snr[peak])
        places = max(peak - 2 * k, 0), min(peak + k // 2, len(self.skin) - 1)
        before, after = (np.median(self.skin[at : at + k][:, strong], axis=0) for at in places)
        direction = after - before
        size = float(np.linalg.norm(direction))
        amplitude = float(np.linalg.norm(direction, axis=1).max(initial=0))
        if amplitude < LEAST_LARGE:
            return None
        trace = ((self.skin[:, strong] - before) * direction).sum(axis=(1, 2)) / size**2  # 0 before, 1 after
        foot = np.flatnonzero(trace[max(peak - 2 * k, 0) : peak + 1] <= 0.1)
        onset = max(peak - 2 * k, 0) + (int(foot[-1]) if len(foot) else 0)
        apex = peak + int(np.argmax(trace[peak : peak + 2 * k] > 0.9))
        gone = np.flatnonzero(uniform_filter1d(trace[apex:], max(2, round(0.1 * self.fps))) < 0.3)
        offset = apex + int(gone[0]) if len(gone) else len(trace) - 1
        ended = "" if len(gone) else "offset"
        duration = (offset - onset + 1) / self.fps
        if not ended and duration <= self.spotter.max_duration_s:
            return None  # it came back at once: a pulse, which is looked for elsewhere
        kind = "macro" if duration > self.spotter.max_duration_s else "micro"
        return Event(onset, apex, offset, float(self.rise.score[peak]), kind, _names(strong), amplitude, ended)

    def _rest(self, peak: int, reach: int) -> np.ndarray:
        """Where each region is when nothing happens around the peak, (R, 2): the median of its surroundings."""
        around = self.skin[max(peak - reach, 0) : peak + reach + 1]
        return np.asarray(np.median(around, axis=0))


def _strong(snr: np.ndarray) -> np.ndarray:
    """The regions that make a pulse, (R,) bool: clear of the noise and not far below the best; of a weak one, those near the best."""
    best = float(snr.max())
    return np.asarray(snr >= (max(3.0, 0.4 * best) if best >= 3 else 0.6 * best))


def _best_of(events: list[Event], kind: str) -> list[Event]:
    """The events, of those of one kind that overlap the best alone: a weak motion has many peaks, each with the same span around it."""
    kept: list[Event] = []
    for event in sorted(events, key=lambda e: -e.score):
        if event.kind != kind or not any(e.kind == kind and e.onset <= event.offset and event.onset <= e.offset for e in kept):
            kept.append(event)
    return sorted(kept)


def _names(strong: np.ndarray) -> str:
    return "+".join(region for region, s in zip(REGIONS, strong, strict=True) if s)
