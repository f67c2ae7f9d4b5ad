"""TLCNN's stages, with a network of a hundredth of the width: what is handed on, what is held out, what is left out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import config_context
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from fleeting.errors import UsageError
from fleeting.models.tlcnn import TRUNK
from fleeting.training import tlcnn
from fleeting.training.net import NetClassifier
from fleeting.training.tlcnn import STAGES, FrameFeatures, Frames, TLCNNClassifier, train_expressions

SIDE = 51


def films(rng, n=12, frames=6, persons=6):
    """Clips bright above or below, (n, 3, T, 51, 51) uint8, their class, and whose they are."""
    y = np.array(["down", "up"])[np.arange(n) % 2]
    X = rng.integers(60, 90, (n, 3, frames, SIDE, SIDE))
    X[y == "up", :, :, :25] += 100
    X[y == "down", :, :, 25:] += 100
    return X.astype(np.uint8), y, np.array([f"made/s{i // 2 % persons}" for i in range(n)])


def stills(rng, n=18):
    X = rng.integers(0, 250, (n, 3, SIDE, SIDE)).astype(np.uint8)
    return X, np.array(["happy", "sad", "angry"])[np.arange(n) % 3], np.array([f"p{i // 3}" for i in range(n)])


def small(expressions=None, **settings):
    usual = {"options": {"width": 0.02}, "scale": 3e-4, "frames_batch": 16, "clips_batch": 4, "window": 4, "random_state": 1}
    return TLCNNClassifier(expressions, **{"device": "cpu", **usual, **settings})


@pytest.fixture
def stages(monkeypatch):
    """Each NetClassifier that is fitted, with what it was fitted to."""
    seen = []

    class Noted(NetClassifier):
        def fit(self, X, y, groups=None):
            super().fit(X, y, groups=groups)
            seen.append((self, X, y, groups))
            return self

    monkeypatch.setattr(tlcnn, "NetClassifier", Noted)
    return seen


def test_all_five_stages_run_and_hold_out_the_same_people(rng, stages):
    X, y, persons = films(rng)
    net = small(stills(rng), validation=0.2, options={"width": 0.02, "layers": 2}).fit(X, y, groups=persons)
    assert [type(each.module_).__name__ for each, *_ in stages] == ["TLCNNFrames"] * 3 + ["TLCNN"] * 2
    assert len(stages[0][0].classes_) == 3
    held = [each.validation_persons_ for each, *_ in stages[1:]]
    assert held[0]
    assert held == [held[0]] * 4
    assert sorted({row["stage"] for row in net.history_}) == [1, 2, 3, 4, 5]
    assert [row["epoch"] for row in net.history_] == list(range(1, len(net.history_) + 1))
    assert net.predict_proba(X).shape == (12, 2)
    assert set(net.predict(X)) <= {"up", "down"}


def test_the_papers_rates_steps_and_batches(rng, stages):
    X, y, persons = films(rng)
    small(stills(rng), validation=0, frames_batch=24, clips_batch=6, scale=1e-3).fit(X, y, groups=persons)
    frames, again, joint = stages[1][0], stages[2][0], stages[3][0]
    assert (frames.lr, again.lr, joint.lr) == (0.001, 0.0005, 0.01)
    assert frames.epochs == round(10 / (72 / 24))  # 10 steps of three an epoch
    assert frames.schedule == (pytest.approx(2560 / 3), 0.1)
    assert joint.epochs == round(20 / (12 * 4 / 6))
    assert joint.passes == 4
    assert joint.clip_norm == 5
    assert joint.input_shape_ == (3, 4, SIDE, SIDE), "windows of four frames"
    assert STAGES["joint"].every == 5600
    # With the paper's own 448 clips of 32 frames: 64 steps an epoch, then 112.
    assert (448 * 32 / 224, 448 * 4 / 16) == (64, 112)


def test_every_layer_but_the_last_is_handed_on(rng, stages):
    X, y, persons = films(rng)
    still = dict.fromkeys(STAGES, tlcnn.Stage(1e-30, 1, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tlcnn, "STAGES", still)
        small(stills(rng), validation=0, scale=1).fit(X, y, groups=persons)
    first = stages[0][0].module_.state_dict()
    for net, *_ in stages[1:]:
        for name, tensor in net.module_.state_dict().items():
            if name.startswith(TRUNK):
                assert torch.allclose(tensor, first[name], atol=1e-6), name
    frames, again, joint, joint_again = (net.module_.state_dict() for net, *_ in stages[1:])
    assert torch.allclose(frames["fc7.weight"], first["fc7.weight"], atol=1e-6)
    assert first["fc8.weight"].shape[0] == 3
    assert frames["fc8.weight"].shape[0] == 2
    assert torch.allclose(again["fc8.weight"], frames["fc8.weight"], atol=1e-6), "the second half goes on with the head it has"
    assert torch.allclose(joint_again["lstm.weight_ih_l0"], joint["lstm.weight_ih_l0"], atol=1e-6)


def test_the_last_stage_trains_the_lstm_alone(rng, stages):
    X, y, persons = films(rng)
    small(None, skip_expression=True, skip_frames=True, scale=1e-3, validation=0).fit(X, y, groups=persons)
    joint, again = stages[0][0].module_.state_dict(), stages[1][0].module_.state_dict()
    assert torch.equal(joint["c1.0.weight"], again["c1.0.weight"])
    assert not torch.equal(joint["lstm.weight_hh_l0"], again["lstm.weight_hh_l0"])


def test_what_is_left_out(rng, stages):
    X, y, persons = films(rng)
    small(None, skip_expression=True).fit(X, y, groups=persons)
    assert [type(each.module_).__name__ for each, *_ in stages] == ["TLCNNFrames"] * 2 + ["TLCNN"] * 2
    assert stages[0][0].weights is None
    stages.clear()
    small(None, skip_expression=True, skip_frames=True).fit(X, y, groups=persons)
    assert [type(each.module_).__name__ for each, *_ in stages] == ["TLCNN"] * 2
    assert stages[0][0].weights is None


def test_without_expressions_it_says_what_to_do(rng):
    X, y, persons = films(rng)
    with pytest.raises(UsageError, match=r"none are given: give expressions=.*or skip_expression=True"):
        small().fit(X, y, groups=persons)
    with pytest.raises(UsageError, match="take one of them"):
        small(None, skip_expression=True, skip_frames=True, skip_joint=True).fit(X, y, groups=persons)
    with pytest.raises(UsageError, match=r"\(N, 3, T, H, W\)"):
        small(None, skip_expression=True).fit(X[:, :, 0], y, groups=persons)


def test_expressions_are_trained_on_once_and_kept(rng, tmp_path, stages):
    pictures, emotions, people = stills(rng)
    settings = {"options": {"width": 0.02}, "scale": 3e-4, "frames_batch": 16, "device": "cpu"}
    path = train_expressions(tmp_path / "nine", pictures, emotions, people, "made pictures", **settings)
    X, y, persons = films(rng)
    from_file = small(path, validation=0).fit(X, y, groups=persons)
    assert len(stages) == 5, "one for the file, four for the clips"
    assert np.array_equal(from_file.predict_proba(X), small((pictures, emotions, people), validation=0).fit(X, y).predict_proba(X))
    assert NetClassifier.load(path).card_["trained_on"] == "made pictures"
    with pytest.raises(UsageError, match="of this TLCNNFrames"):
        small(path, options={"width": 0.04}).fit(X, y, groups=persons)


def test_clips_longer_than_the_windows_are_seen_in_windows(rng, stages):
    X, y, persons = films(rng)
    net = small(None, skip_expression=True, options={"width": 0.02, "windows": (4, 2)}, validation=0).fit(X, y, groups=persons)
    module = net.net_.module_
    assert module.windows == (4, 2)
    x = net.net_.as_trained(X[:1]).take(np.arange(1))
    each = [module(x[:, :, start : start + 4]).softmax(-1) for start in (0, 2)]
    assert np.allclose(net.predict_proba(X[:1]), torch.cat(each, dim=1).mean(1).detach().numpy(), atol=1e-6)


def test_frames_alone_are_averaged_over_a_clip(rng):
    X, y, persons = films(rng)
    net = small(None, skip_expression=True, skip_joint=True).fit(X, y, groups=persons)
    each = net.net_.predict_proba(X[3].transpose(1, 0, 2, 3))  # (T, 3, H, W)
    assert np.allclose(net.predict_proba(X)[3], each.mean(axis=0), atol=1e-6)


def test_it_learns(rng):
    X, y, persons = films(rng, 16, persons=8)
    settings = {"options": {"width": 0.05}, "scale": 4e-3, "validation": 0, "mirror": False}
    net = small(None, skip_expression=True, **settings).fit(X, y, groups=persons)
    fresh, truth, _ = films(np.random.default_rng(5), 10)
    assert (net.predict(fresh) == truth).mean() >= 0.9


class Stop(Exception):
    pass


def test_what_was_stopped_in_a_late_stage_goes_on_from_there(rng, tmp_path):
    X, y, persons = films(rng)
    told = []

    def stop(stage, done, total, seconds):
        told.append(stage)
        if stage == "joint again":
            raise Stop

    settings = {"skip_expression": True, "validation": 0.2}
    with pytest.raises(Stop):
        small(None, checkpoint=tmp_path, progress=stop, **settings).fit(X, y, groups=persons)
    assert sorted(set(told)) == ["frames", "frames again", "joint", "joint again"]
    assert len(list(tmp_path.iterdir())) >= 3, "one for each stage"
    told.clear()
    note = lambda stage, *much: told.append(stage)  # noqa: E731
    resumed = small(None, checkpoint=tmp_path, progress=note, **settings).fit(X, y, groups=persons)
    assert set(told) <= {"joint again"}, "finished stages are not repeated"
    whole = small(None, **settings).fit(X, y, groups=persons)
    assert np.array_equal(resumed.predict_proba(X), whole.predict_proba(X))
    assert resumed.history_ == whole.history_


def test_too_little_memory_names_what_this_method_can_lower(rng, monkeypatch):
    X, y, persons = films(rng)

    def full(self, x):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(tlcnn.TLCNNFrames, "forward", full)
    with pytest.raises(UsageError, match=r"out of memory\. Lower frames_batch=16, a narrower network \(width\)"):
        small(None, skip_expression=True).fit(X, y, groups=persons)
    monkeypatch.setattr(tlcnn.TLCNN, "forward", full)
    with pytest.raises(UsageError, match=r"Lower clips_batch=4"):
        small(None, skip_expression=True, skip_frames=True).fit(X, y, groups=persons)


def test_it_is_repeatable_and_cloned(rng):
    X, y, persons = films(rng)
    net = small(None, skip_expression=True)
    one = net.fit(X, y, groups=persons).predict_proba(X)
    assert np.array_equal(one, clone(net).fit(X, y, groups=persons).predict_proba(X))


def test_frames_are_taken_from_the_clips_without_a_copy(rng):
    X, _, _ = films(rng, 3, 5)
    frames = Frames(X)
    assert frames.shape == (15, 3, SIDE, SIDE)
    rows = np.array([0, 7, 14])
    assert np.array_equal(frames[rows], np.stack([X[0, :, 0], X[1, :, 2], X[2, :, 4]]))


def test_features_of_the_fifth_convolution_for_a_support_vector_machine(rng):
    X, y, persons = films(rng)
    tlcnn = small(None, skip_expression=True, skip_joint=True, scale=2e-3)
    pipeline = make_pipeline(FrameFeatures(tlcnn), SVC(kernel="linear"))
    with config_context(enable_metadata_routing=True):
        pipeline.fit(X, y, groups=persons)
    assert (pipeline.predict(X) == y).all()
    features = pipeline[0].transform(X)
    assert np.linalg.norm(features, axis=1) == pytest.approx(1)
    module = pipeline[0].tlcnn_.net_.module_
    with torch.no_grad():
        samples = pipeline[0].tlcnn_.net_.as_trained(X[2].transpose(1, 0, 2, 3))
        x = module.n1(module.m1(module.c1(samples.take(np.arange(6)))))
        maps = module.c5(module.c4(module.c3(module.n2(module.m2(module.c2(x)))))).flatten(1).mean(0).numpy()
    assert features[2] == pytest.approx(maps / np.linalg.norm(maps), abs=1e-6)
    with pytest.raises(UsageError, match="c5, m3"):
        FrameFeatures(tlcnn, "fc6").fit(X, y, groups=persons)
