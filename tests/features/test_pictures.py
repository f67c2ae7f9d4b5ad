"""Arrays for networks: channels first, in the order of time, flow in px of the picture that comes out."""

from __future__ import annotations

import numpy as np
import pytest

from fleeting.errors import UsageError
from fleeting.features.pictures import FlowScales, FlowSequence, FramesAndFlow, FrameStack, Picture, resized

from ..made_clips import make_clip, moving


def steps(n=4, height=20, width=30):
    """Frames that are each of one colour: red counts frames, green is 7, blue 50."""
    frames = np.zeros((n, height, width, 3), np.uint8)
    frames[..., 0] = np.arange(n)[:, None, None]
    frames[..., 1:] = 7, 50
    return frames


def test_a_picture_is_the_apex_or_three_frames_behind_each_other():
    clip = make_clip(steps(), onset=0, apex=2, offset=3)
    apex = Picture(16).transform_clip(clip)
    assert apex.shape == (3, 16, 16)
    assert apex.dtype == np.uint8
    assert apex[:, 5, 5].tolist() == [2, 7, 50]
    three = Picture((10, 12), "onset-apex-offset").transform_clip(clip)
    assert three.shape == (9, 10, 12)
    assert three[:, 0, 0].tolist() == [0, 7, 50, 2, 7, 50, 3, 7, 50]
    assert Picture(16, colour=False).transform_clip(clip)[0, 0, 0] == round(0.299 * 2 + 0.587 * 7 + 0.114 * 50)


def test_of_onset_and_apex_the_offset_stands_for_an_onset_that_is_the_apex():
    clip = make_clip(steps(), onset=1, apex=1, offset=3)
    assert Picture(16, "onset-apex").transform_clip(clip)[[0, 3], 0, 0].tolist() == [3, 1]
    assert Picture(16, "onset-apex-offset").transform_clip(clip)[[0, 3, 6], 0, 0].tolist() == [1, 1, 3]


def test_frames_stand_in_the_order_of_time():
    clip = make_clip(steps(6), onset=1, apex=2, offset=4)
    stack = FrameStack(8, colour=True).transform_clip(clip)
    assert stack.shape == (3, 4, 8, 8)
    assert stack[0, :, 0, 0].tolist() == [1, 2, 3, 4]
    assert FrameStack((8, 9)).transform([clip, clip]).shape == (2, 1, 4, 8, 9)


def test_flow_counts_in_pixels_of_what_comes_out():
    clip = make_clip(moving([0, 2, 4], 48, 64))
    maps = FlowSequence(32, ("v", "u", "magnitude"), method="dis").transform_clip(clip)
    assert maps.shape == (3, 2, 32, 32)
    inner = maps[:, :, 8:-8, 8:-8].mean(axis=(2, 3))  # px of 32, of 64 px width: half the motion
    assert inner == pytest.approx(np.array([[0, 0], [1, 2], [1, 2]]), abs=0.1)
    previous = FlowSequence(32, ("u",), "previous", "dis").transform_clip(clip)[0, :, 8:-8, 8:-8]
    assert previous.mean(axis=(1, 2)) == pytest.approx([1, 1], abs=0.1)


def test_flow_at_two_temporal_scales_goes_on_in_time():
    clip = make_clip(moving([0, 0, 1, 3, 6], 48, 48))
    maps = FlowScales(5, 48, ("u",), method="dis").transform_clip(clip)
    assert maps.shape == (1, 15, 48, 48)
    speed = maps[0, :, 12:-12, 12:-12].mean(axis=(1, 2))
    assert speed[[0, 4, 5, 14]] == pytest.approx([0, 3, 0, 3], abs=0.2), "both scales begin and end with the clip"
    assert (np.diff(speed[:5]) > 0.2).all()
    assert (np.diff(speed[5:]) > 0.05).all()


def test_frames_come_before_the_flow_between_them():
    clip = make_clip(moving([0, 1, 2, 3], 48, 48))
    both = FramesAndFlow(32, method="dis").transform_clip(clip)
    assert both.shape == (1, 3 + 6, 32, 32)
    assert both[0, :3] == pytest.approx(FrameStack(32).transform_clip(clip)[0, :3] / 255, abs=1e-6)
    assert both[0, 3:6].mean() > 0.5, "horizontal"
    assert abs(both[0, 6:].mean()) < 0.1, "vertical"
    assert np.abs(both[0, 3:]).max() == 1
    assert np.array_equal(FramesAndFlow(32, "frames").transform_clip(clip), both[:, :3])
    assert np.array_equal(FramesAndFlow(32, "flow", "dis").transform_clip(clip), both[:, 3:])


def test_a_still_clip_has_no_flow_and_grey_is_a_share():
    clip = make_clip(np.full((3, 32, 32, 3), 51, np.uint8))
    maps = FlowSequence(32, ("u", "v", "strain", "grey"), method="dis").transform_clip(clip)
    assert not maps[:3].any()
    assert maps[3] == pytest.approx(0.2)


def test_pictures_shrink_by_means_and_keep_their_type():
    stripes = np.tile(np.array([0, 200], np.uint8), (8, 4))
    assert (resized(stripes, 4) == 100).all()
    assert resized(stripes, (16, 8)).shape == (16, 8)
    for wrong in (0, (8, 0), (8.5, 8)):
        with pytest.raises(UsageError, match="must be a whole number from 1"):
            resized(stripes, wrong)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Picture(8, "apex-onset"), "onset-apex-offset"),
        (lambda: FlowSequence(8, ("w",)), "'w' is not known"),
        (lambda: FramesAndFlow(8, "all"), "both, frames, flow"),
        (lambda: FlowSequence(8, reference="apex"), "onset, previous"),
    ],
)
def test_what_is_not_known_is_named(make, words):
    with pytest.raises(UsageError, match=words):
        make().transform_clip(make_clip(steps()))


def test_too_few_frames_and_a_wrong_apex_name_the_clip():
    with pytest.raises(UsageError, match="made/s1/c1: a flow sequence needs at least 2 frames"):
        FlowSequence(8).transform_clip(make_clip(steps(1)))
    with pytest.raises(UsageError, match="made/s1/c1: frames with the flow between them need a clip of at least 2 frames"):
        FramesAndFlow(8).transform_clip(make_clip(steps(1)))
    with pytest.raises(UsageError, match=r"made/s1/c1: apex are \[9\]"):
        Picture(8).transform_clip(make_clip(steps(), apex=9))
