import io

import cv2
import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.faces.align import EYE_DISTANCE, EYES_X, EYES_Y
from fleeting.preprocess import Align, Crop, Eyes, Register, crop_face
from fleeting.preprocess.crop import face_in

from ..made_clips import make_clip

# Where the points lie: 20 to 60 across, 30 to 90 down.
POINTS = np.array([[20.0, 30], [60, 50], [33, 90]])
RIGHT = np.array([1, 0])


def ramps(height=120, width=100, frames=2):
    """Red grows to the right, green downwards, 2 a px; blue says which frame it is."""
    y, x = np.mgrid[:height, :width]
    return np.stack([np.dstack([2 * x, 2 * y, np.full_like(x, t)]) for t in range(frames)]).astype(np.uint8)


def test_the_stretched_box():
    out = crop_face(ramps(), POINTS, "lrcn")
    assert out.shape == (2, 240, 320, 3)
    assert out.dtype == np.uint8
    assert (out[:, [0, -1], [0, -1], :2] == [[[40, 60], [120, 180]]]).all()  # all points inside, none to spare
    assert (out[0, ..., 2] == 0).all()
    assert (out[1, ..., 2] == 1).all()
    wide = crop_face(ramps(), POINTS, "lrcn", margin=0.1)
    assert wide[0, 0, 0, :2].tolist() == [32, 48]
    cut = crop_face(ramps(), POINTS + 60 * RIGHT, "lrcn")  # 80 to 120, of which 100 are there
    assert cut[0, 0, -1, 0] == 198


def test_the_square():
    out = crop_face(ramps(), POINTS)
    assert out.shape == (2, 256, 256, 3)
    assert out[0, 0, 0, :2].tolist() == [20, 60]  # 10 to 70 across, 30 to 90 down
    assert out[0, -1, -1, :2].tolist() == [140, 180]
    np.testing.assert_allclose(np.diff(out[0, 128, ::32, 0].astype(int)), np.diff(out[0, ::32, 128, 1].astype(int)), atol=1)
    rim = crop_face(ramps(), POINTS - 30 * RIGHT)  # a sixth of the box and more lies left of the picture
    assert not rim[0, :, :75, 0].any()
    np.testing.assert_array_equal(rim[0, :, 0, 1], rim[0, :, 80, 1])


def test_bad_input():
    with pytest.raises(UsageError, match=r"'oval'.*square, lrcn"):
        crop_face(ramps(), POINTS, "oval")
    with pytest.raises(UsageError, match="outside of the picture of 100 x 120 px"):
        crop_face(ramps(), POINTS + 200 * RIGHT)


def test_clips_without_a_face_are_named():
    blank = make_clip(np.zeros((2, 90, 90, 3), np.uint8))
    for step in (Crop(coarse=True), Align(coarse=True)):
        with pytest.raises(UsageError, match="made/s1/c1: no face is found"):
            step.transform([blank])[0].frames  # noqa: B018
    with pytest.raises(UsageError, match="made/s1/c1: size=2"):
        Align(2).transform([blank])[0].frames  # noqa: B018
    with pytest.raises(UsageError, match=r"made/s1/c1: .* got 0 frames"):
        Align().transform([make_clip(np.zeros((0, 90, 90, 3), np.uint8), 0, 0, 0)])[0].frames  # noqa: B018


@pytest.mark.parametrize("coarse", [True, False])
def test_a_synthetic_face(recording_clip, coarse):
    face = face_in(recording_clip.frames[0], coarse)
    steps = (Crop(coarse=coarse), Crop("lrcn", coarse=coarse), Align(96, coarse), Eyes(coarse=coarse))
    square, stretched, aligned, eyes = (step.transform([recording_clip])[0] for step in steps)
    assert square.frames.shape == (3, 256, 256, 3)
    assert stretched.frames.shape == (3, 240, 320, 3)
    assert aligned.frames.shape == (3, 96, 96, 3)
    assert eyes.frames.shape == (3, 32, 32, 3)
    assert (aligned.onset, aligned.offset, aligned.id) == (recording_clip.onset, recording_clip.offset, recording_clip.id)
    scale = EYE_DISTANCE * 96 / np.linalg.norm(face.eyes[1] - face.eyes[0])
    x, y = np.rint(face.eyes.mean(axis=0) - np.array([EYES_X, EYES_Y]) * 96 / scale).astype(int)
    side = round(float(96 / scale))
    if x >= 0 and y >= 0:
        seen = cv2.resize(recording_clip.frames[0][y : y + side, x : x + side], (96, 96))
        assert np.corrcoef(seen.ravel(), aligned.frames[0].ravel())[0, 1] > 0.9


COARSE = [Crop(coarse=True), Crop("lrcn", coarse=True), Align(96, True), Eyes(coarse=True), Register((140, 170), coarse=True)]


@pytest.mark.parametrize("step", COARSE, ids=repr)
def test_a_grey_face_is_as_good_as_one_stored_thrice(recording_clip, step):
    grey = recording_clip.frames[..., 1]
    once = step.transform([make_clip(grey)])[0].frames
    thrice = step.transform([make_clip(np.repeat(grey[..., None], 3, axis=3))])[0].frames
    np.testing.assert_array_equal(once, thrice if isinstance(step, Eyes) else thrice[..., 0])


def test_eyes_of_a_clip_and_of_a_small_picture():
    frames = np.zeros((2, 48, 48, 3), np.uint8)
    frames[:, 17:21] = 200
    out = clone(Eyes(band=True)).transform([make_clip(frames)])[0].frames
    assert out.shape == (2, 32, 32, 3)
    weight = out[0, :, :, 0].astype(float).sum(axis=1)
    assert (weight * np.arange(32)).sum() / weight.sum() == pytest.approx(15.5, abs=0.6)
    kept = Eyes(keep_aspect=True, band=True).transform([make_clip(frames)])[0].frames
    assert 0 < (kept[0, :, 0, 0] > 100).sum() < (out[0, :, 0, 0] > 100).sum()
    with pytest.raises(UsageError, match=r"made/s1/c1: the eye region needs at least 1 frame of 8 x 8 px"):
        Eyes().transform([make_clip(frames[:, :4])])[0].frames  # noqa: B018
    with pytest.raises(UsageError, match=r"made/s1/c1: no face is found"):
        Eyes(coarse=True).transform([make_clip(frames)])[0].frames  # noqa: B018


def test_they_can_be_stored(recording_clip):
    steps = [Crop("lrcn"), Align(64), Eyes(16)]
    file = io.BytesIO()
    joblib.dump((steps, Align(64, True).transform([recording_clip])[0]), file)
    file.seek(0)
    again, clip = joblib.load(file)
    assert [repr(step) for step in again] == ["Crop(geometry='lrcn')", "Align(size=64)", "Eyes(size=16)"]
    assert clip.frames.shape == (3, 64, 64, 3)


def test_points_and_pictures_of_a_wrong_kind():
    frames = ramps()
    np.testing.assert_array_equal(crop_face(frames[..., 1], POINTS), crop_face(frames, POINTS)[..., 1])  # grey ones are welcome
    np.testing.assert_array_equal(crop_face(frames[..., 1], POINTS - 30 * RIGHT), crop_face(frames, POINTS - 30 * RIGHT)[..., 1])
    for wrong in (POINTS * np.nan, POINTS[:0], POINTS[0]):
        with pytest.raises(UsageError, match="finite points of shape"):
            crop_face(frames, wrong)
    with pytest.raises(UsageError, match="the face crop takes uint8 pictures"):
        crop_face(frames / 255, POINTS)
