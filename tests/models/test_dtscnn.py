"""DTSCNN: two temporal scales."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from fleeting.errors import UsageError
from fleeting.models.dtscnn import DTSCNN

from .on_meta import meta, shapes


def test_both_scales_give_the_same_features():
    net = meta(DTSCNN)
    found = shapes(net)
    assert found["short"] == found["long"] == (128, 1, 4, 4)
    parts = [16 * (3 * 72 + 1), 32 * (16 * 27 + 1), 64 * (32 * 27 + 1), 128 * (64 * 36 + 1)]
    for stream in (net.short, net.long):
        assert [sum(each.numel() for each in stream[number].parameters()) for number in (0, 3, 6, 9)] == parts
        assert [sum(isinstance(layer, kind) for layer in stream) for kind in (nn.Conv3d, nn.MaxPool3d)] == [4, 4]
    assert (net.short[0].stride, net.long[0].stride) == ((4, 2, 2), (8, 2, 2))
    wanted = {0: (16, 16, 64, 64), 2: (16, 16, 32, 32), 5: (32, 8, 16, 16), 8: (64, 4, 8, 8), 9: (128, 1, 8, 8)}
    for number, shape in wanted.items():
        assert found[f"short.{number}"] == found[f"long.{number}"] == shape
    assert net.features(torch.empty(2, 3, 192, 128, 128, device="meta")).shape == (2, 4096)


def test_other_lengths():
    found = shapes(meta(DTSCNN, 4, (3, 240, 64, 64)))  # 80 and 160 maps
    assert found["short"] == found["long"] == (128, 2, 2, 2)
    with pytest.raises(UsageError, match="193 in all cannot be: stack 64 and 128 to 192"):
        DTSCNN(input_shape=(3, 193, 64, 64))
    with pytest.raises(UsageError, match="at least 192 frames"):
        DTSCNN(input_shape=(3, 96, 64, 64))


def test_both_scales_are_heard_and_four_clips_are_learned():
    torch.manual_seed(0)
    net = DTSCNN(2, (2, 192, 32, 32), 0.2)
    short, long = torch.randn(4, 2, 64, 32, 32, requires_grad=True), torch.randn(4, 2, 128, 32, 32, requires_grad=True)
    y, losses = torch.tensor([0, 1, 0, 1]), []
    optimiser = torch.optim.Adam(net.parameters(), 0.002)
    for _ in range(15):
        losses.append(functional.cross_entropy(net((short, long)), y))
        optimiser.zero_grad()
        losses[-1].backward()
        optimiser.step()
    assert losses[-1] < 0.5 * losses[0]
    assert short.grad.abs().sum() > 0
    assert long.grad.abs().sum() > 0
    with pytest.raises(UsageError, match="takes short of shape"):
        net((long, short))
