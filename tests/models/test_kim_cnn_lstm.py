"""Kim et al.'s CNN-LSTM, and the loss that tells apart the states of an expression."""

import math

import pytest
import torch
from torch.nn import functional

from fleeting.errors import UsageError
from fleeting.models.kim_cnn_lstm import STATES, KimCNNLSTM, expression_state_loss
from fleeting.training.weights import put_into

from .on_meta import meta, shapes


def tiny(n_classes=3):
    torch.manual_seed(0)
    return KimCNNLSTM(n_classes, (1, 5, 29, 29), 0.1)


def test_maps():
    found = shapes(meta(KimCNNLSTM))
    assert [found[f"conv.{number}"] for number in (0, 2, 5, 8)] == [(32, 62, 62), (32, 30, 30), (64, 13, 13), (64, 5, 5)]
    assert [found[name] for name in ("dense2", "frame_class", "frame_state", "lstm", "out")] == [(512,), (5,), (5,), (5, 512), (5,)]
    with pytest.raises(UsageError, match="takes 5 frames"):
        KimCNNLSTM(input_shape=(1, 6, 64, 64))


def test_the_order_of_states_is_heard():
    net, x = tiny(), torch.randn(2, 1, 5, 29, 29)
    assert not torch.allclose(net(x), net(x.flip(2)), atol=1e-5)


def test_the_loss_is_worked_out_by_hand():
    features = torch.tensor([[0.0, 1.0], [0.0, -1.0], [4.0, 0.0]])  # centres (0, 0) and (4, 0), half way apart: 2
    classes, states = torch.tensor([3, 3, 1]), torch.tensor([0, 2, 0])
    loss = expression_state_loss(features, torch.zeros(3, 4), torch.zeros(3, 5), classes, states)
    to_class = sum(math.log1p(math.exp(far)) for far in (1 - 4, 1 - 4, 0 - 4)) / 3 / 2
    to_state = math.log1p(math.exp(-4)) / 2  # each frame is alone in its class and state
    assert loss.item() == pytest.approx(math.log(4) + math.log(5) + to_class + to_state, rel=1e-5)
    alone = expression_state_loss(features[:2], torch.zeros(2, 4), torch.zeros(2, 5), classes[:2], states[:2])
    assert alone.item() == pytest.approx(math.log(4) + math.log(5)), "one class lies apart from none"


def test_the_cnn_learns_classes_and_states_of_frames():
    net = tiny(2)
    classes, states = torch.arange(10) // 5, torch.arange(10) % len(STATES)
    x = torch.zeros(10, 1, 29, 29)  # a class is a half of the picture, a state a row of it
    for number in range(10):
        x[number, 0, :, :14] += classes[number]
        x[number, 0, 5 * int(states[number]) :][:6] += 2
    optimiser = torch.optim.Adam(net.parameters(), 0.003)
    for _ in range(100):
        out = net.frames(x)
        optimiser.zero_grad()
        expression_state_loss(*out, classes, states).backward()
        optimiser.step()
    _, of_class, of_state = net.frames(x)
    assert torch.equal(of_class.argmax(1), classes)
    assert torch.equal(of_state.argmax(1), states)
    assert functional.cross_entropy(of_state, states) < 0.5


def test_other_classes_keep_the_body():
    three, two = tiny(3), tiny(2)
    names = put_into(two, {name: tensor + 1 for name, tensor in three.state_dict().items()}, "body")
    assert "lstm.weight_ih_l0" in names
    assert "frame_state.weight" in names
    assert not [name for name in names if name.startswith(("out", "frame_class"))]
