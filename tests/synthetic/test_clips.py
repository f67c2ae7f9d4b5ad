"""One synthetic clip: where each pixel goes is known, and a clip is the same whatever was drawn before it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fleeting.faces.action_units import AUS
from fleeting.synthetic.clips import Difficulty, Sitter, own_muscles, perform
from fleeting.synthetic.identities import drawn_face
from fleeting.synthetic.rendering import FaceRenderer, Pose


@pytest.fixture(scope="module")
def sitter() -> Sitter:
    return Sitter(drawn_face(3), 64, 1.0, np.random.default_rng(3))


def pose(rng: np.random.Generator, percent: float, blink: float) -> Pose:
    aus = np.zeros(len(AUS))
    aus[rng.choice(len(AUS) - 2, 2, replace=False)] = percent
    return Pose(aus, np.full(2, blink), rng.normal(0, 1, 2), rng.normal(0, [1, 1, 0.7, 1, 1, 0.5]))


@pytest.mark.parametrize(("before", "after"), [((0.0, 0.0), (2.0, 0.0)), ((0.0, 0.0), (2.0, 0.7)), ((1.0, 0.3), (2.0, 0.8))])
def test_the_flow_leads_each_pixel_to_where_the_picture_has_it(before, after):
    """Colours are swapped for their places in 1/100 px, so where each pixel came from can be read off both pictures."""
    face, rng = FaceRenderer(drawn_face(3), (128, 128), 0.35, 0.44), np.random.default_rng(0)
    near_openings = cv2.dilate(face._open, np.ones((9, 9)))[8:-8, 8:-8] > 0.02
    face.skin = 100 * np.concatenate([face.pixels, np.zeros_like(face.pixels[..., :1])], axis=-1)
    face._open = np.zeros_like(face._open)
    a, b = pose(rng, *before), pose(rng, *after)
    flow = face.flow(a, b)
    here, there = (face.render(each)[..., :2].astype(np.float32) / 100 for each in (a, b))
    error = np.linalg.norm(cv2.remap(there, face.pixels + flow, np.empty(0), cv2.INTER_LINEAR) - here, axis=2)[8:-8, 8:-8]
    assert np.linalg.norm(flow, axis=2).max() > 1
    assert np.percentile(error, 95) < 0.06
    assert error[~near_openings].max() < 0.15


def test_irises_go_where_the_gaze_goes():
    face = FaceRenderer(drawn_face(3), (128, 128), 0.4, 0.42)
    flow = face.flow(Pose(gaze=np.array([-1.0, 0])), Pose(gaze=np.array([2.0, 0])))
    for x, y in face.points[[468, 473], :2].round().astype(int):
        np.testing.assert_allclose(flow[y, x], [0.03 * face.iod, 0], atol=0.05)
    assert not flow[:40].any()


def test_a_pose_has_no_flow_to_itself():
    face = FaceRenderer(drawn_face(3), (128, 128), 0.4, 0.42)
    same = pose(np.random.default_rng(1), 2.0, 0.0)
    assert np.abs(face.flow(same, same)).max() < 0.1  # an inverse is within .03 px, .08 at the lips


def test_a_clip_depends_on_its_seed_alone(sitter):
    one = perform(sitter, "anger", 50, [0, 1], Difficulty())
    perform(sitter, "happiness", 50, [0, 2], Difficulty())
    again, other = (perform(sitter, "anger", 50, [0, k], Difficulty()) for k in (1, 3))
    first = next(one.frames(sitter))
    np.testing.assert_array_equal(first, next(again.frames(sitter)))
    np.testing.assert_array_equal(one.flow(sitter), again.flow(sitter))
    assert (first != next(other.frames(sitter))).any()


@pytest.mark.parametrize("fps", [25, 200])
def test_durations_are_those_of_the_literature(sitter, fps):
    clips = [perform(sitter, "surprise", fps, [k], Difficulty()) for k in range(30)]
    seconds = np.array([clip.offset - clip.onset + 1 for clip in clips]) / fps
    rise = np.array([clip.apex - clip.onset for clip in clips]) / fps
    assert seconds.min() >= 0.16
    assert seconds.max() <= 0.5
    assert 0.26 < np.median(seconds) < 0.38
    assert rise.max() <= 0.26 + 1 / fps
    assert seconds.std() > 0.04


def test_ambiguous_clips_show_what_another_group_shows(sitter):
    none, all_ = (
        [perform(sitter, "happiness", 25, [k], Difficulty(ambiguity=share)).shown for k in range(20)] for share in (0, 1)
    )
    assert set(none) == {"positive"}
    assert set(all_) == {"negative", "surprise"}


def test_people_use_their_muscles_each_in_their_own_way(sitter):
    fields = sitter.face.fields
    np.testing.assert_array_equal(own_muscles(fields, 0.0, np.random.default_rng(0)), fields)
    one, two = (own_muscles(fields, 1.0, np.random.default_rng(seed)) for seed in (0, 1))
    for other in (one, two):
        likeness = np.corrcoef(fields.ravel(), other.ravel())[0, 1]
        assert 0.75 < likeness < 0.99
    assert not np.allclose(one, two)
