"""RCN: recurrent convolutions, and additions without parameters."""

import pytest
import torch

from fleeting.compute.identity import digest
from fleeting.errors import UsageError
from fleeting.models.rcn import RCN, Recurrent, Shortcuts

from .on_meta import count, meta, shapes


@pytest.mark.parametrize(
    ("variant", "parameters"), [("plain", 15_331), ("a", 15_331), ("s", 15_331), ("w", 13_795), ("f", 13_795)]
)
def test_attention_and_shortcuts_have_no_parameters(variant, parameters):
    assert count(RCN, variant=variant) == parameters  # recorded
    side = 20 if variant in ("w", "f") else 28
    found = shapes(meta(RCN, variant=variant))
    assert found["unit"] == (32, side, side)
    assert found["drop"] == (32, side // 2, side // 2)
    assert meta(RCN, variant=variant).out.in_features == 32 * 5 * 5
    assert shapes(meta(RCN, width=2, variant=variant))["unit"] == (64, side, side), "the paper's other width"


def test_the_recurrent_unit():
    torch.manual_seed(0)
    unit, x = Recurrent(4).eval(), torch.randn(2, 4, 6, 6)
    for norm in (unit.norm0, unit.norm):  # as if nothing were normalised
        norm.eps = 0.0
    y = unit.forth(x)
    z = y.relu()
    z = (y + unit.back(z)).relu()
    z = (y + unit.back(z)).relu()
    assert torch.allclose(unit(x), z, atol=1e-5)


def test_the_shortcuts():
    torch.manual_seed(0)
    unit, x = Shortcuts(4).eval(), torch.randn(2, 4, 6, 6)
    y = unit.forth(x)
    z = unit.back(x + y)
    e = unit.back(x + y + z)
    assert torch.allclose(unit(x), unit.back(x + y + z + e), atol=1e-5)


def test_f_has_its_attention_inside_the_unit_as_the_authors_have_it():
    """It had been multiplied with the last maps, as in variant a."""
    torch.manual_seed(0)
    net, x = RCN(2, (3, 16, 16), 0.25, variant="f").eval(), torch.randn(2, 3, 16, 16)
    stem = torch.cat([part(x) for part in net.stem], dim=1)
    side = stem.shape[2:]
    y = net.unit.forth(stem) * torch.nn.functional.interpolate(net._attention(stem), side)
    z = net.unit.back(stem + y)
    e = net.unit.back(stem + y + z)
    last = torch.nn.functional.max_pool2d(net.unit.back(stem + y + z + e), 2)
    expected = net.out(torch.nn.functional.adaptive_avg_pool2d(last, 5).flatten(1))
    assert torch.allclose(net(x), expected, atol=1e-6)


def test_attention_is_where_the_weights_of_the_classes_find_something():
    net = RCN(2, (3, 16, 16), 0.125, variant="a").eval()  # 4 maps of 6 x 6
    x = torch.zeros(1, 4, 5, 5)
    x[0, :, 1, 2], x[0, :, 4, 4] = 2.0, 1.0
    with torch.no_grad():
        net.out.weight[:] = 1.0
    found = net._attention(x)[0, 0]
    assert found[1, 2] == 1
    assert found[4, 4] == 0.5
    assert found.sum() == 1.5
    assert not net._attention(torch.zeros(1, 4, 5, 5)).isnan().any(), "a still face"


def test_variants_differ():
    x, out = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)), {}
    for variant in ("plain", "a", "s", "w", "f"):
        torch.manual_seed(0)
        out[variant] = RCN(2, (3, 16, 16), 0.25, variant=variant).eval()(x)
    values = list(out.values())
    assert all(not torch.allclose(one, other) for i, one in enumerate(values) for other in values[:i])
    with pytest.raises(UsageError, match="plain, a"):
        RCN(variant="p")


def test_a_run_with_another_revision_of_the_network_is_another_run(monkeypatch):
    """Networks are given to NetClassifier as classes, whose revision had not been looked at."""
    before = digest(RCN)
    monkeypatch.setattr(RCN, "revision", RCN.revision + 1)
    assert digest(RCN) != before
