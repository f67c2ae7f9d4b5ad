"""Action units as displacement fields: where the skin goes when a facial muscle pulls, on any face.

Each action unit (AU) of the Facial Action Coding System is a handful of Gaussian bumps of motion, anchored on mesh
points and drawn by hand after the FACS manual's descriptions; ``_BUMPS`` is the whole model. They are shapes, not
measurements: nobody's muscles were recorded for them.

The same fields and the same ``EMOTION_AUS`` make the synthetic data and read real motion in the template recogniser. So
a good score of that recogniser on synthetic faces says that the parts fit together, not that either resembles people.
Only real data says that.

References
----------
Ekman, Friesen & Hager (2002), Facial Action Coding System, The Manual.
Friesen & Ekman (1983), EMFACS-7: Emotional Facial Action Coding System, unpublished manual.
Davison, Merghani & Yap (2018), Objective classes for micro-facial expression recognition, J. Imaging 4(10), 119.
Du, Tao & Martinez (2014), Compound facial expressions of emotion, PNAS 111(15), E1454.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np

from .landmarks import LEFT_EYE, RIGHT_EYE, mean_mesh
from .regions import sites

AU_NAMES = {
    1: "inner brow raiser",
    2: "outer brow raiser",
    4: "brow lowerer",
    5: "upper lid raiser",
    6: "cheek raiser",
    7: "lid tightener",
    9: "nose wrinkler",
    10: "upper lip raiser",
    12: "lip corner puller",
    14: "dimpler",
    15: "lip corner depressor",
    17: "chin raiser",
    20: "lip stretcher",
    24: "lip pressor",
    25: "lips part",
    26: "jaw drop",
    28: "lip suck",
    45: "blink",
}
# FACS codes these on each side; the others move both sides at once.
SIDED = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 20, 45)

# Emotion group -> (how usual, the action units that appear together). The combinations follow the FACS investigator's
# tables, EMFACS and Davison et al.; how usual each is among micro-expressions is our estimate.
EMOTION_AUS: dict[str, tuple[tuple[float, tuple[int, ...]], ...]] = {
    "negative": (
        *((5, (4,)), (5, (4, 7)), (2, (7,)), (1, (4, 5)), (1, (4, 24)), (1, (7, 24)), (1, (24,))),  # anger
        *((3, (4, 9)), (2, (4, 7, 9)), (2, (9,)), (1.5, (9, 10))),  # disgust, in the nose
        *((3, (10,)), (2, (4, 10)), (1.5, (4, 7, 10)), (1, (10, 17))),  # disgust, in the lip
        *((2, (15,)), (1.5, (17,)), (1.5, (15, 17)), (1, (4, 15)), (1, (4, 17))),  # sadness
        *((1, (1, 4)), (1, (1, 4, 15)), (1, (1, 2, 4)), (1, (20,)), (1, (1, 4, 20))),  # sadness, fear
        *((1.5, (14,)), (1, (14, 17)), (0.5, (28,))),  # contempt; lips held back
    ),
    "positive": (
        *((6, (12,)), (5, (6, 12)), (1.5, (12, 25)), (1, (6, 12, 25)), (1, (7, 12)), (1, (6,))),
        *((1, (12, 14)), (1, (12, 24)), (1, (12, 17)), (1, (6, 12, 17)), (0.7, (12, 15))),  # smiles held back
    ),
    "surprise": (
        *((6, (1, 2)), (2, (2,)), (1.5, (1,)), (3, (1, 2, 5)), (1.5, (1, 2, 25)), (2, (1, 2, 26))),
        *((1.5, (1, 2, 5, 26)), (1, (1, 2, 25, 26)), (1.5, (25, 26)), (1, (26,)), (1, (5,)), (1, (5, 26))),
    ),
}


def sides(numbers: Iterable[int]) -> tuple[str, ...]:
    """The names of action units on every side they have: ``sides((1, 17)) == ("R1", "L1", "17")``."""
    names: list[str] = []
    for number in numbers:
        names += [f"R{number}", f"L{number}"] if number in SIDED else [str(number)]
    return tuple(names)


AUS = sides(AU_NAMES)
"""All fields: ``R1``, ``L1`` ... for the subject's right and left, a bare number where both sides move together."""


class _Bump(NamedTuple):
    point: int  # mesh point on the subject's right or the midline
    shift: tuple[float, float]  # from that point to the centre: (outwards, up), eye distances
    move: tuple[float, float]  # (outwards, up); 1 is the AU's main motion
    width: tuple[float, float]  # standard deviations: (across, along the height), eye distances
    gate: str = ""  # "above eye": no motion below that line


