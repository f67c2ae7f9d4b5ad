"""A network that has learned nothing is said to have learned nothing: once a run, in the run and on its page."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import make_pipeline

from fleeting.base import ClipTransformer
from fleeting.evaluation.evaluate import evaluate
from fleeting.evaluation.report import run_report_html
from fleeting.evaluation.run import read_run
from fleeting.evaluation.unlearned import not_learned, training_accuracy
from fleeting.protocols import LOSO

from ..made_clips import make_clip, moving


class Mean(ClipTransformer):
    def transform_clip(self, clip):
        return clip.frames.mean(axis=(1, 2, 3))


class Network(ClassifierMixin, BaseEstimator):
    """Says the first class, and records an epoch."""

    def __init__(self, accuracy=0.5):
        self.accuracy = accuracy

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.history_ = [{"epoch": 1, "accuracy": self.accuracy, "chosen": 1}, {"epoch": 2, "accuracy": 1.0, "chosen": 0}]
        return self

    def predict(self, X):
        return np.repeat(self.classes_[:1], len(X))


def epochs(*accuracies, chosen=None):
    table = pd.DataFrame({"epoch": range(1, len(accuracies) + 1), "accuracy": accuracies})
    return table if chosen is None else table.assign(chosen=(table.epoch == chosen).astype(int))


def test_the_accuracy_is_that_of_the_epoch_taken():
    assert training_accuracy(epochs(0.2, 0.9, 0.4, chosen=2)) == 0.9
    assert training_accuracy(epochs(0.2, 0.9, 0.4)) == 0.4
    assert training_accuracy(epochs()) is None
    assert training_accuracy(pd.DataFrame({"epoch": [1], "loss": [2.0]})) is None


def test_it_is_held_against_the_commonest_class_of_its_own_training_clips():
    y = np.repeat(["a", "b"], (6, 4))
    assert not_learned({"": epochs(0.61)}, {"": y}) is None
    assert not_learned({}, {}) is None
    for accuracy in (0.6, 0.3):  # as good as it, or worse
        assert f"({accuracy:.3f} against .600): it has not learned".replace("0.", ".") in not_learned({"": epochs(accuracy)}, {"": y})
    said = not_learned({"s1": epochs(0.7), "s2": epochs(0.5)}, {"s1": y, "s2": y})
    assert said.startswith("in 1 of 2 folds the network ended no better")
    assert "(s2: .500 against .600)" in said


@pytest.mark.filterwarnings("error")
def test_a_run_says_it_once_and_keeps_it(tmp_path):
    clips = [
        replace(make_clip(moving([0, shift]), name=f"made/s{person}/c{shift}"), subject=f"s{person}")
        for person in range(4) for shift in range(3)
    ]  # fmt: skip
    y = ["a", "a", "b"] * 4
    with pytest.warns(UserWarning, match="in 4 of 4 folds the network ended no better .* it has not learned") as caught:
        run = evaluate(make_pipeline(Mean(), Network()), clips, y, LOSO(), out=tmp_path)
    assert len(caught) == 1
    again = read_run(tmp_path / run.name)
    assert "it has not learned" in again.about["not_learned"]
    page = run_report_html([again])
    assert "<strong>Not learned.</strong> In 4 of 4 folds" in page
    good = evaluate(make_pipeline(Mean(), Network(0.9)), clips, y, LOSO(), out=tmp_path)
    assert "not_learned" not in good.about
    assert "Not learned." not in run_report_html([good])
