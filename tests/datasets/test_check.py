"""The doctor: finds what is wrong with a release, and nothing where nothing is."""

from __future__ import annotations

import json
import shutil

import cv2
import numpy as np
import pytest

from fleeting.datasets.casme2 import CASME2
from fleeting.datasets.folder import FolderDataset
from fleeting.datasets.mmew import MMEW
from fleeting.datasets.samm import SAMM
from fleeting.datasets.samm_lv import SAMMLV
from fleeting.datasets.smic import SMIC
from fleeting.errors import DatasetError, MediaError
from fleeting.media import write_video

from . import releases


def _topics(checkup, level="error"):
    return {(one.topic, one.clip) for one in checkup.findings if one.level == level}


def test_a_whole_release_has_no_error_and_says_what_differs_from_print(tmp_path):
    checkup = CASME2(releases.casme2(tmp_path)).check(deep=True)
    assert checkup.ok
    assert checkup.sheet.endswith("CASME2-coding-20190701.xlsx")
    assert checkup.layout == "cropped"
    assert checkup.counts == {"clips": 3, "subjects": 2, "happiness": 1, "disgust": 1, "others": 1, "usable": 3}
    text = str(checkup)
    (counted,) = [one.text for one in checkup.findings if one.topic in ("counts", "protocol")]
    assert counted == (
        "part of the release, 3 of 255 clips, 2 of 26 subjects; classes: others 1 of 99, disgust 1 of 63, happiness 1 of 32, "
        "repression 0 of 27, fear 0 of 2"
    )
    assert "sub04/EP12_01f: no apex was coded" in text
    assert "Thumbs.db: passed over" in text
    assert json.loads(json.dumps(checkup.to_dict()))["ok"] is True


def test_missing_clips_and_frames_and_a_subject_without_clips(tmp_path):
    root = releases.casme2(tmp_path)
    (root / "Cropped/sub04/EP12_01f/reg_img21.jpg").unlink()
    (root / "Cropped/sub04/EP13_02/reg_img7.jpg").unlink()
    shutil.rmtree(root / "Cropped/sub01/EP02_01f")
    checkup = CASME2(root).check()
    assert not checkup.ok
    assert _topics(checkup) == {
        ("pictures", "sub01/EP02_01f"), ("pictures", ""), ("frames", "sub04/EP12_01f"), ("frames", "sub04/EP13_02"),
    }  # fmt: skip
    assert "subject sub01 has no pictures at all" in str(checkup)
    assert checkup.counts["usable"] == 0


def test_a_sheet_without_any_pictures_is_one_finding(tmp_path):
    root = releases.casme2(tmp_path)
    shutil.rmtree(root / "Cropped")
    (error,) = [one for one in CASME2(root).check().findings if one.level == "error"]
    assert error.clip == ""
    assert "no clip has pictures" in error.text
    assert "come in a folder Cropped, CASME2_RAW_selected" in error.text


def test_several_subjects_without_pictures_are_one_line(tmp_path):
    root = releases.casme2(tmp_path)
    rows = [[f"{k:02d}", "EP01_01", None, 5, 6, 7, None, "4", "disgust"] for k in range(5, 15)]
    good = ["01", "EP02_01f", None, 8, 10, 12, None, "12", "happiness"]
    releases.workbook(root / "CASME2-coding-20190701.xlsx", Sheet1=[releases.CASME2_HEADER, good, *rows])
    (line,) = [one.text for one in CASME2(root).check().findings if one.topic == "pictures" and not one.clip]
    assert line == "10 subjects have no pictures at all (10 clips): sub05, sub06, sub07, sub08 and 6 more"


def test_an_empty_picture_is_found_by_its_size_and_one_that_is_none_by_its_first_bytes(tmp_path):
    """All twelve clips were called usable, and training broke off."""
    root = releases.casme2(tmp_path)
    (root / "Cropped/sub01/EP02_01f/reg_img9.jpg").write_bytes(b"")
    (root / "Cropped/sub04/EP13_02/reg_img6.jpg").write_bytes(b"<html>no licence</html>")
    checkup = CASME2(root).check()
    assert _topics(checkup) == {("file", "sub01/EP02_01f"), ("file", "sub04/EP13_02")}
    assert checkup.counts["usable"] == 1
    assert "reg_img9.jpg is empty (0 bytes). Copy it again" in str(checkup)
    assert "reg_img6.jpg is no picture: it begins with b'<htm'. Copy it again" in str(checkup)
    with pytest.raises(DatasetError, match=r"sub01/EP02_01f: .*reg_img9\.jpg is empty \(0 bytes\)\. Copy it again"):
        CASME2(root).clips()
    slash, broken = CASME2(root).clips(partial=True)
    assert len(slash.frames) == 5
    told = r"clip casme2/sub04/EP13_02: .*reg_img6\.jpg cannot be decoded as a picture\. Copy it again.*check --deep"
    with pytest.raises(MediaError, match=told):
        _ = broken.frames


