"""Samples in a file: the same rows as in memory, the same names, the same predictions; the file goes with them."""

from __future__ import annotations

import gc
import pickle

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from fleeting.base import ClipTransformer
from fleeting.clip import Clip
from fleeting.compute import prefix
from fleeting.compute.identity import digest
from fleeting.compute.rows import Rows, Stored, in_parts
from fleeting.errors import OutputError, UsageError
from fleeting.evaluation.evaluate import evaluate
from fleeting.models.ststnet import STSTNet
from fleeting.protocols import LOSO
from fleeting.training.net import NetClassifier
from fleeting.training.train import train


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FLEETING_CACHE", str(tmp_path / "cache"))


def stored(folder, array):
    out = Stored(folder, len(array), array[0])
    for row in np.random.default_rng(0).permutation(len(array)):
        out.put(row, array[row])
    return out


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_rows_come_back_in_any_order(tmp_path, rng, dtype):
    array = (100 * rng.random((150, 2, 3))).astype(dtype)
    samples = stored(tmp_path, array)
    assert (samples.shape, samples.dtype, len(samples)) == (array.shape, array.dtype, 150)
    for rows in (np.array([7, 0, 7, 149]), slice(3, 9), np.array([], int), np.array([[1, 2], [3, 4]])):
        assert np.array_equal(samples[rows], array[rows])
    some = Rows(samples, np.array([5, 4, 3]))
    assert some.shape == (3, 2, 3)
    assert np.array_equal(some[np.array([2, 0])], array[[3, 5]])
    assert np.array_equal(np.concatenate(list(in_parts(samples))), array)


def test_they_are_named_like_the_same_samples_in_memory(tmp_path, rng):
    array = rng.random((150, 2, 3)).astype(np.float32)
    assert digest(stored(tmp_path, array)) == digest(array)
    assert digest(Rows(stored(tmp_path, array), np.array([4, 140]))) == digest(array[[4, 140]])


def test_other_processes_read_them_and_the_file_goes_with_its_maker(tmp_path, rng):
    array = rng.random((9, 4)).astype(np.float32)
    samples = stored(tmp_path, array)
    path = samples.path
    copy = pickle.loads(pickle.dumps(samples))
    assert np.array_equal(copy[np.arange(9)], array)
    del copy
    gc.collect()
    assert path.exists()
    del samples
    gc.collect()
    assert not path.exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"file.00 cannot be written: .*FLEETING_CACHE"):
        Stored(tmp_path / "file", 3, np.zeros(4))


class First(ClipTransformer):
    """The first frame, channels first; of clip 3 what ``third`` says."""

    def __init__(self, third=None):
        self.third = third

    def transform_clip(self, clip):
        x = np.moveaxis(clip.frames[0], -1, 0).astype(np.float32)
        if clip.id == "d/s0/3" and self.third == "nan":
            x[0, 0, 0] = np.nan
        return x[:, :-1] if clip.id == "d/s0/3" and self.third == "small" else x


def made():
    rng = np.random.default_rng(0)
    y = np.arange(27) % 3
    frames = (60 * y[:, None, None, None, None] + rng.integers(0, 90, (27, 1, 12, 12, 3))).astype(np.uint8)
    clips = [Clip(f"d/s{k // 6}/{k}", "d", f"s{k // 6}", 50.0, 0, 0, 0, read=lambda k=k: frames[k]) for k in range(27)]
    return clips, np.array(["negative", "positive", "surprise"])[y]


def method(third=None):
    net = {"epochs": 3, "batch_size": 8, "lr": 1e-3, "standardise": "data", "device": "cpu"}
    return make_pipeline(First(third), NetClassifier(STSTNet, **net))


@pytest.mark.parametrize("stack", ["off", 3])
def test_predictions_do_not_depend_on_where_the_samples_are(tmp_path, monkeypatch, stack):
    clips, y = made()
    here = evaluate(method(), clips, y, LOSO(), stack=stack)
    made_files = []
    monkeypatch.setattr(prefix, "IN_MEMORY", 0)
    monkeypatch.setattr(Stored, "__init__", lambda self, *given, real=Stored.__init__: (made_files.append(given), real(self, *given))[1])
    there = evaluate(method(), clips, y, LOSO(), stack=stack)
    assert len(made_files) == 1
    assert here.predictions.equals(there.predictions)
    gc.collect()
    assert not list((tmp_path / "cache").rglob("*.tmp"))


def test_what_needs_all_samples_gets_them(monkeypatch):
    class Row(First):
        def transform_clip(self, clip):
            return super().transform_clip(clip).ravel()

    clips, y = made()
    monkeypatch.setattr(prefix, "IN_MEMORY", 0)
    assert len(evaluate(make_pipeline(Row(), StandardScaler(), SVC()), clips, y, LOSO()).predictions) == 27


@pytest.mark.parametrize(("third", "words"), [("nan", "d/s0/3"), ("small", r"d/s0/0 gives \(3, 12, 12\), d/s0/3 \(3, 11, 12\)")])
def test_what_is_wrong_with_a_sample_is_said_as_in_memory(monkeypatch, third, words):
    clips, y = made()
    monkeypatch.setattr(prefix, "IN_MEMORY", 0)
    with pytest.raises(UsageError, match=words):
        evaluate(method(third), clips, y, LOSO(), cache=False)


def test_weights_are_those_trained_in_memory(tmp_path, monkeypatch):
    clips, y = made()
    here = train("ststnet", clips, y, tmp_path / "here", {"epochs": 2, "device": "cpu"})
    monkeypatch.setattr(prefix, "IN_MEMORY", 0)
    there = train("ststnet", clips, y, tmp_path / "there", {"epochs": 2, "device": "cpu"})
    assert here.read_bytes() == there.read_bytes()
