"""What lies on disk: folders found whatever their case, numbered frames, and sheets as text, as they were released."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import deque
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import DatasetError
from ..media.pictures import PICTURES

SHEETS = (".csv", ".xls", ".xlsb", ".xlsm", ".xlsx")
ARCHIVES = (".7z", ".gz", ".rar", ".tar", ".tgz", ".zip")

# What the releases call the same thing. Compared without case, blanks and signs.
COLUMNS = {
    "subject": ("Subject", "sub", "sub_ID", "participant", "person"),
    "filename": ("Filename", "clip", "fold_name", "material", "seq", "count", "filename_o"),
    "onset": ("OnsetFrame", "Onset", "OnsetF"),
    "apex": ("ApexFrame", "Apex", "ApexF", "ApexF1"),
    "offset": ("OffsetFrame", "Offset", "OffsetF"),
    "aus": ("Action Units", "AU", "AUs"),
    "emotion": ("Estimated Emotion", "Emotion"),
    "objective": ("Objective Classes", "Objective class"),
    "kind": ("Type", "Expression type", "kind"),
    "fps": ("fps", "frame rate"),
    "label": ("label",),
}
LOCKED = bytes.fromhex("d0cf11e0a1b11ae1")  # what Excel packs an encrypted xlsx into; a plain one is a zip
HEADER_WITHIN = 40  # rows: SAMM's header is the 14th, after notes to the user


class Tree:
    """The folders of a release, found by name whatever their case, nesting or trailing blanks."""

    def __init__(self, root: Path):
        self.root = root
        self._entries: dict[Path, dict[str, Path]] = {}

    def entries(self, folder: Path) -> dict[str, Path]:
        """What is in a folder, by its name in lower case and without blanks around it; empty if there is no such folder."""
        if folder not in self._entries:
            try:
                listed = sorted(path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX")))
            except (FileNotFoundError, NotADirectoryError):
                listed = []
            except OSError as error:
                raise DatasetError(f"{folder} may not be read: {error.strerror}. Ask its owner, or copy it.") from error
            self._entries[folder] = {_key(path.name): path for path in reversed(listed)}
        return self._entries[folder]

    def child(self, folder: Path, *names: str) -> Path | None:
        """The first of these names that the folder holds."""
        entries = self.entries(folder)
        return next((entries[_key(name)] for name in names if _key(name) in entries), None)

    def walk(self, depth: int = 3, below: Path | None = None) -> Iterator[Path]:
        """All folders, those near the top first; a folder is looked into only when the next one is asked for."""
        queue = deque([(below or self.root, 0)])
        while queue:
            folder, level = queue.popleft()
            yield folder
            if level < depth:
                inside = self.entries(folder).items()
                queue.extend((path, level + 1) for name, path in inside if not has_suffix(name) and path.is_dir())

    def folder(self, *names: str, depth: int = 3) -> Path | None:
        """The folder nearest to the top that has one of these names; of a folder within its namesake, the inner one."""
        keys = {_key(name) for name in names}
        found = next((folder for folder in self.walk(depth) if _key(folder.name) in keys), None)
        while found and (inner := self.child(found, *names)) and inner.is_dir():
            found = inner
        return found

    def below(self, folder: Path, depth: int) -> dict[tuple[str, str], Path]:
        """Folders by the names of their parent and their own, in lower case: the way to clips under unknown nesting."""
        found: dict[tuple[str, str], Path] = {}
        for path in self.walk(depth, folder):
            found.setdefault((_key(path.parent.name), _key(path.name)), path)
        return found

    def inner(self, folder: Path) -> Path:
        """The folder itself, or the one in which everything lies, as in ``DFME/DFME``: down as long as there is only one."""
        while len(inside := [path for name, path in self.entries(folder).items() if not has_suffix(name) and path.is_dir()]) == 1:
            if any(path.suffix.lower() in PICTURES for path in self.entries(inside[0]).values()):
                break
            folder = inside[0]
        return folder

    def sheets(self, patterns: Sequence[str], depth: int = 3) -> list[Path]:
        """Sheets whose names fit, or would if they were no csv: nearest to the top, the best pattern first, of those the latest name."""
        for level in range(depth + 1):
            found = [path for folder in self.walk(level) for path in self.entries(folder).values()]
            found = [path for path in found if path.suffix.lower() in SHEETS and not path.name.startswith("~$")]
            ranked: dict[Path, None] = {}
            for pattern in patterns:
                fits = sorted((p for p in found if _fits(p, pattern.casefold())), key=lambda p: p.name)
                ranked.update({path: None for path in reversed(fits) if path not in ranked})
            if ranked:
                return list(ranked)
        return []

    def frames(self, folder: Path) -> dict[int, Path]:
        """The pictures of a folder by frame number: the last number in the name, so img9 comes before img10."""
        numbered = {}
        for name, path in self.entries(folder).items():
            if (number := frame_number(name)) is not None:
                numbered[number] = path
        del self._entries[folder]  # a million names need not stay in memory
        return dict(sorted(numbered.items()))


    def packed(self) -> str:
        """A sentence about the archives near the top, which somebody forgot to unpack; "" if there are none."""
        found = sorted(path.name for folder in self.walk(1) for name, path in self.entries(folder).items() if name.endswith(ARCHIVES))
        return f"It holds {', '.join(found[:2])}{' and more' if found[2:] else ''}: unpack first. " if found else ""


def frame_number(name: str) -> int | None:
    """The last number in a picture's name; None if it has none, or is no picture."""
    stem, _, suffix = name.casefold().rpartition(".")
    digits = re.findall(r"\d+", stem) if f".{suffix}" in PICTURES else []
    return int(digits[-1]) if digits else None


