"""The 47-layer DCNN of Houlton: apex frames through 14 convolution units, 1,670,535 parameters.

47 layers are 14 units of convolution, batch normalisation and ReLU, 4 poolings and a fully connected layer: the text's "three
intermittent poolings" lie between the blocks, the fourth of its figure after the last. The paper does not print the channels;
they are those of its author's notebook, whose last pooling is an average over 4 x 4 instead (1,239,559 parameters; ``pool="mean"``).

The paper's own questions are options: several frames as one sample (onset, apex and offset on nine channels), ``depth``, ``activation``.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from ..errors import UsageError
from .layers import checked_shape, scaled

CHANNELS = (32, 64, 128, 128)
ACTIVATIONS = {"relu": nn.ReLU, "leaky_relu": nn.LeakyReLU, "elu": nn.ELU, "gelu": nn.GELU, "silu": nn.SiLU}


class ApexDCNN(nn.Module):
    """Scores of each class, (N, n_classes), from pictures (N, C, H, W).

    Parameters
    ----------
    n_classes : int, default=7
        Classes; as many scores come out.
    input_shape : (C, H, W), default=(3, 400, 400)
        The apex frame; nine channels are onset, apex and offset as one sample. At least 16 px a side (32 with ``pool="mean"``).
    width : float, default=1
        Share of the channels.
    depth : int, default=14
        Convolution units in all, 4 or more, spread evenly over the four blocks: 14 are 3, 4, 4 and 3.
    activation : {"relu", "leaky_relu", "elu", "gelu", "silu"}, default="relu"
    pool : {"max", "mean"}, default="max"
        The last pooling: the largest of 2 x 2, as in the figure, or the mean of 4 x 4, as in the notebook.

    References
    ----------
    Houlton, Expression Classification in Microexpressions (term paper), Colorado State University.
    """

    def __init__(
        self,
        n_classes: int = 7,
        input_shape: tuple[int, ...] = (3, 400, 400),
        width: float = 1.0,
        *,
        depth: int = 14,
        activation: str = "relu",
        pool: Literal["max", "mean"] = "max",
    ):
        super().__init__()
        if activation not in ACTIVATIONS or pool not in ("max", "mean"):
            raise UsageError(f"activation={activation!r}, pool={pool!r}: allowed are {', '.join(ACTIVATIONS)}; max, mean")
        last = 2 if pool == "max" else 4
        self.input_shape = checked_shape(self, input_shape, "CHW", {"H": 8 * last, "W": 8 * last})
        c, rows, columns = self.input_shape
        self.body = nn.Sequential()
        for channels, units in zip(CHANNELS, _spread(depth), strict=True):
            for _ in range(units):
                self.body.extend([nn.Conv2d(c, c := scaled(channels, width), 3, padding=1), nn.BatchNorm2d(c), ACTIVATIONS[activation]()])
            self.body.append(nn.MaxPool2d(2))
        if pool == "mean":
            self.body[-1] = nn.AvgPool2d(4)
        self.out = nn.Linear(c * (rows // 8 // last) * (columns // 8 // last), n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of each class."""
        x = self.body(x)  # (N, 32, 200, 200), (N, 64, 100, 100), (N, 128, 50, 50), (N, 128, 25, 25)
        return self.out(x.flatten(1))  # (N, 80000), (N, 7)


def _spread(depth: int) -> list[int]:
    """Units of each block; those left over go to the middle first."""
    if depth < len(CHANNELS):
        raise UsageError(f"depth={depth!r}: each of the {len(CHANNELS)} blocks needs a convolution")
    units = [depth // len(CHANNELS)] * len(CHANNELS)
    for block in (1, 2, 0)[: depth % len(CHANNELS)]:
        units[block] += 1
    return units
