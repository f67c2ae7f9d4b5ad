"""Spotters: from the signals of a face to intervals."""

from .flow_spotter import FlowSpotter

SPOTTERS = {"flow": FlowSpotter}

__all__ = ["SPOTTERS", "FlowSpotter"]
