"""Folds that are trained as one say what folds trained alone say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from fleeting.base import ClipTransformer
from fleeting.clip import Clip
from fleeting.errors import UsageError
from fleeting.evaluation.evaluate import evaluate
from fleeting.evaluation.fold import Task, prepared
from fleeting.evaluation.stacks import stacks
from fleeting.models.ststnet import STSTNet
from fleeting.protocols import LOSO
from fleeting.training.net import NetClassifier

CLOSE = 1e-3  # of probabilities, losses and accuracies: sums are made in another order, which Adam enlarges
WORDS = np.array(["negative", "positive", "surprise"])


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FLEETING_CACHE", str(tmp_path / "cache"))


class First(ClipTransformer):
    """The first frame, channels first."""

    def transform_clip(self, clip):
        return np.moveaxis(clip.frames[0], -1, 0)


def made(lonely=False):
    """27 clips of five people; with ``lonely``, one class is shown by one of them alone."""
    rng = np.random.default_rng(0)
    y = np.arange(27) % 3
    frames = (60 * y[:, None, None, None, None] + rng.integers(0, 90, (27, 1, 12, 12, 3))).astype(np.uint8)
    persons = [f"s{k // 6}" for k in range(27)]
    if lonely:
        y = np.array([label if person == "s0" else min(label, 1) for label, person in zip(y, persons, strict=True)])
    clips = [Clip(f"d/{who}/{k}", "d", who, 50.0, 0, 0, 0, read=lambda k=k: frames[k]) for k, who in enumerate(persons)]
    return clips, WORDS[y]


def method(**settings):
    net = {"epochs": 5, "batch_size": 8, "lr": 1e-3, "device": "cpu", **settings}
    return make_pipeline(First(), NetClassifier(STSTNet, **net))


def test_predictions_are_those_of_folds_trained_alone(tmp_path):
    clips, y = made()
    alone = evaluate(method(), clips, y, LOSO(), stack="off")
    three = evaluate(method(), clips, y, LOSO(), out=tmp_path, stack=3)
    words = ["clip", "fold", "y_true", "y_pred"]
    one, other = (run.predictions.sort_values(["fold", "clip"], ignore_index=True) for run in (alone, three))
    pd.testing.assert_frame_equal(one[words], other[words])
    assert np.abs(one.filter(like="p_") - other.filter(like="p_")).to_numpy().max() < CLOSE
    for fold, epochs in alone.learning.items():
        assert np.abs(epochs - three.learning[fold]).to_numpy().max() < CLOSE
    again = evaluate(method(), clips, y, LOSO(), out=tmp_path, stack="off")
    pd.testing.assert_frame_equal(again.predictions, three.predictions)  # kept, and known again


def test_folds_that_lack_a_class_have_a_stack_of_their_own():
    clips, y = made(lonely=True)
    with pytest.warns(UserWarning, match="folds train without some class: d/s0 without surprise"):
        run = evaluate(method(validation=0.0, choose="last"), clips, y, LOSO(), stack=8)
    assert len(run.predictions) == 27


def test_who_goes_together():
    clips, y = made()
    folds = list(LOSO().folds(clips))
    X = np.stack([First().transform_clip(clip) for clip in clips])
    task = Task(prepared(method()[1:]), X, y, np.array([clip.person for clip in clips]), 0)
    assert stacks(task, folds, 1, None, 2) == [[0, 1], [2, 3], [4]]
    for stack in ("auto", "off", 1):  # a CPU gains nothing
        assert stacks(task, folds, 1, None, stack) == [[0], [1], [2], [3], [4]]
    with pytest.raises(UsageError, match="take jobs=1"):
        stacks(task, folds, 2, None, 3)
    for wrong in ("all", 0, -1, 1.5):
        with pytest.raises(UsageError, match="give auto, off, or how many"):
            stacks(task, folds, 1, None, wrong)


def test_what_is_no_network_is_not_stacked():
    clips, y = made()

    class Row(First):
        def transform_clip(self, clip):
            return super().transform_clip(clip).ravel()

    with pytest.raises(UsageError, match="whose learning is one network"):
        evaluate(make_pipeline(Row(), StandardScaler(), SVC()), clips, y, LOSO(), stack=2)


def test_what_fails_names_the_folds():
    clips, y = made()
    with pytest.raises(UsageError, match=r"folds 'd/s0' to 'd/s2', trained as one, failed: .*training diverged"):
        evaluate(method(optimizer="sgd", lr=1e30), clips, y, LOSO(), stack=3)
