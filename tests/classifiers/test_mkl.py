"""Sums of kernels, weighted by their alignment with the classes."""

from itertools import permutations

import numpy as np
import pytest
from sklearn.base import clone

from fleeting.classifiers.mkl import AlignedKernel, alignment, mkl_svc
from fleeting.errors import UsageError


@pytest.fixture
def two_blocks(rng):
    """90 samples in three classes: 20 bins that tell them apart, then 50 that do not."""
    y = np.repeat(["a", "b", "c"], 30)
    X = rng.uniform(size=(90, 70))
    for k in range(3):
        X[30 * k : 30 * (k + 1), 5 * k : 5 * (k + 1)] += 2
    return X, y


def test_intersection_worked_out_by_hand():
    """Of (1, 3) and (2, 2), as shares (.25, .75) and (.5, .5): .25 + .5."""
    kernel = AlignedKernel(["intersection"]).fit([[1.0, 3.0], [2.0, 2.0]], [0, 1])
    np.testing.assert_allclose(kernel.transform([[1.0, 3.0]]), [[1, 0.75]])


def test_polynomial_worked_out_by_hand():
    """(1, 0) and (3, 4) have the cosine .6: (1.6 / 2)^2."""
    kernel = AlignedKernel(["poly2"]).fit([[1.0, 0.0], [3.0, 4.0]], [0, 1])
    np.testing.assert_allclose(kernel.transform([[1.0, 0.0]]), [[1, 0.64]])


@pytest.mark.parametrize("name", ["intersection", "poly2", "poly6"])
def test_kernels_lie_between_nought_and_one_for_the_same_histogram_only(name, rng):
    X = rng.uniform(size=(20, 12))
    kernel = AlignedKernel([name]).fit(X, np.arange(20) % 2).transform(X)
    np.testing.assert_allclose(kernel.diagonal(), 1)
    assert kernel.min() > 0
    assert kernel[~np.eye(20, dtype=bool)].max() < 1
    assert np.linalg.eigvalsh(kernel).min() > -1e-9


def test_chance_is_the_mean_over_all_ways_to_deal_out_the_classes(rng):
    half = rng.normal(size=(5, 3))
    kernel, code = half @ half.T, np.array([0, 0, 1, 1, 1])
    dealt = [alignment(kernel, (code[list(p)][:, None] == code[list(p)]).astype(float)) for p in permutations(range(5))]
    assert np.mean(dealt) == pytest.approx(0, abs=1e-12)
    assert alignment((code[:, None] == code).astype(float), (code[:, None] == code).astype(float)) > 0.7
    assert alignment(np.ones((5, 5)), (code[:, None] == code).astype(float)) == 0


def test_a_useless_kernel_has_next_to_no_weight(two_blocks):
    X, y = two_blocks
    kernel = AlignedKernel(blocks=[20, 50]).fit(X, y)
    assert kernel.weights_.shape == (2, 3)
    assert kernel.weights_.sum() == pytest.approx(1)
    assert kernel.weights_[1].sum() < 0.1


def test_where_no_kernel_is_aligned_all_count_the_same():
    """Two samples of each class, of which each is like one of the other class."""
    X = np.array([[1.0, 0], [0, 1], [1, 0], [0, 1]])
    np.testing.assert_allclose(AlignedKernel().fit(X, [0, 0, 1, 1]).weights_, [[1 / 3] * 3])


def test_tells_classes_apart(two_blocks):
    X, y = two_blocks
    machine = mkl_svc(C=10.0, blocks=(20, 50)).fit(X[::2], y[::2])
    assert (machine.predict(X[1::2]) == y[1::2]).mean() > 0.9
    assert machine.decision_function(X).shape == (90, 3)
    assert repr(clone(machine)) == repr(machine)


def test_fitting_and_transforming_is_one(two_blocks):
    X, y = two_blocks
    kernel = AlignedKernel(blocks=(20, 50))
    np.testing.assert_allclose(kernel.fit_transform(X, y), kernel.transform(X))


@pytest.mark.parametrize(
    ("parameters", "words"),
    [({"kernels": ["no"]}, "'no'"), ({"kernels": ["poly0"]}, "'poly0'"), ({"blocks": [20, 40]}, "sum to 60, but samples have 70")],
)
def test_parameters_that_do_not_fit(parameters, words, two_blocks):
    with pytest.raises(UsageError, match=words):
        AlignedKernel(**parameters).fit(*two_blocks)


def test_what_is_no_histogram(two_blocks):
    X, y = two_blocks
    with pytest.raises(UsageError, match="the least -1"):
        AlignedKernel().fit(X - X.min() - 1, y)
