"""CASME: 195 spontaneous micro-expressions of 19 Chinese students, 60 frames/s."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from .alike import numbered
from .base import Dataset, sheet_table


class CASME(Dataset):
    """CASME, sections A and B.

    Files expected: ``casme.xlsx`` (Subject, Filename, OnsetF, ApexF1, ApexF2, OffsetF, AU, Emotion) and
    ``sub01/EP01_5/reg_EP01_5-113.jpg``, also below ``Section A`` (daylight, 1280x720) and ``Section B`` (lamps, 640x480).

    Counts: 195 clips in the paper, 189 in the sheet that is handed out, of 19 subjects (35 were recorded): tense about 70,
    disgust 44, repression 39, surprise 20, happiness 9, sadness 6, contempt 3, fear 2. The survey's Table 1 counts eight
    classes, with amusement in place of happiness; others count seven.

    Label oddities: two columns of apexes, of which the first is taken. Frame numbers are padded from some clip on. Public
    loaders replace the numbers of five rows; we have not seen the sheet and so correct none: the doctor lists what is out
    of order, and ``corrections`` takes your own.

    Known leaks: only subject-wise splits are honest. CASME and CASME II have no subject in common that is documented.

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
    Yan, Wu, Liu, Wang, Fu (2013), FG. doi:10.1109/FG.2013.6553799
    """

    name = "casme"
    title = "CASME"
    fps = 60.0
    resolution = "1280x720, 640x480"
    classes = ("tense", "disgust", "repression", "surprise", "happiness", "sadness", "contempt", "fear")
    doi = "10.1109/FG.2013.6553799"
    request_url = "http://casme.psych.ac.cn/casme/e1"
    expected: ClassVar = {"clips": 189, "subjects": 19}
    published: ClassVar = {"clips": 195}
    layouts: ClassVar = {"cropped": ("CASME_cropped", "Cropped"), "raw": ("CASME_raw", "CASME_RAW_selected")}
    sheets = ("casme.xls*", "CASME1*.xls*", "CASME[!0-9_()i]*.xls*", "CASME_[!s]*.xls*")  # not CASME2-coding

    def read_table(self) -> pd.DataFrame:
        """The sheet, a row a clip."""
        sheet = sheet_table(self, required=("subject", "filename", "onset", "apex", "offset", "aus", "emotion"))
        subject = numbered(sheet["subject"], "sub", 2)
        return sheet.assign(clip=subject + "/" + sheet["filename"], subject=subject).drop(columns="filename")

    def frame_paths(self, row: Any) -> dict[int, Path]:
        """The pictures of the clip's folder, in whichever section it lies."""
        return self.pictures_in(self.nested_folder(*row.clip.split("/")))
