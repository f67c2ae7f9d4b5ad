"""What preprocesses and descriptors ask of a clip's frames, and the words in which they complain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np

from ..clip import Clip
from ..errors import UsageError


@contextmanager
def named(clip: Clip) -> Iterator[None]:
    """A block in which a :class:`UsageError` is raised again with the clip's name in front."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"clip {clip.id}: {error}") from None


def moment(clip: Clip) -> np.ndarray:
    """The frames from onset to offset, (T, H, W, 3) uint8 RGB: what papers call the clip."""
    frames = clip.frames
    if not 0 <= clip.onset <= clip.offset < len(frames):
        raise UsageError(f"onset {clip.onset} and offset {clip.offset} must be in this order among frames 0 to {len(frames) - 1}")
    return frames[clip.onset : clip.offset + 1]


def onset_and_apex(clip: Clip) -> tuple[np.ndarray, np.ndarray]:
    """The two frames between which the face moved most, (H, W, 3) uint8 RGB each."""
    frames = clip.frames
    if not 0 <= clip.onset < len(frames) or not 0 <= clip.apex < len(frames):
        raise UsageError(f"onset {clip.onset} and apex {clip.apex} must be frames 0 to {len(frames) - 1}")
    return frames[clip.onset], frames[clip.apex]


def grey(frames: np.ndarray) -> np.ndarray:
    """Luma of RGB frames, (T, H, W) uint8, rounded: .299 R + .587 G + .114 B."""
    if not len(frames):
        raise UsageError("there is no frame; at least one is needed")
    return np.stack([cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY) for frame in frames])


def require_colour(frames: np.ndarray) -> np.ndarray:
    """The same frames, after a look that they are RGB and not grey stored three times."""
    if frames.ndim != 4 or frames.shape[3] != 3:
        raise UsageError(f"colour is asked, but the frames have shape {frames.shape}; (T, H, W, 3) is needed")
    if np.array_equal(frames[..., 0], frames[..., 1]) and np.array_equal(frames[..., 1], frames[..., 2]):
        raise UsageError("colour is asked, but the frames are grey (three equal channels); use the grey descriptor")
    return frames


def require_size(frames: np.ndarray, least: tuple[int, int, int], what: str) -> np.ndarray:
    """The same frames, after a look that they are (T, H, W[, 3]), finite, and at least ``least`` = (T, H, W) in size."""
    if frames.ndim not in (3, 4) or (frames.ndim == 4 and frames.shape[3] != 3):
        raise UsageError(f"{what} takes frames of shape (T, H, W) or (T, H, W, 3); got {frames.shape}")
    if any(have < need for have, need in zip(frames.shape, least, strict=False)):
        have, need = (f"{t} frame{'s' * (t != 1)} of {w} x {h} px" for t, h, w in (frames.shape[:3], least))
        raise UsageError(f"{what} needs at least {need}; got {have}")
    if frames.dtype.kind not in "uif":
        raise UsageError(f"{what} takes whole or real numbers; got {frames.dtype}")
    if frames.dtype.kind == "f" and not np.isfinite(frames).all():
        raise UsageError(f"{what} takes finite numbers; the frames hold NaN or infinity")
    return frames


def to_uint8(frames: np.ndarray) -> np.ndarray:
    """Values rounded to 0-255, what lies beyond cut off, uint8."""
    return np.clip(np.rint(frames), 0, 255).astype(np.uint8)
