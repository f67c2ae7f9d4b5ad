"""How far and whereto each region of the face has moved since the onset, frame by frame."""

from __future__ import annotations

import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from ..faces.landmarks import to_ibug68
from ..preprocess.frames import moment, named, require_whole
from .au_motion import mesh_in
from .fields import direction_bins, flow_from_first, require_fields

# iBUG numbers of what lies in each region, first and one after the last.
REGIONS = {"brows": (17, 27), "eyes": (36, 48), "nose": (27, 36), "mouth": (48, 68)}
# How far a region reaches beyond its points, eye distances.
MARGIN = 0.15


def region_flow(flow: np.ndarray, points: np.ndarray, n_bins: int = 8, align: bool = False) -> np.ndarray:
    """Mean displacement of each region in each of some directions, for each field.

    Parameters
    ----------
    flow : ndarray of shape (F, H, W, 2), float
        px since one and the same frame, x right, y down.
    points : ndarray of shape (68, 2)
        iBUG points in that frame, px.
    n_bins : int, default=8
        Directions; bin 0 begins at +x, and bins go towards +y (down).
    align : bool, default=False
        First take away the median of each field: the head's shift.

    Returns
    -------
    ndarray of shape (F, 4, n_bins), float32
        Brows, eyes, nose, mouth; % of the eye distance, summed over the pixels of a direction and divided by those of the region.
        Zero for a region outside of the picture.

    Raises
    ------
    UsageError
        When shapes or values do not fit.
    """
    require_fields(flow, "the flow of regions")
    require_whole(n_bins=n_bins)
    if flow.ndim != 4 or points.shape != (68, 2) or not np.isfinite(points).all():
        raise UsageError(f"the flow of regions takes (F, H, W, 2) and 68 points, finite; got {flow.shape} and {points.shape}")
    iod = float(np.linalg.norm(points[42:48].mean(axis=0) - points[36:42].mean(axis=0)))
    n_fields, height, width = flow.shape[:3]
    if align:
        flow = flow - np.median(flow, axis=(1, 2), keepdims=True)
    length, bins = np.hypot(flow[..., 0], flow[..., 1]), direction_bins(flow, n_bins)
    bins += n_bins * np.arange(n_fields)[:, None, None]
    out = np.zeros((n_fields, len(REGIONS), n_bins), np.float32)
    for k, (first, end) in enumerate(REGIONS.values()):
        low, high = points[first:end].min(axis=0) - MARGIN * iod, points[first:end].max(axis=0) + MARGIN * iod
        (x0, y0), (x1, y1) = (np.clip(np.rint(corner), 0, [width, height]).astype(int) for corner in (low, high))
        inside = np.s_[:, y0:y1, x0:x1]
        sums = np.bincount(bins[inside].ravel(), length[inside].ravel(), n_bins * n_fields).reshape(n_fields, n_bins)
        out[:, k] = 100 * sums / (max(1, (y1 - y0) * (x1 - x0)) * max(iod, 1e-6))
    return out


class RegionFlow(ClipTransformer):
    """:func:`region_flow` of each clip from its onset to each frame up to its offset, (T - 1, 4, n_bins): a sequence, for a model of time.

    Parameters
    ----------
    n_bins : int, default=8
        Directions, as in :func:`region_flow`.
    align : bool, default=True
        As in :func:`region_flow`, but aligned by default.
    find_mesh : bool, default=True
        As in :class:`fleeting.features.au_motion.AUMotion`.
    method : {"dis", "tvl1", "farneback"}, default="dis"
        Optical flow, see :func:`fleeting.flow.flow`.
    """

    def __init__(self, n_bins: int = 8, align: bool = True, find_mesh: bool = True, method: str = "dis"):
        self.n_bins = n_bins
        self.align = align
        self.find_mesh = find_mesh
        self.method = method

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The sequence of one clip."""
        with named(clip):
            frames = moment(clip)
            fields = flow_from_first(frames, self.method)
            return region_flow(fields, to_ibug68(mesh_in(frames[0], self.find_mesh)), self.n_bins, self.align)
