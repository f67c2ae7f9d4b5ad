"""Spotters over pictures: a long video goes in, scored intervals come out. What they share: crops, what is kept, and what is learned.

A :class:`VideoSpotter` takes a :class:`fleeting.Video`. The spotter of the main job takes the *signals* of a face instead
(:class:`.flow_spotter.FlowSpotter`); :class:`.signal_spotter.SignalSpotter` measures them from a video, so that it can be judged beside
the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache as once
from itertools import islice
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from ..clip import Video
from ..compute.cache import Cache
from ..compute.identity import UnnamableError, digest, source
from ..errors import UsageError
from ..faces import model_file
from ..faces.align import EYE_DISTANCE, EYES_X, EYES_Y, align_stream
from ..faces.mesh import FaceMesh, HaarFaces
from ..preprocess.frames import grey
from .peaks import as_table, contrast, half_length, peaks
from .scores import KINDS, Counts, f1, matches

SHARES = (0.01, *np.round(np.arange(0.05, 0.96, 0.05), 2).tolist())  # of the way from the mean to the maximum that are tried
CROPS = 1  # raised when a change of fleeting.faces moves the crops, so that none cut before are taken from the cache


class VideoSpotter(BaseEstimator):
    """Finds micro- and macro-expressions in long videos. Subclasses give ``__init__`` and ``spot``.

    ``fit`` learns from the coded intervals of training videos whatever is to be learned, and ``spot`` never looks at them.
    ``revision`` is raised when a change moves the numbers, so that caches and runs know.
    """

    revision = 1

    def fit(self, videos: Sequence[Video], cache: Cache | None = None) -> Self:
        """Itself, after it has learned from the coded intervals of these videos; here nothing is to be learned.

        Parameters
        ----------
        videos : sequence of Video
            Those of the training persons.
        cache : Cache, optional
            Where what is measured in a video is kept.

        Returns
        -------
        VideoSpotter
            Itself.
        """
        return self

    def prepare(self, video: Video, cache: Cache) -> None:
        """Measure ahead what depends on nothing that is learned, and keep it.

        Parameters
        ----------
        video : Video
            One of them.
        cache : Cache
            Where it is kept.
        """

    def spot(self, video: Video, cache: Cache | None = None) -> pd.DataFrame:
        """What was found: ``onset apex offset score kind``, by onset; the video's own frames, inclusive, kind ``micro`` or ``macro``.

        Parameters
        ----------
        video : Video
            One of them.
        cache : Cache, optional
            Where what is measured in a video is kept.

        Returns
        -------
        DataFrame
            ``onset apex offset score kind``, by onset.
        """
        raise NotImplementedError


class CropSpotter(VideoSpotter):
    """What spotters over crops of the face have in common. Subclasses give ``spot`` and may take further parameters.

    Parameters
    ----------
    size : int, default=128
        Side of the crops, px; the eyes lie .4 of it apart.
    rate : float, default=30
        Frames looked at in a second: of faster recordings every n-th, as most papers do with 200 frames/s.
    """

    def __init__(self, size: int = 128, rate: float = 30.0):
        self.size = size
        self.rate = rate

    def prepare(self, video: Video, cache: Cache) -> None:
        """Cut the face out of the video ahead."""
        self.crops(video, cache)

    def step(self, video: Video) -> int:
        """Every how manieth frame of a video is looked at."""
        return max(1, round(video.fps / self.rate))

    def crops(self, video: Video, cache: Cache | None = None) -> np.ndarray:
        """The face in each frame that is looked at, (T, size, size) uint8, grey; all 0 where there is none.

        The eyes stand level at fixed places; the head's shift, scale and roll are taken out (:func:`fleeting.faces.align.align_stream`).
        """
        if self.size < 32 or not self.rate > 0:
            raise UsageError(f"{type(self).__name__}: size={self.size} must be 32 or more, rate={self.rate} above 0")

        def cut() -> np.ndarray:
            black = np.zeros((self.size, self.size), np.uint8)
            frames = islice(video.frames(), 0, None, self.step(video))
            found = [black if crop is None else grey(crop[None])[0] for crop in align_stream(frames, detector(), self.size)]
            if not found:
                raise UsageError(f"video {video.id} has no frame")
            return np.stack(found)

        return kept(cache, ["crops", CROPS, self.size, self.step(video)], video, cut)

    def in_video(self, spans: Any, video: Video, n_frames: int) -> pd.DataFrame:
        """Spans counted in looked-at frames, (onset, apex, offset, score, kind), as the video's own frames; the last is as long as seen."""
        step, last = self.step(video), (n_frames - 1) * self.step(video)
        return as_table((a * step, b * step, min((c + 1) * step - 1, last), score, kind) for a, b, c, score, kind in spans)


