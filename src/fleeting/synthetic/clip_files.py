"""The clips of a synthetic release on disk: a folder of pictures each, with the true flow elsewhere; or a zip file each, which holds both.

Each appears whole or not at all. What is drawn is small, so all of it is done on one thread: several would wait for each other.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from ..datasets.packed import TRUTH, read_truth
from ..errors import DatasetError, OutputError
from .clips import Difficulty, Performance, Sitter, perform
from .identities import drawn_face
from .rendering import Portrait

# Second number of each stream of random numbers; the first is the seed.
FACE, PLAN, CLIP, VIDEO, STILL = range(5)
PACKED = 3  # among the faces and the clips: those of a packed release are others than those of a small one of the same seed


@dataclass(frozen=True)
class Settings:
    """What the files depend on, beside how many there are."""

    root: Path
    fps: float
    seed: int
    size: int
    pictures: str
    classes: int
    video_s: float
    difficulty: Difficulty
    packed: bool

    def face(self, subject: int) -> list[int]:
        """Seed of somebody who is shown in clips."""
        return [self.seed, FACE, PACKED if self.packed else 0, subject]

    def clip(self, number: int) -> list[int]:
        """Seed of a clip."""
        return [self.seed, CLIP, number, *([PACKED] if self.packed else [])]


@dataclass(frozen=True)
class Item:
    """A clip to be made."""

    number: int
    subject: int
    emotion: str

    @property
    def name(self) -> str:
        """Person and clip, as in the sheet."""
        return f"s{self.subject + 1:02d}/s{self.subject + 1:02d}_{self.number + 1:04d}"


def places(settings: Settings, item: Item) -> tuple[Path, Path]:
    """Where the pictures of a clip, and its flow, are."""
    clip = settings.root / "clips" / item.name
    if settings.packed:
        return (path := clip.with_name(f"{clip.name}.zip")), path
    return clip, settings.root / "flow" / f"{item.name}.npz"


def done(settings: Settings, item: Item) -> bool:
    """Whether a clip is there, with its flow."""
    pictures, flow = places(settings, item)
    return flow.is_file() and (settings.packed or pictures.is_dir())


def make_clips(settings: Settings, items: list[Item], portrait: Portrait | None) -> int:
    """How many clips of one person were written; ``portrait`` is theirs where it is not drawn."""
    with one_thread():
        return _make_clips(settings, items, portrait)


def _make_clips(settings: Settings, items: list[Item], portrait: Portrait | None) -> int:
    subject = items[0].subject
    muscles = np.random.default_rng([*settings.face(subject), 1])
    portrait = portrait or drawn_face(settings.face(subject))
    sitter = Sitter(portrait, settings.size, settings.difficulty.own, muscles)
    write = _write_packed if settings.packed else _write_clip
    for item in items:
        write(settings, item, perform(sitter, item.emotion, settings.fps, settings.clip(item.number), settings.difficulty), sitter)
    return len(items)


def _write_clip(settings: Settings, item: Item, clip: Performance, sitter: Sitter) -> None:
    folder, flow = places(settings, item)
    draft, flow_draft = folder.with_name(f".{folder.name}.part"), flow.with_name(f".{flow.stem}.part.npz")
    flow.parent.mkdir(parents=True, exist_ok=True)
    draft.mkdir(parents=True)
    for name, content in _pictures(settings, clip, sitter):
        content.tofile(draft / name)
    with flow_draft.open("wb") as file:
        _save_truth(file, settings, item, clip, sitter)
    flow_draft.replace(flow)
    if folder.exists():  # its flow was lost
        shutil.rmtree(folder)
    draft.rename(folder)


def _write_packed(settings: Settings, item: Item, clip: Performance, sitter: Sitter) -> None:
    """One file, as it would come of zipping the folder and adding the flow; pictures are packed already, so nothing is packed again."""
    path = places(settings, item)[0]
    draft, truth = path.with_name(f".{path.stem}.part.zip"), io.BytesIO()
    path.parent.mkdir(parents=True, exist_ok=True)
    _save_truth(truth, settings, item, clip, sitter)
    with zipfile.ZipFile(draft, "w") as file:  # entries of one date: the same settings give the same bytes
        file.writestr(zipfile.ZipInfo(TRUTH), truth.getvalue())
        for name, content in _pictures(settings, clip, sitter):
            file.writestr(zipfile.ZipInfo(name), content.tobytes())
    draft.replace(path)


def _pictures(settings: Settings, clip: Performance, sitter: Sitter) -> Iterator[tuple[str, np.ndarray]]:
    """Name and content of each picture of a clip."""
    quality = int(np.random.default_rng([*clip.seed, 8]).integers(80, 96))
    for number, picture in enumerate(clip.frames(sitter), 1):
        name = f"img{number:03d}.{settings.pictures}"
        yield name, encoded(name, picture, quality)


def _save_truth(file: IO[bytes], settings: Settings, item: Item, clip: Performance, sitter: Sitter) -> None:
    row = {
        "clip": item.name, "subject": item.name.partition("/")[0],
        "onset": clip.onset + 1, "apex": clip.apex + 1, "offset": clip.offset + 1,
        "emotion": item.emotion, "aus": clip.aus, "kind": "micro", "fps": settings.fps,
        "path": f"clips/{item.name}{'.zip' if settings.packed else ''}",
        "intensity": round(clip.intensity, 3), "shown": clip.shown, "blink": clip.blinks, "noise": round(clip.noise, 2),
    }  # fmt: skip
    np.savez_compressed(file, flow=clip.flow(sitter).astype(np.float16), row=np.array(json.dumps(row)))


def row_of(settings: Settings, item: Item) -> dict[str, Any]:
    """The row of a clip that is there, as the sheet has it; OutputError if it cannot be read."""
    path = places(settings, item)[1]
    try:
        return dict(json.loads(str(read_truth(path)["row"])))
    except (DatasetError, KeyError, ValueError) as error:
        raise OutputError(f"{path} is not what was written here ({error}). Remove it: the same call makes it again.") from error


def encoded(name: str, picture: np.ndarray, quality: int) -> np.ndarray:
    """The bytes of a picture of that name, (n,) uint8, for NumPy to write.

    OpenCV's own function fails on some paths outside ASCII, and says nothing when a disk is full.
    """
    suffix = f".{name.rpartition('.')[2]}"
    ok, content = cv2.imencode(suffix, picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality] if suffix == ".jpg" else [])
    if not ok:
        raise OutputError(f"{name} could not be encoded.")
    return np.asarray(content)


@contextmanager
def one_thread() -> Iterator[None]:
    """A block in which OpenCV and linear algebra use one thread."""
    many = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        cv2.setNumThreads(many)
