"""MicroExpSTCNN and MicroExpFuseNet: one 3D convolution of 15 frames over the face, or over eyes and mouth.

The layers are those of the authors' code. Its scores are the best of 100 epochs on the validation clips themselves.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from ..errors import UsageError
from .layers import Inputs, after, checked_shape, scaled, start, streams

FRAMES = 15 + 2  # a kernel of 15, of which a pooling of 3 needs three steps


class MicroExpSTCNN(nn.Module):
    """Scores of each class, (N, n_classes), from grey frames; 44,241,667 parameters with 96 frames, 1,643,267 with 18.

    Parameters
    ----------
    n_classes : int, default=3
        Classes; as many scores come out.
    input_shape : (C, T, H, W), default=(1, 96, 64, 64)
        At least 17 frames, of at least 5 px a side.
    width : float, default=1
        Share of the paper's filters.

    References
    ----------
    Reddy, Karri, Dubey & Mukherjee (2019), IJCNN. arXiv:1904.01390
    """

    def __init__(self, n_classes: int = 3, input_shape: tuple[int, ...] = (1, 96, 64, 64), width: float = 1.0):
        super().__init__()
        self.input_shape = checked_shape(self, input_shape, "CTHW", {"T": FRAMES, "H": 5, "W": 5})
        filters, units = scaled(32, width), scaled(128, width)
        self.conv, self.drop = nn.Conv3d(self.input_shape[0], filters, (15, 3, 3)), nn.Dropout(0.5)
        self.dense = nn.Linear(filters * _places(self.input_shape), units)
        self.out = nn.Linear(units, n_classes)
        start(self, "glorot")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of each class."""
        x = functional.relu(self.conv(x))  # (N, 32, 82, 62, 62)
        x = self.drop(functional.max_pool3d(x, 3))  # (N, 32, 27, 20, 20)
        x = functional.relu(self.dense(x.flatten(1)))  # (N, 345600), (N, 128)
        return self.out(self.drop(x))


class MicroExpFuseNet(nn.Module):
    """Scores of each class, (N, n_classes), from crops of the eyes and of the mouth, both 32 x 32 px; 177,088,515 parameters.

    The dense layers of the authors' code have no activation, and are left so.

    Parameters
    ----------
    n_classes : int, default=3
        Classes; as many scores come out.
    input_shape : (C, T, 2 H, W), default=(1, 96, 64, 32)
        The eyes above the mouth; ``forward`` also takes both as a tuple. At least 17 frames.
    width : float, default=1
        Share of the paper's filters.
    fusion : {"intermediate", "late"}, default="intermediate"
        Join the streams before or after their dense layers.

    References
    ----------
    Reddy, Karri, Dubey & Mukherjee (2019), IJCNN. arXiv:1904.01390
    """

    def __init__(
        self,
        n_classes: int = 3,
        input_shape: tuple[int, ...] = (1, 96, 64, 32),
        width: float = 1.0,
        *,
        fusion: Literal["intermediate", "late"] = "intermediate",
    ):
        super().__init__()
        if fusion not in ("intermediate", "late"):
            raise UsageError(f"fusion={fusion!r} is not known; choose from intermediate, late")
        self.input_shape = checked_shape(self, input_shape, "CTHW", {"T": FRAMES, "H": 10, "W": 5})
        c, t, rows, columns = self.input_shape
        if rows % 2:
            raise UsageError(f"MicroExpFuseNet takes the eyes above the mouth, both of one height; {rows} rows cannot be halved")
        half = (c, t, rows // 2, columns)
        self.shapes, self.late = {"eyes": half, "mouth": half}, fusion == "late"
        filters, many, few = scaled(32, width), scaled(1024, width), scaled(128, width)
        self.eyes, self.mouth = nn.Conv3d(c, filters, (15, 3, 3)), nn.Conv3d(c, filters, (15, 3, 3))
        self.drop = nn.Dropout(0.5)
        units = filters * _places(half)
        ways = [units, units] if self.late else [2 * units]
        self.dense = nn.ModuleList(
            nn.Sequential(nn.Linear(each, many), nn.Dropout(0.5), nn.Linear(many, few), nn.Dropout(0.5)) for each in ways
        )
        self.out = nn.Linear(few * len(ways), n_classes)
        start(self, "glorot")

    def forward(self, x: Inputs) -> torch.Tensor:
        """Scores of each class."""
        eyes, mouth = streams(self, x, self.shapes, axis=3)  # (N, 1, 96, 32, 32) each
        maps = [functional.max_pool3d(functional.relu(conv(part)), 3) for conv, part in ((self.eyes, eyes), (self.mouth, mouth))]
        flat = [self.drop(each).flatten(1) for each in maps]  # (N, 32, 27, 10, 10), (N, 86400) each
        if not self.late:
            flat = [torch.cat(flat, dim=1)]  # (N, 172800)
        return self.out(torch.cat([dense(each) for dense, each in zip(self.dense, flat, strict=True)], dim=1))


def _places(shape: tuple[int, ...]) -> int:
    """Places of a map after convolution and pooling."""
    _, t, rows, columns = shape
    return (after(t, 15) // 3) * (after(rows, 3) // 3) * (after(columns, 3) // 3)
