"""evaluate: predictions for people never seen, equal to scikit-learn's own, whatever happens on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, LeaveOneGroupOut, cross_val_predict
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, Normalizer, StandardScaler
from sklearn.svm import SVC

from fleeting.base import ClipTransformer
from fleeting.clip import Clip
from fleeting.compute.cache import Cache
from fleeting.compute.prefix import split
from fleeting.errors import LeakageError, OutputError, UsageError
from fleeting.evaluation.evaluate import evaluate
from fleeting.evaluation.report import score_tables
from fleeting.evaluation.run import fold_path, read_run
from fleeting.faces import model_file
from fleeting.methods.load import load_method
from fleeting.preprocess.interpolate import Interpolate
from fleeting.protocols import HDE, LOSO, CrossDataset, LeakageWarning, LeakyClipKFold, LeakyHoldOut, SubjectKFold

WORDS = np.array(["negative", "positive", "surprise"])


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FLEETING_CACHE", str(tmp_path / "cache"))


def made(subjects=6, each=4, seed=0, classes=3):
    """Clips of four frames whose brightness tells, in noise, their class: subjects s0, s1, ... of datasets a and b in turn."""
    rng = np.random.default_rng(seed)
    y = np.arange(subjects * each) % classes
    clips = []
    for i, label in enumerate(y):
        frames = (60 * label + rng.integers(0, 90, (4, 6, 5, 3))).astype(np.uint8)
        person = f"s{i // each}"
        dataset = "ab"[i // each % 2]
        clips.append(Clip(f"{dataset}/{person}/{i}", dataset, person, 50.0, 0, 2, 3, read=lambda frames=frames: frames))
    return clips, WORDS[y]


class Pixels(ClipTransformer):
    """The mean frame; counts how often each clip is looked at."""

    seen: list = []  # noqa: RUF012

    def __init__(self, power=1.0):
        self.power = power

    def transform_clip(self, clip):
        self.seen.append(clip.id)
        return (clip.frames.mean(axis=0).ravel() / 255) ** self.power


@pytest.fixture
def seen():
    Pixels.seen.clear()
    return Pixels.seen


METHOD = make_pipeline(Pixels(), StandardScaler(), SVC(kernel="linear"))


def by_clip(run, clips):
    return run.predictions.set_index("clip").y_pred[[clip.id for clip in clips]].tolist()


def tables_equal(a, b):
    pd.testing.assert_frame_equal(a.predictions, b.predictions, check_exact=True)


def tables_equal_in_any_order(a, b):
    a, b = (run.predictions.sort_values(["fold", "clip"], ignore_index=True) for run in (a, b))
    pd.testing.assert_frame_equal(a, b, check_exact=True)


@pytest.mark.parametrize(
    "method",
    [
        METHOD,
        make_pipeline(Pixels(), LogisticRegression()),
        make_pipeline(Interpolate(3), make_union(Pixels(), Pixels(2.0)), Normalizer(), SVC()),
        make_pipeline(Pixels(), FunctionTransformer(lambda X: X - X.mean(axis=0)), SVC()),  # compares clips with each other
        make_pipeline(Pixels(), "passthrough", DummyClassifier(strategy="most_frequent")),
        make_pipeline(FunctionTransformer(lambda clips: np.stack([clip.frames[0].ravel() / 255 for clip in clips])), SVC()),
    ],
    ids=["svm", "probabilities", "union", "joint", "passthrough", "function"],
)
@pytest.mark.parametrize("protocol", [LOSO(), SubjectKFold(3)], ids=str)
def test_the_predictions_are_those_of_plain_cross_validation(method, protocol):
    clips, y = made()
    run = evaluate(method, clips, y, protocol)
    assert by_clip(run, clips) == cross_val_predict(method, clips, y, cv=protocol).tolist()
    assert dict(zip(run.predictions["clip"], run.predictions.y_true, strict=True)) == dict(zip([c.id for c in clips], y, strict=True))


def test_what_learns_nothing_runs_once_a_clip_and_then_never_again(seen):
    clips, y = made()
    first = evaluate(METHOD, clips, y, LOSO())
    assert sorted(seen) == sorted(clip.id for clip in clips)
    tables_equal(first, evaluate(METHOD, clips, y, LOSO()))
    evaluate(make_pipeline(Pixels(), LogisticRegression()), clips, y, SubjectKFold(3))
    assert len(seen) == len(clips)
    evaluate(make_pipeline(Pixels(2.0), SVC()), clips, y, LOSO())  # another parameter
    assert len(seen) == 2 * len(clips)
    other, _ = made(seed=1)  # the same ids, other frames
    evaluate(METHOD, other, y, LOSO())
    assert len(seen) == 3 * len(clips)
    evaluate(METHOD, clips, y, LOSO(), cache=False)
    assert len(seen) == 4 * len(clips)


def test_only_clips_that_take_part_are_looked_at(seen):
    clips, y = made()
    more = [Clip(f"c/x/{i}", "c", "x", 50.0, 0, 2, 3, read=clip.read) for i, clip in enumerate(clips[:3])]
    run = evaluate(METHOD, clips + more, [*y, *y[:3]], HDE("a", "b"))
    assert sorted(seen) == sorted(clip.id for clip in clips)
    assert run.predictions.fold.value_counts().to_dict() == {"a-to-b": 12, "b-to-a": 12}


def test_the_pipeline_is_split_where_learning_begins():
    clips, _ = made()
    scaled = make_pipeline(Pixels(), Normalizer(), StandardScaler(), SVC())
    steps, learner = split(scaled, 0, clips)
    assert [type(step).__name__ for step in steps] == ["Pixels", "Normalizer"]
    assert [name for name, _ in learner.steps] == ["standardscaler", "svc"]
    assert split(SVC(), 0, clips)[0] == ()
    whole = make_pipeline(Pixels(), DummyClassifier())
    assert len(split(whole, 0, clips)[1].steps) == 1


class OnClips(ClassifierMixin, BaseEstimator):
    """Learns from frames themselves; asks for persons."""

    __metadata_request__fit = {"groups": True}  # noqa: RUF012

    def fit(self, clips, y, groups=None):
        assert groups.tolist() == [clip.person for clip in clips]
        levels = np.array([clip.frames.mean() for clip in clips])
        self.classes_ = np.unique(y)
        self.levels_ = np.array([levels[y == each].mean() for each in self.classes_])
        return self

    def predict(self, clips):
        levels = np.array([clip.frames.mean() for clip in clips])
        return self.classes_[np.abs(levels[:, None] - self.levels_).argmin(axis=1)]


class Slow(ClipTransformer):
    """The clip half as bright; its frames are made when they are looked at."""

    looked: list = []  # noqa: RUF012

    def transform_clip(self, clip):
        from dataclasses import replace

        def read():
            self.looked.append(clip.id)
            return clip.frames // 2

        return replace(clip, read=read, apex=1, fps=25.0)


def test_clips_that_become_clips_are_kept_as_frames():
    clips, y = made()
    Slow.looked.clear()
    method = make_pipeline(Slow(), OnClips())
    run = evaluate(method, clips, y, LOSO())
    assert len(Slow.looked) == len(clips)
    tables_equal(run, evaluate(method, clips, y, LOSO()))
    assert len(Slow.looked) == len(clips)
    tables_equal(run, evaluate(method, clips, y, LOSO(), cache=False))
    assert len(Slow.looked) > 5 * len(clips)


def test_persons_reach_an_inner_search():
    clips, y = made()
    search = GridSearchCV(SVC(), {"C": [0.1, 1.0]}, cv=LOSO())
    run = evaluate(make_pipeline(Pixels(), StandardScaler(), search), clips, y, LOSO())
    assert len(run.predictions) == len(clips)
    with pytest.raises(UsageError, match=r"fold 'a/s0' failed.*groups"):  # LeaveOneGroupOut without groups, by hand
        evaluate(make_pipeline(Pixels(), Blind()), clips, y, LOSO())


class Asking(ClassifierMixin, BaseEstimator):
    """Does not ask for groups by itself; keeps records as a network does."""

    def fit(self, X, y, groups=None):
        self.classes_ = np.unique(y)
        self.history_ = [{"epoch": n, "loss": 1 / n, "note": "x"} for n in (1, 2, 3)] if groups is not None else []
        self.persons_ = sorted(set(groups if groups is not None else ()))
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[len(self.persons_) % 2])


@pytest.mark.parametrize("front", [(), (Pixels(), StandardScaler())], ids=["alone", "pipeline"])
def test_persons_reach_an_estimator_that_was_told_to_ask_for_them(front, tmp_path):
    clips, y = made()
    with config_context(enable_metadata_routing=True):
        asking = Asking().set_fit_request(groups=True)
    with_, without = (evaluate(make_pipeline(*front, each), clips, y, LOSO(), out=tmp_path) for each in (asking, Asking()))
    assert set(with_.predictions.y_pred) == {"positive"}  # five persons were seen
    assert set(without.predictions.y_pred) == {"negative"}
    assert with_.name != without.name  # another method, so another run


def test_what_was_recorded_of_the_epochs_is_kept_with_the_fold(tmp_path):
    clips, y = made()
    with config_context(enable_metadata_routing=True):
        method = make_pipeline(Pixels(), Asking().set_fit_request(groups=True))
    run = evaluate(method, clips, y, LOSO(), out=tmp_path)
    fold_path(tmp_path / run.name, "a/s2").unlink()
    for each in (run, evaluate(method, clips, y, LOSO(), out=tmp_path), read_run(tmp_path / run.name), evaluate(method, clips, y, LOSO())):
        assert set(each.learning) == set(run.predictions.fold)
        assert each.learning["a/s2"].to_dict("list") == {"epoch": [1, 2, 3], "loss": [1, 1 / 2, 1 / 3]}
    assert not evaluate(METHOD, clips, y, LOSO()).learning


class Blind(ClassifierMixin, BaseEstimator):
    """A search inside that does not pass groups on."""

    def fit(self, X, y):
        self.search_ = GridSearchCV(SVC(), {"C": [1.0]}, cv=LeaveOneGroupOut(), error_score="raise").fit(X, y)
        return self

    def predict(self, X):
        return self.search_.predict(X)


def test_a_person_on_both_sides_is_refused_unless_the_protocol_says_so(tmp_path):
    clips, y = made()
    with pytest.raises(LeakageError, match=r"fold '1' of KFold.* trains on and tests 'a/s0'.*LOSO"):
        evaluate(METHOD, clips, y, KFold(4, shuffle=True, random_state=0))
    for protocol in (LeakyClipKFold(3), LeakyHoldOut(0.3, repeats=2)):
        with pytest.warns(LeakageWarning, match="trained on"):
            run = evaluate(METHOD, clips, y, protocol, out=tmp_path)
        assert run.leaky
        assert json.loads((tmp_path / run.name / "run.json").read_text())["leaky"] is True
    assert evaluate(METHOD, clips, y, KFold(6)).leaky is False  # six whole persons, as it happens
    assert not evaluate(METHOD, clips, y, CrossDataset("a", "b")).leaky


def test_what_was_kept_without_the_face_model_file_is_not_taken_for_what_is_found_with_it(tmp_path, monkeypatch):
    clips, y = made()
    seen = []

    class Seeing(ClipTransformer):
        def transform_clip(self, clip):
            seen.append(clip.id)
            return clip.frames.mean(axis=0).ravel()

    for found in (None, tmp_path, None, tmp_path):
        monkeypatch.setattr(model_file, "find", lambda found=found: found)
        evaluate(make_pipeline(Seeing(), SVC()), clips, y, LOSO(), cache=Cache(tmp_path))
    assert len(seen) == 2 * len(clips)


FILE = '''
from dataclasses import dataclass
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from fleeting.base import ClipTransformer

@dataclass
class Size:
    scale: float = 255.0

class Mean(ClipTransformer):
    def transform_clip(self, clip):
        return clip.frames.mean(axis=0).ravel() / Size().scale

def method():
    return make_pipeline(Mean(), RandomForestClassifier(5))
'''


def test_a_function_in_a_file_gives_the_same_on_one_process_and_two(tmp_path):
    (tmp_path / "mine.py").write_text(FILE)
    clips, y = made()
    method = load_method(f"{tmp_path / 'mine.py'}:method")
    runs = [evaluate(method, clips, y, LOSO(), jobs=jobs, seed=seed) for jobs, seed in ((1, 0), (2, 0), (1, 1))]
    tables_equal(runs[0], runs[1])
    assert (runs[0].predictions.filter(like="p_") != runs[2].predictions.filter(like="p_")).to_numpy().any()
    assert method.steps[1][1].random_state is None


def test_the_seed_counts_and_global_randomness_is_left_alone():
    clips, y = made()
    method = make_pipeline(Pixels(), Gambler())
    np.random.seed(5)  # noqa: NPY002
    state = np.random.get_state()[1].tolist()  # noqa: NPY002
    a, b, c = (evaluate(method, clips, y, LOSO(), seed=seed) for seed in (0, 0, 1))
    tables_equal(a, b)
    assert a.predictions.y_pred.tolist() != c.predictions.y_pred.tolist()
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002


class Gambler(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.random.choice(self.classes_, len(X))  # noqa: NPY002


class Net(Gambler):
    """Draws from PyTorch's global generator, and imports it late."""

    def predict(self, X):
        return self.classes_[draw(len(X), len(self.classes_))]


