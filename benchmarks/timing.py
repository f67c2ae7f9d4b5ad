"""The timing loop that the benchmarks share."""

import time

import numpy as np


def medians(rows, rounds):
    """Median seconds of each, after one uncounted round; by turns, so that a busy moment hits all alike."""
    times = {name: [] for name in rows}
    for round_ in range(rounds + 1):
        for name, work in rows.items():
            start = time.perf_counter()
            work()
            if round_:
                times[name].append(time.perf_counter() - start)
    return {name: float(np.median(t)) for name, t in times.items()}
