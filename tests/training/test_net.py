"""NetClassifier: what is learned, what is held out, what is repeated exactly, and what is said when it cannot be."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator
from torch import nn

from fleeting.compute.identity import digest
from fleeting.errors import OutputError, UsageError
from fleeting.models.eye_cnn import EyeCNN
from fleeting.models.ststnet import STSTNet
from fleeting.training import loop
from fleeting.training.augment import Crop, Mirror, Window
from fleeting.training.device import pick_device, repeatable, said
from fleeting.training.net import NetClassifier
from fleeting.training.net_features import NetFeatures
from fleeting.training.samples import class_weights, hold_out
from fleeting.training.weights import save_weights


class Tiny(nn.Module):
    """Convolution, normalisation, dropout, head: all that has a state of its own."""

    def __init__(self, input_shape, n_classes, width=1.0):
        super().__init__()
        filters = round(4 * width)
        self.conv = nn.Conv2d(input_shape[0], filters, 3, padding=1)
        self.norm = nn.BatchNorm2d(filters)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(filters * 4, n_classes)

    def forward(self, x):
        x = self.norm(self.conv(x)).relu()
        return self.head(self.drop(nn.functional.adaptive_avg_pool2d(x, 2).flatten(1)))


class Deep(nn.Module):
    """Three valid convolutions over time: needs 7 frames."""

    def __init__(self, input_shape, n_classes):
        super().__init__()
        self.conv = nn.Sequential(*(nn.Conv3d(input_shape[0] if k == 0 else 2, 2, (3, 1, 1)) for k in range(3)))
        self.head = nn.Linear(2, n_classes)

    def forward(self, x):
        return self.head(self.conv(x).mean((2, 3, 4)))


class Steps(nn.Module):
    """A say at each moment, (N, T, K)."""

    def __init__(self, input_shape, n_classes):
        super().__init__()
        self.head = nn.Linear(input_shape[0], n_classes)

    def forward(self, x):
        return self.head(x.mean((3, 4)).transpose(1, 2))


class Fixed(nn.Module):
    """Scores that are the sample's own first numbers."""

    def __init__(self, input_shape, n_classes):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.n_classes = n_classes

    def forward(self, x):
        return self.scale * x.flatten(1)[:, : self.n_classes]


class Flat(nn.Module):
    """A layer between rows of numbers, (N, D), and the classes."""

    def __init__(self, input_shape, n_classes):
        super().__init__()
        self.body, self.head = nn.Linear(input_shape[0], 16), nn.Linear(16, n_classes)

    def forward(self, x):
        return self.head(self.body(x).relu())


class Greedy(nn.Module):
    """Asks for more memory than there is."""

    def __init__(self, input_shape, n_classes):
        super().__init__()
        self.head = nn.Linear(1, n_classes)

    def forward(self, x):
        return self.head(torch.empty(len(x), 10**14).mean(1, keepdim=True))


def blobs(rng, n=24, persons=6, noise=0.3):
    """Pictures bright at the left or the right, (n, 1, 8, 8), their class, and whose they are: each person has both."""
    y = np.array(["left", "right"])[np.arange(n) % 2]
    X = rng.normal(0, noise, (n, 1, 8, 8)).astype(np.float32)
    X[y == "left", :, :, :4] += 1
    X[y == "right", :, :, 4:] += 1
    return X, y, np.array([f"made/s{i // 2 % persons}" for i in range(n)])


def tiny(**settings):
    return NetClassifier(Tiny, **{"epochs": 15, "batch_size": 8, "lr": 0.03, "device": "cpu", "random_state": 0, **settings})


def states(net):
    return {name: tensor.numpy() for name, tensor in net.module_.state_dict().items()}


def assert_same(one, other):
    assert states(one).keys() == states(other).keys()
    for name, value in states(one).items():
        assert np.array_equal(value, states(other)[name]), name


def test_it_learns_what_can_be_learned(rng):
    X, y, persons = blobs(rng)
    net = tiny().fit(X, y, groups=persons)
    fresh, truth, _ = blobs(np.random.default_rng(1), 40)
    assert (net.predict(fresh) == truth).mean() > 0.95
    p = net.predict_proba(fresh)
    assert p.shape == (40, 2)
    assert np.allclose(p.sum(axis=1), 1)
    assert net.classes_.tolist() == ["left", "right"]