def where_from(request_url: str) -> str:
    """A sentence about who hands a release out; "" where it is your own."""
    if request_url.startswith("("):
        text = request_url.strip("()")
        return "" if text == "yours" else f"{text[0].upper()}{text[1:]}."
    return f"It is handed out at {request_url}"


def check_root(root: Path, title: str, request_url: str) -> None:
    """Nothing, where ``root`` is a folder; otherwise DatasetError says what it is instead, and what to do."""
    if root.is_dir():
        return
    if not root.exists():
        what = "is a link whose target is gone" if root.is_symlink() else "does not exist"
        raise DatasetError(f"{root} {what}. Give the folder of {title}. {where_from(request_url)}".rstrip())
    if root.suffix.lower() in ARCHIVES or zipfile.is_zipfile(root):
        raise DatasetError(f"{root} is an archive. Unpack it, and give the folder that comes out.")
    raise DatasetError(f"{root} is a file, not a folder. Give the folder which holds {title}.")


def read_sheets(path: Path) -> dict[str, list[list[str]]]:
    """The cells of each sheet of a file as text, blanks around them gone; a csv has one sheet, "".

    Raises
    ------
    DatasetError
        The file is locked or corrupt.
    """
    try:
        if path.suffix.lower() == ".csv":
            return {"": [[cell.strip() for cell in row] for row in read_csv(path)]}
        from python_calamine import CalamineWorkbook

        with path.open("rb") as file:
            if path.suffix.lower() != ".xls" and file.read(8) == LOCKED:
                raise DatasetError(f"{path} is locked with a password. Open it in a spreadsheet program, and save it without one.")
        with CalamineWorkbook.from_path(str(path)) as book:
            sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
        return {name: [[_text(cell) for cell in row] for row in rows] for name, rows in sheets.items()}
    except DatasetError:
        raise
    except OSError as error:
        raise DatasetError(f"{path} may not be read: {error.strerror}. Close it in other programs, or copy it.") from error
    except Exception as error:  # calamine's own
        raise DatasetError(f"{path} is not a sheet that can be read ({error}). Copy or download it again.") from error


