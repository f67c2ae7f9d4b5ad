"""SpottingRun: a finished evaluation of a spotter, events in place of predictions, and its folder on disk.

``<run>/run.json``         what was done, as for other runs (:mod:`.run`); its ``kind`` is ``spotting``
``<run>/folds/<fold>.csv`` one fold's videos, coded events and found events: ``video dataset subject fold what onset apex offset kind score
seconds``, where ``what`` is ``video`` (offset is its last frame, seconds its length), ``coded`` or ``found``

Scores are computed from the events, never stored.
"""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..errors import UsageError
from ..spotting.scores import PARTS, average_precision, count, counts_by, f1
from ..stats import Interval, count_bootstrap, poisson_rate
from .run import SPOTTING, Run, fold_path, read_about, read_run, write_whole

COLUMNS = ("video", "dataset", "subject", "fold", "what", "onset", "apex", "offset", "kind", "score", "seconds")
EVENTS = ("video", "onset", "apex", "offset", "kind")


class Events(NamedTuple):
    """What one fold, or a whole run, tested and found.

    Attributes
    ----------
    videos : DataFrame
        One row a video: ``video dataset subject fold frames seconds``.
    coded : DataFrame
        One row a coded event: ``video onset apex offset kind``; apex <NA> where it was not coded.
    found : DataFrame
        One row a found event: the same, and ``score``.
    """

    videos: pd.DataFrame
    coded: pd.DataFrame
    found: pd.DataFrame


@dataclass(frozen=True, eq=False)
class SpottingRun:
    """What a spotter found in videos of people it had not learned from, and what can be said from it.

    Parameters
    ----------
    events : Events
        What was coded and what was found.
    name : str
        What tables call it.
    about : dict
        What ``run.json`` says.
    """

    events: Events
    name: str = "run"
    about: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (twice := self.events.videos["video"].duplicated()).any():
            video = self.events.videos["video"][twice].iloc[0]
            raise UsageError(f"the run {self.name} tests the video {video!r} twice: take a protocol that tests each once, such as loso")

    @property
    def persons(self) -> pd.Series:
        """``dataset/subject`` of each video, by its id."""
        videos = self.events.videos
        return pd.Series((videos["dataset"] + "/" + videos["subject"]).to_numpy(), index=videos["video"].to_numpy())

    @property
    def leaky(self) -> bool:
        """Whether the protocol tested persons it had learned from."""
        return bool(self.about.get("leaky", False))

    @property
    def minutes(self) -> float:
        """How long all videos are together."""
        return float(self.events.videos["seconds"].sum()) / 60

    def counts(self) -> tuple[list[str], np.ndarray]:
        """The persons, and of each the counts (N, 3, 3): micro, macro, overall; right, found, coded.

        Returns
        -------
        tuple of list of str and ndarray of shape (N, 3, 3), int
            In the same order.
        """
        return counts_by(self.persons, self.events.found, self.events.coded)

    def restricted(self, dataset: str) -> SpottingRun:
        """The same run, of one dataset's videos.

        Parameters
        ----------
        dataset : str
            Its name.

        Returns
        -------
        SpottingRun
            With the same name.
        """
        videos = self.events.videos[self.events.videos["dataset"] == dataset]
        coded, found = (table[table["video"].isin(videos["video"])] for table in self.events[1:])
        return SpottingRun(Events(videos, coded, found), dataset, self.about)

    def interval(self, part: str = "overall", level: float = 0.95, resamples: int = 2000, seed: int = 0) -> Interval:
        """The pooled F1 of ``micro``, ``macro`` or ``overall``, and its interval over persons; nan where fewer than two are known.

        Parameters
        ----------
        part : {"micro", "macro", "overall"}, default="overall"
            Of which events.
        level : float, default=0.95
            Between 0 and 1.
        resamples : int, default=2000
            Draws of persons.
        seed : int, default=0
            The same seed gives the same interval.

        Returns
        -------
        Interval
            With ``value``, ``low`` and ``high``.
        """
        counts = self.counts()[1][:, PARTS.index(part)]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "a class occurs in only")  # in how many persons, ``scores`` says
            try:
                return count_bootstrap(f1, counts, counts[:, 2], level=level, resamples=resamples, seed=seed)
            except UsageError:
                return Interval(float(f1(counts.sum(axis=0))), np.nan, np.nan)

    def scores(self) -> pd.DataFrame:
        """One row each for ``micro``, ``macro`` and ``overall``.

        Returns
        -------
        DataFrame
            ``persons``, in whom anything of the kind is coded; ``coded found right false missed precision recall f1``; ``f1_low f1_high``,
            the 95 % interval over persons, not to be trusted where there are few; ``average_precision``, of both kinds together in the
            last row; ``false_per_min false_low false_high``, false alarms a minute with the 95 % interval of a Poisson count, which
            takes them for independent.
        """
        coded, found, rows = self.events.coded, self.events.found, {}
        persons = (self.counts()[1][:, :, 2] > 0).sum(axis=0)
        for k, (part, counts) in enumerate(count(found, coded).items()):
            of_part = [table if part == "overall" else table[table["kind"] == part] for table in (found, coded)]
            rate = poisson_rate(counts.false, self.minutes)
            rows[part] = {
                "persons": int(persons[k]), **counts._asdict(), "false": counts.false, "missed": counts.missed,
                "precision": counts.precision, "recall": counts.recall, "f1": counts.f1,
                **dict(zip(("f1_low", "f1_high"), self.interval(part)[1:], strict=True)),
                "average_precision": average_precision(of_part[0], of_part[1]),
                "false_per_min": rate.value, "false_low": rate.low, "false_high": rate.high,
            }  # fmt: skip
        return pd.DataFrame.from_dict(rows, orient="index")


