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
from .tree import Tree, frame_number

MICRO_S = 0.5  # the usual definition of a micro-expression: no longer than this
AT_ONCE = 1000  # pictures handed to the threads; a million waiting ones would fill the memory
SHOWN = 10  # findings of a kind that the text has; all are in ``findings``


class Release(Protocol):
    """What the doctor asks of a release; :class:`.base.Dataset` answers."""

    title: ClassVar[str]
    classes: ClassVar[tuple[str, ...]]
    expected: ClassVar[Mapping[str, int]]
    long_videos: ClassVar[int]
    published: ClassVar[Mapping[str, int]]
    protocols: ClassVar[Mapping[str, tuple[tuple[str, ...], int]]]
    set_aside: ClassVar[tuple[str, ...]]
    root: Path
    tree: Tree
    layout: str
    pictures: Path
    unfit: list[str]

    @property
    def table(self) -> pd.DataFrame: ...  # noqa: D102
    @property
    def sheet_name(self) -> str: ...  # noqa: D102
    def recordings(self) -> dict[str, tuple[str, Path]]: ...  # noqa: D102
    def remarks(self) -> list[str]: ...  # noqa: D102
    def frame_paths(self, row: Any) -> dict[int, Path]: ...  # noqa: D102
    def span(self, row: Any, numbers: Mapping[int, Any]) -> tuple[int, int, int]: ...  # noqa: D102
    def clip(self, row: Any) -> Clip: ...  # noqa: D102


@dataclass(frozen=True)
class Finding:
    """One thing that was noticed.

    Attributes
    ----------
    level : {"error", "warning", "note"}
        Errors keep a clip from being used as it stands; warnings want a look; notes say what is known and harmless.
    topic : str
        ``sheet counts order onset apex offset long emotion double clip pictures frames video decode stray protocol``.
    clip : str
        As in the table; empty if the finding is not about one clip.
    text : str
    """

    level: str
    topic: str
    clip: str
    text: str


