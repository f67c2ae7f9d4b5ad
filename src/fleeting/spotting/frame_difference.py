"""Frame difference: how unlike a frame is to the mean of those before and after. The least that a spotter must beat."""

from __future__ import annotations

import numpy as np

from .video_spotter import ContrastSpotter


class FrameDifference(ContrastSpotter):
    """Peaks of the mean absolute difference, grey levels, of each crop from the mean of those ``k`` frames before and after.

    Attributes as in :class:`.video_spotter.ContrastSpotter`.

    Parameters
    ----------
    size : int, default=128
        As in :class:`.video_spotter.ContrastSpotter`, which tells of the others, too.
    rate : float, default=30
        Frames looked at in a second.
    k : mapping of str to int, optional
        Half the length of an expression, looked-at frames.
    p : float, optional
        How high a peak must be, 0 to 1.
    """

    def signal(self, crops: np.ndarray, k: int) -> np.ndarray:
        """The difference of each frame; NaN for the first and the last ``k``."""
        out = np.full(len(crops), np.nan)
        for i in range(k, len(crops) - k):
            around = (crops[i - k].astype(np.float32) + crops[i + k]) / 2
            out[i] = np.abs(crops[i] - around).mean()
        return out
