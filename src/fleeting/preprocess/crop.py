"""The face cut out of a clip: aligned by the eyes, or by the box around its landmarks, always the same for all frames."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import cv2
import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from ..faces import model_file
from ..faces.align import align
from ..faces.landmarks import Face, to_ibug66
from ..faces.mesh import FaceMesh, HaarFaces
from .frames import frames_of, named, require_pictures, require_size

# Width and height of what comes out, px.
GEOMETRIES = {"square": (256, 256), "lrcn": (320, 240)}


def crop_face(frames: np.ndarray, points: np.ndarray, geometry: str = "square", margin: float = 0) -> np.ndarray:
    """The box around the points, the same in all frames, brought to one size.

    Parameters
    ----------
    frames : ndarray of shape (T, H, W, 3), uint8 RGB, or (T, H, W), uint8
        Of one person.
    points : ndarray of shape (N, 2)
        Landmarks in the first frame, px; the papers' are the 66 of :func:`fleeting.faces.landmarks.to_ibug66`.
    geometry : {"square", "lrcn"}, default="square"
        ``square`` makes the box a square about its middle, 256 x 256 px, and repeats the picture's rim where it is left.
        ``lrcn`` cuts the box off at the rim and stretches it to 320 x 240 px, a third too wide, as the transferred CNN's own
        pipeline did. Networks see 227 x 227 px of either, which their training cuts out.
    margin : float, default=0
        Added on all sides, as a share of the box.

    Returns
    -------
    ndarray of shape (T, 256, 256, 3) or (T, 240, 320, 3), uint8 RGB
        Without the last axis when the frames are grey.

    Raises
    ------
    UsageError
        When frames are no pictures, points are not finite, the box lies outside of the picture, or a parameter is not allowed.
    """
    if geometry not in GEOMETRIES or margin < 0:
        raise UsageError(f"geometry={geometry!r} must be one of {', '.join(GEOMETRIES)}, margin={margin} 0 or more")
    require_pictures(frames, (1, 2, 2), "the face crop")
    if points.ndim != 2 or points.shape[1] != 2 or not len(points) or not np.isfinite(points).all():
        raise UsageError(f"the face crop takes finite points of shape (N, 2), at least one; got {points.shape}, or NaN or infinity in it")
    height, width = frames.shape[1:3]
    low, high = points.min(axis=0), points.max(axis=0)
    low, high = low - margin * (high - low), high + margin * (high - low)
    if geometry == "square":
        middle, half = (low + high) / 2, (high - low).max() / 2
        low, high = middle - half, middle + half
    (x0, y0), (x1, y1) = np.floor(low).astype(int), np.ceil(high).astype(int) + 1
    if x1 <= 1 or y1 <= 1 or x0 >= width - 1 or y0 >= height - 1:
        raise UsageError(f"the box ({x0}, {y0}, {x1}, {y1}) around the face lies outside of the picture of {width} x {height} px")
    inside = np.s_[max(y0, 0) : y1, max(x0, 0) : x1]
    rim = ((max(0, -y0), max(0, y1 - height)), (max(0, -x0), max(0, x1 - width)), (0, 0))  # what the box has beyond the picture
    size = GEOMETRIES[geometry]
    crops = (np.pad(frame[inside], rim[: frame.ndim], mode="edge") if geometry == "square" else frame[inside] for frame in frames)
    return np.stack([cv2.resize(crop, size, interpolation=_interpolation(crop, size)) for crop in crops])


def face_in(image: np.ndarray, coarse: bool = False) -> Face:
    """The largest face of a picture.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), uint8 RGB, or (H, W), uint8
    coarse : bool, default=False
        Lay the mean face into the box that OpenCV's cascade finds: good to about a tenth of the face. Done, too, where the
        face model file is not at hand.

    Raises
    ------
    UsageError
        When there is none.
    """
    faces = _finder(coarse or model_file.find() is None).detect(image if image.ndim == 3 else np.dstack([image] * 3))
    if not faces:
        raise UsageError("no face is found in the first frame; leave the clip out, or give pictures in which the face is larger")
    return faces[0]


class Crop(ClipTransformer):
    """:func:`crop_face` of each clip, by the 66 points of the face found in its first frame.

    Parameters
    ----------
    geometry : {"square", "lrcn"}, default="square"
        As in :func:`crop_face`.
    margin : float, default=0
        As in :func:`crop_face`.
    coarse : bool, default=False
        As in :func:`face_in`.
    """

    def __init__(self, geometry: str = "square", margin: float = 0, coarse: bool = False):
        self.geometry = geometry
        self.margin = margin
        self.coarse = coarse

    def transform_clip(self, clip: Clip) -> Clip:
        """One clip, cut out when its frames are looked at."""
        return replace(clip, read=partial(_cropped, clip, self.geometry, self.margin, self.coarse))


class Align(ClipTransformer):
    """Clips as square crops in which the eyes are level at fixed places and the head keeps still (:func:`fleeting.faces.align.align`).

    Parameters
    ----------
    size : int, default=128
        Side of the crops, px.
    coarse : bool, default=False
        As in :func:`face_in`.
    """

    def __init__(self, size: int = 128, coarse: bool = False):
        self.size = size
        self.coarse = coarse

    def transform_clip(self, clip: Clip) -> Clip:
        """One clip, aligned when its frames are looked at."""
        return replace(clip, read=partial(_aligned, clip, self.size, self.coarse))


def _cropped(clip: Clip, geometry: str, margin: float, coarse: bool) -> np.ndarray:
    with named(clip):
        frames = require_size(frames_of(clip), (1, 2, 2), "the face crop")
        return crop_face(frames, to_ibug66(face_in(frames[0], coarse).points), geometry, margin)


def _aligned(clip: Clip, size: int, coarse: bool) -> np.ndarray:
    with named(clip):
        if size < 8:
            raise UsageError(f"size={size}: crops have 8 px a side or more")
        frames = require_size(frames_of(clip), (1, 2, 2), "the aligned crop")
        if frames.ndim == 3:
            return align(np.repeat(frames[..., None], 3, axis=3), face_in(frames[0], coarse), size)[..., 0]
        return align(frames, face_in(frames[0], coarse), size)


@cache
def _finder(coarse: bool) -> FaceMesh | HaarFaces:
    """What finds faces, loaded once."""
    return HaarFaces() if coarse else FaceMesh()


def _interpolation(image: np.ndarray, size: tuple[int, int]) -> int:
    """Means of pixels where a picture shrinks, or details would flicker; linear where it grows."""
    return cv2.INTER_AREA if image.shape[1] >= size[0] and image.shape[0] >= size[1] else cv2.INTER_LINEAR
