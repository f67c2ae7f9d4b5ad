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
        lobes = norm * np.stack([np.cos(angle - np.pi * k / orientations) ** order for k in range(orientations)])  # (K, H, W)
        ahead = np.stack([np.cos(angle - np.pi * k / orientations) > 0 for k in range(orientations)])  # half the plane each

        self._shape = shape
        self._odd = order % 2 == 1
        self._masks = []
        for level in range(levels):
            ring = _low(octave, -level) * _high(octave, -level - 1)
            rows, columns = (_central(size, level) for size in shape)
            there, back = np.ix_(rows, columns), np.ix_(rows, np.arange(len(columns) // 2 + 1))
            self._masks.append((there, (2 * ahead * lobes * ring)[:, *there].astype(dtype), back, (lobes * ring)[:, *back].astype(dtype)))
        rest = _high(octave, 0) ** 2 + _low(octave, -levels) ** 2
        self._rest = rest[:, : shape[1] // 2 + 1].astype(dtype)

    def take_apart(self, image: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """Waves by level, (K, h, w) complex each, and half the spectrum, (H, W // 2 + 1), of what is too fine or too coarse."""
        spectrum = fft.fft2(image)
        waves = [fft.ifft2(mask * spectrum[there], overwrite_x=True) for there, mask, _, _ in self._masks]
        return waves, spectrum[:, : self._rest.shape[1]] * self._rest

    def put_together(self, waves: list[np.ndarray], rest: np.ndarray) -> np.ndarray:
        """The picture, (H, W) real. Overwrites ``rest``.

        Of each wave the real or, where masks are odd, the imaginary part is used, as is the custom: the other part says the
        same, unless phases were changed. A wave that was made so that the parts contradict each other is thereby settled.
        """
        for wave, (_, _, back, mask) in zip(waves, self._masks, strict=True):
            parts = fft.rfft2(wave.imag if self._odd else wave.real)
            parts *= mask
            rest[back] += parts.sum(axis=0) * (1j if self._odd else 1)
        return fft.irfft2(rest, self._shape, overwrite_x=True)


def _central(size: int, level: int) -> np.ndarray:
    """Where in a spectrum of ``size`` the frequencies up to Nyquist / 2 ** level lie, in the order of a small spectrum."""
    small = size if level == 0 else min(size, fft.next_fast_len(-(-size // 2**level)))
    return np.concatenate([np.arange((small + 1) // 2), np.arange(size - small // 2, size)])


def _high(octave: np.ndarray, edge: float) -> np.ndarray:
    """One from ``edge`` upwards, zero from an octave below it downwards."""
    return np.cos(np.pi / 2 * np.clip(edge - octave, 0, 1))


def _low(octave: np.ndarray, edge: float) -> np.ndarray:
    return np.sin(np.pi / 2 * np.clip(edge - octave, 0, 1))
