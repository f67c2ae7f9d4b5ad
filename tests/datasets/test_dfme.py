"""DFME: each clip has its own rate, its folder lies anywhere."""

from __future__ import annotations

from fleeting.datasets.dfme import DFME

from . import releases


def test_clips(tmp_path):
    clips = DFME(releases.dfme(tmp_path)).clips()
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