def test_a_link_whose_target_is_gone_is_named(tmp_path):
    root = releases.casme2(tmp_path)
    path = root / "Cropped/sub01/EP02_01f/reg_img9.jpg"
    path.unlink()
    path.symlink_to(tmp_path / "gone.jpg")
    with pytest.raises(DatasetError, match=r"sub01/EP02_01f: .*reg_img9\.jpg may not be read: No such file"):
        CASME2(root).clips()
    assert _topics(CASME2(root).check(deep=True)) == {("file", "sub01/EP02_01f"), ("decode", "sub01/EP02_01f")}


def test_a_gap_within_a_clip_is_refused_and_does_not_move_its_apex(tmp_path):
    """It was closed without a word: with four pictures missing the apex moved from 13 to 9."""
    root = releases.casme2(tmp_path)
    rows = [["01", "EP02_01f", None, 0, 13, 19, None, "12", "happiness"], ["04", "EP13_02", None, 5, 6, 7, None, "4", "others"]]
    releases.workbook(root / "CASME2-coding-20190701.xlsx", Sheet1=[releases.CASME2_HEADER, *rows])
    folder = root / "Cropped/sub01/EP02_01f"
    releases.pictures(folder, "reg_img{}.jpg", range(20))
    assert CASME2(root).clips()[0].apex == 13
    for number in range(3, 7):
        (folder / f"reg_img{number}.jpg").unlink()
    with pytest.raises(DatasetError, match=r"sub01/EP02_01f lacks 4 of the pictures 0 to 19, the first is 3: time would jump there"):
        CASME2(root).clips()
    assert [clip.id for clip in CASME2(root).clips(partial=True)] == ["casme2/sub04/EP13_02"]
    checkup = CASME2(root).check()
    assert ("frames", "sub01/EP02_01f") in _topics(checkup)
    assert "4 of the pictures 0 to 19 are missing: 3, 4, 5, 6" in str(checkup)
    assert checkup.counts["usable"] == 1


def test_a_folder_of_every_second_number_has_no_gap(tmp_path):
    releases.pictures(tmp_path / "one", "img{}.png", range(0, 40, 2))
    (tmp_path / "clips.csv").write_text("clip,subject,onset,apex,offset\none,anna,4,10,20\n")
    (clip,) = FolderDataset(tmp_path, fps=25).clips()
    assert (clip.apex, len(clip.frames)) == (3, 9)
    checkup = FolderDataset(tmp_path, fps=25).check()
    assert checkup.ok
    assert ("frames", "one") in _topics(checkup, "warning")


def test_pictures_that_do_not_decode_or_differ_in_size(tmp_path):
    root = releases.casme2(tmp_path)
    path = root / "Cropped/sub01/EP02_01f/reg_img9.jpg"
    path.write_bytes(path.read_bytes()[:30])  # it begins as a picture does
    releases.picture(root / "Cropped/sub04/EP13_02/reg_img6.jpg", size=(20, 20))
    assert CASME2(root).check().ok
    seen = []
    checkup = CASME2(root).check(deep=True, progress=lambda done, total: seen.append((done, total)))
    assert _topics(checkup) == {("decode", "sub01/EP02_01f"), ("decode", "sub04/EP13_02")}
    assert seen[-1] == (13, 13)
    assert CASME2(root).check(frames=True).findings == checkup.findings


def test_apexes_on_the_onset_and_clips_of_seconds_are_counted(tmp_path):
    root = releases.casme2(tmp_path)
    rows = [
        ["01", "EP02_01f", None, 8, 8, 12, None, "12", "happiness"],
        ["04", "EP12_01f", None, 20, 22, 24, None, "4", "disgust"],
        ["04", "EP13_02", None, 5, 5, 5, None, "4", "others"],  # one frame: nothing comes after the apex
        ["05", "EP01_01", None, 0, 200, 999, None, "4", "disgust"],
    ]
    releases.workbook(root / "CASME2-coding-20190701.xlsx", Sheet1=[releases.CASME2_HEADER, *rows])
    releases.pictures(root / "Cropped/sub05/EP01_01", "reg_img{}.jpg", range(1000))
    checkup = CASME2(root).check()
    assert (checkup.counts["apex on onset"], checkup.counts["over 2 s"], checkup.counts["usable"]) == (1, 1, 4)
    assert "1 clips have their apex on the onset: motion is measured from the offset to the apex there" in str(checkup)
    assert "1 clips of micro-expressions last over 2 s, the longest 5.0 s" in str(checkup)


