"""Agreement of two coders, against numbers worked out by hand and scikit-learn's kappa."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from fleeting.coding import agreement
from fleeting.coding.measures import cohen_kappa
from fleeting.drawing.tables import to_text
from fleeting.errors import UsageError

from .made_codings import coding


def said(onset, emotion="", aus="", **more):
    return {"onset": onset, "apex": onset + 4, "offset": onset + 9, "emotion": emotion, "aus": aus, **more}


def test_kappa_on_frames_by_hand():
    # 20 frames each, 8 of them shared: observed .08 + .68, by chance .2² + .8² = .68.
    done = agreement(coding((10, 19), (50, 59), frames=100), coding((12, 21), (80, 89), coder="Ben", frames=100))
    assert done.kappa["expression"] == pytest.approx(0.25)
    assert done.kappa["micro"] == pytest.approx(0.25)
    assert math.isnan(done.kappa["macro"])
    assert (done.frames, done.whole) == (100, True)


def test_matched_events_and_their_boundaries_by_hand():
    # 8 of 12 frames shared: one match; 10-19 and 15-24 share 5 of 15: none.
    done = agreement(coding((10, 12, 19), (50, 59), (100, 109)), coding((12, 16, 21), (55, 64), (100, 102, 110), coder="Ben"))
    assert done.pairs == [(0, 0), (2, 2)]
    assert done.reliability == pytest.approx(2 * 2 / 6)
    assert done.differences.loc["onset"].tolist() == [2, 0.5, 1, 1.5, 1]  # 2 and 0
    assert done.differences.loc["offset"].tolist() == [2, 1.25, 1.5, 1.75, 1.5]  # 2 and 1
    assert done.differences.loc["apex"].tolist() == [1, 4, 4, 4, 4]  # the other has but one
    assert agreement(coding((10, 19)), coding((15, 24)), iou=0.3).reliability == 1


def test_action_units_as_in_casme2_by_hand():
    # AU4 of {4, 7} and {4}; none of {12} and {L12}; {} and {1}; what is not coded does not count: 2 × 1 / 6.
    a = coding(said(10, aus="AU4+AU7"), said(30, aus="AU12"), said(50, aus="none"), said(70, aus=""))
    b = coding(said(10, aus="AU4"), said(30, aus="L12"), said(50, aus="AU1"), said(70, aus="AU9"), coder="Ben")
    done = agreement(a, b)
    assert done.aus == (1, 6)
    assert done.au_reliability == pytest.approx(1 / 3)


def test_emotions_by_hand():
    # Observed .75, by chance .5 × .25 + .5 × .75 = .5.
    a = coding(*(said(20 * i, word) for i, word in enumerate(["fear", "fear", "anger", "anger", ""])))
    b = coding(*(said(20 * i, word) for i, word in enumerate(["fear", "anger", "anger", "anger", "fear"])), coder="Ben")
    done = agreement(a, b)
    assert (done.emotions, done.emotions_alike, done.emotion_kappa) == (4, 3, pytest.approx(0.5))


def test_emotions_are_compared_in_groups_where_one_coder_has_but_groups():
    a = coding(*(said(20 * i, word) for i, word in enumerate(["fear", "happiness", "others"])))
    b = coding(*(said(20 * i, word) for i, word in enumerate(["negative", "positive", "surprise"])), coder="Fleeting")
    assert agreement(a, b).emotions_alike == 2


def test_faces_are_kept_apart():
    a, b = coding((10, 19), frames=100), coding({"onset": 10, "offset": 19, "face": 2}, frames=100)
    done = agreement(a, b)
    assert done.pairs == []
    # 200 frames of faces, 10 of each coder, none shared: (.9 - .905) / (1 - .905)
    assert done.kappa["expression"] == pytest.approx((0.9 - 0.905) / 0.095)


def test_a_coding_agrees_with_itself_and_the_order_does_not_matter(rng):
    onsets = np.cumsum(rng.integers(12, 30, 8))
    a = coding(*((int(o), int(o + d)) for o, d in zip(onsets, rng.integers(3, 10, 8), strict=True)))
    b = coding(*((int(o + s), int(o + s + 6)) for o, s in zip(onsets, rng.integers(-3, 4, 8), strict=True)), coder="Ben")
    itself = agreement(a, a)
    assert (itself.kappa["expression"], itself.reliability) == (1, 1)
    there, back = agreement(a, b), agreement(b, a)
    assert there.kappa["micro"] == back.kappa["micro"]
    assert there.reliability == back.reliability
    assert there.differences.loc["onset", "median"] == -back.differences.loc["onset", "median"]


def test_kappa_is_that_of_scikit_learn(rng):
    for labels in (2, 3, 5):
        a, b = rng.integers(0, labels, (2, 200))
        assert cohen_kappa(a, b) == pytest.approx(cohen_kappa_score(a, b))
        assert cohen_kappa(a.astype(str), b.astype(str)) == pytest.approx(cohen_kappa_score(a, b))
    assert math.isnan(cohen_kappa([1, 1], [1, 1]))


def test_codings_without_events():
    done = agreement(coding(), coding(coder="Ben"))
    assert math.isnan(done.kappa["expression"])
    assert math.isnan(done.reliability)
    assert json.loads(json.dumps(done.as_dict(), allow_nan=False))["reliability"] is None
    assert "–" in to_text(done.tables())


def test_the_length_of_the_recording():
    a, b = coding((10, 19), frames=None), coding((10, 19), coder="Ben", frames=None)
    assert (agreement(a, b).frames, agreement(a, b).whole) == (20, False)
    assert "20 frames, up to the last event" in to_text(agreement(a, b).tables())
    assert agreement(a, b, frames=500).frames == 500
    assert agreement(a, coding((1, 2), frames=300)).frames == 300
    with pytest.raises(UsageError, match="recording of 200 frames, Anna about one of 300"):
        agreement(coding((1, 2)), coding((1, 2), frames=300))


def test_words_for_people():
    text = to_text(agreement(coding(said(10, "fear", "AU4")), coding(said(12, "fear", "AU4"), coder="Ben")).tables())
    assert "Agreement of Anna and Ben" in text
    assert "Matched events: Ben later than Anna, frames" in text
    assert "events matched" in text
    # The papers' reliability counts action units; that of events is called by no paper's name.
    assert "reliability on action units (CASME II), 2 × both / all" in text
    assert "agreement on events, 2 × matched / all" in text