def test_the_curves_and_the_chosen_epoch_are_kept(rng):
    X, y, persons = blobs(rng, noise=2)
    net = tiny(epochs=6).fit(X, y, groups=persons)
    assert [row["epoch"] for row in net.history_] == [1, 2, 3, 4, 5, 6]
    lowest = min(net.history_, key=lambda row: row["validation_loss"])
    assert net.chosen_epoch_ == lowest["epoch"]
    assert [row["chosen"] for row in net.history_].index(1) == net.chosen_epoch_ - 1
    json.dumps(net.history_)
    held = np.isin(persons, net.validation_persons_)
    assert (net.predict(X[held]) == y[held]).mean() == lowest["validation_accuracy"], "the weights are those of the chosen epoch"


def test_by_accuracy_the_first_of_the_best_epochs_with_the_lowest_loss_is_taken(rng):
    X, y, persons = blobs(rng, noise=2)
    net = tiny(epochs=8, choose="accuracy").fit(X, y, groups=persons)
    best = max(net.history_, key=lambda row: (row["validation_accuracy"], -row["validation_loss"]))
    assert net.chosen_epoch_ == best["epoch"]


def test_the_last_epoch_needs_nobody_held_out(rng):
    X, y, _ = blobs(rng)
    net = tiny(epochs=3, validation=0, choose="last").fit(X, y)
    assert net.chosen_epoch_ == 3
    assert net.validation_persons_ == []
    assert "validation_loss" not in net.history_[0]


def test_who_is_held_out_is_never_trained_on(rng):
    X, y, persons = blobs(rng)
    net = tiny(epochs=3, choose="last", validation=0.3).fit(X, y, groups=persons)
    held = np.isin(persons, net.validation_persons_)
    assert len(net.validation_persons_) == 2
    spoilt = X.copy()
    spoilt[held] = rng.normal(size=spoilt[held].shape)
    assert_same(net, tiny(epochs=3, choose="last", validation=0.3).fit(spoilt, y, groups=persons))


def test_standardising_looks_at_training_samples_only(rng):
    X, y, persons = blobs(rng)
    X = 5 + 3 * X
    net = tiny(epochs=1, standardise="data", validation=["made/s2"]).fit(X, y, groups=persons)
    rest = X[persons != "made/s2"]
    assert net.centre_ == pytest.approx([rest.mean(dtype=float)])
    assert net.spread_ == pytest.approx([rest.std(dtype=float)], rel=1e-5)


def test_no_one_is_held_out_without_whom_a_class_is_lost():
    persons = np.array(["a", "a", "b", "c", "d"])
    code = np.array([0, 1, 0, 0, 0])  # only a shows class 1
    for seed in range(20):
        held = hold_out(persons, code, 0.5, seed)
        assert 0 < len(held) <= 2
        assert not np.isin(held, [0, 1]).any()
    with pytest.raises(UsageError, match="losing a class"):
        hold_out(["a", "b"], np.array([0, 1]), 0.5, 0)
    assert hold_out(persons, code, ("b", "d"), 0).tolist() == [2, 4]
    for wrong in (["z"], ["a"]):
        with pytest.raises(UsageError, match="not among the persons, or no class would be left"):
            hold_out(persons, code, wrong, 0)


def test_the_split_depends_on_persons_and_not_on_the_order_of_samples(rng):
    _, y, persons = blobs(rng)
    code = (y == "left").astype(int)
    order = rng.permutation(len(y))
    here = set(persons[hold_out(persons, code, 0.3, 5)])
    assert set(persons[order][hold_out(persons[order], code[order], 0.3, 5)]) == here


def test_one_seed_one_result_and_the_global_generators_stay_as_they_were(rng):
    X, y, persons = blobs(rng)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one = tiny(epochs=3, augment=(Mirror(),)).fit(X, y, groups=persons)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(5)
    assert_same(one, tiny(epochs=3, augment=(Mirror(),)).fit(X, y, groups=persons))
    other = tiny(epochs=3, augment=(Mirror(),), random_state=1).fit(X, y, groups=persons)
    assert not np.array_equal(states(one)["conv.weight"], states(other)["conv.weight"])


