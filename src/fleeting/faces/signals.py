"""What each frame shows of each face: motion by region, strain, head, eyelids, gaze, light and sharpness.

A video is read once, frame by frame; what stays in memory is 64 numbers a frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from ..errors import UsageError
from ..media import Frame
from .landmarks import Face, eye_openness, gaze, mouth_openness, pose
from .regions import REGIONS, sites
from .tracking import FaceTrack

DETECT_S = 1.0  # how often the whole picture is searched for faces while one is followed
SEARCH_S = 0.2  # and while none is
PRESENT = 0.5  # mesh presence below which a face counts as gone
LOST_S = 0.15  # for how long it may be below
AHEAD, AHEAD_BYTES = 8, 2**26  # frames that are looked at beforehand

HEAD = ("head_x", "head_y", "head_scale", "head_roll", "head_yaw", "head_pitch")
COLUMNS = (
    *(f"{region}_{axis}" for region in REGIONS for axis in "xy"),
    *(f"{region}_strain" for region in REGIONS),
    *(f"{region}_likeness" for region in REGIONS),
    *(*HEAD, "roll", "yaw", "pitch"),
    *("eye_open", "gaze_x", "gaze_y", "mouth_open", "light", "sharpness", "residual", "iod", "face_x", "face_y", "track"),
)


class Detector(Protocol):
    """What finds faces: :class:`~fleeting.faces.mesh.FaceMesh`, or the coarse :class:`~fleeting.faces.mesh.HaarFaces`."""

    looks_hz: float  # how often it is asked for a face that is followed: eyelids, gaze, presence
    lays_mesh: bool  # whether its points are the face's own, and not those of the mean face

    def detect(self, image: np.ndarray, known: Sequence[Face] = ()) -> list[Face]:
        """All faces of a picture, (H, W, 3) uint8 RGB; it is enough to see that those are there which are ``known`` and followed."""

    def refine(self, image: np.ndarray, face: Face) -> Face:
        """A known face found anew in a picture; presence 0 where it is gone."""


@dataclass
class Person:
    """One face of the video, numbered from 1 in the order of appearance.

    Attributes
    ----------
    number : int
    seconds, first_s, last_s : float
        How long, from when and until when the face was in the picture.
    iods : list of float
        Eye distance in px at each look.
    """

    number: int
    face: Face
    first_s: float
    last_s: float
    seconds: float = 0.0
    iods: list[float] = field(default_factory=list)
    track: FaceTrack | None = None
    started: int = 0
    absent_s: float = 0.0
    here: bool = True
    present: bool = True
    meshed_s: float = -1.0
    ahead: tuple[Frame, Face, Future[Face]] | None = None  # a mesh that is being laid on a frame to come, from which face
    agrees: np.ndarray = field(default_factory=lambda: np.ones(len(sites().xy), np.float32))  # of each site, with the mesh


@dataclass
class Signals:
    """The signals of one video.

    Attributes
    ----------
    tables : dict of int to DataFrame
        For each analysed face, one row a frame: ``frame`` (0-based), ``time_s``, ``seen`` and ``COLUMNS``; NaN where it was not seen.

        - ``<region>_x <region>_y``: motion in % of the eye distance along the face's own axes (x to the image's right, y down), with
          the head's motion taken out; ``<region>_strain`` in %; ``<region>_likeness``: 1 where the skin looks as in the reference frame,
          towards 0 where something else has come into view.
        - ``head_*``: shift in eye distances, scale, and turns in radians since the track began; ``roll yaw pitch``: the pose in degrees.
        - ``eye_open``, ``gaze_*`` over the width of an eye; ``mouth_open`` over the eye distance.
        - ``light`` in grey levels, ``sharpness``, ``residual`` as :class:`~fleeting.faces.tracking.Motion` has them.
        - ``iod`` (eye distance) and ``face_x face_y`` (between the eyes) in px.
        - ``track`` counts how often a face was taken up anew; motion is not comparable across that.
    people : list of Person
    times : ndarray of shape (T,), float64
        Seconds of each frame.
    """

    tables: dict[int, pd.DataFrame]
    people: list[Person]
    times: np.ndarray

    @property
    def longest(self) -> pd.DataFrame:
        """The table of the face that is seen in most frames; there must be one."""
        return max(self.tables.values(), key=lambda table: int(table["seen"].sum()))


def measure(
    frames: Iterable[Frame],
    detector: Detector,
    *,
    face: int | Literal["largest", "all"] = "largest",
    progress: Callable[[Frame], None] | None = None,
) -> Signals:
    """The signals of a stream of frames.

    Parameters
    ----------
    frames : iterable of Frame
        As :func:`fleeting.media.open_media` gives them.
    detector : FaceMesh or HaarFaces
    face : int, 'largest' or 'all', default='largest'
        Which faces to analyse: the number of one, in the order of appearance (left to right where several appear at once), at each moment
        the largest, or all. The others are counted and reported.
    progress : callable, optional
        Called with each frame after it has been measured.

    Raises
    ------
    UsageError
        ``face`` is neither a number from 1 nor one of the words.
    """
    if face not in ("largest", "all") and not (isinstance(face, int) and face >= 1):
        raise UsageError(f"face={face!r} is not allowed; use 'largest', 'all' or a number from 1 in the order of appearance.")
    crowd = Crowd(detector, face)
    times: list[float] = []
    rows: dict[int, _Rows] = {}
    with ThreadPoolExecutor(1) as worker:
        for index, (frame, coming) in enumerate(_with_coming(frames)):
            times.append(frame.time)
            for number, values in crowd.step(frame, worker, coming).items():
                rows.setdefault(number, _Rows(len(COLUMNS))).append(index, values)
            if progress:
                progress(frame)
    for person in crowd.people:
        person.ahead = None  # its frame need not be kept
    tables = {
        person.number: table_of(np.array(times), *rows.get(person.number, _Rows(len(COLUMNS))).arrays())
        for person in crowd.people
        if person.started
    }
    return Signals(tables, crowd.people, np.array(times))


def table_of(times: np.ndarray, index: np.ndarray, values: np.ndarray) -> pd.DataFrame:
    """The signals of one face as a table, one row a frame.

    Parameters
    ----------
    times : ndarray of shape (T,), float64
        Seconds of each frame.
    index : ndarray of shape (N,), int
        The frames in which the face was seen.
    values : ndarray of shape (N, len(COLUMNS)), float32
        What :meth:`Crowd.step` gave in them.
    """
    full = np.full((len(times), len(COLUMNS)), np.nan, np.float32)
    full[index] = values
    table = pd.DataFrame(full, columns=list(COLUMNS))
    table.insert(0, "frame", np.arange(len(times)))
    table.insert(1, "time_s", times)
    table.insert(2, "seen", ~np.isnan(full[:, 0]))
    return table


class Crowd:
    """The faces of a video so far: given frame by frame, it measures each at once and keeps none.

    Parameters
    ----------
    detector : FaceMesh or HaarFaces
    face : int, 'largest' or 'all'
        As :func:`measure` has it.
    """

    def __init__(self, detector: Detector, face: int | str):
        self.detector, self.wanted = detector, face
        self.people: list[Person] = []
        self.largest: Person | None = None
        self.tracks = 0
        self.last_s: float | None = None  # time of the frame before
        self.searched_s = -np.inf

    def chosen(self) -> list[Person]:
        """Whom of them the next frame is measured for."""
        if self.wanted == "all":
            return self.people
        if self.wanted == "largest":
            return [self.largest] if self.largest else []
        return [person for person in self.people if person.number == self.wanted]

    def step(self, frame: Frame, worker: ThreadPoolExecutor, coming: Sequence[Frame] = ()) -> dict[int, np.ndarray]:
        """The numbers of the next frame, one float32 for each of ``COLUMNS``, by the number of the analysed face that it shows.

        Of the frames that are ``coming``, if any are known, the worker lays a mesh beforehand, the same as it would then.
        """
        elapsed = 0.0 if self.last_s is None else frame.time - self.last_s
        self.last_s = frame.time
        chosen = self.chosen()
        followed = bool(chosen) and all(person.track for person in chosen)
        if frame.time - self.searched_s >= (DETECT_S if followed else SEARCH_S) - 1e-6:
            self.search(frame, worker)
        for person in self.people:
            person.seconds += elapsed if person.here else 0.0
        seen = {person.number: self.advance(person, frame, elapsed, worker, coming) for person in self.chosen()}
        return {number: values for number, values in seen.items() if values is not None}

    def search(self, frame: Frame, worker: ThreadPoolExecutor) -> None:
        """Look for faces in the whole picture and tell whose they are."""
        self.searched_s = frame.time
        found = worker.submit(self.detector.detect, frame.image, [person.face for person in self.people if person.track]).result()
        unknown = []
        for face in sorted(found, key=lambda f: f.box[0]):
            known = [p for p in self.people if p.here and _near(p.face, face, 0.6)]
            if known:
                person = min(known, key=lambda p: _distance(p.face, face))
                if person.track is None:
                    person.face = face
                person.last_s, person.absent_s = frame.time, 0.0
                person.iods.append(face.iod)
            else:
                unknown.append(face)
        for person in self.people:
            if person.track is None and not any(_near(person.face, face, 0.6) for face in found):
                person.here = False
        # Faces are not recognised: who comes back near where a face was lost, or as the only one ever seen, is taken for the same.
        for face in unknown:
            lost = [p for p in self.people if not p.here and (_near(p.face, face, 3.0) or len(self.people) == 1)]
            if lost:
                person = min(lost, key=lambda p: _distance(p.face, face))
                person.face, person.here, person.last_s = face, True, frame.time
            else:
                person = Person(len(self.people) + 1, face, frame.time, frame.time)
                self.people.append(person)
            person.iods.append(face.iod)
        here = [person for person in self.people if person.here]
        if here and self.wanted == "largest":
            best = max(here, key=lambda p: p.face.iod)
            # A third larger, so that two people side by side do not take turns.
            if self.largest is None or not self.largest.here or best.face.iod > 1.33 * self.largest.face.iod:
                if self.largest is not None and best is not self.largest:
                    self.largest.track = None
                self.largest = best

    def advance(
        self, person: Person, frame: Frame, elapsed: float, worker: ThreadPoolExecutor, coming: Sequence[Frame]
    ) -> np.ndarray | None:
        """The numbers of one analysed face in one frame; None where it is not seen."""
        if person.track is None:
            if not person.here:
                return None
            person.track, person.meshed_s = FaceTrack(person.face, frame.image), frame.time
            person.absent_s, person.present, person.agrees = 0.0, True, np.ones(len(sites().xy), np.float32)
            self.tracks += 1
            person.started = self.tracks
        meshing = self.meshing(person, frame, worker) if self.due(person, frame) else None
        motion = person.track.follow(frame.image)
        if meshing or motion is None:
            found = (meshing or self.meshing(person, frame, worker)).result()
            since, person.meshed_s = frame.time - person.meshed_s, frame.time
            person.present = found.presence >= PRESENT
            if person.present:
                person.face = found
            following = next((each for each in coming if self.due(person, each)), None)
            person.ahead = (following, person.face, self.meshing(person, following, worker)) if following else None
            if person.present and motion is not None and self.detector.lays_mesh:
                person.agrees = person.track.settle(found, since)
        person.absent_s = 0.0 if person.present else person.absent_s + elapsed
        if person.absent_s > LOST_S or (motion is None and not person.present):
            person.track, person.here = None, False
            self.searched_s = -np.inf  # look for it at once
            return None
        person.last_s = frame.time
        shut = eye_openness(person.face.points).mean() < 0.18
        if person.present and (motion is None or (person.track.drifted and not shut)):
            person.track.renew(person.face, frame.image)
        if motion is None:
            return None
        likeness = motion.likeness * person.agrees
        moved = _regional(np.column_stack([motion.skin, sites().strain(motion.skin)]), motion.weight * person.agrees)
        values = [moved[:, :2].ravel(), moved[:, 2], np.array([likeness[inside].mean() for inside in _members()]), motion.head]
        values += [pose(person.face.points), eye_openness(person.face.points).mean(keepdims=True), gaze(person.face.points)]
        values += [np.array([mouth_openness(person.face.points), motion.light, motion.sharpness, motion.residual, person.face.iod])]
        values += [person.face.eyes.mean(axis=0), np.array([person.started])]
        return np.concatenate(values).astype(np.float32)

    def due(self, person: Person, frame: Frame) -> bool:
        """Whether it is time for another mesh of a followed face."""
        return frame.time - person.meshed_s >= 1 / self.detector.looks_hz - 1e-3

    def meshing(self, person: Person, frame: Frame, worker: ThreadPoolExecutor) -> Future[Face]:
        """The mesh of a frame, which the worker lays from the one before; begun already where it was seen coming."""
        if person.ahead and person.ahead[0] is frame and person.ahead[1] is person.face:
            return person.ahead[2]
        return worker.submit(self.detector.refine, frame.image, person.face)


class _Rows:
    """Rows of float32 that grow by doubling: a list of small arrays would cost ten times the memory."""

    def __init__(self, width: int):
        self._values, self._index, self._count = np.empty((1024, width), np.float32), np.empty(1024, np.int64), 0

    def append(self, index: int, row: np.ndarray) -> None:
        if self._count == len(self._index):
            self._values = np.concatenate([self._values, np.empty_like(self._values)])
            self._index = np.concatenate([self._index, np.empty_like(self._index)])
        self._values[self._count], self._index[self._count] = row, index
        self._count += 1

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        return self._index[: self._count], self._values[: self._count]


def _with_coming(frames: Iterable[Frame]) -> Iterator[tuple[Frame, Sequence[Frame]]]:
    """Each frame with those that come after it, as many as :data:`AHEAD` and the memory allow."""
    coming: deque[Frame] = deque()
    for frame in frames:
        coming.append(frame)
        if len(coming) > min(AHEAD, max(1, AHEAD_BYTES // frame.image.nbytes)):
            yield coming.popleft(), coming
    while coming:
        yield coming.popleft(), coming


@cache
def _members() -> list[np.ndarray]:
    """The sites of each region."""
    return [np.flatnonzero(sites().region == r) for r in range(len(REGIONS))]


def _regional(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Mean of (N, K) values over each region, (R, K): weighted, deviations from the region's median clipped at 6 %."""
    out = np.zeros((len(REGIONS), values.shape[1]), np.float32)
    for i, members in enumerate(_members()):
        inside, w = values[members], weight[members]
        ordered, half = np.sort(inside, axis=0), len(inside) // 2
        middle = ordered[half] if len(inside) % 2 else (ordered[half - 1] + ordered[half]) / 2  # np.median takes five times as long
        clipped = middle + np.clip(inside - middle, -6, 6)
        out[i] = (clipped * w[:, None]).sum(axis=0) / max(float(w.sum()), 1e-6)
    return out


def _distance(a: Face, b: Face) -> float:
    return float(np.linalg.norm(a.eyes.mean(axis=0) - b.eyes.mean(axis=0)))


def _near(a: Face, b: Face, eye_distances: float) -> bool:
    return _distance(a, b) < eye_distances * max(a.iod, b.iod)
