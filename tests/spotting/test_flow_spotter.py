"""The flow spotter on signals made by hand: what is a pulse, and what is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.faces.regions import REGIONS
from fleeting.faces.signals import COLUMNS
from fleeting.spotting.flow_spotter import FlowSpotter
from fleeting.spotting.pulses import edges, pulse

FPS, FRAMES = 100.0, 1000


def bump(at: int, width: int, length: int = FRAMES) -> np.ndarray:
    out = np.zeros(length)
    out[at : at + width + 1] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(width + 1) / width)
    return out


def signals(fps: float = FPS, frames: int = FRAMES, noise: float = 0.03, **traces: np.ndarray) -> pd.DataFrame:
    """A quiet face with the given columns added."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(0, noise, (frames, len(COLUMNS))), columns=list(COLUMNS))
    table[[c for c in COLUMNS if c.startswith("head_")]] *= 0.01
    table["eye_open"] = 0.3 + rng.normal(0, 0.003, frames)
    table[[f"{r}_likeness" for r in REGIONS]] = 1.0
    table["track"], table["iod"], table["mouth_open"] = 1.0, 90.0, 0.02
    table.insert(0, "frame", np.arange(frames))
    table.insert(1, "time_s", np.arange(frames) / fps)
    table.insert(2, "seen", True)
    for name, trace in traces.items():
        table[name] += trace
    return table


def kinds(table: pd.DataFrame, **parameters: float) -> list[str]:
    return sorted(FlowSpotter(**parameters).spot(table).intervals["kind"])


def test_a_short_pulse_of_one_brow_is_a_micro_expression_with_its_onset_apex_and_offset():
    found = FlowSpotter().spot(signals(right_brow_y=-1.5 * bump(400, 30))).intervals
    (row,) = found.itertuples()
    assert row.kind == "micro"
    assert abs(row.onset - 404) <= 5
    assert abs(row.apex - 415) <= 2
    assert abs(row.offset - 426) <= 5
    assert row.amplitude == pytest.approx(1.5, rel=0.15)
    assert row.regions == "right_brow"
    assert row.score > 5


def test_a_weak_motion_with_many_peaks_is_reported_once():
    motion = bump(8, 30, 60) * (3.0 + 0.6 * np.sin(2 * np.pi * np.arange(60) / 10))
    table = signals(fps=30, frames=60, **dict.fromkeys(("right_brow_y", "left_brow_y", "left_cheek_y"), -motion))
    assert kinds(table).count("other") == 1


def test_a_still_face_and_a_drift_are_nothing():
    assert kinds(signals()) == []
    assert kinds(signals(left_mouth_x=np.arange(FRAMES) * 0.01)) == []


def rise(at: int, width: int = 20, length: int = FRAMES) -> np.ndarray:
    """From 0 to 1 within ``width`` frames from ``at`` on, and held."""
    return np.clip((np.arange(length) - at) / width, 0, 1)


@pytest.mark.parametrize("at", [200, 500, 700])
def test_what_rises_and_is_held_is_an_event_whose_end_is_open(at):
    (row,) = FlowSpotter().spot(signals(chin_y=-2.5 * rise(at))).intervals.itertuples()
    assert (row.kind, row.open, row.offset) == ("macro", "offset", FRAMES - 1)
    assert abs(row.onset - at) <= 10
    assert row.amplitude == pytest.approx(2.5, rel=0.15)


def test_what_begins_as_the_clip_ends_is_an_event_of_a_kind_that_cannot_be_told_yet():
    (row,) = FlowSpotter().spot(signals(right_brow_y=-3 * rise(975), left_brow_y=-3 * rise(975))).intervals.itertuples()
    assert (row.kind, row.open, row.offset) == ("micro", "offset", FRAMES - 1)


def test_what_is_held_for_longer_than_a_pulse_and_let_go_is_closed():
    held = rise(200) - rise(800)
    (row,) = FlowSpotter().spot(signals(left_mouth_x=4 * held, left_cheek_y=-3 * held)).intervals.itertuples()
    assert (row.kind, row.open) == ("macro", "")
    assert abs(row.offset - 810) <= 25


def test_held_expressions_of_two_per_cent_are_found_nine_times_in_ten():
    rng = np.random.default_rng(0)
    found = []
    regions, lately = ["right_brow_y", "left_cheek_y", "chin_y", "right_mouth_x", "nose_y"], (FRAMES - 40, FRAMES - 22)
    for k in range(20):
        at, region = int(rng.integers(*((150, 900) if k < 14 else lately))), str(rng.choice(regions))
        events = FlowSpotter().spot(signals(noise=0.08, **{region: 2 * rise(at)})).intervals
        found.append(bool((events["kind"].isin(["micro", "macro"]) & (abs(events["onset"] - at) < 20)).any()))
    assert np.mean(found) >= 0.9