class Stop(Exception):
    pass


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_what_was_stopped_goes_on_as_if_it_had_not_been(rng, tmp_path, monkeypatch, optimizer):
    X, y, persons = blobs(rng, noise=1)
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0.0)
    settings = {"epochs": 6, "optimizer": optimizer, "augment": (Mirror(),), "schedule": (2, 0.5), "checkpoint": tmp_path}
    whole = tiny(**{**settings, "checkpoint": None}).fit(X, y, groups=persons)
    seen = []

    def stop(stage, done, total, seconds):
        seen.append(done)
        if done == 3:
            raise Stop

    with pytest.raises(Stop):
        tiny(**settings, progress=stop).fit(X, y, groups=persons)
    resumed = tiny(**settings, progress=lambda stage, done, total, s: seen.append(done)).fit(X, y, groups=persons)
    assert seen == [1, 2, 3, 4, 5, 6]
    assert_same(resumed, whole)
    assert resumed.history_ == whole.history_
    assert resumed.chosen_epoch_ == whole.chosen_epoch_


KILLED = """
import numpy as np, torch
from fleeting.training import loop
from fleeting.training.net import NetClassifier
from fleeting.models.ststnet import STSTNet
torch.set_num_threads(1)
loop.SAVE_EVERY_S = 0.0
X = np.random.default_rng(7).random((24, 3, 8, 8), dtype=np.float32)
NetClassifier(STSTNet, epochs=150, batch_size=8, device="cpu", random_state=0, checkpoint=CHECKPOINT).fit(
    X, np.arange(24) % 3, groups=np.repeat([f"made/s{k}" for k in range(4)], 6)
)
"""


def test_what_was_killed_goes_on_as_if_it_had_not_been(tmp_path):
    """SIGKILL at whatever moment: of an epoch, of a checkpoint being written."""
    child = subprocess.Popen([sys.executable, "-c", KILLED.replace("CHECKPOINT", repr(str(tmp_path)))])
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("*.safetensors")) and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(0.05)
    child.kill()
    assert child.wait() != 0, "it was to be killed before it was done"
    X, y = np.random.default_rng(7).random((24, 3, 8, 8), dtype=np.float32), np.arange(24) % 3
    persons, began = np.repeat([f"made/s{k}" for k in range(4)], 6), []
    settings = {"epochs": 150, "batch_size": 8, "device": "cpu", "random_state": 0}
    note = lambda stage, done, total, s: began.append(done)  # noqa: E731
    resumed = NetClassifier(STSTNet, checkpoint=tmp_path, progress=note, **settings).fit(X, y, groups=persons)
    assert began[0] > 1, "it went on, and did not start anew"
    whole = NetClassifier(STSTNet, **settings).fit(X, y, groups=persons)
    assert_same(resumed, whole)
    assert resumed.history_ == whole.history_


def test_a_finished_training_is_not_repeated_and_another_is_not_taken_for_it(rng, tmp_path):
    X, y, persons = blobs(rng)
    epochs = []
    settings = {"epochs": 2, "checkpoint": tmp_path, "progress": lambda *told: epochs.append(told[1])}
    first = tiny(**settings).fit(X, y, groups=persons)
    assert_same(first, tiny(**settings).fit(X, y, groups=persons))
    assert epochs == [1, 2]
    tiny(**settings).fit(X + 1, y, groups=persons)  # other samples
    tiny(**{**settings, "lr": 0.1}).fit(X, y, groups=persons)
    assert epochs == [1, 2] * 3
    assert len(list(tmp_path.iterdir())) == 3


def test_a_broken_checkpoint_is_named(rng, tmp_path):
    X, y, persons = blobs(rng)
    tiny(epochs=1, checkpoint=tmp_path).fit(X, y, groups=persons)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(UsageError, match="cannot be resumed"):
        tiny(epochs=1, checkpoint=tmp_path).fit(X, y, groups=persons)


def test_a_checkpoint_of_another_architecture_is_not_resumed(rng, tmp_path):
    X, y, persons = blobs(rng)
    files = []
    for width in (1.0, 2.0):
        tiny(epochs=1, options={"width": width}, checkpoint=tmp_path).fit(X, y, groups=persons)
        files += [each for each in tmp_path.iterdir() if each not in files]
    files[1].replace(files[0])
    with pytest.raises(UsageError, match=r"cannot be resumed \(its weights .* this Tiny: conv\.weight is \(8, .*here \(4, .*remove it"):
        tiny(epochs=1, options={"width": 1.0}, checkpoint=tmp_path).fit(X, y, groups=persons)


