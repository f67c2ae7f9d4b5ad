"""4DME: 267 micro-expressions of 41 people, filmed in four ways at once; the grey and colour videos are read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from .base import Dataset, sheet_table


class FourDME(Dataset):
    """4DME: folders of pictures, as public loaders of one of its videos expect them.

    Files expected: a sheet with ``sub_ID, fold_name, Onset, Apex, Offset, AUs, Emotion`` and a folder of numbered pictures
    a clip, ``<sub_ID>/<fold_name>/``, under whatever parents. We have not seen the release: what differs the doctor says,
    and :class:`.folder.FolderDataset` reads the rest. The meshes are not read.

    Counts: 267 micro-expressions of 41 subjects in five classes: positive, negative, surprise, repression, others; a clip
    may have more than one.

    Label oddities: action units marked ``(k)`` are left out, as loaders do. Macro-expressions have the type ``macro``.

    Known leaks: the four videos show the same moments: never train on one and test on another.

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
    Li, Cheng, Li, Behzad, Shen, Zafeiriou, Pantic, Zhao (2023), IEEE Trans. Affective Computing 14(4).
    doi:10.1109/TAFFC.2022.3182342
    """

    name = "4dme"
    title = "4DME"
    fps = 60.0
    resolution = "640x480"
    classes = ("positive", "negative", "surprise", "repression", "others")
    doi = "10.1109/TAFFC.2022.3182342"
    request_url = "https://6gflagship.com/publications/4dme-a-spontaneous-4d-micro-expression-dataset-with-multimodalities"
    expected: ClassVar = {"clips": 267, "subjects": 41}
    sheets = ("4DME*.xls*", "4DME*.csv", "*4D*.xls*")

    def read_table(self) -> pd.DataFrame:
        """The sheet, a row a clip."""
        sheet = sheet_table(self, "kind", required=("subject", "filename", "onset", "apex", "offset", "aus", "emotion"))
        if "kind" in sheet:
            sheet["kind"] = sheet["kind"].str.casefold().str.extract(r"(micro|macro)")[0].fillna("micro")
        clean = [re.sub(r"[^\w.-]+", "_", name) for name in sheet["filename"]]
        return sheet.assign(clip=sheet["subject"] + "/" + pd.Series(clean, index=sheet.index), folder=sheet["filename"])

    def frame_paths(self, row: Any) -> dict[int, Path]:
        """The pictures of the clip's folder, wherever it lies."""
        return self.pictures_in(self.nested_folder(row.subject, row.folder))
