"""MMEW: clips by emotion, macro-expressions as stills."""

from __future__ import annotations

from fleeting.datasets.mmew import MMEW

from . import releases


def test_clips_in_either_nesting(tmp_path):
    for name, by_subject in (("a", False), ("b", True)):
        clips = MMEW(releases.mmew(tmp_path / name, by_subject)).clips()
        assert [(clip.id, clip.emotion) for clip in clips] == [("mmew/S01/S01-01-001", "happiness"), ("mmew/S13/S13-07-001", "others")]
        assert [int(frame.mean()) for frame in clips[1].frames] == list(range(2, 13))


def test_macro_expressions_are_clips_of_one_frame(tmp_path):
    dataset = MMEW(releases.mmew(tmp_path))
    (clip,) = dataset.clips(kind="macro")
    assert (clip.id, clip.subject, clip.emotion, clip.frames.shape) == ("mmew/S01/macro/S01-07-001", "S01", "anger", (1, 12, 16, 3))
    assert clip.aus is None
    assert dataset.check().ok


def test_a_stray_picture_among_the_macro_expressions_is_told_and_passed_over(tmp_path):
    """It was an error for the whole release."""
    releases.picture(releases.mmew(tmp_path) / "Macro_Expression/S01/anger/cover.jpg")
    dataset = MMEW(tmp_path)
    assert (len(dataset.clips()), len(dataset.clips(kind="macro"))) == (2, 1)
    assert "cover.jpg should be named like S01-07-001.jpg: passed over" in str(dataset.check())


def test_counts_of_the_real_sheet_without_others(shared_data, tmp_path):
    dataset = MMEW(tmp_path, sheet=shared_data / "annotations/MMEW_Micro_Exp_delete_others.csv")
    table = dataset.table
    expected = {word: number for word, number in dataset.expected.items() if word not in ("clips", "others", "subjects")}
    assert table["emotion"].value_counts().to_dict() == expected
    assert (len(table), table["subject"].nunique()) == (234, 30)
    assert ((table["onset"] <= table["apex"]) & (table["apex"] <= table["offset"])).all()
