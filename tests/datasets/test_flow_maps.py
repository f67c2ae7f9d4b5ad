"""Flow maps: the tree in which every sample stands sixty-eight times, and an npz."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fleeting.datasets.flow_maps import FlowMaps
from fleeting.errors import DatasetError

from . import releases


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


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"label": [5, 0]}, "has the label 5; expected are 0 negative, 1 positive, 2 surprise"),
        ({"label": [-1, 0]}, "has the label -1"),
        ({"label": np.array(["negative", "0"])}, "has the label negative"),
        ({"label": [1]}, "label is (1,), maps (2, 28, 28, 3); expected is one label a map"),
        ({"label": np.array(1)}, "label is ()"),
        ({"clip": np.array(["a"])}, "clip is (1,)"),
        ({"au": np.array(["12"])}, "au is (1,)"),
        ({"maps": np.zeros((1, 28, 28, 3), np.uint8)}, "subject is (2,), maps (1, 28, 28, 3)"),
        ({"maps": np.zeros((2, 28, 28, 3), np.float32)}, "maps is float32; expected is uint8"),
    ],
)
def test_an_npz_that_does_not_fit_together_is_named(tmp_path, wrong, says):
    """Each was a traceback, or (a label of -1, maps of floats) was taken without a word."""
    _npz(tmp_path / "m.npz", **wrong)
    (finding,) = FlowMaps(tmp_path / "m.npz").check().findings
    assert finding.level == "error"
    assert says in finding.text


@pytest.mark.parametrize("keep", [0, 0.5, 0.9])
def test_half_an_npz_is_named(tmp_path, keep):
    _npz(tmp_path / "m.npz")
    content = (tmp_path / "m.npz").read_bytes()
    (tmp_path / "m.npz").write_bytes(content[: int(keep * len(content))])
    with pytest.raises(DatasetError, match=r"m\.npz cannot be read as npz .*Copy it again"):
        FlowMaps(tmp_path / "m.npz").clips()


def test_the_tree_is_found_below_the_folder_that_holds_it(tmp_path):
    assert len(FlowMaps(_tree(tmp_path / "norm_u_v_os").parent).clips()) == 4


def test_subjects_of_no_dataset_we_know_and_labels_that_are_none_are_told(tmp_path):
    """Subjects of MMEW were taken for CASME II's, and a folder 3 was passed over without a word."""
    for folder in ("S13/u_test/0", "sub01/u_test/1", "sub01/u_test/3"):
        releases.picture(tmp_path / folder / "one.png", size=(28, 28))
    dataset = FlowMaps(tmp_path)
    assert [clip.id for clip in dataset.clips()] == ["casme2/sub01/one", "flow-maps/S13/one"]
    text = str(dataset.check())
    assert "of S13 we do not know the dataset" in text
    assert "u_test/3 is none of the labels 0, 1, 2: passed over" in text


def test_the_maps_of_one_dataset_are_held_against_its_own_share(tmp_path):
    releases.picture(tmp_path / "sub01/u_test/1/one.png", size=(28, 28))
    text = str(FlowMaps(tmp_path).check())
    assert "1 of 145 clips, 1 of 24 subjects; classes: negative 0 of 88, positive 1 of 32, surprise 0 of 25" in text


def test_the_real_maps_of_casme2_are_complete(shared_data):
    checkup = FlowMaps(shared_data / "casme2_flows.npz").check()
    assert checkup.findings == []
    assert checkup.sheet.endswith("casme2_flows.npz")
