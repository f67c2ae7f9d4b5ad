"""CAS(ME)²: 57 micro- and 300 macro-expressions of 22 people in long videos, 30 frames/s."""

from __future__ import annotations

import re
import warnings
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from ..clip import Clip
from ..errors import DatasetError, UsageError
from .alike import is_person, same
from .base import Dataset
from .tree import read_sheets

_FILMS = {"anger": "negative", "happy": "positive", "disgust": "surprise"}
_COLUMNS = ["participant", "code", "onset", "apex", "offset", "aus", "emotion", "kind", "self_report"]


class CAS_ME_2(Dataset):
    """CAS(ME)²: clips and long videos.

    Files expected: ``CAS(ME)^2code_final.xlsx`` (sheet ``CASFEcode_final`` without a header, ``naming rule1``: participant 1 is
    s15, ``naming rule2``: 0401 is anger1), and the videos ``cropped/s15/15_0101disgustingteeth/img001.jpg`` or ``rawpic/...``
    or ``longVideoFaceCropped/...``. Without those, expressions alone: ``selectedpic/s15/anger1_1/img557.jpg``. The films of
    ``rawvideo`` are not read.

    Counts: 357 expressions of 22 subjects: 57 micro, of 14 of them (negative 21, others 19, surprise 9, positive 8), and 300
    macro (negative 105, positive 116, others 63, surprise 16), in 98 videos, of which 95 have an expression by this sheet
    and 33 a micro-expression. MEGC uses 87. The paper has 250 macro-expressions and 53 micro-expressions.

    Label oddities: an offset of 0 means that it was not coded (44 macro-expressions): ``offset`` is <NA> and the apex stands for it;
    one apex is 0. In three rows apex and offset were exchanged, which is corrected. ``self_report`` is the word of the
    subject; it may differ from ``emotion``. Clips are named ``s15/anger1_1``, videos ``s15/15_0401``.

    Known leaks: up to 44 expressions of a subject in one sitting; macro- and micro-expressions overlap in time.

    Request: by a licence agreement, see ``request_url``.

    Parameters
    ----------
    root : str or Path, optional
        Folder of the release; default ``$FLEETING_DATA/<name>``.
    subset : {"micro", "all", "stimulus"}, default="micro"
        What ``clips()`` gives: the 57 micro-expressions; all 357 expressions; or these with the class of the film that was
        shown, anger negative, happy positive, disgust surprise. The last is how a paper with "206 videos" in these three
        classes, which cannot be the coders', must have come by them. It warns, for it says nothing about expressions.
    **keywords
        ``sheet``, ``layout`` and ``corrections``, as other releases have them.

    References
    ----------
    Qu, Wang, Yan, Li, Wu, Fu (2018), IEEE Trans. Affective Computing 9(4). doi:10.1109/TAFFC.2017.2654440
    """

    name = "cas-me-2"
    title = "CAS(ME)²"
    fps = 30.0
    resolution = "640x480"
    classes = ("positive", "negative", "surprise", "others")
    doi = "10.1109/TAFFC.2017.2654440"
    request_url = "http://casme.psych.ac.cn/casme/e3"
    expected: ClassVar = {"clips": 57, "subjects": 14, "macro": 300, "negative": 21, "others": 19, "surprise": 9, "positive": 8}
    long_videos = 98
    published: ClassVar = {"clips": 53, "macro": 250}
    layouts: ClassVar = {
        "cropped": ("cropped", "longVideoFaceCropped"),
        "raw": ("rawpic",),
        "clips": ("selectedpic_cropped", "selectedpic"),
    }
    sheets = ("CAS(ME)^2code*.xls*", "*code_final*.xls*", "CASME_sq*.xls*")

    def __init__(self, root: str | Path | None = None, *, subset: str = "micro", **keywords: Any):
        if subset not in ("micro", "all", "stimulus"):
            raise UsageError(f"subset={subset!r} must be micro, all or stimulus.")
        if subset == "stimulus":
            warnings.warn("CAS(ME)²: the classes are those of the films that were shown, not of the expressions seen.", stacklevel=2)
            self.expected = {}  # type: ignore[misc]
        self.subset = subset
        super().__init__(root, **keywords)

    def clips(self, *, kind: str | None = None, partial: bool = False) -> list[Clip]:
        """The clips of the subset, as :meth:`.base.Dataset.clips` gives them."""
        if kind or self.subset == "micro":
            return super().clips(kind=kind, partial=partial)
        kinds = [each for each in ("micro", "macro") if (self.table["kind"] == each).any()]
        return [clip for each in kinds for clip in super(CAS_ME_2, self).clips(kind=each, partial=partial)]

    def read_table(self) -> pd.DataFrame:
        """The sheet, a row an expression, with folders' names in place of participants' numbers and stimulus words."""
        sheets = read_sheets(self.sheet)
        lacking = [name for name in ("CASFEcode_final", "naming rule1", "naming rule2") if name not in sheets]
        if lacking:
            raise DatasetError(f"{self.sheet} lacks the sheet {lacking[0]!r}; it has {', '.join(sheets)}. Take it as released.")
        rows = [(row + [""] * 9)[:9] for row in sheets["CASFEcode_final"] if len(row) > 4 and row[0].isdecimal()]
        if not rows:
            raise DatasetError(f"{self.sheet}: CASFEcode_final should have {', '.join(_COLUMNS)} in its columns, and has not.")
        table = pd.DataFrame(rows, columns=_COLUMNS, dtype=str)
        folders = {row[2]: row[1] for row in sheets["naming rule1"] if len(row) > 2}
        stimuli = {row[1]: row[0].zfill(4) for row in sheets["naming rule2"] if len(row) > 1}
        word = table["code"].str.rpartition("_")[0]
        unknown = [*sorted(set(table["participant"]) - set(folders)), *sorted(set(word) - set(stimuli))]
        if unknown:
            raise DatasetError(f"{self.sheet}: the naming rules do not know {unknown[0]!r}. Take the sheet as it was released.")
        subject = table["participant"].map(folders)
        video = subject + "/" + subject.str.removeprefix("s") + "_" + word.map(stimuli)
        kind = table["kind"].str.partition("-")[0].str.casefold()
        if self.subset == "stimulus":
            table["emotion"] = word.str.extract(r"(anger|happy|disgust)")[0].map(_FILMS).fillna("")
        return table.drop(columns="participant").assign(clip=subject + "/" + table["code"], subject=subject, kind=kind, video=video)

    def frame_paths(self, row: Any) -> dict[int, Path]:
        """The pictures of the video in which the expression is, or of the expression's own folder."""
        if self.layout == "clips":
            return self.pictures_in(self.picture_folder(*row.clip.split("/")))
        if row.video not in self._folders:
            raise DatasetError(f"{self.pictures} has no folder {row.video}... Unpack or copy CAS(ME)² again.")
        return self.pictures_in(self._folders[row.video])

    def recordings(self) -> dict[str, tuple[str, Path]]:
        """The long videos on disk."""
        return {name: (name.partition("/")[0], folder) for name, folder in self._folders.items()}

    def videos(self) -> list[Any]:
        """The long videos; DatasetError where only ``selectedpic`` is there."""
        if self.layout == "clips":
            raise DatasetError(f"{self.pictures} has expressions only; the long videos are in cropped or rawpic.")
        return super().videos()

    @cached_property
    def _folders(self) -> dict[str, Path]:
        below = self.tree.below(self.pictures, depth=4 if self.layout == "plain" else 2)
        found = {(parent, re.match(r"\d+_\d{4}", name)): path for (parent, name), path in below.items()}
        return {f"{self._subject(parent)}/{match.group()}": path for (parent, match), path in found.items() if match}

    def _subject(self, folder: str) -> str:
        """``s15`` for a folder of that or a like name."""
        subject = f"s{same(folder)}" if is_person(folder) else folder
        if subject != folder:
            self.otherwise[subject] = folder
        return subject

    def _is_sheet(self, path: Path) -> bool:
        try:
            return "CASFEcode_final" in read_sheets(path)
        except DatasetError:
            return False
