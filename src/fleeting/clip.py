"""Clip: one labelled moment of one person; Video: a long recording. Frames are read when they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from .errors import DatasetError, MediaError

LONG_S = 2.0  # what lasts longer is no micro-expression by any definition


@dataclass(frozen=True, eq=False)
class Clip:
    """One moment of one person.

    Parameters
    ----------
    id : str
        Unique within any mix of datasets, such as ``casme2/sub01/EP02_01f``.
    dataset, subject : str
        Whose, and who; see ``person``.
    fps : float
        Frames a second.
    onset, apex, offset : int
        0-based, inclusive, within ``frames``.
    read : callable
        Gives the frames, (T, H, W, 3) uint8 RGB.
    emotion : str or None
        The release's own word; None where it was not coded.
    aus : tuple of str or None
        Action units such as ``("AU1", "L12")``; None where they were not coded, which differs from ``()``: coded, none seen.

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.zeros((30, 64, 64, 3), np.uint8)
    >>> clip = Clip("mine/take1", "mine", "ann", fps=100, onset=3, apex=12, offset=27, read=lambda: frames, emotion="surprise")
    >>> clip.person, clip.seconds, clip.frames.shape
    ('mine/ann', 0.25, (30, 64, 64, 3))
    """

    id: str
    dataset: str
    subject: str
    fps: float
    onset: int
    apex: int
    offset: int
    read: Callable[[], np.ndarray] = field(repr=False)
    emotion: str | None = None
    aus: tuple[str, ...] | None = None

    @property
    def frames(self) -> np.ndarray:
        """The pictures, (T, H, W, 3) uint8 RGB, read anew at each look; an error names the clip and the file that cannot be had."""
        try:
            return self.read()
        except (MediaError, DatasetError) as error:
            raise type(error)(f"clip {self.id}: {error}") from error

    @property
    def neutral(self) -> int:
        """The frame from which motion to the apex is measured: the onset, or, where the apex was coded on the onset, the offset.

        Both are where the face is at rest; from an onset that is the apex there would be no motion at all.
        """
        return self.offset if self.apex == self.onset else self.onset

    @property
    def seconds(self) -> float:
        """How long the expression lasts, onset and offset included."""
        return (self.offset - self.onset + 1) / self.fps

    @property
    def person(self) -> str:
        """``dataset/subject``: who this is, unambiguous when datasets are mixed."""
        return f"{self.dataset}/{self.subject}"


@dataclass(frozen=True, eq=False)
class Video:
    """A long recording of one person, and what was coded in it.

    Parameters
    ----------
    id : str
        Unique within any mix of datasets, such as ``samm-lv/006/006_1``.
    dataset, subject : str
        Whose, and who; see ``person``.
    fps : float
        Nominal frames a second; ``timestamps`` are what counts.
    intervals : DataFrame
        One row an event: ``onset, apex, offset`` (0-based, inclusive; apex <NA> where it was not coded) and ``kind``
        (``micro`` or ``macro``), by onset. Empty where nothing was seen.
    stream : callable
        ``stream(start, stop)`` gives the frames from start (inclusive) to stop (exclusive; None: the end) one by one.
    times : callable
        Gives the timestamps, (T,) float64, s since the first frame.
    """

    id: str
    dataset: str
    subject: str
    fps: float
    intervals: pd.DataFrame
    stream: Callable[[int, int | None], Iterator[np.ndarray]] = field(repr=False)
    times: Callable[[], np.ndarray] = field(repr=False)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[np.ndarray]:
        """Frames ``start`` (inclusive) to ``stop`` (exclusive), one by one, (H, W, 3) uint8 RGB.

        Parameters
        ----------
        start : int, default=0
            The first.
        stop : int, optional
            The first that is left out; default: to the end.

        Returns
        -------
        iterator of ndarray
            Pictures, (H, W, 3) uint8 RGB.
        """
        return self.stream(start, stop)

    @property
    def timestamps(self) -> np.ndarray:
        """When each frame was taken, (T,) float64, s since the first; a video file is decoded once for it."""
        return self.times()

    @property
    def person(self) -> str:
        """``dataset/subject``: who this is, unambiguous when datasets are mixed."""
        return f"{self.dataset}/{self.subject}"


def shows_nobody(dataset: str) -> bool:
    """Whether the dataset of that name is drawn, and what comes of it is to be called synthetic."""
    return "synth" in dataset.lower()
