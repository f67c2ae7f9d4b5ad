"""The chance that an event is found again: by how far its score is above the threshold, and only where that was measured."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fleeting.analysis.repeatable import AT_THRESHOLD, BY_SCORE, repeatable
from fleeting.spotting import FlowSpotter, NetSpotter


def test_a_clearer_event_is_likelier_to_be_found_again():
    scores = pd.DataFrame({"score": [2.5, 5.0, 6.0, 8.0, 30.0]})
    chance = repeatable(scores, FlowSpotter())
    assert (np.diff(chance) > 0).all()
    assert chance[1] == pytest.approx(1 / (1 + np.exp(-AT_THRESHOLD)))
    assert chance[0] == pytest.approx(1 / (1 + np.exp(-AT_THRESHOLD) * 2**BY_SCORE))  # half the threshold
    assert chance[-1] > 0.99


def test_what_counts_is_how_far_it_is_above_the_threshold_that_was_used():
    chance = repeatable(pd.DataFrame({"score": [6.0]}), FlowSpotter())
    assert repeatable(pd.DataFrame({"score": [3.0]}), FlowSpotter(threshold=2.5)) == pytest.approx(chance)


def test_nothing_found_and_a_spotter_that_was_not_tried():
    assert repeatable(pd.DataFrame({"score": []}), FlowSpotter()).shape == (0,)
    assert np.isnan(repeatable(pd.DataFrame({"score": [6.0, 7.0]}), NetSpotter())).tolist() == [True, True]
