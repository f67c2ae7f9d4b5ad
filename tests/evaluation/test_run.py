"""A run's scores and its folder: what was written is read back, and never in part."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from fleeting import metrics
from fleeting.errors import OutputError, UsageError
from fleeting.evaluation.run import Run, fold_path, read_run, write_about, write_fold, write_learning, write_megc


def predictions(**changes) -> pd.DataFrame:
    """Nine clips of three persons, two of whom are called 01: F1 (2/3, 1/2, .8) as in test_metrics."""
    table = pd.DataFrame(
        {
            "clip": [f"c{i}" for i in range(9)],
            "dataset": ["a"] * 5 + ["b"] * 4,
            "subject": ["01"] * 3 + ["02"] * 2 + ["01"] * 4,
            "fold": ["a/01"] * 3 + ["a/02"] * 2 + ["b/01"] * 4,
            "y_true": np.array(["neg", "pos", "sur"])[[0, 0, 0, 0, 1, 1, 2, 2, 2]],
            "y_pred": np.array(["neg", "pos", "sur"])[[0, 0, 0, 1, 1, 0, 2, 2, 0]],
        }
    )
    return table.assign(**changes)


def write(folder, table, **about):
    write_about(folder, {"folds": sorted(set(table.fold)), **about})
    for fold, rows in table.groupby("fold"):
        write_fold(folder, fold, rows)


def test_scores_pooled_and_by_part():
    run = Run(predictions())
    assert run.score("uf1") == pytest.approx(0.6555556)
    assert run.score("uar") == pytest.approx(0.6388889)
    assert run.score("accuracy", by="dataset").to_dict() == {"a": 0.8, "b": 0.5}
    assert run.score("accuracy", by="subject").to_dict() == {"a/01": 1.0, "a/02": 0.5, "b/01": 0.5}
    # Over all three classes, F1 of dataset a is (6/7, 2/3, 0) and of b (0, 0, .8).
    assert run.score("uf1", by="dataset").to_dict() == pytest.approx({"a": (6 / 7 + 2 / 3) / 3, "b": 0.8 / 3})
    assert run.recalls().to_dict() == {"neg": 0.75, "pos": 0.5, "sur": pytest.approx(2 / 3)}
    assert run.confusion().loc["sur", "neg"] == 1
    assert run.f1_conventions()["uf1"] == run.score("uf1")


def test_the_table_of_scores_says_how_many_clips():
    table = Run(predictions()).scores(by="dataset")
    assert table.index.tolist() == ["all", "a", "b"]
    assert table.clips.tolist() == [9, 5, 4]
    assert table.loc["b", "accuracy"] == 0.5
    assert set(metrics.SCORES) <= set(table.columns)


def test_a_class_that_no_clip_has_counts():
    run = Run(predictions(), about={"labels": ["neg", "pos", "sur", "others"]})
    assert run.score("uf1") == pytest.approx(0.6555556 * 3 / 4)
    assert np.isnan(run.recalls()["others"])
    assert Run(predictions(p_neg=1.0, p_others=0.0, p_pos=0.0, p_sur=0.0)).labels == ["neg", "others", "pos", "sur"]


@pytest.mark.filterwarnings("ignore:a class occurs in only")
def test_the_interval_is_over_persons_and_does_not_depend_on_the_order_of_rows(rng):
    table = predictions()
    first = Run(table).interval("uf1")
    assert first == Run(table.iloc[rng.permutation(9)]).interval("uf1")
    assert first.low <= first.value <= first.high


def test_a_folder_is_read_back_to_the_last_digit(tmp_path, rng):
    p = rng.random(9)
    table = predictions(p_neg=p, p_pos=1 - p, p_sur=p / 3)
    table.loc[0, "clip"] = 'odd, "quoted" – NA'
    write(tmp_path / "run", table, seed=1)
    run = read_run(tmp_path / "run")
    pd.testing.assert_frame_equal(run.predictions, table, check_dtype=False)
    assert (run.predictions.p_neg.to_numpy() == p).all()
    assert (run.name, run.about["seed"], run.about["format"]) == ("run", 1, 1)
    assert run.predictions.subject[0] == "01"


def test_each_fold_is_a_file_of_its_own_name(tmp_path):
    write(tmp_path, predictions())
    assert sorted(os.listdir(tmp_path / "folds")) == ["a%2F01.csv", "a%2F02.csv", "b%2F01.csv"]
    names = ["a/b", "a%2Fb", "..", "a\\b", "ä", "a-b", "1"]
    paths = {fold_path(tmp_path, name) for name in names}
    assert len(paths) == len(names)
    assert all(path.parent == tmp_path / "folds" for path in paths)


def test_a_stopped_run_says_how_far_it_came(tmp_path):
    write(tmp_path, predictions())
    fold_path(tmp_path, "a/02").unlink()
    with pytest.raises(UsageError, match="after 2 of 3 folds: run it again"):
        read_run(tmp_path)


def test_a_writer_killed_at_any_moment_leaves_no_part_of_a_fold(tmp_path):
    """It writes one fold again and again; whenever it is killed, the fold is whole."""
    code = (
        "import sys, pandas as pd; from pathlib import Path; from fleeting.evaluation.run import *\n"
        "folder = Path(sys.argv[1]); n = 20000; write_about(folder, {'folds': ['f']})\n"
        "t = pd.DataFrame({c: ['f'] * n for c in ('dataset', 'subject', 'fold', 'y_true', 'y_pred')})\n"
        "t['clip'] = [str(i) for i in range(n)]\n"
        "write_fold(folder, 'f', t); print('go', flush=True)\n"
        "while True: write_fold(folder, 'f', t)"
    )
    for wait in (0.15, 0.23, 0.31):
        with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(wait)
            process.kill()
        assert len(read_run(tmp_path).predictions) == 20000


def test_what_the_disk_refuses_leaves_nothing_behind(tmp_path, monkeypatch):
    write(tmp_path, predictions())
    before = sorted(os.listdir(tmp_path / "folds"))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match=r"new\.csv could not be written: No space left.*finished folds are kept"):
        write_fold(tmp_path, "new", predictions(fold="new"))
    assert sorted(os.listdir(tmp_path / "folds")) == before


def test_predictions_of_others_are_read(tmp_path):
    file = tmp_path / "theirs.csv"
    file.write_text("\ufeffsubject,y_true,y_pred\n006,0,0\n006,1,0\ns01,2,2.0\n", encoding="utf-8")
    run = read_run(file)
    assert run.name == "theirs"
    assert run.predictions.subject.tolist() == ["006", "006", "s01"]
    assert run.predictions["clip"].tolist() == ["006/0", "006/1", "s01/0"]
    assert run.predictions.fold.tolist() == ["006", "006", "s01"]
    assert run.score("accuracy") == pytest.approx(2 / 3)
    assert run.persons.tolist() == ["006", "006", "s01"]
    file.write_text("clip,y_true,y_pred\nNA,a,a\nn2,a,b\n")
    with pytest.warns(UserWarning, match="whose clips these are"):
        assert read_run(file).predictions["clip"].tolist() == ["NA", "n2"]


def test_the_published_log_gives_the_published_scores(shared_data):
    run = read_run(shared_data / "ststnet_loso_predictions.csv")
    assert (round(run.score("uf1"), 4), round(run.score("uar"), 4)) == (0.7209, 0.7250)
    assert run.predictions.subject.nunique() == 68
    casme2 = run.predictions[run.predictions.subject.str.startswith("sub")]
    assert round(metrics.uf1(casme2.y_true, casme2.y_pred), 3) == 0.830


def test_the_challenge_log_goes_out_and_back(tmp_path):
    table = predictions()
    table["clip"] = table.dataset + "/" + table.subject + "/clip " + table.index.astype(str)
    write_megc(Run(table), tmp_path / "log.txt")
    assert (tmp_path / "log.txt").read_text().splitlines()[:2] == ["a 01", "clip 0 neg neg"]
    back = read_run(tmp_path / "log.txt").predictions
    pd.testing.assert_frame_equal(back, table, check_dtype=False)
    (tmp_path / "log.txt").write_text("clip 1 1\n")
    with pytest.raises(UsageError, match="line 1"):
        read_run(tmp_path / "log.txt")


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (predictions().drop(columns="fold"), "lack the column 'fold'"),
        (predictions().iloc[:0], "no row"),
        (predictions(clip="same", fold="1"), "clip 'same' twice"),
        (predictions(y_pred=[None, *["neg"] * 8]), "no y_pred in row 1"),
        (predictions(p_neg="high"), "p_neg that is no number"),
    ],
)
def test_tables_that_are_no_predictions(table, says):
    with pytest.raises(UsageError, match=says):
        Run(table)


def test_what_was_recorded_of_epochs_is_read_back(tmp_path):
    write(tmp_path, predictions())
    epochs = pd.DataFrame({"epoch": [1.0, 2.0], "loss": [0.1, 1 / 3]})
    write_learning(tmp_path, "a/01", epochs)
    run = read_run(tmp_path)
    assert list(run.learning) == ["a/01"]
    pd.testing.assert_frame_equal(run.learning["a/01"], epochs)
    (tmp_path / "learning" / "b%2F01.csv").write_text("epoch,loss\n1,much\n")
    with pytest.raises(UsageError, match="no table of numbers"):
        read_run(tmp_path)


def test_folders_and_files_that_are_no_runs(tmp_path):
    for path, says in ((tmp_path / "none", "does not exist"), (tmp_path, "no run folder")):
        with pytest.raises(UsageError, match=says):
            read_run(path)
    write_about(tmp_path, {})
    with pytest.raises(UsageError, match="no predictions"):
        read_run(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(UsageError, match="has format 99; this Fleeting reads format 1"):
        read_run(tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(UsageError, match="not JSON"):
        read_run(tmp_path)
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match=r"no column 'y_true' \(nor true, gt, .*\); it has a, b"):
        read_run(tmp_path / "x.csv")
    (tmp_path / "x.csv").write_text("")
    with pytest.raises(UsageError, match=r"x\.csv cannot be read"):
        read_run(tmp_path / "x.csv")
    with pytest.raises(UsageError, match="fold 'b'"):
        write_fold(tmp_path, "b", predictions())
    with pytest.raises(UsageError, match="go by dataset"):
        Run(predictions()).score("uf1", by="person")
