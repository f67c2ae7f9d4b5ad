"""A bank of Gabor filters: how strongly waves of each length and direction are there, pixel by pixel."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import fft

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from .stills import grey_square, of_stills

# Standard deviation of the window over the wavelength, and how many of them a filter reaches.
SIGMA, REACH = 0.56, 3


def gabor(image: np.ndarray, size: int = 48, scales: int = 9, orientations: int = 8) -> np.ndarray:
    """The size of the response to each filter of the bank at each pixel of the picture, brought to ``size`` px a side.

    Parameters
    ----------
    image : ndarray of shape (H, W), uint8 or float
        Grey. It is mirrored beyond its rim.
    size : int, default=48
        16 or more.
    scales : int, default=9
        Wavelengths from 2 px, each the square root of two times the one before: 2 to 32 px.
    orientations : int, default=8
        Directions of the waves, evenly over half a turn; the first along +x, the next turned towards +y (down).

    Returns
    -------
    ndarray of shape (scales * orientations * size * size,), float32
        Half the amplitude of a wave that fits; zero for a flat picture. Pixels fastest, scales slowest: 165888 numbers.

    Raises
    ------
    UsageError
        When the picture is no grey picture of finite numbers, or a parameter is not allowed.

    References
    ----------
    Wu, Shen & Fu (2011), ACII. Wavelengths, and windows that are round and .56 wavelengths wide, are our reading.

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.random.default_rng(0).integers(0, 255, (10, 64, 64), np.uint8)
    >>> gabor(frames[0]).shape  # 9 scales x 8 directions x 48 x 48 px
    (165888,)
    """
    if size < 16 or scales < 1 or orientations < 1:
        raise UsageError(f"Gabor: size={size} must be 16 or more, scales={scales} and orientations={orientations} 1 or more")
    small = grey_square(image, size, "Gabor")
    spectra, rim = _bank(size, scales, orientations)
    spectrum = fft.fft2(np.pad(small, rim, mode="symmetric"), spectra.shape[1:])
    out = np.empty((len(spectra), size, size), np.float32)
    for response, filtered in zip(out, spectra, strict=True):
        response[:] = np.abs(fft.ifft2(spectrum * filtered)[rim : rim + size, rim : rim + size])
    return out.ravel()


def gabor_kernel(wavelength: float, angle: float) -> np.ndarray:
    """One filter, (2 r + 1, 2 r + 1) complex: a round window times a wave, which is one at the centre; it sums to zero.

    Parameters
    ----------
    wavelength : float
        Px.
    angle : float
        Of the wave's direction, radians, from +x towards +y (down).
    """
    sigma = SIGMA * wavelength
    reach = int(np.ceil(REACH * sigma))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    window = np.exp(-(x**2 + y**2) / (2 * sigma**2))
    window /= window.sum()
    wave = np.exp(2j * np.pi / wavelength * (x * np.cos(angle) + y * np.sin(angle)))
    return window * (wave - (window * wave).sum())


class Gabor(ClipTransformer):
    """:func:`gabor` of each clip's apex frame.

    Parameters
    ----------
    size : int, default=48
        As in :func:`gabor`.
    scales : int, default=9
        As in :func:`gabor`.
    orientations : int, default=8
        As in :func:`gabor`.
    frames : {"apex", "mean"}, default="apex"
        The apex frame, or the mean over all frames from onset to offset.
    """

    def __init__(self, size: int = 48, scales: int = 9, orientations: int = 8, frames: str = "apex"):
        self.size = size
        self.scales = scales
        self.orientations = orientations
        self.frames = frames

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The descriptor of one clip."""
        return of_stills(clip, lambda image: gabor(image, self.size, self.scales, self.orientations), self.frames)


@cache
def _bank(size: int, scales: int, orientations: int) -> tuple[np.ndarray, int]:
    """Spectra of all filters, centred on the first pixel, (scales * orientations, side, side), and the rim they need, px."""
    kernels = [gabor_kernel(2 * 2 ** (s / 2), np.pi * k / orientations) for s in range(scales) for k in range(orientations)]
    rim = max(len(kernel) // 2 for kernel in kernels)
    side = fft.next_fast_len(size + 2 * rim)
    spectra = np.empty((len(kernels), side, side), np.complex128)
    for spectrum, kernel in zip(spectra, kernels, strict=True):
        reach = len(kernel) // 2
        centred = np.roll(np.pad(kernel, (0, side - len(kernel))), (-reach, -reach), (0, 1))
        spectrum[:] = fft.fft2(centred)
    return spectra, rim