def draw(n, k):
    import torch

    assert torch.get_num_threads() == 1
    return torch.randint(k, (n,)).numpy()


def test_networks_too(tmp_path):
    from fleeting.evaluation.fold import needs_torch

    clips, y = made()
    assert needs_torch(make_pipeline(StandardScaler(), Net()))
    assert not needs_torch(METHOD)
    a, b, c = (evaluate(make_pipeline(Pixels(), Net()), clips, y, protocol) for protocol in (LOSO(), LOSO(), HDE("a", "b")))
    tables_equal(a, b)
    assert len(set(a.predictions.y_pred[:12])) > 1
    assert len(c.predictions) == 24


def test_labels_are_joined_by_clip_id():
    clips, y = made()
    plain = evaluate(METHOD, clips, y, LOSO())
    by_id = {clip.id: label for clip, label in zip(clips, y, strict=True)}
    shuffled = pd.Series(by_id).iloc[np.random.default_rng(0).permutation(len(y))]
    for labels in (by_id, shuffled):
        tables_equal(plain, evaluate(METHOD, clips, labels, LOSO()))
    order = np.random.default_rng(1).permutation(len(y))
    again = evaluate(METHOD, [clips[i] for i in order], y[order], LOSO())
    assert by_clip(again, clips) == by_clip(plain, clips)


