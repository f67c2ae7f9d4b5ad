import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.faces.landmarks import mean_mesh, to_ibug68
from fleeting.features.lstd import LSTD, lstd, sixteen_boxes

from ..made_clips import make_clip, moving

T, Y, X = np.mgrid[:6, :20, :24].astype(float)
BOX = np.array([[4, 4, 20, 16]])


def by_hand(volume, box, radius):
    counts = np.zeros((3, 16))
    x0, y0, x1, y1 = box[0]
    for t in range(radius, volume.shape[0] - radius):
        for y in range(max(y0, radius), min(y1, volume.shape[1] - radius)):
            for x in range(max(x0, radius), min(x1, volume.shape[2] - radius)):
                here = volume[t, y, x]
                code_x = 2 * (here >= volume[t, y, x - radius]) + (here >= volume[t, y, x + radius])
                code_y = 2 * (here >= volume[t, y - radius, x]) + (here >= volume[t, y + radius, x])
                code_t = 2 * (here >= volume[t - radius, y, x]) + (here >= volume[t + radius, y, x])
                for plane, code in enumerate((4 * code_x + code_y, 4 * code_x + code_t, 4 * code_y + code_t)):
                    counts[plane, code] += 1
    return (counts / counts.sum(axis=1, keepdims=True)).ravel()


@pytest.mark.parametrize("radius", [1, 2])
@pytest.mark.parametrize("box", [[[2, 3, 9, 8]], [[-5, -5, 30, 30]]])
def test_against_a_loop(rng, radius, box):
    frames = rng.integers(0, 5, (6, 10, 12))
    np.testing.assert_allclose(lstd(frames, np.array(box), radius), by_hand(frames, box, radius), atol=1e-6)


def test_flat_frames_and_ramps():
    np.testing.assert_array_equal(lstd(np.ones((4, 20, 24)), BOX).reshape(3, 16), np.eye(16)[[15] * 3])
    xy, xt, yt = lstd(X, BOX).reshape(3, 16).argmax(axis=1)
    assert (xy, xt, yt) == (4 * 2 + 3, 4 * 2 + 3, 15)  # brighter than the one before alone
    xy, xt, yt = lstd(X - 2 * T - Y, BOX).reshape(3, 16).argmax(axis=1)
    assert (xy, xt, yt) == (4 * 2 + 1, 4 * 2 + 1, 4 * 1 + 1)


def test_what_does_not_matter(rng):
    frames = rng.integers(0, 200, (5, 20, 24), dtype=np.uint8)
    np.testing.assert_array_equal(lstd(frames**0.5 * 3 + 7, BOX), lstd(frames, BOX))
    swap = np.array([0, 2, 1, 3])  # the two bits change places
    mirrored = lstd(frames[:, :, ::-1], np.array([[4, 4, 20, 16]])).reshape(3, 4, 4)
    xy, xt, yt = lstd(frames, BOX).reshape(3, 4, 4)
    np.testing.assert_allclose(mirrored, [xy[swap], xt[swap], yt], atol=1e-6)
    still = np.repeat(frames[:1], 4, axis=0)
    assert lstd(still, BOX).reshape(3, 4, 4)[1:, :, :3].max() == 0


def test_boxes_lie_on_the_face_and_may_leave_the_picture():
    points = to_ibug68(mean_mesh() * 70 + np.array([100, 90, 0], np.float32))
    boxes = sixteen_boxes(points)
    assert boxes.shape == (16, 4)
    middle = boxes.reshape(16, 2, 2).mean(axis=1)
    np.testing.assert_allclose(middle[[0, 1, 5, 7, 9, 11]] * [-1, 1] + [200, 0], middle[[4, 3, 6, 8, 10, 12]], atol=2)  # pairs
    assert ((middle > points.min(axis=0)) & (middle < points.max(axis=0))).all()
    out = lstd(X, np.array([[-50, -50, -20, -20], [10, 10, 90, 90], [100, 5, 120, 9]])).reshape(3, 48)
    assert not out[[0, 2]].any()
    np.testing.assert_allclose(out[1].reshape(3, 16).sum(axis=1), 1)


def test_clips():
    clip = make_clip(moving([0, 0.5, 1, 0.5], 128, 112))
    rows = LSTD(find_mesh=False).transform([clip, clip])
    assert rows.shape == (2, 768)
    assert rows.dtype == np.float32
    assert not np.array_equal(rows[0], LSTD(rpca=False, find_mesh=False).transform([clip])[0])
    still = make_clip(np.repeat(moving([0], 128, 112), 4, axis=0))
    assert LSTD(rpca=False, find_mesh=False).transform([still])[0].reshape(16, 3, 4, 4)[:, 1:, :, 3].sum(axis=2).min() == pytest.approx(1)
    with pytest.raises(UsageError, match=r"made/s1/c1: LSTD with radius 1 needs at least 3 frames"):
        LSTD(find_mesh=False).transform([make_clip(moving([0, 1]))])
    with pytest.raises(UsageError, match="radius=0"):
        lstd(X, BOX, 0)
    with pytest.raises(UsageError, match="LSTD with radius 1 takes finite numbers"):
        lstd(np.full((4, 9, 9), np.nan), BOX)
    file = io.BytesIO()
    joblib.dump(clone(LSTD(2)), file)
    file.seek(0)
    assert repr(joblib.load(file)) == "LSTD(radius=2)"


def test_a_small_picture_beside_the_face_gives_numbers():
    rows = LSTD(find_mesh=False).transform([make_clip(moving([0, 0.5, 1], 16, 20))])
    assert np.isfinite(rows).all()
