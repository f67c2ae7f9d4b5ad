"""Small motion made large: phase-based (PBVM), Riesz and linear Eulerian (EVM) video magnification.

All three work through a clip frame by frame, so that memory does not grow with its length. What they enlarge is the
difference from a reference frame, or, for recordings longer than a second or so, what two first-order low-passes tell apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
from scipy import fft

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from .frames import frames_of, named, require_size, to_uint8
from .steerable import SteerablePyramid

MAGNIFIERS = ("pbvm", "riesz", "evm")
# Rows and columns of the mirrored rim, px: the Fourier transform takes a picture's opposite sides for neighbours.
RIM = 16
LEAST_SIDE = 16


def magnify(
    frames: np.ndarray,
    alpha: float = 20,
    method: str = "pbvm",
    *,
    reference: int = 0,
    band: tuple[float, float] | None = None,
    fps: float | None = None,
    levels: int | None = None,
    orientations: int = 4,
    sigma: float = 2,
    limit: float | None = None,
    wavelength: float = 16,
    rim: int = RIM,
) -> np.ndarray:
    """The clip with motion up to ``1 + alpha`` times as large; colours are left as they are.

    Waves of a few px, such as skin's texture, move ``1 + alpha`` times as far. What is broad moves less, since the coarse rest below
    the last octave stays: at alpha 20, in pictures of 128 px, a lone blob with a standard deviation of 2 px 18 (``pbvm``), 11
    (``riesz``) and 8 (``evm``) times, one of 16 px 12, 11 and 16 times. docs/methods.md has the table.

    Parameters
    ----------
    frames : ndarray of shape (T, H, W) or (T, H, W, 3), uint8 or float
        Grey or RGB, at least 16 px a side.
    alpha : float, default=20
        What is added to the motion, in units of the motion; 0 changes nothing.
    method : {"pbvm", "riesz", "evm"}, default="pbvm"
        ``pbvm`` shifts the phases of a complex steerable pyramid. ``riesz`` does so with a Laplacian pyramid and its Riesz
        transform: faster, less exact. Waves along an axis whose length is a power of two are at the limit of sampling in some
        octave, and cannot be shifted there: those of 4, 8 and 16 px move 12, 7 and 5 % less than others. ``evm`` adds the
        difference of grey values: motion must stay below 1/8 of a wavelength after magnification, and noise grows with it.
    reference : int, default=0
        The frame which is left as it is, best the onset. Not used with ``band``.
    band : tuple of float, optional
        Lowest and highest frequency to magnify, Hz. The filter starts at the first frame, and knows no future.
    fps : float, optional
        Frames a second; needed with ``band``.
    levels : int, optional
        Octaves; log2 of the shorter side less 2, rounded down, when not given.
    orientations : int, default=4
        Directions of ``pbvm``, 2 or more.
    sigma : float, default=2
        Blur of the phases, weighted by amplitude, in px of each level; 0 for none. Not for ``evm``.
    limit : float, optional
        The largest phase shift, radians. Phase says no more than pi; ghosts seen before that are the reason to lower alpha.
    wavelength : float, default=16
        Waves shorter than this, px, are magnified less by ``evm``.
    rim : int, default=16
        Mirrored border, px, for ``pbvm`` and ``riesz``; 0 for pictures that are periodic.

    Returns
    -------
    ndarray
        Shape and dtype of ``frames``; uint8 is rounded and cut off at 0 and 255, float is not.

    Raises
    ------
    UsageError
        When the method is not known, frames are too small or not finite, the band does not fit ``fps``, or a number is out of range.

    References
    ----------
    Wadhwa, Rubinstein, Durand & Freeman (2013), ACM TOG 32(4), doi:10.1145/2461912.2461966 (pbvm); (2014), ICCP,
    doi:10.1109/ICCPHOT.2014.6831820 (riesz). Wu, Rubinstein, Shih, Guttag, Durand & Freeman (2012), ACM TOG 31(4),
    doi:10.1145/2185520.2185561 (evm; the gain of each level is that of the authors' program).

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.random.default_rng(0).integers(0, 255, (10, 64, 64), np.uint8)
    >>> larger = magnify(frames, alpha=10)
    >>> larger.shape, larger.dtype
    ((10, 64, 64), dtype('uint8'))
    >>> bool((magnify(frames, alpha=0) == frames).all())
    True
    """
    require_size(frames, (1, LEAST_SIDE, LEAST_SIDE), "magnification")
    if not 0 <= reference < len(frames):
        raise UsageError(f"the reference is frame {reference}; it must be one of 0 to {len(frames) - 1}")
    height, width = frames.shape[1:3]
    depth = int(np.log2(min(height, width))) - 2
    levels = depth if levels is None else levels
    if not 1 <= levels <= depth + 1:
        raise UsageError(f"levels={levels}; pictures of {width} x {height} px have 1 to {depth + 1}")
    if orientations < 2:
        raise UsageError(f"orientations={orientations}; 2 or more are needed to cover all directions")
    if not np.isfinite(alpha) or min(sigma, rim) < 0 or wavelength <= 0 or (limit is not None and limit <= 0):
        raise UsageError(
            f"alpha={alpha} must be finite, sigma={sigma} and rim={rim} 0 or more, wavelength={wavelength} and limit={limit} above 0"
        )
    rates = _rates(band, fps)
    dtype = np.result_type(frames, np.float32)
    start: Callable[[np.ndarray], Callable[[np.ndarray], np.ndarray]]
    if method == "pbvm":
        shape = _with_rim(np.empty((height, width), np.uint8), rim).shape
        pyramid = SteerablePyramid(shape, levels, orientations, dtype)
        start = partial(_Phase, pyramid=pyramid, rim=rim, alpha=alpha, rates=rates, sigma=sigma, limit=limit)
    elif method == "riesz":
        start = partial(_Riesz, rim=rim, levels=levels, alpha=alpha, rates=rates, sigma=sigma, limit=limit)
    elif method == "evm":
        start = partial(_Linear, gains=evm_gains((height, width), levels, alpha, wavelength), rates=rates)
    else:
        raise UsageError(f"magnification method {method!r} is not known; choose from {', '.join(MAGNIFIERS)}")

    out = np.empty_like(frames)
    first = 0 if rates else reference
    for span in (range(first, len(frames)), range(first - 1, -1, -1)):  # away from the reference, both ways
        step = start(_luma(frames[first], dtype)) if span else None
        for t in span:
            luma = _luma(frames[t], dtype)
            moved = step(luma) if step else luma
            more = (moved - luma).reshape(*luma.shape, *(1,) * (frames.ndim - 3))  # RGB = luma + a rest that stays
            out[t] = to_uint8(frames[t] + more) if frames.dtype == np.uint8 else frames[t] + more
    return out


def evm_gains(shape: tuple[int, int], levels: int, alpha: float, wavelength: float = 16) -> np.ndarray:
    """What each level of a Laplacian pyramid is multiplied with in EVM, (levels + 1,) float64, the finest first.

    The bound ``(1 + alpha) * motion < wave / 8`` of the paper (eq. 14), exceeded by 2 as in the authors' program, which also
    leaves the finest and the coarsest level alone.
    """
    waves = np.hypot(*shape) / 3 / 2.0 ** np.arange(levels, -1, -1)
    largest_motion = wavelength / 8 / (1 + alpha)
    gains = np.clip((waves / (8 * largest_motion) - 1) * 2, 0, alpha) if alpha > 0 else np.full(levels + 1, float(alpha))
    gains[[0, -1]] = 0
    return gains


class Magnify(ClipTransformer):
    """:func:`magnify` of each clip, with its onset as reference and its own frame rate.

    Parameters
    ----------
    method : {"pbvm", "riesz", "evm"}, default="pbvm"
    alpha : float, default=20
        What is added to the motion; this and what follows as in :func:`magnify`.
    band : tuple of float, optional
        Hz; the difference from the onset when not given.
    levels : int, optional
        Octaves.
    orientations : int, default=4
        Directions.
    sigma : float, default=2
        Blur of the phases, px.
    """

    def __init__(
        self,
        method: str = "pbvm",
        alpha: float = 20,
        band: tuple[float, float] | None = None,
        levels: int | None = None,
        orientations: int = 4,
        sigma: float = 2,
    ):
        self.method = method
        self.alpha = alpha
        self.band = band
        self.levels = levels
        self.orientations = orientations
        self.sigma = sigma

    def transform_clip(self, clip: Clip) -> Clip:
        """One clip, magnified when its frames are looked at."""
        return replace(clip, read=partial(_magnified, clip, self.get_params()))


class _BandPass:
    """What is left of a signal that starts at zero: all of it, or the difference of two first-order low-passes."""

    def __init__(self, rates: tuple[float, float] | None):
        self.rates = rates
        self.low: list[np.ndarray] = []

    def __call__(self, x: np.ndarray) -> np.ndarray:
        if not self.rates:
            return x
        if not self.low:
            self.low = [np.zeros_like(x), np.zeros_like(x)]
        for low, rate in zip(self.low, self.rates, strict=True):
            low += rate * (x - low)
        return self.low[1] - self.low[0]


class _Phase:
    """PBVM of one frame after another."""

    def __init__(self, luma, *, pyramid, rim, alpha, rates, sigma, limit):  # type: ignore[no-untyped-def]
        self.pyramid, self.rim, self.alpha, self.sigma, self.limit = pyramid, rim, alpha, sigma, limit
        self.before, _ = pyramid.take_apart(_with_rim(luma, rim))
        self.phase = [np.zeros(wave.shape, luma.dtype) for wave in self.before]
        self.filters = [_BandPass(rates) for _ in self.before]

    def __call__(self, luma: np.ndarray) -> np.ndarray:
        waves, rest = self.pyramid.take_apart(_with_rim(luma, self.rim))
        moved = []
        for wave, before, phase, band_pass in zip(waves, self.before, self.phase, self.filters, strict=True):
            phase += np.angle(wave * before.conj())  # from frame to frame, so that it may exceed half a turn
            turn = self.alpha * _smooth((band_pass(phase),), np.abs(wave), self.sigma)[0]
            if self.limit is not None:
                turn = np.clip(turn, -self.limit, self.limit)
            rotation = np.empty_like(wave)
            rotation.real, rotation.imag = np.cos(turn), np.sin(turn)
            rotation *= wave
            moved.append(rotation)
        self.before = waves
        return _without_rim(self.pyramid.put_together(moved, rest), self.rim, luma.shape)


class _Riesz:
    """Riesz-pyramid magnification of one frame after another; the transform is exact, not the paper's 3 x 3 filter."""

    def __init__(self, luma, *, levels, rim, alpha, rates, sigma, limit):  # type: ignore[no-untyped-def]
        self.levels, self.rim, self.alpha, self.sigma, self.limit = levels, rim, alpha, sigma, limit
        bands = _laplacian(_with_rim(luma, rim), levels)[:-1]
        self.masks = [_riesz_masks(band.shape, band.dtype) for band in bands]
        self.before = [self._triple(band, mask) for band, mask in zip(bands, self.masks, strict=True)]
        self.phase = [np.zeros((2, *band.shape), band.dtype) for band in bands]
        self.filters = [_BandPass(rates) for _ in bands]

    def __call__(self, luma: np.ndarray) -> np.ndarray:
        *bands, coarse = _laplacian(_with_rim(luma, self.rim), self.levels)
        now = [self._triple(band, mask) for band, mask in zip(bands, self.masks, strict=True)]
        for k, ((i, r1, r2), (j, s1, s2)) in enumerate(zip(now, self.before, strict=True)):
            # The quaternion of this frame over the one before: its axis is the direction, its angle the phase.
            real = i * j + r1 * s1 + r2 * s2
            x, y = j * r1 - i * s1, j * r2 - i * s2
            across = np.hypot(x, y)
            angle = np.arctan2(across, real) / np.maximum(across, np.finfo(luma.dtype).tiny)
            self.phase[k] += np.stack([angle * x, angle * y])
            shift = self.filters[k](self.phase[k])
            a, b = self.alpha * np.stack(_smooth(tuple(shift), np.sqrt(i**2 + r1**2 + r2**2), self.sigma))
            m = np.hypot(a, b)
            if self.limit is not None:
                a, b = (part * np.minimum(1, self.limit / np.maximum(m, self.limit)) for part in (a, b))
                m = np.minimum(m, self.limit)
            bands[k] = i * np.cos(m) - (r1 * a + r2 * b) * np.sinc(m / np.pi)
        self.before = now
        return _without_rim(_collapse([*bands, coarse]), self.rim, luma.shape)

    def _triple(self, band: np.ndarray, masks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        along_x, along_y = fft.irfft2(masks * fft.rfft2(band), band.shape)
        return band, along_x, along_y


class _Linear:
    """EVM of one frame after another."""

    def __init__(self, luma, *, gains, rates):  # type: ignore[no-untyped-def]
        self.gains, self.reference, self.band_pass = gains, luma, _BandPass(rates)

    def __call__(self, luma: np.ndarray) -> np.ndarray:
        levels = _laplacian(self.band_pass(luma - self.reference), len(self.gains) - 1)
        return luma + _collapse([gain * level for gain, level in zip(self.gains, levels, strict=True)])


def _magnified(clip: Clip, params: dict) -> np.ndarray:  # type: ignore[type-arg]
    with named(clip):
        return magnify(frames_of(clip), **params, reference=clip.onset, fps=clip.fps)


def _rates(band: tuple[float, float] | None, fps: float | None) -> tuple[float, float] | None:
    """How far two first-order low-passes follow at each frame, 0 to 1; the slower first."""
    if band is None:
        return None
    low, high = band
    if not fps or not 0 <= low < high <= fps / 2:
        raise UsageError(f"band={band} Hz with fps={fps}: it must rise, from 0 or more to at most half the frame rate")
    return 1 - np.exp(-2 * np.pi * low / fps), 1 - np.exp(-2 * np.pi * high / fps)


def _luma(frame: np.ndarray, dtype: np.typing.DTypeLike) -> np.ndarray:
    if frame.ndim == 2:
        return frame.astype(dtype)
    return cv2.transform(frame.astype(dtype), np.array([[0.299, 0.587, 0.114]]))


def _with_rim(image: np.ndarray, rim: int) -> np.ndarray:
    """The picture with a mirrored rim: before it, ``rim`` px; behind it, as much or some more, to a size that transforms fast."""
    if not rim:
        return image
    widths = [(rim, fft.next_fast_len(size + 2 * rim) - size - rim) for size in image.shape]
    return np.pad(image, widths, mode="reflect")


def _without_rim(image: np.ndarray, rim: int, shape: tuple[int, ...]) -> np.ndarray:
    return image[rim : rim + shape[0], rim : rim + shape[1]]


def _riesz_masks(shape: tuple[int, ...], dtype: np.typing.DTypeLike) -> np.ndarray:
    """Quarter-turn filters along x and along y for half spectra, (2, h, w // 2 + 1) complex."""
    fy, fx = fft.fftfreq(shape[0])[:, None], fft.rfftfreq(shape[1])
    radius = np.maximum(np.hypot(fx, fy), 1e-12)
    return (1j * np.stack([fx / radius, fy / radius])).astype(np.result_type(dtype, np.complex64))


def _smooth(fields: tuple[np.ndarray, ...], weight: np.ndarray, sigma: float) -> tuple[np.ndarray, ...]:
    """Each field, (..., h, w), blurred with a say for each pixel by its weight."""
    if not sigma:
        return fields
    total = _blur(weight, sigma) + np.finfo(weight.dtype).tiny
    return tuple(_blur(weight * field, sigma) / total for field in fields)


def _blur(x: np.ndarray, sigma: float) -> np.ndarray:
    out = np.empty_like(x)
    for plane in np.ndindex(x.shape[:-2]):
        out[plane] = cv2.GaussianBlur(x[plane], (0, 0), sigma)
    return out


def _laplacian(image: np.ndarray, levels: int) -> list[np.ndarray]:
    """Details by octave, the finest first, and at last the coarse rest."""
    out = []
    for _ in range(levels):
        small = cv2.pyrDown(image)
        out.append(image - cv2.pyrUp(small, dstsize=image.shape[1::-1]))
        image = small
    return [*out, image]


def _collapse(levels: list[np.ndarray]) -> np.ndarray:
    *details, image = levels
    for detail in reversed(details):
        image = detail + cv2.pyrUp(image, dstsize=detail.shape[1::-1])
    return image
