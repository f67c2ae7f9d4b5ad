"""CAS(ME)²: three sheets that explain each other, zero offsets, long videos."""

from __future__ import annotations

import pytest

from fleeting.datasets.cas_me_2 import CAS_ME_2
from fleeting.errors import DatasetError, UsageError

from . import releases


def test_codes_are_joined_to_folders_by_the_naming_rules(tmp_path):
    (clip,) = CAS_ME_2(releases.cas_me_2(tmp_path)).clips()
    assert (clip.id, clip.emotion, clip.onset, clip.apex, clip.offset) == ("cas-me-2/s15/anger1_2", "others", 0, 2, 5)
    assert [int(frame.mean()) for frame in clip.frames] == [10, 11, 12, 13, 14, 15]


def test_an_offset_of_zero_is_not_coded_and_the_apex_stands_for_it(tmp_path):
    dataset = CAS_ME_2(releases.cas_me_2(tmp_path))
    assert dataset.table["offset"].isna().tolist() == [True, False, False]
    clip = dataset.clips(kind="macro")[0]
    assert (clip.onset, clip.apex, clip.offset) == (0, 2, 2)


def test_an_exchanged_apex_and_offset_is_corrected(tmp_path):
    row = CAS_ME_2(releases.cas_me_2(tmp_path)).table.iloc[2]
    assert (row["onset"], row["apex"], row["offset"]) == (1221, 1224, 1230)


def test_videos_have_their_intervals_and_those_without_any_are_there_too(tmp_path):
    videos = {video.id: video for video in CAS_ME_2(releases.cas_me_2(tmp_path)).videos()}
    assert sorted(videos) == ["cas-me-2/s15/15_0401", "cas-me-2/s15/15_0502", "cas-me-2/s27/27_0101"]
    intervals = videos["cas-me-2/s15/15_0401"].intervals
    assert intervals.to_dict("list") == {"onset": [4, 9], "apex": [6, 11], "offset": [6, 14], "kind": ["macro", "micro"]}
    silent = videos["cas-me-2/s15/15_0502"]
    assert silent.intervals.empty
    assert silent.person == "cas-me-2/s15"
    assert len(silent.timestamps) == 3


def test_subsets(tmp_path):
    root = releases.cas_me_2(tmp_path)
    assert [clip.id for clip in CAS_ME_2(root, subset="all").clips()] == [
        "cas-me-2/s15/anger1_2", "cas-me-2/s15/anger1_1", "cas-me-2/s27/disgust1_5",
    ]  # fmt: skip
    assert len(CAS_ME_2(root, subset="all").clips(kind="macro")) == 2
    with pytest.raises(UsageError, match="subset='me57' must be micro, all or stimulus"):
        CAS_ME_2(root, subset="me57")
    with pytest.warns(UserWarning, match="those of the films that were shown, not of the expressions seen"):
        films = CAS_ME_2(root, subset="stimulus")
    assert [(clip.id, clip.emotion) for clip in films.clips()] == [
        ("cas-me-2/s15/anger1_2", "negative"), ("cas-me-2/s15/anger1_1", "negative"), ("cas-me-2/s27/disgust1_5", "surprise"),
    ]  # fmt: skip


def test_a_workbook_without_its_naming_rules_is_named(tmp_path):
    releases.workbook(tmp_path / "CAS(ME)^2code_final.xlsx", CASFEcode_final=releases.CAS_ME_2_ROWS)
    with pytest.raises(DatasetError, match="lacks the sheet 'naming rule1'; it has CASFEcode_final"):
        _ = CAS_ME_2(tmp_path).table
    sheets = {"CASFEcode_final": releases.CAS_ME_2_ROWS, "naming rule1": releases.RULE1[:1], "naming rule2": releases.RULE2}
    releases.workbook(tmp_path / "CAS(ME)^2code_final.xlsx", **sheets)
    with pytest.raises(DatasetError, match="naming rules do not know '11'"):
        _ = CAS_ME_2(tmp_path).table


def test_counts_of_the_real_sheet(shared_data, tmp_path):
    dataset = CAS_ME_2(tmp_path, sheet=shared_data / "spotting/CASME_sq_gt.xlsx")
    table = dataset.table
    micro = table[table["kind"] == "micro"]
    counts = {"clips": len(micro), "subjects": micro["subject"].nunique(), "macro": len(table) - len(micro)}
    assert counts | micro["emotion"].value_counts().to_dict() == dataset.expected
    assert (table["subject"].nunique(), table["video"].nunique()) == (22, 95)
    assert table["offset"].isna().sum() == 44
    assert table["clip"].is_unique
    ordered = (table["onset"] <= table["apex"]) & (table["apex"] <= table["offset"])
    assert ordered[table["apex"].notna() & table["offset"].notna()].all()
