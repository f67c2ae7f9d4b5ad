"""FolderDataset: a folder of pictures or videos with a table, yours or a release's that nobody documents."""

from __future__ import annotations

import numpy as np
import pytest

from fleeting.datasets.folder import FolderDataset
from fleeting.errors import DatasetError
from fleeting.media import write_video

from . import releases

HEADER = "clip,subject,onset,apex,offset,emotion,aus,kind,fps,path,video,note\n"


def _write(root, *rows):
    (root / "clips.csv").write_text(HEADER + "\n".join(rows) + "\n")


def test_folders_of_pictures(tmp_path):
    releases.pictures(tmp_path / "anna/one", "img{}.png", range(3, 14))
    _write(tmp_path, "anna/one,anna,8,10,12,Happiness,6+12,,,,,first", "whole,anna,,,,,none,,50,anna/one,,")
    one, whole = FolderDataset(tmp_path, name="lab", fps=100).clips()
    assert (one.id, one.person, one.fps, one.emotion, one.aus) == ("lab/anna/one", "lab/anna", 100.0, "happiness", ("AU6", "AU12"))
    assert [int(frame.mean()) for frame in one.frames] == [8, 9, 10, 11, 12]
    assert (whole.onset, whole.apex, whole.offset, whole.fps) == (0, 5, 10, 50.0)
    assert whole.emotion is None
    assert whole.aus == ()
    assert FolderDataset(tmp_path, fps=100).table["note"].tolist() == ["first", ""]


def _film(path, count=12):
    images = np.stack([np.full((32, 48, 3), 20 * i, np.uint8) for i in range(count)])
    write_video(path, images, fps=25)
    return path


def test_video_files_know_their_rate_and_give_what_lies_between_onset_and_offset(tmp_path):
    _film(tmp_path / "film.mp4")
    _write(tmp_path, "film.mp4,anna,4,6,8,surprise,,,,,,")
    (clip,) = FolderDataset(tmp_path).clips()
    assert (clip.fps, clip.onset, clip.apex, clip.offset) == (25.0, 0, 2, 4)
    assert np.abs(clip.frames.mean((1, 2, 3)) - np.arange(80, 161, 20)).max() < 6
    checkup = FolderDataset(tmp_path).check()
    assert checkup.ok
    assert not [finding.text for finding in checkup.findings if finding.topic == "long"]


@pytest.mark.parametrize("absolute", [False, True])
def test_a_recording_may_lie_outside_of_the_folder(tmp_path, absolute):
    film = _film(tmp_path / "film.mp4")
    root = tmp_path / "coded"
    root.mkdir()
    _write(root, f"a,anna,4,6,8,surprise,,,,{film if absolute else '../film.mp4'},,")
    (clip,) = FolderDataset(root).clips()
    assert len(clip.frames) == 5
    film.unlink()
    with pytest.raises(DatasetError, match=r"film\.mp4 does not exist \(a in .*clips\.csv\)"):
        FolderDataset(root).clips()


def test_events_of_one_recording_become_a_video(tmp_path):
    _film(tmp_path / "film.mp4")
    _write(tmp_path, "b,anna,6,,7,,,macro,,film.mp4,film,", "a,anna,1,2,3,,,micro,,film.mp4,film,")
    dataset = FolderDataset(tmp_path)
    assert [clip.id for clip in dataset.clips()] == ["folder/a"]
    assert len(dataset.clips(kind="macro")) == 1
    (video,) = dataset.videos()
    assert video.intervals["onset"].tolist() == [1, 6]
    assert video.intervals["kind"].tolist() == ["micro", "macro"]
    assert np.allclose(video.timestamps, np.arange(12) / 25)
    assert len(list(video.frames(2, 5))) == 3


def test_what_is_wrong_with_the_table_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"no annotation sheet.*clips\.csv"):
        FolderDataset(tmp_path).clips()
    (tmp_path / "clips.csv").write_text("video,who\nx,y\n")
    with pytest.raises(DatasetError, match="lacks the columns clip, subject; its first row reads: video, who"):
        FolderDataset(tmp_path).clips()
    _write(tmp_path, "gone,anna,1,2,3,,,,25,,,")
    with pytest.raises(DatasetError, match=r"gone does not exist \(gone in"):
        FolderDataset(tmp_path).clips()
    _write(tmp_path, "gone,anna,1,2,3,,,tiny,25,,,")
    with pytest.raises(DatasetError, match="kind 'tiny'; there are micro and macro"):
        FolderDataset(tmp_path).clips()
    releases.pictures(tmp_path / "one", "img{}.png", range(3))
    _write(tmp_path, "one,anna,0,1,2,,,,,,,")
    with pytest.raises(DatasetError, match="How many frames a second has one"):
        FolderDataset(tmp_path).clips()
    _write(tmp_path, "one,anna,0,1,2,,,,25,,,", "one,anna,0,1,2,,,,25,,,")
    with pytest.raises(DatasetError, match="lists one twice"):
        FolderDataset(tmp_path).clips()


def test_a_column_that_stands_twice_and_rows_without_a_name_are_named(tmp_path):
    (tmp_path / "clips.csv").write_text("clip,subject,fps,,,fps\none,a,25,,,25\n")
    with pytest.raises(DatasetError, match=r"clips\.csv has the column fps twice"):
        FolderDataset(tmp_path).clips()
    for row, lost in (("one,", "subject"), (",anna", "clip")):
        (tmp_path / "clips.csv").write_text(f"clip,subject\n{row}\n")
        with pytest.raises(DatasetError, match=rf"clips\.csv has a row without {lost}: "):
            FolderDataset(tmp_path, fps=25).clips()


def test_columns_without_a_name_are_passed_over_and_kinds_may_be_capital(tmp_path):
    releases.pictures(tmp_path / "one", "img{}.png", range(3))
    (tmp_path / "clips.csv").write_text("clip,subject,,kind,\none,a,x,Micro,y\n")
    assert FolderDataset(tmp_path, fps=25).clips()[0].id == "folder/one"


def test_a_film_that_is_none_is_one_clip_less(tmp_path):
    """It was a MediaError for the whole folder, ``partial`` or not."""
    _film(tmp_path / "film.mp4")
    (tmp_path / "broken.mp4").write_bytes(b"no film")
    (tmp_path / "clips.csv").write_text("clip,subject\nbroken.mp4,a\nfilm.mp4,b\n")
    with pytest.raises(DatasetError, match=r"1 of the 2 clips.*broken\.mp4"):
        FolderDataset(tmp_path).clips()
    assert [clip.id for clip in FolderDataset(tmp_path).clips(partial=True)] == ["folder/film.mp4"]
    assert FolderDataset(tmp_path).check().counts["usable"] == 1


def test_a_video_in_two_files_is_refused(tmp_path):
    _film(tmp_path / "one.mp4")
    _film(tmp_path / "two.mp4")
    _write(tmp_path, "a,anna,1,2,3,,,,,one.mp4,film,", "b,anna,6,7,8,,,,,two.mp4,film,")
    with pytest.raises(DatasetError, match=r"events of the video film in one\.mp4 and two\.mp4"):
        FolderDataset(tmp_path).videos()
