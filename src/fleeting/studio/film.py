"""Exact frames for the browser, as JPEG by number; and one event's face: aligned, magnified, its flow and its action units.

A browser's own player neither steps exactly nor plays every codec. Here each picture is decoded by :mod:`fleeting.media` and carries
the number that the analysis knows it by.
"""

from __future__ import annotations

import struct
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..analysis.plot import flow_picture
from ..clip import Clip
from ..errors import UsageError
from ..faces.action_units import AUS, format_aus
from ..faces.align import align
from ..faces.landmarks import mean_face
from ..flow import flow
from ..media import Media, open_media
from ..media.sound import read_sound
from ..preprocess.magnify import magnify
from .evidence import Evidence

CACHE_BYTES = 96 * 2**20
MAX_LOOK, MAX_MAGNIFIED = 160, 48  # frames of an event that are shown at once; longer ones are thinned
YIELD_S = 2.0  # how long a thumbnail waits for frames that are wanted at once
MAX_RUN = 2000  # frames of one answer
CROP = 224


class Film:
    """The frames of one video, each decoded once while it is being looked at.

    Parameters
    ----------
    path : Path
    evidence : Evidence
        Says how many frames there are, and where the face is.
    """

    def __init__(self, path: Path, evidence: Evidence):
        self.path, self.evidence = path, evidence
        settings = evidence.about.get("settings") or {}
        self._media: Media = open_media(path, fps=settings.get("fps"), partial=bool(settings.get("partial")))
        self._media.survey(evidence.frames)
        self._kept: OrderedDict[Any, bytes] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()
        self._one_crop = threading.Lock()
        self._idle = threading.Event()  # nobody waits for a frame
        self._idle.set()
        self._waiting = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px."""
        return self._media.width, self._media.height

    def run(self, start: int, stop: int, step: int = 1, width: int = 0) -> Iterator[tuple[int, bytes]]:
        """Frames ``start`` to ``stop`` (exclusive), each ``step``-th, as number and JPEG, at most ``width`` px wide if given."""
        wanted = range(start, min(stop, self.evidence.frames, start + MAX_RUN * step), step)
        for position, index in enumerate(wanted):
            if (data := self._get((index, width))) is None:
                yield from self._decoded(wanted[position:], width)
                return
            yield index, data

    def images(self, frames: list[int]) -> Iterator[np.ndarray]:
        """Some frames, in rising order, one at a time in memory."""
        wanted = set(frames)
        for frame in self._media.frames(frames[0], frames[-1] + 1):
            if frame.index in wanted:
                yield frame.image

    def sound(self, start: float, stop: float) -> bytes:
        """The sound of a stretch, s since the first frame: 16 bits, mono, :data:`fleeting.media.sound.RATE`; empty where there is none."""
        if (self.evidence.about.get("settings") or {}).get("fps"):  # another time than the file's
            return b""
        return read_sound(self._media, start, stop).astype("<i2").tobytes()

    def crop(self, frame: int, face: int) -> bytes:
        """The face of one frame as JPEG, eyes level."""
        key = ("crop", frame, face)
        if (data := self._get(key)) is None:
            with self._one_crop:  # a list has many, and none is as urgent as the frame that somebody wants to see
                self._idle.wait(YIELD_S)
                (image,) = align(self.images([frame]), self._face(frame, face), CROP)
            data = self._keep(key, jpeg(image, 85))
        return data

    def look(self, face: int, onset: int, apex: int, offset: int, alpha: float = 0) -> Iterator[tuple[int, bytes]]:
        """An event's face with the head held still, and for ``alpha`` above 0 its motion ``1 + alpha`` times as large (PBVM)."""
        frames = _thinned(onset, apex, offset, MAX_MAGNIFIED if alpha > 0 else MAX_LOOK)
        keys = [("look", face, onset, frame, round(alpha, 2)) for frame in frames]
        kept = [self._get(key) for key in keys]
        if all(kept):
            yield from zip(frames, (each for each in kept if each), strict=True)
            return
        crops = align(self.images(frames), self._face(onset, face), CROP)
        pictures = magnify(crops, alpha, reference=0) if alpha > 0 else crops
        for frame, key, picture in zip(frames, keys, pictures, strict=True):
            yield frame, self._keep(key, jpeg(picture, 88))

    def motion(self, face: int, onset: int, apex: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Onset and apex crops, and the flow between them, (224, 224, 3) uint8 RGB twice and (224, 224, 2) float32 px."""
        crops = align(self.images(sorted({onset, apex})), self._face(onset, face), CROP)
        return crops[0], crops[-1], cv2.GaussianBlur(flow(crops[0], crops[-1]), (0, 0), 1.5)

    def overlay(self, face: int, onset: int, apex: int) -> bytes:
        """The apex with the flow since the onset laid over it, hue its direction, as JPEG."""
        key = ("overlay", face, onset, apex)
        if (data := self._get(key)) is None:
            _, image, motion = self.motion(face, onset, apex)
            length = np.linalg.norm(motion, axis=2)
            full = max(float(np.percentile(length, 99)), 0.5)
            share = np.minimum(length / full, 1)[..., None] * 0.75
            mixed = image * (1 - share) + flow_picture(motion, full) * share
            data = self._keep(key, jpeg(mixed.round().astype(np.uint8), 88))
        return data

    def units(self, face: int, onset: int, apex: int) -> list[dict[str, Any]]:
        """Action units by what of the motion they explain: ``name``, and ``intensity`` in % of the eye distance, strongest first."""
        from ..features.au_motion import AUMotion

        crops = align(self.images(sorted({onset, apex})), self._face(onset, face), CROP)
        clip = Clip("event", "video", "", 25.0, 0, len(crops) - 1, len(crops) - 1, lambda: crops)
        values = np.asarray(AUMotion().transform_clip(clip), float)
        order = np.argsort(-values)
        return [{"name": format_aus([AUS[k]]), "intensity": round(float(values[k]), 2)} for k in order if values[k] > 0.05]

    def close(self) -> None:
        """Let go of the file."""
        self._media.close()

    @contextmanager
    def _urgently(self) -> Iterator[None]:
        with self._lock:
            self._waiting += 1
            self._idle.clear()
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1
                if not self._waiting:
                    self._idle.set()

    def _decoded(self, frames: range, width: int) -> Iterator[tuple[int, bytes]]:
        decoded = self._media.frames(frames[0], frames[-1] + 1)
        while True:
            with self._urgently():
                frame = next(decoded, None)
            if frame is None:
                return
            if frame.index in frames:
                image = frame.image
                if 0 < width < image.shape[1]:
                    image = cv2.resize(image, (width, round(image.shape[0] * width / image.shape[1])), interpolation=cv2.INTER_AREA)
                yield frame.index, self._keep((frame.index, width), jpeg(image, 85))

    def _face(self, frame: int, face: int) -> Any:
        table = self.evidence.of_face(face)
        rows = table["frame"].to_numpy(int)
        if not len(rows):
            raise UsageError(f"Face {face} was not followed in this video.")
        row = table.iloc[int(np.abs(rows - frame).argmin())]  # the nearest frame in which it was seen
        place = row[["face_x", "face_y"]].to_numpy(np.float32)
        if not np.isfinite([*place, row["iod"]]).all():
            raise UsageError(f"Face {face} is not seen in frame {frame}.")
        return mean_face(place, float(row["iod"]), float(np.nan_to_num(row["roll"])))

    def _get(self, key: Any) -> bytes | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: Any, data: bytes) -> bytes:
        with self._lock:
            self._size += len(data) - len(self._kept.pop(key, b""))
            self._kept[key] = data
            while self._size > CACHE_BYTES:
                self._size -= len(self._kept.popitem(last=False)[1])
        return data


def packed(frames: Iterator[tuple[int, bytes]]) -> Iterator[bytes]:
    """Frames for one answer: number and length, 4 bytes each, little-endian, then the JPEG."""
    for index, data in frames:
        yield struct.pack("<II", index, len(data)) + data


def jpeg(image: np.ndarray, quality: int = 88) -> bytes:
    """A picture, (H, W, 3) uint8 RGB, as JPEG."""
    _, data = cv2.imencode(".jpg", np.ascontiguousarray(image[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


def _thinned(onset: int, apex: int, offset: int, most: int) -> list[int]:
    step = -(-(offset - onset + 1) // most)
    return sorted({*range(onset, offset + 1, step), apex})
