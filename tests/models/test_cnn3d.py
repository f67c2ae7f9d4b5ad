"""The 3D CNN with which TLCNN is compared."""

import pytest
import torch
from torch import nn

from fleeting.models.cnn3d import CNN3D

from .on_meta import count, meta, shapes


@pytest.mark.parametrize(
    ("frames", "sides", "last", "parameters"),
    [
        (16, (112, 112), (256, 1, 4, 4), 17_246_212),
        (32, (112, 112), (256, 2, 4, 4), 25_634_820),
        (64, (112, 112), (256, 4, 4, 4), 42_412_036),
        (32, (128, 171), (256, 2, 4, 6), 34_023_428),
        (64, (128, 171), (256, 4, 4, 6), 59_189_252),
    ],
)
def test_parameters_and_last_maps(frames, sides, last, parameters):
    assert meta(CNN3D, 4, (3, frames, *sides)).fc6.in_features == {1: 4_096, 2: 8_192, 4: 16_384}[last[1]] * last[3] // 4
    assert count(CNN3D, 4, (3, frames, *sides)) == parameters
    assert shapes(meta(CNN3D, 4, (3, frames, *sides)))["body"] == last


def test_convolutions_and_time():
    net = meta(CNN3D)
    convolutions = [layer for layer in net.body if isinstance(layer, nn.Conv3d)]
    assert [sum(each.numel() for each in layer.parameters()) for layer in convolutions] == [5_248, 221_312, 884_992, 1_769_728, 1_769_728]
    assert sum(each.numel() for each in net.body.parameters()) == 4_651_008
    found = shapes(net)
    pools = [f"body.{number}" for number, layer in enumerate(net.body) if isinstance(layer, nn.MaxPool3d)]
    assert [found[name][1] for name in pools] == [32, 16, 8, 4, 2]
    assert [found[name] for name in ("fc6", "fc7", "fc8")] == [(2048,), (2048,), (4,)]


def test_a_reversed_clip_is_another_clip():
    torch.manual_seed(0)
    net, x = CNN3D(4, (3, 8, 16, 16), 0.05).eval(), torch.randn(2, 3, 8, 16, 16)
    assert not torch.allclose(net(x), net(x.flip(2)), atol=1e-5)
