"""ELRCN: VGG-16 on each flow map and an LSTM over them, with the inputs joined as channels (SE) or as features (TE).

Layers are those of the released code, whose sigmoid outputs under a cross-entropy are scores for a softmax here. SE has 219,821,893
parameters with four channels and five classes. The authors start TE from VGG-Face, which does not come with Fleeting: bring weights
to start from, or it starts at random.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from ..errors import UsageError
from .layers import checked_shape, scaled, start

STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


class VGG16(nn.Module):
    """Features (N, 4096) of pictures (N, C, 224, 224): VGG-16 up to its second fully connected layer.

    Parameters
    ----------
    shape : (C, H, W)
        At least 32 px a side.
    width : float, default=1

    References
    ----------
    Simonyan & Zisserman (2015), ICLR.
    """

    def __init__(self, shape: tuple[int, ...], width: float = 1.0):
        super().__init__()
        c, rows, columns = shape
        self.body = nn.Sequential()
        for stage in STAGES:
            for filters in stage:
                self.body.extend([nn.Conv2d(c, c := scaled(filters, width), 3, padding=1), nn.ReLU()])
            self.body.append(nn.MaxPool2d(2))
        self.features = scaled(4096, width)
        self.fc6 = nn.Linear(c * (rows // 32) * (columns // 32), self.features)
        self.fc7 = nn.Linear(self.features, self.features)
        self.drop = nn.Dropout(0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features of each picture."""
        x = self.body(x).flatten(1)  # (N, 512, 7, 7), (N, 25088)
        x = self.drop(functional.relu(self.fc6(x)))  # (N, 4096)
        return self.drop(functional.relu(self.fc7(x)))  # (N, 4096)


class ELRCN(nn.Module):
    """Scores of each class, (N, n_classes), from flow, strain and perhaps grey pictures along a clip.

    Parameters
    ----------
    n_classes : int, default=5
        Classes; as many scores come out.
    input_shape : (C, T, H, W), default=(4, 9, 224, 224)
        Channels: u, v, magnitude; strain; and grey, if there are five. Any number of moments, 9 flows of 10 frames in the paper.
    width : float, default=1
        Share of all filters and units.
    variant : {"se", "te"}, default="se"
        Spatial enrichment: one VGG-16 of all channels. Temporal enrichment: one of each input, flow, strain, grey; strain and grey are
        repeated to three channels, which VGG-Face's weights need.
    backbone : callable, optional
        Called as ``backbone((C, H, W))``, gives a Module from pictures to ``(N, module.features)``, instead of VGG-16.

    References
    ----------
    Khor, See, Phan & Lin (2018), FG. arXiv:1805.08417
    """

    def __init__(
        self,
        n_classes: int = 5,
        input_shape: tuple[int, ...] = (4, 9, 224, 224),
        width: float = 1.0,
        *,
        variant: Literal["se", "te"] = "se",
        backbone: Callable[[tuple[int, ...]], nn.Module] | None = None,
    ):
        super().__init__()
        if variant not in ("se", "te"):
            raise UsageError(f"variant={variant!r} is not known; choose from se (spatial enrichment), te (temporal enrichment)")
        least = {"H": 32, "W": 32} if backbone is None else {}
        self.input_shape = checked_shape(self, input_shape, "CTHW", least | ({"C": 3} if variant == "te" else {}))
        c, _, *sides = self.input_shape
        self.parts = [c] if variant == "se" else [3] + [1] * (c - 3)
        build = backbone or (lambda shape: VGG16(shape, width))
        self.spatial = nn.ModuleList(build((max(part, 3) if variant == "te" else part, *sides)) for part in self.parts)
        if backbone is None:
            start(self.spatial, "he")
        features = sum(each.features for each in self.spatial)  # type: ignore[misc]
        hidden, units = scaled(3000, width), scaled(128, width)
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.dense, self.out = nn.Linear(hidden, units), nn.Linear(units, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of each class."""
        n = x.shape[0]
        x = x.transpose(1, 2).flatten(0, 1)  # (N T, 4, 224, 224)
        inputs = torch.split(x, self.parts, dim=1)
        if len(inputs) > 1:
            inputs = tuple(each.expand(-1, 3, -1, -1) if each.shape[1] == 1 else each for each in inputs)
        x = torch.cat([net(each) for net, each in zip(self.spatial, inputs, strict=True)], dim=1)  # (N T, 4096 or 8192)
        x, _ = self.lstm(x.reshape(n, -1, x.shape[1]))  # (N, T, 3000)
        return self.out(functional.relu(self.dense(x[:, -1])))  # (N, 128), (N, 5)
