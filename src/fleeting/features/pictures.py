"""What networks take: pictures, sequences of pictures and sequences of flow maps, as arrays with their channels first."""

from __future__ import annotations

import cv2
import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from ..flow import flow as optical_flow
from ..flow import strain
from ..preprocess.frames import frames_of, grey, moment, named, only_one, require_whole
from ..preprocess.interpolate import interpolate
from .fields import REFERENCES, flow_frame_to_frame
from .flow_image import flow_stack

INPUTS = ("apex", "onset-apex", "onset-apex-offset")
CHANNELS = ("u", "v", "strain", "magnitude", "grey")
STREAMS = ("both", "frames", "flow")


def resized(image: np.ndarray, size: int | tuple[int, int]) -> np.ndarray:
    """A picture of ``size`` = (height, width) px, or that many a side, whatever its shape was; (H, W[, C]) of the same dtype."""
    height, width = (size, size) if isinstance(size, int) else size
    require_whole(height=height, width=width)
    smaller = image.shape[0] >= height and image.shape[1] >= width
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR))


class Picture(ClipTransformer):
    """Single frames of each clip, (C, size, size) uint8.

    Parameters
    ----------
    size : int or (int, int), default=64
        px; height and width where two are given.
    inputs : {"apex", "onset-apex", "onset-apex-offset"}, default="apex"
        Several frames stand behind each other as channels. Of two the first is :attr:`fleeting.Clip.neutral`: the offset where the
        apex was coded on the onset.
    colour : bool, default=True
        RGB, else grey.
    """

    def __init__(self, size: int | tuple[int, int] = 64, inputs: str = "apex", colour: bool = True):
        self.size = size
        self.inputs = inputs
        self.colour = colour

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The picture of one clip."""
        if self.inputs not in INPUTS:
            raise UsageError(f"inputs={self.inputs!r} is not known; choose from {', '.join(INPUTS)}")
        with named(clip):
            frames = frames_of(clip)
        places = [clip.neutral, clip.apex] if self.inputs == "onset-apex" else [getattr(clip, name) for name in self.inputs.split("-")]
        if not all(0 <= place < len(frames) for place in places):
            raise UsageError(f"clip {clip.id}: {self.inputs} are {places}; they must be frames 0 to {len(frames) - 1}")
        with named(clip):
            return np.concatenate([_channels(frames[place], self.size, self.colour) for place in places])


class FrameStack(ClipTransformer):
    """The frames of each clip from onset to offset, (C, T, H, W) uint8.

    Bring clips to one length before, with :class:`fleeting.preprocess.interpolate.Interpolate` or
    :class:`fleeting.preprocess.sample.Sample`.

    Parameters
    ----------
    size : int or (int, int), default=64
        px; height and width where two are given.
    colour : bool, default=False
        RGB, else grey.
    """

    def __init__(self, size: int | tuple[int, int] = 64, colour: bool = False):
        self.size = size
        self.colour = colour

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The frames of one clip."""
        with named(clip):
            return np.stack([_channels(frame, self.size, self.colour) for frame in moment(clip)], axis=1)


