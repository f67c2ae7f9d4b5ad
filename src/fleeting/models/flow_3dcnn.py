"""A 3D CNN over grey frames and their flow, after Li et al.: 3,262,467 parameters.

The paper lets a 3D network see grey levels, horizontal and vertical flow of a clip together. Its table of layers was not open to us, so the
arrangement below, four convolutions of 3 x 3 x 3 and poolings that halve, is ours: results are not to be compared with the paper's.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from .layers import checked_shape, scaled, start


class Flow3DCNN(nn.Module):
    """Scores of each class, (N, n_classes), from grey levels and flow along a clip, (N, 3, 16, 64, 64).

    Parameters
    ----------
    n_classes : int, default=3
        Classes; as many scores come out.
    input_shape : (C, T, H, W), default=(3, 16, 64, 64)
        At least 8 frames, of at least 16 px a side.
    width : float, default=1
        Share of the paper's filters.

    References
    ----------
    Li, Wang, See & Liu (2019), Pattern Analysis and Applications 22(4).
    """

    def __init__(self, n_classes: int = 3, input_shape: tuple[int, ...] = (3, 16, 64, 64), width: float = 1.0):
        super().__init__()
        self.input_shape = checked_shape(self, input_shape, "CTHW", {"T": 8, "H": 16, "W": 16})
        c, t, rows, columns = self.input_shape
        self.body = nn.Sequential()
        for number, filters in enumerate((32, 64, 128, 256)):
            pool = (1, 2, 2) if number == 0 else (2, 2, 2)
            self.body.extend([nn.Conv3d(c, c := scaled(filters, width), 3, padding=1), nn.ReLU(), nn.MaxPool3d(pool)])
        units = scaled(256, width)
        self.dense = nn.Linear(c * (t // 8) * (rows // 16) * (columns // 16), units)
        self.drop, self.out = nn.Dropout(0.5), nn.Linear(units, n_classes)
        start(self, "he")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of each class."""
        x = self.body(x)  # (N, 32, 16, 32, 32), (.., 64, 8, 16, 16), (.., 128, 4, 8, 8), (.., 256, 2, 4, 4)
        x = functional.relu(self.dense(self.drop(x.flatten(1))))  # (N, 8192), (N, 256)
        return self.out(self.drop(x))
