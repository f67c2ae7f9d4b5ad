"""CASME II: 255 spontaneous micro-expressions of 26 Chinese students, 200 frames/s, in a laboratory."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from .alike import numbered
from .base import Dataset, sheet_table


class CASME2(Dataset):
    """CASME II, raw or cropped, with its sheet of 2014 or of 2019.

    Files expected: ``CASME2-coding-20140508.xlsx`` or ``-20190701.xlsx``, and ``Cropped/sub01/EP02_01f/reg_img46.jpg`` or
    ``CASME2_RAW_selected/sub01/EP02_01f/img46.jpg``. With both sheets there, the later is taken. The videos of
    ``CASME2_compressed`` are not read.

    Counts: 255 clips of 26 subjects (35 were recorded). Others 99, disgust 63, happiness 32, repression 27, surprise 25,
    sadness 7, fear 2; in the sheet of 2019 surprise 28 and sadness 4, and the action units of 57 clips differ. The paper
    speaks of 247 clips in five classes, of which happiness 33 and others 102; copies with 246, 250, 254, 256 and 257
    circulate.

    Label oddities: ``/`` for the apex of sub04/EP12_01f (sheet of 2019; that of 2014 has 300); ``?`` for action units that
    could not be told. Frame numbers are not padded: img9 comes before img10. MEGC 2019 leaves out sub04/EP12_01f and
    sub05/EP09_05f, and takes disgust and repression only as negative.

    Known leaks: a subject has up to 34 clips, many of the same stimulus minutes apart; only subject-wise splits are honest.

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
    Yan, Li, Wang, Zhao, Liu, Chen, Fu (2014), PLoS ONE 9(1). doi:10.1371/journal.pone.0086041
    """

    name = "casme2"
    title = "CASME II"
    fps = 200.0
    resolution = "640x480"
    classes = ("happiness", "disgust", "repression", "surprise", "others", "sadness", "fear")
    doi = "10.1371/journal.pone.0086041"
    request_url = "http://casme.psych.ac.cn/casme/e2"
    expected: ClassVar = {"clips": 255, "subjects": 26, "others": 99, "disgust": 63, "happiness": 32, "repression": 27, "fear": 2}
    published: ClassVar = {"clips": 247, "subjects": 26, "others": 102, "disgust": 60, "happiness": 33, "repression": 27, "surprise": 25}
    protocols: ClassVar = {
        "MEGC 2019, 3 classes": (("happiness", "disgust", "repression", "surprise"), 145),
        "5 classes": (("happiness", "disgust", "repression", "surprise", "others"), 246),
    }
    layouts: ClassVar = {
        "cropped": ("Cropped", "CASME2_Cropped", "CASME2-Cropped"),
        "raw": ("CASME2_RAW_selected", "CASME2-RAW-selected", "CASME2_RAW", "CASME2-RAW", "CASME2-RAW-Localized"),
    }
    sheets = ("CASME2-coding-*.xlsx", "CASME2*coding*", "CASME2*.xls*")

    def read_table(self) -> pd.DataFrame:
        """The sheet, a row a clip; ``objective`` is the objective class 1 to 7 where the edition has it."""
        sheet = sheet_table(self, "objective", required=("subject", "filename", "onset", "apex", "offset", "aus", "emotion"))
        subject = numbered(sheet["subject"], "sub", 2)
        return sheet.assign(clip=subject + "/" + sheet["filename"], subject=subject).drop(columns="filename")

    def remarks(self) -> list[str]:
        """Which of the two editions it is, told by what differs."""
        if (self.table["emotion"] == "sadness").sum() == 7:
            return ["this is the sheet of 2014; in that of 2019 three sadness are surprise, and 57 clips have other action units"]
        return []

    def frame_paths(self, row: Any) -> dict[int, Path]:
        """The pictures of the clip's folder, by the number in their names."""
        return self.pictures_in(self.picture_folder(*row.clip.split("/")))
