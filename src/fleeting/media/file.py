"""Video files as a stream of frames, decoded by FFmpeg."""

import os
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from ..errors import MediaError
from .compression import measured
from .rate import Grid, steady_rate
from .stream import NO_TIMESTAMP, Media

if TYPE_CHECKING:
    import av

# How far a file is looked into for its rate: so that 29.97 and 30 differ by three milliseconds, and two frames at least.
RATE_S, RATE_FRAMES, RATE_BYTES = 3.0, 64, 2**26
REORDERED = 16  # frames by which a codec may send a picture ahead
SQUARE_ENOUGH = 4  # a pixel more oblong than this is a slip of the writer's


class VideoFile(Media):
    """Whatever FFmpeg decodes.

    Parameters
    ----------
    path : Path
        The file.
    fps : float, optional
        Frames a second, as in :func:`open_media`.
    partial : bool, default=False
        Take what a damaged or cut-off recording still gives.
    """

    def __init__(self, path: Path, *, fps: float | None = None, partial: bool = False):
        super().__init__(path, partial=partial)
        self._fps = fps
        with self._open() as container:
            stream = _video_stream(container, self.path)
            self._index = stream.index
            self.codec = stream.codec_context.name
            self._describe(container, stream)
            self._rate = None if fps else _rate(container, stream)
            self.fps = float(self._rate) if self._rate else self.fps
            began = container.start_time or 0  # µs, of the stream that begins first
        first = next(self._decode(), None)
        if first is None:
            raise MediaError(f"{path} holds no {self.codec} picture that can be decoded. Copy or export it again.")
        self._size = _square(first.width, first.height, self.pixel_aspect)  # before rotation
        self.height, self.width = _upright(first, *self._size).shape[:2]
        self.truncated = None
        if not fps and _key(first) != NO_TIMESTAMP and first.time_base:
            self.start = max(0.0, round(float(_key(first) * first.time_base) - began / 1e6, 3))

    def compression(self) -> dict[str, Any]:
        """What its compression may have cost, as :meth:`.stream.Media.compression` has it."""
        return measured(self.path, self._index)

    def _describe(self, container: Any, stream: Any) -> None:
        average, guess = (float(rate or 0) for rate in (stream.average_rate, stream.guessed_rate))
        steady = guess and (not average or abs(guess - average) < 0.05 * average)  # edit lists bend the average
        rate = self._fps or (guess if steady else average)
        self.fps, self.fps_assumed = rate or 25.0, not rate
        aspect = float(stream.sample_aspect_ratio or 1)
        self.pixel_aspect = aspect if 1 / SQUARE_ENOUGH <= aspect <= SQUARE_ENOUGH else 1.0
        # MP4 lists also the frames which its edit list hides; AVI counts also those which were dropped, and lists less.
        entries = list(stream.index_entries) if stream.frames else []
        if entries and len(entries) == stream.frames:
            self.frame_count = sum(not entry.is_discard for entry in entries)
        # The duration of other formats may be an estimate, or that of what there is.
        declared = any(name in container.format.name for name in ("matroska", "mp4", "avi"))
        self._end = container.duration / 1e6 if declared and container.duration else None
        if self._fps and self.frame_count:
            self.duration = self.frame_count / self._fps
        elif stream.duration:
            self.duration = float(stream.duration * stream.time_base)
        elif container.duration:
            self.duration = container.duration / 1e6

    def _open(self) -> "av.container.InputContainer":
        import av

        self._check_open()
        try:  # "file": a name may hold a colon; the whitelist: a playlist must not reach into the network
            return av.open(f"file:{self.path}", options={"protocol_whitelist": "file"}, metadata_errors="replace")
        except (av.error.FFmpegError, ValueError) as error:
            raise MediaError(f"{self.path} {_diagnosis(Path(self.path))}") from error

    def _decode(self, target: int | None = None) -> Iterator["av.VideoFrame"]:
        """Decoded frames from the beginning, or from the last keyframe at or before the timestamp ``target``.

        A seek is only a try: it ends silently where it fails, or at once if it landed behind the target.
        """
        import av

        decoded, end, landed = 0, 0.0, target is None
        with self._open() as container:
            stream = container.streams[self._index]
            stream.thread_type = "AUTO"
            if target is not None:
                with suppress(av.error.FFmpegError):  # then it reads from the beginning
                    container.seek(target, stream=stream)
            packets = container.demux()  # of all streams: the sound may last longer than the pictures
            while True:
                try:
                    packet = next(packets, None)
                    if packet is None:
                        break
                    if packet.pts is not None and packet.size:
                        end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                    if packet.stream.index != self._index:  # not .stream_index, which is 0 for the packets that flush
                        continue
                    if target is not None and not landed and _key(packet) > target:
                        return
                    landed = True
                    if target is not None:  # on the way there, pictures that no other one needs are passed over
                        stream.codec_context.skip_frame = "NONREF" if _key(packet) < target else "DEFAULT"
                    frames: list[Any] = packet.decode()  # pictures: the other streams have been passed over
                except av.error.FFmpegError:
                    frames = [None]
                for frame in frames:
                    if frame is not None and not frame.is_corrupt:  # what is patched up shows motion that never was
                        decoded += 1
                        yield frame
                    elif target is None:
                        self._cut(f"is damaged or cut off after {decoded} frames: a picture cannot be decoded.")
            if target is None and (lacking := self._lacking(stream, decoded, end)):
                self._cut(lacking)

    def _lacking(self, stream: Any, count: int, end: float) -> str:
        """What is missing where ``count`` frames, and packets until ``end`` (s), are less than was declared; empty if nothing is."""
        expected, size = self.frame_count, os.path.getsize(self.path)
        beyond = any(entry.pos + entry.size > size for entry in stream.index_entries)
        if expected is None and beyond:
            return f"breaks off after {count} frames, in the middle of a picture."
        if expected is not None and (beyond or expected - count > max(3, 0.02 * expected)):
            return f"breaks off after {count} of {expected} frames ({count / expected:.0%})."
        if expected is None and self._end is not None and self._end - end > max(3 / self.fps, 0.02 * self._end):
            return f"breaks off after {end:.1f} of {self._end:.1f} s ({end / self._end:.0%})."
        return ""

    def _read(self) -> Iterator[tuple[int, float | None, np.ndarray]]:
        seconds = _Seconds(self._fps, self._rate)
        for frame in self._decode():
            yield (key := _key(frame)), seconds.of(key, frame.time_base), _upright(frame, *self._size)

    def _list(self, count: int | None = None) -> bool:
        keys, end = [], 0.0
        with self._open() as container:
            stream = container.streams[self._index]
            for packet in container.demux():
                if packet.pts is not None and packet.size:
                    end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                if packet.stream.index == self._index and packet.size and not packet.is_discard:
                    keys.append(_key(packet))
            keys.sort()
            base = stream.time_base
            whole = len(keys) == count if count else not self._lacking(stream, len(keys), end)
        if not keys or keys[0] == NO_TIMESTAMP or len(set(keys)) < len(keys) or not whole:
            return False
        seconds = _Seconds(self._fps, self._rate)
        for key in keys:
            self._note(key, seconds.of(key, base))
        self._complete = True
        return True

    def _seek(self, start: int, stop: int) -> Iterator[np.ndarray]:
        keys = self._keys[start:stop]
        if not self._seekable:
            yield from (_upright(frame, *self._size) for frame in islice(self._decode(), start, stop))
            return
        found = 0
        # A keyframe may precede pictures that are shown before it: begin earlier then, at last from the beginning.
        for target in (keys[0], self._keys[max(0, start - 32)], None):
            for frame in self._decode(target):
                if _key(frame) == keys[found]:
                    yield _upright(frame, *self._size)
                    found += 1
                    if found == len(keys):
                        return
        raise MediaError(f"{self.path}: frame {start + found} cannot be found again. Was the file changed meanwhile?")


