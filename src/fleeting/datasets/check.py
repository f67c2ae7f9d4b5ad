"""The doctor of a release: what is missing, what is impossible, and which counts differ from those in print."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Protocol

import cv2
import pandas as pd

from ..clip import Clip
from ..errors import DatasetError
from ..media.pictures import PICTURES, read_picture
from .alike import listed
from .cells import missing_between
from .frames import without_content
from .sheet_check import Finding, Printed, check_sheet, counts_of
from .tree import Tree, frame_number

# How pictures begin; one of another kind than its suffix says is read all the same.
HEADS = (b"\xff\xd8", b"\x89PNG", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
AT_ONCE = 1000  # pictures handed to the threads; a million waiting ones would fill the memory
SHOWN = 10  # findings of a kind that the text has; all are in ``findings``


class Release(Printed, Protocol):
    """What the doctor asks of a release; :class:`.base.Dataset` answers."""

    title: ClassVar[str]
    set_aside: ClassVar[tuple[str, ...]]
    root: Path
    tree: Tree
    layout: str
    pictures: Path
    unfit: list[str]

    def lookalikes(self) -> list[str]: ...  # noqa: D102
    @property
    def table(self) -> pd.DataFrame: ...  # noqa: D102
    @property
    def sheet_name(self) -> str: ...  # noqa: D102
    def recordings(self) -> dict[str, tuple[str, Path]]: ...  # noqa: D102
    def remarks(self) -> list[str]: ...  # noqa: D102
    def frame_paths(self, row: Any) -> dict[int, Path]: ...  # noqa: D102
    def span(self, row: Any, numbers: Mapping[int, Any]) -> tuple[int, int, int]: ...  # noqa: D102
    def clip(self, row: Any) -> Clip: ...  # noqa: D102


@dataclass
class Checkup:
    """What the doctor found in a release.

    Parameters
    ----------
    dataset, root, sheet, layout, pictures : str
        Which release, where, which edition of its sheet, and which of its picture folders.
    counts : dict of str to int
        ``clips``, ``subjects``, clips of each emotion, ``videos`` on disk where the release has long ones, ``usable``: clips that can be
        given as they stand, and, where there are any, ``apex on onset`` and ``over 2 s``.
    findings : list of Finding
        What was noticed.
    """

    dataset: str
    root: str
    sheet: str = ""
    layout: str = ""
    pictures: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not any(finding.level == "error" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain numbers, text, lists and dicts, for JSON.

        Returns
        -------
        dict
            For JSON.
        """
        return {**asdict(self), "ok": self.ok}

    def __str__(self) -> str:
        where = f", pictures in {self.pictures}" if self.pictures else ""
        lines = [f"{self.dataset} in {self.root}", f"sheet {self.sheet}, layout {self.layout}{where}"]
        lines += [", ".join(f"{count} {name}" for name, count in self.counts.items())]
        for level in ("error", "warning", "note"):
            for topic in dict.fromkeys(one.topic for one in self.findings):
                some = [one for one in self.findings if (one.level, one.topic) == (level, topic)]
                lines += [f"{level}: {f'{one.clip}: ' if one.clip else ''}{one.text}" for one in some[:SHOWN]]
                if len(some) > SHOWN:
                    lines += [f"{level}: and {len(some) - SHOWN} more like this"]
        if not self.ok:
            return "\n".join([*lines, "There are errors."])
        warnings = sum(one.level == "warning" for one in self.findings)
        look = f" {warnings} warning{'s want' if warnings > 1 else ' wants'} a look." if warnings else ""
        return "\n".join([*lines, f"Nothing is wrong.{look}"])


