"""How strongly each action unit moved from onset to apex, read from the flow without any training.

The flow at places all over the face is explained as the motion of a rigid head, plus action units which can pull but
never push (:mod:`fleeting.faces.action_units`), plus a rest. Everything is fitted at once, so that a raised brow does
not tilt the head, and places that neither head nor action units explain lose their say.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
from scipy.linalg import solve_triangular
from scipy.optimize import nnls

from ..base import ClipTransformer
from ..clip import Clip
from ..faces import model_file
from ..faces.action_units import AUS, au_fields, fit_mean_face
from ..faces.align import EYE_DISTANCE, EYES_X, EYES_Y
from ..faces.landmarks import LEFT_EYE, LEFT_IRIS, RIGHT_EYE, RIGHT_IRIS, mean_mesh
from ..faces.mesh import FaceMesh
from ..flow import flow
from ..preprocess.frames import grey, named, onset_and_apex

# Where an aligned crop has the eyes: their distance over the crop's width; their middle over its width and height.
CROP_IOD, CROP_EYES = EYE_DISTANCE, (EYES_X, EYES_Y)
# Distance between the places where the flow is read, eye distances.
SPACING = 0.08
# Small head motion looks like shift, scale, roll and the parallax of yaw and pitch. What only a general affine map
# could do (stretch, shear) is punished by this much, not forbidden: the mean face's depth is not everyone's.
SHEAR_PENALTY = 0.05
# Weight of the squared sum of all intensities, each in units of its own field's energy; chosen on synthetic motion.
SPARSITY = 0.3
ROUNDS = 2
GAZE = -2  # the last two directions in which a head moves places are the gaze's


class Explained(NamedTuple):
    """A motion by what caused it.

    Attributes
    ----------
    intensities : ndarray of shape (A,), float32
        Peak displacement of each of ``AUS``, % of the eye distance.
    head : float
        Median displacement of the head's own motion, % of the eye distance.
    unexplained : float
        Share of the squared motion that neither head nor gaze nor action units explain, 0 to 1; 0 where nothing moved.
    """

    intensities: np.ndarray
    head: float
    unexplained: float


def au_intensities(motion: np.ndarray, points: np.ndarray, xy: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The intensity of each action unit in a motion, (A,) float32, in per cent of the eye distance: see :func:`explain`."""
    return explain(motion, points, xy, weights).intensities


