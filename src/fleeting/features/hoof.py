"""HOOF: a histogram of oriented optical flow."""

from __future__ import annotations

import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..preprocess.frames import moment, named, require_whole
from .fields import block_numbers, direction_bins, flow_frame_to_frame, require_fields


def hoof(flow: np.ndarray, n_bins: int = 8, grid: tuple[int, int] = (1, 1)) -> np.ndarray:
    """Histograms of flow directions, each vector with its length as weight, one a block, each summing to one.

    Unlike the paper, whose bins are symmetric about the vertical axis, left and right are told apart: one-sided movements
    are among those looked for.

    Parameters
    ----------
    flow : ndarray of shape (..., H, W, 2), float
        px, x right, y down; all fields are counted together.
    n_bins : int, default=8
        Directions; bin 0 begins at +x, and bins go counter-clockwise as seen on the screen.
    grid : tuple of int, default=(1, 1)
        Rows and columns of blocks.

    Returns
    -------
    ndarray of shape (rows * columns * n_bins,), float32
        Zeros for a block in which nothing moves.

    Raises
    ------
    UsageError
        When flow has another shape, fewer pixels than blocks, or holds NaN or infinity, or a parameter is not allowed.

    References
    ----------
    Chaudhry, Ravichandran, Hager & Vidal (2009), CVPR.

    Examples
    --------
    >>> import numpy as np
    >>> flow = np.random.default_rng(0).normal(size=(6, 64, 64, 2))
    >>> hoof(flow, grid=(2, 2)).shape, round(float(hoof(flow).sum()), 3)
    ((32,), 1.0)
    """
    require_fields(flow, "HOOF", grid)
    require_whole(n_bins=n_bins)
    blocks = grid[0] * grid[1]
    where = block_numbers(flow.shape[-3:-1], grid) * n_bins + direction_bins(flow * np.array([1, -1], flow.dtype), n_bins)
    length = np.hypot(flow[..., 0], flow[..., 1])
    histogram = np.bincount(where.ravel(), length.ravel(), blocks * n_bins).reshape(blocks, n_bins)
    total = histogram.sum(axis=1, keepdims=True)
    return np.divide(histogram, total, out=np.zeros_like(histogram), where=total > 0).astype(np.float32).ravel()


class HOOF(ClipTransformer):
    """:func:`hoof` of each clip's flow from frame to frame, onset to offset.

    Parameters
    ----------
    n_bins : int, default=8
        As in :func:`hoof`.
    grid : tuple of int, default=(1, 1)
        As in :func:`hoof`.
    method : {"dis", "tvl1", "farneback", "horn_schunck"}, default="dis"
        Optical flow, see :func:`fleeting.flow.flow`.
    """

    def __init__(self, n_bins: int = 8, grid: tuple[int, int] = (1, 1), method: str = "dis"):
        self.n_bins = n_bins
        self.grid = grid
        self.method = method

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The descriptor of one clip."""
        with named(clip):
            return hoof(flow_frame_to_frame(moment(clip), self.method), self.n_bins, self.grid)
