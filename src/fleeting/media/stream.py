"""A stream of frames, whatever it is read from: numbered, timed, decoded ahead of its user, and sought again."""

import queue
import threading
from array import array
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from ..errors import MediaError, TruncatedError, UsageError

NO_TIMESTAMP = -(2**63)  # as FFmpeg has it


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a video.

    Parameters
    ----------
    index : int
        Number in the recording, 0-based.
    time : float
        Seconds since the first frame.
    image : ndarray of shape (H, W, 3), uint8
        RGB.
    """

    index: int  # 0-based
    time: float  # s since the first frame
    image: np.ndarray  # (H, W, 3) uint8 RGB, upright


class Media:
    """A stream of frames; made by :func:`open_media`. Iterating yields :class:`Frame`, and starts again each time.

    Parameters
    ----------
    path : Path
        What is read.
    partial : bool, default=False
        Take what a damaged or cut-off recording still gives.

    Attributes
    ----------
    path : str
        As given by the user.
    name : str
        File or folder name without its suffix.
    width, height : int
        px, upright and square: after the rotation which the recording asks for, and with oblong pixels enlarged the shorter way.
    pixel_aspect : float
        Width of a stored pixel over its height, before rotation; 1 but for DV, DVD and other anamorphic recordings.
    fps : float
        Frames a second: the rate with which the timestamps agree, or the nominal one where they vary. They are what counts.
    fps_assumed : bool
        Nobody said what ``fps`` is: a folder of pictures opened without it, or a file that does not say.
    start : float
        How long after the beginning of the file the first frame is shown, s: 0, but where the sound begins earlier.
    frame_count : int or None
        As declared; None if the source does not say.
    duration : float or None
        As declared, in s.
    codec : str
        'h264', ...; 'png', ... for pictures; 'camera'.
    repaired : int
        Timestamps of the frames seen so far which were missing or did not increase. Such a frame is put one nominal
        frame after the one before it; later timestamps are taken as they are once they have caught up.
    truncated : str or None
        After iteration: a sentence which says how much is missing.
    """

    fps_assumed = False
    pixel_aspect = 1.0
    start = 0.0
    frame_count: int | None = None
    duration: float | None = None
    truncated: str | None = None
    width: int
    height: int
    fps: float
    codec: str

    def __init__(self, path: Path, *, partial: bool = False):
        self.path, self.name, self.partial = str(path), path.stem, partial
        self.repaired = 0
        self._keys = array("q")  # where each frame lies: raw timestamp, or position in the folder
        self._times = array("d")
        self._seekable = True  # the keys tell the frames apart
        self._complete = self._closed = False

    def require_rate(self) -> None:
        """Nothing, where the frame rate is known; UsageError that asks for it where it would be a guess."""
        if self.fps_assumed:
            raise UsageError(
                f"{self.path} does not say how many frames a second it has, and what is found depends on it: how long an event lasts, and "
                "whether it is one. Give the rate at which it was recorded, such as fps=30 for most cameras or fps=200 for a fast one."
            )

    @property
    def times(self) -> np.ndarray:
        """Timestamps of the frames seen so far, (N,) float64, s since the first frame."""
        return np.array(self._times[:])  # a copy: the decoding thread may be adding to it

    def __iter__(self) -> Iterator[Frame]:
        return self.ahead(self._frames())

    def ahead(self, frames: Generator[Frame]) -> Iterator[Frame]:
        """The same frames, decoded in a thread of their own while the caller works on those before.

        Parameters
        ----------
        frames : generator of Frame
            As :meth:`frames` gives them.

        Returns
        -------
        iterator of Frame
            In the same order.
        """
        return _ahead(frames, depth=min(8, max(1, 2**26 // (3 * self.width * self.height))))  # 64 MB at most

    def frames(self, start: int, stop: int) -> Generator[Frame]:
        """Frames ``start`` (inclusive) to ``stop`` (exclusive), as iteration yields them.

        Frames which iteration has passed already are sought; others are reached by decoding from the beginning.

        Parameters
        ----------
        start : int
            The first, 0-based.
        stop : int
            The first that is left out.

        Yields
        ------
        Frame
            One by one.
        """
        if not 0 <= start <= stop:
            raise UsageError(f"frames({start}, {stop}): start must lie between 0 and stop.")
        if self._complete:
            stop = min(stop, len(self._keys))
        if start >= stop:
            return
        if stop > len(self._keys):
            yield from islice(self._frames(), start, stop)
        else:
            for index, image in zip(range(start, stop), self._seek(start, stop), strict=False):
                yield Frame(index, self._times[index], image)

    def survey(self, count: int | None = None) -> np.ndarray:
        """Timestamps of all frames as :attr:`times`, so that :meth:`frames` seeks any of them; quick where the file tells without decoding.

        Parameters
        ----------
        count : int, optional
            How many frames an earlier iteration has yielded. Where the file's own list has another number, or none is given, everything
            is decoded once.

        Returns
        -------
        ndarray of shape (T,), float64
            Seconds since the first frame.
        """
        if not self._complete and not (count and self._list(count)):
            for _ in self._frames():
                pass
        return self.times

    def listed(self) -> np.ndarray | None:
        """Timestamps of all frames as :meth:`survey` gives them, where the file tells them without decoding.

        What it says of its frames may be more than can be decoded: :meth:`frames` then raises MediaError where it misses one.

        Returns
        -------
        ndarray of shape (T,), float64, or None
            Seconds since the first frame; None where it takes decoding to know them.
        """
        return self.times if self._complete or self._list() else None

    def compression(self) -> dict[str, Any]:
        """What the compression of a video file may have cost, from a few frames at a few places; empty of other sources.

        Returns
        -------
        dict
            ``quantiser``, the mean over the blocks of those pictures, on the scale of ``quantiser_of``, which ends at ``quantiser_most``
            (H.264: 51, and 6 more double the step; MPEG: 31; VP9: 255); None where FFmpeg does not tell, as of H.265 or AV1.
            ``bits_per_pixel``. ``blocking``: the mean step of grey across the borders of 8 px blocks over that elsewhere, 1 where there is
            no trace of them, None where the pictures are smaller.
        """
        return {}

    def close(self) -> None:
        """End all reading; iterating afterwards raises MediaError."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _frames(self) -> Generator[Frame]:
        """Number what :meth:`_read` yields, and note where it lies for :meth:`frames`."""
        for index, (key, seconds, image) in enumerate(self._read()):
            if self._closed:
                return
            # On a second pass, what the first one noted.
            yield Frame(index, self._note(key, seconds) if index == len(self._keys) else self._times[index], image)
        self._complete = True

    def _list(self, count: int | None = None) -> bool:
        """Note where each frame lies without decoding any; whether that gave ``count`` frames, or no fewer than declared."""
        return False

    def _note(self, key: int, seconds: float | None) -> float:
        """Note where the next frame lies; its timestamp, repaired where it is missing or does not increase."""
        first = not len(self._keys)
        previous = -1.0 if first else self._times[-1]
        repair = not first and (seconds is None or seconds <= previous)
        time = previous + 1 / self.fps if repair else seconds or 0.0
        self._seekable &= key > (NO_TIMESTAMP if first else self._keys[-1])
        self._keys.append(key)
        self._times.append(time)
        self.repaired += repair
        return time

    def _read(self) -> Iterator[tuple[int, float | None, np.ndarray]]:
        """Key, timestamp (s since the first frame) and image of each frame from the beginning."""
        raise NotImplementedError

    def _seek(self, start: int, stop: int) -> Iterator[np.ndarray]:
        """Images of frames which have been seen before."""
        raise NotImplementedError

    def _check_open(self) -> None:
        if self._closed:
            raise MediaError(f"{self.path} has been closed; open it again.")

    def _cut(self, what: str) -> None:
        """Note, or raise, that the recording breaks off."""
        self.truncated = f"{self.path} {what}"
        if not self.partial:
            raise TruncatedError(
                f"{self.truncated} Copy or download it again, or take what is there with partial=True."
            )


def _ahead(frames: Generator[Frame], depth: int) -> Iterator[Frame]:
    """The same frames, decoded in a thread of their own while the caller works on those before: 1.4 times as fast."""
    line: queue.Queue[Any] = queue.Queue(depth)
    stop = threading.Event()

    def work() -> None:
        last: BaseException | None = None
        try:
            for frame in frames:
                line.put(frame)
                if stop.is_set():
                    frames.close()
                    return
        except BaseException as error:  # handed over to the caller
            last = error
        line.put(last)

    thread = threading.Thread(target=work, name="fleeting-decoder", daemon=True)
    thread.start()
    try:
        while isinstance(frame := line.get(), Frame):
            yield frame
        if frame is not None:
            raise frame
    finally:
        stop.set()
        while thread.is_alive():  # it may wait for room
            with suppress(queue.Empty):
                line.get(timeout=0.01)