def explain(motion: np.ndarray, points: np.ndarray, xy: np.ndarray, weights: np.ndarray | None = None) -> Explained:
    """What head and action units explain of a motion, and what is left.

    Non-negative least squares with a penalty on the squared sum of intensities, on motion freed of what a head (shift,
    scale, roll, and yaw and pitch by the mean face's depth) or the gaze could do; places that fit badly are then
    down-weighted (Cauchy weights) and it is solved again. Doubled motion gives doubled intensities.

    Parameters
    ----------
    motion : ndarray of shape (N, 2)
        Displacement at ``xy``, px, x right, y down.
    points : ndarray of shape (478, 2 or 3)
        The face's mesh, px.
    xy : ndarray of shape (N, 2)
        Places on the face, px; spread evenly, 100 or more.
    weights : ndarray of shape (N,), optional
        How far each place is to be trusted, 0 or more; all alike when not given.

    Returns
    -------
    Explained
    """
    right, left = (points[list(corners)].mean(axis=0) for corners in (RIGHT_EYE, LEFT_EYE))
    moved = motion.astype(np.float64).ravel() / np.linalg.norm(left - right)  # (2 N,), eye distances
    fields = au_fields(points, xy).reshape(len(AUS), -1).T.astype(np.float64)  # (2 N, A)
    head, penalty = _head_and_gaze(points, xy)  # (2 N, 10), (10,)
    trust = np.repeat(np.ones(len(xy)) if weights is None else weights / max(float(np.max(weights)), 1e-12), 2)
    robust = np.ones_like(trust)
    intensities = np.zeros(len(AUS))
    for _ in range(ROUNDS):
        w = (trust * robust)[:, None]  # (2 N, 1)
        # The head's answer to anything: what it takes away from the motion and from each field.
        inverse = np.linalg.inv(head.T @ (w * head) + np.diag(penalty * w.sum() / 2 + 1e-9))
        both = np.column_stack([fields, moved])
        answer = inverse @ (head.T @ (w * both))  # (10, A + 1)
        # Sums over places of products of fields, of fields with the motion; then NNLS by the small triangular root.
        gram = both.T @ (w * both) - answer.T @ (head.T @ (w * both))
        norm = np.sqrt(np.maximum(gram[:-1, :-1].diagonal(), 1e-9))
        root = np.linalg.cholesky(gram[:-1, :-1] / np.outer(norm, norm) + SPARSITY + 1e-6 * np.eye(len(AUS)))
        target = solve_triangular(root, gram[:-1, -1] / norm, lower=True)
        intensities = nnls(root.T, target)[0] / norm * (1 + SPARSITY)  # so that one alone is read in full
        turned = answer[:, -1] - answer[:, :-1] @ intensities
        rest = moved - fields @ intensities - head @ turned
        rest = np.linalg.norm(rest.reshape(-1, 2), axis=1)
        robust = np.repeat(1 / (1 + (rest / (4 * np.median(rest) + 1e-12)) ** 2), 2)
    carried = np.linalg.norm((head[:, :GAZE] @ turned[:GAZE]).reshape(-1, 2), axis=1)
    unexplained = trust[::2] @ rest**2 / max(trust @ moved**2, 1e-12)
    return Explained((100 * intensities).astype(np.float32), float(100 * np.median(carried)), float(min(unexplained, 1.0)))


def mesh_in(image: np.ndarray, find_mesh: bool = True) -> np.ndarray:
    """The mesh of the largest face in a picture, (478, 3) float32 px; where none is found or sought, :func:`place_mean_mesh`.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), uint8 RGB, or (H, W), uint8
    find_mesh : bool, default=True
        Look for it, if the face model file is at hand.
    """
    finder = _finder() if find_mesh else None
    faces = finder.detect(image if image.ndim == 3 else np.dstack([image] * 3)) if finder else []
    return faces[0].points if faces else place_mean_mesh(image.shape[1], image.shape[0])


def place_mean_mesh(width: int, height: int) -> np.ndarray:
    """The mean face's mesh in an aligned crop, (478, 3) float32 px: for crops in which no mesh can be found.

    Assumes level eyes, ``CROP_IOD`` of the width apart, with their middle at ``CROP_EYES``.
    """
    middle = np.array([CROP_EYES[0] * width - 0.5, CROP_EYES[1] * height - 0.5, 0])
    return np.asarray(mean_mesh() * (CROP_IOD * width) + middle, np.float32)


def face_grid(points: np.ndarray) -> np.ndarray:
    """Places spread evenly over a face, (N, 2) float32 px, N about 700: a lattice in the frame of the face.

    The mesh's own points will not do: they crowd on lids and lips, which would outvote the cheeks.
    """
    affine = fit_mean_face(points)
    lattice = np.stack(np.meshgrid(np.arange(-1.2, 1.2, SPACING), np.arange(-1, 1.9, SPACING)), axis=-1)
    xy = (lattice.reshape(-1, 2) @ affine[:2] + affine[2]).astype(np.float32)
    outline = cv2.convexHull(points[:, :2].astype(np.float32))
    return xy[[cv2.pointPolygonTest(outline, (float(x), float(y)), False) >= 0 for x, y in xy]]


