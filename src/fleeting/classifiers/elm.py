"""ELM, the extreme learning machine: a hidden layer drawn at random, an output layer found by one linear equation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solve
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import f1_score
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.utils import check_random_state

from ..errors import UsageError
from .samples import given, labels_of, people_in, persons_of, scores_of, training

KERNELS = ("linear", "rbf", "poly", "sigmoid", "laplacian", "chi2")
# Random weights drawn at once. They are drawn again whenever they are needed: with 64,000 features, as behind DTSA, those of
# ten draws of a thousand neurons would fill 5 GB.
AT_ONCE = 2**22


def output_weights(hidden: np.ndarray, targets: np.ndarray, C: float) -> np.ndarray:
    """The weights ``b`` with the least ``|b|^2 + C |hidden b - targets|^2``, (L, K), from the smaller of two equal equations.

    Parameters
    ----------
    hidden : ndarray of shape (N, L)
    targets : ndarray of shape (N, K)
    C : float
        Above 0.
    """
    n, width = hidden.shape
    if n >= width:
        return solve(hidden.T @ hidden + np.eye(width) / C, hidden.T @ targets, assume_a="pos")
    return hidden.T @ solve(hidden @ hidden.T + np.eye(n) / C, targets, assume_a="pos")


def left_out(gram: np.ndarray, targets: np.ndarray, people: Sequence[np.ndarray], C: float) -> np.ndarray:
    """The scores of each person's samples from the solution over all others, (N, K), by blocks of one inverse.

    Parameters
    ----------
    gram : ndarray of shape (N, N)
        Inner products of what the hidden layer gives for each sample, or a kernel.
    targets : ndarray of shape (N, K)
    people : sequence of ndarray
        Positions of each person's samples.
    C : float
    """
    inverse = np.linalg.inv(gram + np.eye(len(gram)) / C)
    solution, scores = inverse @ targets, np.empty_like(targets)
    for rows in people:
        scores[rows] = targets[rows] - np.linalg.solve(inverse[np.ix_(rows, rows)], solution[rows])
    return scores


class _Machine(ClassifierMixin, BaseEstimator):
    """What both machines share: the choice of C, and the way from scores to classes."""

    revision = 1
    __metadata_request__fit = {"groups": True}  # noqa: RUF012
    C: float | Sequence[float]

    @property
    def selection(self) -> str | None:
        """By what rule C is chosen, as a run records it; None where there is nothing to choose."""
        return "best pooled UF1 of leave-one-subject-out within the training clips" if np.size(self.C) > 1 else None

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The class of each sample, (N,)."""
        return labels_of(self.decision_function(X), self.classes_)

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        raise NotImplementedError

    def _chosen(self, grams: Iterator[np.ndarray], code: np.ndarray, groups: ArrayLike | None) -> float:
        """C, or of several the one whose mean scores over the grams are best for persons left out; the first of equals."""
        several = [float(C) for C in np.ravel(self.C)]
        if not several or min(several) <= 0:
            raise UsageError(f"C={self.C} must be above 0")
        if len(several) == 1:
            return several[0]
        people = list(people_in(persons_of(self, groups, code)).values())
        targets, sums = _targets(code), np.zeros((len(several), len(code), code.max() + 1))
        for gram in grams:
            for total, C in zip(sums, several, strict=True):
                total += left_out(gram, targets, people, C)
        scores = [f1_score(code, total.argmax(axis=1), average="macro", zero_division=0) for total in sums]
        return several[int(np.argmax(scores))]


