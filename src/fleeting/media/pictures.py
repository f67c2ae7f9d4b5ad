"""Pictures one by one, out of a folder or from a camera, as a stream of frames."""

import os
import re
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import cv2
import numpy as np

from ..errors import MediaError, UsageError
from .stream import NO_TIMESTAMP, Frame, Media

PICTURES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff")


class PictureFolder(Media):
    """The pictures of a folder, in natural order.

    Parameters
    ----------
    path : Path
        The folder.
    fps : float, optional
        Frames a second, as in :func:`open_media`.
    partial : bool, default=False
        Take what a damaged or cut-off recording still gives.
    """

    def __init__(self, path: Path, *, fps: float | None = None, partial: bool = False):
        super().__init__(path, partial=partial)
        self.name = Path(os.path.abspath(path)).name  # a folder has no suffix, and "." no name
        self.fps, self.fps_assumed = fps or 25.0, fps is None
        files = [file for file in path.iterdir() if not file.name.startswith(".")]
        self._files = sorted((f for f in files if f.suffix.lower() in PICTURES), key=lambda f: _natural(f.name))
        if not self._files:
            found = f"; it holds {len(files)} other files such as {files[0].name}" if files else "; it is empty"
            raise MediaError(f"The folder {path} has no pictures ({', '.join(PICTURES)}){found}.")
        self.codec = self._files[0].suffix.lower().lstrip(".")
        self.frame_count = len(self._files)
        self.duration = self.frame_count / self.fps
        self.height, self.width = read_picture(self._files[0]).shape[:2]

    def _read(self) -> Iterator[tuple[int, float | None, np.ndarray]]:
        self._check_open()
        for position, file in enumerate(self._files):
            try:
                image = self._picture(file)
            except MediaError as error:
                if not self.partial:
                    raise
                self.truncated = f"Left out: {error}"
            else:
                yield position, position / self.fps, image

    def _list(self, count: int | None = None) -> bool:
        if count not in (None, len(self._files)):
            return False
        for position in range(len(self._files)):
            self._note(position, position / self.fps)
        self._complete = True
        return True

    def _seek(self, start: int, stop: int) -> Iterator[np.ndarray]:
        self._check_open()
        return (self._picture(self._files[position]) for position in self._keys[start:stop])

    def _picture(self, file: Path) -> np.ndarray:
        image = read_picture(file)
        height, width = image.shape[:2]
        if (width, height) != (self.width, self.height):
            raise MediaError(
                f"The pictures of {self.path} differ in size: {self._files[0].name} has {self.width}x{self.height} px, "
                f"{file.name} has {width}x{height} px. Keep those of one recording in a folder of their own."
            )
        return image


class PictureArray(Media):
    """Pictures that are in memory already, (T, H, W, 3) uint8 RGB; they are looked at where they are.

    Parameters
    ----------
    pictures : ndarray of shape (T, H, W, 3), uint8
        RGB.
    fps : float, optional
        Frames a second, as in :func:`open_media`.
    """

    codec = "array"

    def __init__(self, pictures: np.ndarray, *, fps: float | None = None):
        if pictures.ndim != 4 or pictures.shape[3] != 3 or pictures.dtype != np.uint8 or not pictures.size:
            grey = "; grey ones: np.repeat(pictures[..., None], 3, axis=3)" if pictures.ndim == 3 else ""
            raise UsageError(
                f"an array of pictures is (T, H, W, 3) uint8 RGB, at least one of them; this is {pictures.shape} {pictures.dtype}{grey}."
            )
        super().__init__(Path("array"))
        self.fps, self.fps_assumed = fps or 25.0, fps is None
        self._pictures = pictures
        self.frame_count, self.height, self.width = pictures.shape[:3]
        self.duration = self.frame_count / self.fps

    def _read(self) -> Iterator[tuple[int, float | None, np.ndarray]]:
        self._check_open()
        return ((position, position / self.fps, image) for position, image in enumerate(self._pictures))

    def _seek(self, start: int, stop: int) -> Iterator[np.ndarray]:
        self._check_open()
        return iter(self._pictures[start:stop])


class Camera(Media):
    """A live camera. What it shows is gone afterwards: record it with :func:`write_video` to look twice.

    Parameters
    ----------
    number : int
        Of the camera, from 0.
    fps : float, optional
        What to ask it for.
    seconds : float, optional
        When to stop; default: at :meth:`close`.
    """

    codec = "camera"

    def __init__(self, number: int, *, fps: float | None = None, seconds: float | None = None):
        super().__init__(Path(f"camera{number}"))
        self._seconds = seconds
        level = cv2.utils.logging.getLogLevel()
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        try:
            self._capture = cv2.VideoCapture(number)
        finally:
            cv2.utils.logging.setLogLevel(level)
        if fps is not None:
            self._capture.set(cv2.CAP_PROP_FPS, fps)
        seen, image = self._capture.read()
        if not seen:
            self._capture.release()
            raise MediaError(
                f"Camera {number} gives no picture. Is it plugged in, allowed, and free of other programs? "
                f"The first camera is 0; a file of that name is ./{number}."
            )
        self.height, self.width = image.shape[:2]
        self.fps = self._capture.get(cv2.CAP_PROP_FPS) or 30.0

    def __iter__(self) -> Iterator[Frame]:
        return self._frames()  # live: nothing queues up

    def frames(self, start: int, stop: int) -> Generator[Frame]:
        """UsageError: a camera cannot go back.

        Parameters
        ----------
        start : int
            Not looked at.
        stop : int
            Not looked at.
        """
        raise UsageError(f"{self.path} cannot go back to frame {start}: record it with write_video first.")

    def close(self) -> None:
        """Let go of the camera."""
        super().close()
        self._capture.release()

    def _read(self) -> Iterator[tuple[int, float | None, np.ndarray]]:
        self._check_open()
        first = None
        while True:
            seen, image = self._capture.read()
            now = time.monotonic()
            first = now if first is None else first
            if self._closed or (self._seconds is not None and now - first >= self._seconds):
                return
            if not seen:
                raise MediaError(f"{self.path} gives no more pictures after {now - first:.1f} s. Was it unplugged?")
            yield NO_TIMESTAMP, now - first, cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def read_picture(file: Path) -> np.ndarray:
    """(H, W, 3) uint8 RGB; grey is repeated, 16 bits are scaled to 8, transparency is dropped."""
    try:
        content = np.fromfile(file, np.uint8)  # cv2.imread fails on some paths outside ASCII
    except OSError as error:
        raise MediaError(f"{file} may not be read: {error.strerror}.") from error
    return decoded(content, file)


def decoded(content: np.ndarray, name: Path | str) -> np.ndarray:
    """The picture that bytes, (n,) uint8, hold, as of :func:`read_picture`; MediaError names it."""
    try:
        image = cv2.imdecode(content, cv2.IMREAD_COLOR_RGB) if content.size else None
    except cv2.error:
        image = None
    if image is None:
        what = "cannot be decoded as a picture" if content.size else "is empty (0 bytes)"
        raise MediaError(f"{name} {what}. Copy it again, or leave it out.")
    return image


def _natural(name: str) -> tuple[list[int | str], str]:
    """Sorting key: numbers by value, so that img2 comes before img10."""
    parts = re.split(r"(\d+)", name.casefold())
    return [int(part) if part.isdecimal() else part for part in parts], name
