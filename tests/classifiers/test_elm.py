"""Extreme learning machines."""

import numpy as np
import pytest
from sklearn.base import clone

from fleeting.classifiers.elm import ELM, KernelELM, left_out, output_weights
from fleeting.errors import UsageError

XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array(["same", "other", "other", "same"])


def test_xor_with_twenty_neurons():
    elm = ELM(n_hidden=20, C=1e6, random_state=0).fit(*XOR)
    assert list(elm.predict(XOR[0])) == list(XOR[1])
    assert elm.output_.shape == (10, 20, 2)


@pytest.mark.parametrize("shape", [(30, 12), (12, 30)], ids=["more samples", "more neurons"])
def test_both_closed_forms_agree(shape, rng):
    hidden, targets, C = rng.uniform(size=shape), rng.normal(size=(shape[0], 3)), 7.0
    tall = np.linalg.inv(hidden.T @ hidden + np.eye(shape[1]) / C) @ hidden.T @ targets
    wide = hidden.T @ np.linalg.inv(hidden @ hidden.T + np.eye(shape[0]) / C) @ targets
    np.testing.assert_allclose(tall, wide, atol=1e-8)
    np.testing.assert_allclose(output_weights(hidden, targets, C), tall, atol=1e-8)


def test_with_more_neurons_than_samples_and_free_weights_the_targets_are_met(rng):
    X, y = rng.normal(size=(25, 6)), rng.integers(3, size=25)
    elm = ELM(n_hidden=200, C=1e12, random_state=1).fit(X, y)
    np.testing.assert_allclose(elm.decision_function(X), np.where(y[:, None] == [0, 1, 2], 1, -1), atol=1e-6)


def test_the_mean_of_draws_is_that_of_machines_of_one_draw(rng):
    X, y = rng.normal(size=(40, 5)), rng.integers(3, size=40)
    state = np.random.RandomState(3)  # draws go on where they were
    single = [ELM(50, draws=1, random_state=state).fit(X, y).decision_function(X) for _ in range(4)]
    np.testing.assert_allclose(ELM(50, draws=4, random_state=3).fit(X, y).decision_function(X), np.mean(single, axis=0))


def test_weights_drawn_in_parts_are_uniform_and_the_same_again(rng, monkeypatch):
    X, y = rng.normal(size=(40, 50)), rng.integers(3, size=40)
    scores = ELM(30, random_state=0).fit(X, y).decision_function(X)
    monkeypatch.setattr("fleeting.classifiers.elm.AT_ONCE", 350)  # seven neurons
    np.testing.assert_allclose(ELM(30, random_state=0).fit(X, y).decision_function(X), scores)
    corners = np.concatenate([np.eye(50), np.zeros((1, 50))])  # scaled: one feature at 1, the others at -1; all at -1
    elm = ELM(30, draws=1, random_state=0).fit(corners, np.arange(51) % 2)
    hidden = next(elm._hidden(corners))
    weights = np.diff(np.log(hidden / (1 - hidden))[[50, *range(50)]], axis=0)[0] / 2
    assert -1 < weights.min() < -0.7
    assert 0.7 < weights.max() < 1


def test_persons_are_left_out_exactly(rng):
    hidden, targets = rng.normal(size=(30, 8)), rng.normal(size=(30, 3))
    persons = np.arange(30) % 7
    people = [np.flatnonzero(persons == person) for person in range(7)]
    expected = np.empty_like(targets)
    for rows in people:
        others = np.delete(np.arange(30), rows)
        expected[rows] = hidden[rows] @ output_weights(hidden[others], targets[others], 0.3)
    np.testing.assert_allclose(left_out(hidden @ hidden.T, targets, people, 0.3), expected, atol=1e-10)


@pytest.mark.parametrize("machine", [ELM(100, [1e-4, 100.0], draws=3, random_state=0), KernelELM([1e-4, 100.0], "linear")], ids=repr)
def test_of_several_c_the_one_that_serves_unseen_persons(machine, rng):
    """Uneven classes with little said by the features: weights next to nothing still find the larger class only."""
    y = np.repeat([0, 1], [40, 15])
    X = rng.normal(size=(55, 4)) + 3 * y[:, None]
    machine.fit(X, y, groups=np.arange(55) % 6)
    assert machine.C_ == 100
    assert "leave-one-subject-out" in machine.selection
    assert machine.set_params(C=2.0).fit(X, y).selection is None
    with pytest.raises(UsageError, match="give groups"):
        clone(machine).set_params(C=[1.0, 2.0]).fit(X, y)


def test_a_seed_repeats_itself_and_another_differs(rng):
    X, y = rng.normal(size=(40, 5)), rng.integers(2, size=40)
    first, again, other = (ELM(30, random_state=seed).fit(X, y).decision_function(X) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


def test_units_of_features_do_not_matter(rng):
    X, y = rng.normal(size=(40, 5)), rng.integers(3, size=40)
    scores = ELM(30, random_state=0).fit(X, y).decision_function(X)
    moved = X * [1, 100, 0.01, 3, 7] + 50
    np.testing.assert_allclose(ELM(30, random_state=0).fit(moved, y).decision_function(moved), scores, atol=1e-6)


def test_kernel_elm_is_its_formula(rng):
    X, y, new = rng.normal(size=(20, 4)), rng.integers(3, size=20), rng.normal(size=(5, 4))
    elm = KernelELM(C=2.0, gamma=0.3).fit(X, y)

    def k(a, b):
        return np.exp(-0.3 * ((a[:, None] - b) ** 2).sum(axis=2))

    expected = k(new, X) @ np.linalg.inv(np.eye(20) / 2 + k(X, X)) @ np.where(y[:, None] == [0, 1, 2], 1, -1)
    np.testing.assert_allclose(elm.decision_function(new), expected, atol=1e-10)
    assert list(elm.predict(new)) == list(expected.argmax(axis=1))


@pytest.mark.parametrize(
    ("estimator", "words"),
    [
        (ELM(C=0), "C=0"),
        (ELM(C=[]), "above 0"),
        (ELM(n_hidden=0), "n_hidden=0"),
        (ELM(draws=0), "draws=0"),
        (KernelELM(kernel="no"), "'no'"),
        (KernelELM(C=-1), "-1"),
    ],
)
def test_parameters_out_of_range(estimator, words):
    with pytest.raises(UsageError, match=words):
        estimator.fit(*XOR)
