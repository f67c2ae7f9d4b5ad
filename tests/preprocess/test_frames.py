"""What is asked of frames, and the words in which it is asked."""

import cv2
import numpy as np
import pytest

from fleeting.errors import UsageError
from fleeting.preprocess.frames import (
    apex_frame,
    frames_of,
    grey,
    moment,
    onset_and_apex,
    require_grid,
    require_pictures,
    require_whole,
)

from ..made_clips import make_clip, moving


def test_luma_of_whole_numbers_is_rounded_and_of_real_ones_real(rng):
    frames = rng.integers(0, 256, (3, 5, 6, 3), dtype=np.uint8)
    exact = frames @ [0.299, 0.587, 0.114]
    assert grey(frames).dtype == np.uint8
    assert np.abs(grey(frames) - exact).max() <= 0.51
    np.testing.assert_array_equal(grey(frames)[1], cv2.cvtColor(frames[1], cv2.COLOR_RGB2GRAY))
    np.testing.assert_allclose(grey(frames / 255), exact / 255)
    assert grey(frames.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(grey(frames.astype(int)), exact)
    np.testing.assert_array_equal(grey(frames[..., 0]), frames[..., 0])
    for wrong in (frames[..., :2], frames[:0], frames[0, 0]):
        with pytest.raises(UsageError, match="grey values are made of frames"):
            grey(wrong)


def test_frames_of_a_clip_are_pictures():
    clip = make_clip(moving([0, 1, 2]), onset=1, apex=2, offset=2)
    np.testing.assert_array_equal(moment(clip), clip.frames[1:])
    np.testing.assert_array_equal(np.stack(onset_and_apex(clip)), clip.frames[1:])
    np.testing.assert_array_equal(apex_frame(clip), clip.frames[2])
    early = make_clip(moving([0, 1, 2]), onset=0, apex=0, offset=2)
    np.testing.assert_array_equal(np.stack(onset_and_apex(early)), early.frames[[2, 0]])
    with pytest.raises(UsageError, match="offset 7, which stands for an onset that is the apex, must be a frame 0 to 2"):
        onset_and_apex(make_clip(moving([0, 1, 2]), onset=0, apex=0, offset=7))
    with pytest.raises(UsageError, match=r"uint8 \(0-255\).*float64 of \(3, 48, 56, 3\)"):
        frames_of(make_clip(moving([0, 1, 2]) / 255))
    with pytest.raises(UsageError, match="at least 1 frame of 1 x 1 px; got 0 frames of 56 x 48 px"):
        moment(make_clip(moving([0])[:0], 0, 0, 0))
    with pytest.raises(UsageError, match="at least 2 frames; got 1 frame"):
        onset_and_apex(make_clip(moving([0])))
    with pytest.raises(UsageError, match="onset 0 and apex 3 must be frames 0 to 0"):
        apex_frame(make_clip(moving([0]), apex=3))


def test_whole_numbers_and_grids():
    require_whole(size=3, number=np.int64(2))
    require_grid((1, 2), "it")
    require_grid(np.array([3, 4]), "it")
    for wrong in (0, -1, 2.0, None, "3"):
        with pytest.raises(UsageError, match=r"size=.* must be a whole number from 1"):
            require_whole(size=wrong)
    for wrong in (6, (1,), (1, 2, 3), (0, 1), (2.5, 2), None):
        with pytest.raises(UsageError, match=r"it: grid=.* two whole numbers from 1"):
            require_grid(wrong, "it")
    with pytest.raises(UsageError, match="it takes uint8 pictures, 0-255; got float64"):
        require_pictures(np.zeros((2, 3, 3)), (1, 1, 1), "it")
