"""What may run elsewhere: the fit of one fold, and any list of calls; here, in processes, or on a cluster.

A fold computes on one core and from its own seed, so that its numbers do not depend on how many folds run beside it.
"""

from __future__ import annotations

import random
import sys
import time
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..errors import FleetingError, UsageError
from .identity import names_in

if TYPE_CHECKING:
    from ..protocols import Fold

LOSSES = 3  # how often in succession a cluster may lose calls before a single one of them comes back
ON_TORCH = ("torch", "skorch", "fleeting.models", "fleeting.training", "fleeting.classifiers.dbn")
AT_A_TIME = 4  # calls a process, where a pool gives its results only when all it was given are there


class Learner(NamedTuple):
    """What learns, and what is to be known of it once instead of in each fold."""

    estimator: Any
    asks: bool  # whether it asks fit for groups
    torch: bool  # whether it is built on PyTorch
    open_seeds: list[str]  # parameters called random_state that were left open


class Task(NamedTuple):
    """What all folds of an evaluation share; the positions in a fold are those in these arrays."""

    learner: Learner
    X: Any  # (N, ...), or a list of N clips
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


def run_all(
    function: Callable[..., Any], calls: Sequence[tuple[Any, ...]], jobs: int = 1, cluster: str | None = None, shared: Any = None
) -> Iterator[tuple[int, Any]]:
    """The number and the result of each call, as they get done.

    What a cluster loses together with a worker is called again, with a warning.

    Parameters
    ----------
    function : callable
    calls : sequence of tuple
        The arguments of each call, such that a call can be repeated.
    jobs : int, default=1
        Processes on this machine; -1 takes a process for each core. Other backends of joblib's are taken from
        ``joblib.parallel_config``.
    cluster : str, optional
        Address of a Dask scheduler, ``tcp://host:port``, which then takes all calls.
    shared : any, optional
        First argument of all calls, if not None: sent to each worker of a cluster once.

    Raises
    ------
    UsageError
        What the function raised as a FleetingError; anything else that goes wrong between processes, in words.
    """
    if jobs != -1 and jobs < 1:
        raise UsageError(f"jobs must be 1 or more, or -1 for one a core; got {jobs}")
    first = () if shared is None else (shared,)
    if jobs == 1 and cluster is None:
        yield from ((number, function(*first, *call)) for number, call in enumerate(calls))
        return
    left, losses = dict(enumerate(calls)), 0
    while left:
        try:
            for number, result in _parallel(function, first, left, jobs, cluster):
                del left[number]
                losses = 0
                yield number, result
        except FleetingError:
            raise
        except Exception as error:
            losses += isinstance(error, CancelledError)  # Dask's word for calls whose worker, or whose data, is gone
            if not isinstance(error, CancelledError) or losses == LOSSES:
                raise UsageError(_in_words(error)) from error
            reason = getattr(error, "reason", "no reason given")
            warnings.warn(f"the cluster gave up what was under way ({reason}); the {len(left)} calls left are made again", stacklevel=2)


def _parallel(
    function: Callable[..., Any], first: tuple[Any, ...], calls: dict[int, tuple[Any, ...]], jobs: int, cluster: str | None
) -> Iterator[tuple[int, Any]]:
    import joblib

    with _cluster(cluster) as client:
        if client is not None:
            # As tasks of their own, so that Dask can make them again. What it is merely handed lies with one worker, and is gone with it.
            first = tuple(client.submit(_same, each, pure=False) for each in first)
        tasks = [joblib.delayed(_numbered)(number, function, *first, *call) for number, call in calls.items()]
        n_jobs = -1 if cluster else jobs
        try:
            parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")
        except ValueError:  # Ray's pool and others like it
            size = AT_A_TIME * joblib.effective_n_jobs(n_jobs)
            with joblib.Parallel(n_jobs=n_jobs) as parallel:
                for start in range(0, len(tasks), size):
                    yield from parallel(tasks[start : start + size])
        else:
            yield from parallel(tasks)


def _in_words(error: Exception) -> str:
    if isinstance(error, CancelledError):
        way = f", {LOSSES} times without a result between: look at the logs of the workers"
    elif "pickl" in f"{type(error).__name__} {error}".lower():
        way = "; what the method holds cannot be sent to other processes: take jobs=1"
    else:
        way = ""
    return f"it could not be run in other processes: {type(error).__name__}: {error}{way}"


def _fit_predict(task: Task, fold: Fold) -> tuple[np.ndarray, np.ndarray | None, list[str], list[dict[str, float]]]:
    from sklearn import clone, config_context

    learner, seed = task.learner, fold_seed(task.seed, fold.name)
    with one_core(), repeatable(seed, learner.torch or "torch" in sys.modules):
        model = clone(learner.estimator)
        if learner.open_seeds:
            model.set_params(**dict.fromkeys(learner.open_seeds, seed))
        with config_context(enable_metadata_routing=True) if learner.asks else ExitStack():
            groups = {"groups": task.persons[fold.train]} if learner.asks else {}
            model.fit(take(task.X, fold.train), task.y[fold.train], **groups)
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
    """Some rows of an array, or some of a list of clips."""
    return X[rows] if isinstance(X, np.ndarray) else [X[row] for row in rows.tolist()]


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


def open_seeds(estimator: Any) -> list[str]:
    """Its parameters, and those of its parts, that are called ``random_state`` and are None."""
    parameters = estimator.get_params().items() if hasattr(estimator, "get_params") else ()
    return [key for key, value in parameters if key.split("__")[-1] == "random_state" and value is None]


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


def _numbered(number: int, function: Callable[..., Any], *arguments: Any) -> tuple[int, Any]:
    return number, function(*arguments)


def _same(thing: Any) -> Any:
    return thing


@contextmanager
def _cluster(address: str | None) -> Iterator[Any]:
    """A client of the Dask cluster at an address, which joblib uses within the block; None without an address."""
    if address is None:
        yield None
        return
    import joblib

    try:
        from dask import config
        from dask.distributed import Client
    except ImportError as error:
        raise UsageError('a cluster needs Dask: pip install "fleeting[cluster]"') from error
    try:
        client = Client(address, timeout=15, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise UsageError(f"no Dask scheduler answers at {address}: {error}; start one with `dask scheduler`") from error
    with (
        config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}),  # the data are meant to be there
        client,
        joblib.parallel_config("dask", client=client, wait_for_workers_timeout=60),
    ):
        yield client
