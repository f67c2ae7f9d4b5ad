"""DTSCNN: two shallow streams look at a clip's flow at two temporal scales, of 64 and of 128 maps; 751,844 parameters.

Layers and sizes are those of a public reimplementation of the 64-map stream; how the stream of 128 differs is ours: its first convolution
takes steps of 8 maps instead of 4, so that both give the same features. The paper classifies the two streams' joined features by
a linear SVM: :meth:`DTSCNN.features` gives them; the softmax on top trains them.
"""

from __future__ import annotations

import torch
from torch import nn

from ..errors import UsageError
from .layers import Inputs, after, checked_shape, scaled, start, streams

LEAST = 64 + 128  # maps


class DTSCNN(nn.Module):
    """Scores of each class, (N, n_classes), from flow at two temporal scales.

    Parameters
    ----------
    n_classes : int, default=4
        Classes; as many scores come out.
    input_shape : (C, 3 T, H, W), default=(3, 192, 128, 128)
        The clip's flow interpolated to T maps, then to 2 T; ``forward`` also takes both as a tuple. T is a multiple of 16, at least
        64; sides have 32 px or more. Channels are u, v and magnitude.
    width : float, default=1
        Share of the filters.

    References
    ----------
    Peng, Wang, Chen, Liu & Fu (2017), Frontiers in Psychology 8:1745. doi:10.3389/fpsyg.2017.01745
    """

    def __init__(self, n_classes: int = 4, input_shape: tuple[int, ...] = (3, 192, 128, 128), width: float = 1.0):
        super().__init__()
        self.input_shape = checked_shape(self, input_shape, "CTHW", {"T": LEAST, "H": 32, "W": 32})
        c, t, *sides = self.input_shape
        if t % 48:
            raise UsageError(f"DTSCNN takes T maps and 2 T maps, T a multiple of 16; {t} in all cannot be: stack 64 and 128 to 192")
        self.shapes = {"short": (c, t // 3, *sides), "long": (c, t // 3 * 2, *sides)}
        self.short, self.long = _stream(c, 4, width), _stream(c, 8, width)
        steps = after(t // 3 + 4, 8, 4) // 4 - 3
        places = [after(side, 3, 2, 1) // 16 for side in sides]
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(2 * scaled(128, width) * steps * places[0] * places[1], n_classes)
        start(self, "he")

    def features(self, x: Inputs) -> torch.Tensor:
        """Features of both scales, (N, 4096).

        Parameters
        ----------
        x : Tensor of shape (N, C, T, H, W)
            Flow maps, those of both streams one after the other.

        Returns
        -------
        Tensor of shape (N, D)
            A row a clip.
        """
        short, long = streams(self, x, self.shapes, axis=2)  # (N, 3, 64, 128, 128), (N, 3, 128, 128, 128)
        return torch.cat([self.short(short).flatten(1), self.long(long).flatten(1)], dim=1)  # (N, 2048) each

    def forward(self, x: Inputs) -> torch.Tensor:
        """Scores of each class."""
        return self.out(self.drop(self.features(x)))


def _stream(channels: int, step: int, width: float) -> nn.Sequential:
    """Four convolutions and poolings; the comments show the stream of 64 maps."""
    a, b, c, d = (scaled(filters, width) for filters in (16, 32, 64, 128))
    return nn.Sequential(
        # 4 maps more than 64, 16 steps of 4; or 16 steps of 8
        nn.Conv3d(channels, a, (8, 3, 3), (step, 2, 2), (2 if step == 4 else 0, 1, 1)),  # (N, 16, 16, 64, 64)
        nn.ReLU(),
        nn.MaxPool3d((1, 2, 2)),  # (N, 16, 16, 32, 32)
        nn.Conv3d(a, b, 3, padding=1),  # (N, 32, 16, 32, 32)
        nn.ReLU(),
        nn.MaxPool3d(2),  # (N, 32, 8, 16, 16)
        nn.Conv3d(b, c, 3, padding=1),  # (N, 64, 8, 16, 16)
        nn.ReLU(),
        nn.MaxPool3d(2),  # (N, 64, 4, 8, 8)
        nn.Conv3d(c, d, (4, 3, 3), padding=(0, 1, 1)),  # (N, 128, 1, 8, 8)
        nn.ReLU(),
        nn.MaxPool3d((1, 2, 2)),  # (N, 128, 1, 4, 4)
    )
