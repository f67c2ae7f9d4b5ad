"""From action units to an emotion group by the tables of FACS and EMFACS: a classifier that learns nothing."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import validate_data

from ..errors import UsageError
from ..faces.action_units import AUS, EMOTION_AUS, SIDED, au_fields, sides
from ..faces.landmarks import mean_mesh

# Share of expressions that show on one side only, half of them on each.
ONE_SIDED = 0.2


class EmotionTable(ClassifierMixin, BaseEstimator):
    """Probabilities of ``negative``, ``positive`` and ``surprise`` from the intensities of the action units.

    The motion which the intensities stand for is compared with the motion of each combination in ``EMOTION_AUS``, on
    both sides or on one: a mixture of von Mises-Fisher distributions over the directions of motion fields. Comparing
    fields instead of lists of numbers makes a confusion of neighbours, such as AU6 and AU7, cost little. Blinks do not
    count.

    Parameters
    ----------
    concentration : float, default=12
        How sharply a combination is expected to be met. Chosen by log loss on synthetic motion alone.
    floor : float, default=0.3
        Intensity, % of the eye distance, of the strongest action unit at which half of the
        concentration is left. Sensor noise of 1.5 grey levels alone reads as .03 to .08, with a small head shift as .1.
    doubt : float, default=0.18
        Share of the probability that is spread evenly, 0 to 1, whatever is seen. With .18 no probability exceeds .88: on real maps of
        CASME II the surer half of its names was right in .86 of the cases, on another derivation of them in .93.

    References
    ----------
    Friesen & Ekman (1983), EMFACS-7. Banerjee, Dhillon, Ghosh & Sra (2005), JMLR 6, 1345 (von Mises-Fisher mixtures).
    """

    revision = 2

    def __init__(self, concentration: float = 12.0, floor: float = 0.3, doubt: float = 0.18):
        self.concentration = concentration
        self.floor = floor
        self.doubt = doubt

    @property
    def classes_(self) -> np.ndarray:
        """The emotion groups in the order of the probabilities: ``['negative', 'positive', 'surprise']``."""
        return np.array(sorted(EMOTION_AUS))

    def fit(self, X: ArrayLike | None = None, y: Any = None) -> EmotionTable:
        """Itself: there is nothing to learn. Intensities, if given, are looked at as by :meth:`predict_proba`.

        Parameters
        ----------
        X : array-like of shape (N, A), optional
            Looked at as by :meth:`predict_proba`.
        y : object, optional
            Not looked at.

        Returns
        -------
        EmotionTable
            Itself.
        """
        if X is not None:
            _intensities(self, X)
        return self

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Probabilities, (N, 3) float64 in the order of ``classes_``; one third each where nothing moved.

        Parameters
        ----------
        X : array-like of shape (N, A)
            Intensities of ``AUS``, 0 or more, % of the eye distance.

        Returns
        -------
        ndarray of shape (N, 3), float64
            In the order of ``classes_``, each row summing to one.

        Raises
        ------
        UsageError
            Another number of columns; NaN or infinity, of which nothing can be said.
        """
        X = _intensities(self, X)
        likeness, combinations, group, share = _likeness(), *_combinations()
        energy = np.einsum("na,ab,nb->n", X, likeness, X)
        cosine = X @ likeness @ combinations.T / np.sqrt(np.maximum(energy, 1e-12))[:, None]  # (N, combinations)
        strongest = (X * (likeness.diagonal() > 0)).max(axis=1, initial=0)
        sure = self.concentration * strongest**2 / (strongest**2 + self.floor**2)
        terms = share * np.exp(sure[:, None] * (cosine - 1))
        sums = np.stack([terms[:, group == i].sum(axis=1) for i in range(len(self.classes_))], axis=1)
        return (1 - self.doubt) * sums / sums.sum(axis=1, keepdims=True) + self.doubt / len(self.classes_)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The most probable emotion group of each row, (N,) str.

        Parameters
        ----------
        X : array-like of shape (N, A)
            As in :meth:`predict_proba`.

        Returns
        -------
        ndarray of shape (N,), str
            Of ``classes_``.
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


def _intensities(table: EmotionTable, X: ArrayLike) -> np.ndarray:
    """Intensities as float64, (N, A), after a look at each; there may be none."""
    try:
        intensities = np.asarray(validate_data(table, X, dtype=np.float64, ensure_min_samples=0))
    except ValueError as error:
        raise UsageError(f"EmotionTable: {error}") from None
    if intensities.shape[1] != len(AUS):
        raise UsageError(f"EmotionTable takes intensities of {len(AUS)} action units a row; got shape {intensities.shape}")
    return intensities


@cache
def _likeness() -> np.ndarray:
    """Inner products of the AUs' motion fields on the mean face, (A, A); the blink's are zero."""
    grid = np.stack(np.meshgrid(np.linspace(-1.2, 1.2, 41), np.linspace(-1, 1.88, 49)), axis=-1).reshape(-1, 2)
    fields = au_fields(mean_mesh(), grid).reshape(len(AUS), -1).astype(np.float64)
    fields[[AUS.index(name) for name in sides((45,))]] = 0
    return np.asarray(fields @ fields.T)


@cache
def _combinations() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every combination on both sides and on each: of length 1 (M, A), their group (M,), their share in it (M,)."""
    rows, group, share = [], [], []
    for index, name in enumerate(sorted(EMOTION_AUS)):
        total = sum(usual for usual, _ in EMOTION_AUS[name])
        for usual, numbers in EMOTION_AUS[name]:
            one_sided = ONE_SIDED if any(number in SIDED for number in numbers) else 0.0
            for other, part in (("", 1 - one_sided), ("L", one_sided / 2), ("R", one_sided / 2)):
                seen = [unit for unit in sides(numbers) if not other or unit[0] != other]
                row = np.isin(AUS, seen).astype(np.float64)
                rows.append(row / np.sqrt(row @ _likeness() @ row))
                group.append(index)
                share.append(usual / total * part)
    return np.array(rows), np.array(group), np.array(share)
