"""Who is trained on and who is tested, as scikit-learn splitters over clips or long videos.

Persons come from the clips themselves (``Clip.person``), or from ``groups`` where arrays are split. A protocol which can
put one person on both sides, as several papers did, has ``leaky`` set, says so in its name and warns.

The composite database evaluation (CDE) of MEGC 2018 and 2019 is :class:`LOSO` over the clips of several datasets.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import BaseCrossValidator

from .clip import Clip, Video
from .errors import UsageError


class LeakageWarning(UserWarning):
    """One person is trained on and tested: the score says little about people the method has not met."""


class Fold(NamedTuple):
    """One split: its name, and the positions of its training and test clips, (n,) int64 each, in rising order."""

    name: str
    train: np.ndarray
    test: np.ndarray


class Protocol(BaseCrossValidator):
    """A splitter whose folds have names. Subclasses give ``_tests``: name and test positions of each fold.

    ``split`` and ``get_n_splits`` are scikit-learn's, so ``cross_val_predict(method, clips, y, cv=LOSO())`` works, as
    does ``GridSearchCV(cv=LOSO())`` inside a method: under metadata routing it asks for ``groups``.
    """

    leaky = False
    __metadata_request__split = {"groups": True}  # noqa: RUF012

    def folds(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[Fold]:
        """Each fold in turn.

        Parameters
        ----------
        X : sequence of length N
            Clips; or anything, if ``groups`` is given.
        y : ignored
            No protocol looks at labels.
        groups : array-like of length N, optional
            The person of each row as ``dataset/subject``. Goes before the clips' own.

        Yields
        ------
        Fold
            By name.

        Raises
        ------
        UsageError
            There are no persons to tell apart, or a fold would have nothing to train on or to test.
        """
        if self.leaky:
            warnings.warn(f"{self} tests persons it has trained on; compare with LOSO()", LeakageWarning, stacklevel=2)
        for name, test in self._tests(X, groups):
            rest = np.ones(len(X), dtype=bool)
            rest[test] = False
            train = self._train(X, groups, np.flatnonzero(rest))
            if not len(test) or not len(train):
                raise UsageError(f"fold {name!r} of {self} has {len(train)} training and {len(test)} test clips")
            yield Fold(name, train, np.sort(test))

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Positions of training and test clips of each fold, as scikit-learn asks for them.

        Parameters
        ----------
        X : sequence of length N
            Clips; or anything, if ``groups`` is given.
        y : ignored
            No protocol looks at labels.
        groups : array-like of length N, optional
            The person of each row.

        Yields
        ------
        tuple of ndarray
            Positions of training and of test clips.
        """
        for fold in self.folds(X, y, groups):
            yield fold.train, fold.test

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """How many folds there are for these clips.

        Parameters
        ----------
        X : sequence, optional
            As in :meth:`folds`.
        y : ignored
            Not looked at.
        groups : array-like, optional
            As in :meth:`folds`.

        Returns
        -------
        int
            1 or more.
        """
        if X is None and groups is None:
            raise UsageError(f"how many folds {self} has depends on the clips: give them")
        return sum(1 for _ in self._tests(groups if X is None else X, groups))

    def _tests(self, X: Any, groups: Any) -> Iterator[tuple[str, np.ndarray]]:
        raise NotImplementedError

    def _train(self, X: Any, groups: Any, rest: np.ndarray) -> np.ndarray:
        return rest

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"


class LOSO(Protocol):
    """Leave one subject out: a fold for each person, named ``dataset/subject``.

    Examples
    --------
    >>> persons = ["samm/006", "samm/006", "samm/007", "casme2/sub01"]
    >>> [(fold.name, fold.test.tolist()) for fold in LOSO().folds(persons, groups=persons)]
    [('casme2/sub01', [3]), ('samm/006', [0, 1]), ('samm/007', [2])]
    """

    def _tests(self, X: Any, groups: Any) -> Iterator[tuple[str, np.ndarray]]:
        yield from _each(_persons(X, groups), "LOSO leaves one person out, so it needs at least two")


