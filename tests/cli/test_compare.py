"""``fleeting compare`` and ``fleeting report``, through the real ``main``: what they print and write, and the codes they end with."""

from __future__ import annotations

import io
import json
import re

import pandas as pd
import pytest

from fleeting import compare
from fleeting.evaluation.run import write_about

from ..made_runs import made_runs

DONE, COULD_NOT_WRITE, USAGE = 0, 1, 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    made_runs(folder)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    """The folder of a run by the name of its method; of several seeds, the first."""
    return {path.name.rpartition("-")[0]: path for path in sorted(folder.iterdir(), reverse=True)}


def test_compare_prints_the_difference_and_marks_what_is_leaky(fleeting, run):
    ended = fleeting("compare", run["linear"], run["leaky"], "--metric", "accuracy")
    expected = compare(run["linear"], run["leaky"], metric="accuracy")
    assert ended.code == DONE
    assert f"{expected.table.difference[0]:+.3f}".replace("0.", ".") in ended.said
    assert "accuracy of 48 clips of 8 persons" in ended.said
    assert "A and B cannot be ranked: one of them is leaky." in ended.said


def test_compare_as_json_is_json_and_nothing_else(fleeting, run):
    ended = fleeting("compare", run["linear"], run["majority"], run["epochs"], "--json", "--by", "dataset")
    assert ended.code == DONE
    found = json.loads(ended.out)
    assert found == compare(run["linear"], run["majority"], run["epochs"], by="dataset").as_dict()
    assert len(found["table"]) == 2


def test_several_scores_and_names_as_papers_have_them(fleeting, run):
    asked = ("compare", run["linear"], run["majority"], "--metric", "uf1", "--metric", "uar", "--name", "Ours_1", "--name", "50 %")
    uf1, uar = (compare(run["linear"], run["majority"], metric=metric) for metric in ("uf1", "uar"))
    ended = fleeting(*asked, "--markdown")
    assert ended.code == DONE
    assert "| run | UF1 | 95 % interval | p | UAR | 95 % interval | p |" in ended.out
    ours, chance = [line.split(" | ") for line in ended.out.split("\n") if line.startswith(("| Ours_1", "| 50 %"))]
    assert [float(word) for word in (ours[1], ours[4], chance[1])] == pytest.approx(
        [uf1.runs.score.iloc[0], uar.runs.score.iloc[0], uf1.runs.score.iloc[1]], abs=5e-4
    )
    assert (ours[3], float(chance[3])) == ("–", pytest.approx(uf1.table.p_holm.iloc[0], abs=5e-4))
    ended = fleeting(*asked, "--latex")
    assert r"Ours\_1 & " in ended.out
    assert r"50 \% & " in ended.out
    table = pd.read_csv(io.StringIO(fleeting(*asked, "--csv").out))
    assert list(table["run"]) == ["Ours_1", "50 %"] * 2
    assert list(table["metric"]) == ["uf1", "uf1", "uar", "uar"]
    assert table["score"].to_numpy() == pytest.approx([*uf1.runs.score, *uar.runs.score])
    assert table["difference"].to_numpy()[[1, 3]] == pytest.approx([uf1.table.difference[0], uar.table.difference[0]])
    assert table["difference"].isna().tolist() == [True, False] * 2
    assert [each["metric"] for each in json.loads(fleeting(*asked, "--json").out)] == ["uf1", "uar"]
    ended = fleeting(*asked)
    assert "Difference in UF1" in ended.said
    assert "Difference in UAR" in ended.said
    assert "Ours_1" in ended.said


def test_names_belong_to_runs_in_their_order(fleeting, run, tmp_path):
    (tmp_path / "empty").mkdir()
    page = tmp_path / "page.html"
    named = ("--name", "first", "--name", "none", "--name", "last")
    ended = fleeting("report", run["linear"], tmp_path / "empty", run["majority"], *named, "--out", page)
    assert ended.code == DONE
    assert {"first", "last"} <= set(re.findall(r"\w+", page.read_text("utf-8")))
    assert run["linear"].name not in page.read_text("utf-8")


def test_compare_reads_other_programs_files(fleeting, run, tmp_path):
    (tmp_path / "theirs.csv").write_text("Subject;GT;Pred\n1;0;0\n1;1;1\n2;0;1\n2;1;1\n")
    ended = fleeting("compare", tmp_path / "theirs.csv", tmp_path / "theirs.csv")
    assert ended.code == DONE
    assert "UF1 of 4 clips of 2 persons" in ended.said
    ended = fleeting("compare", run["linear"], tmp_path / "theirs.csv")
    assert ended.code == USAGE
    assert "no clip in common" in ended.said


