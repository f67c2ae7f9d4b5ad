"""Changes of training samples that leave their meaning as it is: made inside training alone, anew in each epoch.

Each takes a batch, (N, C, H, W) or (N, C, T, H, W) float, and a generator on the CPU, so that every device draws alike. What is
drawn of each sample comes first and is laid over the batch afterwards: of many trainings that go on as one, each draws for its own
samples. What changes the size of a sample also says what is done with one that is not trained on.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..errors import UsageError


@dataclass(frozen=True)
class Augment:
    """A change of training samples. Subclasses give ``draw`` and ``apply``, and ``plain`` where the size changes."""

    def __call__(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """The batch, changed."""
        return self.apply(x, self.draw(tuple(x.shape), generator))

    def draw(self, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
        """What is to become of each sample of a batch of that shape, (N, ...), on the CPU."""
        raise NotImplementedError

    def apply(self, x: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
        """The batch, changed as it was drawn."""
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

    def draw(self, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
        """Whether each is mirrored, (N,) bool."""
        return torch.rand(shape[0], generator=generator) < 0.5

    def apply(self, x: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
        """The batch, changed as it was drawn."""
        sign = torch.ones(x.shape[1], device=x.device)
        sign[list(self.signed)] = -1
        mirrored = x.flip(-1) * sign.view(-1, *(1,) * (x.ndim - 2))
        return torch.where(drawn.to(x.device).view(-1, *(1,) * (x.ndim - 1)), mirrored, x)


@dataclass(frozen=True)
class Shift(Augment):
    """Each sample moved by up to ``pixels`` in both directions; its edges are continued.

    Parameters
    ----------
    pixels : int, default=2
    """

    pixels: int = 2

    def draw(self, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
        """How far down and to the right each goes, (N, 2)."""
        return torch.cat([torch.randint(-self.pixels, self.pixels + 1, (shape[0], 1), generator=generator) for _ in range(2)], dim=1)

    def apply(self, x: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
        """The batch, changed as it was drawn."""
        for axis in (-2, -1):
            size = x.shape[axis]
            x = _taken(x, (torch.arange(size) + drawn[:, axis, None]).clamp(0, size - 1), axis)
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

    def draw(self, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
        """The first row and column of each piece, (N, 2)."""
        return torch.cat([_first(shape, size, axis, generator) for axis, size in ((-2, self.height), (-1, self.width))], dim=1)

    def apply(self, x: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
        """The batch, changed as it was drawn."""
        for axis, size in ((-2, self.height), (-1, self.width)):
            x = _taken(x, torch.arange(size) + drawn[:, axis, None], axis)
        return x

    def plain(self, x: torch.Tensor) -> torch.Tensor:
        """The middle of each picture."""
        for axis, size in ((-2, self.height), (-1, self.width)):
            x = x.narrow(axis, (_room(tuple(x.shape), size, axis)) // 2, size)
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

    def draw(self, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
        """The first frame of each, (N, 1)."""
        return _first(shape, self.frames, 2, generator)

    def apply(self, x: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
        """The batch, changed as it was drawn."""
        return _taken(x, torch.arange(self.frames) + drawn, 2)


AUGMENTS: dict[str, type[Augment]] = {each.__name__: each for each in (Mirror, Shift, Crop, Window)}
"""By name, as the card of saved weights has them."""


def _first(shape: tuple[int, ...], size: int, axis: int, generator: torch.Generator) -> torch.Tensor:
    return torch.randint(0, _room(shape, size, axis) + 1, (shape[0], 1), generator=generator)


def _room(shape: tuple[int, ...], size: int, axis: int) -> int:
    room = shape[axis] - size
    if room < 0:
        what = "frames" if axis == 2 else "rows" if axis == -2 else "columns"
        raise UsageError(f"{size} {what} are to be cut out of samples that have {shape[axis]}: give larger samples, or cut out less")
    return room


def _taken(x: torch.Tensor, places: torch.Tensor, axis: int) -> torch.Tensor:
    """Of each sample its own places, (N, size), along an axis."""
    rows = torch.arange(len(x), device=x.device)[:, None]
    return x.movedim(axis, 1)[rows, places.to(x.device)].movedim(1, axis)
