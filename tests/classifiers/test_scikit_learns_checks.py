"""scikit-learn's own checks of whatever takes arrays: what it expects of any estimator, and the few things that cannot be."""

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import average_precision_score, get_scorer, roc_auc_score
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from fleeting import classifiers
from fleeting.classifiers import KernelRidgeClassifier

# chi_square_svc and mkl_svc are scikit-learn's own pipelines, whose steps are here.
ROWS = [
    classifiers.DBN((10,), pretrain_epochs=1, epochs=15, lr=0.05),  # the default learns too slowly for what these checks ask
    classifiers.ELM(50, draws=2),
    classifiers.SLPP(),
    classifiers.AlignedKernel(),
    classifiers.ChiSquareKernel(),
    classifiers.EmotionTable(),
    classifiers.EvolutionarySelection(4, 2),
    classifiers.GentleBoost(20),
    classifiers.GentleSVM(20),
    classifiers.KernelELM(),
    classifiers.KernelELM(kernel="linear"),
    classifiers.KernelRidgeClassifier(),
    classifiers.KernelRidgeClassifier(kernel="linear", class_weight=None),
    classifiers.KernelRidgeClassifier(kernel=("rbf", "exponential"), alpha=(0.1, 1.0), several="mean"),
    classifiers.LinearKernel(),
]
SEQUENCES = [classifiers.DTSA((3, 2)), classifiers.GaussianHMM(), classifiers.HMMClassifier()]  # (N, T, F)
OTHERS = [classifiers.DTSA(), classifiers.DoubleLayerHMM()]
# What cannot be, by the estimator's name; scikit-learn's checks draw their own columns, from one to a hundred.
NOT_31_COLUMNS = """
    classifier_data_not_an_array classifiers_classes classifiers_train dict_unchanged dtype_object estimators_dtypes
    estimators_nan_inf estimators_pickle f_contiguous_array_estimator fit2d_1feature fit2d_1sample fit2d_predict1d
    fit_check_is_fitted fit_idempotent fit_score_takes_y methods_sample_order_invariance methods_subset_invariance n_features_in
    n_features_in_after_fitting pipeline_consistency positive_only_tag_during_fit supervised_y_2d
    estimators_overwrite_params dont_overwrite_parameters estimators_fit_returns_self readonly_memmap_input
"""
LABELS_NOT_LOOKED_AT = "classifiers_one_label classifiers_regression_target requires_y_none"
EXPECTED = {
    "EmotionTable": {f"check_{name}": "it takes the 31 action units and no other features" for name in NOT_31_COLUMNS.split()}
    | {f"check_{name}": "it learns nothing from labels, so any will do" for name in LABELS_NOT_LOOKED_AT.split()}
}


def test_all_are_here():
    assert {type(each).__name__ for each in ROWS + SEQUENCES + OTHERS} == set(classifiers.__all__) - {"chi_square_svc", "mkl_svc"}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(ROWS, expected_failed_checks=lambda estimator: EXPECTED.get(type(estimator).__name__, {}))
def test_scikit_learn_expects(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", ROWS + SEQUENCES + OTHERS, ids=repr)
def test_an_estimator_says_what_samples_it_takes(estimator):
    """The hidden Markov models said that they take rows."""
    tags = get_tags(estimator).input_tags
    assert (tags.two_d_array, tags.three_d_array) == (estimator in ROWS, estimator in SEQUENCES)


@pytest.mark.parametrize("estimator", [each for each in ROWS if is_classifier(each) and get_tags(each).requires_fit], ids=repr)
def test_what_is_made_for_two_classes_takes_it(estimator, rng):
    """The area under the curve, average precision and calibration: with scores of two columns, all three gave a traceback."""
    y = np.repeat(["negative", "positive"], 20)
    X = rng.normal(size=(40, 6)) + 2 * (y == "positive")[:, None]
    fitted = estimator.fit(X[::2], y[::2])
    scores = fitted.predict_proba(X[1::2])[:, 1] if hasattr(fitted, "predict_proba") else fitted.decision_function(X[1::2])
    positive = y[1::2] == "positive"
    assert roc_auc_score(positive, scores) == get_scorer("roc_auc")(fitted, X[1::2], y[1::2]) > 0.8
    assert average_precision_score(positive, scores) > 0.8
    shares = CalibratedClassifierCV(estimator, cv=2).fit(X[::2], y[::2]).predict_proba(X[1::2])
    assert roc_auc_score(positive, shares[:, 1]) > 0.8


def test_kernel_ridge_of_two_classes_is_scikit_learns_ridge(rng):
    """Targets of +1 and -1 without a kernel, the bias in it: the same scores, of the second class."""
    from sklearn.linear_model import Ridge

    X, y = rng.normal(size=(30, 5)), np.arange(30) % 2
    ours = KernelRidgeClassifier(2.0, "linear", class_weight=None).fit(X, y).decision_function(X)
    theirs = Ridge(2.0, fit_intercept=False).fit(np.column_stack([X / np.sqrt(5), np.ones(30)]), 2 * y - 1.0)
    np.testing.assert_allclose(ours, theirs.predict(np.column_stack([X / np.sqrt(5), np.ones(30)])), atol=1e-10)
