"""The synthetic interview: its truth is true, and what is turned off is absent."""

from collections.abc import Iterator
from itertools import islice

import cv2
import numpy as np
import pandas as pd
import pytest

from fleeting.errors import OutputError, UsageError
from fleeting.faces.action_units import AUS, sides
from fleeting.media import open_media
from fleeting.synthetic.interview import synthetic_interview
from fleeting.synthetic.rendering import FaceRenderer, Pose, astronaut

SMALL = (320, 240)
NOTHING_MOVES = {"events_per_min": 0, "macro": False, "speech": False, "blinks_per_min": 0, "gaze": 0, "head": 0}
STILL = {**NOTHING_MOVES, "noise": 0, "flicker": 0}


@pytest.fixture(scope="module")
def face() -> FaceRenderer:
    return FaceRenderer(astronaut())


@pytest.fixture(scope="module")
def interviews():
    return [synthetic_interview(seed, 40, size=(128, 96)) for seed in range(5)]


def strengths(**percent: float) -> np.ndarray:
    """``strengths(AU12=3)``: 3 % of AU 12 on each side that it has."""
    aus = np.zeros(len(AUS))
    for name, value in percent.items():
        aus[[AUS.index(side) for side in sides((int(name[2:]),))]] = value
    return aus


def test_a_seed_gives_the_same_recording_and_another_seed_another():
    first, again, other = (
        synthetic_interview(seed, 2, size=SMALL, macro=False, speech=False, events_per_min=60) for seed in (3, 3, 4)
    )
    pd.testing.assert_frame_equal(first.truth, again.truth)
    assert not first.truth.equals(other.truth)
    for a, b, c in zip(first.frames(), islice(again.frames(), 3), other.frames(), strict=False):
        np.testing.assert_array_equal(a, b)
        assert (a != c).any()
    np.testing.assert_array_equal(next(first.frames()), next(first.frames()))


def test_frames_are_streamed_and_as_many_as_timestamps():
    interview = synthetic_interview(0, 0.2, fps=50, size=SMALL)
    frames = interview.frames()
    assert isinstance(frames, Iterator)
    pictures = list(frames)
    assert len(pictures) == len(interview) == len(interview.timestamps) == 10
    assert all(picture.shape == (240, 320, 3) and picture.dtype == np.uint8 for picture in pictures)
    np.testing.assert_allclose(interview.timestamps[[0, 1, 9]], [0, 0.02, 0.18])


def test_truth_lies_within_the_recording_and_the_literature(interviews):
    for interview in interviews:
        truth = interview.truth
        assert (truth.onset >= 0).all()
        assert (truth.offset < len(interview)).all()
        assert ((truth.onset <= truth.apex) & (truth.apex <= truth.offset)).all()
        np.testing.assert_allclose(truth.onset_s, truth.onset / interview.fps)
        micro = truth[truth.kind == "micro"]
        assert len(micro) == 8
        assert (micro.offset_s - micro.onset_s).between(0.16 - 1e-9, 0.5 + 1e-9).all()
        assert (micro.apex_s - micro.onset_s).between(0.03, 0.26 + 1e-9).all()
        assert micro.intensity.between(1.3, 4).all()
        assert micro.emotion.isin(["negative", "positive", "surprise"]).all()
        assert micro.aus.ne("").all()
        macro = truth[truth.kind == "macro"]
        assert (macro.offset_s - macro.onset_s).between(0.8 - 1e-9, 3).all()
        assert macro.intensity.between(5, 15).all()
        assert set(truth.kind) == {"micro", "macro", "speech", "head", "blink"}


def test_scripted_events_do_not_overlap(interviews):
    for interview in interviews:
        events = interview.truth[interview.truth.kind != "blink"].sort_values("onset")
        assert (events.onset.to_numpy()[1:] > events.offset.to_numpy()[:-1]).all()


def test_emotions_and_sides_vary(interviews):
    micro = pd.concat([interview.truth.query("kind == 'micro'") for interview in interviews])
    assert set(micro.emotion) == {"negative", "positive", "surprise"}
    assert micro.aus.str.contains(r"[LR]\d").any()
    assert micro.aus.str.contains("AU").any()


def test_truth_is_at_rest_outside_its_events():
    interview = synthetic_interview(0, 6, size=SMALL, **{**STILL, "events_per_min": 40})
    moving = np.zeros(len(interview), bool)
    for row in interview.truth.itertuples():
        moving[row.onset + 1 : row.offset] = True
        assert not interview.aus[[row.onset, row.offset]].any()
    assert len(interview.truth) >= 3
    assert not interview.aus[~moving].any()
    assert interview.aus[moving].any(axis=1).all()


