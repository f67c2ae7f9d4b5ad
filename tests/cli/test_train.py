"""``fleeting train`` and ``fleeting models export``, through the real ``main``, on miniature flow maps."""

from __future__ import annotations

import json
from importlib.util import find_spec

import cv2
import numpy as np
import pytest

from .test_evaluate import MAPS, here  # noqa: F401  # a fixture

pytestmark = pytest.mark.usefixtures("here")
NO_ONNX = not all(find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime"))
TRAIN = ("train", "ststnet", *MAPS, "--set", "epochs=3", "--set", "device=cpu", "--set", "batch_size=16", "--out", "net")


def test_weights_of_a_dataset_and_their_use(fleeting, here):  # noqa: F811
    ended = fleeting(*TRAIN)
    assert ended.code == 0
    assert "fleeting analyze VIDEO --recogniser net.safetensors" in ended.said
    card = json.loads((here / "net.json").read_text("utf-8"))
    assert card["classes"] == ["negative", "positive", "surprise"]
    assert card["parameters"]["epochs"] == 3
    assert card["trained_on"].startswith("54 clips of 9 people")
    again = fleeting(*TRAIN)
    assert again.code == 2
    assert "net.safetensors is there already" in again.said
    assert fleeting(*TRAIN, "--overwrite").code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("train", "ststnet", "--out", "net"), "--data is missing"),
        (("train", "fdm", *MAPS, "--out", "net"), "does not end in a network"),
        (("train", "ststnet", *MAPS, "--out", "net", "--set", "epochz=3"), "'epochz' is no parameter"),
        (("models", "export", "none.safetensors", "net.onnx"), "none.safetensors does not exist"),
    ],
)
def test_what_cannot_be_trained_or_exported_is_said(fleeting, here, arguments, says):  # noqa: F811
    ended = fleeting(*arguments)
    assert ended.code == 2
    assert says in ended.said
    assert not list(here.glob("net*"))


@pytest.mark.skipif(NO_ONNX, reason="needs the packages of fleeting[export]")
def test_a_network_as_an_onnx_file(fleeting, here):  # noqa: F811
    assert fleeting(*TRAIN).code == 0
    assert fleeting("models", "export", "net.safetensors", "net.onnx").code == 0
    assert (here / "net.onnx").stat().st_size > 1000
    assert "is there already" in fleeting("models", "export", "net.safetensors", "net.onnx").said
    assert fleeting("models", "export", "net.safetensors", "net.onnx", "--overwrite").code == 0


def test_parameters_of_the_methods_function_can_be_set_and_are_listed(fleeting):
    listed = fleeting("methods", "lbp_top_svm")
    assert listed.code == 0
    assert {"align", "C"} <= set(listed.out.split())
    folds = ("--protocol", "subject-kfold", "--folds", "2")
    ended = fleeting("evaluate", "ststnet", *MAPS, "--set", "epochs=1", "--set", "device=cpu", *folds)
    assert ended.code == 0


def test_training_on_expressions_first(fleeting, here):  # noqa: F811
    rng = np.random.default_rng(0)
    (here / "kdef").mkdir()
    for name in [f"A{sex}{n:02}{word}S" for sex in "FM" for n in (1, 2, 3) for word in ("HA", "SA")]:
        cv2.imwrite(str(here / "kdef" / f"{name}.JPG"), rng.integers(0, 255, (60, 60, 3)).astype(np.uint8))
    small = ("--set", "size=51", "--set", "width=0.05", "--set", "scale=0.0001", "--set", "device=cpu")
    first = ("train", "tlcnn", "--pretrain", "--data", "kdef=kdef", *small, "--out", "first")
    ended = fleeting(*first)
    assert ended.code == 0
    assert "--set expressions=first.safetensors" in ended.said
    assert json.loads((here / "first.json").read_text("utf-8"))["classes"] == ["happy", "sad"]
    assert "is there already" in fleeting(*first).said
    unknown = fleeting("train", "tlcnn", "--pretrain", "--data", "kdef=kdef", "--set", "epochz=3", "--out", "second")
    assert unknown.code == 2
    assert "'epochz' is no parameter" in unknown.said
    assert "is not trained on expressions" in fleeting("train", "ststnet", "--pretrain", "--data", "kdef=kdef", "--out", "second").said


def test_the_recogniser_from_ones_own_clips(fleeting, here):  # noqa: F811
    ended = fleeting("train", "recogniser", *MAPS, "--out", "mine")
    assert ended.code == 0
    assert "fleeting analyze VIDEO --recogniser mine.safetensors" in ended.said
    told = fleeting("models", "card", "mine.safetensors")
    assert told.code == 0
    assert "trained on: 54 clips of 9 people" in told.out
    assert "SYNTHETIC" in fleeting("models", "card").out
    none = fleeting("models", "card", "none.safetensors")
    assert none.code == 2
    assert "none.json cannot be read" in none.said


def test_the_shipped_weights_are_evaluated_as_they_are(fleeting):
    ended = fleeting("evaluate", "pretrained", *MAPS, "--protocol", "loso")
    assert ended.code == 0
    assert "UF1" in ended.said
