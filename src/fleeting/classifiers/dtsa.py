"""DTSA, discriminant tensor subspace analysis: few directions along each axis of a clip in which classes lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin

from ..errors import UsageError
from .samples import given, of_no_rows, training

# What is added to the scatter within classes, as a share of its mean diagonal: with few samples it is near nought somewhere.
RIDGE = 1e-6
RATIO_ROUNDS = 30


class DTSA(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Tensors projected along each of their axes, flattened: what lies between classes large, what lies within them small.

    With weights 1 / n_c between samples of one class and 1 / N - 1 / n_c otherwise, the sums over pairs of samples in the paper's
    objective are the scatter of the class means and the scatter around them. One axis after the other is improved, the others held.

    Parameters
    ----------
    n_components : sequence of int or None, default=(40, 40, 40)
        Dimensions kept along each axis; None leaves an axis as it is.
    max_sweeps : int, default=10
        How often all axes are gone through.
    tol : float, default=1e-4
        The sweeps end when the objective grows by less than this share.

    Attributes
    ----------
    bases_ : list of ndarray of shape (I_k, d_k)
        Orthonormal directions along each axis, by falling use.
    objective_ : list of float
        Scatter between over scatter within classes, first of the truncated identity, then after each sweep; never falling.

    References
    ----------
    Wang, Chen, Yan, Chen & Fu (2014), Neural Processing Letters 39(1), 25. doi:10.1007/s11063-013-9288-7. The paper's graph weights
    are not public in enough detail. Instead of generalised eigenvectors, which need not raise the objective, each axis takes
    the directions that maximise the ratio itself: Wang, Yan, Xu, Tang & Huang (2007), Trace ratio vs. ratio trace, CVPR.
    """

    revision = 1

    def __init__(self, n_components: Sequence[int | None] = (40, 40, 40), max_sweeps: int = 10, tol: float = 1e-4):
        self.n_components = n_components
        self.max_sweeps = max_sweeps
        self.tol = tol

    def fit(self, X: ArrayLike, y: ArrayLike) -> DTSA:
        """The directions, from tensors (N, I_1, ..., I_m), pictures or real numbers, and their classes (N,).

        Parameters
        ----------
        X : array-like of shape (N, I_1, ..., I_m)
            Tensors: pictures, or real numbers.
        y : array-like of shape (N,)
            Their classes.

        Returns
        -------
        DTSA
            Itself.
        """
        X, classes, code = training(self, _single(X), y, len(self.n_components) + 1)
        sizes = X.shape[1:]
        wanted = [size if d is None else d for d, size in zip(self.n_components, sizes, strict=True)]
        if any(not 1 <= d <= size for d, size in zip(wanted, sizes, strict=True)):
            raise UsageError(f"n_components={tuple(self.n_components)} must be 1 or more, and at most the samples' sides, {sizes}")
        if self.max_sweeps < 1:
            raise UsageError(f"max_sweeps={self.max_sweeps} must be 1 or more")
        counts = np.bincount(code)
        means = np.stack([X[code == k].mean(axis=0) for k in range(len(classes))])
        # Scatter between is that of these K tensors, scatter within that of these N.
        between = (means - X.mean(axis=0)) * np.sqrt(counts, dtype=X.dtype).reshape(-1, *[1] * len(sizes))
        within = X - means[code]
        bases = [np.eye(size, d, dtype=X.dtype) for size, d in zip(sizes, wanted, strict=True)]
        self.objective_ = [_ratio(project(between, bases), project(within, bases))]
        for _ in range(self.max_sweeps):
            for axis, d in enumerate(wanted):
                others = [*bases[:axis], None, *bases[axis + 1 :]]
                apart, around = (_scatter(project(part, others), axis) for part in (between, within))
                bases[axis] = trace_ratio(apart, around, d, bases[axis]).astype(X.dtype)
            self.objective_.append(_ratio(project(between, bases), project(within, bases)))
            if self.objective_[-1] - self.objective_[-2] < self.tol * self.objective_[-2]:
                break
        self.bases_ = bases
        self._n_features_out = prod(wanted)
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """The tensors projected and flattened, (N, d_1 * ... * d_m).

        Parameters
        ----------
        X : array-like of shape (N, I_1, ..., I_m)
            Tensors: pictures, or real numbers.

        Returns
        -------
        ndarray of shape (N, d_1 * ... * d_m)
            Projected and flattened.
        """
        X = given(self, _single(X), len(self.n_components) + 1)
        return project(X, self.bases_).reshape(len(X), -1)

    def __sklearn_tags__(self) -> Any:
        tags = of_no_rows(super().__sklearn_tags__(), len(self.n_components) + 1)
        tags.target_tags.required = True
        return tags


def project(X: np.ndarray, bases: Sequence[np.ndarray | None]) -> np.ndarray:
    """Tensors (N, I_1, ..., I_m) times a basis (I_k, d_k) along each axis, (N, d_1, ..., d_m); None leaves an axis as it is."""
    for axis, basis in enumerate(bases, 1):
        if basis is not None:
            X = np.moveaxis(np.tensordot(X, basis, (axis, 0)), -1, axis)
    return X


def trace_ratio(between: np.ndarray, within: np.ndarray, d: int, start: np.ndarray) -> np.ndarray:
    """The ``d`` orthonormal directions U with the largest tr(U'BU) / tr(U'WU), (I, d), no worse than ``start``.

    Parameters
    ----------
    between, within : ndarray of shape (I, I)
        Symmetric, without negative eigenvalues; a little is added to the second.
    d : int
    start : ndarray of shape (I, d)
        Orthonormal.
    """
    size = len(within)
    within = within + RIDGE * max(np.trace(within), np.trace(between), 1e-300) / size * np.eye(size)
    basis, ratio = start, -np.inf
    for _ in range(RATIO_ROUNDS):
        now = np.trace(basis.T @ between @ basis) / np.trace(basis.T @ within @ basis)
        if now <= ratio * (1 + 1e-9):
            break
        ratio = now
        basis = eigh(between - ratio * within, subset_by_index=(size - d, size - 1))[1][:, ::-1]
    return basis


def _single(X: ArrayLike) -> ArrayLike:
    """Pictures in single precision: in double, as scikit-learn has it, 250 clips of 64 x 64 x 64 and their copies would fill 1.5 GB."""
    return X.astype(np.float32) if isinstance(X, np.ndarray) and X.dtype == np.uint8 else X


def _scatter(X: np.ndarray, axis: int) -> np.ndarray:
    """Products of the slices across one axis, summed over all samples, (I, I) float64."""
    slices = np.moveaxis(X, axis + 1, 0).reshape(X.shape[axis + 1], -1)
    return (slices @ slices.T).astype(np.float64)


def _ratio(between: np.ndarray, within: np.ndarray) -> float:
    top, bottom = (float((part.astype(np.float64) ** 2).sum()) for part in (between, within))
    return top / max(bottom, 1e-300)