def test_pictures_that_were_cut_off_are_findings_and_no_lines_on_the_terminal(tmp_path, rng, capfd):
    root = releases.casme2(tmp_path)
    for suffix, number in (("jpg", 9), ("png", 10), ("bmp", 11)):
        path = root / f"Cropped/sub01/EP02_01f/reg_img{number}.{suffix}"
        path.with_suffix(".jpg").unlink()
        cv2.imwrite(str(path), rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        path.write_bytes(path.read_bytes()[:-20])
    findings = CASME2(root).check(deep=True).findings
    assert [one.text.partition(" cannot")[0][-13:] for one in findings if one.topic == "decode"] == [
        "/reg_img9.jpg", "reg_img10.png", "reg_img11.bmp",
    ]  # fmt: skip
    assert capfd.readouterr().err == ""


def test_frames_within_a_video_are_decoded_too_and_counted(tmp_path, rng):
    write_video(tmp_path / "film.mp4", rng.integers(0, 256, (8, 32, 48, 3), dtype=np.uint8), 25)
    releases.pictures(tmp_path / "one", "img{}.png", range(3))
    (tmp_path / "clips.csv").write_text("clip,subject,onset,offset,fps\nfilm.mp4,anna,1,6,\none,bo,,,25\n")
    seen = []
    checkup = FolderDataset(tmp_path).check(deep=True, jobs=1, progress=lambda *each: seen.append(each))
    assert checkup.ok
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    film = bytearray((tmp_path / "film.mp4").read_bytes())
    film[len(film) // 3 : len(film) // 2] = bytes(len(film) // 2 - len(film) // 3)  # the index at its end stays whole
    (tmp_path / "film.mp4").write_bytes(film)
    assert FolderDataset(tmp_path).check().ok
    assert _topics(FolderDataset(tmp_path).check(deep=True)) == {("decode", "film.mp4")}


def test_impossible_order_long_events_doubles_and_folders_nobody_speaks_of(tmp_path):
    root = releases.casme2(tmp_path)
    rows = [
        ["01", "EP02_01f", None, 8, 13, 12, None, "12", "happiness"],
        ["01", "EP02_01f", None, 8, 9, 12, None, "12", "happiness"],
        ["04", "EP12_01f", None, 20, 30, 200, None, "4", "disgust"],
    ]
    releases.workbook(root / "CASME2-coding-20190701.xlsx", Sheet1=[releases.CASME2_HEADER, *rows])
    releases.pictures(root / "Cropped/sub07/EP01_01", "reg_img{}.jpg", range(2))
    checkup = CASME2(root).check()
    assert {("order", "sub01/EP02_01f"), ("double", "sub01/EP02_01f")} <= _topics(checkup)
    assert ("long", "sub04/EP12_01f") in _topics(checkup, "warning")
    text = str(checkup)
    assert "onset, apex, offset are 8 13 12" in text
    assert "EP13_02 is not in the sheet" in text
    assert "sub07 is not in the sheet" in text


def test_a_slip_of_the_pen_of_eight_digits_is_a_finding_and_no_lack_of_memory(tmp_path):
    """A list of all missing numbers was made; of a later digit more it filled the memory."""
    root = releases.casme2(tmp_path)
    row = ["01", "EP02_01f", None, 8, 10, 900_000_000, None, "12", "happiness"]
    releases.workbook(root / "CASME2-coding-20190701.xlsx", Sheet1=[releases.CASME2_HEADER, row])
    checkup = CASME2(root).check()
    (text,) = [one.text for one in checkup.findings if one.topic == "frames"]
    assert text == "899999986 of the pictures 8 to 900000000 are missing: 15, 16, 17, 18, 19 ..."


def test_an_onset_that_was_not_coded_and_words_that_are_none_of_the_release_s(tmp_path):
    root = releases.casme2(tmp_path)
    rows = [
        ["01", "EP02_01f", None, -8, 10, 12, None, "12", "hapiness"],
        ["04", "EP12_01f", None, 20, 21, 24, None, "4", None],
        ["04", "EP13_02", None, 5, 6, 7, None, "4", "disgust"],
    ]
    releases.workbook(root / "CASME2-coding-20190701.xlsx", Sheet1=[releases.CASME2_HEADER, *rows])
    checkup = CASME2(root).check()
    wanted = {("onset", "sub01/EP02_01f"), ("emotion", "sub01/EP02_01f"), ("emotion", "sub04/EP12_01f")}
    assert {(topic, clip) for topic, clip in _topics(checkup, "warning") if clip} == wanted
    assert "'hapiness' is none of happiness, disgust" in str(checkup)
    assert str(checkup).endswith("warnings want a look.")


def test_two_pictures_of_one_number_are_told(tmp_path):
    """One of them was taken without a word."""
    folder = releases.casme2(tmp_path) / "Cropped/sub01/EP02_01f"
    releases.picture(folder / "img0009.jpg")
    (folder / "._reg_img9.jpg").write_bytes(b"what a Mac leaves behind")
    text = str(CASME2(tmp_path).check())
    assert "EP02_01f has 2 pictures of number 9, img0009.jpg and reg_img9.jpg: the first is taken" in text
    assert CASME2(tmp_path).pictures_in(folder)[9].name == "img0009.jpg"


def test_usable_is_what_clips_gives(tmp_path):
    """A clip without frames a second counted as usable, and ``clips`` refused it."""
    releases.pictures(tmp_path / "one", "img{}.png", range(3))
    releases.pictures(tmp_path / "two", "img{}.png", range(3))
    (tmp_path / "clips.csv").write_text("clip,subject,fps\none,anna,\ntwo,bo,25\n")
    checkup = FolderDataset(tmp_path).check()
    assert _topics(checkup) == {("clip", "one")}
    assert checkup.counts["usable"] == len(FolderDataset(tmp_path).clips(partial=True)) == 1


def test_clips_of_one_name_are_neither_usable_nor_given(tmp_path):
    releases.pictures(tmp_path / "one", "img{}.png", range(3))
    releases.pictures(tmp_path / "two", "img{}.png", range(3))
    (tmp_path / "clips.csv").write_text("clip,subject\none,anna\none,anna\ntwo,bo\n")
    dataset = FolderDataset(tmp_path, fps=25)
    assert dataset.check().counts["usable"] == 1
    assert [clip.id for clip in dataset.clips(partial=True)] == ["folder/two"]
    (tmp_path / "clips.csv").write_text("clip,subject,kind\none,anna,micro\none,anna,macro\ntwo,bo,micro\n")
    dataset = FolderDataset(tmp_path, fps=25)
    assert dataset.check().counts["usable"] == len(dataset.clips(partial=True)) == 1


def test_long_videos_are_counted_and_looked_through(tmp_path):
    videos = tmp_path / "SAMM_longvideos"
    header = ["Subject", "Filename", "Onset", "Apex", "Offset", "Type", "Action Units"]
    releases.workbook(tmp_path / "SAMM_LongVideos_V2_Release.xlsx", FACS=[header, ["006", "006_1_1", 3, 5, 8, "Macro", "4"]])
    releases.pictures(videos / "006_1", "006_1_{:04d}.jpg", range(20))
    releases.pictures(videos / "006_2", "006_2_{:04d}.jpg", [0, 1, 3, 4])
    (videos / "007_1").mkdir()
    checkup = SAMMLV(tmp_path).check()
    assert checkup.counts["videos"] == 3
    assert "part of the release, 1 of 159 clips, 1 of 29 subjects, 0 of 343 macro, 3 of 147 long videos" in str(checkup)
    assert _topics(checkup) == {("video", "007/007_1")}
    assert ("video", "006/006_2") in _topics(checkup, "warning")
    assert "1 pictures within this long video are missing, the first is 2" in str(checkup)
    assert "not in the sheet" not in str(checkup)
    (videos / "006_1/006_1_0017.jpg").write_bytes(b"outside of any expression")
    assert ("decode", "006/006_1") in _topics(SAMMLV(tmp_path).check(deep=True))


def test_own_corrections_of_a_clip_that_is_not_there_are_told(tmp_path):
    own = tmp_path / "own.csv"
    own.write_text("clip,column,published,corrected,reason\nsub01/EP02_01,offset,12,11,seen\n")
    checkup = CASME2(releases.casme2(tmp_path / "c"), corrections=own).check()
    assert f"{own} corrects sub01/EP02_01, which the sheet does not list" in str(checkup)


def test_a_sheet_that_cannot_be_read_is_a_finding(tmp_path):
    checkup = CASME2(tmp_path).check()
    assert _topics(checkup) == {("sheet", "")}


def test_moments_that_are_no_expression_are_no_strays(tmp_path):
    checkup = SMIC(releases.smic(tmp_path)).check()
    assert checkup.ok
    assert "non_micro" not in str(checkup)
    assert "no apex was coded in this release" in str(checkup)


def test_the_published_error_shows_without_corrections(tmp_path):
    releases.samm(tmp_path)
    assert SAMM(tmp_path).check().ok
    assert ("order", "032/032_3_1") in _topics(SAMM(tmp_path, corrections=False).check())


def test_the_edition_of_the_sheet_is_told(shared_data, tmp_path):
    sheets = shared_data / "annotations"
    assert "the sheet of 2014" in str(CASME2(tmp_path, sheet=sheets / "CASME2-coding-20140508.xlsx").check())
    assert "the sheet of 2014" not in str(CASME2(tmp_path, sheet=sheets / "CASME2-coding-20190701.xlsx").check())
    assert "lacks the 66 clips of others" in str(MMEW(tmp_path, sheet=sheets / "MMEW_Micro_Exp_delete_others.csv").check())
