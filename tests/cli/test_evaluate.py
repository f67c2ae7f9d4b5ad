"""``fleeting evaluate``, ``inflate``, ``methods`` and ``cache``, through the real ``main``, on miniature flow maps."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pandas as pd
import pytest

from fleeting.compute.cache import Cache
from fleeting.datasets import FlowMaps
from fleeting.evaluation.evaluate import evaluate
from fleeting.evaluation.run import read_run
from fleeting.labels import label
from fleeting.methods.load import load_method
from fleeting.protocols import LOSO

METHOD = """
import os, time
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from fleeting.base import ClipTransformer

class Mean(ClipTransformer):
    def transform_clip(self, clip):
        return clip.frames.mean(axis=(0, 1, 2))

class Slow(SVC):
    def fit(self, X, y):
        time.sleep(0.5)
        return super().fit(X, y)

def svm():
    return make_pipeline(Mean(), SVC(kernel="linear"))

def slow():
    return make_pipeline(Mean(), Slow(kernel="linear"))
"""
pytestmark = pytest.mark.usefixtures("here")
SUBJECTS = ["sub01", "sub02", "sub03", "006", "007", "009", "s01", "s02", "s03"]  # of CASME II, SAMM and SMIC


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with maps of three datasets, three people each, and a method; the cache is in it too."""
    rng = np.random.default_rng(0)
    subject = np.repeat(SUBJECTS, 6)
    emotion = np.arange(len(subject)) % 3
    maps = rng.integers(0, 120, (len(subject), 4, 4, 3)) + 60 * np.eye(3, dtype=int)[emotion][:, None, None]
    clips = np.array([f"EP{i:02}" for i in range(len(subject))])
    np.savez(tmp_path / "maps.npz", maps=maps.astype(np.uint8), subject=subject, clip=clips, label=emotion)
    (tmp_path / "mine.py").write_text(METHOD)
    monkeypatch.setenv("FLEETING_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


MAPS = ("--data", "flow-maps=maps.npz")


def the_run(folder="runs"):
    (path,) = os.listdir(folder)
    return read_run(f"{folder}/{path}")


def test_a_method_in_a_file_is_judged_and_its_run_kept(fleeting, here):
    ended = fleeting("evaluate", "mine.py:svm", *MAPS, "--seed", 3)
    assert ended.code == 0, ended.said
    assert "svm: 54 predictions for clips of 9 people, LOSO(), seed 3" in ended.said
    assert "LEAKY" not in ended.said
    run = the_run()
    assert f"Run: runs/{run.name}" in ended.out
    assert run.name.startswith("svm-")
    low, high = (f"{each:.3f}".lstrip("0") for each in run.interval("uf1")[1:])
    assert f"{run.score('uf1'):.3f}".lstrip("0") + f" ({low} to" in ended.said
    assert (low, high) == (".884", "1.000")  # 54 of 54 clips of 9 people do not make it certain
    assert "Of fewer than 15 persons (9 persons in all clips, 3 persons in casme2" in ended.said
    counts = " ".join(map(str, run.confusion().loc["positive"]))
    assert f"positive {counts}" in ended.said
    expected = evaluate(load_method("mine.py:svm"), *label(FlowMaps("maps.npz").clips(), "3class"), LOSO(), seed=3)
    ours, theirs = (each.predictions.sort_values("clip", ignore_index=True) for each in (run, expected))
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)


def test_what_is_there_is_not_computed_again(fleeting, here):
    first = fleeting("evaluate", "mine.py:svm", *MAPS, "--out", "kept")
    assert "already" not in first.said
    run = here / "kept" / the_run("kept").name
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    again = fleeting("evaluate", "mine.py:svm", *MAPS, "--out", "kept")
    assert "9 of 9 folds were there already" in again.said
    assert again.out == first.out
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before
    (run / "folds" / "samm%2F006.csv").unlink()
    third = fleeting("evaluate", "mine.py:svm", *MAPS, "--out", "kept", "--jobs", 2)
    assert "8 of 9 folds were there already" in third.said
    assert third.out == first.out


@pytest.mark.parametrize(
    ("options", "text", "folds"),
    [
        (["subject-kfold", "--folds", "3"], "SubjectKFold(n_splits=3, seed=None)", {"1", "2", "3"}),
        (["lodo"], "LODO()", {"casme2", "samm", "smic"}),
        (["hde", "--train", "samm", "--test", "smic"], "HDE(a='samm', b='smic')", {"samm-to-smic", "smic-to-samm"}),
        (["cross-dataset", "--test", "smic"], "CrossDataset(train=['casme2', 'samm'], test=['smic'])", {"casme2+samm-to-smic"}),
        (["cross-dataset", "--train", "samm", "--test", "smic"], "train=['samm']", {"samm-to-smic"}),
    ],
)
def test_protocols(fleeting, options, text, folds):
    ended = fleeting("evaluate", "mine.py:svm", *MAPS, "--protocol", *options)
    assert ended.code == 0, ended.said
    assert text in ended.said
    assert set(the_run().predictions.fold) == folds


