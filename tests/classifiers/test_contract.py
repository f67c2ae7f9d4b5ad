"""What holds for all of them: copied, named, stored by joblib, and not to be moved by the order of samples."""

import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from fleeting import classifiers
from fleeting.errors import UsageError
from fleeting.faces.action_units import AUS

# What they are fitted to: rows, sequences (T, F), sequences of regions (T, R, F), tensors.
ROWS, SEQUENCES, REGIONS, TENSORS = (12,), (9, 4), (9, 3, 2), (6, 5, 4)
ALL = {
    "DBN": (classifiers.DBN((8, 5), pretrain_epochs=3, epochs=30, lr=0.02, random_state=0), ROWS),
    "DTSA": (classifiers.DTSA((3, 2, 2)), TENSORS),
    "ELM": (classifiers.ELM(30, draws=2, random_state=0), ROWS),
    "SLPP": (classifiers.SLPP(), ROWS),
    "AlignedKernel": (classifiers.AlignedKernel(), ROWS),
    "ChiSquareKernel": (classifiers.ChiSquareKernel(), ROWS),
    "DoubleLayerHMM": (classifiers.DoubleLayerHMM(window=3), REGIONS),
    "DoubleLayerHMM, logreg": (classifiers.DoubleLayerHMM(window=3, top="logreg"), REGIONS),
    "EmotionTable": (classifiers.EmotionTable(), (len(AUS),)),
    "EvolutionarySelection": (classifiers.EvolutionarySelection(6, 3, random_state=0), ROWS),
    "GaussianHMM": (classifiers.GaussianHMM(), SEQUENCES),
    "GentleBoost": (classifiers.GentleBoost(10), ROWS),
    "GentleSVM": (classifiers.GentleSVM(10), ROWS),
    "HMMClassifier": (classifiers.HMMClassifier(), SEQUENCES),
    "KernelELM": (classifiers.KernelELM(), ROWS),
    "KernelRidgeClassifier": (classifiers.KernelRidgeClassifier(), ROWS),
    "LinearKernel": (classifiers.LinearKernel(), ROWS),
    "chi_square_svc": (classifiers.chi_square_svc(), ROWS),
    "mkl_svc": (classifiers.mkl_svc(), ROWS),
}
# Draw from their samples in their order, or make folds in it.
BY_ORDER = {"DBN", "EvolutionarySelection"}
KERNELS = {"AlignedKernel", "ChiSquareKernel", "LinearKernel"}
OF_NO_CLASS = {"ChiSquareKernel", "EmotionTable", "GaussianHMM", "LinearKernel"}


def samples(shape):
    """45 samples in three classes, 0 or more, and 15 new ones."""
    rng = np.random.default_rng(20260)
    y = np.repeat(["a", "b", "c"], 15)
    centres = rng.random((3, *shape))
    made = [centres[np.unique(y, return_inverse=True)[1]] + 0.4 * rng.random((45, *shape)) for _ in range(2)]
    return made[0], y, made[1][::3]


def said(estimator, X):
    """All that a fitted one says of samples."""
    words = ("decision_function", "predict_proba", "transform", "likelihoods")
    return np.asarray(getattr(estimator, next(word for word in words if hasattr(estimator, word)))(X))


def stored(x):
    file = io.BytesIO()
    joblib.dump(x, file)
    file.seek(0)
    return joblib.load(file)


def test_all_are_here():
    assert {name.partition(",")[0] for name in ALL} == set(classifiers.__all__)


@pytest.mark.parametrize("name", ALL)
def test_it_is_copied_named_and_stored(name):
    estimator, shape = ALL[name]
    X, y, new = samples(shape)
    assert repr(clone(estimator)) == repr(estimator) == repr(stored(estimator))
    fitted = clone(estimator).fit(X, y)
    again = stored(fitted)
    np.testing.assert_array_equal(said(again, new), said(fitted, new))
    if hasattr(fitted, "predict"):
        assert again.predict(new).tolist() == fitted.predict(new).tolist()
        assert set(fitted.predict(new)) <= set(fitted.classes_)
    assert np.isfinite(said(fitted, new)).all()
    assert len(said(fitted, new)) == len(new)


@pytest.mark.parametrize("name", ALL)
def test_what_is_said_of_a_sample_does_not_depend_on_the_others(name):
    estimator, shape = ALL[name]
    X, y, new = samples(shape)
    fitted = clone(estimator).fit(X, y)
    whole = said(fitted, new)
    np.testing.assert_allclose(said(fitted, new[::-1])[::-1], whole, atol=1e-9)
    np.testing.assert_allclose(said(fitted, new[4:5])[0], whole[4], atol=1e-9)


@pytest.mark.parametrize("name", sorted(set(ALL) - BY_ORDER))
def test_shuffled_training_samples_teach_the_same(name):
    estimator, shape = ALL[name]
    X, y, new = samples(shape)
    order = np.random.default_rng(1).permutation(45)
    plain, shuffled = clone(estimator).fit(X, y), clone(estimator).fit(X[order], y[order])
    one, other = said(plain, new), said(shuffled, new)
    if name in KERNELS:  # with each training sample
        one = one[:, order]
    if name == "DTSA":  # either sign of a direction is one
        one, other = np.abs(one), np.abs(other)
    np.testing.assert_allclose(other, one, atol=2e-3 if "svc" in name or "SVM" in name else 1e-6)  # libsvm ends where it is near


@pytest.mark.parametrize("name", sorted(set(ALL) - {"EmotionTable"}))
@pytest.mark.parametrize("wrong", ["NaN", "infinity", "none"])
def test_samples_that_are_none_are_refused(name, wrong):
    estimator, shape = ALL[name]
    X, y, _ = samples(shape)
    X = X[:0] if wrong == "none" else np.where(X.flat[7] == X, float(wrong.lower()), X)
    with pytest.raises(UsageError):
        clone(estimator).fit(X, y[: len(X)])


@pytest.mark.parametrize("name", sorted(set(ALL) - OF_NO_CLASS - {"chi_square_svc"}))
def test_one_class_is_too_few_and_labels_must_be_as_many(name):
    estimator, shape = ALL[name]
    X, y, _ = samples(shape)
    with pytest.raises(UsageError):
        clone(estimator).fit(X, np.full(45, "a"))
    with pytest.raises(UsageError):
        clone(estimator).fit(X, y[1:])


@pytest.mark.parametrize("name", sorted(set(ALL) - {"EmotionTable"}))
def test_it_says_nothing_before_it_is_fitted(name):
    estimator, shape = ALL[name]
    with pytest.raises(NotFittedError):
        said(clone(estimator), samples(shape)[2])
