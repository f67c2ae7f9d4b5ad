"""Folders, subjects and sheets that are called otherwise than by their owners: which of those that are there is meant.

One is taken only where no other would do, and it is told (``Dataset.otherwise``); what cannot be told apart is named in an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from ..errors import DatasetError
from ..media.pictures import PICTURES
from .tree import SHEETS, Tree, read_sheet

# What folders of expressions are called.
EXPRESSIONS = {
    "afraid", "amusement", "anger", "angry", "anxiety", "calm", "contempt", "contemptuous", "disgust", "disgusted", "excited", "fear",
    "fearful", "happiness", "happy", "joy", "neutral", "normal", "others", "pride", "sad", "sadness", "shame", "smile", "surprise",
    "surprised",
}  # fmt: skip
_CLASSES = EXPRESSIONS | {"negative", "positive", "other", "repression", "tense"}
_SPLITS = {"test", "testing", "train", "training", "val", "valid", "validation"}
_PERSON = re.compile(r"(?:participant|subject|subj|spno|sub|sp|s|p)?[\W_]*0*(\d+)", re.IGNORECASE)
_PERSON_FIRST = re.compile(r"((?:sub|s)\d+|\d{3})[_-]", re.IGNORECASE)
# How releases are named in the names of their sheets, longer names first: casme2 is not casme.
_RELEASES = {
    "casmesq": "cas-me-2", "casme3": "cas-me-3", "casmeii": "casme2", "casme2": "casme2", "casme": "casme", "sammlong": "samm-lv",
    "sammlv": "samm-lv", "samm": "samm", "smic": "smic", "mmew": "mmew", "4dme": "4dme", "dfme": "dfme",
}  # fmt: skip


def numbered(subjects: pd.Series, prefix: str, width: int) -> pd.Series:
    """Subjects as a release writes them: of prefix "sub" and width 2, ``1``, ``S01`` and ``sub1`` are ``sub01``; other words stay."""
    number = subjects.str.extract(rf"(?i)^\s*{_PERSON.pattern}\s*$")[0]
    return (prefix + number.str.zfill(width)).where(number.notna(), subjects)


def same(name: str) -> str:
    """What two names have in common that mean the same: the number of a person, or the words and numbers without signs and zeros."""
    if found := _PERSON.fullmatch(name.strip()):
        return found[1]
    return re.sub(r"0*(\d+)", r"\1", re.sub(r"[\W_]+", "_", name.casefold().strip()).strip("_"))


def is_person(name: str) -> bool:
    """Whether a folder is called as folders of one person are: ``sub01``, ``s1``, ``006``."""
    return bool(_PERSON.fullmatch(name.strip()))


def the_one(paths: Iterable[Path], name: str) -> Path | None:
    """The only one of the paths whose name means the same; None where there is none.

    Raises
    ------
    DatasetError
        Several do.
    """
    found = sorted(path for path in paths if same(path.name) == same(name))
    if len(found) > 1:
        raise DatasetError(f"{found[0]} and {found[1].name} may both be {name}. Rename or remove what is not.")
    return found[0] if found else None


def listed(names: Iterable[str], most: int = 4) -> str:
    """Some names in their order and how many more there are: ``a, b and 3 more``."""
    names = sorted(names)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def other_sheets(tree: Tree, name: str, is_sheet: Callable[[Path], bool]) -> list[Path]:
    """Sheets under names of their own that have what the release of that name needs, and are not called after another one."""
    fits = []
    for folder in tree.walk(2):
        for path in tree.entries(folder).values():
            if path.suffix.lower() not in SHEETS or path.name.startswith("~$"):
                continue
            plain = re.sub(r"[^a-z0-9]", "", path.stem.casefold())
            if next((owner for word, owner in _RELEASES.items() if word in plain), name) == name and is_sheet(path):
                fits.append(path)
    return sorted(fits)


def has_columns(path: Path, *columns: str) -> bool:
    """Whether a sheet can be read and has these columns."""
    try:
        return bool(columns) and not read_sheet(path, columns).empty
    except DatasetError:
        return False


def sorted_copy(tree: Tree) -> str:
    """What to do with a copy that somebody sorted into folders by emotion, or for training and test; "" where it is none."""
    folders = [folder for folder in tree.walk(3) if folder != tree.root]
    by_class = sorted({folder.name for folder in folders if folder.name.casefold().strip() in _CLASSES})
    by_split = sorted({folder.name for folder in folders if folder.name.casefold().strip() in _SPLITS})
    if len(by_class) < 2 and len(by_split) < 2:
        return ""
    names = [path.name for folder in folders for path in tree.entries(folder).values() if not path.name.endswith(SHEETS)]
    within = sorted(name for name in names if name not in (*by_class, *by_split))
    found = [match for name in within if (match := _PERSON_FIRST.match(name))]
    stills = any(name.lower().endswith(PICTURES) for name in within)
    text = (
        f"Its folders are called {listed(by_class or by_split)}: a copy that somebody sorted, without onsets, apexes and subjects. Ask the "
        "owners for the release; or write a clips.csv (clip, subject, onset, apex, offset, emotion) and read it with FolderDataset"
        + (", or take single pictures with ClassFolders" if by_class else "")
        + ". Subjects must be known: if one person is in training and in test, a score says nothing about others."
    )
    if not found:
        return text + " Here no name tells them."
    pattern = r"(\d{3})[_-].*" if found[0][1].isdecimal() else r"((?:sub|s)\d+)[_-].*"
    example = f"Names such as {found[0].string} tell them"
    if stills and by_class:
        return f'{text} {example}: ClassFolders(root, subject=r"(?i){pattern}").'
    return f"{text} {example}: here {found[0][1]}."
