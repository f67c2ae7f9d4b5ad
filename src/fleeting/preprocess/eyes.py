"""The eye region of a clip, the same in all frames."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from ..faces.landmarks import to_ibug68
from .crop import face_in
from .frames import frames_of, named, require_size


class Eyes(ClipTransformer):
    """Clips of the eye region alone, grey squares, cut out of all frames by the landmarks of the face found in the first.

    The geometry is that of :func:`fleeting.datasets.eyes.eye_region`: the box around brows and eyes, a tenth larger.

    Parameters
    ----------
    size : int, default=32
        Side of the squares, px; the region is stretched to it.
    keep_aspect : bool, default=False
        Repeat the rows at the edge until the region is square, instead.
    band : bool, default=False
        Take the pictures for faces that fill them, as those of FER2013, and cut out the same band of all.
    coarse : bool, default=False
        As in :func:`fleeting.preprocess.crop.face_in`.
    """

    def __init__(self, size: int = 32, keep_aspect: bool = False, band: bool = False, coarse: bool = False):
        self.size = size
        self.keep_aspect = keep_aspect
        self.band = band
        self.coarse = coarse

    def transform_clip(self, clip: Clip) -> Clip:
        """One clip, cut out when its frames are looked at."""
        return replace(clip, read=partial(_eyes, clip, self.size, self.keep_aspect, self.band, self.coarse))


def _eyes(clip: Clip, size: int, keep_aspect: bool, band: bool, coarse: bool) -> np.ndarray:
    from ..datasets.eyes import eye_crop, eye_region

    with named(clip):
        if size < 8:
            raise UsageError(f"size={size}: eye regions have 8 px a side or more")
        frames = require_size(frames_of(clip), (1, 8, 8), "the eye region")
        region = eye_region(frames[0], None if band else to_ibug68(face_in(frames[0], coarse).points))
        if region[2] <= region[0] or region[3] <= region[1]:
            raise UsageError(f"the eyes lie outside of the picture of {frames.shape[2]} x {frames.shape[1]} px")
    return np.stack([eye_crop(frame, region, size, keep_aspect) for frame in frames])[..., None].repeat(3, axis=3)
