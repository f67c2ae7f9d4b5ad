"""Splits: everybody tested once, nobody on both sides, whatever the order of the clips."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from fleeting.clip import Clip
from fleeting.errors import UsageError
from fleeting.protocols import (
    HDE,
    LODO,
    LOSO,
    PROTOCOLS,
    CrossDataset,
    LeakageWarning,
    LeakyClipKFold,
    LeakyHoldOut,
    SubjectKFold,
)


def clip(dataset: str, subject: str, number: int) -> Clip:
    return Clip(f"{dataset}/{subject}/{number}", dataset, subject, 100.0, 0, 1, 2, read=lambda: np.zeros((3, 4, 4, 3), np.uint8))


# Subject 01 is in two datasets: two persons.
CLIPS = [
    clip(dataset, subject, number)
    for dataset, subjects in {"a": {"01": 3, "02": 1, "03": 4}, "b": {"01": 2, "04": 2}, "c": {"07": 5}}.items()
    for subject, n in subjects.items()
    for number in range(n)
]
PERSON = np.array([each.person for each in CLIPS])
HONEST = [LOSO(), SubjectKFold(3), SubjectKFold(3, seed=5), LODO(), HDE("a", "b"), CrossDataset("a", ["b", "c"])]


@pytest.mark.parametrize("protocol", HONEST, ids=str)
def test_nobody_is_on_both_sides(protocol):
    for fold in protocol.folds(CLIPS):
        assert not set(PERSON[fold.train]) & set(PERSON[fold.test])
    assert protocol.leaky is False


@pytest.mark.parametrize("protocol", HONEST[:4], ids=str)
def test_each_clip_is_tested_once_and_otherwise_trained_on(protocol):
    folds = list(protocol.folds(CLIPS))
    assert sorted(np.concatenate([fold.test for fold in folds]).tolist()) == list(range(len(CLIPS)))
    assert all(len(fold.train) + len(fold.test) == len(CLIPS) for fold in folds)
    assert protocol.get_n_splits(CLIPS) == len(folds) == len({fold.name for fold in folds})


@pytest.mark.parametrize("protocol", [*HONEST, LeakyClipKFold(4), LeakyHoldOut(0.3, repeats=2)], ids=str)
@pytest.mark.filterwarnings("ignore::fleeting.protocols.LeakageWarning")
def test_the_order_of_the_clips_does_not_matter(protocol, rng):
    def ids(clips):
        return {
            fold.name: ({clips[i].id for i in fold.train}, {clips[i].id for i in fold.test}) for fold in protocol.folds(clips)
        }

    assert ids(CLIPS) == ids([CLIPS[i] for i in rng.permutation(len(CLIPS))])


def test_loso_names_each_person():
    assert [fold.name for fold in LOSO().folds(CLIPS)] == ["a/01", "a/02", "a/03", "b/01", "b/04", "c/07"]
    assert [len(test) for _, test in LOSO().split(CLIPS)] == [3, 1, 4, 2, 2, 5]


def test_arrays_are_split_by_groups():
    X = np.zeros((len(CLIPS), 2))
    for protocol in (LOSO(), SubjectKFold(2), LODO()):
        for (train, test), fold in zip(protocol.split(X, groups=PERSON), protocol.folds(CLIPS), strict=True):
            assert (train == fold.train).all()
            assert (test == fold.test).all()
    assert LOSO().get_n_splits(groups=PERSON) == 6
    assert LOSO().get_n_splits(groups=[1, 1, 2]) == 2


def test_subject_folds_hold_about_as_many_clips_each_or_differ_by_seed():
    assert sorted(len(fold.test) for fold in SubjectKFold(3).folds(CLIPS)) == [5, 6, 6]
    draws = {tuple(tuple(test) for _, test in SubjectKFold(3, seed).split(CLIPS)) for seed in range(8)}
    assert len(draws) > 1


def test_one_dataset_to_another():
    (fold,) = CrossDataset("a", "c").folds(CLIPS)
    assert fold.name == "a-to-c"
    assert {CLIPS[i].dataset for i in fold.train} == {"a"}
    assert {CLIPS[i].dataset for i in fold.test} == {"c"}
    there, back = HDE("a", "b").folds(CLIPS)
    assert (there.name, back.name) == ("a-to-b", "b-to-a")
    assert (there.train == back.test).all()
    assert (there.test == back.train).all()
    (fold,) = CrossDataset(["a", "b"], "c").folds(CLIPS)
    assert (fold.name, len(fold.train)) == ("a+b-to-c", 12)


def test_trained_on_spontaneous_and_tested_on_posed_clips():
    clips = [clip(name, subject, 0) for name in ("casme2", "samm", "usf-hd", "polikovsky") for subject in ("01", "02")]
    (fold,) = CrossDataset(["casme2", "samm"], ["usf-hd", "polikovsky"]).folds(clips)
    assert fold.name == "casme2+samm-to-usf-hd+polikovsky"
    assert {clips[i].dataset for i in fold.train} == {"casme2", "samm"}
    assert {clips[i].dataset for i in fold.test} == {"usf-hd", "polikovsky"}


@pytest.mark.parametrize("protocol", [LeakyClipKFold(3), LeakyHoldOut(0.3)], ids=str)
def test_leaky_protocols_say_so_in_name_mark_and_warning(protocol):
    assert protocol.leaky
    assert "Leaky" in repr(protocol)
    with pytest.warns(LeakageWarning, match="trained on"):
        folds = list(protocol.folds(CLIPS))
    assert any(set(PERSON[fold.train]) & set(PERSON[fold.test]) for fold in folds)
    assert {name for name, kind in PROTOCOLS.items() if kind.leaky} == {"leaky-clip-kfold", "leaky-hold-out"}


@pytest.mark.filterwarnings("ignore::fleeting.protocols.LeakageWarning")
def test_shares_and_repeats_of_hold_out():
    folds = list(LeakyHoldOut(0.3, repeats=3).folds(CLIPS))
    assert [len(fold.test) for fold in folds] == [5, 5, 5]  # .3 of 17
    assert len({tuple(fold.test) for fold in folds}) > 1
    assert sorted(len(fold.test) for fold in LeakyClipKFold(3).folds(CLIPS)) == [5, 6, 6]


@pytest.mark.parametrize("routing", [False, True])
def test_scikit_learn_takes_them(routing):
    from sklearn import config_context
    from sklearn.dummy import DummyClassifier
    from sklearn.model_selection import GridSearchCV, cross_val_predict

    y = np.arange(len(CLIPS)) % 2
    with config_context(enable_metadata_routing=routing):
        assert len(cross_val_predict(DummyClassifier(), CLIPS, y, cv=LOSO())) == len(CLIPS)
        search = GridSearchCV(DummyClassifier(), {"strategy": ["prior", "stratified"]}, cv=LOSO())
        search.fit(np.zeros((len(CLIPS), 1)), y, groups=PERSON)
    assert search.n_splits_ == 6


@pytest.mark.parametrize(
    ("protocol", "clips", "groups", "says"),
    [
        (LOSO(), CLIPS[:3], None, "only 'a/01'"),
        (LOSO(), [], None, "there is none"),
        (LOSO(), [1, 2], None, "persons are unknown"),
        (LOSO(), CLIPS, ["a/1"], "1 persons for 17 rows"),
        (LODO(), [1, 2], ["p", "q"], "dataset of person 'p'"),
        (SubjectKFold(7), CLIPS, None, "number of persons, 6"),
        (HDE("a", "z"), CLIPS, None, "'z'; there are a, b, c"),
        (CrossDataset("a", ["b", "a"]), CLIPS, None, "'a' cannot be trained on and tested"),
        (LeakyClipKFold(99), CLIPS, None, "number of clips, 17"),
        (LeakyHoldOut(1.5), CLIPS, None, "between 0 and 1"),
        (LeakyHoldOut(0.01), CLIPS, None, "0 test clips"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_split_is_said(protocol, clips, groups, says):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LeakageWarning)
        with pytest.raises(UsageError, match=says):
            list(protocol.folds(clips, groups=groups))


def test_the_number_of_folds_needs_clips():
    with pytest.raises(UsageError, match="give them"):
        LOSO().get_n_splits()