def test_numbers_as_labels_and_a_score():
    clips, _ = made()
    run = evaluate(METHOD, clips, np.arange(24) % 3, LOSO())
    assert run.labels == ["0", "1", "2"]
    assert run.score("accuracy") > 0.5
    assert run.interval("uf1").low > 0


def test_a_run_is_kept_resumed_and_told_apart(tmp_path, seen):
    clips, y = made()
    told = []
    run = evaluate(METHOD, clips, y, LOSO(), out=tmp_path, name="mine", progress=lambda *each: told.append(each))
    assert run.name.startswith("mine-")
    assert told[-1] == ("folds", 6, 6, 0.0)
    assert [each[:3] for each in told if each[0] == "clips"][-1] == ("clips", 24, 24)
    about = json.loads((tmp_path / run.name / "run.json").read_text())
    assert len(about["seconds"]) == 6
    assert about["selection"] == []
    assert {"versions", "commit", "device", "key", "method", "protocol", "seed", "labels", "leaky"} <= set(about)
    fold_path(tmp_path / run.name, "b/s1").unlink()
    seen.clear()
    told.clear()
    again = evaluate(METHOD, clips, y, LOSO(), out=tmp_path, name="mine", progress=lambda *each: told.append(each))
    tables_equal(run, again)
    assert [each[1:3] for each in told if each[0] == "folds"] == [(0, 1), (1, 1)]
    tables_equal_in_any_order(run, read_run(tmp_path / run.name))
    other, _ = made(seed=1)
    changed = make_pipeline(Pixels(), SVC())
    for change in ({"seed": 1}, {"protocol": SubjectKFold(6)}, {"method": changed}, {"y": np.roll(y, 1)}, {"clips": other}):
        given = {"method": METHOD, "clips": clips, "y": y, "protocol": LOSO(), "seed": 0} | change
        evaluate(**given, out=tmp_path, name="mine")
    assert len(list(tmp_path.glob("mine-*"))) == 6


