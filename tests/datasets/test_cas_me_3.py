"""CAS(ME)³: several clips under one name, spNo and spNO, macro-expressions out of a second sheet."""

from __future__ import annotations

import pytest

from fleeting.datasets.cas_me_3 import CAS_ME_3
from fleeting.errors import DatasetError

from . import releases


def test_clips_of_one_video_are_told_apart_by_their_onset(tmp_path):
    clips = CAS_ME_3(releases.cas_me_3(tmp_path)).clips()
    assert [clip.id for clip in clips] == ["cas-me-3/spNO.1/a/5", "cas-me-3/spNO.1/a/9"]
    assert [clip.emotion for clip in clips] == ["others", "others"]
    assert [int(frame.mean()) for frame in clips[0].frames] == [5, 6, 7, 8]


def test_macro_expressions_come_from_the_second_sheet_and_blinks_from_none(tmp_path):
    dataset = CAS_ME_3(releases.cas_me_3(tmp_path))
    assert dataset.table["kind"].tolist() == ["micro", "micro", "macro"]
    assert [clip.id for clip in dataset.clips(kind="macro")] == ["cas-me-3/spNO.1/a/5-macro"]


def test_videos(tmp_path):
    coded, silent = CAS_ME_3(releases.cas_me_3(tmp_path)).videos()
    assert coded.intervals["onset"].tolist() == [4, 4, 8]
    assert (silent.id, len(silent.intervals)) == ("cas-me-3/spNO.2/b", 0)


def test_the_doctor_lets_depth_be_and_names_a_subject_that_is_none(tmp_path):
    checkup = CAS_ME_3(releases.cas_me_3(tmp_path)).check(frames=True)
    assert checkup.ok
    assert not any("depth" in one.text for one in checkup.findings if one.topic == "stray")
    rows = [["01", "a", 5, 6, 8, "5", "II", "others"]]
    releases.workbook(tmp_path / "annotation/cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx", label=[releases.CAS_ME_3_MICRO, *rows])
    with pytest.raises(DatasetError, match=r"has the subject '01'; expected is spNO\.1"):
        _ = CAS_ME_3(tmp_path).table


def test_a_sheet_of_micro_expressions_without_emotions_lacks_a_column(tmp_path):
    rows = [releases.CAS_ME_3_MICRO[:-1], ["spNO.1", "a", 5, 6, 8, "5", "II"]]
    releases.workbook(tmp_path / "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx", label=rows)
    with pytest.raises(DatasetError, match=r"JpgIndex_v2\.xlsx lacks the columns: emotion"):
        _ = CAS_ME_3(tmp_path).table


def test_counts_of_the_real_sheets(shared_data, tmp_path):
    dataset = CAS_ME_3(tmp_path, sheet=shared_data / "annotations/casme3_part_A_ME_label_JpgIndex_v2.xlsx")
    table = dataset.table
    assert {"clips": len(table), "subjects": table["subject"].nunique(), **table["emotion"].value_counts()} == dataset.expected
    assert table["clip"].is_unique
    assert (table["apex"] == table["onset"]).sum() == 55
    assert table.set_index("clip").loc["spNO.214/c/5", "offset"] == 34
    everything = CAS_ME_3(tmp_path, sheet=shared_data / "spotting/CASME3_part_A_v2.xls").table
    assert everything["kind"].value_counts().to_dict() == {"macro": 3346, "micro": 860}
    assert everything["clip"].is_unique
    assert everything["video"].nunique() == 956
    assert everything.loc[everything["kind"] == "micro", "clip"].tolist() == table["clip"].tolist()
