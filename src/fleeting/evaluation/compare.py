"""compare: whether one method is better than another, on the same clips, person by person.

Clips of one person are alike, so what is drawn and what is exchanged is persons, each with all their clips. Tests that papers
prefer are computed beside it, each with what must be known to believe it: McNemar takes clips for independent, the t-tests
over folds take folds for it. A run whose protocol tested people it had trained on is marked wherever it appears.

References
----------
As in :mod:`fleeting.stats`; Demšar (2006) for several methods.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import stats
from ..errors import UsageError
from ..metrics import ALIASES, confusion_matrix, fold_matrices, score_of
from ..spotting.scores import PARTS, f1
from ..stats import FEW
from .comparison import LEAKY, TITLES, Comparison
from .pairing import Matched, distinct, matched, matched_spotting
from .run import Run
from .spotting_run import SpottingRun, load_run

if TYPE_CHECKING:
    pass

SEED004 = (
    "takes all values for independent, though both methods saw the same folds; it is what the TLCNN paper did: of its "
    "verdicts on nine methods, this gives eight from the paper's own folds (not STCLQP's, p .33), and no paired test does"
)


def compare(
    a: Run | SpottingRun | str | os.PathLike[str],
    b: Run | SpottingRun | str | os.PathLike[str],
    *more: Run | SpottingRun | str | os.PathLike[str],
    metric: str | None = None,
    by: str = "subject",
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Comparison:
    """The first run against each other one: difference, interval and p over persons, and the tests that papers use.

    Parameters
    ----------
    a, b, *more : Run or path
        Runs, run folders, CSV files of predictions, or MEGC logs (see :func:`fleeting.evaluation.run.read_run`). They are compared on the
        clips that all of them have, and the result says how many. Where clips have no names, or none in common, runs that
        have equally many clips of each class from each person are compared person by person. Runs of spotting are compared with each
        other, on the videos that all of them have.
    metric : str, optional
        ``accuracy``, ``uf1`` (default), ``uar``, ``weighted_f1`` or ``f1_of_macro_pr``, of all clips pooled; of spotting
        ``f1_micro``, ``f1_macro`` or ``f1_overall`` (default), counts pooled over all videos.
    by : {"subject", "dataset"}, default="subject"
        What Wilcoxon's and Friedman's tests and the ranks go over; spotting has none of them.
    level : float, default=.95
        Of the intervals.
    resamples : int, default=2000
        Draws of persons.
    seed : int, default=0
        The same seed gives the same numbers.

    Returns
    -------
    Comparison
        Printed, it is a few tables.

    Raises
    ------
    UsageError
        The runs have no clip in common, or disagree on the class of one.

    Notes
    -----
    A person, fold or dataset that lacks a class has no UF1 or UAR worth the name. If any lacks one, tests over them go by
    accuracy, and say so. For Nadeau and Bengio's test, each fold is taken to train on all clips that it does not test.

    Examples
    --------
    >>> import pandas as pd, fleeting as fl
    >>> clips = pd.DataFrame({"clip": list("abcdef"), "dataset": "mine", "subject": list("112233"), "fold": "1"})
    >>> clips["y_true"] = ["smile", "frown"] * 3
    >>> good = fl.Run(clips.assign(y_pred=clips.y_true), name="good")
    >>> lazy = fl.Run(clips.assign(y_pred="smile"), name="lazy")
    >>> fl.compare(good, lazy, metric="accuracy").table.difference.tolist()
    [0.5]
    """
    if by not in ("subject", "dataset"):
        raise UsageError(f"tests go over subjects or over datasets; by is {by!r}")
    given = [each if isinstance(each, Run | SpottingRun) else load_run(each) for each in (a, b, *more)]
    runs, spotted = [each for each in given if isinstance(each, Run)], [each for each in given if isinstance(each, SpottingRun)]
    if runs and spotted:
        raise UsageError(f"{runs[0].name} names clips and {spotted[0].name} finds events: compare runs of one kind")
    if spotted:
        return _of_spotting(spotted, metric or "f1_overall", level, resamples, seed)
    metric = ALIASES.get(metric or "uf1", metric or "uf1")
    score_of(metric)
    m = matched(runs)
    known = m.rows.person.nunique() > 1
    options: dict[str, Any] = {"labels": m.labels, "level": level, "resamples": resamples, "seed": seed}
    true, persons = m.rows.y_true, m.rows.person
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = [float(score_of(metric)(confusion_matrix(true, said, m.labels))) for said in m.said]
        scores = [stats.Interval(each, np.nan, np.nan) for each in value]
        pairs = [stats.Difference(value[0] - each, np.nan, np.nan, np.nan) for each in value[1:]]
        if known:
            scores = [stats.subject_interval(metric, true, said, persons, **options) for said in m.said]
            pairs = [stats.paired_interval(metric, true, m.said[0], said, persons, **options) for said in m.said[1:]]
        tests = pd.DataFrame(_tests(metric, m, by), columns=["b", "test", "statistic", "p", "note"])
        ranks, friedman = _ranks(metric, m, by)
    few = of_few({"these clips": persons.nunique()}) if known else []
    return Comparison(
        metric=metric,
        level=level,
        title=f"{TITLES[metric]} of {m.clips} clips" + (f" of {persons.nunique()} persons" if known else ""),
        runs=_about(runs, m.names, scores),
        table=_differences(m.names, pairs, known),
        tests=tests,
        ranks=ranks,
        friedman=friedman,
        notes=tuple(dict.fromkeys([*m.notes, *few, *_remarks(runs, m.names), *_said(caught)])),
    )


def _of_spotting(runs: list[SpottingRun], metric: str, level: float, resamples: int, seed: int) -> Comparison:
    """The comparison of runs of spotting: counts pooled over the videos that all have, persons drawn and exchanged."""
    if metric not in (allowed := [f"f1_{part}" for part in PARTS]):
        raise UsageError(f"runs of spotting are compared by {', '.join(allowed)}; metric is {metric!r}")
    names = distinct([run.name for run in runs])
    persons, counts, notes = matched_spotting(runs, names)
    counts = counts[:, :, PARTS.index(metric.removeprefix("f1_"))]  # (M, S, 3)
    known, needed = len(persons) > 1, counts[0, :, 2]
    options: dict[str, Any] = {"level": level, "resamples": resamples, "seed": seed}
    scores = [stats.Interval(float(f1(each.sum(axis=0))), np.nan, np.nan) for each in counts]
    pairs = [stats.Difference(scores[0].value - each.value, np.nan, np.nan, np.nan) for each in scores[1:]]
    few = [f"Of fewer than {FEW} persons these intervals are too narrow; go by p."] if 1 < len(persons) < FEW else []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "a class occurs in only")  # the title says in how many persons
        if known:
            scores = [stats.count_bootstrap(f1, each, needed, **options) for each in counts]
            pairs = [stats.paired_count_bootstrap(f1, counts[0], each, needed, **options) for each in counts[1:]]
    return Comparison(
        metric=metric,
        level=level,
        title=f"{TITLES[metric]}: {needed.sum()} coded events of {(needed > 0).sum()} of {len(persons)} persons",
        runs=_about(runs, names, scores),
        table=_differences(names, pairs, known),
        tests=pd.DataFrame([], columns=["b", "test", "statistic", "p", "note"]),
        ranks=None,
        friedman=None,
        notes=tuple(dict.fromkeys([*notes, *few, *_remarks(runs, names)])),
    )


def _about(runs: Sequence[Run | SpottingRun], names: list[str], scores: list[stats.Interval]) -> pd.DataFrame:
    index = pd.Index(names, name="name")
    columns = (("protocol", "protocol_text"), ("seed", "seed"))
    about = pd.DataFrame({name: [run.about.get(key) for run in runs] for name, key in columns}, index=index, dtype=object)
    scored = pd.DataFrame(scores, index=index).rename(columns={"value": "score"})
    return scored.join(about.assign(leaky=[run.leaky for run in runs]))


def _differences(names: list[str], pairs: list[stats.Difference], known: bool) -> pd.DataFrame:
    table = pd.DataFrame(pairs).rename(columns={"value": "difference"})
    table.insert(0, "b", names[1:])
    table.insert(0, "a", names[0])
    return table.assign(p_holm=stats.holm(table.p) if known else np.nan)


def of_few(persons: Mapping[str, int]) -> list[str]:
    """What a table says below where intervals are of few persons, by the name of what they are persons of: a sentence, or none."""
    few = [f"{n} persons in {name}" for name, n in persons.items() if 1 < n < FEW]
    how = f"Of fewer than {FEW} persons ({', '.join(few)}), intervals come from leaving out each once, with Student's t: wider, so that"
    return [f"{how} they hold."] if few else []


def _over(metric: str, m: Matched, parts: pd.Series) -> tuple[np.ndarray, str]:
    """The score of each run on each part, (P, M), and which score: accuracy where a part lacks a class."""
    counts = np.stack([fold_matrices(m.rows.y_true, said, parts, m.labels)[0] for said in m.said], axis=1)  # (P, M, K, K)
    used = metric if (counts[:, 0].sum(axis=-1) > 0).all() else "accuracy"
    return score_of(used)(counts), used


def _tests(metric: str, m: Matched, by: str) -> Iterator[tuple[str, str, float, float, str]]:
    """Name of the other run, test, statistic, p, remark."""
    parts = m.rows.person if by == "subject" else m.rows.dataset
    what = "persons" if by == "subject" else "datasets"
    sizes = m.rows.groupby("fold").size()
    for k, name in enumerate(m.names[1:], 1):
        found: list[tuple[str, stats.Outcome]] = []
        if m.by_clip:
            found.append(("McNemar", stats.mcnemar(m.rows.y_true, m.said[0], m.said[k])))
        if parts.nunique() > 1:
            scores, used = _over(metric, m, parts)
            found.append((f"Wilcoxon over {what}, {TITLES[used]}", stats.wilcoxon(scores[:, 0], scores[:, k])))
        if m.same_folds[k] and len(sizes) > 1:
            scores, used = _over(metric, m, m.rows.fold)
            a, b, over = scores[:, 0], scores[:, k], f"over {len(sizes)} folds, {TITLES[used]}"
            test = float(sizes.mean())
            found += [
                (f"Nadeau–Bengio t {over}", stats.corrected_t(a, b, m.clips - test, test)),
                (f"paired t {over}", stats.paired_t(a, b)),
                (f"unpaired t {over}", stats.unpaired_t(a, b)._replace(note=SEED004)),
            ]
        yield from ((name, test, *outcome) for test, outcome in found)


def _ranks(metric: str, m: Matched, by: str) -> tuple[pd.DataFrame | None, stats.Outcome | None]:
    parts = m.rows.person if by == "subject" else m.rows.dataset
    if len(m.said) < 3 or parts.nunique() < 2:
        return None, None
    scores, used = _over(metric, m, parts)
    friedman = stats.friedman(scores)
    ranks = pd.DataFrame(stats.nemenyi(scores), index=m.names, columns=m.names)
    ranks.insert(0, "mean_rank", stats.mean_ranks(scores))
    return ranks, friedman._replace(note=f"over {parts.nunique()} {'persons' if by == 'subject' else 'datasets'}, by {TITLES[used]}")


def _remarks(runs: Sequence[Run | SpottingRun], names: list[str]) -> list[str]:
    """What the runs say of themselves that a reader must know."""
    found = []
    for run, name in zip(runs, names, strict=True):
        if run.leaky:
            why = run.about.get("protocol_text") or "; ".join(run.about.get("selection", [])) or "its protocol"
            found.append(f"{name} is {LEAKY} ({why}): its score says little about people the method has not met.")
    protocols = list(dict.fromkeys(text for run in runs if (text := run.about.get("protocol_text"))))
    if len(protocols) > 1:
        found.append(f"The protocols differ: {', '.join(protocols)}.")
    methods = [json.dumps(run.about["method"], sort_keys=True) for run in runs if "method" in run.about]
    if len(set(methods)) < len(methods) and len({run.about.get("seed") for run in runs}) > 1:
        found.append("Some of these are one method under several seeds: how much chance alone moves it, a report of its runs shows.")
    return found


def _said(caught: list[warnings.WarningMessage]) -> list[str]:
    """Our own warnings as notes; scipy's, of scores that hardly vary, tell a reader nothing."""
    return [f"Note: {each.message}." for each in caught if each.category is UserWarning]
