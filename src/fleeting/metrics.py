"""Scores of recognition, as plain functions of true and predicted labels, and the rival conventions of the field.

All come from one confusion matrix over an explicit list of classes, so a class that happens to be absent counts as
written here and not as a library pleases. ``labels=None`` takes every class that is in either list. 0/0 counts as 0:
a class nobody has and nobody predicted has F1 0, a class without clips has recall 0 (with a warning).

The field calls different numbers "F1". :func:`f1_conventions` computes them side by side; UF1 is the first of them.

References
----------
See, Yap, Li, Hong & Wang (2019), MEGC 2019: the second facial micro-expressions grand challenge, FG.
Forman & Scholz (2010), Apples-to-apples in cross-validation studies, SIGKDD Explorations 12(1), 49.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from .errors import UsageError

__all__ = [
    "accuracy",
    "classes_in",
    "confusion_matrix",
    "f1",
    "f1_conventions",
    "f1_of_macro_pr",
    "fold_matrices",
    "macro_f1",
    "paired_matrices",
    "recall",
    "score_of",
    "uar",
    "uf1",
    "war",
    "weighted_f1",
]

Labels = ArrayLike | None
Score = str | Callable[[np.ndarray], np.ndarray]  # a name in SCORES, or a function of confusion matrices as they are


def accuracy(y_true: ArrayLike, y_pred: ArrayLike, labels: Labels = None) -> float:
    """Share of clips that are right, 0 to 1. The field also calls it WAR, the weighted average recall.

    Parameters
    ----------
    y_true, y_pred : array-like of length N
        Class of each clip; both of numbers or both of words.
    labels : sequence, optional
        The classes; default: all that occur. A label outside them is an error.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> accuracy(["smile", "frown", "frown"], ["smile", "smile", "frown"])
    0.6666666666666666
    """
    return _score("accuracy", y_true, y_pred, labels)


def uf1(y_true: ArrayLike, y_pred: ArrayLike, labels: Labels = None) -> float:
    """Unweighted F1, 0 to 1: the mean over classes of ``2 TP / (2 TP + FP + FN)``, counts pooled over all folds.

    Parameters
    ----------
    y_true, y_pred : array-like of length N
        Class of each clip; both of numbers or both of words.
    labels : sequence, optional
        The classes, in any order. A class in neither list counts with F1 0; a label outside it is an error.

    Returns
    -------
    float
        0 to 1.

    Notes
    -----
    All 442 clips of the MEGC 2019 composite called negative: accuracy .5656, UF1 .2408, UAR .3333.

    Examples
    --------
    >>> uf1(["smile", "frown", "frown", "frown"], ["frown"] * 4)
    0.42857142857142855
    """
    return _score("uf1", y_true, y_pred, labels)


def uar(y_true: ArrayLike, y_pred: ArrayLike, labels: Labels = None) -> float:
    """Unweighted average recall, 0 to 1: the mean over classes of ``TP / (TP + FN)``.

    Unlike scikit-learn's ``balanced_accuracy_score`` it does not leave out a class without clips: its recall is 0.

    Parameters
    ----------
    y_true, y_pred : array-like of length N
        Class of each clip; both of numbers or both of words.
    labels : sequence, optional
        The classes; default: all that occur. A label outside them is an error.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> uar(["smile", "frown", "frown", "frown"], ["frown"] * 4)
    0.5
    """
    matrix = confusion_matrix(y_true, y_pred, labels)
    _warn_of_absent(matrix, _classes(y_true, y_pred, labels)[2])
    return float(SCORES["uar"](matrix))


def recall(y_true: ArrayLike, y_pred: ArrayLike, labels: Labels = None) -> dict[object, float]:
    """Recall of each class, ``{class: 0 to 1}``.

    Parameters
    ----------
    y_true, y_pred : array-like of length N
        Class of each clip; both of numbers or both of words.
    labels : sequence, optional
        The classes; default: all that occur. A label outside them is an error.

    Returns
    -------
    dict of class to float
        A class without clips has 0, with a warning.

    Examples
    --------
    >>> recall([0, 0, 1], [0, 1, 1])
    {0: 0.5, 1: 1.0}
    """
    matrix, classes = confusion_matrix(y_true, y_pred, labels), _classes(y_true, y_pred, labels)[2]
    _warn_of_absent(matrix, classes)
    return dict(zip(classes.tolist(), _recall(matrix).tolist(), strict=True))


def f1(y_true: ArrayLike, y_pred: ArrayLike, labels: Labels = None) -> dict[object, float]:
    """F1 of each class, ``{class: 0 to 1}``.

    Parameters
    ----------
    y_true, y_pred : array-like of length N
        Class of each clip; both of numbers or both of words.
    labels : sequence, optional
        The classes; default: all that occur. A label outside them is an error.

    Returns
    -------
    dict of class to float
        A class in neither list has 0.

    Examples
    --------
    >>> f1([0, 0, 0, 1], [0, 0, 1, 1])
    {0: 0.8, 1: 0.6666666666666666}
    """
    matrix, classes = confusion_matrix(y_true, y_pred, labels), _classes(y_true, y_pred, labels)[2]
    return dict(zip(classes.tolist(), _f1(matrix).tolist(), strict=True))


def weighted_f1(y_true: ArrayLike, y_pred: ArrayLike, labels: Labels = None) -> float:
    """Mean of the classes' F1, each weighted by its number of clips: kind to the large classes.

    Parameters
    ----------
    y_true, y_pred : array-like of length N
        Class of each clip; both of numbers or both of words.
    labels : sequence, optional
        The classes; default: all that occur. A label outside them is an error.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> round(weighted_f1([0, 0, 0, 1], [0, 0, 1, 1]), 3)
    0.767
    """
    return _score("weighted_f1", y_true, y_pred, labels)


def f1_of_macro_pr(y_true: ArrayLike, y_pred: ArrayLike, labels: Labels = None) -> float:
    """Harmonic mean of macro precision and macro recall: what some published code calls F1. Only for reproduction.

    Parameters
    ----------
    y_true, y_pred : array-like of length N
        Class of each clip; both of numbers or both of words.
    labels : sequence, optional
        The classes; default: all that occur. A label outside them is an error.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> round(f1_of_macro_pr([0, 0, 0, 1], [0, 0, 1, 1]), 3)
    0.789
    """
    return _score("f1_of_macro_pr", y_true, y_pred, labels)


macro_f1 = uf1  # the same number under its other name
war = accuracy


def confusion_matrix(y_true: ArrayLike, y_pred: ArrayLike, labels: Labels = None) -> np.ndarray:
    """Counts, (K, K) int64: row the true class, column the predicted one, in the order of ``labels``.

    Parameters
    ----------
    y_true, y_pred : array-like of length N
        Class of each clip; both of numbers or both of words.
    labels : sequence, optional
        Default: every class in either list, sorted.

    Returns
    -------
    ndarray of shape (K, K), int64
        Row the true class, column the predicted one.

    Examples
    --------
    >>> confusion_matrix([0, 0, 1], [0, 1, 1])
    array([[1, 1],
           [0, 1]])
    """
    true, pred, classes = _classes(y_true, y_pred, labels)
    k = len(classes)
    return np.bincount(true * k + pred, minlength=k * k).reshape(k, k)


def classes_in(*lists: ArrayLike) -> np.ndarray:
    """Every class in any of the lists, sorted, (K,).

    Parameters
    ----------
    *lists : array-like
        Labels, all of numbers or all of words.

    Returns
    -------
    ndarray of shape (K,)
        Each class once.

    Raises
    ------
    UsageError
        Some labels are numbers and some are words.

    Examples
    --------
    >>> classes_in([2, 0], [1, 2])
    array([0, 1, 2])
    """
    plain = [_plain(each, "a list of labels") for each in lists]
    if len({each.dtype.kind == "U" for each in plain}) > 1:
        raise UsageError("some labels are numbers and some are words: give all as one or the other")
    return np.unique(np.concatenate(plain))


def f1_conventions(
    y_true: ArrayLike, y_pred: ArrayLike, folds: ArrayLike, labels: Labels = None
) -> dict[str, float]:
    """The same predictions under each convention that papers have called F1, ``{name: 0 to 1}``.

    ==========================  =====================================================================================
    ``uf1``                     mean over classes, counts pooled over folds (MEGC 2019)
    ``weighted_f1``             the same, classes weighted by their clips
    ``micro_f1``                counts pooled over classes too: for one label a clip this is accuracy
    ``f1_of_macro_pr``          harmonic mean of macro precision and macro recall, pooled
    ``fold_mean_f1``            mean over folds of each fold's macro F1 over all classes: absent classes count 0
    ``fold_mean_f1_present``    the same over the classes that occur in the fold, as libraries do unless told otherwise
    ``fold_mean_weighted_f1``   mean over folds of each fold's weighted F1
    ==========================  =====================================================================================

    Parameters
    ----------
    y_true, y_pred : array-like of length N
        Class of each clip; both of numbers or both of words.
    folds : array-like of length N
        The fold, or the person, of each clip.
    labels : sequence, optional
        The classes; default: all that occur. A label outside them is an error.

    Returns
    -------
    dict of str to float
        In the order of the table.

    Examples
    --------
    >>> round(f1_conventions([0, 0, 1, 1], [0, 0, 0, 1], folds=["a", "a", "b", "b"])["fold_mean_f1"], 3)
    0.417
    """
    counts, pooled = fold_matrices(y_true, y_pred, folds, labels)
    present = counts.sum(axis=1) + counts.sum(axis=2) > 0  # (F, K)
    per_fold = _f1(counts)
    return {
        "uf1": float(SCORES["uf1"](pooled)),
        "weighted_f1": float(SCORES["weighted_f1"](pooled)),
        "micro_f1": float(SCORES["accuracy"](pooled)),
        "f1_of_macro_pr": float(SCORES["f1_of_macro_pr"](pooled)),
        "fold_mean_f1": float(per_fold.mean()),
        "fold_mean_f1_present": float((per_fold.sum(axis=1) / present.sum(axis=1)).mean()),
        "fold_mean_weighted_f1": float(SCORES["weighted_f1"](counts).mean()),
    }


def fold_matrices(
    y_true: ArrayLike, y_pred: ArrayLike, folds: ArrayLike, labels: Labels = None
) -> tuple[np.ndarray, np.ndarray]:
    """The confusion matrix of each fold, (F, K, K) int64 in sorted order of folds, and their sum, (K, K).

    Parameters
    ----------
    y_true, y_pred : array-like of length N
        Class of each clip; both of numbers or both of words.
    folds : array-like of length N
        The fold, or the person, of each clip.
    labels : sequence, optional
        The classes; default: all that occur. A label outside them is an error.

    Returns
    -------
    tuple of ndarray
        Of each fold, (F, K, K); of all, (K, K).

    Examples
    --------
    >>> counts, pooled = fold_matrices([0, 0, 1, 1], [0, 1, 1, 1], folds=["a", "b", "a", "b"])
    >>> counts.shape, pooled.tolist()
    ((2, 2, 2), [[1, 1], [0, 2]])
    """
    true, pred, classes = _classes(y_true, y_pred, labels)
    names, fold = np.unique(np.asarray(folds), return_inverse=True)
    if len(fold) != len(true):
        raise UsageError(f"{len(fold)} folds for {len(true)} clips: one is needed for each clip")
    f, k = len(names), len(classes)
    counts = np.bincount((fold * k + true) * k + pred, minlength=f * k * k).reshape(f, k, k)
    return counts, counts.sum(axis=0)


def paired_matrices(y_true: ArrayLike, pred_a: ArrayLike, pred_b: ArrayLike, folds: ArrayLike, labels: Labels = None) -> np.ndarray:
    """How often each fold's clips of each class were called what by ``a`` and by ``b``, (F, K, K, K) int64, folds in sorted order.

    Parameters
    ----------
    y_true, pred_a, pred_b : array-like of length N
        Class of each clip, and what two methods say.
    folds : array-like of length N
        The fold, or the person, of each clip.
    labels : sequence, optional
        The classes; default: all that occur. A label outside them is an error.

    Returns
    -------
    ndarray of shape (F, K, K, K), int64
        Axes: fold, true class, what a said, what b said.

    Examples
    --------
    >>> paired_matrices([0, 1], [0, 1], [1, 1], folds=["a", "b"]).shape
    (2, 2, 2, 2)
    """
    labels = classes_in(y_true, pred_a, pred_b) if labels is None else labels
    (true, a, classes), (_, b, _) = (_classes(y_true, each, labels) for each in (pred_a, pred_b))
    names, fold = np.unique(np.asarray(folds), return_inverse=True)
    counts = np.zeros((len(names), *3 * [len(classes)]), int)
    np.add.at(counts, (fold, true, a, b), 1)
    return counts


def _ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(a.shape, b.shape)), where=b > 0)


def _hits(counts: np.ndarray) -> np.ndarray:
    return np.diagonal(counts, axis1=-2, axis2=-1).astype(float)  # (..., K)


def _recall(counts: np.ndarray) -> np.ndarray:
    return _ratio(_hits(counts), counts.sum(axis=-1))


def _precision(counts: np.ndarray) -> np.ndarray:
    return _ratio(_hits(counts), counts.sum(axis=-2))


def _f1(counts: np.ndarray) -> np.ndarray:
    return _ratio(2 * _hits(counts), counts.sum(axis=-1) + counts.sum(axis=-2))


def _weighted_f1(counts: np.ndarray) -> np.ndarray:
    clips = counts.sum(axis=-1)  # (..., K)
    return _ratio((clips * _f1(counts)).sum(axis=-1), clips.sum(axis=-1))


def _f1_of_macro_pr(counts: np.ndarray) -> np.ndarray:
    p, r = _precision(counts).mean(axis=-1), _recall(counts).mean(axis=-1)
    return _ratio(2 * p * r, p + r)


def _accuracy(counts: np.ndarray) -> np.ndarray:
    return _ratio(_hits(counts).sum(axis=-1), counts.sum(axis=(-2, -1)))


SCORES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "accuracy": _accuracy,
    "uf1": lambda counts: _f1(counts).mean(axis=-1),
    "uar": lambda counts: _recall(counts).mean(axis=-1),
    "weighted_f1": _weighted_f1,
    "f1_of_macro_pr": _f1_of_macro_pr,
}
"""Each score as a function of confusion matrices (..., K, K) -> (...): thousands of resamples cost one call."""

ALIASES = {"war": "accuracy", "macro_f1": "uf1", "micro_f1": "accuracy"}


def score_of(name: Score) -> Callable[[np.ndarray], np.ndarray]:
    """The function of confusion matrices behind a score's name; its other names are understood. A function is its own.

    Parameters
    ----------
    name : str or callable
        ``accuracy``, ``uf1``, ``uar``, ``weighted_f1``, ``f1_of_macro_pr`` or another of their names, such as ``war``.

    Returns
    -------
    callable
        Takes (..., K, K), gives (...).

    Raises
    ------
    UsageError
        No score is called so.

    Examples
    --------
    >>> float(score_of("war")(confusion_matrix([0, 1], [0, 0])))
    0.5
    """
    if not isinstance(name, str):
        return name
    function = SCORES.get(ALIASES.get(name, name))
    if function is None:
        raise UsageError(f"no score is called {name!r}; there are {', '.join([*SCORES, *ALIASES])}")
    return function


def _score(name: str, y_true: ArrayLike, y_pred: ArrayLike, labels: Labels) -> float:
    return float(SCORES[name](confusion_matrix(y_true, y_pred, labels)))


def _warn_of_absent(matrix: np.ndarray, classes: np.ndarray) -> None:
    if absent := classes[matrix.sum(axis=1) == 0].tolist():
        warnings.warn(f"no clip has the class {absent}: its recall counts as 0", stacklevel=3)


def _classes(y_true: ArrayLike, y_pred: ArrayLike, labels: Labels) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both lists as positions in the classes, (N,) int64 each, and the classes, (K,)."""
    true, pred = _plain(y_true, "y_true"), _plain(y_pred, "y_pred")
    if len(true) != len(pred):
        raise UsageError(f"y_true has {len(true)} labels and y_pred {len(pred)}: they must belong to the same clips")
    if (true.dtype.kind == "U") != (pred.dtype.kind == "U"):
        raise UsageError(f"y_true holds {true.dtype} and y_pred {pred.dtype}: give both as numbers or both as words")
    both = np.concatenate([true, pred])
    classes = np.unique(both) if labels is None else _plain(labels, "labels")
    if len(set(classes.tolist())) < len(classes):
        raise UsageError(f"labels names a class twice: {classes.tolist()}")
    order = np.argsort(classes)
    position = np.searchsorted(classes, both, sorter=order).clip(max=len(classes) - 1)
    code = order[position]
    if (wrong := classes[code] != both).any():
        raise UsageError(f"the label {both[wrong][0]!s} is not among labels {classes.tolist()}")
    return code[: len(true)], code[len(true) :], classes


def _plain(values: ArrayLike, what: str) -> np.ndarray:
    """A one-dimensional array of numbers or of words, without gaps."""
    array = np.asarray(values)
    if array.dtype.kind == "O":  # a column of a table
        array = np.array(array.tolist())
        if array.dtype.kind == "O" or "nan" in np.unique(array.astype(str)):
            raise UsageError(f"{what} has a clip without a label: leave such clips out, or label them")
    if array.ndim != 1 or not len(array):
        raise UsageError(f"{what} must be a list of at least one label; its shape is {array.shape}")
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise UsageError(f"{what} has nan for a label: leave such clips out, or label them")
    if array.dtype.kind not in "biufU":
        raise UsageError(f"{what} holds {array.dtype}: labels are numbers or words")
    return array
