"""TLCNN: a CNN a frame, and an LSTM over its features. 67,922,564 parameters; the CNN alone 80,260,740.

What the paper leaves open is ours, most of it taken from LRCN (Donahue et al. 2015), whose CNN this is:

- M2 gives its 13 x 13 only if the pooling rounds up, as Caffe's does.
- The text normalises before and after pooling: convolution, ReLU, pooling, normalisation.
- A ReLU "after every fully connected layer" is left out after the classes.
- Groups are not mentioned: 1; LRCN has 2 (``groups=2``: 77,735,556).
- The LSTM has 256 units in one layer. Each step says a class; a clip's say is their mean.
- First weights: He's. LRCN's (``init="lrcn"``: deviation .01, .005 in FC6 and FC7, bias .1) are made for grey levels of 0-255, and
  barely let a signal through when the input is standardised.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from ..errors import UsageError
from .layers import after, checked_shape, scaled, start

TRUNK = ("c1", "c2", "c3", "c4", "c5", "fc6")
"""Layers that the network of frames and that of clips share."""


class Trunk(nn.Module):
    """Features (N, 4096) of pictures (N, 3, 227, 227): C1 to FC6."""

    def _build(self, shape: tuple[int, ...], width: float, groups: int) -> int:
        """Make the layers; gives the number of features."""
        if groups not in (1, 2):
            raise UsageError(f"groups={groups!r}: allowed are 1, and 2 as in LRCN")
        c, rows, columns = shape
        few, many, most, features = (scaled(number, width, of=groups) for number in (96, 384, 512, 4096))
        self.c1 = nn.Sequential(nn.Conv2d(c, few, 7, 2), nn.ReLU())
        self.m1, self.n1 = nn.MaxPool2d(3, 2, ceil_mode=True), nn.LocalResponseNorm(5, 1e-4, 0.75, 1)
        self.c2 = nn.Sequential(nn.Conv2d(few, many, 5, 2, groups=groups), nn.ReLU())
        self.m2, self.n2 = nn.MaxPool2d(3, 2, ceil_mode=True), nn.LocalResponseNorm(5, 1e-4, 0.75, 1)
        self.c3 = nn.Sequential(nn.Conv2d(many, most, 3, padding=1), nn.ReLU())
        self.c4 = nn.Sequential(nn.Conv2d(most, most, 3, padding=1, groups=groups), nn.ReLU())
        self.c5 = nn.Sequential(nn.Conv2d(most, many, 3, padding=1, groups=groups), nn.ReLU())
        self.m3 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.fc6 = nn.Linear(many * _side(rows) * _side(columns), features)
        self.drop = nn.Dropout(0.5)
        return features

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """FC6, through its ReLU and dropout."""
        x = self.n1(self.m1(self.c1(x)))  # (N, 96, 111, 111), (N, 96, 55, 55)
        x = self.n2(self.m2(self.c2(x)))  # (N, 384, 26, 26), (N, 384, 13, 13)
        x = self.c5(self.c4(self.c3(x)))  # (N, 512, 13, 13), (N, 384, 13, 13)
        x = self.m3(x).flatten(1)  # (N, 384, 6, 6), (N, 13824)
        return self.drop(functional.relu(self.fc6(x)))  # (N, 4096)


class TLCNNFrames(Trunk):
    """Scores of each class, (N, n_classes), from single pictures: the CNN of the first two stages.

    Parameters
    ----------
    n_classes : int, default=4
        4 emotions of micro-expressions; 9 of expressions (80,281,225 parameters).
    input_shape : (C, H, W), default=(3, 227, 227)
        At least 49 px a side.
    width : float, default=1
        Share of the filters and units.
    groups : {1, 2}, default=1
        In which C2, C4 and C5 keep apart their channels.
    init : {"he", "lrcn"}, default="he"
        First weights: of He et al., or as LRCN's program has them.

    References
    ----------
    Wang, Li, Liu, Yan, Ou, Huang, Xu & Fu (2018), Neurocomputing 312. Donahue et al. (2015), CVPR.
    """

    def __init__(
        self,
        n_classes: int = 4,
        input_shape: tuple[int, ...] = (3, 227, 227),
        width: float = 1.0,
        *,
        groups: int = 1,
        init: Literal["he", "lrcn"] = "he",
    ):
        super().__init__()
        self.input_shape = checked_shape(self, input_shape, "CHW", {"H": LEAST, "W": LEAST})
        features = self._build(self.input_shape, width, groups)
        units = scaled(4096, width)
        self.fc7, self.fc8 = nn.Linear(features, units), nn.Linear(units, n_classes)
        _start(self, init)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of each class."""
        x = self.drop(functional.relu(self.fc7(self.features(x))))  # (N, 4096)
        return self.fc8(x)


