"""4DME: a sheet with names of its own."""

from __future__ import annotations

from fleeting.datasets.four_dme import FourDME

from . import releases


def test_clips(tmp_path):
    clip, other = FourDME(releases.four_dme(tmp_path)).clips()
    assert (clip.id, clip.emotion, clip.aus, clip.apex, clip.offset) == ("4dme/G01/G01_1", "negative", ("AU4",), 1, 3)
    assert other.person == "4dme/G02"


def test_several_emotions_in_a_cell_are_words_of_the_release(tmp_path):
    header = ["sub_ID", "fold_name", "Onset", "Apex", "Offset", "AUs", "Emotion"]
    rows = [["G01", "G01_1", 3, 4, 6, "AU4", "Negative+Repression"], ["G01", "G01_2", 3, 4, 6, "AU4", "Negative+Rage"]]
    releases.workbook(tmp_path / "4DME_annotation.xlsx", Sheet1=[header, *rows])
    releases.pictures(tmp_path / "gray/G01/G01_1", "{}.jpg", range(1, 9))
    releases.pictures(tmp_path / "gray/G01/G01_2", "{}.jpg", range(1, 9))
    assert [one.clip for one in FourDME(tmp_path).check().findings if one.topic == "emotion"] == ["G01/G01_2"]
