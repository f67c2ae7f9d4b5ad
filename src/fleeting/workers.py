"""What may run elsewhere: the fit of one fold, and any list of calls; here, in processes, or on a cluster.

A fold computes on one core and from its own seed, so that its numbers do not depend on how many folds run beside it.
"""

from __future__ import annotations

import random
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .errors import FleetingError, UsageError
from .identity import names_in


class Learner(NamedTuple):
    """What learns, and what is to be known of it once instead of in each fold."""

    estimator: Any
    asks: bool  # whether it asks fit for groups
    torch: bool  # whether it is built on PyTorch
    open_seeds: list[str]  # parameters called random_state that were left open


class Prediction(NamedTuple):
    """What a fold says of its test clips."""

    labels: np.ndarray  # (n,)
    probabilities: np.ndarray | None  # (n, K)
    classes: list[str]  # (K,), of the probabilities
    seconds: float


def prepared(estimator: Any) -> Learner:
    """The estimator, ready for :func:`run_fold`."""
    return Learner(estimator, asks_for_groups(estimator), needs_torch(estimator), open_seeds(estimator))


def run_fold(
    fold: str, learner: Learner, X: Any, y: np.ndarray, persons: np.ndarray, train: np.ndarray, test: np.ndarray, seed: int
) -> Prediction:
    """A fresh copy of the learner, fitted on the training clips; what it says of the test clips.

    Raises
    ------
    UsageError
        Whatever the learner raised, with the name of the fold.
    """
    start = time.perf_counter()
    try:
        labels, probabilities, classes = _fit_predict(learner, X, y, persons, train, test, fold_seed(seed, fold))
    except Exception as error:
        reason = str(error) if isinstance(error, FleetingError) else f"{type(error).__name__}: {error}"
        raise UsageError(f"fold {fold!r} failed: {reason}") from error
    return Prediction(labels, probabilities, classes, time.perf_counter() - start)


def run_all(
    function: Callable[..., Any], calls: Sequence[tuple[Any, ...]], jobs: int = 1, cluster: str | None = None
) -> Iterator[tuple[int, Any]]:
    """The number and the result of each call, as they get done.

    Parameters
    ----------
    function : callable
    calls : sequence of tuple
        The arguments of each call.
    jobs : int, default=1
        Processes on this machine; -1 takes a process for each core. Other backends of joblib's are taken from
        ``joblib.parallel_config``.
    cluster : str, optional
        Address of a Dask scheduler, ``tcp://host:port``, which then takes all calls.
    """
    if jobs == 1 and cluster is None:
        yield from ((number, function(*call)) for number, call in enumerate(calls))
        return
    import joblib

    with _cluster(cluster) as backend:
        parallel = joblib.Parallel(n_jobs=-1 if cluster else jobs, return_as="generator_unordered", **backend)
        yield from parallel(joblib.delayed(_numbered)(number, function, *call) for number, call in enumerate(calls))


def _fit_predict(
    learner: Learner, X: Any, y: np.ndarray, persons: np.ndarray, train: np.ndarray, test: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray | None, list[str]]:
    from sklearn import clone, config_context

    with one_core(), repeatable(seed, learner.torch or "torch" in sys.modules):
        model = clone(learner.estimator)
        if learner.open_seeds:
            model.set_params(**dict.fromkeys(learner.open_seeds, seed))
        with config_context(enable_metadata_routing=True) if learner.asks else ExitStack():
            model.fit(take(X, train), y[train], **({"groups": persons[train]} if learner.asks else {}))
            rows = take(X, test)
            labels = np.asarray(model.predict(rows))
            probabilities = np.asarray(model.predict_proba(rows), float) if hasattr(model, "predict_proba") else None
    classes = getattr(model, "classes_", None)
    if probabilities is None or classes is None:
        return labels, None, []
    return labels, probabilities, [str(each) for each in classes]


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
    if any(kind.__module__.startswith(("torch", "skorch", "fleeting.models")) for kind in kinds):
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


@contextmanager
def _cluster(address: str | None) -> Iterator[dict[str, Any]]:
    """What makes joblib use the Dask cluster at an address."""
    if address is None:
        yield {}
        return
    import joblib

    try:
        from dask.distributed import Client
    except ImportError as error:
        raise UsageError('a cluster needs Dask: pip install "fleeting[cluster]"') from error
    try:
        client = Client(address, timeout=15, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise UsageError(f"no Dask scheduler answers at {address}: {error}; start one with `dask scheduler`") from error
    with client, joblib.parallel_config("dask", client=client, wait_for_workers_timeout=60):
        yield {}
