"""The eye database: where the eyes are cut, what becomes of whom, and a sheet that tells."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from fleeting.clip import Clip
from fleeting.datasets.expressions import FER2013, ClassFolders
from fleeting.datasets.eyes import SHEET, eye_crop, eye_region, eyes, read_expressions
from fleeting.datasets.folder import FolderDataset
from fleeting.datasets.frames import InMemory
from fleeting.errors import DatasetError, MediaError, UsageError
from fleeting.faces.landmarks import to_ibug68
from fleeting.synthetic.rendering import astronaut

from . import releases


def _npz(path, **arrays):
    np.savez(path, **arrays)
    return path


def _clip(number, picture, emotion="happiness", subject="anna"):
    return Clip(f"made/{number}", "made", subject, 1.0, 0, 0, 0, InMemory(np.asarray(picture)[None]), emotion)


def _pictures(rng, count, shape=(48, 48)):
    return rng.integers(0, 256, (count, *shape, 3), dtype=np.uint8)


def test_a_bright_bar_between_the_brows_and_the_cheeks_comes_to_the_middle():
    picture = np.zeros((48, 48), np.uint8)
    picture[17:21] = 200  # rows 17 to 20: ((18.5 - 10) + .5) / 18 * 32 - .5 = 15.5
    rows = eye_crop(picture, eye_region(picture)).mean(axis=1)
    assert (rows * np.arange(32)).sum() / rows.sum() == pytest.approx(15.5, abs=0.1)


def test_the_band_of_a_face_that_fills_the_picture():
    assert eye_region(np.zeros((48, 48))) == (2, 10, 46, 28)
    assert eye_region(np.zeros((96, 96, 3))) == (4, 20, 92, 56)


def test_the_box_around_brows_and_eyes_and_a_tenth_of_it_on_each_side():
    points = np.full((68, 2), 500.0)  # mouth and jaw lie elsewhere
    points[17:27], points[36:48] = (30, 40), (130, 60)
    assert eye_region(np.zeros((200, 200)), points) == (20, 38, 141, 63)
    points[17] = (-50, 40)
    assert eye_region(np.zeros((200, 200)), points)[0] == 0


def test_a_region_of_the_right_size_is_copied_and_an_oblong_one_stretched_or_padded(rng):
    picture = rng.integers(0, 256, (48, 48), dtype=np.uint8)
    assert np.array_equal(eye_crop(picture, (3, 4, 35, 36)), picture[4:36, 3:35])
    assert eye_crop(np.dstack([picture] * 3), (2, 10, 46, 28), size=20).shape == (20, 20)
    padded = eye_crop(picture, (0, 10, 32, 20), keep_aspect=True)
    assert np.array_equal(padded[11:21], picture[10:20, :32])
    assert (padded[:11] == padded[11]).all()
    assert (padded[21:] == padded[20]).all()


def test_a_large_region_is_averaged_not_thinned_out():
    stripes = np.zeros((320, 320), np.uint8)
    stripes[::2] = 200
    assert np.ptp(eye_crop(stripes, (0, 0, 320, 320))) <= 1


def test_class_folders_with_a_sheet_come_out_and_both_readers_read_them(rng, tmp_path):
    pictures = _pictures(rng, 4)
    names = ["Anna_Lee_0001", "Anna_Lee_0002", "Bo_0001", "Bo_0002"]
    emotion = ["happiness", "anger", "happiness", "happiness"]
    path = _npz(tmp_path / "faces.npz", image=pictures[[0, 1, 2, 0]].mean(axis=3).astype(np.uint8), emotion=emotion, name=names)
    told = []
    table = eyes(read_expressions(path), tmp_path / "eyes", find_mesh=False, progress=lambda *each: told.append(each))
    assert told[-1] == (4, 4)
    assert table["method"].tolist() == ["band"] * 4
    assert table["same_as"].tolist() == ["", "", "", "faces/00000"]
    assert table["path"].tolist() == [
        "happiness/Anna_Lee_00000.png", "anger/Anna_Lee_00001.png", "happiness/Bo_00002.png", "happiness/Bo_00003.png",
    ]  # fmt: skip
    assert table[["x0", "y0", "x1", "y1"]].to_numpy().tolist() == [[2, 10, 46, 28]] * 4
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "eyes" / SHEET, keep_default_na=False), table, check_dtype=False)
    for reader in (ClassFolders(tmp_path / "eyes"), FolderDataset(tmp_path / "eyes")):
        clips = reader.clips()
        assert sorted((clip.subject, clip.emotion) for clip in clips) == sorted(zip(["Anna_Lee"] * 2 + ["Bo"] * 2, emotion, strict=True))
        assert {clip.frames.shape for clip in clips} == {(1, 32, 32, 3)}


def test_fer2013_keeps_its_splits_and_one_bad_face_leaves_nothing(tmp_path):
    face = " ".join(["7"] * 2304)
    (tmp_path / "fer2013.csv").write_text(f"emotion,pixels,Usage\n3,{face},Training\n6,{face},PublicTest\n")
    table = eyes(read_expressions(tmp_path), tmp_path / "eyes", find_mesh=False)
    assert table["usage"].tolist() == ["Training", "PublicTest"]
    assert table["emotion"].tolist() == ["happiness", "neutral"]
    with (tmp_path / "fer2013.csv").open("a") as file:
        file.write("0,1 2 3,Training\n")
    with pytest.raises(DatasetError, match="face 00002: its pixels are not 2,304 numbers"):
        eyes(read_expressions(tmp_path / "fer2013.csv"), tmp_path / "again", find_mesh=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["eyes", "fer2013.csv"]


def test_names_that_are_no_file_names_and_pictures_without_an_emotion(rng, tmp_path):
    pictures = _pictures(rng, 3)
    clips = [_clip(1, pictures[0], "tense / odd", "sp.1/a b"), _clip(2, pictures[1], None), _clip(3, pictures[2], "..", "../..")]
    table = eyes(clips, tmp_path / "eyes", find_mesh=False)
    assert table["path"].tolist() == ["tense-odd/sp.1-a-b_00000.png", "-/-_00001.png"]
    assert table["subject"].tolist() == ["sp.1/a b", "../.."]
    assert all((tmp_path / "eyes" / path).is_file() for path in table["path"])


def test_a_picture_that_is_no_face_crop_gets_no_band(rng, tmp_path):
    wide, square = _pictures(rng, 1, (48, 90))[0], _pictures(rng, 1)[0]
    table = eyes([_clip(1, wide), _clip(2, square)], tmp_path / "eyes", find_mesh=False)
    assert table["method"].tolist() == ["none", "band"]
    assert pd.read_csv(tmp_path / "eyes" / SHEET)["source"].tolist() == ["made/2"]
    with pytest.raises(DatasetError, match="None of 1 pictures has both an emotion and eyes"):
        eyes([_clip(1, wide)], tmp_path / "none", find_mesh=False)
    assert not (tmp_path / "none").exists()


@pytest.mark.usefixtures("face_model")
def test_the_mesh_finds_the_eyes_of_a_face_of_48_pixels(tmp_path):
    portrait = astronaut()
    (x0, y0), (x1, y1) = portrait.points[:, :2].min(axis=0), portrait.points[:, :2].max(axis=0)
    side = max(x1 - x0, y1 - y0) * 1.1
    corner = np.array([(x0 + x1 - side) / 2, (y0 + y1 - side) / 2])
    matrix = np.float32([[48 / side, 0, -corner[0] * 48 / side], [0, 48 / side, -corner[1] * 48 / side]])
    small = cv2.warpAffine(cv2.GaussianBlur(portrait.image, (0, 0), 1.2), matrix, (48, 48))
    blank = np.full((48, 48, 3), 90, np.uint8)
    table = eyes([_clip(1, small), _clip(2, blank)], tmp_path / "eyes", jobs=2)
    assert table["method"].tolist() == ["mesh", "band"]
    true = eye_region(small, (to_ibug68(portrait.points) - corner) * 48 / side)
    assert np.abs(table.loc[0, ["x0", "y0", "x1", "y1"]].to_numpy(int) - true).max() <= 2


def test_a_clip_gives_its_apex(tmp_path):
    levels = np.array([10, 200, 30], np.uint8)
    clip = Clip("made/1", "made", "a", 100.0, 0, 1, 2, InMemory(np.full((3, 40, 40, 3), levels[:, None, None, None])), "surprise")
    table = eyes([clip], tmp_path / "eyes", find_mesh=False)
    assert (cv2.imread(str(tmp_path / "eyes" / table["path"][0])) == 200).all()


def test_the_source_is_told_by_what_lies_there(tmp_path, monkeypatch):
    releases.picture(tmp_path / "classes/anger/anna_1.png")
    releases.casme2(tmp_path / "casme2")
    (tmp_path / "own").mkdir()
    (tmp_path / "own/clips.csv").write_text("clip,subject\n")
    assert isinstance(read_expressions(tmp_path / "classes"), ClassFolders)
    (tmp_path / "clips.csv").write_text("another\n")
    monkeypatch.chdir(tmp_path)
    own = read_expressions("own")
    assert isinstance(own, FolderDataset)
    assert own.sheet == Path("own/clips.csv")
    assert [clip.emotion for clip in read_expressions(f"casme2={tmp_path / 'casme2'}").clips()] == ["happiness", "disgust", "others"]
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n")
    assert isinstance(read_expressions(tmp_path / "fer2013.csv"), FER2013)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "faces.npz does not exist"),
        (b"no npz", "faces.npz cannot be read as npz"),
        (b"PK\x03\x04 and then nothing", "faces.npz cannot be read as npz"),
        (b"", "faces.npz cannot be read as npz"),
        ({"image": np.zeros((2, 4, 4), np.uint8), "emotion": "anger"}, r"emotion \(\)"),
        ({"image": np.zeros((2, 4, 4), np.uint8), "emotion": ["a", "b"], "name": ["a"]}, r"name \(1,\)"),
        ({"image": np.zeros((2, 4, 4), np.uint8)}, r"must have image \(N, H, W\) uint8 and emotion \(N,\); it has image \(2, 4, 4\) uint8"),
        ({"image": np.zeros((2, 4, 4)), "emotion": ["a", "b"]}, "it has image .*float64"),
        ({"image": np.zeros((2, 4, 4), np.uint8), "emotion": ["a"]}, r"emotion \(1,\)"),
    ],
)
def test_an_npz_of_another_form_is_named(tmp_path, content, says):
    path = tmp_path / "faces.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        _npz(path, **content)
    with pytest.raises(DatasetError, match=says):
        read_expressions(path)


def test_other_bad_input(rng, tmp_path, monkeypatch):
    with pytest.raises(DatasetError, match="nowhere does not exist"):
        read_expressions(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="No dataset is called 'casme4'; there are smic"):
        read_expressions(f"casme4={tmp_path}")
    monkeypatch.delenv("FLEETING_DATA", raising=False)
    with pytest.raises(DatasetError, match="Where is SMIC"):  # it was the current folder
        read_expressions("smic=")
    clip = _clip(1, _pictures(rng, 1)[0])
    with pytest.raises(UsageError, match="size=4"):
        eyes([clip], tmp_path / "eyes", size=4)
    with pytest.raises(UsageError, match="jobs=0"):
        eyes([clip], tmp_path / "eyes", jobs=0)
    releases.picture(tmp_path / "classes/anger/anna_1.png").write_bytes(b"no picture")
    with pytest.raises(MediaError, match="cannot be decoded as a picture"):
        eyes(read_expressions(tmp_path / "classes"), tmp_path / "eyes", find_mesh=False)
    assert not (tmp_path / "eyes").exists()
