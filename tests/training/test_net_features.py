"""What a trained VGG-F sees in clips, and that no random network passes for a trained one."""

import pytest
import torch

from fleeting.errors import UsageError
from fleeting.models.sdf import VGGF
from fleeting.training.net_features import DeepFeatures
from fleeting.training.weights import save_weights


def trained(seed=0, n_classes=7):
    torch.manual_seed(seed)
    return VGGF(n_classes, (3, 39, 39), 0.05)


def test_without_weights_there_are_no_features():
    with pytest.raises(UsageError, match="train VGGF on expressions and give its weights"):
        DeepFeatures(None)


@pytest.mark.parametrize("layer", ["c5", "fc6", "fc7"])
def test_features_are_the_mean_over_frames(layer):
    net = trained()
    features = DeepFeatures(net.state_dict(), (3, 4, 39, 39), 0.05, layer=layer)
    x = torch.randn(2, 3, 4, 39, 39)
    net.eval()
    each = [net.features(x[:, :, t], layer) for t in range(4)]
    assert torch.allclose(features(x), torch.stack(each).mean(0), atol=1e-5)
    assert not torch.allclose(features(x), DeepFeatures(trained(1).state_dict(), (3, 4, 39, 39), 0.05, layer=layer)(x), atol=1e-3)
    assert not features(x).requires_grad
    assert torch.equal(features(x), features(x)), "nothing is dropped at random"


def test_weights_in_a_file(tmp_path):
    net = trained(n_classes=9)
    path = save_weights(tmp_path / "vggf", net.state_dict(), {})
    x = torch.randn(1, 3, 2, 39, 39)
    wanted = DeepFeatures(net.state_dict(), (3, 2, 39, 39), 0.05)(x)
    assert torch.equal(DeepFeatures(path, (3, 2, 39, 39), 0.05)(x), wanted)
    for wrong, words in (({"width": 0.1}, "of this VGGF: c1"), ({"weights": {"a": torch.ones(1)}}, "not of the architecture VGGF")):
        with pytest.raises(UsageError, match=words):
            DeepFeatures(**{"weights": path, "input_shape": (3, 2, 39, 39), "width": 0.05, **wrong})
    with pytest.raises(UsageError, match="does not exist"):
        DeepFeatures(tmp_path / "none.safetensors", (3, 2, 39, 39), 0.05)
    with pytest.raises(UsageError, match="c5, fc6, fc7"):
        DeepFeatures(path, (3, 2, 39, 39), 0.05, layer="fc8")
