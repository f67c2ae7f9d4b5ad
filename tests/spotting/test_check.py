"""A spotter of one's own: what it must keep to, and what is said where it does not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import fleeting as fl
from fleeting.analysis.elan import KINDS as written
from fleeting.errors import UsageError
from fleeting.spotting import FlowSpotter, Spotted, check_spotter
from fleeting.spotting.check import KINDS, made_up, spot

COLUMNS = ["onset", "apex", "offset", "score", "kind"]


class Brow:
    """The example of docs/own-parts.md in small: an event wherever the inner brow is lowered by 1 % of the eye distance."""

    threshold, max_duration_s = 1.0, 0.5

    def spot(self, table):
        depth = table["inner_brow_y"].to_numpy(np.float32)
        seen = table["seen"].to_numpy(bool)
        rows = np.flatnonzero(np.nan_to_num(depth) > self.threshold)
        runs = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1) if len(rows) else []
        events = [(run[0], run[depth[run].argmax()], run[-1], float(depth[run].max()), "micro") for run in runs]
        return Spotted(pd.DataFrame(events, columns=COLUMNS), depth, seen, seen)


def spotter(**parts):
    """A Brow of which something is otherwise; ``after`` changes what it gives."""
    after = parts.pop("after", None)
    own = type("Own", (Brow,), parts)
    if after is not None:
        own.spot = lambda self, table: after(Brow.spot(self, table), table)
    return own()


def interval(**values):
    def after(found, table):
        row = {"onset": 1, "apex": 2, "offset": 3, "score": 1.0, "kind": "micro", **values}
        return Spotted(pd.DataFrame([row] if len(table) == 400 else [], columns=[*row]), found.score, found.upper, found.lower)

    return after


def scribble(found, table):
    table["mine"] = 1
    return found


def test_all_kinds_that_an_analysis_writes_may_be_given():
    assert set(KINDS) == set(written)  # else eyes that stay shut, which the default spotter tells, would stop an analysis


def test_ours_and_one_of_ones_own_pass():
    check_spotter(FlowSpotter())
    check_spotter(Brow())
    assert list(FlowSpotter().spot(made_up(400)).intervals["kind"]) == ["micro"]  # so the trial shows something to be found
    (found,) = Brow().spot(made_up(400)).intervals.to_dict("records")
    assert (found["onset"] < found["apex"] < found["offset"], abs(found["apex"] - 250) <= 2) == (True, True)


@pytest.mark.parametrize(
    ("own", "says"),
    [
        (Brow, r"Brow is a class: give a spotter that is made, Brow\(\)"),
        (3, r"int has no method spot\(table\): see docs/own-parts.md"),
        (spotter(threshold=None), r"Own.threshold is None: it must be a positive number"),
        (spotter(max_duration_s=0), "Own.max_duration_s is 0: it must be a positive number"),
        (spotter(spot=lambda self, table: table["nose_z"]), "Own.spot, given 400 frames, a face in 370, failed: KeyError: 'nose_z'"),
        (spotter(spot=lambda self, table: None), "gives a NoneType without intervals: give fl.spotting.Spotted"),
        (spotter(after=lambda f, t: Spotted(f.intervals, f.score[1:], f.upper, f.lower)), r"gives score \(399,\) float32: it must"),
        (spotter(after=lambda f, t: Spotted(f.intervals, f.score, f.score, f.lower)), r"gives upper \(400,\) float32: .*, bool"),
        (spotter(after=lambda f, t: Spotted([], f.score, f.upper, f.lower)), "a list stands in the place of a DataFrame"),
        (spotter(after=lambda f, t: Spotted(f.intervals.drop(columns="kind"), f.score, f.upper, f.lower)), "the column kind is missing"),
        (spotter(after=interval(onset=1.5)), "onset, apex and offset are no whole numbers"),
        (spotter(after=interval(offset=400)), "onset 1, apex 2, offset 400: they must be in this order among 0 to 399"),
        (spotter(after=interval(apex=0)), "onset 1, apex 0, offset 3"),
        (spotter(after=interval(kind="sneeze")), "the kind 'sneeze': there is micro, macro, blink, closed, speech, head, other"),
        (spotter(after=interval(score=np.nan)), "a score is no finite number"),
        (spotter(after=scribble), "changes the table: take a copy"),
        (
            spotter(after=lambda f, t: Spotted(f.intervals, f.score + np.random.default_rng().random(len(t)), f.upper, f.lower)),
            "says something else the second time",
        ),
    ],
)
def test_what_is_wrong_is_said(own, says):
    with pytest.raises(UsageError, match=says):
        check_spotter(own)


def test_the_parameters_own_errors_are_left_as_they_are():
    with pytest.raises(UsageError, match="threshold above 0"):
        spot(FlowSpotter(threshold=-1), made_up(0))


def test_analyze_takes_it_and_says_what_is_wrong_before_it_reads_the_video(film, frames, tmp_path):
    video = film("own.mkv", frames[95:145])
    found = fl.analyze(video, spotter=Brow(), coarse=True)
    assert set(found.events["kind"]) <= {"micro"}
    assert found.signals["micro"].notna().any()
    assert list(found.events["open"].unique()) in ([], [""])
    assert found.events["certain"].all()
    with pytest.raises(UsageError, match="candidates=2: they are the flow spotter's"):
        fl.analyze(video, spotter=Brow(), candidates=2, coarse=True)
    with pytest.raises(UsageError, match="there is micro, macro, blink, closed, speech, head, other"):
        fl.analyze(tmp_path / "gone.mp4", spotter=spotter(after=interval(kind="sneeze")), coarse=True)
