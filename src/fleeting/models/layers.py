"""What the networks share: shapes checked in words, inputs of several streams, sides of maps, and weights to start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import nn

from ..errors import UsageError

Init = Literal["he", "glorot"]
Inputs = torch.Tensor | Sequence[torch.Tensor]  # one tensor, or one of each stream

_WHAT = {"C": "channels", "T": "frames", "H": "rows", "W": "columns"}
_MORE = {
    "C": "stack {0} or more",
    "T": "interpolate the clips to {0} or more",
    "H": "make the pictures {0} px high or more",
    "W": "make the pictures {0} px wide or more",
}


def checked_shape(
    network: nn.Module,
    shape: Sequence[int],
    axes: str,
    least: Mapping[str, int] | None = None,
    exactly: Mapping[str, int] | None = None,
) -> tuple[int, ...]:
    """The shape of one sample, as the network takes it.

    Parameters
    ----------
    network : Module
        Named by errors.
    shape : sequence of int
    axes : {"CHW", "CTHW"}
    least, exactly : mapping of str to int, optional
        How long an axis must at least be, and must be.

    Raises
    ------
    UsageError
        Another number of axes; too few frames, rows or columns; other channels.
    """
    name, shape = type(network).__name__, tuple(shape)
    if len(shape) != len(axes) or min(shape, default=0) < 1:
        raise UsageError(f"{name} takes samples ({', '.join(axes)}); got {shape}")
    for axis, size in zip(axes, shape, strict=True):
        wanted = (exactly or {}).get(axis, size)
        if size != wanted:
            raise UsageError(f"{name} takes {wanted} {_WHAT[axis]}; samples of shape {shape} have {size}")
        if size < (enough := (least or {}).get(axis, 1)):
            raise UsageError(
                f"{name} needs at least {enough} {_WHAT[axis]}; samples of shape {shape} have {size}: {_MORE[axis].format(enough)}"
            )
    return shape


def streams(network: nn.Module, x: Inputs, shapes: Mapping[str, tuple[int, ...]], axis: int) -> list[torch.Tensor]:
    """The inputs of a network that has several, in their order.

    Parameters
    ----------
    network : Module
        Named by errors.
    x : Tensor or sequence of Tensor
        One by one; or as one tensor, in which they follow each other along an axis: so several streams are one array to a classifier.
    shapes : mapping of str to tuple of int
        Name of each stream, and its shape but for the batch.
    axis : int
        The axis along which they follow each other, the batch being axis 0.

    Raises
    ------
    UsageError
        Another number of inputs, or one of them has another shape: they may have been exchanged.
    """
    name = type(network).__name__
    if isinstance(x, torch.Tensor):
        sizes = [shape[axis - 1] for shape in shapes.values()]
        if x.ndim <= axis or x.shape[axis] != sum(sizes):
            raise UsageError(f"{name} takes {' then '.join(shapes)}, {sizes} along axis {axis}; got samples of {tuple(x.shape[1:])}")
        x = torch.split(x, sizes, dim=axis)
    if len(x) != len(shapes):
        raise UsageError(f"{name} takes {len(shapes)} inputs, {' and '.join(shapes)}; got {len(x)}")
    for (stream, shape), part in zip(shapes.items(), x, strict=True):
        if tuple(part.shape[1:]) != shape:
            order = " and ".join(shapes)
            raise UsageError(f"{name} takes {stream} of shape {shape}; got {tuple(part.shape[1:])}. The order of inputs is {order}")
    return list(x)


def scaled(number: int, width: float, of: int = 1) -> int:
    """So many filters or units at another width: rounded, a multiple of ``of``, and at least that."""
    if not width > 0:
        raise UsageError(f"width={width!r} must be above 0; 1 is the paper's")
    return max(of, of * round(number * width / of))


def after(size: int, kernel: int, stride: int = 1, padding: int = 0, ceil: bool = False) -> int:
    """The side of a map after a convolution or a pooling."""
    room = size + 2 * padding - kernel
    return (-(-room // stride) if ceil else room // stride) + 1


def start(module: nn.Module, how: Init) -> None:
    """Set all convolutions and linear layers to random weights and zero biases.

    Parameters
    ----------
    module : Module
    how : {"he", "glorot"}
        Normal, for layers that a ReLU follows, of which deep stacks without normalisation do not learn otherwise; or uniform, as
        Keras starts.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Conv3d | nn.Linear):
            if how == "he":
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            else:
                nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
