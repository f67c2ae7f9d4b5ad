"""Synthetic flow maps: what each class moves, and how the arrays look."""

from __future__ import annotations

import numpy as np
import pytest

from fleeting.errors import UsageError
from fleeting.synthetic.maps import LEARNING, MIDDLE, TALL, Variety, synthetic_maps, write_maps


@pytest.fixture(scope="module")
def made() -> dict[str, np.ndarray]:
    return synthetic_maps(300, 3)


def test_arrays_are_as_flow_maps_are_passed_around(made):
    assert made["maps"].shape == (300, 28, 28, 3)
    assert made["maps"].dtype == np.uint8
    assert (made["maps"].min(axis=(1, 2)) == 0).all()
    assert (made["maps"].max(axis=(1, 2)) == 255).all()
    assert np.bincount(made["label"]).tolist() == [100, 100, 100]
    assert (np.array(["negative", "positive", "surprise"])[made["label"]] == made["emotion"]).all()
    assert len(set(made["clip"])) == 300
    assert len(set(made["subject"])) == 8
    assert all(made["au"])


def test_classes_move_what_their_action_units_move(made):
    mean = {e: made["maps"][made["emotion"] == e].mean(axis=0) for e in ("negative", "positive", "surprise")}
    brows, mouth = round(MIDDLE[1] - 0.35 * TALL), round(MIDDLE[1] + 0.92 * TALL)
    assert mean["surprise"][brows, :, 1].mean() < mean["positive"][brows, :, 1].mean() - 15  # brows go up
    assert mean["negative"][brows, :, 1].mean() > mean["surprise"][brows, :, 1].mean() + 30  # or down
    smile = mean["positive"][mouth, :, 0]
    assert smile[19:23].mean() - smile[5:9].mean() > 30  # corners of the mouth go apart


def test_a_seed_gives_the_same_maps_and_another_others(made, tmp_path):
    write_maps(tmp_path / "m.npz", 300, 3)
    with np.load(tmp_path / "m.npz") as file:
        assert all((file[name] == made[name]).all() for name in made)
    assert (synthetic_maps(20, 4)["maps"] != synthetic_maps(20, 5)["maps"]).any()
    assert [path.name for path in tmp_path.iterdir()] == ["m.npz"]


def test_no_maps_are_not_asked_for():
    with pytest.raises(UsageError, match="n=0"):
        synthetic_maps(0)


def test_what_the_recogniser_learns_from_varies_more(made):
    varied = synthetic_maps(300, 3, LEARNING)
    assert len(set(varied["subject"])) == 30
    assert (synthetic_maps(40, 3, Variety())["maps"] == synthetic_maps(40, 3)["maps"]).all()
