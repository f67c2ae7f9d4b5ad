"""Evolutionary feature selection."""

import numpy as np
import pytest

from fleeting.classifiers.evolution import EvolutionarySelection
from fleeting.errors import UsageError

GOOD = [3, 20, 41, 60, 88]


@pytest.fixture
def informative(rng):
    """120 samples of 100 features, of which five tell three classes apart, each a little."""
    y = rng.integers(3, size=120)
    X = rng.normal(size=(120, 100))
    X[:, GOOD] += 1.3 * rng.permuted(np.tile([-1.0, 0, 1], (5, 1)), axis=1)[:, y].T
    return X, y


def test_what_tells_classes_apart_is_kept(informative):
    X, y = informative
    selection = EvolutionarySelection(24, 15, random_state=0).fit(X, y)
    assert selection.support_[GOOD].sum() >= 4
    assert selection.support_.mean() < 0.6
    assert selection.transform(X).shape == (120, selection.support_.sum())


def test_the_best_never_gets_worse_and_gets_better(informative):
    history = EvolutionarySelection(12, 8, random_state=0).fit(*informative).history_
    assert len(history) == 9
    assert (np.diff(history) >= 0).all()
    assert history[-1] > history[0]


def test_at_least_one_feature_is_kept(rng):
    """Where each feature costs more than it can bring."""
    X, y = rng.normal(size=(20, 3)), np.arange(20) % 2
    selection = EvolutionarySelection(10, 20, price=10, mutation=0.5, random_state=0).fit(X, y)
    assert selection.support_.sum() == 1


def test_a_seed_repeats_itself(informative):
    first, again = (EvolutionarySelection(6, 3, random_state=4).fit(*informative) for _ in range(2))
    np.testing.assert_array_equal(first.support_, again.support_)


def test_persons_are_kept_whole(rng):
    """One feature tells who it is, and so the class of that person's other samples; another tells the class a little."""
    persons = np.repeat(np.arange(12), 8)
    y = persons % 2
    X = np.column_stack([*(persons == p for p in range(12)), y + 1.2 * rng.normal(size=96), rng.normal(size=(96, 5))])
    whole = EvolutionarySelection(16, 6, random_state=0).fit(X, y, groups=persons).history_[-1]
    torn = EvolutionarySelection(16, 6, random_state=0).fit(X, y).history_[-1]
    assert torn > 0.95
    assert whole < 0.85


def test_features_in_single_precision_with_a_large_mean(informative):
    """As networks give them: scikit-learn warned that they could not be centred."""
    X, y = informative
    selection = EvolutionarySelection(6, 3, random_state=0).fit((X + 1e5).astype(np.float32), y)
    assert selection.support_.any()


@pytest.mark.parametrize(
    ("parameters", "words"),
    [({"population": 1}, "population=1"), ({"elite": 50}, "elite=50"), ({"tournament": 0}, "tournament=0"), ({"n_splits": 1}, "n_splits")],
)
def test_parameters_out_of_range(parameters, words, informative):
    with pytest.raises(UsageError, match=words):
        EvolutionarySelection(**parameters).fit(*informative)


def test_fewer_persons_than_folds(informative):
    with pytest.raises(UsageError, match="persons, or samples of a class: 2"):
        EvolutionarySelection().fit(*informative, groups=np.arange(120) % 2)