def test_it_is_a_scikit_learn_estimator(rng):
    X, y, persons = blobs(rng)
    net = tiny(epochs=4)
    assert clone(net).get_params()["epochs"] == 4
    assert "NetClassifier" in repr(net)
    assert digest(net) == digest(clone(net))
    assert digest(net) != digest(tiny(epochs=5))
    assert digest(net) == digest(tiny(epochs=4, progress=print, checkpoint="elsewhere"))
    fitted = net.fit(X, y, groups=persons)
    assert np.array_equal(pickle.loads(pickle.dumps(fitted)).predict_proba(X), fitted.predict_proba(X))


NO_TABLE = "samples are pictures and clips, not tables of named columns"
OWN_WORDS = "it is refused, in Fleeting's words instead of scikit-learn's"


def test_scikit_learns_own_checks():
    net = NetClassifier(Flat, epochs=30, lr=0.02, validation=0, choose="last", device="cpu", random_state=0)
    excused = {
        "check_n_features_in": NO_TABLE,
        "check_n_features_in_after_fitting": NO_TABLE,
        "check_dtype_object": NO_TABLE,
        "check_estimators_empty_data_messages": NO_TABLE,
        "check_supervised_y_2d": "a label a sample; a column of them is refused, not guessed at",
        "check_classifiers_one_label": "one class is refused: there is nothing to tell apart",
        **dict.fromkeys(("check_complex_data", "check_estimator_sparse_array", "check_estimator_sparse_matrix"), OWN_WORDS),
        **dict.fromkeys(("check_fit2d_1sample", "check_fit2d_predict1d", "check_requires_y_none"), OWN_WORDS),
    }
    results = check_estimator(net, expected_failed_checks=excused, on_skip=None)
    assert {each["check_name"] for each in results if each["status"] == "xfail"} == set(excused), "no more is excused than must be"


def test_what_was_not_fitted_says_so(rng):
    X, _, _ = blobs(rng)
    for said_of in (tiny().predict, tiny().predict_proba, NetFeatures(tiny()).transform):
        with pytest.raises(NotFittedError):
            said_of(X)
    with pytest.raises(NotFittedError):
        tiny().save("nowhere")


def test_persons_come_through_a_pipeline_by_metadata_routing(rng):
    X, y, persons = blobs(rng, noise=0.2)
    pipeline = make_pipeline(FunctionTransformer(), tiny())
    with config_context(enable_metadata_routing=True):
        said = cross_val_predict(pipeline, X, y, cv=LeaveOneGroupOut(), params={"groups": persons})
    assert (said == y).mean() > 0.9


def test_streams_from_a_file_and_takes_whole_numbers(rng, tmp_path):
    X, y, persons = blobs(rng)
    grey = np.clip(100 + 50 * X, 0, 255).astype(np.uint8)
    np.save(tmp_path / "grey.npy", grey)
    mapped = np.load(tmp_path / "grey.npy", mmap_mode="r")
    one, other = tiny(epochs=2).fit(mapped, y, groups=persons), tiny(epochs=2).fit(grey / np.float32(255), y, groups=persons)
    for name, value in states(one).items():
        assert np.allclose(value, states(other)[name], atol=1e-5), name


def test_class_weights_are_the_same_as_repeating_samples(rng):
    """A batch holds all samples: those of weight 2 count as if they were there twice."""
    X, y, _ = blobs(rng, 8)
    settings = {"validation": 0, "choose": "last", "epochs": 4, "batch_size": 100, "optimizer": "sgd", "lr": 0.1}
    weighted = NetClassifier(Fixed, class_weight={"left": 2, "right": 1}, device="cpu", random_state=0, **settings).fit(X, y)
    twice = np.concatenate([X, X[y == "left"]]), np.concatenate([y, y[y == "left"]])
    repeated = NetClassifier(Fixed, device="cpu", random_state=0, **settings).fit(*twice)
    assert states(weighted)["scale"] == pytest.approx(states(repeated)["scale"], abs=1e-6)


def test_balanced_weights_count_samples():
    assert class_weights("balanced", np.array(["a", "b"]), np.array([0, 0, 0, 1])).tolist() == pytest.approx([4 / 6, 2.0])


