"""Networks as ONNX files."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch

from fleeting.errors import OutputError, UsageError
from fleeting.methods import METHODS
from fleeting.models import NETWORKS, NetClassifier, export_classifier, export_onnx, network
from fleeting.training.augment import Crop, Mirror, Window
from fleeting.training.onnx import traced

SIZES = {  # the networks with which a recording can be analysed
    "apex_dcnn": ((3, 16, 16), 0.1),
    "cnn3d": ((3, 4, 16, 16), 0.05),
    "cnn_rnn": ((1, 4, 8, 8), 0.2),
    "dtscnn": ((3, 192, 32, 32), 0.2),
    "elrcn": ((4, 3, 32, 32), 0.05),
    "eye_cnn": ((1, 32, 32), 1.0),
    "micro_exp_stcnn": ((1, 17, 8, 8), 0.2),
    "off_apexnet": ((2, 28, 28), 0.2),
    "one_stream_3dcnn": ((1, 8, 8, 8), 0.2),
    "ststnet": ((3, 28, 28), 1.0),
    "tlcnn": ((3, 4, 49, 49), 0.05),
    "two_stream": ((1, 24, 8, 8), 0.2),
}
OPTIONS = [
    *[(name, {}) for name in SIZES],
    ("apex_dcnn", {"pool": "mean", "activation": "gelu"}),
    ("elrcn", {"variant": "te"}),
    ("eye_cnn", {"variant": "text"}),
    ("tlcnn", {"windows": (3, 1), "layers": 2}),
    ("two_stream", {"table1": False}),
]
LACKING = [name for name in ("onnx", "onnxscript", "onnxruntime") if find_spec(name) is None]


def built(name, **options):
    shape, width = SIZES[name]
    shape = (shape[0], 32, 32) if options.get("pool") == "mean" else (1, 27, 8, 8) if options.get("table1") is False else shape
    torch.manual_seed(0)
    return network(name)(3, shape, width, **options), torch.randn(1, *shape)


def test_all_that_a_recording_can_be_analysed_with():
    nets = [METHODS[name]() for name in METHODS if METHODS[name].__module__ == "fleeting.methods.networks"]
    ends = {method[-1].network for method in nets if isinstance(method[-1], NetClassifier)}
    softmax = METHODS["dtscnn"](classifier="softmax")[-1].network
    assert {network(name) for name in SIZES} == ends | {softmax, network("tlcnn")}
    assert set(SIZES) <= set(NETWORKS)


@pytest.mark.parametrize("name", ["apex_dcnn", "eye_cnn", "off_apexnet", "ststnet", "tlcnn"])
def test_the_graph_takes_any_number_of_samples(name):
    """The part of the export that needs nothing but PyTorch."""
    net, x = built(name)
    net.eval()
    graph = traced(net, x).module()
    for n in (1, 5):
        some = torch.randn(n, *x.shape[1:])
        assert torch.allclose(graph(some), net(some), atol=1e-5)


@pytest.mark.skipif(bool(LACKING), reason="needs the packages of fleeting[export]")
@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=lambda value: value if isinstance(value, str) else "-".join(value))
def test_the_file_gives_what_the_network_gives(name, options, tmp_path, capfd):
    from onnxruntime import InferenceSession

    net, x = built(name, **options)
    path = export_onnx(net.train(), tmp_path / f"{name}.onnx", x)
    assert "torchvision" not in capfd.readouterr().err, "the exporter misses packages that no network here needs"
    assert [each.name for each in tmp_path.iterdir()] == [f"{name}.onnx"]
    assert net.training, "it is left as it was"
    session = InferenceSession(str(path), providers=["CPUExecutionProvider"])
    some = torch.randn(5, *x.shape[1:])
    (given,) = session.run(["scores"], {"samples": some.numpy()})
    assert np.abs(given - net.eval()(some).detach().numpy()).max() < 1e-4


@pytest.mark.skipif(bool(LACKING), reason="needs the packages of fleeting[export]")
def test_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    net, x = built("ststnet")
    with pytest.raises(OutputError, match="could not be written"):
        export_onnx(net, tmp_path / "file" / "net.onnx", x)


@pytest.mark.skipif(bool(LACKING), reason="needs the packages of fleeting[export]")
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("cnn3d", {"standardise": "data", "augment": (Crop(14, 12),), "options": {"width": 0.05}}),
        ("eye_cnn", {"loss": "squared", "options": {"variant": "text"}}),
        ("ststnet", {"standardise": "clip", "augment": (Mirror((0,)),)}),
        ("tlcnn", {"augment": (Window(3),), "options": {"width": 0.05, "windows": (3, 1)}}),
    ],
)
def test_a_classifier_goes_whole_into_its_file(name, settings, tmp_path):
    from onnxruntime import InferenceSession

    X = np.random.default_rng(0).random((30, *SIZES[name][0]), dtype=np.float32)
    usual = {"epochs": 1, "lr": 1e-4, "validation": 0, "choose": "last", "device": "cpu", "random_state": 3}
    net = NetClassifier(network(name), **usual, **settings).fit(X, np.arange(30) % 3)
    path = export_classifier(net, tmp_path / "net.onnx")
    (given,) = InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(["probabilities"], {"samples": X})
    assert np.abs(given - net.predict_proba(X)).max() < 1e-4
    assert given.sum(axis=1) == pytest.approx(1, abs=1e-5)


class Wild(torch.nn.Module):
    """What it does depends on what it sees: no graph says that."""

    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(2, 2)

    def forward(self, x):
        return self.head(x) if x.sum() > 0 else x


@pytest.mark.skipif(bool(LACKING), reason="needs the packages of fleeting[export]")
def test_a_network_for_which_onnx_has_no_word(tmp_path):
    with pytest.raises(UsageError, match=r"Wild of \(2,\) as ONNX: "):
        export_onnx(Wild(), tmp_path / "net.onnx", torch.ones(1, 2))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not LACKING, reason="all packages of fleeting[export] are installed")
def test_what_lacks_is_named(tmp_path):
    net, x = built("ststnet")
    with pytest.raises(UsageError, match=rf"{LACKING[0]}.*fleeting\[export\]"):
        export_onnx(net, tmp_path / "net.onnx", x)
    assert not list(tmp_path.iterdir())
