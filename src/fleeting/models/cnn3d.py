"""The 3D CNN with which TLCNN is compared: the small C3D, 25,634,820 parameters for 32 frames.

Five convolutions and three fully connected layers, as printed; kernels, poolings and dropout are C3D's (Tran et al. 2015), whose small
network for training from scratch this is. The paper's frames are 128 x 171, C3D's are cropped to 112 x 112 from those: the crop is
ours, because C3D's training has it; the size is ``input_shape``.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from .layers import after, checked_shape, scaled, start

FILTERS = (64, 128, 256, 256, 256)


class CNN3D(nn.Module):
    """Scores of each class, (N, n_classes), from clips (N, 3, T, H, W).

    Parameters
    ----------
    n_classes : int, default=4
        Classes; as many scores come out.
    input_shape : (C, T, H, W), default=(3, 32, 112, 112)
        At least 2 frames, of 2 px a side; poolings round up.
    width : float, default=1
        Share of the filters and units.

    References
    ----------
    Tran, Bourdev, Fergus, Torresani & Paluri (2015), ICCV.
    """

    def __init__(self, n_classes: int = 4, input_shape: tuple[int, ...] = (3, 32, 112, 112), width: float = 1.0):
        super().__init__()
        self.input_shape = checked_shape(self, input_shape, "CTHW", {"T": 2, "H": 2, "W": 2})
        c, *sides = self.input_shape
        self.body = nn.Sequential()
        for number, filters in enumerate(FILTERS):
            filters = scaled(filters, width)
            pool = (1, 2, 2) if number == 0 else (2, 2, 2)
            self.body.extend([nn.Conv3d(c, filters, 3, padding=1), nn.ReLU(), nn.MaxPool3d(pool, ceil_mode=True)])
            c, sides = filters, [after(side, kernel, kernel, ceil=True) for side, kernel in zip(sides, pool, strict=True)]
        units = scaled(2048, width)
        self.fc6 = nn.Linear(c * sides[0] * sides[1] * sides[2], units)
        self.fc7, self.fc8 = nn.Linear(units, units), nn.Linear(units, n_classes)
        self.drop = nn.Dropout(0.5)
        start(self, "he")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of each class."""
        x = self.body(x)  # (N, 64, 32, 56, 56), (.., 128, 16, 28, 28), 256: (8, 14, 14), (4, 7, 7), (2, 4, 4)
        x = self.drop(functional.relu(self.fc6(x.flatten(1))))  # (N, 8192), (N, 2048)
        x = self.drop(functional.relu(self.fc7(x)))  # (N, 2048)
        return self.fc8(x)
