"""Where a clip's or a video's frames come from: small objects that read when they are called, and can be sent to a worker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from ..errors import DatasetError, MediaError
from ..media import open_media
from ..media.pictures import read_picture


@dataclass(frozen=True)
class Pictures:
    """Picture files that become one array when called, so that a clip costs nothing until it is looked at."""

    files: tuple[Path, ...]

    def __call__(self) -> np.ndarray:
        """All pictures, (T, H, W, 3) uint8 RGB; MediaError if one cannot be read, DatasetError if they differ in size."""
        try:
            images = [read_picture(file) for file in self.files]
        except MediaError as error:
            raise MediaError(f"{error} `fleeting datasets check --deep` lists all such pictures.") from error
        for file, image in zip(self.files, images, strict=True):
            if image.shape != images[0].shape:
                raise DatasetError(f"{file} is {_size(image)} px, {self.files[0].name} {_size(images[0])}. Copy them again.")
        return np.stack(images)


@dataclass(frozen=True, eq=False)
class InMemory:
    """Frames that are there already."""

    frames: np.ndarray

    def __call__(self) -> np.ndarray:
        """The frames, (T, H, W, 3) uint8 RGB."""
        return self.frames


@dataclass(frozen=True)
class VideoPart:
    """A stretch of a video file, decoded when called."""

    path: Path
    fps: float | None
    start: int
    stop: int | None

    def __call__(self) -> np.ndarray:
        """The frames, (T, H, W, 3) uint8 RGB."""
        return np.stack(list(VideoStream(self.path, self.fps)(self.start, self.stop)))


@dataclass(frozen=True)
class VideoStream:
    """The frames of a video file, one by one."""

    path: Path
    fps: float | None = None

    def __call__(self, start: int, stop: int | None) -> Iterator[np.ndarray]:
        """Frames ``start`` to ``stop`` (exclusive)."""
        with open_media(self.path, fps=self.fps) as media:
            for frame in islice(iter(media), start, stop):
                yield frame.image

    def times(self) -> np.ndarray:
        """Timestamps, (T,) float64, s; the file is decoded for them."""
        with open_media(self.path, fps=self.fps) as media:
            return np.array([frame.time for frame in media])


@dataclass(frozen=True)
class PictureStream:
    """Picture files, one by one."""

    files: tuple[Path, ...]

    def __call__(self, start: int, stop: int | None) -> Iterator[np.ndarray]:
        """Pictures ``start`` to ``stop`` (exclusive)."""
        return map(read_picture, self.files[start:stop])


@dataclass(frozen=True)
class SteadyTimes:
    """Timestamps of frames that follow each other at a steady rate."""

    n_frames: int
    fps: float

    def __call__(self) -> np.ndarray:
        """Timestamps, (T,) float64, s."""
        return np.arange(self.n_frames) / self.fps


def without_content(file: Path) -> str | None:
    """That a file is empty or cannot be had, told without opening it; None where it has a content."""
    try:
        return None if file.stat().st_size else f"{file} is empty (0 bytes)"
    except OSError as error:
        return f"{file} may not be read: {error.strerror}"


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
