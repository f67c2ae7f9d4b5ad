"""HOG: histograms of the directions of brightness gradients, cell by cell, as scikit-image computes them."""

from __future__ import annotations

import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from .stills import grey_square, of_stills


def hog(image: np.ndarray, size: int = 64, cell: int = 8, block: int = 2, orientations: int = 9) -> np.ndarray:
    """Histograms of unsigned gradient directions of a picture, normalised in overlapping blocks of cells.

    Parameters
    ----------
    image : ndarray of shape (H, W), uint8 or float
        Grey; brought to ``size`` px a side.
    size : int, default=64
        Sides of the picture that is described, px.
    cell : int, default=8
        Side of a cell, px.
    block : int, default=2
        Side of a block, cells; blocks are a cell apart. There must be room for one.
    orientations : int, default=9
        Directions over half a turn.

    Returns
    -------
    ndarray of shape ((size // cell - block + 1) ** 2 * block ** 2 * orientations,), float32
        1764 numbers as it stands. Zeros for a flat picture.

    Raises
    ------
    UsageError
        When the picture is no grey picture of finite numbers, or a parameter is not allowed.

    References
    ----------
    Dalal & Triggs (2005), CVPR. doi:10.1109/CVPR.2005.177

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.random.default_rng(0).integers(0, 255, (10, 64, 64), np.uint8)
    >>> hog(frames[0]).shape
    (1764,)
    """
    from skimage.feature import hog as histograms

    if min(cell, block, orientations) < 1 or size < cell * block:
        given = f"cell={cell}, block={block} and orientations={orientations}"
        raise UsageError(f"HOG: {given} must be 1 or more, size={size} at least cell * block")
    small = grey_square(image, size, "HOG")
    found = histograms(small, orientations, (cell, cell), (block, block), block_norm="L2-Hys")
    return np.asarray(found, np.float32)


class HOG(ClipTransformer):
    """:func:`hog` of each clip's apex frame.

    Parameters
    ----------
    size : int, default=64
        As in :func:`hog`.
    cell : int, default=8
        As in :func:`hog`.
    block : int, default=2
        As in :func:`hog`.
    orientations : int, default=9
        As in :func:`hog`.
    frames : {"apex", "mean"}, default="apex"
        The apex frame, or the mean over all frames from onset to offset.
    """

    def __init__(self, size: int = 64, cell: int = 8, block: int = 2, orientations: int = 9, frames: str = "apex"):
        self.size = size
        self.cell = cell
        self.block = block
        self.orientations = orientations
        self.frames = frames

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The descriptor of one clip."""
        return of_stills(clip, lambda image: hog(image, self.size, self.cell, self.block, self.orientations), self.frames)
