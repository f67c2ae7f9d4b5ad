"""Flow maps: the tree in which every sample stands sixty-eight times, and an npz."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fleeting.datasets.flow_maps import FlowMaps
from fleeting.errors import DatasetError


def _tree(root):
    """Two samples of sub01, one each of 006 and s03, the latter's name unpadded, one with a trailing blank; u_train repeats."""
    own = {"sub01": [("1", "EP02_01f"), ("0", "EP19_05f ")], "006": [("0", "006_1_2")], "s03": [("2", "s3_sur_1")]}
    for subject in own:
        for other, samples in own.items():
            for label, name in samples:
                folder = root / subject / ("u_test" if other == subject else "u_train") / label
                folder.mkdir(parents=True, exist_ok=True)
                image = np.zeros((28, 28, 3), np.uint8)
                image[..., 0], image[..., 1], image[..., 2] = 10, 20, 30  # u, v, strain
                cv2.imwrite(str(folder / f"{name}.png"), image[..., ::-1])
    return root


def test_each_sample_is_taken_once_and_named_as_in_its_own_dataset(tmp_path):
    clips = FlowMaps(_tree(tmp_path)).clips()
    assert [clip.id for clip in clips] == [
        "casme2/sub01/EP02_01f", "casme2/sub01/EP19_05f", "samm/006/006_1_2", "smic/s03/s03_sur_01",
    ]  # fmt: skip
    assert [clip.emotion for clip in clips] == ["positive", "negative", "negative", "surprise"]
    assert [clip.person for clip in clips] == ["casme2/sub01", "casme2/sub01", "samm/006", "smic/s03"]
    assert [clip.fps for clip in clips] == [200.0, 200.0, 200.0, 100.0]


def test_channels_are_u_v_strain(tmp_path):
    frames = FlowMaps(_tree(tmp_path)).clips()[1].frames
    assert frames.shape == (1, 28, 28, 3)
    assert frames[0, 0, 0].tolist() == [10, 20, 30]


def _npz(path, **more):
    maps = np.arange(2 * 28 * 28 * 3, dtype=np.uint8).reshape(2, 28, 28, 3)
    arrays = {"maps": maps, "subject": np.array(["sub01", "006"]), "clip": np.array(["EP02_01f", "006_1_2"]), "label": [1, 0]}
    np.savez(path, **arrays | more)
    return maps


def test_an_npz_gives_the_same_clips_and_action_units_where_it_has_them(tmp_path):
    maps = _npz(tmp_path / "m.npz", au=np.array(["12", "?"]))
    clips = FlowMaps(tmp_path / "m.npz").clips()
    assert [(clip.id, clip.emotion, clip.aus) for clip in clips] == [
        ("casme2/sub01/EP02_01f", "positive", ("AU12",)),
        ("samm/006/006_1_2", "negative", None),
    ]
    assert (clips[1].frames[0] == maps[1]).all()


def test_what_is_no_flow_map_is_named(tmp_path):
    with pytest.raises(DatasetError, match="has no <subject>/u_test/<label>"):
        FlowMaps(tmp_path).clips()
    with pytest.raises(DatasetError, match=r"gone\.npz does not exist"):
        FlowMaps(tmp_path / "gone.npz")
    (tmp_path / "broken.npz").write_bytes(b"PK no")
    with pytest.raises(DatasetError, match=r"broken\.npz cannot be read as npz"):
        FlowMaps(tmp_path / "broken.npz").clips()
    np.savez(tmp_path / "other.npz", subject=np.array(["a"]))
    with pytest.raises(DatasetError, match="lacks clip, label; it has subject"):
        FlowMaps(tmp_path / "other.npz").clips()
    _npz(tmp_path / "m.npz")
    with pytest.raises(DatasetError, match="lacks maps 'mine'"):
        FlowMaps(tmp_path / "m.npz", maps="mine").clips()


def test_the_doctor_counts_samples(tmp_path):
    checkup = FlowMaps(_tree(tmp_path)).check(frames=True)
    assert checkup.ok
    assert checkup.counts["clips"] == checkup.counts["usable"] == 4


def test_counts_of_the_real_maps(shared_data):
    dataset = FlowMaps(shared_data / "casme2_flows.npz")
    clips = dataset.clips()
    assert dataset.table["emotion"].value_counts().to_dict() == {"negative": 88, "positive": 32, "surprise": 25}
    assert len({clip.id for clip in clips}) == 145
    assert len({clip.person for clip in clips}) == 24
    assert clips[0].id == "casme2/sub01/EP02_01f"
    assert clips[0].frames.shape == (1, 28, 28, 3)
    assert dataset.check().counts["usable"] == 145
