"""Frames into a video file."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import OutputError, UsageError
from .stream import Frame

if TYPE_CHECKING:
    import av

BT709, LIMITED_RANGE = 1, 1  # FFmpeg's numbers for the colours of HD video
CODECS = {".mp4": "libx264", ".mov": "libx264", ".mkv": "ffv1", ".webm": "libvpx-vp9"}


def write_video(
    path: str | Path,
    frames: Iterable[np.ndarray | Frame],
    fps: float,
    *,
    codec: str | None = None,
    crf: int | None = None,
    title: str | None = None,
    repeatable: bool = False,
) -> Path:
    """Path of the video file written; it appears whole, or not at all.

    ``write_video("talk.mkv", open_media(0, seconds=60), 30)`` records a camera.

    Parameters
    ----------
    path : str or Path
        The suffix chooses the container: .mp4, .mov, .mkv or .webm. An existing file is replaced.
    frames : iterable of ndarray of shape (H, W, 3), uint8 RGB, or of Frame
        Taken one by one. Arrays follow each other at ``fps``; a :class:`Frame` is shown at its own time, to
        1/90000 s in .mp4 and .mov, and to 1/1000 s in .mkv and .webm.
    fps : float
        Frames a second (nominal, for :class:`Frame`).
    codec : {"libx264", "libvpx-vp9", "ffv1"}, optional
        Default by suffix: libx264 for .mp4 and .mov, libvpx-vp9 for .webm, ffv1 for .mkv. ffv1 keeps every bit.
        libx264 needs even sizes: the last row or column of an odd picture is doubled, so that it grows by one pixel.
    crf : int, optional
        Constant quality, 0 (best) to 51 or 63; default 18 for libx264, 30 for libvpx-vp9. Not for ffv1.
    title : str, optional
        Stored in the file's metadata, where players show it.
    repeatable : bool, default=False
        Of the same frames libx264 always makes the same bytes: on one thread and without its macroblock tree, which differs
        from run to run. Slower, and at the same crf twice as large: 3 more make up for it.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UsageError
        Unknown suffix or codec, no frames, frames of other shape or type, times which do not increase.
    OutputError
        The file cannot be written (no such folder, read-only, disk full).

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> path = write_video(Path(tempfile.mkdtemp()) / "grey.mkv", np.full((3, 48, 64, 3), 128, np.uint8), fps=50)
    >>> path.name
    'grey.mkv'
    """
    import av

    path = Path(path).expanduser()
    suffix = path.suffix.lower()
    encoder = codec or CODECS.get(suffix, "")
    if suffix not in CODECS or encoder not in CODECS.values():
        raise UsageError(
            f"Cannot write {path} with codec {codec}: the suffix must be one of {', '.join(CODECS)}, the codec one of "
            f"{', '.join(sorted(set(CODECS.values())))}."
        )
    if not 0 < fps < float("inf"):
        raise UsageError(f"fps={fps} must be a positive number.")
    if crf is not None and (encoder == "ffv1" or not 0 <= crf <= 63):
        raise UsageError(f"crf={crf} must lie in 0..63, and is not for ffv1, which loses nothing.")
    frames = iter(frames)
    first = next(frames, None)
    if first is None:
        raise UsageError(f"There are no frames to write to {path}.")
    shape = _check_image(first.image if isinstance(first, Frame) else first, None, 0).shape
    start = first.time if isinstance(first, Frame) else None
    rate = Fraction(fps).limit_denominator(1001)  # 29.97 -> 2997/100, 30000 / 1001 -> 30000/1001
    clock = 1 / rate if start is None else Fraction(1, 90_000)
    last = -1
    draft = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        with _writing(path):
            container = av.open(str(draft), "w")
            if title:
                container.metadata["title"] = title
        try:
            with _writing(path):
                stream = _add_stream(container, encoder, crf, rate, clock, shape)
                if repeatable and encoder == "libx264":
                    stream.options |= {"x264-params": "mbtree=0"}
                    stream.codec_context.thread_count = 1
            for index, item in enumerate(chain([first], frames)):
                image = _check_image(item.image if isinstance(item, Frame) else item, shape, index)
                ticks = round((item.time - start) / clock) if isinstance(item, Frame) and start is not None else index
                if ticks <= last:
                    raise UsageError(f"Frame {index} does not come later than the one before it, to {clock} s.")
                last = ticks
                with _writing(path):
                    frame = _video_frame(image, stream)
                    frame.pts, frame.time_base, frame.duration = ticks, clock, round(1 / rate / clock)
                    container.mux(stream.encode(frame))
            with _writing(path):
                container.mux(stream.encode(None))
                container.close()
        finally:
            with suppress(Exception):  # after an error or KeyboardInterrupt: let go of the file, whatever its state
                container.close()
        with _writing(path):
            draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return path


def _add_stream(
    container: Any, codec: str, crf: int | None, rate: Fraction, clock: Fraction, shape: tuple[int, ...]
) -> Any:
    stream = container.add_stream(codec, rate=rate)
    context = stream.codec_context
    context.time_base = clock
    context.thread_type = "AUTO"
    stream.height, stream.width = shape[:2]
    if codec == "ffv1":
        stream.pix_fmt = "bgr0"
        stream.options = {"level": "3", "slicecrc": "1"}
        return stream
    stream.pix_fmt = "yuv420p"
    context.colorspace = context.color_primaries = context.color_trc = BT709
    context.color_range = LIMITED_RANGE
    if codec == "libx264":
        stream.height, stream.width = (side + side % 2 for side in shape[:2])
        stream.options = {"crf": str(18 if crf is None else crf), "preset": "veryfast"}
    else:
        stream.options = {"crf": str(30 if crf is None else crf), "b": "0", "cpu-used": "4", "row-mt": "1"}
    return stream


def _video_frame(image: np.ndarray, stream: Any) -> "av.VideoFrame":
    import av

    height, width = image.shape[:2]
    if (height, width) != (stream.height, stream.width):
        image = np.pad(image, ((0, stream.height - height), (0, stream.width - width), (0, 0)), mode="edge")
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
    if stream.pix_fmt == "bgr0":
        return frame.reformat(format="bgr0")
    return frame.reformat(format="yuv420p", dst_colorspace="itu709", dst_color_range="MPEG")


def _check_image(image: Any, shape: tuple[int, ...] | None, index: int) -> np.ndarray:
    """The image itself, if it is one, and of the first one's shape."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        what = f"{image.dtype} array of shape {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise UsageError(f"Frame {index} is a {what}; it must be (H, W, 3) uint8 RGB.")
    if shape is not None and image.shape != shape:
        raise UsageError(f"Frame {index} has shape {image.shape}, the first one {shape}: all must be of one size.")
    return image


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Errors of the disk and the encoder, not those of whoever makes the frames, as OutputError."""
    import av

    try:
        yield
    except (OSError, av.error.FFmpegError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{path} cannot be written: {reason}. Make room, or choose another folder.") from error
