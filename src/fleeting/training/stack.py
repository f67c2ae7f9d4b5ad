"""The network of many trainings: one table of parameters, (K, P), and layers that know whose samples are whose.

See :mod:`.stacked`, which trains it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .loop import NORMS, Recipe, Training

BETAS, EPSILON = (0.9, 0.999), 1e-8  # of Adam, as PyTorch has them


class Stack:
    """A network of many trainings: their parameters as one table, (K, P), and the layers that take them from it.

    Attributes
    ----------
    size : int
        K, how many trainings are still going on.
    counts : list of int, optional
        How many samples each has in the batch that runs, where they are not all alike; what fills up has no part in any mean.
    """

    def __init__(self, trainings: Sequence[Training], recipe: Recipe):
        modules = [each.module for each in trainings]
        device = trainings[0].samples.device
        self.size, self.device, self.recipe = len(modules), device, recipe
        self.shapes = {name: tuple(each.shape) for name, each in modules[0].named_parameters() if each.requires_grad}
        self.table = torch.stack([_row(module, self.shapes) for module in modules]).requires_grad_()
        self.moments = [torch.zeros_like(self.table, requires_grad=False) for _ in range(2 if recipe.optimizer != "sgd" else 1)]
        rest = [{name: each for name, each in module.state_dict().items() if name not in self.shapes} for module in modules]
        self.fixed = {name: torch.stack([each[name] for each in rest]) for name in rest[0]}
        self.steps = np.zeros(self.size)
        self.orders = [torch.Generator().manual_seed(each.seed) for each in trainings]
        self.random = [torch.Generator() for _ in trainings]
        for generator, each in zip(self.random, trainings, strict=True):
            generator.set_state(each.random)
        self.weights = torch.stack([each.loss.weights for each in trainings])  # (K, classes)
        centred = trainings[0].samples.centre is not None
        both = [[each.samples.centre, each.samples.spread] for each in trainings] if centred else []
        self.scale = torch.tensor(np.array(both), dtype=torch.float32, device=device) if centred else None  # (K, 2, C)
        self.counts: list[int] | None = None
        self.block = 0
        self.now: Mapping[str, torch.Tensor] = {}
        self.network = _exchanged(deepcopy(modules[0]), self)

    def __call__(self, x: torch.Tensor, counts: list[int] | None = None) -> torch.Tensor:
        """Scores of the samples, (K B, ...), the block of each training after that of the one before."""
        self.block = x.shape[0] // self.size
        self.counts = counts if counts is not None and min(counts) < self.block else None
        parts = torch.split(self.table, [int(np.prod(shape)) for shape in self.shapes.values()], dim=1)
        named = zip(self.shapes.items(), parts, strict=True)
        self.now = {**self.fixed, **{name: part.view(self.size, *shape) for (name, shape), part in named}}
        out = self.network(x)
        self.now = {}
        return out

    def real(self, n: int) -> torch.Tensor | None:
        """Which of the ``n`` rows that a layer sees of a block do not merely fill it up, (K, n) of 0 and 1; None where none does.

        A sample has become several rows where its frames go through a layer one by one.
        """
        if self.counts is None:
            return None
        counts = torch.tensor(self.counts, device=self.device)[:, None]
        return (torch.arange(self.block, device=self.device) < counts).float().repeat_interleave(n // self.block, dim=1)

    def step(self, rates: np.ndarray, active: np.ndarray) -> None:
        """One step of the optimiser, for those trainings that had samples: as PyTorch's own, but for a rate each."""
        recipe, grad = self.recipe, self.table.grad
        assert grad is not None
        self.steps += active
        with torch.no_grad():
            if recipe.clip_norm is not None:
                grad = grad * (recipe.clip_norm / (grad.norm(dim=1, keepdim=True) + 1e-6)).clamp(max=1)
            table, before = self.table.detach(), [each.clone() for each in (self.table.detach(), *self.moments)] if not active.all() else []
            if recipe.optimizer == "adamw":
                table.mul_(self._column(1 - rates * recipe.weight_decay))
            elif recipe.weight_decay:
                grad = grad + recipe.weight_decay * table
            if recipe.optimizer == "sgd":
                table.sub_(self._column(rates) * self.moments[0].mul_(recipe.momentum).add_(grad))
            else:
                mean, square = self.moments
                mean.lerp_(grad, 1 - BETAS[0])
                square.mul_(BETAS[1]).addcmul_(grad, grad, value=1 - BETAS[1])
                first, second = (1 - beta ** np.maximum(self.steps, 1) for beta in BETAS)
                table.sub_(self._column(rates / first) * mean / (square.sqrt().mul_(self._column(1 / np.sqrt(second))).add_(EPSILON)))
            for now, then in zip((table, *self.moments), before, strict=False):
                now.copy_(torch.where(self._column(active) > 0, now, then))
        self.table.grad = None

    def state(self, place: int) -> dict[str, torch.Tensor]:
        """What the module of one training would have as its ``state_dict``."""
        flat, out, start = self.table.detach()[place], {}, 0
        for name, shape in self.shapes.items():
            size = int(np.prod(shape))
            out[name] = flat[start : start + size].view(shape).clone()
            start += size
        return out | {name: each[place].clone() for name, each in self.fixed.items()}

    def keep(self, places: list[int]) -> None:
        """Go on with some of the trainings only."""
        self.size, rows = len(places), torch.tensor(places, dtype=torch.long, device=self.device)
        self.table = self.table.detach()[rows].requires_grad_()
        self.moments, self.fixed = [each[rows] for each in self.moments], {name: each[rows] for name, each in self.fixed.items()}
        self.steps, self.weights = self.steps[places], self.weights[rows]
        self.scale = None if self.scale is None else self.scale[rows]
        self.orders, self.random = [self.orders[place] for place in places], [self.random[place] for place in places]

    def leave(self) -> None:
        """Let go of the layers, which hold the stack in turn: its memory is free at once, and not when somebody collects it."""
        self.network = nn.Identity()

    def _column(self, numbers: np.ndarray) -> torch.Tensor:
        return torch.tensor(np.asarray(numbers, np.float32), device=self.device)[:, None]


