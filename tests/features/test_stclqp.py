import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from fleeting.errors import UsageError
from fleeting.features.neighbours import binary_codes, neighbour, three_planes
from fleeting.features.stclqp import STCLQP, STCLQPVectors, _nearest, _unpacked, stclqp_vectors

from ..made_clips import make_clip, moving


def made(rng, n=12, blocks=4, voxels=50, classes=3):
    """Vectors of which six in ten tell the class by a pattern of their own, the rest being noise, and the classes."""
    y = np.arange(n) % classes
    patterns = np.array([0x55555555, 0x00FF00FF, 0xF0F0F0F0], np.uint32)[y][:, None, None, None, None]
    X = rng.integers(0, 2**32, (n, 3, blocks, voxels, 2), dtype=np.uint32)
    return np.where(rng.random(X.shape) < 0.6, patterns, X), y


def test_signs_and_sizes_are_those_of_the_differences(rng):
    frames = rng.integers(0, 256, (6, 9, 11), dtype=np.uint8)
    out = stclqp_vectors(frames, (1, 1), voxels=None)
    assert out.shape == (3, 1, 2 * 5 * 7, 2)
    assert out.dtype == np.uint32
    for plane, points in zip(out, three_planes((2,) * 3, (16,) * 3), strict=True):
        codes = binary_codes(frames, points, (2, 2, 2)).ravel()
        np.testing.assert_array_equal(np.sort(plane[0, :, 0] & 0xFFFF), np.sort(codes))
        d = np.abs([neighbour(frames, point, (2, 2, 2)) - frames[2:-2, 2:-2, 2:-2] for point in points]).reshape(16, -1)
        sizes = ((d >= d.mean()) << np.arange(16)[:, None]).sum(axis=0)
        assert (np.sort(plane[0, :, 0] >> 16) != np.sort(sizes)).mean() < 0.05  # a tie with the mean may fall to either side


def test_directions_by_hand():
    t, y, x = np.mgrid[:9, :24, :24].astype(float)
    ramp = stclqp_vectors(x + 2 * y + t, (1, 1), voxels=None)
    assert not ramp[..., 1].any()  # all gradients point alike
    bowl = stclqp_vectors((x - 11.5) ** 2 + (y - 11.5) ** 2, (1, 1), voxels=None)[0, 0]
    levels = _unpacked(bowl[:, 1], "direction")
    assert set(np.unique(levels)) <= {0, 1, 2, 3}
    near = np.flatnonzero((levels == 2).any(axis=1))
    assert 0 < len(near) < 0.15 * len(levels)  # only around the middle does the gradient turn round within 2 px
    # A hat along x: left of its ridge gradients point right (0), right of it left (8 of 16), half a turn away.
    hat = stclqp_vectors(-np.abs(x - 11.5), (1, 1), voxels=None)[0, 0]
    assert set(np.unique(_unpacked(hat[:, 1], "direction"))) == {0, 2}


def test_a_flat_clip():
    out = stclqp_vectors(np.full((5, 12, 12), 9, np.uint8), (2, 2), voxels=10)
    assert (out[..., 0] == 0xFFFFFFFF).all()  # all neighbours as bright, all differences as large as their mean
    assert not out[..., 1].any()


def test_light_does_not_matter_and_the_sample_is_always_the_same(rng):
    frames = rng.integers(0, 100, (6, 30, 31), dtype=np.uint8)
    out = stclqp_vectors(frames, (3, 2), voxels=20)
    assert out.shape == (3, 6, 20, 2)
    np.testing.assert_array_equal(stclqp_vectors(frames * 2.0 + 5, (3, 2), voxels=20), out)
    few = stclqp_vectors(frames, (26, 27), voxels=5)  # blocks of two voxels
    assert few.shape == (3, 26 * 27, 5, 2)
    np.testing.assert_array_equal(few[:, :, 0], few[:, :, 2])


