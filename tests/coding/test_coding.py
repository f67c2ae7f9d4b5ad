"""Events in the form in which a coding holds them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fleeting.coding import Clock
from fleeting.coding.coding import COLUMNS, event_table, named_aus


def test_what_is_missing_in_any_way_is_missing():
    optional = ("apex_frame", "apex_s", "face", "kind", "emotion", "aus", "note")
    for nothing in (None, np.nan, pd.NA, "", " "):
        row = {"onset_frame": 1, "offset_frame": 5, **dict.fromkeys(optional, nothing)}
        table = event_table([row], Clock(100), "a")
        assert table[["face", "kind", "emotion", "aus", "note"]].to_numpy().tolist() == [[1, "micro", "", "", ""]]
        assert table["apex_frame"].isna().all()


def test_an_emotion_that_an_analysis_left_open_is_none():
    row = {"onset_frame": 1, "offset_frame": 5, "emotion": "unclear"}
    assert event_table([row], Clock(100), "a")["emotion"].tolist() == [""]


def test_the_types_of_the_columns_do_not_hang_on_what_is_in_them():
    full = {"onset_frame": 1, "apex_frame": 2.0, "offset_frame": "5", "kind": "macro", "emotion": "Fear", "aus": "4"}
    tables = [event_table(rows, Clock(100), "a") for rows in ([], [full], [full, {**full, "apex_frame": None}])]
    assert len({tuple(table.dtypes) for table in tables}) == 1
    assert tables[0].columns.tolist() == list(COLUMNS)
    assert tables[1].to_dict("records")[0]["emotion"] == "fear"


def test_events_are_by_onset_and_keep_further_columns():
    rows = [{"onset_frame": onset, "offset_frame": 9, "kind": "micro", "decided_by": onset} for onset in (5, 3, 4)]
    assert event_table(rows, None, "a")[["onset_frame", "decided_by"]].to_numpy().tolist() == [[3, 3], [4, 4], [5, 5]]


def test_action_units_as_coders_write_them():
    written = {"4+L10": "AU4+L10", "au1, AU2": "AU1+AU2", "none": "none", "0": "none", "": "", "?": "", "smile": None}
    assert {text: named_aus(text) for text in written} == written