class TLCNN(Trunk):
    """Scores of each class at each frame, (N, T, n_classes), from clips (N, 3, T, 227, 227): the CNN and the LSTM.

    Parameters
    ----------
    n_classes : int, default=4
        As in :class:`TLCNNFrames`, as ``width``, ``groups`` and ``init``.
    input_shape : (C, T, H, W), default=(3, 16, 227, 227)
        Any number of frames; of frames at least 49 px a side.
    width : float, default=1
        Share of the filters and units.
    groups : {1, 2}, default=1
        In which C2, C4 and C5 keep apart their channels.
    init : {"he", "lrcn"}, default="he"
        First weights.
    layers : int, default=1
        LSTMs one over the other. The paper's Fig. 6 may be read as 2.
    windows : (int, int), optional
        Where nothing is trained: the LSTM runs over windows of so many frames, each so many after the one before, such as
        ``(16, 8)``, and the last one ends with the clip; what it says at all steps of all windows, (N, windows x frames, n_classes), is
        averaged. By default it runs over all frames: the paper trains on 16 of 32 and does not say how it tests.

    References
    ----------
    Wang, Li, Liu, Yan, Ou, Huang, Xu & Fu (2018), Neurocomputing 312. Donahue et al. (2015), CVPR.
    """

    def __init__(
        self,
        n_classes: int = 4,
        input_shape: tuple[int, ...] = (3, 16, 227, 227),
        width: float = 1.0,
        *,
        groups: int = 1,
        init: Literal["he", "lrcn"] = "he",
        layers: int = 1,
        windows: Sequence[int] | None = None,
    ):
        super().__init__()
        if windows is not None and (len(windows) != 2 or min(windows) < 1):
            raise UsageError(f"windows={windows!r}: allowed are (frames, step), both 1 or more, and None")
        self.windows = windows
        self.input_shape = checked_shape(self, input_shape, "CTHW", {"H": LEAST, "W": LEAST})
        c, _, rows, columns = self.input_shape
        features, hidden = self._build((c, rows, columns), width, groups), scaled(256, width)
        self.lstm = nn.LSTM(features, hidden, layers, batch_first=True)  # eqs. 5-10
        self.fc8 = nn.Linear(hidden, n_classes)
        _start(self, init)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of each class at each frame."""
        n = x.shape[0]
        x = self.features(x.transpose(1, 2).flatten(0, 1))  # (N T, 3, 227, 227), (N T, 4096)
        x = x.reshape(n, -1, x.shape[1])  # (N, T, 4096)
        if self.windows is not None and not self.training and x.shape[1] > self.windows[0]:
            return torch.cat([self.fc8(self.lstm(part)[0]) for part in _windows(x, *self.windows)], dim=1)
        x, _ = self.lstm(x)  # (N, T, 256)
        return self.fc8(x)


LEAST = 49  # px; with one less nothing is left of the last pooling


def _side(size: int) -> int:
    for kernel in (7, 3, 5, 3, 3):
        size = after(size, kernel, 2, ceil=kernel == 3)
    return size


def _windows(x: torch.Tensor, frames: int, step: int) -> list[torch.Tensor]:
    """Windows (N, frames, D) of sequences (N, T, D); what is left at the end gets one of its own."""
    last = x.shape[1] - frames
    return [x[:, start : start + frames] for start in sorted({*range(0, last, step), last})]


def _start(module: nn.Module, init: str) -> None:
    if init not in ("he", "lrcn"):
        raise UsageError(f"init={init!r} is not known; choose from he, lrcn")
    start(module, "he")
    if init == "lrcn":
        for name, layer in module.named_modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.normal_(layer.weight, std=0.005 if name in ("fc6", "fc7") else 0.01)
                nn.init.constant_(layer.bias, 0.1)  # type: ignore[arg-type]
