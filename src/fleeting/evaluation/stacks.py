"""Folds that are trained as one: which of them, and what they say. What a network must be for that: :mod:`fleeting.training.stacked`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..compute.workers import run_all
from ..errors import FleetingError, UsageError
from .fold import Prediction, Task, fold_seed, on_one_core, predicted, run_fold

if TYPE_CHECKING:
    from ..protocols import Fold
    from ..training.net import NetClassifier


def run_folds(task: Task, folds: Sequence[Fold], jobs: int, cluster: str | None, stack: str | int) -> Iterator[tuple[int, Prediction]]:
    """The number of each fold and what it says, as they get done; those of a stack all at once.

    Parameters
    ----------
    task : Task
    folds : sequence of Fold
    jobs, cluster
        As in :func:`.evaluate.evaluate`.
    stack : {"auto", "off"} or int
        How many folds are trained as one. ``auto``: as many as a GPU gains by, where one process computes; none elsewhere.
    """
    together = stacks(task, folds, jobs, cluster, stack)
    for numbers in together:
        if len(numbers) > 1:
            yield from zip(numbers, run_stack(task, [folds[number] for number in numbers]), strict=True)
    single = [numbers[0] for numbers in together if len(numbers) == 1]
    for place, prediction in run_all(run_fold, [(folds[number],) for number in single], jobs, cluster, task):
        yield single[place], prediction


def stacks(task: Task, folds: Sequence[Fold], jobs: int, cluster: str | None, stack: str | int) -> list[list[int]]:
    """Which folds are trained together: all of a stack know the same classes."""
    alone = [[number] for number in range(len(folds))]
    if stack == "off" or stack == 1:
        return alone
    if stack != "auto" and not (isinstance(stack, int) and stack > 1):
        raise UsageError(f"stack={stack!r} is not known: give auto, off, or how many folds are trained as one")
    net = network_of(task.learner.estimator) if task.learner.torch else None
    if isinstance(stack, str):
        if net is None or jobs != 1 or cluster is not None or len(folds) < 2:
            return alone
        stack = _how_many(task, net, folds)
    elif net is None:
        raise UsageError(f"stack={stack}: only a method whose learning is one network, a NetClassifier, has stacks; take stack='off'")
    elif jobs != 1 or cluster is not None:
        raise UsageError(f"stack={stack} trains folds as one in this process: take jobs=1 and no cluster, or stack='off'")
    parts: dict[tuple[Any, ...], list[int]] = {}
    for number, fold in enumerate(folds):
        parts.setdefault(tuple(np.unique(task.y[fold.train]).tolist()), []).append(number)
    return [numbers[start : start + stack] for numbers in parts.values() for start in range(0, len(numbers), stack)]


def run_stack(task: Task, folds: Sequence[Fold]) -> list[Prediction]:
    """What each fold says of its test clips, all networks trained as one; as :func:`.fold.run_fold` but for the order of sums.

    Raises
    ------
    UsageError
        Whatever training raised, with the names of the folds.
    """
    from sklearn import clone

    from ..training.stacked import fit_together

    start, learner = time.perf_counter(), task.learner
    try:
        with on_one_core(task.seed, True):
            models = [clone(learner.estimator) for _ in folds]
            for model, fold in zip(models, folds, strict=True):
                model.set_params(**dict.fromkeys(learner.open_seeds, fold_seed(task.seed, fold.name)))
            nets = [network_of(model) for model in models]
            fit_together(nets, task.X, task.y, [fold.train for fold in folds], task.persons)  # type: ignore[arg-type]
            said = [predicted(task, model, fold) for model, fold in zip(nets, folds, strict=True)]
    except Exception as error:
        reason = str(error) if isinstance(error, FleetingError) else f"{type(error).__name__}: {error}"
        raise UsageError(f"folds {folds[0].name!r} to {folds[-1].name!r}, trained as one, failed: {reason}") from error
    seconds = (time.perf_counter() - start) / len(folds)
    return [Prediction(*each, seconds) for each in said]


def network_of(estimator: Any) -> NetClassifier | None:
    """The network that is all that learns in an estimator; None where it is something else, or more."""
    from sklearn.pipeline import Pipeline

    from ..training.net import NetClassifier

    if isinstance(estimator, Pipeline) and len(estimator.steps) == 1:
        estimator = estimator.steps[0][1]
    return estimator if type(estimator) is NetClassifier else None


def _how_many(task: Task, net: NetClassifier, folds: Sequence[Fold]) -> int:
    from ..training.stacked import how_many

    with on_one_core(task.seed, True):
        return how_many(net, task.X, task.y, folds[0].train, task.persons)
