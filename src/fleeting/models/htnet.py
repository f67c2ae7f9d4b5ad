"""HTNet: a hierarchical transformer over the flow around eyes and mouth corners. 114,429,446 parameters.

At the published settings (28 px, patches of 7, three levels) each block of each level holds a single token. Attention over one token
is 1 whatever it says: queries and keys have no effect and get no gradient. So is the released code, and it is left so; pictures of
56 px give blocks of 2 x 2 tokens.

The released code takes the best epoch on the test person, and exchanges x and y of the landmarks around which it cuts.
"""

from __future__ import annotations

import torch
from torch import nn

from ..errors import UsageError
from .layers import checked_shape, scaled

LEVELS = ((1, 2), (2, 2), (4, 8))  # of each level: how much wider than the first, and blocks


class HTNet(nn.Module):
    """Scores of each class, (N, n_classes), from horizontal flow, vertical flow and strain (N, 3, 28, 28).

    Parameters
    ----------
    n_classes : int, default=3
        Classes; as many scores come out.
    input_shape : (C, H, W), default=(3, 28, 28)
        Four crops of 14 px, of both eyes above both corners of the mouth. Sides are multiples of 4 patches.
    width : float, default=1
        Share of the channels.
    patch : int, default=7
        Side of a patch, px.

    References
    ----------
    Wang, Zhang, Luo & Sankaranarayana (2024), Neurocomputing. arXiv:2307.14637
    """

    def __init__(self, n_classes: int = 3, input_shape: tuple[int, ...] = (3, 28, 28), width: float = 1.0, *, patch: int = 7):
        super().__init__()
        least = 4 * patch
        self.input_shape = checked_shape(self, input_shape, "CHW", {"H": least, "W": least})
        c, rows, columns = self.input_shape
        if rows % least or columns % least:
            raise UsageError(f"HTNet takes pictures whose sides are multiples of 4 patches of {patch} px; got {(rows, columns)}")
        places = (rows // least, columns // least)  # of one block, the same at each level
        size = max(3, scaled(256, width))  # three heads
        self.embed = nn.Conv2d(c, size, patch, patch)
        self.levels, self.merges = nn.ModuleList(), nn.ModuleList()
        for number, (wider, depth) in enumerate(LEVELS):
            self.levels.append(Level(size * wider, 3 * wider, depth, places))
            if number < len(LEVELS) - 1:
                merge = nn.Sequential(
                    nn.Conv2d(size * wider, size * wider * 2, 3, padding=1), ChannelNorm(size * wider * 2), nn.MaxPool2d(3, 2, 1)
                )
                self.merges.append(merge)
        self.norm = ChannelNorm(size * 4)
        self.out = nn.Linear(size * 4, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of each class."""
        x = self.embed(x)  # (N, 256, 4, 4)
        for number, level in enumerate(self.levels):
            x = _joined(level(_blocks(x, 4 >> number)), 4 >> number)  # blocks: 4 x 4, 2 x 2, all
            if number < len(self.merges):
                x = self.merges[number](x)  # (N, 512, 2, 2), (N, 1024, 1, 1)
        return self.out(self.norm(x).mean((2, 3)))


class Level(nn.Module):
    """Blocks of tokens (M, D, h, w), each by itself through some layers of attention."""

    def __init__(self, size: int, heads: int, depth: int, places: tuple[int, int]):
        super().__init__()
        self.place = nn.Parameter(torch.randn(places))
        self.attention = nn.ModuleList(Attention(size, heads) for _ in range(depth))
        self.mlp = nn.ModuleList(
            nn.Sequential(ChannelNorm(size), nn.Conv2d(size, 4 * size, 1), nn.GELU(), nn.Conv2d(4 * size, size, 1)) for _ in range(depth)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Tokens of the same shape."""
        x = x + self.place
        for attention, mlp in zip(self.attention, self.mlp, strict=True):
            x = x + attention(x)
            x = x + mlp(x)
        return x


class Attention(nn.Module):
    """Each token of a block as a mixture of all of them."""

    def __init__(self, size: int, heads: int):
        super().__init__()
        self.heads, self.inner = heads, size // heads * heads
        self.norm = ChannelNorm(size)
        self.read, self.write = nn.Conv2d(size, 3 * self.inner, 1, bias=False), nn.Conv2d(self.inner, size, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Tokens of the same shape."""
        m, _, rows, columns = x.shape
        q, k, v = (each.reshape(m, self.heads, -1, rows * columns).mT for each in self.read(self.norm(x)).chunk(3, dim=1))
        x = nn.functional.scaled_dot_product_attention(q, k, v)  # (M, 3, hw, 85)
        return self.write(x.mT.reshape(m, self.inner, rows, columns))


class ChannelNorm(nn.Module):
    """Maps whose channels have, at each place, mean 0 and deviation 1, times a weight and plus a bias."""

    def __init__(self, channels: int):
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps of the same shape."""
        return self.norm(x.movedim(1, -1)).movedim(-1, 1)


def _blocks(x: torch.Tensor, n: int) -> torch.Tensor:
    """The n x n blocks of maps (N, D, H, W) as samples, (N n n, D, H / n, W / n)."""
    _, d, rows, columns = x.shape
    x = x.reshape(-1, d, n, rows // n, n, columns // n)
    return x.permute(0, 2, 4, 1, 3, 5).flatten(0, 2)


def _joined(x: torch.Tensor, n: int) -> torch.Tensor:
    """The maps of which these are the blocks."""
    _, d, rows, columns = x.shape
    x = x.reshape(-1, n, n, d, rows, columns)
    return x.permute(0, 3, 1, 4, 2, 5).reshape(-1, d, n * rows, n * columns)
