"""STSTNet: three streams over flow and strain."""

import torch

from fleeting.models.ststnet import STSTNet

from .on_meta import meta, shapes


def test_parameters_and_maps():
    net = meta(STSTNet)
    parts = [sum(each.numel() for each in stream[0].parameters()) for stream in net.streams]
    assert parts == [3 * 28, 5 * 28, 8 * 28]
    assert sum(parts) == 448
    assert sum(each.numel() for each in net.out.parameters()) == 1_203
    assert net.out.in_features == 400
    assert sum(each.numel() for stream in net.streams for each in stream[2].parameters()) == 32
    assert sum(each.numel() for each in net.parameters()) == 1_683
    found = shapes(net)
    assert [found[name] for name in ("streams.2.0", "streams.1", "pool")] == [(8, 30, 30), (5, 10, 10), (16, 5, 5)]


def test_each_stream_sees_all_three_maps():
    torch.manual_seed(0)
    net, x = STSTNet(), torch.randn(4, 3, 28, 28)
    for stream in net.streams:
        for channel in range(3):
            other = x.clone()
            other[:, channel] = 0
            assert not torch.allclose(stream[0](x), stream[0](other))
