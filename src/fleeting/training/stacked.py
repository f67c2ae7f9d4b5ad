"""Many trainings of one architecture as one: all folds of an evaluation together, which is what keeps a GPU busy with small networks.

Each training keeps all that is its own: samples, order, weights of classes, changes, dropout, running statistics, who is held out, when it
stops. Its samples are a block of the batch; parameters, moments and statistics have it as their first axis. A network runs as it is
written, for none looks at the axis of the batch; only its layers that hold parameters are exchanged for ones which know the blocks.
A convolution has a group for each training, a dense layer is one product of stacks of matrices, a normalisation takes the mean over
the block. Where a block has fewer samples than the largest, what fills it up has weight zero and no part in any mean.

On a CPU the weights are those of the same training alone, but for the order of sums; nothing is gained there. On a GPU dropout is drawn for
all trainings at once: other numbers, as good.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from ..compute.rows import Rows
from ..errors import UsageError
from .augment import Augment
from .device import pick_device, repeatable
from .loop import Progress, Recipe, State, Training, batches, ended
from .net import NetClassifier
from .samples import as_array, batch, on_device, standardised
from .stack import LAYERS, Stack, known

SMALL = 2**28  # bytes that a step keeps for its way back, up to which a network leaves a GPU room for others
FREE = 0.5  # of a GPU's free memory, how much a stack may take up


def fit_together(
    nets: Sequence[NetClassifier], X: Any, y: ArrayLike, rows: Sequence[np.ndarray], groups: ArrayLike | None = None
) -> None:
    """Fit classifiers that differ in nothing but their ``random_state``, each on some of the samples.

    Parameters
    ----------
    nets : sequence of NetClassifier
    X, y, groups
        As in :meth:`.net.NetClassifier.fit`.
    rows : sequence of ndarray of int
        The samples of each.

    Raises
    ------
    UsageError
        What ``fit`` raises; or :func:`cannot_stack` has a reason, or a class is lacking in some of the trainings only.
    """
    X, y = as_array(X), np.asarray(y)
    people = [None if groups is None else np.asarray(groups)[some] for some in rows]
    trainings = [net.prepared(Rows(X, some), y[some], who) for net, some, who in zip(nets, rows, people, strict=True)]
    if len({tuple(each.classes.tolist()) for each in trainings}) > 1:
        raise UsageError("trainings of one stack must know the same classes: train those that lack one by themselves")
    first, recipe = nets[0], nets[0].recipe()
    with repeatable(trainings[0].seed), first.training_on(trainings[0]):
        for net, training in zip(nets, trainings, strict=True):
            torch.manual_seed(training.seed)
            net.build(training)
        if reason := cannot_stack(first, trainings):
            raise UsageError(f"{reason}: train one after another")
        states = train_together(trainings, recipe, first.progress)
    for net, training, state in zip(nets, trainings, states, strict=True):
        net.finished(training, state)


def train_together(trainings: Sequence[Training], recipe: Recipe, progress: Progress | None = None) -> list[State]:
    """How each went, in their order; the modules hold the weights of the chosen epochs.

    Parameters
    ----------
    trainings : sequence of Training
        Built; their samples are :class:`fleeting.compute.rows.Rows` of one array.
    recipe : Recipe
    progress : callable, optional
        Told of the epochs, which all of them go through together.
    """
    device = trainings[0].samples.device
    states, stack, left = [State() for _ in trainings], Stack(trainings, recipe), list(range(len(trainings)))
    X = on_device(trainings[0].samples.X.base, device)
    began = time.monotonic()
    while left:
        some = [trainings[k] for k in left]
        rates, losses, accuracies = _epoch(stack, some, X, recipe, states[left[0]].epoch)
        held = _judged(stack, some, X, recipe)
        for place, k in enumerate(left):
            ended(states[k], recipe, rates[place], losses[place], accuracies[place], held[place], partial(stack.state, place))
        done = [place for place, k in enumerate(left) if states[k].done]
        for place in done:
            trainings[left[place]].module.load_state_dict(states[left[place]].weights or stack.state(place))
        epoch = max(state.epoch for state in states)
        if progress is not None:
            progress("epochs", epoch, recipe.epochs, (time.monotonic() - began) / epoch * (recipe.epochs - epoch))
        if done:
            stay = [place for place in range(len(left)) if place not in done]
            left = [left[place] for place in stay]
            stack.keep(stay)
    stack.leave()
    return states


def cannot_stack(net: NetClassifier, trainings: Sequence[Training]) -> str | None:
    """Why built trainings cannot be stacked; None where they can, and a stack gives for some samples what each network gives alone."""
    module = trainings[0].module
    if net.checkpoint is not None or net.compile:
        return "a stack has no checkpoint and is not compiled"
    if foreign := [each for each in net.augment if type(each).__call__ is not Augment.__call__]:
        return f"{type(foreign[0]).__name__} does not say apart what it draws and what it does (Augment.draw, Augment.apply)"
    if foreign_layer := next((name for name, layer in module.named_modules() if not known(layer)), None):
        return f"{type(module.get_submodule(foreign_layer)).__name__} in {type(module).__name__} cannot be stacked"
    if type(module) in LAYERS or not known(module):
        return f"{type(module).__name__} holds parameters of its own, which cannot be stacked"
    some = [each.samples.take(each.rows[:2], torch.Generator().manual_seed(0)) for each in trainings]
    with torch.no_grad():
        expected = torch.cat([each.module.eval()(x) for each, x in zip(trainings, some, strict=True)])
        try:
            stack = Stack(trainings, net.recipe())
            stack.network.eval()
            alike = torch.allclose(stack(torch.cat(some)), expected, rtol=1e-2, atol=1e-3)
            stack.leave()
        except (AttributeError, RuntimeError, TypeError) as error:
            if isinstance(error, torch.OutOfMemoryError):
                raise
            return f"{type(module).__name__} cannot be stacked ({str(error).strip().partition(chr(10))[0]})"
    return None if alike else f"{type(module).__name__} cannot be stacked: it gives other scores in a stack than alone"


def how_many(net: NetClassifier, X: Any, y: ArrayLike, rows: np.ndarray, groups: ArrayLike | None = None) -> int:
    """How many trainings like this one a GPU has room for and gains by; 1 without one, and for a network that is large or unfit."""
    if pick_device(net.device).type != "cuda":
        return 1
    who = None if groups is None else np.asarray(groups)[rows]
    both = [net.prepared(Rows(as_array(X), rows), np.asarray(y)[rows], who) for _ in range(2)]
    with repeatable(both[0].seed), net.training_on(both[0]):
        for training in both:
            net.build(training)
        if cannot_stack(net, both) is not None:
            return 1
        kept = step_bytes(net, both[0])
    if kept > SMALL:
        return 1
    parameters = sum(each.numel() for each in both[0].module.parameters())
    free = FREE * torch.cuda.mem_get_info(both[0].samples.device)[0]
    return max(1, int(free / (2 * kept + 4 * 10 * parameters)))  # weights, gradients and moments, before and after a step


def step_bytes(net: NetClassifier, training: Training) -> int:
    """How many bytes a step of a built training keeps for its way back, the weights aside."""
    kept: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        training.module.train()(training.samples.take(training.rows[: net.batch_size], torch.Generator().manual_seed(0)))
    weights = {each.untyped_storage().data_ptr() for each in training.module.parameters()}
    return sum(size for place, size in kept.items() if place not in weights)


def _epoch(
    stack: Stack, trainings: list[Training], X: Any, recipe: Recipe, epoch: int
) -> tuple[list[float], list[float], list[float]]:
    """Last learning rate, loss and accuracy of each training, after one epoch of all."""
    orders = zip(trainings, stack.orders, strict=True)
    parts = [[each.rows[part] for part in batches(len(each.rows), recipe, order)] for each, order in orders]
    total, right = torch.zeros(2, stack.size, device=stack.device)
    rates = [recipe.lr] * stack.size
    stack.network.train()
    for number in range(max(map(len, parts))):
        now = [part[number] if number < len(part) else part[0][:0] for part in parts]
        counts = np.array([len(rows) for rows in now])
        rates = [recipe.rate(epoch + number / len(part)) if len(rows) else rate for part, rows, rate in zip(parts, now, rates, strict=True)]
        x, code = _batch(stack, trainings, X, now, stack.orders)
        with torch.autocast(stack.device.type, torch.bfloat16, enabled=recipe.mixed_precision):
            output = stack(x, counts.tolist())
        error, weight, hits = _sums(stack, trainings[0], output.float(), code)
        error = error / weight.clamp_min(1e-12)
        error.sum().backward()  # type: ignore[no-untyped-call]
        stack.step(np.array(rates), counts > 0)
        total += error.detach() * torch.tensor(counts, device=stack.device)
        right += hits
    seen = np.array([sum(map(len, part)) for part in parts])
    return rates, (total.double().cpu().numpy() / seen).tolist(), (right.double().cpu().numpy() / seen).tolist()


def _judged(stack: Stack, trainings: list[Training], X: Any, recipe: Recipe) -> list[tuple[float, float] | None]:
    """Loss and accuracy of who is held out of each training; None where nobody is."""
    if not any(len(each.held_out) for each in trainings):
        return [None] * stack.size
    total, weights, right = torch.zeros(3, stack.size, device=stack.device)
    stack.network.eval()
    size = recipe.batch_size
    for start in range(0, max(len(each.held_out) for each in trainings), size):
        now = [each.held_out[start : start + size] for each in trainings]
        x, code = _batch(stack, trainings, X, now)
        with torch.inference_mode(), torch.autocast(stack.device.type, torch.bfloat16, enabled=recipe.mixed_precision):
            output = stack(x, [len(rows) for rows in now]).float()
        for sums, some in zip((total, weights, right), _sums(stack, trainings[0], output, code), strict=True):
            sums += some
    people = np.array([len(each.held_out) for each in trainings])
    rows = zip((total / weights).tolist(), (right.cpu().numpy() / people).tolist(), strict=True)
    return [(loss, accuracy) for loss, accuracy in rows]


def _batch(
    stack: Stack, trainings: list[Training], X: Any, now: list[np.ndarray], orders: list[torch.Generator] | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Samples (K B, ...) and their classes (K B,), as they are trained on where there are ``orders``.

    Blocks are filled up with a sample that the training may see.
    """
    block = max(map(len, now))
    full = [np.concatenate([rows, np.repeat(each.rows[:1], block - len(rows))]) for rows, each in zip(now, trainings, strict=True)]
    places = np.concatenate([each.samples.X.rows[rows] for rows, each in zip(full, trainings, strict=True)])
    code = torch.cat([each.samples.code[torch.from_numpy(rows)] for rows, each in zip(full, trainings, strict=True)]).to(stack.device)
    first = trainings[0].samples
    x = batch(X, places, stack.device)
    for change in first.augment:
        if orders is None:
            x = change.plain(x)
            continue
        drawn = [change.draw((len(rows), *x.shape[1:]), order) for rows, order in zip(now, orders, strict=True)]
        filled = [torch.cat([each, each.new_zeros(block - len(each), *each.shape[1:])]) for each in drawn]
        x = change.apply(x, torch.cat(filled))
    if stack.scale is not None:
        centre, spread = (each[:, None, :, *(None,) * (x.ndim - 2)] for each in stack.scale.unbind(1))  # (K, 1, C, 1, ...)
        return ((x.view(stack.size, block, *x.shape[1:]) - centre) / spread).flatten(0, 1), code
    return (standardised(x) if first.each else x), code


def _sums(stack: Stack, training: Training, output: torch.Tensor, code: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Weighted sum of losses, sum of weights and number of hits of each training, (K,)."""
    k = stack.size
    each, codes = training.loss.each(output, code)
    weights = stack.weights.gather(1, codes.view(k, -1))  # (K, B), or (K, B T)
    hits = (training.loss.probabilities(output.detach()).argmax(1) == code).view(k, -1)
    if (real := stack.real(weights.shape[1])) is not None:
        weights, hits = weights * real, hits * real[:, :: weights.shape[1] // hits.shape[1]]
    return (weights * each.view(k, -1)).sum(1), weights.sum(1), hits.sum(1)