def check(
    release: Release, *, deep: bool = False, jobs: int | None = None, progress: Callable[[int, int], None] | None = None
) -> Checkup:
    """Everything that is wrong with a release, as findings; it raises nothing.

    Of the pictures from onset to offset the size and the first bytes are looked at.

    Parameters
    ----------
    release : Release
    deep : bool, default=False
        Also decode each of them, and of long videos every picture.
    jobs : int, optional
        Threads that decode; default: one a core.
    progress : callable, optional
        Called with the number of pictures decoded and the number of all; a clip within a video, npz or csv counts as one.

    Returns
    -------
    Checkup
    """
    checkup = Checkup(release.title, str(release.root), layout=release.layout)
    try:
        checkup.sheet = release.sheet_name
        table = release.table
    except DatasetError as error:
        checkup.findings.append(Finding("error", "sheet", "", str(error)))
        return checkup
    checkup.counts = counts_of(table)
    recordings = _recordings(release, checkup)
    checkup.findings += [Finding("warning", "sheet", "", text) for text in (*release.remarks(), *release.unfit)]
    checkup.findings += check_sheet(release, table, checkup.counts)
    decode: list[tuple[str, Path]] = []
    inside: list[Any] = []  # rows whose frames are inside a video file, an npz or a csv
    used: set[Path] = set()
    lost: dict[str, int] = {}  # clips without pictures of each subject
    folders: set[Path] = set()  # of numbered pictures
    usable, seen = 0, False
    doubled = set(table.loc[table["clip"].duplicated(), "clip"])
    for row in table.itertuples(index=False):
        found, files = _pictures(release, row)
        checkup.findings += found
        wrong = {one.topic for one in found if one.level == "error"}
        usable += not wrong and row.clip not in doubled
        seen |= "pictures" not in wrong
        if files and files[0].suffix.lower() in PICTURES:
            decode += [(str(row.clip), file) for file in files if not recordings]
            used.update(file.parent for file in files)
            folders.update(file.parent for file in files[1:])
        elif files and not wrong:
            inside.append(row)
        if "pictures" in wrong:
            lost[str(row.subject)] = lost.get(str(row.subject), 0) + 1
    checkup.counts["usable"] = usable
    plain = release.layout == "plain" and used  # no folder of a known name: where they were found
    checkup.pictures = os.path.commonpath([folder.parent for folder in used]) if plain else str(release.pictures)
    checkup.findings += [Finding("note", "names", "", text) for text in release.lookalikes()]
    if not seen:
        text = next((one.text for one in checkup.findings if one.topic == "pictures"), "the sheet is empty")
        checkup.findings = [one for one in checkup.findings if one.topic != "pictures"]
        checkup.findings.append(Finding("error", "pictures", "", f"no clip has pictures. {text}"))
        lost = {}
    gone = {subject: count for subject, count in lost.items() if count == int((table["subject"] == subject).sum())}
    if gone:
        who = f"subject {next(iter(gone))} has" if len(gone) == 1 else f"{len(gone)} subjects have"
        which = "" if len(gone) == 1 else f": {listed(gone)}"
        checkup.findings.append(Finding("error", "pictures", "", f"{who} no pictures at all ({sum(gone.values())} clips){which}"))
    checkup.findings += _strays(release, used, folders, {path for _, path in release.recordings().values()})
    if deep:
        decode += [(name, file) for name, files in recordings.items() for file in files.values()]
        checkup.findings += _decode(release, decode, inside, jobs or os.cpu_count() or 1, progress)
    return checkup


def _recordings(release: Release, checkup: Checkup) -> dict[str, dict[int, Path]]:
    """The pictures of each long video on disk; what is wrong with them, and how many there are, goes into the checkup."""
    pictures = {name: release.tree.frames(folder) for name, (_, folder) in release.recordings().items()}
    if pictures:
        checkup.counts["videos"] = len(pictures)
    for name, files in pictures.items():
        if not files:
            checkup.findings.append(Finding("error", "video", name, "this long video has no pictures"))
        elif gaps := max(files) - min(files) + 1 - len(files):
            first = next(number for number in range(min(files), max(files)) if number not in files)
            text = f"{gaps} pictures within this long video are missing, the first is {first}: later ones get earlier times than theirs"
            checkup.findings.append(Finding("warning", "video", name, text))
    return pictures


