"""FDM, the facial dynamics map: the principal direction of motion in each block of the face and stretch of time."""

from __future__ import annotations

import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from ..preprocess.frames import moment, named, require_whole
from .fields import block_numbers, flow_frame_to_frame, require_fields

MOST_ROUNDS = 20


def fdm(flow: np.ndarray, grid: tuple[int, int] = (8, 8), tau: int = 3, threshold: float = 0.02, align: bool = False) -> np.ndarray:
    """A unit vector for each block and each ``tau`` fields: where most of what moves there goes.

    The mean direction, then again that of the vectors within 90 degrees of it, until it stays.

    Parameters
    ----------
    flow : ndarray of shape (T - 1, H, W, 2), float
        px from frame to frame, x right, y down.
    grid : tuple of int, default=(8, 8)
        Rows and columns of blocks.
    tau : int, default=3
        Fields a stretch; fields left over at the end are not used.
    threshold : float, default=0.02
        px; shorter vectors have no say. All others weigh by their length, but the result does not tell it.
    align : bool, default=False
        First take away the median of each field: the head's shift. The paper's alignment is finer and not public.

    Returns
    -------
    ndarray of shape ((T - 1) // tau * rows * columns * 2,), float32
        x and y, by stretch, then by rows of blocks; zeros where nothing moves.

    Raises
    ------
    UsageError
        When there are fewer than ``tau`` fields, or fewer pixels than blocks.

    References
    ----------
    Xu, Zhang & Wang (2017), IEEE Transactions on Affective Computing 8(2). doi:10.1109/TAFFC.2016.2518162

    Examples
    --------
    >>> import numpy as np
    >>> flow = np.random.default_rng(0).normal(size=(6, 64, 64, 2))
    >>> fdm(flow).shape  # 2 stretches x 64 blocks x 2
    (256,)
    """
    require_fields(flow, "FDM", grid)
    require_whole(tau=tau)
    if flow.ndim != 4 or len(flow) < tau:
        raise UsageError(f"FDM with tau={tau} needs at least {tau + 1} frames; got flow of shape {flow.shape}")
    stretches, blocks = len(flow) // tau, grid[0] * grid[1]
    x, y = (np.ascontiguousarray(flow[: stretches * tau, ..., axis]) for axis in (0, 1))
    if align:
        x, y = (each - np.median(each, axis=(1, 2), keepdims=True) for each in (x, y))
    cuboid = np.arange(stretches).repeat(tau)[:, None, None] * blocks + block_numbers(flow.shape[1:3], grid)
    moves = np.hypot(x, y) > threshold
    x, y, cuboid = x[moves], y[moves], cuboid[moves]  # (M,) each
    kept = np.ones(len(x), bool)
    for _ in range(MOST_ROUNDS):
        sums = np.stack([np.bincount(cuboid, each * kept, stretches * blocks) for each in (x, y)], axis=1).astype(float)
        length = np.hypot(*sums.T)[:, None]
        direction = np.divide(sums, length, out=np.zeros_like(sums), where=length > 1e-9)
        now = x * direction[cuboid, 0] + y * direction[cuboid, 1] > 0
        if (now == kept).all():
            break
        kept = now
    return direction.astype(np.float32).ravel()


class FDM(ClipTransformer):
    """:func:`fdm` of each clip's flow from frame to frame, onset to offset; all clips must be of one length.

    Parameters
    ----------
    grid : tuple of int, default=(8, 8)
        As in :func:`fdm`.
    tau : int, default=3
        As in :func:`fdm`.
    threshold : float, default=0.02
        As in :func:`fdm`.
    align : bool, default=True
        First take away the median of each field: the head's shift.
    method : {"dis", "tvl1", "farneback", "horn_schunck"}, default="dis"
        Optical flow, see :func:`fleeting.flow.flow`.
    """

    def __init__(self, grid: tuple[int, int] = (8, 8), tau: int = 3, threshold: float = 0.02, align: bool = True, method: str = "dis"):
        self.grid = grid
        self.tau = tau
        self.threshold = threshold
        self.align = align
        self.method = method

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The descriptor of one clip."""
        with named(clip):
            return fdm(flow_frame_to_frame(moment(clip), self.method), self.grid, self.tau, self.threshold, self.align)
