"""VGG-F."""

import pytest
import torch

from fleeting.models.sdf import VGGF

from .on_meta import count, meta, shapes


def trained(seed=0, n_classes=7):
    torch.manual_seed(seed)
    return VGGF(n_classes, (3, 39, 39), 0.05)


def test_the_network():
    assert count(VGGF, 1000) == 60_834_536  # layer by layer: 23,296 + 409,856 + 3 * 590,080 + 37,752,832 + 16,781,312 + 4,097,000
    found = shapes(meta(VGGF))
    assert [found[name] for name in ("c1", "c2", "c5", "pool", "fc6", "fc7")] == [
        (64, 54, 54), (256, 27, 27), (256, 13, 13), (256, 6, 6), (4096,), (4096,)
    ]  # fmt: skip


def test_normalisation_is_that_of_the_authors():
    x = torch.arange(1.0, 8)[None, :, None, None] * 10
    around = sum((10.0 * k) ** 2 for k in (2, 3, 4, 5, 6))
    assert trained().norm(x)[0, 3, 0, 0].item() == pytest.approx(40 / (2 + 1e-4 * around) ** 0.75, rel=1e-5)


def test_the_last_layer_is_the_scores_of_what_is_seen():
    net = trained().eval()
    x = torch.randn(2, 3, 39, 39)
    assert torch.allclose(net(x), net.fc8(net.features(x)), atol=1e-6)