def _pictures(release: Release, row: Any) -> tuple[list[Finding], list[Path]]:
    """What is wrong with one clip, and its pictures from onset to offset."""
    coded = [number for number in (row.onset, row.apex, row.offset) if not pd.isna(number)]
    found = []
    if coded != sorted(coded):
        numbers = " ".join("?" if pd.isna(n) else str(n) for n in (row.onset, row.apex, row.offset))
        found.append(Finding("error", "order", row.clip, f"onset, apex, offset are {numbers}: not in that order"))
    try:
        files = release.frame_paths(row)
    except DatasetError as error:
        return [*found, Finding("error", "pictures", row.clip, str(error))], []
    onset, apex, offset = release.span(row, files)
    here = [file for number, file in files.items() if onset <= number <= offset]
    if (lacking := max(0, offset - onset + 1) - len(here)) > 0:
        there = all(number in files for number in (onset, apex, offset))
        level = "warning" if there and not missing_between(onset, offset, files) else "error"  # every second number only
        first = list(islice((number for number in range(onset, offset + 1) if number not in files), 5))
        which = ", ".join(map(str, first)) + (" ..." if lacking > 5 else "")
        found.append(Finding(level, "frames", row.clip, f"{lacking} of the pictures {onset} to {offset} are missing: {which}"))
    found += [Finding("error", "file", row.clip, text) for file in dict.fromkeys(here) if (text := _damage(file))]
    if not any(one.level == "error" for one in found):
        try:
            release.clip(row)  # whatever else clips() would say of it
        except OSError as error:
            found.append(Finding("error", "clip", row.clip, str(error)))
    return found, here


def _damage(file: Path) -> str | None:
    """What size and first bytes say of a file: empty, or no picture though it is called one; None where they look whole."""
    if lost := without_content(file):
        return f"{lost}. Copy it again"
    try:
        with file.open("rb") as opened:
            head = opened.read(8)
    except OSError as error:
        return f"{file} may not be read: {error.strerror}. Ask its owner, or copy it again"
    if file.suffix.lower() in PICTURES and not head.startswith(HEADS):
        return f"{file} is no picture: it begins with {head[:4]!r}. Copy it again"
    return None


def _strays(release: Release, used: set[Path], numbered: set[Path], videos: set[Path]) -> Iterator[Finding]:
    """Files that are no pictures, two pictures of one number, and folders of pictures that no row of the sheet speaks of."""
    for folder in sorted(used):
        names: dict[int | None, list[str]] = {}
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() in PICTURES or path.is_file():
                names.setdefault(None if path.name.startswith(".") else frame_number(path.name), []).append(path.name)
        odd = [name for name in names.pop(None, []) if folder in numbered or not name.lower().endswith(PICTURES)]
        if odd:
            yield Finding("note", "stray", "", f"{folder} also holds {', '.join(odd[:3])}: passed over")
        for number, same in names.items() if folder in numbered else ():
            if len(same) > 1:
                text = f"{folder} has {len(same)} pictures of number {number}, {' and '.join(same[:2])}: the first is taken"
                yield Finding("warning", "stray", "", text)
    within = {parent for folder in used for parent in folder.parents}
    nearby = {parent for folder in used for parent in list(folder.parents)[:2] if release.pictures in (parent, *parent.parents)}
    for parent in sorted(nearby - used):
        for name, path in release.tree.entries(parent).items():
            if path.is_dir() and path not in used | within | videos and name not in release.set_aside:
                yield Finding("warning", "stray", "", f"{path} is not in the sheet")


def _decode(
    release: Release, files: list[tuple[str, Path]], rows: list[Any], jobs: int, progress: Callable[[int, int], None] | None
) -> Iterator[Finding]:
    """What is wrong with picture files, and with rows whose frames are within another file, found by decoding them."""

    def shape(item: Any) -> tuple[int, ...] | str:
        try:
            return read_picture(item[1]).shape if item[1] else release.clip(item[0]).frames.shape[1:]
        except OSError as error:
            return str(error)

    items: list[tuple[Any, Path | None]] = [*files, *((row, None) for row in rows)]
    sizes: dict[str, tuple[int, ...]] = {}
    with _quiet(), ThreadPoolExecutor(jobs) as pool:
        for start in range(0, len(items), AT_ONCE):
            some = items[start : start + AT_ONCE]
            for done, ((what, file), size) in enumerate(zip(some, pool.map(shape, some), strict=True), start + 1):
                clip = what if file else what.clip
                if isinstance(size, str):
                    yield Finding("error", "decode", clip, size)
                elif file and sizes.setdefault(clip, size) != size:
                    was = sizes[clip]
                    yield Finding("error", "decode", clip, f"{file.name} is {size[1]}x{size[0]} px, others of the clip {was[1]}x{was[0]}")
                if progress:
                    progress(done, len(items))


@contextmanager
def _quiet() -> Iterator[None]:
    """OpenCV without its own lines about each broken picture on the terminal: they are findings."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)
