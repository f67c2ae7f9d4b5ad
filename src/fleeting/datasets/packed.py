"""Clips that are one file each: zipped pictures, read at random, and with them the truth about a clip that was drawn."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np

from ..errors import DatasetError, MediaError
from ..media.pictures import decoded
from .tree import frame_number, read_npz

ZIP = ".zip"
TRUTH = "truth.npz"  # in the zip file of a synthetic clip: its flow, and its row of the sheet


@dataclass(frozen=True)
class ZippedPictures:
    """Numbered pictures in one zip file, of which those from ``first`` to ``last`` become one array when called."""

    path: Path
    first: int
    last: int

    def __call__(self) -> np.ndarray:
        """The pictures, (T, H, W, 3) uint8 RGB; MediaError if one cannot be read, DatasetError if one is missing."""
        try:
            with ZipFile(self.path) as file:
                names = _names(file)
                if lost := [number for number in range(self.first, self.last + 1) if number not in names]:
                    raise DatasetError(f"{self.path} lacks picture {lost[0]} of {self.first} to {self.last}. Copy it again.")
                some = [names[number] for number in range(self.first, self.last + 1)]
                images = [decoded(np.frombuffer(file.read(name), np.uint8), self.path / name) for name in some]
        except (OSError, BadZipFile) as error:
            if isinstance(error, MediaError | DatasetError):
                raise
            raise MediaError(f"{self.path} cannot be read ({error}). Copy it again.") from error
        if len({image.shape for image in images}) > 1:
            raise DatasetError(f"The pictures in {self.path} differ in size. Copy it again.")
        return np.stack(images)


def picture_numbers(path: Path) -> list[int]:
    """The numbers of the pictures in a zip file; DatasetError if it is none, or has none."""
    try:
        with ZipFile(path) as file:
            names = _names(file)
    except (OSError, BadZipFile) as error:
        raise DatasetError(f"{path} cannot be read ({error}). Copy it again.") from error
    if not names:
        raise DatasetError(f"{path} has no numbered picture. Copy it again.")
    return sorted(names)


def read_truth(path: Path) -> dict[str, np.ndarray]:
    """``flow`` and ``row`` of a synthetic clip, out of its npz or of its zip file; DatasetError if they cannot be read."""
    if path.suffix != ZIP:
        return read_npz(path)
    try:
        with ZipFile(path) as file, np.load(io.BytesIO(file.read(TRUTH)), allow_pickle=False) as content:
            return {name: content[name] for name in content.files}
    except Exception as error:  # zipfile's, zlib's and numpy's own
        raise DatasetError(f"{path} cannot be read ({error}). Copy it again.") from error


def _names(file: ZipFile) -> dict[int, str]:
    numbered = ((frame_number(name.rpartition("/")[2]), name) for name in file.namelist())
    return {number: name for number, name in numbered if number is not None}
