"""CASME: two sections, two columns of apexes, padding that begins somewhere."""

from __future__ import annotations

import pytest

from fleeting.datasets.casme import CASME
from fleeting.errors import DatasetError

from . import releases


def test_clips_of_both_sections(tmp_path):
    clips = CASME(releases.casme(tmp_path)).clips()
    assert [(clip.id, clip.apex, clip.fps, clip.emotion) for clip in clips] == [
        ("casme/sub01/EP01_5", 2, 60.0, "disgust"), ("casme/sub07/EP03_1", 1, 60.0, "tense"),
    ]  # fmt: skip
    assert [int(frame.mean()) for frame in clips[1].frames] == [9, 10, 11, 12]


def test_the_sheet_of_another_release_of_the_family_is_not_taken(tmp_path):
    """The clips of CASME II were read as those of CASME, at 60 frames/s."""
    with pytest.raises(DatasetError, match="no annotation sheet of CASME"):
        _ = CASME(releases.casme2(tmp_path)).table
    for name in ("CASME_sq_gt.xlsx", "CASME3_part_A.xls", "CAS(ME)^2code_final.xlsx"):
        (tmp_path / name).touch()
    assert CASME(tmp_path).tree.sheets(CASME.sheets) == []
    for name in ("CASME.xlsx", "CASME coding.xlsx", "Casme_label.xlsx"):
        (tmp_path / name).touch()
        assert CASME(tmp_path).sheet.name == name
        (tmp_path / name).unlink()
