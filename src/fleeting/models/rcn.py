"""RCN: recurrent convolutions over flow and strain, with the parameter-free additions of its variants. 15,331 parameters.

The recurrent unit is the paper's. Of the released code, where it is more precise: the attention multiplies the last maps by what
the classes' weights find in the first ones; the shortcuts add all earlier maps; the wide stem sees at three dilations. ``f``
joins the three, with the attention inside the unit, on its first maps. One thing of that code is not followed: there, ``f`` sees the
second dilation twice and the third never.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from ..errors import UsageError
from .layers import checked_shape, scaled

SIDE = 5  # of the maps before the classes


class RCN(nn.Module):
    """Scores of each class, (N, n_classes), from horizontal flow, vertical flow and strain (N, 3, 60, 60).

    Parameters
    ----------
    n_classes : int, default=3
        Classes; as many scores come out.
    input_shape : (C, H, W), default=(3, 60, 60)
        At least 12 px a side.
    width : float, default=1
        1 is 32 maps; the paper also has 64.
    variant : {"plain", "a", "s", "w", "f"}, default="a"
        Nothing more, attention, shortcuts, wide stem, or all of them. 15,331 parameters, 13,795 with the wide stem.

    References
    ----------
    Xia, Peng, Khor, Feng & Zhao (2020), IEEE Transactions on Image Processing 29
    """

    revision = 2  # f has its attention inside the unit

    def __init__(
        self,
        n_classes: int = 3,
        input_shape: tuple[int, ...] = (3, 60, 60),
        width: float = 1.0,
        *,
        variant: Literal["plain", "a", "s", "w", "f"] = "a",
    ):
        super().__init__()
        if variant not in ("plain", "a", "s", "w", "f"):
            raise UsageError(f"variant={variant!r} is not known; choose from plain, a (attention), s (shortcuts), w (wide), f (all three)")
        self.input_shape = checked_shape(self, input_shape, "CHW", {"H": 12, "W": 12})
        self.attends, self.wide, self.inside = variant in ("a", "f"), variant in ("w", "f"), variant == "f"
        maps, c = scaled(32, width, of=4), self.input_shape[0]
        if self.wide:  # kernels that reach 3, 5 and 7 px
            parts = ((maps // 2, 1), (maps // 4, 2), (maps // 4, 3))
            self.stem = nn.ModuleList(
                nn.Sequential(nn.Conv2d(c, n, 3, 3, padding=d, dilation=d), nn.ReLU(), nn.BatchNorm2d(n), nn.Dropout(0.5)) for n, d in parts
            )
        else:
            one = nn.Sequential(nn.Conv2d(c, maps, 5), nn.BatchNorm2d(maps), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.5))
            self.stem = nn.ModuleList([one])
        self.unit = Shortcuts(maps) if variant in ("s", "f") else Recurrent(maps)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(maps * SIDE * SIDE, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of each class."""
        x = torch.cat([part(x) for part in self.stem], dim=1)  # (N, 32, 28, 28), or (N, 32, 20, 20)
        found = self._attention(x) if self.attends else None
        x = self.unit(x, functional.interpolate(found, x.shape[2:])) if found is not None and self.inside else self.unit(x)
        x = self.drop(functional.max_pool2d(x, 2))  # (N, 32, 14, 14)
        x = functional.adaptive_avg_pool2d(x, SIDE)  # (N, 32, 5, 5)
        if found is not None and not self.inside:
            x = x * found
        return self.out(x.flatten(1))

    def _attention(self, x: torch.Tensor) -> torch.Tensor:
        """Where the classes' weights find something, 0-1: (N, 1, 5, 5). It has no parameters of its own."""
        x = functional.adaptive_avg_pool2d(x, SIDE)  # (N, 32, 5, 5)
        weights = self.out.weight.reshape(len(self.out.weight), -1, SIDE, SIDE)  # (K, 32, 5, 5)
        found = torch.einsum("kchw,nchw->nkhw", weights, x) / x.shape[1]
        low, high = found.amin((2, 3), keepdim=True), found.amax((2, 3), keepdim=True)
        return ((found - low) / (high - low).clamp_min(1e-12)).mean(dim=1, keepdim=True)


class Recurrent(nn.Module):
    """Maps of the same size, seen three times: once forward, then twice with themselves fed back through one shared kernel."""

    def __init__(self, maps: int, rounds: int = 2):
        super().__init__()
        self.forth, self.norm0 = nn.Conv2d(maps, maps, 1), nn.BatchNorm2d(maps)
        self.back, self.norm = nn.Conv2d(maps, maps, 3, padding=1), nn.BatchNorm2d(maps)
        self.rounds = rounds

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The maps after the last round."""
        y = self.forth(x)
        z = functional.relu(self.norm0(y))
        for _ in range(self.rounds):
            z = functional.relu(self.norm(y + self.back(z)))
        return z


class Shortcuts(nn.Module):
    """Maps of the same size, each round of which sees the sum of all earlier ones."""

    def __init__(self, maps: int):
        super().__init__()
        self.forth = nn.Sequential(nn.Conv2d(maps, maps, 1), nn.BatchNorm2d(maps), nn.ReLU())
        self.back = nn.Sequential(nn.Conv2d(maps, maps, 3, padding=1), nn.BatchNorm2d(maps), nn.ReLU())

    def forward(self, x: torch.Tensor, attention: torch.Tensor | float = 1.0) -> torch.Tensor:
        """The maps after the third round; attention, (N, 1, H, W), is multiplied with what the first round finds."""
        total = x + self.forth(x) * attention
        for _ in range(2):
            total = total + self.back(total)
        return self.back(total)
