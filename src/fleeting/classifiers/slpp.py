"""SLPP, supervised locality preserving projections: directions in which samples of one class lie close together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.metrics import pairwise_distances

from ..errors import UsageError
from .samples import given, training

# What is added to the right-hand matrix, as a share of its mean diagonal: the paper's data are not of full rank either.
RIDGE = 1e-6


class SLPP(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Samples in few dimensions that keep those of one class together.

    After a PCA, the smallest ``lambda`` of ``X L X^T a = lambda X D X^T a``, with ``W_ij`` the affinity of two samples of one
    class and 0 for any others, ``D`` its row sums on the diagonal, and ``L = D - W``.

    Parameters
    ----------
    n_components : int, optional
        Dimensions afterwards, at most as many as the PCA leaves; one less than there are classes when not given. The papers
        do not say how many they take.
    energy : float, default=0.98
        Share of the variance that the PCA keeps, above 0, at most 1.
    heat : float, optional
        Take ``exp(-d^2 / (heat * m))`` for the affinity, d^2 being the squared distance of two samples and m its mean within
        classes; 1 when not given.

    Attributes
    ----------
    mean_ : ndarray of shape (D,)
    components_ : ndarray of shape (D, d)
        ``transform`` is ``(X - mean_) @ components_``. Along each, the training samples have a mean square of 1, weighted by D.
    eigenvalues_ : ndarray of shape (d,)
        Lambda, rising; 0 where the samples of each class fall on one point.

    References
    ----------
    He & Niyogi (2003), Locality preserving projections, NIPS 16. Shan, Gong & McOwan (2005), Appearance manifold of facial
    expression, ICCV workshop on human-computer interaction. The samples are centred first; unlike the paper's, then, the
    trivial solution (a constant) does not occur, and no eigenvalue is passed over.
    """

    revision = 1

    def __init__(self, n_components: int | None = None, energy: float = 0.98, heat: float | None = None):
        self.n_components = n_components
        self.energy = energy
        self.heat = heat

    def fit(self, X: ArrayLike, y: ArrayLike) -> SLPP:
        """The directions, from samples (N, D) and their classes (N,).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Samples.
        y : array-like of shape (N,)
            Their classes.

        Returns
        -------
        SLPP
            Itself.
        """
        X, classes, code = training(self, X, y)
        if not 0 < self.energy <= 1 or (self.heat is not None and self.heat <= 0):
            raise UsageError(f"energy={self.energy} must lie above 0 and not above 1, heat={self.heat} above 0")
        wanted = len(classes) - 1 if self.n_components is None else self.n_components
        if wanted < 1:
            raise UsageError(f"n_components={self.n_components} must be 1 or more")
        self.mean_ = X.mean(axis=0)
        left, lengths, right = np.linalg.svd(X - self.mean_, full_matrices=False)
        kept = _enough(lengths, self.energy)
        coordinates = left[:, :kept] * lengths[:kept]  # (N, kept)
        affinity = self._affinity(coordinates, code)
        rows = affinity.sum(axis=1)
        everything = coordinates.T @ (rows[:, None] * coordinates) / rows.sum()  # X D X^T
        within = everything - coordinates.T @ affinity @ coordinates / rows.sum()  # X L X^T
        everything[np.diag_indices(kept)] += RIDGE * np.trace(everything) / kept
        values, vectors = eigh(within, everything, subset_by_index=(0, min(wanted, kept) - 1))
        # Either sign solves the equation: the largest weight is positive.
        components = right[:kept].T @ vectors
        components *= np.where(components[np.abs(components).argmax(axis=0), np.arange(components.shape[1])] < 0, -1, 1)
        self.components_, self.eigenvalues_ = components, np.maximum(values, 0)
        self._n_features_out = components.shape[1]
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """The samples, (N, d).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Samples.

        Returns
        -------
        ndarray of shape (N, d)
            In fewer dimensions.
        """
        return (given(self, X) - self.mean_) @ self.components_

    def _affinity(self, X: np.ndarray, code: np.ndarray) -> np.ndarray:
        same = (code[:, None] == code).astype(X.dtype)
        if self.heat is None:
            return same
        distance = pairwise_distances(X, metric="sqeuclidean")
        width = self.heat * (same * distance).sum() / same.sum()
        return same * np.exp(-distance / width) if width > 0 else same

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def _enough(lengths: np.ndarray, energy: float) -> int:
    """How many of the singular values it takes for a share of the variance; those that are rounding are not counted."""
    squares = lengths**2
    if squares[0] == 0:
        raise UsageError("SLPP: all samples are the same: there is no direction to keep")
    share = np.cumsum(squares) / squares.sum()
    real = int((lengths > lengths[0] * len(lengths) * np.finfo(lengths.dtype).eps).sum())
    return min(real, int(np.searchsorted(share, energy - 1e-12)) + 1)
