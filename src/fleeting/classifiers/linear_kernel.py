"""Inner products with the training samples, for a linear machine on many features, fitted many times."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin

from ..base import NoTable
from .samples import given, unlabelled


class LinearKernel(NoTable, TransformerMixin, BaseEstimator):
    """Inner products of samples and training samples, both centred, in units of the training samples' mean square.

    In front of ``SVC(kernel="precomputed")``, a search for C computes them once, and C means the same for any descriptor.

    Attributes
    ----------
    mean_ : ndarray of shape (D,)
    scale_ : float
        Mean squared distance of the training samples from their mean; 1 where they are all the same.
    X_ : ndarray of shape (M, D)
        Training samples, centred.
    """

    revision = 1

    def fit(self, X: ArrayLike, y: Any = None) -> LinearKernel:
        """Itself, fitted to samples (M, D).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Samples.
        y : object, optional
            Not looked at.

        Returns
        -------
        LinearKernel
            Itself.
        """
        X = unlabelled(self, X)
        self.mean_ = X.mean(axis=0)
        self.X_ = X - self.mean_
        self.scale_ = float((self.X_**2).sum() / len(X)) or 1.0
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """The kernel between samples and training samples, (N, M).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Samples.

        Returns
        -------
        ndarray of shape (N, M)
            As float64.
        """
        return (given(self, X) - self.mean_) @ self.X_.T / self.scale_
