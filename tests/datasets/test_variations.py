"""Releases as they lie on people's disks: one list of what is done to them, tried on every reader, and told in docs/datasets.md."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from fleeting.datasets.cas_me_2 import CAS_ME_2
from fleeting.datasets.cas_me_3 import CAS_ME_3
from fleeting.datasets.casme import CASME
from fleeting.datasets.casme2 import CASME2
from fleeting.datasets.dfme import DFME
from fleeting.datasets.expressions import ClassFolders
from fleeting.datasets.four_dme import FourDME
from fleeting.datasets.mmew import MMEW
from fleeting.datasets.samm import SAMM
from fleeting.datasets.samm_lv import SAMMLV
from fleeting.datasets.smic import SMIC
from fleeting.datasets.tree import read_sheets
from fleeting.errors import DatasetError

from . import releases


class Release(NamedTuple):
    reader: type
    make: Callable[[Path], Path]
    pictures: str  # the folder that some give instead of the release
    people: str  # folders of people


READERS = {
    "casme": Release(CASME, releases.casme, "", "Section ?/*"),
    "casme2": Release(CASME2, releases.casme2, "Cropped", "Cropped/*"),
    "cas-me-2": Release(CAS_ME_2, releases.cas_me_2, "rawpic", "rawpic/*"),
    "cas-me-3": Release(CAS_ME_3, releases.cas_me_3, "part_A", "part_A/*"),
    "samm": Release(SAMM, releases.samm, "SAMM", "SAMM/*"),
    "samm-lv": Release(SAMMLV, releases.samm_lv, "SAMM_longvideos", "SAMM_longvideos/*"),
    "smic": Release(SMIC, releases.smic, "SMIC_all_cropped", "SMIC_all_cropped/*/*"),
    "mmew": Release(MMEW, partial(releases.mmew, by_subject=True), "Micro_Expression", "Micro_Expression/*"),
    "4dme": Release(FourDME, releases.four_dme, "gray", "gray/*"),
    "dfme": Release(DFME, releases.dfme, "train", "train/part_A/*"),
}


def sheets(root: Path) -> list[Path]:
    return sorted(root.rglob("*.xls*"))


def nothing(root: Path, release: Release) -> Path:
    return root


def doubled(root: Path, release: Release) -> Path:
    inner = root.with_name("given") / root.name / root.name
    inner.parent.mkdir(parents=True)
    root.rename(inner)
    return root.with_name("given")


def picture_folder_given(root: Path, release: Release) -> Path:
    return root / release.pictures


def folder_renamed(root: Path, release: Release) -> Path:
    (root / release.pictures).rename(root / "my faces")
    return root


def folders_of_people(root: Path, release: Release, called: Callable[[re.Match[str]], str]) -> Path:
    for folder in sorted(root.glob(release.people)):
        folder.rename(folder.with_name(re.sub(r"^([A-Za-z.]*)(\d+)", called, folder.name)))
    return root


def zeros_gone(root: Path, release: Release) -> Path:
    return folders_of_people(root, release, lambda found: found[1] + str(int(found[2])))


def other_prefix(root: Path, release: Release) -> Path:
    return folders_of_people(root, release, lambda found: f"Subject_{int(found[2]):02d}")


def sheet_renamed(root: Path, release: Release) -> Path:
    for second in sheets(root)[1:]:
        second.unlink()
    sheets(root)[0].rename(root / "annotation.xlsx")
    return root


def sheet_as_csv(root: Path, release: Release) -> Path:
    for path in sheets(root):
        rows = next(iter(read_sheets(path).values()))
        with path.with_suffix(".csv").open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file, delimiter=";").writerows([*rows, [""] * len(rows[-1])])
        path.unlink()
    return root


def capitals_and_blanks(root: Path, release: Release) -> Path:
    for folder in sorted((path for path in root.rglob("*") if path.is_dir()), key=lambda path: -len(path.parts)):
        folder.rename(folder.with_name(f"{folder.name.upper()} "))
    return root


def suffixes_in_capitals(root: Path, release: Release) -> Path:
    for path in [*root.rglob("*.jpg"), *root.rglob("*.png"), *root.rglob("*.bmp")]:
        path.rename(path.with_suffix(path.suffix.upper()))
    return root


def junk(root: Path, release: Release) -> Path:
    for folder in [path for path in root.rglob("*") if path.is_dir()]:
        (folder / "Thumbs.db").write_bytes(b"x")
        (folder / ".DS_Store").write_bytes(b"x")
    (root / "~$annotation.xlsx").write_bytes(b"x")
    (root / "__MACOSX").mkdir()
    return root


def gap(root: Path, release: Release) -> Path:
    middle_picture(root, release).unlink()
    return root


def empty_picture(root: Path, release: Release) -> Path:
    middle_picture(root, release).write_bytes(b"")
    return root


def middle_picture(root: Path, release: Release) -> Path:
    files = release.reader(root).clips()[0].read.files
    return files[len(files) // 2]


def sorted_by_emotion(root: Path, release: Release) -> Path:
    shutil.rmtree(root)
    for emotion in ("disgust", "happiness"):
        releases.pictures(root / "train" / emotion, "sub01_EP02_{:02d}f.jpg", range(3))
    return root


class Variation(NamedTuple):
    what: str  # in docs/datasets.md
    make: Callable[[Path, Release], Path]
    told: str = ""  # in the checkup where it is found, in the error where it is not
    refused: bool = False
    but: Mapping[str, str] = MappingProxyType({})  # readers to which it does not apply (""), or which refuse it, with these words
    silent: tuple[str, ...] = ()  # readers for which nothing has to be guessed, and so nothing is told


NO_SHEET = {"smic": ""}
VARIATIONS = [
    Variation("as it came", nothing),
    Variation("a folder too high, or doubled: `CASME2/CASME2/...`", doubled, r"pictures in .*given.release.release"),
    Variation("the folder of pictures instead of the release", picture_folder_given, r"the sheet lies above the folder that was given",
              but={"casme": "", "smic": ""}),
    Variation("that folder under a name of its own", folder_renamed, r"my faces", but={"casme": ""}, silent=("mmew",)),
    Variation("people without zeros: `sub1` for `sub01`", zeros_gone, r"called otherwise than in the sheet, and taken for the same: ",
              but={"cas-me-2": "", "cas-me-3": ""}, silent=("smic", "mmew")),
    Variation("people with other words: `Subject_01` for `sub01`", other_prefix, r"(?i)taken for the same: Subject_\d+ for ",
              but={"samm-lv": ""}, silent=("smic", "mmew")),
    Variation("the sheet under a name of its own", sheet_renamed, r"annotation\.xlsx is taken for the sheet", but=NO_SHEET),
    Variation("the sheet as csv, with semicolons and a blank row", sheet_as_csv, but={
        **NO_SHEET, "cas-me-2": r"code_final\.csv lacks the sheet 'CASFEcode_final'"}),
    Variation("folders in capitals, with blanks behind", capitals_and_blanks),
    Variation("suffixes in capitals: `.JPG`", suffixes_in_capitals),
    Variation("files of the system: `Thumbs.db`, `.DS_Store`, `__MACOSX`, `~$sheet.xlsx`", junk),
    Variation("a picture missing within a clip", gap, r"lacks ", refused=True),
    Variation("an empty picture within a clip", empty_picture, r"is empty \(0 bytes\)\. Copy it again", refused=True),
    Variation("no sheet, pictures in folders by emotion", sorted_by_emotion,
              r"a copy that somebody sorted.*FolderDataset.*Subjects must be known.*sub01_EP02_00f\.jpg tell them: ClassFolders\(",
              refused=True),
]  # fmt: skip
ALL = [(variation, name) for variation in VARIATIONS for name in READERS if variation.but.get(name, "-") != ""]


def outcome(variation: Variation, name: str) -> str:
    if variation.but.get(name, "-") == "":
        return ""
    return "error" if variation.refused or name in variation.but else "yes"


def content(dataset: Any) -> list[Any]:
    return [
        (clip.id, clip.person, clip.onset, clip.apex, clip.offset, clip.emotion, clip.aus, [int(frame.mean()) for frame in clip.frames])
        for clip in dataset.clips()
    ]


@pytest.mark.parametrize(("variation", "name"), ALL, ids=[f"{variation.make.__name__}-{name}" for variation, name in ALL])
def test_a_release_is_found_as_it_lies_or_the_error_says_what_would_fit(tmp_path, variation, name):
    release = READERS[name]
    usual = content(release.reader(release.make(tmp_path / "usual")))
    root = variation.make(release.make(tmp_path / "release"), release)
    if outcome(variation, name) == "yes":
        assert content(release.reader(root)) == usual
        checkup = release.reader(root).check()
        assert checkup.ok, str(checkup)
        assert name in variation.silent or re.search(variation.told, str(checkup))
    else:
        told = variation.but.get(name, variation.told)
        with pytest.raises(DatasetError, match=told) as caught:
            release.reader(root).clips()
        if variation.make in (gap, empty_picture):
            assert usual[0][0].partition("/")[2] in str(caught.value), "the clip is named"
        assert not release.reader(root).check().ok


def test_a_missing_person_is_never_made_up_of_another_one(tmp_path):
    """Clips of CASME have one name for several people: those of another one were taken without a word."""
    root = releases.casme(tmp_path)
    (root / "Section B/sub07").rename(root / "Section B/sub09")
    with pytest.raises(DatasetError, match=r"has no folder sub07/EP03_1\. There are folders sub01, sub09: if one is meant, rename it"):
        CASME(root).clips()
    shutil.rmtree(root / "Section A/sub01")
    releases.pictures(root / "Section A/sub02/EP01_5", "{}.jpg", range(90, 110))
    with pytest.raises(DatasetError, match="2 of the 2 clips"):
        CASME(root).clips()


def test_two_folders_that_may_be_one_person_are_named(tmp_path):
    root = releases.casme2(tmp_path)
    (root / "Cropped/sub01").rename(root / "Cropped/sub1")
    releases.pictures(root / "Cropped/S01/EP02_01f", "reg_img{}.jpg", range(6, 15))
    with pytest.raises(DatasetError, match=r"Cropped/S01 and sub1 may both be sub01\. Rename or remove what is not"):
        CASME2(root).clips()


def test_folders_that_do_not_fit_are_named(tmp_path):
    root = releases.casme2(tmp_path)
    (root / "Cropped/sub01").rename(root / "Cropped/anna")
    with pytest.raises(DatasetError, match=r"Cropped has no folder sub01\. It has anna, sub04: if these are meant, rename them"):
        CASME2(root).clips()


@pytest.mark.parametrize("written", ["sub01", "S01", "1", "Subject 1"])
def test_people_may_be_written_otherwise_in_the_sheet(tmp_path, written):
    root = releases.casme2(tmp_path)
    row = [written, "EP02_01f", None, 8, 10, 12, None, "12", "happiness"]
    releases.workbook(root / "CASME2-coding-20190701.xlsx", Sheet1=[releases.CASME2_HEADER, row])
    (clip,) = CASME2(root).clips()
    assert (clip.id, clip.subject) == ("casme2/sub01/EP02_01f", "sub01")


def test_of_several_sheets_without_the_owners_name_none_is_guessed(tmp_path):
    root = sheet_renamed(releases.samm(tmp_path), READERS["samm"])
    shutil.copy(root / "annotation.xlsx", root / "copy.xlsx")
    with pytest.raises(DatasetError, match=r"Which is the sheet of SAMM in .*: annotation\.xlsx, copy\.xlsx\? .* Say sheet="):
        SAMM(root).clips()
    assert len(SAMM(root, sheet=root / "copy.xlsx").clips()) == 3
    (root / "copy.xlsx").rename(root / "SMIC-HS-E_annotation.xlsx")  # called after another release: not asked about
    assert SAMM(root).sheet.name == "annotation.xlsx"


def test_a_sorted_copy_whose_names_hold_no_person(tmp_path):
    for split in ("train", "test"):
        releases.pictures(tmp_path / split, "{}.jpg", range(2))
    told = r"folders are called test, train: a copy that somebody sorted.*Here no name tells them"
    with pytest.raises(DatasetError, match=told) as caught:
        CASME2(tmp_path).clips()
    assert "ClassFolders" not in str(caught.value)


def test_what_is_offered_for_a_sorted_copy_reads_it(tmp_path):
    root = sorted_by_emotion(releases.casme2(tmp_path / "release"), READERS["casme2"])
    releases.pictures(root / "test/disgust", "sub02_EP01_{:02d}.jpg", range(2))
    with pytest.raises(DatasetError) as caught:
        CASME2(root).clips()
    pattern = re.search(r'subject=r"(.*?)"\)', str(caught.value))[1]
    assert {clip.subject for clip in ClassFolders(root, subject=pattern).clips()} == {"sub01", "sub02"}


def table() -> str:
    """What each reader makes of each variation, as Markdown."""
    lines = [f"| | {' | '.join(f'`{name}`' for name in READERS)} |", "|---" * (len(READERS) + 1) + "|"]
    lines += [f"| {each.what} | {' | '.join(outcome(each, name) or '–' for name in READERS)} |" for each in VARIATIONS]
    return "\n".join(lines)


def test_the_table_in_the_documentation_is_this_list():
    page = Path(__file__).parents[2] / "docs/datasets.md"
    assert table() in page.read_text(encoding="utf-8")
