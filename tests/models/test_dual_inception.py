"""Dual-Inception: two streams of inception blocks."""

import torch
from torch.nn import functional

from fleeting.models.dual_inception import DualInception, Inception

from .on_meta import meta, shapes


def test_maps():
    found = shapes(meta(DualInception))
    assert [found[name] for name in ("u.0", "u.1", "u.2", "v", "dense")] == [(24, 28, 28), (24, 14, 14), (64, 14, 14), (64, 7, 7), (1024,)]
    assert meta(DualInception).dense.in_features == 2 * 3_136 == 6_272


def test_an_inception_block_is_its_branches_side_by_side():
    torch.manual_seed(0)
    block, x = Inception(2, 3), torch.randn(1, 2, 6, 6)
    out = block(x)
    assert torch.allclose(out[:, 3:6], block.branches[1](x).relu(), atol=1e-6)
    assert torch.allclose(out[:, 9:], block.pooled(functional.max_pool2d(x, 3, 1, 1)).relu(), atol=1e-6)


def test_both_directions_are_heard():
    torch.manual_seed(0)
    net, x = DualInception(3, (2, 8, 8), 0.2).eval(), torch.randn(2, 2, 8, 8, requires_grad=True)
    net((x[:, :1], x[:, 1:])).sum().backward()
    assert (x.grad.abs().sum((0, 2, 3)) > 0).all()
