"""What became of the events from which a coder started."""

from __future__ import annotations

from fleeting.coding import corrections
from fleeting.coding.changes import change_tables, counts
from fleeting.drawing.tables import to_text

from .made_codings import coding

PROGRAM = coding(
    {"onset": 10, "apex": 14, "offset": 19, "emotion": "negative", "aus": "AU4"},
    {"onset": 30, "apex": 34, "offset": 39, "emotion": "positive", "aus": "AU12"},
    {"onset": 50, "offset": 59},
    {"onset": 70, "offset": 79, "emotion": "surprise"},
    {"onset": 90, "offset": 99, "emotion": "surprise", "kind": "micro"},
    coder="Fleeting",
)
CODER = coding(
    {"onset": 10, "apex": 14, "offset": 19, "emotion": "disgust", "aus": ""},  # within negative: confirmed
    {"onset": 31, "apex": 34, "offset": 37, "emotion": "positive", "aus": "AU12"},
    {"onset": 70, "offset": 79, "emotion": "negative"},
    {"onset": 97, "offset": 150, "emotion": "", "kind": "macro"},
    {"onset": 170, "offset": 175},
)


def test_each_kind_of_change():
    changes = corrections(CODER, PROGRAM)
    assert changes["change"].tolist() == ["confirmed", "moved", "removed", "relabelled", "moved, relabelled", "added"]
    assert changes["onset_before"].tolist()[:5] == [10, 30, 50, 70, 90]
    assert changes.loc[1, ["onset_moved", "apex_moved", "offset_moved"]].tolist() == [1, 0, -2]
    assert changes.loc[4, ["onset_moved", "offset_moved"]].tolist() == [7, 51]
    assert changes["apex_moved"].isna().tolist() == [False, False, True, True, True, True]
    assert changes.loc[5, ["onset_after", "kind_after", "kind_before"]].tolist() == [170, "micro", ""]
    assert counts(changes) == {"confirmed": 1, "moved": 2, "relabelled": 2, "removed": 1, "added": 1}


def test_small_moves_can_be_tolerated():
    assert counts(corrections(CODER, PROGRAM, tolerance=2))["moved"] == 1


def test_what_the_coder_did_not_touch_is_confirmed():
    assert set(corrections(PROGRAM, PROGRAM)["change"]) == {"confirmed"}


def test_action_units_in_another_order_are_the_same():
    one, other = ({"onset": 1, "offset": 5, "aus": aus} for aus in ("AU1+AU2", "AU2+AU1"))
    assert corrections(coding(one), coding(other))["change"].tolist() == ["confirmed"]
    none = {"onset": 1, "offset": 5, "aus": "none"}
    assert corrections(coding(none), coding(one))["change"].tolist() == ["relabelled"]
    assert corrections(coding(none), coding({"onset": 1, "offset": 5}))["change"].tolist() == ["confirmed"]


def test_the_best_overlap_is_the_same_event():
    changes = corrections(coding((12, 20), (21, 40)), coding((10, 22)))
    assert changes["change"].tolist() == ["moved", "added"]
    assert changes["onset_moved"].tolist()[0] == 2


def test_faces_are_kept_apart():
    other = {"onset": 10, "offset": 19, "face": 2}
    assert sorted(corrections(coding((10, 19)), coding(other))["change"]) == ["added", "removed"]


def test_codings_without_events():
    assert corrections(coding(), coding()).empty
    assert corrections(coding(), PROGRAM)["change"].tolist() == ["removed"] * 5


def test_words_for_people():
    text = to_text(change_tables(corrections(CODER, PROGRAM), CODER, PROGRAM))
    assert "Anna on Fleeting: 5 before, 5 after" in text
    assert "+1" in text
    assert "−2" in text
    assert "surprise → negative" in text
    assert "micro → macro" in text
    assert "confirmed" in text
    one, other = coding({"onset": 1, "offset": 5, "emotion": "fear"}), coding((1, 5))
    assert "– → fear" in to_text(change_tables(corrections(one, other), one, other))
    assert len(change_tables(corrections(PROGRAM, PROGRAM), PROGRAM, PROGRAM)) == 1
