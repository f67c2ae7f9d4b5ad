"""The 47-layer DCNN."""

import pytest
import torch
from torch import nn

from fleeting.errors import UsageError
from fleeting.models.apex_dcnn import ApexDCNN

from .on_meta import count, meta, shapes


@pytest.mark.parametrize(("pool", "parameters"), [("max", 1_670_535), ("mean", 1_239_559)])
def test_parameters_of_both_poolings(pool, parameters):
    assert count(ApexDCNN, pool=pool) == parameters
    assert count(lambda: meta(ApexDCNN, pool=pool).body) == 1_110_528
    last = meta(ApexDCNN, pool=pool).out
    assert (last.in_features, count(lambda: last)) == {"max": (80_000, 560_007), "mean": (18_432, 129_031)}[pool]


@pytest.mark.parametrize("pool", ["max", "mean"])
def test_it_has_47_layers(pool):
    leaves = [layer for layer in meta(ApexDCNN, pool=pool).modules() if not list(layer.children())]
    kinds = [nn.Conv2d, nn.BatchNorm2d, nn.ReLU, (nn.MaxPool2d, nn.AvgPool2d), nn.Linear]
    assert [sum(isinstance(layer, kind) for layer in leaves) for kind in kinds] == [14, 14, 14, 4, 1]
    assert len(leaves) == 47


def test_sizes_of_the_stages():
    net = meta(ApexDCNN)
    pools = [f"body.{number}" for number, layer in enumerate(net.body) if isinstance(layer, nn.MaxPool2d)]
    found = shapes(net)
    assert [found[name] for name in pools] == [(32, 200, 200), (64, 100, 100), (128, 50, 50), (128, 25, 25)]
    assert shapes(meta(ApexDCNN, pool="mean"))["body"] == (128, 12, 12)


@pytest.mark.parametrize(("depth", "units"), [(14, [3, 4, 4, 3]), (4, [1, 1, 1, 1]), (18, [4, 5, 5, 4]), (19, [5, 5, 5, 4])])
def test_depth(depth, units):
    found = [0]
    for layer in meta(ApexDCNN, depth=depth).body:
        found[-1] += isinstance(layer, nn.Conv2d)
        if isinstance(layer, nn.MaxPool2d):
            found.append(0)
    assert found[:-1] == units


@pytest.mark.parametrize("pool", ["max", "mean"])
def test_it_learns_eight_pictures_by_heart(pool):
    torch.manual_seed(0)
    net, x, y = ApexDCNN(7, (3, 64, 64), 0.2, pool=pool), torch.rand(8, 3, 64, 64), torch.tensor([0, 1, 2, 3, 4, 5, 6, 0])
    optimiser = torch.optim.Adam(net.parameters(), 1e-3, weight_decay=1e-4)
    for _ in range(60):
        scores = net.train()(x)
        if (scores.argmax(1) == y).all():
            break
        optimiser.zero_grad()
        nn.functional.cross_entropy(scores, y).backward()
        optimiser.step()
    assert (scores.argmax(1) == y).all()
    assert scores.shape == (8, 7)


def test_the_papers_own_questions():
    assert shapes(meta(ApexDCNN, 7, (9, 64, 64)))["out"] == (7,), "onset, apex and offset as one sample"
    net = ApexDCNN(2, (3, 16, 16), 0.1, activation="elu")
    assert net(torch.randn(2, 3, 16, 16)).shape == (2, 2)
    assert sum(isinstance(layer, nn.ELU) for layer in net.modules()) == 14
    for wrong, words in (({"depth": 3}, "depth=3"), ({"activation": "step"}, "gelu"), ({"pool": "min"}, "pool='min'")):
        with pytest.raises(UsageError, match=words):
            ApexDCNN(**wrong)
    with pytest.raises(UsageError, match="at least 32 rows"):
        ApexDCNN(2, (3, 16, 16), pool="mean")
