"""Spotting as a run: who is learned from, resuming, the folder, scores, comparing and reporting."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from fleeting import Run, compare, read_run, read_spotting_run, run_report, spot
from fleeting.compute.cache import Cache
from fleeting.datasets import CAS_ME_2, SAMMLV
from fleeting.errors import UsageError
from fleeting.evaluation.spotting_report import score_tables
from fleeting.evaluation.spotting_run import load_run
from fleeting.protocols import LODO, LOSO, LeakageWarning, LeakyHoldOut
from fleeting.spotting import FlowSpotter, FrameDifference, SignalSpotter, VideoSpotter
from fleeting.spotting.peaks import as_table
from fleeting.spotting.scores import Counts

from ..datasets import releases
from ..spotting.made_videos import video

SEEN: list[tuple[list[str], str]] = []  # training and tested persons of each video that was spotted


class Brightest(VideoSpotter):
    """Events around bright frames, as long as those it has learned from; ``shift`` frames too late."""

    def __init__(self, shift=0, random_state=None):
        self.shift = shift
        self.random_state = random_state

    def fit(self, videos, cache=None):
        self.who_ = sorted({each.person for each in videos})
        rows = pd.concat([each.intervals for each in videos])
        self.k_ = {kind: int((part.offset - part.onset).mean()) // 2 for kind, part in rows.groupby("kind")}
        return self

    def spot(self, video, cache=None):
        SEEN.append((self.who_, video.person))
        light = np.array([int(frame.mean()) for frame in video.frames()])
        levels = {"micro": 100, "macro": 200}
        found = [(i + self.shift, self.k_[kind], kind) for kind in self.k_ for i in np.flatnonzero(light == levels[kind]).tolist()]
        return as_table((max(at - k, 0), at, at + k, levels[kind] / 255, kind) for at, k, kind in found)


def film(subject, events, dataset="drawn", n=120, fps=30.0):
    """A dark video, bright at the apex of each event; (apex, kind, coded): those that were not coded are false alarms."""
    frames = np.zeros((n, 4, 4, 3), np.uint8)
    for apex, kind, _ in events:
        frames[apex] = 100 if kind == "micro" else 200
    half = {"micro": 4, "macro": 15}
    coded = [(apex - half[kind], apex, apex + half[kind], kind) for apex, kind, coded in events if coded]
    return video(subject, frames, coded, fps, dataset)


@pytest.fixture(scope="module")
def films():
    return [
        film("a", [(20, "micro", True), (60, "macro", True)]),
        film("b", [(30, "micro", True), (80, "micro", False)]),
        film("c", [(50, "macro", True), (100, "micro", True)], dataset="other"),
        film("d", [(40, "micro", False)], dataset="other"),
    ]


def test_counts_and_rates_of_a_run(films):
    run = spot(Brightest(), films, LOSO(), name="brightest")
    scores = run.scores()
    assert scores.loc["micro", "persons"] == 3
    assert scores.loc["micro", ["coded", "found", "right", "false", "missed"]].tolist() == [3, 5, 3, 2, 0]
    assert scores.loc["overall", ["coded", "found", "right"]].tolist() == [5, 7, 5]
    assert scores.loc["micro", "f1"] == pytest.approx(6 / 8)
    assert run.minutes == pytest.approx(4 * 120 / 30 / 60)
    assert scores.loc["overall", "false_per_min"] == pytest.approx(2 / run.minutes)
    assert scores.loc["overall", "false_low"] < scores.loc["overall", "false_per_min"] < scores.loc["overall", "false_high"]
    assert scores.loc["macro", "average_precision"] == 1
    low, high = run.interval("micro")[1:]
    assert 0 <= low < 0.75 < high <= 1
    assert run.persons.nunique() == 4
    assert run.restricted("other").scores().loc["overall", ["coded", "found"]].tolist() == [2, 3]


def test_nobody_is_learned_from_who_is_tested(films):
    SEEN.clear()
    spot(Brightest(), films, LOSO())
    assert len(SEEN) == 4
    assert all(tested not in who and len(who) == 3 for who, tested in SEEN)
    SEEN.clear()
    spot(Brightest(), films, LODO())
    assert {tested.partition("/")[0] for who, tested in SEEN if all(each.startswith("drawn/") for each in who)} == {"other"}


def test_a_run_resumes_and_is_found_again(films, tmp_path):
    run = spot(Brightest(), films, LOSO(), tmp_path, name="brightest")
    folder = tmp_path / run.name
    about = json.loads((folder / "run.json").read_text())
    assert about["kind"] == "spotting"
    assert about["chosen"]["drawn/a"] == {"k_": {"macro": 15, "micro": 4}}
    assert sorted(about["folds"]) == ["drawn/a", "drawn/b", "other/c", "other/d"]
    lost = folder / "folds" / "drawn%2Fb.csv"
    lost.unlink()
    with pytest.raises(UsageError, match="stopped after 3 of 4 folds"):
        read_spotting_run(folder)
    SEEN.clear()
    again = spot(Brightest(), films, LOSO(), tmp_path, name="brightest")
    assert [tested for _, tested in SEEN] == ["drawn/b"]
    for each in (again, read_spotting_run(folder), load_run(folder)):
        for ours, theirs in zip(run.events, each.events, strict=True):
            pd.testing.assert_frame_equal(ours, theirs, check_dtype=False)
        pd.testing.assert_frame_equal(run.scores(), each.scores())
    SEEN.clear()
    spot(Brightest(), films, LOSO(), tmp_path, name="brightest")
    assert not SEEN
    assert spot(Brightest(shift=1), films, LOSO(), tmp_path, name="brightest").name != run.name


def test_another_coding_is_another_run(films, tmp_path):
    run = spot(Brightest(), films, LOSO(), tmp_path, name="b")
    other = [*films[:3], film("d", [(40, "micro", True)], dataset="other")]
    assert spot(Brightest(), other, LOSO(), tmp_path, name="b").name != run.name


def test_a_damaged_fold_is_computed_again(films, tmp_path):
    run = spot(Brightest(), films, LOSO(), tmp_path)
    path = tmp_path / run.name / "folds" / "other%2Fc.csv"
    path.write_text(path.read_text().replace("100", "many"))
    with pytest.raises(UsageError, match="cannot be read as the events"):
        read_spotting_run(tmp_path / run.name)
    with pytest.warns(UserWarning, match="does not hold the videos of its fold"):
        again = spot(Brightest(), films, LOSO(), tmp_path)
    pd.testing.assert_frame_equal(again.scores(), run.scores())


def test_processes_change_nothing(films, tmp_path):
    one = spot(FrameDifference(k={"micro": 3}, p=0.5), films, LOSO(), cache=False)
    two = spot(FrameDifference(k={"micro": 3}, p=0.5), films, LOSO(), cache=Cache(tmp_path), jobs=2)
    pd.testing.assert_frame_equal(one.events.found, two.events.found)


def test_runs_are_compared_over_persons(films, tmp_path):
    good = spot(Brightest(), films, LOSO(), tmp_path, name="good")
    bad = spot(Brightest(shift=9), films, LOSO(), tmp_path, name="bad")
    said = compare(good, tmp_path / bad.name)
    assert said.metric == "f1_overall"
    assert said.table.difference.iloc[0] == pytest.approx(good.interval()[0] - bad.interval()[0])
    assert said.table.difference.iloc[0] > 0
    assert "F1 of spotting, overall: 5 coded events of 3 of 4 persons" in str(said)
    assert compare(good, good, metric="f1_micro").table[["difference", "p"]].iloc[0].tolist() == [0, 1]
    assert json.dumps(said.as_dict(), allow_nan=False)
    with pytest.raises(UsageError, match="compared by f1_micro, f1_macro, f1_overall; metric is 'uar'"):
        compare(good, bad, metric="uar")
    part = spot(Brightest(), films[:3], LOSO())
    assert "left out: 1 of good" in compare(good, part).notes[0]
    assert "these intervals are too narrow" in compare(good, part).notes[1]
    other = spot(Brightest(), [*films[:3], film("d", [(40, "micro", True)], dataset="other")], LOSO())
    with pytest.raises(UsageError, match="disagree on what is coded in other/d/v1"):
        compare(good, other)


def test_recognition_and_spotting_are_kept_apart(films, tmp_path):
    run = spot(Brightest(), films, LOSO(), tmp_path)
    named = Run(pd.DataFrame([["c", "d", "s", "f", "x", "y"]], columns=["clip", "dataset", "subject", "fold", "y_true", "y_pred"]))
    shutil.copytree(tmp_path / run.name, tmp_path / "plain")
    about = json.loads((tmp_path / "plain" / "run.json").read_text())
    (tmp_path / "plain" / "run.json").write_text(json.dumps({key: each for key, each in about.items() if key != "kind"}))
    with pytest.raises(UsageError, match="a run of spotting"):
        read_run(tmp_path / run.name)
    with pytest.raises(UsageError, match="compare runs of one kind"):
        compare(named, run)
    with pytest.raises(UsageError, match="make a page of each kind"):
        run_report(named, run, out=tmp_path / "page.html")
    with pytest.raises(UsageError, match="is no run of spotting"):
        read_spotting_run(tmp_path / "plain")


def test_the_page_and_the_tables(films, tmp_path):
    drawn = [film(each.subject, [(20, "micro", True), (60, "micro", False)], "synthetic") for each in films]
    run = spot(Brightest(), drawn, LOSO(), tmp_path, name="<b>")
    text = run_report(tmp_path / run.name, out=tmp_path / "one.html").read_text()
    assert "show nobody" in text
    assert "<b>-" not in text
    assert "4 persons" in text
    assert "<script" not in text
    both = run_report(run, spot(Brightest(shift=2), drawn, LOSO(), name="late"), out=tmp_path / "two.html").read_text()
    assert "Difference in F1 of spotting, micro" in both
    assert [table.title for table in score_tables(run)] == ["Events in 0.3 minutes"]
    assert [table.title for table in score_tables(spot(Brightest(), films, LOSO()))][1] == "F1 by dataset"


def test_nothing_found_is_a_run(films):
    run = spot(Brightest(shift=500), [film("a", [(20, "micro", True)]), film("b", [(20, "micro", True)])], LOSO())
    assert run.scores().loc["micro", "f1"] == 0
    nothing = spot(_Blind(), films, LOSO())
    assert nothing.scores().loc["overall", ["found", "f1", "average_precision", "false_per_min"]].tolist() == [0, 0, 0, 0]
    assert len(score_tables(nothing)[0].rows) == 3
    assert Counts(0, 0, 5) == tuple(nothing.scores().loc["overall", ["right", "found", "coded"]].astype(int))


class _Blind(VideoSpotter):
    def spot(self, video, cache=None):
        return as_table([])


class _Oracle(VideoSpotter):
    def spot(self, video, cache=None):
        rows = video.intervals.assign(score=1.0).fillna({"apex": 0})
        return as_table(rows[["onset", "apex", "offset", "score", "kind"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(("reader", "release"), [(CAS_ME_2, releases.cas_me_2), (SAMMLV, releases.samm_lv)])
def test_what_was_coded_in_a_release_counts_as_coded(reader, release, tmp_path):
    """Videos in which nothing was coded, apexes that were not coded, and overlapping kinds included."""
    dataset = reader(release(tmp_path / "release"))
    run = spot(_Oracle(), dataset.videos(), LOSO(), tmp_path / "runs")
    scores = read_spotting_run(tmp_path / "runs" / run.name).scores()
    assert scores.loc[["micro", "macro"], "coded"].tolist() == [(dataset.table["kind"] == kind).sum() for kind in ("micro", "macro")]
    assert scores.loc["overall", ["f1", "false"]].tolist() == [1, 0]
    assert len(run.persons) == 3


def test_what_cannot_be_spotted_is_said(films, tmp_path):
    with pytest.raises(UsageError, match="no spotter is called 'nobody'; there are expression_runs, "):
        spot("nobody", films, LOSO())
    with pytest.raises(UsageError, match="is no spotter"):
        spot(VideoSpotter, films, LOSO())
    with pytest.raises(UsageError, match="one of them is a int"):
        spot(Brightest(), [1], LOSO())
    with pytest.raises(UsageError, match="none of the 1 videos has a coded interval"):
        spot(Brightest(), films[3:], LOSO())
    with pytest.raises(UsageError, match="'drawn/a/v1' occurs more than once"):
        spot(Brightest(), [films[0], films[0]], LOSO())
    with pytest.raises(UsageError, match="fold 'drawn/a': no training video has a coded interval"):
        spot(FrameDifference(), [films[0], film("b", [])], LOSO(), cache=Cache(tmp_path))
    with pytest.warns(LeakageWarning), pytest.raises(UsageError, match="twice: take a protocol that tests each once"):
        spot(Brightest(), films, LeakyHoldOut(0.5, repeats=4))


def test_end_to_end_on_a_synthetic_interview(interview, frames, tmp_path):
    """A smile and lowered brows, each in a video of its own; three spotters, kept measurements, the same a second time."""
    films = [
        video("a", frames[20:95], [(27, 34, 41, "micro")], 50.0),
        video("b", frames[80:155], [(26, 37, 49, "micro")], 50.0),
    ]
    cache = Cache(tmp_path / "cache")
    found = {}
    for spotter in (FrameDifference(size=64, rate=50.0), SignalSpotter(), FlowSpotter()):
        run = spot(spotter, films, LOSO(), tmp_path / "runs", cache=cache)
        found[type(spotter).__name__] = run
        assert len(run.events.found)
        assert run.events.videos["frames"].tolist() == [75, 75]
        again = spot(spotter, films, LOSO(), cache=cache)
        pd.testing.assert_frame_equal(run.events.found, again.events.found)
    assert found["SignalSpotter"].scores().loc["micro", "right"] == 2
    pd.testing.assert_frame_equal(found["SignalSpotter"].events.found, found["FlowSpotter"].events.found)
    assert all(f.endswith(".npy") for f in (path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()))
