import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.faces.landmarks import mean_mesh, to_ibug68
from fleeting.preprocess import Register, register
from fleeting.preprocess.register import local_weighted_mean, model_face

from ..made_clips import make_clip, texture


def test_a_polynomial_is_found_again(rng):
    source = rng.uniform(0, 100, (68, 2))
    places = rng.uniform(20, 80, (500, 2))

    def bend(p):
        x, y = p.T
        return np.column_stack([3 + 0.9 * x - 0.1 * y + 0.004 * x * y, -2 + 1.1 * y + 0.003 * x**2 - 0.002 * y**2])

    np.testing.assert_allclose(local_weighted_mean(places, source, bend(source)), bend(places), atol=1e-12)


def test_nothing_moves_where_the_points_are_the_same(rng):
    points = model_face()
    places = rng.uniform(-50, 400, (300, 2))
    np.testing.assert_allclose(local_weighted_mean(places, points, points), places, atol=1e-10)


def test_points_go_to_their_places_or_near_and_far_off_the_map_is_affine(rng):
    source = model_face()
    target = source * [1.2, 0.9] + [5, -8]
    far = rng.uniform(-3000, 3000, (50, 2))
    np.testing.assert_allclose(local_weighted_mean(far, source, target), far * [1.2, 0.9] + [5, -8], atol=0.05)
    jittered = target + rng.normal(size=target.shape)
    apart = np.linalg.norm(local_weighted_mean(source, source, jittered) - jittered, axis=1)
    assert apart.max() < 4
    turned = np.array([[0.8, -0.6], [0.6, 0.8]])
    plain = local_weighted_mean(far, source, jittered)
    np.testing.assert_allclose(local_weighted_mean(far, source, jittered @ turned), plain @ turned, atol=1e-6)


def test_points_in_a_row_do_not_run_away():
    row = np.column_stack([np.arange(20.0), np.zeros(20)])
    rest = np.array([[0, 30.0], [19, 30], [9, 31]])
    source = np.concatenate([row, rest])
    target = source + [2, 1] + 0.3 * np.random.default_rng(0).normal(size=source.shape)
    places = np.column_stack([np.linspace(0, 19, 40), np.full(40, 3.0)])
    assert np.abs(local_weighted_mean(places, source, target, 8) - places - [2, 1]).max() < 3


def test_a_face_comes_to_the_model():
    shape, size = (300, 260), (140, 170)
    picture = np.rint(texture(*shape, seed=3, smooth=4)).astype(np.uint8)
    points = to_ibug68(mean_mesh() * 70 + np.array([130, 110, 0], np.float32))
    bent = points + np.float32([[2, -1]]) * np.sin(points[:, ::-1] / 40)
    out = register(picture[None].repeat(2, axis=0), bent, size)
    assert out.shape == (2, 170, 140, 3)
    assert out.dtype == np.uint8
    np.testing.assert_array_equal(out[0], out[1])
    model = np.rint(model_face(size)[:17:4]).astype(int)
    seen = np.array([out[0][y, x] for x, y in model if 0 <= x < 140 and 0 <= y < 170], float)
    there = np.array([picture[round(float(y)), round(float(x))] for (x, y), m in zip(bent[:17:4], model, strict=True) if 0 <= m[0] < 140])
    assert np.abs(seen - there).mean() < 12
    same = register(picture[None], model_face((260, 300)), (260, 300))
    assert np.abs(same[0].astype(float) - picture).max() <= 1


def test_bad_input():
    points = model_face()
    with pytest.raises(UsageError, match="neighbours=5"):
        local_weighted_mean(points, points, points, 5)
    with pytest.raises(UsageError, match="neighbours=12"):
        local_weighted_mean(points, points[:10], points[:10])
    with pytest.raises(UsageError, match=r"\(68, 2\) and \(66, 2\)"):
        local_weighted_mean(points, points, points[:66])
    with pytest.raises(UsageError, match="68 points, finite"):
        register(np.zeros((1, 50, 50, 3), np.uint8), points * np.nan)
    with pytest.raises(UsageError, match="registration takes uint8 pictures"):
        register(np.zeros((1, 50, 50, 3)), points)
    with pytest.raises(UsageError, match="68 points"):
        register(np.zeros((1, 50, 50, 3), np.uint8), points[:66])


def test_clips(recording_clip):
    out = clone(Register((140, 170))).transform([recording_clip])[0]
    assert out.frames.shape == (3, 170, 140, 3)
    blank = make_clip(np.zeros((2, 90, 90, 3), np.uint8))
    with pytest.raises(UsageError, match="made/s1/c1: no face"):
        Register(coarse=True).transform([blank])[0].frames  # noqa: B018
    file = io.BytesIO()
    joblib.dump(Register(neighbours=9), file)
    file.seek(0)
    assert repr(joblib.load(file)) == "Register(neighbours=9)"
