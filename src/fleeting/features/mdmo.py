"""MDMO: the main directional mean optical flow of 36 regions of the face."""

from __future__ import annotations

import cv2
import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from ..faces.landmarks import to_ibug68
from ..preprocess.frames import moment, named
from .au_motion import mesh_in
from .fields import direction_bins, flow_from_first, require_fields

# Sectors of 45 degrees, centred on the axes and the diagonals.
N_BINS = 8
# px; what is left of a motion that was taken away has no direction.
LEAST_LENGTH = 1e-6
# Points at the rim of the face and the tip of the nose, iBUG numbers: they move with the head.
HEAD = (*range(6), *range(11, 17), 30)
# The brow points that are also used moved up, and pairs of points whose middles are used; numbered from 68 on, in this order.
RAISED = (17, 19, 21, 22, 24, 26)
MIDDLES = ((3, 29), (13, 29), (4, 33), (12, 33), (5, 59), (11, 55), (2, 41), (14, 46), (6, 58), (8, 57), (10, 56))
U17, U19, U21, U22, U24, U26, ROOT, M3, M13, M4, M12, M5, M11, M2, M14, M6, M8, M10 = range(68, 86)
# Corners of the 36 regions, after the public port of the authors' program in MEB; the paper's figure was not compared.
# fmt: off
REGIONS = (
    (17, U17, U19, 19), (19, U19, U21, 21), (21, U21, ROOT, 27), (27, ROOT, U22, 22), (22, U22, U24, 24), (24, U24, U26, 26),  # brows
    (1, 0, 17, 36), (36, 17, 19, 38), (38, 19, 21, 39), (39, 21, 27, 28),  # right eye
    (28, 27, 22, 42), (42, 22, 24, 43), (43, 24, 26, 45), (45, 26, 16, 15),  # left eye
    (3, 2, M2, M3), (M3, M2, 41, 39), (M3, 39, 28, 29), (29, 28, 42, M13), (M13, 42, 46, M14), (M13, M14, 14, 13),  # cheeks
    (M4, M3, 29, 33), (33, 29, M13, M12), (M5, M4, 33, 59), (55, 33, M12, M11),  # nose and upper lip
    (M6, M5, 59, 58), (M8, M6, 58, 57), (M10, M8, 57, 56), (M11, M10, 56, 55),  # lower lip
    (4, 3, M3, M4), (M12, M13, 13, 12), (5, 4, M4, M5), (M11, M12, 12, 11),  # jaw
    (6, 5, M5, M6), (8, 6, M6, M8), (10, 8, M8, M10), (11, 10, M10, M11),  # chin
)
# fmt: on


def mdmo(
    flow: np.ndarray,
    points: np.ndarray,
    weight: float = 0.77,
    aggregation: str = "per_frame",
    cartesian: bool = False,
    align: bool = False,
) -> np.ndarray:
    """The mean length and direction, over a clip, of the motion in the commonest of 8 directions in each region.

    Parameters
    ----------
    flow : ndarray of shape (T - 1, H, W, 2), float
        px from the first frame to each later one, x right, y down.
    points : ndarray of shape (68, 2)
        iBUG points in the first frame, px.
    weight : float, default=.77
        Lambda of the paper: lengths, the longest as one, times this; angles times what is left to one.
    aggregation : {"per_frame", "pooled"}, default="per_frame"
        The main direction of each frame, then the mean over frames (the paper's), or one of all frames' vectors together.
    cartesian : bool, default=False
        Give x and y, the longest as one and unweighted, instead of length and angle, which jumps between 0 and 2 pi.
    align : bool, default=False
        First take away the affine motion of the face's rim and the tip of the nose.

    Returns
    -------
    ndarray of shape (72,), float32
        36 weighted lengths, then 36 weighted angles, 0 to 2 pi from +x towards +y (down); with ``cartesian`` 36 x, then 36 y.
        Zero for a region outside of the picture or where nothing moves.

    Raises
    ------
    UsageError
        When shapes, values or the aggregation do not fit.

    References
    ----------
    Liu, Zhang, Yan, Wang, Zhao & Fu (2016), IEEE Transactions on Affective Computing 7(4). doi:10.1109/TAFFC.2015.2485205.
    Directions are averaged as vectors; the public port averages angles, which fails around 0, and keeps empty regions as NaN.
    """
    require_fields(flow, "MDMO")
    if flow.ndim != 4 or points.shape != (68, 2) or not np.isfinite(points).all():
        raise UsageError(f"MDMO takes flow of shape (T - 1, H, W, 2), T from 2, and 68 points, finite; got {flow.shape} and {points.shape}")
    if not 0 <= weight <= 1:
        raise UsageError(f"MDMO: weight={weight} must be 0 to 1")
    if aggregation not in ("per_frame", "pooled"):
        raise UsageError(f"aggregation {aggregation!r} is not known; choose from per_frame, pooled")
    region, y, x = np.nonzero(region_masks(points, flow.shape[1:3]))  # (P,) each: a pixel of a region
    if not len(region):
        raise UsageError(f"MDMO: no region of the face lies in the picture of {flow.shape[2]} x {flow.shape[1]} px; give larger pictures")
    inside = flow[:, y, x]  # (T - 1, P, 2)
    if align:
        inside = inside - _head_motion(flow, points, x, y)
    shape = (len(flow), len(REGIONS), N_BINS)
    place = (np.arange(len(flow))[:, None] * len(REGIONS) + region) * N_BINS + direction_bins(inside, N_BINS, -np.pi / N_BINS)
    moves = np.hypot(inside[..., 0], inside[..., 1]) > LEAST_LENGTH
    weights = (moves, moves * inside[..., 0], moves * inside[..., 1])
    counts, sum_x, sum_y = (np.bincount(place.ravel(), w.ravel(), np.prod(shape)).reshape(shape) for w in weights)
    if aggregation == "pooled":
        counts, sum_x, sum_y = (numbers.sum(axis=0, keepdims=True) for numbers in (counts, sum_x, sum_y))
    main = counts.argmax(axis=2)[..., None]
    mean = np.concatenate([np.take_along_axis(sums / np.maximum(counts, 1), main, 2) for sums in (sum_x, sum_y)], axis=2).mean(axis=0)
    length = np.hypot(*mean.T)
    longest = length.max() or 1
    if cartesian:
        return (mean / longest).T.astype(np.float32).ravel()
    angle = np.where(length > 0, np.arctan2(mean[:, 1], mean[:, 0]), 0)
    angle = np.where(angle < -1e-12, angle + 2 * np.pi, np.maximum(angle, 0))
    return np.concatenate([weight * length / longest, (1 - weight) * angle]).astype(np.float32)


