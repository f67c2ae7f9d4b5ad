"""Clip: one labelled moment of one person, whose frames are read when they are looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Clip:
    """One moment of one person.

    Attributes
    ----------
    id : str
        Unique within any mix of datasets, such as ``casme2/sub01/EP02_01f``.
    dataset, subject : str
    fps : float
        Frames a second.
    onset, apex, offset : int
        0-based, inclusive, within ``frames``.
    read : callable
        Gives the frames, (T, H, W, 3) uint8 RGB.
    emotion : str or None
        The release's own word; None where it was not coded.
    aus : tuple of str or None
        Action units such as ``("AU1", "L12")``; None where they were not coded, which differs from ``()``: coded, none seen.
    """

    id: str
    dataset: str
    subject: str
    fps: float
    onset: int
    apex: int
    offset: int
    read: Callable[[], np.ndarray] = field(repr=False)
    emotion: str | None = None
    aus: tuple[str, ...] | None = None

    @property
    def frames(self) -> np.ndarray:
        """The pictures, (T, H, W, 3) uint8 RGB, read anew at each look."""
        return self.read()

    @property
    def person(self) -> str:
        """``dataset/subject``: who this is, unambiguous when datasets are mixed."""
        return f"{self.dataset}/{self.subject}"
