"""The apex frame on a black square, as the 47-layer network takes it."""

from __future__ import annotations

import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from .frames import apex_frame, named, require_whole

SIZE = 400


def pad(image: np.ndarray, size: int = SIZE) -> np.ndarray:
    """The picture in the middle of a black square, with values from -1 (black, and all that is padded) to 1.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), uint8 RGB
        Not larger than the square: nothing is made smaller.
    size : int, default=400
        Side of the square, px. Where the margins cannot be equal, the left and the upper one are a pixel smaller.

    Returns
    -------
    ndarray of shape (3, size, size), float32
        ``(x / 255 - .5) / .5``. The paper says "normalised"; the formula is that of the author's notebook.

    Raises
    ------
    UsageError
        When the picture is larger than the square, or not uint8 RGB.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise UsageError(f"padding takes an RGB picture, (H, W, 3) uint8; got {image.shape} {image.dtype}")
    require_whole(size=size)
    height, width = image.shape[:2]
    if height > size or width > size:
        raise UsageError(f"a picture of {width} x {height} px does not fit into {size} x {size} px; crop it before, or take a larger size")
    top, left = (size - height) // 2, (size - width) // 2
    out = np.full((3, size, size), -1, np.float32)
    out[:, top : top + height, left : left + width] = image.transpose(2, 0, 1) / np.float32(127.5) - 1
    return out


class PaddedApex(ClipTransformer):
    """:func:`pad` of each clip's apex frame, (3, size, size) float32.

    Parameters
    ----------
    size : int, default=400
        As in :func:`pad`.
    """

    def __init__(self, size: int = SIZE):
        self.size = size

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The picture of one clip."""
        with named(clip):
            return pad(apex_frame(clip), self.size)