class _Layer(nn.Module):
    """A layer of all trainings, from (K B, ...) to (K B, ...)."""

    def __init__(self, like: nn.Module, name: str, stack: Stack):
        super().__init__()
        self.alike: Any = (like,)  # in a tuple: it is no layer of this one
        self.name, self.stack = name, stack

    @classmethod
    def takes(cls, like: Any) -> bool:
        """Whether this layer can stand for that one."""
        return True

    @property
    def like(self) -> Any:
        """The layer as it is of one training."""
        return self.alike[0]

    def own(self, name: str) -> Any:
        """A parameter or a buffer of this layer, (K, ...); None where it has none."""
        return self.stack.now.get(f"{self.name}.{name}")

    def apart(self, x: torch.Tensor) -> torch.Tensor:
        """(K B, ...) as (K, B, ...)."""
        return x.reshape(self.stack.size, -1, *x.shape[1:])


class _Convolution(_Layer):
    @classmethod
    def takes(cls, like: Any) -> bool:
        return bool(like.padding_mode == "zeros")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        convolve = {3: functional.conv1d, 4: functional.conv2d, 5: functional.conv3d}[x.ndim]
        like, k, bias = self.like, self.stack.size, self.own("bias")
        x = self.apart(x).transpose(0, 1).flatten(1, 2)  # (B, K C, ...)
        bias = None if bias is None else bias.flatten()
        x = convolve(x, self.own("weight").flatten(0, 1), bias, like.stride, like.padding, like.dilation, k * like.groups)
        return x.reshape(len(x), k, -1, *x.shape[2:]).transpose(0, 1).flatten(0, 1)


class _Linear(_Layer):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        flat, weight, bias = self.apart(x).flatten(1, -2), self.own("weight").transpose(1, 2), self.own("bias")  # (K, B, F)
        out = torch.bmm(flat, weight) if bias is None else torch.baddbmm(bias[:, None], flat, weight)
        return out.reshape(*x.shape[:-1], -1)


class _Normalisation(_Layer):
    @classmethod
    def takes(cls, like: Any) -> bool:
        return bool(like.track_running_stats and like.momentum is not None)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        like, names = self.like, [f"{self.name}.{each}" for each in ("weight", "bias")]
        x = self.apart(x)  # (K, B, C, ...)
        axes, wide = (1, *range(3, x.ndim)), (slice(None), None, slice(None), *(None,) * (x.ndim - 3))
        if self.training and not (like.affine and not any(name in self.stack.shapes for name in names)):
            real = self.stack.real(x.shape[1])
            places = int(np.prod(x.shape[3:]))
            if real is None:
                count, mean = torch.full((self.stack.size, 1), float(x.shape[1] * places), device=x.device), x.mean(axes)
                var = x.var(axes, correction=0)
            else:
                here = real.view(*real.shape, *(1,) * (x.ndim - 2))
                count = real.sum(1, keepdim=True) * places
                some = count.clamp_min(1)  # of a training that has no sample in this step, nothing is used
                mean = (x * here).sum(axes) / some
                var = ((x - mean[wide]).square() * here).sum(axes) / some
            self._follow(mean.detach(), var.detach(), count)
        else:
            mean, var = self.own("running_mean"), self.own("running_var")
        x = (x - mean[wide]) * torch.rsqrt(var + like.eps)[wide]
        if like.affine:
            x = x * self.own("weight")[wide] + self.own("bias")[wide]
        return x.flatten(0, 1)

    def _follow(self, mean: torch.Tensor, var: torch.Tensor, count: torch.Tensor) -> None:
        """Running statistics go a step towards those of the batch."""
        step = self.like.momentum * (count > 0)
        self.own("running_mean").add_(step * (mean - self.own("running_mean")))
        self.own("running_var").add_(step * (var * count / (count - 1).clamp_min(1) - self.own("running_var")))
        self.own("num_batches_tracked").add_((count[:, 0] > 0).long())


