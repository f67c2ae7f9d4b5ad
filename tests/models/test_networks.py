"""What all networks have in common, and their parameter counts."""

import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from fleeting import models
from fleeting.errors import UsageError
from fleeting.models import NETWORKS, NetClassifier, network

from .on_meta import count, meta, shapes

# Sizes at which each learns within seconds, from the same code.
SMALL = {
    "apex_dcnn": ((3, 16, 16), 0.1, {}),
    "cnn3d": ((3, 4, 16, 16), 0.05, {}),
    "cnn_rnn": ((1, 4, 8, 8), 0.2, {}),
    "dssn": ((2, 39, 39), 0.1, {}),
    "dtscnn": ((2, 192, 32, 32), 0.2, {}),
    "dual_inception": ((2, 8, 8), 0.2, {}),
    "elrcn": ((4, 3, 32, 32), 0.05, {}),
    "eye_cnn": ((1, 16, 16), 1.0, {}),
    "flow_3dcnn": ((3, 8, 16, 16), 0.1, {}),
    "htnet": ((3, 8, 8), 0.05, {"patch": 2}),
    "kim_cnn_lstm": ((1, 5, 29, 29), 0.1, {}),
    "micro_exp_fusenet": ((1, 17, 16, 8), 0.2, {}),
    "micro_exp_stcnn": ((1, 17, 8, 8), 0.2, {}),
    "mmnet": ((6, 32, 32), 0.05, {}),
    "off_apexnet": ((2, 8, 8), 0.2, {}),
    "one_stream_3dcnn": ((1, 8, 8, 8), 0.2, {}),
    "rcn": ((3, 16, 16), 0.25, {}),
    "softnet": ((3, 12, 12), 1.0, {}),
    "sssnet": ((3, 16, 16), 0.2, {}),
    "ststnet": ((3, 8, 8), 1.0, {}),
    "tlcnn": ((3, 3, 49, 49), 0.05, {}),
    "tlcnn_frames": ((3, 49, 49), 0.05, {}),
    "two_stream": ((1, 24, 8, 8), 0.2, {}),
    "vggf": ((3, 39, 39), 0.05, {}),
}

SPECIFIED = {
    "apex_dcnn": 1_670_535,
    "cnn3d": 25_634_820,
    "eye_cnn": 61_451,
    "micro_exp_stcnn": 44_241_667,
    "off_apexnet": 2_664_475,
    "one_stream_3dcnn": 4_520_707,
    "softnet": 314_817,
    "ststnet": 1_683,
    "tlcnn": 67_922_564,
    "tlcnn_frames": 80_260_740,
    "two_stream": 13_557_251,
}
RECORDED = {  # no paper prints them: they are what our reading of the layers has
    "cnn_rnn": 2_165_955,
    "dssn": 901_125,
    "dtscnn": 751_844,
    "dual_inception": 6_454_883,
    "elrcn": 219_821_893,
    "flow_3dcnn": 3_262_467,
    "htnet": 114_429_446,
    "kim_cnn_lstm": 3_247_055,
    "micro_exp_fusenet": 177_088_515,
    "mmnet": 9_442_425,
    "rcn": 15_331,
    "sssnet": 1_349_251,
    "vggf": 56_766_215,
}

# What the classes' scores do not depend on: Kim's CNN learns classes and states of frames first; a lone token needs no attention.
ASIDE = {"kim_cnn_lstm": ("frame_class", "frame_state"), "htnet": ("read.weight",)}


def small(name, n_classes=2):
    shape, width, options = SMALL[name]
    torch.manual_seed(0)
    net = network(name)(n_classes, shape, width, **options)
    for layer in net.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0  # at once what it sees, as after a training
    with torch.no_grad():
        net.train()(samples(name))
    return net.eval()


def samples(name, n=8):
    return torch.randn(n, *SMALL[name][0], generator=torch.Generator().manual_seed(1))


def scores(net, x):
    out = net(x)
    return out.mean(dim=1) if out.ndim == 3 else out


def test_all_networks_are_tested():
    assert set(SMALL) == set(NETWORKS) == set(SPECIFIED) | set(RECORDED)


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters(name):
    wanted = (SPECIFIED | RECORDED)[name]
    assert count(network(name)) == wanted
    source = import_module(network(name).__module__)
    assert f"{wanted:,}" in source.__doc__ + inspect.getdoc(network(name)), "the docstring says another number"


