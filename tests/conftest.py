"""Fixtures for all tests: data and models that may be absent, and a seeded generator."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from fleeting.synthetic.interview import Interview


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of recordings that are not ours to distribute: ``$FLEETING_SHARED/data``, or ``../shared/data``."""
    shared = Path(os.environ.get("FLEETING_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    if not (shared / "data").is_dir():
        pytest.skip("needs recordings that are not in the checkout; name their folder with FLEETING_SHARED")
    return shared / "data"


@pytest.fixture(scope="session")
def face_model() -> Path:
    """The face model file. Absent, the test is skipped; on CI it fails, lest nothing be tested and nobody notice."""
    from fleeting.faces import model_file

    path = model_file.find()
    if path is None:
        absent = "needs the face model file: run `fleeting models fetch`"
        pytest.fail(absent) if os.environ.get("CI") == "true" else pytest.skip(absent)
    return path


@pytest.fixture(scope="session")
def interview() -> Interview:
    """Five synthetic seconds of 250 frames, 320x240: a smile in frames 47-61, lowered brows in 106-129, then a nod."""
    from fleeting.synthetic.interview import synthetic_interview

    return synthetic_interview(
        0, 5.0, 50.0, (320, 240), events_per_min=24, macro=False, speech=False, blinks_per_min=12, head=0.5, noise=1.0
    )


@pytest.fixture(scope="session")
def frames(interview: Interview) -> np.ndarray:
    """Its pictures, (250, 240, 320, 3) uint8 RGB; not to be changed."""
    pictures = np.stack(list(interview.frames()))
    pictures.flags.writeable = False
    return pictures


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """What writes pictures into a recording of a given name, in a folder of its own, and gives its path."""
    from fleeting.media import write_video

    def write(name: str, pictures: np.ndarray, fps: float = 50.0) -> Path:
        path = tmp_path_factory.mktemp("film") / name
        return write_video(path, pictures, fps, crf=None if path.suffix == ".mkv" else 12)

    return write


@pytest.fixture(scope="session")
def recording(film: Callable[..., Path], frames: np.ndarray) -> Path:
    """The whole synthetic interview as a file, ``interview.mp4``."""
    return film("interview.mp4", frames)


@pytest.fixture
def rng() -> np.random.Generator:
    """The same random numbers at each run."""
    return np.random.default_rng(20260)
