"""One coding out of two, and who decided what in it."""

from __future__ import annotations

import pytest

from fleeting.coding import arbitrate
from fleeting.coding.arbitration import WHAT

from .made_codings import coding


def one(settled):
    (row,) = settled.events.to_dict("records")
    return row


def by(row):
    return {name: row[f"{name}_by"] for name in WHAT if row[f"{name}_by"]}


def test_what_both_have_stays():
    event = {"onset": 10, "apex": 14, "offset": 19, "emotion": "fear", "aus": "AU4+AU7", "note": "sure"}
    settled = arbitrate(coding(event), coding(event, coder="Ben"))
    row = one(settled)
    assert [row[f"{name}_frame"] for name in ("onset", "apex", "offset")] == [10, 14, 19]
    assert (row["emotion"], row["aus"], row["kind"], row["note"], row["onset_s"]) == ("fear", "AU4+AU7", "micro", "sure", 0.1)
    assert by(row) == dict.fromkeys(WHAT, "both")
    assert (settled.coder, settled.frames, settled.video) == ("Anna+Ben", 200, "talk.mp4")


def test_what_stays_unresolved_takes_the_mean_frame():
    row = one(arbitrate(coding((10, 14, 19)), coding((13, 14, 21), coder="Ben")))
    assert [row[f"{name}_frame"] for name in ("onset", "apex", "offset")] == [12, 14, 20]  # 11.5 is rounded up
    assert by(row) == {"event": "both", "onset": "mean", "apex": "both", "offset": "mean", "kind": "both"}


def test_within_the_tolerance_both_have_the_mean():
    row = one(arbitrate(coding((10, 19)), coding((12, 23), coder="Ben"), tolerance=2))
    assert [row["onset_frame"], row["offset_frame"]] == [11, 21]
    assert (row["onset_by"], row["offset_by"]) == ("both", "mean")


def test_a_third_coder_decides_what_differs_and_nothing_else():
    a = {"onset": 10, "apex": 14, "offset": 19, "emotion": "fear", "aus": "AU4"}
    b = {"onset": 13, "apex": 14, "offset": 19, "emotion": "anger", "aus": "AU4+AU5"}
    c = {"onset": 11, "apex": 16, "offset": 25, "emotion": "anger", "aus": ""}
    settled = arbitrate(coding(a), coding(b, coder="Ben"), coding(c, coder="Cleo"))
    row = one(settled)
    assert [row[f"{name}_frame"] for name in ("onset", "apex", "offset")] == [11, 14, 19]
    assert (row["emotion"], row["aus"]) == ("anger", "AU4")  # Cleo gave no action units: what both have
    decided = {"event": "both", "onset": "Cleo", "apex": "both", "offset": "both", "kind": "both", "emotion": "Cleo", "aus": "unresolved"}
    assert by(row) == decided
    assert settled.coder == "Anna+Ben, Cleo"


def test_an_event_that_one_has_stays_if_the_third_has_it():
    a, b, c = coding((10, 19), (50, 59)), coding((10, 19), (90, 99), coder="Ben"), coding((52, 60), (120, 129), coder="Cleo")
    settled = arbitrate(a, b, c)
    assert settled.events["onset_frame"].tolist() == [10, 52]
    assert settled.events["event_by"].tolist() == ["both", "Cleo"]
    assert settled.events["offset_frame"].tolist() == [19, 60]


def test_an_event_that_one_has_and_nobody_decides_is_told():
    with pytest.warns(UserWarning, match="nobody decided: 1 that only Anna has and 2 that only Ben has"):
        settled = arbitrate(coding((10, 19), (50, 59)), coding((10, 19), (90, 99), (120, 129), coder="Ben"))
    assert settled.events["onset_frame"].tolist() == [10]


def test_what_one_coder_alone_says_is_taken_from_that_coder():
    row = one(arbitrate(coding((10, 12, 19)), coding({"onset": 10, "offset": 19, "emotion": "fear"}, coder="Ben")))
    assert (row["apex_frame"], row["apex_by"], row["emotion"], row["emotion_by"]) == (12, "Anna", "fear", "Ben")
    assert (row["aus"], row["aus_by"]) == ("", "")


def test_labels_without_a_third_coder():
    a = {"onset": 10, "offset": 70, "emotion": "fear", "aus": "AU4+AU7", "kind": "macro"}
    b = {"onset": 10, "offset": 70, "emotion": "anger", "aus": "AU7+AU9", "kind": "micro"}
    row = one(arbitrate(coding(a), coding(b, coder="Ben")))
    assert (row["emotion"], row["emotion_by"]) == ("others", "unresolved")  # as in CASME II
    assert (row["aus"], row["aus_by"]) == ("AU7", "unresolved")
    assert (row["kind"], row["kind_by"]) == ("macro", "unresolved")  # 61 frames of .01 s
    a["emotion"], b["emotion"] = "negative", "anger"
    assert (one(arbitrate(coding(a), coding(b)))["emotion"], one(arbitrate(coding(b), coding(a)))["emotion"]) == ("anger", "anger")


def test_a_ruling_on_one_boundary_does_not_turn_the_event_round():
    a, b = coding((10, 19)), coding((10, 24), coder="Ben")
    row = one(arbitrate(a, b, coding((12, 14, 20), coder="Cleo")))
    assert [row["onset_frame"], row["apex_frame"], row["offset_frame"]] == [10, 14, 20]
    row = one(arbitrate(coding((10, 11, 19)), coding((10, 18, 19), coder="Ben"), coding((8, 9, 18), coder="Cleo")))
    assert [row["onset_frame"], row["apex_frame"], row["offset_frame"]] == [10, 10, 19]


def test_a_coding_settles_with_itself():
    made = coding((10, 14, 19), (50, 59), {"onset": 50, "offset": 59, "face": 2})
    settled = arbitrate(made, made)
    assert settled.events[list(made.events.columns)].to_csv() == made.events.to_csv()
    assert arbitrate(coding(), coding()).events.empty
