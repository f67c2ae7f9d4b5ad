"""Bi-WOOF: flow directions from onset to apex, weighted by the flow's length in each pixel and by the strain of each block."""

from __future__ import annotations

import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from ..flow import flow as optical_flow
from ..flow import strain
from ..preprocess.frames import named, onset_and_apex, require_grid, require_whole
from .fields import block_numbers, direction_bins, require_field

VARIANTS = ("paper", "program")


def bi_woof(flow: np.ndarray, grid: tuple[int, int] = (8, 8), n_bins: int = 8, variant: str = "paper") -> np.ndarray:
    """Histograms of flow directions weighted by length, one a block, each times the block's strain.

    Parameters
    ----------
    flow : ndarray of shape (H, W, 2), float
        px from onset to apex, x right, y down.
    grid : tuple of int, default=(8, 8)
        Rows and columns of blocks; papers tune 5 to 8.
    n_bins : int, default=8
        Equal sectors of the angle from -pi to pi, +x towards +y (down).
    variant : {"paper", "program"}, default="paper"
        ``paper``: the histogram as it is, times the mean strain, the largest counting as one. ``program``, as the authors' released
        code: the histogram divided by its sum, times the summed strain, and the whole of length 1, so that how far the skin moved
        no longer counts. Their blocks overlap by a px or two, which ours do not; theirs are 5 x 5.

    Returns
    -------
    ndarray of shape (rows * columns * n_bins,), float32
        Of the paper, px; doubled flow gives doubled numbers. Of the program, without unit. Zeros where nothing is strained, as when
        the whole picture shifts.

    Raises
    ------
    UsageError
        When flow has another shape, fewer pixels than blocks, or holds NaN or infinity, or a parameter is not allowed.

    References
    ----------
    Liong, See, Wong & Phan (2018), Signal Processing: Image Communication 62. doi:10.1016/j.image.2017.11.006

    Examples
    --------
    >>> import numpy as np
    >>> flow = np.random.default_rng(0).normal(size=(64, 64, 2))
    >>> bi_woof(flow).shape  # 64 blocks x 8 directions
    (512,)
    """
    require_grid(grid, "Bi-WOOF")
    require_whole(n_bins=n_bins)
    if variant not in VARIANTS:
        raise UsageError(f"variant={variant!r} is not known; choose from {', '.join(VARIANTS)}")
    require_field(flow, "Bi-WOOF", (max(2, grid[0]), max(2, grid[1])))  # strain needs two pixels a side
    blocks = grid[0] * grid[1]
    block = block_numbers(flow.shape[:2], grid)
    local = np.hypot(flow[..., 0], flow[..., 1])
    where = block * n_bins + direction_bins(flow, n_bins, -np.pi)
    histogram = np.bincount(where.ravel(), local.ravel(), blocks * n_bins).reshape(blocks, n_bins)
    weight = np.bincount(block.ravel(), strain(flow).ravel(), blocks) / np.bincount(block.ravel(), minlength=blocks)
    largest = weight.max()
    # What float32 leaves of a shift of the whole picture is no strain.
    weight = weight / largest if largest > 1e-6 * max(local.max(), 1e-6) else np.zeros(blocks)
    if variant == "program":
        weight = weight * np.bincount(block.ravel(), minlength=blocks)  # summed, but for a factor
        histogram = histogram / np.maximum(histogram.sum(axis=1, keepdims=True), 1e-12)
        weight /= max(float(np.linalg.norm(weight[:, None] * histogram)), 1e-12)
    return (weight[:, None] * histogram).astype(np.float32).ravel()


class BiWOOF(ClipTransformer):
    """:func:`bi_woof` of each clip from onset to apex.

    Parameters
    ----------
    grid : tuple of int, default=(8, 8)
        As in :func:`bi_woof`.
    n_bins : int, default=8
        As in :func:`bi_woof`.
    method : {"tvl1", "dis", "farneback", "horn_schunck"}, default="tvl1"
        Optical flow, see :func:`fleeting.flow.flow`; the paper's is TV-L1.
    variant : {"paper", "program"}, default="paper"
        As in :func:`bi_woof`.
    """

    def __init__(self, grid: tuple[int, int] = (8, 8), n_bins: int = 8, method: str = "tvl1", variant: str = "paper"):
        self.grid = grid
        self.n_bins = n_bins
        self.method = method
        self.variant = variant

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The descriptor of one clip."""
        with named(clip):
            return bi_woof(optical_flow(*onset_and_apex(clip), self.method), self.grid, self.n_bins, self.variant)
