"""The training loop: read it from top to bottom, it is all there is.

One epoch is some passes over the training samples in a new order; then the samples that were held out are looked at. What
is written to the checkpoint is all that the rest of the training depends on, so a resumed training ends with the same
weights, to the last bit on a CPU, as one that was never stopped. :mod:`.stacked` is the same loop for many trainings at once.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ..errors import UsageError
from .samples import Samples, on_device
from .weights import put_into, read_tensors, write_tensors

SAVE_EVERY_S = 10.0  # seconds between two checkpoints; the last epoch is always kept
OPTIMIZERS = ("sgd", "adam", "adamw")
CHOICES = ("best", "accuracy", "last")
LOSSES = ("cross_entropy", "squared")
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)

Progress = Callable[[str, int, int, float | None], None]


@dataclass(frozen=True)
class Recipe:
    """How to train: the parameters of :class:`.net.NetClassifier` of the same names."""

    epochs: int
    batch_size: int
    optimizer: str
    lr: float
    momentum: float
    weight_decay: float
    schedule: str | tuple[float, float] | None
    clip_norm: float | None
    passes: int
    choose: str
    patience: int | None
    stop_below: float | None
    mixed_precision: bool
    compile: bool

    def __post_init__(self) -> None:
        for name, value, allowed in (("optimizer", self.optimizer, OPTIMIZERS), ("choose", self.choose, CHOICES)):
            if value not in allowed:
                raise UsageError(f"{name}={value!r} is not known; choose from {', '.join(allowed)}")
        for name in ("epochs", "batch_size", "passes", "patience"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise UsageError(f"{name}={getattr(self, name)!r} must be 1 or more")
        if not self.lr > 0:
            raise UsageError(f"lr={self.lr!r} must be above 0")
        step = isinstance(self.schedule, tuple | list) and len(self.schedule) == 2 and self.schedule[0] > 0
        if not step and self.schedule not in (None, "cosine"):
            raise UsageError(f"schedule={self.schedule!r}: allowed are (every so many epochs, factor), 'cosine' and None")

    def rate(self, epoch: float) -> float:
        """The learning rate after so many epochs."""
        if self.schedule is None:
            return self.lr
        if isinstance(self.schedule, str):
            return self.lr * (1 + math.cos(math.pi * min(1.0, epoch / self.epochs))) / 2
        every, factor = self.schedule
        return float(self.lr * factor ** math.floor(epoch / every + 1e-9))


@dataclass
class Loss:
    """What is made small, averaged over samples by the weight of their class; of outputs (N, T, K) over all T as well.

    Attributes
    ----------
    kind : {"cross_entropy", "squared"}
        Of scores that a softmax turns into probabilities; or half the squared distance of outputs in 0-1 from the class.
    weights : Tensor of shape (K,)
    """

    kind: str
    weights: torch.Tensor

    def sums(self, output: torch.Tensor, code: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The weighted sum of losses, and the sum of weights."""
        each, code = self.each(output, code)
        weights = self.weights[code]
        return (weights * each).sum(), weights.sum()

    def each(self, output: torch.Tensor, code: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss of each sample, or of each sample at each moment, and its class; without weights."""
        if output.ndim == 3:
            code = code.repeat_interleave(output.shape[1])
            output = output.flatten(0, 1)  # (N T, K)
        if self.kind == "squared":
            target = functional.one_hot(code, output.shape[1]).to(output.dtype)
            return (target - output).square().sum(dim=1) / 2, code
        return functional.cross_entropy(output, code, reduction="none"), code

    def probabilities(self, output: torch.Tensor) -> torch.Tensor:
        """Of each sample and class, (N, K), rows sum to 1; over time it is the mean."""
        if self.kind == "cross_entropy":
            p = output.softmax(-1)
        else:  # where all outputs are 0, as sigmoids can be, nothing is said
            total = output.sum(-1, keepdim=True)
            p = torch.where(total > 0, output / total.clamp_min(1e-12), 1 / output.shape[-1])
        return p.mean(dim=1) if p.ndim == 3 else p


@dataclass
class Training:
    """One training before it begins.

    Attributes
    ----------
    samples : Samples
    rows, held_out : ndarray of int
        Which samples are trained on, and by which the epoch is chosen.
    classes : ndarray of shape (K,)
    seed : int
    persons : list of str
        Who is held out.
    module : Module
        On the device, with the weights it starts from.
    shape : tuple of int
        Of a sample as the module takes it.
    loss : Loss
    random : Tensor
        State of PyTorch's own generator once the weights are drawn: where dropout goes on.
    """

    samples: Samples
    rows: np.ndarray
    held_out: np.ndarray
    classes: np.ndarray
    seed: int
    persons: list[str]
    module: nn.Module = field(init=False)
    shape: tuple[int, ...] = field(init=False)
    loss: Loss = field(init=False)
    random: torch.Tensor = field(init=False)


@dataclass
class State:
    """How far the training is."""

    epoch: int = 0
    chosen: int = 0
    best: tuple[float, float] | None = None  # what is compared of the chosen epoch; larger is better
    done: bool = False
    history: list[dict[str, float]] = field(default_factory=list)
    weights: dict[str, torch.Tensor] = field(default_factory=dict)  # of the chosen epoch


def train(training: Training, recipe: Recipe, file: Path | None = None, progress: Progress | None = None) -> State:
    """How it went; the module holds the weights of the chosen epoch.

    Parameters
    ----------
    training : Training
    recipe : Recipe
    file : Path, optional
        The checkpoint; goes on from it where it is there.
    progress : callable, optional
        Called as ``progress("epochs", done, total, seconds_left)``.

    Raises
    ------
    UsageError
        The loss is no number any more.
    """
    module, rows, held_out, loss = training.module, training.rows, training.held_out, training.loss
    samples = replace(training.samples, X=on_device(training.samples.X, training.samples.device))
    optimiser = _optimiser(module, recipe)
    order = torch.Generator().manual_seed(training.seed)
    state = State() if file is None else _resumed(file, module, optimiser, order, samples.device)
    run = torch.compile(module) if recipe.compile else module
    began, before, saved = time.monotonic(), state.epoch, time.monotonic()
    while not state.done:
        to_training(module)
        total, right, seen = torch.zeros((), device=samples.device), torch.zeros((), device=samples.device), 0
        parts = batches(len(rows), recipe, order)
        for number, part in enumerate(parts):
            lr = recipe.rate(state.epoch + number / len(parts))
            for group in optimiser.param_groups:
                group["lr"] = lr
            x, code = samples.take(rows[part], order), samples.labels(rows[part])
            with torch.autocast(samples.device.type, torch.bfloat16, enabled=recipe.mixed_precision):
                output = run(x)
            error, weight = loss.sums(output.float(), code)
            optimiser.zero_grad()
            (error / weight).backward()  # type: ignore[no-untyped-call]
            if recipe.clip_norm is not None:
                nn.utils.clip_grad_norm_(module.parameters(), recipe.clip_norm)
            optimiser.step()
            total += error.detach() / weight * len(part)
            right += (loss.probabilities(output.detach().float()).argmax(1) == code).sum()
            seen += len(part)
        held = judge(module, samples, held_out, loss, recipe) if len(held_out) else None
        ended(state, recipe, lr, float(total) / seen, float(right) / seen, held, module.state_dict)
        if file is not None and (state.done or time.monotonic() - saved > SAVE_EVERY_S):
            _save(file, state, module, optimiser, order, samples.device)
            saved = time.monotonic()
        if progress is not None:
            left = (time.monotonic() - began) / (state.epoch - before) * (recipe.epochs - state.epoch)
            progress("epochs", state.epoch, recipe.epochs, left)
    if state.weights:
        module.load_state_dict(state.weights)
    return state


def ended(
    state: State,
    recipe: Recipe,
    lr: float,
    loss: float,
    accuracy: float,
    held: tuple[float, float] | None,
    weights: Callable[[], Mapping[str, torch.Tensor]],
) -> None:
    """Write down an epoch that has ended: how it was, whether it is the one to choose, and whether it was the last.

    ``held`` is loss and accuracy of who is held out, ``weights`` gives those that the epoch ended with.
    """
    state.epoch += 1
    row = {"epoch": state.epoch, "lr": lr, "loss": loss, "accuracy": accuracy}
    if not math.isfinite(loss):
        raise UsageError(
            f"the loss is {loss} in epoch {state.epoch}: training diverged. "
            f"Lower lr={recipe.lr:g}, set clip_norm, or standardise the input"
        )
    if held is not None:
        row["validation_loss"], row["validation_accuracy"] = held
    state.history.append(row)
    _choose(state, row, recipe, weights)
    waited = recipe.patience is not None and state.epoch - state.chosen >= recipe.patience
    low = recipe.stop_below is not None and loss < recipe.stop_below
    state.done = state.epoch >= recipe.epochs or waited or low


def judge(module: nn.Module, samples: Samples, rows: np.ndarray, loss: Loss, recipe: Recipe) -> tuple[float, float]:
    """Loss and accuracy of some samples, as they are."""
    total = weights = right = 0.0
    for part in np.split(rows, range(recipe.batch_size, len(rows), recipe.batch_size)):
        output, code = scores(module, samples, part, recipe.mixed_precision), samples.labels(part)
        error, weight = loss.sums(output, code)
        total, weights = total + float(error), weights + float(weight)
        right += float((loss.probabilities(output).argmax(1) == code).sum())
    return total / weights, right / len(rows)


def scores(module: nn.Module, samples: Samples, rows: np.ndarray, mixed_precision: bool) -> torch.Tensor:
    """What the network makes of some samples where nothing is trained, float32."""
    module.eval()
    with torch.inference_mode(), torch.autocast(samples.device.type, torch.bfloat16, enabled=mixed_precision):
        return module(samples.take(rows)).float()


def to_training(module: nn.Module) -> None:
    """All layers ready to be trained; normalisation that is frozen stays as it is, its running means included."""
    module.train()
    for layer in module.modules():
        if isinstance(layer, NORMS) and layer.affine and not any(each.requires_grad for each in layer.parameters()):
            layer.eval()


def _optimiser(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    parameters = [each for each in module.parameters() if each.requires_grad]
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(parameters, recipe.lr, recipe.momentum, weight_decay=recipe.weight_decay)
    kind = torch.optim.Adam if recipe.optimizer == "adam" else torch.optim.AdamW
    return kind(parameters, recipe.lr, weight_decay=recipe.weight_decay)


def batches(n: int, recipe: Recipe, order: torch.Generator) -> list[np.ndarray]:
    """The batches of one epoch; a single sample at the end joins the batch before, as it cannot be normalised alone."""
    places = torch.cat([torch.randperm(n, generator=order) for _ in range(recipe.passes)]).numpy()
    parts = np.split(places, range(recipe.batch_size, len(places), recipe.batch_size))
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [np.concatenate(parts[-2:])]
    return parts


def _choose(state: State, row: dict[str, float], recipe: Recipe, weights: Callable[[], Mapping[str, torch.Tensor]]) -> None:
    if recipe.choose == "last":
        state.chosen = state.epoch
        return
    loss, accuracy = row["validation_loss"], row["validation_accuracy"]
    value = (-loss, accuracy) if recipe.choose == "best" else (accuracy, -loss)
    if state.best is None or value > state.best:
        state.best, state.chosen = value, state.epoch
        state.weights = {name: tensor.detach().cpu().clone() for name, tensor in weights().items()}


def _save(
    file: Path, state: State, module: nn.Module, optimiser: torch.optim.Optimizer, order: torch.Generator, device: torch.device
) -> None:
    tensors = {f"model.{name}": tensor for name, tensor in module.state_dict().items()}
    tensors |= {f"chosen.{name}": tensor for name, tensor in state.weights.items()}
    for number, slots in optimiser.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": value for name, value in slots.items() if value is not None}
    tensors |= {"random.order": order.get_state(), "random.cpu": torch.get_rng_state()}
    if device.type == "cuda":
        tensors["random.cuda"] = torch.cuda.get_rng_state(device)
    about = {"epoch": state.epoch, "chosen": state.chosen, "best": state.best, "done": state.done, "history": state.history}
    write_tensors(file, tensors, about)


def _resumed(
    file: Path, module: nn.Module, optimiser: torch.optim.Optimizer, order: torch.Generator, device: torch.device
) -> State:
    if not file.exists():
        return State()
    try:
        tensors, about = read_tensors(file)
        put_into(module, _under("model.", tensors), "all", "its weights")
        slots: dict[int, dict[str, torch.Tensor]] = {}
        for name, tensor in _under("optimizer.", tensors).items():
            number, _, slot = name.partition(".")
            slots.setdefault(int(number), {})[slot] = tensor
        optimiser.load_state_dict({"state": slots, "param_groups": optimiser.state_dict()["param_groups"]})
        order.set_state(tensors["random.order"])
        torch.set_rng_state(tensors["random.cpu"])
        if "random.cuda" in tensors and device.type == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"], device)
        best = None if about["best"] is None else (about["best"][0], about["best"][1])
        return State(about["epoch"], about["chosen"], best, about["done"], about["history"], _under("chosen.", tensors))
    except (UsageError, KeyError, RuntimeError, ValueError) as error:
        raise UsageError(f"{file} cannot be resumed ({error}): remove it to train from the start") from error


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
