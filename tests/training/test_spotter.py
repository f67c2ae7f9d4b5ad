"""Weights of the spotter, learned in miniature."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest
import torch

from fleeting.errors import UsageError
from fleeting.spotting.net_spotter import Net, _forward, features
from fleeting.synthetic.talking import Talk
from fleeting.training import spotter


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FLEETING_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def parts(rng):
    return [Talk.shipped().draw(300, rng) for _ in range(4)]


def test_what_numpy_runs_is_what_was_trained(parts):
    torch.manual_seed(0)
    x = features(parts[0])
    network = spotter._TCN(x.shape[1]).train()
    for _ in range(3):
        network(torch.from_numpy(x.T[None]))  # so that the normalisation has seen something
    network.eval()
    with torch.no_grad():
        theirs = network(torch.from_numpy(np.ascontiguousarray(x.T[None])))[0].numpy()
    np.testing.assert_allclose(_forward(network.arrays(), x), theirs, atol=1e-3)


def test_examples_have_their_targets_at_the_apexes_and_some_have_none(parts, rng):
    made = spotter._examples(parts, 4, rng, lambda *_: None)
    assert len(made) == 16
    assert all(x.shape == (len(y), made[0][0].shape[1]) and np.isfinite(x).all() for x, y in made)
    assert [k for k, (_, y) in enumerate(made) if not y.any()] == [0, 8]
    assert {round(float(y.max()), 3) for _, y in made} == {0.0, 1.0}


def test_training_repeats_itself_and_learns(parts, rng):
    made = spotter._examples(parts, 4, rng, lambda *_: None)
    first, second = (spotter.fitted(made, 30, 7, lambda *_: None) for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)
    card = {"members": 1, "once_a_minute": 1.0}
    said = np.concatenate([Net({f"0.{name}": value for name, value in first.items()}, card, {})(x) for x, _ in made])
    y = np.concatenate([y for _, y in made])
    assert said[y > 0.5].mean() > said[y == 0].mean()


def test_a_file_that_is_there_or_footage_without_videos_is_refused(tmp_path):
    (tmp_path / "mine.safetensors").write_bytes(b"")
    with pytest.raises(UsageError, match="is there already"):
        spotter.train_spotter(tmp_path / "mine")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no video"):
        spotter.train_spotter(tmp_path / "other", [tmp_path / "empty"])
    with pytest.raises(UsageError, match="steps=0"):
        spotter.train_spotter(tmp_path / "other", steps=0)


def test_it_is_trained_whole_in_miniature(tmp_path, monkeypatch, face_model):
    for name, value in {"DRAWN": 3, "DRAWN_S": 4.0, "INTERVIEWS": 1, "INTERVIEW_S": 3.0, "VERSIONS": 1, "MEMBERS": 1}.items():
        monkeypatch.setattr(spotter, name, value)
    stages = set()
    path = spotter.train_spotter(tmp_path / "mine", steps=2, progress=lambda stage, *_: stages.add(stage))
    from fleeting.spotting import load_spotter
    from fleeting.spotting.check import made_up

    found = load_spotter(str(path))
    assert found.card_["parameters"]["steps"] == 2
    found.spot(made_up(400))
    assert {"examples", "network 1", "interview.mp4"} <= stages
    # The second time nothing is drawn or measured anew, and the weights are the same to the last bit.
    stages.clear()
    again = spotter.train_spotter(tmp_path / "again", steps=2, progress=lambda stage, *_: stages.add(stage))
    assert "interview.mp4" not in stages
    assert again.read_bytes() == path.read_bytes()


def test_footage_is_measured_once_and_anew_where_it_has_changed(recording, tmp_path, face_model):
    video, told = tmp_path / "talk.mp4", []
    video.write_bytes(recording.read_bytes())
    first = spotter._of_file(video, lambda *said: told.append(said))
    assert (len(told), told[-1][:2]) == (250, ("talk.mp4", 250))
    (table,) = first
    (kept,) = spotter._of_file(video, lambda *said: told.append(said))
    pd.testing.assert_frame_equal(kept, table)
    assert len(told) == 250
    os.utime(video, ns=(0, 0))
    spotter._of_file(video, lambda *said: told.append(said))
    assert len(told) == 500
