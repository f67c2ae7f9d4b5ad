"""GentleBoost, and GentleSVM: a support vector machine on the few features that GentleBoost picks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils import check_random_state

from ..errors import UsageError
from .samples import given, labels_of, training

PATIENCE = 10  # rounds without a training error after which boosting ends
CHUNK = 2**18  # values counted at once: what is computed on the way then stays in the processor's cache


class Stumps(NamedTuple):
    """The weak learners of one class, in the order in which they were found, (M,) each: ``low`` up to the threshold, ``high`` above."""

    feature: np.ndarray
    threshold: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """The sum over all of them, (N,)."""
        return np.where(X[:, self.feature] > self.threshold, self.high, self.low).sum(axis=1)


class GentleBoost(ClassifierMixin, BaseEstimator):
    """Boosted regression stumps, one class against the rest, fitted by weighted least squares in each round.

    Parameters
    ----------
    n_rounds : int, default=100
        Rounds for each class. They end sooner after 10 rounds without a training error.
    n_thresholds : int, default=16
        Quantiles of each feature, over the training samples, that may be its threshold; 1 to 254.
    max_features : int, optional
        Features looked at, drawn once; all when not given.
    random_state : int, RandomState or None, default=None
        Of that draw.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    stumps_ : list of Stumps
        One for each class; for two classes only that of the second.
    losses_ : list of ndarray
        Mean exponential loss for each class, before the first and after each round.
    selected_ : ndarray of int
        Features in any stump, by number.

    References
    ----------
    Friedman, Hastie & Tibshirani (2000), Additive logistic regression, Annals of Statistics 28(2), 337, algorithm 4.
    doi:10.1214/aos/1016218223
    """

    revision = 2

    def __init__(
        self,
        n_rounds: int = 100,
        n_thresholds: int = 16,
        max_features: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.n_rounds = n_rounds
        self.n_thresholds = n_thresholds
        self.max_features = max_features
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> GentleBoost:
        """Itself, fitted to samples (N, D) and their classes (N,).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Samples.
        y : array-like of shape (N,)
            Their classes.

        Returns
        -------
        GentleBoost
            Itself.
        """
        X, self.classes_, code = training(self, X, y)
        if self.n_rounds < 1 or not 1 <= self.n_thresholds <= 254:
            raise UsageError(f"n_rounds={self.n_rounds} must be 1 or more, n_thresholds={self.n_thresholds} 1 to 254")
        if self.max_features is not None and self.max_features < 1:
            raise UsageError(f"max_features={self.max_features} must be 1 or more, or None for all")
        drawn = np.arange(X.shape[1])
        if self.max_features is not None and self.max_features < len(drawn):
            drawn = np.sort(check_random_state(self.random_state).choice(drawn, self.max_features, replace=False))
        some = X[:, drawn]
        thresholds = np.quantile(some, np.arange(1, self.n_thresholds + 1) / (self.n_thresholds + 1), axis=0)  # (Q, D)
        bins = np.zeros(some.shape, np.uint8)  # how many thresholds lie below
        for threshold in thresholds:
            bins += some > threshold
        bins = np.ascontiguousarray(bins.T)  # (D, N): the samples of a feature are counted together
        found = [self._boost(bins, thresholds, code == k) for k in range(len(self.classes_))[-1 if len(self.classes_) == 2 else 0 :]]
        self.stumps_ = [stumps._replace(feature=drawn[stumps.feature]) for stumps, _ in found]
        self.losses_ = [losses for _, losses in found]
        self.selected_ = np.unique(np.concatenate([stumps.feature for stumps in self.stumps_]))
        return self

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """The boosted sum for each class, (N, K) float64; of two classes only the second's, (N,).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Samples.

        Returns
        -------
        ndarray of shape (N, K), or (N,) for two classes, float64
            In the order of ``classes_``; of two, above 0 means the second.
        """
        X = given(self, X)
        scores = np.stack([stumps(X) for stumps in self.stumps_], axis=1)
        return scores if len(self.classes_) > 2 else scores[:, 0]

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The class of each sample, (N,).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Samples.

        Returns
        -------
        ndarray of shape (N,)
            Of ``classes_``.
        """
        return labels_of(self.decision_function(X), self.classes_)

    def _boost(self, bins: np.ndarray, thresholds: np.ndarray, positive: np.ndarray) -> tuple[Stumps, np.ndarray]:
        sign = np.where(positive, 1.0, -1.0)
        total, rows, right = np.zeros(len(sign)), [], 0
        losses = [1.0]
        for _ in range(self.n_rounds):
            weight = np.exp(-sign * total)
            weight /= weight.sum()
            j, q, low, high = best_stump(bins, weight, positive, len(thresholds))
            rows.append((j, thresholds[q, j], low, high))
            total += np.where(bins[j] > q, high, low)
            losses.append(np.exp(-sign * total).mean())
            right = right + 1 if (sign * total > 0).all() else 0
            if right == PATIENCE:
                break
        feature, *values = map(np.array, zip(*rows, strict=True))
        return Stumps(feature, *values), np.array(losses)


