"""Some of a clip's frames, as networks of a fixed depth take them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from .frames import moment, named, only_one, require_whole


def sample_indices(n_from: int, n_to: int, mode: str = "uniform", centre: int | None = None) -> np.ndarray:
    """The numbers of ``n_to`` of ``n_from`` frames, (n_to,) int, never falling.

    Parameters
    ----------
    n_from, n_to : int
        1 or more.
    mode : {"uniform", "consecutive"}, default="uniform"
        ``uniform`` goes from the first frame to the last and repeats frames where there are too few. ``consecutive`` frames lie
        around ``centre``, the middle when not given, as far as the ends allow; there must be enough.
    centre : int, optional
        Of consecutive frames.

    Returns
    -------
    ndarray of shape (n_to,), int
        From 0.

    Raises
    ------
    UsageError
        When there are no frames, or too few consecutive ones.
    """
    require_whole(n_to=n_to)
    if n_from < 1 or mode not in ("uniform", "consecutive") or (mode == "consecutive" and n_to > n_from):
        raise UsageError(f"{n_to} of {n_from} frames, {mode!r}: allowed are uniform, and consecutive of at least as many frames")
    if mode == "uniform":
        return np.round(np.linspace(0, n_from - 1, n_to)).astype(int)
    middle = n_from // 2 if centre is None else centre
    return np.arange(n_to) + int(np.clip(middle - n_to // 2, 0, n_from - n_to))


class Sample(ClipTransformer):
    """Clips of ``n_frames`` frames, taken between onset and offset.

    A paper that takes eight speaks of consecutive frames "from start to end", which they cannot be; evenly spaced ones are.

    Parameters
    ----------
    n_frames : int, default=8
        Frames of each clip afterwards.
    mode : {"uniform", "consecutive"}, default="uniform"
        Consecutive frames lie around the apex.
    """

    def __init__(self, n_frames: int = 8, mode: str = "uniform"):
        self.n_frames = n_frames
        self.mode = mode

    def transform_clip(self, clip: Clip) -> Clip:
        """One clip, its frames taken when they are looked at; the apex is the nearest of them."""
        with named(clip):
            if clip.onset == clip.offset and self.n_frames > 1:  # eight times the same picture is no sequence
                raise UsageError(f"{self.n_frames} frames need a clip of at least 2 frames; got 1 frame{only_one(1)}")
            indices = sample_indices(clip.offset - clip.onset + 1, self.n_frames, self.mode, clip.apex - clip.onset)
        apex = int(np.abs(indices - (clip.apex - clip.onset)).argmin())
        scale = max(indices[-1] - indices[0], 1) / max(self.n_frames - 1, 1)
        return replace(clip, fps=clip.fps / scale, onset=0, apex=apex, offset=self.n_frames - 1, read=partial(_sampled, clip, indices))


def _sampled(clip: Clip, indices: np.ndarray) -> np.ndarray:
    with named(clip):
        return moment(clip)[indices]
