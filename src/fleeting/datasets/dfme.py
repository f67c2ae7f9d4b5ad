"""DFME: 7,526 micro-expressions of 656 people; the part handed out for training has 1,856 of 176, 200 to 500 frames/s."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from .alike import numbered
from .base import Dataset, sheet_table


class DFME(Dataset):
    """DFME, as its sheets list it.

    Files expected: ``DFME_training_full_with_AU.xlsx`` (Subject, Filename, OnsetFrame, ApexFrame, OffsetFrame, Emotion, Fps,
    AU) and a folder of numbered pictures a clip, ``sub0003/sub0003_01/``, under whatever parents.

    Counts: 1,856 clips of 176 subjects: disgust 548, surprise 298, sadness 278, fear 265, happiness 206, anger 161,
    contempt 100. The paper has 7,526 of 656.

    Label oddities: frames a second differ between clips (500: 695 clips, 300: 605, 200: 556), so ``fps`` is each clip's own.
    Action descriptors are written AD38, movements M58.

    Known leaks: only subject-wise splits are honest.

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
    Zhao, Tang, Mao, Liu, Zhang, Wang, Xu, Chen (2024), IEEE Trans. Affective Computing 15(3).
    doi:10.1109/TAFFC.2023.3341918
    """

    name = "dfme"
    title = "DFME"
    fps = 500.0
    resolution = "1024x768"
    classes = ("disgust", "surprise", "sadness", "fear", "happiness", "anger", "contempt")
    doi = "10.1109/TAFFC.2023.3341918"
    request_url = "https://mea-lab-421.github.io"
    expected: ClassVar = {
        "clips": 1856, "subjects": 176,
        "disgust": 548, "surprise": 298, "sadness": 278, "fear": 265, "happiness": 206, "anger": 161, "contempt": 100,
    }  # fmt: skip
    published: ClassVar = {"clips": 7526, "subjects": 656}
    sheets = ("DFME*.xls*", "DFME*.csv")

    def read_table(self) -> pd.DataFrame:
        """The sheet, a row a clip."""
        sheet = sheet_table(self, "aus", required=("subject", "filename", "onset", "apex", "offset", "emotion", "fps"))
        subject = numbered(sheet["subject"], "sub", 4)
        return sheet.assign(clip=subject + "/" + sheet["filename"], subject=subject).drop(columns="filename")

    def frame_paths(self, row: Any) -> dict[int, Path]:
        """The pictures of the clip's folder, wherever it lies."""
        return self.pictures_in(self.nested_folder(row.subject, row.clip.partition("/")[2]))
