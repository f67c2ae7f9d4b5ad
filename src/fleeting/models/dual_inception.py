"""Dual-Inception: OFF-ApexNet's two streams, of two inception blocks each. 6,454,883 parameters.

The widths of the branches are those of a public reimplementation. The original's blocks may reduce channels by 1 x 1 convolutions
before the larger kernels.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from .layers import Inputs, checked_shape, scaled, streams


class Inception(nn.Module):
    """Maps (N, 4 branch, H, W): kernels of 1, 3 and 5, and a pooling, side by side."""

    def __init__(self, channels: int, branch: int):
        super().__init__()
        self.branches = nn.ModuleList(nn.Conv2d(channels, branch, side, padding=side // 2) for side in (1, 3, 5))
        self.pooled = nn.Conv2d(channels, branch, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """All branches' maps."""
        around = functional.max_pool2d(x, 3, 1, 1)
        return functional.relu(torch.cat([*(branch(x) for branch in self.branches), self.pooled(around)], dim=1))


class DualInception(nn.Module):
    """Scores of each class, (N, n_classes), from flow (N, 2, 28, 28).

    Parameters
    ----------
    n_classes : int, default=3
        Classes; as many scores come out.
    input_shape : (2, H, W), default=(2, 28, 28)
        Horizontal and vertical flow; ``forward`` also takes both as a tuple. At least 4 px a side.
    width : float, default=1
        Share of the paper's filters.

    References
    ----------
    Zhou, Mao & Xue (2019), FG.
    """

    def __init__(self, n_classes: int = 3, input_shape: tuple[int, ...] = (2, 28, 28), width: float = 1.0):
        super().__init__()
        self.input_shape = checked_shape(self, input_shape, "CHW", {"H": 4, "W": 4}, {"C": 2})
        _, rows, columns = self.input_shape
        self.shapes = {"horizontal flow": (1, rows, columns), "vertical flow": (1, rows, columns)}
        six, sixteen, units = scaled(6, width), scaled(16, width), scaled(1024, width)
        self.u, self.v = _stream(six, sixteen), _stream(six, sixteen)
        self.dense = nn.Linear(2 * 4 * sixteen * (rows // 4) * (columns // 4), units)
        self.drop, self.out = nn.Dropout(0.5), nn.Linear(units, n_classes)

    def forward(self, x: Inputs) -> torch.Tensor:
        """Scores of each class."""
        u, v = streams(self, x, self.shapes, axis=1)  # (N, 1, 28, 28) each
        x = torch.cat([self.u(u).flatten(1), self.v(v).flatten(1)], dim=1)  # (N, 3136) each
        return self.out(self.drop(functional.relu(self.dense(x))))  # (N, 1024), (N, 3)


def _stream(six: int, sixteen: int) -> nn.Sequential:
    return nn.Sequential(
        Inception(1, six),  # (N, 24, 28, 28)
        nn.MaxPool2d(2),  # (N, 24, 14, 14)
        Inception(4 * six, sixteen),  # (N, 64, 14, 14)
        nn.MaxPool2d(2),  # (N, 64, 7, 7)
    )