_BROW, _UPPER, _LOWER = "above eye", "above mouth", "below mouth"
# A midline bump of an AU that moves both sides is added once for each side.
_BUMPS: dict[int, tuple[_Bump, ...]] = {
    1: (
        _Bump(107, (0.00, 0.00), (-0.10, 1.00), (0.21, 0.19), _BROW),
        _Bump(108, (0.00, 0.03), (0.00, 0.50), (0.23, 0.18), _BROW),
    ),
    2: (
        _Bump(105, (0.04, 0.00), (0.10, 1.00), (0.26, 0.19), _BROW),
        _Bump(104, (-0.04, 0.08), (0.00, 0.50), (0.28, 0.18), _BROW),
    ),
    4: (
        _Bump(107, (0.12, -0.01), (-0.70, -0.80), (0.28, 0.19), _BROW),
        _Bump(108, (0.08, 0.02), (-0.30, -0.40), (0.30, 0.18), _BROW),
        _Bump(9, (0.00, -0.06), (0.00, -0.35), (0.14, 0.16), _BROW),
    ),
    5: (_Bump(159, (0.00, 0.00), (0.00, 1.00), (0.17, 0.06)),),
    6: (
        _Bump(118, (-0.05, -0.06), (-0.25, 0.90), (0.23, 0.16)),
        _Bump(230, (0.02, 0.02), (0.00, 0.70), (0.20, 0.07)),
        _Bump(111, (0.00, 0.08), (-0.60, 0.20), (0.12, 0.17)),
    ),
    7: (
        _Bump(145, (0.00, -0.02), (-0.20, 0.90), (0.19, 0.055)),
        _Bump(159, (0.00, 0.00), (0.00, -0.60), (0.17, 0.05)),
    ),
    9: (
        _Bump(129, (-0.16, 0.16), (0.10, 0.90), (0.13, 0.17)),
        _Bump(129, (0.00, 0.02), (0.10, 0.80), (0.11, 0.10)),
        _Bump(55, (0.00, 0.04), (-0.40, -0.70), (0.16, 0.14)),
        _Bump(165, (-0.10, -0.02), (0.00, 0.60), (0.13, 0.11), _UPPER),
    ),
    10: (
        _Bump(39, (0.00, 0.04), (0.15, 1.00), (0.18, 0.13), _UPPER),
        _Bump(203, (-0.04, 0.00), (0.15, 0.70), (0.16, 0.16)),
    ),
    12: (
        _Bump(61, (0.00, 0.00), (0.75, 0.65), (0.20, 0.16)),
        _Bump(206, (0.02, 0.00), (0.55, 0.60), (0.22, 0.20)),
        _Bump(205, (0.00, 0.05), (0.45, 0.25), (0.20, 0.18)),
        _Bump(91, (-0.12, 0.06), (0.40, 0.25), (0.14, 0.12)),
    ),
    14: (
        _Bump(61, (0.02, 0.00), (0.90, 0.10), (0.14, 0.12)),
        _Bump(91, (0.00, 0.10), (0.30, 0.00), (0.09, 0.09)),
    ),
    15: (
        _Bump(61, (0.00, -0.04), (0.15, -1.00), (0.16, 0.14)),
        _Bump(91, (0.05, -0.12), (0.10, -0.60), (0.16, 0.15)),
    ),
    17: (
        _Bump(200, (0.00, 0.02), (0.00, 0.50), (0.23, 0.15)),
        _Bump(17, (0.00, 0.03), (0.00, 0.35), (0.21, 0.09)),
        _Bump(61, (-0.04, -0.06), (0.00, -0.10), (0.10, 0.08)),
    ),
    20: (
        _Bump(61, (0.00, -0.02), (1.00, -0.20), (0.19, 0.16)),
        _Bump(61, (0.08, -0.14), (0.60, -0.15), (0.18, 0.18)),
    ),
    24: (
        _Bump(37, (0.00, 0.00), (0.00, -0.60), (0.16, 0.06), _UPPER),
        _Bump(84, (0.00, 0.04), (0.00, 0.80), (0.18, 0.08), _LOWER),
        _Bump(61, (0.00, 0.00), (-0.40, 0.00), (0.11, 0.09)),
    ),
    25: (
        _Bump(84, (0.00, 0.00), (0.00, -1.00), (0.18, 0.10), _LOWER),
        _Bump(37, (0.00, 0.00), (0.00, 0.30), (0.16, 0.06), _UPPER),
    ),
    26: (_Bump(200, (0.10, 0.05), (0.00, -1.00), (0.40, 0.30), _LOWER),),
    28: (
        _Bump(84, (0.00, 0.00), (0.00, 0.90), (0.18, 0.08), _LOWER),
        _Bump(37, (0.00, 0.03), (0.00, -0.40), (0.18, 0.07), _UPPER),
        _Bump(200, (0.00, 0.08), (0.00, 0.30), (0.22, 0.12), _LOWER),
    ),
    45: (
        _Bump(159, (0.00, -0.02), (0.00, -1.00), (0.17, 0.07)),
        _Bump(145, (0.00, -0.03), (-0.15, 0.20), (0.16, 0.045)),
    ),
}
# Borders that skin motion does not cross: polylines through mesh points, averaged where two are given.
_LINES = {"eye": ((33, 159, 133, 362, 386, 263),), "mouth": ((61, 13, 291), (61, 14, 291))}
_SOFTNESS = 0.03


