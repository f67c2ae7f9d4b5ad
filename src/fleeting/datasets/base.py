"""Dataset: one release on disk, as a table in the release's own numbers, as clips, as long videos, and examined."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ..clip import Clip, Video, shows_nobody
from ..errors import DatasetError, MediaError
from .aus import parse_aus
from .cells import frame_numbers, kinds, missing_between, next_missing, rates
from .check import Checkup, check
from .correct import NOT_CODED, correct, read_corrections
from .frames import Pictures, PictureStream, SteadyTimes, without_content
from .on_disk import OnDisk
from .tree import Tree, check_root, read_sheet, where_from

ABOUT = "release.json"  # in which a release that was made here says so
NOTE = "SYNTHETIC (Fleeting): drawn faces, modelled expressions. Nobody behaved like this."
NUMBERS = ("onset", "apex", "offset")
STANDARD = ("clip", "subject", *NUMBERS, "emotion", "aus", "kind", "fps")


class Dataset(OnDisk):
    """A release as its owners hand it out. Subclasses name it and give ``read_table`` and ``frame_paths``.

    Parameters
    ----------
    root : str or Path, optional
        Folder of the release; default ``$FLEETING_DATA/<name>``.
    sheet : str or Path, optional
        Annotation sheet; default: the latest one found in the folder.
    layout : str, optional
        Which of the release's picture folders, out of ``layouts``; default: the first that is there.
    corrections : bool, str or Path, default=True
        Correct known published errors, from ``corrections/<name>.csv`` or from your own file of that form (``clip, column,
        published, corrected, reason``). False takes the sheet as it is.

    Attributes
    ----------
    name, title, doi, request_url, resolution : str
        To the name of a folder that says it is synthetic, ``-synthetic`` is added; it then stands in all clip ids.
    fps : float
    classes : tuple of str
    expected : mapping of str to int
        ``clips``, ``subjects`` and clips an emotion, as in the release that is handed out.
    long_videos : int
        How many long videos the release has; 0: none, or not known.
    published : mapping of str to int
        What ``expected`` says, as the paper has it, where it differs.
    protocols : mapping of str to (tuple of str, int)
        Emotions a protocol takes, and the number of clips it ends up with.
    """

    fps: float
    resolution: ClassVar[str] = ""
    classes: ClassVar[tuple[str, ...]] = ()
    doi: ClassVar[str] = ""
    expected: ClassVar[Mapping[str, int]] = {}
    long_videos: ClassVar[int] = 0
    published: ClassVar[Mapping[str, int]] = {}
    protocols: ClassVar[Mapping[str, tuple[tuple[str, ...], int]]] = {}
    set_aside: ClassVar[tuple[str, ...]] = ()  # folders beside the pictures that the release has, and we do not read

    def __init__(
        self,
        root: str | Path | None = None,
        *,
        sheet: str | Path | None = None,
        layout: str | None = None,
        corrections: bool | str | Path = True,
    ):
        self.root = _root(root, self.name, self.title, self.request_url)
        self.tree = Tree(self.root)
        self.otherwise: dict[str, str] = {}
        if not shows_nobody(self.name) and _says_synthetic(self.root):  # whichever reader reads it, its clips are called synthetic
            self.name = f"{self.name}-synthetic"  # type: ignore[misc]
        self.corrections = corrections
        self._sheet = None if sheet is None else Path(sheet).expanduser()
        self.layout, self.pictures = self._find_pictures(layout)
        self.unfit: list[str] = []  # what of your own corrections found no clip; for the doctor
        self._below: dict[tuple[str, str], Path] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.root)!r})"

    def read_table(self) -> pd.DataFrame:
        """The sheet as text: ``clip subject onset apex offset emotion aus``, perhaps ``kind fps video`` and others.

        Returns
        -------
        DataFrame
            A row a clip.
        """
        raise NotImplementedError

    def frame_paths(self, row: Any) -> dict[int, Path]:
        """The pictures around one row of ``table``, by the release's frame number; DatasetError if there are none.

        Parameters
        ----------
        row : namedtuple
            A row of :attr:`table`.

        Returns
        -------
        dict of int to Path
            By the release's numbers.
        """
        raise NotImplementedError

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a clip: ``clip subject onset apex offset emotion aus kind fps``, then what else the release tells.

        Frame numbers are the release's own, <NA> where it coded none; known published errors are corrected. ``aus`` is a
        tuple, or None where action units were not coded.
        """
        table = self._correct(self.read_table().reset_index(drop=True))
        for column in NUMBERS:
            table[column] = frame_numbers(table, column, self.sheet_name)
        for column in ("apex", "offset"):  # zeros stand for "not coded"
            table[column] = table[column].mask((table[column] <= 0) & ~(table["onset"] <= 0).fillna(False))
        text = table["aus"] if "aus" in table else [None] * len(table)
        table["aus"] = pd.Series([parse_aus(cell) for cell in text], index=table.index, dtype=object)
        emotion = table["emotion"].str.strip().str.casefold() if "emotion" in table else pd.Series("", index=table.index)
        table["emotion"] = emotion.astype(object).mask(emotion.isin(NOT_CODED), None)
        table["kind"] = kinds(table, self.sheet_name) if "kind" in table else "micro"
        table["fps"] = rates(table, self.sheet_name) if "fps" in table else self.fps
        return table[[*STANDARD, *(column for column in table if column not in STANDARD)]]

    def clips(self, *, kind: str | None = None, partial: bool = False) -> list[Clip]:
        """The clips, from onset to offset; their pictures are read when they are looked at.

        Where no apex was coded, the middle frame stands for it, as in MEGC 2019. Where no offset was coded, the clip goes
        to the last picture of its folder, or, in a long video, to the apex.

        Parameters
        ----------
        kind : {"micro", "macro"}, optional
            Default: micro-expressions, or everything where the release has none.
        partial : bool, default=False
            Leave out clips of which pictures are missing or empty, whose numbers are out of order or whose name another one has,
            instead of raising.

        Returns
        -------
        list of Clip
            In the order of the table.

        Raises
        ------
        DatasetError
            A clip cannot be given; the message names the file, what was expected and what to do.
        """
        table = self.table
        if kind is None:
            kind = "micro" if (table["kind"] == "micro").any() else None
        rows = table if kind is None else table[table["kind"] == kind]
        if rows.empty:
            there = ", ".join(sorted(table["kind"].unique()))
            has = f"it has {there}: ask for kind={there!r}" if there else "take it as it was released"
            raise DatasetError(f"{self.sheet_name} lists no {f'{kind} ' if kind else ''}clip; {has}.")
        if twice := sorted(set(rows["clip"]) & set(table.loc[table["clip"].duplicated(), "clip"])):  # of whichever kind
            rows = rows[~rows["clip"].isin(twice)]
        if twice and not (partial and len(rows)):
            raise DatasetError(f"{self.sheet_name} lists {twice[0]} twice; each clip needs a name of its own.")
        clips, wrong = [], []
        for row in rows.itertuples(index=False):
            try:
                clips.append(self.clip(row))
            except (DatasetError, MediaError) as error:
                wrong.append(str(error))
        if wrong and not (partial and clips):
            raise DatasetError(
                f"{len(wrong)} of the {len(rows)} clips of {self.title} in {self.root} cannot be had. The first: {wrong[0]} "
                f"`fleeting datasets check {self.name} {self.root}` lists all; clips(partial=True) leaves them out."
            )
        return clips

    def videos(self) -> list[Video]:
        """The long videos with what was coded in them; DatasetError where the release has clips only.

        Returns
        -------
        list of Video
            In the order of their names.
        """
        if "video" not in self.table:
            raise DatasetError(f"{self.title} has no long videos here; use clips().")
        videos = [self._video(str(name), rows) for name, rows in self.table.groupby("video", sort=False)]
        coded = {video.id for video in videos}
        silent = [item for item in self.recordings().items() if f"{self.name}/{item[0]}" not in coded]
        return videos + [self._picture_video(name, *found, self.table.iloc[:0]) for name, found in silent]

    def recordings(self) -> dict[str, tuple[str, Path]]:
        """Subject and folder of each long video on disk, by name: those in which nothing was coded are among them.

        Returns
        -------
        dict of str to tuple of str and Path
            Empty where the release has clips only.
        """
        return {}

    def remarks(self) -> list[str]:
        """What is to be said of this edition of the sheet; for the doctor.

        Returns
        -------
        list of str
            Sentences.
        """
        return []

    def check(
        self,
        *,
        deep: bool = False,
        frames: bool = False,
        jobs: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Checkup:
        """The doctor's findings, see :func:`.check.check`: files against annotations, counts against print; ``frames`` is ``deep``.

        Parameters
        ----------
        deep : bool, default=False
            Decode each picture, too.
        frames : bool, default=False
            The same as ``deep``.
        jobs : int, optional
            Threads that decode; default: one a core.
        progress : callable, optional
            Called with the number of pictures decoded, and of all.

        Returns
        -------
        Checkup
            It raises nothing.
        """
        return check(self, deep=deep or frames, jobs=jobs, progress=progress)

    def span(self, row: Any, numbers: Mapping[int, Any]) -> tuple[int, int, int]:
        """Onset, apex and offset of a row in the release's numbers, what was not coded filled in as ``clips`` says.

        Parameters
        ----------
        row : namedtuple
            A row of :attr:`table`.
        numbers : mapping of int
            The numbers of the pictures that are there.

        Returns
        -------
        tuple of int
            Onset, apex, offset.
        """
        first, last = min(numbers), max(numbers)
        onset = first if pd.isna(row.onset) else int(row.onset)
        if not pd.isna(row.offset):
            offset = int(row.offset)
        else:
            offset = int(row.apex) if hasattr(row, "video") and not pd.isna(row.apex) else last
        apex = onset + (offset - onset) // 2 if pd.isna(row.apex) else int(row.apex)
        return onset, apex, offset

    def clip(self, row: Any) -> Clip:
        """The clip of one row of ``table``; DatasetError if it cannot be given.

        Parameters
        ----------
        row : namedtuple
            A row of :attr:`table`.

        Returns
        -------
        Clip
            Its pictures are read when they are looked at.
        """
        files = self.frame_paths(row)
        onset, apex, offset = self.span(row, files)
        self._check_span(row, onset, apex, offset, files)
        numbers = [number for number in files if onset <= number <= offset]
        if lost := next((text for number in numbers if (text := without_content(files[number]))), None):
            raise DatasetError(f"{row.clip}: {lost}. Copy it again, or leave the clip out with partial=True.")
        return Clip(
            id=f"{self.name}/{row.clip}", dataset=self.name, subject=row.subject, fps=float(row.fps),
            onset=0, apex=numbers.index(apex), offset=len(numbers) - 1,
            read=Pictures(tuple(files[number] for number in numbers)), emotion=row.emotion, aus=row.aus,
        )  # fmt: skip

    def _check_span(self, row: Any, onset: int, apex: int, offset: int, files: Mapping[int, Any]) -> None:
        if not onset <= apex <= offset:
            raise DatasetError(
                f"{row.clip} in {self.sheet_name} has onset {onset}, apex {apex}, offset {offset}: not in that order. "
                "Correct it in a file of your own (corrections=)."
            )
        lacking = [number for number in (onset, apex, offset) if number not in files]
        if lacking:
            raise DatasetError(
                f"{row.clip} lacks frame {lacking[0]} of {onset} to {offset}; {next(iter(files.values())).parent} holds "
                f"{min(files)} to {max(files)}. Copy the folder again, or correct the number (corrections=)."
            )
        if gaps := missing_between(onset, offset, files):
            raise DatasetError(
                f"{row.clip} lacks {gaps} of the pictures {onset} to {offset}, the first is {next_missing(onset, files)}: time would jump "
                f"there. Copy {next(iter(files.values())).parent} again, or leave the clip out with partial=True."
            )

    def _video(self, name: str, rows: pd.DataFrame) -> Video:
        row: Any = next(rows.itertuples(index=False))
        files = self.frame_paths(row)
        return self._picture_video(name, row.subject, next(iter(files.values())).parent, rows, float(row.fps))

    def _picture_video(self, name: str, subject: str, folder: Path, rows: pd.DataFrame, fps: float = 0.0) -> Video:
        files = self.pictures_in(folder)
        return Video(
            id=f"{self.name}/{name}", dataset=self.name, subject=subject, fps=fps or self.fps,
            intervals=self._intervals(rows, files), stream=PictureStream(tuple(files.values())),
            times=SteadyTimes(len(files), fps or self.fps),
        )  # fmt: skip

    def _intervals(self, rows: pd.DataFrame, files: Mapping[int, Path]) -> pd.DataFrame:
        numbers = np.array(list(files))
        spans = np.array([self.span(row, files) for row in rows.itertuples(index=False)], int).reshape(-1, 3)
        outside = (spans[:, 0] > numbers[-1]) | (spans[:, 2] < numbers[0])  # beyond the end, not merely up to it
        if outside.any():
            raise DatasetError(
                f"{rows['clip'].to_numpy()[outside][0]} in {self.sheet_name} lies outside of its video, frames {numbers[0]} to "
                f"{numbers[-1]} of {next(iter(files.values())).parent}. Copy the video again, or correct the numbers (corrections=)."
            )
        position = np.searchsorted(numbers, spans).clip(max=len(numbers) - 1)
        intervals = pd.DataFrame(position, columns=list(NUMBERS)).assign(kind=rows["kind"].astype(object).to_numpy())
        intervals["apex"] = intervals["apex"].astype("Int64").mask(rows["apex"].isna().to_numpy())
        return intervals.sort_values("onset", kind="stable", ignore_index=True)

    def _correct(self, table: pd.DataFrame) -> pd.DataFrame:
        if self.corrections is False:
            return table
        own = None if self.corrections is True else self.corrections
        known = read_corrections(self.name, own)
        if known and own is not None and "clip" in known[0]:
            unknown = [clip for clip in dict.fromkeys(known[0]["clip"]) if clip not in set(table["clip"])]
            self.unfit = [f"{known[1]} corrects {clip}, which the sheet does not list" for clip in unknown]
        return correct(table, *known, self.sheet_name) if known else table


def sheet_table(dataset: Dataset, *optional: str, required: tuple[str, ...] = ("subject", "filename", *NUMBERS)) -> pd.DataFrame:
    """The dataset's sheet with the required columns, and of the optional ones those it has."""
    sheet = read_sheet(dataset.sheet, required)
    return sheet[[*required, *(name for name in optional if name in sheet and name not in required)]]


def told_apart(names: pd.Series, kinds: pd.Series) -> pd.Series:
    """Names of clips, ``-macro`` added to a macro-expression that shares its name with a micro-expression."""
    shared = names.duplicated(keep=False) & (kinds == "macro")
    return names.where(~shared, names + "-macro")


def _root(root: str | Path | None, name: str, title: str, request_url: str) -> Path:
    if root is None:
        home = os.environ.get("FLEETING_DATA")
        if not home:
            raise DatasetError(
                f"Where is {title}? Give its folder, or set FLEETING_DATA to the folder that holds {name}/. "
                f"{where_from(request_url)}".rstrip()
            )
        root = Path(home) / name
    path = Path(root).expanduser()
    check_root(path, title, request_url)
    return path


def _says_synthetic(root: Path) -> bool:
    """Whether a folder, or the one that it lies in, says of itself that it was made here and shows nobody."""
    for folder in (root, root.absolute().parent):
        try:
            if str(json.loads((folder / ABOUT).read_text("utf-8"))["note"]).startswith("SYNTHETIC"):
                return True
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return False
