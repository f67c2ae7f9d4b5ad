"""What is done to a clip before it is measured: each is a transformer from clips to clips."""

from .apex import Apex, spot_apex
from .colour import TICS, Colour, to_colour_space
from .crop import Align, Crop, crop_face
from .eyes import Eyes
from .interpolate import Interpolate, interpolate
from .magnify import Magnify, magnify
from .pad import PaddedApex, pad
from .register import Register, register
from .rpca import robust_pca
from .sample import Sample, sample_indices

__all__ = [
    "TICS",
    "Align",
    "Apex",
    "Colour",
    "Crop",
    "Eyes",
    "Interpolate",
    "Magnify",
    "PaddedApex",
    "Register",
    "Sample",
    "crop_face",
    "interpolate",
    "magnify",
    "pad",
    "register",
    "robust_pca",
    "sample_indices",
    "spot_apex",
    "to_colour_space",
]
