from __future__ import annotations

import io
import json
import struct

import numpy as np
import pandas as pd
import pytest

from fleeting.errors import DatasetError
from fleeting.studio.coded import exported
from fleeting.studio.evidence import Evidence
from fleeting.studio.store import State

N = 200


def row(onset, offset, **more):
    apex = (onset + offset) // 2
    frames = {"onset_frame": onset, "apex_frame": apex, "offset_frame": offset}
    return {"face": 1, "kind": "micro", "score": 9.0, "aus": "AU4", **frames, **more}


def saved(folder, events, bumps=(), frames=N):
    """A results folder whose spotter's score has a triangle of some height, 11 frames wide at half of it, at each bump."""
    about = {"format": 1, "name": "x", "path": "x.mp4", "events": events, "others": [], "quality": {"frames": frames, "frame_s": 0.02}}
    (folder / "analysis.json").write_text(json.dumps(about))
    at = np.arange(N)
    score = sum((np.clip(height * (1 - np.abs(at - place) / 10), 0, None) for place, height in bumps), np.zeros(N))
    places = {"face_x": 9.0, "face_y": 8.0, "iod": 50.0, "roll": 0.0, "brow_x": 0.0}
    table = pd.DataFrame({"frame": at, "time_s": at * 0.02, "face": 1, "judged": at > 20, "micro": score, "threshold": 2.0, **places})
    table.assign(right_brow_x=3.0, right_brow_y=-4.0).drop(index=range(150, 160)).to_csv(folder / "signals.csv", index=False)
    return Evidence(folder, 0)


def test_why_an_emotion_is_left_open_is_shown_and_exported_until_a_coder_names_one(tmp_path):
    evidence = saved(tmp_path, [row(40, 60, emotion="unclear", doubt="no emotion above 0.5")])
    (event,) = evidence.sure
    assert (event["emotion"], event["doubt"]) == ("unclear", "no emotion above 0.5")
    for emotion, doubt in (("unclear", "no emotion above 0.5"), ("disgust", "")):
        state = State({event["id"]: event | {"emotion": emotion, "verdict": "accepted"}})
        table = pd.read_csv(io.BytesIO(exported("csv", evidence, state, "Anna", "x.mp4", [], "accepted")), keep_default_na=False)
        assert table[["emotion", "doubt"]].values.tolist() == [[emotion, doubt]]


def test_peaks_below_the_threshold_are_candidates_and_what_is_an_event_is_none(tmp_path):
    evidence = saved(tmp_path, [row(40, 60)], bumps=[(50, 5.0), (100, 1.5), (130, 1.2), (180, 0.9)])
    assert [(e["onset"], e["apex"], e["offset"], e["score"]) for e in evidence.candidates] == [(95, 100, 105, 1.5), (125, 130, 135, 1.2)]
    assert {(e["certain"], e["source"], e["verdict"]) for e in evidence.candidates} == {(False, "candidate", "open")}
    assert [e["id"] for e in evidence.sure] == ["1-micro-40-60"]


def test_the_spotters_own_candidates_take_the_place_of_peaks(tmp_path):
    evidence = saved(tmp_path, [row(40, 60, certain=True), row(90, 99, certain=False)], bumps=[(130, 1.5)])
    assert [e["onset"] for e in evidence.sure] == [40]
    assert [e["onset"] for e in evidence.candidates] == [90]


def test_the_timeline_is_in_columns_and_what_was_not_seen_is_nan(tmp_path):
    data = saved(tmp_path, []).timeline(1)
    (length,) = struct.unpack("<I", data[:4])
    head = json.loads(data[4 : 4 + length])
    assert length % 4 == 0
    columns = dict(zip(head["columns"], np.frombuffer(data[4 + length :], "<f4").reshape(-1, head["frames"]), strict=True))
    assert columns["time"][[0, 155, 199]].tolist() == pytest.approx([0, 3.1, 3.98])
    assert columns["right_brow"][0] == 5  # 3, 4, 5
    assert np.isnan(columns["right_brow"]).nonzero()[0].tolist() == list(range(150, 160))
    assert columns["judged"][[20, 21]].tolist() == [0, 1]


def test_what_cannot_be_read_is_told(tmp_path):
    with pytest.raises(DatasetError, match=r"signals\.csv"):
        _ = saved(tmp_path, [], frames=100).signals
    with pytest.raises(DatasetError, match=r"analysis\.json"):
        _ = saved(tmp_path, [{"kind": "micro"}]).about
