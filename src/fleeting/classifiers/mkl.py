"""Multiple kernel learning: kernels of several descriptors, added up with weights that say how well each tells the classes apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.metrics.pairwise import manhattan_distances
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import normalize
from sklearn.svm import SVC

from ..base import NoTable
from ..errors import UsageError
from .samples import given, histograms, training


class AlignedKernel(NoTable, TransformerMixin, BaseEstimator):
    """A weighted sum of kernels between each sample and each training sample, 0 to 1.

    The weight of a kernel is its alignment with the classes: the inner product of the centred kernel and the centred matrix of who
    is of one class, over the kernel's norm, less what is to be expected by chance; 0 where that is negative. Weights sum to one.

    Parameters
    ----------
    kernels : sequence of str, default=("intersection", "poly2", "poly6")
        ``intersection``, the sum of the smaller of two values where each block sums to one; ``poly<degree>``,
        ``((1 + cosine) / 2) ** degree``.
    blocks : sequence of int, optional
        Numbers of features of the descriptors side by side in a sample; each has all kernels. One block when not given.

    Attributes
    ----------
    weights_ : ndarray of shape (blocks, kernels)
    X_ : ndarray of shape (M, D)

    References
    ----------
    Pfister, Li, Zhao & Pietikäinen (2011), ICCV, who learn the weights together with the machine; doi:10.1109/ICCV.2011.6126401.
    Cortes, Mohri & Rostamizadeh (2012), Algorithms for learning kernels based on centered alignment, JMLR 13, 795. That chance is
    taken off is ours: without it, a kernel in which each sample is like itself only would have a say.
    """

    revision = 1

    def __init__(self, kernels: Sequence[str] = ("intersection", "poly2", "poly6"), blocks: Sequence[int] | None = None):
        self.kernels = kernels
        self.blocks = blocks

    def fit(self, X: ArrayLike, y: ArrayLike) -> AlignedKernel:
        """Itself, with weights from samples (M, D), 0 or more, and their classes (M,).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Histograms, 0 or more.
        y : array-like of shape (N,)
            Their classes.

        Returns
        -------
        AlignedKernel
            Itself.
        """
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: ArrayLike, y: ArrayLike) -> np.ndarray:
        """The kernel between the training samples, (M, M).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Histograms, 0 or more.
        y : array-like of shape (N,)
            Their classes.

        Returns
        -------
        ndarray of shape (M, M)
            0 to 1.
        """
        self.X_, _, code = training(self, X, y)
        if wrong := [name for name in self.kernels if name != "intersection" and not re.fullmatch(r"poly[1-9]\d*", name)]:
            raise UsageError(f"kernel {wrong[0]!r} is not known; choose from intersection, poly2, poly6, ...")
        if self.blocks is not None and sum(self.blocks) != self.X_.shape[1]:
            raise UsageError(f"blocks={tuple(self.blocks)} sum to {sum(self.blocks)}, but samples have {self.X_.shape[1]} features")
        same = (code[:, None] == code).astype(float)
        each = self._each(self.X_)
        found = np.array([[max(0.0, alignment(kernel, same)) for kernel in row] for row in each])
        self.weights_ = found / found.sum() if found.any() else np.full(found.shape, 1 / found.size)
        return self._sum(each)

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
        return self._sum(self._each(given(self, X)))

    def _sum(self, each: list[list[np.ndarray]]) -> np.ndarray:
        return np.sum([w * k for ws, ks in zip(self.weights_, each, strict=True) for w, k in zip(ws, ks, strict=True)], axis=0)

    def _each(self, X: np.ndarray) -> list[list[np.ndarray]]:
        """All kernels of each block, (N, M) each."""
        cuts = np.cumsum(self.blocks or [X.shape[1]])[:-1]
        pairs = zip(np.split(histograms(self, X), cuts, axis=1), np.split(self.X_, cuts, axis=1), strict=True)
        return [[_kernel(name, a, b) for name in self.kernels] for a, b in pairs]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.target_tags.required = True
        return tags


def alignment(kernel: np.ndarray, same: np.ndarray) -> float:
    """How well a kernel says who is of one class: 0 by chance, not above 1 where it does.

    Parameters
    ----------
    kernel : ndarray of shape (M, M)
    same : ndarray of shape (M, M)
        1 for two samples of one class, 0 for any others.
    """
    kernel, same = (each - each.mean(axis=0) - each.mean(axis=1, keepdims=True) + each.mean() for each in (kernel, same))
    norm = np.linalg.norm(kernel) * np.linalg.norm(same)
    # The mean over all ways to deal the classes out, of two centred matrices.
    chance = np.trace(kernel) * np.trace(same) / max(1, len(kernel) - 1)
    return float(((kernel * same).sum() - chance) / norm) if norm > 1e-12 else 0.0


def mkl_svc(
    C: float = 1.0,
    kernels: Sequence[str] = ("intersection", "poly2", "poly6"),
    blocks: Sequence[int] | None = None,
    class_weight: str | Mapping[Any, float] | None = None,
) -> Pipeline:
    """A support vector machine with the kernel :class:`AlignedKernel`.

    Parameters
    ----------
    C : float, default=1.0
        As in :class:`sklearn.svm.SVC`. Search for C on the last step, ``svc``, alone: then kernels are computed once.
    kernels : sequence of str, default=("intersection", "poly2", "poly6")
        As in :class:`AlignedKernel`.
    blocks : sequence of int, optional
        As in :class:`AlignedKernel`.
    class_weight : "balanced", mapping or None, default=None
        As in :class:`sklearn.svm.SVC`.

    Returns
    -------
    Pipeline
        Unfitted.
    """
    return make_pipeline(AlignedKernel(kernels, blocks), SVC(kernel="precomputed", C=C, class_weight=class_weight))


def _kernel(name: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if name == "intersection":
        a, b = normalize(a, "l1"), normalize(b, "l1")
        return (a.sum(axis=1)[:, None] + b.sum(axis=1) - manhattan_distances(a, b)) / 2  # min(x, y) = (x + y - |x - y|) / 2
    return ((1 + normalize(a) @ normalize(b).T) / 2) ** int(name.removeprefix("poly"))
