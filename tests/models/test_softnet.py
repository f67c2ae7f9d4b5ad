"""SOFTNet: three streams, a map each, and one score."""

import pytest
import torch

from fleeting.errors import UsageError
from fleeting.models.softnet import SOFTNet

from .on_meta import meta, shapes


def test_parameters_and_maps():
    net = meta(SOFTNet)
    assert [sum(each.numel() for each in stream.parameters()) for stream in net.streams] == [3 * 26, 5 * 26, 8 * 26]
    assert sum(each.numel() for each in net.dense.parameters()) == 784 * 400 + 400
    assert sum(each.numel() for each in net.out.parameters()) == 401
    assert sum(each.numel() for each in net.parameters()) == 314_817
    found = shapes(net)
    assert [found[name] for name in ("streams.0", "streams.2", "pool", "net")] == [(3, 14, 14), (8, 14, 14), (16, 7, 7), (1,)]


def test_no_motion_says_the_same_everywhere():
    said = SOFTNet()(torch.zeros(5, 3, 42, 42))
    assert torch.allclose(said, said[:1].expand(5, 1), atol=1e-6)


def test_each_stream_sees_one_map():
    torch.manual_seed(0)
    net, x = SOFTNet().eval(), torch.randn(2, 3, 42, 42)
    seen = []
    for stream in net.streams:
        stream.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    net(x)
    assert [torch.equal(each, x[:, k : k + 1]) for k, each in enumerate(seen)] == [True] * 3
    with pytest.raises(UsageError, match="takes 3 channels"):
        SOFTNet(input_shape=(2, 42, 42))
