"""STLBP-IP: local binary patterns of integral projections, the sums of a block's rows and columns, in space and in time."""

from __future__ import annotations

import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from ..preprocess.frames import grey, moment, named, require_grid, require_size, require_whole
from ..preprocess.rpca import robust_pca
from .fields import block_edges, block_insides
from .lbp_top import uniform_bins
from .neighbours import binary_codes, three_planes

DIFFERENCES = (None, "first", "absolute", "rpca")
# Points on the circle around a place in a projection's picture.
POINTS = 8


def stlbp_ip(
    frames: np.ndarray,
    grid: tuple[int, int] = (8, 9),
    reach: int = 4,
    radius: int = 3,
    uniform: bool = True,
    difference: str | None = "first",
) -> np.ndarray:
    """Four histograms for each block, each summing to one: shape along y and x, and motion along y and x.

    The rows of a block are summed up, and its columns. A place in such a projection is compared with ``reach`` places on
    both sides (shape), and, the projections of all frames laid side by side, with a circle in place and time (motion).

    Parameters
    ----------
    frames : ndarray of shape (T, H, W) or (T, H, W, 3), uint8 or float
        Grey, or uint8 RGB, of which the luma is taken; at least ``2 radius + 1`` frames, one more with a difference from the first.
    grid : tuple of int, default=(8, 9)
        Rows and columns of blocks, without overlap; each must be more than ``2 reach`` and ``2 radius`` px high and wide.
    reach : int, default=4
        1 to 6. Neighbours at -reach ... -1, 1 ... reach; the first is the lowest bit.
    radius : int, default=3
        Px and frames, of the circle of 8 points, placed as in :func:`fleeting.features.lbp_top.lbp_top`.
    uniform : bool, default=True
        As there; the bits of the shape, too, are seen as a circle.
    difference : {"first", "absolute", "rpca", None}, default="first"
        What is described: frames less the first one; the absolute values of that; the sparse part of the clip
        (:func:`fleeting.preprocess.rpca.robust_pca`); or the frames themselves. All but the last do away with who it is.

    Returns
    -------
    ndarray of shape (rows * columns * (2 bins of the shape + 2 bins of the motion),), float32
        Shape along y, shape along x, motion along y, motion along x of the first block, and so on: 4 times 59 as it stands.

    Raises
    ------
    UsageError
        When frames are too few, too small for the grid or not finite, or a parameter is not allowed.

    References
    ----------
    Huang, Wang, Zhao & Pietikäinen (2015), ICCV workshops. The public program takes 256 bins for the shape of the whole
    face; a later paper of the authors takes the sparse part of a robust PCA for the difference.

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.random.default_rng(0).integers(0, 255, (10, 64, 64), np.uint8)
    >>> stlbp_ip(frames, grid=(4, 4)).shape  # 16 blocks x 4 x 59 bins
    (3776,)
    """
    if difference not in DIFFERENCES:
        raise UsageError(f"difference {difference!r} is not known; choose from {', '.join(map(str, DIFFERENCES))}")
    require_grid(grid, "STLBP-IP")
    require_whole(reach=reach, radius=radius)
    if reach > 6:
        raise UsageError(f"STLBP-IP: reach={reach} must be 1 to 6")
    side = 2 * max(reach, radius) + 1
    least = 2 * radius + 1 + (difference in ("first", "absolute"))
    require_size(frames, (least, side * grid[0], side * grid[1]), f"STLBP-IP with grid {grid}, reach {reach} and radius {radius}")
    volume = _changed(grey(frames) if frames.ndim == 4 else frames, difference)
    down, right = (block_edges(size, n) for size, n in zip(volume.shape[1:], grid, strict=True))
    # Sums, for within a block they order as means do, and those of whole numbers are exact.
    by_row = np.add.reduceat(volume, right[:-1], axis=2)  # (T, H, columns)
    by_column = np.add.reduceat(volume, down[:-1], axis=1)  # (T, rows, W)
    _, xt, yt = three_planes((radius,) * 3, (POINTS,) * 3)
    apart = [*range(-reach, 0), *range(1, reach + 1)]
    parts = [
        _along_y(by_row, [(0, k, 0) for k in apart], (0, reach, 0), grid[0], uniform),
        _along_x(by_column, [(k, 0, 0) for k in apart], (reach, 0, 0), grid[1], uniform),
        _along_y(by_row, yt, (0, radius, radius), grid[0], uniform),
        _along_x(by_column, xt, (radius, 0, radius), grid[1], uniform),
    ]
    return np.concatenate(parts, axis=1).astype(np.float32).ravel()


class STLBPIP(ClipTransformer):
    """:func:`stlbp_ip` of each clip, grey, from onset to offset.

    Parameters
    ----------
    grid : tuple of int, default=(8, 9)
        As in :func:`stlbp_ip`.
    reach : int, default=4
        As in :func:`stlbp_ip`.
    radius : int, default=3
        As in :func:`stlbp_ip`.
    uniform : bool, default=True
        As in :func:`stlbp_ip`.
    difference : {"first", "absolute", "rpca", None}, default="first"
        As in :func:`stlbp_ip`.
    """

    def __init__(
        self,
        grid: tuple[int, int] = (8, 9),
        reach: int = 4,
        radius: int = 3,
        uniform: bool = True,
        difference: str | None = "first",
    ):
        self.grid = grid
        self.reach = reach
        self.radius = radius
        self.uniform = uniform
        self.difference = difference

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The descriptor of one clip."""
        with named(clip):
            return stlbp_ip(grey(moment(clip)), self.grid, self.reach, self.radius, self.uniform, self.difference)


def _changed(volume: np.ndarray, difference: str | None) -> np.ndarray:
    """What is described, (T, H, W) or a frame less, float64."""
    volume = volume.astype(np.float64)
    if difference == "rpca":
        return robust_pca(volume.reshape(len(volume), -1).T)[1].T.reshape(volume.shape)
    if difference is None:
        return volume
    change = volume[1:] - volume[0]
    return np.abs(change) if difference == "absolute" else change


def _along_y(
    sums: np.ndarray, points: list[tuple[float, float, float]], radii: tuple[int, int, int], rows: int, uniform: bool
) -> np.ndarray:
    """Histograms of patterns in (T, H, columns) sums for each block, (rows * columns, bins); only neighbours of the same block count."""
    table = uniform_bins(len(points)) if uniform else np.arange(2 ** len(points))
    bins, columns = int(table.max()) + 1, sums.shape[2]
    block = block_insides(sums.shape[1], rows, radii[1])[:, None] * columns + np.arange(columns)
    place = table[binary_codes(sums, points, radii)] + block * bins
    counts = np.bincount(place.ravel(), minlength=(rows + 1) * columns * bins).reshape(-1, bins)[:-columns]
    return counts / counts.sum(axis=1, keepdims=True)


def _along_x(
    sums: np.ndarray, points: list[tuple[float, float, float]], radii: tuple[int, int, int], columns: int, uniform: bool
) -> np.ndarray:
    """The same of (T, rows, W) sums, (rows * columns, bins): x and y change places, and back."""
    turned = [(y, x, t) for x, y, t in points]
    histograms = _along_y(sums.swapaxes(1, 2), turned, (radii[1], radii[0], radii[2]), columns, uniform)
    return histograms.reshape(columns, -1, histograms.shape[1]).swapaxes(0, 1).reshape(histograms.shape)
