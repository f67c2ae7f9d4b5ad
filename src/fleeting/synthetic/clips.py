"""One synthetic clip: a micro-expression of somebody who does not exist, filmed with all that makes it hard to see.

The expression itself is that of the synthetic interview (:func:`.script.expression`), with the emotions a release has words
for. Around it the head drifts and breathes, eyes blink and wander, other muscles stir, lamps flicker, the sensor adds noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..faces.action_units import AUS, EMOTION_AUS, format_aus, sides
from ..faces.align import EYE_DISTANCE, EYES_Y
from .interview import Camera, lamps
from .rendering import FaceRenderer, Portrait, Pose, ease
from .script import MICRO_S, Combinations, drift, expression, gaze_shifts

# The words of a release for the combinations of EMOTION_AUS; how usual each is stands there.
_NEGATIVE: dict[str, tuple[tuple[int, ...], ...]] = {
    "anger": ((4,), (4, 7), (7,), (4, 5), (4, 24), (7, 24), (24,)),
    "disgust": ((4, 9), (4, 7, 9), (9,), (9, 10), (10,), (4, 10), (4, 7, 10), (10, 17)),
    "sadness": ((15,), (17,), (15, 17), (4, 15), (4, 17), (1, 4), (1, 4, 15)),
    "fear": ((1, 2, 4), (20,), (1, 4, 20)),
    "contempt": ((14,), (14, 17)),
    "repression": ((28,),),
}


def _worded() -> dict[str, Combinations]:
    usual = {numbers: often for often, numbers in EMOTION_AUS["negative"]}
    words = {word: tuple((usual[numbers], numbers) for numbers in some) for word, some in _NEGATIVE.items()}
    return words | {"happiness": EMOTION_AUS["positive"], "surprise": EMOTION_AUS["surprise"]}


WORDS = _worded()
GROUPS = {word: {"happiness": "positive", "surprise": "surprise"}.get(word, "negative") for word in WORDS}


@dataclass(frozen=True)
class Difficulty:
    """What makes a clip hard, each at a strength of its own; the defaults are calibrated, see docs/synthetic.md.

    Attributes
    ----------
    percent : tuple of float
        Least and greatest displacement at the apex, % of the eye distance.
    ambiguity : float
        Share of clips whose action units come from the table of another group than the emotion's.
    stir : float
        Share of clips in which another action unit moves a little, too.
    head : float
        Strength of the head's drift; at 1 the nose goes 1 % of the eye distance in .16 s, in the median clip.
    blink : float
        Share of clips with a blink.
    gaze : float
        Strength of gaze shifts, see :func:`.script.gaze_shifts`.
    own : float
        How differently people use the same muscles: 0 all alike.
    noise : tuple of float
        Least and greatest standard deviation of the sensor's noise, grey levels.
    flicker : float
        Of the lamps, % of the brightness.
    """

    percent: tuple[float, float] = (0.6, 2.5)
    ambiguity: float = 0.12
    stir: float = 0.4
    head: float = 1.2
    blink: float = 0.2
    gaze: float = 1.0
    own: float = 1.0
    noise: tuple[float, float] = (1.0, 2.5)
    flicker: float = 0.7


class Sitter:
    """Somebody in front of the camera, in an aligned crop with a margin around it: whose clips are drawn.

    Parameters
    ----------
    portrait : Portrait
    size : int
        Side of the clips, px, a multiple of 8.
    own : float
        See :class:`Difficulty`.
    rng : numpy.random.Generator
        How this one's muscles pull.
    """

    margin = 8  # px around the crop, for what comes into view when the head moves

    def __init__(self, portrait: Portrait, size: int, own: float, rng: np.random.Generator):
        full = size + 2 * self.margin
        self.size = size
        self.face = FaceRenderer(portrait, (full, full), EYE_DISTANCE * size / full, (EYES_Y * size + self.margin) / full)
        self.face.fields = own_muscles(self.face.fields, own, rng)
        self.inside = np.s_[self.margin : self.margin + size, self.margin : self.margin + size]


@dataclass(frozen=True)
class Performance:
    """A clip as a script, and the truth about it.

    Attributes
    ----------
    onset, apex, offset : int
        0-based. In the onset and the offset frame the expression's own motion is still, and again, zero.
    emotion, shown, aus : str
        The word; the group whose action units were taken; those, as ``AU1+L12``.
    intensity : float
        Largest displacement at the apex, % of the eye distance.
    blinks : bool
        Whether a lid is down or moving in any frame from onset to offset.
    poses : tuple of Pose
        One a frame.
    light : ndarray of shape (T,)
    noise : float
    seed : list of int
    """

    onset: int
    apex: int
    offset: int
    emotion: str
    shown: str
    aus: str
    intensity: float
    blinks: bool
    poses: tuple[Pose, ...]
    light: np.ndarray
    noise: float
    seed: list[int]

    def frames(self, sitter: Sitter) -> Iterator[np.ndarray]:
        """The pictures, (size, size, 3) uint8 RGB, one by one."""
        camera = Camera((sitter.size, sitter.size), self.noise, np.random.default_rng([*self.seed, 9]))
        for pose, light in zip(self.poses, self.light, strict=True):
            yield camera.expose(np.ascontiguousarray(sitter.face.render(pose)[sitter.inside]), float(light))

    def flow(self, sitter: Sitter) -> np.ndarray:
        """The true flow from onset to apex, (size, size, 2) float32, px."""
        return sitter.face.flow(self.poses[self.onset], self.poses[self.apex])[sitter.inside]


def perform(sitter: Sitter, emotion: str, fps: float, seed: list[int], difficulty: Difficulty) -> Performance:
    """A micro-expression of an emotion, of a duration as in the literature, and what else happens around it.

    Parameters
    ----------
    sitter : Sitter
    emotion : str
        One of ``WORDS``.
    fps : float
    seed : list of int
        The same seed gives the same clip, whatever was drawn before.
    difficulty : Difficulty
    """
    streams = [np.random.default_rng([*seed, k]) for k in range(6)]
    rng, face = streams[0], sitter.face
    before, after = (max(round(rng.uniform(0.03, 0.06) * fps), 1) for _ in range(2))
    seconds = np.clip(0.32 * np.exp(rng.normal(0, 0.3)), *MICRO_S)
    length = max(round(seconds * fps), 4)
    count = before + length + after
    onset, offset = before, before + length - 1
    shown, table = GROUPS[emotion], WORDS[emotion]
    if rng.random() < difficulty.ambiguity:
        shown = str(rng.choice([group for group in sorted(EMOTION_AUS) if group != shown]))
        table = EMOTION_AUS[shown]
    _, course = expression("micro", length, fps, face, rng, difficulty.percent, {emotion: table})
    aus = np.zeros((count, len(AUS)), np.float32)
    aus[onset : offset + 1] = course
    apex = onset + peak_of(face, course)
    names = format_aus(AUS[k] for k in np.flatnonzero(course.any(axis=0)))
    intensity = face.strength(aus[apex])

    aus += _stirring(count, fps, difficulty, intensity, face, streams[1])
    head = _head(count, fps, difficulty.head, streams[2])
    time = np.arange(count) / fps
    gaze = difficulty.gaze * gaze_shifts(time + streams[3].uniform(0, 3), streams[3])
    blink = _blink(count, fps, difficulty.blink, streams[4])
    aus[:, [AUS.index(name) for name in sides((4, 6))]] += 0.3 * blink.max(axis=1, keepdims=True)
    light = streams[5].uniform(0.92, 1.08) * lamps(time, difficulty.flicker / 100, streams[5])
    noise = float(streams[5].uniform(*difficulty.noise))
    poses = tuple(Pose(*each) for each in zip(aus, blink, gaze, head, strict=True))
    blinks = bool(blink[onset : offset + 1].any())
    return Performance(onset, apex, offset, emotion, shown, names, intensity, blinks, poses, light, noise, seed)


def own_muscles(fields: np.ndarray, own: float, rng: np.random.Generator) -> np.ndarray:
    """The fields of one person: each pulls in a direction and with a strength of its own, and takes a neighbour along."""
    out = fields.copy()
    for k in range(len(fields)):
        angle, gain = rng.normal(0, np.radians(12) * own), np.exp(rng.normal(0, 0.2 * own))
        cos, sin = gain * np.cos(angle), gain * np.sin(angle)
        out[k] = fields[k] @ np.array([[cos, sin], [-sin, cos]], np.float32)
        out[k] += np.float32(own * rng.uniform(0, 0.25)) * fields[rng.integers(len(fields))]
    return out


def peak_of(face: FaceRenderer, course: np.ndarray) -> int:
    """The frame of a course (T, A) in which any place is farthest from where it was."""
    active = np.flatnonzero(course.any(axis=0))
    paths = np.tensordot(course[:, active], face.fields[active, ::2, ::2].reshape(len(active), -1, 2), 1)  # (T, places, 2)
    return int(np.linalg.norm(paths, axis=2).max(axis=1).argmax())


def _stirring(
    count: int, fps: float, difficulty: Difficulty, intensity: float, face: FaceRenderer, rng: np.random.Generator
) -> np.ndarray:
    """Another action unit that comes or goes by less than the expression, (T, A)."""
    out = np.zeros((count, len(AUS)), np.float32)
    if rng.random() < difficulty.stir:
        name = str(rng.choice([name for name in AUS if name not in sides((45,))]))
        weights = np.zeros(len(AUS))
        weights[AUS.index(name)] = 1
        start, takes = rng.uniform(-0.3, count / fps), rng.uniform(0.1, 0.6)
        rise = ease((np.arange(count) / fps - start) / takes)
        out += (rise[:, None] * weights * rng.uniform(0.1, 0.5) * intensity / face.strength(weights)).astype(np.float32)
    return out


def _head(count: int, fps: float, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Where the head is, (T, 6): not quite straight in its crop, drifting, carried by the breath; more in some clips."""
    time = np.arange(count) / fps
    place = rng.normal(0, [1.0, 1.0, 0.7, 2.0, 2.0, 1.0])
    breath = np.sin(2 * np.pi * (0.25 * time + rng.random()))[:, None] * [0, 0.6, 0, 0, 0.1, 0.1]
    moved = drift(time, rng) + breath
    return np.asarray(place + strength * np.exp(rng.normal(0, 0.5)) * (moved - moved[:1]))


def _blink(count: int, fps: float, share: float, rng: np.random.Generator) -> np.ndarray:
    """Lids that fall once, in some clips, at any time, (T, 2)."""
    if rng.random() >= share:
        return np.zeros((count, 2))
    seconds, rise = rng.uniform(0.15, 0.35), rng.uniform(0.3, 0.4)
    t = (np.arange(count) / fps - rng.uniform(-0.5 * seconds, count / fps)) / seconds
    lids = np.minimum(ease(t / rise), ease((1 - t) / (0.9 - rise)))
    return np.repeat(lids[:, None] * rng.uniform(0.6, 1.0), 2, axis=1)
