"""Fleeting: facial micro-expressions found in video, named, and measured honestly."""

__version__ = "0.1.0"  # above the imports: the build reads it from here

from typing import TYPE_CHECKING, Any

from .analyze import Analysis, Pictures, analyze
from .clip import Clip
from .errors import FleetingError, MediaError, ModelFileError, OutputError, TruncatedError, UsageError
from .media import open_media, write_video

if TYPE_CHECKING:
    from .datasets.synthetic import synthetic_interview
    from .spotting.flow_spotter import FlowSpotter

__all__ = [
    "Analysis",
    "Clip",
    "FleetingError",
    "FlowSpotter",
    "MediaError",
    "ModelFileError",
    "OutputError",
    "Pictures",
    "TruncatedError",
    "UsageError",
    "analyze",
    "open_media",
    "synthetic_interview",
    "write_video",
]

# Functions that share their name with a file are bound above: a lazy name would give the module the second time. What needs
# scikit-learn at import, which alone takes a second, is fetched when it is first asked for, and shares no file's name.
_LAZY = {"FlowSpotter": "spotting.flow_spotter", "synthetic_interview": "datasets.synthetic"}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'fleeting' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"fleeting.{_LAZY[name]}"), name)
