"""Dataset: tables, corrections, clips, and what is said about folders and sheets that are not as they should be."""

from __future__ import annotations

import pickle
import shutil

import pandas as pd
import pytest

from fleeting.datasets.base import Dataset
from fleeting.datasets.casme2 import CASME2
from fleeting.datasets.correct import correct
from fleeting.datasets.folder import FolderDataset
from fleeting.datasets.samm import SAMM
from fleeting.errors import DatasetError

from . import releases


def _corrections(*rows: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["clip", "column", "published", "corrected", "reason"])


def _table(**columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"clip": ["a", "b"], **columns})


def test_a_correction_is_applied_where_the_published_value_stands():
    table = correct(_table(apex=["1930", "7"]), _corrections(("a", "apex", "1930", "4930", "typo")), "c.csv", "s.xlsx")
    assert table["apex"].tolist() == ["4930", "7"]


def test_a_correction_leaves_alone_an_edition_that_has_it_already_and_a_clip_that_is_not_there():
    rows = _corrections(("a", "apex", "1", "5", "typo"), ("c", "apex", "1", "5", "typo"))
    assert correct(_table(apex=["5", "7"]), rows, "c.csv", "s.xlsx")["apex"].tolist() == ["5", "7"]


def test_a_correction_that_no_longer_fits_raises_and_names_both_files():
    with pytest.raises(DatasetError, match=r"c\.csv corrects apex of a from 1 to 5, but s\.xlsx has 6.*corrections=False"):
        correct(_table(apex=["6", "7"]), _corrections(("a", "apex", "1", "5", "typo")), "c.csv", "s.xlsx")


def test_a_correction_to_nothing_fits_a_sheet_that_says_not_coded():
    rows = _corrections(("a", "apex", "721", "", "outside"))
    assert correct(_table(apex=["-1", "7"]), rows, "c.csv", "s.xlsx")["apex"].tolist() == ["-1", "7"]
    assert correct(_table(apex=["721", "7"]), rows, "c.csv", "s.xlsx")["apex"].tolist() == ["", "7"]


def test_own_corrections_can_be_given(tmp_path):
    own = tmp_path / "own.csv"
    own.write_text("clip,column,published,corrected,reason\nsub01/EP02_01f,offset,12,11,seen\n")
    assert CASME2(releases.casme2(tmp_path / "c"), corrections=own).table["offset"].tolist() == [11, 24, 7]
    own.write_text("clip,column\n")
    with pytest.raises(DatasetError, match="must have the columns"):
        _ = CASME2(tmp_path / "c", corrections=own).table


def test_clips_can_be_sent_to_a_worker_and_read_their_pictures_when_looked_at(tmp_path):
    dataset = CASME2(releases.casme2(tmp_path))
    clip = dataset.clips()[0]
    again = pickle.loads(pickle.dumps(clip))
    assert again.frames.shape == (5, 12, 16, 3)
    shutil.rmtree(tmp_path / "Cropped")
    with pytest.raises(OSError):
        _ = clip.frames


def test_the_default_folder_is_below_fleeting_data(tmp_path, monkeypatch):
    releases.casme2(tmp_path / "casme2")
    monkeypatch.setenv("FLEETING_DATA", str(tmp_path))
    assert len(CASME2().clips()) == 3
    monkeypatch.delenv("FLEETING_DATA")
    with pytest.raises(DatasetError, match=r"Where is CASME II.*FLEETING_DATA.*casme\.psych"):
        CASME2()


