"""Hidden Markov models."""

from itertools import product

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm
from sklearn.base import clone

from fleeting.classifiers.hmm import DoubleLayerHMM, GaussianHMM, HMMClassifier, backward, forward
from fleeting.errors import UsageError

# Rows of states: what follows each, and how probable the three symbols are in each.
START, FOLLOWS, SYMBOLS = np.log([0.6, 0.4]), np.log([[0.7, 0.3], [0.4, 0.6]]), np.log([[0.5, 0.4, 0.1], [0.1, 0.3, 0.6]])


def drawn(rng, n, length, means, stay):
    """Sequences of a left-to-right model with variance 1."""
    out = np.empty((n, length, means.shape[1]))
    for sequence in out:
        state = 0
        for frame in sequence:
            frame[:] = means[state] + rng.normal(size=means.shape[1])
            state = min(state + (rng.random() > stay), len(means) - 1)
    return out


def test_the_probability_of_a_sequence_worked_out_by_hand():
    seen = SYMBOLS.T[None]  # the symbols 0, 1, 2 in this order: (1, 3, 2)
    alpha = np.exp(forward(START, FOLLOWS, seen)[0])
    np.testing.assert_allclose(alpha, [[0.30, 0.04], [0.0904, 0.0342], [0.007696, 0.028584]])
    assert alpha[-1].sum() == pytest.approx(0.03628)


def test_forward_and_backward_meet_at_each_time():
    seen = SYMBOLS.T[None]
    both = forward(START, FOLLOWS, seen) + backward(FOLLOWS, seen)
    np.testing.assert_allclose(np.exp(logsumexp(both, axis=2)), 0.03628)


def test_the_likelihood_is_the_sum_over_all_paths(rng):
    X = rng.normal(size=(2, 5, 2)) + np.arange(5)[:, None]
    model = GaussianHMM(n_states=3, max_iter=3).fit(X)
    density = norm.pdf(X[0][:, None], model.means_, np.sqrt(model.variances_)).prod(axis=2)  # (T, S)
    total = 0
    for path in product(range(3), repeat=5):
        moves = np.exp(model.transitions_[list(path[:-1]), list(path[1:])])
        total += (path[0] == 0) * moves.prod() * density[np.arange(5), list(path)].prod()
    assert model.likelihoods(X)[0, -1] == pytest.approx(np.log(total))
    assert model.likelihoods(X)[0, 0] == pytest.approx(np.log(density[0, 0]))


def test_likelihoods_are_those_of_hmmlearn(rng):
    hmmlearn = pytest.importorskip("hmmlearn.hmm")
    X = drawn(rng, 20, 12, np.array([[0, 0], [3, 0], [3, 3.0]]), 0.7)
    model = GaussianHMM().fit(X)
    theirs = hmmlearn.GaussianHMM(3, "diag")
    theirs.startprob_, theirs.transmat_ = np.array([1.0, 0, 0]), np.exp(model.transitions_)
    theirs.means_, theirs.covars_ = model.means_, model.variances_
    np.testing.assert_allclose(model.likelihoods(X)[:, -1], [theirs.score(sequence) for sequence in X], rtol=1e-9)


def test_fitting_never_lowers_the_likelihood_and_finds_the_states(rng):
    means = np.array([[0, 0], [4, 0], [4, 4.0]])
    X = drawn(rng, 60, 20, means, 0.8)
    model = GaussianHMM(max_iter=50, tol=1e-7).fit(X)
    assert len(model.history_) > 3
    assert (np.diff(model.history_) >= -1e-6).all()
    np.testing.assert_allclose(model.means_, means, atol=0.3)
    np.testing.assert_allclose(np.exp(model.transitions_[:2].diagonal()), 0.8, atol=0.05)
    assert np.exp(model.transitions_[2, 2]) == 1
    assert np.exp(model.transitions_[[1, 2, 2], [0, 0, 1]]).sum() == 0  # never back


