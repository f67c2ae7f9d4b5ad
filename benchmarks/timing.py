"""The timing loop that the benchmarks share."""

import time

import numpy as np

TURN_S = 0.05  # what is short is called so often in a turn that it takes about as long: caches are then warm, as over many clips


def medians(rows, rounds):
    """Median seconds of each, after one or two uncounted calls; by turns, so that a busy moment hits all alike."""
    calls = {}
    for name, work in rows.items():
        first = _seconds(work, 1)
        calls[name] = 1 if first > TURN_S else max(1, round(TURN_S / _seconds(work, 1)))
    times = {name: [] for name in rows}
    for _ in range(rounds):
        for name, work in rows.items():
            times[name].append(_seconds(work, calls[name]))
    return {name: float(np.median(t)) for name, t in times.items()}


def _seconds(work, calls):
    """How long a call takes, the mean over so many."""
    start = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - start) / calls
