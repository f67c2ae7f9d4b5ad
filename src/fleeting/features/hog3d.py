"""Histograms of 3-D gradients in twelve places of the face: how brightness changes across, down and along time."""

from __future__ import annotations

import cv2
import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from ..faces.landmarks import to_ibug68
from ..preprocess.frames import grey, moment, named, require_size
from .au_motion import mesh_in
from .fields import direction_bins

# Axes of the planes (as in T, H, W) and how many directions are told apart in each.
PLANES = ((2, 1, 8), (2, 0, 12), (1, 0, 12))
N_BINS = sum(n for _, _, n in PLANES)
# Side of each cube's face, eye distances.
SIDE = 0.35


def hog3d(frames: np.ndarray, boxes: np.ndarray, sigma: float = 1, pool: str = "mean") -> np.ndarray:
    """Histograms of gradient directions in the planes XY, XT and YT of each box, over all frames.

    Parameters
    ----------
    frames : ndarray of shape (T, H, W) or (T, H, W, 3), uint8 or float
        Grey or uint8 RGB, at least 2 frames.
    boxes : ndarray of shape (B, 4), int
        First column and row, and those after the last, px; what lies outside of the picture is cut off.
    sigma : float, default=1
        Blur of each frame beforehand, px; 0 for none.
    pool : {"mean", "mean_max"}, default="mean"
        Of each number over the frames; ``mean_max`` gives both, means first.

    Returns
    -------
    ndarray of shape (B * 32,), float32
        For each box 8 directions in XY, then 12 in XT and 12 in YT, from +x (+y in YT) towards +y (+t), each gradient with its
        length as weight; in each frame, the 32 numbers have length one. Twice as many with ``mean_max``.

    Raises
    ------
    UsageError
        When frames are too few or not finite, boxes are none, or a parameter is not allowed.

    References
    ----------
    Polikovsky, Kameda & Ohta (2009), ICDP. doi:10.1049/ic.2009.0244. The paper goes on to cluster the frames' histograms.

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.random.default_rng(0).integers(0, 255, (10, 64, 64), np.uint8)
    >>> hog3d(frames, np.array([[8, 8, 24, 24], [40, 8, 56, 24]])).shape  # 2 boxes x 32 directions
    (64,)
    """
    require_size(frames, (2, 2, 2), "HOG3D")
    require_boxes(boxes, "HOG3D")
    if sigma < 0:
        raise UsageError(f"HOG3D: sigma={sigma} must be 0 or more")
    if pool not in ("mean", "mean_max"):
        raise UsageError(f"pool {pool!r} is not known; choose from mean, mean_max")
    volume = (grey(frames) if frames.ndim == 4 else frames).astype(np.float64)
    if sigma:
        volume = np.stack([cv2.GaussianBlur(frame, (0, 0), sigma) for frame in volume])
    gradient = np.gradient(volume)  # along t, y, x
    n_frames, height, width = volume.shape
    histograms = np.zeros((n_frames, len(boxes), N_BINS))
    first = 0
    for a, b, n in PLANES:
        pair = np.stack([gradient[a], gradient[b]], axis=-1)
        where, length = direction_bins(pair, n), np.hypot(pair[..., 0], pair[..., 1])
        for k, (x0, y0, x1, y1) in enumerate(np.clip(boxes, 0, [width, height, width, height])):
            inside = np.s_[:, y0:y1, x0:x1]
            bins = where[inside] + n * np.arange(n_frames)[:, None, None]
            counts = np.bincount(bins.ravel(), length[inside].ravel(), n * n_frames)
            histograms[:, k, first : first + n] = counts.reshape(n_frames, n)
        first += n
    norm = np.linalg.norm(histograms, axis=2, keepdims=True)
    histograms = np.divide(histograms, norm, out=np.zeros_like(histograms), where=norm > 1e-9).reshape(n_frames, -1)
    pooled = [histograms.mean(axis=0)] + ([histograms.max(axis=0)] if pool == "mean_max" else [])
    return np.concatenate(pooled).astype(np.float32)


def twelve_boxes(points: np.ndarray) -> np.ndarray:
    """Squares on forehead, brows, between the brows, eye corners, sides of the nose, mouth corners and chin, (12, 4) int px.

    The paper names these places and sets them by hand; sizes, and that the forehead has two, are ours.

    Parameters
    ----------
    points : ndarray of shape (68, 2)
        iBUG points, px.
    """
    iod = np.linalg.norm(points[42:48].mean(axis=0) - points[36:42].mean(axis=0))
    up = np.array([0, iod])
    brows = points[17:22].mean(axis=0), points[22:27].mean(axis=0)
    centres = [brow - 0.4 * up for brow in brows]
    centres += [*brows, points[[21, 22]].mean(axis=0), *points[[36, 45, 31, 35, 48, 54]], points[8] - 0.15 * up]
    return squares(points, centres)


def require_boxes(boxes: np.ndarray, what: str) -> np.ndarray:
    """The same boxes, after a look that they are (B, 4) whole numbers, at least one box."""
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not len(boxes) or boxes.dtype.kind not in "ui":
        raise UsageError(f"{what} takes boxes of shape (B, 4), whole numbers, at least one; got {boxes.dtype} of {boxes.shape}")
    return boxes


def squares(points: np.ndarray, centres: list[np.ndarray]) -> np.ndarray:
    """Squares of .35 eye distances around places, as first column and row and those after the last, (B, 4) int px."""
    iod = float(np.linalg.norm(points[42:48].mean(axis=0) - points[36:42].mean(axis=0)))
    corners = np.rint(np.array(centres) - SIDE * iod / 2).astype(int)
    return np.concatenate([corners, corners + max(1, round(SIDE * iod))], axis=1)


class HOG3D(ClipTransformer):
    """:func:`hog3d` of each clip, onset to offset, in the :func:`twelve_boxes` of the mesh found in its onset frame.

    Parameters
    ----------
    sigma : float, default=1
        As in :func:`hog3d`.
    pool : {"mean", "mean_max"}, default="mean"
        As in :func:`hog3d`.
    find_mesh : bool, default=True
        As in :class:`fleeting.features.au_motion.AUMotion`.
    """

    def __init__(self, sigma: float = 1, pool: str = "mean", find_mesh: bool = True):
        self.sigma = sigma
        self.pool = pool
        self.find_mesh = find_mesh

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The descriptor of one clip."""
        with named(clip):
            frames = require_size(moment(clip), (2, 2, 2), "HOG3D")
            points = to_ibug68(mesh_in(frames[0], self.find_mesh))
            return hog3d(frames, twelve_boxes(points), self.sigma, self.pool)
