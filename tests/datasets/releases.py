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
