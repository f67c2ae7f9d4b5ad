"""SOFTNet: three shallow streams, one of horizontal flow, one of vertical flow, one of strain. 314,817 parameters with its one output."""

from __future__ import annotations

import torch
from torch import nn

from .layers import checked_shape, scaled


class SOFTNet(nn.Module):
    """Whether an expression is under way, (N, n_classes), from flow and strain between two frames (N, 3, 42, 42).

    Parameters
    ----------
    n_classes : int, default=1
        One for spotting: 1 while an expression is under way, 0 else.
    input_shape : (3, H, W), default=(3, 42, 42)
        Horizontal flow, vertical flow, strain. At least 6 px a side.
    width : float, default=1
        Share of the paper's filters.

    References
    ----------
    Liong, See & Wong (2021), Shallow optical flow three-stream CNN for macro- and micro-expression spotting from long videos, ICIP.
    arXiv:2106.06489
    """

    def __init__(self, n_classes: int = 1, input_shape: tuple[int, ...] = (3, 42, 42), width: float = 1.0):
        super().__init__()
        self.input_shape = checked_shape(self, input_shape, "CHW", {"H": 6, "W": 6}, {"C": 3})
        _, rows, columns = self.input_shape
        filters = [scaled(number, width) for number in (3, 5, 8)]
        self.streams = nn.ModuleList(
            nn.Sequential(nn.Conv2d(1, number, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3)) for number in filters  # (N, 3, 14, 14)
        )
        self.pool = nn.MaxPool2d(2)
        units = scaled(400, width)
        self.dense = nn.Sequential(nn.Linear(sum(filters) * (rows // 6) * (columns // 6), units), nn.ReLU())
        self.out = nn.Linear(units, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores, no sigmoid behind them: the paper fits them to 0 and 1 by squared error."""
        x = torch.cat([stream(x[:, k : k + 1]) for k, stream in enumerate(self.streams)], dim=1)  # (N, 16, 14, 14)
        return self.out(self.dense(self.pool(x).flatten(1)))  # (N, 784), (N, 400), (N, 1)
