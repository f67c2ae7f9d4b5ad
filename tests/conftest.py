"""Fixtures for all tests: data and models that may be absent, and a seeded generator."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest


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


@pytest.fixture
def rng() -> np.random.Generator:
    """The same random numbers at each run."""
    return np.random.default_rng(20260)
