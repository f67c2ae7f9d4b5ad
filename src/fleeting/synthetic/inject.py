"""Injected events: modelled action units put into real footage at known times, beside an untouched control.

The footage is real, what is injected is not: nobody made these expressions. They have the shapes and courses of the synthetic
interview (:mod:`.script`), and what lies behind lids and lips moves with them. So whoever finds them all may still miss people's own.

Each picture of an event is resampled once, by quintic splines, and only where the skin moves; everything else, and every
other picture, stays as it was, to the last bit. The control is written by the same encoder.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from ..datasets.new_folder import new_folder
from ..errors import MediaError, UsageError
from ..faces.action_units import AUS, au_fields, format_aus
from ..faces.landmarks import Face
from ..faces.mesh import FaceMesh
from ..faces.signals import PRESENT, measure
from ..media import Frame, Media, open_media, write_video
from .rendering import ease, squeeze, undo
from .script import MICRO_PERCENT, MICRO_S, expression

SHEET = "clips.csv"
TITLES = {
    "injected": "real footage, expressions injected by Fleeting: nobody made them",
    "control": "the same footage without the injected expressions",
}
LEAST_IOD = 32.0  # px between the eyes; 1.5 % of it is half a pixel
MOST_TURN = 25.0  # degrees of yaw or pitch; beyond, half of the face is hidden
LEAST_FRAMES = 5  # of an event: three of them show motion
MARGIN_S, GAP_S = 0.3, 1.0  # for how long the face must be seen before and after an event; least time between two
TRIES = 300
REACH = 0.35  # eye distances beyond the outline of the face over which motion fades out
UNMOVED = 0.01  # px below which a pixel stays what it is

Progress = Callable[[str, int, int | None], None]


def inject(
    videos: Iterable[str | Path],
    out: str | Path,
    *,
    seed: int = 0,
    per_min: float = 12.0,
    amplitude: tuple[float, float] = MICRO_PERCENT,
    fps: float | None = None,
    crf: int | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """The truth about what was injected; ``out`` then holds it, each recording with the injected events, and its control.

    ``<name>.injected.mkv`` and ``<name>.control.mkv`` have the recording's own frames and times and no sound; both say in their
    title what they are. ``clips.csv`` is the sheet: :class:`.folder.FolderDataset` reads the folder. The same seed puts the same
    events into the same recording, whichever others are beside it. Videos are read three times and never held in memory.

    Parameters
    ----------
    videos : iterable of str or Path
        Video files or folders of pictures. The face that is seen longest gets the expressions.
    out : str or Path
        A folder that does not exist yet. It appears when everything is done.
    seed : int, default=0
        0 or more.
    per_min : float, default=12
        Events a minute of the time in which the face can be seen; one at least. What finds no room is left out.
    amplitude : tuple of float, default=(1.5, 4.0)
        Least and greatest displacement at the apex, % of the eye distance, up to 10.
    fps : float, optional
        Frames a second of picture folders, which do not say, or of recordings stored in slow motion.
    crf : int, optional
        Compress by H.264 into ``.mp4``, 0 (best) to 51; not exact any more, see :meth:`.synthetic.Interview.write`.
        Default: FFV1, which keeps every bit.
    progress : callable, optional
        Called with what is being done, the frames done, and of how many.

    Returns
    -------
    DataFrame
        One row an event: ``clip subject onset apex offset`` (frames, 0-based, inclusive; at onset and offset the event's own motion
        is zero), ``emotion aus kind fps path video onset_s apex_s offset_s``, ``amplitude`` (largest displacement, % of the eye
        distance), ``iod`` (the eye distance, px), ``control``, ``seed``. ``subject`` is the video's name: put right who it is.

    Raises
    ------
    MediaError
        A recording cannot be read, shows no face, a face too small, too few frames a second, or a face never for long enough.
    UsageError
        A parameter is out of range, no video was named, or ``out`` exists already.
    OutputError
        The folder could not be written.
    ModelFileError
        The face model file is not here and cannot be fetched.
    """
    from threadpoolctl import threadpool_limits

    files = _named(videos)
    least, most = amplitude
    if not 0 < least <= most <= 10:
        raise UsageError(f"amplitude={least}, {most} must be two numbers, the lesser first, above 0 and up to 10 % of the eye distance.")
    if seed < 0:
        raise UsageError(f"seed={seed} must be 0 or more.")
    if not 0 < per_min <= 60:
        raise UsageError(f"per_min={per_min} must lie above 0 and at most at 60.")
    if crf is not None and not 0 <= crf <= 51:
        raise UsageError(f"crf={crf} must lie in 0..51.")
    tell: Progress = progress or (lambda what, done, total: None)
    suffix = ".mkv" if crf is None else ".mp4"
    with new_folder(out) as folder, threadpool_limits(1, "blas"):
        detector = FaceMesh()
        plans: dict[str, list[_Event]] = {}
        for name, path in files.items():  # all are looked at before any is written: one without a face is told early
            with open_media(path, fps=fps) as media:
                media.require_rate()
                rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
                plans[name] = _Planner(media, detector, rng, tell).events(per_min, amplitude)
        for name, path in files.items():
            for kind, title in TITLES.items():
                with open_media(path, fps=fps) as media:
                    frames = _moved(media, plans[name], detector) if kind == "injected" else media
                    target = folder / f"{name}.{kind}{suffix}"
                    write_video(target, _told(frames, media, f"writing {target.name}", tell), media.fps, crf=crf, title=title)
        numbered = ((name, k, event) for name, events in plans.items() for k, event in enumerate(events, 1))
        table = pd.DataFrame([_row(name, k, event, suffix, seed) for name, k, event in numbered])
        table.to_csv(folder / SHEET, index=False, lineterminator="\n")
    return table


def move_skin(image: np.ndarray, face: Face, aus: np.ndarray) -> np.ndarray:
    """The picture after action units have pulled at the skin of a face, (H, W, 3) uint8 RGB; what does not move stays to the bit.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), uint8 RGB
    face : Face
        Where the face is in it.
    aus : ndarray of shape (A,)
        Strength of each of ``AUS``, % of the eye distance.
    """
    from scipy.ndimage import map_coordinates

    if not np.any(aus):
        return image
    skin = _Skin(face, image.shape[:2])
    source = cv2.resize(undo(skin.displacement(aus), skin.step), skin.size, interpolation=cv2.INTER_LINEAR)  # (h, w, 2) px
    y, x = np.nonzero(np.abs(source).max(axis=2) >= UNMOVED)
    places = np.stack([y, x]) + source[y, x, ::-1].T  # (2, N), row and column
    moved = image.copy()
    window = moved[skin.window]
    colours = [map_coordinates(channel, places, np.float32, order=5, mode="mirror") for channel in np.moveaxis(image[skin.window], 2, 0)]
    window[y, x] = np.clip(np.rint(np.stack(colours, axis=1)), 0, 255)
    return moved


class _Skin:
    """The displacement fields of one face in one picture, on nodes ``step`` px apart in the window around it."""

    def __init__(self, face: Face, shape: tuple[int, ...]):
        self.iod = face.iod
        self.step = step = max(1, round(self.iod / 22))
        low = np.clip(np.floor(face.points[:, :2].min(axis=0) - REACH * self.iod), 0, None).astype(int)
        high = np.minimum(np.ceil(face.points[:, :2].max(axis=0) + REACH * self.iod).astype(int), shape[1::-1])
        columns, rows = np.maximum((high - low) // step, 1)
        self.size = int(columns * step), int(rows * step)  # width and height, px
        self.window = np.s_[low[1] : low[1] + self.size[1], low[0] : low[0] + self.size[0]]
        # Where cv2.resize has the centres of larger pixels.
        x, y = (low[k] + (step - 1) / 2 + step * np.arange(count) for k, count in enumerate((columns, rows)))
        nodes = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        outline = cv2.convexHull(((face.points[:, :2] - low) / step).astype(np.float32))
        face_mask = cv2.fillConvexPoly(np.zeros((rows, columns), np.uint8), np.rint(outline).astype(np.int32), 1)
        beyond = cv2.distanceTransform(1 - face_mask, cv2.DIST_L2, 5) * step / (REACH * self.iod)
        fields = au_fields(face.points, nodes).reshape(len(AUS), rows, columns, 2)
        self._fields = fields * (self.iod / 100 * ease(1 - beyond))[..., None].astype(np.float32)

    def displacement(self, aus: np.ndarray) -> np.ndarray:
        """Where action units ``aus`` (A,) move the skin, (h, w, 2) float32 px."""
        active = np.flatnonzero(aus)
        return np.tensordot(np.asarray(aus, np.float32)[active], self._fields[active], 1)

    def strength(self, aus: np.ndarray) -> float:
        """The largest displacement that action units ``aus`` (A,) cause together, % of the eye distance."""
        return float(100 / self.iod * np.linalg.norm(self.displacement(aus), axis=-1).max())

    def squeeze(self, aus: np.ndarray) -> float:
        """How much the skin shortens where it shortens most."""
        return squeeze(self.displacement(aus), self.step)


@dataclass(frozen=True)
class _Event:
    """One expression to be injected: frames, the face in the first of them, the course of its action units (length, A)."""

    onset: int
    offset: int
    seconds: tuple[float, float, float]
    fps: float
    emotion: str
    course: np.ndarray
    apex: int
    amplitude: float
    face: Face


class _Planner:
    """What can be injected into one recording, and where."""

    def __init__(self, media: Media, detector: FaceMesh, rng: np.random.Generator, tell: Progress):
        self._media, self._detector, self._rng = media, detector, rng
        signals = measure(media, detector, progress=lambda frame: tell(f"looking at {media.name}", frame.index + 1, media.frame_count))
        self._times = signals.times
        if not signals.tables:
            raise MediaError(
                f"{media.path}: no face was found in any of its {len(self._times)} frames, so there is nothing to put an expression "
                "into. Leave it out, or give a recording that shows a face."
            )
        self._face = signals.longest

    def events(self, per_min: float, percent: tuple[float, float]) -> list[_Event]:
        """Events at random times, by onset; MediaError where there is room for none."""
        seen = self._usable()
        duration = self._times[-1] + self._frame_s
        places: list[tuple[int, int]] = []
        events = []
        for _ in range(max(1, round(per_min * float(seen.mean()) * duration / 60))):
            for _ in range(TRIES):
                onset = int(self._rng.integers(len(seen)))
                place = self._place(onset, seen, places)
                face = place and self._face_at(onset)
                if place and face:
                    places.append(place)
                    events.append(self._event(*place, face, percent))
                    break
        if not events:
            longest = max(len(run) for run in "".join("x" if one else " " for one in seen).split(" "))
            raise MediaError(
                f"{self._media.path} is too short: the face is seen for at most {longest * self._frame_s:.2f} s on end, turned by no "
                f"more than {MOST_TURN:.0f} degrees; {MICRO_S[0] + 2 * MARGIN_S:.2f} s are needed. Give a longer recording."
            )
        return sorted(events, key=lambda event: event.onset)

    @property
    def _frame_s(self) -> float:
        return float(np.median(np.diff(self._times))) if len(self._times) > 1 else 1 / self._media.fps

    def _usable(self) -> np.ndarray:
        """In which frames the face can carry an expression, (T,) bool."""
        if (LEAST_FRAMES - 1) * self._frame_s > MICRO_S[1]:
            raise MediaError(
                f"{self._media.path} has {1 / self._frame_s:.1f} frames a second: less than {LEAST_FRAMES} would show a micro-expression "
                f"of {MICRO_S[1]} s. Give a faster recording, or its true rate (fps=)."
            )
        iod = self._face["iod"].to_numpy()
        if (typical := float(np.nanmedian(iod))) < LEAST_IOD:
            raise MediaError(
                f"{self._media.path}: the eyes are {typical:.0f} px apart; at least {LEAST_IOD:.0f} px are needed for motion of a few per "
                "cent of that to show. Give a larger picture of the face."
            )
        turned = self._face[["yaw", "pitch"]].abs().max(axis=1).to_numpy()
        return self._face["seen"].to_numpy(bool) & (iod >= LEAST_IOD) & (turned <= MOST_TURN)

    def _place(self, onset: int, seen: np.ndarray, taken: list[tuple[int, int]]) -> tuple[int, int] | None:
        """Onset and offset of an event that begins there, of random length, or None where it has no room."""
        times, start = self._times, self._times[onset]
        stop = start + self._rng.uniform(*MICRO_S) + 1e-6
        offset = int(np.searchsorted(times, stop, "right")) - 1
        if offset - onset + 1 < LEAST_FRAMES or start < MARGIN_S or times[offset] + MARGIN_S > times[-1] + 1e-6:
            return None
        around = slice(int(np.searchsorted(times, start - MARGIN_S)), int(np.searchsorted(times, times[offset] + MARGIN_S)))
        free = all(times[offset] + GAP_S < times[begin] or start > times[end] + GAP_S for begin, end in taken)
        return (onset, offset) if free and seen[around].all() else None

    def _face_at(self, frame: int) -> Face | None:
        image = next(self._media.frames(frame, frame + 1)).image
        place = self._face.loc[frame, ["face_x", "face_y"]].to_numpy(float)
        near = [face for face in self._detector.detect(image) if np.linalg.norm(face.eyes.mean(axis=0) - place) < 0.5 * face.iod]
        return near[0] if near else None

    def _event(self, onset: int, offset: int, face: Face, percent: tuple[float, float]) -> _Event:
        skin = _Skin(face, (self._media.height, self._media.width))
        length, times = offset - onset + 1, self._times
        emotion, course = expression("micro", length, (length - 1) / (times[offset] - times[onset]), skin, self._rng, percent)
        sizes = [skin.strength(aus) for aus in course]
        apex = onset + int(np.argmax(sizes))
        seconds = float(times[onset]), float(times[apex]), float(times[offset])
        return _Event(onset, offset, seconds, self._media.fps, emotion, course, apex, max(sizes), face)


def _moved(media: Media, events: list[_Event], detector: FaceMesh) -> Iterator[Frame]:
    """The frames of a recording, in those of an event the skin moved."""
    at = {frame: event for event in events for frame in range(event.onset, event.offset + 1)}
    face = events[0].face
    for frame in media:
        if (event := at.get(frame.index)) is None:
            yield frame
            continue
        before = event.face if frame.index == event.onset else face
        found = detector.refine(frame.image, before)
        face = found if found.presence >= PRESENT else before
        yield replace(frame, image=move_skin(frame.image, face, event.course[frame.index - event.onset]))


def _told(frames: Iterable[Frame], media: Media, what: str, tell: Progress) -> Iterator[Frame]:
    for frame in frames:
        yield frame
        tell(what, frame.index + 1, media.frame_count)


def _row(name: str, number: int, event: _Event, suffix: str, seed: int) -> dict[str, Any]:
    onset_s, apex_s, offset_s = (round(second, 4) for second in event.seconds)
    aus = format_aus(AUS[k] for k in np.flatnonzero(event.course.any(axis=0)))
    return {
        "clip": f"{name}/{number:02d}", "subject": name, "onset": event.onset, "apex": event.apex, "offset": event.offset,
        "emotion": event.emotion, "aus": aus, "kind": "micro", "fps": event.fps, "path": f"{name}.injected{suffix}", "video": name,
        "onset_s": onset_s, "apex_s": apex_s, "offset_s": offset_s, "amplitude": round(event.amplitude, 3),
        "iod": round(event.face.iod, 1), "control": f"{name}.control{suffix}", "seed": seed,
    }  # fmt: skip


def _named(videos: Iterable[str | Path]) -> dict[str, Path]:
    """The recordings by names of their own."""
    files: dict[str, Path] = {}
    for video in videos:
        if str(video).isdecimal():
            raise UsageError(f"{video} is a camera; record it first. A file of that name is ./{video}.")
        path = Path(os.path.abspath(Path(video).expanduser()))
        if path in files.values():
            raise UsageError(f"{video} is named twice; name each video once.")
        stem = path.name if path.is_dir() else path.stem
        name, number = stem, 2
        while name.casefold() in map(str.casefold, files):  # elsewhere than on Linux Anna and anna are one file
            name, number = f"{stem}-{number}", number + 1
        files[name] = path
    if not files:
        raise UsageError("No video was named: give one or more video files.")
    return files
