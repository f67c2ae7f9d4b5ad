"""A micro-expression's motion as a short row of numbers: its flow map in few frequencies, its action units, and what to doubt.

The flow map is the one that STSTNet and its followers pass around, 28 x 28 px of horizontal flow, vertical flow and strain. Ready maps
have lost amplitude and zero, so a clip's own flow is laid into the same place of the same map and scaled likewise. What is kept are
the lowest frequencies of its roots: roots, for a lid that falls moves farther than all the rest; low ones, for optical flows differ in
the others.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.fft import dctn

from ..base import ClipTransformer
from ..clip import Clip
from ..faces.action_units import AUS, fit_mean_face
from ..flow import flow, strain
from ..preprocess.frames import frames_of, named, onset_and_apex
from .au_motion import explain_picture, mesh_in
from .flow_map import given_map

SIDE, KEPT = 28, 8  # px of a map; frequencies of each channel across, and down
BLUR, STRAIN = 1.5, 1.5  # px; how much more strain counts than flow
# Where the maps of MEGC 2019 have the face: px from eye to eye, px that stand for an eye distance in height, middle of the eyes.
ACROSS, TALL, MIDDLE = 14.75, 13.25, (13.5, 8.25)
FINE = 4  # px of a clip's own map to one of the small map
FREQUENCIES = 3 * KEPT * KEPT
DOUBTS = ("measured", "head", "unexplained", "outside")
COLUMNS = FREQUENCIES + len(AUS) + len(DOUBTS)


def spectrum(channels: np.ndarray) -> np.ndarray:
    """The lowest frequencies of a flow map, (N, 192) float32; squared distances are per pixel of a channel of spread 1.

    Parameters
    ----------
    channels : ndarray of shape (N, 3, 28, 28)
        Horizontal flow, vertical flow, strain, in any unit and from any zero.
    """
    x = np.array(channels, np.float32)
    x[:, 2] -= x[:, 2].min(axis=(1, 2), keepdims=True)  # as ready maps have it
    x = np.stack([[cv2.GaussianBlur(channel, (0, 0), BLUR) for channel in each] for each in x])
    x[:, :2] -= np.median(x[:, :2], axis=(2, 3), keepdims=True)
    x = np.sign(x) * np.sqrt(np.abs(x))
    x -= x.mean(axis=(2, 3), keepdims=True)
    spread = x.std(axis=(2, 3), keepdims=True)
    x /= np.where(spread > 1e-6, spread, 1)
    x[:, 2] *= STRAIN
    return np.asarray(dctn(x, axes=(2, 3), norm="ortho")[:, :, :KEPT, :KEPT] / SIDE, np.float32).reshape(len(x), FREQUENCIES)


def mirror_signs() -> np.ndarray:
    """What turns the spectrum of a face into that of its mirror image, (192,) float32 of 1 and -1."""
    signs = np.ones((3, KEPT, KEPT), np.float32)
    signs[:, :, 1::2] = -1
    signs[0] *= -1  # what went right goes left
    return signs.ravel()


class MotionSpectrum(ClipTransformer):
    """A row a clip, (227,) float32: 192 frequencies of its flow map, 31 action units, 4 reasons for doubt.

    A clip of one frame is a ready map (:class:`fleeting.datasets.flow_maps.FlowMaps`): it has no action units, and ``measured`` is 0.
    Of any other clip the flow is measured from onset to apex, the face's mesh found in the onset. Intensities of action units are
    % of the eye distance, as :class:`.au_motion.AUMotion` gives them; ``head``, ``unexplained`` and ``outside`` are those of
    :func:`.au_motion.explain_picture`.

    Parameters
    ----------
    find_mesh : bool, default=True
        As in :class:`.au_motion.AUMotion`.
    method : {"dis", "tvl1", "farneback", "horn_schunck"}, default="dis"
        Optical flow, see :func:`fleeting.flow.flow`.
    """

    revision = 1

    def __init__(self, find_mesh: bool = True, method: str = "dis"):
        self.find_mesh = find_mesh
        self.method = method

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The row of one clip."""
        with named(clip):
            frames = frames_of(clip)
            if len(frames) == 1:
                row = np.zeros(COLUMNS, np.float32)
                row[:FREQUENCIES] = spectrum(given_map(frames[0], SIDE)[None])[0]
                return row
            onset, apex = onset_and_apex(clip)
            points = mesh_in(onset, self.find_mesh)
            moved = flow(onset, apex, self.method)
        found, outside = explain_picture(onset, moved, points)
        seen = spectrum(face_map(moved, points)[None])[0]
        return np.concatenate([seen, found.intensities, [1, found.head, found.unexplained, outside]]).astype(np.float32)


def face_map(moved: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The flow of a picture and its strain where maps have the face, (3, 28, 28) float32, px of the picture.

    Parameters
    ----------
    moved : ndarray of shape (H, W, 2), float32
    points : ndarray of shape (478, 2 or 3)
    """
    to_picture = fit_mean_face(points)  # from eye distances of the mean face
    unit = np.array([[1 / ACROSS, 0], [0, 1 / TALL]]) / FINE
    corner = -((np.array(MIDDLE) + 0.5) * FINE - 0.5) @ unit
    place = np.column_stack([(unit @ to_picture[:2]).T, corner @ to_picture[:2] + to_picture[2]])  # map px -> picture px
    whole = np.dstack([moved, strain(moved)])
    size = (SIDE * FINE,) * 2
    fine = cv2.warpAffine(whole, place, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(np.moveaxis(fine.reshape(SIDE, FINE, SIDE, FINE, 3).mean(axis=(1, 3)), -1, 0))
