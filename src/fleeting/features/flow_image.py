"""Flow as pictures for networks: the maps from onset to apex, and the stack of maps along a clip."""

from __future__ import annotations

import cv2
import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from ..flow import flow as optical_flow
from ..flow import strain
from ..preprocess.frames import moment, named, only_one, onset_and_apex, require_whole
from ..preprocess.sample import sample_indices
from .fields import flow_frame_to_frame, require_field, require_fields


def flow_image(flow: np.ndarray, size: int = 28) -> np.ndarray:
    """Horizontal flow, vertical flow and strain as one picture of three channels.

    Parameters
    ----------
    flow : ndarray of shape (H, W, 2), float
        px, x right, y down.
    size : int, default=28
        Sides of the picture, px.

    Returns
    -------
    ndarray of shape (3, size, size), float32
        Flow in px of the small picture, so that it says how far things move in it; strain, of the flow at its native size,
        dimensionless.

    Raises
    ------
    UsageError
        When there is no single field of at least 2 x 2 px, or it holds NaN or infinity.

    References
    ----------
    Liong, Gan, See, Khor & Huang (2019), FG (STSTNet). doi:10.1109/FG.2019.8756567

    Examples
    --------
    >>> import numpy as np
    >>> flow = np.random.default_rng(0).normal(size=(64, 64, 2))
    >>> flow_image(flow).shape
    (3, 28, 28)
    """
    require_field(flow, "the flow image", (2, 2))
    require_whole(size=size)
    return np.concatenate([_resized(flow, size), _shrink(strain(flow), size)[None]])


def flow_stack(flow: np.ndarray, size: int = 64, interleave: bool = False) -> np.ndarray:
    """All horizontal maps, then all vertical ones, of a sequence of flows; the longest component is 1 or -1.

    Parameters
    ----------
    flow : ndarray of shape (F, H, W, 2), float
        Displacement, px, x right, y down.
    size : int, default=64
        Sides of each map, px.
    interleave : bool, default=False
        Order x1 y1 x2 y2 ... instead of x1 x2 ... y1 y2 ...

    Returns
    -------
    ndarray of shape (2 F, size, size), float32
        Zeros for a still clip.

    Raises
    ------
    UsageError
        When there is no sequence of fields, or it holds NaN or infinity.

    Examples
    --------
    >>> import numpy as np
    >>> flow = np.random.default_rng(0).normal(size=(6, 64, 64, 2))
    >>> flow_stack(flow).shape
    (12, 64, 64)
    """
    require_fields(flow, "the flow stack")
    require_whole(size=size)
    if flow.ndim != 4:
        raise UsageError(f"the flow stack takes a sequence of fields, (F, H, W, 2); got shape {flow.shape}")
    maps = np.stack([_resized(field, size) for field in flow])  # (F, 2, size, size)
    maps = maps if interleave else maps.swapaxes(0, 1)
    largest = np.abs(maps).max()
    return (maps / largest if largest > 0 else maps).reshape(-1, size, size)


class FlowImage(ClipTransformer):
    """:func:`flow_image` of each clip from onset to apex, (3, size, size).

    Parameters
    ----------
    size : int, default=28
        Sides of the picture, px.
    method : {"tvl1", "dis", "farneback", "horn_schunck"}, default="tvl1"
        Optical flow, see :func:`fleeting.flow.flow`.
    """

    def __init__(self, size: int = 28, method: str = "tvl1"):
        self.size = size
        self.method = method

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The picture of one clip."""
        with named(clip):
            return flow_image(optical_flow(*onset_and_apex(clip), self.method), self.size)


class FlowStack(ClipTransformer):
    """:func:`flow_stack` of each clip: the flows between frames taken evenly from onset to offset, (2 n_flows, size, size).

    Parameters
    ----------
    n_flows : int, default=8
        One frame more is taken, of two or more. Where there are too few, frames are repeated and their flow is zero.
    size : int, default=64
        As in :func:`flow_stack`.
    interleave : bool, default=False
        As in :func:`flow_stack`.
    method : {"tvl1", "dis", "farneback", "horn_schunck"}, default="tvl1"
        Optical flow, see :func:`fleeting.flow.flow`.
    """

    def __init__(self, n_flows: int = 8, size: int = 64, interleave: bool = False, method: str = "tvl1"):
        self.n_flows = n_flows
        self.size = size
        self.interleave = interleave
        self.method = method

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The stack of one clip."""
        with named(clip):
            frames = moment(clip)
            if len(frames) < 2:
                raise UsageError(f"the flow stack needs at least 2 frames from onset to offset; got {len(frames)}{only_one(len(frames))}")
            require_whole(n_flows=self.n_flows)
            chosen = frames[sample_indices(len(frames), self.n_flows + 1)]
            return flow_stack(flow_frame_to_frame(chosen, self.method), self.size, self.interleave)


def _resized(field: np.ndarray, size: int) -> np.ndarray:
    """Horizontal and vertical flow, (2, size, size) float32, in px of the new size."""
    height, width = field.shape[:2]
    return np.stack([_shrink(field[..., 0], size) * (size / width), _shrink(field[..., 1], size) * (size / height)])


def _shrink(x: np.ndarray, size: int) -> np.ndarray:
    return cv2.resize(x.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