def best_stump(bins: np.ndarray, weight: np.ndarray, positive: np.ndarray, n_thresholds: int) -> tuple[int, int, float, float]:
    """The stump with the least weighted squared error: its feature, its threshold's number, and its values below and above.

    Parameters
    ----------
    bins : ndarray of shape (D, N), uint8
        How many of the feature's thresholds are below the sample's value.
    weight : ndarray of shape (N,)
        Summing to 1.
    positive : ndarray of shape (N,), bool
    n_thresholds : int
    """
    n_features, n = bins.shape
    width = 2 * (n_thresholds + 1)
    best = (-1.0, 0, 0, 0.0, 0.0)
    step = max(1, CHUNK // n)
    for first in range(0, n_features, step):
        some = 2 * bins[first : first + step].astype(np.intp) + positive  # a bin for each sign
        some += width * np.arange(len(some))[:, None]
        counts = np.bincount(some.ravel(), np.tile(weight, len(some)), width * len(some)).reshape(-1, n_thresholds + 1, 2)
        sums = counts.cumsum(axis=1)  # of negative and positive weights, at or below each threshold; last, all
        sides = np.stack([sums[:, :-1], sums[:, -1:] - sums[:, :-1]])  # (2, D, Q, 2): at or below, above
        lead, total = sides[..., 1] - sides[..., 0], sides.sum(axis=-1)  # sums of w y and of w
        value = lead / np.maximum(total, 1e-12)
        # J = 1 - [(sum_L w y)^2 / sum_L w + (sum_R w y)^2 / sum_R w]: the bracket is to be large.
        # Rounded, so that of features that are equally good the first wins, whatever the order in which samples were added up.
        bracket = (value * lead).sum(axis=0).round(12)
        j, q = np.unravel_index(bracket.argmax(), bracket.shape)
        if bracket[j, q] > best[0]:
            best = (bracket[j, q], first + int(j), int(q), float(value[0, j, q]), float(value[1, j, q]))
    return best[1:]


class GentleSVM(ClassifierMixin, BaseEstimator):
    """A support vector machine on the features, standardised, that GentleBoost picks for any class.

    Parameters
    ----------
    n_rounds : int, default=100
        As in :class:`GentleBoost`, which tells of the next two as well; the paper's are not known.
    n_thresholds : int, default=16
        Quantiles of a feature that may be its threshold.
    max_features : int, optional
        Features looked at; all when not given.
    kernel : str, default="linear"
        As in :class:`sklearn.svm.SVC`, which tells of C and ``class_weight`` as well.
    C : float, default=1.0
        Of the machine.
    class_weight : "balanced", mapping or None, default=None
        As in :class:`sklearn.svm.SVC`.
    random_state : int, RandomState or None, default=None
        Of the draw of features.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    boost_ : GentleBoost
    svm_ : Pipeline

    References
    ----------
    Wu, Shen & Fu (2011), The machine knows what you are hiding: an automatic micro-expression recognition system, ACII, LNCS 6975,
    152. doi:10.1007/978-3-642-24571-8_16
    """

    revision = 2

    def __init__(
        self,
        n_rounds: int = 100,
        n_thresholds: int = 16,
        max_features: int | None = None,
        kernel: str = "linear",
        C: float = 1.0,
        class_weight: str | dict[object, float] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.n_rounds = n_rounds
        self.n_thresholds = n_thresholds
        self.max_features = max_features
        self.kernel = kernel
        self.C = C
        self.class_weight = class_weight
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> GentleSVM:
        """Itself, fitted to samples (N, D) and their classes (N,).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Samples.
        y : array-like of shape (N,)
            Their classes.

        Returns
        -------
        GentleSVM
            Itself.
        """
        X, self.classes_, code = training(self, X, y)
        self.boost_ = GentleBoost(self.n_rounds, self.n_thresholds, self.max_features, self.random_state).fit(X, code)
        machine = SVC(kernel=self.kernel, C=self.C, class_weight=self.class_weight, break_ties=len(self.classes_) > 2)
        self.svm_ = make_pipeline(StandardScaler(), machine).fit(X[:, self.boost_.selected_], self.classes_[code])
        return self

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """The machine's score of each class, (N, K) float64; of two classes only the second's, (N,).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Samples.

        Returns
        -------
        ndarray of shape (N, K), or (N,) for two classes, float64
            In the order of ``classes_``; of two, above 0 means the second.
        """
        X = given(self, X)
        return self.svm_.decision_function(X[:, self.boost_.selected_])

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The class of each sample, (N,).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Samples.

        Returns
        -------
        ndarray of shape (N,)
            Of ``classes_``.
        """
        return labels_of(self.decision_function(X), self.classes_)
