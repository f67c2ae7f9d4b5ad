"""A recogniser of one's own: what it must keep to, and what is said where it does not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.svm import LinearSVC

from fleeting.errors import UsageError
from fleeting.methods import GROUPS, check_recogniser


class Own(ClassifierMixin, BaseEstimator):
    """Says the same of each clip."""

    def __init__(self, says=(0.2, 0.3, 0.5), classes=GROUPS):
        self.says = says
        self.classes = classes
        self.classes_ = np.array(classes)

    def fit(self, clips, y):
        return self

    def predict_proba(self, clips):
        assert all(clip.frames.shape == (9, 224, 224, 3) for clip in clips)
        return np.array([self.says for _ in clips])


class Fails(Own):
    def predict_proba(self, clips):
        return clips.shape


def test_ours_and_one_of_ones_own_pass():
    check_recogniser("au_template")
    check_recogniser(Own())
    check_recogniser(Own((0.2, 0.3, 0.5), ("surprise", "negative", "positive")))


@pytest.mark.parametrize(
    ("own", "says"),
    [
        (Own(classes=("a", "b")), "its classes must be negative, positive, surprise; this one has a, b"),
        (LinearSVC(), "this one has not been fitted"),
        (Own((0.2, 0.3)), r"predict_proba gives \(2, 2\) float64: it must be \(2, 3\), a row a clip, in the order of classes_"),
        (Own((0.2, 0.3, 0.6)), "they must be probabilities, which sum to one"),
        (Own((np.nan, 0.3, 0.6)), "they must be probabilities"),
        (Own((-0.5, 0.5, 1.0)), "they must be probabilities"),
        (Fails(), "Fails.predict_proba, given 2 clips, failed: AttributeError: 'list' object has no attribute 'shape'"),
        ("ststnet", "has to be trained first"),
    ],
)
def test_what_is_wrong_is_said(own, says):
    with pytest.raises(UsageError, match=says):
        check_recogniser(own)


def test_a_method_without_probabilities():
    own = LinearSVC()
    own.classes_ = np.array(GROUPS)
    with pytest.raises(UsageError, match=r"LinearSVC has no predict_proba\(clips\)"):
        check_recogniser(own)