class SubjectKFold(Protocol):
    """A few folds of whole persons, named ``1`` to ``n_splits``.

    Parameters
    ----------
    n_splits : int, default=5
        Folds; as many persons at least.
    seed : int, optional
        Deals persons out at random. Without it they are dealt so that the folds hold about as many clips each.
    """

    def __init__(self, n_splits: int = 5, seed: int | None = None):
        self.n_splits = n_splits
        self.seed = seed

    def _tests(self, X: Any, groups: Any) -> Iterator[tuple[str, np.ndarray]]:
        from sklearn.model_selection import GroupKFold

        persons = _persons(X, groups)
        n = len(np.unique(persons))
        if not 2 <= self.n_splits <= n:
            raise UsageError(f"n_splits must lie between 2 and the number of persons, {n}; got {self.n_splits}")
        splitter = GroupKFold(self.n_splits, shuffle=self.seed is not None, random_state=self.seed)
        yield from _numbered(test for _, test in splitter.split(persons, groups=persons))


class LODO(Protocol):
    """Leave one dataset out: a fold for each dataset, named after it."""

    def _tests(self, X: Any, groups: Any) -> Iterator[tuple[str, np.ndarray]]:
        yield from _each(_datasets(X, groups), "LODO leaves one dataset out, so it needs at least two")


class CrossDataset(Protocol):
    """Train on some datasets, test on others: one fold, named ``train-to-test``. Clips of the rest take no part.

    Parameters
    ----------
    train, test : str or sequence of str
        Names of datasets; none may be in both.
    """

    def __init__(self, train: str | Sequence[str], test: str | Sequence[str]):
        self.train = train
        self.test = test

    def _tests(self, X: Any, groups: Any) -> Iterator[tuple[str, np.ndarray]]:
        yield _direction(_datasets(X, groups), self.train, self.test)

    def _train(self, X: Any, groups: Any, rest: np.ndarray) -> np.ndarray:
        return rest[np.isin(_datasets(X, groups)[rest], _names(self.train))]


class HDE(Protocol):
    """Holdout-database evaluation of MEGC 2018: train on ``a`` and test on ``b``, then the other way round.

    Parameters
    ----------
    a, b : str
        Names of two datasets. The two folds are named ``a-to-b`` and ``b-to-a``.

    References
    ----------
    Yap, See, Hong & Wang (2018), Facial micro-expressions grand challenge 2018 summary, FG. doi:10.1109/FG.2018.00106
    """

    def __init__(self, a: str, b: str):
        self.a = a
        self.b = b

    def _tests(self, X: Any, groups: Any) -> Iterator[tuple[str, np.ndarray]]:
        datasets = _datasets(X, groups)
        yield _direction(datasets, self.a, self.b)
        yield _direction(datasets, self.b, self.a)

    def _train(self, X: Any, groups: Any, rest: np.ndarray) -> np.ndarray:
        # The test dataset is gone from the rest, so what is left of the two is the training one.
        return rest[np.isin(_datasets(X, groups)[rest], [self.a, self.b])]


class LeakyClipKFold(Protocol):
    """A few folds of single clips, whoever they show: what papers with "5-fold cross-validation" usually did.

    The clips of one person are on both sides. To reproduce such a paper, not to learn how good a method is.

    Parameters
    ----------
    n_splits : int, default=5
        Folds.
    seed : int, default=0
        The same clips give the same folds in whatever order they come.
    """

    leaky = True

    def __init__(self, n_splits: int = 5, seed: int = 0):
        self.n_splits = n_splits
        self.seed = seed

    def _tests(self, X: Any, groups: Any) -> Iterator[tuple[str, np.ndarray]]:
        order = _by_id(X)
        if not 2 <= self.n_splits <= len(order):
            raise UsageError(f"n_splits must lie between 2 and the number of clips, {len(order)}; got {self.n_splits}")
        shuffled = np.random.default_rng(self.seed).permutation(order)
        yield from _numbered(np.array_split(shuffled, self.n_splits))


