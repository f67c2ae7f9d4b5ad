"""The chance that an event is found again: by its score, by what else the face does, and only where it was measured."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fleeting.analysis.repeatable import disturbed, repeatable
from fleeting.spotting import FlowSpotter, NetSpotter


def events(*rows):
    names = ["face", "onset_s", "apex_s", "offset_s", "score", "kind"]
    return pd.DataFrame(rows, columns=names).astype({"face": int, "score": float, "kind": object})


MICRO = (1, 2.0, 2.2, 2.4, 10.0, "micro")


def test_what_else_the_face_does_at_an_apex_disturbs_it():
    found = events(MICRO, (1, 5.0, 5.4, 6.0, 20.0, "macro"), (2, 2.0, 2.2, 2.4, 10.0, "micro"))
    nothing = events()
    assert disturbed(found, nothing).tolist() == [False, False, False]  # a macro-expression does not disturb itself
    blink = events((1, 2.45, 2.5, 2.6, 0.0, "blink"))
    assert disturbed(found, blink).tolist() == [True, False, False]
    assert disturbed(found, blink.assign(onset_s=2.6)).tolist() == [False, False, False]
    smile = events((1, 1.0, 1.4, 2.0, 20.0, "macro"))
    assert disturbed(events(MICRO, *smile.itertuples(index=False)), nothing).tolist() == [True, False]
    assert disturbed(nothing, nothing).tolist() == []


def test_a_clearer_event_is_likelier_to_be_found_again():
    scores = [5.0, 6.0, 8.0, 12.0, 30.0]
    chance = repeatable(events(*((*MICRO[:4], score, "micro") for score in scores)), events(), FlowSpotter())
    assert (np.diff(chance) > 0).all()
    assert 0 < chance[0] < 1
    assert chance[-1] > 0.95
    talks = repeatable(events(MICRO), events((1, 0.0, 2.0, 9.0, 0.0, "speech")), FlowSpotter())
    assert talks[0] < repeatable(events(MICRO), events(), FlowSpotter())[0]
    # What counts is how far it is above the threshold that was used.
    assert repeatable(events(MICRO), events(), FlowSpotter(threshold=10.0))[0] == chance[0]


def test_a_spotter_that_was_not_tried_gets_none():
    assert np.isnan(repeatable(events(MICRO), events(), NetSpotter())).all()
