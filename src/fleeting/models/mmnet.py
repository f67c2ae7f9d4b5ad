"""MMNet: what moves from onset to apex, calibrated by where it is on the onset's face. 9,442,425 parameters for five classes.

The released first convolution (groups of 2 over 3 channels) cannot be built: one group here. Its unused heads and tokens are left out.
Its scores are those of the best epoch on the test clips.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from ..errors import UsageError
from .layers import Inputs, checked_shape, scaled, streams


class MMNet(nn.Module):
    """Scores of each class, (N, n_classes), from the pictures of onset and apex.

    Parameters
    ----------
    n_classes : int, default=5
        Classes; as many scores come out.
    input_shape : (6, H, W), default=(6, 224, 224)
        The onset's three channels, then the apex's; ``forward`` also takes both as a tuple. Sides are multiples of 16.
    width : float, default=1
        Share of the channels, but for the four heads of attention.

    References
    ----------
    Li, Sui, Zhu & Zhao (2022), IJCAI. arXiv:2201.05297
    """

    def __init__(self, n_classes: int = 5, input_shape: tuple[int, ...] = (6, 224, 224), width: float = 1.0):
        super().__init__()
        self.input_shape = checked_shape(self, input_shape, "CHW", {"H": 16, "W": 16}, {"C": 6})
        _, *sides = self.input_shape
        if sides[0] % 16 or sides[1] % 16:
            raise UsageError(f"MMNet takes pictures whose sides are multiples of 16 px; got {tuple(sides)}")
        self.shapes = {"onset": (3, *sides), "apex": (3, *sides)}
        self.grid = (sides[0] // 16, sides[1] // 16)
        first, few, more, most = (scaled(n, width, of=of) for n, of in ((180, 2), (128, 1), (256, 1), (512, 4)))
        self.stem = nn.Sequential(
            _conv(3, first, 3, 2), nn.BatchNorm2d(first), nn.ReLU(), _conv(first, few, 3), nn.BatchNorm2d(few), nn.ReLU()
        )
        self.stage1, self.stage2 = ContinuousAttention(few, few, 1), ContinuousAttention(few, few, 2)
        self.stage3, self.stage4 = ContinuousAttention(few, more, 2), ContinuousAttention(more, most, 2)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        self.position = Position(most, self.grid)
        self.out = nn.Linear(most * self.grid[0] * self.grid[1], n_classes)

    def forward(self, x: Inputs) -> torch.Tensor:
        """Scores of each class."""
        onset, apex = streams(self, x, self.shapes, axis=1)  # (N, 3, 224, 224) each
        x = self.stem(apex - onset)  # (N, 128, 112, 112)
        x, seen = self.stage1(x, None)  # (N, 128, 112, 112)
        x, seen = self.stage2(x, seen)  # (N, 128, 56, 56)
        x, seen = self.stage3(x, seen)  # (N, 256, 28, 28)
        x, seen = self.stage4(x, seen)  # (N, 512, 14, 14)
        small = functional.interpolate(onset, self.grid, mode="bilinear", antialias=True)  # (N, 3, 14, 14)
        return self.out((x + self.position(small)).flatten(1))  # (N, 100352)


class ContinuousAttention(nn.Module):
    """A residual block whose map of attention continues that of the block before."""

    def __init__(self, channels: int, maps: int, stride: int):
        super().__init__()
        self.conv = nn.Sequential(
            _conv(channels, maps, 3, stride), nn.BatchNorm2d(maps), nn.ReLU(), _conv(maps, maps, 1), nn.BatchNorm2d(maps)
        )
        same = stride == 1 and channels == maps
        self.along = nn.Identity() if same else nn.Sequential(_conv(channels, maps, 1, stride), nn.BatchNorm2d(maps))
        self.attend = nn.Sequential(_conv(2, 1, 1), nn.BatchNorm2d(1), nn.Sigmoid())

    def forward(self, x: torch.Tensor, before: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """The maps, and where they attend to, (N, 1, H, W)."""
        x = functional.relu(self.conv(x) + self.along(x))
        seen = self.attend(torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], dim=1))
        if before is not None:
            seen = seen * functional.max_pool2d(before, 3, 2, 1)
        return x * seen, seen


class Position(nn.Module):
    """A vision transformer over the pixels of a tiny picture, (N, 3, 14, 14), giving (N, 512, 14, 14)."""

    def __init__(self, size: int, grid: tuple[int, int]):
        super().__init__()
        self.embed = nn.Conv2d(3, size, 1)
        self.place = nn.Parameter(torch.empty(1, grid[0] * grid[1], size))
        self.blocks = nn.ModuleList(Block(size, drop) for drop in (0.0, 0.15, 0.3))
        self.norm = nn.LayerNorm(size, eps=1e-6)
        nn.init.trunc_normal_(self.place, std=0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """What is known of each place."""
        n, _, rows, columns = x.shape
        x = self.embed(x).flatten(2).transpose(1, 2) + self.place  # (N, 196, 512)
        for block in self.blocks:
            x = block(x)
        return self.norm(x).transpose(1, 2).reshape(n, -1, rows, columns)


class Block(nn.Module):
    """Attention of four heads and two linear layers; in training each is left out of some samples (stochastic depth)."""

    def __init__(self, size: int, drop: float):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(size, eps=1e-6), nn.LayerNorm(size, eps=1e-6)
        self.attention = nn.MultiheadAttention(size, 4, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(size, 2 * size), nn.GELU(), nn.Linear(2 * size, size))
        self.drop = drop
        for name, each in self.named_parameters():
            if "norm" not in name:
                nn.init.zeros_(each) if name.endswith("bias") else nn.init.trunc_normal_(each, std=0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Tokens of the same shape."""
        y = self.norm1(x)
        x = x + self._some(self.attention(y, y, y, need_weights=False)[0])
        return x + self._some(self.mlp(self.norm2(x)))

    def _some(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or not self.drop:
            return x
        kept = torch.rand(len(x), 1, 1, device=x.device) >= self.drop
        return x * kept / (1 - self.drop)


def _conv(channels: int, maps: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, maps, kernel, stride, padding=kernel // 2, bias=False)
