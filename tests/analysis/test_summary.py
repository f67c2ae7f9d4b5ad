"""One row a video: what was found a minute judged, and why nothing was."""

from __future__ import annotations

import pandas as pd

from fleeting.analysis.summary import KINDS, SUMMARY_COLUMNS, summary
from fleeting.errors import MediaError


def content(judged, kinds=(), reason=None, path="a.mp4", **face):
    faces = [{"face": k, "analysed": s is not None, "judged_s": s, **face} for k, s in enumerate(judged, 1)]
    quality = {"duration_s": 100.0, "fps": 30.0, "judged_s": max((s or 0 for s in judged), default=0.0), "reason": reason, "faces": faces}
    rows = [{"kind": kind} for kind in kinds]
    return {"path": path, "quality": quality, "events": rows[:2], "others": rows[2:]}


def test_rates_are_by_the_minute_judged():
    table = summary({"a": content([30.0], ["micro", "micro", "blink", "blink", "blink"])})
    assert tuple(table.columns) == SUMMARY_COLUMNS
    row = table.iloc[0]
    assert [row[kind] for kind in KINDS] == [2, 0, 3, 0, 0]
    assert [row[f"{kind}_per_min"] for kind in KINDS] == [4, 0, 6, 0, 0]
    assert (row["video"], row["path"], row["duration_s"], row["judged_s"], row["faces"]) == ("a", "a.mp4", 100, 30, 1)


def test_candidates_are_no_events():
    found = content([60.0], ["micro", "micro"])
    found["events"][1]["certain"] = False
    assert summary({"a": found})["micro"][0] == 1


def test_each_analysed_face_counts():
    row = summary({"a": content([60.0, 30.0, None], ["micro", "macro", "micro"])}).iloc[0]
    assert (row["faces"], row["judged_s"], row["micro_per_min"], row["macro_per_min"]) == (2, 90, 1.333, 0.667)


def test_where_nothing_was_judged_there_is_no_rate():
    row = summary({"a": content([], reason="No face was found in any frame.")}).iloc[0]
    assert (row["micro"], row["judged_s"], row["reason"]) == (0, 0, "No face was found in any frame.")
    assert row[[f"{kind}_per_min" for kind in KINDS]].isna().all()


def test_a_failure_is_a_row_too():
    table = summary({"a": MediaError("a.mp4 is empty,\ncopy it again"), "b": content([60.0])})
    assert table["error"].tolist()[0] == "a.mp4 is empty, copy it again"
    assert table.iloc[0].drop(["video", "error"]).isna().all()
    assert pd.isna(table["error"][1])
    assert str(table["micro"].dtype) == "Int64"  # written as 3, not 3.0, though one of them is missing


def test_what_an_older_version_wrote_is_read():
    old = content([30.0], ["micro"])
    del old["quality"]["faces"][0]["judged_s"]
    assert summary({"a": old})["judged_s"][0] == 30
