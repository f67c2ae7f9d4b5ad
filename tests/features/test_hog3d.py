import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.faces.landmarks import mean_mesh, to_ibug68
from fleeting.features.hog3d import HOG3D, hog3d, twelve_boxes

from ..made_clips import make_clip, moving

T, Y, X = np.mgrid[:6, :20, :24].astype(float)
BOX = np.array([[4, 4, 20, 16]])


def parts(frames, **options):
    return np.split(hog3d(frames, BOX, **options), [8, 20])


def test_a_ramp_to_the_right():
    xy, xt, yt = parts(X)
    np.testing.assert_allclose(xy, np.eye(8)[0] * 0.5**0.5, atol=1e-6)
    np.testing.assert_allclose(xt, np.eye(12)[0] * 0.5**0.5, atol=1e-6)
    assert not yt.any()


def test_a_ramp_that_moves():
    _, xt, yt = parts(X - T)  # angle atan2(-1, 1): 315 degrees, sector 10 of 12
    assert xt.argmax() == 10
    assert np.count_nonzero(xt) == 1
    assert yt.argmax() == 9  # darker later, 270 degrees
    _, xt, _ = parts(X + 2 * T)
    assert xt.argmax() == 2  # 63 degrees


def test_a_still_clip_changes_along_no_time(rng):
    still = np.repeat(rng.random((1, 20, 24)), 5, axis=0)
    _, xt, yt = parts(still)
    assert set(np.flatnonzero(xt)) == set(np.flatnonzero(yt)) == {0, 6}
    assert not hog3d(np.ones((3, 20, 24)), BOX).any()


def test_contrast_and_light_do_not_matter(rng):
    frames = rng.random((5, 20, 24))
    np.testing.assert_allclose(hog3d(3 * frames + 7, BOX), hog3d(frames, BOX), atol=1e-6)
    first = hog3d(frames, BOX, pool="mean_max")
    np.testing.assert_array_equal(first[:32], hog3d(frames, BOX))
    assert (first[32:] >= first[:32]).all()


def test_a_mirrored_clip_mirrors_directions(rng):
    frames = rng.random((5, 20, 24))
    xy, xt, yt = parts(frames)
    other = parts(frames[:, :, ::-1])
    np.testing.assert_allclose(other[0], xy[[3, 2, 1, 0, 7, 6, 5, 4]], atol=1e-6)
    np.testing.assert_allclose(other[1], xt[[5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7, 6]], atol=1e-6)
    np.testing.assert_allclose(other[2], yt, atol=1e-6)


def test_boxes_lie_on_the_face_and_may_leave_the_picture():
    points = to_ibug68(mean_mesh() * 70 + np.array([100, 90, 0], np.float32))
    boxes = twelve_boxes(points)
    assert boxes.shape == (12, 4)
    assert np.ptp(boxes[:, 2:] - boxes[:, :2]) == 0
    assert boxes[0, 2] - boxes[0, 0] == pytest.approx(0.35 * 70, abs=1)
    assert (boxes[[1, 3, 6, 8, 10], 0] > boxes[[0, 2, 5, 7, 9], 0]).all()  # the subject's left is to the right
    assert (np.diff(boxes[[0, 2, 5, 7, 9, 11], 1]) > 0).all()  # from the forehead down to the chin
    out = hog3d(X, np.array([[-50, -50, -20, -20], [10, 10, 90, 90]]))
    assert not out[:32].any()
    assert out[32:].any()


def test_clips():
    clip = make_clip(moving([0, 0.5, 1], 128, 112))
    rows = HOG3D(find_mesh=False).transform([clip, clip])
    assert rows.shape == (2, 384)
    assert rows.dtype == np.float32
    with pytest.raises(UsageError, match=r"made/s1/c1: HOG3D needs at least 2 frames"):
        HOG3D(find_mesh=False).transform([make_clip(moving([0]))])
    with pytest.raises(UsageError, match="mean, mean_max"):
        hog3d(X, BOX, pool="sum")
    file = io.BytesIO()
    joblib.dump(clone(HOG3D(2)), file)
    file.seek(0)
    assert repr(joblib.load(file)) == "HOG3D(sigma=2)"
