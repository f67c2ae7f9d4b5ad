"""Methods that first learn from pictures of expressions: what is taken from these, and what happens without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fleeting.errors import UsageError
from fleeting.evaluation.evaluate import evaluate
from fleeting.methods.transfer import c5_svm, pretrain, sdf, tlcnn
from fleeting.protocols import SubjectKFold
from fleeting.training.net import NetClassifier

from ..made_clips import make_clip, texture
from .test_networks import clips

TINY = {"size": 51, "width": 0.02}
QUICK = {"scale": 1e-4, "frames_batch": 16, "clips_batch": 4, "device": "cpu"}


def expressions(n=12):
    """Pictures of three expressions by four people; one more without an emotion."""
    out = []
    for k in range(n):
        words, subject = ("happy", "sad", "angry"), f"p{k // 3}"
        picture = np.clip(texture(51, 51, k) + 40 * (k % 3), 0, 255).astype(np.uint8)
        out.append(replace(make_clip(picture[None], name=f"faces/{subject}/{k}"), subject=subject, dataset="faces", emotion=words[k % 3]))
    return [*out, replace(out[0], id="faces/p0/none", emotion=None)]


def run(method, folds=2):
    material, y = clips()
    return evaluate(method, material, y, SubjectKFold(folds), cache=False)


def test_tlcnn_from_clips_of_expressions_and_from_their_weights(tmp_path):
    direct = tlcnn(expressions(), n_frames=4, **TINY, **QUICK)
    X, y, persons = direct[-1].expressions
    assert X.shape == (12, 3, 51, 51)
    assert sorted(set(y)) == ["angry", "happy", "sad"]
    assert persons[0] == "faces/p0"
    stages = run(direct).learning["1"]
    assert sorted(set(stages["stage"])) == [1, 2, 3, 4, 5]
    path = pretrain("tlcnn", expressions(), tmp_path / "nine", **TINY, **QUICK)
    assert NetClassifier.load(path).card_["trained_on"] == "12 pictures of faces"
    trained = tlcnn(str(path), n_frames=4, **TINY, **QUICK)
    assert trained[-1].expressions == Path(path), "runs know the file by its size, too"
    assert sorted(set(run(trained).learning["1"]["stage"])) == [2, 3, 4, 5]


def test_without_expressions_nothing_is_passed_off_as_transferred():
    for method in (tlcnn(n_frames=4, **TINY, **QUICK), c5_svm(n_frames=4, **TINY, **QUICK)):
        with pytest.raises(UsageError, match="give expressions="):
            run(method)
    with pytest.raises(UsageError, match="SDF's features need a trained network"):
        run(sdf(n_frames=3, size=51, width=0.05))
    with pytest.raises(UsageError, match=r"pretrain\('sdf', expressions, path\)"):
        sdf(expressions())
    with pytest.raises(UsageError, match="no picture of an expression has an emotion"):
        tlcnn(clips()[0])


def test_c5_and_a_support_vector_machine():
    out = run(c5_svm(n_frames=4, skip_expression=True, **TINY, **QUICK))
    assert set(out.predictions["y_pred"]) <= {"left", "right"}


def test_sdf_from_weights_that_were_saved(tmp_path):
    path = pretrain("sdf", expressions(), tmp_path / "vggf", size=51, width=0.05, scale=0.04, device="cpu")
    method = sdf(path, n_frames=3, size=51, population=4, generations=2)
    material, _ = clips()
    seen = method[:2].fit_transform(material)
    net = NetClassifier.load(path)
    frames = method[0].transform(material[:1])[0].frames
    small = np.stack([np.asarray(each) for each in _resized(frames)])
    x = net.as_trained(small).take(np.arange(3))
    assert seen[0] == pytest.approx(net.module_.features(x, "fc7").mean(dim=0).detach().numpy(), abs=1e-5)
    assert set(run(method, 4).predictions["y_pred"]) <= {"left", "right"}
    with pytest.raises(UsageError, match="give its size"):
        run(sdf(path, n_frames=3, size=64))


def _resized(frames):
    from fleeting.features.pictures import resized

    return [resized(frame, 51).transpose(2, 0, 1) for frame in frames]


def test_unknown_words_are_named():
    with pytest.raises(UsageError, match="'epochs' is no parameter of this method"):
        tlcnn(epochs=3)
    with pytest.raises(UsageError, match="tlcnn, c5_svm and sdf are"):
        pretrain("ststnet", expressions(), "nowhere")
