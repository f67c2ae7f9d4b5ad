"""The flow map of a clip, whatever it came as, each channel centred and scaled by itself."""

from __future__ import annotations

import cv2
import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from ..preprocess.frames import frames_of, named, require_whole
from .flow_image import FlowImage


class FlowMap(ClipTransformer):
    """Horizontal flow, vertical flow and strain from onset to apex, (3, size, size) float32, each with mean 0 and standard deviation 1.

    A clip of one frame is taken for such a map already: see :class:`fleeting.datasets.flow_maps.FlowMaps`, whose channels are scaled
    so that amplitude and zero are lost, which is why they are scaled here too. Of any other clip the flow is computed. A channel
    without any difference becomes zero.

    Parameters
    ----------
    size : int, default=28
        Sides of the map, px.
    method : {"tvl1", "dis", "farneback"}, default="tvl1"
        Optical flow, see :func:`fleeting.flow.flow`.
    """

    def __init__(self, size: int = 28, method: str = "tvl1"):
        self.size = size
        self.method = method

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The map of one clip."""
        with named(clip):
            require_whole(size=self.size)
            frames = frames_of(clip)
        if len(frames) == 1:
            with named(clip):
                channels = given_map(frames[0], self.size)
        else:
            channels = FlowImage(self.size, self.method).transform_clip(clip)
        channels = channels - channels.mean(axis=(1, 2), keepdims=True)
        spread = channels.std(axis=(1, 2), keepdims=True)
        return channels / np.where(spread > 1e-9, spread, 1)


def given_map(picture: np.ndarray, size: int) -> np.ndarray:
    """A map that came as a picture, (3, size, size) float32."""
    if picture.ndim != 3 or picture.shape[2] != 3:
        raise UsageError(f"a clip of one frame is taken for a flow map, (H, W, 3); its frame has shape {picture.shape}")
    if (picture == picture[..., :1]).all():
        raise UsageError(
            "a clip of one frame is taken for a flow map, but its three channels are the same: it is a grey picture. Give clips with "
            "onset and apex, or maps"
        )
    if picture.shape[:2] != (size, size):
        smaller = min(picture.shape[:2]) >= size
        picture = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return np.moveaxis(picture.astype(np.float32), -1, 0)
