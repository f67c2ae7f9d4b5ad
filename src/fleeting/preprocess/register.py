"""A face registered to a model face by a local weighted mean of polynomials, as the crops of CASME II were made."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import cv2
import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from ..faces.landmarks import mean_mesh, to_ibug68
from .crop import face_in
from .frames import frames_of, named, require_pictures, require_size

# Where the model face has its eyes: their distance over the width of the picture, their middle over its width and height.
EYE_DISTANCE, EYES_X, EYES_Y = 0.4, 0.5, 0.36
LEAST_NEIGHBOURS = 6  # a polynomial of degree 2 has as many coefficients
# Directions in which the neighbours of a point hardly differ keep the affine map; relative to the widest.
RANK = 1e-8
# Total weight below which a place goes over to the affine map: a seam would run where the last polynomial ends.
FADE = 0.2


def local_weighted_mean(places: np.ndarray, source: np.ndarray, target: np.ndarray, neighbours: int = 12) -> np.ndarray:
    """Where places go by a smooth map that takes one set of points to another.

    Around each point of ``source`` lies a polynomial of degree 2, fitted to the point and its nearest; a place goes where the
    polynomials say whose points are near, the nearer the more. Places that are near to none follow the affine map of all, into
    which the rest fades.

    Parameters
    ----------
    places : ndarray of shape (M, 2)
    source, target : ndarray of shape (N, 2)
        As many points as ``neighbours`` or more.
    neighbours : int, default=12
        To how many points a polynomial is fitted, its own included; 6 or more. It reaches as far as the last.

    Returns
    -------
    ndarray of shape (M, 2), float64

    Raises
    ------
    UsageError
        When there are too few points, or two sets that do not belong together.

    References
    ----------
    Goshtasby (1988), Image and Vision Computing 6(4). Polynomials are fitted to what the affine map leaves, so that points in
    a row, such as those of the jaw, leave open only what they do not tell.
    """
    if source.shape != target.shape or source.ndim != 2 or source.shape[1] != 2 or not LEAST_NEIGHBOURS <= neighbours <= len(source):
        raise UsageError(
            f"the local weighted mean takes two sets of points (N, 2) and neighbours={neighbours} from {LEAST_NEIGHBOURS} to N; "
            f"got {source.shape} and {target.shape}"
        )
    source, target = source.astype(np.float64), target.astype(np.float64)
    middle, scale = source.mean(axis=0), max(float(source.std()), 1e-12)
    points, wanted = (source - middle) / scale, (places - middle) / scale
    affine = np.linalg.lstsq(_affine(points), target, rcond=None)[0]  # (3, 2)
    rest = target - _affine(points) @ affine
    apart = np.linalg.norm(points[:, None] - points, axis=2)
    order = np.argsort(apart, axis=1)[:, :neighbours]
    total, weights = np.zeros(wanted.shape), np.zeros(len(wanted))
    for i, near in enumerate(order):
        reach = max(float(apart[i, near[-1]]), 1e-12)
        fit = np.linalg.lstsq(_quadratic((points[near] - points[i]) / reach), rest[near], rcond=RANK)[0]  # (6, 2)
        local = (wanted - points[i]) / reach
        inside = np.flatnonzero((local**2).sum(axis=1) < 1)
        r = np.linalg.norm(local[inside], axis=1)
        weight = 1 - 3 * r**2 + 2 * r**3
        total[inside] += weight[:, None] * (_quadratic(local[inside]) @ fit)
        weights[inside] += weight
    return _affine(wanted) @ affine + total / np.maximum(weights, FADE)[:, None]


def model_face(size: tuple[int, int] = (280, 340)) -> np.ndarray:
    """The 68 iBUG points of the mean face in a picture of width and height ``size``, (68, 2) float32 px."""
    width, height = size
    return to_ibug68(mean_mesh() * (EYE_DISTANCE * width)) + np.array([EYES_X * width - 0.5, EYES_Y * height - 0.5], np.float32)


def register(frames: np.ndarray, points: np.ndarray, size: tuple[int, int] = (280, 340), neighbours: int = 12) -> np.ndarray:
    """All frames warped alike, so that the first has the landmarks of the :func:`model_face`.

    Parameters
    ----------
    frames : ndarray of shape (T, H, W, 3), uint8 RGB, or (T, H, W), uint8
    points : ndarray of shape (68, 2)
        iBUG points in the first frame, px.
    size : tuple of int, default=(280, 340)
        Width and height of the result, about those of CASME II.
    neighbours : int, default=12
        As in :func:`local_weighted_mean`.

    Returns
    -------
    ndarray of shape (T, height, width, 3), uint8 RGB

    References
    ----------
    Yan, Li, Wang, Zhao, Liu, Chen & Fu (2014), PLoS ONE 9(1), e86041. doi:10.1371/journal.pone.0086041. Their model face is a
    subject's, found by an active shape model; ours is the mean face.
    """
    require_pictures(frames, (1, 2, 2), "registration")
    width, height = size
    if min(size) < 8 or points.shape != (68, 2) or not np.isfinite(points).all():
        raise UsageError(f"registration takes size={size} of 8 px or more and 68 points, finite; got points of shape {points.shape}")
    places = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).reshape(-1, 2)
    back = local_weighted_mean(places, model_face(size), points, neighbours).astype(np.float32).reshape(height, width, 2)
    x, y = np.ascontiguousarray(back[..., 0]), np.ascontiguousarray(back[..., 1])
    return np.stack([cv2.remap(frame, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for frame in frames])


class Register(ClipTransformer):
    """:func:`register` of each clip, by the landmarks of the face found in its first frame.

    Parameters
    ----------
    size : tuple of int, default=(280, 340)
        As in :func:`register`.
    neighbours : int, default=12
        As in :func:`register`.
    coarse : bool, default=False
        As in :func:`fleeting.preprocess.crop.face_in`; of little use here, since all faces then have the same landmarks.
    """

    def __init__(self, size: tuple[int, int] = (280, 340), neighbours: int = 12, coarse: bool = False):
        self.size = size
        self.neighbours = neighbours
        self.coarse = coarse

    def transform_clip(self, clip: Clip) -> Clip:
        """One clip, registered when its frames are looked at."""
        return replace(clip, read=partial(_registered, clip, self.size, self.neighbours, self.coarse))


def _registered(clip: Clip, size: tuple[int, int], neighbours: int, coarse: bool) -> np.ndarray:
    with named(clip):
        frames = require_size(frames_of(clip), (1, 2, 2), "registration")
        return register(frames, to_ibug68(face_in(frames[0], coarse).points), size, neighbours)


def _affine(xy: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(xy)), xy])


def _quadratic(xy: np.ndarray) -> np.ndarray:
    x, y = xy.T
    return np.column_stack([np.ones(len(xy)), x, y, x**2, x * y, y**2])