def test_sequences_of_two_models_are_told_apart(rng):
    """The same states, in another order."""
    means = np.array([[0.0, 0], [2, 0], [0, 2]])
    y = np.repeat(["rise", "turn"], 40)
    X = np.concatenate([drawn(rng, 40, 15, means, 0.7), drawn(rng, 40, 15, means[[0, 2, 1]], 0.7)])
    classifier = HMMClassifier().fit(X[::2], y[::2])
    assert (classifier.predict(X[1::2]) == y[1::2]).mean() > 0.95
    assert classifier.decision_function(X).shape == (80,)


@pytest.fixture
def regions(rng):
    """Three classes of 20 sequences of 16 frames; each class moves another of three regions, in its middle third."""
    y = np.repeat(["a", "b", "c"], 20)
    X = 0.3 * rng.normal(size=(60, 16, 3, 2))
    for k in range(3):
        X[20 * k : 20 * (k + 1), 5:11, k, 0] += 1
    return X, y


@pytest.mark.parametrize("top", ["hmm", "logreg"])
def test_two_layers_tell_which_region_moved(top, regions):
    X, y = regions
    classifier = DoubleLayerHMM(window=4, top=top).fit(X[::2], y[::2])
    assert (classifier.predict(X[1::2]) == y[1::2]).mean() > 0.9
    assert classifier.decision_function(X).shape == (60, 3)


def test_what_the_second_layer_sees(regions):
    X, y = regions
    classifier = DoubleLayerHMM(window=5).fit(X, y)
    shares = classifier._posteriors(X)
    assert shares.shape == (60, 16 - 5 + 1, 3 * 3)
    np.testing.assert_allclose(shares.reshape(60, 12, 3, 3).sum(axis=3), 1)  # regions, then classes
    # A window of the whole clip: what the models say of all of it.
    whole = classifier.set_params(window=16)._posteriors(X)[:, 0].reshape(60, 3, 3)
    likely = np.stack([[m.likelihoods(X[:, :, r])[:, -1] for m in models] for r, models in enumerate(classifier.layer_)]) / 16
    expected = np.exp(likely) / np.exp(likely).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(whole, np.moveaxis(expected, 2, 0))


def test_features_that_never_change_give_no_infinity(regions):
    X, y = regions
    X = np.concatenate([X, np.zeros((60, 16, 3, 1))], axis=3)
    assert np.isfinite(DoubleLayerHMM().fit(X, y).decision_function(X)).all()


@pytest.mark.parametrize("X", [np.full((4, 6, 2), np.nan), np.zeros((0, 6, 2)), [[["a"] * 2] * 6] * 4, [[[1.0]] * 3, [[1.0]] * 4]], ids=str)
def test_sequences_that_are_none(X):
    """NaN had gone through to the parameters without a word."""
    with pytest.raises(UsageError, match="sequences must be"):
        GaussianHMM().fit(X)
    with pytest.raises(UsageError, match="sequences must be"):
        GaussianHMM().fit(np.random.default_rng(0).normal(size=(5, 8, 2))).likelihoods(X)


def test_are_copied_and_named():
    assert repr(clone(DoubleLayerHMM(window=4))) == "DoubleLayerHMM(window=4)"


@pytest.mark.parametrize(
    ("estimator", "words"),
    [
        (DoubleLayerHMM(window=0), "1 to 14"),
        (DoubleLayerHMM(window=15), "1 to 14"),
        (DoubleLayerHMM(window=17, top="logreg"), "1 to 16"),
        (DoubleLayerHMM(top="no"), "'no'"),
        (DoubleLayerHMM(n_states=17), "17 states"),
        (DoubleLayerHMM(floor=0), "floor=0"),
        (HMMClassifier(), "3 dimensions"),
    ],
    ids=repr,
)
def test_what_cannot_be_used(estimator, words, regions):
    with pytest.raises(UsageError, match=words):
        estimator.fit(*regions)
