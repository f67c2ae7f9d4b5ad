"""Several runs row for row: which prediction of one belongs to which of another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from ..errors import UsageError
from ..spotting.scores import counts_by
from .run import Run
from .spotting_run import SpottingRun


class Matched(NamedTuple):
    """The clips that all runs have, in one order."""

    names: list[str]
    rows: pd.DataFrame  # person (empty if any is unknown), dataset, y_true, fold
    said: list[np.ndarray]  # each run's predictions
    labels: list[str]
    clips: int  # distinct ones: some protocols test a clip in several folds
    by_clip: bool  # whether a row is one clip in all runs, and not merely one of the same person and class
    same_folds: list[bool]  # whether each run was split into the same folds as the first
    notes: list[str]


def matched(runs: list[Run]) -> Matched:
    """What all runs predicted, row for row: of the same clips, or of the same persons and classes."""
    names = distinct([run.name for run in runs])
    labels = list(dict.fromkeys(label for run in runs for label in run.labels))
    keys = ["clip"] if all(run.predictions["clip"].is_unique for run in runs) else ["fold", "clip"]
    tables = [run.predictions.assign(person=run.persons).set_index(keys, drop=False) for run in runs]
    common = _common(tables)
    by_clip = len(common) > 0 and not any(run.about.get("unnamed_clips") for run in runs)
    if not by_clip:
        tables = [_by_person(run, person) for run, person in zip(runs, _persons(runs), strict=True)]
        common = _common(tables)
        if not len(common):
            said = f"{' and '.join(names)} have no clip in common, nor equally many of each class from any person"
            raise UsageError(said + _classes(runs))
    left_out = {name: len(table) - len(common) for name, table in zip(names, tables, strict=True) if len(table) > len(common)}
    tables = [table.loc[common] for table in tables]
    for name, table in zip(names[1:], tables[1:], strict=True):
        if (wrong := tables[0].y_true != table.y_true).any():
            clip, n = wrong.index[wrong][0], int(wrong.sum())
            said = f"{tables[0].y_true[clip]!r} and {table.y_true[clip]!r}"
            raise UsageError(
                f"{names[0]} and {name} disagree on the class of {n} of {len(common)} clips, such as {clip!r} ({said}): "
                "compare runs of one label scheme"
            )
    notes = [] if by_clip else ["Clips are not known by name: persons are compared who have equally many clips of each class in all runs."]
    if left_out:
        rest = ", ".join(f"{n} of {name}" for name, n in left_out.items())
        notes.append(f"Compared on the {len(common)} clips that all runs have; left out: {rest}.")
    # Whichever run knows most of the persons and datasets says who they are.
    best = max(tables, key=lambda table: (table.subject.ne("").sum(), table.dataset.ne("").sum()))
    folds = [table.fold.to_numpy() for table in tables]
    same = [_same(folds[0], each) for each in folds]
    if not by_clip:  # then a row's fold is known only where persons are whole
        same = [each and len(set(zip(best.person, folds[0], strict=True))) == best.person.nunique() for each in same]
    rows = best[["person", "dataset", "y_true"]].assign(fold=folds[0]).reset_index(drop=True)
    if (best.subject == "").any():
        rows["person"] = ""
    if others := [name for name, each in zip(names, same, strict=True) if not each]:
        notes.append(f"Not split into the same folds as {names[0]}, so without a test over folds: {', '.join(others)}.")
    clips = common.get_level_values("clip").nunique() if by_clip else len(common)
    return Matched(names, rows, [table.y_pred.to_numpy() for table in tables], labels, clips, by_clip, same, notes)


def matched_spotting(runs: list[SpottingRun], names: list[str]) -> tuple[list[str], np.ndarray, list[str]]:
    """The persons of the videos that all runs have; each run's counts of each, (M, S, 3, 3); what was left out."""
    common = set.intersection(*(set(run.persons.index) for run in runs))
    if not common:
        raise UsageError(f"{' and '.join(names)} have no video in common")
    coded = [_coded(run, common) for run in runs]
    for name, each in zip(names[1:], coded[1:], strict=True):
        if wrong := sorted(coded[0] ^ each):
            raise UsageError(f"{names[0]} and {name} disagree on what is coded in {wrong[0][0]}: compare runs on one edition of the sheet")
    left_out = {name: len(run.persons) - len(common) for name, run in zip(names, runs, strict=True)}
    rest = ", ".join(f"{n} of {name}" for name, n in left_out.items() if n)
    notes = [f"Compared on the {len(common)} videos that all runs have; left out: {rest}."] if rest else []
    counts = []
    for run in runs:
        found, true = (table[table["video"].isin(common)] for table in (run.events.found, run.events.coded))
        persons, each_one = counts_by(run.persons[run.persons.index.isin(common)], found, true)
        counts.append(each_one)
    return persons, np.stack(counts), notes


def _coded(run: SpottingRun, videos: set[str]) -> set[tuple[str, int, int, str]]:
    rows = run.events.coded[run.events.coded["video"].isin(videos)]
    return set(rows[["video", "onset", "offset", "kind"]].itertuples(index=False, name=None))


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two lists of folds split the rows alike, whatever the folds are called."""
    return len(set(zip(a, b, strict=True))) == len(set(a)) == len(set(b))


def _common(tables: list[pd.DataFrame]) -> pd.Index:
    common = tables[0].index
    for table in tables[1:]:
        common = common[common.isin(table.index)]
    return common


def _persons(runs: list[Run]) -> list[pd.Series]:
    """The person of each row; without the dataset, if that is how all runs have a person in common."""
    full, bare = [run.persons for run in runs], [run.predictions.subject for run in runs]
    clear = all(a.nunique() == b.nunique() for a, b in zip(full, bare, strict=True))
    return bare if clear and not set.intersection(*map(set, full)) else full


def _by_person(run: Run, persons: pd.Series) -> pd.DataFrame:
    """The predictions, indexed by person, how many clips of each class that person has, class, and a number."""
    true = run.predictions.y_true
    has = persons.map(true.groupby(persons).agg(lambda classes: str(sorted(classes))))
    keys = [persons, has, true, true.groupby([persons, true]).cumcount()]
    return run.predictions.assign(person=run.persons).set_index(pd.MultiIndex.from_arrays(keys))


def _classes(runs: list[Run]) -> str:
    different = {", ".join(sorted(set(run.predictions.y_true))) for run in runs}
    return f"; their classes are {' / '.join(sorted(different))}: give all the same names" if len(different) > 1 else ""


def distinct(names: list[str]) -> list[str]:
    """The names, a number added to those that came before."""
    return [name if (n := names[:k].count(name)) == 0 else f"{name} ({n + 1})" for k, name in enumerate(names)]
