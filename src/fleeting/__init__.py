"""Fleeting: facial micro-expressions found in video, named, and measured honestly."""

__version__ = "0.1.0"  # above the imports: the build reads it from here

from typing import TYPE_CHECKING, Any

from .analysis.analyze import Analysis, Pictures, analyze
from .clip import Clip, Video
from .errors import (
    DatasetError,
    FleetingError,
    LeakageError,
    MediaError,
    ModelFileError,
    OutputError,
    TruncatedError,
    UsageError,
)
from .evaluation.compare import compare
from .evaluation.evaluate import evaluate
from .evaluation.inflate import inflate
from .evaluation.report import run_report
from .evaluation.run import Run, read_run
from .labels import label
from .media import open_media, write_video
from .reproduction.reproduce import reproduce
from .training.train import train

if TYPE_CHECKING:
    from . import classifiers, datasets, features, methods, metrics, models, preprocess, spotting, stats
    from .features import FDM, FHOFO, HOG3D, HOOF, LBPMOP, LBPSIP, LBPTOP, MDMO, STCLQP, STLBPIP, BiWOOF, FlowImage, FlowStack, StrainMap
    from .preprocess import Align, Apex, Colour, Crop, Interpolate, Magnify
    from .protocols import HDE, LODO, LOSO, CrossDataset, LeakyClipKFold, LeakyHoldOut, SubjectKFold
    from .spotting.flow_spotter import FlowSpotter
    from .synthetic.interview import synthetic_interview

__all__ = [
    "FDM",
    "FHOFO",
    "HDE",
    "HOG3D",
    "HOOF",
    "LBPMOP",
    "LBPSIP",
    "LBPTOP",
    "LODO",
    "LOSO",
    "MDMO",
    "STCLQP",
    "STLBPIP",
    "Align",
    "Analysis",
    "Apex",
    "BiWOOF",
    "Clip",
    "Colour",
    "Crop",
    "CrossDataset",
    "DatasetError",
    "FleetingError",
    "FlowImage",
    "FlowSpotter",
    "FlowStack",
    "Interpolate",
    "LeakageError",
    "LeakyClipKFold",
    "LeakyHoldOut",
    "Magnify",
    "MediaError",
    "ModelFileError",
    "OutputError",
    "Pictures",
    "Run",
    "StrainMap",
    "SubjectKFold",
    "TruncatedError",
    "UsageError",
    "Video",
    "analyze",
    "classifiers",
    "compare",
    "datasets",
    "evaluate",
    "features",
    "inflate",
    "label",
    "methods",
    "metrics",
    "models",
    "open_media",
    "preprocess",
    "read_run",
    "reproduce",
    "run_report",
    "spotting",
    "stats",
    "synthetic_interview",
    "train",
    "write_video",
]

# Functions that share their name with a file are bound above: a lazy name would give the module the second time. What needs
# scikit-learn at import, which alone takes a second, is fetched when it is first asked for, and shares no file's name.
_ROOMS = {"classifiers", "datasets", "features", "methods", "metrics", "models", "preprocess", "spotting", "stats"}
_LAZY = {
    "features": "FDM FHOFO HOG3D HOOF LBPMOP LBPSIP LBPTOP MDMO STCLQP STLBPIP BiWOOF FlowImage FlowStack StrainMap",
    "preprocess": "Align Apex Colour Crop Interpolate Magnify",
    "protocols": "HDE LODO LOSO CrossDataset LeakyClipKFold LeakyHoldOut SubjectKFold",
    "spotting.flow_spotter": "FlowSpotter",
    "synthetic.interview": "synthetic_interview",
}
_HOME = {name: module for module, names in _LAZY.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _HOME and name not in _ROOMS:
        raise AttributeError(f"module 'fleeting' has no attribute {name!r}")
    from importlib import import_module

    return import_module(f"fleeting.{name}") if name in _ROOMS else getattr(import_module(f"fleeting.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
