"""How far a score can be trusted: intervals over persons, of one method and of the difference of two.

Clips of one person are alike, so an interval over clips (:func:`wilson`) is too sure of itself. What counts is persons:
:func:`subject_interval` for one method, :func:`paired_interval` for two. They draw persons with replacement, or, of fewer than 15, leave
each out once (:mod:`.jackknife`).

References
----------
Field & Welsh (2007), Bootstrapping clustered data, JRSS B 69(3).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..errors import UsageError
from ..metrics import Labels, Score, classes_in, fold_matrices, paired_matrices, score_of
from .jackknife import FEW, jackknife_bounds


class Interval(NamedTuple):
    """A score with the bounds between which it would lie for other people like these.

    Parameters
    ----------
    value : float
        The score itself.
    low, high : float
        The bounds.
    """

    value: float
    low: float
    high: float


class Difference(NamedTuple):
    """By how much ``a`` beats ``b``, with the bounds of that and the two-sided p of no difference.

    Parameters
    ----------
    value : float
        The score of ``a`` less that of ``b``.
    low, high : float
        The bounds.
    p : float
        Two-sided.
    """

    value: float
    low: float
    high: float
    p: float


def wilson(hits: int, n: int, level: float = 0.95) -> Interval:
    """Interval of a share such as accuracy, after Wilson (1927); too narrow where clips share persons.

    Parameters
    ----------
    hits, n : int
        How many of how many.
    level : float, default=0.95
        Share of such intervals that hold the true value, between 0 and 1.

    Returns
    -------
    Interval
        Between 0 and 1.

    Raises
    ------
    UsageError
        ``hits`` is below 0 or above ``n``, or ``n`` is 0.

    Examples
    --------
    >>> interval = wilson(9, 10)
    >>> round(interval.low, 3), round(interval.high, 3)
    (0.596, 0.982)
    """
    if not 0 <= hits <= n or n == 0:
        raise UsageError(f"{hits} hits of {n}: hits must lie between 0 and n, and n be at least 1")
    share, z = hits / n, NormalDist().inv_cdf(0.5 + _level(level) / 2)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Interval(share, centre - half, centre + half)


def subject_interval(
    score: Score, y_true: ArrayLike, y_pred: ArrayLike, persons: ArrayLike, *, labels: Labels = None,
    level: float = 0.95, resamples: int = 2000, seed: int = 0,
) -> Interval:  # fmt: skip
    """A pooled score and its interval over persons: :func:`subject_bootstrap`'s, or of fewer than 15 persons the jackknife's.

    In simulations of 5 to 12 persons the 95 % interval held the true score in 94 to 95 % of cases, that of
    the bootstrap in 63 to 85 % (docs/protocols.md); a score that is a function must lie between 0 and 1.

    Parameters
    ----------
    score : str or callable
        A name in ``metrics.SCORES``, such as ``"uf1"``; or a function of confusion matrices (..., K, K) -> (...).
    y_true, y_pred : array-like of length N
        Class of each clip; both of numbers or both of words.
    persons : array-like of length N
        Who each clip shows. Distinct across datasets: ``Clip.person``, not ``Clip.subject``.
    labels : sequence, optional
        The classes; default: all that occur.
    level : float, default=0.95
        Share of such intervals that hold the true value, between 0 and 1.
    resamples : int, default=2000
        Draws, or exchanges, of persons.
    seed : int, default=0
        The same seed gives the same result.

    Returns
    -------
    Interval
        Of the score of all clips pooled.

    Raises
    ------
    UsageError
        There are fewer than two persons.

    Examples
    --------
    >>> persons = ["ann", "ann", "ben", "ben", "cleo", "cleo"]
    >>> interval = subject_interval("accuracy", [0, 1, 0, 1, 0, 1], [0, 1, 0, 1, 0, 0], persons)
    >>> round(interval.value, 3), interval.low < 0.5
    (0.833, True)
    """
    function = score_of(score)
    counts, pooled = fold_matrices(y_true, y_pred, persons, labels)
    if len(counts) >= FEW:
        return subject_bootstrap(score, y_true, y_pred, persons, labels=labels, level=level, resamples=resamples, seed=seed)
    return Interval(float(function(pooled)), *jackknife_bounds(function, _of_several(counts), _level(level)))


def paired_interval(
    score: Score, y_true: ArrayLike, pred_a: ArrayLike, pred_b: ArrayLike, persons: ArrayLike, *, labels: Labels = None,
    level: float = 0.95, resamples: int = 2000, seed: int = 0,
) -> Difference:  # fmt: skip
    """The difference a - b of a pooled score, its interval and p as :func:`paired_bootstrap`; of fewer than 15 persons the jackknife's.

    Parameters
    ----------
    score : str or callable
        A name in ``metrics.SCORES``, such as ``"uf1"``; or a function of confusion matrices (..., K, K) -> (...).
    y_true, pred_a, pred_b : array-like of length N
        Class of each clip, and what two methods say.
    persons : array-like of length N
        Who each clip shows. Distinct across datasets: ``Clip.person``, not ``Clip.subject``.
    labels : sequence, optional
        The classes; default: all that occur.
    level : float, default=0.95
        Share of such intervals that hold the true value, between 0 and 1.
    resamples : int, default=2000
        Draws, or exchanges, of persons.
    seed : int, default=0
        The same seed gives the same result.

    Returns
    -------
    Difference
        Of the scores of all clips pooled.

    Examples
    --------
    >>> persons = ["ann", "ann", "ben", "ben", "cleo", "cleo"]
    >>> difference = paired_interval("accuracy", [0, 1] * 3, [0, 1] * 3, [0, 0] * 3, persons)
    >>> difference.value, difference.p > 0.05
    (0.5, True)
    """
    function = score_of(score)
    labels = classes_in(y_true, pred_a, pred_b) if labels is None else labels
    a, b = (fold_matrices(y_true, each, persons, labels)[0] for each in (pred_a, pred_b))
    if len(a) >= FEW:
        return paired_bootstrap(score, y_true, pred_a, pred_b, persons, labels=labels, level=level, resamples=resamples, seed=seed)
    value, p = _exchanged(function, _of_several(a), b, resamples, seed)

    def share(counts: np.ndarray) -> np.ndarray:
        """The difference as a share: 1/2 where there is none."""
        return (1 + function(counts.sum(axis=-1)) - function(counts.sum(axis=-2))) / 2

    low, high = jackknife_bounds(share, paired_matrices(y_true, pred_a, pred_b, persons, labels), _level(level))
    return Difference(value, 2 * low - 1, 2 * high - 1, p)


def poisson_rate(events: int, exposure: float, level: float = 0.95) -> Interval:
    """Events in each unit of exposure, such as false alarms a minute, with the exact interval of a Poisson count (Garwood, 1936).

    Parameters
    ----------
    events : int
        How many there were.
    exposure : float
        In how much, such as minutes.
    level : float, default=0.95
        Share of such intervals that hold the true value, between 0 and 1.

    Returns
    -------
    Interval
        A unit of exposure.

    Examples
    --------
    >>> rate = poisson_rate(4, 2.0)
    >>> rate.value, round(rate.low, 2), round(rate.high, 2)
    (2.0, 0.54, 5.12)
    """
    from scipy.stats import chi2

    if events < 0 or not 0 < exposure < math.inf:
        raise UsageError(f"{events} events in {exposure}: a rate needs 0 events or more in an exposure above 0")
    lower, upper = _tails(level)
    low = float(chi2.ppf(lower, 2 * events)) / 2 if events else 0.0
    return Interval(events / exposure, low / exposure, float(chi2.ppf(upper, 2 * events + 2)) / 2 / exposure)


def subject_bootstrap(
    score: Score, y_true: ArrayLike, y_pred: ArrayLike, persons: ArrayLike, *, labels: Labels = None,
    level: float = 0.95, resamples: int = 2000, seed: int = 0,
) -> Interval:  # fmt: skip
    """A pooled score and its percentile interval over persons, drawn with replacement, each with all their clips.

    Parameters
    ----------
    score : str or callable
        A name in ``metrics.SCORES``, such as ``"uf1"``; or a function of confusion matrices (..., K, K) -> (...).
    y_true, y_pred : array-like of length N
        Class of each clip; both of numbers or both of words.
    persons : array-like of length N
        Who each clip shows. Distinct across datasets: ``Clip.person``, not ``Clip.subject``.
    labels : sequence, optional
        The classes; default: all that occur.
    level : float, default=0.95
        Share of such intervals that hold the true value, between 0 and 1.
    resamples : int, default=2000
        Draws, or exchanges, of persons.
    seed : int, default=0
        The same seed gives the same interval.

    Returns
    -------
    Interval
        Of the score of all clips pooled.

    Raises
    ------
    UsageError
        There are fewer than two persons, or no draw holds every class.

    Notes
    -----
    A draw in which a class is missing says nothing about that class and is left out; if that is more than one draw in
    twenty, a warning says in how few persons the rarest class occurs. In simulations of 16 to 68 persons with six clips
    each, the 95 % interval held the true UF1 in 92 to 93 % of cases. Of fewer persons it holds much less often: see
    :func:`subject_interval`.
    """
    tails, function = _tails(level), score_of(score)
    counts, pooled = fold_matrices(y_true, y_pred, persons, labels)
    drawn = function(np.tensordot(_draws(counts.sum(axis=2), resamples, seed), counts, 1))
    low, high = np.quantile(drawn, tails)
    return Interval(float(function(pooled)), float(low), float(high))


def paired_bootstrap(
    score: Score, y_true: ArrayLike, pred_a: ArrayLike, pred_b: ArrayLike, persons: ArrayLike, *, labels: Labels = None,
    level: float = 0.95, resamples: int = 2000, seed: int = 0,
) -> Difference:  # fmt: skip
    """The difference a - b of a pooled score on the same clips, its interval over persons, and p.

    The interval draws persons as :func:`subject_bootstrap` does, the same for both. p comes from exchanging the two
    methods' predictions at random, person by person, which leaves everything else as it is: the share of exchanges
    whose difference is at least as large. It is exact for "the two methods are the same", however few persons there are;
    the interval is a little narrow for few persons, and may leave out 0 where p is just above .05.

    Parameters
    ----------
    score : str or callable
        A name in ``metrics.SCORES``, such as ``"uf1"``; or a function of confusion matrices (..., K, K) -> (...).
    y_true, pred_a, pred_b : array-like of length N
        Class of each clip, and what two methods say, in the same order.
    persons : array-like of length N
        Who each clip shows. Distinct across datasets: ``Clip.person``, not ``Clip.subject``.
    labels : sequence, optional
        The classes; default: all that occur.
    level : float, default=0.95
        Share of such intervals that hold the true value, between 0 and 1.
    resamples : int, default=2000
        Draws, or exchanges, of persons.
    seed : int, default=0
        The same seed gives the same result.

    Returns
    -------
    Difference
        Of the scores of all clips pooled.
    """
    tails, function = _tails(level), score_of(score)
    labels = classes_in(y_true, pred_a, pred_b) if labels is None else labels
    a, b = (fold_matrices(y_true, said, persons, labels)[0] for said in (pred_a, pred_b))
    weights = _draws(a.sum(axis=2), resamples, seed)
    drawn = function(np.tensordot(weights, a, 1)) - function(np.tensordot(weights, b, 1))
    low, high = np.quantile(drawn, tails)
    value, p = _exchanged(function, a, b, resamples, seed)
    return Difference(value, float(low), float(high), p)


def count_bootstrap(
    score: Callable[[np.ndarray], np.ndarray], counts: np.ndarray, needed: np.ndarray, *,
    level: float = 0.95, resamples: int = 2000, seed: int = 0,
) -> Interval:  # fmt: skip
    """A score of counts that were added over persons, and its percentile interval over persons, as :func:`subject_bootstrap` has it.

    Parameters
    ----------
    score : callable
        Of counts (..., C) -> (...), such as :func:`fleeting.spotting.scores.f1`.
    counts : ndarray of shape (S, C)
        Of each person.
    needed : ndarray of shape (S,)
        Of each person, how many there are of what a draw may not lack: without any coded event there is no F1.
    level : float, default=0.95
        Share of such intervals that hold the true value, between 0 and 1.
    resamples : int, default=2000
        Draws, or exchanges, of persons.
    seed : int, default=0
        The same seed gives the same result.

    Returns
    -------
    Interval
        Of the score of all counts added.
    """
    tails = _tails(level)
    low, high = np.quantile(score(_draws(np.asarray(needed)[:, None], resamples, seed) @ counts), tails)
    return Interval(float(score(counts.sum(axis=0))), float(low), float(high))


def paired_count_bootstrap(
    score: Callable[[np.ndarray], np.ndarray], a: np.ndarray, b: np.ndarray, needed: np.ndarray, *,
    level: float = 0.95, resamples: int = 2000, seed: int = 0,
) -> Difference:  # fmt: skip
    """The difference a - b of a score of counts of the same persons, its interval over them, and p, as :func:`paired_bootstrap` has it.

    Parameters
    ----------
    score : callable
        Of counts (..., C) -> (...), such as :func:`fleeting.spotting.scores.f1`.
    a, b : ndarray of shape (S, C)
        Counts of each person, in the same order.
    needed : ndarray of shape (S,)
        Of each person, how many there are of what a draw may not lack.
    level : float, default=0.95
        Share of such intervals that hold the true value, between 0 and 1.
    resamples : int, default=2000
        Draws, or exchanges, of persons.
    seed : int, default=0
        The same seed gives the same result.

    Returns
    -------
    Difference
        Of the scores of all counts added.
    """
    tails = _tails(level)
    weights = _draws(np.asarray(needed)[:, None], resamples, seed)
    low, high = np.quantile(score(weights @ a) - score(weights @ b), tails)
    value, p = _exchanged(score, a, b, resamples, seed)
    return Difference(value, float(low), float(high), p)


def _of_several(counts: np.ndarray) -> np.ndarray:
    """The counts of each person, (S, K, K), after a look that there are two persons, and each class in two."""
    if (people := len(counts)) < 2:
        raise UsageError("an interval over persons needs at least two of them")
    shown = (counts.sum(axis=2) > 0).sum(axis=0)
    if (shown == 1).any():
        warnings.warn(f"a class occurs in only 1 of {people} persons: its interval is not to be trusted", stacklevel=3)
    return counts


def _exchanged(
    function: Callable[[np.ndarray], np.ndarray], a: np.ndarray, b: np.ndarray, resamples: int, seed: int
) -> tuple[float, float]:
    """The difference of a pooled score, and the share of exchanges, person by person, with one at least as large."""
    if resamples < 1:
        raise UsageError(f"resamples must be at least 1; got {resamples}")
    pooled_a, pooled_b = a.sum(axis=0), b.sum(axis=0)
    value = float(function(pooled_a) - function(pooled_b))
    swap = np.random.default_rng([seed, 1]).integers(0, 2, (resamples, len(a)))
    change = np.tensordot(swap, b - a, 1)
    exchanged = function(pooled_a + change) - function(pooled_b - change)
    return value, float((1 + np.sum(np.abs(exchanged) >= abs(value) - 1e-12)) / (resamples + 1))


def _draws(clips: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """How often each person is drawn, (B, S) int64, given their clips of each class, (S, K); draws that lack a class are replaced."""
    people = len(clips)
    if people < 2:
        raise UsageError("an interval over persons needs at least two of them")
    if resamples < 1:
        raise UsageError(f"resamples must be at least 1; got {resamples}")
    present = clips.sum(axis=0) > 0
    rng = np.random.default_rng(seed)
    kept: list[np.ndarray] = []
    drawn = enough = 0
    while enough < resamples and drawn < 20 * resamples:
        weights = rng.multinomial(people, np.full(people, 1 / people), size=resamples)
        whole = (weights @ clips > 0)[:, present].all(axis=1)
        kept.append(weights[whole])
        drawn, enough = drawn + resamples, enough + int(whole.sum())
    if not enough:
        raise UsageError(f"no draw of {people} persons holds every class: leave the rarest class out, or merge it")
    if enough < 0.95 * drawn:
        rare = (clips[:, present] > 0).sum(axis=0).min()
        warnings.warn(f"a class occurs in only {rare} of {people} persons: its interval is not to be trusted", stacklevel=3)
    return np.concatenate(kept)[:resamples]


def _level(level: float) -> float:
    if not 0 < level < 1:
        raise UsageError(f"level must lie between 0 and 1, such as .95; got {level}")
    return level


def _tails(level: float) -> tuple[float, float]:
    return (1 - _level(level)) / 2, (1 + level) / 2