class _Dropout(_Layer):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        keep = 1 - self.like.p
        if not self.training or keep == 1:
            return x
        whole = type(self.like) is nn.Dropout
        noise = torch.ones(x.shape if whole else (*x.shape[:2], *(1,) * (x.ndim - 2)), dtype=x.dtype, device=x.device)
        if x.device.type != "cpu":
            noise.bernoulli_(keep)
        else:
            n = self.apart(x).shape[1]
            counts = self.stack.counts or [self.stack.block] * self.stack.size
            for block, count, generator in zip(self.apart(noise), counts, self.stack.random, strict=True):
                block[: count * (n // self.stack.block)].bernoulli_(keep, generator=generator)
        return x * noise.div_(keep) if keep else x * 0


class _LSTM(_Layer):
    @classmethod
    def takes(cls, like: Any) -> bool:
        return bool(like.batch_first and not like.bidirectional and not like.dropout and not like.proj_size)

    def forward(self, x: torch.Tensor, start: Any = None) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        last = []
        x = self.apart(x)  # (K, B, T, F)
        for layer in range(self.like.num_layers):
            into, back = (self.own(f"weight_{way}_l{layer}").transpose(1, 2) for way in ("ih", "hh"))
            given = torch.bmm(x.flatten(1, 2), into).view(*x.shape[:3], -1)  # (K, B, T, 4 H)
            if self.like.bias:
                given = given + (self.own(f"bias_ih_l{layer}") + self.own(f"bias_hh_l{layer}"))[:, None, None]
            zero = x.new_zeros(*x.shape[:2], self.like.hidden_size)
            h, c = (zero, zero) if start is None else (self.apart(each[layer]) for each in start)
            steps = []
            for moment in given.unbind(2):
                i, f, g, o = (moment + torch.bmm(h, back)).chunk(4, dim=-1)
                c = f.sigmoid() * c + i.sigmoid() * g.tanh()
                h = o.sigmoid() * c.tanh()
                steps.append(h)
            x = torch.stack(steps, dim=2)
            last.append((h.flatten(0, 1), c.flatten(0, 1)))
        hidden, cell = (torch.stack(each) for each in zip(*last, strict=True))
        return x.flatten(0, 1), (hidden, cell)


LAYERS: dict[type[nn.Module], type[_Layer]] = {
    **dict.fromkeys((nn.Conv1d, nn.Conv2d, nn.Conv3d), _Convolution),
    **dict.fromkeys(NORMS, _Normalisation),
    **dict.fromkeys((nn.Dropout, nn.Dropout2d, nn.Dropout3d), _Dropout),
    nn.Linear: _Linear,
    nn.LSTM: _LSTM,
}
"""What takes the place of each kind of layer; a network that holds parameters in any other is not stacked."""


def known(layer: nn.Module) -> bool:
    """Whether a layer has nothing of its own, or has something that takes its place."""
    if type(layer) in LAYERS:
        return LAYERS[type(layer)].takes(layer)
    own = [*layer.parameters(recurse=False), *layer.buffers(recurse=False)]
    return not own and not isinstance(layer, nn.RNNBase | nn.modules.dropout._DropoutNd)


def _exchanged(module: nn.Module, stack: Stack, prefix: str = "", known: dict[nn.Module, _Layer] | None = None) -> nn.Module:
    """The module with its layers of parameters exchanged; one that is used twice is one afterwards, too."""
    known = {} if known is None else known
    for name, child in module._modules.items():
        if child is None:
            continue
        if type(child) in LAYERS:
            module._modules[name] = known.setdefault(child, LAYERS[type(child)](child, f"{prefix}{name}", stack))
        else:
            _exchanged(child, stack, f"{prefix}{name}.", known)
    return module


def _row(module: nn.Module, shapes: Mapping[str, tuple[int, ...]]) -> torch.Tensor:
    """All parameters of a module that are trained, (P,)."""
    named = dict(module.named_parameters())
    return torch.cat([named[name].detach().flatten() for name in shapes])
