"""Whether one method is better than another: the tests that papers use, over clips, folds or persons, and ranks of several.

References
----------
Dietterich (1998), Approximate statistical tests for comparing supervised classification learning algorithms,
Neural Computation 10(7). Nadeau & Bengio (2003), Inference for the generalization error, Machine Learning 52.
Demšar (2006), Statistical comparisons of classifiers over multiple data sets, JMLR 7.
Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J. Statistics 6.
"""

from __future__ import annotations

import math
import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..errors import UsageError
from .intervals import _level


class Outcome(NamedTuple):
    """The statistic of a test, its two-sided p, and what a reader must know to believe it.

    Parameters
    ----------
    statistic : float
        Of the test.
    p : float
        Two-sided.
    note : str
        Empty where nothing needs saying.
    """

    statistic: float
    p: float
    note: str = ""


def mcnemar(y_true: ArrayLike, pred_a: ArrayLike, pred_b: ArrayLike) -> Outcome:
    """Exact McNemar: the clips only ``a`` has right against those only ``b`` has; statistic is their difference.

    It takes clips for independent, which those of one person are not: prefer :func:`paired_bootstrap`.

    Parameters
    ----------
    y_true, pred_a, pred_b : array-like of length N
        Class of each clip, and what two methods say.

    Returns
    -------
    Outcome
        Its note says how many clips either has right alone.

    Examples
    --------
    >>> outcome = mcnemar([1] * 9, [1] * 9, [0] * 6 + [1] * 3)
    >>> outcome.statistic, outcome.p
    (6, 0.03125)
    """
    from scipy.stats import binom

    right_a, right_b = (np.asarray(y_true) == np.asarray(each) for each in (pred_a, pred_b))
    only_a, only_b = int(np.sum(right_a & ~right_b)), int(np.sum(right_b & ~right_a))
    p = min(1.0, 2 * float(binom.cdf(min(only_a, only_b), only_a + only_b, 0.5)))
    note = f"only a right: {only_a} clips, only b: {only_b}; takes the clips of one person for independent"
    return Outcome(only_a - only_b, p, note)


def paired_t(a: ArrayLike, b: ArrayLike) -> Outcome:
    """Paired t over folds: ``mean(d) / (sd(d) / sqrt(J))``, J - 1 degrees of freedom.

    Folds share their training clips, so this rejects too often: prefer :func:`corrected_t`.

    Parameters
    ----------
    a, b : array-like of length J
        Score of each fold.

    Returns
    -------
    Outcome
        Infinite, with p 0, where all folds differ by the same.

    Raises
    ------
    UsageError
        There are fewer than two pairs.

    Examples
    --------
    >>> round(paired_t([0.7, 0.8, 0.9], [0.6, 0.6, 0.8]).p, 3)
    0.057
    """
    d = _differences(a, b)
    return _t(d, 1 / len(d), "takes folds for independent, though they share training clips")


def corrected_t(a: ArrayLike, b: ArrayLike, n_train: float, n_test: float) -> Outcome:
    """Nadeau and Bengio's t over folds: ``mean(d) / sqrt((1 / J + n_test / n_train) var(d))``, J - 1 degrees of freedom.

    Parameters
    ----------
    a, b : array-like of length J
        Score of each fold.
    n_train, n_test : float
        Clips, or their mean, in a fold's training and test part.

    Returns
    -------
    Outcome
        As :func:`paired_t`, with a larger variance.

    Examples
    --------
    >>> round(corrected_t([0.7, 0.8, 0.9], [0.6, 0.6, 0.8], n_train=20, n_test=10).p, 3)
    0.127
    """
    d = _differences(a, b)
    if n_train <= 0 or n_test <= 0:
        raise UsageError(f"n_train {n_train} and n_test {n_test} must be above 0")
    return _t(d, 1 / len(d) + n_test / n_train, "made for random resampling; cautious for k folds")


