"""Support vector machines with a chi-square kernel."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics.pairwise import chi2_kernel

from fleeting.classifiers.chi_square_svm import ChiSquareKernel, chi_square_svc
from fleeting.errors import UsageError


@pytest.fixture
def histograms(rng):
    """60 histograms of 30 bins in three classes."""
    y = np.repeat(["a", "b", "c"], 20)
    counts = rng.poisson(5, (60, 30)).astype(float)
    counts[y == "b", :4] += 8
    counts[y == "c", 4:8] += 8
    return counts / counts.sum(axis=1, keepdims=True), y


def test_two_histograms_worked_out_by_hand():
    """(.25^2 / .75) + (.25^2 / .75) + (.5^2 / .5) = 2 / 3; a bin that is empty in both counts nothing."""
    x, y = np.array([[0.5, 0.5, 0, 0]]), np.array([[0.25, 0.25, 0.5, 0]])
    assert ChiSquareKernel(1.0).fit(x).transform(y)[0, 0] == pytest.approx(0.513417, abs=1e-6)


def test_equals_scikit_learns_kernel(histograms):
    X, _ = histograms
    kernel = ChiSquareKernel(3.0)
    np.testing.assert_allclose(kernel.fit_transform(X), chi2_kernel(X, gamma=3.0))
    np.testing.assert_allclose(kernel.fit(X[:40]).transform(X[40:]), chi2_kernel(X[40:], X[:40], gamma=3.0))


def test_the_width_is_the_mean_distance_of_two_training_samples(histograms):
    X, _ = histograms
    distances = [((a - b) ** 2 / np.where(a + b > 0, a + b, 1)).sum() for i, a in enumerate(X[:12]) for b in X[:i]]
    kernel = ChiSquareKernel().fit(X[:12])
    assert kernel.gamma_ == pytest.approx(1 / np.mean(distances))
    np.testing.assert_allclose(ChiSquareKernel().fit_transform(5 * X), ChiSquareKernel().fit_transform(X))


def test_samples_that_are_all_the_same():
    assert (ChiSquareKernel().fit_transform(np.ones((3, 4))) == 1).all()


def test_tells_classes_apart(histograms):
    X, y = histograms
    machine = chi_square_svc(C=10.0).fit(X[::2], y[::2])
    assert (machine.predict(X[1::2]) == y[1::2]).mean() > 0.9
    assert machine.decision_function(X).shape == (60, 3)
    assert repr(clone(machine)) == repr(machine)


def test_what_is_no_histogram(histograms):
    X, y = histograms
    with pytest.raises(UsageError, match="the least -0"):
        chi_square_svc().fit(X - 0.01, y)
    with pytest.raises(UsageError, match="the least -0"):
        chi_square_svc().fit(X, y).predict(X - 0.01)
    with pytest.raises(UsageError, match="gamma=0"):
        chi_square_svc(gamma=0).fit(X, y)
