"""The catalogue, and the readers that are a table of your own."""

from __future__ import annotations

import pytest

from fleeting.datasets.catalogue import DATASETS, catalogue

from . import releases

NAMES = (
    "smic casme casme2 cas-me-2 cas-me-3 samm samm-lv mmew meview 4dme dfme usf-hd polikovsky fer2013 kdef mmi rafd tfeid folder flow-maps"
)


def test_names_are_those_of_the_command_line():
    assert sorted(DATASETS) == sorted(NAMES.split())


def test_the_table_stands_beside_the_survey_s_with_its_errors_marked():
    table = catalogue().set_index("name")
    assert table.loc["casme2", ["clips", "subjects", "survey_clips", "survey_subjects"]].tolist() == [255, 26, 247, 35]
    assert "listed as CASME3" in table.loc["casme2", "remark"]
    assert not table.loc[["yorkddt", "avec"], "reader"].any()
    assert table["title"].notna().all()


@pytest.mark.parametrize("name", ["meview", "usf-hd", "polikovsky"])
def test_releases_that_nobody_documents_are_read_through_a_table(tmp_path, name):
    releases.pictures(tmp_path / "one", "{}.png", range(4))
    (tmp_path / "clips.csv").write_text("clip,subject,emotion\none,a,surprise\n")
    dataset = DATASETS[name](tmp_path)
    (clip,) = dataset.clips()
    assert (clip.id, clip.fps, len(clip.frames)) == (f"{name}/one", dataset.fps, 4)