class FlowSequence(ClipTransformer):
    """The flow maps of each clip from onset to offset, (C, T - 1, H, W) float32.

    Bring clips to one length before, as for :class:`FrameStack`.

    Parameters
    ----------
    size : int or (int, int), default=64
        px. Flow is measured at the clip's own size and counts in px of this size.
    channels : tuple of {"u", "v", "strain", "magnitude", "grey"}, default=("u", "v", "strain")
        Horizontal flow, vertical flow, strain of the flow at its own size, length of the flow, grey values (0-1) of the later frame.
    reference : {"onset", "previous"}, default="onset"
        What each frame is compared with.
    method : {"tvl1", "dis", "farneback"}, default="tvl1"
        Optical flow, see :func:`fleeting.flow.flow`.
    """

    def __init__(
        self,
        size: int | tuple[int, int] = 64,
        channels: tuple[str, ...] = ("u", "v", "strain"),
        reference: str = "onset",
        method: str = "tvl1",
    ):
        self.size = size
        self.channels = channels
        self.reference = reference
        self.method = method

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The maps of one clip."""
        if unknown := [*({*self.channels} - {*CHANNELS}), *({self.reference} - {*REFERENCES})]:
            raise UsageError(f"{unknown[0]!r} is not known; channels are {', '.join(CHANNELS)}, references {', '.join(REFERENCES)}")
        with named(clip):
            frames = moment(clip)
            if len(frames) < 2:
                raise UsageError(f"a flow sequence needs at least 2 frames from onset to offset; got {len(frames)}{only_one(len(frames))}")
            return np.stack([self._maps(frames, k) for k in range(1, len(frames))], axis=1)

    def _maps(self, frames: np.ndarray, k: int) -> np.ndarray:
        """The channels of one moment, (C, H, W)."""
        field = optical_flow(frames[0 if self.reference == "onset" else k - 1], frames[k], self.method)
        small = resized(field, self.size)
        small *= np.array([small.shape[1] / field.shape[1], small.shape[0] / field.shape[0]], np.float32)
        made = {"u": small[..., 0], "v": small[..., 1]}
        if "strain" in self.channels:
            made["strain"] = resized(strain(field), self.size)
        if "magnitude" in self.channels:
            made["magnitude"] = np.linalg.norm(small, axis=2)
        if "grey" in self.channels:
            made["grey"] = _channels(frames[k], self.size, False)[0] / np.float32(255)
        return np.stack([made[name] for name in self.channels]).astype(np.float32)


class FlowScales(ClipTransformer):
    """The flow maps of each clip from frame to frame, brought to two lengths in time, one behind the other: (C, 3 n_maps, H, W) float32.

    Peng et al. (2017) interpolate clips to 64 and 128 maps. Ours: the maps are interpolated (TIM), not the frames, whose flow would
    have to be computed two hundred times.

    Parameters
    ----------
    n_maps : int, default=64
        Maps at the shorter length; twice as many follow at the longer.
    size, channels, method
        As in :class:`FlowSequence`.
    """

    def __init__(
        self,
        n_maps: int = 64,
        size: int | tuple[int, int] = 128,
        channels: tuple[str, ...] = ("u", "v", "magnitude"),
        method: str = "tvl1",
    ):
        self.n_maps = n_maps
        self.size = size
        self.channels = channels
        self.method = method

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The maps of one clip."""
        maps = FlowSequence(self.size, self.channels, "previous", self.method).transform_clip(clip).swapaxes(0, 1)  # (T - 1, C, H, W)
        with named(clip):
            return np.concatenate([interpolate(maps, n) for n in (self.n_maps, 2 * self.n_maps)]).swapaxes(0, 1)


class FramesAndFlow(ClipTransformer):
    """The grey frames of each clip but the last, then the flow between all of them, (1, 3 (T - 1), size, size) float32.

    Frames are 0-1; of the flow all horizontal maps come first, then all vertical ones, the longest component is 1 or -1.

    Parameters
    ----------
    size : int, default=64
        px; flow is measured at the clip's own size.
    streams : {"both", "frames", "flow"}, default="both"
    method : {"tvl1", "dis", "farneback"}, default="tvl1"
        Optical flow, see :func:`fleeting.flow.flow`.
    """

    def __init__(self, size: int = 64, streams: str = "both", method: str = "tvl1"):
        self.size = size
        self.streams = streams
        self.method = method

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """Frames and flow of one clip."""
        if self.streams not in STREAMS:
            raise UsageError(f"streams={self.streams!r} is not known; choose from {', '.join(STREAMS)}")
        with named(clip):
            frames, parts = moment(clip), []
            if len(frames) < 2:
                raise UsageError(f"frames with the flow between them need a clip of at least 2 frames; got 1 frame{only_one(1)}")
            if self.streams != "flow":
                grey = np.concatenate([_channels(frame, self.size, False) for frame in frames[:-1]])
                parts.append(grey.astype(np.float32) / 255)
            if self.streams != "frames":
                parts.append(flow_stack(flow_frame_to_frame(frames, self.method), self.size))
            return np.concatenate(parts)[None]


def _channels(image: np.ndarray, size: int | tuple[int, int], colour: bool) -> np.ndarray:
    """A picture with its channels first, (3 or 1, H, W) uint8."""
    if colour and image.ndim != 3:
        raise UsageError("colour is asked, but the frames are grey, (T, H, W)")
    if colour:
        return np.moveaxis(resized(image, size), -1, 0)
    return resized(grey(image[None])[0], size)[None]
