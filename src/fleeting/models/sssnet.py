"""SSSNet, a shallow single stream over flow and strain: the network of the MEB library. 1,349,251 parameters."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from .layers import after, checked_shape, scaled


class SSSNet(nn.Module):
    """Scores of each class, (N, n_classes), from horizontal flow, vertical flow and strain (N, 3, 64, 64).

    Parameters
    ----------
    n_classes : int, default=3
        Classes; as many scores come out.
    input_shape : (C, H, W), default=(3, 64, 64)
        At least 16 px a side.
    width : float, default=1
        Share of the paper's filters.

    References
    ----------
    Varanka, Li, Peng & Zhao (2023), IEEE Transactions on Affective Computing (MEB).
    """

    def __init__(self, n_classes: int = 3, input_shape: tuple[int, ...] = (3, 64, 64), width: float = 1.0):
        super().__init__()
        self.input_shape = checked_shape(self, input_shape, "CHW", {"H": 16, "W": 16})
        c, *sides = self.input_shape
        few, many, units = scaled(32, width), scaled(64, width), scaled(256, width)
        self.conv1, self.norm1 = nn.Conv2d(c, few, 5), nn.BatchNorm2d(few)
        self.conv2, self.norm2 = nn.Conv2d(few, many, 3), nn.BatchNorm2d(many)
        self.drop_maps, self.drop = nn.Dropout2d(0.5), nn.Dropout(0.5)
        rows, columns = (after(after(side, 5) // 3, 3) // 2 for side in sides)
        self.dense = nn.Linear(many * rows * columns, units)
        self.out = nn.Linear(units, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of each class."""
        x = functional.max_pool2d(functional.relu(self.conv1(x)), 3)  # (N, 32, 60, 60), (N, 32, 20, 20)
        x = self.drop_maps(self.norm1(x))
        x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)  # (N, 64, 18, 18), (N, 64, 9, 9)
        x = self.drop_maps(self.norm2(x))
        x = functional.relu(self.dense(x.flatten(1)))  # (N, 5184), (N, 256)
        return self.out(self.drop(x))