class ContrastSpotter(CropSpotter):
    """Peaks of how far a number a frame stands out from half an expression before and after. Subclasses give ``signal``.

    For micro- and macro-expressions apart, each with its own ``k`` and ``p``, both taken from training videos alone: ``k`` is half the mean
    length of their coded expressions, and ``p`` the share of the way from mean to maximum whose peaks give the highest F1 there, the
    largest of equals. A kind that no training video has is not looked for.

    Parameters
    ----------
    size : int, default=128
        As in :class:`CropSpotter`, as ``rate``.
    rate : float, default=30
        Frames looked at in a second.
    k : mapping of str to int, optional
        ``{"micro": 6, "macro": 18}``: looked-at frames, instead of learning them.
    p : float, optional
        0 to 1, for both kinds, instead of learning it.

    Attributes
    ----------
    k_ : dict of str to int
    p_ : dict of str to float
    """

    def __init__(self, size: int = 128, rate: float = 30.0, k: Mapping[str, int] | None = None, p: float | None = None):
        super().__init__(size, rate)
        self.k = k
        self.p = p

    @property
    def selection(self) -> str | None:
        """By what rule lengths and thresholds are chosen, as a run records it; None where they are given."""
        rules = ["k: half the mean length of coded intervals"] if self.k is None else []
        rules += ["p: highest F1"] if self.p is None else []
        return f"{', '.join(rules)}; of the training videos" if rules else None

    def signal(self, crops: np.ndarray, k: int) -> np.ndarray:
        """The number of each frame, (T,) float64; NaN where it cannot be had. ``crops`` as :meth:`CropSpotter.crops` gives them.

        Parameters
        ----------
        crops : ndarray of shape (T, size, size), uint8
            Grey; 0 where there is no face.
        k : int
            Looked-at frames.

        Returns
        -------
        ndarray of shape (T,), float64
            The first and the last ``k`` are NaN.
        """
        raise NotImplementedError

    def scores(self, video: Video, kind: str, cache: Cache | None = None) -> np.ndarray:
        """How far each looked-at frame stands out, (T,) float64, 0 or more.

        Parameters
        ----------
        video : Video
            One of them.
        kind : {"micro", "macro"}
            Which ``k`` to take.
        cache : Cache, optional
            Where what is measured in a video is kept.

        Returns
        -------
        ndarray of shape (T,), float64
            NaN where it cannot be had.
        """
        return contrast(self.measured(video, self.k_[kind], cache), self.k_[kind])

    def measured(self, video: Video, k: int, cache: Cache | None = None) -> np.ndarray:
        """The signal of a video; NaN at frames without a face, and where one is needed that has none.

        Parameters
        ----------
        video : Video
            One of them.
        k : int
            Looked-at frames.
        cache : Cache, optional
            Where what is measured in a video is kept.

        Returns
        -------
        ndarray of shape (T,), float64
            As :meth:`signal` gives it.
        """

        def measure() -> np.ndarray:
            crops = self.crops(video, cache)
            signal = np.asarray(self.signal(crops, k), np.float64)
            signal[~near_faces(crops, k)] = np.nan
            return signal

        return kept(cache, [self._measuring(), k], video, measure)

    def fit(self, videos: Sequence[Video], cache: Cache | None = None) -> Self:
        """Itself, with lengths and thresholds of the training videos."""
        self.k_ = self._lengths(videos)
        self.p_ = {kind: self._share(kind, videos, cache) if self.p is None else self.p for kind in self.k_}
        return self

    def spot(self, video: Video, cache: Cache | None = None) -> pd.DataFrame:
        """What was found in one video."""
        check_fitted(self, "p_")
        spans: list[Any] = []
        n = 1
        for kind, k in self.k_.items():
            scores = self.scores(video, kind, cache)
            n = len(scores)
            spans += [(*span, kind) for span in peaks(scores, k, self.p_[kind])]
        return self.in_video(spans, video, n)

    def _lengths(self, videos: Sequence[Video]) -> dict[str, int]:
        if self.k is not None:
            if not set(self.k) <= set(KINDS) or not all(k >= 1 for k in self.k.values()):
                raise UsageError(f"k={dict(self.k)} must give micro, macro or both 1 frame or more")
            return dict(self.k)
        lengths = {kind: [n / self.step(video) for video in videos for n in _lengths(video, kind)] for kind in KINDS}
        if not any(lengths.values()):
            raise UsageError("no training video has a coded interval: how long an expression is cannot be learned; give k")
        return {kind: half_length(each) for kind, each in lengths.items() if each}

    def _share(self, kind: str, videos: Sequence[Video], cache: Cache | None) -> float:
        total = np.zeros((len(SHARES), 3))
        for video in videos:
            scores, coded = self.scores(video, kind, cache), video.intervals[video.intervals["kind"] == kind]
            for row, p in zip(total, SHARES, strict=True):
                spans = [(*span, kind) for span in peaks(scores, self.k_[kind], p)]
                row += agreement(self.in_video(spans, video, len(scores)), coded)
        reached = f1(total)
        return SHARES[int(np.flatnonzero(reached == reached.max())[-1])]

    def _measuring(self) -> Any:
        """What the signal depends on but the video and ``k``."""
        return [type(self), self.revision, {key: value for key, value in self.get_params().items() if key not in ("k", "p")}]


