"""The demo: a synthetic interview is made, analysed, and what was found is held against what is true."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from .analyze import Analysis, analyze
from .export import check_writable
from .spotting.matching import Match, match

DURATION_S, FPS = 30.0, 100.0
NAME = "synthetic-interview"


@dataclass(frozen=True)
class Demo:
    """What the demo found.

    Attributes
    ----------
    truth : DataFrame
        As :class:`fleeting.datasets.synthetic.Interview` has it.
    analysis : Analysis
    match : Match
        Of the micro-expressions, at an intersection over union of .5.
    folder : Path
        Where the interview, its truth and the results are.
    """

    truth: pd.DataFrame
    analysis: Analysis
    match: Match
    folder: Path


def demo(seed: int = 0, folder: str | Path = "fleeting-demo", *, progress: Callable[[str, int, int | None], None] | None = None) -> Demo:
    """The demo's findings on the synthetic interview of a seed; interview, truth and results are written into ``folder``.

    Raises
    ------
    OutputError, UsageError
        The folder cannot be written.
    """
    from .datasets.synthetic import CRF, synthetic_interview
    from .media import write_video

    folder = Path(folder)
    check_writable(folder, overwrite=True)
    folder.mkdir(parents=True, exist_ok=True)
    interview = synthetic_interview(seed, DURATION_S, FPS)
    tell = progress or (lambda what, done, total: None)
    path = write_video(folder / f"{NAME}.mp4", _counted(interview.frames(), len(interview), tell), FPS, crf=CRF)
    analysis = analyze(path, progress=lambda frame, media: tell("analysing", frame.index + 1, media.frame_count))
    analysis.save(folder, overwrite=True)
    interview.truth.to_csv(folder / f"{NAME}.truth.csv", index=False)
    found = analysis.events[analysis.events["kind"] == "micro"].rename(columns={"onset_frame": "onset", "offset_frame": "offset"})
    return Demo(interview.truth, analysis, match(found, interview.truth[interview.truth["kind"] == "micro"]), folder)


def _counted(frames: Iterator[np.ndarray], total: int, tell: Callable[[str, int, int | None], None]) -> Iterator[np.ndarray]:
    for done, frame in enumerate(frames, 1):
        yield frame
        tell("making the interview", done, total)
