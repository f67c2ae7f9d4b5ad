"""Hidden Markov models of sequences of features: one for each class, or in two layers.

Probabilities are kept as logarithms, and all sequences, which are of one length, are computed together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_array, check_is_fitted

from ..errors import UsageError
from .samples import given, labels_of, of_no_rows, scores_of, training

STAY = 0.6  # how probable it is, before fitting, to stay in a state; otherwise the next one follows
NEVER = -1e30  # logarithm of a probability of nought, finite so that differences stay numbers


def forward(start: np.ndarray, transitions: np.ndarray, emissions: np.ndarray) -> np.ndarray:
    """The log probability of what was seen up to each time together with each state then, (N, T, S).

    Parameters
    ----------
    start : ndarray of shape (S,)
        Log probability of each first state.
    transitions : ndarray of shape (S, S)
        Log probability of each state (column) after each state (row).
    emissions : ndarray of shape (N, T, S)
        Log probability, or density, of what was seen, in each state.
    """
    alpha = np.empty(emissions.shape)
    alpha[:, 0] = start + emissions[:, 0]
    for t in range(1, emissions.shape[1]):
        alpha[:, t] = emissions[:, t] + logsumexp(alpha[:, t - 1, :, None] + transitions, axis=1)
    return alpha


def backward(transitions: np.ndarray, emissions: np.ndarray) -> np.ndarray:
    """The log probability of what was seen after each time, given each state then, (N, T, S). Parameters as in :func:`forward`."""
    beta = np.zeros(emissions.shape)
    for t in range(emissions.shape[1] - 2, -1, -1):
        beta[:, t] = logsumexp(transitions + (emissions[:, t + 1] + beta[:, t + 1])[:, None], axis=2)
    return beta


class GaussianHMM(BaseEstimator):
    """A left-to-right model of sequences: a state lasts or the next one follows; each has a Gaussian of independent features.

    Three states stand for onset, apex and offset. All sequences together fit it, by Baum and Welch's method.

    Parameters
    ----------
    n_states : int, default=3
        1 or more.
    max_iter : int, default=20
        Steps of fitting at most.
    tol : float, default=1e-4
        Fitting ends when the mean log-likelihood of a frame grows by less.
    floor : float, default=1e-3
        Least variance of a feature.

    Attributes
    ----------
    transitions_ : ndarray of shape (S, S)
        Log probabilities; the first state is the first.
    means_, variances_ : ndarray of shape (S, F)
    history_ : list of float
        Log-likelihood of all sequences before each step, and at the end; never falling while no variance is at its floor.

    References
    ----------
    Rabiner (1989), A tutorial on hidden Markov models, Proceedings of the IEEE 77(2), 257. doi:10.1109/5.18626
    """

    revision = 1

    def __init__(self, n_states: int = 3, max_iter: int = 20, tol: float = 1e-4, floor: float = 1e-3):
        self.n_states = n_states
        self.max_iter = max_iter
        self.tol = tol
        self.floor = floor

    def fit(self, X: ArrayLike, y: Any = None) -> GaussianHMM:
        """Itself, fitted to sequences (N, T, F) of finite numbers; ``y`` is not looked at.

        Parameters
        ----------
        X : array-like of shape (N, T, F)
            Sequences of features, a row a frame.
        y : object, optional
            Not looked at.

        Returns
        -------
        GaussianHMM
            Itself.
        """
        X = _sequences(X)
        n = self.n_states
        if n < 1 or self.max_iter < 0 or self.floor <= 0:
            raise UsageError(f"n_states={n} must be 1 or more, max_iter={self.max_iter} 0 or more and floor={self.floor} above 0")
        if X.ndim != 3 or X.shape[1] < n:
            raise UsageError(f"a model of {n} states takes sequences (N, T, F) of at least {n} frames; got shape {X.shape}")
        self.transitions_ = np.full((n, n), NEVER)
        self.transitions_[-1, -1] = 0
        for i in range(n - 1):
            self.transitions_[i, i : i + 2] = np.log([STAY, 1 - STAY])
        parts = np.array_split(np.asarray(X, float), n, axis=1)  # before fitting, all states last equally long
        self.means_ = np.stack([part.mean(axis=(0, 1)) for part in parts])
        self.variances_ = np.stack([np.maximum(part.var(axis=(0, 1)), self.floor) for part in parts])
        self.history_: list[float] = []
        for _ in range(self.max_iter):
            self.history_.append(self._step(X))
            if len(self.history_) > 1 and self.history_[-1] - self.history_[-2] < self.tol * X.shape[0] * X.shape[1]:
                break
        self.history_.append(float(self.likelihoods(X)[:, -1].sum()))
        return self

    def likelihoods(self, X: np.ndarray) -> np.ndarray:
        """The log-likelihood of each sequence up to each of its frames, (N, T).

        Parameters
        ----------
        X : array-like of shape (N, T, F)
            Sequences of features, a row a frame.

        Returns
        -------
        ndarray of shape (N, T)
            Natural logarithms.
        """
        check_is_fitted(self)
        return logsumexp(forward(self._start(), self.transitions_, self._emissions(_sequences(X))), axis=2)

    def _step(self, X: np.ndarray) -> float:
        """The log-likelihood of all sequences; after this, the parameters are those that Baum and Welch's equations give."""
        emissions = self._emissions(X)
        alpha, beta = forward(self._start(), self.transitions_, emissions), backward(self.transitions_, emissions)
        total = logsumexp(alpha[:, -1], axis=1)[:, None, None]
        state = np.exp(alpha + beta - total)  # (N, T, S)
        ahead = (emissions + beta)[:, 1:, None] - total[..., None]
        pairs = np.exp(alpha[:, :-1, :, None] + self.transitions_ + ahead).sum(axis=(0, 1))  # (S, S)
        from_each = pairs.sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore"):
            moved = np.maximum(np.log(pairs / np.maximum(from_each, 1e-300)), NEVER)
        occupied = state.sum(axis=(0, 1))[:, None]  # (S, 1)
        means = np.einsum("nts,ntf->sf", state, X) / np.maximum(occupied, 1e-300)
        squares = np.einsum("nts,ntf->sf", state, X**2) / np.maximum(occupied, 1e-300)
        seen = occupied > 1e-9
        self.transitions_ = np.where(from_each > 1e-9, moved, self.transitions_)
        self.means_ = np.where(seen, means, self.means_)
        self.variances_ = np.where(seen, np.maximum(squares - means**2, self.floor), self.variances_)
        return float(total.sum())

    def _start(self) -> np.ndarray:
        return np.array([0.0] + [NEVER] * (self.n_states - 1))

    def _emissions(self, X: np.ndarray) -> np.ndarray:
        """Log density of each frame in each state, (N, T, S)."""
        precision = 1 / self.variances_  # (S, F)
        squares = (X**2) @ precision.T - 2 * X @ (precision * self.means_).T + (precision * self.means_**2).sum(axis=1)
        return -0.5 * (squares + np.log(2 * np.pi * self.variances_).sum(axis=1))

    def __sklearn_tags__(self) -> Any:
        return of_no_rows(super().__sklearn_tags__(), 3)