def test_a_still_scene_stands_still():
    first, *others = islice(synthetic_interview(1, 0.3, size=SMALL, **STILL).frames(), 5)
    for other in others:
        np.testing.assert_array_equal(first, other)


def test_noise_has_the_strength_asked_for_and_grows_with_brightness():
    clean = next(synthetic_interview(0, 1, size=SMALL, **STILL).frames()).astype(float)
    noisy = np.stack(
        list(islice(synthetic_interview(0, 1, size=SMALL, **NOTHING_MOVES, noise=2.0, flicker=0).frames(), 20))
    )
    error = noisy - clean
    unclipped = (clean > 12) & (clean < 244)
    assert abs(error[:, unclipped].mean()) < 0.02
    middle = error[:, (clean > 120) & (clean < 136)].std()
    assert middle == pytest.approx(np.hypot(2, np.sqrt(1 / 12)), rel=0.05)  # and the rounding to whole grey levels
    assert error[:, (clean > 15) & (clean < 40)].std() < 0.8 * middle
    a, b = error[0][unclipped], error[1][unclipped]
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.02


def test_light_flickers_as_asked():
    interview = synthetic_interview(0, 10, size=(128, 96), **{**STILL, "flicker": 1.0})
    assert 0.005 < interview.light.std() < 0.02
    assert abs(np.diff(interview.light)).max() < 0.001  # at 100 fps lamps of 100 Hz show as a slow beat


@pytest.mark.parametrize("aus", [{"AU12": 3}, {"AU1": 2, "AU2": 2}, {"AU4": 4}, {"AU6": 4, "AU12": 10}])
def test_the_picture_is_moved_as_far_as_the_truth_says(aus):
    """The portrait's colours are swapped for their places in 1/100 px: where each pixel came from can be read off."""
    weights, places = strengths(**aus), FaceRenderer(astronaut())
    places.skin = 100 * np.concatenate([places.pixels, np.zeros_like(places.pixels[..., :1])], axis=-1)
    places._open[:] = 0
    came_from = places.render(Pose(aus=weights))[..., :2] / 100

    field = places.skin_displacement(weights)
    start = places.pixels[1::4, 1::4] + 0.5
    now = start + field
    error = np.linalg.norm(cv2.remap(came_from, now, None, cv2.INTER_LINEAR) - start, axis=-1)
    assert error[1:-1, 1:-1].max() < 0.02 + 0.05 * np.linalg.norm(field, axis=-1).max()
    moved = np.linalg.norm(places.pixels - came_from, axis=-1)
    assert moved.max() == pytest.approx(places.strength(weights) * places.iod / 100, rel=0.02)


