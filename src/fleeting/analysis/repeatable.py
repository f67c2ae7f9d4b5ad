"""How likely an event would be found again in a copy of the recording: mirrored, brighter, a little smaller, or compressed once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from ..spotting import FlowSpotter

NEAR_S = 0.3  # as far from an apex, what else the face does disturbs it
# Logit of the chance: at the threshold; for each e-fold of the score above it; where disturbed; of a macro-expression. Fitted by
# benchmarks/retest.py on the events of 27 recordings (drawn interviews and injected footage) and their copies.
AT_THRESHOLD, BY_SCORE, DISTURBED, MACRO = 0.5, 4.0, -0.5, 0.0


def repeatable(events: pd.DataFrame, others: pd.DataFrame, spotter: FlowSpotter | Any) -> np.ndarray:
    """The chance of each event to be found again, (N,) float64 in 0..1; NaN with spotters whose scores were not tried.

    Parameters
    ----------
    events, others : DataFrame
        As :class:`.findings.Findings` has them.
    spotter : FlowSpotter
        As it was used. A candidate's is its chance to be at least a candidate of that strength.
    """
    from ..spotting import FlowSpotter

    if type(spotter) is not FlowSpotter:
        return np.full(len(events), np.nan)
    score = np.log(np.maximum(events["score"].to_numpy(float), 1e-3) / spotter.threshold)
    logit = AT_THRESHOLD + BY_SCORE * score + DISTURBED * disturbed(events, others) + MACRO * (events["kind"] == "macro").to_numpy()
    return np.asarray(1 / (1 + np.exp(-logit)))


def disturbed(events: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
    """Whether the face of each event does something else at its apex, (N,) bool: blinks, speaks, moves with the head, or macro-expressions.

    Parameters
    ----------
    events, others : DataFrame
        As :class:`.findings.Findings` has them.
    """
    columns = ["face", "onset_s", "offset_s"]
    face, onset, offset = pd.concat([events.loc[events["kind"] == "macro", columns], others[columns]]).to_numpy(float).T
    own, begins, peak, ends = events[["face", "onset_s", "apex_s", "offset_s"]].to_numpy(float).T[..., None]  # (N, 1)
    near = (face == own) & (onset - NEAR_S <= peak) & (offset + NEAR_S >= peak)  # (N, M)
    itself = (onset == begins) & (offset == ends)
    return np.asarray((near & ~itself).any(axis=1))
