"""Networks as ONNX files."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch

from fleeting.errors import OutputError, UsageError
from fleeting.models import export_onnx, network
from fleeting.models.onnx import traced

SIZES = {  # the networks with which a recording can be analysed
    "apex_dcnn": ((3, 16, 16), 0.1),
    "eye_cnn": ((1, 32, 32), 1.0),
    "off_apexnet": ((2, 28, 28), 0.2),
    "ststnet": ((3, 28, 28), 1.0),
    "tlcnn": ((3, 4, 49, 49), 0.05),
}
LACKING = [name for name in ("onnx", "onnxscript", "onnxruntime") if find_spec(name) is None]


def built(name):
    shape, width = SIZES[name]
    torch.manual_seed(0)
    return network(name)(3, shape, width), torch.randn(1, *shape)


@pytest.mark.parametrize("name", SIZES)
def test_the_graph_takes_any_number_of_samples(name):
    """The part of the export that needs nothing but PyTorch."""
    net, x = built(name)
    net.eval()
    graph = traced(net, x).module()
    for n in (1, 5):
        some = torch.randn(n, *x.shape[1:])
        assert torch.allclose(graph(some), net(some), atol=1e-5)


@pytest.mark.skipif(bool(LACKING), reason="needs the packages of fleeting[export]")
@pytest.mark.parametrize("name", SIZES)
def test_the_file_gives_what_the_network_gives(name, tmp_path):
    from onnxruntime import InferenceSession

    net, x = built(name)
    path = export_onnx(net.train(), tmp_path / f"{name}.onnx", x)
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


@pytest.mark.skipif(not LACKING, reason="all packages of fleeting[export] are installed")
def test_what_lacks_is_named(tmp_path):
    net, x = built("ststnet")
    with pytest.raises(UsageError, match=rf"{LACKING[0]}.*fleeting\[export\]"):
        export_onnx(net, tmp_path / "net.onnx", x)
    assert not list(tmp_path.iterdir())
