"""A database of eye regions in class folders, cut out of any expression set or clip set: what the eye CNN is trained on.

The paper (a CNN for the eye region of FER2013) gives no geometry. Ours: the box around brows and eyes of the face mesh, and a tenth
of it on each side; where no mesh is found, rows 10 to 27 and columns 2 to 45 of a 48x48 face, and as much of other sizes. The sheet
says which it was. Nothing is turned upright. The paper calls such pictures micro-expressions; cut from stills they are none.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from ..clip import Clip, shows_nobody
from ..errors import DatasetError, UsageError
from ..faces import model_file
from ..faces.landmarks import to_ibug68
from ..faces.mesh import FaceMesh
from .base import ABOUT, NOTE, Dataset
from .catalogue import DATASETS, open_dataset
from .expressions import FER2013, ClassFolders
from .folder import FolderDataset
from .frames import InMemory
from .new_folder import new_folder
from .tree import Tree, read_npz

SIZE = 32
BAND = (2 / 48, 10 / 48, 46 / 48, 28 / 48)  # x0, y0, x1, y1 as shares of a picture that is all face
MARGIN = 0.1
LOOK_AT = 192  # px: smaller pictures are enlarged to this for the mesh, which would not see them
MOST_OBLONG = 1.35  # a picture longer than this is no face crop, and the band is no guess for it
SHEET = "clips.csv"


def eyes(
    source: Dataset | Sequence[Clip],
    out: str | Path,
    *,
    size: int = SIZE,
    keep_aspect: bool = False,
    find_mesh: bool = True,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """The sheet of an eye database, which ``out`` then holds: ``<emotion>/<subject>_<number>.png`` and ``clips.csv``.

    :class:`.expressions.ClassFolders` and :class:`.folder.FolderDataset` both read the folder. Of a clip its apex frame is taken. Pictures
    without an emotion, and those in which the eyes are nowhere to be found, get no picture; the latter stay in the table.

    Parameters
    ----------
    source : Dataset or sequence of Clip
    out : str or Path
        A folder that does not exist yet; it appears when everything is done.
    size : int, default=32
        Side of the crops, px.
    keep_aspect : bool, default=False
        Repeat the rows at the edge until the region is square, instead of stretching it.
    find_mesh : bool, default=True
        Look for the face mesh, if its model file is at hand; False takes the same band of each picture, a hundred times as fast.
    jobs : int, default=1
        Threads.
    progress : callable, optional
        Called with the number of pictures done and of all.

    Returns
    -------
    DataFrame
        ``clip subject emotion path fps kind``; ``source``: the clip's id; ``method``: ``mesh``, ``band``, or ``none`` where no eyes were
        found (then ``path`` is empty and the row is not in ``clips.csv``); ``x0 y0 x1 y1``: the region, px of the source; ``same_as``:
        the first source with exactly the same picture, else empty; ``usage`` where the source has one (FER2013).

    Raises
    ------
    UsageError
        A parameter is out of range, or ``out`` exists already.
    DatasetError
        The source cannot be read, or no picture of it has an emotion and eyes.
    OutputError
        The folder could not be written.
    """
    if size < 8 or jobs < 1:
        raise UsageError(f"size={size} must be 8 or more, jobs={jobs} 1 or more.")
    clips = source.clips() if isinstance(source, Dataset) else list(source)
    named = [clip for clip in clips if clip.emotion]
    usage = _usage(source)
    local = threading.local()
    look = find_mesh and model_file.find() is not None
    with new_folder(out) as folder:
        for emotion in {_safe(str(clip.emotion)) for clip in named}:
            (folder / emotion).mkdir()

        def cut(numbered: tuple[int, Clip]) -> dict[str, Any]:
            if look and not hasattr(local, "mesh"):
                local.mesh = FaceMesh()  # one a thread
            return _cut(*numbered, folder, local.mesh if look else None, size, keep_aspect)

        rows, pool = [], ThreadPoolExecutor(jobs)
        try:
            for done, row in enumerate(pool.map(cut, enumerate(named)), 1):
                rows.append(row | ({"usage": usage[row["source"]]} if usage else {}))
                if progress:
                    progress(done, len(named))
        finally:
            pool.shutdown(cancel_futures=True)  # after an error or Ctrl-C the rest is not waited for
        table = pd.DataFrame(rows)
        if table.empty or not table["path"].any():
            raise DatasetError(
                f"None of {len(clips)} pictures has both an emotion and eyes that can be found. Give class folders, FER2013, an npz with "
                "image and emotion, or a clip set."
            )
        first = table.groupby("same_as")["source"].transform("first")
        table["same_as"] = first.mask(first == table["source"], "")
        table[table["path"] != ""].to_csv(folder / SHEET, index=False, lineterminator="\n")
        if all(shows_nobody(clip.dataset) for clip in named):  # eyes of nobody are nobody's
            (folder / ABOUT).write_text(json.dumps({"note": NOTE}) + "\n", "utf-8", newline="\n")
    return table


def eye_region(image: np.ndarray, points: np.ndarray | None = None) -> tuple[int, int, int, int]:
    """Where the eyes are, ``(x0, y0, x1, y1)`` px, the last column and row not included.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3)
    points : ndarray of shape (68, 2), optional
        iBUG points, px: the box around brows (17-26) and eyes (36-47), and a tenth of it on each side. Without them the picture is taken
        for a face that fills it, and the region is a band of it.
    """
    height, width = image.shape[:2]
    if points is None:
        x0, y0, x1, y1 = (round(share * side) for share, side in zip(BAND, (width, height, width, height), strict=True))
    else:
        inside = points[[*range(17, 27), *range(36, 48)]]
        low, high = inside.min(axis=0), inside.max(axis=0)
        grow = MARGIN * (high - low)
        (x0, y0), (x1, y1) = np.floor(low - grow).astype(int), np.ceil(high + grow).astype(int) + 1
    return max(0, int(x0)), max(0, int(y0)), min(width, int(x1)), min(height, int(y1))


def eye_crop(image: np.ndarray, region: tuple[int, int, int, int], size: int = SIZE, keep_aspect: bool = False) -> np.ndarray:
    """The grey square that a region is stretched to, (size, size) uint8.

    Parameters
    ----------
    image : ndarray of shape (H, W), uint8, or (H, W, 3), uint8 RGB
    region : tuple of int
        As :func:`eye_region` gives it.
    size : int, default=32
        px.
    keep_aspect : bool, default=False
        Repeat the rows (or columns) at the edge until the region is square, instead of stretching it.
    """
    x0, y0, x1, y1 = region
    crop = image[y0:y1, x0:x1]
    if crop.ndim == 3:
        crop = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    if keep_aspect:
        lacking = max(crop.shape) - np.array(crop.shape)
        crop = np.pad(crop, [(lack // 2, lack - lack // 2) for lack in lacking], mode="edge")
    if min(crop.shape) >= 2 * size:  # bilinear would skip rows
        return cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)
    return cv2.resize(crop, (size, size), interpolation=cv2.INTER_LINEAR)


def read_expressions(source: str | Path) -> Dataset | list[Clip]:
    """An expression or clip set, by what lies there.

    Parameters
    ----------
    source : str or Path
        ``NAME=PATH`` with a name of the catalogue, such as ``casme2=PATH``; FER2013's csv; an npz with ``image`` (N, H, W) uint8,
        ``emotion`` (N,) and perhaps ``name`` (the person stands before its last ``_``); or a folder: of FER2013's csv, with a
        ``clips.csv``, or of class folders.

    Returns
    -------
    Dataset or list of Clip
        Clips where an npz was given.

    Raises
    ------
    DatasetError
        It does not exist, or cannot be read.
    UsageError
        There is no dataset of that name.
    """
    name, sign, rest = str(source).partition("=")
    path = Path(source).expanduser()
    if sign and (name in DATASETS or (re.fullmatch(r"[\w-]+", name) and not path.exists())):
        return open_dataset(name, rest or None)
    if path.suffix.lower() == ".npz":
        return _npz(path)
    if path.suffix.lower() == ".csv" and path.is_file():
        return FER2013(path.parent, sheet=path)
    if path.is_dir() and Tree(path).sheets(FER2013.sheets, depth=0):
        return FER2013(path)
    if path.is_dir() and (sheet := Tree(path).child(path, SHEET)):
        return FolderDataset(path, sheet, fps=1)
    return ClassFolders(path)


def _cut(number: int, clip: Clip, folder: Path, mesh: FaceMesh | None, size: int, keep_aspect: bool) -> dict[str, Any]:
    """One crop written, and its row of the sheet."""
    image = clip.frames[clip.apex]
    points = _points(image, mesh) if mesh else None
    region = eye_region(image, points)
    method = "band" if points is None else "mesh"
    if points is not None and (region[2] - region[0] < 8 or region[3] - region[1] < 4):
        region, method = eye_region(image), "band"  # what was found lies outside the picture
    height, width = image.shape[:2]
    if method == "band" and max(height, width) > MOST_OBLONG * min(height, width):
        method = "none"
    emotion, path = _safe(str(clip.emotion)), ""
    if method != "none":
        path = f"{emotion}/{_safe(clip.subject)}_{number:05d}.png"
        _, png = cv2.imencode(".png", eye_crop(image, region, size, keep_aspect))
        (folder / path).write_bytes(png.tobytes())
    return {
        "clip": path.removesuffix(".png"), "subject": clip.subject, "emotion": clip.emotion, "path": path, "fps": clip.fps, "kind": "macro",
        "source": clip.id, "method": method, **dict(zip(("x0", "y0", "x1", "y1"), region, strict=True)),
        "same_as": hashlib.blake2b(image.tobytes() + str(image.shape).encode(), digest_size=16).hexdigest(),
    }  # fmt: skip


def _points(image: np.ndarray, mesh: FaceMesh) -> np.ndarray | None:
    """The 68 points of the largest face, px of the picture, or None."""
    scale = max(1.0, LOOK_AT / min(image.shape[:2]))
    large = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC) if scale > 1 else image
    faces = mesh.detect(large)
    return (to_ibug68(faces[0].points) + 0.5) / scale - 0.5 if faces else None


def _npz(path: Path) -> list[Clip]:
    arrays = read_npz(path)
    images, emotions = arrays.get("image"), arrays.get("emotion")
    one_each = [arrays[key].shape for key in ("emotion", "name") if key in arrays]
    if images is None or emotions is None or images.ndim != 3 or images.dtype != np.uint8 or set(one_each) != {images.shape[:1]}:
        there = ", ".join(f"{name} {array.shape} {array.dtype}" for name, array in arrays.items())
        raise DatasetError(f"{path} must have image (N, H, W) uint8 and emotion (N,); it has {there or 'nothing'}.")
    names = arrays.get("name", np.arange(len(images)).astype(str))
    return [
        Clip(
            id=f"{path.stem}/{number:05d}", dataset=path.stem, subject=str(name).rpartition("_")[0] or str(name), fps=1.0, onset=0, apex=0,
            offset=0, read=InMemory(image[None, ..., None].repeat(3, axis=3)), emotion=str(emotion).strip().casefold(),
        )
        for number, (image, emotion, name) in enumerate(zip(images, emotions, names, strict=True))
    ]  # fmt: skip


def _usage(source: Dataset | Sequence[Clip]) -> dict[str, str]:
    """Which split each clip belongs to, where the source says so."""
    if not isinstance(source, Dataset) or "usage" not in source.table:
        return {}
    return {f"{source.name}/{clip}": str(usage) for clip, usage in zip(source.table["clip"], source.table["usage"], strict=True)}


def _safe(name: str) -> str:
    """A name that can be a file's."""
    return re.sub(r"[^\w.+-]+", "-", name).strip(".") or "-"
