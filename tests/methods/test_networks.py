"""The papers' networks as methods: their values, and that each learns something from clips through the evaluation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone

from fleeting.compute.identity import digest
from fleeting.errors import UsageError
from fleeting.evaluation.evaluate import evaluate
from fleeting.methods import METHODS
from fleeting.methods.networks import cnn_rnn, trained, two_stream
from fleeting.protocols import SubjectKFold
from fleeting.training.augment import Mirror

from ..made_clips import make_clip, moving

NAMES = [
    *("apex_dcnn", "cnn3d", "cnn_rnn", "dtscnn", "elrcn", "eye_cnn", "micro_exp_stcnn"),
    *("off_apexnet", "one_stream_3dcnn", "ststnet", "two_stream"),
]
SMALL = {
    "apex_dcnn": {"size": 32, "width": 0.1, "depth": 4},
    "cnn3d": {"n_frames": 4, "size": 32, "crop": 28, "width": 0.05},
    "cnn_rnn": {"n_frames": 3, "size": 16, "width": 0.2},
    "dtscnn": {"size": 32, "width": 0.2, "method": "dis"},
    "elrcn": {"n_frames": 3, "size": 32, "width": 0.02, "method": "dis"},
    "eye_cnn": {"eyes": "band"},
    "micro_exp_stcnn": {"n_frames": 17, "size": 16, "width": 0.2},
    "off_apexnet": {"size": 12, "width": 0.05},
    "one_stream_3dcnn": {"n_frames": 3, "size": 12, "width": 0.2},
    "ststnet": {},
    "two_stream": {"magnification": None, "n_frames": 3, "size": 12, "width": 0.2, "method": "dis"},
}


def clips():
    """Eight clips of four people that move to the left or to the right, brighter in the end where they do so."""
    out, y = [], []
    for n in range(8):
        right = n % 2
        frames = moving(np.linspace(0, 3 if right else -3, 5), 48, 48, seed=n)
        frames[2:] = np.clip(frames[2:] * (1.4 if right else 0.6), 0, 255).astype(np.uint8)
        subject = f"s{n // 2}"
        out.append(replace(make_clip(frames, name=f"made/{subject}/{n}"), subject=subject))
        y.append("right" if right else "left")
    return out, y


@pytest.mark.parametrize("name", NAMES)
def test_each_runs_at_a_small_size_through_the_evaluation(name):
    material, y = clips()
    method = METHODS[name](epochs=2, batch_size=4, device="cpu", **SMALL[name])
    run = evaluate(method, material, y, SubjectKFold(2), cache=False)
    assert len(run.predictions) == 8
    assert set(run.predictions["y_pred"]) <= {"left", "right"}
    if name != "dtscnn":  # its support vector machine has no epochs
        assert run.learning["1"]["epoch"].tolist() == [1, 2]


VARIANTS = [
    ("apex_dcnn", {"inputs": "onset-apex-offset", "depth": 5, "activation": "elu"}, (9, 32, 32)),
    ("apex_dcnn", {"pool": "mean"}, (3, 32, 32)),
    ("cnn3d", {"crop": None}, (3, 4, 32, 32)),
    ("elrcn", {"variant": "te", "grey": True}, (5, 2, 32, 32)),
    ("eye_cnn", {"variant": "text", "head": "direct", "init": "seed"}, (1, 32, 32)),
    ("two_stream", {"table1": False, "streams": "flow"}, (1, 6, 12, 12)),
]


@pytest.mark.parametrize(("name", "options", "shape"), VARIANTS)
def test_variants_see_what_they_are_made_for(name, options, shape):
    material, y = clips()
    method = METHODS[name](**{"epochs": 1, "batch_size": 4, "validation": 0, "choose": "last", "device": "cpu", **SMALL[name], **options})
    net = method.fit(material, y)[-1]
    assert net.input_shape_ == shape
    assert method.predict_proba(material).sum(axis=1) == pytest.approx(1)


def test_raw_frames_beside_magnified_flow():
    """The paper's figure and its text differ: as the text has it, the first stream sees the original frames."""
    material, _ = clips()
    given = {"magnification": "evm", "n_frames": 3, "size": 12, "method": "dis"}
    raw, magnified = (two_stream(frames=frames, **given)[:-1].fit_transform(material[:1])[0] for frames in ("raw", "magnified"))
    plain = two_stream(magnification=None, **{k: v for k, v in given.items() if k != "magnification"})[:-1].fit_transform(material[:1])[0]
    assert raw.shape == magnified.shape == plain.shape == (1, 9, 12, 12)
    assert np.array_equal(raw[:, :3], plain[:, :3])
    assert np.array_equal(raw[:, 3:], magnified[:, 3:])
    assert not np.array_equal(magnified[:, :3], plain[:, :3])
    assert [type(step).__name__ for step in two_stream(frames="raw", streams="frames")] == ["Sample", "FramesAndFlow", "NetClassifier"]
    assert digest(two_stream(frames="raw")) != digest(two_stream()) == digest(two_stream(frames="magnified"))


