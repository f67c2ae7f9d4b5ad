"""OFF-ApexNet: horizontal and vertical flow from onset to apex, each through its own shallow stream. 2,664,475 parameters."""

from __future__ import annotations

import torch
from torch import nn

from .layers import Inputs, checked_shape, scaled, streams


class OFFApexNet(nn.Module):
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
    Gan, Liong, Yau, Liu & Tan (2019), Signal Processing: Image Communication 74. arXiv:1805.08699
    """

    def __init__(self, n_classes: int = 3, input_shape: tuple[int, ...] = (2, 28, 28), width: float = 1.0):
        super().__init__()
        self.input_shape = checked_shape(self, input_shape, "CHW", {"H": 4, "W": 4}, {"C": 2})
        _, rows, columns = self.input_shape
        self.shapes = {"horizontal flow": (1, rows, columns), "vertical flow": (1, rows, columns)}
        six, sixteen, units = scaled(6, width), scaled(16, width), scaled(1024, width)
        self.u, self.v = _stream(six, sixteen), _stream(six, sixteen)
        places = 2 * sixteen * (rows // 4) * (columns // 4)
        self.dense = nn.Sequential(nn.Linear(places, units), nn.ReLU(), nn.Linear(units, units), nn.ReLU(), nn.Dropout(0.5))
        self.out = nn.Linear(units, n_classes)

    def forward(self, x: Inputs) -> torch.Tensor:
        """Scores of each class."""
        u, v = streams(self, x, self.shapes, axis=1)  # (N, 1, 28, 28) each
        x = torch.cat([self.u(u).flatten(1), self.v(v).flatten(1)], dim=1)  # (N, 784) each
        return self.out(self.dense(x))  # (N, 1024), (N, 3)


def _stream(six: int, sixteen: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, six, 5, padding=2),  # (N, 6, 28, 28)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 6, 14, 14)
        nn.Conv2d(six, sixteen, 5, padding=2),  # (N, 16, 14, 14)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 16, 7, 7)
    )
