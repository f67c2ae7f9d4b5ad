"""How likely an event would be found again in a copy of the recording: mirrored, brighter, a little smaller, or compressed once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from ..spotting import FlowSpotter

# Logit of the chance: at the threshold, and for each e-fold of the score above it. Fitted by benchmarks/retest.py on drawn interviews,
# footage with injected expressions, and their copies; kind and what else the face does add nothing to the score.
AT_THRESHOLD, BY_SCORE = -0.19, 5.70


def repeatable(events: pd.DataFrame, spotter: FlowSpotter | Any) -> np.ndarray:
    """The chance of each event to be found again, (N,) float64 in 0..1; NaN with spotters whose scores were not tried.

    Parameters
    ----------
    events : DataFrame
        With a ``score``. A candidate's chance is that it would reach the threshold.
    spotter : FlowSpotter
        As it was used.
    """
    from ..spotting import FlowSpotter

    if type(spotter) is not FlowSpotter:
        return np.full(len(events), np.nan)
    above = np.log(np.maximum(events["score"].to_numpy(float), 1e-3) / spotter.threshold)
    return np.asarray(1 / (1 + np.exp(-(AT_THRESHOLD + BY_SCORE * above))))
