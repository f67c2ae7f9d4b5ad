"""One synthetic still: a strong expression at its apex, for networks that are trained on expressions first."""

from __future__ import annotations

import numpy as np

from ..faces.action_units import AUS
from ..labels import SEVEN
from .clips import WORDS, Sitter, peak_of
from .interview import Camera
from .rendering import Pose
from .script import MACRO_PERCENT, Combinations, expression

CLASSES = (*SEVEN, "contempt", "shame")
# Shame has no combination of its own in EMFACS; it is told by a head and eyes cast down. Ours.
_SHAME: Combinations = ((2, (15, 17)), (1, (17, 24)), (1, (12, 24)))


def still(sitter: Sitter, emotion: str, seed: list[int]) -> np.ndarray:
    """A picture of one of ``CLASSES``, (size, size, 3) uint8 RGB."""
    rng = np.random.default_rng(seed)
    aus = np.zeros(len(AUS), np.float32)
    if emotion != "neutral":
        table = {emotion: _SHAME if emotion == "shame" else WORDS[emotion]}
        _, course = expression("macro", 20, 25.0, sitter.face, rng, MACRO_PERCENT, table)
        aus = course[peak_of(sitter.face, course)]
    head = rng.normal(0, [1.5, 1.5, 1.5, 3.0, 2.0, 2.0])
    gaze = np.clip(rng.normal(0, [1.2, 0.5]), [-3, -1], [3, 1])
    lids = rng.uniform(0, 0.15)
    if emotion == "shame":
        head[4] += rng.uniform(3, 6)
        gaze[1], lids = rng.uniform(1, 2), rng.uniform(0.3, 0.5)
    picture = sitter.face.render(Pose(aus, np.full(2, lids), gaze, head))[sitter.inside]
    camera = Camera((sitter.size, sitter.size), float(rng.uniform(1, 3)), rng)
    return camera.expose(np.ascontiguousarray(picture), float(rng.uniform(0.8, 1.1)))