@pytest.mark.parametrize("name", ["casme2.zip", "casme2.rar"])
def test_an_archive_is_to_be_unpacked(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(DatasetError, match="is an archive"):
        CASME2(tmp_path / name)


def test_a_folder_that_is_not_there_or_is_a_file(tmp_path):
    with pytest.raises(DatasetError, match=r"nowhere does not exist.*handed out at"):
        CASME2(tmp_path / "nowhere")
    (tmp_path / "file").write_text("x")
    with pytest.raises(DatasetError, match="is a file, not a folder"):
        CASME2(tmp_path / "file")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    with pytest.raises(DatasetError, match="link whose target is gone"):
        CASME2(tmp_path / "link")


def test_the_wrong_folder_says_which_sheet_was_looked_for(tmp_path):
    releases.samm(tmp_path)
    with pytest.raises(DatasetError, match=r"no annotation sheet of CASME II \(CASME2-coding-\*\.xlsx.*Is it the right folder"):
        _ = CASME2(tmp_path).table


def test_a_sheet_without_a_column_names_it_and_shows_its_header(tmp_path):
    releases.casme2(tmp_path)
    releases.workbook(tmp_path / "CASME2-coding-20190701.xlsx", Sheet1=[["Subject", "Filename", "OnsetFrame"], ["01", "a", 1]])
    with pytest.raises(DatasetError, match=r"lacks the columns: apex \(ApexFrame.*header reads: Subject, Filename, OnsetFrame"):
        _ = CASME2(tmp_path).table


@pytest.mark.parametrize("content", [b"", b"<html>please log in</html>", b"PK\x03\x04 and then nothing"])
def test_a_corrupt_sheet_is_named(tmp_path, content):
    releases.casme2(tmp_path)
    (tmp_path / "CASME2-coding-20190701.xlsx").write_bytes(content)
    with pytest.raises(DatasetError, match=r"CASME2-coding-20190701\.xlsx is not a sheet that can be read.*again"):
        _ = CASME2(tmp_path).table


def test_a_sheet_that_may_not_be_opened_is_named(tmp_path):
    releases.casme2(tmp_path)
    (tmp_path / "CASME2-coding-20190701.xlsx").unlink()
    (tmp_path / "CASME2-coding-20190701.xlsx").mkdir()
    with pytest.raises(DatasetError, match=r"may not be read: Is a directory\. Close it in other programs"):
        _ = CASME2(tmp_path).table
    with pytest.raises(DatasetError, match=r"The sheet .*gone\.xlsx does not exist"):
        _ = CASME2(tmp_path, sheet=tmp_path / "gone.xlsx").table


def test_the_lock_file_of_a_spreadsheet_program_is_passed_over(tmp_path):
    releases.casme2(tmp_path)
    (tmp_path / "~$CASME2-coding-20190801.xlsx").write_bytes(b"lock")
    assert len(CASME2(tmp_path).table) == 3


def test_a_cell_that_is_no_number_is_named(tmp_path):
    row = ["01", "EP02_01f", None, "eight", 10, 12, None, "12", "happiness"]
    releases.workbook(tmp_path / "CASME2-coding-20190701.xlsx", Sheet1=[releases.CASME2_HEADER, row])
    with pytest.raises(DatasetError, match="onset 'eight' for sub01/EP02_01f"):
        _ = CASME2(tmp_path).table


def test_half_a_release_raises_with_a_count_and_partial_takes_the_rest(tmp_path):
    dataset = CASME2(releases.casme2(tmp_path))
    shutil.rmtree(tmp_path / "Cropped/sub04/EP13_02")
    with pytest.raises(DatasetError, match=r"1 of the 3 clips of CASME II.*no folder EP13_02.*partial=True"):
        dataset.clips()
    assert [clip.id for clip in CASME2(tmp_path).clips(partial=True)] == ["casme2/sub01/EP02_01f", "casme2/sub04/EP12_01f"]
    shutil.rmtree(tmp_path / "Cropped")
    with pytest.raises(DatasetError, match="3 of the 3 clips"):
        CASME2(tmp_path).clips(partial=True)


def test_a_missing_end_frame_is_named(tmp_path):
    releases.casme2(tmp_path)
    (tmp_path / "Cropped/sub01/EP02_01f/reg_img12.jpg").unlink()
    with pytest.raises(DatasetError, match=r"sub01/EP02_01f lacks frame 12 of 8 to 12; .*holds 6 to 14"):
        CASME2(tmp_path).clips()


def test_mixed_case_trailing_blanks_and_links_are_found(tmp_path):
    releases.casme2(tmp_path / "real")
    root = tmp_path / "release"
    shutil.copytree(tmp_path / "real/Cropped", tmp_path / "elsewhere/CROPPED", symlinks=True)
    root.mkdir()
    (root / "cropped").symlink_to(tmp_path / "elsewhere/CROPPED", target_is_directory=True)
    (root / "casme2-CODING-20190701.XLSX").symlink_to(tmp_path / "real/CASME2-coding-20190701.xlsx")
    (tmp_path / "elsewhere/CROPPED/sub01").rename(tmp_path / "elsewhere/CROPPED/Sub01")
    (tmp_path / "elsewhere/CROPPED/sub04/EP12_01f").rename(tmp_path / "elsewhere/CROPPED/sub04/ep12_01F ")
    assert len(CASME2(root).clips()) == 3


def test_links_in_a_circle_do_not_hang(tmp_path):
    releases.casme2(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert len(CASME2(tmp_path).clips()) == 3
    assert CASME2(tmp_path).check().counts["usable"] == 3


def test_an_unknown_layout_lists_the_known(tmp_path):
    releases.casme2(tmp_path)
    with pytest.raises(DatasetError, match="no layout 'grey'; there are cropped, raw"):
        CASME2(tmp_path, layout="grey")
    with pytest.raises(DatasetError, match="has none of the folders CASME2_RAW_selected"):
        CASME2(tmp_path, layout="raw")


def test_persons_of_two_datasets_stay_apart(tmp_path):
    one = CASME2(releases.casme2(tmp_path / "a")).clips()
    two = SAMM(releases.samm(tmp_path / "b")).clips()
    assert {clip.person for clip in one + two} == {"casme2/sub01", "casme2/sub04", "samm/006", "samm/011", "samm/032"}


def test_release_without_long_videos_says_so(tmp_path):
    with pytest.raises(DatasetError, match="no long videos here"):
        CASME2(releases.casme2(tmp_path)).videos()


def test_ten_thousand_rows_are_read(tmp_path):
    rows = "\n".join(f"c{i},s{i % 50},1,2,3,happiness,AU12" for i in range(10_000))
    (tmp_path / "clips.csv").write_text(f"clip,subject,onset,apex,offset,emotion,aus\n{rows}\n")
    assert len(FolderDataset(tmp_path, fps=100).table) == 10_000


def test_each_reader_is_described_as_the_house_wants():
    def children(kind: type) -> list[type]:
        return [kind, *(below for child in kind.__subclasses__() for below in children(child))]

    for reader in children(Dataset)[1:]:
        text = reader.__doc__ or ""
        assert all((reader.name, reader.title, reader.request_url)), reader
        assert "Files expected" in text, reader
