from __future__ import annotations

import numpy as np
import pytest

from fleeting.clip import Clip

from ..made_clips import make_clip


@pytest.fixture
def recording_clip(frames: np.ndarray) -> Clip:
    """Three frames of a synthetic smile, 320 x 240 px."""
    return make_clip(frames[[47, 52, 57]])
