"""The eye CNN (the paper `eye-cnn`): LeNet on pictures of eyes, 61,451 parameters.

The paper gives the maps (32, 28, 14, 10, 5) and contradicts itself about the rest: its S2 has a sigmoid, its eq. 4 a ReLU, its eq. 5
is the derivative of sigmoid outputs under a squared error. ``variant="text"`` keeps what fits together: ReLU inside, eq. 2's
weighted sub-sampling, sigmoid outputs; train it with the squared loss. ``variant="modern"`` is what one would build today. The
size of the fully connected layers is not printed: LeNet-5's 120 and 84 are ours, so is the direct head. All 16 maps of C3 see all
6 of S2. "C1 generates three feature maps" belongs to the explanation of another figure.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from ..errors import UsageError
from .layers import after, checked_shape, scaled, start


class EyeCNN(nn.Module):
    """Scores of each class, (N, n_classes), from grey pictures (N, 1, 32, 32); sigmoid outputs in 0-1 with ``variant="text"``.

    Parameters
    ----------
    n_classes : int, default=7
        Classes; as many scores come out.
    input_shape : (C, H, W), default=(1, 32, 32)
        At least 16 px a side.
    width : float, default=1
        Share of the maps and units.
    variant : {"modern", "text"}, default="modern"
        Largest of 2 x 2 and scores for a softmax, 61,451 parameters; or eq. 2 and sigmoids, 61,495.
    head : {"lenet", "direct"}, default="lenet"
        Layers of 120 and 84 units before the classes, or none (5,379 parameters).
    init : {"seed"}, optional
        ``seed`` draws all weights from -1 to 1, "to avoid saturation": it achieves the opposite, pictures of 0-1 get scores of
        hundreds, of which a sigmoid makes 0 or 1. Default: He's, and Glorot's for the last layer.

    References
    ----------
    LeCun, Bottou, Bengio & Haffner (1998), Proceedings of the IEEE 86(11).
    """

    def __init__(
        self,
        n_classes: int = 7,
        input_shape: tuple[int, ...] = (1, 32, 32),
        width: float = 1.0,
        *,
        variant: Literal["modern", "text"] = "modern",
        head: Literal["lenet", "direct"] = "lenet",
        init: Literal["seed"] | None = None,
    ):
        super().__init__()
        if variant not in ("modern", "text") or head not in ("lenet", "direct") or init not in (None, "seed"):
            raise UsageError(f"variant={variant!r}, head={head!r}, init={init!r}: allowed are modern, text; lenet, direct; None, seed")
        self.input_shape = checked_shape(self, input_shape, "CHW", {"H": 16, "W": 16})
        self.sigmoid = variant == "text"
        c, rows, columns = self.input_shape
        six, sixteen = scaled(6, width), scaled(16, width)
        down = Subsampling if variant == "text" else _largest
        self.c1 = nn.Sequential(nn.Conv2d(c, six, 5), nn.ReLU())
        self.s2 = down(six)
        self.c3 = nn.Sequential(nn.Conv2d(six, sixteen, 5), nn.ReLU())
        self.s4 = down(sixteen)
        units = sixteen * _side(rows) * _side(columns)
        self.body = nn.Sequential()
        if head == "lenet":
            for wide in (scaled(120, width), scaled(84, width)):
                self.body.extend([nn.Linear(units, wide), nn.ReLU()])
                units = wide
        self.out = nn.Linear(units, n_classes)
        start(self, "he")
        nn.init.xavier_uniform_(self.out.weight)
        if init == "seed":
            for each in self.parameters():
                nn.init.uniform_(each, -1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of each class, or outputs in 0-1."""
        x = self.s2(self.c1(x))  # (N, 6, 28, 28), (N, 6, 14, 14)
        x = self.s4(self.c3(x))  # (N, 16, 10, 10), (N, 16, 5, 5)
        x = self.out(self.body(x.flatten(1)))  # (N, 400), (N, 7)
        return x.sigmoid() if self.sigmoid else x


class Subsampling(nn.Module):
    """The mean of each 2 x 2, times a weight and plus a bias of its map, through a ReLU: eq. 2."""

    def __init__(self, maps: int):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(maps)), nn.Parameter(torch.zeros(maps))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps of half the size."""
        mean = functional.avg_pool2d(x, 2)
        return functional.relu(mean * self.weight[:, None, None] + self.bias[:, None, None])


def _largest(maps: int) -> nn.Module:
    return nn.MaxPool2d(2)


def _side(size: int) -> int:
    for _ in range(2):
        size = after(size, 5) // 2
    return size