@pytest.mark.parametrize("options", [["leaky-clip-kfold", "--folds", "4"], ["leaky-hold-out", "--test-share", "0.2"]])
def test_leaky_protocols_are_marked_wherever_they_come_up(fleeting, options):
    ended = fleeting("evaluate", "mine.py:svm", *MAPS, "--protocol", *options)
    assert ended.code == 0
    assert "note: Leaky" in ended.err
    assert "LEAKY: people were tested who had been trained on" in ended.out
    assert "Scores, LEAKY" in ended.out
    run = the_run()
    assert run.leaky
    assert "LEAKY" in fleeting("inflate", f"runs/{run.name}", f"runs/{run.name}").out


def test_synthetic_clips_are_called_so(fleeting, here):
    maps = dict(np.load("maps.npz"))
    np.savez("made.npz", **maps, dataset=np.full(len(maps["label"]), "synthetic"))
    ended = fleeting("evaluate", "mine.py:svm", "--data", "flow-maps=made.npz")
    assert ended.code == 0, ended.said
    assert "SYNTHETIC: the clips of synthetic show nobody" in ended.out
    assert "SYNTHETIC" not in fleeting("evaluate", "mine.py:svm", *MAPS).out


def test_parameters_are_set_and_make_a_run_of_their_own(fleeting):
    for value in (1, 0.001):
        assert fleeting("evaluate", "mine.py:svm", *MAPS, "--set", f"svc__C={value}", "--set", "svc__class_weight=balanced").code == 0
    runs = [read_run(f"runs/{name}") for name in os.listdir("runs")]
    assert {run.about["method"]["params"]["steps"][1][1]["params"]["C"] for run in runs} == {1, 0.001}
    assert all(run.about["method"]["params"]["steps"][1][1]["params"]["class_weight"] == "balanced" for run in runs)


