"""Feature difference analysis: texture that changes and changes back within a few blocks of the face.

References
----------
Moilanen, Zhao & Pietikäinen (2014), Spotting rapid facial movements from videos using appearance-based feature difference analysis, ICPR.
Li, Hong, Moilanen, Huang, Pfister, Zhao & Pietikäinen (2018), Towards reading hidden emotions, IEEE Trans. Affective Computing 9(4).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..clip import Video
from ..compute.cache import Cache
from ..errors import UsageError
from ..preprocess.apex import block_histograms
from .video_spotter import ContrastSpotter, kept, near_faces, with_face


class FeatureDifference(ContrastSpotter):
    """Peaks of the chi-square distance between a frame's local binary patterns and the mean of those before and after.

    Of the blocks of a grid, those that differ most count. The papers choose ``p`` by hand and report the area under a curve; here it is
    learned (:class:`.video_spotter.ContrastSpotter`).

    Parameters
    ----------
    size : int, default=128
        As in :class:`.video_spotter.CropSpotter`.
    rate : float, default=30.0
        As in :class:`.video_spotter.CropSpotter`.
    k : mapping of str to int, optional
        As in :class:`.video_spotter.ContrastSpotter`.
    p : float, optional
        As in :class:`.video_spotter.ContrastSpotter`.
    grid : (int, int), default=(6, 6)
        Rows and columns of blocks.
    n_blocks : int, default=12
        How many blocks, those that differ most, make the signal.
    radius : int, default=1
        Of the circle of 8 neighbours, px.
    """

    def __init__(
        self,
        size: int = 128,
        rate: float = 30.0,
        k: Mapping[str, int] | None = None,
        p: float | None = None,
        grid: tuple[int, int] = (6, 6),
        n_blocks: int = 12,
        radius: int = 1,
    ):
        super().__init__(size, rate, k, p)
        self.grid = grid
        self.n_blocks = n_blocks
        self.radius = radius

    def prepare(self, video: Video, cache: Cache) -> None:
        """Measure the histograms ahead: they do not depend on ``k``."""
        self._histograms(video, cache)

    def measured(self, video: Video, k: int, cache: Cache | None = None) -> np.ndarray:
        """The signal of a video; cheap, once the histograms are there."""
        histograms = self._histograms(video, cache)
        signal = feature_difference(histograms, k, self.n_blocks)
        signal[~near_faces(histograms, k)] = np.nan  # a crop that shows nothing has histograms of zeros
        return signal

    def _histograms(self, video: Video, cache: Cache | None) -> np.ndarray:
        if not 1 <= self.n_blocks <= self.grid[0] * self.grid[1]:
            raise UsageError(f"n_blocks={self.n_blocks} must lie between 1 and the number of blocks, {self.grid[0] * self.grid[1]}")

        def describe() -> np.ndarray:
            blocks = self.grid[0] * self.grid[1]
            crops = self.crops(video, cache)
            out = np.zeros((len(crops), blocks * 59), np.float32)
            for i in np.flatnonzero(with_face(crops)):
                out[i] = block_histograms(crops[i], self.grid, self.radius)
            return out.reshape(-1, blocks, 59)

        return kept(cache, [self._measuring()], video, describe)


def feature_difference(histograms: np.ndarray, k: int, n_blocks: int = 12) -> np.ndarray:
    """The mean of the ``n_blocks`` largest chi-square distances of each frame from the mean of those ``k`` before and after.

    Parameters
    ----------
    histograms : ndarray of shape (T, B, D)
        Of each block of each frame.

    Returns
    -------
    ndarray of shape (T,), float64
        NaN for the first and the last ``k`` frames.
    """
    out = np.full(len(histograms), np.nan)
    if len(histograms) > 2 * k:
        here, around = histograms[k:-k], (histograms[: -2 * k] + histograms[2 * k :]) / 2
        total = here + around
        distance = np.divide((here - around) ** 2, total, out=np.zeros_like(total), where=total > 0).sum(axis=2, dtype=float)  # (T - 2k, B)
        out[k:-k] = np.sort(distance, axis=1)[:, -n_blocks:].mean(axis=1)
    return out