class AUMotion(ClipTransformer):
    """:func:`au_intensities` from a clip's onset to its apex, (A,) float32, % of the eye distance.

    Parameters
    ----------
    find_mesh : bool, default=True
        Look for the mesh in the onset frame if the face model file is at hand. If it is not, no face is found, or False
        is given, the mean face is placed as in an aligned crop (:func:`place_mean_mesh`): say False for such crops.
    method : {"dis", "tvl1", "farneback", "horn_schunck"}, default="dis"
        Optical flow, see :func:`fleeting.flow.flow`.
    """

    revision = 1

    def __init__(self, find_mesh: bool = True, method: str = "dis"):
        self.find_mesh = find_mesh
        self.method = method

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The intensities of one clip."""
        with named(clip):
            onset, apex = onset_and_apex(clip)
            points = mesh_in(onset, self.find_mesh)
            moved = flow(onset, apex, self.method)
        return explain_picture(onset, moved, points)[0].intensities


def explain_picture(onset: np.ndarray, moved: np.ndarray, points: np.ndarray) -> tuple[Explained, float]:
    """:func:`explain` of the flow of a whole picture, and the share of the face that lies outside the picture, 0 to 1.

    Parameters
    ----------
    onset : ndarray of shape (H, W, 3), uint8 RGB, or (H, W), uint8
    moved : ndarray of shape (H, W, 2), float32
        The flow, px.
    points : ndarray of shape (478, 3)
        The face's mesh in the onset.
    """
    everywhere = face_grid(points)
    height, width = onset.shape[:2]
    inside = (everywhere >= 0).all(axis=1) & (everywhere[:, 0] <= width - 1) & (everywhere[:, 1] <= height - 1)
    xy = everywhere[inside]
    pixels_a_place = float(np.linalg.norm(fit_mean_face(points)[0])) * SPACING
    texture = cv2.cornerMinEigenVal(grey(onset[None])[0], max(3, round(pixels_a_place)))
    smooth = cv2.GaussianBlur(moved, (0, 0), max(0.4 * pixels_a_place, 0.3))
    at = cv2.remap(np.dstack([smooth, texture]), xy[:, :1], xy[:, 1:], cv2.INTER_LINEAR)[:, 0]  # (N, 3)
    # Flow is worth most where there is texture in both directions, but never nothing: its prior is smooth.
    weights = 0.2 + at[:, 2] / (at[:, 2] + np.median(at[:, 2]) + 1e-12)
    return explain(at[:, :2], points, xy, weights), float(1 - inside.mean())


@cache
def _finder() -> FaceMesh | None:
    """The mesh network, loaded once; None without its file, which a feature does not fetch."""
    return FaceMesh() if model_file.find() else None


def _head_and_gaze(points: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What moves places without an action unit: directions (2 N, 10), and how much each is punished (10,)."""
    affine = fit_mean_face(points)
    to_face = np.linalg.inv(affine[:2])
    x, y = ((xy - affine[2]) @ to_face).T
    y = y - 0.4  # the middle of the face, so that scale and shift are told apart
    linear, nearest = _depth()
    z = linear(x, y + 0.4)
    z = np.where(np.isnan(z), nearest(x, y + 0.4), z)
    irises = (points[[RIGHT_IRIS, LEFT_IRIS], :2] - affine[2]) @ to_face
    eye = sum(np.exp(-(((x - i) / 0.13) ** 2 + ((y + 0.4 - j) / 0.05) ** 2) / 2) for i, j in irises)
    one, zero = np.ones_like(x), np.zeros_like(x)
    rigid = [(one, zero), (zero, one), (x, y), (-y, x), (z, zero), (zero, z)]  # shift, scale, roll, yaw, pitch
    soft, gaze = [(x, -y), (y, x)], [(eye, zero), (zero, eye)]
    directions = [np.stack(pair, axis=1).ravel() for pair in (*rigid, *soft, *gaze)]
    penalty = np.repeat([0, SHEAR_PENALTY, 0], [len(rigid), len(soft), len(gaze)])
    return np.column_stack(directions), penalty


@cache
def _depth() -> tuple[LinearNDInterpolator, NearestNDInterpolator]:
    """Depth of the mean face by place, eye distances; the second for places beyond its rim."""
    mesh = mean_mesh().astype(np.float64)
    return LinearNDInterpolator(mesh[:, :2], mesh[:, 2]), NearestNDInterpolator(mesh[:, :2], mesh[:, 2])
