"""Colour spaces for descriptors that look at one channel after the other, one of them learned (TICS)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import cv2
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from ..base import ClipTransformer, NoTable, each_clip
from ..clip import Clip
from ..errors import UsageError
from .frames import frames_of, moment, named, require_colour, require_pictures, require_whole, to_uint8

SPACES = {"lab": cv2.COLOR_RGB2LAB, "luv": cv2.COLOR_RGB2LUV, "ycrcb": cv2.COLOR_RGB2YCrCb}
# What share of the training pixels may lie beyond black, and beyond white, per cent.
TAIL = 1


def to_colour_space(frames: np.ndarray, space: str = "lab") -> np.ndarray:
    """The frames in another colour space, (T, H, W, 3) uint8.

    Parameters
    ----------
    frames : ndarray of shape (T, H, W, 3), uint8
        Pictures in sRGB.
    space : {"lab", "luv", "ycrcb"}, default="lab"
        ``lab`` and ``luv`` are CIE's, in OpenCV's 8-bit form: L * 2.55, a + 128, b + 128; (u + 134) * .72, (v + 140) * .97.

    Returns
    -------
    ndarray of shape (T, H, W, 3), uint8
        The channels of the space.

    Raises
    ------
    UsageError
        When the frames are grey or not uint8, or the space is not known.

    Examples
    --------
    >>> import numpy as np
    >>> white = np.array([[[[255, 255, 255], [255, 0, 0]]]], np.uint8)
    >>> to_colour_space(white)[0, 0, 0].tolist()
    [255, 128, 128]
    """
    if space not in SPACES:
        raise UsageError(f"colour space {space!r} is not known; choose from {', '.join(SPACES)}")
    require_pictures(require_colour(frames), (1, 1, 1), "a colour space")
    return np.stack([cv2.cvtColor(np.ascontiguousarray(frame), SPACES[space]) for frame in frames])


class Colour(ClipTransformer):
    """:func:`to_colour_space` of each clip: the three channels are then no longer red, green and blue.

    Parameters
    ----------
    space : {"lab", "luv", "ycrcb"}, default="lab"
        As in :func:`to_colour_space`.
    """

    def __init__(self, space: str = "lab"):
        self.space = space

    def transform_clip(self, clip: Clip) -> Clip:
        """One clip, converted when its frames are looked at."""
        return replace(clip, read=partial(_converted, clip, self.space))


class TICS(NoTable, TransformerMixin, BaseEstimator):
    """Clips in a colour space whose channels are as independent as the training clips allow.

    Independent component analysis of the pooled pixels; the paper's alternation over the modes of a tensor is not public in
    enough detail. Components come by falling kurtosis and with weights that sum to zero or more, since analysis leaves order
    and sign open; 0 and 255 are the 1st and the 99th percentile of the training pixels.

    Parameters
    ----------
    pixels_a_clip : int, default=2000
        Pixels taken from each training clip, evenly spaced over the frames from onset to offset.
    random_state : int, default=0
        Of the analysis' start.

    Attributes
    ----------
    components_ : ndarray of shape (3, 3), float64
        Weights of R, G and B (0-255) in each channel.
    offsets_, scales_ : ndarray of shape (3,), float64
        ``channel = (components_ @ rgb - offsets_) * scales_``, 0-255.

    References
    ----------
    Wang, Yan, Li, Zhao, Zhou, Fu, Yang & Tao (2015), IEEE TIP 24(12). doi:10.1109/TIP.2015.2496314
    """

    def __init__(self, pixels_a_clip: int = 2000, random_state: int = 0):
        self.pixels_a_clip = pixels_a_clip
        self.random_state = random_state

    def fit(self, clips: Sequence[Clip], y: Any = None) -> TICS:
        """The colour space of these clips, which must be in colour.

        Parameters
        ----------
        clips : sequence of Clip
            In colour.
        y : object, optional
            Not looked at.

        Returns
        -------
        TICS
            Itself.

        Raises
        ------
        UsageError
            A clip is grey, or the colours of all of them do not fill a space.
        """
        from scipy.stats import kurtosis
        from sklearn.decomposition import FastICA

        require_whole(pixels_a_clip=self.pixels_a_clip)
        each = [self._pixels(clip) for clip in each_clip(self, clips)]
        if not each:
            raise UsageError("TICS: there is no clip to learn a colour space from")
        pixels = np.concatenate(each)
        if np.linalg.matrix_rank(pixels - pixels.mean(axis=0)) < 3:
            raise UsageError("TICS: the colours of the training pixels lie in a plane: three independent channels need a space")
        analysis = FastICA(3, whiten="unit-variance", max_iter=1000, random_state=self.random_state).fit(pixels)
        weights = analysis.components_  # (3, 3)
        weights = weights[np.argsort(-kurtosis(pixels @ weights.T))]
        weights = weights * np.where(weights.sum(axis=1, keepdims=True) < 0, -1, 1)
        low, high = np.percentile(pixels @ weights.T, [TAIL, 100 - TAIL], axis=0)
        self.components_, self.offsets_, self.scales_ = weights, low, 255 / (high - low)
        return self

    def transform(self, clips: Sequence[Clip]) -> list[Clip]:
        """The clips in the colour space, converted when their frames are looked at.

        Parameters
        ----------
        clips : sequence of Clip
            In colour.

        Returns
        -------
        list of Clip
            In the order of the clips.
        """
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        space = (self.components_, self.offsets_, self.scales_)
        return [replace(clip, read=partial(_unmixed, clip, *space)) for clip in each_clip(self, clips)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

    def _pixels(self, clip: Clip) -> np.ndarray:
        with named(clip):
            pixels = require_colour(moment(clip)).reshape(-1, 3)
        places = np.linspace(0, len(pixels) - 1, min(self.pixels_a_clip, len(pixels))).astype(int)
        return pixels[places].astype(np.float64)


def _converted(clip: Clip, space: str) -> np.ndarray:
    with named(clip):
        return to_colour_space(frames_of(clip), space)


def _unmixed(clip: Clip, components: np.ndarray, offsets: np.ndarray, scales: np.ndarray) -> np.ndarray:
    with named(clip):
        frames = require_colour(frames_of(clip))
    return to_uint8((frames.astype(np.float32) @ (components.T * scales).astype(np.float32)) - (offsets * scales).astype(np.float32))
