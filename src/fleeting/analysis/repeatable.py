"""How likely an event would be found again in a copy of the recording: mirrored, brighter, a little smaller, or compressed once more."""

from __future__ import annotations

import numpy as np
import pandas as pd

NEAR_S = 0.3  # as far from an apex, what else the face does disturbs it


def disturbed(events: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
    """Whether the face of each event does something else at its apex, (N,) bool: blinks, speaks, moves with the head, or macro-expressions.

    Parameters
    ----------
    events, others : DataFrame
        As :class:`.findings.Findings` has them.
    """
    columns = ["face", "onset_s", "offset_s"]
    face, onset, offset = pd.concat([events.loc[events["kind"] == "macro", columns], others[columns]]).to_numpy(float).T
    out = np.zeros(len(events), bool)
    for k, event in enumerate(events.itertuples()):
        near = (face == event.face) & (onset - NEAR_S <= event.apex_s) & (offset + NEAR_S >= event.apex_s)
        itself = (onset == event.onset_s) & (offset == event.offset_s)
        out[k] = (near & ~itself).any()
    return out
