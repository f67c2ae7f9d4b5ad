"""SMIC: 164 spontaneous micro-expressions of 16 people, labelled by what they reported themselves."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from ..errors import DatasetError
from .alike import sorted_copy
from .base import NUMBERS, Dataset
from .tree import read_sheet

EMOTIONS = {"ne": "negative", "po": "positive", "sur": "surprise"}
_CLIP = re.compile(r"s0*(\d+)_(ne|po|sur)_0*(\d+)", re.IGNORECASE)
# Frames a second, and what the release has, of each camera. Of VIS and NIR sources differ on negative (23, 24) and surprise (20, 19).
CAMERAS: dict[str, tuple[float, dict[str, int]]] = {
    "HS": (100.0, {"clips": 164, "subjects": 16, "negative": 70, "positive": 51, "surprise": 43}),
    "VIS": (25.0, {"clips": 71, "subjects": 8, "positive": 28}),
    "NIR": (25.0, {"clips": 71, "subjects": 8, "positive": 28}),
}
_LABELS = {"0": "negative", "1": "positive", "2": "surprise"}


def smic_name(text: str) -> str | None:
    """The name of a SMIC clip as MEGC writes it: ``s1_ne_1``, ``s01_ne_01`` are both ``s01_ne_01``; None if it is none."""
    found = _CLIP.search(text)
    return found and f"s{int(found[1]):02d}_{found[2].lower()}_{int(found[3]):02d}"


class SMIC(Dataset):
    """SMIC of one camera (HS, VIS or NIR): cropped, raw, or the longer clips of the edition E.

    Files expected: ``SMIC_all_cropped/HS/s01/micro/negative/s1_ne_01/reg_image000001.bmp``, or ``SMIC_all_raw/HS/...``, or
    ``HS_long/SMIC-HS-E/HS/s20/s20_ne_01/image17581039.jpg`` with ``SMIC-HS-E_annotation.xlsx``. Padding of subjects and
    numbers varies; clips are named as MEGC 2019 does, ``s01/s01_ne_01``. ``non_micro`` is passed over.

    Counts: HS 164 clips of 16 subjects (20 were recorded): negative 70, positive 51, surprise 43. VIS and NIR 71 of 8.

    Label oddities: labels are the subjects' own reports, no action units, no apex: a sheet with apexes, such as
    circulate, can be given with ``sheet``. Where no sheet is given a clip is its whole folder. Frame numbers start anywhere.
    In the long edition the clip is what lies between onset and offset, and ``videos()`` gives the whole.

    Known leaks: the three cameras filmed the same moments: never train on one and test on another. VIS and NIR show 8 of
    the 16 subjects of HS. Clips of one subject follow each other.

    Request: by a licence agreement, see ``request_url``.

    Parameters
    ----------
    root : str or Path, optional
        Folder of the release; default ``$FLEETING_DATA/<name>``.
    camera : {"HS", "VIS", "NIR"}, default="HS"
        High speed (100 frames/s), visual and near infrared (25 frames/s).
    **keywords
        ``sheet``, ``layout`` and ``corrections``, as other releases have them.

    References
    ----------
    Li, Pfister, Huang, Zhao, Pietikäinen (2013), FG. doi:10.1109/FG.2013.6553717
    """

    name = "smic"
    title = "SMIC"
    fps = 100.0
    resolution = "640x480"
    classes = ("negative", "positive", "surprise")
    doi = "10.1109/FG.2013.6553717"
    request_url = "https://www.oulu.fi/cmvs/node/41319"
    expected: ClassVar = CAMERAS["HS"][1]
    published: ClassVar = {"clips": 164}
    protocols: ClassVar = {"MEGC 2019, 3 classes": (classes, 164)}
    layouts: ClassVar = {
        "cropped": ("SMIC_all_cropped", "SMIC_cropped"),
        "raw": ("SMIC_all_raw", "SMIC_raw"),
        "long": ("SMIC_long", "SMIC-E_raw image", "SMIC_E_raw_image", "HS_long"),
    }

    set_aside = ("non_micro",)

    def __init__(self, root: str | Path | None = None, *, camera: str = "HS", **keywords: Any):
        if camera not in CAMERAS:
            raise DatasetError(f"camera={camera!r} is none of SMIC's: {', '.join(CAMERAS)}.")
        self.camera = camera
        parents = self.layouts["long"][:-1]
        self.layouts = {**self.layouts, "long": (*parents, f"{camera}_long")}  # type: ignore[misc]
        super().__init__(root, **keywords)
        if camera != "HS":
            self.fps, self.expected = CAMERAS[camera]  # type: ignore[misc]
            self.published, self.protocols = {}, {}  # type: ignore[misc]

    def read_table(self) -> pd.DataFrame:
        """One row a clip folder, numbers from the sheet where there is one; ``folder`` says where it lies."""
        folders = self._folders()
        if not folders and self._sheet is None:
            raise DatasetError(
                f"{self.pictures} has no folder of {self.camera} such as {self.camera}/s01/micro/negative/s1_ne_01. "
                f"{sorted_copy(self.tree)} {self.tree.packed()}"
                "Give the folder that holds SMIC_all_cropped or SMIC_all_raw, or another camera=."
            )
        sheet = self._annotations()
        names = folders if sheet is None else {**folders, **dict.fromkeys(sheet.index, None), **folders}
        rows = [(f"{name[:3]}/{name}", name[:3], EMOTIONS[name.split("_")[1]], str(path or "")) for name, path in names.items()]
        table = pd.DataFrame(rows, columns=["clip", "subject", "emotion", "folder"]).sort_values("clip", ignore_index=True)
        for column in NUMBERS:
            known = sheet[column].to_dict() if sheet is not None and column in sheet else {}
            table[column] = [known.get(clip[4:], "") for clip in table["clip"]]
        return table.assign(video=table["clip"]) if self.layout == "long" else table

    def frame_paths(self, row: Any) -> dict[int, Path]:
        """The pictures of the clip's folder, by the number in their names."""
        if not row.folder:
            raise DatasetError(f"{self.pictures} has no folder {row.clip[4:]} of {self.camera}. Copy SMIC again.")
        return self.pictures_in(Path(row.folder))

    def _is_sheet(self, path: Path) -> bool:
        others = set(CAMERAS) - {self.camera}  # clips of all cameras have one name, and other numbers
        return not any(camera in path.name.upper() for camera in others) and super()._is_sheet(path)

    def _folders(self) -> dict[str, Path]:
        """Clip folders of this camera by name; those of other cameras and of moments that are no expression left out."""
        others = {"hs", "vis", "nir"} - {self.camera.lower()}
        found: dict[str, Path] = {}
        for folder in self.tree.walk(depth=6, below=self.pictures):
            inside = folder.relative_to(self.pictures).parts if folder != self.pictures else ()
            parts = {re.split(r"[-_ ]", part.lower())[0] for part in inside if part.lower().startswith(("hs", "vis", "nir"))}
            if parts & others or any("non_micro" in part.lower() for part in inside):
                continue
            name = smic_name(folder.name)
            if name and _CLIP.fullmatch(folder.name.strip()):
                found.setdefault(name, folder)
        return found

    @property
    def sheet_name(self) -> str:
        """The sheet that numbers are taken from, or the folder where there is none."""
        return str(self._numbered or self.root)

    def remarks(self) -> list[str]:
        """Whether the long edition came without its annotation."""
        if self.layout == "long" and self._numbered is None:
            return [f"SMIC-{self.camera}-E_annotation.xlsx is missing: without it each clip is its whole video, expression or not"]
        return []

    @cached_property
    def _numbered(self) -> Path | None:
        if self._sheet is not None or self.layout != "long":
            return self._sheet
        listed = self.tree.sheets([f"SMIC-{self.camera}-E_annotation*", f"SMIC*{self.camera}*annotation*", "smic.xlsx"], depth=4)
        return listed[0] if listed else self._under_another_name()

    def _annotations(self) -> pd.DataFrame | None:
        if (path := self._numbered) is None:
            return None
        sheet = read_sheet(path, ("filename", "onset", "offset"))
        sheet = sheet.assign(name=[smic_name(cell) or "" for cell in sheet["filename"]]).query("name != ''")
        if (twice := sheet["name"].duplicated()).any():
            raise DatasetError(f"{path} lists {sheet.loc[twice, 'name'].iloc[0]} twice. Take the sheet as it was released.")
        return sheet.set_index("name")
