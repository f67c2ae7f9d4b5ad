"""SAMM Long Videos: 159 micro- and 343 macro-expressions in 147 videos of SAMM, 200 frames/s."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from .alike import numbered
from .base import Dataset, sheet_table, told_apart


class SAMMLV(Dataset):
    """SAMM Long Videos, for spotting.

    Files expected: ``SAMM_LongVideos_V1_Release.xlsx`` (or V2, V3; sheet ``FACS_Movement_Only``, notes above the header) and
    ``SAMM_longvideos/006_1/006_1_0001.jpg``.

    Counts: 502 expressions of 30 subjects in 147 videos: 159 micro (in 79 videos) and 343 macro.

    Label oddities: 178 rows have fractions of frames and are rounded. Apexes of -1 or below, and four that lie outside
    their expressions in older editions, are taken as not coded. 037_4_1 names a micro- and a macro-expression: the latter
    becomes 037_4_1-macro. There are action units, but no emotions; those are in :class:`.samm.SAMM`, whose frame numbers
    differ by the start of the video. Tables resampled to 30 frames/s circulate: their numbers do not fit these pictures.

    Known leaks: the micro-expressions are those of SAMM; never train on one and test on the other.

    Request: by a licence agreement, see ``request_url``.

    Parameters
    ----------
    root : str or Path, optional
        Folder of the release; default ``$FLEETING_DATA/<name>``.
    sheet : str or Path, optional
        Annotation sheet; default: the latest one found in the folder.
    layout : str, optional
        Which of the release's picture folders, out of ``layouts``; default: the first that is there.
    corrections : bool, str or Path, default=True
        Correct known published errors; or the path of your own file of corrections.

    References
    ----------
    Yap, Kendrick, Yap (2020), FG. doi:10.1109/FG47880.2020.00029
    """

    name = "samm-lv"
    title = "SAMM Long Videos"
    fps = 200.0
    resolution = "2040x1088"
    classes = ()
    doi = "10.1109/FG47880.2020.00029"
    request_url = "https://helward.mmu.ac.uk/STAFF/M.Yap/dataset.php"
    expected: ClassVar = {"clips": 159, "subjects": 29, "macro": 343}
    long_videos = 147
    layouts: ClassVar = {"raw": ("SAMM_longvideos", "SAMM_LongVideos"), "cropped": ("cropped_SAMM_longvideos",)}
    sheets = ("SAMM_LongVideos*.xls*", "SAMMLV*.xls*", "SAMM*Long*.xls*")

    def read_table(self) -> pd.DataFrame:
        """The sheet, a row an expression; ``video`` is the video it is in."""
        sheet = sheet_table(self, required=("subject", "filename", "onset", "apex", "offset", "kind", "aus"))
        kind = sheet["kind"].str.casefold().str.extract(r"(micro|macro)")[0]
        subject = numbered(sheet["subject"], "", 3)
        video = subject + "/" + sheet["filename"].str.rsplit("_", n=1).str[0]
        clip = told_apart(subject + "/" + sheet["filename"], kind)
        return sheet.drop(columns="filename").assign(clip=clip, subject=subject, kind=kind, video=video)

    def remarks(self) -> list[str]:
        """Whether the numbers are of another rate."""
        micro = self.table[self.table["kind"] == "micro"]
        length = (micro["offset"] - micro["onset"] + 1).median()
        if pd.notna(length) and length < 30:  # <NA> without any micro-expression
            return [f"half of the micro-expressions last {length:.0f} frames or less: a table resampled to 30 frames/s?"]
        return []

    def frame_paths(self, row: Any) -> dict[int, Path]:
        """The pictures of the video in which the expression is."""
        return self.pictures_in(self.picture_folder(row.video.partition("/")[2]))

    def recordings(self) -> dict[str, tuple[str, Path]]:
        """The long videos on disk."""
        found = {}
        for name, path in self.tree.entries(self.pictures).items():
            if numbers := re.fullmatch(r"0*(\d{1,3})[_-](\d+)", name):
                subject = numbers[1].zfill(3)
                found[f"{subject}/{subject}_{numbers[2]}"] = (subject, path)
        return found