class ELM(_Machine):
    """A network with one hidden layer of random sigmoids; only its output weights are learned.

    Features are scaled to -1 to 1 over the training samples. As the outcome varies with what is drawn, scores are the mean over
    several draws.

    Parameters
    ----------
    n_hidden : int, default=1000
        Neurons of each draw. Neither this nor C is stated by the micro-expression papers that use an ELM.
    C : float or sequence of float, default=1.0
        How much the errors count beside the size of the weights; above 0. Of several, ``fit`` takes the one with the best
        pooled UF1 when each person of the training samples is left out, and needs ``groups``.
    draws : int, default=10
        Hidden layers drawn; 1 or more.
    random_state : int, RandomState or None, default=None
        The same number gives the same result.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    C_ : float
    low_, span_ : ndarray of shape (D,)
        The least of each feature, and how far it is to the largest.
    seeds_ : ndarray of shape (draws,), int
        Each stands for the weights (L, D) and biases (L,) of a draw, uniform in -1 to 1.
    output_ : ndarray of shape (draws, L, K)

    References
    ----------
    Huang, Zhu & Siew (2006), Neurocomputing 70, 489. doi:10.1016/j.neucom.2005.12.126. Huang, Zhou, Ding & Zhang (2012), IEEE
    Transactions on Systems, Man, and Cybernetics B 42(2), 513. doi:10.1109/TSMCB.2011.2168604
    """

    def __init__(
        self,
        n_hidden: int = 1000,
        C: float | Sequence[float] = 1.0,
        draws: int = 10,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.n_hidden = n_hidden
        self.C = C
        self.draws = draws
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> ELM:
        """Itself, fitted to samples (N, D), their classes (N,), and their persons (N,) where there is a C to choose.

        Parameters
        ----------
        X : array-like of shape (N, D)
            Samples.
        y : array-like of shape (N,)
            Their classes.
        groups : array-like of shape (N,), optional
            Their persons; needed where something is chosen by leaving persons out.

        Returns
        -------
        ELM
            Itself.
        """
        X, self.classes_, code = training(self, X, y)
        if self.n_hidden < 1 or self.draws < 1:
            raise UsageError(f"n_hidden={self.n_hidden} and draws={self.draws} must be 1 or more")
        self.low_ = X.min(axis=0)
        self.span_ = X.max(axis=0) - self.low_
        self.seeds_ = check_random_state(self.random_state).randint(2**31 - 1, size=self.draws)
        hidden = list(self._hidden(X))
        self.C_ = self._chosen((each @ each.T for each in hidden), code, groups)
        self.output_ = np.stack([output_weights(each, _targets(code), self.C_) for each in hidden])
        return self

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Mean score of each class over the draws, (N, K) float64; of two classes only the second's lead, (N,).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Samples.

        Returns
        -------
        ndarray of shape (N, K), or (N,) for two classes, float64
            In the order of ``classes_``; of two, above 0 means the second.
        """
        hidden = self._hidden(given(self, X))
        return scores_of(np.mean([each @ out for each, out in zip(hidden, self.output_, strict=True)], axis=0))

    def _hidden(self, X: np.ndarray) -> Iterator[np.ndarray]:
        """What the hidden layer of each draw gives, (N, L)."""
        X = 2 * (X - self.low_) / np.where(self.span_ > 0, self.span_, 1) - 1
        step = max(1, AT_ONCE // X.shape[1])
        for seed in self.seeds_:
            rng = np.random.default_rng(seed)
            sums = rng.uniform(-1, 1, (1, self.n_hidden)).repeat(len(X), axis=0)
            for first in range(0, self.n_hidden, step):
                some = sums[:, first : first + step]
                some += X @ (2 * rng.random((some.shape[1], X.shape[1]), dtype=X.dtype.type) - 1).T
            yield expit(sums)


class KernelELM(_Machine):
    """An extreme learning machine of endless width: ``scores(x) = k(x, X) (1 / C + K)^-1 T``.

    Parameters
    ----------
    C : float or sequence of float, default=1.0
        As in :class:`ELM`.
    kernel : {"linear", "rbf", "poly", "sigmoid", "laplacian", "chi2"}, default="rbf"
        See :func:`sklearn.metrics.pairwise.pairwise_kernels`.
    gamma : float, optional
        1 over the number of features times their variance when not given. Not for ``linear``.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    C_, gamma_ : float
    X_ : ndarray of shape (N, D)
    dual_ : ndarray of shape (N, K)

    References
    ----------
    Huang, Zhou, Ding & Zhang (2012), as above. It is kernel ridge without a bias; see also
    :class:`fleeting.classifiers.kernel_ridge.KernelRidgeClassifier`, which has class weights.
    """

    def __init__(self, C: float | Sequence[float] = 1.0, kernel: str = "rbf", gamma: float | None = None):
        self.C = C
        self.kernel = kernel
        self.gamma = gamma

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> KernelELM:
        """Itself, fitted to samples (N, D), their classes (N,), and their persons (N,) where there is a C to choose.

        Parameters
        ----------
        X : array-like of shape (N, D)
            Samples.
        y : array-like of shape (N,)
            Their classes.
        groups : array-like of shape (N,), optional
            Their persons; needed where something is chosen by leaving persons out.

        Returns
        -------
        KernelELM
            Itself.
        """
        self.X_, self.classes_, code = training(self, X, y)
        if self.kernel not in KERNELS:
            raise UsageError(f"kernel={self.kernel!r} is not known; choose from {', '.join(KERNELS)}")
        self.gamma_ = float(1 / (self.X_.shape[1] * (self.X_.var() or 1))) if self.gamma is None else self.gamma
        gram = self._kernel(self.X_)
        self.C_ = self._chosen(iter([gram]), code, groups)
        self.dual_ = solve(gram + np.eye(len(gram)) / self.C_, _targets(code))
        return self

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """The score of each class, (N, K) float64; of two classes only the second's lead, (N,).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Samples.

        Returns
        -------
        ndarray of shape (N, K), or (N,) for two classes, float64
            In the order of ``classes_``; of two, above 0 means the second.
        """
        return scores_of(self._kernel(given(self, X)) @ self.dual_)

    def _kernel(self, X: np.ndarray) -> np.ndarray:
        scale: dict[str, Any] = {} if self.kernel == "linear" else {"gamma": self.gamma_}
        return pairwise_kernels(X, self.X_, metric=self.kernel, **scale)


def _targets(code: np.ndarray) -> np.ndarray:
    """1 for a sample's class and -1 for the others, (N, K)."""
    return np.where(code[:, None] == np.arange(code.max() + 1), 1.0, -1.0)
