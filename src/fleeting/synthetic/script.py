"""What a synthetic face does when: a script of expressions, speech, blinks and head movements, and the truth about it.

References
----------
Yan, Wu, Liang, Chen & Fu (2013), How fast are the leaked facial expressions: the duration of micro-expressions,
J. Nonverbal Behav. 37(4), 217-230, doi:10.1007/s10919-013-0159-8: at most .5 s in all, at most .26 s from onset to
apex; both hold here. The other numbers (blinks, syllables, how far heads move) are round values of the usual order,
not fits to recordings. Flash & Hogan (1985), J. Neurosci. 5(7), 1688-1703: the minimum-jerk curve of all movements.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import cv2
import numpy as np

from ..faces.action_units import AUS, EMOTION_AUS, format_aus, sides
from .rendering import FaceRenderer, ease

COLUMNS = ["onset", "apex", "offset", "onset_s", "apex_s", "offset_s", "kind", "emotion", "aus", "intensity"]
MICRO_S, MICRO_ONSET_S, MICRO_PERCENT = (0.16, 0.5), 0.26, (1.5, 4.0)
MACRO_S, MACRO_PERCENT = (0.8, 3.0), (6.0, 15.0)
SPEECH_S, SYLLABLES_HZ = (1.5, 4.0), (3.0, 6.0)
BLINK_S, HEAD_S = (0.15, 0.35), (0.5, 1.5)
HEAD_EVENTS_PER_MIN = 6
Combinations = tuple[tuple[float, tuple[int, ...]], ...]  # how usual, which action units
GAP_S = 0.4  # stillness between two scripted events; blinks come at any time


class Script:
    """Who moves when: filled event by event, each with its row of the truth."""

    def __init__(self, face: FaceRenderer, count: int, fps: float):
        self.face, self.count, self.fps = face, count, fps
        self.aus = np.zeros((count, len(AUS)), np.float32)
        self.rows: list[dict[str, object]] = []
        self._busy: list[tuple[int, int]] = []

    def add(self, kind: str, how_many: int, seconds: tuple[float, float], rng: np.random.Generator) -> None:
        """Micro- or macro-expressions or speech, as many as find room."""
        for _ in range(how_many):
            if (place := self._free(seconds, rng)) is None:
                continue
            onset, offset = place
            length, emotion, names = offset - onset + 1, "", ""
            if kind == "speech":
                course = _speech(length, self.fps, rng)
            else:
                emotion, course = expression(kind, length, self.fps, self.face, rng)
                names = format_aus(AUS[k] for k in np.flatnonzero(course.any(axis=0)))
            apex, peak = self._peak(course)
            self.aus[onset : offset + 1] += course
            self._row(kind, onset, onset + apex, offset, peak, emotion, names)

    def add_head(self, how_many: int, strength: float, rng: np.random.Generator) -> np.ndarray:
        """Nods, shakes and tilts, (T, 6)."""
        head = np.zeros((self.count, 6))
        for _ in range(how_many):
            if (place := self._free(HEAD_S, rng)) is None:
                continue
            onset, offset = place
            t = np.linspace(0, 1, offset - onset + 1)
            cycles = max(1, round(1.8 * (offset - onset) / self.fps))  # about two nods a second
            swing = np.sin(2 * np.pi * cycles * t) * _bump(t, 0.5)
            move = np.zeros((len(t), 6))
            match rng.choice(["nod", "shake", "tilt"], p=[0.5, 0.25, 0.25]):
                case "nod":
                    move[:, 4], move[:, 1] = rng.uniform(2, 4) * swing, rng.uniform(0, 2) * swing
                case "shake":
                    move[:, 3], move[:, 0] = rng.uniform(2, 4) * swing, rng.uniform(0, 2) * swing
                case _:
                    move[:, 2] = rng.choice([-1, 1]) * rng.uniform(1.5, 3) * _bump(t, 0.4)
            head[onset : offset + 1] += strength * move
            self._head_row(onset, offset, strength * move)
        return head

    def add_restless(self, strength: float, rng: np.random.Generator) -> np.ndarray:
        """A random walk that is drawn back to the middle, and jerks, (T, 6)."""
        scale = np.array([3.0, 2.5, 0.8, 1.2, 1.2, 0.5])  # standard deviations, as Pose.head
        kick = cv2.GaussianBlur(rng.standard_normal((self.count, 6)), (1, 0), 0.01, sigmaY=0.15 * self.fps)
        keep = np.exp(-1 / (2.0 * self.fps))  # the walk forgets within 2 s
        walk = np.zeros_like(kick)
        for k in range(1, self.count):
            walk[k] = keep * walk[k - 1] + kick[k]
        head = scale * walk / np.maximum(walk.std(axis=0), 1e-9)
        start = rng.exponential(3.0)
        while start < (self.count - 1) / self.fps - 0.5:
            length = round(rng.uniform(0.08, 0.2) * self.fps)
            onset = round(start * self.fps)
            step = rng.standard_normal(6) * [3.0, 2.0, 1.0, 1.5, 1.5, 0.3]
            after = np.arange(self.count - onset) / self.fps
            jerk = (ease(after * self.fps / max(length, 1)) * np.exp(-np.maximum(after - 0.3, 0)))[:, None] * step
            head[onset:] += jerk
            self._head_row(onset, onset + length, strength * jerk[: length + 1])
            start += max(length / self.fps, rng.exponential(3.0))
        return strength * head

    def add_blinks(self, per_min: float, rng: np.random.Generator) -> np.ndarray:
        """Blinks at any time, at least half a second apart, (T, 2); the brows and cheeks take a little part."""
        blink = np.zeros((self.count, 2))
        helpers = [AUS.index(name) for name in sides((4, 6))]
        start = 0.0
        while per_min > 0:
            start += 0.5 + rng.exponential(max(60 / per_min - 0.5, 0.05))
            length = max(round(rng.uniform(*BLINK_S) * self.fps), 2)
            onset = round(start * self.fps)
            if onset + length >= self.count:
                break
            t = np.linspace(0, 1, length + 1)
            course = _bump(t, rng.uniform(0.3, 0.4), hold=0.1) * (1 if rng.random() < 0.8 else rng.uniform(0.6, 1))
            blink[onset : onset + length + 1] = np.maximum(blink[onset : onset + length + 1], course[:, None])
            self.aus[onset : onset + length + 1, helpers] += (0.3 * course[:, None]).astype(np.float32)
            lids = course.max() * self.face.lid_travel
            self._row("blink", onset, onset + int(course.argmax()), onset + length, lids)
            start += length / self.fps
        return blink

    def _peak(self, course: np.ndarray) -> tuple[int, float]:
        """Frame and size (%) of the largest displacement of a course (T, A)."""
        active = np.flatnonzero(course.any(axis=0))
        fields = self.face.fields[active, ::2, ::2].reshape(len(active), -1, 2)
        moving = np.abs(fields).max(axis=(0, 2)) > 0.05 * np.abs(fields).max()
        paths = np.tensordot(course[:, active], fields[:, moving], 1)  # (T, places, 2)
        apex = int(np.linalg.norm(paths, axis=2).max(axis=1).argmax())
        return apex, self.face.strength(course[apex])

    def _head_row(self, onset: int, offset: int, move: np.ndarray) -> None:
        shift = np.linalg.norm(self.face.nose_shift(move), axis=1)
        self._row("head", onset, onset + int(shift.argmax()), offset, float(shift.max()))

    def _row(
        self, kind: str, onset: int, apex: int, offset: int, intensity: float, emotion: str = "", aus: str = ""
    ) -> None:
        seconds = [frame / self.fps for frame in (onset, apex, offset)]
        values = (onset, apex, offset, *seconds, kind, emotion, aus, intensity)
        self.rows.append(dict(zip(COLUMNS, values, strict=True)))

    def _free(self, seconds: tuple[float, float], rng: np.random.Generator) -> tuple[int, int] | None:
        """Onset and offset frame of a stretch where nothing else is scripted, or None."""
        gap = round(GAP_S * self.fps)
        least, most = np.ceil(seconds[0] * self.fps), np.floor(seconds[1] * self.fps)
        for _ in range(300):
            length = max(int(np.clip(round(rng.uniform(*seconds) * self.fps), least, most)), 2)
            if self.count - length - gap <= gap:
                continue
            onset = int(rng.integers(gap, self.count - length - gap))
            if all(onset + length + gap < start or onset > stop + gap for start, stop in self._busy):
                self._busy.append((onset, onset + length))
                return onset, onset + length
        return None


class Skin(Protocol):
    """A face that can say what action units would do to it: :class:`FaceRenderer` is one."""

    def strength(self, aus: np.ndarray) -> float:
        """The largest displacement that action units ``aus`` (A,) cause together, % of the eye distance."""

    def squeeze(self, aus: np.ndarray) -> float:
        """How much the skin shortens where it shortens most; from 1 on it would fold over itself."""


def expression(
    kind: str,
    length: int,
    fps: float,
    face: Skin,
    rng: np.random.Generator,
    percent: tuple[float, float] | None = None,
    table: Mapping[str, Combinations] = EMOTION_AUS,
) -> tuple[str, np.ndarray]:
    """An emotion and the course of its action units, (length, A), % of the eye distance; zero at both ends.

    Parameters
    ----------
    kind : {"micro", "macro"}
    length : int
        Frames from onset to offset, both counted.
    fps : float
    face : Skin
    rng : numpy.random.Generator
    percent : tuple of float, optional
        Least and greatest displacement at the apex, % of the eye distance; default ``MICRO_PERCENT`` or ``MACRO_PERCENT``.
    table : mapping, default=EMOTION_AUS
        From each emotion there is to draw from to its combinations.
    """
    micro = kind == "micro"
    percent = percent or (MICRO_PERCENT if micro else MACRO_PERCENT)
    emotion = str(rng.choice(list(table)))
    likely, combinations = zip(*table[emotion], strict=True)
    while True:
        numbers = combinations[rng.choice(len(likely), p=np.array(likely) / sum(likely))]
        names, weights = sides(numbers), np.zeros(len(AUS), np.float32)
        if rng.random() < (0.2 if micro else 0.05):  # on one side only, what has sides
            other = rng.choice(["L", "R"])
            names = tuple(name for name in names if name[0] != other)
        share = dict(zip(numbers, rng.uniform(0.6, 1, len(numbers)), strict=True))
        for name in names:
            weights[AUS.index(name)] = share[_number(name)] * rng.uniform(0.85, 1.15)
        weights *= rng.uniform(*percent) / face.strength(weights)
        if face.squeeze(weights) < 0.75:  # else the skin would nearly fold over itself: draw again
            break

    seconds = (length - 1) / fps
    rise = min(rng.uniform(0.3, 0.5), MICRO_ONSET_S / seconds - 0.1) if micro else rng.uniform(0.2, 0.4)
    hold = rng.uniform(0, 0.1) if micro else rng.uniform(0.15, 0.4)
    t = np.linspace(0, 1, length)
    late = dict(zip(numbers, rng.uniform(0, 0.1, (len(numbers), 2)), strict=True))  # not all at once
    late[numbers[0]] = np.zeros(2)
    course = np.zeros((length, len(AUS)), np.float32)
    for name in names:
        start, stop = late[_number(name)]
        course[:, AUS.index(name)] = weights[AUS.index(name)] * _bump((t - start) / (1 - start - stop), rise, hold)
    return emotion, course


def _speech(length: int, fps: float, rng: np.random.Generator) -> np.ndarray:
    """Mouth motion as of speech, (length, A), %: jaw and lips open with each syllable, the lips stretch and round."""
    t = np.arange(length) / fps
    seconds, course = t[-1], np.zeros((length, len(AUS)), np.float32)
    jaw, lips, spread = np.zeros(length), np.zeros(length), np.zeros(length)
    start = 0.0
    while start < seconds - 0.15:
        syllable = 1 / rng.uniform(*SYLLABLES_HZ)
        bump = _bump((t - start) / (1.4 * syllable), rng.uniform(0.35, 0.55))
        jaw += rng.uniform(1.5, 7) * bump
        lips += rng.uniform(0.5, 3.5) * bump
        spread += rng.uniform(-2, 2) * bump
        start += syllable if rng.random() < 0.9 else syllable + rng.uniform(0.1, 0.3)
    ends = np.minimum(ease(t / 0.1), ease((seconds - t) / 0.1))
    parts = {"26": jaw, "25": lips, **dict.fromkeys(sides((20,)), spread), **dict.fromkeys(sides((10,)), 0.2 * lips)}
    for name, part in parts.items():
        course[:, AUS.index(name)] = part * ends
    return course


def drift(time: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The slow wandering of a head that is held still, (T, 6) as ``Pose.head``."""
    return np.array([2.5, 2.0, 0.7, 1.0, 1.0, 0.4]) * waves(time, (0.05, 0.4), 6, rng)


