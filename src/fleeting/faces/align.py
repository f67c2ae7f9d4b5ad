"""Aligned face crops: eyes level at fixed places, the head's own motion taken out, each frame warped once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import cv2
import numpy as np

from .landmarks import Face
from .tracking import FaceTrack

if TYPE_CHECKING:
    from .signals import Detector

# Where the eyes lie in a crop, as shares of its side: distance between them, and the middle between them.
EYE_DISTANCE, EYES_X, EYES_Y = 0.4, 0.5, 0.42


def align(frames: Iterable[np.ndarray], face: Face, size: int = 224) -> np.ndarray:
    """Square crops of one face in which only the expression moves.

    The crop is laid once, on the first frame, from the mesh; the other frames are registered to it by the shift, scale and roll of
    the skull as Lucas-Kanade sees them, never by landmarks of their own. Turns in depth are left in.

    Parameters
    ----------
    frames : iterable of ndarray of shape (H, W, 3), uint8 RGB
    face : Face
        The face in the first of them.
    size : int, default=224
        Side of the crops in px.

    Returns
    -------
    ndarray of shape (T, size, size, 3), uint8 RGB
    """
    (right, left), track, out = face.eyes, None, []
    upright = _to_crop(right, left, size)
    for image in frames:
        if track is None:
            track = FaceTrack(face, image)
            rigid = np.eye(2, 3)
        elif (motion := track.follow(image)) is not None:
            rigid = motion.warp
        # Output px -> first frame -> this frame, composed, so that each picture is interpolated once.
        out.append(_cut(image, _compose(rigid, cv2.invertAffineTransform(upright)), size))
    return np.stack(out)


def align_stream(frames: Iterable[np.ndarray], detector: Detector, size: int = 224) -> Iterator[np.ndarray | None]:
    """The crops of :func:`align` for a long recording, one by one: of the largest face, None while there is none.

    The face is looked for until it is found, and again once it is lost. While it is followed, the reference is renewed as the head
    drifts from it, and the crop goes on where it lay: it does not jump with the mesh. Where a face was lost it is laid anew.

    Parameters
    ----------
    frames : iterable of ndarray of shape (H, W, 3), uint8 RGB
    detector : FaceMesh or HaarFaces
    size : int, default=224
        As in :func:`align`.

    Yields
    ------
    ndarray of shape (size, size, 3), uint8 RGB, or None
    """
    track: FaceTrack | None = None
    for image in frames:
        motion = None if track is None else track.follow(image)
        if motion is None:
            found = detector.detect(image)
            track = FaceTrack(found[0], image) if found else None
            if track is None:
                yield None
                continue
            place = cv2.invertAffineTransform(_to_crop(found[0].eyes[0], found[0].eyes[1], size))  # of the crop in the reference
            yield _cut(image, place, size)
            continue
        here = _compose(motion.warp, place)
        if track is not None and track.drifted:
            face = detector.refine(image, track.face)
            faces = [face] if face.presence > 0 else detector.detect(image)
            if faces:
                track.renew(faces[0], image)
                place = here
        yield _cut(image, here, size)


_FLAGS = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP


def _cut(image: np.ndarray, place: np.ndarray, size: int) -> np.ndarray:
    return cv2.warpAffine(image, place, (size, size), flags=_FLAGS, borderMode=cv2.BORDER_REPLICATE)


def _to_crop(right: np.ndarray, left: np.ndarray, size: int) -> np.ndarray:
    """Similarity (2, 3) that brings the eyes to their places in the crop."""
    half = np.array([EYE_DISTANCE * size / 2, 0])
    middle = np.array([EYES_X * size, EYES_Y * size])
    corner = middle + half[::-1]  # a third point, below the middle
    below = (right + left) / 2 + np.array([-(left - right)[1], (left - right)[0]]) / 2
    source = np.stack([right, left, below]).astype(np.float32)
    return cv2.getAffineTransform(source, np.stack([middle - half, middle + half, corner]).astype(np.float32))


def _compose(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """The affine map (2, 3) that does ``inner`` first."""
    return np.asarray(outer[:, :2] @ inner + np.column_stack([np.zeros((2, 2)), outer[:, 2]]))
