"""Linear kernels, computed once."""

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from fleeting.classifiers.linear_kernel import LinearKernel


def test_the_machine_is_the_linear_one_for_any_unit_and_offset(rng):
    X, y, new = rng.normal(size=(40, 9)), rng.integers(3, size=40), rng.normal(size=(11, 9))
    machine = make_pipeline(LinearKernel(), SVC(kernel="precomputed", C=2.0))
    scores = machine.fit(X, y).decision_function(new)
    square = ((X - X.mean(axis=0)) ** 2).sum() / 40
    plain = SVC(kernel="linear", C=2.0 / square).fit(X, y)
    np.testing.assert_allclose(scores, plain.decision_function(new), atol=1e-2)
    np.testing.assert_allclose(machine.fit(100 * X + 7, y).decision_function(100 * new + 7), scores, atol=1e-6)


def test_by_hand():
    """(0, 0) and (2, 4), mean (1, 2), mean square 5."""
    kernel = LinearKernel().fit([[0.0, 0.0], [2.0, 4.0]])
    np.testing.assert_allclose(kernel.transform([[0.0, 0.0], [2.0, 2.0]]), [[1, -1], [-0.2, 0.2]])
    assert not LinearKernel().fit_transform(np.ones((3, 2))).any()
