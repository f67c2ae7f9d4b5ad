"""One fold: a fresh copy of the learner, fitted on training clips, and what it says of the test clips.

A fold computes on one core and from its own seed, so that its numbers do not depend on how many folds run beside it.
"""

from __future__ import annotations

import random
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..base import open_seeds
from ..compute.identity import names_in
from ..compute.rows import Rows
from ..errors import FleetingError, UsageError

if TYPE_CHECKING:
    from ..protocols import Fold

ON_TORCH = ("torch", "skorch", "fleeting.models", "fleeting.training", "fleeting.classifiers.dbn", "fleeting.spotting.softnet_spotter")


class Learner(NamedTuple):
    """What learns, and what is to be known of it once instead of in each fold."""

    estimator: Any
    asks: bool  # whether it asks fit for groups
    torch: bool  # whether it is built on PyTorch
    open_seeds: list[str]  # parameters called random_state that were left open


class Task(NamedTuple):
    """What all folds of an evaluation share; the positions in a fold are those in these arrays."""

    learner: Learner
    X: Any  # (N, ...), in memory or stored, or a list of N clips
    y: np.ndarray  # (N,)
    persons: np.ndarray  # (N,)
    seed: int


class Prediction(NamedTuple):
    """What a fold says of its test clips."""

    labels: np.ndarray  # (n,)
    probabilities: np.ndarray | None  # (n, K)
    classes: list[str]  # (K,), of the probabilities
    epochs: list[dict[str, float]]  # what the learner recorded of each in ``history_``
    seconds: float


def prepared(estimator: Any) -> Learner:
    """The estimator, ready for :func:`run_fold`."""
    return Learner(estimator, asks_for_groups(estimator), needs_torch(estimator), open_seeds(estimator))


def run_fold(task: Task, fold: Fold) -> Prediction:
    """A fresh copy of the learner, fitted on the fold's training clips; what it says of the test clips.

    Raises
    ------
    UsageError
        Whatever the learner raised, with the name of the fold.
    """
    start = time.perf_counter()
    try:
        said = _fit_predict(task, fold)
    except Exception as error:
        reason = str(error) if isinstance(error, FleetingError) else f"{type(error).__name__}: {error}"
        raise UsageError(f"fold {fold.name!r} failed: {reason}") from error
    return Prediction(*said, time.perf_counter() - start)


def _fit_predict(task: Task, fold: Fold) -> tuple[np.ndarray, np.ndarray | None, list[str], list[dict[str, float]]]:
    from sklearn import clone, config_context

    learner, seed = task.learner, fold_seed(task.seed, fold.name)
    with on_one_core(seed, learner.torch or "torch" in sys.modules):
        model = clone(learner.estimator)
        if learner.open_seeds:
            model.set_params(**dict.fromkeys(learner.open_seeds, seed))
        with config_context(enable_metadata_routing=True) if learner.asks else ExitStack():
            groups = {"groups": task.persons[fold.train]} if learner.asks else {}
            model.fit(take(task.X, fold.train), task.y[fold.train], **groups)
            return predicted(task, model, fold)


def predicted(task: Task, model: Any, fold: Fold) -> tuple[np.ndarray, np.ndarray | None, list[str], list[dict[str, float]]]:
    """What a fitted model says of the test clips, as :class:`Prediction` has it; and its epochs."""
    rows = take(task.X, fold.test)
    labels = np.asarray(model.predict(rows))
    probabilities = np.asarray(model.predict_proba(rows), float) if hasattr(model, "predict_proba") else None
    classes = getattr(model, "classes_", None)
    if probabilities is None or classes is None:
        return labels, None, [], _epochs(model)
    return labels, probabilities, [str(each) for each in classes], _epochs(model)


def _epochs(model: Any) -> list[dict[str, float]]:
    """The numbers that a network recorded of each epoch."""
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    history = getattr(last, "history_", None)
    if not isinstance(history, list):
        return []
    return [{key: float(each) for key, each in row.items() if isinstance(each, int | float)} for row in history if isinstance(row, dict)]


def take(X: Any, rows: np.ndarray) -> Any:
    """Some rows of an array, or some of a list of clips; of samples that are stored, those stay where they are."""
    if isinstance(X, list):
        return [X[row] for row in rows.tolist()]
    return X[rows] if isinstance(X, np.ndarray) else Rows(X, rows)


def asks_for_groups(learner: Any, method: str = "fit") -> bool:
    """Whether anything in the learner asks its method for ``groups`` by scikit-learn's metadata routing."""
    from sklearn import config_context
    from sklearn.utils.metadata_routing import get_routing_for_object

    if not hasattr(learner, "get_metadata_routing"):
        return False
    with config_context(enable_metadata_routing=True):
        try:
            return "groups" in get_routing_for_object(learner).consumes(method, ["groups"])
        except NotImplementedError:  # an ensemble that routes nothing
            return False


def fold_seed(seed: int, fold: str) -> int:
    """The seed of a fold, 0 to 2**31 - 1: the same in whatever order the folds run."""
    return int(np.random.SeedSequence([seed, zlib.crc32(fold.encode())]).generate_state(1)[0] >> 1)


def needs_torch(learner: Any) -> bool:
    """Whether a part of the learner is built on PyTorch: by its module, or by what its own code imports or calls."""
    parts = [learner, *(learner.get_params().values() if hasattr(learner, "get_params") else ())]
    kinds = {kind for part in parts for kind in type(part).__mro__}
    if any(kind.__module__.startswith(ON_TORCH) for kind in kinds):
        return True
    return any("torch" in names_in(kind) for kind in kinds)


@contextmanager
def one_core() -> Iterator[None]:
    """A block whose linear algebra uses one thread: sums are then made in the same order whatever runs beside it."""
    with _threads().limit(limits=1):
        yield


@contextmanager
def on_one_core(seed: int, torch_too: bool) -> Iterator[None]:
    """A block on one core, from one seed."""
    with one_core(), repeatable(seed, torch_too):
        yield


@contextmanager
def repeatable(seed: int, torch_too: bool) -> Iterator[None]:
    """A block in which the global random generators start from the seed; afterwards they go on as if nothing had been."""
    before = random.getstate(), np.random.get_state()  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    try:
        with ExitStack() as stack:
            if torch_too:
                import torch

                stack.enter_context(torch.random.fork_rng(devices=range(torch.cuda.device_count())))
                stack.callback(torch.set_num_threads, torch.get_num_threads())
                torch.manual_seed(seed)
                torch.set_num_threads(1)
            yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002


@cache
def _threads() -> Any:
    import scipy.linalg  # noqa: F401  # its threads are only found once it is loaded
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