def test_what_a_turn_of_the_head_leaves_behind_is_not_held():
    turn = rise(500, 40)
    assert "macro" not in kinds(signals(head_yaw=0.5 * turn, left_cheek_x=3 * turn, nose_y=2 * turn))


def test_adding_a_constant_changes_nothing():
    table = signals(nose_y=1.5 * bump(300, 25))
    shifted = table.copy()
    shifted[[f"{r}_{a}" for r in REGIONS for a in "xy"]] += 7
    a, b = (FlowSpotter().spot(t).intervals for t in (table, shifted))
    pd.testing.assert_frame_equal(a, b, check_exact=False, rtol=1e-5)


@pytest.mark.parametrize(("width", "kind"), [(30, "micro"), (45, "micro"), (90, "macro"), (200, "macro")])
def test_duration_tells_micro_from_macro(width, kind):
    assert kinds(signals(right_mouth_x=4 * bump(300, width), right_cheek_y=-4 * bump(300, width))) == [kind]


def test_the_longest_micro_expression_is_a_parameter():
    table = signals(right_brow_y=-3 * bump(300, 50))
    assert kinds(table, max_duration_s=0.5) == ["micro"]
    assert kinds(table, max_duration_s=0.2) == ["macro"]


def test_a_blink_with_the_brow_it_drags_along_is_a_blink():
    shut = sum(bump(at, 20) for at in (150, 400, 650, 850))
    table = signals(eye_open=-0.25 * shut, right_eye_y=3 * shut, left_eye_y=3 * shut, right_brow_y=0.5 * shut, left_brow_y=0.5 * shut)
    assert kinds(table) == ["blink"] * 4


def test_a_real_expression_during_a_blink_is_still_found():
    shut = sum(bump(at, 20) for at in (150, 400, 650, 850))
    table = signals(eye_open=-0.25 * shut, right_eye_y=3 * shut, left_eye_y=3 * shut, left_mouth_x=2 * bump(395, 30))
    assert kinds(table) == ["blink"] * 4 + ["micro"]


def test_a_talking_mouth_is_speech_and_a_brow_above_it_is_still_judged():
    t = np.arange(FRAMES) / FPS
    talking = np.where((t > 3) & (t < 7), 4 * np.sin(2 * np.pi * 4 * t), 0)
    table = signals(chin_y=talking, left_mouth_y=talking / 2, right_mouth_y=talking / 2, right_brow_y=-2 * bump(500, 25))
    assert kinds(table) == ["micro", "speech"]


def test_head_movement_is_reported_and_what_follows_it_is_not_an_expression():
    nod = bump(300, 60) - bump(600, 60)
    table = signals(head_pitch=0.12 * nod, nose_y=2.0 * nod, chin_y=-2.0 * nod)
    assert set(kinds(table)) == {"head"}


def test_large_motion_is_the_heads_only_where_the_head_moved():
    laugh = {"right_mouth_x": -24 * bump(400, 120), "left_mouth_x": 24 * bump(400, 120)}
    assert kinds(signals(**laugh)) == ["macro"]
    away = 0.8 * bump(400, 120)
    assert set(kinds(signals(**laugh, head_yaw=away, head_x=away))) == {"head"}


def test_an_event_is_as_long_as_its_frames_are_shown():
    """Thirteen frames of 1/24 s last .54 s, which is more than half a second."""
    for frames, kind in ((11, "micro"), (16, "macro")):
        table = signals(24.0, 240, right_brow_y=-4 * bump(100, frames, 240), left_brow_y=-4 * bump(100, frames, 240))
        (row,) = FlowSpotter().spot(table).intervals.itertuples()
        assert row.kind == kind
        assert ((row.offset - row.onset + 1) / 24 <= 0.5) == (kind == "micro")


def test_candidates_are_weaker_events_and_no_more_than_were_asked_for():
    weak = sum(size * bump(at, 30) for size, at in ((0.22, 150), (0.26, 350), (0.3, 550), (0.34, 750)))
    table = signals(noise=0.12, nose_y=weak + 0.0)
    strong = signals(noise=0.12, nose_y=weak, right_brow_y=-3 * bump(850, 30))
    settings = {"min_amplitude": 0.1, "candidates": 12.0}  # of ten seconds: two
    assert FlowSpotter(min_amplitude=0.1).spot(table).intervals["certain"].all()
    found = FlowSpotter(**settings).spot(strong).intervals
    assert found["certain"].sum() == 1
    assert 1 <= (~found["certain"]).sum() <= 2


