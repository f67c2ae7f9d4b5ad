"""FHOFO: fuzzy histograms of optical flow orientations, blind to how far anything moved."""

from __future__ import annotations

import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from ..preprocess.frames import moment, named, require_whole
from .fields import REFERENCES, block_numbers, direction_bins, flow_frame_to_frame, flow_from_first, require_fields

FINE_BINS = 50
SIGMA = 10  # fine bins, 72 degrees


def fhofo(flow: np.ndarray, grid: tuple[int, int] = (5, 5), n_bins: int = 18, authors_bins: bool = False) -> np.ndarray:
    """Fuzzy histograms of flow directions, one a block, each summing to one.

    Parameters
    ----------
    flow : ndarray of shape (..., H, W, 2), float
        px, x right, y down; all fields are counted together. Vectors of no length are left out.
    grid : tuple of int, default=(5, 5)
        Rows and columns of blocks.
    n_bins : int, default=18
        1 to 50. Directions kept of 50, which begin at -pi, +x towards +y (down).
    authors_bins : bool, default=False
        Take the authors' choice, whose first and last bin are neighbours on the circle and so almost twins; evenly spaced
        around the circle otherwise.

    Returns
    -------
    ndarray of shape (rows * columns * n_bins,), float32
        Zeros for a block in which nothing moves.

    Raises
    ------
    UsageError
        When flow has another shape, fewer pixels than blocks, or holds NaN or infinity, or a parameter is not allowed.

    References
    ----------
    Happy & Routray (2019), IEEE Transactions on Affective Computing 10(3).

    Examples
    --------
    >>> import numpy as np
    >>> flow = np.random.default_rng(0).normal(size=(6, 64, 64, 2))
    >>> fhofo(flow).shape  # 25 blocks x 18 directions
    (450,)
    """
    require_fields(flow, "FHOFO", grid)
    require_whole(n_bins=n_bins)
    if n_bins > FINE_BINS:
        raise UsageError(f"FHOFO: n_bins={n_bins} are chosen of {FINE_BINS} and cannot be more")
    blocks = grid[0] * grid[1]
    where = block_numbers(flow.shape[-3:-1], grid) * FINE_BINS + direction_bins(flow, FINE_BINS, -np.pi)
    moves = (flow != 0).any(axis=-1)
    counts = np.bincount(where[moves], minlength=blocks * FINE_BINS).reshape(blocks, FINE_BINS)
    chosen = np.round(np.linspace(0, FINE_BINS - 1 if authors_bins else FINE_BINS, n_bins, endpoint=authors_bins)).astype(int)
    histogram = counts @ fuzzy_kernel()[:, chosen]
    total = histogram.sum(axis=1, keepdims=True)
    return np.divide(histogram, total, out=np.zeros_like(histogram), where=total > 0).astype(np.float32).ravel()


def fuzzy_kernel() -> np.ndarray:
    """How much each of the 50 fine bins belongs to each other, (50, 50) float64: a Gaussian of their distance on the circle."""
    apart = np.abs(np.subtract.outer(np.arange(FINE_BINS), np.arange(FINE_BINS)))
    return np.exp(-(np.minimum(apart, FINE_BINS - apart) ** 2) / (2 * SIGMA**2))


class FHOFO(ClipTransformer):
    """:func:`fhofo` of each clip's flow, onset to offset.

    Parameters
    ----------
    grid : tuple of int, default=(5, 5)
        As in :func:`fhofo`.
    n_bins : int, default=18
        As in :func:`fhofo`.
    authors_bins : bool, default=False
        As in :func:`fhofo`.
    reference : {"onset", "previous"}, default="onset"
        The frame from which the flow to each later one is measured. From frame to frame a face goes back the way it came, and counts
        that ignore length hardly differ from those of noise; the paper leaves the choice open.
    method : {"dis", "tvl1", "farneback", "horn_schunck"}, default="dis"
        Optical flow, see :func:`fleeting.flow.flow`.
    """

    revision = 2

    def __init__(
        self,
        grid: tuple[int, int] = (5, 5),
        n_bins: int = 18,
        authors_bins: bool = False,
        reference: str = "onset",
        method: str = "dis",
    ):
        self.grid = grid
        self.n_bins = n_bins
        self.authors_bins = authors_bins
        self.reference = reference
        self.method = method

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The descriptor of one clip."""
        if self.reference not in REFERENCES:
            raise UsageError(f"reference={self.reference!r} is not known; choose from {', '.join(REFERENCES)}")
        fields = flow_from_first if self.reference == "onset" else flow_frame_to_frame
        with named(clip):
            return fhofo(fields(moment(clip), self.method), self.grid, self.n_bins, self.authors_bins)