class LeakyHoldOut(Protocol):
    """Some clips are tested, whoever they show: the "70/30" and "80/20" splits of papers.

    The clips of one person are on both sides. To reproduce such a paper, not to learn how good a method is.

    Parameters
    ----------
    test_share : float, default=0.3
        Share of the clips that is tested, above 0 and below 1.
    repeats : int, default=1
        How many such splits are drawn; a clip may be tested in several.
    seed : int, default=0
        The same clips give the same splits in whatever order they come.
    """

    leaky = True

    def __init__(self, test_share: float = 0.3, repeats: int = 1, seed: int = 0):
        self.test_share = test_share
        self.repeats = repeats
        self.seed = seed

    def _tests(self, X: Any, groups: Any) -> Iterator[tuple[str, np.ndarray]]:
        if not 0 < self.test_share < 1 or self.repeats < 1:
            raise UsageError(f"test_share must lie between 0 and 1 and repeats be 1 or more; got {self}")
        order, rng = _by_id(X), np.random.default_rng(self.seed)
        n = round(self.test_share * len(order))
        yield from _numbered(rng.permutation(order)[:n] for _ in range(self.repeats))


PROTOCOLS: dict[str, type[Protocol]] = {
    "loso": LOSO,
    "subject-kfold": SubjectKFold,
    "lodo": LODO,
    "cross-dataset": CrossDataset,
    "hde": HDE,
    "leaky-clip-kfold": LeakyClipKFold,
    "leaky-hold-out": LeakyHoldOut,
}
"""The protocols by the names that the command line understands."""


def _persons(X: Any, groups: Any) -> np.ndarray:
    if groups is None:
        if not all(isinstance(each, Clip | Video) for each in X):
            raise UsageError("persons are unknown: split a list of clips or videos, or give groups, the person of each row")
        return np.array([clip.person for clip in X], dtype=str)
    persons = np.asarray(groups)
    if len(persons) != len(X):
        raise UsageError(f"groups has {len(persons)} persons for {len(X)} rows: one is needed for each")
    return persons.astype(str)


def _datasets(X: Any, groups: Any) -> np.ndarray:
    """The dataset of each row: a person is named ``dataset/subject``."""
    persons = _persons(X, groups)
    if groups is not None and (bare := [each for each in persons.tolist() if "/" not in each]):
        raise UsageError(f"the dataset of person {bare[0]!r} is unknown: give groups as dataset/subject")
    if groups is None:
        return np.array([clip.dataset for clip in X], dtype=str)
    return np.array([each.partition("/")[0] for each in persons], dtype=str)


def _by_id(X: Any) -> np.ndarray:
    """Positions sorted by clip id, so that a draw does not depend on the order of the clips."""
    if all(isinstance(each, Clip | Video) for each in X):
        return np.argsort([clip.id for clip in X], kind="stable")
    return np.arange(len(X))


def _each(names: np.ndarray, too_few: str) -> Iterator[tuple[str, np.ndarray]]:
    """Name and positions of each distinct name, sorted."""
    distinct, code, counts = np.unique(names, return_inverse=True, return_counts=True)
    if len(distinct) < 2:
        raise UsageError(f"{too_few}; there is {'only ' + repr(str(distinct[0])) if len(distinct) else 'none'}")
    parts = np.split(np.argsort(code, kind="stable"), np.cumsum(counts)[:-1])
    yield from zip(distinct.tolist(), parts, strict=True)


def _numbered(tests: Any) -> Iterator[tuple[str, np.ndarray]]:
    for number, test in enumerate(tests, 1):
        yield str(number), test


def _names(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _direction(datasets: np.ndarray, train: str | Sequence[str], test: str | Sequence[str]) -> tuple[str, np.ndarray]:
    train, test = _names(train), _names(test)
    there = sorted(set(datasets.tolist()))
    if unknown := [name for name in [*train, *test] if name not in there]:
        raise UsageError(f"no clip is of the dataset {unknown[0]!r}; there are {', '.join(there)}")
    if both := sorted(set(train) & set(test)):
        raise UsageError(f"the dataset {both[0]!r} cannot be trained on and tested")
    return f"{'+'.join(train)}-to-{'+'.join(test)}", np.flatnonzero(np.isin(datasets, test))