def test_the_loss_is_worked_out_by_hand():
    X = np.zeros((4, 1, 2, 1), np.float32)
    X[0, 0, :, 0] = [1, 0]
    X[1:, 0, :, 0] = [0, 1]
    y = ["a", "b", "b", "a"]
    settings = {"epochs": 1, "lr": 1e-12, "validation": 0, "choose": "last", "batch_size": 9, "device": "cpu"}
    net = NetClassifier(Fixed, **settings).fit(X, y)
    right, wrong = -np.log(np.e / (np.e + 1)), -np.log(1 / (np.e + 1))
    assert net.history_[0]["loss"] == pytest.approx((3 * right + wrong) / 4)
    squared = NetClassifier(Fixed, loss="squared", **settings).fit(X, y)
    assert squared.history_[0]["loss"] == pytest.approx((0 + 0 + 0 + 1) / 4)  # E = 1/2 (1 + 1) for the one that is wrong
    assert squared.history_[0]["accuracy"] == 0.75


def test_a_say_at_each_moment_is_averaged(rng):
    X = rng.normal(size=(6, 2, 5, 3, 3)).astype(np.float32)
    y, settings = [0, 1] * 3, {"validation": 0, "choose": "last", "epochs": 2, "device": "cpu", "random_state": 0}
    net = NetClassifier(Steps, **settings).fit(X, y)
    each = net.module_(torch.from_numpy(X)).softmax(-1).detach().numpy()
    assert np.allclose(net.predict_proba(X), each.mean(axis=1), atol=1e-6)
    windowed = NetClassifier(Steps, augment=(Window(3),), passes=4, **settings).fit(X, y)
    assert windowed.input_shape_ == (2, 3, 3, 3)
    assert windowed.predict_proba(X).shape == (6, 2), "all five frames are looked at where nothing is trained"


def test_schedules():
    def recipe(schedule, epochs=90):
        net = NetClassifier(Tiny, epochs=epochs, schedule=schedule, lr=1.0)
        return loop.Recipe(**{name: getattr(net, name) for name in loop.Recipe.__dataclass_fields__})

    steps = recipe((30, 0.1))
    assert [steps.rate(epoch) for epoch in (0, 29.9, 30, 60)] == pytest.approx([1, 1, 0.1, 0.01])
    cosine = recipe("cosine")
    assert [cosine.rate(epoch) for epoch in (0, 45, 90)] == pytest.approx([1, 0.5, 0], abs=1e-12)
    assert recipe(None).rate(80) == 1
    with pytest.raises(UsageError, match="schedule"):
        recipe("linear")


def test_training_stops_early(rng):
    X, y, persons = blobs(rng, noise=0.1)
    waited = tiny(epochs=200, patience=3, lr=0.3).fit(X, y, groups=persons)
    assert waited.history_[-1]["epoch"] == waited.chosen_epoch_ + 3 < 200
    low = tiny(epochs=200, stop_below=0.1, validation=0, choose="last").fit(X, y)
    assert low.history_[-1]["loss"] < 0.1 <= low.history_[-2]["loss"]


def test_a_single_sample_at_the_end_joins_the_batch_before(rng):
    X, y, _ = blobs(rng, 9)
    assert tiny(epochs=1, batch_size=4, validation=0, choose="last").fit(X, y).history_[0]["epoch"] == 1


def test_frozen_layers_stay(rng):
    X, y, persons = blobs(rng)
    start = tiny(epochs=2).fit(X, y, groups=persons)
    given = {name: torch.from_numpy(value) for name, value in states(start).items()}
    net = tiny(epochs=3, weights=given, frozen=("conv",), random_state=3).fit(X, y, groups=persons)
    assert np.array_equal(states(net)["conv.weight"], states(start)["conv.weight"])
    assert not np.array_equal(states(net)["head.weight"], states(start)["head.weight"])
    with pytest.raises(UsageError, match="no layer 'trunk'; it has conv"):
        tiny(frozen=("trunk",)).fit(X, y, groups=persons)


def test_frozen_normalisation_stays_too(rng):
    """Its running means went on with the clips, though its weights stayed."""
    X, y, persons = blobs(rng)
    start = tiny(epochs=2).fit(X, y, groups=persons)
    given = {name: torch.from_numpy(value) for name, value in states(start).items()}
    net = tiny(epochs=3, weights=given, frozen=("conv", "norm"), random_state=3).fit(X, y, groups=persons)
    for name, value in states(start).items():
        assert np.array_equal(states(net)[name], value) == (not name.startswith("head")), name
    assert states(tiny(epochs=2, weights=given, frozen=("conv",)).fit(X, y, groups=persons))["norm.num_batches_tracked"] > 6