def load_run(path: str | os.PathLike[str]) -> Run | SpottingRun:
    """The run at a path, of either kind: what :func:`.run.read_run` reads, or a folder that ``spot`` has left.

    Raises
    ------
    UsageError
        There is nothing there, no run, or one that was stopped before its last fold.
    """
    folder = Path(path)
    return read_spotting_run(folder) if (folder / "run.json").is_file() and read_about(folder).get("kind") == SPOTTING else read_run(folder)


def read_spotting_run(folder: str | os.PathLike[str]) -> SpottingRun:
    """The spotting run in a folder; errors as :func:`load_run`.

    Parameters
    ----------
    folder : str or Path
        Of a run of :func:`fleeting.spot`.

    Returns
    -------
    SpottingRun
        As it was kept.
    """
    folder = Path(folder)
    about = read_about(folder)
    if about.get("kind") != SPOTTING:
        raise UsageError(f"{folder} is no run of spotting: read_run reads it")
    names = about.get("folds", [])
    missing = [name for name in names if not fold_path(folder, name).exists()]
    if missing or not names:
        raise UsageError(f"{folder} was stopped after {len(names) - len(missing)} of {len(names)} folds: run it again to finish it")
    return SpottingRun(joined([read_events(folder, name) for name in names]), folder.name, about)


def joined(parts: list[Events]) -> Events:
    """The events of several folds together."""
    return Events(*(pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True)))


def write_events(folder: Path, fold: str, events: Events) -> None:
    """The file of one fold: there when this returns, and never in part."""
    videos = events.videos.assign(what="video", onset=0, offset=events.videos["frames"] - 1)
    who = events.videos[["video", "dataset", "subject", "fold"]]
    rows = [table.merge(who, on="video").assign(what=what) for what, table in zip(("coded", "found"), events[1:], strict=True)]
    table = pd.concat([each.reindex(columns=list(COLUMNS)).astype(object) for each in (videos, *rows)], ignore_index=True)
    write_whole(fold_path(folder, fold), table.to_csv(index=False, lineterminator="\n"))


def read_events(folder: Path, fold: str) -> Events:
    """What :func:`write_events` has written."""
    path = fold_path(folder, fold)
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)[list(COLUMNS)]
        videos = table[table["what"] == "video"]
        videos = videos[["video", "dataset", "subject", "fold"]].assign(
            frames=videos["offset"].astype(int) + 1, seconds=[float(text) for text in videos["seconds"]]
        )
        coded, found = (_numbers(table[table["what"] == what]) for what in ("coded", "found"))
        scores = [float(text) for text in table.loc[table["what"] == "found", "score"]]
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"{path} cannot be read as the events of a fold: {error}; remove that file and run it again") from error
    return Events(videos.reset_index(drop=True), coded, found.assign(score=np.array(scores, float)))


def _numbers(rows: pd.DataFrame) -> pd.DataFrame:
    apex = pd.to_numeric(rows["apex"].mask(rows["apex"] == "")).astype("Int64")
    table = rows[list(EVENTS)].assign(onset=rows["onset"].astype(int), apex=apex, offset=rows["offset"].astype(int))
    return table.reset_index(drop=True)
