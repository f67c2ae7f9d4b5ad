"""What preprocesses and descriptors ask of a clip's frames, and the words in which they complain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import cv2
import numpy as np

from ..clip import Clip
from ..errors import UsageError

# Methods that take a clip of one frame for a ready flow map; tests hold this to what they do.
OF_FLOW_MAPS = ("flow_krr", "off_apexnet", "pretrained", "ststnet")
# Of red, green and blue in the luma.
LUMA = (0.299, 0.587, 0.114)


@contextmanager
def named(clip: Clip) -> Iterator[None]:
    """A block in which a :class:`UsageError` is raised again with the clip's name in front."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"clip {clip.id}: {error}") from None


def frames_of(clip: Clip) -> np.ndarray:
    """All frames of a clip, after a look that they are pictures: (T, H, W, 3) uint8 RGB, or (T, H, W) uint8 where they are grey.

    Numbers of another kind are refused and not converted: whether 1 is white or nearly black is not to be guessed.
    """
    frames = np.asarray(clip.frames)
    if frames.dtype != np.uint8 or frames.ndim not in (3, 4) or (frames.ndim == 4 and frames.shape[3] != 3):
        raise UsageError(f"frames must be uint8 (0-255) of shape (T, H, W, 3) or (T, H, W); these are {frames.dtype} of {frames.shape}")
    if not frames.size:
        raise UsageError(f"a clip needs at least 1 frame of 1 x 1 px; got {_in_words(frames.shape)}")
    return frames


def moment(clip: Clip) -> np.ndarray:
    """The frames from onset to offset, (T, H, W, 3) uint8 RGB or (T, H, W) grey: what papers call the clip."""
    frames = frames_of(clip)
    if not 0 <= clip.onset <= clip.offset < len(frames):
        raise UsageError(f"onset {clip.onset} and offset {clip.offset} must be in this order among frames 0 to {len(frames) - 1}")
    return frames[clip.onset : clip.offset + 1]


def onset_and_apex(clip: Clip) -> tuple[np.ndarray, np.ndarray]:
    """The two frames between which the face moved most, (H, W, 3) uint8 RGB or (H, W) grey each.

    The first is :attr:`fleeting.Clip.neutral`: the onset, or, where the apex was coded on the onset, the offset.
    """
    frames = _with_apex(clip)
    if len(frames) < 2:
        raise UsageError(f"motion from onset to apex needs a clip of at least 2 frames; got 1 frame{only_one(1)}")
    if not 0 <= clip.neutral < len(frames):
        raise UsageError(f"offset {clip.offset}, which stands for an onset that is the apex, must be a frame 0 to {len(frames) - 1}")
    return frames[clip.neutral], frames[clip.apex]


def apex_frame(clip: Clip) -> np.ndarray:
    """The frame in which the expression is at its height, (H, W, 3) uint8 RGB or (H, W) grey; a clip of one frame has it too."""
    return _with_apex(clip)[clip.apex]


def _with_apex(clip: Clip) -> np.ndarray:
    """All frames of a clip, after a look that its onset and its apex are among them."""
    frames = frames_of(clip)
    if not 0 <= clip.onset < len(frames) or not 0 <= clip.apex < len(frames):
        raise UsageError(f"onset {clip.onset} and apex {clip.apex} must be frames 0 to {len(frames) - 1}")
    return frames


def grey(frames: np.ndarray) -> np.ndarray:
    """Luma of RGB frames, .299 R + .587 G + .114 B, (T, H, W): of uint8 rounded to uint8, of other numbers real. Grey frames stay."""
    if frames.ndim == 3:
        return frames
    if frames.ndim != 4 or frames.shape[3] != 3 or not frames.size:
        raise UsageError(f"grey values are made of frames (T, H, W, 3), at least one; got {frames.shape}")
    if frames.dtype != np.uint8:
        return frames @ np.array(LUMA, np.result_type(frames, np.float32))
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
    if not isinstance(frames, np.ndarray):
        raise UsageError(f"{what} takes an array of frames; got a {type(frames).__name__}: make one with np.stack")
    if frames.ndim not in (3, 4) or (frames.ndim == 4 and frames.shape[3] != 3):
        raise UsageError(f"{what} takes frames of shape (T, H, W) or (T, H, W, 3); got {frames.shape}")
    if any(have < need for have, need in zip(frames.shape, least, strict=False)):
        alone = only_one(len(frames)) if least[0] > 1 else ""
        raise UsageError(f"{what} needs at least {_in_words(least)}; got {_in_words(frames.shape)}{alone}")
    if frames.dtype.kind not in "uif":
        raise UsageError(f"{what} takes whole or real numbers; got {frames.dtype}")
    if frames.dtype.kind == "f" and not np.isfinite(frames).all():
        raise UsageError(f"{what} takes finite numbers; the frames hold NaN or infinity")
    return frames


def require_pictures(frames: np.ndarray, least: tuple[int, int, int], what: str) -> np.ndarray:
    """The same frames, after the look of :func:`require_size` and one that they are uint8."""
    require_size(frames, least, what)
    if frames.dtype != np.uint8:
        raise UsageError(f"{what} takes uint8 pictures, 0-255; got {frames.dtype}")
    return frames


def require_whole(**numbers: Any) -> None:
    """Nothing, after a look that each is a whole number from 1."""
    for name, value in numbers.items():
        if not isinstance(value, Integral) or value < 1:
            raise UsageError(f"{name}={value!r} must be a whole number from 1")


def require_grid(grid: tuple[int, int], what: str) -> None:
    """Nothing, after a look that a grid is two whole numbers from 1."""
    if np.shape(grid) != (2,) or not all(isinstance(n, Integral) and n >= 1 for n in grid):
        raise UsageError(f"{what}: grid={grid!r} must be rows and columns of blocks, two whole numbers from 1")


def only_one(n_frames: int) -> str:
    """What is to be said further where a sequence is needed and a clip has but one frame: what such a clip is, and who takes it."""
    if n_frames != 1:
        return ""
    *most, last = OF_FLOW_MAPS
    return (
        f". A clip of one frame is a single picture or a single flow map (as fl.datasets.FlowMaps reads them), and no sequence. "
        f"Flow maps are taken by {', '.join(most)} and {last}"
    )


def to_uint8(frames: np.ndarray) -> np.ndarray:
    """Values rounded to 0-255, what lies beyond cut off, uint8."""
    return np.clip(np.rint(frames), 0, 255).astype(np.uint8)


def _in_words(shape: tuple[int, ...]) -> str:
    t, h, w = shape[:3]
    return f"{t} frame{'s' * (t != 1)} of {w} x {h} px"
