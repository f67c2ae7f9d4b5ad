"""MMEW: 300 micro-expressions of 30 people and 900 macro-expressions of the same, 90 frames/s."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from ..media.pictures import PICTURES
from .alike import numbered
from .base import Dataset, sheet_table

_STILL = re.compile(r"(s\d{2})-\d{2}-\d{3}", re.IGNORECASE)


class MMEW(Dataset):
    """MMEW: micro-expressions as clips, and macro-expressions as stills.

    Files expected: ``MMEW_Micro_Exp.xlsx``, ``Micro_Expression/disgust/S13-07-001/1.jpg`` (or
    ``S13/disgust/S13-07-001/1.jpg``) and, if they are there, ``Macro_Expression/S01/anger/S01-07-001.jpg``.

    Counts: 300 clips of 30 subjects (36 were recorded): surprise 89, disgust 72, others 66, happiness 36, fear 16, sadness 13,
    anger 8; without others, as a copy has it, 234. 900 macro-expressions: ``clips(kind="macro")`` gives each as one frame.

    Label oddities: about sixteen apexes and offsets of the sheet are wrong, in others; we have seen only the sheet without
    them and so correct none: the doctor lists what is out of order, and ``corrections`` takes your own. Some loaders call
    others repression; we do not.

    Known leaks: micro- and macro-expressions are of the same people.

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
    Ben, Ren, Zhang, Wang, Kpalma, Meng, Liu (2022), IEEE TPAMI 44(9). doi:10.1109/TPAMI.2021.3067464
    """

    name = "mmew"
    title = "MMEW"
    fps = 90.0
    resolution = "1920x1080"
    classes = ("surprise", "disgust", "others", "happiness", "fear", "sadness", "anger")
    doi = "10.1109/TPAMI.2021.3067464"
    request_url = "http://www.dpailab.com/database.html"
    expected: ClassVar = {
        "clips": 300, "subjects": 30,
        "surprise": 89, "disgust": 72, "others": 66, "happiness": 36, "fear": 16, "sadness": 13, "anger": 8,
    }  # fmt: skip
    published: ClassVar = {"clips": 300, "subjects": 36}
    layouts: ClassVar = {"micro": ("Micro_Expression", "Micro-Expression", "MMEW_Micro")}
    sheets = ("MMEW_Micro_Exp*", "MMEW*Micro*.xls*")

    def read_table(self) -> pd.DataFrame:
        """The sheet, a row a clip, and below it the macro-expressions on disk; ``file`` is the still."""
        sheet = sheet_table(self, required=("subject", "filename", "onset", "apex", "offset", "aus", "emotion"))
        subject = numbered(sheet["subject"], "S", 2)
        micro = sheet.assign(clip=subject + "/" + sheet["filename"], subject=subject, kind="micro", file="")
        macro = pd.DataFrame(self._stills(), columns=["clip", "subject", "emotion", "file"], dtype=str).assign(kind="macro")
        return pd.concat([micro.drop(columns="filename"), macro], ignore_index=True).fillna("")

    _passed_over: list[Path]

    def remarks(self) -> list[str]:
        """Whether it is the copy without others, and which stills have no name of theirs."""
        without = not (self.table["emotion"] == "others").any()
        said = ["this sheet lacks the 66 clips of others; the release has them"] if without else []
        return said + [f"{path} should be named like S01-07-001.jpg: passed over" for path in self._passed_over]

    def frame_paths(self, row: Any) -> dict[int, Path]:
        """The pictures of the clip's folder, or the still."""
        return {0: Path(row.file)} if row.file else self.pictures_in(self.nested_folder(str(row.emotion), row.clip[4:]))

    def _stills(self) -> list[tuple[str, str, str, str]]:
        """Clip, subject, emotion and file of each macro-expression."""
        top = self.tree.folder("Macro_Expression", "Macro-Expression")
        self._passed_over = []
        rows = []
        for folder in self.tree.walk(2, top) if top else ():
            for path in self.tree.entries(folder).values():
                if path.suffix.lower() in PICTURES:
                    if not (found := _STILL.match(path.name)):
                        self._passed_over.append(path)
                        continue
                    rows.append((f"{found[1].upper()}/macro/{path.stem}", found[1].upper(), folder.name, str(path)))
        return rows