@pytest.mark.parametrize(("aus", "percent"), [({"AU12": 3}, 3), ({"AU1": 3, "AU2": 3}, 3), ({"AU4": 2}, 2)])
def test_optical_flow_finds_the_motion_that_the_truth_says(face, aus, percent):
    weights = strengths(**aus)
    weights *= percent / face.strength(weights)
    rest, apex = (cv2.cvtColor(face.render(pose), cv2.COLOR_RGB2GRAY) for pose in (Pose(), Pose(aus=weights)))
    window = 11  # px; the tracker sees the mean motion within
    size = np.linalg.norm(cv2.blur(face.skin_displacement(weights), (window // 4 + 1,) * 2), axis=-1)
    texture = cv2.cornerMinEigenVal(cv2.GaussianBlur(rest, (0, 0), 1), 7)
    texture = cv2.resize(texture, size.shape[::-1], interpolation=cv2.INTER_AREA)
    strong = size > 0.8 * size.max()
    y, x = np.nonzero(strong & (texture > np.median(texture[strong])))
    start = np.stack([4 * x + 1.5, 4 * y + 1.5], axis=-1).astype(np.float32)[:, None]
    stop, found, _ = cv2.calcOpticalFlowPyrLK(rest, apex, start, None, winSize=(window, window), maxLevel=2)
    assert found.all()
    gain = np.linalg.norm((stop - start)[:, 0], axis=-1) / size[y, x]
    assert np.median(gain) == pytest.approx(1, abs=0.05)
    assert face.strength(weights) * face.iod / 100 == pytest.approx(percent * 0.9)


def test_a_closed_lid_covers_the_eye(face):
    open_, closed = face.render(Pose()), face.render(Pose(blink=np.ones(2)))
    for iris in face.points[[468, 473], :2].round().astype(int):
        around = np.s_[iris[1] - 2 : iris[1] + 3, iris[0] - 3 : iris[0] + 4]
        assert closed[around].mean() > open_[around].mean() + 60  # skin where the dark iris was
    away = np.ones(face.size[::-1], bool)
    away[150:260] = False
    np.testing.assert_array_equal(open_[away], closed[away])


def test_a_blink_on_the_right_leaves_the_left_eye_alone(face):
    changed = (face.render(Pose()) != face.render(Pose(blink=np.array([1.0, 0.0])))).any(axis=(0, 2))
    assert changed[:320].any()
    assert not changed[320:].any()


def test_gaze_moves_the_irises_and_nothing_else(face):
    changed = (face.render(Pose()) != face.render(Pose(gaze=np.array([3.0, 0.0])))).any(axis=2)
    y, x = np.nonzero(changed)
    eyes = face.points[[468, 473], :2]
    assert np.min(np.hypot(x[:, None] - eyes[:, 0], y[:, None] - eyes[:, 1]), axis=1).max() < 0.3 * face.iod


def test_an_open_mouth_is_dark_inside(face):
    x, y = face.points[14, :2].round().astype(int)
    assert face.render(Pose())[y - 1, x].mean() > 90
    assert face.render(Pose(aus=strengths(AU25=6, AU26=10)))[y + 6, x].mean() < 70


def test_head_motion_is_recovered_and_the_background_stays(face):
    head = np.array([4.0, -3.0, 1.5, 0, 0, 1.0])
    rest, moved = (cv2.cvtColor(face.render(pose), cv2.COLOR_RGB2GRAY) for pose in (Pose(), Pose(head=head)))
    corners = face.points[[*range(0, 468, 5)], :2][:, None].copy()
    there, _, _ = cv2.calcOpticalFlowPyrLK(rest, moved, corners, None, winSize=(21, 21), maxLevel=3)
    matrix, _ = cv2.estimateAffinePartial2D(corners, there, ransacReprojThreshold=0.3)
    cos, sin = matrix[0, 0], matrix[1, 0]
    assert np.hypot(cos, sin) == pytest.approx(1.01, abs=0.003)
    assert np.degrees(np.arctan2(sin, cos)) == pytest.approx(1.5, abs=0.1)
    chin = matrix @ [*face.points[152, :2], 1] - face.points[152, :2]
    np.testing.assert_allclose(chin, 0.9 * head[:2], atol=0.15)
    np.testing.assert_array_equal(rest[:, :16], moved[:, :16])
    np.testing.assert_array_equal(rest[:, -16:], moved[:, -16:])


def test_the_nose_moves_farther_than_the_cheeks_when_the_head_turns(face):
    turned = face.head_displacement(np.array([0, 0, 0, 3.0, 0, 0]))
    nose, right, left = ((face.points[k, :2] / 4).astype(int) for k in (1, 234, 454))
    assert turned[nose[1], nose[0], 0] > 1.4 * max(turned[right[1], right[0], 0], turned[left[1], left[0], 0])
    assert turned[right[1], right[0], 0] > 0
    shift = face.nose_shift(np.array([[0, 0, 0, 3.0, 0, 0]]))[0] * face.iod / 100
    np.testing.assert_allclose(turned[nose[1], nose[0]], shift, rtol=0.08)


def test_restless_heads_jerk_and_smooth_ones_do_not():
    off = {"size": (128, 96), "macro": False, "speech": False, "events_per_min": 0}
    speed = {}
    for style in ("smooth", "restless"):
        interview = synthetic_interview(0, 20, head_motion=style, **off)
        shift = interview.renderer.nose_shift(interview.head)
        speed[style] = np.linalg.norm(np.diff(shift, axis=0), axis=1).max()
    assert speed["restless"] > 1.3 * speed["smooth"]


def test_write_gives_the_video_and_its_truth(tmp_path):
    interview = synthetic_interview(0, 0.6, fps=50, size=SMALL, events_per_min=200, macro=False, speech=False)
    path = interview.write(tmp_path / "gespräch.mp4")
    frames = list(open_media(path))
    assert len(frames) == len(interview) == 30
    np.testing.assert_allclose([frame.time for frame in frames], interview.timestamps, atol=1e-4)
    drawn = next(interview.frames()).astype(float)
    assert abs(frames[0].image - drawn).mean() < 6
    table = pd.read_csv(tmp_path / "gespräch.truth.csv", keep_default_na=False)
    assert list(table) == list(interview.truth)
    columns = ["onset", "apex", "offset", "kind", "aus"]
    pd.testing.assert_frame_equal(table[columns], interview.truth[columns], check_dtype=False)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["gespräch.mp4", "gespräch.truth.csv"]


def test_write_into_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OutputError):
        synthetic_interview(0, 0.1, size=SMALL, **STILL).write(tmp_path / "no" / "a.mp4")


@pytest.mark.parametrize(
    "wrong",
    [{"head_motion": "wild"}, {"noise": -1}, {"size": (321, 240)}, {"size": (8, 8)}, {"duration_s": 0.01}, {"fps": 0}],
)
def test_wrong_parameters_are_named(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        synthetic_interview(**wrong)
