"""What is done to a clip before it is measured: each is a transformer from clips to clips."""

from .apex import Apex, spot_apex
from .colour import TICS, Colour, to_colour_space
from .interpolate import Interpolate, interpolate
from .magnify import Magnify, magnify

__all__ = ["TICS", "Apex", "Colour", "Interpolate", "Magnify", "interpolate", "magnify", "spot_apex", "to_colour_space"]