class _Seconds:
    """Timestamps of one frame after the other, s since the first."""

    def __init__(self, fps: float | None, rate: "Fraction | None"):
        self.fps, self.rate = fps, rate
        self.count, self.first = 0, NO_TIMESTAMP
        self.grid: Grid | None = None

    def of(self, key: int, base: "Fraction | None") -> float | None:
        """That of the next frame; None where the file does not say."""
        self.count += 1
        if self.first == NO_TIMESTAMP:
            self.first = key
            self.grid = Grid(self.rate, base) if self.rate and base else None
        if self.fps:
            return (self.count - 1) / self.fps
        if key == NO_TIMESTAMP or base is None:
            return None
        if self.grid and (position := self.grid.place(key - self.first)) is not None:
            return self.grid.seconds(position)
        self.grid = None  # the rate varies
        return (key - self.first) * base.numerator / base.denominator


def _video_stream(container: Any, path: str) -> Any:
    """The stream that FFmpeg thinks best, cover pictures aside."""
    import av

    covers = av.stream.Disposition.attached_pic
    streams = [stream for stream in container.streams.video if not stream.disposition & covers]
    best = container.streams.best("video")
    stream = best if best in streams else next(iter(streams), None)
    if stream is None:
        what = "sound only" if container.streams.audio else "no pictures"
        raise MediaError(f"{path} holds {what}. Give the file that was recorded with the camera.")
    if stream.codec_context is None:
        raise MediaError(f"{path} uses a video codec which this FFmpeg does not know. Convert it to H.264 first.")
    if container.format.name == "tty":
        raise MediaError(f"{path} is a text file, not a video.")
    if container.format.name.endswith(("_pipe", "image2")):
        raise MediaError(f"{path} is one picture, not a video. Give the folder which holds the whole sequence.")
    return stream


