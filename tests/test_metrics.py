"""Scores, worked out by hand."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from fleeting import metrics
from fleeting.errors import UsageError

# F1 = (2/3, 1/2, .8), recalls (.75, .5, 2/3), precisions (.6, .5, 1)
TRUE = [0, 0, 0, 0, 1, 1, 2, 2, 2]
PRED = [0, 0, 0, 1, 1, 0, 2, 2, 0]
WORDS = np.array(["negative", "positive", "surprise"])


def test_nine_clips_by_hand():
    assert metrics.confusion_matrix(TRUE, PRED).tolist() == [[3, 1, 0], [1, 1, 0], [1, 0, 2]]
    assert metrics.accuracy(TRUE, PRED) == metrics.war(TRUE, PRED) == pytest.approx(6 / 9)
    assert metrics.uf1(TRUE, PRED) == metrics.macro_f1(TRUE, PRED) == pytest.approx(0.6555556)
    assert metrics.uar(TRUE, PRED) == pytest.approx(0.6388889)
    assert metrics.recall(TRUE, PRED) == {0: 0.75, 1: 0.5, 2: pytest.approx(2 / 3)}
    assert metrics.f1(TRUE, PRED) == {0: pytest.approx(2 / 3), 1: 0.5, 2: pytest.approx(0.8)}
    assert metrics.f1_of_macro_pr(TRUE, PRED) == pytest.approx(0.6680498)  # 2 (.7)(.638889) / (.7 + .638889)
    assert metrics.weighted_f1(TRUE, PRED) == pytest.approx((4 * 2 / 3 + 2 * 0.5 + 3 * 0.8) / 9)


def test_the_rival_conventions_differ_on_the_same_predictions():
    every = metrics.f1_conventions(TRUE, PRED, folds=["a"] * 5 + ["b"] * 4)
    # Fold a: classes 0 and 1 with F1 6/7 and 2/3; fold b: 0, 0, .8
    first, second = 6 / 7 + 2 / 3, 0.8
    assert every["fold_mean_f1"] == pytest.approx((first / 3 + second / 3) / 2) == pytest.approx(0.387302, abs=1e-6)
    assert every["fold_mean_f1_present"] == pytest.approx((first / 2 + second / 3) / 2)
    assert every["fold_mean_weighted_f1"] == pytest.approx(((4 * 6 / 7 + 2 / 3) / 5 + 3 * 0.8 / 4) / 2)
    assert every["uf1"] == pytest.approx(0.6555556)
    assert every["micro_f1"] == pytest.approx(6 / 9)
    assert every["f1_of_macro_pr"] == pytest.approx(0.6680498)
    assert every["weighted_f1"] == metrics.weighted_f1(TRUE, PRED)


def test_all_negative_on_the_composite_of_442():
    y = np.repeat([0, 1, 2], (250, 109, 83))
    negative = np.zeros(442, int)
    assert metrics.accuracy(y, negative) == pytest.approx(0.5656, abs=5e-5)
    assert metrics.uf1(y, negative) == pytest.approx(0.2408, abs=5e-5)
    assert metrics.uar(y, negative) == pytest.approx(1 / 3)


def test_the_published_predictions_give_the_published_scores(shared_data):
    table = pd.read_csv(shared_data / "ststnet_loso_predictions.csv", dtype={"subject": str})
    assert len(table) == 442
    assert round(metrics.uf1(table.y_true, table.y_pred), 4) == 0.7209
    assert round(metrics.uar(table.y_true, table.y_pred), 4) == 0.7250


def test_the_order_of_clips_and_of_classes_does_not_matter(rng):
    y, p = rng.integers(0, 3, 60), rng.integers(0, 3, 60)
    shuffled, renamed = rng.permutation(60), np.array([2, 0, 1])
    for score in (metrics.uf1, metrics.uar, metrics.accuracy, metrics.weighted_f1, metrics.f1_of_macro_pr):
        assert score(y[shuffled], p[shuffled]) == score(y, p)
        assert score(renamed[y], renamed[p]) == pytest.approx(score(y, p))
        assert score(WORDS[y], WORDS[p], labels=WORDS[::-1]) == pytest.approx(score(y, p))
    matrix = metrics.confusion_matrix(WORDS[y], WORDS[p], labels=["surprise", "positive", "negative"])
    assert (matrix == metrics.confusion_matrix(y, p)[::-1, ::-1]).all()


def test_agrees_with_scikit_learn(rng):
    from sklearn.metrics import f1_score, recall_score

    y, p = rng.integers(0, 4, 80), rng.integers(0, 4, 80)
    both = {"labels": [0, 1, 2, 3], "zero_division": 0}
    assert metrics.uf1(y, p) == pytest.approx(f1_score(y, p, average="macro", **both))
    assert metrics.uar(y, p) == pytest.approx(recall_score(y, p, average="macro", **both))
    assert metrics.weighted_f1(y, p) == pytest.approx(f1_score(y, p, average="weighted", **both))


def test_an_absent_class_counts_zero_if_it_is_named():
    assert metrics.uf1([0, 0, 1], [0, 0, 1]) == 1.0
    assert metrics.uf1([0, 0, 1], [0, 0, 1], labels=[0, 1, 2]) == pytest.approx(2 / 3)
    with pytest.warns(UserWarning, match=r"class \[2\]"):
        assert metrics.uar([0, 0, 1], [0, 0, 1], labels=[0, 1, 2]) == pytest.approx(2 / 3)
    with pytest.warns(UserWarning, match=r"class \[1\]"):  # predicted, never true
        assert metrics.uar([0, 0], [0, 1]) == 0.25


@pytest.mark.parametrize(
    ("true", "pred", "labels", "says"),
    [
        ([0, 1], [0], None, "y_true has 2 labels and y_pred 1"),
        ([], [], None, "at least one"),
        ([0, 1], ["0", "1"], None, "both as numbers or both as words"),
        ([0, 3], [0, 0], [0, 1], "label 3 is not among"),
        ([0, 0], [0, 0], [0, 0], "twice"),
        ([0, float("nan")], [0, 1], None, "nan"),
        (["a", None], ["a", "a"], None, "without a label"),
        (pd.Series(["a", np.nan], dtype=object), ["a", "a"], None, "without a label"),
        ([[0, 1]], [[0, 1]], None, "shape"),
    ],
)
def test_what_cannot_be_scored_is_said(true, pred, labels, says):
    with pytest.raises(UsageError, match=says):
        metrics.uf1(true, pred, labels)


def test_folds_of_another_length_and_unknown_scores_are_said():
    with pytest.raises(UsageError, match="8 folds for 9 clips"):
        metrics.f1_conventions(TRUE, PRED, range(8))
    with pytest.raises(UsageError, match=r"'f2'.*uf1"):
        metrics.score_of("f2")


def test_a_column_of_a_table_is_understood():
    table = pd.DataFrame({"t": WORDS[TRUE], "p": WORDS[PRED]})
    assert metrics.uf1(table.t, table.p) == metrics.uf1(table.t.astype(object), table.p) == metrics.uf1(TRUE, PRED)


def test_scores_need_no_slow_library():
    code = "import sys, fleeting.metrics; print(sorted({'sklearn', 'scipy', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
