"""The eye CNN: layers and variants."""

import pytest
import torch

from fleeting.errors import UsageError
from fleeting.models.eye_cnn import EyeCNN, Subsampling

from .on_meta import count, meta, shapes


@pytest.mark.parametrize(
    ("options", "parameters"),
    [({}, 61_451), ({"head": "direct"}, 5_379), ({"variant": "text"}, 61_451 + 2 * 6 + 2 * 16), ({"n_classes": 3}, 61_451 - 4 * 85)],
)
def test_parameters(options, parameters):
    assert count(EyeCNN, **options) == parameters


def test_parameters_of_each_layer():
    net = meta(EyeCNN)
    of = {name: sum(each.numel() for each in layer.parameters()) for name, layer in net.named_modules()}
    assert [of["c1"], of["c3"], of["body.0"], of["body.2"], of["out"]] == [156, 2_416, 48_120, 10_164, 595]


def test_maps_have_the_sizes_of_the_paper():
    for variant in ("modern", "text"):
        found = shapes(meta(EyeCNN, variant=variant))
        assert [found[name] for name in ("c1", "s2", "c3", "s4", "out")] == [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (7,)]


def test_subsampling_is_equation_2():
    layer = Subsampling(2)
    with torch.no_grad():
        layer.weight[:] = torch.tensor([2.0, -1.0])
        layer.bias[:] = torch.tensor([0.5, 1.0])
    x = torch.tensor([[1.0, 3.0], [5.0, 7.0]]).expand(1, 2, 2, 2)  # mean 4
    assert layer(x).flatten().tolist() == [2 * 4 + 0.5, 0]  # -4 + 1 is below 0


def test_the_text_ends_in_sigmoids():
    torch.manual_seed(0)
    x = 10 * torch.randn(20, 1, 32, 32)
    text, modern = EyeCNN(variant="text")(x), EyeCNN()(x)
    assert ((text > 0) & (text < 1)).all()
    assert modern.min() < 0
    assert modern.max() > 1
    inside = [layer for layer in EyeCNN(variant="text").modules() if isinstance(layer, torch.nn.Sigmoid | torch.nn.ReLU)]
    assert len(inside) == 4, "ReLU after each convolution and hidden layer, as its eq. 4 says"


def test_the_papers_first_weights_let_activations_grow():
    torch.manual_seed(0)
    seed, ours = EyeCNN(init="seed"), EyeCNN()
    weights = torch.cat([each.flatten() for each in seed.parameters()])
    assert -1 <= weights.min() < -0.99
    assert 0.99 < weights.max() <= 1
    x = torch.rand(10, 1, 32, 32)
    assert ours(x).abs().mean() < 5
    assert seed(x).abs().mean() > 100
    ends = EyeCNN(init="seed", variant="text")(x)
    assert ((ends < 0.001) | (ends > 0.999)).float().mean() > 0.9


def test_pictures_of_other_sizes():
    assert EyeCNN(input_shape=(3, 24, 48))(torch.zeros(2, 3, 24, 48)).shape == (2, 7)
    with pytest.raises(UsageError, match="at least 16 rows"):
        EyeCNN(input_shape=(1, 15, 32))
    with pytest.raises(UsageError, match="variant='lenet'"):
        EyeCNN(variant="lenet")
