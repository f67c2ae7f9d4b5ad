"""DSSN: magnitude and strain of the flow, each through the first two layers of an AlexNet. 901,125 parameters for five classes.

Layers are those of the released code; a row of zeros that it adds around the last maps is left out, since nothing comes of it. The
authors start from AlexNet's weights for ImageNet, which do not come with Fleeting: bring yours as weights to start from.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from ..errors import UsageError
from .layers import Inputs, after, checked_shape, scaled, start, streams

FUSIONS = ("multiply", "add", "concatenate")


class DSSN(nn.Module):
    """Scores of each class, (N, n_classes), from magnitude and strain (N, 2, 227, 227).

    Parameters
    ----------
    n_classes : int, default=5
        Classes; as many scores come out.
    input_shape : (2, H, W), default=(2, 227, 227)
        Magnitude and strain, each repeated to AlexNet's three channels; ``forward`` also takes both as a tuple. At least 39 px a side.
    width : float, default=1
        Share of the paper's filters.
    fusion : {"multiply", "add", "concatenate"}, default="multiply"

    References
    ----------
    Khor, See, Liong, Phan & Lin (2019), ICIP.
    """

    def __init__(
        self,
        n_classes: int = 5,
        input_shape: tuple[int, ...] = (2, 227, 227),
        width: float = 1.0,
        *,
        fusion: Literal["multiply", "add", "concatenate"] = "multiply",
    ):
        super().__init__()
        if fusion not in FUSIONS:
            raise UsageError(f"fusion={fusion!r} is not known; choose from {', '.join(FUSIONS)}")
        self.input_shape = checked_shape(self, input_shape, "CHW", {"H": 39, "W": 39}, {"C": 2})
        _, *sides = self.input_shape
        self.shapes, self.fusion = {"magnitude": (1, *sides), "strain": (1, *sides)}, fusion
        few, many = scaled(96, width, of=2), scaled(256, width, of=2)
        self.magnitude, self.strain = _stream(few, many), _stream(few, many)
        rows, columns = (after(after(after(side, 11, 4), 3, 2), 3, 2) for side in sides)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(many * (2 if fusion == "concatenate" else 1) * rows * columns, n_classes)
        start(self, "he")

    def forward(self, x: Inputs) -> torch.Tensor:
        """Scores of each class."""
        magnitude, strain = streams(self, x, self.shapes, axis=1)  # (N, 1, 227, 227) each
        a = self.magnitude(magnitude.expand(-1, 3, -1, -1))  # (N, 256, 13, 13)
        b = self.strain(strain.expand(-1, 3, -1, -1))
        x = a * b if self.fusion == "multiply" else a + b if self.fusion == "add" else torch.cat([a, b], dim=1)
        return self.out(self.drop(x.flatten(1)))  # (N, 43264), (N, 5)


def _stream(few: int, many: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, few, 11, 4),  # (N, 96, 55, 55)
        nn.ReLU(),
        nn.MaxPool2d(3, 2),  # (N, 96, 27, 27)
        nn.LocalResponseNorm(5, 5e-4, 0.75, 2),
        nn.Conv2d(few, many, 5, padding=2, groups=2),  # (N, 256, 27, 27)
        nn.ReLU(),
        nn.MaxPool2d(3, 2),  # (N, 256, 13, 13)
        nn.LocalResponseNorm(5, 5e-4, 0.75, 2),
    )
