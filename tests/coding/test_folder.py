"""A coded folder is a dataset."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from fleeting.coding import training_folder
from fleeting.datasets import FolderDataset
from fleeting.errors import CodingError, UsageError
from fleeting.media import write_video

from .made_codings import coding


@pytest.fixture
def film(tmp_path):
    """What writes a video of 20 frames, each of a grey of its own."""

    def write(name):
        images = np.stack([np.full((32, 48, 3), 10 * i, np.uint8) for i in range(20)])
        path = tmp_path / "films" / name
        path.parent.mkdir(exist_ok=True)
        return write_video(path, images, fps=25, crf=None)

    return write


def made(media, *events, **more):
    return coding(*(events or ((4, 6, 8),)), frames=20, fps=25, media=media, **more)


def test_what_was_coded_comes_back_as_clips(tmp_path, film):
    first = made(
        film("one.mkv"),
        {"onset": 4, "apex": 6, "offset": 8, "emotion": "disgust", "aus": "AU4+L10", "note": "a, b"},
        {"onset": 0, "offset": 3, "aus": "none"},
        {"onset": 10, "offset": 19, "kind": "macro"},
    )
    second = made(film("two.mkv"), coder="Ben")
    folder = training_folder([first, second], tmp_path / "set", subjects={"one.mkv": "anna", "two": "ben"})
    assert [path.name for path in folder.iterdir()] == ["clips.csv"]
    dataset = FolderDataset(folder, name="lab")
    assert dataset.check().ok
    early, clip, other = dataset.clips()
    assert (clip.person, clip.emotion, clip.aus, clip.fps) == ("lab/anna", "disgust", ("AU4", "L10"), 25.0)
    assert (clip.onset, clip.apex, clip.offset) == (0, 2, 4)
    assert np.abs(clip.frames.mean((1, 2, 3)) - np.arange(40, 90, 10)).max() < 3
    assert (early.apex, early.aus, early.emotion) == (1, (), None)
    assert (other.person, other.aus) == ("lab/ben", None)
    assert len(dataset.clips(kind="macro")) == 1
    assert [video.intervals["onset"].tolist() for video in dataset.videos()] == [[0, 4, 10], [4]]
    assert dataset.table[["coder", "note"]].to_numpy().tolist()[1] == ["Anna", "a, b"]


def test_the_folder_and_its_recordings_may_be_moved_together(tmp_path, film):
    training_folder([made(film("one.mkv"))], tmp_path / "set", subjects={"one": "anna"})
    (tmp_path / "elsewhere").mkdir()
    for name in ("films", "set"):
        shutil.move(tmp_path / name, tmp_path / "elsewhere" / name)
    (clip,) = FolderDataset(tmp_path / "elsewhere" / "set").clips()
    assert len(clip.frames) == 5


def test_recordings_of_one_name_in_two_folders(tmp_path, film):
    one = film("one.mkv")
    again = tmp_path / "films" / "again"
    again.mkdir()
    shutil.copy(one, again / "one.mkv")
    with pytest.warns(UserWarning, match="Subjects must be people, not files"):
        folder = training_folder([made(one), made(again / "one.mkv")], tmp_path / "set")
    assert [clip.person for clip in FolderDataset(folder).clips()] == ["folder/one", "folder/one-2"]


def test_pictures_bring_their_rate(tmp_path):
    import cv2

    (tmp_path / "pictures").mkdir()
    for i in range(20):
        cv2.imwrite(str(tmp_path / "pictures" / f"img{i}.png"), np.full((32, 48, 3), 10 * i, np.uint8))
    folder = training_folder([made(tmp_path / "pictures")], tmp_path / "set", subjects={"pictures": "anna"})
    (clip,) = FolderDataset(folder).clips()
    assert (clip.fps, [int(frame.mean()) for frame in clip.frames]) == (25.0, [40, 50, 60, 70, 80])


def test_who_decided_goes_along(tmp_path, film):
    from fleeting.coding import arbitrate

    media = film("one.mkv")
    settled = arbitrate(made(media), made(media, (5, 6, 8), coder="Ben"))
    table = pd.read_csv(training_folder([settled], tmp_path / "set", subjects={"one": "anna"}) / "clips.csv")
    assert table[["coder", "onset_by", "apex_by"]].to_numpy().tolist() == [["Anna+Ben", "mean", "both"]]


def test_other_faces_are_left_out_and_told(tmp_path, film):
    both = made(film("one.mkv"), (4, 8), {"onset": 10, "offset": 12, "face": 2})
    with pytest.warns(UserWarning, match=r"one\.mkv: 1 expressions of other faces than 1 are left out"):
        folder = training_folder([both], tmp_path / "set", subjects={"one": "anna"})
    assert len(pd.read_csv(folder / "clips.csv")) == 1


def test_what_cannot_be_a_dataset(tmp_path, film):
    media = film("one.mkv")
    for codings, subjects, error, named in (
        ([made(media), made(media, coder="Ben")], None, UsageError, r"one\.mkv was coded by Anna and by Ben\. Arbitrate"),
        ([made(media)], {"two": "ben"}, UsageError, r"who is in one\.mkv\? Subjects are given for two"),
        ([made(media)], {"one": " "}, UsageError, r"who is in one\.mkv"),
        ([coding(frames=20, media=media)], {"one": "anna"}, UsageError, "no expression in these codings"),
        ([coding((4, 8))], {"talk": "anna"}, CodingError, r"Anna is about talk\.mp4, which is not on this machine"),
    ):
        with pytest.raises(error, match=named):
            training_folder(codings, tmp_path / "set", subjects=subjects)
    assert not (tmp_path / "set").exists()
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "mine").touch()
    with pytest.raises(UsageError, match="exists already"):
        training_folder([made(media)], tmp_path / "set", subjects={"one": "anna"})
