"""Flow maps without a face: what the flow from onset to apex of a micro-expression might look like, 28 x 28 px.

The displacement fields of the action units (:mod:`fleeting.faces.action_units`) on faces of many shapes, laid into the crop
where the maps of MEGC 2019 have the face, with what else moves and with what an optical flow makes of it: blinks, gaze,
head motion, weak motion lost, smooth errors. Pictures are skipped, so a thousand maps take a second or two.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..errors import UsageError
from ..faces.action_units import AUS, EMOTION_AUS, SIDED, au_fields, format_aus, sides
from ..faces.landmarks import LEFT_IRIS, RIGHT_IRIS
from ..features.motion_spectrum import ACROSS, MIDDLE, SIDE, TALL
from ..whole import whole_file
from .clips import own_muscles
from .identities import face_shape

CLASSES = ("negative", "positive", "surprise")  # labels 0, 1, 2
FINE, RIM = 2, 8  # nodes a px of a map; nodes around the map, for when the face is moved


@dataclass(frozen=True)
class Variety:
    """How different maps are from each other; the defaults are those of the synthetic release.

    Attributes
    ----------
    a_person : int
        Maps of each person, in the mean.
    place : float
        How far faces lie from ``MIDDLE`` and ``ACROSS``, and how much larger or smaller they are; at 1 by 1 px in height, 5 %.
    blink : float
        Share of maps between whose two frames the lids have moved.
    lids : float
        Half of these times, the lids move this many times as far: a blink that one of the frames has caught.
    weak : float
        Share of maps in which the optical flow loses what is weak.
    lost : float
        The largest share of the strongest motion that is lost there.
    patches : float
        Share of maps in which skin without texture moves patch by patch.
    ridges : float
        Share of maps whose flow is levelled between steep edges, as total variation leaves it.
    """

    a_person: int = 40
    place: float = 0.0
    blink: float = 0.5
    lids: float = 1.0
    weak: float = 0.5
    lost: float = 0.4
    patches: float = 0.0
    ridges: float = 0.0


RELEASE = Variety()
LEARNING = Variety(a_person=10, place=1.0, blink=0.8, lids=3.0, weak=0.9, lost=0.7, patches=0.3, ridges=0.5)
"""What the recogniser learns from: chosen on shifted synthetic maps and on CASME II, see docs/recogniser.md."""


def synthetic_maps(n: int = 2000, seed: int = 0, variety: Variety = RELEASE) -> dict[str, np.ndarray]:
    """Maps and what they show, as arrays of length ``n``: ``maps dataset subject clip label emotion au``.

    Parameters
    ----------
    n : int, default=2000
    seed : int, default=0
    variety : Variety, default=RELEASE

    Returns
    -------
    dict of str to ndarray
        ``maps`` (n, 28, 28, 3) uint8: horizontal flow, vertical flow and strain, each scaled to 0-255 by itself, as
        :class:`.flow_maps.FlowMaps` has them. ``label`` int8: 0 negative, 1 positive, 2 surprise, equally often. ``au``
        text such as ``AU1+L2``.
    """
    if n < 1:
        raise UsageError(f"n={n} must be a number of maps, 1 or more.")
    rng = np.random.default_rng([seed, 7])
    label = rng.permutation(np.arange(n) % len(CLASSES)).astype(np.int8)
    who = np.sort(rng.integers(-(-n // variety.a_person), size=n))
    maps, shown, person, fields = np.empty((n, SIDE, SIDE, 3), np.uint8), [], -1, np.empty(0)
    for k in range(n):
        if who[k] != person:  # they come one after the other
            person = who[k]
            fields = _fields(np.random.default_rng([seed, 8, person]), variety)
        weights, names = _expression(CLASSES[label[k]], rng, variety)
        maps[k] = _as_map(_motion(fields, weights, rng, variety))
        shown.append(format_aus(names))
    subject = np.array([f"p{each + 1:03d}" for each in who])
    return {
        "maps": maps,
        "dataset": np.full(n, "synthetic"),
        "subject": subject,
        "clip": np.array([f"{each}_{k:05d}" for k, each in enumerate(subject)]),
        "label": label,
        "emotion": np.array(CLASSES)[label],
        "au": np.array(shown),
    }


def write_maps(path: Path, n: int, seed: int) -> None:
    """:func:`synthetic_maps` into an npz file, which appears whole or not at all."""
    with whole_file(path, ".npz") as draft:
        np.savez_compressed(draft, allow_pickle=False, **synthetic_maps(n, seed))


def _fields(rng: np.random.Generator, variety: Variety) -> np.ndarray:
    """The motion of each action unit of one person, then that of the gaze to the right and down: (A + 2, h, w, 2) float32, nodes."""
    count = FINE * SIDE + 2 * RIM
    xy = np.stack(np.meshgrid(*[(np.arange(count) - RIM + 0.5) / FINE - 0.5] * 2), axis=-1).reshape(-1, 2)  # px of the map
    points = face_shape(rng)  # eye distances
    across, tall, middle = ACROSS, TALL, np.array(MIDDLE)
    if variety.place:
        across, tall = (ACROSS, TALL) * np.exp(variety.place * rng.normal(0, [0.05, 0.06]))
        middle = middle + variety.place * rng.normal(0, [0.3, 1.0])
    points = points * [across, tall, across] + [*middle, 0]
    out = own_muscles(au_fields(points, xy).reshape(len(AUS), count, count, 2), 1.0, rng)
    irises = points[[RIGHT_IRIS, LEFT_IRIS], :2]
    eye = np.exp(-(((xy[:, None] - irises) / [0.11 * across, 0.06 * tall]) ** 2).sum(axis=2) / 2).sum(axis=1).reshape(count, count)
    gaze = np.zeros((2, count, count, 2), np.float32)
    gaze[0, ..., 0] = gaze[1, ..., 1] = eye
    return np.concatenate([out, gaze])


def _expression(emotion: str, rng: np.random.Generator, variety: Variety) -> tuple[np.ndarray, list[str]]:
    """How strongly each field moves, (A + 2,), and the action units of the expression."""
    usual = np.array([often for often, _ in EMOTION_AUS[emotion]])
    numbers = EMOTION_AUS[emotion][rng.choice(len(usual), p=usual / usual.sum())][1]
    strength, weights, names = rng.uniform(0.3, 3), np.zeros(len(AUS) + 2), []
    for number in numbers:
        both, faint = strength * rng.uniform(0.5, 1.2), rng.choice(["", "R", "L"], p=[0.8, 0.1, 0.1])
        for name in sides((number,)):
            weak = number in SIDED and name[0] == faint
            weights[AUS.index(name)] += both * rng.uniform(0.7, 1.3) * (rng.uniform(0, 0.35) if weak else 1)
            names += [] if weak else [name]
    if rng.random() < variety.blink:  # lids rarely stand where they stood
        far = variety.lids if variety.lids != 1 and rng.random() < 0.5 else 1
        weights[_indices(sides((45,)))] += far * strength * rng.normal() * rng.uniform(0.6, 1.3, 2)
    for k in (-2, -1):
        weights[k] += 0.7 * strength * rng.normal() * (rng.random() < 0.4)
    if rng.random() < 0.25:
        weights[rng.integers(len(AUS) - 2)] += strength * rng.uniform(0, 0.35)
    return weights, names


def _motion(fields: np.ndarray, weights: np.ndarray, rng: np.random.Generator, variety: Variety) -> np.ndarray:
    """The flow as an optical flow would give it, (56, 56, 2) float64: skin and gaze, then head motion and errors."""
    side, full = FINE * SIDE, len(fields[0])
    active = np.flatnonzero(weights)
    flow = np.tensordot(weights[active], fields[active], 1).astype(np.float32)
    turn, grow, shift = rng.normal(0, np.degrees(0.04)), 1 + rng.normal(0, 0.07), rng.normal(0, [1.0, 1.5]) - RIM
    place = np.asarray(cv2.getRotationMatrix2D((full / 2 - 0.5,) * 2, turn, grow)) + np.column_stack([np.zeros((2, 2)), shift])
    flow = cv2.warpAffine(flow, place, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(float)
    size = np.linalg.norm(flow, axis=2, keepdims=True)
    largest = size.max() + 0.05
    if rng.random() < variety.weak:  # a regularised flow loses what is weak and levels what is strong
        share = size / largest
        flow *= (0.6 + 0.4 / (share + 0.4)) / (1 + np.exp(-(share - rng.uniform(0.1, variety.lost)) / 0.07))
    flow *= np.clip(1 - 0.5 * rng.random() * (0.5 + 0.5 * _cloud(6, 1, rng)), 0, 1.3)  # skin without texture shows less
    if variety.patches and rng.random() < variety.patches:
        flow += rng.uniform(0.3, 0.9) * (_patchwork(flow, rng) - flow)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    h = 0.5 * largest * rng.choice([0.1, 0.4, 1.0]) * rng.normal(0, [0.6, 0.6, 0.25, 0.25, 0.25, 0.25])
    head = np.stack([h[0] + h[2] * x - h[3] * y + h[4] * x, h[1] + h[2] * y + h[3] * x - h[5] * y], axis=-1)
    flow += head * (1 + 0.25 * _cloud(9, 1, rng))  # a turning head moves what is near more
    errors = 0.5 * _cloud(7, 2, rng) + 0.35 * _cloud(3, 2, rng) + 0.25 * _cloud(1.2, 2, rng)
    flow += 0.25 * largest * rng.choice([0.05, 0.2, 0.6]) * errors
    return _levelled(flow, rng) if variety.ridges and rng.random() < variety.ridges else np.asarray(flow)


def _patchwork(flow: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The flow of some places, each held over all that is nearest to it."""
    side = len(flow)
    places = rng.integers(side, size=(rng.integers(20, 90), 2))
    y, x = np.mgrid[:side, :side]
    nearest = ((y[..., None] - places[:, 0]) ** 2 + (x[..., None] - places[:, 1]) ** 2).argmin(axis=2)
    return np.asarray(cv2.GaussianBlur(flow[places[:, 0], places[:, 1]][nearest], (0, 0), 0.6))