def test_changes_are_not_made_to_who_is_held_out(rng):
    X, y, persons = blobs(rng)
    mirrored = tiny(epochs=3, augment=(Mirror(),), validation=["made/s1"], choose="last").fit(X, y, groups=persons)
    held = persons == "made/s1"
    p = mirrored.module_(torch.from_numpy(X[held])).softmax(1).detach().numpy()
    assert np.allclose(mirrored.predict_proba(X[held]), p, atol=1e-6)
    loss = -np.log(p[np.arange(held.sum()), (y[held] == "right").astype(int)]).mean()
    assert mirrored.history_[-1]["validation_loss"] == pytest.approx(loss, rel=1e-5)


def test_outputs_that_are_all_zero_say_nothing():
    """Sigmoids of large weights can all be 0: the probabilities were nan."""
    X = np.array([[0, 0], [0.5, 0], [0, 1e-20]], np.float32).reshape(3, 1, 2, 1)
    settings = {"epochs": 1, "lr": 1e-12, "validation": 0, "choose": "last", "device": "cpu", "random_state": 0}
    net = NetClassifier(Fixed, loss="squared", **settings).fit(X, ["a", "a", "b"])
    assert net.predict_proba(X) == pytest.approx(np.array([[0.5, 0.5], [1, 0], [0, 1]]))
    assert np.isfinite(net.history_[0]["loss"])
    noise = np.random.default_rng(0).random((60, 1, 32, 32), dtype=np.float32)
    eyes = NetClassifier(EyeCNN, {"variant": "text", "init": "seed"}, loss="squared", **settings).fit(noise, np.arange(60) % 2)
    assert np.allclose(eyes.predict_proba(noise).sum(axis=1), 1)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # PyTorch's own compiler uses what PyTorch has given up
@pytest.mark.skipif(shutil.which("g++") is None, reason="compiling needs a C++ compiler")
def test_a_compiled_network_learns_the_same(rng):
    X, y = rng.normal(size=(8, 1, 2, 1)).astype(np.float32), ["a", "b"] * 4
    settings = {"epochs": 2, "validation": 0, "choose": "last", "optimizer": "sgd", "device": "cpu", "random_state": 0}
    plain, compiled = (NetClassifier(Fixed, compile=on, **settings).fit(X, y) for on in (False, True))
    assert states(compiled)["scale"] == pytest.approx(states(plain)["scale"], abs=1e-6)
    assert compiled.predict_proba(X) == pytest.approx(plain.predict_proba(X), abs=1e-6)


def test_compiling_without_a_compiler_says_what_to_do(rng):
    text = "InvalidCxxCompiler: No working C++ compiler found in torch._inductor.config.cpp.cxx: (None, 'c++')"
    with pytest.raises(UsageError, match=r"compile=True needs a compiler that works: .* or leave it out"), said("Tiny", ""):
        raise RuntimeError(text)


def test_mixed_precision_learns_too(rng):
    X, y, persons = blobs(rng)
    assert (tiny(mixed_precision=True).fit(X, y, groups=persons).predict(X) == y).mean() > 0.9


def test_crops_are_cut_in_training_and_taken_from_the_middle_otherwise(rng):
    X, y, persons = blobs(rng)
    net = tiny(augment=(Crop(6, 6),), epochs=1).fit(X, y, groups=persons)
    assert net.input_shape_ == (1, 6, 6)
    inside = X[:, :, 1:7, 1:7]
    assert np.allclose(net.predict_proba(X), net.module_(torch.from_numpy(inside)).softmax(1).detach().numpy(), atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"epochs": 0}, "epochs=0"),
        ({"lr": 0}, "lr=0"),
        ({"optimizer": "newton"}, "sgd, adam, adamw"),
        ({"choose": "worst"}, "best, accuracy, last"),
        ({"loss": "hinge"}, "hinge"),
        ({"validation": 1.5}, "below 1"),
        ({"validation": 0}, "choose='last'"),
        ({"patience": 0}, "patience=0"),
        ({"class_weight": {"left": 1}}, "class_weight"),
        ({"device": "tpu"}, "auto, cpu, cuda, mps"),
        ({"augment": (Crop(20, 20),)}, "20 rows"),
    ],
)
def test_wrong_parameters_are_named(rng, settings, words):
    X, y, persons = blobs(rng)
    with pytest.raises(UsageError, match=words):
        tiny(**settings).fit(X, y, groups=persons)


