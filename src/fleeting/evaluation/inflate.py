"""How much of a score is choice: the same settings of one method, chosen honestly and chosen on the test fold.

Whoever trains several settings (or stops at several epochs) and reports, for each test person, the best of them, reports
a choice that nobody can make for a new person. The table of :func:`inflate` sets that number beside the honest one.
Selection alone can reach a given score; how much of a published one it explains cannot be told from outside.

References
----------
Cawley & Talbot (2010), On over-fitting in model selection and subsequent selection bias in performance evaluation,
JMLR 11, 2079. Varma & Simon (2006), Bias in error estimation when using cross-validation for model selection, BMC
Bioinformatics 7, 91.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..clip import Clip
from ..compute.prefix import Progress
from ..errors import UsageError
from ..metrics import SCORES, score_of
from .evaluate import checked, evaluate, folds_of
from .run import Run

NONE = "nothing chosen: mean over all settings"
WITHIN = "chosen within the training clips of each fold"
BEST = "the best of all, chosen on all test folds"
ON_TEST = "the best for each fold, chosen on that test fold"


class Inflation(NamedTuple):
    """What came of each way to choose."""

    table: pd.DataFrame  # a row a way, columns accuracy, uf1, ..., then low and high, the interval of the score chosen by
    honest: Run | None
    on_test: Run
    runs: list[Run]  # one a setting


def inflate(
    method: Any,
    grid: Mapping[str, Sequence[Any]],
    clips: Iterable[Clip],
    y: ArrayLike | Mapping[str, Any] | pd.Series,
    protocol: Any,
    inner: Any = None,
    score: str = "uf1",
    out: str | os.PathLike[str] | None = None,
    seed: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
    *,
    cluster: str | None = None,
) -> Inflation:
    """One method with each setting of a grid, and the scores that follow from each way to choose among them.

    Parameters
    ----------
    method : estimator
        As in :func:`fleeting.evaluate`, where more is told of this and of what follows below.
    grid : mapping of str to sequence
        Values of each parameter, such as ``{"svc__C": [.1, 1, 10]}``; all combinations are tried. The first of equally good
        ones is taken, so write the simplest first.
    clips : iterable of Clip
        Each id once.
    y : array-like of length N, mapping or Series
        The class of each clip.
    protocol : Protocol or scikit-learn splitter
        Such as ``LOSO()``.
    inner : Protocol, optional
        How the honest choice tries settings within the training clips of each fold; default ``SubjectKFold(5)``, or as
        many folds as there are persons.
    score : str, default="uf1"
        What the honest choice goes by, pooled over the training clips. The choice on a test fold goes by the fold's accuracy.
    out : path, optional
        Where runs are kept.
    seed : int, default=0
        For all that is random.
    jobs : int, default=1
        Processes.
    progress : callable, optional
        Told the stage ``settings``, one step an evaluation.
    cluster : str, optional
        Address of a Dask scheduler.

    Returns
    -------
    Inflation
        With ``table``, a row for each way to choose, and the runs behind it.

    Notes
    -----
    The honest choice fits each setting once for each outer and inner fold: 24 persons, 5 inner folds and 10 settings are
    1200 fits, beside the 240 that the rest of the table needs.
    """
    from sklearn import clone
    from sklearn.model_selection import ParameterGrid

    from ..protocols import SubjectKFold

    score_of(score)
    clips, y = checked(clips, y)
    settings = list(ParameterGrid(dict(grid)))
    if len(settings) < 2:
        raise UsageError(f"{grid} is a single setting: there is nothing to choose from")
    try:
        methods = [clone(method).set_params(**setting) for setting in settings]
    except ValueError as error:
        raise UsageError(f"the grid names a parameter that the method lacks: {error}") from error
    common: dict[str, Any] = {"seed": seed, "jobs": jobs, "cluster": cluster}
    folds = folds_of(protocol, clips)
    total = len(settings) * (1 + len(folds))
    runs = []
    for each in methods:
        runs.append(evaluate(each, clips, y, protocol, out, **common))
        _tell(progress, len(runs), total)
    inside = None if out is None else Path(out) / "inner"
    done = len(runs)
    choice = {}
    for fold in folds:
        train = [clips[i] for i in fold.train]
        within = inner or SubjectKFold(min(5, len({clip.person for clip in train})))
        scores = []
        for each in methods:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".*train without some class")  # said of the outer folds already
                run = evaluate(each, train, y[fold.train], within, inside, **common)
            scores.append(run.score(score))
            done += 1
            _tell(progress, done, total)
        choice[fold.name] = int(np.argmax(scores))
    rule = f"{WITHIN}: {score} of {inner or 'SubjectKFold(5)'}"
    honest = _put_together(runs, choice, WITHIN, [rule], leaky=runs[0].leaky)
    honest.about["chosen"] = {fold: {key: str(value) for key, value in settings[k].items()} for fold, k in choice.items()}
    return inflation(runs, honest, score)


def inflation(runs: Sequence[Run], honest: Run | None = None, score: str = "uf1") -> Inflation:
    """The same from finished runs of several settings; without ``honest``, which takes more than their predictions.

    Parameters
    ----------
    runs : sequence of Run
        Two or more, of the same clips, labels and folds.

    Raises
    ------
    UsageError
        The runs are not of the same clips, labels and folds.
    """
    runs = list(runs)
    score_of(score)
    if len(runs) < 2:
        raise UsageError("inflation compares the runs of at least two settings of a method")
    first = _rows(runs[0])
    for run in runs[1:]:
        if not first[["y_true"]].equals(_rows(run)[["y_true"]]):
            raise UsageError(f"{run.name} and {runs[0].name} are not of the same clips, labels and folds: they cannot be set side by side")
    on_test = _put_together(runs, _best_on_test(runs), ON_TEST, [ON_TEST], leaky=True)
    mean = {name: float(np.mean([run.score(name) for run in runs])) for name in SCORES}
    best = max(runs, key=lambda run: run.score(score))
    rows = {NONE: {**mean, "low": np.nan, "high": np.nan}}
    if honest is not None:
        rows[WITHIN] = _scores(honest, score)
    rows |= {BEST: _scores(best, score), ON_TEST: _scores(on_test, score)}
    return Inflation(pd.DataFrame.from_dict(rows, orient="index"), honest, on_test, runs)


def _best_on_test(runs: list[Run]) -> dict[str, int]:
    """The number of the run with most clips right in each fold, the first of equals."""
    right = pd.DataFrame({k: (r := _rows(run)).y_true.eq(r.y_pred).groupby("fold", sort=False).sum() for k, run in enumerate(runs)})
    return {str(fold): int(k) for fold, k in right.idxmax(axis=1).items()}


def _put_together(runs: list[Run], choice: Mapping[str, int], name: str, rules: list[str], leaky: bool) -> Run:
    """The predictions of each fold, from the run that was chosen for it."""
    parts = [runs[k].predictions[runs[k].predictions.fold == fold] for fold, k in choice.items()]
    labels = list(dict.fromkeys(label for run in runs for label in run.labels))
    return Run(pd.concat(parts, ignore_index=True), name, {"labels": labels, "leaky": leaky, "selection": rules})


def _rows(run: Run) -> pd.DataFrame:
    return run.predictions.set_index(["fold", "clip"]).sort_index()


def _scores(run: Run, score: str) -> dict[str, float]:
    _, low, high = run.interval(score)
    return {**{name: run.score(name) for name in SCORES}, "low": low, "high": high}


def _tell(progress: Progress | None, done: int, total: int) -> None:
    if progress is not None:
        progress("settings", done, total, None)
