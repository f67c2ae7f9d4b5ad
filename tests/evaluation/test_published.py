"""What was named by Fleeting 0.1.0, before files moved into rooms, is found by those names: classes, keys, and a run that goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from fleeting.classifiers.kernel_ridge import KernelRidgeClassifier
from fleeting.clip import Clip
from fleeting.compute.identity import describe
from fleeting.compute.prefix import Features, _Kept
from fleeting.datasets.frames import InMemory
from fleeting.evaluation.evaluate import evaluate
from fleeting.features.flow_map import FlowMap
from fleeting.models import NETWORKS, DeepFeatures, NetClassifier, STSTNet, TLCNNClassifier, network
from fleeting.protocols import LOSO, PROTOCOLS
from fleeting.training.augment import AUGMENTS, Mirror
from fleeting.training.net_features import DeepClipFeatures, NetFeatures
from fleeting.training.tlcnn import FrameFeatures

RUN = Path(__file__).parent / "published" / "ststnet-cff5e0f308f4"  # made by 0.1.0 and stopped after two of four folds
PUBLISHED = {
    NetClassifier: "fleeting.models.net",
    TLCNNClassifier: "fleeting.models.tlcnn_training",
    FrameFeatures: "fleeting.models.tlcnn_training",
    NetFeatures: "fleeting.models.net_features",
    DeepClipFeatures: "fleeting.models.net_features",
    DeepFeatures: "fleeting.models.sdf",
    KernelRidgeClassifier: "fleeting.classifiers.kernel_ridge",
    _Kept: "fleeting.prefix",
    **dict.fromkeys(AUGMENTS.values(), "fleeting.models.augment"),
    **dict.fromkeys(PROTOCOLS.values(), "fleeting.protocols"),
    **{network(name): f"fleeting.models.{place.partition('.')[0]}" for name, place in NETWORKS.items()},
}


@pytest.mark.parametrize("kind", PUBLISHED, ids=lambda kind: kind.__name__)
def test_a_class_keeps_the_name_by_which_runs_know_it(kind):
    assert describe(kind)["class"] == f"{PUBLISHED[kind]}.{kind.__qualname__}"


def test_frames_that_were_kept_are_known_by_what_made_them(tmp_path):
    clips, _ = made()
    kept = describe(_Kept(Features((FlowMap(),), None), clips[0]))
    assert kept["class"] == "fleeting.prefix._Kept"
    assert kept["holds"]["features"]["class"] == "fleeting.prefix.Features"


def test_a_run_that_was_begun_before_the_move_goes_on_after_it(tmp_path):
    before = tmp_path / RUN.name
    shutil.copytree(RUN, before)
    folds = {path: path.read_bytes() for path in before.rglob("folds/*.csv")}
    clips, y = made()
    network = NetClassifier(STSTNet, epochs=2, augment=(Mirror(),), validation=0.0, choose="last")
    method = Pipeline([("flowmap", FlowMap()), ("net", network)])
    told = []
    run = evaluate(method, clips, y, LOSO(), tmp_path, 3, progress=lambda *step: told.append(step), cache=False, name="ststnet")
    assert [path.name for path in tmp_path.iterdir()] == [RUN.name], "the same key, so the same folder"
    assert run.about["key"] == "cff5e0f308f4"
    assert len(folds) == 2
    assert {path: path.read_bytes() for path in folds} == folds
    assert [total for stage, _, total, _ in told if stage == "folds"] == [2, 2, 2], "only the two folds that lacked"
    assert list(run.predictions.groupby("fold").size()) == [3, 3, 3, 3]


def made():
    """The clips of that run: twelve flow maps of four persons."""
    grey = np.arange(28 * 28 * 3).reshape(1, 28, 28, 3)
    clips = []
    for i in range(12):
        frames = ((grey * (i % 3 + 1) + 17 * i) % 256).astype(np.uint8)
        clips.append(Clip(f"made/s{i // 3}/{i}", "made", f"s{i // 3}", 50.0, 0, 0, 0, InMemory(frames)))
    return clips, np.array(["negative", "positive", "surprise"] * 4)