def test_persons_that_are_not_given_are_asked_for(rng):
    X, y, _ = blobs(rng)
    with pytest.raises(UsageError, match="groups, the person of each sample, is not given"):
        tiny().fit(X, y)


def test_one_class_and_samples_that_are_no_numbers(rng):
    X, _, persons = blobs(rng)
    with pytest.raises(UsageError, match="all 24 training samples are happy"):
        tiny().fit(X, ["happy"] * 24, groups=persons)
    X[7, 0, 3, 3] = np.nan
    with pytest.raises(UsageError, match="sample 7 holds nan"):
        tiny().fit(X, blobs(rng)[1], groups=persons)


def test_samples_that_do_not_belong_together(rng):
    X, y, persons = blobs(rng)
    with pytest.raises(UsageError, match="samples are of different shapes: bring all to one length"):
        tiny().fit([X[0], X[1, :, 1:]], y[:2], groups=persons[:2])
    with pytest.raises(UsageError, match=r"labels are continuous numbers \(0\.5\), not classes"):
        tiny().fit(X, np.arange(24) / 2, groups=persons)
    assert_same(tiny(epochs=1).fit(torch.from_numpy(X), y, groups=persons), tiny(epochs=1).fit(X, y, groups=persons))


def test_a_checkpoint_folder_that_cannot_be(rng, tmp_path):
    X, y, persons = blobs(rng)
    (tmp_path / "file").write_text("in the way")
    for place in ("file", "file/deeper"):
        with pytest.raises(OutputError, match="cannot be made a folder"):
            tiny(epochs=1, checkpoint=tmp_path / place).fit(X, y, groups=persons)


def test_features_of_a_network_are_spoken_of_in_words(rng):
    X = rng.normal(size=(6, 1, 7, 4, 4)).astype(np.float32)
    net = NetClassifier(Deep, epochs=1, validation=0, choose="last", device="cpu")
    Deep.features = lambda self, x: self.conv(x).mean((2, 3, 4))
    try:
        seen = NetFeatures(net).fit(X, [0, 1] * 3)
        assert seen.transform(X).shape == (6, 2)
        with pytest.raises(UsageError, match=r"Deep on samples of \(1, 5, 4, 4\).*[Kk]ernel size"):
            seen.transform(X[:, :, :5])
    finally:
        del Deep.features


def test_too_few_frames_for_the_time_axis(rng):
    X = rng.normal(size=(6, 1, 5, 4, 4))
    with pytest.raises(UsageError, match=r"Deep on 6 samples of \(1, 5, 4, 4\).*[Kk]ernel size"):
        NetClassifier(Deep, validation=0, choose="last").fit(X, [0, 1] * 3)


def test_too_little_memory_says_what_to_lower(rng):
    X, y, _ = blobs(rng)
    with pytest.raises(UsageError, match=r"out of memory\. Lower batch_size=8"):
        NetClassifier(Greedy, batch_size=8, device="cpu", validation=0, choose="last").fit(X, y)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the GPU that should be missing")
def test_a_gpu_that_is_not_there(rng):
    X, y, persons = blobs(rng)
    with pytest.raises(UsageError, match="device='cuda' is not on this machine"):
        tiny(device="cuda").fit(X, y, groups=persons)


@pytest.mark.parametrize("name", ["tpu", "cuda:x", "cpu:", "auto:0", "CUDA"])
def test_a_device_that_is_none(name):
    with pytest.raises(UsageError, match="device="):
        pick_device(name)


def test_one_of_several_devices():
    assert pick_device("cpu") == pick_device(torch.device("cpu")) == torch.device("cpu")
    assert pick_device("cpu:0").type == "cpu"
    with pytest.raises(UsageError, match="which has 1 of this kind, counted from 0"):
        pick_device("cpu:1")
    if torch.cuda.is_available():
        with pytest.raises(UsageError, match="counted from 0"):
            pick_device(f"cuda:{torch.cuda.device_count()}")


