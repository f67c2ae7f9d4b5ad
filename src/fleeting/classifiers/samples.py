"""Samples and labels, looked at as scikit-learn's estimators are expected to, with our own error."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ..errors import UsageError


def training(estimator: Any, X: ArrayLike, y: ArrayLike, dims: int | None = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Samples, the classes sorted, (K,), and the number of each sample's class, (N,).

    Parameters
    ----------
    estimator : estimator
        Learns ``n_features_in_``; where samples may be other than rows, ``shape_``, that of one.
    X : array-like of shape (N, D), or (N, ...)
        Real and finite; float32 stays float32, all else becomes float64.
    y : array-like of length N
        At least two classes.
    dims : int or None, default=2
        Dimensions of the samples' array, 2 or more; None leaves that to whoever fits.

    Raises
    ------
    UsageError
        With what is wrong in the words of scikit-learn.
    """
    try:
        samples, labels = validate_data(estimator, X, y, **_options(dims))
        check_classification_targets(labels)
    except ValueError as error:
        raise UsageError(str(error)) from None
    classes, code = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise UsageError(f"{type(estimator).__name__} needs samples of at least 2 classes; all are of the one class {classes[0]!s}")
    samples = _finite(_of_dims(estimator, samples, dims))
    if dims != 2:
        estimator.shape_ = samples.shape[1:]
    return samples, classes, code


def unlabelled(estimator: Any, X: ArrayLike) -> np.ndarray:
    """Samples (N, D) from which an estimator learns ``n_features_in_``, and needs no classes."""
    try:
        return _finite(validate_data(estimator, X, **_options(2)))
    except ValueError as error:
        raise UsageError(str(error)) from None


def given(estimator: Any, X: ArrayLike, dims: int | None = 2) -> np.ndarray:
    """Samples for a fitted estimator, each of the shape it has learned from."""
    check_is_fitted(estimator)
    try:
        samples = validate_data(estimator, X, reset=False, **_options(dims))
    except ValueError as error:
        raise UsageError(str(error)) from None
    samples = _finite(_of_dims(estimator, samples, dims))
    if dims != 2 and samples.shape[1:] != estimator.shape_:
        raise UsageError(f"samples of shape {samples.shape[1:]}, but the training samples had {estimator.shape_}")
    return samples


def histograms(estimator: Any, X: np.ndarray) -> np.ndarray:
    """The same samples, after a look that nothing in them is below 0."""
    if X.min() < 0:
        name = type(estimator).__name__
        raise UsageError(f"Negative values in data passed to {name}, the least {X.min():g}: give histograms, not centred ones")
    return X


def scores_of(columns: np.ndarray) -> np.ndarray:
    """The scores of K classes, (N, K), as ``decision_function`` gives them: of two classes only the second's lead, (N,)."""
    return columns if columns.shape[1] > 2 else columns[:, 1] - columns[:, 0]


def labels_of(scores: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The class with the best score of a ``decision_function``, (N,)."""
    return np.asarray(classes[(scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)])


def persons_of(estimator: Any, groups: ArrayLike | None, X: np.ndarray) -> np.ndarray:
    """The person of each sample, (N,), of whom an estimator leaves out one after the other to choose among its settings."""
    name = type(estimator).__name__
    if groups is None:
        raise UsageError(f"with several settings {name} chooses by leaving out persons: give groups, or one setting")
    persons = np.asarray(groups)
    if len(persons) != len(X):
        raise UsageError(f"groups has {len(persons)} persons for {len(X)} samples: one is needed for each")
    if len(np.unique(persons)) < 2:
        raise UsageError("leaving a person out needs at least two persons")
    return persons


def people_in(persons: np.ndarray) -> dict[Any, np.ndarray]:
    """Each person's positions."""
    return {person: np.flatnonzero(persons == person) for person in np.unique(persons).tolist()}


def of_no_rows(tags: Any, dims: int) -> Any:
    """The tags of an estimator whose samples' array has so many dimensions, more than 2."""
    tags.input_tags.two_d_array = False
    tags.input_tags.three_d_array = dims == 3
    return tags


def _options(dims: int | None) -> dict[str, Any]:
    return {"dtype": [np.float64, np.float32], "allow_nd": dims != 2, "ensure_all_finite": False}


def _of_dims(estimator: Any, X: np.ndarray, dims: int | None) -> np.ndarray:
    if dims is not None and X.ndim != dims:
        raise UsageError(f"{type(estimator).__name__} takes an array of {dims} dimensions, samples first; got shape {X.shape}")
    return X


def _finite(X: np.ndarray) -> np.ndarray:
    """The samples, after a look at each: scikit-learn's own look does not say which of them it is."""
    with np.errstate(over="ignore", invalid="ignore"):
        sum_is_finite = np.isfinite(X.sum(dtype=np.float64))  # no copy of all samples as truth values in the usual case
    if not sum_is_finite and len(bad := np.flatnonzero(~np.isfinite(X.reshape(len(X), -1)).all(axis=1))):
        raise UsageError(f"sample {bad[0]} holds NaN or infinity: look at the clip behind it")
    return X
