"""SAMM Long Videos: fractions of frames, apexes of -1, one name for two expressions."""

from __future__ import annotations

import pytest

from fleeting.datasets.samm_lv import SAMMLV
from fleeting.errors import DatasetError

from . import releases


def test_clips_are_micro_expressions_and_an_apex_of_minus_one_is_none(tmp_path):
    one, two = SAMMLV(releases.samm_lv(tmp_path)).clips()
    assert (one.id, one.apex, one.offset) == ("samm-lv/006/006_1_2", 2, 4)
    assert (two.id, two.apex, two.offset) == ("samm-lv/037/037_4_1", 2, 5)


def test_fractions_are_rounded_and_names_told_apart(tmp_path):
    table = SAMMLV(releases.samm_lv(tmp_path)).table
    assert table.loc[0, ["onset", "apex", "offset"]].tolist() == [3, 6, 8]
    assert table["clip"].tolist() == ["006/006_1_1", "006/006_1_2", "037/037_4_1", "037/037_4_1-macro"]


def test_videos(tmp_path):
    videos = SAMMLV(releases.samm_lv(tmp_path)).videos()
    assert [(video.id, len(video.intervals)) for video in videos] == [
        ("samm-lv/006/006_1", 2), ("samm-lv/037/037_4", 2), ("samm-lv/006/006_2", 0),
    ]  # fmt: skip
    assert videos[0].intervals["apex"].isna().tolist() == [False, True]
    assert videos[0].fps == 200.0


def test_an_event_beyond_the_end_of_a_video_that_was_cut_off_is_named(tmp_path):
    """It was put onto the last picture without a word."""
    root = releases.samm_lv(tmp_path)
    for number in range(9, 20):
        (root / f"SAMM_longvideos/006_1/006_1_{number:04d}.jpg").unlink()
    with pytest.raises(DatasetError, match=r"006/006_1_2 in .* lies outside of its video, frames 0 to 8 of .*006_1\. Copy the video again"):
        SAMMLV(root).videos()


def test_a_table_of_another_rate_is_suspected(tmp_path):
    assert "resampled to 30 frames/s?" in str(SAMMLV(releases.samm_lv(tmp_path)).check())


def test_a_sheet_without_micro_expressions_or_without_any_row_is_no_traceback(tmp_path):
    for name, rows in (("macro", [["006", "006_1_1", 1, 3, 5, 8, 6, "Macro", "4", None]]), ("empty", [])):
        releases.workbook(tmp_path / name / "SAMM_LongVideos_V2_Release.xlsx", FACS_Movement_Only=[releases.SAMM_LV_HEADER, *rows])
        assert not SAMMLV(tmp_path / name).check().ok


def test_counts_of_the_real_sheet(shared_data, tmp_path):
    table = SAMMLV(tmp_path, sheet=shared_data / "spotting/SAMMLV_gt.xlsx").table
    assert table["kind"].value_counts().to_dict() == {"macro": 343, "micro": 159}
    assert (table["subject"].nunique(), table["video"].nunique()) == (30, 147)
    assert table.loc[table["kind"] == "micro", "video"].nunique() == 79
    assert table["clip"].is_unique
    assert table["apex"].isna().sum() == 6
    coded = table[table["apex"].notna()]
    assert ((coded["onset"] <= coded["apex"]) & (coded["apex"] <= coded["offset"])).all()
