"""Files of weights: whole or not there, known by their card, and put into nothing but their own architecture."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from fleeting.errors import OutputError, UsageError
from fleeting.training.weights import load_weights, put_into, read_tensors, save_weights, tensors_of, write_tensors


def net(classes=3, inputs=2):
    torch.manual_seed(classes)
    return nn.Sequential(nn.Linear(inputs, 4), nn.ReLU(), nn.Linear(4, classes))


def test_what_is_saved_is_loaded(tmp_path):
    tensors = {"a": torch.rand(2, 3), "b": torch.arange(3), "c": torch.tensor(1.5)}
    path = save_weights(tmp_path / "deep" / "net.v1", tensors, {"classes": ["ä", "b"]})
    assert path == tmp_path / "deep" / "net.v1.safetensors"
    back, card = load_weights(tmp_path / "deep" / "net.v1")
    assert back.keys() == tensors.keys()
    assert all(torch.equal(back[name], tensor) for name, tensor in tensors.items())
    assert card["classes"] == ["ä", "b"]
    assert sorted(each.name for each in path.parent.iterdir()) == ["net.v1.json", "net.v1.safetensors"]
    assert path.stat().st_mode == path.with_suffix(".json").stat().st_mode, "whoever may read the one may read the other"


def test_a_file_and_a_card_that_do_not_belong_together_are_refused(tmp_path):
    path = save_weights(tmp_path / "one", {"a": torch.ones(2)}, {})
    write_tensors(path, {"a": torch.zeros(2)})
    with pytest.raises(UsageError, match="not the file that its card speaks of"):
        load_weights(path)


def test_what_is_missing_or_broken_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"nowhere\.safetensors does not exist"):
        load_weights(tmp_path / "nowhere")
    path = save_weights(tmp_path / "one", {"a": torch.ones(2)}, {})
    card = path.with_suffix(".json")
    text = card.read_text()
    card.write_text(text.replace('"format": 1', '"format": 9'))
    with pytest.raises(UsageError, match="format 9; this Fleeting reads format 1"):
        load_weights(path)
    card.unlink()
    with pytest.raises(UsageError, match=r"no readable card one\.json"):
        load_weights(path)
    path.write_bytes(b"no tensors at all")
    with pytest.raises(UsageError, match="no whole safetensors file"):
        read_tensors(path)


def test_files_of_other_origin_have_no_card(tmp_path):
    path = tmp_path / "foreign.safetensors"
    write_tensors(path, {"a": torch.ones(2)})
    assert tensors_of(path)["a"].tolist() == tensors_of(tmp_path / "foreign")["a"].tolist() == [1, 1]
    with pytest.raises(UsageError, match="no readable card"):
        load_weights(path)
    save_weights(path, {"a": torch.ones(2)}, {})
    write_tensors(path, {"a": torch.zeros(2)})
    with pytest.raises(UsageError, match="not the file that its card speaks of"):
        tensors_of(path)


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path):
    (tmp_path / "folder").write_text("in the way")
    with pytest.raises(OutputError, match="could not be written"):
        save_weights(tmp_path / "folder" / "net", {"a": torch.ones(2)}, {})
    (tmp_path / "taken.safetensors").mkdir()
    with pytest.raises(OutputError):
        save_weights(tmp_path / "taken", {"a": torch.ones(2)}, {})
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder", "taken.safetensors"]


def test_cards_are_json(tmp_path):
    path = save_weights(tmp_path / "one", {"a": torch.ones(2)}, {"trained_on": "synthetic"})
    assert json.loads(path.with_suffix(".json").read_text("utf-8"))["trained_on"] == "synthetic"
    with pytest.raises(UsageError, match="holds what JSON cannot"):
        save_weights(tmp_path / "two", {"a": torch.ones(2)}, {"backbone": nn.Linear})
    assert not (tmp_path / "two.safetensors").exists()


def test_all_the_body_or_what_matches():
    nine, three = net(9), net(3)
    with pytest.raises(UsageError, match=r"2.weight is \(9, 4\), here \(3, 4\)"):
        put_into(three, nine.state_dict())
    head = three[2].weight.clone()
    assert put_into(three, nine.state_dict(), "body") == ["0.weight", "0.bias"]
    assert torch.equal(three[0].weight, nine[0].weight)
    assert torch.equal(three[2].weight, head), "the head is not touched, whatever it was"
    other = net(3)
    assert put_into(other, {**nine.state_dict(), "foreign": torch.ones(1)}, "matching") == ["0.weight", "0.bias"]
    same = net(3)
    assert len(put_into(same, three.state_dict())) == 4


def test_a_head_of_the_same_size_is_left_alone_too():
    one, other = net(3), net(3)
    nn.init.zeros_(one[2].weight)
    put_into(other, one.state_dict(), "body")
    assert other[2].weight.abs().sum() > 0


def test_another_architecture_is_refused():
    with pytest.raises(UsageError, match=r"have no 2\.weight"):
        put_into(net(), nn.Sequential(nn.Linear(2, 4)).state_dict())
    with pytest.raises(UsageError, match=r"which has no 3\.weight"):
        put_into(net(), nn.Sequential(*net(), nn.Linear(3, 3)).state_dict())
    with pytest.raises(UsageError, match=r"0.weight is \(4, 5\), here \(4, 2\)"):
        put_into(net(), net(inputs=5).state_dict(), "body")
    with pytest.raises(UsageError, match="share no tensor"):
        put_into(net(), {"x": torch.ones(1)}, "matching")
    with pytest.raises(UsageError, match="all, body, matching"):
        put_into(net(), net().state_dict(), "half")