class HMMClassifier(ClassifierMixin, BaseEstimator):
    """A :class:`GaussianHMM` for each class; the one under which a sequence is likeliest gives its class.

    Parameters
    ----------
    n_states : int, default=3
        As in :class:`GaussianHMM`, which tells of the others, too.
    max_iter : int, default=20
        Steps of fitting at most.
    floor : float, default=1e-3
        Least variance of a feature.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    models_ : list of GaussianHMM
    """

    revision = 1

    def __init__(self, n_states: int = 3, max_iter: int = 20, floor: float = 1e-3):
        self.n_states = n_states
        self.max_iter = max_iter
        self.floor = floor

    def fit(self, X: ArrayLike, y: ArrayLike) -> HMMClassifier:
        """Itself, fitted to sequences (N, T, F) and their classes (N,).

        Parameters
        ----------
        X : array-like of shape (N, T, F)
            Sequences of features, a row a frame.
        y : array-like of shape (N,)
            Their classes.

        Returns
        -------
        HMMClassifier
            Itself.
        """
        X, self.classes_, code = training(self, X, y, 3)
        new = GaussianHMM(self.n_states, self.max_iter, floor=self.floor)
        self.models_ = _fitted(new, X, code)
        return self

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Log-likelihood a frame under each class, (N, K) float64; of two classes the second's lead, (N,).

        Parameters
        ----------
        X : array-like of shape (N, T, F)
            Sequences of features, a row a frame.

        Returns
        -------
        ndarray of shape (N, K), or (N,) for two classes, float64
            In the order of ``classes_``; of two, above 0 means the second.
        """
        X = given(self, X, 3)
        return scores_of(np.stack([model.likelihoods(X)[:, -1] for model in self.models_], axis=1) / X.shape[1])

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The class of each sequence, (N,).

        Parameters
        ----------
        X : array-like of shape (N, T, F)
            Sequences of features, a row a frame.

        Returns
        -------
        ndarray of shape (N,)
            Of ``classes_``.
        """
        return labels_of(self.decision_function(X), self.classes_)

    def __sklearn_tags__(self) -> Any:
        return of_no_rows(super().__sklearn_tags__(), 3)