def test_a_masked_part_of_the_face_is_not_judged():
    t = np.arange(FRAMES) / FPS
    talking = np.where((t > 3) & (t < 7), 4 * np.sin(2 * np.pi * 4 * t), 0)
    spotted = FlowSpotter().spot(signals(chin_y=talking, left_mouth_y=talking / 2, right_mouth_y=talking / 2))
    assert not spotted.lower[400:600].any()
    assert spotted.upper[400:600].all()
    shut = bump(400, 20)
    assert not FlowSpotter().spot(signals(eye_open=-0.25 * shut)).upper[410]


def test_nothing_is_judged_where_no_face_was_seen_and_a_new_track_begins_afresh():
    table = signals(right_brow_y=np.where(np.arange(FRAMES) >= 500, 9.0, 0.0))
    table.loc[table.index >= 500, "track"] = 2.0
    table.loc[480:519, "seen"] = False
    table.loc[480:519, list(COLUMNS)] = np.nan
    spotted = FlowSpotter().spot(table)
    assert len(spotted.intervals) == 0
    assert not spotted.judged[480:520].any()
    assert spotted.judged.sum() == FRAMES - 40
    assert np.isnan(spotted.score[500])


@pytest.mark.parametrize("frames", [0, 1, 3, 5, 30])
def test_very_short_recordings_give_no_events_and_no_errors(frames):
    spotted = FlowSpotter().spot(signals(frames=frames))
    assert len(spotted.intervals) == 0
    assert len(spotted.score) == frames


@pytest.mark.parametrize("fps", [25.0, 30.0, 200.0])
def test_the_same_event_is_found_at_other_frame_rates(fps):
    frames = round(10 * fps)
    width = round(0.4 * fps)
    found = FlowSpotter().spot(signals(fps, frames, left_brow_y=-2 * bump(frames // 2, width, frames))).intervals
    (row,) = found.itertuples()
    assert row.kind == "micro"
    assert abs(row.apex - (frames // 2 + width / 2)) <= max(1, 0.03 * fps)


def test_the_spotter_is_deterministic_and_can_be_cloned():
    table = signals(right_brow_y=-1.5 * bump(400, 30))
    spotter = FlowSpotter(threshold=5)
    assert clone(spotter).get_params() == spotter.get_params()
    pd.testing.assert_frame_equal(spotter.spot(table).intervals, clone(spotter).spot(table).intervals)


def test_parameters_out_of_range_are_refused():
    with pytest.raises(UsageError, match="max_duration_s"):
        FlowSpotter(max_duration_s=0).spot(signals(frames=30))


def test_a_pulse_is_as_high_as_its_lower_flank_and_a_step_is_none():
    x = np.zeros((9, 1, 2))
    x[4:, 0, 0] = [3, 1, 1, 1, 1]  # rises by 3, falls by 2
    height = pulse(x, 1)[:, 0]
    np.testing.assert_allclose(height, [0, 0, 0, 0, 2, 0, 0, 0, 0])
    step = np.zeros((9, 1, 2))
    step[4:, 0, 1] = 1
    assert pulse(step, 2).max() == 0


def test_the_edges_of_a_triangle_lie_at_a_tenth_of_its_height():
    trace = np.array([0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 8, 6, 4, 2, 0, 0, 0], float)
    assert edges(trace, 12, 2) == (3, 17)


def test_the_edges_are_not_drawn_outwards_by_a_drift_or_by_the_next_event():
    drifting = np.concatenate([np.zeros(20), [2, 5, 8, 10, 8, 5, 2], -0.05 * np.arange(60)])
    assert edges(drifting, 23, 6) == (19, 27)
    assert edges(np.array([0, 0, 5, 10, 5, 0, 0, 6, 12, 20], float), 3, 2) == (1, 5)


@pytest.mark.parametrize(("fps", "width"), [(100.0, 34), (200.0, 85), (200.0, 66)])
def test_a_clip_that_holds_nothing_but_the_event_is_an_event(fps, width):
    pulse = -1.5 * bump(0, width, width + 1)
    assert kinds(signals(fps, width + 1, right_brow_y=pulse, left_brow_y=pulse, head_y=0.001 * pulse)) == ["micro"]


def test_teeth_that_come_into_view_are_no_micro_expression():
    motion = {"right_mouth_x": -3 * bump(400, 30), "left_mouth_x": 3 * bump(400, 30)}
    teeth = {"right_mouth_likeness": -0.3 * bump(400, 30), "left_mouth_likeness": -0.3 * bump(400, 30)}
    assert kinds(signals(**motion)) == ["micro"]
    assert kinds(signals(**motion, **teeth)) == []


def test_a_single_frame_is_no_event():
    spike = np.where(np.arange(250) == 120, -3.0, 0.0)
    assert kinds(signals(25.0, 250, right_brow_y=spike)) == []
    assert kinds(signals(25.0, 250, right_brow_y=spike + np.roll(spike, 1))) == ["micro"]
