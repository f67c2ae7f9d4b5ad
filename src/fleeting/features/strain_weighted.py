"""Optical strain as a descriptor (OSF), and as the weight of LBP-TOP's blocks (OSW)."""

from __future__ import annotations

import cv2
import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..flow import strain
from ..preprocess.frames import grey, moment, named, require_grid
from .fields import block_numbers, flow_from_first, require_fields
from .lbp_top import lbp_top

SIDE = 50


def strain_map(flow: np.ndarray) -> np.ndarray:
    """The strain of all fields added up, divided by its maximum, at 50 x 50 px, as a row: (2500,) float32, 0 to 1.

    Parameters
    ----------
    flow : ndarray of shape (T - 1, H, W, 2), float
        Displacement, px, x right, y down; or a single field. Without strain, the row is zero.

    Returns
    -------
    ndarray of shape (2500,), float32
        Between 0 and 1.

    Raises
    ------
    UsageError
        When there is no flow of at least 2 x 2 px, or it holds NaN or infinity.

    References
    ----------
    Liong, See, Phan, Oh, Le Ngo, Wong & Tan (2016), Signal Processing: Image Communication 47.

    Examples
    --------
    >>> import numpy as np
    >>> flow = np.random.default_rng(0).normal(size=(6, 64, 64, 2))
    >>> strain_map(flow).shape
    (2500,)
    """
    return cv2.resize(_normalised(_strain_sum(flow)), (SIDE, SIDE), interpolation=cv2.INTER_AREA).ravel()


def strain_weights(flow: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """The mean strain of each block over all fields, the largest as one: (rows * columns,) float32; zeros without strain."""
    require_fields(flow, "strain weighting", grid)
    block = block_numbers(flow.shape[-3:-1], grid).ravel()
    return _normalised(np.bincount(block, _strain_sum(flow).ravel()) / np.bincount(block)).astype(np.float32)


class StrainMap(ClipTransformer):
    """:func:`strain_map` of each clip's flow from its onset to each frame up to its offset (OSF).

    Parameters
    ----------
    method : {"dis", "tvl1", "farneback", "horn_schunck"}, default="dis"
        Optical flow, see :func:`fleeting.flow.flow`; the paper's is TV-L1.
    """

    def __init__(self, method: str = "dis"):
        self.method = method

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The descriptor of one clip."""
        with named(clip):
            return strain_map(flow_from_first(moment(clip), self.method))


class StrainWeightedLBPTOP(ClipTransformer):
    """LBP-TOP with each block's histograms times the block's :func:`strain_weights` (OSW), grey.

    The blocks of the strain divide the whole picture, those of LBP-TOP what is left without its rim, as in
    :func:`fleeting.features.lbp_top.lbp_top`.

    Parameters
    ----------
    grid : tuple of int, default=(5, 5)
        As in :func:`fleeting.features.lbp_top`.
    radii : tuple of int, default=(1, 1, 4)
        As in :func:`fleeting.features.lbp_top`.
    neighbours : int or tuple of int, default=4
        As in :func:`fleeting.features.lbp_top`.
    method : {"dis", "tvl1", "farneback", "horn_schunck"}, default="dis"
        Optical flow, see :func:`fleeting.flow.flow`; the paper's is TV-L1.
    """

    def __init__(
        self,
        grid: tuple[int, int] = (5, 5),
        radii: tuple[int, int, int] = (1, 1, 4),
        neighbours: int | tuple[int, int, int] = 4,
        method: str = "dis",
    ):
        self.grid = grid
        self.radii = radii
        self.neighbours = neighbours
        self.method = method

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The descriptor of one clip."""
        with named(clip):
            frames = grey(moment(clip))
            require_grid(self.grid, "strain-weighted LBP-TOP")
            histograms = lbp_top(frames, self.grid, self.radii, self.neighbours).reshape(self.grid[0] * self.grid[1], -1)
            return (histograms * strain_weights(flow_from_first(frames, self.method), self.grid)[:, None]).ravel()


def _strain_sum(flow: np.ndarray) -> np.ndarray:
    require_fields(flow, "strain weighting", (2, 2))
    fields = flow.reshape(-1, *flow.shape[-3:])
    total = np.sum([strain(field) for field in fields], axis=0)
    # What float32 leaves of a shift of the whole picture is no strain.
    return np.where(total > 1e-6 * len(fields) * max(np.abs(flow).max(), 1e-6), total, 0).astype(np.float32)


def _normalised(x: np.ndarray) -> np.ndarray:
    return x / x.max() if x.max() > 0 else x
