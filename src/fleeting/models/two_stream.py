"""The enriched two-stream 3D CNN of He Yan and Lei Li, and the two networks its Table 3 compares it with.

Table 1 as printed has a kernel of 15 on 8 frames, so its convolutions are padded; and its pooling turns 32 x 64 x 64 x 8 into
10 x 21 x 21 x 8: it took the largest of three neighbouring *filters* and of 3 x 3 px, and left time alone. ``table1=True`` does the
same, 13,557,251 parameters; ``False`` pools time and space, 12,654,083.

Not printed, and ours: ReLU after convolutions and dense layers, dropout of .5 as in MicroExpSTCNN, whose code the paper starts from.
The compared networks are only cited (Reddy et al. 2019; Khor et al. 2018), so what stands here under their names is our reading.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from ..errors import UsageError
from .layers import Inputs, checked_shape, scaled, start, streams


class Stream(nn.Module):
    """Features (N, 128) of one stack (N, 1, T, 64, 64): a convolution of 15 x 3 x 3, a pooling, a dense layer."""

    def __init__(self, shape: tuple[int, ...], width: float, table1: bool, dropout: float):
        super().__init__()
        c, t, rows, columns = shape
        filters, self.units, self.table1 = max(3, scaled(32, width)), scaled(128, width), table1
        self.conv = nn.Conv3d(c, filters, (15, 3, 3), padding="same")
        self.drop = nn.Dropout(dropout)
        self.dense = nn.Linear((filters // 3 * t if table1 else filters * (t // 3)) * (rows // 3) * (columns // 3), self.units)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features of each stack."""
        x = functional.relu(self.conv(x))  # (N, 32, 8, 64, 64)
        if self.table1:
            x = functional.max_pool3d(x.transpose(1, 2), 3)  # (N, 8, 32, 64, 64), (N, 8, 10, 21, 21)
        else:
            x = functional.max_pool3d(x, 3)  # (N, 32, 2, 21, 21)
        return functional.relu(self.dense(self.drop(x).flatten(1)))  # (N, 35280), (N, 128)


class TwoStream(nn.Module):
    """Scores of each class, (N, n_classes), from 8 grey frames and their 16 flow maps.

    Parameters
    ----------
    n_classes : int, default=3
        Classes; as many scores come out.
    input_shape : (1, 3 T, H, W), default=(1, 24, 64, 64)
        T frames, then 2 T flow maps: all horizontal ones, then all vertical ones. ``forward`` also takes both as a tuple. At least
        3 px a side, and 3 frames where time is pooled.
    width : float, default=1
        Share of the filters and units.
    table1 : bool, default=True
        Pool over filters as printed; else over time.
    dropout : float, default=0.5
        Share of units left out in training.

    References
    ----------
    He Yan & Lei Li (2020), CSAE. doi:10.1145/3424978.3425116
    """

    def __init__(
        self,
        n_classes: int = 3,
        input_shape: tuple[int, ...] = (1, 24, 64, 64),
        width: float = 1.0,
        *,
        table1: bool = True,
        dropout: float = 0.5,
    ):
        super().__init__()
        self.input_shape = checked_shape(self, input_shape, "CTHW", {"T": 3 if table1 else 9, "H": 3, "W": 3})
        c, t, *sides = self.input_shape
        if t % 3:
            raise UsageError(f"TwoStream takes T frames and 2 T flow maps, {t} is no multiple of 3: stack 8 frames and 16 maps to 24")
        self.shapes = {"frames": (c, t // 3, *sides), "flow": (c, t // 3 * 2, *sides)}
        self.frames = Stream(self.shapes["frames"], width, table1, dropout)
        self.flow = Stream(self.shapes["flow"], width, table1, dropout)
        self.out = nn.Linear(2 * self.flow.units, n_classes)
        start(self, "glorot")

    def forward(self, x: Inputs) -> torch.Tensor:
        """Scores of each class."""
        frames, flow = streams(self, x, self.shapes, axis=2)  # (N, 1, 8, 64, 64), (N, 1, 16, 64, 64)
        x = torch.cat([self.frames(frames), self.flow(flow)], dim=1)  # (N, 256)
        return self.out(x)


class OneStream3DCNN(nn.Module):
    """Scores of each class, (N, n_classes), from 8 grey frames (N, 1, 8, 64, 64): "One stream 3D CNN", 4,520,707 parameters.

    Parameters
    ----------
    n_classes : int, default=3
        Classes; as many scores come out.
    input_shape : (C, T, H, W), default=(1, 8, 64, 64)
        One channel, T frames.
    width : float, default=1
        Share of the filters and units.
    table1 : bool, default=True
        Pool over filters as printed; else over time.
    dropout : float, default=0.5
        Share of units left out in training.
    """

    def __init__(
        self,
        n_classes: int = 3,
        input_shape: tuple[int, ...] = (1, 8, 64, 64),
        width: float = 1.0,
        *,
        table1: bool = True,
        dropout: float = 0.5,
    ):
        super().__init__()
        self.input_shape = checked_shape(self, input_shape, "CTHW", {"T": 1 if table1 else 3, "H": 3, "W": 3})
        self.frames = Stream(self.input_shape, width, table1, dropout)
        self.out = nn.Linear(self.frames.units, n_classes)
        start(self, "glorot")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of each class."""
        return self.out(self.frames(x))


class CNNRNN(nn.Module):
    """Scores of each class, (N, n_classes), from grey frames: "CNN_RNN", a small CNN a frame and an LSTM, 2,165,955 parameters.

    Parameters
    ----------
    n_classes : int, default=3
        Classes; as many scores come out.
    input_shape : (C, T, H, W), default=(1, 8, 64, 64)
        Any number of frames.
    width : float, default=1
        Share of the paper's filters.
    """

    def __init__(self, n_classes: int = 3, input_shape: tuple[int, ...] = (1, 8, 64, 64), width: float = 1.0):
        super().__init__()
        self.input_shape = checked_shape(self, input_shape, "CTHW", {"H": 4, "W": 4})
        c, _, rows, columns = self.input_shape
        few, more, units, hidden = (scaled(number, width) for number in (32, 64, 128, 64))
        self.conv1, self.conv2 = nn.Conv2d(c, few, 3, padding=1), nn.Conv2d(few, more, 3, padding=1)
        self.dense = nn.Linear(more * (rows // 4) * (columns // 4), units)
        self.lstm = nn.LSTM(units, hidden, batch_first=True)
        self.out = nn.Linear(hidden, n_classes)
        start(self, "glorot")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of each class."""
        n = x.shape[0]
        x = x.transpose(1, 2).flatten(0, 1)  # (N T, 1, 64, 64)
        x = functional.max_pool2d(functional.relu(self.conv1(x)), 2)  # (N T, 32, 32, 32)
        x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)  # (N T, 64, 16, 16)
        x = functional.relu(self.dense(x.flatten(1)))  # (N T, 128)
        x, _ = self.lstm(x.reshape(n, -1, x.shape[1]))  # (N, T, 64)
        return self.out(x[:, -1])
