"""DFME: each clip has its own rate, its folder lies anywhere."""

from __future__ import annotations

from fleeting.datasets.dfme import DFME

from . import releases


def test_clips(tmp_path):
    header = ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Emotion", "EmotionId", "Fps", "AU"]
    rows = [["sub0003", "sub0003_01", 9, 10, 11, "anger", 0, 500, "4+23"], ["sub0200", "sub0200_12", 1, 2, 3, "fear", 3, 200, "R4"]]
    releases.workbook(tmp_path / "DFME_training_full_with_AU.xlsx", Sheet1=[header, *rows])
    releases.pictures(tmp_path / "train/part_A/sub0003/sub0003_01", "{}.png", range(13))
    releases.pictures(tmp_path / "train/sub0200_12", "{}.png", range(1, 4))
    clips = DFME(tmp_path).clips()
    assert [(clip.id, clip.fps, clip.aus) for clip in clips] == [
        ("dfme/sub0003/sub0003_01", 500.0, ("AU4", "AU23")), ("dfme/sub0200/sub0200_12", 200.0, ("R4",)),
    ]  # fmt: skip
    assert [int(frame.mean()) for frame in clips[0].frames] == [9, 10, 11]


def test_counts_of_the_real_sheet(shared_data, tmp_path):
    dataset = DFME(tmp_path, sheet=shared_data / "annotations/DFME_training_full_with_AU.xlsx")
    table = dataset.table
    assert {"clips": len(table), "subjects": table["subject"].nunique(), **table["emotion"].value_counts()} == dataset.expected
    assert table["fps"].value_counts().to_dict() == {500: 695, 300: 605, 200: 556}
    assert table["aus"].notna().all()