def test_time_turned_back_turns_xt_and_leaves_xy(rng):
    frames = rng.integers(0, 256, (6, 10, 10), dtype=np.uint8)
    one, other = (stclqp_vectors(x, (1, 1), voxels=None) for x in (frames, frames[::-1]))
    np.testing.assert_array_equal(np.sort(one[0, 0, :, 0]), np.sort(other[0, 0, :, 0]))
    assert not np.array_equal(np.sort(one[1, 0, :, 0]), np.sort(other[1, 0, :, 0]))


def test_tables_find_the_nearest_word(rng):
    codes = rng.integers(0, 2**32, 200, dtype=np.uint32)
    for name, numbers in (("sign", codes & np.uint32(0xFFFF)), ("direction", codes)):
        words = rng.random((7, 16)).astype(np.float32) * 3
        distance = ((_unpacked(numbers, name)[:, None] - words) ** 2).sum(axis=2)
        found = distance[np.arange(200), _nearest(words, name)(numbers)]
        np.testing.assert_allclose(found, distance.min(axis=1), rtol=1e-4)


def test_lengths_of_the_paper_and_shares(rng):
    X, y = made(rng, blocks=64, voxels=25)
    raw = STCLQP(projection="passthrough").fit(X, y)
    assert raw.words_.shape == (3, 3, 20, 16)
    assert [part.shape for part in raw.histograms(X)] == [(12, 3840)] * 3
    assert raw.transform(X).shape == (12, 11520)
    np.testing.assert_allclose(raw.transform(X).reshape(-1, 20).sum(axis=1), 1, atol=1e-5)


def test_classes_come_out_apart(rng):
    X, y = made(rng, n=30)
    other, other_y = made(np.random.default_rng(1), n=30)
    model = STCLQP(n_words=5).fit(X, y)
    assert model.transform(X).shape == (30, 3 * 2)
    assert make_pipeline(clone(model), SVC(kernel="linear")).fit(X, y).score(other, other_y) > 0.9
    again = STCLQP(n_words=5).fit(X, y)
    np.testing.assert_array_equal(again.words_, model.words_)
    np.testing.assert_array_equal(again.transform(other), model.transform(other))


def test_fewer_vectors_than_words(rng):
    X, y = made(rng)
    X[..., 1] = 0
    model = STCLQP(projection="passthrough").fit(X, y)
    assert np.isfinite(model.transform(X)).all()


def test_bad_input(rng):
    X, y = made(rng)
    with pytest.raises(UsageError, match=r"STCLQPVectors .* got float64 of \(2, 3\)"):
        STCLQP().fit(np.ones((2, 3)), [0, 1])
    with pytest.raises(UsageError, match="n_words=0"):
        STCLQP(0).fit(X, y)
    with pytest.raises(UsageError, match=r"'none'.*passthrough"):
        STCLQP(projection="none").fit(X, y)
    with pytest.raises(NotFittedError):
        STCLQP().transform(X)
    with pytest.raises(UsageError, match=r"STCLQP .* at least 5 frames of 12 x 12 px; got 4 frames"):
        stclqp_vectors(np.zeros((4, 20, 20)))
    with pytest.raises(UsageError, match="NaN"):
        stclqp_vectors(np.full((5, 20, 20), np.nan))
    with pytest.raises(UsageError, match="voxels=0"):
        stclqp_vectors(np.zeros((5, 20, 20)), voxels=0)


def test_clips():
    clip = make_clip(moving(np.arange(6) / 2))
    rows = clone(STCLQPVectors((2, 2), voxels=30)).transform([clip, clip])
    assert rows.shape == (2, 3, 4, 30, 2)
    with pytest.raises(UsageError, match=r"made/s1/c1: STCLQP .* at least 5 frames"):
        STCLQPVectors().transform([make_clip(moving([0]))])
    X, y = made(np.random.default_rng(0))
    file = io.BytesIO()
    joblib.dump((STCLQPVectors(radius=3), STCLQP(n_words=4).fit(X, y)), file)
    file.seek(0)
    vectors, model = joblib.load(file)
    assert repr(vectors) == "STCLQPVectors(radius=3)"
    assert repr(model) == "STCLQP(n_words=4)"
    np.testing.assert_array_equal(model.transform(X), STCLQP(n_words=4).fit(X, y).transform(X))
