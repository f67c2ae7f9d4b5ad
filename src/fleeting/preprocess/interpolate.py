"""TIM, the temporal interpolation model: a clip resampled to a given number of frames.

Zhou, Zhao & Pietikäinen (2011), CVPR, lay a curve through the frames, seen as the nodes of a path graph. The Laplacian's
eigenvectors of a path are the cosines of the DCT-II, so that for linearly independent frames the whole model is one matrix
in time, the same for each pixel. The matrix also serves clips with repeated frames, on which the published code fails.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from .frames import moment, named, only_one, require_whole, to_uint8


def interpolate(frames: np.ndarray, n_frames: int) -> np.ndarray:
    """The clip at ``n_frames`` moments, evenly spaced from the first frame to the last.

    A ramp does not stay straight, and values may leave the range of the input by some 20 per cent of its spread.

    Parameters
    ----------
    frames : ndarray of shape (T, ...), uint8 or float
        At least 2 frames.
    n_frames : int
        2 or more. Fewer than T samples the curve and does not blur it first.

    Returns
    -------
    ndarray of shape (n_frames, ...), float32
        In the units of the input; float64 when that was. The first and the last frame are the input's own, and as many
        frames as there were give back the clip.

    Raises
    ------
    UsageError
        When there are fewer than 2 frames to take or to make, or they hold something else than finite numbers.

    References
    ----------
    Pfister, Li, Zhao & Pietikäinen (2011), ICCV. doi:10.1109/ICCV.2011.6126401

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.zeros((12, 64, 64), np.uint8)
    >>> interpolate(frames, 32).shape
    (32, 64, 64)
    """
    frames = np.asarray(frames)
    if frames.dtype.kind not in "uif" or not frames[:1].size > 0 < len(frames):
        raise UsageError(f"temporal interpolation needs at least 2 frames of whole or real numbers; got {frames.dtype} of {frames.shape}")
    matrix = interpolation_matrix(len(frames), n_frames)
    if frames.dtype.kind == "f" and not np.isfinite(frames).all():
        raise UsageError("temporal interpolation takes finite numbers; the frames hold NaN or infinity")
    dtype = np.result_type(frames, np.float32)
    flat = frames.reshape(len(frames), -1).astype(dtype, copy=False)
    return (matrix.astype(dtype) @ flat).reshape(n_frames, *frames.shape[1:])


def interpolation_matrix(n_from: int, n_to: int) -> np.ndarray:
    """The weight of each given frame in each made one, (n_to, n_from) float64, not to be written to; rows sum to one."""
    require_whole(n_frames=n_to)
    if n_from < 2 or n_to < 2:
        raise UsageError(f"temporal interpolation needs at least 2 frames and makes at least 2; asked to make {n_to} of {n_from}")
    return _matrix(n_from, n_to)


@cache
def _matrix(n_from: int, n_to: int) -> np.ndarray:
    k = np.arange(1, n_from)[:, None]
    at = 1 + (n_from - 1) * np.arange(n_to) / (n_to - 1)  # 1-based place of each made frame among the given ones
    basis = np.cos(np.pi * k * (np.arange(n_from) + 0.5) / n_from)  # (n_from - 1, n_from)
    matrix = np.asarray(1 / n_from + 2 / n_from * np.cos(np.pi * k * (at - 0.5) / n_from).T @ basis)
    matrix.setflags(write=False)
    return matrix


class Interpolate(ClipTransformer):
    """:func:`interpolate` of each clip from its onset to its offset, rounded to uint8.

    The new clip begins at the onset and ends at the offset; the apex moves along, and ``fps`` is such that it takes as long.

    Parameters
    ----------
    n_frames : int, default=10
        Frames of each clip afterwards. 10 is SMIC's baseline; 32 and 64 are also in use.
    """

    def __init__(self, n_frames: int = 10):
        self.n_frames = n_frames

    def transform_clip(self, clip: Clip) -> Clip:
        """One clip, resampled when its frames are looked at."""
        with named(clip):
            require_whole(n_frames=self.n_frames)
            if clip.onset < 0 or self.n_frames < 2 or clip.offset <= clip.onset:
                raise UsageError(
                    f"temporal interpolation needs at least 2 frames and makes at least 2; "
                    f"asked to make {self.n_frames} of frames {clip.onset} to {clip.offset}{only_one(clip.offset - clip.onset + 1)}"
                )
        scale = (self.n_frames - 1) / (clip.offset - clip.onset)
        return replace(
            clip,
            fps=clip.fps * scale,
            onset=0,
            apex=round((clip.apex - clip.onset) * scale),
            offset=self.n_frames - 1,
            read=partial(_resampled, clip, self.n_frames),
        )


def _resampled(clip: Clip, n_frames: int) -> np.ndarray:
    with named(clip):
        return to_uint8(interpolate(moment(clip), n_frames))
