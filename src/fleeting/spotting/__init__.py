"""Spotters: from the signals of a face to intervals."""

from .check import check_spotter
from .flow_spotter import FlowSpotter, Spotted

SPOTTERS = {"flow": FlowSpotter}

__all__ = ["SPOTTERS", "FlowSpotter", "Spotted", "check_spotter"]
