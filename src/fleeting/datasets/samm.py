"""SAMM: 159 spontaneous micro-expressions of 29 people of 13 ethnicities, 200 frames/s, grey."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from .alike import numbered
from .base import Dataset, sheet_table


class SAMM(Dataset):
    """SAMM as released: its micro-expressions, grey, each in a folder.

    Files expected: ``SAMM_Micro_FACS_Codes_v2.xlsx`` and ``SAMM/006/006_1_2/006_05562.jpg`` (or the folder ``SAMM_CROP``).

    Counts: 159 clips of 29 subjects (32 were recorded). Anger 57, happiness 26, other 26, surprise 15, contempt 12,
    disgust 9, fear 8, sadness 6. Of the 133 that MEGC 2019 takes, 92 are negative.

    Label oddities: the header is the 14th row, below notes; subjects keep their zeros ("006"); one-sided action units are
    ``L2``, ``R2``, intensities follow (``12A/B``), and five cells leave a choice (``L12 or L14``). The apexes of 028_4_1 and
    032_3_1 lie outside their clips and are corrected; so is, in old editions, the offset of 013_1_9. Pictures are grey.

    Known leaks: clips of one subject follow each other in one sitting; only subject-wise splits are honest.

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
    Davison, Lansley, Costen, Tan, Yap (2018), IEEE Trans. Affective Computing 9(1). doi:10.1109/TAFFC.2016.2573832
    """

    name = "samm"
    title = "SAMM"
    fps = 200.0
    resolution = "2040x1088"
    classes = ("anger", "happiness", "other", "surprise", "contempt", "disgust", "fear", "sadness")
    doi = "10.1109/TAFFC.2016.2573832"
    request_url = "https://helward.mmu.ac.uk/STAFF/M.Yap/dataset.php"
    expected: ClassVar = {
        "clips": 159, "subjects": 29,
        "anger": 57, "happiness": 26, "other": 26, "surprise": 15, "contempt": 12, "disgust": 9, "fear": 8, "sadness": 6,
    }  # fmt: skip
    published: ClassVar = {"clips": 159, "subjects": 32}
    protocols: ClassVar = {
        "MEGC 2019, 3 classes": (("anger", "happiness", "surprise", "contempt", "disgust", "fear", "sadness"), 133),
        "5 classes": (("anger", "happiness", "contempt", "surprise", "other"), 136),
    }
    layouts: ClassVar = {"cropped": ("SAMM_CROP", "SAMM_cropped"), "raw": ("SAMM", "SAMM_Micro", "SAMM_raw")}
    sheets = ("SAMM*Micro_FACS*.xls*", "SAMM*FACS*.xls*")

    def read_table(self) -> pd.DataFrame:
        """The sheet, a row a clip; ``objective`` is the objective class, 1 to 7."""
        sheet = sheet_table(self, "objective", required=("subject", "filename", "onset", "apex", "offset", "aus", "emotion"))
        subject = numbered(sheet["subject"], "", 3)
        emotion = sheet["emotion"].replace({"Others": "other"})
        table = sheet.assign(clip=subject + "/" + sheet["filename"], subject=subject, emotion=emotion)
        return table.drop(columns="filename")

    def frame_paths(self, row: Any) -> dict[int, Path]:
        """The pictures of the clip's folder, by the number in their names."""
        return self.pictures_in(self.picture_folder(*row.clip.split("/")))
