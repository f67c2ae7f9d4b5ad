"""A support vector machine on histograms, which it compares by their chi-square distance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.metrics.pairwise import additive_chi2_kernel
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import SVC

from ..base import NoTable
from ..errors import UsageError
from .samples import given, histograms, unlabelled


class ChiSquareKernel(NoTable, TransformerMixin, BaseEstimator):
    """``exp(-gamma d)`` between each sample and each training sample, ``d = sum((x - y)^2 / (x + y))`` with 0 / 0 = 0.

    Parameters
    ----------
    gamma : float, optional
        Above 0; 1 over the mean distance of two training samples when not given.

    Attributes
    ----------
    gamma_ : float
    X_ : ndarray of shape (M, D)

    References
    ----------
    Zhang, Marszałek, Lazebnik & Schmid (2007), International Journal of Computer Vision 73(2), 213.
    doi:10.1007/s11263-006-9794-4. Some texts halve the distance; as gamma follows its mean, nothing changes.
    """

    revision = 1

    def __init__(self, gamma: float | None = None):
        self.gamma = gamma

    def fit(self, X: ArrayLike, y: Any = None) -> ChiSquareKernel:
        """Itself, with gamma from samples (M, D), 0 or more.

        Parameters
        ----------
        X : array-like of shape (N, D)
            Histograms, 0 or more.
        y : object, optional
            Not looked at.

        Returns
        -------
        ChiSquareKernel
            Itself.
        """
        self.fit_transform(X)
        return self

    def fit_transform(self, X: ArrayLike, y: Any = None) -> np.ndarray:
        """The kernel between the training samples, (M, M).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Histograms, 0 or more.
        y : object, optional
            Not looked at.

        Returns
        -------
        ndarray of shape (M, M)
            0 to 1.
        """
        self.X_ = unlabelled(self, X)
        if self.gamma is not None and self.gamma <= 0:
            raise UsageError(f"gamma={self.gamma} must be above 0")
        distances = self._distances(self.X_)
        pairs = max(1, len(self.X_) * (len(self.X_) - 1))
        self.gamma_ = float(pairs / (distances.sum() or pairs)) if self.gamma is None else self.gamma
        return np.exp(-self.gamma_ * distances)

    def transform(self, X: ArrayLike) -> np.ndarray:
        """The kernel between samples and training samples, (N, M).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Histograms, 0 or more.

        Returns
        -------
        ndarray of shape (N, M)
            0 to 1.
        """
        X = given(self, X)
        return np.exp(-self.gamma_ * self._distances(X))

    def _distances(self, X: np.ndarray) -> np.ndarray:
        # scikit-learn's loop refuses arrays that are read-only, as those are which are shared between processes.
        return -additive_chi2_kernel(*(np.require(each, requirements="W") for each in (histograms(self, X), self.X_)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags


def chi_square_svc(C: float = 1.0, gamma: float | None = None, class_weight: str | Mapping[Any, float] | None = None) -> Pipeline:
    """A support vector machine with the kernel :class:`ChiSquareKernel`.

    Parameters
    ----------
    C : float, default=1.0
        As in :class:`sklearn.svm.SVC`. Search for C on the last step, ``svc``, alone: then distances are computed once.
    gamma : float, optional
        As in :class:`ChiSquareKernel`.
    class_weight : "balanced", mapping or None, default=None
        As in :class:`sklearn.svm.SVC`.

    Returns
    -------
    Pipeline
        Unfitted.
    """
    return make_pipeline(ChiSquareKernel(gamma), SVC(kernel="precomputed", C=C, class_weight=class_weight))