def test_a_finished_run_keeps_saying_what_computed_it(tmp_path):
    clips, y = made()
    run = evaluate(METHOD, clips, y, LOSO(), out=tmp_path)
    file = tmp_path / run.name / "run.json"
    about = json.loads(file.read_text()) | {"commit": "of old"}
    file.write_text(json.dumps(about))
    assert evaluate(METHOD, clips, y, LOSO(), out=tmp_path).about["commit"] == "of old"
    assert json.loads(file.read_text()) == about
    fold_path(tmp_path / run.name, "a/s2").unlink()
    evaluate(METHOD, clips, y, LOSO(), out=tmp_path)
    assert json.loads(file.read_text())["commit"] != "of old"


def test_what_a_killed_run_had_not_renamed_goes_in_time(tmp_path):
    clips, y = made()
    run = evaluate(METHOD, clips, y, LOSO(), out=tmp_path)
    old, new = tmp_path / run.name / "folds" / ".old.tmp", tmp_path / run.name / ".new.tmp"
    for file in (old, new):
        file.write_text("clip,data")
    os.utime(old, (1, 1))
    fold_path(tmp_path / run.name, "a/s2").unlink()
    tables_equal(run, evaluate(METHOD, clips, y, LOSO(), out=tmp_path))
    assert (old.exists(), new.exists()) == (False, True)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_is_said_and_loses_no_finished_fold(tmp_path):
    import resource

    clips, y = made()
    run = evaluate(METHOD, clips, y, LOSO(), out=tmp_path)
    folder, before = tmp_path / run.name, resource.getrlimit(resource.RLIMIT_FSIZE)
    fold_path(folder, "a/s2").unlink()
    there = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(OutputError, match=r"could not be written: .*finished folds are kept"):
            evaluate(METHOD, clips, y, LOSO(), out=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == there
    tables_equal(run, evaluate(METHOD, clips, y, LOSO(), out=tmp_path))


def test_a_fold_that_was_tampered_with_is_computed_again(tmp_path):
    clips, y = made()
    run = evaluate(METHOD, clips, y, LOSO(), out=tmp_path)
    path = fold_path(tmp_path / run.name, "a/s2")
    for text in ("", "clip,y_true\nx,y\n", path.read_text().replace("surprise", "negative")):
        path.write_text(text)
        with pytest.warns(UserWarning, match="computed again"):
            tables_equal(run, evaluate(METHOD, clips, y, LOSO(), out=tmp_path))


def test_a_folder_of_another_version_is_left_alone(tmp_path):
    clips, y = made()
    run = evaluate(METHOD, clips, y, LOSO(), out=tmp_path)
    file = tmp_path / run.name / "run.json"
    text = json.dumps({**json.loads(file.read_text()), "format": 99})
    file.write_text(text)
    with pytest.raises(UsageError, match="format 99"):
        evaluate(METHOD, clips, y, LOSO(), out=tmp_path)
    assert file.read_text() == text
    file.write_text(json.dumps({**json.loads(text), "format": 1, "key": "other"}))
    with pytest.raises(UsageError, match="another run"):
        evaluate(METHOD, clips, y, LOSO(), out=tmp_path)


SCRIPT = '''
import os, signal, sys, time
from pathlib import Path
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.ensemble import RandomForestClassifier
from fleeting.base import ClipTransformer
from fleeting.clip import Clip
from fleeting.evaluation.evaluate import evaluate
from fleeting.protocols import LOSO

class Mean(ClipTransformer):
    def transform_clip(self, clip):
        return clip.frames.mean(axis=0).ravel()

class Forest(RandomForestClassifier):
    def fit(self, X, y):
        time.sleep(60 if done() >= enough[0] else 0.02)  # a slow killer must find somebody to kill
        return super().fit(X, y)

def run(name):
    evaluate(method, clips, np.arange(60) // 3 % 3, LOSO(), out=out / name, name="r").predictions.to_csv(out / (name + ".csv"), index=False)

def done():
    return len(list(out.glob("killed/*/folds/*.csv")))

rng, out, clips = np.random.default_rng(0), Path(sys.argv[1]), []
for i in range(60):
    f = rng.integers(0, 255, (3, 4, 4, 3), dtype=np.uint8)
    clips.append(Clip(f"d/s{i % 20}/{i}", "d", f"s{i % 20}", 9.0, 0, 1, 2, read=lambda f=f: f))
method = make_pipeline(Mean(), Forest(3))
enough = [99]
run("whole")
kills = 0
while kills < 5:
    before, child = done(), os.fork()
    if child == 0:
        enough[0] = before + 3
        run("killed")
        os._exit(9)
    while done() <= before:
        time.sleep(0.001)
    time.sleep(rng.uniform(0, 0.05))
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    kills += 1
print(done())
run("killed")
'''


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked")
def test_killed_at_random_moments_and_resumed_it_gives_the_same(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = os.environ | {"FLEETING_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, str(script), str(tmp_path)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert finished.returncode == 0, finished.stderr
    assert 5 <= int(finished.stdout) < 20
    assert (tmp_path / "killed.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    whole, killed = (sorted(file.name for file in tmp_path.glob(f"{name}/*/folds/*.csv")) for name in ("whole", "killed"))
    assert killed == whole


class Locked(DummyClassifier):
    def __init__(self, lock=None):
        super().__init__()
        self.lock = lock


class Unsendable(DummyClassifier):
    def __init__(self, generator=None):
        super().__init__()
        self.generator = generator

    def __sklearn_clone__(self):
        return self


class Short(DummyClassifier):
    def predict(self, X):
        return super().predict(X)[1:]


class Third(DummyClassifier):
    """Fails in the fold in which nobody is called s2."""

    def fit(self, X, y, groups=None):
        if groups is not None and "a/s2" not in groups:
            raise ValueError("no")
        return super().fit(X, y)


def test_a_run_that_fails_before_its_first_fold_leaves_no_folder(tmp_path):
    clips, y = made()
    for out, left in ((tmp_path / "new" / "runs", []), (tmp_path / "old", ["note"])):
        if left:
            out.mkdir()
            (out / "note").write_text("mine")
        with pytest.raises(UsageError, match="failed"):
            evaluate(make_pipeline(Pixels(), SVC(C=-1)), clips, y, LOSO(), out)
        assert not (tmp_path / "new").exists()
        assert sorted(path.name for path in out.glob("*")) == left
    with config_context(enable_metadata_routing=True), pytest.raises(UsageError, match="fold 'a/s2' failed"):
        evaluate(make_pipeline(Pixels(), Third().set_fit_request(groups=True)), clips, y, LOSO(), tmp_path / "later")
    (kept,) = (tmp_path / "later").iterdir()
    assert sorted(path.stem for path in (kept / "folds").iterdir()) == ["a%2Fs0"]
    assert (kept / "run.json").exists()


def test_methods_that_cannot_be_used_are_said(tmp_path):
    clips, y = made()
    with_generator = RandomForestClassifier(random_state=np.random.RandomState(0))
    for method, options, says in (
        (make_pipeline(Pixels(), Locked(threading.Lock())), {}, "cannot be copied for each fold"),
        (3, {}, "3 is no method"),
        (SVC, {}, "is no method"),
        (StandardScaler(), {}, "is no method"),
        (make_pipeline(Pixels(), with_generator), {"out": tmp_path}, "RandomState cannot be named"),
        (make_pipeline(Pixels(), Unsendable(threading.Lock())), {"jobs": 2}, "cannot be sent to other processes: take jobs=1"),
        (make_pipeline(Pixels(), Short()), {}, r"fold 'a/s0': 4 clips were tested, .* shape \(3,\)"),
        (make_pipeline(Pixels(), SVC(C=-1)), {}, "fold 'a/s0' failed: InvalidParameterError"),
        (METHOD, {"jobs": 0}, "jobs must be 1 or more, or -1"),
    ):
        with pytest.raises(UsageError, match=says):
            evaluate(method, clips, y, LOSO(), **options)
    assert not list(tmp_path.glob("*-*"))


def test_lambdas_are_told_apart_by_what_they_do(tmp_path):
    clips, y = made()
    factor = 2
    methods = [
        make_pipeline(Pixels(), FunctionTransformer(f), SVC())
        for f in (lambda X: X * 2, lambda X: X * 3, lambda X: X * factor, lambda X: X * 2)
    ]
    keys = [evaluate(method, clips, y, LOSO(), out=tmp_path).about["key"] for method in methods]
    assert keys[0] == keys[3]
    assert len(set(keys)) == 3
    tables_equal(*(evaluate(methods[2], clips, y, LOSO(), jobs=jobs) for jobs in (1, 2)))


@pytest.mark.parametrize(
    ("clips", "y", "says"),
    [
        (made()[0], ["a"] * 23, r"24 clips but labels of shape \(23,\)"),
        (made()[0], ["a"] * 24, "all 24 clips are a"),
        (made()[0], [None, *["a", "b"] * 11, "a"], "without a label"),
        (made()[0], np.r_[np.nan, np.arange(23) % 2], "nan for a label"),
        (made()[0], np.zeros((24, 2)), r"shape \(24, 2\)"),
        (made()[0], {"a/s0/0": "a"}, "23 clips have no label, such as 'a/s0/1'"),
        ([made()[0][0]] * 2, ["a", "b"], "1 clip ids occur more than once, such as 'a/s0/0'"),
        ([], [], "no clip"),
        (np.zeros((3, 2)), [0, 1, 0], "must be fleeting.Clip; one of them is a ndarray"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_clips_and_labels_that_cannot_be_used_are_said(clips, y, says):
    with pytest.raises(UsageError, match=says):
        evaluate(METHOD, clips, y, LOSO())


def test_a_class_with_one_clip_is_reported_and_everything_else_goes_on():
    clips, y = made()
    y[5] = "fear"
    with pytest.warns(UserWarning, match=r"1 of 6 folds train without some class: b/s1 without fear"):
        run = evaluate(make_pipeline(Pixels(), LogisticRegression()), clips, y, LOSO())
    assert run.labels == ["fear", *WORDS]
    assert len(run.predictions) == 24
    assert run.predictions.p_fear[run.predictions.fold == "b/s1"].eq(0).all()


def test_a_subject_with_one_class_and_a_fold_with_one_class_to_learn():
    clips, y = made(subjects=3)
    y[:] = ["negative"] * 4 + ["positive"] * 4 + ["negative"] * 4
    with pytest.warns(UserWarning, match="b/s1 without positive"), pytest.raises(UsageError, match="fold 'b/s1' failed: ValueError"):
        evaluate(METHOD, clips, y, LOSO())
    y[0] = "positive"
    assert len(evaluate(METHOD, clips, y, LOSO()).predictions) == 12


class Holes(Pixels):
    def transform_clip(self, clip):
        feature = super().transform_clip(clip)
        feature[0] = np.nan if clip.id.endswith("/7") else 1
        return feature


class Ragged(Pixels):
    def transform_clip(self, clip):
        return super().transform_clip(clip)[: 9 + clip.id.endswith("/3")]


class Failing(Pixels):
    def transform_clip(self, clip):
        raise KeyError("no such thing")


def test_features_that_cannot_be_used_are_said():
    clips, y = made()
    for feature, says in (
        (Holes(), r"1 of 24 clips hold NaN or infinity, first those of b/s1/7"),
        (Ragged(), r"a/s0/0 gives \(9,\), a/s0/3 \(10,\)"),
        (Failing(), "clip a/s0/0: KeyError"),
    ):
        with pytest.raises(UsageError, match=says):
            evaluate(make_pipeline(feature, SVC()), clips, y, LOSO())
    run = evaluate(make_pipeline(Holes(), HistGradientBoostingClassifier(max_iter=2)), clips, y, SubjectKFold(2))
    assert len(run.predictions) == 24


def test_a_class_that_only_the_method_knows_counts_as_wrong():
    clips, y = made(classes=2)
    with pytest.warns(UserWarning, match="says contempt, which no clip is"):
        run = evaluate(make_pipeline(Pixels(), Contempt()), clips, y, LOSO())
    assert run.labels == ["negative", "positive", "contempt"]
    assert run.score("accuracy") == 0


class Contempt(DummyClassifier):
    def predict(self, X):
        return np.array(["contempt"] * len(X))


def test_a_full_disk_costs_a_warning_not_the_run(tmp_path, monkeypatch):
    clips, y = made()
    expected = evaluate(METHOD, clips, y, LOSO(), cache=False)
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("FLEETING_CACHE", str(blocked))
    with pytest.warns(UserWarning, match="could not be written.*going on without it"):
        tables_equal(expected, evaluate(METHOD, clips, y, LOSO()))


def test_no_path_of_this_machine_is_in_a_run(tmp_path):
    clips, y = made()
    run = evaluate(METHOD, clips, y, LOSO(), out=tmp_path)
    text = (tmp_path / run.name / "run.json").read_text()
    assert str(tmp_path) not in text
    assert str(Path.home()) not in text


def test_scores_say_how_many_clips_have_their_apex_on_the_onset_or_last_seconds(tmp_path):
    clips, y = made()
    usual = evaluate(make_pipeline(Pixels(), LogisticRegression()), clips, y, LOSO(), tmp_path)
    assert not {"apex_on_onset", "over_2_s"} & set(usual.about)
    odd = [replace(clip, apex=0) if i < 3 else replace(clip, fps=1.5) if i < 5 else clip for i, clip in enumerate(clips)]
    run = evaluate(make_pipeline(Pixels(), LogisticRegression()), odd, y, LOSO(), tmp_path)
    assert (run.about["apex_on_onset"], run.about["over_2_s"]) == (3, 2)
    notes = " ".join(score_tables(run)[0].notes)
    assert "3 of 24 clips have their apex on their onset: methods that look at motion from onset to apex take it from offset" in notes
    assert "2 of 24 clips last over 2 s by their coding" in notes
    assert run.about["key"] != usual.about["key"]
    assert read_run(tmp_path / run.name).about["apex_on_onset"] == 3
