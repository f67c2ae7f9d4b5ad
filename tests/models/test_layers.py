"""Shapes checked in words, inputs of several streams, sides of maps, and weights to start from."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from fleeting.errors import UsageError
from fleeting.models.layers import after, checked_shape, scaled, start, streams


class Network(nn.Module):
    pass


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((1, 64, 64), r"Network takes samples \(C, T, H, W\); got \(1, 64, 64\)"),
        ((1, 0, 64, 64), "Network takes samples"),
        ((2, 17, 64, 64), r"takes 1 channels; samples of shape \(2, 17, 64, 64\) have 2"),
        ((1, 10, 64, 64), r"at least 17 frames; samples of shape \(1, 10, 64, 64\) have 10: interpolate the clips to 17 or more"),
        ((1, 17, 4, 64), "at least 5 rows.* make the pictures 5 px high or more"),
    ],
)
def test_shapes_that_a_network_cannot_take(shape, words):
    with pytest.raises(UsageError, match=words):
        checked_shape(Network(), shape, "CTHW", {"T": 17, "H": 5}, {"C": 1})


def test_a_shape_comes_back_as_a_tuple():
    assert checked_shape(Network(), [1, 17, 5, 5], "CTHW", {"T": 17, "H": 5}, {"C": 1}) == (1, 17, 5, 5)


def test_inputs_of_several_streams():
    frames, flow = torch.rand(2, 1, 8, 4, 4), torch.rand(2, 1, 16, 4, 4)
    wanted = {"frames": (1, 8, 4, 4), "flow": (1, 16, 4, 4)}
    for given in ((frames, flow), [frames, flow], torch.cat([frames, flow], dim=2)):
        one, other = streams(Network(), given, wanted, axis=2)
        assert torch.equal(one, frames)
        assert torch.equal(other, flow)
    with pytest.raises(UsageError, match=r"frames of shape \(1, 8, 4, 4\); got \(1, 16, 4, 4\)\. The order of inputs is frames and flow"):
        streams(Network(), (flow, frames), wanted, axis=2)
    with pytest.raises(UsageError, match="takes 2 inputs, frames and flow; got 1"):
        streams(Network(), (frames,), wanted, axis=2)
    with pytest.raises(UsageError, match=r"frames then flow, \[8, 16\] along axis 2; got samples of \(1, 8, 4, 4\)"):
        streams(Network(), frames, wanted, axis=2)


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "ceil"), [(3, 2, 0, False), (3, 2, 0, True), (2, 2, 0, True), (3, 3, 1, False), (3, 1, 1, False)]
)
def test_sides_are_those_of_pytorch(kernel, stride, padding, ceil):
    for size in range(3, 30):
        made = functional.max_pool1d(torch.zeros(1, 1, size), kernel, stride, padding, ceil_mode=ceil).shape[-1]
        assert after(size, kernel, stride, padding, ceil) == made


def test_width():
    assert [scaled(64, width) for width in (1, 0.5, 0.1, 1e-9)] == [64, 32, 6, 1]
    assert scaled(96, 0.1, of=4) == 8
    with pytest.raises(UsageError, match="width=-1"):
        scaled(64, -1)


def test_weights_to_start_from():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(400, 300), nn.Conv2d(30, 40, 3))
    start(net, "he")
    assert net[0].weight.std().item() == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    assert net[1].weight.std().item() == pytest.approx((2 / 270) ** 0.5, rel=0.03)
    start(net, "glorot")
    assert net[0].weight.abs().max().item() == pytest.approx((6 / 700) ** 0.5, rel=0.01)
    assert not net[0].bias.any()
    deep = nn.Sequential(*(layer for _ in range(12) for layer in (nn.Linear(100, 100), nn.ReLU())))
    start(deep, "he")
    assert 0.2 < deep(torch.randn(50, 100)).std() < 5, "a signal neither grows nor dies on its way"
