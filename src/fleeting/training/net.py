"""NetClassifier: any network of this folder, or of your own, as a scikit-learn classifier.

The training loop is our own (:mod:`.training`) and not skorch's: what makes training honest and repeatable here (whole
persons held out, the exact state in a checkpoint that is never unpickled, one seed for weights, order, dropout and changes)
would each be a callback or a subclass around skorch's loop, and the loop itself is sixty lines.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from torch import nn

from .. import __version__
from ..compute.identity import NO_MATTER, digest
from ..errors import UsageError
from .augment import AUGMENTS, Augment
from .device import pick_device, repeatable, said
from .loop import LOSSES, Loss, Progress, Recipe, State, Training, scores, train
from .samples import Samples, as_array, channel_statistics, checked_samples, class_weights, hold_out
from .weights import dotted, folder, load_weights, named, put_into, save_weights, tensors_of

STANDARDS = (None, "clip", "data")
CARD = {"network", "options", "input_shape", "sample_shape", "classes", "settings", "augment", "centre", "spread", "chosen_epoch"}


class NetClassifier(ClassifierMixin, BaseEstimator):
    """A network that is trained by gradient descent, as a scikit-learn classifier.

    Parameters
    ----------
    network : callable
        Called as ``network(input_shape=, n_classes=, **options)``, gives the Module. Its output is (N, K), or (N, T, K) with a
        say for each of T moments; then the mean over time counts.
    options : mapping, optional
        Further arguments of the network, such as ``{"width": 0.5}``.
    epochs : int, default=50
        Times that the samples are gone through, at most.
    batch_size : int, default=32
        Samples a step.
    optimizer : {"adam", "adamw", "sgd"}, default="adam"
        How steps are made of gradients.
    lr : float, default=1e-3
        Learning rate.
    momentum : float, default=0.9
        Of ``sgd``.
    weight_decay : float, default=0
        Penalty on the size of the weights.
    schedule : (float, float) or "cosine", optional
        ``(30, 0.1)`` multiplies the learning rate by .1 each 30 epochs; ``cosine`` lowers it to zero.
    clip_norm : float, optional
        The longest gradient.
    loss : {"cross_entropy", "squared"}, default="cross_entropy"
        ``squared`` is half the squared distance of outputs in 0-1 (a network that ends in a sigmoid) from the class.
    class_weight : "balanced", mapping or None, default=None
        Weight of each class's errors: n / (K n_c) of the clips trained on; or ``{class: weight}``; or all 1.
    validation : float or sequence of str, default=0.1
        Share of the persons in ``groups``, or these persons themselves, that are held out of the training to choose the
        epoch. At least one; never one without whom a class could not be learned. 0 trains on everybody.
    choose : {"best", "accuracy", "last"}, default="best"
        The epoch of lowest loss or of highest accuracy on the persons held out; or the last, which needs nobody held out.
    patience : int, optional
        Stop when so many epochs have brought nothing better.
    stop_below : float, optional
        Stop when the training loss is below.
    passes : int, default=1
        How often an epoch goes through the samples.
    standardise : {"clip", "data"}, optional
        Each channel with mean 0 and deviation 1: of each sample by itself, or of all training samples together.
    augment : sequence of Augment, default=()
        Changes of the training samples (:mod:`.augment`), those held out excepted.
    weights : path or mapping of str to Tensor, optional
        Where to start, instead of at random: saved weights, any other safetensors file, or tensors by name.
    weights_part : {"body", "all", "matching"}, default="body"
        All but the head; all; or whatever fits by name and shape (:func:`.weights.put_into`).
    frozen : sequence of str, default=()
        Layers, by the beginning of their name, that are not trained.
    mixed_precision : bool, default=False
        Compute in bfloat16 where that is safe.
    compile : bool, default=False
        ``torch.compile`` the network for training. Needs a C++ compiler.
    device : {"auto", "cpu", "cuda", "mps"}, default="auto"
        ``auto`` takes the first there is of cuda, mps and cpu.
    random_state : int, RandomState or None, default=None
        For first weights, order, dropout and changes.
    checkpoint : path, optional
        A folder; a training that was stopped goes on from there, one that was finished is not repeated. Each training has a file
        of its own, named by all that it depends on.
    progress : callable, optional
        Called as ``progress("epochs", done, total, seconds_left)``.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    history_ : list of dict
        One an epoch: ``epoch, lr, loss, accuracy`` as trained on; ``validation_loss, validation_accuracy`` of those held out;
        ``chosen`` is 1 for the epoch that was taken. Evaluations keep them as learning curves.
    chosen_epoch_ : int
        Counted from 1.
    validation_persons_ : list of str
    module_ : Module
    device_ : str

    Raises
    ------
    UsageError
        From ``fit``: one class only, a parameter or a sample that cannot be, a network that does not take such samples, weights of
        another architecture, a GPU that is not there, memory that does not suffice, a loss that is no number.
    """

    revision = 1
    reads_rows = True  # a batch at a time: samples need not be in memory
    batch_called = "batch_size"  # by what its user knows the number of samples in a batch
    __metadata_request__fit = {"groups": True}  # noqa: RUF012

    def __init__(
        self,
        network: Callable[..., nn.Module],
        options: Mapping[str, Any] | None = None,
        *,
        epochs: int = 50,
        batch_size: int = 32,
        optimizer: str = "adam",
        lr: float = 1e-3,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        schedule: str | tuple[float, float] | None = None,
        clip_norm: float | None = None,
        loss: str = "cross_entropy",
        class_weight: str | Mapping[Any, float] | None = None,
        validation: float | Sequence[str] = 0.1,
        choose: str = "best",
        patience: int | None = None,
        stop_below: float | None = None,
        passes: int = 1,
        standardise: str | None = None,
        augment: Sequence[Augment] = (),
        weights: str | os.PathLike[str] | Mapping[str, torch.Tensor] | None = None,
        weights_part: str = "body",
        frozen: Sequence[str] = (),
        mixed_precision: bool = False,
        compile: bool = False,
        device: str = "auto",
        random_state: int | np.random.RandomState | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        progress: Progress | None = None,
    ):
        self.network = network
        self.options = options
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.lr = lr
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.clip_norm = clip_norm
        self.loss = loss
        self.class_weight = class_weight
        self.validation = validation
        self.choose = choose
        self.patience = patience
        self.stop_below = stop_below
        self.passes = passes
        self.standardise = standardise
        self.augment = augment
        self.weights = weights
        self.weights_part = weights_part
        self.frozen = frozen
        self.mixed_precision = mixed_precision
        self.compile = compile
        self.device = device
        self.random_state = random_state
        self.checkpoint = checkpoint
        self.progress = progress

    @property
    def selection(self) -> str | None:
        """By what rule the epoch is chosen, as a run records it; None where it is the last of a given number."""
        if self.choose == "last" and self.stop_below is None:
            return None
        rules = {"best": "epoch of lowest loss", "accuracy": "epoch of highest accuracy", "last": "last epoch"}
        who = f"{self.validation:.0%}" if isinstance(self.validation, int | float) else f"{len(self.validation)}"
        held = "" if self.choose == "last" else f" on {who} of the training persons, held out"
        return rules[self.choose] + held + (f"; training loss below {self.stop_below:g}" if self.stop_below is not None else "")

    def fit(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> NetClassifier:
        """Itself, trained.

        Parameters
        ----------
        X : array-like of shape (N, C, H, W) or (N, C, T, H, W), whole numbers of 0-255 or float
            Read a batch at a time: a ``numpy.memmap`` will do.
        y : array-like of length N
            Their classes.
        groups : array-like of length N, optional
            The person of each sample; needed to hold persons out.

        Returns
        -------
        NetClassifier
            Itself.
        """
        training, recipe = self.prepared(X, y, groups), self.recipe()
        with repeatable(training.seed), self.training_on(training):
            self.build(training)
            file = None if self.checkpoint is None else self._file(training)
            state = train(training, recipe, file, self.progress)
        return self.finished(training, state)

    def recipe(self) -> Recipe:
        """How it is trained.

        Returns
        -------
        Recipe
            Of the parameters.
        """
        return Recipe(**{each.name: getattr(self, each.name) for each in fields(Recipe)})

    def prepared(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> Training:
        """A training of these samples, parameters as in :meth:`fit`: checked, who is held out chosen, nothing drawn yet.

        Parameters
        ----------
        X : array-like of shape (N, C, H, W) or (N, C, T, H, W)
            Samples.
        y : array-like of length N
            Their classes.
        groups : array-like of length N, optional
            Their persons.

        Returns
        -------
        Training
            Not begun.
        """
        X, classes, code = checked_samples(X, y)
        recipe = self.recipe()
        if self.loss not in LOSSES or self.standardise not in STANDARDS:
            raise UsageError(f"loss={self.loss!r}, standardise={self.standardise!r}: allowed are {LOSSES} and {STANDARDS}")
        device = pick_device(self.device)
        seed = _seed(self.random_state)
        held_out = hold_out(groups, code, self.validation, seed)
        if recipe.choose != "last" and not len(held_out):
            raise UsageError(f"choose={recipe.choose!r} needs persons held out: give validation above 0 and groups, or choose='last'")
        rows = np.setdiff1d(np.arange(len(code)), held_out)
        samples = Samples(X, torch.from_numpy(code), device, tuple(self.augment), each=self.standardise == "clip")
        if self.standardise == "data":
            samples.centre, samples.spread = channel_statistics(X, rows, self.batch_size)
        persons = [] if groups is None else np.unique(np.asarray(groups)[held_out]).astype(str).tolist()
        return Training(samples, rows, held_out, classes, seed, persons)

    def training_on(self, training: Training) -> AbstractContextManager[None]:
        """A block in which it is said in words what of this training cannot be.

        Parameters
        ----------
        training : Training
            What :meth:`prepared` gave.

        Returns
        -------
        context manager
            Errors within it are UsageErrors.
        """
        return said(f"{_called(self.network)} on {len(training.rows)} samples of {training.samples.X.shape[1:]}", self._advice())

    def build(self, training: Training) -> None:
        """Give the training its network, whose weights are drawn, and its loss.

        Parameters
        ----------
        training : Training
            What :meth:`prepared` gave.
        """
        training.module, training.shape = self._build(training.samples, training.rows, len(training.classes))
        code = training.samples.code.numpy()[training.rows]
        training.loss = Loss(self.loss, class_weights(self.class_weight, training.classes, code).to(training.samples.device))
        training.random = torch.get_rng_state()

    def finished(self, training: Training, state: State) -> NetClassifier:
        """Itself, with what the training left.

        Parameters
        ----------
        training : Training
            What :meth:`prepared` gave.
        state : State
            Of its end.

        Returns
        -------
        NetClassifier
            Itself.
        """
        samples = training.samples
        self.module_, self.device_ = training.module.eval(), str(samples.device)
        self.input_shape_, self.sample_shape_ = training.shape, tuple(samples.X.shape[1:])
        self.classes_, self.chosen_epoch_ = training.classes, state.chosen
        self.history_ = [{**row, "chosen": int(row["epoch"] == state.chosen)} for row in state.history]
        self.centre_, self.spread_ = samples.centre, samples.spread
        self.validation_persons_ = training.persons
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """How likely each class is, (N, K) float64 in the order of ``classes_``; rows sum to 1.

        Parameters
        ----------
        X : array-like of shape (N, C, H, W) or (N, C, T, H, W)
            Samples, whole numbers of 0-255 or float.

        Returns
        -------
        ndarray of shape (N, K), float64
            In the order of ``classes_``.
        """
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "module_")
        X = as_array(X)
        wanted, given = self.sample_shape_, tuple(X.shape[1:])
        if given != wanted and not (len(given) == len(wanted) == 4 and given[:1] + given[2:] == wanted[:1] + wanted[2:]):
            raise UsageError(f"samples of shape {given}, but {_called(self.network)} was trained on samples of {wanted}")
        samples, loss, out = self.as_trained(X), Loss(self.loss, torch.zeros(0)), []
        with self.speaking(X):
            for start in range(0, len(X), self.batch_size):
                rows = np.arange(start, min(start + self.batch_size, len(X)))
                out.append(loss.probabilities(scores(self.module_, samples, rows, self.mixed_precision)).cpu().numpy())
        p = np.concatenate(out).astype(np.float64) if out else np.zeros((0, len(self.classes_)))
        return np.asarray(p / p.sum(axis=1, keepdims=True))

    def speaking(self, X: Any) -> AbstractContextManager[None]:
        """A block in which it is said in words what the trained network cannot do with these samples.

        Parameters
        ----------
        X : array-like of shape (N, C, H, W) or (N, C, T, H, W)
            Samples, whole numbers of 0-255 or float.

        Returns
        -------
        context manager
            Errors within it are UsageErrors.
        """
        return said(f"{_called(self.network)} on samples of {tuple(X.shape[1:])}", self._advice())

    def as_trained(self, X: Any) -> Samples:
        """The samples, (N, ...), as the trained network takes them, standardised and cut to size a batch at a time.

        Parameters
        ----------
        X : array-like of shape (N, C, H, W) or (N, C, T, H, W)
            Samples, whole numbers of 0-255 or float.

        Returns
        -------
        Samples
            Read a batch at a time.
        """
        device = next(self.module_.parameters()).device
        each = self.standardise == "clip"
        return Samples(X, torch.zeros(0), device, tuple(self.augment), self.centre_, self.spread_, each)

    def predict(self, X: Any) -> np.ndarray:
        """The class of each sample, (N,).

        Parameters
        ----------
        X : array-like of shape (N, C, H, W) or (N, C, T, H, W)
            Samples, whole numbers of 0-255 or float.

        Returns
        -------
        ndarray of shape (N,)
            Of ``classes_``.
        """
        best = self.predict_proba(X).argmax(axis=1)  # says first if nothing was fitted
        return np.asarray(self.classes_[best])

    def save(self, path: str | os.PathLike[str], **about: Any) -> Path:
        """The file of the weights, ``<path>.safetensors``, with its card ``<path>.json``: :meth:`load` gives back the classifier.

        Parameters
        ----------
        path : path
            Where to, with or without ``.safetensors``.
        **about
            What else the card is to say, JSON-able: ``trained_on="..."``, ``preprocessing="..."``.

        Returns
        -------
        Path
            The file of the weights.
        """
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "module_")
        settings = {name: getattr(self, name) for name in ("loss", "standardise", "batch_size")}
        card = {
            "network": dotted(self.network),
            "options": dict(self.options or {}),
            "input_shape": list(self.input_shape_),
            "sample_shape": list(self.sample_shape_),
            "classes": self.classes_.tolist(),
            "settings": settings,
            "augment": [[type(each).__name__, asdict(each)] for each in self.augment],
            "centre": None if self.centre_ is None else self.centre_.tolist(),
            "spread": None if self.spread_ is None else self.spread_.tolist(),
            "chosen_epoch": self.chosen_epoch_,
            "history": self.history_,
            "selection": self.selection,
            "n_weights": sum(each.numel() for each in self.module_.parameters()),
            "fleeting": __version__,
        }
        return save_weights(path, self.module_.state_dict(), {**card, **about})

    @classmethod
    def load(cls, path: str | os.PathLike[str], network: Callable[..., nn.Module] | None = None, device: str = "auto") -> NetClassifier:
        """The trained classifier in a file of weights; ``card_`` is its card.

        Parameters
        ----------
        path : path
            The file of the weights.
        network : callable, optional
            What was trained, where it is none of Fleeting's own.
        device : {"auto", "cpu", "cuda", "mps"}, default="auto"
            Where it computes.

        Raises
        ------
        UsageError
            The file is not whole, or its weights are of another architecture than ``network``.
        """
        tensors, card = load_weights(path)
        if lacking := sorted(CARD - card.keys()):
            raise UsageError(f"{path}: its card has no {lacking[0]!r}, so it is of no classifier; as weights to start from it may do")
        if unknown := [name for name, _ in card["augment"] if name not in AUGMENTS]:
            raise UsageError(f"{path}: its card names the change {unknown[0]!r}, which this Fleeting does not know")
        network = network or named(card["network"], path)
        augment = tuple(AUGMENTS[name](**{k: _plain(v) for k, v in how.items()}) for name, how in card["augment"])
        self = cls(network, card["options"], augment=augment, device=device, validation=0.0, choose="last", **card["settings"])
        self.classes_, self.input_shape_ = np.array(card["classes"]), tuple(card["input_shape"])
        place = pick_device(device)
        with said(f"{_called(network)} for {path}", self._advice()):
            self.module_ = network(input_shape=self.input_shape_, n_classes=len(self.classes_), **card["options"]).to(place).eval()
        put_into(self.module_, tensors, "all", str(path))
        self.device_, self.sample_shape_, self.card_ = str(place), tuple(card["sample_shape"]), card
        self.centre_, self.spread_ = (None if card[key] is None else np.array(card[key]) for key in ("centre", "spread"))
        self.history_, self.chosen_epoch_, self.validation_persons_ = card.get("history", []), card["chosen_epoch"], []
        return self

    def _build(self, samples: Samples, rows: np.ndarray, n_classes: int) -> tuple[nn.Module, tuple[int, ...]]:
        """The network on its device, with the weights it starts from, and the shape of what it is trained on."""
        some = samples.take(rows[:2], torch.Generator().manual_seed(0))
        shape = tuple(some.shape[1:])
        module = self.network(input_shape=shape, n_classes=n_classes, **(self.options or {})).to(samples.device)
        if self.weights is not None:
            if isinstance(self.weights, Mapping):
                put_into(module, self.weights, self.weights_part, "the weights to start from")
            else:
                put_into(module, tensors_of(self.weights), self.weights_part, str(self.weights))
        for prefix in self.frozen:
            layers = [each for name, each in module.named_parameters() if name.startswith(prefix)]
            if not layers:
                there = ", ".join(dict(module.named_children()))
                raise UsageError(f"frozen: {_called(self.network)} has no layer {prefix!r}; it has {there}")
            for each in layers:
                each.requires_grad_(False)
        with torch.no_grad():
            output = module.eval()(some)
        if output.ndim not in (2, 3) or output.shape[-1] != n_classes or len(output) != len(some):
            raise UsageError(f"{_called(self.network)} gives {tuple(output.shape)} of {len(some)} samples of {n_classes} classes")
        return module, shape

    def _file(self, training: Training) -> Path:
        """The checkpoint of this very training: named by parameters, samples and the weights it starts from."""
        aside = {*NO_MATTER, "weights", "random_state", "device"}
        params = {key: value for key, value in self.get_params(deep=False).items() if key not in aside}
        start = {name: tensor.cpu() for name, tensor in training.module.state_dict().items()}
        samples, seed, held_out = training.samples, training.seed, training.held_out
        name = digest(self.revision, params, seed, samples.X, samples.code.numpy(), held_out, start, length=16)
        return folder(str(self.checkpoint)) / f"{name}.safetensors"

    def _advice(self) -> str:
        narrower = ", a narrower network (width)" if "width" in (self.options or {}) else ""
        return f"Lower {self.batch_called}={self.batch_size}{narrower} or the size of the samples, or try mixed_precision=True"


def _seed(random_state: Any) -> int:
    from sklearn.utils import check_random_state

    return int(check_random_state(random_state).randint(2**31 - 1))


def _called(network: Any) -> str:
    return getattr(network, "__name__", type(network).__name__)


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
