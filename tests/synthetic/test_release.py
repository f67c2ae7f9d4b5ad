"""The synthetic release: whole or not at all, the same however it is made, and its truth is true."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from fleeting.clip import shows_nobody
from fleeting.datasets import ClassFolders, DatasetError, FlowMaps, FolderDataset, Synthetic
from fleeting.datasets.eyes import eyes
from fleeting.errors import OutputError, UsageError
from fleeting.faces.action_units import EMOTION_AUS
from fleeting.flow import flow
from fleeting.labels import label
from fleeting.reproduction.data import mark
from fleeting.synthetic.clips import GROUPS, WORDS, Difficulty
from fleeting.synthetic.release import synthesize

SMALL = {"subjects": 2, "clips": 4, "fps": 50, "size": 64, "long_videos": 1, "expressions": 8, "maps": 6, "video_s": 1.0}
CLIPS_ONLY = {"fps": 50, "size": 64, "long_videos": 0, "expressions": 0, "maps": 0}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesize(tmp_path_factory.mktemp("made") / "release", **SMALL, jobs=1)


def content(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_the_files_do_not_depend_on_the_number_of_processes(release, tmp_path):
    told = []
    again = synthesize(tmp_path / "a", **SMALL, jobs=2, progress=lambda *each: told.append(each))
    assert content(again) == content(release)
    assert {stage: counts for stage, *counts in told} == {
        "clips": [4, 4], "videos": [1, 1], "expressions": [8, 8], "maps": [6, 6],
    }  # fmt: skip


def test_what_is_missing_is_made_again_and_nothing_else(release, tmp_path):
    root = shutil.copytree(release, tmp_path / "a")
    names = sorted(path.name for path in (root / "clips/s01").iterdir())
    shutil.rmtree(root / "clips/s01" / names[0])
    (root / f"flow/s01/{names[-1]}.npz").unlink()
    (root / "clips.csv").unlink()
    next((root / "expressions/anger").iterdir()).unlink()
    draft = root / "clips/s01/.half.part"
    draft.mkdir()
    (draft / "img001.jpg").write_bytes(b"half")
    kept = min((root / "clips/s02").glob("*/*.jpg"))
    before = kept.stat().st_mtime_ns
    assert content(synthesize(root, **SMALL)) == content(release)
    assert kept.stat().st_mtime_ns == before


def test_a_run_that_breaks_off_leaves_no_sheet_and_is_gone_on_with(release, tmp_path):
    def stop(stage, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize(tmp_path / "a", **SMALL, progress=stop)
    assert list((tmp_path / "a/clips").glob("s01/s01_*"))
    assert not list((tmp_path / "a/clips").glob("s02/*"))
    with pytest.raises(DatasetError, match="no annotation sheet"):
        Synthetic(tmp_path / "a").clips()
    assert content(synthesize(tmp_path / "a", **SMALL)) == content(release)


def test_what_was_cut_off_on_its_way_is_named(release, tmp_path):
    """It was a traceback out of zipfile."""
    root = shutil.copytree(release, tmp_path / "a")
    path = min(root.glob("flow/*/*.npz"))
    path.write_bytes(path.read_bytes()[:100])
    (clip,) = [clip for clip in Synthetic(root).clips() if clip.id.endswith(path.stem)]
    with pytest.raises(DatasetError, match=rf"{path.name} cannot be read .*Make the release again"):
        Synthetic(root).flow(clip)
    with pytest.raises(OutputError, match=rf"{path.name} is not what was written here .*Remove it: the same call makes it again"):
        synthesize(root, **SMALL)
    path.unlink()
    assert content(synthesize(root, **SMALL)) == content(release)


def test_the_doctor_knows_what_the_release_should_have(release, tmp_path):
    assert Synthetic(release).check().findings == []
    root = shutil.copytree(release, tmp_path / "a")
    min(root.glob("flow/*/*.npz")).unlink()
    (root / "videos/v01.truth.csv").unlink()
    next((root / "expressions/anger").iterdir()).unlink()
    (root / "maps.npz").unlink()
    assert [one.text.partition(";")[0] for one in Synthetic(root).check().findings] == [
        "flow: 3 flow fields of 4", "videos: 0 truths of videos of 1", "expressions: 7 stills of 8", "maps.npz: 0 files of maps of 1",
    ]  # fmt: skip
    (root / "release.json").unlink()
    assert "release.json cannot be read" in str(Synthetic(root).check())


def test_another_seed_gives_another_release(release, tmp_path):
    other = Synthetic(synthesize(tmp_path / "a", 2, 4, **{**CLIPS_ONLY, "maps": 6}, seed=1))
    one = Synthetic(release)
    assert not one.table["intensity"].equals(other.table["intensity"])
    assert (one.clips()[0].frames[0] != other.clips()[0].frames[0]).mean() > 0.5
    assert (FlowMaps(release / "maps.npz").clips()[0].frames != FlowMaps(other.root / "maps.npz").clips()[0].frames).any()
    with pytest.raises(DatasetError, match="no long videos"):
        other.videos()


def test_the_sheet_fits_the_pictures(release):
    data = Synthetic(release)
    assert data.check(frames=True).findings == []
    table, clips = data.table, data.clips()
    assert len(clips) == 4
    assert table["subject"].value_counts().min() >= 1
    assert set(table["subject"]) == {"s01", "s02"}
    for row, clip in zip(table.itertuples(), clips, strict=True):
        folder = release / row.path
        assert len(list(folder.iterdir())) > row.offset > row.apex > row.onset > 1
        assert clip.frames.shape == (row.offset - row.onset + 1, 64, 64, 3)
        assert (row.offset - row.onset + 1) / row.fps <= 0.5
        assert 0.5 < float(row.intensity) <= 2.5
        shown = {f"AU{number}" for _, numbers in EMOTION_AUS[row.shown] for number in numbers}
        assert {f"AU{au.lstrip('AURL')}" for au in row.aus} <= shown
    assert set(label(clips, "3class")[1]) == {GROUPS[word] for word in table["emotion"]}


def test_true_flow_is_the_flow_of_the_pictures(tmp_path):
    """Within .1 px on average and within .25 px for 95 of 100 pixels, blinks aside, with noise of one grey level."""
    calm = Difficulty(noise=(1, 1), blink=0)
    data = Synthetic(synthesize(tmp_path / "a", 2, 4, **{**CLIPS_ONLY, "size": 128}, pictures="png", difficulty=calm))
    for clip in data.clips():
        true, frames = data.flow(clip), clip.frames
        error = np.linalg.norm(flow(frames[clip.onset], frames[clip.apex]) - true, axis=2)
        assert true.shape == (128, 128, 2)
        assert error.mean() < 0.1
        assert np.percentile(error, 95) < 0.25
        assert error.mean() < 0.4 * np.linalg.norm(true, axis=2).mean()


def test_without_nuisances_only_the_expression_moves(tmp_path):
    alone = Difficulty(percent=(3, 3), ambiguity=0, stir=0, head=0, blink=0, gaze=0, noise=(0, 0), flicker=0)
    root = synthesize(tmp_path / "a", 1, 3, **CLIPS_ONLY, pictures="png", difficulty=alone)
    for row in Synthetic(root).table.itertuples():
        files = sorted((root / row.path).iterdir())
        pictures = np.stack([cv2.imread(str(file)) for file in files]).astype(int)
        onset, apex, offset = row.onset - 1, row.apex - 1, row.offset - 1
        away = np.abs(pictures - pictures[onset]).mean(axis=(1, 2, 3))
        assert not away[: onset + 1].any()
        assert not away[offset:].any()
        assert away[apex] > 0.9 * away.max() > 0
        assert row.shown == GROUPS[row.emotion]
        assert float(row.intensity) == pytest.approx(3, rel=0.1)


def test_long_videos_are_read_with_their_events(release, tmp_path):
    (video,) = Synthetic(release).videos()
    assert (video.person, len(video.intervals)) == ("synthetic/v01", 0)  # too short for any
    assert len(video.timestamps) == len(list(video.frames())) == 50
    assert next(video.frames()).shape == (240, 320, 3)
    table = pd.DataFrame({"onset": [9, 2, 5], "apex": [9, 3, 6], "offset": [9, 4, 7], "kind": ["blink", "micro", "macro"]})
    shutil.copytree(release / "videos", tmp_path / "videos")
    table.to_csv(tmp_path / "videos/v01.truth.csv")
    (video,) = Synthetic(tmp_path).videos()
    assert video.intervals.to_dict("list") == {"onset": [2, 5], "apex": [3, 6], "offset": [4, 7], "kind": ["micro", "macro"]}
    (tmp_path / "videos/v01.truth.csv").unlink()
    with pytest.raises(DatasetError, match=r"truth of .*v01\.mp4 cannot be read"):
        Synthetic(tmp_path).videos()


def test_stills_are_read_as_class_folders(release, tmp_path):
    clips = ClassFolders(release / "expressions").clips()
    assert len(clips) == 8
    assert {clip.emotion for clip in clips} == {"anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"}
    assert {clip.subject for clip in clips} == {"e001"}
    nine = synthesize(tmp_path / "a", 1, 0, **{**CLIPS_ONLY, "expressions": 9}, classes=9)
    assert len({clip.emotion for clip in ClassFolders(nine / "expressions").clips()} - {"contempt", "shame"}) == 7


def test_whichever_reader_reads_it_the_clips_are_called_synthetic(release, tmp_path):
    """By the note in its own release.json; else a reproduction takes them for people."""
    assert "SYNTHETIC" in (release / "release.json").read_text("utf-8")
    mine = FolderDataset(release, name="mine").clips()
    assert {clip.dataset for clip in mine} == {"mine-synthetic"}
    assert mine[0].id.startswith("mine-synthetic/")
    readers = [Synthetic(release), FolderDataset(release), ClassFolders(release / "expressions"), FlowMaps(release / "maps.npz")]
    assert all(shows_nobody(clip.dataset) for reader in readers for clip in reader.clips())
    assert mark(FolderDataset(release).clips()) == ", SYNTHETIC"
    eyes(FolderDataset(release), tmp_path / "eyes", find_mesh=False)
    assert all(shows_nobody(clip.dataset) for clip in ClassFolders(tmp_path / "eyes").clips())
    (tmp_path / "release.json").write_text('{"note": "a study of ours"}')
    shutil.copytree(release / "expressions", tmp_path / "pictures")
    assert {clip.dataset for clip in ClassFolders(tmp_path / "pictures").clips()} == {"class-folders"}


def test_maps_are_read_as_flow_maps(release):
    clips = FlowMaps(release / "maps.npz").clips()
    assert [clip.emotion for clip in clips].count("surprise") == 2
    assert all(clip.id.startswith("synthetic/p001/") and clip.aus for clip in clips)
    assert clips[0].frames.shape == (1, 28, 28, 3)
    assert clips[0].frames.min(axis=(0, 1, 2)).tolist() == [0, 0, 0]
    assert clips[0].frames.max(axis=(0, 1, 2)).tolist() == [255, 255, 255]


def test_each_negative_combination_has_one_word():
    assert sorted(part for word in WORDS if GROUPS[word] == "negative" for part in WORDS[word]) == sorted(EMOTION_AUS["negative"])


def test_own_faces_are_taken(face_model, tmp_path):
    from skimage import data

    (tmp_path / "faces").mkdir()
    cv2.imwrite(str(tmp_path / "faces/me.png"), data.astronaut()[..., ::-1])
    folders = {"a": None, "b": tmp_path / "faces"}
    drawn, own = (Synthetic(synthesize(tmp_path / name, 1, 1, **CLIPS_ONLY, faces=faces)) for name, faces in folders.items())
    assert own.table["emotion"].tolist() == drawn.table["emotion"].tolist()
    assert (own.clips()[0].frames[0] != drawn.clips()[0].frames[0]).mean() > 0.5
    with pytest.raises(UsageError, match=r"has 1 pictures .* for 2 subjects"):
        synthesize(tmp_path / "c", 2, 2, **CLIPS_ONLY, faces=tmp_path / "faces")


def test_a_picture_without_a_face_is_named(face_model, tmp_path):
    (tmp_path / "faces").mkdir()
    cv2.imwrite(str(tmp_path / "faces/wall.png"), np.full((200, 200, 3), 99, np.uint8))
    with pytest.raises(DatasetError, match=r"No face is found in .*wall\.png"):
        synthesize(tmp_path / "a", 1, 1, faces=tmp_path / "faces")
    assert not (tmp_path / "a").exists()  # it was left with a release.json that refused the next attempt


def test_a_folder_of_something_else_is_left_alone(release, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds other things"):
        synthesize(tmp_path, **SMALL)
    with pytest.raises(UsageError, match=r"made with seed=0, not 5"):
        synthesize(release, **SMALL, seed=5)
    with pytest.raises(UsageError, match="is no folder"):
        synthesize(tmp_path / "notes.txt", **SMALL)
    with pytest.raises(DatasetError, match="is no folder"):
        synthesize(tmp_path / "a", **SMALL, faces=tmp_path / "gone")
    assert not (tmp_path / "a").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=r"file.* cannot be written: Not a directory"):
        synthesize(tmp_path / "file" / "a", **SMALL)


@pytest.mark.parametrize(
    "wrong",
    [
        {"subjects": 0}, {"clips": 1}, {"clips": -1}, {"fps": 5}, {"seed": -1}, {"size": 60}, {"size": 100}, {"long_videos": -1},
        {"pictures": "gif"}, {"classes": 5}, {"video_s": 0}, {"jobs": 0},
    ],
)  # fmt: skip
def test_impossible_settings_are_named_and_leave_nothing(wrong, tmp_path):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        synthesize(tmp_path / "a", **{**SMALL, **wrong})
    assert not (tmp_path / "a").exists()