def test_several_datasets_are_taken_together(fleeting, here):
    """The maps, and a release of pictures."""
    rows = ["clip,subject,emotion"]
    for i in range(4):
        (here / "own" / f"c{i}").mkdir(parents=True)
        for n in range(2):
            cv2.imwrite(str(here / "own" / f"c{i}" / f"img{n}.png"), np.full((4, 4, 3), 40 * i, np.uint8))
        rows.append(f"c{i},p{i % 2},{['disgust', 'happiness', 'pride', 'surprise'][i]}")
    (here / "own" / "clips.csv").write_text("\n".join(rows))
    ended = fleeting("evaluate", "mine.py:svm", *MAPS, "--data", "folder=own", "--data-set", "folder__fps=100")
    assert ended.code == 0, ended.said
    assert "1 of 58 clips have no class under 3class: folder pride 1" in ended.said
    assert "57 predictions for clips of 11 people" in ended.said
    run = the_run()
    assert set(run.predictions.dataset) == {"casme2", "samm", "smic", "folder"}
    assert "folder" in ended.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["mine.py:svm"], "--data is missing: name a dataset and its folder"),
        (["mine.py:svm", "--data", "casme=3"], "3 does not exist"),
        (["mine.py:svm", "--data", "nothing=maps.npz"], "No dataset is called 'nothing'"),
        (["mine.py:svm", *MAPS, *MAPS], "each once"),
        (["mine.py:svm", *MAPS, "--data-set", "samm__layout=x"], "is not NAME__KEY of a dataset in --data"),
        (["mine.py:svm", *MAPS, "--data-set", "flow-maps__nothing=x"], "no setting 'nothing'"),
        (["svm", *MAPS], "'svm' is no registered method"),
        (["mine.py:none", *MAPS], "has no function 'none'"),
        (["mine.py:svm", *MAPS, "--labels", "12class"], "no label scheme is called '12class'"),
        (["mine.py:svm", *MAPS, "--protocol", "luck"], "no protocol is called 'luck'; there are loso"),
        (["mine.py:svm", *MAPS, "--folds", "3"], "loso has no --folds"),
        (["mine.py:svm", *MAPS, "--test", "samm"], "loso has no --test"),
        (["mine.py:svm", *MAPS, "--protocol", "hde"], "hde takes two datasets, and the clips are of casme2, samm, smic"),
        (["mine.py:svm", *MAPS, "--protocol", "cross-dataset"], "cross-dataset needs --test"),
        (["mine.py:svm", *MAPS, "--protocol", "cross-dataset", "--test", "mmew"], "no clip is of the dataset 'mmew'"),
        (["mine.py:svm", *MAPS, "--protocol", "subject-kfold", "--folds", "10"], "between 2 and the number of persons, 9"),
        (["mine.py:svm", *MAPS, "--set", "C=1"], "mine.py:svm has no such parameter; there is svc__C"),
        (["mine.py:svm", *MAPS, "--set", "C"], "--set C is not KEY=VALUE, such as --set svc__C=10"),
        (["mine.py:svm", *MAPS, "--set", "svc__C=-1"], "fold 'casme2/sub01' failed: InvalidParameterError"),
        (["mine.py:svm", *MAPS, "--jobs", "0"], "jobs must be 1 or more, or -1"),
        (["mine.py:svm", *MAPS, "--megc", "442"], "megc=442"),
        (["mine.py:svm", *MAPS, "--megc", "list.csv"], "list.csv"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_what_cannot_be_evaluated_is_said(fleeting, here, arguments, says):
    ended = fleeting("evaluate", *arguments)
    assert ended.code in (2, 3)
    assert says in ended.said
    assert not list(here.glob("runs/*/folds/*"))


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT there")
def test_stopped_by_ctrl_c_it_keeps_what_is_done(here):
    command = [sys.executable, "-c", "from fleeting.cli import main; main()", "evaluate", "mine.py:slow", *MAPS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        deadline = time.monotonic() + 60
        while len(list(here.glob("runs/*/folds/*.csv"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "Interrupted. Nothing half-written was left behind." in err
    assert "Traceback" not in err
    assert 2 <= len(list(here.glob("runs/*/folds/*.csv"))) < 9
    assert not list(here.glob("runs/*/folds/.*"))


def test_choice_from_finished_runs_and_of_a_method(fleeting):
    grid = ("--grid", "svc__kernel=poly,linear", "--set", "svc__degree=0", "--protocol", "subject-kfold", "--folds", "3")
    ended = fleeting("inflate", "mine.py:svm", *MAPS, *grid)
    assert ended.code == 0, ended.said
    for words in ("2 settings on 54 clips", "nothing chosen", "chosen within the training clips", "the best of all", "test fold *"):
        assert words in ended.said
    assert "Chosen within the training clips: svc__kernel=linear in 3 of 3 folds." in ended.said
    runs = [f"runs/{name}" for name in os.listdir("runs") if name != "inner"]
    finished = fleeting("inflate", *runs, "--score", "uar")
    assert finished.code == 0
    assert "The honest choice takes more than predictions" in finished.said
    assert "chosen within" not in finished.said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["runs/none", "runs/none"], "runs/none does not exist"),
        (["runs/none", *MAPS], "--data and --set go with a METHOD and a --grid"),
        (["mine.py:svm", "mine.py:slow", *MAPS, "--grid", "svc__C=1,2"], "settings of one method"),
        (["mine.py:svm", *MAPS, "--grid", "svc__C=1"], "single setting"),
        (["mine.py:svm", *MAPS, "--grid", "C=1,2"], "parameter that the method lacks"),
        (["mine.py:svm", *MAPS, "--grid", "svc__C=1,2", "--score", "luck"], "no score is called 'luck'"),
    ],
)
def test_what_cannot_be_inflated_is_said(fleeting, arguments, says):
    ended = fleeting("inflate", *arguments)
    assert ended.code == 2
    assert says in ended.said


def test_methods_and_their_parameters(fleeting):
    ended = fleeting("methods")
    assert ended.code == 0
    assert "au_template A pipeline from clips to" in ended.said
    ended = fleeting("methods", "mine.py:svm")
    assert "svc__C 1.0" in ended.said
    assert "svc__kernel 'linear'" in ended.said
    assert "memory" not in ended.said
    assert fleeting("methods", "au_templat").code == 2


def test_the_cache_is_shown_bounded_and_cleared(fleeting, here):
    fleeting("evaluate", "mine.py:svm", *MAPS)
    ended = fleeting("cache")
    assert f"{here / 'cache' / 'clips'}: 54 entries, " in ended.out
    assert "of 20 GB" in ended.out
    assert "of 3.5 kB" in fleeting("cache", "--limit", "3.5kB").out
    assert Cache().limit == 3500
    assert 0 < Cache().info()["bytes"] <= 3500
    ended = fleeting("cache", "--clear")
    assert "kB freed." in ended.out
    assert ": 0 entries, 0 B of 3.5 kB" in ended.out
    ended = fleeting("cache", "--limit", "much")
    assert ended.code == 2
    assert "--limit much is no size, such as 500MB or 50GB" in ended.err