def read_csv(path: Path) -> list[list[str]]:
    """The rows of a csv, whose cells are parted by commas, or, as some spreadsheet programs write it, by semicolons or tabs.

    Raises
    ------
    DatasetError
        The file may not be read, is no csv, or is in an encoding in which two people's names could become one.
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        first = next((line for line in text.splitlines() if line.strip()), "")
        mark = next((mark for mark in ",;\t" if mark in first), ",")
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
    except OSError as error:
        raise DatasetError(f"{path} may not be read: {error.strerror}. Close it in other programs, or copy it.") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is not in UTF-8 (byte {error.start}). Save it again as CSV UTF-8, or as xlsx.") from error
    except csv.Error as error:
        raise DatasetError(f"{path} is not a sheet that can be read ({error}). Copy or download it again.") from error


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an npz, by name; DatasetError if it is none, or was cut off on its way."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            return {name: content[name] for name in content.files}
    except FileNotFoundError as error:
        raise DatasetError(f"{path} does not exist. Check the spelling, and the folder in which you are.") from error
    except Exception as error:  # zipfile's, zlib's and numpy's own
        raise DatasetError(f"{path} cannot be read as npz ({error}). Copy it again.") from error


def read_sheet(path: Path, required: Sequence[str]) -> pd.DataFrame:
    """The first sheet of a file that has the required columns, as released, as text; empty cells are "".

    The header is looked for below whatever notes precede it. Columns are named as in ``COLUMNS``; those which have no name
    there keep their own.

    Parameters
    ----------
    path : Path
    required : sequence of str
        Names out of ``COLUMNS`` that must be there.

    Raises
    ------
    DatasetError
        The file cannot be read, or lacks a column.
    """
    closest: list[str] = []
    lacking = list(required)
    for rows in read_sheets(path).values():
        for number, row in enumerate(rows[:HEADER_WITHIN]):
            names = [_standard(cell) for cell in row]
            absent = [name for name in required if name not in names]
            if not absent:
                return _frame(path, rows[number + 1 :], names, required)
            if len(absent) < len(lacking):
                closest, lacking = row, absent
    expected = "; ".join(f"{name} ({', '.join(COLUMNS[name])})" for name in lacking)
    header = f" Its header reads: {', '.join(filter(None, closest))}." if closest else ""
    raise DatasetError(f"{path} lacks the columns: {expected}.{header} Take the sheet as it was released, or rename them.")


def _frame(path: Path, rows: list[list[str]], names: list[str], required: Sequence[str]) -> pd.DataFrame:
    width = len(names)
    keep = [i for i, name in enumerate(names) if name and name not in names[:i]]
    needed = [names.index(name) for name in required]
    padded = [(row + [""] * width)[:width] for row in rows]
    filled = [row for row in padded if sum(bool(row[i]) for i in needed) > 1]  # a single cell is a note below the table
    for name in ("subject", "filename"):
        if name in required and (lost := [row for row in filled if not row[names.index(name)]]):
            raise DatasetError(f"{path} has a row without {name}: {', '.join(filter(None, lost[0]))}. Fill it in, or take the row out.")
    body = [[row[i] for i in keep] for row in filled]
    return pd.DataFrame(body, columns=[names[i] for i in keep], dtype=str)


def _standard(header: str) -> str:
    plain = _plain(header)
    for name, known in COLUMNS.items():
        if plain in (_plain(name), *map(_plain, known), *(_plain(word) + "frame" for word in known)):
            return name
    return header.strip()


def _fits(sheet: Path, pattern: str) -> bool:
    names = (sheet.name, sheet.stem + ".xlsx") if sheet.suffix.lower() == ".csv" else (sheet.name,)
    return any(fnmatch(name.casefold(), pattern) for name in names)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _key(name: str) -> str:
    stem, dot, suffix = name.casefold().strip().rpartition(".")  # "EP02_01f .png" has a blank too many
    return f"{stem.strip()}{dot}{suffix}"


def has_suffix(name: str) -> bool:
    """Whether a name is that of a picture, a film or a sheet: no folder, found without asking the disk."""
    return name.endswith((*PICTURES, *SHEETS, ".avi", ".mp4", ".txt", ".xml", ".npz"))
