"""Fleeting: facial micro-expressions found in video, named, and measured honestly."""

__version__ = "0.2.0"  # above the imports: the build reads it from here

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import classifiers, coding, datasets, features, methods, metrics, models, preprocess, spotting, stats
    from .analysis.analyze import Analysis, analyze
    from .analysis.findings import Pictures
    from .analysis.read import read_analysis
    from .clip import Clip, Video
    from .errors import (
        CodingError,
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
    from .evaluation.spot import spot
    from .evaluation.spotting_run import SpottingRun, read_spotting_run
    from .features import FDM, FHOFO, HOG3D, HOOF, LBPMOP, LBPSIP, LBPTOP, MDMO, STCLQP, STLBPIP, BiWOOF, FlowImage, FlowStack, StrainMap
    from .labels import label
    from .media import open_media, write_video
    from .preprocess import Align, Apex, Colour, Crop, Interpolate, Magnify
    from .protocols import HDE, LODO, LOSO, CrossDataset, LeakyClipKFold, LeakyHoldOut, SubjectKFold
    from .reproduction.reproduce import reproduce
    from .spotting.flow_spotter import FlowSpotter
    from .synthetic.interview import synthetic_interview
    from .training.train import train

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
    "CodingError",
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
    "SpottingRun",
    "StrainMap",
    "SubjectKFold",
    "TruncatedError",
    "UsageError",
    "Video",
    "analyze",
    "classifiers",
    "coding",
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
    "read_analysis",
    "read_run",
    "read_spotting_run",
    "reproduce",
    "run_report",
    "spot",
    "spotting",
    "stats",
    "synthetic_interview",
    "train",
    "write_video",
]

# Each name is fetched when it is first asked for, so that `import fleeting` costs next to nothing and `fl.open_media` no scikit-learn.
# No public function has the name of a file or folder beside this one: once imported, it would stand in the function's place.
_ROOMS = {"classifiers", "coding", "datasets", "features", "methods", "metrics", "models", "preprocess", "spotting", "stats"}
_LAZY = {
    "analysis.analyze": "Analysis analyze",
    "analysis.findings": "Pictures",
    "analysis.read": "read_analysis",
    "clip": "Clip Video",
    "errors": "CodingError DatasetError FleetingError LeakageError MediaError ModelFileError OutputError TruncatedError UsageError",
    "evaluation.compare": "compare",
    "evaluation.evaluate": "evaluate",
    "evaluation.inflate": "inflate",
    "evaluation.report": "run_report",
    "evaluation.run": "Run read_run",
    "evaluation.spot": "spot",
    "evaluation.spotting_run": "SpottingRun read_spotting_run",
    "features": "FDM FHOFO HOG3D HOOF LBPMOP LBPSIP LBPTOP MDMO STCLQP STLBPIP BiWOOF FlowImage FlowStack StrainMap",
    "labels": "label",
    "media": "open_media write_video",
    "preprocess": "Align Apex Colour Crop Interpolate Magnify",
    "protocols": "HDE LODO LOSO CrossDataset LeakyClipKFold LeakyHoldOut SubjectKFold",
    "reproduction.reproduce": "reproduce",
    "spotting.flow_spotter": "FlowSpotter",
    "synthetic.interview": "synthetic_interview",
    "training.train": "train",
}
_HOME = {name: module for module, names in _LAZY.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _HOME and name not in _ROOMS:
        raise AttributeError(f"module 'fleeting' has no attribute {name!r}")
    from importlib import import_module

    return import_module(f"fleeting.{name}") if name in _ROOMS else getattr(import_module(f"fleeting.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
