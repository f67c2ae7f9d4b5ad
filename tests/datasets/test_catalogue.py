"""The catalogue, and the readers that are a table of your own."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleeting.datasets.catalogue import DATASETS, catalogue, catalogue_page, open_dataset
from fleeting.errors import UsageError

from . import releases

NAMES = (
    "smic casme casme2 cas-me-2 cas-me-3 samm samm-lv mmew meview 4dme dfme usf-hd polikovsky "
    "fer2013 kdef mmi rafd tfeid synthetic folder class-folders flow-maps"
)


def test_names_are_those_of_the_command_line():
    assert sorted(DATASETS) == sorted(NAMES.split())


def test_the_table_stands_beside_the_survey_s_with_its_errors_marked():
    table = catalogue().set_index("name")
    assert table.loc["casme2", ["clips", "subjects", "survey_clips", "survey_subjects"]].tolist() == [255, 26, 247, 35]
    assert "listed as CASME3" in table.loc["casme2", "remark"]
    assert not table.loc[["yorkddt", "avec"], "reader"].any()
    assert table["title"].notna().all()


def test_smic_has_a_row_for_each_camera_as_in_the_survey():
    rows = catalogue().query("name == 'smic'").set_index("camera")
    assert rows["title"].tolist() == ["SMIC HS", "SMIC VIS", "SMIC NIR"]
    assert rows["clips"].tolist() == rows["survey_clips"].tolist() == [164, 71, 71]
    assert rows["subjects"].tolist() == rows["survey_subjects"].tolist() == [16, 8, 8]
    assert rows["fps"].tolist() == rows["survey_fps"].tolist() == [100, 25, 25]


@pytest.mark.parametrize("camera", ["HS", "VIS", "NIR"])
def test_the_reader_and_the_catalogue_say_the_same_of_a_camera(tmp_path, camera):
    dataset = open_dataset("smic", tmp_path, camera=camera)
    row = catalogue().query(f"camera == '{camera}'").iloc[0]
    assert (row["clips"], row["subjects"], row["fps"]) == (dataset.expected["clips"], dataset.expected["subjects"], dataset.fps)


@pytest.mark.parametrize("name", ["meview", "usf-hd", "polikovsky"])
def test_releases_that_nobody_documents_are_read_through_a_table(tmp_path, name):
    releases.pictures(tmp_path / "one", "{}.png", range(4))
    (tmp_path / "clips.csv").write_text("clip,subject,emotion\none,a,surprise\n")
    dataset = DATASETS[name](tmp_path)
    (clip,) = dataset.clips()
    assert (clip.id, clip.fps, len(clip.frames)) == (f"{name}/one", dataset.fps, 4)


def test_a_dataset_is_opened_by_its_name_with_its_own_settings(tmp_path):
    releases.smic(tmp_path)
    assert len(open_dataset("smic", tmp_path, camera="VIS", layout="cropped").clips()) == 1
    with pytest.raises(UsageError, match="No dataset is called 'casme3'; there are smic, casme, casme2"):
        open_dataset("casme3", tmp_path)
    with pytest.raises(UsageError, match="SMIC has no setting 'table'; it has camera, sheet, layout, corrections"):
        open_dataset("smic", tmp_path, table="x")
    with pytest.raises(UsageError, match="MEVIEW has no setting 'sheet'; it has table, name, fps, corrections"):
        open_dataset("meview", tmp_path, sheet="x")


@pytest.mark.parametrize(
    ("name", "setting"),
    [("casme2", {"sheet": 3}), ("kdef", {"views": 5}), ("mmi", {"subject": 5}), ("folder", {"fps": "fast"}), ("folder", {"table": 5})],
)
def test_a_setting_of_the_wrong_kind_is_no_traceback(tmp_path, name, setting):
    (key, value), title = next(iter(setting.items())), DATASETS[name].title
    with pytest.raises(UsageError, match=f"{title} cannot be read with {key}={value}: "):
        open_dataset(name, tmp_path, **setting)


def test_a_folder_can_be_given_a_name(tmp_path):
    """``name`` was also what the function calls its first parameter."""
    assert open_dataset("folder", tmp_path, name="lab").name == "lab"


def test_corrections_that_are_no_file_are_named(tmp_path):
    releases.casme2(tmp_path)
    with pytest.raises(UsageError, match="corrections=5 must be True, False or the file"):
        _ = open_dataset("casme2", tmp_path, corrections=5).table


def test_the_page_says_what_the_classes_say():
    page = catalogue_page()
    assert "| `samm` | SAMM | 159 | 29 | 200 |" in page
    assert "*Corrected:* 013/013_1_9 offset 5793 to 5739;" in page
    assert "``" not in page
    assert ":class:" not in page
    for name in DATASETS:
        assert name == "folder" or f"### `{name}`" in page
    docs = Path(__file__).parents[2] / "docs/datasets.md"
    assert page in docs.read_text("utf-8"), "put the output of `fleeting datasets list --markdown` at the end of docs/datasets.md"
