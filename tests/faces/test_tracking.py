"""Following the skin of a face whose motion is known exactly: a textured plane, or a portrait, warped by hand."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy.interpolate import griddata
from scipy.ndimage import map_coordinates
from skimage import data

from fleeting.faces.action_units import AUS, au_fields, sides
from fleeting.faces.align import EYE_DISTANCE, EYES_X, EYES_Y, align, align_stream
from fleeting.faces.landmarks import mean_face
from fleeting.faces.regions import REGIONS, sites
from fleeting.faces.tracking import MAX_SHIFT, FaceTrack

MIDDLE, IOD = np.array([320.0, 200.0]), 80.0
FACE = mean_face(MIDDLE, IOD)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """A finely textured picture, (480, 640, 3) uint8."""
    rng = np.random.default_rng(1)
    coarse = cv2.GaussianBlur(rng.normal(0, 1, (480, 640)).astype(np.float32), (0, 0), 3)
    grey = np.clip(128 + 45 * coarse / coarse.std(), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def warped(image: np.ndarray, displacement: np.ndarray) -> np.ndarray:
    """The picture with the point (x, y) shown at (x, y) + displacement, for small smooth displacements (H, W, 2), by cubic splines:
    OpenCV's warps round places to 1/32 px."""
    y, x = np.mgrid[0 : image.shape[0], 0 : image.shape[1]].astype(float)
    back = displacement
    for _ in range(3):  # the displacement at the source, by fixed point
        at = [y - back[..., 1], x - back[..., 0]]
        back = np.stack([map_coordinates(displacement[..., c], at, order=1, mode="nearest") for c in (0, 1)], axis=2)
    grey = map_coordinates(image[..., 0].astype(float), [y - back[..., 1], x - back[..., 0]], order=3, mode="nearest")
    return np.repeat(np.clip(np.rint(grey), 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def shift(x: float, y: float) -> np.ndarray:
    return np.broadcast_to(np.array([x, y], np.float32), (480, 640, 2)).copy()


def test_a_still_face_does_not_move(picture):
    motion = FaceTrack(FACE, picture).follow(picture)
    assert np.abs(motion.skin).max() < 1e-3
    np.testing.assert_allclose(motion.head, 0, atol=1e-5)
    assert motion.residual < 1e-3


@pytest.mark.parametrize("by", [(0.4, 0.0), (1.3, -0.7), (6.0, 4.0)])
def test_a_shift_of_the_head_is_head_motion_and_leaves_the_skin_still(picture, by):
    motion = FaceTrack(FACE, picture).follow(warped(picture, shift(*by)))
    np.testing.assert_allclose(motion.head[:2] * IOD, by, atol=0.03)
    assert np.percentile(np.abs(motion.skin), 95) < 0.06  # % of the eye distance: .05 px


def test_roll_and_scale_are_head_motion(picture):
    y, x = np.mgrid[0:480, 0:640] - np.array([220.0, 320.0])[:, None, None]
    roll, scale = 0.02, 0.015
    motion = FaceTrack(FACE, picture).follow(warped(picture, np.stack([scale * x - roll * y, scale * y + roll * x], axis=2)))
    np.testing.assert_allclose(motion.head[2:4], [scale, roll], atol=5e-4)
    assert np.percentile(np.abs(motion.skin), 95) < 0.2  # Lucas-Kanade takes each window to shift, not to turn


def test_turning_moves_near_points_against_far_ones_and_is_taken_out_by_depth(picture):
    y, x = np.mgrid[0:480, 0:640]
    tip = FACE.points[1]
    # The mean face's depth laid over the picture, smooth enough for the warp.
    mesh = FACE.points[:468]
    depth = np.nan_to_num(griddata(mesh[:, :2], mesh[:, 2], (x, y), method="linear", fill_value=float(mesh[:, 2].max())))
    depth = cv2.GaussianBlur(depth.astype(np.float32), (0, 0), 4)
    yaw = 0.03
    motion = FaceTrack(FACE, picture).follow(warped(picture, np.stack([yaw * depth, 0 * depth], axis=2)))
    assert motion.head[4] == pytest.approx(yaw, abs=0.006)
    assert tip[2] < 0  # the tip of the nose is nearer than the rest
    assert np.percentile(np.abs(motion.skin), 90) < 0.4  # without the depth term: .03 of .9 eye distances, 2.7 %


def test_a_bump_of_a_brow_is_skin_motion_of_that_brow_only(picture):
    at = FACE.points[105, :2]
    y, x = np.mgrid[0:480, 0:640]
    hill = np.exp(-(((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * 18.0**2)))
    up = 0.02 * IOD  # 2 % of the eye distance
    motion = FaceTrack(FACE, picture).follow(warped(picture, np.stack([0 * hill, -up * hill], axis=2)))
    region = sites().region
    brow = motion.skin[region == REGIONS.index("right_brow"), 1].mean()
    assert -2.0 < brow < -0.8
    for other in ("left_brow", "left_mouth", "chin", "nose"):
        assert np.abs(motion.skin[region == REGIONS.index(other)].mean(axis=0)).max() < 0.15


def test_raised_brows_are_seen_nearly_whole_and_hardly_taken_for_a_nod(picture):
    pixels = np.stack(np.meshgrid(np.arange(640.0), np.arange(480.0)), axis=-1).reshape(-1, 2)
    raised = au_fields(FACE.points, pixels)[[AUS.index(name) for name in sides((1, 2))]].sum(axis=0)
    raised = (0.03 * IOD * raised / np.linalg.norm(raised, axis=1).max()).reshape(480, 640, 2)
    x, y = sites().on(FACE.points)[:, :2].round().astype(int).T
    motion = FaceTrack(FACE, picture).follow(warped(picture, raised))
    for name in ("right_brow", "left_brow", "inner_brow"):
        brow = sites().region == REGIONS.index(name)
        seen, true = motion.skin[brow, 1].mean(), 100 * raised[y, x, 1][brow].mean() / IOD
        assert 0.85 < seen / true < 1, "three quarters, when the head was fitted without the action units"
    assert np.abs(motion.head).max() < 0.002


def test_light_that_changes_is_no_motion(picture):
    darker = np.clip(picture.astype(np.float32) * 0.9 - 5, 0, 255).astype(np.uint8)
    motion = FaceTrack(FACE, picture).follow(darker)
    assert np.percentile(np.abs(motion.skin), 95) < 0.2  # Lucas-Kanade takes each window to shift, not to turn
    assert motion.light < picture.mean()


def test_drift_is_noticed_and_the_trace_goes_on_after_renewal(picture):
    far = shift((MAX_SHIFT + 0.05) * IOD, 0)
    y, x = np.mgrid[0:480, 0:640]
    at = FACE.points[105, :2]
    hill = np.exp(-(((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * 18.0**2)))
    raised = np.stack([0 * hill, -1.6 * hill], axis=2)
    track = FaceTrack(FACE, picture)
    before = track.follow(warped(picture, raised))
    assert not track.drifted
    moved = warped(picture, far + raised)
    for step in np.linspace(0.2, 1, 5):
        before = track.follow(warped(picture, step * far + raised))
    assert track.drifted
    track.renew(mean_face(MIDDLE + far[0, 0], IOD), moved)
    after = track.follow(moved)
    assert not track.drifted
    brow = sites().region == REGIONS.index("right_brow")
    assert after.skin[brow, 1].mean() == pytest.approx(before.skin[brow, 1].mean(), abs=0.1)
    np.testing.assert_allclose(after.head[:2], before.head[:2], atol=0.01)


def test_a_face_that_is_gone_is_not_followed(picture):
    noise = np.random.default_rng(0).integers(0, 255, picture.shape, dtype=np.uint8)
    assert FaceTrack(FACE, picture).follow(noise) is None


def test_aligned_crops_hold_the_eyes_in_place_while_the_head_moves(picture):
    frames = [warped(picture, shift(k * 1.5, -k)) for k in range(4)]
    crops = align(frames, FACE, size=128)
    assert crops.shape == (4, 128, 128, 3)
    assert crops.dtype == np.uint8
    inner = slice(16, 112)
    apart = [np.abs(c[inner, inner].astype(float) - crops[0][inner, inner]).mean() for c in crops]
    assert max(apart) < 6  # grey levels of a texture whose deviation is 45
    scale = EYE_DISTANCE * 128 / IOD
    corner = MIDDLE - np.array([EYES_X, EYES_Y]) * 128 / scale
    x, y = np.rint(corner).astype(int)
    side = round(128 / scale)
    expected = cv2.resize(picture[y : y + side, x : x + side], (128, 128), interpolation=cv2.INTER_LINEAR)
    assert np.corrcoef(expected.ravel(), crops[0].ravel())[0, 1] > 0.9


def test_a_grey_portrait_can_be_followed_too():
    image = np.repeat(cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    face = mean_face(np.array([224.0, 112.0]), 41.5)
    motion = FaceTrack(face, image).follow(np.roll(image, 1, axis=1))
    assert motion.head[0] * 41.5 == pytest.approx(1, abs=0.1)


def test_what_slips_off_is_put_back_to_where_the_mesh_has_it(picture):
    face = mean_face(np.array([150.0, 120.0]), 80.0)
    track = FaceTrack(face, picture)
    assert track.follow(picture) is not None
    np.testing.assert_allclose(track.settle(face, 0.03), 1.0)
    track._guess[:40] += 0.3 * 80  # forty sites on something else, as lips on teeth
    track._last_skin[:40] += 30
    agree = track.settle(face, 0.03)
    assert agree[:40].max() == 0
    assert agree[40:].min() == 1
    motion = track.follow(picture)
    assert np.abs(motion.skin[:40]).max() < 1.0, "the trace has what the mesh has, and not what was followed by mistake"
    regained = [track.settle(face, 0.1).min() for _ in range(6)]
    assert regained[0] < 0.3
    assert regained[-1] == 1


def test_a_trace_far_from_the_meshs_sinks_back_and_one_near_it_stays(picture):
    face = mean_face(np.array([150.0, 120.0]), 80.0)
    track = FaceTrack(face, picture)
    track.follow(picture)
    track._skin[:, 0] = 40.0
    for _ in range(300):
        track.settle(face, 0.1)
    far = track.follow(picture).skin[:, 0]
    track._skin[:, 0] = 2.0
    for _ in range(300):
        track.settle(face, 0.1)
    np.testing.assert_allclose(far, 3.0, atol=0.5)
    np.testing.assert_allclose(track.follow(picture).skin[:, 0], 2.0, atol=0.5)


class Known:
    """A detector that knows where the face is, if there is one: in pictures that are not dark."""

    looks_hz = 30.0

    def __init__(self, face):
        self.face, self.asked = face, 0

    def detect(self, image):
        self.asked += 1
        return [self.face] if image.mean() > 60 else []

    def refine(self, image, face):
        return face if image.mean() > 60 else replace(face, presence=0.0)


def test_a_stream_of_crops_is_that_of_a_clip_and_waits_for_a_face(picture):
    shifts = [0, 1, 2, 3, 4, 5]
    frames = [np.roll(picture, n, axis=1) for n in shifts]
    dark = np.zeros_like(picture)
    detector = Known(FACE)
    crops = list(align_stream([dark, *frames, dark, frames[0]], detector, size=128))
    assert [crop is None for crop in crops] == [True, *[False] * 6, True, False]
    np.testing.assert_array_equal(np.stack(crops[1:7]), align(frames, FACE, size=128))
    np.testing.assert_array_equal(crops[8], crops[1])
    assert detector.asked == 4  # the dark frames, and the frame after each


def test_the_crops_do_not_jump_where_the_reference_is_renewed(picture):
    """The head goes 1.2 eye distances to the right, which takes several references; the detector's idea of the face is off by 3 px."""
    shifts = range(0, 97, 4)
    frames = [np.roll(picture, n, axis=1) for n in shifts]

    class Jittering(Known):
        def refine(self, image, face):
            n = next(n for n, frame in zip(shifts, frames, strict=True) if frame is image)
            return mean_face(MIDDLE + np.array([n + 3, 2]), IOD)

    crops = np.stack(list(align_stream(frames, Jittering(FACE), size=128))).astype(float)
    assert max(np.abs(crop - crops[0])[20:-20, 20:-20].mean() for crop in crops) < 4
