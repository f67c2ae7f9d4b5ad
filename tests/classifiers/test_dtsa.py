"""Discriminant tensor subspace analysis."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from fleeting.classifiers.dtsa import DTSA, trace_ratio
from fleeting.classifiers.elm import ELM
from fleeting.errors import UsageError


@pytest.fixture
def tensors(rng):
    """Two classes of 15 tensors 6 x 5 x 7, which differ in the fourth slice along the third axis only."""
    y = np.repeat([0, 1], 15)
    X = rng.normal(size=(30, 6, 5, 7))
    X[y == 1, :, :, 3] += 1.5
    return X, y


def test_the_direction_along_an_axis_is_where_classes_differ(tensors):
    dtsa = DTSA((3, 3, 2)).fit(*tensors)
    assert [basis.shape for basis in dtsa.bases_] == [(6, 3), (5, 3), (7, 2)]
    assert np.abs(dtsa.bases_[2][:, 0]).argmax() == 3
    assert np.abs(dtsa.bases_[2][3, 0]) > 0.9


def test_the_objective_never_falls(rng):
    """With classes that differ a little everywhere, so that it takes several sweeps."""
    y = np.repeat([0, 1, 2], 10)
    X = rng.normal(size=(30, 6, 5, 7)) + 0.3 * rng.normal(size=(3, 6, 5, 7))[y]
    values = DTSA((2, 2, 2), tol=0).fit(X, y).objective_
    assert len(values) > 3
    assert (np.diff(values) >= -1e-9 * values[-1]).all()
    assert values[-1] > 2 * values[0]


def test_the_objective_is_the_ratio_of_the_sums_over_pairs(tensors):
    """Equation of the graph: weights 1 / n_c within a class, 1 / N minus those between."""
    X, y = tensors
    dtsa = DTSA((3, 3, 2)).fit(X, y)
    Z = dtsa.transform(X)
    within = (y[:, None] == y) / 15
    distances = ((Z[:, None] - Z) ** 2).sum(axis=2)
    expected = ((1 / 30 - within) * distances).sum() / (within * distances).sum()
    assert dtsa.objective_[-1] == pytest.approx(expected)


def test_all_directions_keep_distances(tensors):
    X, y = tensors
    Z = DTSA((None, None, 7)).fit(X, y).transform(X)
    assert Z.shape == (30, 6 * 5 * 7)
    np.testing.assert_allclose(pdist(Z), pdist(X.reshape(30, -1)))


def test_no_other_directions_have_a_larger_ratio(rng):
    a, b = (m @ m.T for m in rng.normal(size=(2, 8, 8)))
    best = trace_ratio(a, b, 3, np.eye(8, 3))

    def ratio(U):
        return np.trace(U.T @ a @ U) / np.trace(U.T @ b @ U)

    np.testing.assert_allclose(best.T @ best, np.eye(3), atol=1e-9)
    others = [np.linalg.qr(best + 0.1 * rng.normal(size=(8, 3)))[0] for _ in range(50)]
    assert max(map(ratio, others)) < ratio(best)


def test_with_an_elm_behind_it_unseen_tensors_are_told_apart(tensors):
    X, y = tensors
    method = make_pipeline(DTSA((2, 2, 1)), ELM(100, draws=3, random_state=0))
    assert (method.fit(X[::2], y[::2]).predict(X[1::2]) == y[1::2]).mean() > 0.9


def test_single_precision_stays_and_says_the_same(tensors):
    X, y = tensors
    double, single = (DTSA((2, 2, 2)).fit(X.astype(kind), y) for kind in (np.float64, np.float32))
    Z = single.transform(X.astype(np.float32))
    assert Z.dtype == np.float32
    np.testing.assert_allclose(pdist(Z), pdist(double.transform(X)), rtol=1e-3)


def test_pictures_are_taken_as_they_are(tensors):
    X, y = tensors
    pictures = np.clip(50 * X + 128, 0, 255).astype(np.uint8)
    Z = DTSA((2, 2, 2)).fit_transform(pictures, y)
    assert Z.dtype == np.float32
    np.testing.assert_allclose(pdist(Z), pdist(DTSA((2, 2, 2)).fit_transform(pictures.astype(float), y)), rtol=1e-3)


def test_is_copied_and_named():
    assert repr(clone(DTSA((3, None)))) == "DTSA(n_components=(3, None))"


@pytest.mark.parametrize(
    ("dtsa", "words"),
    [
        (DTSA((3, 3)), "3 dimensions"),
        (DTSA((7, 3, 3)), r"sides, \(6, 5, 7\)"),
        (DTSA((0, 3, 3)), "1 or more"),
        (DTSA((3, 3, 3), 0), "max_sweeps=0"),
    ],
)
def test_what_cannot_be_projected(dtsa, words, tensors):
    with pytest.raises(UsageError, match=words):
        dtsa.fit(*tensors)


def test_other_sides_than_in_training(tensors):
    X, y = tensors
    with pytest.raises(UsageError, match=r"\(6, 5, 7\)"):
        DTSA((2, 2, 2)).fit(X, y).transform(X[:, :, :4])