class DoubleLayerHMM(ClassifierMixin, BaseEstimator):
    """Hidden Markov models of the motion in each region of the face, and models of what these say, a class each.

    The first layer has a model for each region and class. How likely each class is by the last ``window`` frames of a region, all
    frames and regions side by side, is the sequence that the second layer looks at. This is an interpretation: the source of
    "double-layer hidden Markov model" in the literature on micro-expressions is a thesis that is not public.

    Parameters
    ----------
    n_states : int, default=3
        Of the models in both layers, as in :class:`GaussianHMM`.
    window : int, default=8
        Frames, 1 or more.
    top : {"hmm", "logreg"}, default="hmm"
        The second layer: a :class:`HMMClassifier`, or logistic regression on the whole sequence.
    max_iter : int, default=20
        Steps of fitting at most.
    floor : float, default=1e-3
        Least variance of a feature.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    layer_ : list of list of GaussianHMM
        For each region, a model a class.
    top_ : estimator
    """

    revision = 1

    def __init__(self, n_states: int = 3, window: int = 8, top: str = "hmm", max_iter: int = 20, floor: float = 1e-3):
        self.n_states = n_states
        self.window = window
        self.top = top
        self.max_iter = max_iter
        self.floor = floor

    def fit(self, X: ArrayLike, y: ArrayLike) -> DoubleLayerHMM:
        """Itself, fitted to sequences of features of regions (N, T, R, F) and their classes (N,).

        Parameters
        ----------
        X : array-like of shape (N, T, R, F)
            Sequences of features of regions.
        y : array-like of shape (N,)
            Their classes.

        Returns
        -------
        DoubleLayerHMM
            Itself.
        """
        X, self.classes_, code = training(self, X, y, 4)
        if self.top not in ("hmm", "logreg"):
            raise UsageError(f"top={self.top!r} is not known; choose from hmm, logreg")
        most = X.shape[1] - (self.n_states - 1 if self.top == "hmm" else 0)
        if not 1 <= self.window <= most:
            raise UsageError(f"window={self.window} must be 1 to {most}: of {X.shape[1]} frames, before {self.n_states} states")
        new = GaussianHMM(self.n_states, self.max_iter, floor=self.floor)
        self.layer_ = [_fitted(new, X[:, :, region], code) for region in range(X.shape[2])]
        above = self._posteriors(X)
        if self.top == "hmm":
            self.top_ = HMMClassifier(self.n_states, self.max_iter, self.floor).fit(above, code)
        else:
            self.top_ = LogisticRegression(max_iter=1000).fit(above.reshape(len(above), -1), code)
        return self

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """The second layer's score of each class, (N, K) float64; of two classes the second's lead, (N,).

        Parameters
        ----------
        X : array-like of shape (N, T, R, F)
            Sequences of features of regions.

        Returns
        -------
        ndarray of shape (N, K), or (N,) for two classes, float64
            In the order of ``classes_``; of two, above 0 means the second.
        """
        above = self._posteriors(given(self, X, 4))
        return self.top_.decision_function(above if self.top == "hmm" else above.reshape(len(above), -1))

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The class of each sequence, (N,).

        Parameters
        ----------
        X : array-like of shape (N, T, R, F)
            Sequences of features of regions.

        Returns
        -------
        ndarray of shape (N,)
            Of ``classes_``.
        """
        return labels_of(self.decision_function(X), self.classes_)

    def __sklearn_tags__(self) -> Any:
        return of_no_rows(super().__sklearn_tags__(), 4)

    def _posteriors(self, X: np.ndarray) -> np.ndarray:
        """How likely each class is by each window of each region, (N, T - window + 1, R * K), summing to one over the classes."""
        likely = np.stack([[model.likelihoods(X[:, :, r]) for model in models] for r, models in enumerate(self.layer_)])  # (R, K, N, T)
        before = np.concatenate([np.zeros_like(likely[..., :1]), likely[..., : -self.window]], axis=-1)
        shares = softmax((likely[..., self.window - 1 :] - before) / self.window, axis=1)
        return np.moveaxis(shares, (2, 3), (0, 1)).reshape(X.shape[0], shares.shape[-1], -1)


def _sequences(X: ArrayLike) -> np.ndarray:
    """Sequences as real numbers, after a look that there is something in them, and no NaN."""
    try:
        return np.asarray(check_array(X, dtype=[np.float64, np.float32], allow_nd=True))
    except ValueError as error:
        raise UsageError(f"sequences must be finite real numbers and of one length: {error}") from None


def _fitted(model: GaussianHMM, X: np.ndarray, code: np.ndarray) -> list[GaussianHMM]:
    """A copy of the model for each class, fitted to its sequences."""
    return [GaussianHMM(**model.get_params()).fit(X[code == k]) for k in range(code.max() + 1)]
