"""The apex of a clip, found where a difference from the onset peaks.

Liong, See, Wong, Le Ngo, Oh & Phan (2015), ACPR, doi:10.1109/ACPR.2015.7486586, follow the half of the clip in which the
peaks weigh more, rather than the highest peak, which may be a blink's.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.signal import find_peaks

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from ..flow import flow, strain
from .frames import grey, moment, named, require_pictures

SIGNALS = ("flow", "strain", "lbp")
SEARCHES = ("divide", "peak")
# Blocks of the LBP histograms, rows and columns.
GRID = (6, 6)
LEAST_SIDE = 16


def difference_from_onset(frames: np.ndarray, signal: str = "flow", method: str = "dis") -> np.ndarray:
    """How far each frame is from the first, (T,) float64, 0 or more.

    Parameters
    ----------
    frames : ndarray of shape (T, H, W) or (T, H, W, 3), uint8
        At least 2, of which the first is the onset; at least 16 px a side.
    signal : {"flow", "strain", "lbp"}, default="flow"
        ``flow``: mean length of the optical flow, px. ``strain``: mean strain of the flow. ``lbp``: one less the cosine
        between histograms of local binary patterns (8 neighbours at 1 px) of 6 x 6 blocks.
    method : {"dis", "tvl1", "farneback", "horn_schunck"}, default="dis"
        Optical flow, see :func:`fleeting.flow.flow`.
    """
    require_pictures(frames, (2, LEAST_SIDE, LEAST_SIDE), "the search for the apex")
    pictures = grey(frames)
    if signal == "flow":
        return np.array([np.linalg.norm(flow(pictures[0], b, method), axis=-1).mean(dtype=float) for b in pictures])
    if signal == "strain":
        return np.array([strain(flow(pictures[0], b, method)).mean(dtype=float) for b in pictures])
    if signal == "lbp":
        histograms = np.stack([block_histograms(picture) for picture in pictures])  # (T, blocks * 59)
        histograms /= np.linalg.norm(histograms, axis=1, keepdims=True)
        return np.maximum(0, 1 - histograms @ histograms[0])
    raise UsageError(f"signal {signal!r} is not known; choose from {', '.join(SIGNALS)}")


def divide_and_conquer(signal: np.ndarray) -> int:
    """The place of the peak in the half, quarter, eighth ... of the signal whose peaks add up to more.

    At a tie the earlier half is taken; a signal without a peak gives its maximum.
    """
    peaks, _ = find_peaks(signal)
    low, high = 0, len(signal)
    if not len(peaks):
        return int(np.argmax(signal))
    while len(peaks) > 1:
        middle = (low + high) // 2
        left, right = peaks[peaks < middle], peaks[peaks >= middle]
        if signal[left].sum() >= signal[right].sum():
            peaks, high = left, middle
        else:
            peaks, low = right, middle
    return int(peaks[0])


def spot_apex(frames: np.ndarray, signal: str = "flow", search: str = "divide", method: str = "dis") -> int:
    """The 0-based number of the frame at which a clip that begins at its onset is at its height.

    Parameters
    ----------
    frames : ndarray of shape (T, H, W) or (T, H, W, 3), uint8
        As in :func:`difference_from_onset`.
    signal : {"flow", "strain", "lbp"}, default="flow"
        As in :func:`difference_from_onset`.
    search : {"divide", "peak"}, default="divide"
        :func:`divide_and_conquer`, or the maximum.
    method : {"dis", "tvl1", "farneback", "horn_schunck"}, default="dis"
        As in :func:`difference_from_onset`.

    Returns
    -------
    int
        Between the first and the last frame.

    Raises
    ------
    UsageError
        When frames are fewer than 2, too small or not uint8, or a parameter is not known.

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.random.default_rng(0).integers(0, 255, (9, 32, 32), np.uint8)
    >>> frames[:] = frames[0]  # nothing moves, but for one frame
    >>> frames[5, 8:24] = np.roll(frames[0, 8:24], 1, axis=1)
    >>> spot_apex(frames)
    5
    """
    if search not in SEARCHES:
        raise UsageError(f"search {search!r} is not known; choose from {', '.join(SEARCHES)}")
    difference = difference_from_onset(frames, signal, method)
    return divide_and_conquer(difference) if search == "divide" else int(np.argmax(difference))


class Apex(ClipTransformer):
    """Clips with the apex where :func:`spot_apex` sees it, between onset and offset.

    Parameters
    ----------
    signal : {"flow", "strain", "lbp"}, default="flow"
        As in :func:`spot_apex`.
    search : {"divide", "peak"}, default="divide"
        As in :func:`spot_apex`.
    method : {"dis", "tvl1", "farneback", "horn_schunck"}, default="dis"
        As in :func:`spot_apex`.
    """

    def __init__(self, signal: str = "flow", search: str = "divide", method: str = "dis"):
        self.signal = signal
        self.search = search
        self.method = method

    def transform_clip(self, clip: Clip) -> Clip:
        """One clip with another apex; its frames are read at once."""
        with named(clip):
            return replace(clip, apex=clip.onset + spot_apex(moment(clip), self.signal, self.search, self.method))


def block_histograms(picture: np.ndarray, grid: tuple[int, int] = GRID, radius: int = 1) -> np.ndarray:
    """Histograms of uniform local binary patterns of 8 neighbours in each block, (rows * columns * 59,) float64, each summing to one.

    Parameters
    ----------
    picture : ndarray of shape (H, W), uint8
    grid : (int, int), default=(6, 6)
        Rows and columns of blocks.
    radius : int, default=1
        Of the circle of neighbours, px.
    """
    from skimage.feature import local_binary_pattern

    codes = local_binary_pattern(picture, 8, radius, "nri_uniform").astype(int)  # type: ignore[no-untyped-call]
    rows = (part for strip in np.array_split(codes, grid[0]) for part in np.array_split(strip, grid[1], axis=1))
    return np.concatenate([np.bincount(part.ravel(), minlength=59) / part.size for part in rows])
