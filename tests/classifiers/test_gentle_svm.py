"""GentleBoost and GentleSVM."""

import numpy as np
import pytest

from fleeting.classifiers.gentle_svm import GentleBoost, GentleSVM
from fleeting.errors import UsageError


@pytest.fixture
def informative(rng):
    """80 samples of 500 features, three of which tell the class."""
    X = rng.normal(size=(80, 500))
    y = rng.integers(2, size=80)
    X[:, [7, 70, 300]] += 3 * y[:, None]
    return X, y


def test_the_first_stump_lies_between_classes_without_error():
    X = np.array([-3.0, -2, -1, 1, 2, 3])[:, None]
    boost = GentleBoost(n_rounds=1).fit(X, X[:, 0] > 0)
    (feature, threshold, low, high), = zip(*boost.stumps_[0], strict=True)
    assert feature == 0
    assert -1 < threshold < 1
    assert (low, high - low) == (-1, 2)  # b = -1, a = 2
    assert boost.losses_[0].tolist() == [1, pytest.approx(np.exp(-1))]


def test_a_stump_worked_out_by_hand():
    """Values 1 to 4, classes - + - +: the split after 1 leaves weighted means -1 and 1/3, that after 2 leaves 0 and 0."""
    boost = GentleBoost(n_rounds=1).fit([[1.0], [2.0], [3.0], [4.0]], [0, 1, 0, 1])
    (_, threshold, low, high), = zip(*boost.stumps_[0], strict=True)
    assert 1 <= threshold < 2
    assert (low, high) == (-1, pytest.approx(1 / 3))


def test_the_loss_never_rises(informative, rng):
    X, _ = informative
    boost = GentleBoost().fit(X[:, :5], rng.integers(3, size=80))
    assert len(boost.losses_) == 3
    for losses in boost.losses_:
        assert len(losses) > 20
        assert (np.diff(losses) <= 1e-12).all()


def test_the_first_features_are_those_that_tell_the_class(informative):
    boost = GentleBoost().fit(*informative)
    first = list(dict.fromkeys(boost.stumps_[0].feature.tolist()))[:3]
    assert set(first) == {7, 70, 300}
    assert len(boost.selected_) <= len(boost.stumps_[0].feature) < 100  # it ends when nothing is wrong any more


def test_what_is_seen_of_new_samples_is_what_was_seen_in_training(informative):
    """The thresholds' bins and the thresholds say the same."""
    X, y = informative
    boost = GentleBoost(n_rounds=7).fit(X, y)
    expected = np.exp(-np.where(y, 1, -1) * boost.decision_function(X)).mean()
    assert boost.losses_[0][-1] == pytest.approx(expected)


def test_of_features_that_are_equally_good_the_first_is_picked(rng):
    """Which one had depended on how sums of weights were rounded, and so on the order of the samples."""
    y = np.repeat([0, 1, 2], 15)
    X = rng.random((45, 12)) + 0.1 * y[:, None]
    both = np.column_stack([X, -X])  # splits a feature as well as its opposite does
    picked = GentleBoost(n_rounds=8).fit(both, y).selected_
    for order in (rng.permutation(45), np.arange(45)[::-1]):
        np.testing.assert_array_equal(GentleBoost(n_rounds=8).fit(both[order], y[order]).selected_, picked)


def test_features_in_parts_give_the_same(informative, monkeypatch):
    whole = GentleBoost(n_rounds=7).fit(*informative).stumps_[0]
    monkeypatch.setattr("fleeting.classifiers.gentle_svm.CHUNK", 80 * 33)
    for a, b in zip(whole, GentleBoost(n_rounds=7).fit(*informative).stumps_[0], strict=True):
        np.testing.assert_array_equal(a, b)


def test_only_drawn_features_are_looked_at(informative):
    boost = GentleBoost(max_features=20, random_state=0).fit(*informative)
    assert len(boost.selected_) <= 20
    again = GentleBoost(max_features=20, random_state=0).fit(*informative)
    np.testing.assert_array_equal(boost.selected_, again.selected_)


def test_the_machine_sees_only_what_was_picked(informative):
    X, y = informative
    machine = GentleSVM().fit(X[::2], y[::2])
    assert machine.svm_[-1].n_features_in_ == len(machine.boost_.selected_)
    assert (machine.predict(X[1::2]) == y[1::2]).mean() > 0.75
    changed = X.copy()
    changed[:, np.delete(np.arange(500), machine.boost_.selected_)] = 0
    np.testing.assert_array_equal(machine.decision_function(changed), machine.decision_function(X))


@pytest.mark.parametrize("parameters", [{"n_rounds": 0}, {"n_thresholds": 0}, {"n_thresholds": 255}, {"max_features": 0}], ids=str)
def test_parameters_out_of_range(parameters, informative):
    with pytest.raises(UsageError, match=next(iter(parameters))):
        GentleSVM(**parameters).fit(*informative)
