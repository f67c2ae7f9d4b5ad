"""Many trainings as one: each comes out as it does alone, and never sees what it may not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from fleeting.compute.rows import Rows
from fleeting.errors import UsageError
from fleeting.models import network
from fleeting.training.augment import Augment, Crop, Mirror, Shift, Window
from fleeting.training.device import repeatable
from fleeting.training.net import NetClassifier
from fleeting.training.stacked import fit_together, how_many, step_bytes

from .test_net import Steps, Tiny, blobs

CLOSE = 1e-4  # of probabilities and losses after some epochs: sums are made in another order, nothing else differs


class Plain(Tiny):
    """Without the bias that the normalisation takes out again: its gradient is rounding, of which Adam would make whole steps."""

    def __init__(self, *shape, **options):
        super().__init__(*shape, **options)
        self.conv = nn.Conv2d(self.conv.in_channels, self.conv.out_channels, 3, padding=1, bias=False)


def folds(persons):
    """Leave one person out: the training samples of each fold."""
    return [np.flatnonzero(persons != person) for person in np.unique(persons)]


def alone_and_together(build, X, y, persons, rows):
    alone = [build(seed).fit(X[some], y[some], groups=persons[some]) for seed, some in enumerate(rows)]
    nets = [build(seed) for seed in range(len(rows))]
    fit_together(nets, X, y, rows, persons)
    return alone, nets


def assert_alike(alone, nets, X):
    for one, net in zip(alone, nets, strict=True):
        assert net.chosen_epoch_ == one.chosen_epoch_
        assert net.validation_persons_ == one.validation_persons_
        assert net.classes_.tolist() == one.classes_.tolist()
        for mine, its in zip(net.history_, one.history_, strict=True):
            assert mine == pytest.approx(its, abs=CLOSE)
        assert np.abs(net.predict_proba(X) - one.predict_proba(X)).max() < CLOSE
        for name, tensor in one.module_.state_dict().items():
            assert torch.allclose(net.module_.state_dict()[name].float(), tensor.float(), atol=10 * CLOSE), name


@pytest.mark.parametrize(
    "settings",
    [
        {},  # adam, the epoch of lowest loss of who is held out
        {"optimizer": "sgd", "momentum": 0.9, "weight_decay": 1e-2, "schedule": (2, 0.5), "clip_norm": 0.1},
        {"optimizer": "adamw", "weight_decay": 0.1, "schedule": "cosine", "passes": 2, "choose": "accuracy"},
        {"optimizer": "adam", "weight_decay": 1e-2, "validation": 0.0, "choose": "last", "class_weight": "balanced"},
        {"augment": (Mirror(signed=(0,)), Shift(1), Crop(6, 7)), "standardise": "data"},
        {"standardise": "clip", "loss": "squared", "frozen": ("norm",)},
        {"patience": 1, "epochs": 12, "lr": 0.2},
        {"stop_below": 0.62, "validation": 0.0, "choose": "last", "epochs": 12},
    ],
)
def test_each_comes_out_as_alone(rng, settings):
    X, y, persons = blobs(rng, 37, noise=1)  # folds of different size: blocks that are filled up, trainings that wait for others
    build = lambda seed: NetClassifier(  # noqa: E731
        Plain, **{"epochs": 5, "batch_size": 8, "lr": 0.03, "device": "cpu", "random_state": seed, **settings}
    )
    alone, nets = alone_and_together(build, X, y, persons, folds(persons))
    assert_alike(alone, nets, X)


def test_they_stop_each_at_its_own_time(rng):
    X, y, persons = blobs(rng, 37, noise=1)
    build = lambda seed: NetClassifier(Plain, epochs=30, batch_size=8, lr=0.03, device="cpu", random_state=seed, patience=2)  # noqa: E731
    alone, nets = alone_and_together(build, X, y, persons, folds(persons))
    assert len({len(net.history_) for net in alone}) > 1
    assert_alike(alone, nets, X)


def test_whole_numbers_and_a_say_at_each_moment(rng):
    X = rng.integers(0, 256, (22, 2, 5, 6, 6), dtype=np.uint8)
    y, persons = np.arange(22) % 3, np.array([f"made/s{k // 6}" for k in range(22)])
    build = lambda seed: NetClassifier(  # noqa: E731
        Steps, epochs=4, batch_size=4, lr=0.03, device="cpu", random_state=seed, augment=(Window(3),), validation=0.0, choose="last"
    )
    assert_alike(*alone_and_together(build, X, y, persons, folds(persons)), X)


SHAPES = {
    "off_apexnet": (2, 12, 12), "ststnet": (3, 12, 12), "eye_cnn": (1, 18, 18), "cnn_rnn": (1, 3, 8, 8), "one_stream_3dcnn": (1, 3, 9, 9),
    "two_stream": (1, 9, 9, 9), "micro_exp_stcnn": (1, 18, 36, 36), "dual_inception": (2, 28, 28), "sssnet": (3, 64, 64),
    "apex_dcnn": (3, 64, 64), "kim_cnn_lstm": (1, 5, 64, 64), "tlcnn_frames": (3, 49, 49), "elrcn": (4, 3, 32, 32),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_the_papers_networks(rng, name):
    X = rng.random((13, *SHAPES[name])).astype(np.float32)
    y, persons = np.arange(13) % 3, np.array([f"made/s{k // 3}" for k in range(13)])
    build = lambda seed: NetClassifier(  # noqa: E731
        network(name), {"width": 0.1, **({"depth": 4} if name == "apex_dcnn" else {})}, epochs=2, batch_size=4, lr=1e-4, optimizer="sgd",
        device="cpu", random_state=seed, validation=0.0, choose="last",
    )  # fmt: skip
    assert_alike(*alone_and_together(build, X, y, persons, folds(persons)[:3]), X)


def test_who_is_tested_is_never_seen_not_even_by_normalisation(rng):
    X, y, persons = blobs(rng, 37, noise=1)
    settings = {"epochs": 4, "batch_size": 8, "device": "cpu", "standardise": "data", "random_state": 0}
    nets, others = ([NetClassifier(Tiny, **settings) for _ in range(2)] for _ in range(2))
    first, second = np.flatnonzero(persons != "made/s0"), np.flatnonzero(persons != "made/s1")
    fit_together(nets, X, y, [first, second], persons)
    spoilt = X.copy()
    spoilt[persons == "made/s0"] = 1000 * rng.normal(size=spoilt[persons == "made/s0"].shape)
    fit_together(others, spoilt, y, [first, second], persons)
    for name, tensor in nets[0].module_.state_dict().items():
        assert torch.equal(tensor, others[0].module_.state_dict()[name]), name
    assert nets[0].history_ == others[0].history_
    assert nets[1].history_ != others[1].history_, "to the other fold it is somebody to learn from"


def test_a_stack_learns(rng):
    X, y, persons = blobs(rng)
    nets = [NetClassifier(Tiny, epochs=15, batch_size=8, lr=0.03, device="cpu", random_state=k) for k in range(6)]
    rows = folds(persons)
    fit_together(nets, X, y, rows, persons)
    fresh, truth, _ = blobs(np.random.default_rng(1), 40)
    assert min((net.predict(fresh) == truth).mean() for net in nets) > 0.95


class Own(nn.Module):
    """Holds a parameter of its own."""

    def __init__(self, input_shape, n_classes):
        super().__init__()
        self.scale, self.head = nn.Parameter(torch.ones(1)), nn.Linear(input_shape[0], n_classes)

    def forward(self, x):
        return self.head(self.scale * x.mean((2, 3)))


class Looking(Tiny):
    """Looks into a layer."""

    def forward(self, x):
        return super().forward(x) * self.head.weight.mean()


class Mixing(Tiny):
    """Looks at other samples."""

    def forward(self, x):
        return super().forward(x) - super().forward(x.flip(0))


class Jump(Augment):
    """Of the old kind."""

    def __call__(self, x, generator):
        return x + 1


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        (Own, {}, "Own holds parameters of its own, which cannot be stacked: train one after another"),
        (Looking, {}, "Looking cannot be stacked .*no attribute 'weight'"),
        (Mixing, {}, "Mixing cannot be stacked: it gives other scores in a stack than alone"),
        (Tiny, {"augment": (Jump(),)}, "Jump does not say apart what it draws"),
        (Tiny, {"checkpoint": "somewhere"}, "no checkpoint"),
    ],
)
def test_what_cannot_be_stacked_is_said(rng, kind, settings, words):
    X, y, persons = blobs(rng)
    with pytest.raises(UsageError, match=words):
        fit_together([NetClassifier(kind, epochs=1, device="cpu", **settings)] * 2, X, y, folds(persons)[:2], persons)


def test_folds_without_a_class_are_not_of_one_stack(rng):
    X, y, persons = blobs(rng)
    rows = [np.arange(24), np.arange(0, 24)]
    y = y.astype(object)
    y[0], y[1] = "up", "up"
    rows[1] = np.arange(2, 24)
    with pytest.raises(UsageError, match="must know the same classes"):
        fit_together([NetClassifier(Tiny, epochs=1, device="cpu")] * 2, X, y.astype(str), rows, persons)


def test_a_cpu_gains_nothing_and_a_step_is_measured(rng):
    X, y, persons = blobs(rng)
    net = NetClassifier(Tiny, batch_size=8, device="cpu", random_state=0)
    assert how_many(net, X, y, np.arange(len(y)), persons) == 1
    training = net.prepared(Rows(X, np.arange(len(y))), y, persons)
    with repeatable(0):
        net.build(training)
    maps = 8 * 4 * 8 * 8 * 4  # of each of two layers at least: batch, filters, px, bytes
    assert 2 * maps < step_bytes(net, training) < 10 * maps


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.gpu
def test_on_a_gpu_they_learn_as_well(rng):
    X, y, persons = blobs(rng)
    nets = [NetClassifier(Tiny, epochs=15, batch_size=8, lr=0.03, device="cuda", random_state=k) for k in range(6)]
    assert how_many(nets[0], X, y, np.arange(len(y)), persons) > 6
    fit_together(nets, X, y, folds(persons), persons)
    fresh, truth, _ = blobs(np.random.default_rng(1), 40)
    assert min((net.predict(fresh) == truth).mean() for net in nets) > 0.95
