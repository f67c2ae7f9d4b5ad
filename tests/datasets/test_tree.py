"""Sheets in the ways in which spreadsheet programs write them, and archives that nobody unpacked."""

from __future__ import annotations

import zipfile

import pytest

from fleeting.datasets.casme2 import CASME2
from fleeting.datasets.expressions import KDEF
from fleeting.datasets.flow_maps import FlowMaps
from fleeting.datasets.smic import SMIC
from fleeting.datasets.synthetic_release import Synthetic
from fleeting.datasets.tree import frame_number, read_csv, read_sheet, read_sheets, where_from
from fleeting.errors import DatasetError

from . import releases


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_csv_of_any_spreadsheet_program(tmp_path, mark, encoding):
    text = f'clip{mark}subject{mark}note\r\na{mark}Ünal{mark}"two\nlines"\r\n'
    (tmp_path / "s.csv").write_bytes(text.encode(encoding))
    assert read_csv(tmp_path / "s.csv") == [["clip", "subject", "note"], ["a", "Ünal", "two\nlines"]]
    assert read_sheets(tmp_path / "s.csv")[""][1][1] == "Ünal"


def test_an_encoding_in_which_two_people_would_become_one_is_refused(tmp_path):
    """Both names became the same two question marks, and so one subject, who could be trained on and tested."""
    (tmp_path / "s.csv").write_bytes("clip,subject\na,中\nb,国\n".encode("gbk"))
    with pytest.raises(DatasetError, match=r"s\.csv is not in UTF-8.*Save it again as CSV UTF-8, or as xlsx"):
        read_csv(tmp_path / "s.csv")


def test_a_csv_that_is_none(tmp_path):
    (tmp_path / "s.csv").write_text("clip,subject\na," + "1 " * 100_000)
    with pytest.raises(DatasetError, match=r"s\.csv is not a sheet that can be read \(field larger"):
        read_csv(tmp_path / "s.csv")


def test_a_workbook_with_a_password_is_named(tmp_path):
    (tmp_path / "s.xlsx").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2000))
    with pytest.raises(DatasetError, match=r"s\.xlsx is locked with a password.*save it without one"):
        read_sheets(tmp_path / "s.xlsx")


@pytest.mark.parametrize(("row", "lost"), [([None, "a", 1, 3], "subject"), (["01", None, 1, 3], "filename")])
def test_a_row_without_a_name_is_shown_and_a_note_below_the_table_is_none(tmp_path, row, lost):
    header, good = ["Subject", "Filename", "Onset", "Offset"], ["01", "b", 1, 3]
    required = ("subject", "filename", "onset", "offset")
    whole = releases.workbook(tmp_path / "whole.xlsx", Sheet1=[header, good, ["coded by two people", None, None, None]])
    assert read_sheet(whole, required)["filename"].tolist() == ["b"]
    half = releases.workbook(tmp_path / "half.xlsx", Sheet1=[header, good, row])
    with pytest.raises(DatasetError, match=rf"half\.xlsx has a row without {lost}: .*, 1, 3\. Fill it in"):
        read_sheet(half, required)


@pytest.mark.parametrize("reader", [CASME2, SMIC, KDEF, FlowMaps])
def test_a_folder_of_archives_says_unpack(tmp_path, reader):
    for name in ("Cropped.zip", "sheets.rar"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("a", "b")
    with pytest.raises(DatasetError, match=r"It holds Cropped\.zip, sheets\.rar: unpack first"):
        _ = reader(tmp_path).table


def test_a_sheet_beside_packed_pictures_says_unpack(tmp_path):
    root = releases.casme2(tmp_path)
    (root / "Cropped").rename(root / "was")
    (root / "Cropped.7z").write_bytes(b"7z")
    (root / "was").rename(tmp_path.parent / "elsewhere")
    (error,) = [one for one in CASME2(root).check().findings if one.level == "error"]
    assert "It holds Cropped.7z: unpack first." in error.text


def test_where_a_release_comes_from_is_a_sentence(tmp_path):
    assert where_from("https://kdef.se") == "It is handed out at https://kdef.se"
    assert where_from("(not distributed; ask the authors)") == "Not distributed; ask the authors."
    assert where_from("(yours)") == ""
    with pytest.raises(DatasetError, match=r"Give the folder that holds it\. Make it: fleeting datasets synthesize FOLDER\.$"):
        _ = Synthetic(tmp_path).table


def test_the_number_of_a_picture_is_the_last_in_its_name():
    assert [frame_number(name) for name in ("reg_EP01_5-113.jpg", "006_05562.JPG", "img9.bmp")] == [113, 5562, 9]
    assert [frame_number(name) for name in ("cover.jpg", "notes1.txt", "img9")] == [None, None, None]