def _levelled(flow: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The flow with its slopes made flat and its edges kept, by a bilateral filter: strain becomes thin ridges."""
    scale = np.abs(flow - np.median(flow, axis=(0, 1))).max() + 1e-9
    levelled: np.ndarray = np.dstack([flow / scale, np.zeros(flow.shape[:2])]).astype(np.float32)
    for _ in range(rng.integers(1, 4)):
        levelled = cv2.bilateralFilter(levelled, 5, rng.uniform(0.08, 0.25), rng.uniform(1.5, 3))
    return levelled[..., :2].astype(float) * scale


def _as_map(flow: np.ndarray) -> np.ndarray:
    """Flow and strain, each from 0 to 255, (28, 28, 3) uint8."""
    (u_y, u_x), (v_y, v_x) = np.gradient(flow[..., 0]), np.gradient(flow[..., 1])
    strain = np.sqrt(u_x**2 + v_y**2 + (u_y + v_x) ** 2 / 2)
    channels = np.dstack([flow, strain]).reshape(SIDE, FINE, SIDE, FINE, 3).mean(axis=(1, 3))
    low, high = channels.min(axis=(0, 1)), channels.max(axis=(0, 1))
    return np.rint(255 * (channels - low) / (high - low + 1e-9)).astype(np.uint8)


def _cloud(sigma: float, channels: int, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise of standard deviation 1, (56, 56, channels)."""
    side = FINE * SIDE
    knots = max(4, round(side / (1.6 * sigma)) + 1)
    noise = cv2.resize(rng.standard_normal((knots, knots, channels)), (side, side), interpolation=cv2.INTER_CUBIC)
    return np.asarray(noise / noise.std()).reshape(side, side, channels)


def _indices(names: Iterable[str]) -> list[int]:
    return [AUS.index(name) for name in names]
