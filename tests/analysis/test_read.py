"""An analysis that was saved is read back as it was written."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import fleeting as fl
from fleeting.analysis.export import to_json
from fleeting.errors import UsageError

from .test_export import analysis, event

FULL = analysis([event(3, 5), event(9, 12, kind="macro", aus="")], [event(14, 15, kind="blink")])


@pytest.fixture
def saved(tmp_path):
    from fleeting.analysis.export import save

    return save(FULL, tmp_path / "results")


def test_it_is_the_same_again(saved, tmp_path):
    read = fl.read_analysis(saved)
    assert isinstance(read, fl.Analysis)
    assert to_json(read) == to_json(FULL) == (saved / "analysis.json").read_text("utf-8")
    assert read.to_dict() == json.loads(to_json(FULL))
    assert (read.name, read.path, read.settings["spotter"]) == (FULL.name, FULL.path, "flow")
    pd.testing.assert_frame_equal(read.signals, FULL.signals, check_dtype=False, atol=5e-5)
    assert read.pictures == {}
    again = read.save(tmp_path / "again")
    for name in ("events.csv", "signals.csv", "events.vtt", "analysis.json"):  # ELAN's file says when it was written
        first, second = (path.joinpath(name).read_text("utf-8") for path in (saved, again))
        assert first.replace(str(saved), "") == second.replace(str(again), ""), name


def test_types_are_those_of_an_analysis_even_of_nothing(tmp_path):
    from fleeting.analysis.export import save

    read = fl.read_analysis(save(analysis(), tmp_path))
    assert (len(read.events), len(read.others)) == (0, 0)
    for table in (read.events, read.others):
        assert (table["onset_frame"].dtype, table["onset_s"].dtype) == (np.int64, np.float64)
    assert read.to_dict()["events"] == []


def test_it_says_in_three_lines_what_it_is(saved):
    read = fl.read_analysis(saved)
    read.quality |= {"fps": 50.0, "judged_s": 6.5}
    assert repr(read).split("\n") == [
        f"Analysis of {FULL.path}",
        "6.7 s at 50 frames/s, 6.5 s judged, 1 face",
        "1 micro, 1 macro; 1 blink, 0 speech, 0 head",
    ]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("analysis.json", None, "analysis.json cannot be read: No such file or directory. Give a folder that an analysis was saved in."),
        ("analysis.json", "{", "analysis.json cannot be read: Expecting property name"),
        ("analysis.json", '{"format": 9}', "has format 9; this Fleeting reads format 1"),
        ("analysis.json", "[]", "has format None"),
        ("signals.csv", None, "signals.csv cannot be read: No such file or directory"),
        ("signals.csv", "", "signals.csv cannot be read: No columns to parse"),
    ],
)
def test_what_cannot_be_read_is_said(saved, name, text, says):
    (saved / name).unlink()
    if text is not None:
        (saved / name).write_text(text)
    with pytest.raises(UsageError, match=says.replace(".", r"\.").replace("[", r"\[")):
        fl.read_analysis(saved)