def gaze_shifts(time: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Where the irises are, (T, 2), % of the eye distance: still, with a jump within .04 s every one or two seconds."""
    knots, places = [0.0], [np.zeros(2)]
    while knots[-1] < time[-1]:
        jump = knots[-1] + 0.3 + rng.exponential(1.2)
        knots += [jump, jump + 0.04]
        places += [places[-1], np.clip(rng.standard_normal(2) * [1.5, 0.5], [-3, -1], [3, 1])]
    return np.stack([np.interp(time, knots, np.array(places)[:, k]) for k in (0, 1)], axis=1)


def waves(time: np.ndarray, hz: tuple[float, float], channels: int, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise of standard deviation about 1, (T, channels): five sine waves each."""
    shape = (5, channels)
    frequency, phase, size = rng.uniform(*hz, shape), rng.random(shape), rng.uniform(0.5, 1, shape)
    waves = size * np.sin(2 * np.pi * (frequency * time[:, None, None] + phase))
    return np.asarray(waves.sum(axis=1) / np.sqrt((size**2).sum(axis=0) / 2))


def _bump(t: np.ndarray, rise: float, hold: float = 0.0) -> np.ndarray:
    """0 at t <= 0, by minimum jerk to 1 at ``rise``, 1 for ``hold``, back to 0 at t >= 1."""
    return np.minimum(ease(t / rise), ease((1 - t) / max(1 - rise - hold, 1e-6)))


def _number(name: str) -> int:
    return int(name.lstrip("RL"))
