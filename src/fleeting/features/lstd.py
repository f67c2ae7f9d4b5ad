"""LSTD: local spatiotemporal directional features, of a clip's brief motion as robust PCA sees it, in sixteen places of the face."""

from __future__ import annotations

import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..faces.landmarks import to_ibug68
from ..preprocess.frames import grey, moment, named, require_size, require_whole
from ..preprocess.rpca import robust_pca
from .au_motion import mesh_in
from .hog3d import require_boxes, squares
from .neighbours import neighbour

# Pairs of axes whose codes are counted together: X Y, X T and Y T.
PAIRS = ((0, 1), (0, 2), (1, 2))
CODES = 4


def lstd(frames: np.ndarray, boxes: np.ndarray, radius: int = 1) -> np.ndarray:
    """Histograms of directional codes in XY, XT and YT of each box, each summing to one.

    Along each axis, a voxel has two bits: whether it is at least as bright as the one before, and as the one behind.

    Parameters
    ----------
    frames : ndarray of shape (T, H, W) or (T, H, W, 3), uint8 or float
        Grey, or uint8 RGB, of which the luma is taken; at least ``2 radius + 1`` frames and px a side.
    boxes : ndarray of shape (B, 4), int
        First column and row, and those after the last, px. The picture's rim of ``radius`` px and what lies outside are cut off.
    radius : int, default=1
        Px and frames.

    Returns
    -------
    ndarray of shape (B * 48,), float32
        For each box 16 codes in XY, XT and YT: ``4 first + second`` axis, where the bit of the voxel before counts 2 and that of
        the one behind 1. Where nothing changes all is in the last of the 16; a box outside of the picture gives zeros.

    Raises
    ------
    UsageError
        When frames are too few, too small or not finite.

    References
    ----------
    Wang, Yan, Zhao, Fu & Zhou (2014), ECCV workshops, after Zhao & Pietikäinen (2013), ICIAR. The
    paper's layout of bits is not public; this is ours.

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.random.default_rng(0).integers(0, 255, (10, 64, 64), np.uint8)
    >>> lstd(frames, np.array([[8, 8, 24, 24], [40, 8, 56, 24]])).shape  # 2 boxes x 48 codes
    (96,)
    """
    require_whole(radius=radius)
    require_boxes(boxes, "LSTD")
    require_size(frames, (2 * radius + 1,) * 3, f"LSTD with radius {radius}")
    volume = grey(frames) if frames.ndim == 4 else frames
    radii = (radius,) * 3
    centre = neighbour(volume, (0, 0, 0), radii)
    codes = []
    for step in np.eye(3) * radius:  # along x, y, t
        before, behind = (centre >= neighbour(volume, (x, y, t), radii) for x, y, t in (-step, step))
        codes.append(2 * before.astype(np.uint8) + behind)
    height, width = volume.shape[1:]
    out = np.zeros((len(boxes), 3, CODES**2))
    limits = np.clip(boxes, radius, [width - radius, height - radius, width - radius, height - radius]) - radius
    for box, (x0, y0, x1, y1) in zip(out, limits, strict=True):
        for histogram, (first, second) in zip(box, PAIRS, strict=True):
            both = CODES * codes[first][:, y0:y1, x0:x1] + codes[second][:, y0:y1, x0:x1]
            histogram += np.bincount(both.ravel(), minlength=CODES**2) / max(both.size, 1)
    return out.astype(np.float32).ravel()


def sixteen_boxes(points: np.ndarray) -> np.ndarray:
    """Squares on brows, eyes, nose, mouth and chin, where action units show, (16, 4) int px.

    The paper draws its regions after FACS, without numbers; places and sizes are ours.

    Parameters
    ----------
    points : ndarray of shape (68, 2)
        iBUG points, px.
    """
    below = np.array([0, 0.3 * np.linalg.norm(points[42:48].mean(axis=0) - points[36:42].mean(axis=0))])
    brows = [points[17:20].mean(axis=0), points[20:22].mean(axis=0), points[[21, 22]].mean(axis=0)]
    brows += [points[22:24].mean(axis=0), points[24:27].mean(axis=0)]
    eyes = [points[36], points[45], points[36:42].mean(axis=0) + below, points[42:48].mean(axis=0) + below]
    mouth = [*points[[31, 35, 48, 54, 51, 57]], points[8] - below / 2]
    return squares(points, [*brows, *eyes, *mouth])


class LSTD(ClipTransformer):
    """:func:`lstd` of each clip, onset to offset, in the :func:`sixteen_boxes` of the mesh found in its onset frame.

    Parameters
    ----------
    radius : int, default=1
        Px and frames.
    rpca : bool, default=True
        Describe the sparse part that :func:`fleeting.preprocess.rpca.robust_pca` finds in the rectangle around the boxes; the
        grey frames otherwise.
    find_mesh : bool, default=True
        As in :class:`fleeting.features.au_motion.AUMotion`.
    """

    def __init__(self, radius: int = 1, rpca: bool = True, find_mesh: bool = True):
        self.radius = radius
        self.rpca = rpca
        self.find_mesh = find_mesh

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The descriptor of one clip."""
        with named(clip):
            require_whole(radius=self.radius)
            frames = require_size(moment(clip), (2 * self.radius + 1,) * 3, f"LSTD with radius {self.radius}")
            boxes = sixteen_boxes(to_ibug68(mesh_in(frames[0], self.find_mesh)))
            volume = grey(frames)
            if self.rpca:
                volume, boxes = _brief_motion(volume, boxes, self.radius)
            return lstd(volume, boxes, self.radius)


def _brief_motion(volume: np.ndarray, boxes: np.ndarray, rim: int) -> tuple[np.ndarray, np.ndarray]:
    """The sparse part of the frames around the boxes, (T, h, w) float64, and the boxes in it."""
    height, width = volume.shape[1:]
    x0, y0 = np.clip(boxes[:, :2].min(axis=0) - rim, 0, [width - 2 * rim - 1, height - 2 * rim - 1])
    x1, y1 = np.clip(boxes[:, 2:].max(axis=0) + rim, [x0 + 2 * rim + 1, y0 + 2 * rim + 1], [width, height])
    part = volume[:, y0:y1, x0:x1]
    sparse = robust_pca(part.reshape(len(part), -1).T)[1]
    return sparse.T.reshape(part.shape), boxes - [x0, y0, x0, y0]
