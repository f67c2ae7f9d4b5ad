"""Supervised locality preserving projections."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from fleeting.classifiers.slpp import SLPP
from fleeting.errors import UsageError


@pytest.fixture
def gaussians(rng):
    """Three classes of 20 in 8 dimensions: far apart in two of them, scattered widely in the others."""
    centres = np.zeros((3, 8))
    centres[1, 0] = centres[2, 1] = 10
    y = np.repeat(["a", "b", "c"], 20)
    return centres.repeat(20, axis=0) + rng.normal(size=(60, 8)) * [1, 1, 9, 9, 9, 9, 9, 9], y


def ratio(X, y):
    """Scatter within classes over scatter between them."""
    means = np.stack([X[y == name].mean(axis=0) for name in y])
    return ((X - means) ** 2).sum() / ((means - X.mean(axis=0)) ** 2).sum()


@pytest.mark.parametrize("heat", [None, 1.0])
def test_classes_lie_closer_together_than_before(heat, gaussians):
    X, y = gaussians
    Z = SLPP(energy=1.0, heat=heat).fit(X, y).transform(X)
    assert Z.shape == (60, 2)
    assert ratio(X, y) > 5
    assert ratio(Z, y) < 0.1


def test_equals_the_equation_of_the_papers(gaussians):
    """X L X^T a = lambda X D X^T a with W = 1 within a class, written out with matrices."""
    X, y = gaussians
    slpp = SLPP(n_components=3, energy=1.0).fit(X, y)
    W = (y[:, None] == y).astype(float)
    D = np.diag(W.sum(axis=1))
    centred = (X - X.mean(axis=0)).T
    left, right = centred @ (D - W) @ centred.T, centred @ D @ centred.T
    for a, value in zip(slpp.components_.T, slpp.eigenvalues_, strict=True):
        np.testing.assert_allclose(left @ a, value * (right @ a), atol=1e-4 * np.linalg.norm(right @ a))
    assert (np.diff(slpp.eigenvalues_) >= 0).all()


@pytest.mark.parametrize("energy", [0.9, 1.0])
def test_a_turned_space_leaves_distances_as_they_are(energy, gaussians, rng):
    X, y = gaussians
    turn, _ = np.linalg.qr(rng.normal(size=(8, 8)))
    slpp = SLPP(n_components=4, energy=energy)
    Z = slpp.fit(X, y).transform(X)
    turned = slpp.fit(X @ turn, y).transform(X @ turn)
    np.testing.assert_allclose(pdist(Z), pdist(turned), rtol=1e-6)


def test_more_dimensions_than_samples_put_each_class_on_a_point(rng):
    y = np.repeat([0, 1, 2], 4)
    X = rng.normal(size=(12, 50)) + y[:, None]
    slpp = SLPP(energy=1.0).fit(X, y)
    Z = slpp.transform(X)
    np.testing.assert_allclose(Z, np.repeat([Z[y == k].mean(axis=0) for k in range(3)], 4, axis=0), atol=1e-3)
    assert np.all(slpp.eigenvalues_ < 1e-6)


def test_no_more_dimensions_than_the_pca_leaves(gaussians):
    X, y = gaussians
    assert SLPP(n_components=50, energy=1.0).fit(X, y).transform(X).shape == (60, 8)
    few = SLPP(n_components=50, energy=0.5).fit(X, y).transform(X)
    assert few.shape[1] < 8


@pytest.mark.parametrize(
    ("parameters", "words"),
    [({"energy": 0}, "energy=0"), ({"energy": 1.1}, "not above 1"), ({"heat": -1.0}, "heat=-1"), ({"n_components": 0}, "1 or more")],
)
def test_parameters_out_of_range(parameters, words, gaussians):
    with pytest.raises(UsageError, match=words):
        SLPP(**parameters).fit(*gaussians)


def test_samples_that_cannot_be_used(gaussians):
    X, y = gaussians
    with pytest.raises(UsageError, match="all samples are the same"):
        SLPP().fit(np.ones((60, 3)), y)
    with pytest.raises(UsageError, match="NaN"):
        SLPP().fit(np.where(X > 20, np.nan, X), y)
    with pytest.raises(UsageError, match="one class a"):
        SLPP().fit(X[:20], y[:20])
