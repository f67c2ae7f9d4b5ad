"""The demo: a synthetic interview is made, analysed, and what was found is held against what is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..spotting.matching import Match, match
from .analyze import Analysis, analyze
from .export import check_writable

DURATION_S, FPS = 30.0, 100.0
NAME = "synthetic-interview"


@dataclass(frozen=True)
class Demo:
    """What the demo found.

    Attributes
    ----------
    truth : DataFrame
        As :class:`fleeting.synthetic.interview.Interview` has it.
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
    from ..synthetic.interview import synthetic_interview

    folder = Path(folder)
    check_writable(folder, overwrite=True)
    folder.mkdir(parents=True, exist_ok=True)
    interview = synthetic_interview(seed, DURATION_S, FPS)
    tell = progress or (lambda what, done, total: None)
    path = interview.write(folder / f"{NAME}.mp4", progress=lambda drawn: tell("making the interview", drawn, len(interview)))
    analysis = analyze(path, progress=lambda frame, media: tell("analysing", frame.index + 1, media.frame_count))
    analysis.save(folder, overwrite=True)
    found = analysis.events[analysis.events["kind"] == "micro"].rename(columns={"onset_frame": "onset", "offset_frame": "offset"})
    return Demo(interview.truth, analysis, match(found, interview.truth[interview.truth["kind"] == "micro"]), folder)