def agreement(found: pd.DataFrame, coded: pd.DataFrame) -> Counts:
    """How well intervals of one kind agree in one video."""
    pairs = matches(found.assign(video=""), coded.assign(video=""))
    return Counts(len(pairs), len(found), len(coded))


def kept(cache: Cache | None, what: Any, video: Video, compute: Callable[[], np.ndarray]) -> np.ndarray:
    """What was computed of a video, from the cache if it is there, else computed and kept."""
    try:
        key = digest(what, video.id, video.fps, source(video, place=True), model_file.find() is not None) if cache else None
    except UnnamableError:
        key = None
    if cache is None or key is None:
        return compute()
    found = cache.get(key)
    if found is None:
        found = compute()
        cache.put(key, found)
    return found


def with_face(crops: np.ndarray) -> np.ndarray:
    """Frames that show a face, (T,) bool: those that are not all 0."""
    return np.asarray(crops.any(axis=(1, 2)))


def near_faces(crops: np.ndarray, k: int) -> np.ndarray:
    """Frames that show a face, as do those ``k`` before and after, if there are any, (T,) bool."""
    seen = with_face(crops)
    near = seen.copy()
    near[k:] &= seen[:-k]
    near[:-k] &= seen[k:]
    return near


def places(size: int, *, x: tuple[float, float], y: tuple[float, float]) -> tuple[slice, slice]:
    """Rows and columns of a part of a crop, given in eye distances from the point between the eyes, x right, y down."""
    rows, columns = (
        slice(*(int(np.clip(round((middle + EYE_DISTANCE * edge) * size), 0, size)) for edge in edges))
        for middle, edges in ((EYES_Y, y), (EYES_X, x))
    )
    return rows, columns


def check_fitted(spotter: VideoSpotter, attribute: str) -> None:
    """Nothing, or UsageError where a spotter was not fitted."""
    if not hasattr(spotter, attribute):
        raise UsageError(f"{type(spotter).__name__} learns from training videos: call fit(videos) first, or evaluate it with spot")


def _lengths(video: Video, kind: str) -> list[int]:
    rows = video.intervals[video.intervals["kind"] == kind]
    return (rows["offset"] - rows["onset"] + 1).astype(int).tolist()


@once
def detector() -> FaceMesh | HaarFaces:
    """What finds faces here: the mesh, or the coarse cascade where the face model file is not at hand."""
    return HaarFaces() if model_file.find() is None else FaceMesh()
