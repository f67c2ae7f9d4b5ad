"""WLD, Weber local descriptors: how much a pixel differs from its surroundings, in shares of itself, and in which direction."""

from __future__ import annotations

import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from ..preprocess.frames import require_grid, require_size, require_whole
from .fields import block_numbers, direction_bins
from .stills import of_stills

# Clockwise from the upper left, (down, right): x0 ... x7 of the paper.
AROUND = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
GRADIENTS = ("cross", "sobel")
DIRECTIONS, SEGMENTS, BINS = 8, 6, 20
# What stands for a grey value of zero in a quotient.
BLACK = 1e-3


def wld(image: np.ndarray, grid: tuple[int, int] = (1, 1), radius: int = 1, gradient: str = "cross", alpha: float = 1) -> np.ndarray:
    """Histograms of excitation and direction for each block, each summing to one.

    Parameters
    ----------
    image : ndarray of shape (H, W), uint8 or float
        Grey, 0 or more. A gain changes nothing.
    grid : tuple of int, default=(1, 1)
        Rows and columns of blocks, without overlap, on what is left when a rim of ``radius`` is cut off.
    radius : int, default=1
        Px between a pixel and its 8 neighbours, which lie on a square.
    gradient : {"cross", "sobel"}, default="cross"
        Direction from the four nearest of the neighbours, or from all by Sobel's weights.
    alpha : float, default=1
        Excitation is ``arctan(alpha * sum(neighbour - pixel) / pixel)``; public programs take 3.

    Returns
    -------
    ndarray of shape (rows * columns * 6 * 8 * 20,), float32
        Six segments of the excitation from -pi/2 to pi/2, in each eight directions of the change (the first pointing up, counted
        clockwise), in each 20 bins of the excitation: 960 numbers a block.

    Raises
    ------
    UsageError
        When the picture is too small, negative or not finite, or a parameter is not allowed.

    References
    ----------
    Chen, Shan, He, Zhao, Pietikäinen, Chen & Gao (2010), IEEE TPAMI 32(9). The paper also weights the segments, for textures.

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.random.default_rng(0).integers(0, 255, (10, 64, 64), np.uint8)
    >>> wld(frames[0]).shape
    (960,)
    """
    require_grid(grid, "WLD")
    require_whole(radius=radius)
    if gradient not in GRADIENTS:
        raise UsageError(f"WLD: gradient={gradient!r} is not known; choose from {', '.join(GRADIENTS)}")
    if image.ndim != 2:
        raise UsageError(f"WLD takes a grey picture of shape (H, W); got {image.shape}")
    require_size(image[None], (1, 2 * radius + grid[0], 2 * radius + grid[1]), f"WLD with radius {radius} and grid {grid}")
    if image.min() < 0:
        raise UsageError(f"WLD takes grey values of 0 or more; got {image.min()}")
    values = image.astype(np.float64)
    height, width = (size - 2 * radius for size in image.shape)
    x = [values[radius * (1 + down) :, radius * (1 + right) :][:height, :width] for down, right in AROUND]
    centre = values[radius:-radius, radius:-radius]
    excitation = np.arctan(alpha * (sum(x) - 8 * centre) / np.where(centre == 0, BLACK, centre))
    down, left = x[5] - x[1], x[7] - x[3]
    if gradient == "sobel":
        down, left = 2 * down + x[4] + x[6] - x[0] - x[2], 2 * left + x[0] + x[6] - x[2] - x[4]
    direction = direction_bins(np.stack([down, left], axis=-1), DIRECTIONS, -np.pi - np.pi / DIRECTIONS)
    # The width of a bin less, so that a flat place does not fall between two bins by rounding.
    level = np.clip(np.floor((excitation / np.pi + 0.5) * (SEGMENTS * BINS) + 1e-9), 0, SEGMENTS * BINS - 1).astype(int)
    bins = SEGMENTS * DIRECTIONS * BINS
    place = (level // BINS * DIRECTIONS + direction) * BINS + level % BINS + block_numbers((height, width), grid) * bins
    counts = np.bincount(place.ravel(), minlength=grid[0] * grid[1] * bins).reshape(-1, bins)
    return (counts / counts.sum(axis=1, keepdims=True)).astype(np.float32).ravel()


def dwld(image: np.ndarray, grid: tuple[int, int] = (1, 1), alpha: float = 1) -> np.ndarray:
    """Two Weber descriptors side by side: neighbours at 1 px, and at 2 px with directions by Sobel's weights.

    Hao & Tian (2017) combine two ("double WLD") before a deep belief network, but how is not public: this is our reading.

    Parameters
    ----------
    image : ndarray of shape (H, W), uint8 or float
        As in :func:`wld`.
    grid : tuple of int, default=(1, 1)
        As in :func:`wld`.
    alpha : float, default=1
        As in :func:`wld`.

    Returns
    -------
    ndarray of shape (2 * rows * columns * 960,), float32

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.random.default_rng(0).integers(0, 255, (10, 64, 64), np.uint8)
    >>> dwld(frames[0], grid=(2, 2)).shape
    (7680,)
    """
    return np.concatenate([wld(image, grid, 1, "cross", alpha), wld(image, grid, 2, "sobel", alpha)])


class DWLD(ClipTransformer):
    """:func:`dwld` of each clip's apex frame.

    Parameters
    ----------
    grid : tuple of int, default=(1, 1)
        As in :func:`wld`.
    alpha : float, default=1
        As in :func:`wld`.
    frames : {"apex", "mean"}, default="apex"
        The apex frame, or the mean over all frames from onset to offset.
    """

    def __init__(self, grid: tuple[int, int] = (1, 1), alpha: float = 1, frames: str = "apex"):
        self.grid = grid
        self.alpha = alpha
        self.frames = frames

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The descriptor of one clip."""
        return of_stills(clip, lambda image: dwld(image, self.grid, self.alpha), self.frames)
