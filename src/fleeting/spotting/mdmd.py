"""MDMD: main directional maximal difference. A block that moved by now, and will be back, has moved more now than it will have then.

References
----------
Wang, Wu, Qian, Li & Fu (2017), A main directional maximal difference analysis for spotting facial movements from long-term videos,
Neurocomputing 230. He, Wang, Li & Yap (2020), Spotting macro- and micro-expression intervals in long video sequences, FG (the baseline
of MEGC 2020).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..features.fields import block_numbers, direction_bins
from ..flow import flow
from .video_spotter import ContrastSpotter, near_faces


class MDMD(ContrastSpotter):
    """Peaks of how much longer the flow to a frame is than the flow on to ``k`` frames later, both from ``k`` frames before.

    In each block only vectors of its main direction count, and of them the third that differs most; of the blocks the third that differs
    most. The baseline's code tells directions apart by ``atan(v / u)``, which reaches two of its four bins; here all four are reached.
    It has ``p=.01`` and, for CAS(ME)², ``k`` of 12 (micro) and 39 (macro); here both are learned unless given.

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
    method : {"dis", "tvl1", "farneback"}, default="dis"
        Optical flow, see :func:`fleeting.flow.flow`. The baseline has a sparse one (RLOF) interpolated.
    """

    def __init__(
        self,
        size: int = 128,
        rate: float = 30.0,
        k: Mapping[str, int] | None = None,
        p: float | None = None,
        grid: tuple[int, int] = (6, 6),
        method: str = "dis",
    ):
        super().__init__(size, rate, k, p)
        self.grid = grid
        self.method = method

    def signal(self, crops: np.ndarray, k: int) -> np.ndarray:
        """The difference of each frame, px; NaN for the first and the last ``k``."""
        out, shown = np.full(len(crops), np.nan), near_faces(crops, k)
        for i in range(k, len(crops) - k):
            if shown[i]:
                there, back = (flow(crops[i - k], crops[j], self.method) for j in (i, i + k))
                out[i] = main_directional_difference(there, back, self.grid)
        return out


def main_directional_difference(there: np.ndarray, back: np.ndarray, grid: tuple[int, int] = (6, 6)) -> float:
    """How much longer ``there`` is than ``back``, px: mean of the third of the blocks where it is so most.

    Parameters
    ----------
    there, back : ndarray of shape (H, W, 2), float
        Flow from one frame to a later one, and to a still later one.
    """
    block, longer = block_numbers(there.shape[:2], grid).ravel(), np.linalg.norm(there, axis=2) - np.linalg.norm(back, axis=2)
    direction = direction_bins(there, 4, first=-np.pi / 4).ravel()  # right, down, left, up
    n = grid[0] * grid[1]
    main = np.bincount(block * 4 + direction, minlength=4 * n).reshape(n, 4).argmax(axis=1)
    of_main, longer = direction == main[block], longer.ravel()
    means = [_top_third(longer[of_main & (block == b)]) for b in range(n)]
    return _top_third(np.array(means))


def _top_third(values: np.ndarray) -> float:
    return float(np.sort(values)[-max(1, round(len(values) / 3)) :].mean())