def test_report_writes_one_page_and_does_not_replace_it_unasked(fleeting, run, tmp_path):
    page = tmp_path / "page.html"
    ended = fleeting("report", run["linear"], run["epochs"], "--out", page)
    assert ended.code == DONE
    assert f"Report: {page}" in ended.said
    assert re.match("<!doctype html>.*</html>", page.read_text("utf-8"), re.DOTALL)
    before = page.read_text("utf-8")
    ended = fleeting("report", run["majority"], "--out", page)
    assert ended.code == USAGE
    assert "--overwrite" in ended.said
    assert page.read_text("utf-8") == before
    assert fleeting("report", run["majority"], "--out", page, "--overwrite").code == DONE
    assert page.read_text("utf-8") != before
    assert list(tmp_path.iterdir()) == [page]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["compare", "{linear}"], "name at least two runs"),
        (["compare", "{linear}", "gone"], "gone does not exist"),
        (["compare", "{linear}", "{majority}", "--metric", "luck"], "no score is called 'luck'"),
        (["compare", "{linear}", "{majority}", "--by", "clip"], "by is 'clip'"),
        (["compare", "{linear}", "{majority}", "--name", "one"], "1 names for 2 runs: give --name once for each run"),
        (["compare", "{linear}", "{majority}", "--csv", "--latex"], "--latex and --csv cannot be had together"),
        (["report", "gone", "--out", "{tmp}/x.html"], "gone does not exist"),
        (["report", "{linear}", "--out", "{tmp}"], "is a folder"),
        (["report", "{linear}", "--out", "{tmp}/gone/x.html"], "gone does not exist"),
        (["report", "{linear}"], "Missing option '--out'"),
    ],
)
def test_what_cannot_be_done_is_said(fleeting, run, tmp_path, arguments, says):
    ended = fleeting(*(each.format(tmp=tmp_path, **run) for each in arguments))
    assert ended.code == USAGE
    assert says in ended.said
    assert not list(tmp_path.iterdir())


def test_a_run_that_was_stopped_is_said_to_be_that(fleeting, run, tmp_path):
    write_about(tmp_path, {"folds": ["1", "2"]})
    ended = fleeting("compare", run["linear"], tmp_path)
    assert ended.code == USAGE
    assert "was stopped after 0 of 2 folds: run it again" in ended.said


def test_a_glob_with_runs_that_are_not_finished(fleeting, run, folder, tmp_path):
    """As ``runs/*`` names them: one that was stopped, one that is empty, and another program's folder."""
    write_about(tmp_path / "stopped", {"folds": ["1", "2"]})
    write_about(tmp_path / "empty", {})
    (tmp_path / "notes").mkdir()
    others = [tmp_path / name for name in ("stopped", "empty", "notes")]
    ended = fleeting("compare", others[0], run["linear"], *others[1:], run["majority"], "--json")
    assert ended.code == DONE
    assert json.loads(ended.out) == compare(run["linear"], run["majority"]).as_dict()
    assert f"left out: {others[0]} was stopped after 0 of 2 folds: run it again to finish it" in ended.said
    assert f"left out: {others[1]} holds no predictions" in ended.said
    assert f"left out: {others[2]} is no run folder" in ended.said
    page = tmp_path / "page.html"
    ended = fleeting("report", *others, run["linear"], "--out", page)
    assert (ended.code, ended.said.count("left out")) == (DONE, 3)
    assert run["linear"].name in page.read_text("utf-8")
    ended = fleeting("inflate", others[0], run["linear"], run["majority"])
    assert (ended.code, ended.said.count("left out")) == (DONE, 1)
    ended = fleeting("report", *others, "--out", page, "--overwrite")
    assert (ended.code, "none of them is a finished run: name at least one" in ended.said) == (USAGE, True)
    ended = fleeting("compare", run["linear"], tmp_path / "gone.csv", run["majority"])  # a name that is misspelt is no glob
    assert (ended.code, "gone.csv does not exist" in ended.said) == (USAGE, True)


def test_a_page_that_cannot_be_written_leaves_nothing(fleeting, run, tmp_path):
    ended = fleeting("report", run["linear"], "--out", tmp_path / ("x" * 300 + ".html"))
    assert ended.code == COULD_NOT_WRITE
    assert "could not be written" in ended.said
    assert not list(tmp_path.iterdir())
