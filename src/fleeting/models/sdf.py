"""VGG-F, of whose features SDF (Patel et al. 2016) is made. 56,766,215 parameters with 7 classes.

The authors took features of a VGG-F trained on ImageNet and on facial expressions, selected some of them by an evolutionary search,
and classified by a support vector machine. No weights come with Fleeting: train :class:`VGGF` on expressions, or bring weights. Without
any, ``DeepFeatures`` refuses: features of a random network look like features, and a search will find some that fit.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from .layers import after, checked_shape, scaled, start

LAYERS = ("c5", "fc6", "fc7")


class VGGF(nn.Module):
    """Scores of each class, (N, n_classes), from pictures (N, 3, 224, 224): the "fast" network of Chatfield et al.

    Parameters
    ----------
    n_classes : int, default=7
        Classes; as many scores come out.
    input_shape : (C, H, W), default=(3, 224, 224)
        At least 39 px a side.
    width : float, default=1
        Share of the paper's filters.

    References
    ----------
    Chatfield, Simonyan, Vedaldi & Zisserman (2014), BMVC. arXiv:1405.3531
    """

    def __init__(self, n_classes: int = 7, input_shape: tuple[int, ...] = (3, 224, 224), width: float = 1.0):
        super().__init__()
        self.input_shape = checked_shape(self, input_shape, "CHW", {"H": 39, "W": 39})
        c, rows, columns = self.input_shape
        few, many, units = (scaled(number, width) for number in (64, 256, 4096))
        # The authors' normalisation adds alpha times the sum of squares; PyTorch's divides alpha by the 5 channels first.
        self.norm = nn.LocalResponseNorm(5, 5e-4, 0.75, 2)
        self.pool, self.drop = nn.MaxPool2d(3, 2, ceil_mode=True), nn.Dropout(0.5)
        self.c1, self.c2 = nn.Conv2d(c, few, 11, 4), nn.Conv2d(few, many, 5, padding=2)
        self.c3, self.c4, self.c5 = (nn.Conv2d(many, many, 3, padding=1) for _ in range(3))
        self.fc6 = nn.Linear(many * _side(rows) * _side(columns), units)
        self.fc7, self.fc8 = nn.Linear(units, units), nn.Linear(units, n_classes)
        start(self, "he")

    def features(self, x: torch.Tensor, layer: str = "fc7") -> torch.Tensor:
        """What a layer sees, (N, D): the pooled maps of C5, or FC6 or FC7, after their ReLU.

        Parameters
        ----------
        x : Tensor of shape (N, C, H, W)
            Pictures.
        layer : str
            Whose output is taken.

        Returns
        -------
        Tensor of shape (N, D)
            A row a picture.
        """
        x = self.pool(self.norm(functional.relu(self.c1(x))))  # (N, 64, 54, 54), (N, 64, 27, 27)
        x = self.pool(self.norm(functional.relu(self.c2(x))))  # (N, 256, 27, 27), (N, 256, 13, 13)
        x = functional.relu(self.c4(functional.relu(self.c3(x))))  # (N, 256, 13, 13)
        x = self.pool(functional.relu(self.c5(x))).flatten(1)  # (N, 256, 6, 6), (N, 9216)
        for number in range(LAYERS.index(layer)):
            x = functional.relu((self.fc6, self.fc7)[number](self.drop(x) if number else x))  # (N, 4096)
        return x

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of each class."""
        return self.fc8(self.drop(self.features(x)))


def _side(size: int) -> int:
    size = after(after(size, 11, 4), 3, 2, ceil=True)
    return after(after(size, 3, 2, ceil=True), 3, 2, ceil=True)