def unpaired_t(a: ArrayLike, b: ArrayLike) -> Outcome:
    """Student's two-sample t over all folds of both methods: how the TLCNN paper's p-values come out.

    Given its ten folds (five at 32 frames, five at 64) it reproduces the paper's verdict on 8 of 9 methods; that
    STCLQP is worse with .05 < p < .1 does not follow (p = .33). Neither a paired nor a corrected test of the same
    folds agrees with the paper. The folds at 32 and 64 frames hold the same clips and are not independent.

    Parameters
    ----------
    a, b : array-like
        Score of each fold of either method.

    Returns
    -------
    Outcome
        Takes all values for independent.

    References
    ----------
    Wang et al. (2018), Micro-expression recognition with small sample size by transferring long-term convolutional
    neural network, Neurocomputing 312, 251.
    """
    from scipy.stats import ttest_ind

    a, b = _numbers(a, "a"), _numbers(b, "b")
    if min(len(a), len(b)) < 2:
        raise UsageError("a t-test needs at least two folds of each method")
    if a.var() + b.var() == 0:
        return _without_spread(float(a.mean() - b.mean()))
    result = ttest_ind(a, b)
    note = "takes all values for independent, though both methods saw the same folds"
    return Outcome(float(result.statistic), float(result.pvalue), note)


def wilcoxon(a: ArrayLike, b: ArrayLike) -> Outcome:
    """Wilcoxon's signed-rank test over folds, persons or datasets, exact where there are few and no ties.

    Parameters
    ----------
    a, b : array-like of length N
        Two scores of each fold, person or dataset.

    Returns
    -------
    Outcome
        Its note says how small p could be.

    Examples
    --------
    >>> wilcoxon([3, 4, 5, 6, 7, 8], [1, 1, 1, 1, 1, 1]).p
    0.03125
    """
    from scipy.stats import wilcoxon as signed_rank

    d = _differences(a, b)
    n = int(np.count_nonzero(d))
    if n == 0:
        return Outcome(0.0, 1.0, "no pair differs")
    smallest = 2 / 2**n
    note = f"with {n} pairs that differ p cannot fall below {smallest:.3g}" if smallest > 0.05 else ""
    # Where scores tie in size the exact table does not hold; up to a dozen pairs, all signs can be tried instead.
    result = signed_rank(d[d != 0])
    return Outcome(float(result.statistic), float(min(1.0, result.pvalue)), note)


def friedman(scores: ArrayLike) -> Outcome:
    """Friedman's test that no method differs; statistic is chi-squared with M - 1 degrees of freedom.

    Parameters
    ----------
    scores : array-like of shape (N, M)
        A row a person or dataset, a column a method; at least 3 methods. Higher is better.

    Returns
    -------
    Outcome
        With p 1 where no row tells the methods apart.
    """
    from scipy.stats import friedmanchisquare

    table = _table(scores)
    if table.shape[1] < 3:
        raise UsageError("Friedman's test compares at least 3 methods; for two take wilcoxon")
    if (table == table[:, :1]).all():
        return Outcome(0.0, 1.0, "no row tells the methods apart")
    result = friedmanchisquare(*table.T)
    return Outcome(float(result.statistic), float(result.pvalue))


def mean_ranks(scores: ArrayLike) -> np.ndarray:
    """Each method's rank, mean over the rows of ``scores`` (N, M), (M,) float64: 1 is best; ties share.

    Parameters
    ----------
    scores : array-like of shape (N, M)
        A row a person or dataset, a column a method. Higher is better.

    Returns
    -------
    ndarray of shape (M,), float64
        1 is best.

    Examples
    --------
    >>> mean_ranks([[0.9, 0.5, 0.5], [0.8, 0.7, 0.6]])
    array([1.  , 2.25, 2.75])
    """
    from scipy.stats import rankdata

    return np.asarray(rankdata(-_table(scores), axis=1).mean(axis=0))


