"""train: weights of a whole dataset come back as a recogniser, go to ONNX, and say what they cannot do."""

from __future__ import annotations

import json
from importlib.util import find_spec

import numpy as np
import pytest

from fleeting.errors import UsageError
from fleeting.methods import METHODS, NETWORKS
from fleeting.methods.networks import trained
from fleeting.training.train import train

from ..methods.test_networks import SMALL, clips

TINY = {
    **SMALL,
    "dtscnn": {**SMALL["dtscnn"], "classifier": "softmax"},
    "tlcnn": {"n_frames": 4, "size": 51, "width": 0.05, "scale": 0.0001, "skip_expression": True, "frames_batch": 8, "clips_batch": 4},
}
NO_ONNX = not all(find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime"))


def settings(name):
    own = {} if name == "tlcnn" else {"epochs": 2, "batch_size": 4}
    return {**own, "device": "cpu", **TINY[name]}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Each network, trained once."""
    folder, (material, y), done = tmp_path_factory.mktemp("weights"), clips(), {}

    def trained_once(name):
        if name not in done:
            done[name] = train(name, material, y, folder / name, settings(name), cache=False)
        return done[name]

    return trained_once


@pytest.mark.parametrize("name", NETWORKS)
def test_the_weights_of_each_network_come_back_as_a_method(name, weights):
    material, _ = clips()
    path = weights(name)
    method, again = trained(path), trained(path)
    p = method.predict_proba(material)
    assert p.shape == (8, 2)
    assert p.sum(axis=1) == pytest.approx(1)
    assert np.array_equal(p, again.predict_proba(material))
    assert sorted(method.classes_) == ["left", "right"]
    assert not list(path.parent.glob(f".{path.stem}*")), "nothing half-done stays"


@pytest.mark.skipif(NO_ONNX, reason="needs the packages of fleeting[export]")
@pytest.mark.parametrize("name", NETWORKS)
def test_onnx_gives_what_the_method_gives(name, weights, tmp_path):
    from onnxruntime import InferenceSession

    from fleeting.models import export_classifier

    material, _ = clips()
    method = trained(weights(name))
    X = method[:-1].transform(material)
    session = InferenceSession(str(export_classifier(method[-1], tmp_path / "net.onnx")), providers=["CPUExecutionProvider"])
    given = X.astype(np.float32) if X.dtype.kind == "f" else X.astype(np.float32) / 255
    (p,) = session.run(["probabilities"], {"samples": given})
    assert np.abs(p - method[-1].predict_proba(X)).max() < 1e-4


def test_the_card_says_on_what_and_what_not(weights):
    card = json.loads(weights("ststnet").with_suffix(".json").read_text("utf-8"))
    assert card["method"] == "ststnet"
    assert card["trained_on"] == "8 clips of 4 people (made)"
    assert "device" not in card["parameters"]
    assert any("not known from this file" in each for each in card["limits"])
    assert any("nobody is to be judged" in each for each in card["limits"])


def test_a_network_that_has_not_learned_says_so_and_its_card_does(tmp_path):
    material, y = clips()
    with pytest.warns(UserWarning, match="the network ended no better .* it has not learned"):
        path = train("ststnet", material, y, tmp_path / "w", {**settings("ststnet"), "epochs": 1, "lr": 1e-12}, cache=False)
    limits = json.loads(path.with_suffix(".json").read_text("utf-8"))["limits"]
    assert any(each.startswith("When it was trained, the network ended no better") for each in limits)


def test_the_same_seed_gives_the_same_weights(tmp_path):
    material, y = clips()
    seeds = {"a": 1, "b": 1, "c": 2}
    paths = [train("ststnet", material, y, tmp_path / name, settings("ststnet"), seed, cache=False) for name, seed in seeds.items()]
    a, b, c = (path.read_bytes() for path in paths)
    assert a == b != c


def test_a_training_that_was_stopped_goes_on_to_the_same_weights(tmp_path, monkeypatch):
    from fleeting.training import loop

    material, y = clips()
    longer = {**settings("ststnet"), "epochs": 6}
    whole = train("ststnet", material, y, tmp_path / "whole", longer, cache=False)
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0, raising=True)

    class StoppedError(Exception):
        pass

    def stop(stage, done, total, left):
        if stage == "epochs" and done == 3:
            raise StoppedError

    with pytest.raises(StoppedError):
        train("ststnet", material, y, tmp_path / "stopped", longer, progress=stop, cache=False)
    assert not (tmp_path / "stopped.safetensors").exists()
    told = []
    again = train("ststnet", material, y, tmp_path / "stopped", longer, progress=lambda *step: told.append(step), cache=False)
    assert next(done for stage, done, _, _ in told if stage == "epochs") > 1
    assert again.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    ("method", "parameters", "says"),
    [
        ("lbp_top_svm", {}, "does not end in a network; these do: apex_dcnn"),
        ("dtscnn", {}, "does not end in a network"),
        ("stsnet", {}, "'stsnet' is no registered method"),
        ("ststnet", {"epoch": 3}, "'epoch' is no parameter"),
        ("ststnet", {"flowmap__siez": 3}, "has no such parameter; there is flowmap__size"),
    ],
)
def test_what_cannot_be_trained_is_said_before_anything_is_computed(method, parameters, says, tmp_path):
    material, y = clips()
    with pytest.raises(UsageError, match=says):
        train(method, material, y, tmp_path / "out", parameters)
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_replaced_only_when_asked(tmp_path):
    material, y = clips()
    path = train("ststnet", material, y, tmp_path / "net.safetensors", settings("ststnet"), cache=False)
    with pytest.raises(UsageError, match="is there already"):
        train("ststnet", material, y, tmp_path / "net", settings("ststnet"), cache=False)
    assert train("ststnet", material, y, path, settings("ststnet"), 3, cache=False, overwrite=True) == path


def test_all_networks_are_methods():
    assert set(NETWORKS) <= set(METHODS)
