import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils import get_tags

from fleeting.classifiers.emotion_table import EmotionTable
from fleeting.errors import UsageError
from fleeting.faces.action_units import AUS, EMOTION_AUS, sides


def units(*names, per_cent=2.0):
    return np.isin(AUS, names)[None] * per_cent


@pytest.mark.parametrize("group", EMOTION_AUS)
def test_every_combination_of_the_table_is_read_as_its_own_group(group):
    for _, numbers in EMOTION_AUS[group]:
        if numbers == (1, 2, 4):
            continue  # fear moves the skin much as surprise does; the motion alone does not tell
        assert EmotionTable().predict(units(*sides(numbers)))[0] == group, numbers


@pytest.mark.parametrize(
    ("names", "group"),
    [
        (("R1", "L1", "R2", "L2"), "surprise"),
        (("L2",), "surprise"),
        (("R12", "L12"), "positive"),
        (("R12",), "positive"),
        (("R6", "L6", "R12", "L12"), "positive"),
        (("R4", "L4"), "negative"),
        (("R4", "L4", "R7", "L7"), "negative"),
        (("R9",), "negative"),
        (("R15", "L15", "17"), "negative"),
    ],
)
def test_surprise_smile_frown(names, group):
    table = EmotionTable()
    assert table.predict(units(*names)) == [group]
    assert table.predict_proba(units(*names)).max() > 0.7


def test_no_motion_and_a_blink_leave_one_third_each():
    X = np.concatenate([np.zeros((1, len(AUS))), units("R45", "L45")])
    np.testing.assert_allclose(EmotionTable().predict_proba(X), 1 / 3)


def test_less_motion_is_less_sure():
    sure = [EmotionTable().predict_proba(units("R12", "L12", per_cent=a)).max() for a in (0.01, 0.1, 1, 5)]
    assert sure == sorted(sure)
    assert sure[0] < 0.5 < sure[-1]


def test_sides_are_alike():
    rng = np.random.default_rng(0)
    X = rng.exponential(1, (20, len(AUS)))
    swapped = X[:, [AUS.index(name.translate(str.maketrans("RL", "LR"))) for name in AUS]]
    np.testing.assert_allclose(EmotionTable().predict_proba(X), EmotionTable().predict_proba(swapped), atol=1e-6)


def test_probabilities_and_classes():
    P = EmotionTable().predict_proba(np.random.default_rng(0).exponential(1, (50, len(AUS))))
    np.testing.assert_allclose(P.sum(axis=1), 1)
    assert list(EmotionTable().classes_) == ["negative", "positive", "surprise"]
    assert EmotionTable().predict_proba(np.zeros((0, len(AUS)))).shape == (0, 3)


def test_needs_no_fit_and_clones():
    table = EmotionTable(concentration=5)
    assert table.fit(None) is table
    assert not get_tags(table).requires_fit
    assert repr(clone(table)) == "EmotionTable(concentration=5)"


def test_other_columns_are_refused():
    with pytest.raises(UsageError, match="31 action units"):
        EmotionTable().predict(np.zeros((2, 7)))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_is_no_emotion(bad):
    """NaN had been read as "negative"."""
    X = np.concatenate([units("R12", "L12"), units("R4", "L4")])
    X[1, 5] = bad
    for call in (EmotionTable().predict, EmotionTable().predict_proba, EmotionTable().fit):
        with pytest.raises(UsageError, match=r"contains (NaN|infinity)"):
            call(X)