@dataclass
class Checkup:
    """What the doctor found in a release.

    Attributes
    ----------
    dataset, root, sheet, layout : str
        Which release, where, which edition of its sheet, and which of its picture folders.
    counts : dict of str to int
        ``clips``, ``subjects``, clips of each emotion, ``videos`` on disk where the release has long ones, and ``usable``: clips
        that can be given as they stand.
    findings : list of Finding
    """

    dataset: str
    root: str
    sheet: str = ""
    layout: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not any(finding.level == "error" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain numbers, text, lists and dicts, for JSON."""
        return {**asdict(self), "ok": self.ok}

    def __str__(self) -> str:
        lines = [f"{self.dataset} in {self.root}", f"sheet {self.sheet}, layout {self.layout}"]
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
    release: Release, *, frames: bool = False, jobs: int | None = None, progress: Callable[[int, int], None] | None = None
) -> Checkup:
    """Everything that is wrong with a release, as findings; it raises nothing.

    Parameters
    ----------
    release : Release
    frames : bool, default=False
        Also decode every picture from onset to offset, and of long videos every picture.
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
    checkup.counts = _counts(table)
    recordings = _recordings(release, checkup)
    checkup.findings += [Finding("warning", "sheet", "", text) for text in (*release.remarks(), *release.unfit)]
    checkup.findings += [*_against_print(release, checkup.counts), *_numbers(table), *_words(release, table)]
    checkup.findings += _doubles(table)
    decode: list[tuple[str, Path]] = []
    inside: list[Any] = []  # rows whose frames are inside a video file, an npz or a csv
    used: set[Path] = set()
    lost: dict[str, list[str]] = {}
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
            lost.setdefault(str(row.subject), []).append(str(row.clip))
    checkup.counts["usable"] = usable
    if not seen:
        text = next((one.text for one in checkup.findings if one.topic == "pictures"), "the sheet is empty")
        checkup.findings = [one for one in checkup.findings if one.topic != "pictures"]
        checkup.findings.append(Finding("error", "pictures", "", f"no clip has pictures. {text}"))
        lost = {}
    for subject, clips in lost.items():
        if len(clips) == int((table["subject"] == subject).sum()):
            checkup.findings.append(Finding("error", "pictures", "", f"subject {subject} has no pictures at all ({len(clips)} clips)"))
    checkup.findings += _strays(release, used, folders, {path for _, path in release.recordings().values()})
    if frames:
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


def _counts(table: pd.DataFrame) -> dict[str, int]:
    micro = table[table["kind"] == "micro"] if (table["kind"] == "micro").any() else table
    counts = {"clips": len(micro), "subjects": int(micro["subject"].nunique())}
    counts |= {str(word): int(n) for word, n in micro["emotion"].value_counts().items()}
    if len(micro) < len(table):
        counts["macro"] = len(table) - len(micro)
    return counts


def _against_print(release: Release, counts: dict[str, int]) -> Iterator[Finding]:
    for name, number in release.expected.items():
        if counts.get(name, 0) != number:
            yield Finding("warning", "counts", "", f"{counts.get(name, 0)} {name}; the release has {number}")
    if counts.get("videos", release.long_videos) != release.long_videos > 0:
        yield Finding("warning", "counts", "", f"{counts['videos']} long videos; the release has {release.long_videos}")
    for name, number in release.published.items():
        if counts.get(name, 0) != number:
            yield Finding("note", "counts", "", f"{counts.get(name, 0)} {name}; the paper has {number}")
    for name, (emotions, number) in release.protocols.items():
        here = sum(counts.get(word, 0) for word in emotions)
        if here != number:
            yield Finding("note", "protocol", "", f"{here} clips have the labels of {name}; that protocol takes {number}")


def _numbers(table: pd.DataFrame) -> Iterator[Finding]:
    apexes = table["apex"].isna().sum()
    if 0 < apexes < len(table):
        for clip in table.loc[table["apex"].isna(), "clip"]:
            yield Finding("warning", "apex", str(clip), "no apex was coded; the middle frame stands for it")
    elif apexes:
        yield Finding("note", "apex", "", "no apex was coded in this release; the middle frame stands for it")
    if table["onset"].notna().any():
        for clip in table.loc[table["onset"].isna(), "clip"]:
            yield Finding("warning", "onset", str(clip), "no onset was coded; it is taken to begin with its first picture")
        for clip in table.loc[table["offset"].isna(), "clip"]:
            yield Finding("warning", "offset", str(clip), "no offset was coded, or zero")
    seconds = (table["offset"] - table["onset"] + 1) / table["fps"].where(table["fps"] > 0)  # 0: the video knows
    long = ((table["kind"] == "micro") & (seconds > MICRO_S)).fillna(False).astype(bool)
    for clip, length in zip(table.loc[long, "clip"], seconds[long], strict=True):
        yield Finding("warning", "long", str(clip), f"lasts {length:.2f} s; a micro-expression lasts at most {MICRO_S} s")


def _words(release: Release, table: pd.DataFrame) -> Iterator[Finding]:
    """Micro-expressions without a word for their emotion, where others have one, and words that the release does not use."""
    rows = table[table["kind"] == "micro"]
    if rows["emotion"].notna().any():
        for clip in rows.loc[rows["emotion"].isna(), "clip"]:
            yield Finding("warning", "emotion", str(clip), "no emotion was coded")
    if release.classes:
        words = rows["emotion"].dropna().str.split(r"\s*[+,/&]\s*", regex=True)  # 4DME has several in a cell
        known = words.map(lambda each: set(each) <= set(release.classes)).astype(bool)
        for row in rows.loc[known.index[~known]].itertuples():
            yield Finding("warning", "emotion", str(row.clip), f"{row.emotion!r} is none of {', '.join(release.classes)}")


def _doubles(table: pd.DataFrame) -> Iterator[Finding]:
    for clip, number in table["clip"].value_counts().items():
        if number > 1:
            yield Finding("error", "double", str(clip), f"stands in the sheet {number} times")
    case = table["subject"] + "/" + table["clip"].str.casefold()
    for clip in table.loc[case.duplicated() & ~table["clip"].duplicated(), "clip"]:
        yield Finding("error", "double", str(clip), "differs from another clip in case only")


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
        level = "warning" if all(number in files for number in (onset, apex, offset)) else "error"
        first = list(islice((number for number in range(onset, offset + 1) if number not in files), 5))
        which = ", ".join(map(str, first)) + (" ..." if lacking > 5 else "")
        found.append(Finding(level, "frames", row.clip, f"{lacking} of the pictures {onset} to {offset} are missing: {which}"))
    if not any(one.level == "error" for one in found):
        try:
            release.clip(row)  # whatever else clips() would say of it
        except OSError as error:
            found.append(Finding("error", "clip", row.clip, str(error)))
    return found, here


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
