"""MMNet: motion from onset to apex, and where it is."""

import pytest
import torch

from fleeting.errors import UsageError
from fleeting.models.mmnet import Block, ContinuousAttention, MMNet

from .on_meta import meta, shapes


def test_maps():
    found = shapes(meta(MMNet))
    assert [found[name] for name in ("stem", "stage1", "stage2", "stage3", "stage4", "position")] == [
        (128, 112, 112), (128, 112, 112), (128, 56, 56), (256, 28, 28), (512, 14, 14), (512, 14, 14)
    ]  # fmt: skip
    net = meta(MMNet)
    assert net.out.in_features == 512 * 196
    assert net.stem[0].groups == 1, "the released 2 cannot divide three channels"
    assert len(net.position.blocks) == 3
    assert [(block.attention.num_heads, block.attention.embed_dim) for block in net.position.blocks] == [(4, 512)] * 3


def test_motion_is_the_difference_and_position_is_the_onset():
    torch.manual_seed(0)
    net = MMNet(2, (6, 32, 32), 0.05).eval()
    seen = {}
    net.stem.register_forward_hook(lambda layer, given, out: seen.update(motion=given[0]))
    net.position.register_forward_hook(lambda layer, given, out: seen.update(onset=given[0]))
    onset, apex = torch.randn(1, 3, 32, 32), torch.randn(1, 3, 32, 32)
    assert torch.equal(net((onset, apex)), net(torch.cat([onset, apex], dim=1)))
    assert torch.equal(seen["motion"], apex - onset)
    assert seen["onset"].shape == (1, 3, 2, 2)
    for x in (onset, apex):
        x.requires_grad_()
    net((onset, apex)).sum().backward()
    assert onset.grad.abs().sum() > 0
    assert apex.grad.abs().sum() > 0


def test_attention_continues_that_of_the_block_before():
    torch.manual_seed(0)
    block, x = ContinuousAttention(4, 6, 2).eval(), torch.randn(1, 4, 8, 8)
    _, seen = block(x, None)
    before = torch.zeros(1, 1, 8, 8)
    before[:, :, :4] = 1
    maps, now = block(x, before)
    assert seen.shape == (1, 1, 4, 4)
    assert torch.equal(now[:, :, :2], seen[:, :, :2])
    assert not maps[:, :, 3].any(), "where nothing was attended to, nothing is"


def test_stochastic_depth_leaves_samples_out_and_keeps_the_mean():
    torch.manual_seed(0)
    block = Block(8, 0.3)
    kept = block._some(torch.ones(10_000, 2, 8))[:, 0, 0]
    assert kept.unique().tolist() == pytest.approx([0, 1 / 0.7])
    assert kept.mean().item() == pytest.approx(1, abs=0.03)
    assert torch.equal(block.eval()._some(torch.ones(4, 2, 8)), torch.ones(4, 2, 8))


def test_sides_are_multiples_of_16():
    with pytest.raises(UsageError, match=r"multiples of 16 px; got \(224, 220\)"):
        MMNet(input_shape=(6, 224, 220))
    with pytest.raises(UsageError, match="takes 6 channels"):
        MMNet(input_shape=(3, 224, 224))
