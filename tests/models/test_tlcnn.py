"""TLCNN: its CNN, its LSTM, and what passes from one stage to the next."""

import numpy as np
import pytest
import torch

from fleeting.errors import UsageError
from fleeting.models.tlcnn import TLCNN, TRUNK, TLCNNFrames
from fleeting.training.weights import put_into

from .on_meta import count, meta, shapes

TINY = (3, 5, 49, 49)


def tiny(**options):
    torch.manual_seed(options.pop("seed", 0))
    return TLCNN(4, TINY, 0.05, **options).eval()


@pytest.mark.parametrize(
    ("classes", "groups", "parameters"), [(4, 1, 80_260_740), (4, 2, 77_735_556), (9, 1, 80_281_225), (9, 2, 77_756_041)]
)
def test_parameters_of_the_cnn(classes, groups, parameters):
    assert count(TLCNNFrames, classes, groups=groups) == parameters


@pytest.mark.parametrize(
    ("groups", "layers"),
    [
        (1, [14_208, 921_984, 1_769_984, 2_359_808, 1_769_856, 56_627_200, 16_781_312, 16_388]),
        (2, [14_208, 461_184, 1_769_984, 1_180_160, 885_120, 56_627_200, 16_781_312, 16_388]),
    ],
)
def test_parameters_of_each_layer(groups, layers):
    net = meta(TLCNNFrames, groups=groups)
    names = [*TRUNK, "fc7", "fc8"]
    assert [sum(each.numel() for each in net.get_submodule(name).parameters()) for name in names] == layers


def test_parameters_of_cnn_and_lstm():
    assert count(TLCNN) == 63_463_040 + 4_458_496 + 1_028 == 67_922_564
    assert count(TLCNN, groups=2) == 60_937_856 + 4_458_496 + 1_028
    for groups, trunk in ((1, 63_463_040), (2, 60_937_856)):
        net = meta(TLCNN, groups=groups)
        assert sum(each.numel() for name in TRUNK for each in net.get_submodule(name).parameters()) == trunk
    assert sum(each.numel() for each in meta(TLCNN).fc8.parameters()) == 1_028
    assert sum(each.numel() for each in meta(TLCNN).lstm.parameters()) == 4_457_472 + 4 * 256  # PyTorch has two biases


def test_sizes_of_the_paper():
    found = shapes(meta(TLCNNFrames))
    wanted = {"c1": (96, 111, 111), "m1": (96, 55, 55), "c2": (384, 26, 26), "m2": (384, 13, 13), "c3": (512, 13, 13)}
    wanted |= {"c4": (512, 13, 13), "c5": (384, 13, 13), "m3": (384, 6, 6), "fc6": (4096,), "fc7": (4096,), "fc8": (4,)}
    assert {name: found[name] for name in wanted} == wanted
    assert shapes(meta(TLCNN))["lstm"] == (16, 256)
    assert shapes(meta(TLCNN, 4, (3, 32, 227, 227)))["net"] == (32, 4), "trained on 16, it says something at each of 32"
    assert meta(TLCNNFrames).fc6.in_features == 13_824


def test_m2_must_round_up():
    """Rounded down it is 12 x 12, M3 then 5 x 5, and FC6 would get 9,600 features instead of 13,824."""
    net = meta(TLCNNFrames)
    net.m2.ceil_mode = net.m3.ceil_mode = False
    seen = {}
    net.m3.register_forward_hook(lambda layer, given, out: seen.update(m2=given[0].shape[2:], m3=out.shape[1:].numel()))
    with pytest.raises(RuntimeError):
        net(torch.empty(1, 3, 227, 227, device="meta"))
    assert seen == {"m2": (12, 12), "m3": 9_600}


def test_normalisation_divides_alpha_by_the_five_channels():
    x = torch.zeros(1, 7, 1, 1)
    x[0, :, 0, 0] = torch.arange(1.0, 8) * 50
    neighbours = sum((50.0 * k) ** 2 for k in (2, 3, 4, 5, 6))  # channel 3 and two on each side
    assert meta(TLCNNFrames).n1(x)[0, 3, 0, 0].item() == pytest.approx(200 / (1 + 1e-4 / 5 * neighbours) ** 0.75, rel=1e-5)


def test_the_lstm_is_equations_5_to_10():
    net = tiny()
    x = torch.randn(1, 3, net.lstm.input_size)
    w = {name: value.detach().double().numpy() for name, value in net.lstm.named_parameters()}

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    h = c = np.zeros(net.lstm.hidden_size)
    for t in range(3):
        gates = w["weight_ih_l0"] @ x[0, t].numpy() + w["bias_ih_l0"] + w["weight_hh_l0"] @ h + w["bias_hh_l0"]
        i, f, g, o = np.split(gates, 4)  # PyTorch's order
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)  # eq. 9
        h = sigmoid(o) * np.tanh(c)  # eq. 10
        assert np.allclose(net.lstm(x)[0][0, t].detach().numpy(), h, atol=1e-6)


