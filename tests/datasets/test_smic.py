"""SMIC: the folders are the table, three cameras, the long edition with its sheet."""

from __future__ import annotations

import shutil

import pytest

from fleeting.datasets.smic import SMIC, smic_name
from fleeting.errors import DatasetError

from . import releases


def test_clips_are_named_as_megc_does_and_run_over_their_whole_folder(tmp_path):
    clips = SMIC(releases.smic(tmp_path)).clips()
    assert [clip.id for clip in clips] == ["smic/s01/s01_ne_01", "smic/s01/s01_sur_02", "smic/s12/s12_po_01"]
    assert [clip.emotion for clip in clips] == ["negative", "surprise", "positive"]
    assert [(clip.onset, clip.apex, clip.offset) for clip in clips] == [(0, 2, 4), (0, 4, 8), (0, 1, 2)]
    assert [int(frame.mean()) for frame in clips[2].frames] == [7, 8, 9]
    assert clips[0].aus is None


def test_other_cameras_have_their_own_clips_and_rate(tmp_path):
    clips = SMIC(releases.smic(tmp_path), camera="VIS").clips()
    assert [(clip.id, clip.fps) for clip in clips] == [("smic/s12/s12_po_01", 25.0)]
    with pytest.raises(DatasetError, match="camera='UV' is none of SMIC's: HS, VIS, NIR"):
        SMIC(tmp_path, camera="UV")
    with pytest.raises(DatasetError, match="no folder of NIR such as NIR/s01/micro"):
        _ = SMIC(tmp_path, camera="NIR").table


def test_the_folder_of_one_camera_alone_is_enough(tmp_path):
    releases.smic(tmp_path)
    shutil.move(tmp_path / "SMIC_all_cropped/HS", tmp_path / "mine")
    assert len(SMIC(tmp_path / "mine").clips()) == 3


def _long(root):
    base = root / "HS_long"
    releases.pictures(base / "SMIC-HS-E/HS/s20/s20_ne_01", "image{}.jpg", range(17581000, 17581020))
    header = ["Subject", "Filename", "OnsetF", "OffsetF", "Emotion"]
    rows = [header, [20, "s20_ne_01", 17581005, 17581015, "negative"]]
    releases.workbook(base / "SMIC-HS-E_annotation.xlsx", Sheet1=rows)
    return root


def test_the_long_edition_gives_the_clip_and_the_video_around_it(tmp_path):
    dataset = SMIC(_long(tmp_path))
    (clip,) = dataset.clips()
    assert (clip.onset, clip.apex, clip.offset, len(clip.frames)) == (0, 5, 10, 11)
    (video,) = dataset.videos()
    assert video.person == "smic/s20"
    assert video.intervals.drop(columns="apex").to_dict("list") == {"onset": [5], "offset": [15], "kind": ["micro"]}
    assert video.intervals["apex"].isna().all()
    assert len(list(video.frames())) == 20
    assert [int(frame.mean()) for frame in video.frames(5, 7)] == [17581005 % 250, 17581006 % 250]
    assert video.timestamps[[0, 19]].tolist() == [0.0, 0.19]


def test_the_long_edition_of_another_camera_is_found_beside_that_of_hs(tmp_path):
    base = _long(tmp_path) / "VIS_long"
    releases.pictures(base / "SMIC-VIS-E/VIS/s12/s12_po_01", "image{}.jpg", range(100, 110))
    rows = [["Subject", "Filename", "OnsetF", "OffsetF", "Emotion"], [12, "s12_po_01", 102, 106, "positive"]]
    releases.workbook(base / "SMIC-VIS-E_annotation.xlsx", Sheet1=rows)
    (clip,) = SMIC(tmp_path, camera="VIS").clips()
    assert (clip.id, clip.fps, len(clip.frames)) == ("smic/s12/s12_po_01", 25.0, 5)
    assert [clip.id for clip in SMIC(tmp_path).clips()] == ["smic/s20/s20_ne_01"]


def test_the_sheet_of_another_camera_stands_for_none(tmp_path):
    """Clips of all cameras have one name, and numbers of their own."""
    base = _long(tmp_path) / "VIS_long"
    releases.pictures(base / "SMIC-VIS-E/VIS/s20/s20_ne_01", "image{}.jpg", range(17581000, 17581020))
    (clip,) = SMIC(tmp_path, camera="VIS").clips()
    assert len(clip.frames) == 20
    (tmp_path / "HS_long/SMIC-HS-E_annotation.xlsx").rename(tmp_path / "numbers.xlsx")
    assert len(SMIC(tmp_path).clips()[0].frames) == 11


def test_the_doctor_names_the_sheet_of_the_long_edition_and_misses_it(tmp_path):
    """Without it whole videos of seconds were clips without a word."""
    checkup = SMIC(_long(tmp_path)).check()
    assert checkup.sheet.endswith("annotation.xlsx")
    assert "is missing" not in str(checkup)
    for sheet in tmp_path.rglob("*annotation*"):
        sheet.unlink()
    assert "SMIC-HS-E_annotation.xlsx is missing: without it each clip is its whole video" in str(SMIC(tmp_path).check())


@pytest.mark.parametrize(("text", "name"), [("s1_ne_1", "s01_ne_01"), ("s20_SUR_03", "s20_sur_03"), ("reg_1", None)])
def test_names(text, name):
    assert smic_name(text) == name


def test_counts_of_the_real_sheet_with_apexes(shared_data, tmp_path):
    dataset = SMIC(tmp_path, sheet=shared_data / "annotations/smic_apex.xlsx")
    table = dataset.table
    assert {"clips": len(table), "subjects": table["subject"].nunique(), **table["emotion"].value_counts()} == dataset.expected
    assert table["apex"].notna().all()
    assert table["offset"].isna().sum() == 7
    checkup = dataset.check()
    assert sum(one.topic == "offset" for one in checkup.findings) == 7
    assert not checkup.ok
