"""OFF-ApexNet: two streams of flow."""

import pytest
import torch

from fleeting.errors import UsageError
from fleeting.models.off_apexnet import OFFApexNet

from .on_meta import meta, shapes


def test_parameters_and_maps():
    net = meta(OFFApexNet)
    parts = [sum(each.numel() for each in net.get_submodule(name).parameters()) for name in ("u", "v", "dense.0", "dense.2", "out")]
    assert parts == [2_572, 2_572, 1_606_656, 1_049_600, 3_075]
    assert sum(parts) == 2_664_475
    assert net.dense[0].in_features == 2 * 784 == 1_568
    found = shapes(net)
    assert [found[name] for name in ("u.2", "u", "v", "dense", "out")] == [(6, 14, 14), (16, 7, 7), (16, 7, 7), (1024,), (3,)]


def test_both_directions_are_heard():
    torch.manual_seed(0)
    net, x = OFFApexNet(3, (2, 8, 8), 0.2).eval(), torch.randn(2, 2, 8, 8, requires_grad=True)
    assert torch.equal(net(x), net((x[:, :1], x[:, 1:])))
    net(x).sum().backward()
    assert (x.grad.abs().sum((0, 2, 3)) > 0).all()
    assert not torch.allclose(net(x), net(x.flip(1)), atol=1e-5)
    with pytest.raises(UsageError, match="takes 2 channels"):
        OFFApexNet(input_shape=(3, 28, 28))