def test_the_eye_cnn_stops_at_a_threshold():
    """As its text says, which does not say at which."""
    material, y = clips()
    settings = {"eyes": "band", "variant": "text", "batch_size": 8, "validation": 0, "choose": "last", "device": "cpu", "random_state": 0}
    net = METHODS["eye_cnn"](stop_below=0.2, epochs=300, **settings).fit(material, y)[-1]
    assert net.history_[-1]["loss"] < 0.2 <= net.history_[-2]["loss"]
    assert net.selection == "last epoch; training loss below 0.2"
    seeded = METHODS["eye_cnn"](init="seed", stop_below=0.2, epochs=3, **settings).fit(material, y)
    assert np.isfinite(seeded.predict_proba(material)).all()


def test_the_names_that_were_asked_for():
    asked = "eye_cnn apex_dcnn two_stream one_stream_3dcnn cnn_rnn micro_exp_stcnn tlcnn c5_svm cnn3d dtscnn elrcn sdf off_apexnet ststnet"
    assert set(asked.split()) <= set(METHODS)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_named_alike_in_each_run(name):
    one, other = METHODS[name](), METHODS[name](epochs=1)
    assert digest(one) == digest(clone(one))
    assert digest(one) != digest(other)


def test_what_can_be_told_apart_is():
    material, y = clips()
    method = cnn_rnn(n_frames=3, size=16, width=0.2, epochs=25, lr=0.01, batch_size=4, choose="last", device="cpu", random_state=0)
    run = evaluate(method, material, y, SubjectKFold(2), cache=False)
    assert run.score("accuracy") == 1


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("apex_dcnn", {"epochs": 50, "batch_size": 32, "lr": 1e-3, "weight_decay": 1e-4, "schedule": (30, 0.1), "optimizer": "adam"}),
        ("cnn3d", {"lr": 0.003, "batch_size": 7, "momentum": 0.9, "optimizer": "sgd"}),
        ("elrcn", {"lr": 1e-5, "patience": 10, "optimizer": "adam"}),
        ("eye_cnn", {"epochs": 50, "batch_size": 128, "lr": 1e-3, "optimizer": "adam", "loss": "cross_entropy"}),
        ("two_stream", {"epochs": 100, "batch_size": 8, "lr": 0.01, "momentum": 0.0, "optimizer": "sgd"}),
        ("micro_exp_stcnn", {"epochs": 100, "batch_size": 16, "optimizer": "sgd", "choose": "accuracy"}),
        ("ststnet", {"epochs": 500, "batch_size": 256, "lr": 5e-5, "choose": "last"}),
    ],
)
def test_the_papers_values(name, wanted):
    net = METHODS[name]()[-1]
    assert {key: getattr(net, key) for key in wanted} == wanted


def test_values_change_with_what_a_method_is_asked_for():
    assert METHODS["cnn3d"](n_frames=64)[-1].batch_size == 4
    assert METHODS["eye_cnn"](variant="text")[-1].loss == "squared"
    assert [type(step).__name__ for step in two_stream(align=128)] == ["Align", "Magnify", "Sample", "FramesAndFlow", "NetClassifier"]
    assert two_stream()[0].alpha == 20
    assert two_stream(streams="frames")[-1].network.__name__ == "OneStream3DCNN"
    assert type(METHODS["apex_dcnn"]()[0]).__name__ == "PaddedApex"
    assert METHODS["apex_dcnn"](inputs="onset-apex-offset", depth=18, activation="elu")[-1].options["activation"] == "elu"
    assert METHODS["ststnet"]()[-1].augment == ()
    assert METHODS["ststnet"](mirror=True)[-1].augment == (Mirror(signed=(0,)),), "horizontal flow turns round"
    assert METHODS["dtscnn"](classifier="softmax")[-1].network.__name__ == "DTSCNN"


def test_weights_come_back_as_a_method_that_needs_no_fitting(tmp_path):
    material, y = clips()
    method = METHODS["eye_cnn"](eyes="band", epochs=1, validation=0, choose="last", device="cpu").fit(material, y)
    path = method[-1].save(tmp_path / "eyes", method="eye_cnn", parameters={"eyes": "band"})
    recogniser = trained(path)
    assert list(recogniser.classes_) == ["left", "right"]
    assert recogniser.predict_proba(material[:1]) == pytest.approx(method.predict_proba(material[:1]), abs=1e-6)
    assert [type(step).__name__ for step in trained(path, eyes=None)] == ["Picture", "NetClassifier"]
    with pytest.raises(UsageError, match="names no method of Fleeting"):
        trained(method[-1].save(tmp_path / "nameless"))
    with pytest.raises(UsageError, match="does not end in a network alone"):
        trained(method[-1].save(tmp_path / "wrong", method="dtscnn"))


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("ststnet", {"epoch": 3}, "'epoch' is no parameter of this method, nor of its training"),
        ("eye_cnn", {"eyes": "left"}, "mesh, band, None"),
        ("dtscnn", {"classifier": "forest"}, "svm, softmax"),
        ("two_stream", {"frames": "grey"}, "magnified, raw"),
    ],
)
def test_what_is_not_known_is_named(name, given, words):
    with pytest.raises(UsageError, match=words):
        METHODS[name](**given)


def test_too_few_frames_are_named_with_what_to_do():
    material, y = clips()
    with pytest.raises(UsageError, match=r"MicroExpSTCNN needs at least 17 frames.*interpolate the clips to 17 or more"):
        evaluate(METHODS["micro_exp_stcnn"](n_frames=9, size=16), material, y, SubjectKFold(2), cache=False)
