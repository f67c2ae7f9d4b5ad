"""Chosen honestly and chosen on the test fold: numbers by hand, and that the honest choice never sees the test person."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from fleeting.base import ClipTransformer
from fleeting.clip import Clip
from fleeting.errors import UsageError
from fleeting.evaluation.inflate import BEST, NONE, ON_TEST, WITHIN, inflate, inflation
from fleeting.evaluation.run import Run
from fleeting.protocols import LOSO


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FLEETING_CACHE", str(tmp_path / "cache"))


class Level(ClipTransformer):
    def transform_clip(self, clip):
        return clip.frames.mean(axis=(0, 1, 2)) / 255


class Guess(ClassifierMixin, BaseEstimator):
    """Guesses, differently for each number: there is nothing to learn, so nothing to choose either."""

    def __init__(self, number=0):
        self.number = number

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        rng = np.random.default_rng([self.number, int(1e9 * X.sum())])
        return rng.choice(self.classes_, len(X))


def noise(subjects, each, seed=0):
    rng = np.random.default_rng(seed)
    frames = rng.integers(0, 255, (subjects * each, 2, 4, 4, 3), dtype=np.uint8)
    clips = [Clip(f"d/s{i % subjects}/{i}", "d", f"s{i % subjects}", 9.0, 0, 0, 1, lambda i=i: frames[i]) for i in range(subjects * each)]
    return clips, rng.permutation(np.arange(subjects * each) % 2)


def test_where_nothing_can_be_learned_the_choice_on_the_test_fold_still_scores():
    clips, y = noise(12, 4)
    method = make_pipeline(Level(), Guess())
    told = []
    result = inflate(method, {"guess__number": range(6)}, clips, y, LOSO(), progress=lambda *each: told.append(each[:3]))
    accuracy = result.table["accuracy"]
    assert list(result.table.index) == [NONE, WITHIN, BEST, ON_TEST]
    assert abs(accuracy[NONE] - 0.5) < 0.1
    assert abs(accuracy[WITHIN] - 0.5) < 0.2
    assert accuracy[ON_TEST] > 0.75
    assert accuracy[NONE] <= accuracy[BEST] <= accuracy[ON_TEST]
    assert result.on_test.leaky
    assert not result.honest.leaky
    assert len(result.honest.predictions) == 48
    assert told[-1] == ("settings", 78, 78)


def test_the_honest_choice_does_not_look_at_the_test_person():
    """Whatever the labels of one person are, the choice made for that person stays."""
    clips, y = noise(6, 4)
    method, grid = make_pipeline(Level(), KNeighborsClassifier()), {"kneighborsclassifier__n_neighbors": [1, 3, 5, 7]}
    of_one = np.array([clip.subject == "s2" for clip in clips])
    a = inflate(method, grid, clips, y, LOSO(), score="accuracy").honest.about["chosen"]
    b = inflate(method, grid, clips, np.where(of_one, 1 - y, y), LOSO(), score="accuracy").honest.about["chosen"]
    assert a["d/s2"] == b["d/s2"]


def test_labels_are_joined_by_clip_id():
    clips, y = noise(4, 3)
    method, grid = make_pipeline(Level(), Guess()), {"guess__number": [0, 1]}
    by_id = {clip.id: label for clip, label in zip(clips, y.tolist(), strict=True)}
    plain, joined = (inflate(method, grid, clips, labels, LOSO()).table for labels in (y, dict(sorted(by_id.items()))))
    pd.testing.assert_frame_equal(plain, joined)


def test_it_is_resumed(tmp_path):
    clips, y = noise(5, 4)
    method, grid = make_pipeline(Level(), Guess()), {"guess__number": [0, 1]}
    a, b = (inflate(method, grid, clips, y, LOSO(), out=tmp_path) for _ in range(2))
    pd.testing.assert_frame_equal(a.table, b.table)
    assert len(list(tmp_path.glob("Level-Guess-*"))) == 2
    assert len(list(tmp_path.glob("inner/Level-Guess-*"))) == 10


def run_of(name, predicted, true="aabb", folds="1122"):
    rows = {"clip": list("wxyz"), "dataset": "d", "subject": list(folds), "fold": list(folds)}
    return Run(pd.DataFrame({**rows, "y_true": list(true), "y_pred": list(predicted)}), name)


@pytest.mark.filterwarnings("ignore:a class occurs in only")
def test_finished_runs_are_set_side_by_side():
    first, second = run_of("first", "aaaa"), run_of("second", "bbbb")
    result = inflation([first, second], score="accuracy")
    assert result.table["accuracy"].to_dict() == {NONE: 0.5, BEST: 0.5, ON_TEST: 1.0}
    assert result.honest is None
    assert result.on_test.predictions.y_pred.tolist() == list("aabb")
    shuffled = Run(second.predictions.iloc[::-1], "second")
    assert inflation([first, shuffled], score="accuracy").table.equals(result.table)


def test_what_cannot_be_compared_is_said():
    clips, y = noise(4, 3)
    with pytest.raises(UsageError, match="at least two"):
        inflation([run_of("one", "aabb")])
    with pytest.raises(UsageError, match="b and a are not of the same clips"):
        inflation([run_of("a", "aabb"), run_of("b", "aabb", true="abab")])
    with pytest.raises(UsageError, match="single setting"):
        inflate(make_pipeline(Level(), Guess()), {"guess__number": [1]}, clips, y, LOSO())
    with pytest.raises(UsageError, match="parameter that the method lacks"):
        inflate(make_pipeline(Level(), Guess()), {"guess__nothing": [1, 2]}, clips, y, LOSO())
    with pytest.raises(UsageError, match="no score is called"):
        inflation([run_of("a", "aabb"), run_of("b", "abab")], score="luck")
