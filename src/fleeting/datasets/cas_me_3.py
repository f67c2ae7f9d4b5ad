"""CAS(ME)³, part A: micro- and macro-expressions of 98 people in long videos with depth, 30 frames/s."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from ..errors import DatasetError
from .alike import is_person, same
from .base import Dataset, told_apart
from .tree import read_sheet

ALL_EXPRESSIONS = ("cas(me)3_part_A_v2.xls*", "CASME3_part_A_v2.xls*", "cas(me)3_part_A*MaE*.xls*")


class CAS_ME_3(Dataset):
    """CAS(ME)³ part A: clips and long videos.

    Files expected: ``cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx`` (micro-expressions with emotions), perhaps
    ``cas(me)3_part_A_v2.xls`` (all expressions, no emotions: macro-expressions are taken from it), and
    ``part_A/spNO.1/a/color/175.jpg``. ``depth`` beside ``color`` is not read.

    Counts: 860 micro-expressions of 94 subjects: disgust 250, surprise 187, others 161, fear 86, anger 64, sad 57, happy 55;
    the paper has 943 micro- and 3,143 macro-expressions, the sheet of all expressions 3,346 macro. Parts B (no labels)
    and C (staged) are not read.

    Label oddities: ``spNo`` and ``spNO`` are one; subject and file name together name a video, not a clip, so clips are
    called ``spNO.1/a/355`` after their onset as published. 55 apexes are the onset. More than half last longer than half a second,
    73 more than two, four more than ten: one of these, whose offset has a digit too many, is corrected. Of some clips the
    first pictures are missing. The emotion is written happy and sad; once ``Others``.

    Known leaks: a subject has up to dozens of clips of one sitting, and they overlap with macro-expressions.

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
    Li, Dong, Lu, Wang, Yan, Ma, Liu, Huang, Fu (2023), IEEE TPAMI 45(3). doi:10.1109/TPAMI.2022.3174895
    """

    name = "cas-me-3"
    title = "CAS(ME)³ part A"
    fps = 30.0
    resolution = "1280x720"
    classes = ("disgust", "surprise", "others", "fear", "anger", "sad", "happy")
    doi = "10.1109/TPAMI.2022.3174895"
    request_url = "http://casme.psych.ac.cn/casme/e4"
    expected: ClassVar = {
        "clips": 860, "subjects": 94,
        "disgust": 250, "surprise": 187, "others": 161, "fear": 86, "anger": 64, "sad": 57, "happy": 55,
    }  # fmt: skip
    published: ClassVar = {"clips": 943, "macro": 3143}
    layouts: ClassVar = {"raw": ("part_A", "Part_A_ME_clip", "cas(me)3_part_A")}
    sheets = ("cas(me)3_part_A_ME_label_JpgIndex*.xls*", "casme3_part_A_ME*.xls*", *ALL_EXPRESSIONS)
    set_aside = ("depth",)

    def read_table(self) -> pd.DataFrame:
        """The sheets, a row an expression; ``video`` is the video it is in, ``objective`` the objective class, I to VII."""
        table = self._named(self.sheet)
        others = [] if self._sheet else self.tree.sheets(ALL_EXPRESSIONS)
        if others and others[0] != self.sheet:
            everything = self._named(others[0])
            table = pd.concat([table, everything[everything["kind"] == "macro"]], ignore_index=True)
            table["emotion"] = table["emotion"].fillna("") if "emotion" in table else ""
        return table.assign(clip=told_apart(table["clip"], table["kind"]))

    def frame_paths(self, row: Any) -> dict[int, Path]:
        """The colour pictures of the video in which the expression is."""
        return self.pictures_in(self.picture_folder(*row.video.split("/"), ("color", "colour", "RGB")))

    def recordings(self) -> dict[str, tuple[str, Path]]:
        """The long videos on disk."""
        found = {}
        for subject in self.tree.entries(self.pictures).values():
            for video in self.tree.entries(subject).values() if is_person(subject.name) else ():
                if colour := self.tree.child(video, "color", "colour", "RGB"):
                    name = f"spNO.{same(subject.name)}"
                    found[f"{name}/{video.name.strip().lower()}"] = (name, colour)
        return found

    def _named(self, path: Path) -> pd.DataFrame:
        required = ("subject", "filename", "onset", "apex", "offset", "aus")
        sheet = read_sheet(path, required)
        if not {"kind", "emotion"} & set(sheet):  # the sheet of all expressions has a kind, that of micro-expressions an emotion
            read_sheet(path, (*required, "emotion"))
        number = sheet["subject"].str.extract(r"(?i)^(?:spno|sp|sub|s)[.\s_]*0*(\d+)$")[0]
        if number.isna().any():
            raise DatasetError(f"{path} has the subject {sheet['subject'][number.isna()].iloc[0]!r}; expected is spNO.1 and so on.")
        subject = "spNO." + number
        video = subject + "/" + sheet["filename"].str.lower()
        kind = sheet["kind"].str.casefold().str.extract(r"(micro|macro)")[0] if "kind" in sheet else "micro"
        keep = [name for name in ("onset", "apex", "offset", "aus", "emotion", "objective") if name in sheet]
        return sheet[keep].assign(clip=video + "/" + sheet["onset"], subject=subject, kind=kind, video=video)
