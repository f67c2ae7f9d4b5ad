"""HTNet: a hierarchical transformer."""

import pytest
import torch

from fleeting.errors import UsageError
from fleeting.models.htnet import Attention, HTNet, _blocks, _joined

from .on_meta import meta, shapes


def test_maps():
    found = shapes(meta(HTNet))
    assert [found[name] for name in ("embed", "merges.0", "merges.1", "out")] == [(256, 4, 4), (512, 2, 2), (1024, 1, 1), (3,)]
    assert [len(level.attention) for level in meta(HTNet).levels] == [2, 2, 8]
    assert [level.attention[0].heads for level in meta(HTNet).levels] == [3, 6, 12]


def test_blocks_and_back():
    x = torch.arange(2 * 3 * 4 * 6.0).reshape(2, 3, 4, 6)
    blocks = _blocks(x, 2)
    assert blocks.shape == (8, 3, 2, 3)
    assert torch.equal(blocks[1], x[0, :, :2, 3:])
    assert torch.equal(blocks[4 + 2], x[1, :, 2:, :3])
    assert torch.equal(_joined(blocks, 2), x)


@pytest.mark.parametrize(("side", "tokens"), [(8, 1), (16, 4)])
def test_attention_over_a_lone_token_does_nothing(side, tokens):
    """As published: queries and keys get no gradient. Larger pictures have blocks of several tokens, in which they do."""
    torch.manual_seed(0)
    net = HTNet(2, (3, side, side), 0.05, patch=2)
    assert net.levels[0].place.numel() == tokens
    net(torch.randn(3, 3, side, side)).square().sum().backward()
    for attention in (each for level in net.levels for each in level.attention):
        queries, keys, values = attention.read.weight.grad.chunk(3)
        most = values.abs().max()
        assert most > 0
        # The softmax of one number is 1 whatever the number; some processors leave a rounding error of its gradient.
        assert (max(queries.abs().max(), keys.abs().max()) > 1e-6 * most) == (tokens > 1)


def test_attention_is_a_softmax_of_products():
    torch.manual_seed(0)
    attention, x = Attention(6, 2), torch.randn(1, 6, 2, 2)
    q, k, v = attention.read(attention.norm(x)).flatten(2).squeeze(0).chunk(3)  # (6, 4) each
    heads = []
    for head in range(2):
        rows = slice(3 * head, 3 * head + 3)
        heads.append(v[rows] @ (q[rows].T @ k[rows] / 3**0.5).softmax(dim=1).T)
    wanted = attention.write(torch.cat(heads).reshape(1, 6, 2, 2))
    assert torch.allclose(attention(x), wanted, atol=1e-6)


def test_sides_are_multiples_of_four_patches():
    with pytest.raises(UsageError, match="multiples of 4 patches of 7 px"):
        HTNet(input_shape=(3, 30, 28))
