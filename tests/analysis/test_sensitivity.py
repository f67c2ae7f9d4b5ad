"""What would have been found: more of the larger, nearly all on a still face, little in noise; the same each time."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from fleeting.analysis.sensitivity import COLUMNS, SECONDS, SIZES, chart, in_words, sensitivity, shares, tried
from fleeting.spotting.flow_spotter import FlowSpotter

from ..spotting.test_flow_spotter import signals

FPS, SPOTTER = 30.0, FlowSpotter()


@pytest.fixture(scope="module")
def still() -> pd.DataFrame:
    return sensitivity({1: signals(FPS, 900)}, SPOTTER)


def share(shares, size, part="calm"):
    rows = shares[(shares["size"] == size) & (shares["part"] == part)]
    return rows["found"].sum() / rows["added"].sum()


def test_nearly_all_events_are_found_on_a_still_face(still):
    assert tuple(still.columns) == COLUMNS
    assert set(still["size"]) == set(SIZES)
    assert set(still["seconds"]) == set(SECONDS)
    assert (still.loc[still["part"] == "calm", "added"] >= 5).all()
    assert share(still, 5.0) >= 0.8, "what is missed are lids that rise alone: they pass for a blink"
    assert ((still["low"] <= still["share"]) & (still["share"] <= still["high"])).all()


def test_in_noise_less_is_found():
    noisy = sensitivity({1: signals(FPS, 900, noise=0.6)}, SPOTTER)
    assert share(noisy, 2.0) < 0.5
    assert share(noisy, 1.0) < share(noisy, 5.0)


def test_what_is_found_while_the_head_moves_is_told_apart():
    t = np.arange(900) / FPS
    nodding = np.where(t > 15, 0.3 * np.sin(2 * np.pi * 1.5 * t), 0)
    shares = sensitivity({1: signals(FPS, 900, head_pitch=nodding, head_y=nodding, nose_y=2 * nodding)}, SPOTTER)
    assert share(shares, 3.0, "moving") < share(shares, 3.0, "calm")
    assert "while the person sat still" in in_words(shares)


def test_it_is_the_same_each_time_and_leaves_the_signals_alone():
    table = signals(FPS, 600)
    before = table.copy()
    pd.testing.assert_frame_equal(sensitivity({1: table}, SPOTTER), sensitivity({1: table}, SPOTTER))
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize("frames", [0, 1, 5, 20])
def test_where_nothing_has_room_nothing_is_said(frames):
    nothing = sensitivity({1: signals(FPS, frames)}, SPOTTER)
    assert tuple(nothing.columns) == COLUMNS
    assert len(nothing) == 0
    assert (in_words(nothing), chart(nothing)) == ("", "")


def test_the_chart_has_a_point_with_its_interval_for_each_share(still):
    root = ET.fromstring(chart(still))
    circles = [each for each in root.iter("{http://www.w3.org/2000/svg}circle") if each.get("r") == "3"]
    assert len(circles) == len(still)


def test_each_that_was_tried_has_a_row_and_shares_are_counted_from_them():
    rows = tried({1: signals(FPS, 900)}, SPOTTER, enough=3)
    assert set(rows["emotion"]) <= {"negative", "positive", "surprise"}
    by = shares(rows, ["part", "emotion"])
    assert by["added"].sum() == len(rows)
    assert by["found"].sum() == rows["found"].sum()
