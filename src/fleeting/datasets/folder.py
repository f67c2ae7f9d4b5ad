"""Any folder of clips with a table: the reader for recordings of your own, and for releases whose layout nobody documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..clip import Clip, Video
from ..errors import DatasetError, MediaError
from ..media import open_media
from ..media.pictures import PICTURES
from .base import Dataset
from .frames import VideoPart, VideoStream
from .packed import ZIP, ZippedPictures, picture_numbers
from .tree import COLUMNS, read_sheets

TABLES = ("clips.csv", "table.csv", "annotations.csv", "*.csv", "*.xlsx", "*.xls")


class FolderDataset(Dataset):
    """A folder of clips (folders of pictures, also zipped, or video files) and a table of what is in them.

    Files expected: ``<root>/clips.csv`` with the columns

    ========== =========================================================================================================
    clip       required; unique; unless ``path`` says otherwise also the folder of pictures or video file below the root
    subject    required; who it is
    onset      frame number: of a folder the number in the picture's name, of a video file 0-based; empty: from the start
    apex       likewise; empty: not coded
    offset     likewise, inclusive; empty: to the end
    emotion    a word; empty: not coded
    aus        ``AU4+L10``; ``none``: coded, none seen; empty: not coded
    kind       ``micro`` (default) or ``macro``
    fps        frames a second, where it differs from the parameter
    path       the folder, zip or video file, where it is not ``clip``: below the root, from the root (``../interview.mp4``) or absolute
    video      name of the long recording this event is in: ``videos()`` puts those of one name together
    ========== =========================================================================================================

    Other columns are kept in ``table``. Pictures carry numbers in their names (img1.png, img2.png).

    Parameters
    ----------
    root : str or Path
        Folder of the clips.
    table : str or Path, optional
        The table; default ``clips.csv`` in the folder, or the only other sheet.
    name : str, default="folder"
        The dataset's name in clip ids and persons. Give each folder its own when you mix several.
    fps : float, optional
        Frames a second of clips whose row has none. Video files know their own.
    corrections : bool, str or Path
        As in :class:`.base.Dataset`.
    """

    name = "folder"
    title = "Folder of clips"
    fps = 0.0
    sheets = TABLES
    request_url = "(yours)"
    _or_the_sheet = ", or the table itself (table=)"

    def __init__(
        self,
        root: str | Path | None = None,
        table: str | Path | None = None,
        *,
        name: str | None = None,
        fps: float | None = None,
        corrections: bool | str | Path = True,
    ):
        if name is not None:
            self.name = name  # type: ignore[misc]
        if fps is not None:
            self.fps = float(fps)
        if table is not None and root is not None and not Path(table).is_absolute() and not Path(table).exists():
            table = Path(root).expanduser() / table
        self._lengths: dict[Path, int] = {}
        super().__init__(root, sheet=table, corrections=corrections)

    def read_table(self) -> pd.DataFrame:
        """The table as it stands; columns that are not named as above are kept."""
        rows = [row for row in next(iter(read_sheets(self.sheet).values()), []) if any(row)]
        header = [cell.casefold() for cell in rows[0]] if rows else []
        header = ["aus" if name in {word.casefold() for word in COLUMNS["aus"]} else name for name in header]
        if lacking := [name for name in ("clip", "subject") if name not in header]:
            raise DatasetError(
                f"{self.sheet} lacks the columns {', '.join(lacking)}; its first row reads: {', '.join(header) or '(nothing)'}. "
                "Name them there: clip, subject, and where known onset, apex, offset, emotion, aus, kind, fps, path, video."
            )
        if twice := [name for name in header if name and header.count(name) > 1]:
            raise DatasetError(f"{self.sheet} has the column {twice[0]} twice. Rename one of them.")
        body = [(row + [""] * len(header))[: len(header)] for row in rows[1:]]
        table = pd.DataFrame(body, columns=header, dtype=str).drop(columns="", errors="ignore")
        for name in ("clip", "subject"):
            if (blank := table[name] == "").any():
                rest = ", ".join(filter(None, table[blank].iloc[0]))
                raise DatasetError(f"{self.sheet} has a row without {name}: {rest}. Fill it in, or take the row out.")
        table["path"] = table["path"].mask(table["path"] == "", table["clip"]) if "path" in table else table["clip"]
        table["kind"] = table["kind"].str.casefold().replace("", "micro") if "kind" in table else "micro"
        if wrong := sorted(set(table["kind"]) - {"micro", "macro"}):
            raise DatasetError(f"{self.sheet} has kind {wrong[0]!r}; there are micro and macro.")
        if "fps" in table or self.fps:
            table["fps"] = table["fps"].mask(table["fps"] == "", str(self.fps)) if "fps" in table else str(self.fps)
        return table

    def frame_paths(self, row: Any) -> dict[int, Path]:
        """The pictures of a clip's folder by number; of a zip or video file, the file at each of its frames."""
        path = self._path(row)
        if path.suffix.lower() == ZIP:
            return dict.fromkeys(picture_numbers(path), path)
        if path.is_dir():
            return self.pictures_in(path)
        if path.suffix.lower() in PICTURES:
            return {0: path}
        return dict.fromkeys(range(self._length(path)), path)

    def _path(self, row: Any) -> Path:
        if Path(row.path).is_absolute() or ".." in Path(row.path).parts:
            elsewhere = self.root / row.path
            if not elsewhere.exists():
                raise DatasetError(f"{elsewhere} does not exist ({row.clip} in {self.sheet}). Copy it there, or mend the table.")
            return elsewhere
        folder = self.root
        for part in Path(row.path).parts:
            found = self.tree.child(folder, part)
            if found is None:
                raise DatasetError(f"{folder / part} does not exist ({row.clip} in {self.sheet}). Copy it there, or mend the table.")
            folder = found
        return folder

    def _length(self, path: Path) -> int:
        try:
            if path not in self._lengths:
                with open_media(path) as media:
                    self._lengths[path] = media.frame_count or sum(1 for _ in media)
        except MediaError as error:
            raise DatasetError(str(error)) from error
        if not self._lengths[path]:
            raise DatasetError(f"{path} has no frame. Copy or record it again.")
        return self._lengths[path]

    def _rate(self, row: Any, path: Path) -> float:
        if row.fps > 0:
            return float(row.fps)
        if path.is_dir() or path.suffix.lower() in (*PICTURES, ZIP):
            raise DatasetError(f"How many frames a second has {row.clip}? Add a column fps to {self.sheet}, or give fps=.")
        with open_media(path) as media:
            return float(media.fps)

    def clip(self, row: Any) -> Clip:
        """As in :class:`.base.Dataset`."""
        path = self._path(row)
        row = row._replace(fps=self._rate(row, path))
        if path.is_dir() or path.suffix.lower() in PICTURES:
            return super().clip(row)
        zipped = path.suffix.lower() == ZIP
        if zipped and not any(map(pd.isna, (row.onset, row.apex, row.offset))):  # what is coded is believed: ten thousand stay closed
            files = dict.fromkeys(range(int(row.onset), int(row.offset) + 1), path)
        else:
            files = self.frame_paths(row)
        onset, apex, offset = self.span(row, files)
        self._check_span(row, onset, apex, offset, files)
        read = ZippedPictures(path, onset, offset) if zipped else VideoPart(path, row.fps, onset, offset + 1)
        return Clip(
            id=f"{self.name}/{row.clip}", dataset=self.name, subject=row.subject, fps=row.fps,
            onset=0, apex=apex - onset, offset=offset - onset, read=read, emotion=row.emotion, aus=row.aus,
        )  # fmt: skip

    def _video(self, name: str, rows: pd.DataFrame) -> Video:
        row: Any = next(rows.itertuples(index=False))
        path = self._path(row)
        if len(set(rows["path"])) > 1:
            paths = " and ".join(sorted(set(rows["path"]))[:2])
            raise DatasetError(f"{self.sheet} has events of the video {name} in {paths}. Name one file, or two videos.")
        fps = self._rate(row, path)
        if path.is_dir():
            return self._picture_video(name, row.subject, path, rows, fps)
        with open_media(path) as media:
            stream = VideoStream(path, None if np.isclose(fps, media.fps) else fps)  # its own timestamps, unless they lie
        intervals = self._intervals(rows, self.frame_paths(row))
        return Video(f"{self.name}/{name}", self.name, row.subject, fps, intervals, stream, stream.times)
