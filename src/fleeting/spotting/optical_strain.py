"""Optical strain: parts of the face that are stretched or squeezed; short and in few parts it is a micro-expression.

References
----------
Shreve, Godavarthy, Manohar, Goldgof & Sarkar (2009), Towards macro- and micro-expression spotting in video using strain patterns, WACV.
Shreve, Godavarthy, Goldgof & Sarkar (2011), Macro- and micro-expression spotting in long videos using spatio-temporal strain, FG.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from ..clip import Video
from ..compute.cache import Cache
from ..errors import UsageError
from ..faces.align import EYE_DISTANCE, EYES_X, EYES_Y
from ..faces.regions import EYES, REGIONS, sites
from ..flow import flow, strain
from .peaks import runs
from .video_spotter import CropSpotter, kept, with_face

PARTS = tuple(region for region in REGIONS if region not in EYES)  # lids and gaze strain the skin around the eyes all the time


class OpticalStrain(CropSpotter):
    """Stretches in which the strain of a part of the face exceeds its mean by ``deviations`` standard deviations; nothing is learned.

    Micro are those of at most ``max_duration_s`` that show in at most ``max_parts`` of the nine parts, macro all others; what is shorter
    than ``min_duration_s`` is noise. Strain is that of
    the flow from a picture of the face at rest: the median of the crops within ``around_s``. The papers take the first frame of a window,
    or add flow up from frame to frame; in the one an expression may be under way, in the other errors add up. The papers' eight regions
    and their limits of micro-expressions are not all told; parts and limits here are ours.

    Parameters
    ----------
    size : int, default=128
        As in :class:`.video_spotter.CropSpotter`.
    rate : float, default=30.0
        As in :class:`.video_spotter.CropSpotter`.
    deviations : float, default=2
        How far strain must exceed its mean.
    min_duration_s, max_duration_s : float, default=.05, .5
        Shortest expression, and longest micro-expression.
    max_parts : int, default=2
        In how many parts a micro-expression may show.
    around_s : float, default=4
        To each side.
    method : {"dis", "tvl1", "farneback"}, default="dis"
        Optical flow, see :func:`fleeting.flow.flow`.
    """

    def __init__(
        self,
        size: int = 128,
        rate: float = 30.0,
        deviations: float = 2.0,
        min_duration_s: float = 0.05,
        max_duration_s: float = 0.5,
        max_parts: int = 2,
        around_s: float = 4.0,
        method: str = "dis",
    ):
        super().__init__(size, rate)
        self.deviations = deviations
        self.min_duration_s = min_duration_s
        self.max_duration_s = max_duration_s
        self.max_parts = max_parts
        self.around_s = around_s
        self.method = method

    def prepare(self, video: Video, cache: Cache) -> None:
        """Measure the strain ahead."""
        self.strains(video, cache)

    def strains(self, video: Video, cache: Cache | None = None) -> np.ndarray:
        """The mean strain of each part of the face in each looked-at frame, (T, 9) float64; NaN where there is no face.

        Parameters
        ----------
        video : Video
            One of them.
        cache : Cache, optional
            Where what is measured in a video is kept.

        Returns
        -------
        ndarray of shape (T, 9), float64
            Parts of the face from brows to chin.
        """
        if not (self.deviations > 0 and self.around_s > 0 and self.max_duration_s > 0 and self.max_parts >= 0):
            raise UsageError(f"{self!r}: deviations, around_s and max_duration_s must be above 0, max_parts 0 or more")
        fps = video.fps / self.step(video)

        def measure() -> np.ndarray:
            return strain_of_parts(self.crops(video, cache), round(self.around_s * fps), self.method)

        return kept(cache, [type(self), self.revision, self.size, self.rate, self.around_s, self.method], video, measure)

    def spot(self, video: Video, cache: Cache | None = None) -> pd.DataFrame:
        """What was found in one video; the score is the strain at the apex in standard deviations above the mean."""
        strains, fps = self.strains(video, cache), video.fps / self.step(video)
        spans = strained_spans(strains, fps, self.deviations, self.min_duration_s, self.max_duration_s, self.max_parts)
        return self.in_video(spans, video, len(strains))


def strain_of_parts(crops: np.ndarray, around: int, method: str = "dis") -> np.ndarray:
    """The mean strain of each part of the face, (T, 9) float64, from the face at rest to each crop.

    Parameters
    ----------
    crops : ndarray of shape (T, size, size), uint8
        Frames of zeros show no face.
    around : int
        Frames to each side whose median is the face at rest; 25 of them are looked at, and it is renewed a quarter of the way on.
    """
    seen, size = with_face(crops), crops.shape[1]
    places = np.array([EYES_X, EYES_Y]) + EYE_DISTANCE * sites().xy  # shares of the crop
    x, y = np.clip(np.round(places * size), 0, size - 1).astype(int).T
    of = [sites().region == REGIONS.index(part) for part in PARTS]
    out, hop = np.full((len(crops), len(PARTS)), np.nan), max(1, around // 4)
    for start in range(0, len(crops), hop):
        near = np.flatnonzero(seen[max(start - around, 0) : start + hop + around]) + max(start - around, 0)
        if not len(near):
            continue
        rest = np.median(crops[near[:: -(-len(near) // 25)]], axis=0).astype(np.uint8)
        for i in range(start, min(start + hop, len(crops))):
            if seen[i]:
                # A pixel's noise is strain, too: smoothed over a fiftieth of the crop.
                smooth = gaussian_filter(flow(rest, crops[i], method), (size / 50, size / 50, 0))
                at_sites = strain(smooth)[y, x]
                out[i] = [at_sites[part].mean() for part in of]
    return out


def strained_spans(
    strains: np.ndarray,
    fps: float,
    deviations: float = 2.0,
    min_duration_s: float = 0.05,
    max_duration_s: float = 0.5,
    max_parts: int = 2,
) -> list[tuple[int, int, int, float, str]]:
    """The stretches in which any part is strained: (onset, apex, offset, score, kind), frames, inclusive.

    Parameters
    ----------
    strains : ndarray of shape (T, K)
        Of each part of the face; NaN where there is none.
    """
    if not np.isfinite(strains).any():
        return []
    mean, spread = np.nanmean(strains, axis=0), np.nanstd(strains, axis=0)
    height = np.nan_to_num((strains - mean) / np.where(spread > 1e-9, spread, np.inf))  # (T, K)
    over = height > deviations
    spans: list[tuple[int, int, int, float, str]] = []
    for first, last in runs(over.any(axis=1)):
        inside: Any = slice(first, last + 1)
        apex = first + int(height[inside].max(axis=1).argmax())
        duration, few = (last - first + 1) / fps, over[inside].any(axis=0).sum() <= max_parts
        if duration >= min_duration_s - 1e-9:
            kind = "micro" if few and duration <= max_duration_s + 1e-9 else "macro"
            spans.append((first, apex, last, float(height[apex].max()), kind))
    return spans
