"""CASME II: raw and cropped, both editions of the sheet."""

from __future__ import annotations

import pytest

from fleeting.datasets.casme2 import CASME2

from . import releases


def test_clips_have_the_frames_from_onset_to_offset_in_order_of_their_numbers(tmp_path):
    clip = CASME2(releases.casme2(tmp_path)).clips()[0]
    assert (clip.id, clip.person, clip.fps) == ("casme2/sub01/EP02_01f", "casme2/sub01", 200.0)
    assert (clip.onset, clip.apex, clip.offset) == (0, 2, 4)
    assert clip.frames.shape == (5, 12, 16, 3)
    assert [int(frame.mean()) for frame in clip.frames] == [8, 9, 10, 11, 12]


def test_the_table_has_the_release_s_own_numbers(tmp_path):
    table = CASME2(releases.casme2(tmp_path)).table
    assert table["onset"].tolist() == [8, 20, 5]
    assert table["clip"].tolist() == ["sub01/EP02_01f", "sub04/EP12_01f", "sub04/EP13_02"]
    assert table["apex"].isna().tolist() == [False, True, False]


def test_a_slash_for_an_apex_gives_the_middle_and_action_units_that_were_not_coded_are_none(tmp_path):
    _, slash, unknown = CASME2(releases.casme2(tmp_path)).clips()
    assert (slash.onset, slash.apex, slash.offset) == (0, 2, 4)
    assert slash.aus == ("AU4", "AU7", "L10")
    assert unknown.aus is None


def test_raw_pictures_are_read_where_there_are_no_cropped_ones_or_they_are_asked_for(tmp_path):
    releases.casme2(tmp_path, folder="CASME2_RAW_selected", pattern="img{}.jpg")
    assert CASME2(tmp_path).layout == "raw"
    releases.casme2(tmp_path)
    assert CASME2(tmp_path).layout == "cropped"
    assert [file.name for file in CASME2(tmp_path, layout="raw").clips()[2].read.files] == ["img5.jpg", "img6.jpg", "img7.jpg"]


def test_the_later_sheet_is_taken_unless_one_is_named(tmp_path):
    releases.casme2(tmp_path, edition="20140508")
    releases.casme2(tmp_path)
    assert CASME2(tmp_path).sheet.name == "CASME2-coding-20190701.xlsx"
    old = tmp_path / "CASME2-coding-20140508.xlsx"
    assert CASME2(tmp_path, sheet=old).sheet == old


@pytest.mark.parametrize(("edition", "surprise", "sadness", "apexes"), [("20140508", 25, 7, 255), ("20190701", 28, 4, 254)])
def test_counts_of_the_real_sheets(shared_data, tmp_path, edition, surprise, sadness, apexes):
    table = CASME2(tmp_path, sheet=shared_data / f"annotations/CASME2-coding-{edition}.xlsx").table
    counts = table["emotion"].value_counts().to_dict()
    assert (len(table), table["subject"].nunique()) == (255, 26)
    assert counts == {
        "others": 99, "disgust": 63, "happiness": 32, "repression": 27, "surprise": surprise, "sadness": sadness, "fear": 2,
    }  # fmt: skip
    assert table["apex"].notna().sum() == apexes
    assert table["clip"].is_unique
    assert (table["onset"] <= table["offset"]).all()
