"""STSTNet: three shallow streams over the flow and strain from onset to apex. 1,683 parameters.

The layers are those of the authors' PyTorch version; their first one, in MATLAB, differs slightly. Networks of this name with 162,051
parameters, which some repositories hold, are others.
"""

from __future__ import annotations

import torch
from torch import nn

from .layers import after, checked_shape, scaled


class STSTNet(nn.Module):
    """Scores of each class, (N, n_classes), from horizontal flow, vertical flow and strain (N, 3, 28, 28).

    Parameters
    ----------
    n_classes : int, default=3
        Classes; as many scores come out.
    input_shape : (C, H, W), default=(3, 28, 28)
        At least 3 px a side.
    width : float, default=1
        Share of the paper's filters.

    References
    ----------
    Liong, Gan, See, Khor & Huang (2019), FG. doi:10.1109/FG.2019.8756567
    """

    def __init__(self, n_classes: int = 3, input_shape: tuple[int, ...] = (3, 28, 28), width: float = 1.0):
        super().__init__()
        self.input_shape = checked_shape(self, input_shape, "CHW", {"H": 3, "W": 3})
        c, *sides = self.input_shape
        filters = [scaled(number, width) for number in (3, 5, 8)]
        self.streams = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(c, number, 3, padding=2),  # (N, 3, 30, 30)
                nn.ReLU(),
                nn.BatchNorm2d(number),
                nn.MaxPool2d(3, 3, padding=1),  # (N, 3, 10, 10)
                nn.Dropout(0.5),
            )
            for number in filters
        )
        self.pool = nn.AvgPool2d(2)
        rows, columns = (after(after(side, 3, padding=2), 3, 3, 1) // 2 for side in sides)
        self.out = nn.Linear(sum(filters) * rows * columns, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of each class."""
        x = torch.cat([stream(x) for stream in self.streams], dim=1)  # (N, 16, 10, 10)
        return self.out(self.pool(x).flatten(1))  # (N, 400), (N, 3)
