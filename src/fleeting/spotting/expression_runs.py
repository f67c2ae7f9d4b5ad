"""Expression runs: each frame is named by itself, and a short run of frames that are not neutral is a micro-expression.

References
----------
Wu, Shen & Fu (2011), The machine knows what you are hiding: an automatic micro-expression recognition system, ACII.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd

from ..classifiers.gentle_svm import GentleSVM
from ..clip import Video
from ..compute.cache import Cache
from ..errors import UsageError
from ..features.gabor import gabor
from .peaks import runs
from .video_spotter import CropSpotter, check_fitted, with_face

NEUTRAL = "neutral"


class ExpressionRuns(CropSpotter):
    """Runs of frames that a classifier of stills does not take for neutral.

    The paper has six posed expressions and neutral learned from other people's stills, and no such stills come with long videos. So the
    classes are learned here from training videos: the apex of each coded interval, and frames far from any, which are ``neutral``. A
    classifier of stills with more classes can be given instead; then nothing is learned.

    Parameters
    ----------
    size : int, default=128
        As in :class:`.video_spotter.CropSpotter`.
    rate : float, default=30.0
        As in :class:`.video_spotter.CropSpotter`.
    picture : int, default=48
        Side of the pictures whose Gabor responses are classified, px; 9 scales in 8 directions.
    min_duration_s, max_duration_s : float, default=.05, .5
        What is shorter is not counted; what is longer is a macro-expression. The paper has 1/25 to 1/5 s.
    gap_s : float, default=.05
        Neutral frames within a run that do not end it.
    per_video : int, default=24
        Neutral frames, evenly spread, that are learned from each video.
    classifier : estimator, optional
        A fitted classifier of Gabor responses (N, 165888), as :func:`fleeting.features.gabor.gabor` gives them of ``size=picture``; one of
        its classes is ``neutral``.
    random_state : int, optional
        Of the boosting that picks the features.
    """

    def __init__(
        self,
        size: int = 128,
        rate: float = 30.0,
        picture: int = 48,
        min_duration_s: float = 0.05,
        max_duration_s: float = 0.5,
        gap_s: float = 0.05,
        per_video: int = 24,
        classifier: Any = None,
        random_state: int | None = None,
    ):
        super().__init__(size, rate)
        self.picture = picture
        self.min_duration_s = min_duration_s
        self.max_duration_s = max_duration_s
        self.gap_s = gap_s
        self.per_video = per_video
        self.classifier = classifier
        self.random_state = random_state

    def fit(self, videos: Sequence[Video], cache: Cache | None = None) -> Self:
        """Itself, with a classifier of neutral and other frames."""
        if self.classifier is not None:
            self.classifier_ = self.classifier
            return self
        X, y = [], []
        for video in videos:
            crops = self.crops(video, cache)
            apexes, calm = stills(video.intervals, self.step(video), with_face(crops), self.per_video)
            X += [gabor(crops[i], self.picture) for i in [*apexes, *calm]]
            y += ["expression"] * len(apexes) + [NEUTRAL] * len(calm)
        if len(set(y)) < 2:
            raise UsageError("the training videos hold no coded interval with a face, or nothing but such: two classes cannot be learned")
        self.classifier_ = GentleSVM(random_state=self.random_state).fit(np.stack(X), np.array(y))
        return self

    def spot(self, video: Video, cache: Cache | None = None) -> pd.DataFrame:
        """What was found in one video; the score is the share of the run's frames that are not neutral times their number."""
        check_fitted(self, "classifier_")
        crops, fps = self.crops(video, cache), video.fps / self.step(video)
        other = np.zeros(len(crops), bool)
        for part in np.array_split(np.flatnonzero(with_face(crops)), max(1, len(crops) // 64)):
            if len(part):
                said = self.classifier_.predict(np.stack([gabor(crops[i], self.picture) for i in part]))
                other[part] = np.asarray(said).astype(str) != NEUTRAL
        return self.in_video(run_spans(other, fps, self.min_duration_s, self.max_duration_s, self.gap_s), video, len(crops))


def stills(intervals: pd.DataFrame, step: int, seen: np.ndarray, n_neutral: int) -> tuple[list[int], list[int]]:
    """Looked-at frames at the apexes of intervals, and ``n_neutral`` spread evenly over those half an interval's length or more from all.

    Parameters
    ----------
    intervals : DataFrame
        ``onset apex offset`` in the video's frames; where no apex was coded, the middle stands for it.
    step : int
        Frames of the video from one looked-at frame to the next.
    seen : ndarray of shape (T,), bool
        Whether each looked-at frame shows a face.
    """
    free, apexes = seen.copy(), []
    onsets, offsets = (intervals[name].to_numpy(int).tolist() for name in ("onset", "offset"))
    middles = (intervals["onset"] + intervals["offset"]) // 2
    for onset, apex, offset in zip(onsets, intervals["apex"].fillna(middles).astype(int), offsets, strict=True):
        around = (offset - onset + 1) // 2
        free[max(onset - around, 0) // step : (offset + around) // step + 1] = False
        apexes.append(min(apex // step, len(seen) - 1))
    rest = np.flatnonzero(free)
    calm = rest[np.unique(np.linspace(0, len(rest) - 1, min(n_neutral, len(rest))).round().astype(int))] if len(rest) else rest
    return [i for i in apexes if seen[i]], calm.tolist()


def run_spans(
    other: np.ndarray, fps: float, min_duration_s: float, max_duration_s: float, gap_s: float
) -> list[tuple[int, int, int, float, str]]:
    """Runs of frames that are not neutral: (onset, apex, offset, score, kind); the apex is the middle, for none is told."""
    bridged = other.copy()
    for first, last in runs(~other):
        if first > 0 and last < len(other) - 1 and (last - first + 1) / fps <= gap_s + 1e-9:
            bridged[first : last + 1] = True
    spans = []
    for first, last in runs(bridged):
        duration = (last - first + 1) / fps
        if duration >= min_duration_s - 1e-9:
            kind = "micro" if duration <= max_duration_s + 1e-9 else "macro"
            spans.append((first, (first + last) // 2, last, float(other[first : last + 1].sum()), kind))
    return spans
