"""What is told while a recording goes on: once, soon, in the end as the whole recording would have it, and nothing silently changed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fleeting.faces.signals import COLUMNS
from fleeting.spotting import FlowSpotter, Spotted
from fleeting.spotting.live import LiveSpotter

from .test_flow_spotter import FPS, bump, signals


def told(table, live=None, ended=True, every=20):
    """All that is told of a table looked at every so many frames, each with the time at which it was."""
    live = live or LiveSpotter(FlowSpotter(), window_s=12)
    values, times, seen = table[list(COLUMNS)].to_numpy(np.float32), table["time_s"].to_numpy(), table["seen"].to_numpy()
    out = []
    for k, time in enumerate(times):
        live.push(time, {1: values[k]} if seen[k] else {})
        if k % every == every - 1:
            out += [(time, each) for each in live.look()]
    return out + [(times[-1], each) for each in live.look(ended=True)] if ended else out


def last_word(out):
    """What is left of each event in the end."""
    final = {each.id: each for _, each in out}
    return sorted((e.onset, e.apex, e.offset, e.kind) for e in final.values() if e.state != "gone")


def offline(table):
    found = FlowSpotter().spot(table).intervals
    return sorted(found[["onset", "apex", "offset", "kind"]].itertuples(index=False, name=None))


def test_a_pulse_is_told_once_soon_after_it_ended_and_kept():
    table = signals(right_brow_y=-1.5 * bump(400, 30))
    (soon, new), (later, kept) = told(table)
    assert (new.state, kept.state, new.id) == ("new", "kept", kept.id)
    assert 0.2 <= soon - new.offset_s <= 0.4 + 1e-6
    assert later - new.offset_s >= 4
    assert last_word([(later, kept)]) == offline(table)
    assert new.onset_s == pytest.approx(new.onset / FPS)
    assert new.offset_s == pytest.approx((new.offset + 1) / FPS)


def fed(table, until_s):
    """A live spotter that has had the frames up to a moment, and has not looked yet."""
    live = LiveSpotter(FlowSpotter(), window_s=12)
    for time, values in zip(table["time_s"], table[list(COLUMNS)].to_numpy(np.float32), strict=True):
        if time <= until_s + 1e-6:
            live.push(time, {1: values})
    return live


def test_what_is_too_fresh_to_be_told_says_when_it_is_due():
    table = signals(right_brow_y=-1.5 * bump(400, 30))
    live = fed(table, 4.36)
    assert live.look() == []
    assert 4.4 < live.due < 4.55
    (new,) = fed(table, live.due).look()
    assert live.due == pytest.approx(new.offset_s + 0.2, abs=0.03)
    assert fed(table, 3.0).due == np.inf
    told_at_once = fed(table, 4.8)
    assert (len(told_at_once.look()), told_at_once.due) == (1, np.inf)


def test_a_mouth_that_moves_once_may_be_a_first_syllable_and_is_waited_for_a_little_longer():
    table = signals(chin_y=1.5 * bump(400, 30))
    live = fed(table, 4.5)
    assert live.look() == []
    (new,) = fed(table, live.due).look()
    assert (new.regions, new.kind) == ("chin", "micro")
    assert live.due == pytest.approx(new.offset_s + 0.3, abs=0.03)


def test_in_the_end_it_says_what_is_said_of_the_whole_recording():
    at = range(40, 800, 60)
    traces = {
        "right_brow_y": -1.5 * sum(bump(k, 8, 900) for k in at[::3]),
        "left_cheek_y": -4.0 * sum(bump(k, 36, 900) for k in at[1::3]),
        "eye_open": -0.25 * sum(bump(k, 6, 900) for k in at[2::3]),
    }
    table = signals(fps=30, frames=900, **traces)
    out = told(table, every=6)
    assert len(offline(table)) == len(at)
    assert last_word(out) == offline(table)
    assert [each.state for _, each in out].count("new") == len(at)


def test_frames_are_counted_from_the_first_and_only_the_window_is_kept():
    table = signals(frames=1600, right_brow_y=-1.5 * bump(1050, 30, 1600))
    live = LiveSpotter(FlowSpotter(), window_s=6)
    out = told(table, live, ended=False, every=50)
    assert [(each.state, abs(each.apex - 1065) <= 2) for _, each in out] == [("new", True), ("kept", True)]
    assert len(live._times) == len(live._rows[1]) == 601


def test_a_smile_that_is_held_is_told_before_it_ends_and_its_end_is_told():
    rise = 1 / (1 + np.exp(-(np.arange(600) - 100) / 2.4))
    table = signals(fps=30, frames=600, left_cheek_y=-6 * (rise - np.roll(rise, 240) * (np.arange(600) > 240)))
    out = told(table, LiveSpotter(FlowSpotter(), window_s=20), every=6)
    first = out[0][1]
    assert (first.state, first.kind, first.open) == ("new", "macro", "offset")
    assert out[0][0] < 11  # it ends only then
    last = [each for _, each in out if each.id == first.id][-1]
    assert (last.state, last.open) == ("changed", "")
    assert last.offset == pytest.approx(340, abs=18)


def test_a_face_that_leaves_ends_what_was_going_on():
    table = signals(right_brow_y=-1.5 * bump(400, 30))
    table.loc[500:, "seen"] = False
    assert last_word(told(table)) == offline(table)


def test_nothing_is_told_of_nobody():
    live = LiveSpotter(FlowSpotter())
    assert live.look() == live.look(ended=True) == []
    live.push(0.0, {})
    assert live.look(ended=True) == []


class Wavering:
    """A spotter of one's own, who takes an event for speech once a second has passed since."""

    threshold, max_duration_s = 1.0, 0.5

    def spot(self, table: pd.DataFrame) -> Spotted:
        n, rows = len(table), []
        at = np.flatnonzero(table["right_brow_y"].to_numpy() < -1)
        if len(at):
            kind = "micro" if n - at[-1] < FPS else "speech"
            rows = [(int(at[0]), int(at[0]), int(at[-1]), 2.0, kind)]
        yes = np.ones(n, bool)
        return Spotted(pd.DataFrame(rows, columns=["onset", "apex", "offset", "score", "kind"]), np.zeros(n, np.float32), yes, yes)


def test_what_turns_out_to_be_something_else_is_taken_back_openly():
    out = told(signals(right_brow_y=-3.0 * bump(300, 40)), LiveSpotter(Wavering()))
    said = [(each.id, each.state, each.kind) for _, each in out]
    assert said == [(1, "new", "micro"), (2, "new", "speech"), (1, "gone", "micro"), (2, "kept", "speech")]


def test_an_event_is_never_told_twice():
    out = told(signals(right_brow_y=-1.5 * bump(200, 30)), LiveSpotter(FlowSpotter(), settle_s=0.0, final_s=0.5))
    assert [each.state for _, each in out].count("new") == 1
