"""The interval of a score over few persons, each of whom is left out once.

Five persons drawn with replacement are, more often than not, three or four: their spread is too small, and where all clips are
right there is none. So below :data:`FEW` persons the spread is that of the scores without each person in turn, on the logit
scale, times Student's t, as is usual of few clusters; but never less than independent clips would leave open. Two clips are added
for both, one right and one wrong, so that a score of 1 has a lower bound too. How often such an interval holds the true score is
simulated by ``benchmarks/coverage.py``; its table is in docs/protocols.md.

References
----------
Tukey (1958), Bias and confidence in not quite large samples, Annals of Mathematical Statistics 29, 614: the jackknife and its t.
Cameron & Miller (2015), A practitioner's guide to cluster-robust inference, Journal of Human Resources 50(2), 317: few clusters.
Agresti & Coull (1998), Approximate is better than "exact" for interval estimation of binomial proportions, American Statistician
52(2), 119: added clips; theirs are four. That two are enough beside the t, and the floor, are ours, by simulation.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from statistics import NormalDist

import numpy as np

FEW = 15  # persons; of so many or more they are drawn with replacement, so that intervals stay comparable with those before
ADDED_CLIPS = 2.0
NEAR = 1e-6  # a share this near to 0 or 1 is taken for it, so that its logit is a number


def jackknife_bounds(share: Callable[[np.ndarray], np.ndarray], counts: np.ndarray, level: float) -> tuple[float, float]:
    """The lower and the upper bound of a share, 0 to 1, over persons; the share of all clips lies between them.

    Parameters
    ----------
    share : callable
        Of counts, (..., K, ...) -> (...,) from 0 to 1, the same for twice as many clips.
    counts : ndarray of shape (S, K, K), or (S, K, K, K)
        Clips of each person: by true class, and by what one method, or each of two, said; two persons or more.
    level : float
        0 to 1.
    """
    from scipy.special import expit, logit
    from scipy.stats import t as student

    pooled = counts.sum(axis=0)
    clips = pooled + _added(pooled)
    centre = _inside(share(clips))
    without = logit(_inside(share(clips - counts)))  # (S,)
    people = len(counts)
    spread = np.sqrt((people - 1) / people * np.square(without - without.mean()).sum())
    tail = 0.5 + level / 2
    least = NormalDist().inv_cdf(tail) * _of_clips(share, clips) / (centre * (1 - centre))  # on the logit scale
    half = max(student.ppf(tail, people - 1) * spread, least)
    value = float(share(pooled))
    return min(value, float(expit(logit(centre) - half))), max(value, float(expit(logit(centre) + half)))


def _added(pooled: np.ndarray) -> np.ndarray:
    """The clips that are added, of each class as many as its share: one half right and one half anything else, by each method."""
    of_class = pooled.reshape(len(pooled), -1).sum(axis=1)
    k, methods = len(of_class), pooled.ndim - 1
    added = np.zeros(pooled.shape)
    for true, n in enumerate(ADDED_CLIPS * of_class / of_class.sum()):
        said = np.full(k, 0.5 / max(1, k - 1))
        said[true] = 0.5 if k > 1 else 1.0
        added[true] = n * reduce(np.multiply.outer, [said] * methods)
    return added


def _of_clips(share: Callable[[np.ndarray], np.ndarray], clips: np.ndarray) -> float:
    """The standard error of the share if clips were independent, by the delta method: sqrt(sum of n (d share / d n)^2)."""
    there = np.argwhere(clips > 0)
    step = clips[clips > 0].min() / 100
    fewer = np.repeat(clips[None], len(there), axis=0)
    fewer[(np.arange(len(there)), *there.T)] -= step
    slope = (share(clips) - share(fewer)) / step
    return float(np.sqrt((clips[clips > 0] * slope**2).sum()))


def _inside(share: np.ndarray) -> np.ndarray:
    return np.clip(share, NEAR, 1 - NEAR)
