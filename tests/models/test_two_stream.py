"""The two-stream 3D CNN, and what it is compared with."""

import numpy as np
import pytest
import torch

from fleeting.errors import UsageError
from fleeting.models.two_stream import CNNRNN, OneStream3DCNN, Stream, TwoStream

from .on_meta import count, meta, shapes


@pytest.mark.parametrize(
    ("table1", "total", "frames", "flow"), [(True, 13_557_251, 4_515_968, 9_031_808), (False, 12_654_083, 3_612_800, 9_031_808)]
)
def test_parameters(table1, total, frames, flow):
    net = meta(TwoStream, table1=table1)
    assert count(TwoStream, table1=table1) == total
    for part, wanted in (
        (net.frames.conv, 4_352), (net.flow.conv, 4_352), (net.frames.dense, frames), (net.flow.dense, flow), (net.out, 771)
    ):  # fmt: skip
        assert sum(each.numel() for each in part.parameters()) == wanted


def test_table_1_as_printed():
    found = shapes(meta(TwoStream))
    assert found["frames.conv"] == (32, 8, 64, 64)
    assert found["flow.conv"] == (32, 16, 64, 64)
    assert found["frames.drop"] == (8, 10, 21, 21)
    assert found["flow.drop"] == (16, 10, 21, 21)
    assert np.prod(found["frames.drop"]) == 35_280
    assert np.prod(found["flow.drop"]) == 70_560
    assert found["frames.dense"] == (128,)
    assert found["out"] == (3,)


def test_table_1_corrected():
    found = shapes(meta(TwoStream, table1=False))
    assert found["frames.drop"] == (32, 2, 21, 21)
    assert found["flow.drop"] == (32, 5, 21, 21)
    assert np.prod(found["frames.drop"]) == 28_224
    assert np.prod(found["flow.drop"]) == 70_560, "10 x 16 is 32 x 5, by accident"


def test_the_printed_pooling_takes_the_largest_of_three_filters():
    torch.manual_seed(0)
    stream = Stream((1, 2, 6, 7), 0.25, True, 0.0)  # 8 filters
    seen = {}
    stream.drop.register_forward_hook(lambda layer, given, out: seen.update(pooled=out))
    stream.conv.register_forward_hook(lambda layer, given, out: seen.update(maps=out.relu()))
    stream(torch.randn(1, 1, 2, 6, 7))
    maps, pooled = seen["maps"][0].detach().numpy(), seen["pooled"][0].detach().numpy()
    assert pooled.shape == (2, 2, 2, 2)  # time, filters, rows, columns
    for t, f, y, x in np.ndindex(2, 2, 2, 2):
        assert pooled[t, f, y, x] == maps[3 * f : 3 * f + 3, t, 3 * y : 3 * y + 3, 3 * x : 3 * x + 3].max()


@pytest.mark.parametrize("table1", [True, False])
def test_both_streams_are_heard(table1):
    torch.manual_seed(0)
    net = TwoStream(3, (1, 24, 8, 8), 0.2, table1=table1).eval()
    frames, flow = torch.randn(2, 1, 8, 8, 8, requires_grad=True), torch.randn(2, 1, 16, 8, 8, requires_grad=True)
    out = net((frames, flow))
    assert torch.allclose(out, net(torch.cat([frames, flow], dim=2)), atol=1e-6)
    out.sum().backward()
    assert frames.grad.abs().sum() > 0
    assert flow.grad.abs().sum() > 0
    for stream in (net.frames, net.flow):
        assert stream.conv.weight.grad.abs().sum() > 0
    with pytest.raises(UsageError, match="takes frames of shape"):
        net((flow, frames))


def test_for_8_frames_each_step_sees_all_and_for_16_not():
    """Padded on both sides by 7, a kernel of 15 reaches 7 steps each way."""
    torch.manual_seed(0)
    for frames, first in ((8, 8), (16, 8)):
        stream = Stream((1, frames, 3, 3), 0.2, True, 0.0)
        seen = {}
        stream.conv.register_forward_hook(lambda layer, given, out, seen=seen: seen.update(maps=out))
        x = torch.randn(1, 1, frames, 3, 3, requires_grad=True)
        stream(x)
        reach = torch.autograd.grad(seen["maps"][0, :, 0].square().sum(), x)[0].abs().sum((0, 1, 3, 4)) > 0
        assert reach.tolist() == [True] * first + [False] * (frames - first)


def test_what_cannot_be_divided_is_said():
    with pytest.raises(UsageError, match="25 is no multiple of 3: stack 8 frames and 16 maps to 24"):
        TwoStream(input_shape=(1, 25, 64, 64))
    with pytest.raises(UsageError, match="at least 9 frames"):
        TwoStream(input_shape=(1, 6, 64, 64), table1=False)


def test_one_stream():
    assert count(OneStream3DCNN) == 4_520_707
    net = meta(OneStream3DCNN)
    parts = (net.frames.conv, net.frames.dense, net.out)
    assert [sum(each.numel() for each in part.parameters()) for part in parts] == [4_352, 4_515_968, 387]
    assert shapes(meta(OneStream3DCNN))["frames.drop"] == (8, 10, 21, 21)
    assert shapes(meta(OneStream3DCNN, table1=False))["frames.drop"] == (32, 2, 21, 21)


def test_cnn_rnn_hears_the_order_of_frames():
    found = shapes(meta(CNNRNN))
    assert [found[name] for name in ("conv1", "conv2", "dense", "lstm")] == [(32, 64, 64), (64, 32, 32), (128,), (8, 64)]
    torch.manual_seed(0)
    net, x = CNNRNN(3, (1, 5, 8, 8), 0.2), torch.randn(2, 1, 5, 8, 8)
    assert not torch.allclose(net(x), net(x.flip(2)), atol=1e-5)
    assert net(x[:, :, :3]).shape == (2, 3), "any number of frames"