def _rate(container: Any, stream: Any) -> Fraction | None:
    """Frames a second by the timestamps of the first seconds; None where they vary. The container is read on for them."""
    import av

    declared = (stream.average_rate, stream.codec_context.framerate, stream.guessed_rate, stream.base_rate)
    if container.format.name == "avi":  # times are numbers of frames
        return 1 / Fraction(stream.time_base)
    stamps: list[int] = []
    size, ended = 0, True
    with suppress(av.error.FFmpegError):  # damage is told when it is reached
        for packet in container.demux(stream):
            if not packet.size or packet.is_discard:
                continue
            if (stamp := _key(packet)) == NO_TIMESTAMP:
                return None
            stamps.append(stamp)
            size += packet.size
            enough = len(stamps) >= RATE_FRAMES and (stamp - stamps[0]) * stream.time_base >= RATE_S
            if enough or size > RATE_BYTES:
                ended = False
                break
    stamps.sort()
    return steady_rate(stamps if ended else stamps[:-REORDERED], stream.time_base, declared)


def _square(width: int, height: int, aspect: float) -> tuple[int, int]:
    """Size in square pixels of a picture whose pixels are ``aspect`` times as wide as high: the shorter way is enlarged."""
    return (round(width * aspect), height) if aspect >= 1 else (width, round(height / aspect))


def _diagnosis(path: Path) -> str:
    """What may be wrong with a file that FFmpeg does not open."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head[4:8] in (b"ftyp", b"mdat", b"wide", b"free", b"moov"):
        return (
            "was cut off: its index (the 'moov' part, written when a recording ends) is missing. Copy it again; if the "
            "camera lost power, a repair program can rebuild the index from a whole recording of the same camera."
        )
    if b"\0" not in head:
        return "is a text file, not a video."
    return "is not a video that FFmpeg can read, or its beginning is damaged. Copy or export it again."


def _key(item: "av.VideoFrame | av.Packet[Any]") -> int:
    """Timestamp by which a frame is found again; AVI files may have none but that of decoding."""
    return item.pts if item.pts is not None else item.dts if item.dts is not None else NO_TIMESTAMP


def _upright(frame: "av.VideoFrame", width: int, height: int) -> np.ndarray:
    """(H, W, 3) uint8 RGB, at the given size before rotation (calls change theirs midway), turned and mirrored."""
    image: Any = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="BICUBIC")
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    if matrix is not None:
        a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].tolist()  # x' = a x + c y, y' = b x + d y
        if abs(b) > abs(a):
            image, a, d = cv2.transpose(image), c, b
        if a < 0 or d < 0:
            image = cv2.flip(image, -1 if a < 0 and d < 0 else 1 if a < 0 else 0)
    return np.ascontiguousarray(image)
