"""A complex steerable pyramid: a picture as oriented waves of an octave each, with amplitude and phase.

Portilla & Simoncelli (2000), IJCV, doi:10.1023/A:1026553619983. Raised cosines split log-frequency, powers of a cosine on half
the plane split orientation; the squares of all masks sum to one, so that the same masks put the picture together again.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from scipy import fft


class SteerablePyramid:
    """Masks for pictures of one size, and the transform there and back.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the pictures.
    levels : int
        Octaves; those of level l are waves of 2 ** (l + 1) to 2 ** (l + 3) px.
    orientations : int
        Directions a level, evenly spaced over half a turn; the first are waves along x.
    dtype : {float32, float64}, default=float32
        Of the pictures.
    """

    def __init__(self, shape: tuple[int, int], levels: int, orientations: int, dtype: np.typing.DTypeLike = np.float32):
        fy, fx = (2 * fft.fftfreq(size) for size in shape)  # one is the Nyquist frequency
        octave = 0.5 * np.log2(np.maximum(fx**2 + fy[:, None] ** 2, 1e-30))  # log2 of the radius
        angle = np.arctan2(fy[:, None], fx)
        order = orientations - 1
        norm = np.sqrt(2 ** (2 * order) * factorial(order) ** 2 / (orientations * factorial(2 * order)))
        around = [np.cos(angle - np.pi * k / orientations) for k in range(orientations)]
        lobes = np.stack([np.where(c > 0, norm * c**order, 0) for c in around])  # (K, H, W), half the plane each

        self._shape = shape
        self._places = []
        self._masks = []
        for level in range(levels):
            ring = _low(octave, -level) * _high(octave, -level - 1)
            place = np.ix_(*(_central(size, level) for size in shape))
            self._places.append(place)
            self._masks.append((lobes * ring)[:, *place].astype(dtype))  # (K, h, w)
        self._rest = (_high(octave, 0) ** 2 + _low(octave, -levels) ** 2).astype(dtype)

    def take_apart(self, image: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """Waves by level, (K, h, w) complex each, and the spectrum, (H, W), of what is too fine or too coarse."""
        spectrum = fft.fft2(image)
        waves = [fft.ifft2(2 * mask * spectrum[place], overwrite_x=True) for mask, place in zip(self._masks, self._places, strict=True)]
        return waves, spectrum * self._rest

    def put_together(self, waves: list[np.ndarray], rest: np.ndarray) -> np.ndarray:
        """The picture, (H, W) real. Overwrites ``waves`` and ``rest``."""
        for wave, mask, place in zip(waves, self._masks, self._places, strict=True):
            parts = fft.fft2(wave, overwrite_x=True)
            parts *= mask
            rest[place] += parts.sum(axis=0)
        return fft.ifft2(rest, overwrite_x=True).real


def _central(size: int, level: int) -> np.ndarray:
    """Where in a spectrum of ``size`` the frequencies up to Nyquist / 2 ** level lie, in the order of a small spectrum."""
    small = size if level == 0 else min(size, fft.next_fast_len(-(-size // 2**level)))
    return np.concatenate([np.arange((small + 1) // 2), np.arange(size - small // 2, size)])


def _high(octave: np.ndarray, edge: float) -> np.ndarray:
    """One from ``edge`` upwards, zero from an octave below it downwards."""
    return np.cos(np.pi / 2 * np.clip(edge - octave, 0, 1))


def _low(octave: np.ndarray, edge: float) -> np.ndarray:
    return np.sin(np.pi / 2 * np.clip(edge - octave, 0, 1))