def test_convolutions_on_a_gpu_are_deterministic_and_still_cudnns():
    """Unless told, PyTorch's own block of flags turns cuDNN off, and leaves training to far slower code."""
    cudnn = torch.backends.cudnn
    before = cudnn.enabled, cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic
    with repeatable(0):
        assert (cudnn.enabled, cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic) == (*before[:2], False, True)
    assert (cudnn.enabled, cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic) == before


@pytest.mark.parametrize("text", ["CUDA out of memory. Tried to allocate 2 GiB", "cuDNN error: CUDNN_STATUS_ALLOC_FAILED"])
def test_other_words_for_too_little_memory(text):
    with pytest.raises(UsageError, match=r"Tiny: out of memory\. Lower it"), said("Tiny", "Lower it"):
        raise RuntimeError(text)


def test_a_loss_that_is_no_number_any_more(rng):
    X, y, persons = blobs(rng)
    with pytest.raises(UsageError, match=r"the loss is (nan|inf) in epoch \d+: training diverged"):
        tiny(lr=1e30, optimizer="sgd").fit(X, y, groups=persons)


def test_samples_of_another_size_than_the_training_had(rng):
    X, y, persons = blobs(rng)
    net = tiny(epochs=1).fit(X, y, groups=persons)
    with pytest.raises(UsageError, match=r"\(1, 8, 9\).*\(1, 8, 8\)"):
        net.predict(np.zeros((2, 1, 8, 9)))
    assert net.predict_proba(X[:0]).shape == (0, 2)


def test_what_a_run_records_of_the_choice(rng):
    assert tiny().selection == "epoch of lowest loss on 10% of the training persons, held out"
    assert tiny(choose="last").selection is None


def test_saved_weights_come_back_with_their_card(rng, tmp_path):
    X, y, persons = blobs(rng)
    net = tiny(epochs=2, standardise="data", augment=(Crop(6, 6),), options={"width": 2.0}).fit(X, y, groups=persons)
    path = net.save(tmp_path / "left-right", trained_on="made pictures")
    loaded = NetClassifier.load(path, Tiny)
    assert np.allclose(loaded.predict_proba(X), net.predict_proba(X), atol=1e-6)
    assert loaded.classes_.tolist() == ["left", "right"]
    card = json.loads((tmp_path / "left-right.json").read_text())
    assert card["trained_on"] == "made pictures"
    assert card["n_weights"] == sum(each.numel() for each in net.module_.parameters())
    with pytest.raises(UsageError, match="no network of this Fleeting"):
        NetClassifier.load(path)
    bare = save_weights(tmp_path / "bare", net.module_.state_dict(), {"network": "mine.Tiny"})
    with pytest.raises(UsageError, match="its card has no 'augment', so it is of no classifier"):
        NetClassifier.load(bare, Tiny)
    kept = {key: value for key, value in card.items() if key not in ("format", "sha256")}
    foreign = save_weights(tmp_path / "foreign", net.module_.state_dict(), {**kept, "augment": [["Twist", {}]]})
    with pytest.raises(UsageError, match="the change 'Twist', which this Fleeting does not know"):
        NetClassifier.load(foreign, Tiny)
    with pytest.raises(UsageError, match="not of the architecture Steps"):
        NetClassifier.load(path, lambda **kw: Steps(kw["input_shape"], kw["n_classes"]))


def test_training_goes_on_from_saved_weights_but_for_the_head(rng, tmp_path):
    X, y, persons = blobs(rng)
    path = tiny(epochs=2).fit(X, y, groups=persons).save(tmp_path / "start")
    three = np.array(["a", "b", "c"])[np.arange(len(y)) % 3]
    net = tiny(epochs=1, lr=1e-12, weights=path, random_state=4, validation=0, choose="last").fit(X, three)
    assert np.allclose(states(net)["conv.weight"], states(NetClassifier.load(path, Tiny))["conv.weight"], atol=1e-6)
    with pytest.raises(UsageError, match=r"head.weight is \(2, 16\), here \(3, 16\)"):
        tiny(weights=path, weights_part="all", validation=0, choose="last").fit(X, three)
    with pytest.raises(UsageError, match="not of the architecture Deep"):
        NetClassifier(Deep, weights=path, validation=0, choose="last").fit(np.zeros((4, 1, 9, 4, 4)), [0, 1] * 2)
