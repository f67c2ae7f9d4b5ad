"""Weights of the recogniser: small ones from synthetic maps, and bent towards a few clips."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fleeting.classifiers.motion_kernel import MotionKernel
from fleeting.clip import Clip
from fleeting.errors import UsageError
from fleeting.features.motion_spectrum import MotionSpectrum
from fleeting.methods import pretrained
from fleeting.methods.recogniser import load_recogniser
from fleeting.metrics import uf1
from fleeting.synthetic.maps import synthetic_maps
from fleeting.training import recogniser
from fleeting.training.recogniser import fit_temperature, train_recogniser


def clips_of(made, people=None):
    subjects = made["subject"] if people is None else people
    images = made["maps"]
    return [
        Clip(f"m/{k}", "flow-maps", str(subjects[k]), 200.0, 0, 0, 0, lambda k=k: images[k][None], emotion=made["emotion"][k])
        for k in range(len(images))
    ]


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(recogniser, "HELD_OUT", 60)


def test_the_same_seed_gives_the_same_file_and_it_tells_the_groups_apart(tmp_path, few):
    paths = [train_recogniser(tmp_path / name, samples=150, seed=3) for name in ("a", "b")]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    other = synthetic_maps(90, 5)
    method = load_recogniser(str(paths[0]))
    found = method.predict(clips_of(other))
    assert uf1(other["emotion"], found) > 0.6  # a third by chance
    card = json.loads(paths[0].with_suffix(".json").read_text("utf-8"))
    assert card["trained_on"].startswith("150 synthetic maps of ")
    assert card["temperature"]["groups"] <= recogniser.REAL_TEMPERATURE


def test_weights_bent_towards_clips_are_those_of_adapt(tmp_path):
    made = synthetic_maps(24, 8)
    clips, y = clips_of(made, people=np.arange(24) % 3), made["emotion"]
    path = train_recogniser(tmp_path / "mine", clips, y)
    X = MotionSpectrum().transform(clips_of(synthetic_maps(12, 9)))
    adapted = MotionKernel(adapt=True).fit(MotionSpectrum().transform(clips), y)
    np.testing.assert_allclose(MotionKernel(path).predict_proba(X), adapted.predict_proba(X), atol=5e-3)  # kept in float16
    card = json.loads(path.with_suffix(".json").read_text("utf-8"))
    assert card["trained_on"].startswith("24 clips of 3 people (flow-maps")


def test_where_own_maps_have_the_face_is_kept_in_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr("fleeting.synthetic.maps.MIDDLE", (13.5, 12.5))
    made = synthetic_maps(60, 21)
    clips = clips_of(made, people=np.arange(60) % 10)
    path = train_recogniser(tmp_path / "mine", clips, made["emotion"])
    X = MotionSpectrum().transform(clips)
    adapted = MotionKernel(adapt=True).fit(X, made["emotion"])
    assert json.loads(path.with_suffix(".json").read_text("utf-8"))["placement"] == list(adapted.place_) != [0, 0, 0]
    np.testing.assert_allclose(MotionKernel(path).predict_proba(X), adapted.predict_proba(X), atol=5e-3)


def test_a_folder_too_small_to_say_anything_is_told(tmp_path):
    made = synthetic_maps(6, 8)
    with pytest.warns(UserWarning, match="of 1 person: too few to say"):
        train_recogniser(tmp_path / "mine", clips_of(made, people=np.zeros(6, int)), made["emotion"])


def test_what_cannot_be_trained_is_said(tmp_path):
    made = synthetic_maps(6, 8)
    with pytest.raises(UsageError, match="nothing to tell apart"):
        train_recogniser(tmp_path / "mine", clips_of(made), ["positive"] * 6)
    with pytest.raises(UsageError, match="samples=10 must be 100 or more"):
        train_recogniser(tmp_path / "mine", samples=10)
    assert not list(tmp_path.iterdir())


def test_temperature_of_scores_that_are_too_sure_is_low():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 3))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    code = (p.cumsum(axis=1) > rng.random((4000, 1))).argmax(axis=1)
    assert fit_temperature(logits * 4, code) == pytest.approx(0.25, abs=0.03)


def test_pretrained_takes_the_file(tmp_path, few):
    path = train_recogniser(tmp_path / "a", samples=120)
    method = pretrained(weights=path)
    assert method[-1].weights == str(path)
    assert list(method.classes_) == ["negative", "positive", "surprise"]
