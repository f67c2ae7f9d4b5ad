"""Closed-form leave-one-subject-out against refits that never saw the person."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from fleeting import metrics
from fleeting.classifiers.kernel_ridge import KernelRidgeClassifier
from fleeting.errors import UsageError


@pytest.fixture(autouse=True)
def one_thread():
    """Small matrices on a busy machine: threads that wait for each other cost more than they give."""
    with threadpool_limits(1):
        yield


def samples(rng, n=90, n_people=11, shape=(3, 6, 6), k=3):
    """Classes of uneven size, persons of uneven size, a little signal."""
    y = rng.choice(k, n, p=np.array([0.6, 0.25, 0.15])[:k] / sum([0.6, 0.25, 0.15][:k]))
    y[: 2 * k] = np.repeat(np.arange(k), 2)
    groups = np.minimum(rng.geometric(0.15, n), n_people)
    groups[: 2 * k] = np.tile([1, 2], k)  # each class in two persons at least
    X = rng.normal(size=(n, *shape)) + 0.5 * rng.normal(size=(k, *shape))[y]
    return X, y, groups


def refits(method, X, y, groups):
    """The plain loop: a fresh fit for each person, on the others."""
    k = len(np.unique(y))
    scores = np.empty((len(y), k) if k > 2 else len(y))
    for person in np.unique(groups):
        test = groups == person
        fold = clone(method).fit(X[~test], y[~test], groups=groups[~test])
        assert len(fold.classes_) == k
        scores[test] = fold.decision_function(X[test])
    return scores


@pytest.mark.parametrize("weight", ["balanced", None, {0: 1.0, 1: 2.0, 2: 4.5}], ids=str)
@pytest.mark.parametrize("kernel", ["linear", "rbf", "exponential"])
@pytest.mark.parametrize("alpha", [1e-2, 3.0])
def test_equals_refits_without_the_person(weight, kernel, alpha, rng):
    X, y, groups = samples(rng)
    method = KernelRidgeClassifier(alpha, kernel, 0.7, weight, flip=True)
    difference = method.loso_decision(X, y, groups) - refits(method, X, y, groups)
    assert np.abs(difference).max() < 1e-9


@pytest.mark.parametrize("alpha", [1e-3, 1.0, 100.0])
def test_equals_refits_where_a_person_has_most_of_a_class(alpha, rng):
    """Without person 1 the balanced weight of class 2 is ten times as large: far from what all share."""
    X, y, groups = samples(rng, 120)
    y, groups = np.where(y == 2, 0, y), np.where(groups == 1, 4, groups)
    y[:30], groups[:30] = 2, 1
    groups[27:30] = [2, 3, 3]
    groups[30:34] = 1
    method = KernelRidgeClassifier(alpha)
    assert np.abs(method.loso_decision(X, y, groups) - refits(method, X, y, groups)).max() < 1e-9


def test_equals_refits_with_two_classes_that_are_words(rng):
    X, y, groups = samples(rng, k=2, shape=(20,))
    words = np.array(["negative", "positive"])[y]
    method = KernelRidgeClassifier(0.1)
    assert np.abs(method.loso_decision(X, words, groups) - refits(method, X, words, groups)).max() < 1e-9
    scores, said = method.loso_decision(X, words, groups), method.loso_predict(X, words, groups)
    assert scores.shape == (90,)
    assert said.tolist() == np.where(scores > 0, "positive", "negative").tolist()
    choosing = KernelRidgeClassifier((10.0, 0.1), ("linear", "rbf"))
    assert np.abs(choosing.loso_decision(X, words, groups) - refits(choosing, X, words, groups)).max() < 1e-9
    assert not hasattr(method, "n_features_in_")  # it fits nothing that stays


def test_equals_refits_on_real_flow_maps(shared_data):
    data = np.load(shared_data / "casme2_flows.npz")
    X = data["htnet_oa"].transpose(0, 3, 1, 2).astype(float)
    X -= X.mean(axis=(2, 3), keepdims=True)
    X /= X.std(axis=(1, 2, 3), keepdims=True)
    y, groups = data["label"], data["subject"]
    method = KernelRidgeClassifier(0.1, "rbf", 1.0, flip=True)
    scores = method.loso_decision(X, y, groups)
    assert np.abs(scores - refits(method, X, y, groups)).max() < 1e-9
    assert metrics.uf1(y, scores.argmax(axis=1)) > 0.8  # a majority vote has .25


def test_what_the_person_is_called_and_looks_like_changes_nothing_of_the_others(rng):
    """Labels and pictures of a person leave the model that is tested on that person as it is."""
    X, y, groups = samples(rng)
    test = groups == 5
    other, renamed = X.copy(), y.copy()
    renamed[np.flatnonzero(test)[1:]] = (y[test][1:] + 1) % 3
    method = KernelRidgeClassifier(0.5)
    first = np.flatnonzero(test)[0]
    other[np.flatnonzero(test)[1:]] *= 3
    before, after = method.loso_decision(X, y, groups), method.loso_decision(other, renamed, groups)
    assert after[first] == pytest.approx(before[first], abs=1e-9)
    assert np.abs(after[~test] - before[~test]).max() > 1e-3


def test_the_choice_of_a_setting_never_sees_the_person_either(rng):
    X, y, groups = samples(rng, 60, 7)
    method = KernelRidgeClassifier((10.0, 0.1), ("linear", "rbf"), (0.3, 1.0))
    assert np.abs(method.loso_decision(X, y, groups) - refits(method, X, y, groups)).max() < 1e-9


def test_the_chosen_setting_is_the_best_by_the_plain_loop(rng):
    X, y, groups = samples(rng)
    alphas, kernels = (100.0, 1.0, 0.01), ("linear", "rbf")
    method = KernelRidgeClassifier(alphas, kernels).fit(X, y, groups)
    score = {
        (kernel, alpha): metrics.uf1(y, refits(KernelRidgeClassifier(alpha, kernel), X, y, groups).argmax(axis=1))
        for kernel in kernels for alpha in alphas
    }  # fmt: skip
    assert (method.kernel_, method.alpha_) == max(score, key=score.get)
    single = KernelRidgeClassifier(method.alpha_, method.kernel_).fit(X, y)
    assert (single.decision_function(X) == method.decision_function(X)).all()


def test_the_mean_is_over_the_scores_of_all_settings(rng):
    X, y, groups = samples(rng, 60, 7)
    alphas, kernels, gammas = (10.0, 0.1), ("exponential", "rbf"), (0.3, 1.0, 2.0)
    mean = KernelRidgeClassifier(alphas, kernels, gammas, flip=True, several="mean").fit(X, y)
    singles = [KernelRidgeClassifier(a, k, g, flip=True).fit(X, y).decision_function(X) for a in alphas for k in kernels for g in gammas]
    assert mean.decision_function(X) == pytest.approx(np.mean(singles, axis=0))
    assert np.abs(mean.loso_decision(X, y, groups) - refits(mean, X, y, groups)).max() < 1e-9
    assert mean.selection is None
    assert "leave-one-subject-out" in mean.set_params(several="best").selection


def test_two_samples_by_hand():
    # x = (1), (-1), linear: k + 1 = [[2, 0], [0, 2]], weights 1, lambda 2: dual = T / 4, score(x) = (x+1)/4 T0 + (1-x)/4 T1
    method = KernelRidgeClassifier(2.0, "linear").fit([[1.0], [-1.0]], ["b", "a"])
    assert method.decision_function([[1.0], [0.0], [3.0]]) == pytest.approx(np.array([0.5, 0, 1.5]))  # of the second class, b
    assert method.predict([[0.5], [-4.0]]).tolist() == ["b", "a"]


def test_scores_of_a_sample_sum_to_zero(rng):
    X, y, groups = samples(rng)
    assert np.abs(KernelRidgeClassifier().loso_decision(X, y, groups).sum(axis=1)).max() < 1e-9


def test_a_mirrored_face_gets_the_same_scores(rng):
    X, y, _ = samples(rng)
    mirrored = X[..., ::-1] * np.array([-1, 1, 1])[:, None, None]
    for kernel in ("linear", "rbf", "exponential"):
        method = KernelRidgeClassifier(kernel=kernel, flip=True).fit(X, y)
        assert method.decision_function(mirrored) == pytest.approx(method.decision_function(X), abs=1e-10)
        plain = KernelRidgeClassifier(kernel=kernel).fit(X, y)
        assert np.abs(plain.decision_function(mirrored) - plain.decision_function(X)).max() > 0.01


def test_balanced_weights_are_a_matter_of_copies(rng):
    """A class given m times over equals one with m times the weight."""
    X, y, _ = samples(rng, shape=(5,))
    twice = np.concatenate([np.arange(len(y)), np.flatnonzero(y == 2)])
    a = KernelRidgeClassifier(class_weight={0: 1.0, 1: 1.0, 2: 2.0}).fit(X, y).decision_function(X)
    b = KernelRidgeClassifier(class_weight=None).fit(X[twice], y[twice]).decision_function(X)
    assert a == pytest.approx(b)


def test_the_order_of_samples_does_not_matter(rng):
    X, y, groups = samples(rng)
    order = rng.permutation(len(y))
    method = KernelRidgeClassifier()
    assert method.loso_decision(X[order], y[order], groups[order]) == pytest.approx(method.loso_decision(X, y, groups)[order])


def test_is_a_scikit_learn_classifier(rng):
    from sklearn import config_context
    from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y, groups = samples(rng, shape=(12,))
    method = KernelRidgeClassifier((0.1, 1.0))
    with config_context(enable_metadata_routing=True):
        split = LeaveOneGroupOut()
        found = cross_val_predict(method, X, y, cv=split, params={"groups": groups})
        piped = make_pipeline(StandardScaler(), method).fit(X, y, groups=groups)
    assert (found == method.loso_predict(X, y, groups)).all()
    assert piped[-1].alpha_ in (0.1, 1.0)
    assert Counter(clone(method).get_params()) == Counter(method.get_params())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"alpha": 0}, "alpha must be above 0"),
        ({"gamma": (1.0, -1.0)}, "gamma must be above 0"),
        ({"kernel": "cubic"}, "among linear, rbf, exponential"),
        ({"class_weight": "even"}, "'even'"),
        ({"several": "worst"}, "'worst'"),
        ({"class_weight": {0: 1.0}}, "each of"),
        ({"flip": True}, "flow maps"),
        ({"alpha": (1.0, 2.0)}, "give groups"),
    ],
)
def test_settings_that_do_not_work(change, says, rng):
    X, y, _ = samples(rng, shape=(4,))
    with pytest.raises(UsageError, match=says):
        KernelRidgeClassifier(**change).fit(X, y)


def test_what_is_no_class_and_no_real_number_is_refused(rng):
    """Both were taken: every number its own class, and the imaginary part dropped."""
    X, y, groups = samples(rng, shape=(4,))
    method = KernelRidgeClassifier()
    for call in (lambda X, y: method.fit(X, y), lambda X, y: method.loso_decision(X, y, groups)):
        with pytest.raises(UsageError, match="Unknown label type: continuous"):
            call(X, rng.normal(size=90))
        with pytest.raises(UsageError, match="Complex data not supported"):
            call(X + 1j, y)


def test_data_that_do_not_work(rng):
    X, y, groups = samples(rng, shape=(4,))
    method = KernelRidgeClassifier()
    with pytest.raises(UsageError, match=r"inconsistent numbers of samples: \[90, 89\]"):
        method.fit(X, y[1:])
    with pytest.raises(UsageError, match="y contains NaN"):
        method.fit(X, np.where(y == 0, np.nan, y))
    with pytest.raises(UsageError, match="requires y to be passed"):
        method.fit(X, None)
    with pytest.raises(UsageError, match="could not convert string"):
        method.fit([["a"]] * 90, y)
    with pytest.raises(UsageError, match="at least 2 classes; all are of the one class 0"):
        method.fit(X, np.zeros(len(X)))
    with pytest.raises(UsageError, match="90 samples"):
        method.loso_decision(X, y, groups[1:])
    with pytest.raises(UsageError, match="two persons"):
        method.loso_decision(X, y, np.ones(len(y)))
    alone = np.where(groups == 3, 7, np.minimum(y, 1))
    with pytest.raises(UsageError, match="without 3 no sample of class 7"):
        method.loso_decision(X, alone, groups)
    method.fit(X, y)
    with pytest.raises(UsageError, match="X has 3 features"):
        method.predict(X[:, :3])
    maps = KernelRidgeClassifier().fit(X.reshape(90, 1, 2, 2), y)
    with pytest.raises(UsageError, match=r"samples of shape \(1, 4, 1\), but the training samples had \(1, 2, 2\)"):
        maps.predict(X.reshape(90, 1, 4, 1))
    X[4, 2] = np.nan
    with pytest.raises(UsageError, match="sample 4 holds NaN"):
        method.fit(X, y)