def test_each_step_says_a_class_and_knows_only_what_was_before():
    net, x = tiny(), torch.randn(2, *TINY)
    out = net(x)
    assert out.shape == (2, 5, 4)
    later = x.clone()
    later[:, :, 3:] = 0
    assert torch.allclose(net(later)[:, :3], out[:, :3], atol=1e-6)
    assert not torch.allclose(net(later)[:, 3:], out[:, 3:], atol=1e-4)
    assert not torch.allclose(net(x.flip(2)).mean(1), out.mean(1), atol=1e-5), "the order of frames is heard"
    assert net(x[:, :, :2]).shape == (2, 2, 4), "any number of frames"


def test_a_frame_is_seen_as_the_cnn_alone_sees_it():
    net, x = tiny(), torch.randn(2, *TINY)
    each = net.features(x.transpose(1, 2).flatten(0, 1)).reshape(2, 5, -1)
    assert torch.allclose(each[1, 3], net.features(x[1:, :, 3])[0], atol=1e-6)


def test_what_passes_from_stage_to_stage():
    torch.manual_seed(0)
    expressions = TLCNNFrames(9, (3, 49, 49), 0.05)
    frames = TLCNNFrames(4, (3, 49, 49), 0.05)
    put_into(frames, expressions.state_dict(), "body")
    before, now = expressions.state_dict(), frames.state_dict()
    assert all(torch.equal(before[name], now[name]) for name in now if not name.startswith("fc8"))
    assert now["fc8.weight"].shape != before["fc8.weight"].shape
    joint, random = tiny(seed=1), tiny(seed=1)
    put_into(joint, frames.state_dict(), "matching")
    for name, tensor in joint.state_dict().items():
        came_along = name.startswith(TRUNK)
        assert torch.equal(tensor, now[name] if came_along else random.state_dict()[name]), name
    assert {name.partition(".")[0] for name in joint.state_dict()} == {*TRUNK, "lstm", "fc8"}


def test_the_order_of_layers():
    """Convolution, ReLU, pooling, normalisation; a ReLU after FC6 and FC7, none after FC8."""
    net, x = TLCNNFrames(4, (3, 49, 49), 0.05).eval(), torch.randn(2, 3, 49, 49)
    norm = torch.nn.functional.local_response_norm
    y = norm(net.m1(net.c1[0](x).relu()), 5, 1e-4, 0.75, 1)
    y = norm(net.m2(net.c2[0](y).relu()), 5, 1e-4, 0.75, 1)
    y = net.m3(net.c5[0](net.c4[0](net.c3[0](y).relu()).relu()).relu()).flatten(1)
    assert torch.allclose(net(x), net.fc8(net.fc7(net.fc6(y).relu()).relu()), atol=1e-5)
    assert net(x).min() < 0


def test_windows_are_looked_at_one_by_one_where_nothing_is_trained():
    net, x = tiny(windows=(3, 2)), torch.randn(2, 3, 8, 49, 49)
    parts = [tiny()(x[:, :, start : start + 3]) for start in (0, 2, 4, 5)]  # the last ends with the clip
    assert torch.allclose(net(x), torch.cat(parts, dim=1), atol=1e-6)
    assert torch.allclose(net(x[:, :, :3]), parts[0], atol=1e-6)
    assert net.train()(x).shape == (2, 8, 4)
    assert shapes(meta(TLCNN, 4, (3, 32, 227, 227), windows=(16, 8)))["net"] == (3 * 16, 4)
    assert shapes(meta(TLCNN, 4, (3, 64, 49, 49), 0.05, windows=(16, 8)))["net"] == (7 * 16, 4)
    for wrong in ((16,), (0, 8), (16, 0)):
        with pytest.raises(UsageError, match="windows="):
            tiny(windows=wrong)


def test_options():
    assert tiny(layers=2).lstm.num_layers == 2
    net = TLCNNFrames(4, (3, 49, 49), 0.2, init="lrcn")
    assert net.c3[0].weight.std().item() == pytest.approx(0.01, rel=0.02)
    assert net.fc6.weight.std().item() == pytest.approx(0.005, rel=0.02)
    assert torch.all(net.c1[0].bias == 0.1)
    assert TLCNNFrames(4, (3, 49, 49), 0.05, groups=2).c4[0].groups == 2
    for wrong, words in (({"groups": 3}, "groups=3"), ({"init": "zero"}, "init='zero'"), ({"input_shape": (3, 48, 49)}, "49 rows")):
        with pytest.raises(UsageError, match=words):
            TLCNNFrames(**{"input_shape": (3, 49, 49), "width": 0.05, **wrong})