def nemenyi(scores: ArrayLike) -> np.ndarray:
    """The p of each pair of methods after Friedman's test, (M, M) float64, corrected for all pairs; 1 on the diagonal.

    Parameters
    ----------
    scores : array-like of shape (N, M)
        A row a person or dataset, a column a method. Higher is better.

    Returns
    -------
    ndarray of shape (M, M), float64
        Symmetric.
    """
    from scipy.stats import studentized_range

    n, m = _table(scores).shape
    ranks = mean_ranks(scores)
    gap = np.abs(ranks[:, None] - ranks) / math.sqrt(m * (m + 1) / (6 * n))
    p = studentized_range.sf(gap * math.sqrt(2), m, np.inf)
    return np.where(np.eye(m, dtype=bool), 1.0, np.clip(p, 0, 1))


def critical_difference(n: int, m: int, level: float = 0.95) -> float:
    """How far two mean ranks of ``m`` methods over ``n`` rows must lie apart to differ, after Nemenyi.

    Parameters
    ----------
    n, m : int
        Rows and methods.
    level : float, default=0.95
        One less the chance of a false difference.

    Returns
    -------
    float
        In ranks.

    Examples
    --------
    >>> round(critical_difference(30, 5), 3)
    1.114
    """
    from scipy.stats import studentized_range

    return float(studentized_range.ppf(_level(level), m, np.inf) / math.sqrt(2) * math.sqrt(m * (m + 1) / (6 * n)))


def holm(p: ArrayLike) -> np.ndarray:
    """The p-values corrected for their number by Holm's steps, (M,) float64 in the order given.

    Parameters
    ----------
    p : array-like of shape (M,)
        Between 0 and 1.

    Returns
    -------
    ndarray of shape (M,), float64
        At most 1.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    p = _numbers(p, "p")
    if ((p < 0) | (p > 1)).any():
        raise UsageError(f"p-values lie between 0 and 1; got {p.tolist()}")
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    out = np.empty(len(p))
    out[order] = np.minimum(steps, 1)
    return out


def _t(d: np.ndarray, share: float, note: str) -> Outcome:
    from scipy.stats import t as student

    if np.ptp(d) == 0:
        return _without_spread(float(d[0]))
    statistic = float(d.mean() / math.sqrt(share * d.var(ddof=1)))
    return Outcome(statistic, float(2 * student.sf(abs(statistic), len(d) - 1)), note)


def _without_spread(difference: float) -> Outcome:
    if difference == 0:
        return Outcome(0.0, 1.0, "no fold differs")
    warnings.warn("every fold differs by the same amount: p is 0 for want of any spread", stacklevel=4)
    return Outcome(math.copysign(math.inf, difference), 0.0, "every fold differs by the same amount")


def _differences(a: ArrayLike, b: ArrayLike) -> np.ndarray:
    a, b = _numbers(a, "a"), _numbers(b, "b")
    if len(a) != len(b):
        raise UsageError(f"a has {len(a)} values and b {len(b)}: a paired test needs both for each fold")
    if len(a) < 2:
        raise UsageError("a paired test needs at least two pairs")
    return a - b


def _numbers(values: ArrayLike, what: str) -> np.ndarray:
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or not len(array) or not np.isfinite(array).all():
        raise UsageError(f"{what} must be a list of finite numbers, at least one")
    return array


def _table(scores: ArrayLike) -> np.ndarray:
    table = np.asarray(scores, dtype=float)
    if table.ndim != 2 or len(table) < 2 or table.shape[1] < 2 or not np.isfinite(table).all():
        raise UsageError(f"scores must be a table of finite numbers, 2 rows and 2 methods at least; its shape is {table.shape}")
    return table


def seed_spread(scores: ArrayLike) -> dict[str, float]:
    """How much chance alone moves one method: ``n, mean, sd, min, max`` of its scores under several seeds.

    The largest of several seeds is not a result; the mean is. ``sd`` is nan for a single seed.

    Parameters
    ----------
    scores : array-like
        One a seed.

    Returns
    -------
    dict of str to float
        ``n, mean, sd, min, max``.

    Examples
    --------
    >>> seed_spread([0.7, 0.8])["mean"]
    0.75
    """
    x = _numbers(scores, "scores")
    sd = float(x.std(ddof=1)) if len(x) > 1 else math.nan
    return {"n": len(x), "mean": float(x.mean()), "sd": sd, "min": float(x.min()), "max": float(x.max())}
