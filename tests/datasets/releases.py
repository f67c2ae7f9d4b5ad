"""Miniature releases: pictures and sheets in the layouts in which the owners hand them out."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import cv2
import numpy as np


def picture(path: Path, value: int = 128, size: tuple[int, int] = (16, 12)) -> Path:
    """A grey picture whose level is ``value``, so that a test can tell which one it was given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = size
    assert cv2.imwrite(str(path), np.full((height, width, 3), value, np.uint8))
    return path


def pictures(folder: Path, pattern: str, numbers: Iterable[int]) -> None:
    """Pictures named by a pattern such as ``img{}.jpg``; the level is the number modulo 250."""
    for number in numbers:
        picture(folder / pattern.format(number), number % 250)


def workbook(path: Path, **sheets: Sequence[Sequence[object]]) -> Path:
    """An xlsx with these sheets; numbers are numbers, None is an empty cell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    numbers = range(1, len(sheets) + 1)
    listed = "".join(f'<sheet name="{escape(name)}" sheetId="{i}" r:id="r{i}"/>' for i, name in zip(numbers, sheets, strict=True))
    links = "".join(f'<Relationship Id="r{i}" Type="{office}/worksheet" Target="worksheets/s{i}.xml"/>' for i in numbers)
    parts = "".join(f'<Override PartName="/xl/worksheets/s{i}.xml" ContentType="{kind}.worksheet+xml"/>' for i in numbers)
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType="application/'
        f'vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.'
        f'main+xml"/>{parts}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{office}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">{links}</Relationships>',
    }
    for i, rows in zip(numbers, sheets.values(), strict=True):
        body = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
        files[f"xl/worksheets/s{i}.xml"] = f"<worksheet {main}><sheetData>{body}</sheetData></worksheet>"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{text}')
    return path


def _cell(value: object) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


CASME2_HEADER = ["Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None, "Action Units", "Estimated Emotion"]


def casme2(root: Path, edition: str = "20190701", folder: str = "Cropped", pattern: str = "reg_img{}.jpg") -> Path:
    """Three clips of two subjects: unpadded numbers over 9 and 10, "/" for an apex, a stray file."""
    rows = [
        ["01", "EP02_01f", None, 8, 10, 12, None, "12", "happiness"],
        ["04", "EP12_01f", None, 20, "/", 24, None, "4+7+L10", "disgust"],
        ["04", "EP13_02 ", None, 5, 6, 7, None, "?", "others"],
    ]
    workbook(root / f"CASME2-coding-{edition}.xlsx", Sheet1=[CASME2_HEADER, *rows], Sheet2=[])
    pictures(root / folder / "sub01/EP02_01f", pattern, range(6, 15))
    pictures(root / folder / "sub04/EP12_01f", pattern, range(20, 25))
    pictures(root / folder / "sub04/EP13_02", pattern, range(5, 8))
    (root / folder / "sub01/EP02_01f/Thumbs.db").write_bytes(b"stray")
    return root


SAMM_HEADER = [
    "Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame", "Duration", "Micro",
    "Action Units", "Estimated Emotion", "Objective Classes", "Notes",
]  # fmt: skip


def samm(root: Path) -> Path:
    """Three clips below thirteen rows of notes, one with the published wrong apex."""
    rows = [
        ["006", "006_1_2", 1, 5562, 5564, 5566, 5, "Micro - 1/2", "4+7", "Anger", 3, None],
        ["011", "011_4_2", 4, 98, 100, 102, 5, "Micro - 1/2", "L12 or L14", "Contempt", 1, "Eye movement"],
        ["032", "032_3_1", 3, 4896, 1930, 4970, 75, "Micro - 1/2", "4A", "Anger", 3, None],
    ]
    notes = [["SAMM Dataset - Master FACS Codes"], *[[None]] * 4, ["Symbol Key:"], ['"/" = or'], *[["note"]] * 6]
    workbook(root / "SAMM_Micro_FACS_Codes_v2.xlsx", MICRO_ONLY=[*notes, SAMM_HEADER, *rows])
    pictures(root / "SAMM/006/006_1_2", "006_{:05d}.jpg", range(5562, 5567))
    pictures(root / "SAMM/011/011_4_2", "011_{:05d}.jpg", range(98, 103))
    pictures(root / "SAMM/032/032_3_1", "032_{:05d}.jpg", range(4896, 4971))
    return root


def smic(root: Path) -> Path:
    """Cropped clips of two subjects of HS and one of VIS, padded as it came, and a moment that is no expression."""
    base = root / "SMIC_all_cropped"
    pictures(base / "HS/s01/micro/negative/s1_ne_01", "reg_image{:06d}.bmp", range(1, 6))
    pictures(base / "HS/s01/micro/surprise/s1_sur_02", "reg_image{:06d}.bmp", range(31, 40))
    pictures(base / "HS/s12/micro/positive/s12_po_01", "reg_image{:06d}.bmp", range(7, 10))
    pictures(base / "HS/s12/non_micro/s12_01", "reg_image{:06d}.bmp", range(1, 3))
    pictures(base / "VIS/s12/micro/positive/s12_po_01", "reg_image{:06d}.bmp", range(1, 3))
    return root


SAMM_LV_HEADER = ["Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration", "Type", "Action Units", "Notes"]


def samm_lv(root: Path) -> Path:
    """Expressions with fractions of frames, an apex of -1, and one name for two; a video without any."""
    rows = [
        ["006", "006_1_1", 1, 3.4, 5.6, 8.2, 5.8, "Macro", "4(B/C)+7B", None],
        ["006", "006_1_2", 1, 10, -1, 14, 5, "Micro - 1/2", "4+7", None],
        ["037", "037_4_1", 4, 0, 2, 5, 6, "Micro - 1/2", "24", None],
        ["037", "037_4_1", 4, 0, 3, 7, 8, "Macro", "24", None],
    ]
    notes = [["SAMM Long Videos Dataset"], *[[None]] * 8]
    workbook(root / "SAMM_LongVideos_V2_Release.xlsx", FACS_Movement_Only=[*notes, SAMM_LV_HEADER, *rows])
    pictures(root / "SAMM_longvideos/006_1", "006_1_{:04d}.jpg", range(20))
    pictures(root / "SAMM_longvideos/006_2", "006_2_{:04d}.jpg", range(3))
    pictures(root / "SAMM_longvideos/037_4", "037_4_{:04d}.jpg", range(9))
    return root


MMEW_HEADER = ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Action Units", "Estimated Emotion", "remarks"]


def mmew(root: Path, by_subject: bool = False) -> Path:
    """Two clips, in folders of emotions or of subjects and emotions, and a macro-expression as a still."""
    rows = [[1, "S01-01-001", 1, 3, 5, "6+12", "happiness", None], [13, "S13-07-001", 2, 4, 12, "4", "others", None]]
    workbook(root / "MMEW_Micro_Exp.xlsx", Sheet1=[MMEW_HEADER, *rows])
    for name, emotion in (("S01-01-001", "happiness"), ("S13-07-001", "others")):
        folder = f"{name[:3]}/{emotion}" if by_subject else emotion
        pictures(root / "Micro_Expression" / folder / name, "{}.jpg", range(1, 13))
    picture(root / "Macro_Expression/S01/anger/S01-07-001.jpg")
    return root


RULE1 = [[15, "s15", 1], [15, "s15", 1], [27, "s27", 11]]
RULE2 = [[101, "disgust1"], ["0401", "anger1"]]
CAS_ME_2_ROWS = [
    [1, "anger1_1", 5, 7, 0, "4", "negative", "macro-expression", "anger"],
    [1, "anger1_2", 10, 12, 15, "38", "others", "micro-expression", "sadness"],
    [11, "disgust1_5", 1221, 1230, 1224, "4+5+7", "negative", "macro-expression", "disgust"],
]


def cas_me_2(root: Path) -> Path:
    """A workbook of three sheets and three long videos; one apex and offset are exchanged."""
    sheets = {"CASFEcode_final": CAS_ME_2_ROWS, "naming rule1": RULE1, "naming rule2": RULE2}
    workbook(root / "CAS(ME)^2code_final.xlsx", **sheets)
    pictures(root / "rawpic/s15/15_0401girlcrashing", "img{:03d}.jpg", range(1, 21))
    pictures(root / "rawpic/s15/15_0502funnyerrors", "img{:03d}.jpg", range(1, 4))
    pictures(root / "rawpic/s27/27_0101disgustingteeth", "img{:03d}.jpg", range(1220, 1232))
    return root


CAS_ME_3_MICRO = ["Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion"]
CAS_ME_3_ALL = ["Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Expression type", "Objective class"]


def cas_me_3(root: Path) -> Path:
    """Two sheets, two videos, one of them without any expression; depth beside colour."""
    rows = [["spNO.1", "a", 5, 6, 8, "5", "II", "others"], ["spNO.1", "a", 9, 9, 10, "R12", "I", "Others"]]
    workbook(root / "annotation/cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx", label=[CAS_ME_3_MICRO, *rows], Sheet1=[])
    rows = [
        ["spNO.1", "a", 5, 6, 8, "5", "Micro-expression", "II"],
        ["spNO.1", "a", 5, 7, 12, "4+15", "Macro-expression", "VII"],
    ]
    blinks = [["Subject", "Filename", "Onset", "Offset"], ["spNO.1", "a", 2, 4]]
    workbook(root / "annotation/cas(me)3_part_A_v2.xlsx", **{"AU+Emotion": [CAS_ME_3_ALL, *rows], "eye blink": blinks})
    pictures(root / "part_A/spNo.1/a/color", "{}.jpg", range(1, 15))
    pictures(root / "part_A/spNo.1/a/depth", "{}.png", range(1, 15))
    pictures(root / "part_A/spNo.2/b/color", "{}.jpg", range(1, 4))
    return root


CASME_HEADER = ["Subject", "Filename", None, "OnsetF", "ApexF1", "ApexF2", "OffsetF", None, "AU", "Emotion"]


def casme(root: Path) -> Path:
    """A clip in each of the two sections; numbers are padded in one of them."""
    rows = [[1, "EP01_5", None, 98, 100, 103, 104, None, "4+9", "disgust"], [7, "EP03_1", None, 9, 10, None, 12, None, "12", "tense"]]
    workbook(root / "casme.xlsx", Sheet1=[CASME_HEADER, *rows])
    pictures(root / "Section A/sub01/EP01_5", "reg_EP01_5-{:03d}.jpg", range(97, 106))
    pictures(root / "Section B/sub07/EP03_1", "reg_EP03_1-{}.jpg", range(8, 14))
    return root


FOUR_DME_HEADER = ["sub_ID", "fold_name", "Onset", "Apex", "Offset", "AUs", "Emotion"]


def four_dme(root: Path) -> Path:
    """Clips of two subjects, one with an action unit that is left out."""
    rows = [["G01", "G01_1", 3, 4, 6, "AU4+AU7(k)", "Negative"], ["G02", "G02_3", 2, 3, 5, "AU12", "Positive"]]
    workbook(root / "4DME_annotation.xlsx", Sheet1=[FOUR_DME_HEADER, *rows])
    pictures(root / "gray/G01/G01_1", "{}.jpg", range(1, 9))
    pictures(root / "gray/G02/G02_3", "{}.jpg", range(1, 9))
    return root


DFME_HEADER = ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Emotion", "EmotionId", "Fps", "AU"]


def dfme(root: Path) -> Path:
    """Two clips at rates of their own, one of them without a folder of its subject."""
    rows = [["sub0003", "sub0003_01", 9, 10, 11, "anger", 0, 500, "4+23"], ["sub0200", "sub0200_12", 1, 2, 3, "fear", 3, 200, "R4"]]
    workbook(root / "DFME_training_full_with_AU.xlsx", Sheet1=[DFME_HEADER, *rows])
    pictures(root / "train/part_A/sub0003/sub0003_01", "{}.png", range(13))
    pictures(root / "train/sub0200_12", "{}.png", range(1, 4))
    return root
