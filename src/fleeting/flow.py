"""Optical flow between two pictures, and the strain of a flow."""

from __future__ import annotations

import cv2
import numpy as np

from .errors import UsageError

__all__ = ["flow", "strain"]

FLOW_METHODS = ("dis", "tvl1", "farneback", "horn_schunck")
# DIS and TV-L1 build pyramids that need about this much picture.
_LEAST_SIDE = 16
# Horn and Schunck: how smooth a flow must be, grey levels; warps a level; sweeps a warp; the smallest side of a level, px.
_ALPHA, _WARPS, _SWEEPS, _TOP = 20.0, 3, 40, 20
# The mean of a pixel's neighbours that the paper takes.
_AROUND = np.array([[1, 2, 1], [2, 0, 2], [1, 2, 1]], np.float32) / 12


def flow(a: np.ndarray, b: np.ndarray, method: str = "dis") -> np.ndarray:
    """The displacement of each pixel of ``a`` to where it is in ``b``.

    Parameters
    ----------
    a, b : ndarray of shape (H, W) or (H, W, 3), uint8
        Two pictures of one size, grey or RGB, at least 16 px a side. Other numbers are refused: the methods' thresholds are in
        grey levels of 0 to 255.
    method : {"dis", "tvl1", "farneback", "horn_schunck"}, default="dis"
        ``dis`` is dense inverse search, medium preset at full resolution with patches 2 px apart and 10 variational
        iterations; coarser settings drop motion of the size of a micro-expression. ``tvl1`` is OpenCV's DualTVL1 with
        its defaults, 10 times slower; scikit-image's TV-L1 differs from it by about .07 px, so papers that name TV-L1
        name two methods. ``farneback`` is OpenCV's with a window of 15 px. ``horn_schunck`` is the oldest: the smoothest
        flow that explains the change of brightness. The paper solves for it once, which fails beyond a pixel; here from
        coarse to fine, each level corrected by what is left after warping.

    Returns
    -------
    ndarray of shape (H, W, 2), float32
        Displacement, px, x right, y down. Zero when the pictures are the same, but for Farnebäck, which may leave .1 px at the rim.

    Raises
    ------
    UsageError
        When the sizes differ, a picture is too small or not uint8, or the method is not known.

    References
    ----------
    Kroeger, Timofte, Dai & Van Gool (2016), ECCV. Zach, Pock & Bischof (2007), DAGM. Farnebäck (2003), SCIA. Horn & Schunck
    (1981), Artificial Intelligence 17.

    Examples
    --------
    >>> import numpy as np
    >>> picture = np.random.default_rng(0).integers(0, 255, (32, 32), np.uint8)
    >>> flow(picture, picture).shape, float(abs(flow(picture, picture)).max())
    ((32, 32, 2), 0.0)
    """
    for picture in (a, b):
        if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] != 3):
            raise UsageError(f"flow takes pictures of shape (H, W) or (H, W, 3), uint8 (0-255); got {picture.dtype} of {picture.shape}")
    if a.shape[:2] != b.shape[:2] or min(a.shape[:2]) < _LEAST_SIDE:
        raise UsageError(
            f"flow needs two pictures of one size, at least {_LEAST_SIDE} px a side; "
            f"got {a.shape[1]} x {a.shape[0]} and {b.shape[1]} x {b.shape[0]} px"
        )
    first, second = _grey(a), _grey(b)
    if method == "dis":
        dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        dis.setFinestScale(0)
        dis.setPatchStride(2)
        dis.setVariationalRefinementIterations(10)
        out = dis.calc(first, second, None)  # type: ignore[call-overload]
    elif method == "tvl1":
        out = cv2.optflow.DualTVL1OpticalFlow.create().calc(first, second, None)  # type: ignore[call-overload]
    elif method == "farneback":
        out = cv2.calcOpticalFlowFarneback(first, second, None, 0.5, 3, 15, 3, 5, 1.1, 0)  # type: ignore[call-overload]
    elif method == "horn_schunck":
        out = _horn_schunck(first, second)
    else:
        raise UsageError(f"flow method {method!r} is not known; choose from {', '.join(FLOW_METHODS)}")
    return np.asarray(out, np.float32)


def strain(flow: np.ndarray) -> np.ndarray:
    """Optical strain magnitude: how much the skin is stretched, squeezed or sheared; head shift and roll give none.

    ``sqrt(u_x^2 + v_y^2 + (u_y + v_x)^2 / 2)`` by central differences, nothing smoothed. Published codes use forward
    differences, backward differences or Sobel masks, so strain is not comparable between them.

    Parameters
    ----------
    flow : ndarray of shape (H, W, 2), float
        Displacement in px, at least 2 px a side.

    Returns
    -------
    ndarray of shape (H, W), float32
        Dimensionless; .01 is one per cent.

    Raises
    ------
    UsageError
        When the flow has another shape, less than 2 px a side, or holds NaN or infinity.

    References
    ----------
    Shreve, Godavarthy, Manohar, Goldgof & Sarkar (2009), WACV.

    Examples
    --------
    >>> import numpy as np
    >>> moved = np.zeros((8, 8, 2), np.float32)
    >>> moved[..., 0] = np.arange(8) / 10  # stretched along x
    >>> round(float(strain(moved)[4, 4]), 3)
    0.1
    """
    if flow.ndim != 3 or flow.shape[2] != 2 or min(flow.shape[:2]) < 2:
        raise UsageError(f"strain takes one field of flow, (H, W, 2), of at least 2 x 2 px; got shape {flow.shape}")
    if not np.isfinite(flow).all():
        raise UsageError("strain takes finite numbers; the flow holds NaN or infinity")
    u_y, u_x = np.gradient(flow[..., 0].astype(np.float64))
    v_y, v_x = np.gradient(flow[..., 1].astype(np.float64))
    return np.sqrt(u_x**2 + v_y**2 + (u_y + v_x) ** 2 / 2).astype(np.float32)


def _horn_schunck(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Flow by Horn and Schunck, (H, W, 2) float32, found in a pyramid of halved pictures."""
    pairs = [tuple(cv2.GaussianBlur(image.astype(np.float32), (0, 0), 0.8) for image in (first, second))]
    while min(pairs[-1][0].shape) >= 2 * _TOP:
        pairs.append(tuple(cv2.pyrDown(image) for image in pairs[-1]))
    total: np.ndarray = np.zeros((*pairs[-1][0].shape, 2), np.float32)
    for a, b in reversed(pairs):
        height, width = a.shape
        scale = np.array([width / total.shape[1], height / total.shape[0]], np.float32)
        total = cv2.resize(total, (width, height), interpolation=cv2.INTER_LINEAR) * scale
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        for _ in range(_WARPS):
            moved = cv2.remap(b, x + total[..., 0], y + total[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            i_y, i_x = np.gradient((a + moved) / 2)
            known = moved - a - i_x * total[..., 0] - i_y * total[..., 1]
            share = 1 / (_ALPHA**2 + i_x**2 + i_y**2)
            for _ in range(_SWEEPS):
                mean = cv2.filter2D(total, -1, _AROUND, borderType=cv2.BORDER_REFLECT)
                left = share * (i_x * mean[..., 0] + i_y * mean[..., 1] + known)  # what brightness does not yet agree with
                total = mean - np.stack([i_x * left, i_y * left], axis=-1)
    return total


def _grey(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
