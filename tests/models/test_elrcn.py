"""ELRCN: inputs joined as channels or as features."""

import pytest
import torch
from torch import nn

from fleeting.errors import UsageError
from fleeting.models.elrcn import ELRCN

from .on_meta import meta, shapes


@pytest.mark.parametrize(
    ("variant", "channels", "features", "one_bias"),
    [("se", 4, 4096, 85_164_000), ("te", 4, 8192, 134_316_000), ("te", 5, 12_288, 183_468_000)],
)
def test_the_lstm_sees_what_is_joined(variant, channels, features, one_bias):
    net = meta(ELRCN, 5, (channels, 9, 224, 224), variant=variant)
    assert net.lstm.input_size == features
    assert sum(each.numel() for each in net.lstm.parameters()) == one_bias + 4 * 3000  # PyTorch has two biases


@pytest.mark.parametrize(("channels", "nets"), [(4, 2), (5, 3)])
def test_temporal_enrichment_has_a_network_of_each_input(channels, nets):
    net = meta(ELRCN, 5, (channels, 9, 224, 224), variant="te")
    found = shapes(net)
    assert len(net.spatial) == nets
    assert all(found[f"spatial.{number}.fc7"] == (4096,) for number in range(nets))
    assert all(part.body[0].in_channels == 3 for part in net.spatial), "as VGG-Face's weights need"
    assert found["lstm"] == (9, 3000)


def test_spatial_enrichment_widens_the_first_convolution():
    first = meta(ELRCN).spatial[0].body[0]
    assert sum(each.numel() for each in first.parameters()) == 4 * 64 * 9 + 64 == 2_368
    assert meta(ELRCN, 5, (5, 9, 224, 224)).spatial[0].body[0].in_channels == 5, "with grey"
    found = shapes(meta(ELRCN, 5, (4, 2, 224, 224)))
    assert [found[name] for name in ("spatial.0.body", "spatial.0.fc7", "lstm", "dense", "out")] == [
        (512, 7, 7), (4096,), (2, 3000), (128,), (5,)
    ]  # fmt: skip


class Mean(nn.Module):
    """The mean of each channel: a backbone with nothing to learn."""

    def __init__(self, shape):
        super().__init__()
        self.features = shape[0]

    def forward(self, x):
        return x.mean((2, 3))


def test_temporal_enrichment_keeps_the_inputs_apart():
    torch.manual_seed(0)
    net = ELRCN(5, (5, 3, 8, 8), 0.01, variant="te", backbone=Mean)
    seen = {}
    net.lstm.register_forward_pre_hook(lambda layer, given: seen.update(x=given[0]))
    x = torch.randn(2, 5, 3, 8, 8)
    assert net(x).shape == (2, 5)
    means = x.mean((3, 4)).transpose(1, 2)  # (N, T, C): u, v, magnitude, strain, grey
    assert torch.allclose(seen["x"], means[:, :, [0, 1, 2, 3, 3, 3, 4, 4, 4]], atol=1e-6)


def test_the_order_of_maps_is_heard():
    torch.manual_seed(0)
    net, x = ELRCN(5, (4, 3, 8, 8), 0.01, backbone=Mean), torch.randn(2, 4, 3, 8, 8)
    assert not torch.allclose(net(x), net(x.flip(2)), atol=1e-6)


def test_what_cannot_be():
    with pytest.raises(UsageError, match=r"se .* te"):
        ELRCN(variant="both")
    with pytest.raises(UsageError, match="at least 3 channels"):
        ELRCN(5, (2, 9, 224, 224), variant="te")
    with pytest.raises(UsageError, match="at least 32 rows"):
        ELRCN(5, (4, 9, 31, 224))
