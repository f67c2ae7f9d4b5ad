"""A list of calls, run here, in processes, or on a cluster."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from ..errors import FleetingError, UsageError
from ..extras import need

LOSSES = 3  # how often in succession a cluster may lose calls before a single one of them comes back
AT_A_TIME = 4  # calls a process, where a pool gives its results only when all it was given are there


def run_all(
    function: Callable[..., Any], calls: Sequence[tuple[Any, ...]], jobs: int = 1, cluster: str | None = None, shared: Any = None
) -> Generator[tuple[int, Any]]:
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


def beforehand(work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """The result for each item, in order, made in a thread while the caller is at work on the one before."""
    with ThreadPoolExecutor(1) as worker:
        coming = None
        for item in items:
            ready, coming = coming, worker.submit(work, item)
            if ready:
                yield ready.result()
        if coming:
            yield coming.result()


def _parallel(
    function: Callable[..., Any], first: tuple[Any, ...], calls: dict[int, tuple[Any, ...]], jobs: int, cluster: str | None
) -> Generator[tuple[int, Any]]:
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

    need("cluster", "a cluster")
    from dask import config
    from dask.distributed import Client

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
