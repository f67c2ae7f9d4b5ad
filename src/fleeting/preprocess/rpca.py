"""Robust principal component analysis: a clip as what stays (a matrix of low rank) and what briefly changes (a sparse one)."""

from __future__ import annotations

import numpy as np

from ..errors import UsageError

MOST_ROUNDS = 500
# How much dearer a deviation becomes from round to round, and at most.
GROWTH, DEAREST = 1.5, 1e7


def robust_pca(matrix: np.ndarray, weight: float | None = None, tolerance: float = 1e-7) -> tuple[np.ndarray, np.ndarray]:
    """Two matrices that add up to the given one: one of low rank, and one with few entries other than zero.

    They make the sum of singular values of the first plus ``weight`` times the sum of absolute values of the second as small
    as can be. With the pixels of a clip as rows and its frames as columns, the first is the face, the second its brief motion.

    Parameters
    ----------
    matrix : ndarray of shape (M, N)
        Finite numbers. Fast where the shorter side has some hundreds at most.
    weight : float, optional
        1 / sqrt(max(M, N)) when not given.
    tolerance : float, default=1e-7
        The Frobenius norm of what is left unexplained, over that of the matrix.

    Returns
    -------
    tuple of ndarray of shape (M, N), float64
        The low rank first.

    Raises
    ------
    UsageError
        When the matrix holds NaN or infinity, the weight is not above 0, or 500 rounds were not enough.

    References
    ----------
    Candès, Li, Ma & Wright (2011), Journal of the ACM 58(3). By the inexact augmented Lagrange multipliers of Lin, Chen & Ma
    (2010), arXiv:1009.5055.
    """
    if weight is not None and not weight > 0:
        raise UsageError(f"robust PCA: weight={weight} must be above 0")
    if matrix.ndim != 2 or not matrix.size or not np.isfinite(matrix).all():
        raise UsageError(f"robust PCA takes a matrix of finite numbers; got shape {matrix.shape}, or NaN or infinity in it")
    data = matrix.astype(np.float64)
    if data.shape[0] < data.shape[1]:
        low, sparse = robust_pca(data.T, weight, tolerance)
        return low.T, sparse.T
    weight = 1 / np.sqrt(len(data)) if weight is None else weight
    size = np.linalg.norm(data)
    if size == 0:
        return data, data.copy()
    largest = np.sqrt(np.linalg.eigvalsh(data.T @ data)[-1])
    penalty = 1.25 / largest
    dearest = DEAREST * penalty
    owed = data / (max(largest, np.abs(data).max() / weight) * penalty)  # the multipliers, divided by the penalty
    low = np.zeros_like(data)
    for _ in range(MOST_ROUNDS):
        wanted = data + owed
        sparse = wanted - low
        sparse -= np.clip(sparse, -weight / penalty, weight / penalty)
        low = _flattened(wanted - sparse, 1 / penalty)
        rest = data - low
        rest -= sparse
        if np.linalg.norm(rest) <= tolerance * size:
            return low, sparse
        before, penalty = penalty, min(GROWTH * penalty, dearest)
        owed += rest
        owed *= before / penalty
    raise UsageError(f"robust PCA did not settle in {MOST_ROUNDS} rounds; raise tolerance={tolerance} or weight={weight}")


def _flattened(x: np.ndarray, by: float) -> np.ndarray:
    """The matrix with each singular value smaller by so much, none below zero."""
    # By the short Gram matrix: its eigenvectors are the right singular vectors, its eigenvalues the squares.
    squares, vectors = np.linalg.eigh(x.T @ x)
    values = np.sqrt(np.maximum(squares, 0))
    kept = values > by
    vectors = vectors[:, kept]
    return x @ (vectors * (1 - by / values[kept]) @ vectors.T)
