"""Spotters: from the signals of a face, or from a long video, to intervals.

Two kinds stand beside each other. Those of :data:`SPOTTERS` are given the *signals* of a face, one row a frame, as ``analyze`` measures
them: ``spot(table)``. Those of :data:`VIDEO_SPOTTERS` are given a :class:`fleeting.Video`: ``fit(videos)`` learns from coded ones,
``spot(video)`` gives ``onset apex offset score kind``. :class:`SignalSpotter` makes the second of the first, so that ``fleeting spot``
judges both alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .check import check_spotter
from .flow_spotter import FlowSpotter, Spotted
from .net_spotter import NetSpotter

if TYPE_CHECKING:
    from .expression_runs import ExpressionRuns
    from .feature_difference import FeatureDifference
    from .frame_difference import FrameDifference
    from .mdmd import MDMD
    from .optical_strain import OpticalStrain
    from .signal_spotter import SignalSpotter
    from .softnet_spotter import SOFTNetSpotter
    from .video_spotter import VideoSpotter

SPOTTERS: dict[str, type[FlowSpotter]] = {"flow": FlowSpotter, "net": NetSpotter}

VIDEO_SPOTTERS: dict[str, str] = {
    "expression_runs": "expression_runs.ExpressionRuns",
    "feature_difference": "feature_difference.FeatureDifference",
    "frame_difference": "frame_difference.FrameDifference",
    "mdmd": "mdmd.MDMD",
    "optical_strain": "optical_strain.OpticalStrain",
    "softnet": "softnet_spotter.SOFTNetSpotter",
}
"""The file and class of each spotter over videos. Those of :data:`SPOTTERS` are spotters over videos by their names, too."""

_HOME = {name: file for file, _, name in (each.partition(".") for each in VIDEO_SPOTTERS.values())} | {
    "SignalSpotter": "signal_spotter",
    "VideoSpotter": "video_spotter",
}

__all__ = [
    "MDMD",
    "SPOTTERS",
    "VIDEO_SPOTTERS",
    "ExpressionRuns",
    "FeatureDifference",
    "FlowSpotter",
    "FrameDifference",
    "NetSpotter",
    "OpticalStrain",
    "SOFTNetSpotter",
    "SignalSpotter",
    "Spotted",
    "VideoSpotter",
    "check_spotter",
    "load_spotter",
    "load_video_spotter",
]


def load_spotter(which: str, **parameters: Any) -> FlowSpotter:
    """The spotter over signals of a name in :data:`SPOTTERS`, or of a file of weights of ``fleeting train spotter``.

    Parameters
    ----------
    which : str
        A name, or a file ``.safetensors``.
    **parameters
        Of the spotter.

    Returns
    -------
    FlowSpotter
        With these parameters.

    Raises
    ------
    UsageError
        It is neither, or the file cannot be read.
    """
    if which.endswith(".safetensors"):
        spotter = NetSpotter(which, **parameters)
        spotter.card_  # noqa: B018 - a file that cannot be read is refused now, not after a video
        return spotter
    if which not in SPOTTERS:
        raise UsageError(f"spotter={which!r} is not known; there is {', '.join(sorted(SPOTTERS))}, or a .safetensors file of such weights.")
    return SPOTTERS[which](**parameters)


def load_video_spotter(name: str, **parameters: Any) -> VideoSpotter:
    """The spotter over videos of that name in :data:`VIDEO_SPOTTERS` or :data:`SPOTTERS`, with these parameters.

    Parameters
    ----------
    name : str
        Of either.
    **parameters
        Of the spotter.

    Returns
    -------
    VideoSpotter
        Unfitted.

    Raises
    ------
    UsageError
        There is none of this name, or it has no such parameter.
    """
    if name in SPOTTERS:
        kind: Any = SPOTTERS[name]
    elif name in VIDEO_SPOTTERS:
        kind = __getattr__(VIDEO_SPOTTERS[name].partition(".")[2])
    else:
        raise UsageError(f"no spotter is called {name!r}; there are {', '.join(sorted({*SPOTTERS, *VIDEO_SPOTTERS}))}")
    known = kind._get_param_names()
    if unknown := [key for key in parameters if key not in known]:
        raise UsageError(f"the spotter {name} has no parameter {unknown[0]!r}; it has {', '.join(known) or 'none'}")
    return __getattr__("SignalSpotter")(kind(**parameters)) if name in SPOTTERS else kind(**parameters)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'fleeting.spotting' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