def region_masks(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The 36 regions as pictures, (36, H, W) bool, from 68 iBUG points, px."""
    eyes = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    up = np.array([0, 0.2 * np.linalg.norm(eyes[1] - eyes[0])])  # 20 px in the port, whatever the size of the face
    raised = points[list(RAISED)] - up
    middles = [(points[a] + points[b]) / 2 for a, b in MIDDLES]
    corners = np.concatenate([points, raised, [(raised[2] + raised[3]) / 2], middles])
    masks = np.zeros((len(REGIONS), *shape), np.uint8)
    for mask, region in zip(masks, REGIONS, strict=True):
        cv2.fillPoly(mask, [np.rint(corners[list(region)]).astype(np.int32)], 1)
    return masks.astype(bool)


class MDMO(ClipTransformer):
    """:func:`mdmo` of each clip, onset to offset, on the mesh found in its onset frame.

    Parameters
    ----------
    weight : float, default=0.77
        As in :func:`mdmo`.
    aggregation : {"per_frame", "pooled"}, default="per_frame"
        As in :func:`mdmo`.
    cartesian : bool, default=False
        As in :func:`mdmo`.
    align : bool, default=True
        As in :func:`mdmo`.
    find_mesh : bool, default=True
        As in :class:`fleeting.features.au_motion.AUMotion`.
    method : {"dis", "tvl1", "farneback", "horn_schunck"}, default="dis"
        Optical flow, see :func:`fleeting.flow.flow`.
    """

    def __init__(
        self,
        weight: float = 0.77,
        aggregation: str = "per_frame",
        cartesian: bool = False,
        align: bool = True,
        find_mesh: bool = True,
        method: str = "dis",
    ):
        self.weight = weight
        self.aggregation = aggregation
        self.cartesian = cartesian
        self.align = align
        self.find_mesh = find_mesh
        self.method = method

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The descriptor of one clip."""
        with named(clip):
            frames = moment(clip)
            fields = flow_from_first(frames, self.method)
            points = to_ibug68(mesh_in(frames[0], self.find_mesh))
            return mdmo(fields, points, self.weight, self.aggregation, self.cartesian, self.align)


def _head_motion(flow: np.ndarray, points: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The affine motion that fits each field best at the points that move with the head, at some pixels, (T - 1, P, 2)."""
    height, width = flow.shape[1:3]
    there_x, there_y = np.clip(np.rint(points[list(HEAD)]), 0, [width - 1, height - 1]).astype(int).T
    known = flow[:, there_y, there_x].astype(np.float64).swapaxes(0, 1).reshape(len(HEAD), -1)  # (13, (T - 1) * 2)
    fit, *_ = np.linalg.lstsq(np.column_stack([there_x, there_y, np.ones(len(HEAD))]), known, rcond=None)
    return (np.column_stack([x, y, np.ones(len(x))]) @ fit).reshape(len(x), -1, 2).swapaxes(0, 1)
