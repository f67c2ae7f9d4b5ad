"""DBN, a deep belief network: restricted Boltzmann machines stacked without labels, then tuned with them by back-propagation."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neural_network import BernoulliRBM
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..errors import UsageError
from ..extras import need
from .samples import given, training

if TYPE_CHECKING:
    from torch import nn

Layers = list[tuple[np.ndarray, np.ndarray]]  # weights (out, in) and biases (out,)


class DBN(ClassifierMixin, BaseEstimator):
    """A network of sigmoid layers, each of which first learned to give back the one below; softmax on top.

    Features are scaled to 0 to 1 over the training samples, and cut off there.

    Parameters
    ----------
    hidden : sequence of int, default=(500, 200)
        Widths of the machines. That there are two is known of the networks used on micro-expressions, how wide they are is not.
    pretrain_epochs : int, default=50
        Of each machine, from the bottom up.
    pretrain_lr : float, default=0.01
        At .1, usual for few inputs, all units die of some thousand.
    epochs : int, default=100
        Of the tuning.
    lr : float, default=1e-3
        Of the tuning, by Adam: plain gradient descent does not leave the start where samples are few.
    batch_size : int, default=10
        Of both.
    weight_decay : float, default=1e-4
        Of the tuning.
    random_state : int, RandomState or None, default=None
        The same number gives the same result.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    low_, span_ : ndarray of shape (D,)
        The least of each feature, and how far it is to the largest.
    layers_ : list of (ndarray of shape (out, in), ndarray of shape (out,))
        Weights and biases, the top last.
    losses_ : list of float
        Mean cross-entropy of each epoch of the tuning.

    References
    ----------
    Hinton, Osindero & Teh (2006), A fast learning algorithm for deep belief nets, Neural Computation 18(7), 1527.
    doi:10.1162/neco.2006.18.7.1527. The machines are scikit-learn's, which learn by persistent contrastive divergence (Tieleman
    2008) without momentum, rather than by one step from the data.
    """

    revision = 1

    def __init__(
        self,
        hidden: Sequence[int] = (500, 200),
        pretrain_epochs: int = 50,
        pretrain_lr: float = 0.01,
        epochs: int = 100,
        lr: float = 1e-3,
        batch_size: int = 10,
        weight_decay: float = 1e-4,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.hidden = hidden
        self.pretrain_epochs = pretrain_epochs
        self.pretrain_lr = pretrain_lr
        self.epochs = epochs
        self.lr = lr
        self.batch_size = batch_size
        self.weight_decay = weight_decay
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> DBN:
        """Itself, fitted to samples (N, D) and their classes (N,).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Samples.
        y : array-like of shape (N,)
            Their classes.

        Returns
        -------
        DBN
            Itself.
        """
        X, self.classes_, code = training(self, X, y)
        if min(*self.hidden, self.batch_size, 1) < 1 or min(self.pretrain_epochs, self.epochs) < 0:
            raise UsageError(f"hidden={self.hidden} and batch_size={self.batch_size} must be 1 or more, epochs 0 or more")
        if min(self.pretrain_lr, self.lr) <= 0:
            raise UsageError(f"pretrain_lr={self.pretrain_lr} and lr={self.lr} must be above 0")
        need("networks", "DBN")
        rng = check_random_state(self.random_state)
        self.low_ = X.min(axis=0)
        self.span_ = X.max(axis=0) - self.low_
        X = self._scaled(X).astype(np.float32)
        layers, below = [], X
        for width in self.hidden:
            machine = BernoulliRBM(
                width,
                learning_rate=self.pretrain_lr,
                batch_size=self.batch_size,
                n_iter=self.pretrain_epochs,
                random_state=rng.randint(2**31 - 1),
            ).fit(below)
            layers.append((machine.components_, machine.intercept_hidden_))
            below = machine.transform(below)
        top = np.zeros((len(self.classes_), below.shape[1]), np.float32), np.zeros(len(self.classes_), np.float32)
        self.layers_ = self._tuned([*layers, top], X, code, rng)
        return self

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """The probability of each class, (N, K).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Samples.

        Returns
        -------
        ndarray of shape (N, K), float64
            In the order of ``classes_``, each row summing to one.
        """
        X = given(self, X)
        return probabilities(self.layers_, self._scaled(X))

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The class of each sample, (N,).

        Parameters
        ----------
        X : array-like of shape (N, D)
            Samples.

        Returns
        -------
        ndarray of shape (N,)
            Of ``classes_``.
        """
        shares = self.predict_proba(X)
        return np.asarray(self.classes_[shares.argmax(axis=1)])

    def save(self, path: str | os.PathLike[str]) -> Path:
        """The safetensors file that :meth:`load` reads.

        Parameters
        ----------
        path : str or Path
            Where to; ``.safetensors`` is appended where it is not there.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OutputError
            It could not be written; nothing of it is left behind.
        """
        from ..training.weights import write_tensors

        check_is_fitted(self)
        arrays = {"low": self.low_, "span": self.span_}
        for number, (weights, biases) in enumerate(self.layers_):
            arrays |= {f"{number}.weight": weights, f"{number}.bias": biases}
        about = {"class": type(self).__name__, "revision": self.revision, "classes": self.classes_.tolist()}
        write_tensors(Path(path), arrays, about)
        return Path(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> DBN:
        """A fitted network from a file that :meth:`save` wrote, with the parameters of training at their defaults but ``hidden``.

        Parameters
        ----------
        path : str or Path
            The file.

        Raises
        ------
        UsageError
            There is no such file, or it holds something else.
        """
        need("networks", "DBN.load")
        from ..training.weights import read_tensors

        tensors, about = read_tensors(Path(path))
        if about.get("class") != cls.__name__ or about.get("revision") != cls.revision:
            raise UsageError(f"{path} holds no {cls.__name__} of this version of Fleeting: train it anew")
        arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
        n_layers = sum(name.endswith(".weight") for name in arrays)
        layers = [(arrays[f"{number}.weight"], arrays[f"{number}.bias"]) for number in range(n_layers)]
        loaded = cls(hidden=tuple(len(biases) for _, biases in layers[:-1]))
        loaded.layers_, loaded.classes_ = layers, np.array(about["classes"])
        loaded.low_, loaded.span_ = arrays["low"], arrays["span"]
        loaded.n_features_in_ = len(loaded.low_)
        return loaded

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        return np.clip((X - self.low_) / np.where(self.span_ > 0, self.span_, 1), 0, 1)

    def _tuned(self, layers: Layers, X: np.ndarray, code: np.ndarray, rng: np.random.RandomState) -> Layers:
        """The layers after gradient descent on the cross-entropy of the classes."""
        import torch
        from torch import nn

        net = network(layers)
        x, target = torch.from_numpy(X), torch.from_numpy(code)
        optimiser = torch.optim.Adam(net.parameters(), self.lr, weight_decay=self.weight_decay)
        self.losses_ = []
        for _ in range(self.epochs):
            total = 0.0
            for rows in torch.split(torch.from_numpy(rng.permutation(len(x))), self.batch_size):
                optimiser.zero_grad()
                loss = nn.functional.cross_entropy(net(x[rows]), target[rows])
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                total += loss.item() * len(rows)
            self.losses_.append(total / len(x))
        linear = [layer for layer in net if isinstance(layer, nn.Linear)]
        return [(layer.weight.detach().numpy(), layer.bias.detach().numpy()) for layer in linear]


def probabilities(layers: Layers, X: np.ndarray) -> np.ndarray:
    """The probability of each class for samples (N, D) between 0 and 1, (N, K): sigmoids, and softmax in the last layer."""
    for weights, biases in layers[:-1]:
        X = expit(X @ weights.T + biases)
    weights, biases = layers[-1]
    return softmax(X @ weights.T + biases, axis=1)


def network(layers: Layers) -> nn.Sequential:
    """The same layers in PyTorch, without the softmax."""
    import torch
    from torch import nn

    modules: list[nn.Module] = []
    for weights, biases in layers:
        linear = nn.Linear(weights.shape[1], weights.shape[0], dtype=torch.from_numpy(weights).dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weights))
            linear.bias.copy_(torch.from_numpy(biases))
        modules += [linear, nn.Sigmoid()]
    return nn.Sequential(*modules[:-1])
