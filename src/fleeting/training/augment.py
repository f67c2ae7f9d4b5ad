"""Changes of training samples that leave their meaning as it is: made inside training alone, anew in each epoch.

Each takes a batch, (N, C, H, W) or (N, C, T, H, W) float, and a generator on the CPU, so that every device draws alike. What
changes the size of a sample also says what is done with one that is not trained on.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..errors import UsageError


@dataclass(frozen=True)
class Augment:
    """A change of training samples. Subclasses give ``__call__``, and ``plain`` where the size changes."""

    def __call__(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """The batch, changed."""
        raise NotImplementedError

    def plain(self, x: torch.Tensor) -> torch.Tensor:
        """The batch as it is where nothing is trained."""
        return x


@dataclass(frozen=True)
class Mirror(Augment):
    """Half of the samples with left and right exchanged. Labels that tell sides apart, such as L12, do not survive this.

    Parameters
    ----------
    signed : tuple of int, default=()
        Channels of horizontal motion, zero where nothing moves: they change their sign.
    """

    signed: tuple[int, ...] = ()

    def __call__(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """The batch, changed."""
        sign = torch.ones(x.shape[1], device=x.device)
        sign[list(self.signed)] = -1
        chosen = torch.rand(len(x), generator=generator).to(x.device) < 0.5
        mirrored = x.flip(-1) * sign.view(-1, *(1,) * (x.ndim - 2))
        return torch.where(chosen.view(-1, *(1,) * (x.ndim - 1)), mirrored, x)


@dataclass(frozen=True)
class Shift(Augment):
    """Each sample moved by up to ``pixels`` in both directions; its edges are continued.

    Parameters
    ----------
    pixels : int, default=2
    """

    pixels: int = 2

    def __call__(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """The batch, changed."""
        for axis in (-2, -1):
            size = x.shape[axis]
            moves = torch.randint(-self.pixels, self.pixels + 1, (len(x), 1), generator=generator)
            x = _taken(x, (torch.arange(size) + moves).clamp(0, size - 1), axis)
        return x


@dataclass(frozen=True)
class Crop(Augment):
    """A piece of each picture, from anywhere; of pictures that are not trained on, the middle.

    Parameters
    ----------
    height, width : int
        px, not more than the pictures have.
    """

    height: int
    width: int

    def __call__(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """The batch, changed."""
        for axis, size in ((-2, self.height), (-1, self.width)):
            x = _piece(x, size, axis, generator)
        return x

    def plain(self, x: torch.Tensor) -> torch.Tensor:
        """The middle of each picture."""
        for axis, size in ((-2, self.height), (-1, self.width)):
            x = x.narrow(axis, (_room(x, size, axis)) // 2, size)
        return x


@dataclass(frozen=True)
class Window(Augment):
    """``frames`` consecutive frames of each sample, from anywhere; what is not trained on keeps all of its frames.

    Parameters
    ----------
    frames : int
        Not more than the samples, (N, C, T, H, W), have.
    """

    frames: int

    def __call__(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """The batch, changed."""
        return _piece(x, self.frames, 2, generator)


AUGMENTS: dict[str, type[Augment]] = {each.__name__: each for each in (Mirror, Shift, Crop, Window)}
"""By name, as the card of saved weights has them."""


def _piece(x: torch.Tensor, size: int, axis: int, generator: torch.Generator) -> torch.Tensor:
    starts = torch.randint(0, _room(x, size, axis) + 1, (len(x), 1), generator=generator)
    return _taken(x, torch.arange(size) + starts, axis)


def _room(x: torch.Tensor, size: int, axis: int) -> int:
    room = x.shape[axis] - size
    if room < 0:
        what = "frames" if axis == 2 else "rows" if axis == -2 else "columns"
        raise UsageError(f"{size} {what} are to be cut out of samples that have {x.shape[axis]}: give larger samples, or cut out less")
    return room


def _taken(x: torch.Tensor, places: torch.Tensor, axis: int) -> torch.Tensor:
    """Of each sample its own places, (N, size), along an axis."""
    rows = torch.arange(len(x), device=x.device)[:, None]
    return x.movedim(axis, 1)[rows, places.to(x.device)].movedim(1, axis)
