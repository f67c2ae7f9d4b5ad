"""CBP-TOP: centralised binary patterns, which compare opposite neighbours with each other, on three orthogonal planes."""

from __future__ import annotations

import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from ..preprocess.frames import grey, moment, named, require_whole
from .fields import block_numbers
from .neighbours import neighbour, require_blocks, stretches, three_planes


def cbp_top(
    frames: np.ndarray,
    grid: tuple[int, int] = (6, 6),
    radii: tuple[int, int, int] = (3, 3, 3),
    neighbours: int = 8,
    threshold: float = 2,
) -> np.ndarray:
    """Histograms of centralised binary patterns in XY, XT and YT for each block, each summing to one.

    A pattern has one bit for each pair of opposite neighbours that differ by the threshold or more, and as highest bit
    whether the centre differs so from the mean of itself and all neighbours. It is half as long as an LBP, and flat skin
    with a little noise has the code 0.

    Parameters
    ----------
    frames : ndarray of shape (T, H, W) or (T, H, W, 3), uint8 or float
        Grey, or uint8 RGB, of which the luma is taken.
    grid : tuple of int, default=(6, 6)
        Rows and columns of blocks, without overlap, on what is left when a rim of ``radii`` is cut off.
    radii : tuple of int, default=(3, 3, 3)
        Along x and y, px, and t, frames.
    neighbours : int, default=8
        Points on the ellipse, even, 2 to 16; placed as in :func:`fleeting.features.lbp_top.lbp_top`.
    threshold : float, default=2
        Grey levels, more than 0. The papers leave it, grid and radii open.

    Returns
    -------
    ndarray of shape (rows * columns * 3 * 2 ** (neighbours / 2 + 1),), float32
        XY, XT, YT of the first block, and so on: 96 numbers a block with 8 neighbours.

    Raises
    ------
    UsageError
        When frames are too few, too small for the grid or not finite, or a parameter is not allowed.

    References
    ----------
    Guo, Xue, Wang & Yu (2015), Optik. Fu & Wei (2008), ICNC: the pattern in a single plane.

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.random.default_rng(0).integers(0, 255, (10, 64, 64), np.uint8)
    >>> cbp_top(frames).shape  # 36 blocks x 3 planes x 32 bins
    (3456,)
    """
    require_whole(neighbours=neighbours)
    if not 2 <= neighbours <= 16 or neighbours % 2 or not threshold > 0:
        raise UsageError(f"neighbours={neighbours} must be even, 2 to 16, and threshold={threshold} more than 0")
    require_blocks(frames, grid, radii, "CBP-TOP")
    volume = grey(frames) if frames.ndim == 4 else frames
    rx, ry, rt = radii
    half, blocks = neighbours // 2, grid[0] * grid[1]
    bins = 2 ** (half + 1)
    block = block_numbers((volume.shape[1] - 2 * ry, volume.shape[2] - 2 * rx), grid) * bins
    counts = np.zeros((3, blocks * bins))
    for part in stretches(volume, rt):
        centre = neighbour(part, (0, 0, 0), radii)
        for count, points in zip(counts, three_planes(radii, (neighbours,) * 3), strict=True):
            total, place = centre.copy(), np.broadcast_to(block, centre.shape).copy()
            for bit, (point, opposite) in enumerate(zip(points[:half], points[half:], strict=True)):
                one, other = neighbour(part, point, radii), neighbour(part, opposite, radii)
                place += (np.abs(one - other) >= threshold).astype(int) << bit
                total += one
                total += other
            place += (np.abs(centre - total / (neighbours + 1)) >= threshold).astype(int) << half
            count += np.bincount(place.ravel(), minlength=blocks * bins)
    histograms = counts.reshape(3, blocks, bins)
    return (histograms / histograms.sum(axis=2, keepdims=True)).swapaxes(0, 1).astype(np.float32).ravel()


class CBPTOP(ClipTransformer):
    """:func:`cbp_top` of each clip, grey, from onset to offset.

    Parameters
    ----------
    grid : tuple of int, default=(6, 6)
        As in :func:`cbp_top`.
    radii : tuple of int, default=(3, 3, 3)
        As in :func:`cbp_top`.
    neighbours : int, default=8
        As in :func:`cbp_top`.
    threshold : float, default=2
        As in :func:`cbp_top`.
    """

    def __init__(
        self,
        grid: tuple[int, int] = (6, 6),
        radii: tuple[int, int, int] = (3, 3, 3),
        neighbours: int = 8,
        threshold: float = 2,
    ):
        self.grid = grid
        self.radii = radii
        self.neighbours = neighbours
        self.threshold = threshold

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The descriptor of one clip."""
        with named(clip):
            return cbp_top(grey(moment(clip)), self.grid, self.radii, self.neighbours, self.threshold)
