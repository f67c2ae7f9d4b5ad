"""Features chosen by a genetic algorithm: sets of features compete by how well a linear machine does on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.preprocessing import scale
from sklearn.svm import SVC
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..errors import UsageError
from .samples import training


class EvolutionarySelection(SelectorMixin, BaseEstimator):
    """The set of features with the best fitness that evolution found.

    The fitness of a set is the balanced accuracy of a linear support vector machine on its features, standardised, in
    cross-validation within the training samples, less ``price`` times the share of all features that it holds. It will overfit where
    samples are few; what it chose must be judged on samples it has never seen.

    Parameters
    ----------
    population : int, default=50
        Sets at a time, 2 or more.
    generations : int, default=50
        How often sets compete.
    tournament : int, default=3
        Parents are the best of so many sets, drawn at random.
    crossover : float, default=0.6
        How often a child has each feature from either parent at random; otherwise it is like one of them.
    mutation : float, optional
        How often a feature is put in or taken out of a child; 1 over their number when not given.
    elite : int, default=2
        Sets that live on as they are.
    price : float, default=0.01
        What all features together would cost, in fitness.
    C : float, default=1.0
        Of the machine.
    n_splits : int, default=3
        Of the cross-validation: of whole persons if ``groups`` is given, else fewer where a class has not as many samples.
    random_state : int, RandomState or None, default=None
        The same number gives the same result.

    Attributes
    ----------
    support_ : ndarray of shape (D,), bool
    history_ : list of float
        The best fitness of each generation, never falling.

    References
    ----------
    Patel, Hong & Zhao (2016), Selective deep features for micro-expression recognition, ICPR. It does not
    give the parameters of its algorithm; these are ours.
    """

    revision = 2
    __metadata_request__fit = {"groups": True}  # noqa: RUF012

    def __init__(
        self,
        population: int = 50,
        generations: int = 50,
        tournament: int = 3,
        crossover: float = 0.6,
        mutation: float | None = None,
        elite: int = 2,
        price: float = 0.01,
        C: float = 1.0,
        n_splits: int = 3,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.population = population
        self.generations = generations
        self.tournament = tournament
        self.crossover = crossover
        self.mutation = mutation
        self.elite = elite
        self.price = price
        self.C = C
        self.n_splits = n_splits
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> EvolutionarySelection:
        """Itself, with a choice made by samples (N, D), their classes (N,) and, if given, their persons (N,).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Samples.
        y : array-like of shape (N,)
            Their classes.
        groups : array-like of shape (N,), optional
            Their persons, who are then kept whole.

        Returns
        -------
        EvolutionarySelection
            Itself.
        """
        samples, _, code = training(self, X, y)
        n_features = samples.shape[1]
        if self.population < 2 or not 0 <= self.elite < self.population or self.generations < 0 or self.tournament < 1:
            raise UsageError(
                f"population={self.population} must be 2 or more, elite={self.elite} less than that, "
                f"generations={self.generations} 0 or more and tournament={self.tournament} 1 or more"
            )
        rng = check_random_state(self.random_state)
        mutation = 1 / n_features if self.mutation is None else self.mutation
        folds = self._folds(code, groups, rng)
        scaled = scale(samples.astype(np.float64))  # in single precision, scikit-learn warns of features with a large mean
        known: dict[bytes, float] = {}

        def fitness(mask: np.ndarray) -> float:
            if (name := np.packbits(mask).tobytes()) not in known:
                known[name] = self._accuracy(scaled[:, mask], code, folds) - self.price * mask.mean()
            return known[name]

        masks = np.stack([_not_empty(rng.uniform(size=n_features) < 0.5, rng) for _ in range(self.population)])
        fit = np.array([fitness(mask) for mask in masks])
        self.history_ = [float(fit.max())]
        for _ in range(self.generations):
            best = np.argsort(-fit, kind="stable")
            children = list(masks[best[: self.elite]])
            while len(children) < self.population:
                # The draw with the least place among the best wins its tournament.
                mother, father = masks[best[rng.randint(self.population, size=(2, self.tournament)).min(axis=1)]]
                mixed = rng.uniform() < self.crossover
                child = np.where(rng.uniform(size=n_features) < 0.5, mother, father) if mixed else mother
                children.append(_not_empty(child ^ (rng.uniform(size=n_features) < mutation), rng))
            masks = np.stack(children)
            fit = np.array([fitness(mask) for mask in masks])
            self.history_.append(float(fit.max()))
        self.support_ = masks[fit.argmax()]
        return self

    def _folds(self, code: np.ndarray, groups: ArrayLike | None, rng: np.random.RandomState) -> list[tuple[np.ndarray, np.ndarray]]:
        n = self.n_splits
        if groups is None:
            most = int(np.bincount(code).min())
            split = StratifiedKFold(max(2, min(n, most)), shuffle=True, random_state=rng) if most > 1 else None
        else:
            most = len(np.unique(groups))
            split = GroupKFold(n) if most >= n else None
        if n < 2 or split is None:
            raise UsageError(f"n_splits={n} must be 2 or more, and not more than there are persons, or samples of a class: {most}")
        return list(split.split(code, code, groups))

    def _accuracy(self, X: np.ndarray, code: np.ndarray, folds: list[tuple[np.ndarray, np.ndarray]]) -> float:
        """Balanced accuracy over the pooled predictions of all folds."""
        gram, said = X @ X.T / X.shape[1], np.empty_like(code)
        for train, test in folds:
            if (code[train] == code[train[0]]).all():
                said[test] = code[train[0]]
                continue
            machine = SVC(C=self.C, kernel="precomputed").fit(gram[np.ix_(train, train)], code[train])
            said[test] = machine.predict(gram[np.ix_(test, train)])
        return float(balanced_accuracy_score(code, said))

    def _get_support_mask(self) -> np.ndarray:
        check_is_fitted(self)
        return self.support_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def _not_empty(mask: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """The mask, with a feature drawn at random if it holds none."""
    if not mask.any():
        mask[rng.randint(len(mask))] = True
    return mask
