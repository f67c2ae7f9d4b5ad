"""A spotter over the signals of a face, made one over videos: the signals are measured from the video's frames and kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..clip import Video
from ..compute.cache import Cache
from ..errors import UsageError
from ..faces.signals import COLUMNS, measure
from ..media import Frame
from .peaks import as_table
from .scores import KINDS
from .video_spotter import VideoSpotter, detector, kept

SIGNALS = 2  # raised when a change of fleeting.faces moves the signals, so that none measured before are taken from the cache


class SignalSpotter(VideoSpotter):
    """What a spotter of the main job finds in a video, micro- and macro-expressions only. Nothing is learned.

    Parameters
    ----------
    spotter : str or estimator, default="flow"
        A name of :data:`fleeting.spotting.SPOTTERS`, or a spotter with parameters of its own: ``spot(table)`` gives ``intervals``.
    """

    def __init__(self, spotter: Any = "flow"):
        self.spotter = spotter

    def prepare(self, video: Video, cache: Cache) -> None:
        """Measure the signals ahead."""
        self.signals(video, cache)

    def spot(self, video: Video, cache: Cache | None = None) -> pd.DataFrame:
        """What was found in one video, on every face that was the largest at some moment."""
        from . import SPOTTERS

        if isinstance(self.spotter, str) and self.spotter not in SPOTTERS:
            raise UsageError(f"no spotter over signals is called {self.spotter!r}; there are {', '.join(SPOTTERS)}")
        spotter = SPOTTERS[self.spotter]() if isinstance(self.spotter, str) else self.spotter
        spans: list[Any] = []
        for table in self.signals(video, cache):
            events = spotter.spot(table).intervals
            spans += events.loc[events["kind"].isin(KINDS), ["onset", "apex", "offset", "score", "kind"]].itertuples(index=False, name=None)
        return as_table(spans)

    def signals(self, video: Video, cache: Cache | None = None) -> list[pd.DataFrame]:
        """The signals of each face that was the largest at some moment, a row a frame of the video.

        Parameters
        ----------
        video : Video
            One of them.
        cache : Cache, optional
            Where what is measured in a video is kept.

        Returns
        -------
        list of DataFrame
            One a face.
        """

        def read() -> np.ndarray:
            times = video.timestamps
            frames = (Frame(i, float(times[i]), image) for i, image in enumerate(video.frames()))
            tables = measure(frames, detector()).tables.values()
            faces = [table[["time_s", "seen", *COLUMNS]].to_numpy(np.float64) for table in tables]
            return np.stack(faces) if faces else np.zeros((0, len(times), 2 + len(COLUMNS)))

        return [_table(values) for values in kept(cache, ["signals", SIGNALS, COLUMNS], video, read)]


def _table(values: np.ndarray) -> pd.DataFrame:
    table = pd.DataFrame(values[:, 2:].astype(np.float32), columns=list(COLUMNS))
    table.insert(0, "frame", np.arange(len(table)))
    table.insert(1, "time_s", values[:, 0])
    table.insert(2, "seen", values[:, 1] > 0)
    return table
