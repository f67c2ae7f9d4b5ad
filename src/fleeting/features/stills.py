"""What makes a descriptor of single pictures one of clips."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from ..clip import Clip
from ..errors import UsageError
from ..preprocess.frames import apex_frame, grey, moment, named, require_size

WHICH = ("apex", "mean")


def of_stills(clip: Clip, describe: Callable[[np.ndarray], np.ndarray], frames: str) -> np.ndarray:
    """The descriptor of a clip's grey apex frame, or the mean of those of all frames from onset to offset, float32."""
    with named(clip):
        if frames not in WHICH:
            raise UsageError(f"frames={frames!r} is not known; choose from {', '.join(WHICH)}")
        pictures = grey(apex_frame(clip)[None] if frames == "apex" else moment(clip))
        return np.stack([describe(picture) for picture in pictures]).mean(axis=0, dtype=np.float64).astype(np.float32)


def grey_square(image: np.ndarray, size: int, what: str) -> np.ndarray:
    """A picture brought to ``size`` px a side, whatever its shape, (size, size) float64 in the units of the input."""
    if image.ndim != 2:
        raise UsageError(f"{what} takes a grey picture of shape (H, W); got {image.shape}")
    require_size(image[None], (1, 2, 2), what)
    shrinks = min(image.shape) >= size
    return cv2.resize(image.astype(np.float64), (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
