import json
import shutil

import numpy as np
import pytest
from sklearn.base import clone

from fleeting.classifiers.kernel_ridge import KernelRidgeClassifier
from fleeting.classifiers.motion_kernel import SHIPPED, MotionKernel, duals, evaluated, is_recogniser, kernels, read, targets
from fleeting.errors import UsageError
from fleeting.features.motion_spectrum import COLUMNS, FREQUENCIES, mirror_signs


@pytest.fixture
def rows():
    out = np.zeros((12, COLUMNS), np.float32)
    out[:, :FREQUENCIES] = np.random.default_rng(1).normal(0, 0.08, (12, FREQUENCIES))
    return out


def test_without_being_fitted_it_names_one_of_three_groups(rows):
    model = MotionKernel()
    p = model.predict_proba(rows)
    assert list(model.classes_) == ["negative", "positive", "surprise"]
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_array_equal(model.predict(rows), model.classes_[p.argmax(axis=1)])
    assert clone(model).predict_proba(rows) == pytest.approx(p)


def test_a_mirrored_face_shows_the_same(rows):
    mirrored = rows.copy()
    mirrored[:, :FREQUENCIES] *= mirror_signs()
    np.testing.assert_allclose(MotionKernel().predict_proba(mirrored), MotionKernel().predict_proba(rows), atol=1e-4)


def test_scores_are_those_of_kernel_ridge(rows):
    spectra, code = rows[:, :FREQUENCIES], np.arange(12) % 3
    found = evaluated(spectra, spectra, duals(spectra, targets(code, 3), 0.3))
    np.testing.assert_allclose(kernels(spectra, spectra)[0].diagonal().max(), 2, atol=0.5)
    both = []
    for kernel in ("rbf", "exponential"):
        # Its kernel is per value of a sample; ours per pixel, of three channels.
        ridge = KernelRidgeClassifier(0.3, kernel, gamma=FREQUENCIES / 3, class_weight=None)
        unflipped = ridge.fit(np.concatenate([spectra, spectra * mirror_signs()]), np.tile(code, 2))
        both.append(unflipped.decision_function(spectra))
    assert (found.argmax(axis=1) == np.mean(both, axis=0).argmax(axis=1)).all()


def test_adapting_bends_scores_where_the_clips_are_and_little_elsewhere(rows):
    plain, far = MotionKernel(), rows.copy()
    far[:, :FREQUENCIES] += 2.0
    y = np.where(plain.predict(rows) == "negative", "positive", "negative")
    bent = MotionKernel(adapt=True, ridge=0.01).fit(rows, y)
    assert (bent.predict(rows) == y).all()
    near_change = np.abs(bent.decision_function(rows) - plain.decision_function(rows)).mean()
    far_change = np.abs(bent.decision_function(far) - plain.decision_function(far)).mean()
    assert far_change < near_change
    assert (MotionKernel().fit(rows, y).predict(rows) == plain.predict(rows)).all()  # without adapt nothing is learned


def test_emotions_are_words_of_the_synthetic_release(rows):
    model = MotionKernel(classes="emotions")
    assert {"anger", "happiness", "surprise"} <= set(model.classes_)
    assert model.predict_proba(rows).shape == (12, len(model.classes_))


def test_measured_action_units_have_half_the_say(rows):
    from fleeting.classifiers.emotion_table import EmotionTable
    from fleeting.faces.action_units import AUS

    clip = rows[:1].copy()
    clip[0, FREQUENCIES + AUS.index("R12")] = clip[0, FREQUENCIES + AUS.index("L12")] = 2
    alone = MotionKernel().predict_proba(clip)
    clip[0, FREQUENCIES + len(AUS)] = 1
    table = EmotionTable().predict_proba(clip[:, FREQUENCIES : FREQUENCIES + len(AUS)])
    np.testing.assert_allclose(MotionKernel().predict_proba(clip), (alone + table) / 2, atol=1e-6)


def test_the_shipped_card_says_what_was_learned_from_and_what_it_is_not_for():
    _, card = read(SHIPPED)
    assert "SYNTHETIC" in card["trained_on"]
    assert "CASME II" in card["tried_on"]
    assert "lies" in card["must_not"]
    assert "Unknown" in card["error_by_group"]
    assert SHIPPED.stat().st_size < 4_000_000


@pytest.mark.parametrize("fault", ["absent", "cut", "card", "other"])
def test_weights_that_are_not_whole_are_refused(tmp_path, fault):
    path = tmp_path / "mine.safetensors"
    if fault != "absent":
        shutil.copy(SHIPPED, path)
        shutil.copy(SHIPPED.with_suffix(".json"), path.with_suffix(".json"))
        assert is_recogniser(path)
    if fault == "cut":
        path.write_bytes(path.read_bytes()[:-10])
    if fault == "card":
        path.with_suffix(".json").write_text("no json", "utf-8")
        assert not is_recogniser(path)
    if fault == "other":
        path.with_suffix(".json").write_text(json.dumps({"method": "eye_cnn"}), "utf-8")
    with pytest.raises(UsageError, match=r"mine\.safetensors"):
        MotionKernel(weights=path).predict_proba(np.zeros((1, COLUMNS), np.float32))


@pytest.mark.parametrize(
    ("options", "y", "says"),
    [
        ({"classes": "moods"}, None, "classes='moods' is not known; choose from groups, emotions"),
        ({"adapt": True}, ["glee"] * 12, "glee is no class of recogniser.safetensors"),
        ({"adapt": True, "ridge": 0.0}, ["negative"] * 12, "ridge=0.0 must be above 0"),
    ],
)
def test_what_cannot_be_is_said(rows, options, y, says):
    with pytest.raises(UsageError, match=says):
        MotionKernel(**options).fit(rows, y).predict_proba(rows)
    with pytest.raises(UsageError, match="takes rows of MotionSpectrum"):
        MotionKernel().predict_proba(rows[:, :5])
