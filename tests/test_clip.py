"""Clip and Video: frames are read when looked at, persons are told apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fleeting.clip import Clip, Video
from fleeting.errors import DatasetError, MediaError


def test_a_clip_reads_anew_at_each_look():
    looks = []
    clip = Clip("d/a", "d", "01", 100.0, 0, 1, 2, lambda: looks.append(1) or np.zeros((3, 2, 2, 3), np.uint8))
    assert not looks
    assert clip.frames.shape == clip.frames.shape == (3, 2, 2, 3)
    assert len(looks) == 2
    assert clip.person == "d/01"


def test_motion_is_measured_from_the_onset_or_where_that_is_the_apex_from_the_offset():
    """From an onset that is the apex there is none: 55 clips of CAS(ME)³ were maps of zeros."""
    places = {(0, 3, 9): 0, (2, 2, 9): 9, (2, 9, 9): 2, (4, 4, 4): 4}
    for (onset, apex, offset), neutral in places.items():
        assert Clip("d/a", "d", "01", 100.0, onset, apex, offset, lambda: np.zeros(0)).neutral == neutral
    assert Clip("d/a", "d", "01", 50.0, 10, 20, 109, lambda: np.zeros(0)).seconds == 2.0


@pytest.mark.parametrize("kind", [MediaError, DatasetError])
def test_what_cannot_be_read_names_the_clip(kind):
    def read():
        raise kind("img7.jpg is empty (0 bytes).")

    with pytest.raises(kind, match=r"clip d/a: img7\.jpg is empty"):
        _ = Clip("d/a", "d", "01", 100.0, 0, 1, 2, read).frames


def test_a_video_streams_the_part_asked_for():
    images = np.arange(5, dtype=np.uint8).repeat(12).reshape(5, 2, 2, 3)
    intervals = pd.DataFrame({"onset": [1], "apex": [2], "offset": [3], "kind": ["micro"]})
    video = Video("d/v", "d", "01", 25.0, intervals, lambda start, stop: iter(images[start:stop]), lambda: np.arange(5) / 25)
    assert [int(image.max()) for image in video.frames(1, 3)] == [1, 2]
    assert len(list(video.frames())) == 5
    assert video.timestamps[-1] == 0.16
    assert video.person == "d/01"