def test_the_page_lists_each_network_with_its_size():
    rows = [line.split(" | ") for line in (Path(__file__).parents[2] / "docs" / "networks.md").read_text("utf-8").splitlines()]
    listed = {row[0].strip("| `"): row[3] for row in rows if len(row) == 5 and row[0].startswith("| `")}
    assert listed == {name: f"{size:,}*" for name, size in SPECIFIED.items()} | {name: f"{size:,}" for name, size in RECORDED.items()}


@pytest.mark.parametrize("name", NETWORKS)
def test_built_alike(name):
    build = network(name)
    parameters = inspect.signature(build).parameters
    assert list(parameters)[:3] == ["n_classes", "input_shape", "width"]
    assert all(each.kind is each.KEYWORD_ONLY for each in list(parameters.values())[3:])
    net = meta(build, n_classes=6)
    assert net.input_shape == parameters["input_shape"].default
    assert shapes(net)["net"][-1] == 6
    with pytest.raises(UsageError, match=f"{build.__name__} takes samples"):
        build(input_shape=(5,))
    with pytest.raises(UsageError, match="width=0"):
        build(width=0)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_batch_does_not_matter_and_gradients_reach_all_weights(name):
    net, x = small(name), samples(name)
    out = scores(net, x)
    order = torch.tensor([3, 0, 6, 1])
    assert torch.allclose(out[order], scores(net, x[order]), atol=1e-5)
    assert not torch.allclose(out[0], out[1], atol=1e-6), "says the same whatever it sees"
    functional.cross_entropy(out, torch.tensor([0, 1] * 4)).backward()
    still = [key for key, each in net.named_parameters() if each.grad is None or not each.grad.any()]
    assert not [key for key in still if not key.endswith(("bias", "bias_hh_l0")) and not any(part in key for part in ASIDE.get(name, ()))]


@pytest.mark.parametrize("name", NETWORKS)
def test_learns_eight_samples_by_heart(name):
    net, x, y = small(name), samples(name), torch.tensor([0, 1] * 4)
    for layer in net.train().modules():
        if isinstance(layer, torch.nn.Dropout | torch.nn.Dropout2d):
            layer.eval()
    optimiser = torch.optim.Adam(net.parameters(), 0.001)
    for _ in range(400):
        loss = functional.cross_entropy(scores(net, x), y)
        if loss < 0.2:
            break
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.2


@pytest.mark.parametrize("name", NETWORKS)
def test_the_least_that_an_error_asks_for_is_enough(name):
    build, options = network(name), SMALL[name][2]
    axes = "CTHW" if len(SMALL[name][0]) == 4 else "CHW"
    shape = dict.fromkeys(axes, 1)
    for _ in range(9):
        try:
            net = meta(build, 2, tuple(shape.values()), 0.1, **options)
            break
        except UsageError as error:
            found = re.search(r"(?:at least|takes) (\d+) (channels|frames|rows|columns)", str(error))
            if found is None:  # T frames and 2 T maps, two pictures one above the other, and such: the sizes of SMALL fit
                shape = dict(zip(axes, SMALL[name][0], strict=True))
                continue
            shape[{"channels": "C", "frames": "T", "rows": "H", "columns": "W"}[found[2]]] = int(found[1])
    assert shapes(net)["net"][-1] == 2


@pytest.mark.parametrize("name", ["two_stream", "tlcnn", "ststnet"])
def test_becomes_a_classifier(name):
    shape, width, options = SMALL[name]
    net = NetClassifier(
        network(name), {"width": width, **options}, epochs=1, batch_size=4, validation=0, choose="last", device="cpu", random_state=0
    ).fit(samples(name).numpy(), ["a", "b"] * 4)
    assert net.module_.input_shape == shape
    assert np.allclose(net.predict_proba(samples(name).numpy()).sum(axis=1), 1)


def test_too_few_frames_are_named_by_the_classifier():
    net = NetClassifier(models.MicroExpSTCNN, {"width": 0.1}, validation=0, choose="last", device="cpu")
    with pytest.raises(UsageError, match=r"MicroExpSTCNN needs at least 17 frames; .* have 10: interpolate the clips to 17"):
        net.fit(np.zeros((4, 1, 10, 8, 8), np.float32), [0, 1, 0, 1])


def test_nothing_is_imported_before_it_is_asked_for():
    code = (
        "import sys; from fleeting import models; assert 'torch' not in sys.modules; "
        "assert set(models.__all__) <= set(dir(models)); models.STSTNet; assert 'torch' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_names():
    for name in models.__all__:
        assert getattr(models, name) is not None
    assert network("ststnet") is models.STSTNet
    with pytest.raises(UsageError, match="'resnet' is not known; choose from apex_dcnn"):
        network("resnet")
    with pytest.raises(AttributeError, match="ResNet"):
        _ = models.ResNet
