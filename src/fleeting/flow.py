"""Optical flow between two pictures, and the strain of a flow."""

from __future__ import annotations

import cv2
import numpy as np

from .errors import UsageError

FLOW_METHODS = ("dis", "tvl1", "farneback")
# DIS and TV-L1 build pyramids that need about this much picture.
_LEAST_SIDE = 16


def flow(a: np.ndarray, b: np.ndarray, method: str = "dis") -> np.ndarray:
    """The displacement of each pixel of ``a`` to where it is in ``b``.

    Parameters
    ----------
    a, b : ndarray of shape (H, W) or (H, W, 3), uint8
        Two pictures of one size, grey or RGB, at least 16 px a side.
    method : {"dis", "tvl1", "farneback"}, default="dis"
        ``dis`` is dense inverse search, medium preset at full resolution with patches 2 px apart and 10 variational
        iterations; coarser settings drop motion of the size of a micro-expression. ``tvl1`` is OpenCV's DualTVL1 with
        its defaults, 10 times slower; scikit-image's TV-L1 differs from it by about .07 px, so papers that name TV-L1
        name two methods. ``farneback`` is OpenCV's with a window of 15 px.

    Returns
    -------
    ndarray of shape (H, W, 2), float32
        px, x right, y down. Zero when the pictures are the same, but for Farnebäck, which may leave .1 px at the rim.

    Raises
    ------
    UsageError
        When the sizes differ, a picture is too small, or the method is not known.

    References
    ----------
    Kroeger, Timofte, Dai & Van Gool (2016), ECCV. Zach, Pock & Bischof (2007), DAGM. Farnebäck (2003), SCIA.
    """
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

    References
    ----------
    Shreve, Godavarthy, Manohar, Goldgof & Sarkar (2009), WACV. doi:10.1109/WACV.2009.5403044
    """
    u_y, u_x = np.gradient(flow[..., 0].astype(np.float64))
    v_y, v_x = np.gradient(flow[..., 1].astype(np.float64))
    return np.sqrt(u_x**2 + v_y**2 + (u_y + v_x) ** 2 / 2).astype(np.float32)


def _grey(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