def au_fields(points: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """The displacement of each action unit at places on a face, in eye distances; the peak of each field is 1.

    An AU of 2 % of the eye distance therefore moves the picture by ``0.02 * iod * field`` px, ``iod`` in px. Fields
    follow the face: their anchors are its own mesh points; sizes and directions turn, scale and foreshorten with it.

    Parameters
    ----------
    points : ndarray of shape (478, 2 or 3)
        The face's mesh, px.
    xy : ndarray of shape (N, 2)
        Places in the picture, px, on the face or beside it: fields fade out half an eye distance from their anchors.

    Returns
    -------
    ndarray of shape (A, N, 2), float32
        Eye distances, x right, y down, in the order of ``AUS``.
    """
    affine = fit_mean_face(points)
    to_face = np.linalg.inv(affine[:2])
    face_xy, face_points = (xy - affine[2]) @ to_face, (points[:, :2] - affine[2]) @ to_face
    right, left = (points[list(corners)].mean(axis=0) for corners in (RIGHT_EYE, LEFT_EYE))
    fields = _on_upright_face(face_points, face_xy) / _peaks()[:, None, None]
    return (fields @ (affine[:2] / np.linalg.norm(left - right))).astype(np.float32)


@cache
def site_fields() -> np.ndarray:
    """The displacement of each action unit at the sites of the mean face, (A, N, 2) float32, as the tracking sees it.

    A site's motion is that of a window a fifth of an eye distance wide; units as in :func:`au_fields`.
    """
    window = np.stack(np.meshgrid(*2 * [np.linspace(-0.1, 0.1, 5)]), axis=-1).reshape(-1, 1, 2)
    fields = np.mean([au_fields(mean_mesh(), sites().xy + shift) for shift in window], axis=0)
    return fields.astype(np.float32)


def fit_mean_face(points: np.ndarray) -> np.ndarray:
    """The affine map that best lays the mean face on a mesh, (3, 2) float64: ``mean_xy @ out[:2] + out[2]`` is px.

    Parameters
    ----------
    points : ndarray of shape (478, 2 or 3)
        Mesh points in px.
    """
    design = np.column_stack([mean_mesh()[:, :2], np.ones(len(points))]).astype(np.float64)
    return np.asarray(np.linalg.lstsq(design, points[:, :2].astype(np.float64), rcond=None)[0])


def format_aus(names: Iterable[str]) -> str:
    """Action units in one word and by number: ``AU1+AU2+L12``.

    ``AU1`` where both sides are named or there is but one form, ``L12`` for the left side only.
    """
    given = set(names)
    if unknown := given.difference(AUS):
        raise ValueError(f"no such action unit: {', '.join(sorted(unknown))}; known are {', '.join(AUS)}")
    words = []
    for number in sorted({int(re.sub("[RL]", "", name)) for name in given}):
        forms = [name for name in sides((number,)) if name in given]
        words.append(forms[0] if forms[0][0] in "RL" and len(forms) == 1 else f"AU{number}")
    return "+".join(words)


@cache
def mirrored() -> np.ndarray:
    """Mesh point on the other side for each mesh point, (478,) int; points of the midline are their own."""
    mesh = mean_mesh()[:, :2]
    return np.asarray(((mesh[:, None] * [-1, 1] - mesh) ** 2).sum(axis=-1).argmin(axis=1))


def _on_upright_face(points: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Fields (A, N, 2) float64, not yet scaled, in the frame of the mean face."""
    gates = {"": np.ones(len(xy))}
    for name, lines in _LINES.items():
        line = np.mean([points[list(numbers)] for numbers in lines], axis=0)
        line = line[line[:, 0].argsort()]
        below = xy[:, 1] - np.interp(xy[:, 0], line[:, 0], line[:, 1])
        gates[f"below {name}"] = 1 / (1 + np.exp(np.clip(-below / _SOFTNESS, -50, 50)))
        gates[f"above {name}"] = 1 - gates[f"below {name}"]
    out = np.zeros((len(AUS), len(xy), 2))
    for number, bumps in _BUMPS.items():
        for side, outwards in (("R", -1), ("L", 1)):
            index = AUS.index(f"{side}{number}" if number in SIDED else str(number))
            for bump in bumps:
                point = bump.point if side == "R" else mirrored()[bump.point]
                centre = points[point] + np.multiply(bump.shift, (outwards, -1))
                away = ((xy - centre) / bump.width) ** 2
                hill = np.exp(-away.sum(axis=1) / 2) * gates[bump.gate]
                out[index] += hill[:, None] * np.multiply(bump.move, (outwards, -1))
    return out


@cache
def _peaks() -> np.ndarray:
    """Largest displacement of each unscaled field on the mean face, (A,)."""
    grid = np.stack(np.meshgrid(np.arange(-1.2, 1.2, 0.02), np.arange(-1, 1.9, 0.02)), axis=-1).reshape(-1, 2)
    return np.asarray(np.linalg.norm(_on_upright_face(mean_mesh()[:, :2].astype(np.float64), grid), axis=2).max(axis=1))
