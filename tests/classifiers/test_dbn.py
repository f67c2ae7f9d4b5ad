"""Deep belief networks."""

from itertools import product

import numpy as np
import pytest
from scipy.special import expit
from sklearn.neural_network import BernoulliRBM

from fleeting.classifiers.dbn import DBN, network, probabilities
from fleeting.errors import UsageError


def bars_and_stripes(side=4):
    """All pictures of whole rows or whole columns, (30, 16)."""
    patterns = np.array(list(product((0.0, 1.0), repeat=side)))
    rows = np.repeat(patterns, side, axis=1)
    return np.unique(np.concatenate([rows, rows.reshape(-1, side, side).swapaxes(1, 2).reshape(len(rows), -1)]), axis=0)


@pytest.fixture
def samples(rng):
    """90 samples of 12 features in three classes."""
    y = np.repeat(["a", "b", "c"], 30)
    return rng.normal(size=(90, 12)) + 2 * rng.normal(size=(3, 12)).repeat(30, axis=0), y


def machine(weights, visible, hidden):
    """scikit-learn's machine with given parameters."""
    rbm = BernoulliRBM(len(hidden), n_iter=0).fit(np.zeros((2, len(visible))))
    rbm.components_, rbm.intercept_visible_, rbm.intercept_hidden_ = weights, visible, hidden
    return rbm


def test_the_machine_is_that_of_the_papers(rng):
    """exp(-E), E = -a v - b h - v W h, summed over h, is what its free energy says; without weights all is even: 16 of 1."""
    states = np.array(list(product((0.0, 1.0), repeat=2)))
    empty = machine(np.zeros((2, 2)), np.zeros(2), np.zeros(2))
    np.testing.assert_array_equal(empty.transform(states), np.full((4, 2), 0.5))
    assert np.exp(-empty._free_energy(states)).sum() == pytest.approx(16)
    a, b, W = rng.normal(size=2), rng.normal(size=2), rng.normal(size=(2, 2))
    summed = [sum(np.exp(a @ v + b @ h + v @ W @ h) for h in states) for v in states]
    np.testing.assert_allclose(np.exp(-machine(W.T, a, b)._free_energy(states)), summed)


def test_what_is_learned_without_labels_gives_bars_and_stripes_back():
    """Two thousand steps of the machine that the network is made of."""
    X = bars_and_stripes()
    rbm = BernoulliRBM(32, learning_rate=0.1, n_iter=700, random_state=0).fit(X)
    again = expit(rbm.transform(X) @ rbm.components_ + rbm.intercept_visible_)
    assert ((X - again) ** 2).mean() < 0.5 * 0.25  # .25 where nothing is known


def test_the_first_layer_is_such_a_machine():
    X = bars_and_stripes().astype(np.float32)
    dbn = DBN((8,), pretrain_epochs=5, epochs=0, random_state=0).fit(X, np.arange(30) % 2)
    seed = np.random.RandomState(0).randint(2**31 - 1)
    rbm = BernoulliRBM(8, learning_rate=0.01, batch_size=10, n_iter=5, random_state=seed).fit(X)
    np.testing.assert_array_equal(dbn.layers_[0][0], rbm.components_)
    np.testing.assert_array_equal(dbn.predict_proba(X), np.full((30, 2), 0.5))  # the top knows nothing yet


def test_the_gradient_is_the_numerical_one(rng):
    import torch

    layers = [(rng.normal(size=(4, 6)), rng.normal(size=4)), (rng.normal(size=(3, 4)), rng.normal(size=3))]
    X, code = rng.uniform(size=(5, 6)), np.array([0, 1, 2, 1, 0])
    net = network(layers)
    torch.nn.functional.cross_entropy(net(torch.from_numpy(X)), torch.from_numpy(code)).backward()

    def loss():
        return -np.log(probabilities(layers, X)[np.arange(5), code]).mean()

    arrays = [array for layer in layers for array in layer]
    for array, parameter in zip(arrays, net.parameters(), strict=True):
        for place in np.ndindex(array.shape):
            old = array[place]
            array[place] = old + 1e-5
            above = loss()
            array[place] = old - 1e-5
            slope = (above - loss()) / 2e-5
            array[place] = old
            assert parameter.grad[place].item() == pytest.approx(slope, abs=1e-7)


def test_tells_classes_apart(samples):
    X, y = samples
    dbn = DBN((30, 20), lr=0.01, random_state=0).fit(X[::2], y[::2])
    assert (dbn.predict(X[1::2]) == y[1::2]).mean() > 0.7
    np.testing.assert_allclose(dbn.predict_proba(X).sum(axis=1), 1, atol=1e-6)
    assert [weights.shape for weights, _ in dbn.layers_] == [(30, 12), (20, 30), (3, 20)]
    assert dbn.losses_[-1] < 0.5 * dbn.losses_[0]


def test_units_live_where_features_are_many(rng):
    """At a learning rate of .1, all hidden units of the first layer stayed off for any sample of 2000 features."""
    X, y = rng.uniform(size=(40, 2000)), np.arange(40) % 2
    dbn = DBN((50,), pretrain_epochs=25, epochs=0, random_state=0).fit(X, y)
    weights, biases = dbn.layers_[0]
    assert expit(X @ weights.T + biases).std(axis=0).mean() > 0.01


def test_a_seed_repeats_itself_whatever_was_drawn_before(samples):
    import torch

    first = DBN((9,), epochs=3, lr=0.01, random_state=1).fit(*samples).predict_proba(samples[0])
    torch.manual_seed(77)
    np.testing.assert_array_equal(DBN((9,), epochs=3, lr=0.01, random_state=1).fit(*samples).predict_proba(samples[0]), first)
    assert np.abs(DBN((9,), epochs=3, lr=0.01, random_state=2).fit(*samples).predict_proba(samples[0]) - first).max() > 1e-4


@pytest.mark.parametrize("names", [["a", "b", "c"], [3, 5, 9]], ids=str)
def test_saved_and_loaded_it_says_the_same(names, samples, tmp_path):
    X, y = samples[0], np.repeat(names, 30)
    dbn = DBN((9, 5), epochs=3, random_state=0).fit(X, y)
    loaded = DBN.load(dbn.save(tmp_path / "net.safetensors"))
    np.testing.assert_array_equal(loaded.predict_proba(X), dbn.predict_proba(X))
    assert loaded.predict(X).tolist() == dbn.predict(X).tolist()
    assert loaded.hidden == (9, 5)
    assert [path.name for path in tmp_path.iterdir()] == ["net.safetensors"]


def test_a_file_that_is_none_of_ours(samples, tmp_path):
    from safetensors.numpy import save_file

    with pytest.raises(UsageError, match="does not exist"):
        DBN.load(tmp_path / "no")
    (tmp_path / "text").write_text("no weights")
    with pytest.raises(UsageError, match="no whole safetensors file"):
        DBN.load(tmp_path / "text")
    save_file({"low": np.zeros(3)}, tmp_path / "other")
    with pytest.raises(UsageError, match="holds no DBN"):
        DBN.load(tmp_path / "other")


@pytest.mark.parametrize(
    "parameters", [{"hidden": (0,)}, {"batch_size": 0}, {"epochs": -1}, {"pretrain_epochs": -1}, {"lr": 0}, {"pretrain_lr": 0}], ids=str
)
def test_parameters_out_of_range(parameters, samples):
    with pytest.raises(UsageError, match=next(iter(parameters)).removeprefix("pretrain_")):
        DBN(**parameters).fit(*samples)
