"""DSSN: magnitude and strain, each through two layers of an AlexNet."""

import pytest
import torch

from fleeting.errors import UsageError
from fleeting.models.dssn import DSSN

from .on_meta import count, meta, shapes


def test_maps():
    net = meta(DSSN)
    found = shapes(net)
    assert [found[f"magnitude.{number}"] for number in (0, 2, 4, 6)] == [(96, 55, 55), (96, 27, 27), (256, 27, 27), (256, 13, 13)]
    assert sum(each.numel() for each in net.strain.parameters()) == 34_944 + 307_456  # AlexNet's first two
    assert count(DSSN, fusion="add") == count(DSSN)
    assert count(DSSN, fusion="concatenate") - count(DSSN) == 256 * 13 * 13 * 5


@pytest.mark.parametrize("fusion", ["multiply", "add", "concatenate"])
def test_both_streams_are_heard(fusion):
    torch.manual_seed(0)
    net, x = DSSN(2, (2, 39, 39), 0.1, fusion=fusion).eval(), torch.randn(2, 2, 39, 39, requires_grad=True)
    joined = {}
    net.drop.register_forward_pre_hook(lambda layer, given: joined.update(x=given[0]))
    net((x[:, :1], x[:, 1:])).sum().backward()
    assert (x.grad.abs().sum((0, 2, 3)) > 0).all()
    a, b = (stream(x[:, each : each + 1].expand(-1, 3, -1, -1)).flatten(1) for each, stream in enumerate((net.magnitude, net.strain)))
    wanted = {"multiply": a * b, "add": a + b, "concatenate": torch.cat([a, b], dim=1)}[fusion]
    assert torch.allclose(joined["x"], wanted, atol=1e-6)


def test_an_unknown_fusion():
    with pytest.raises(UsageError, match="multiply, add, concatenate"):
        DSSN(fusion="max")
