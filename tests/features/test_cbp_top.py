import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.features.cbp_top import CBPTOP, cbp_top

from ..made_clips import make_clip, moving


def by_hand(frames, threshold):
    """Radius 1, four neighbours, the whole picture as one block: no point lies between voxels."""
    counts = np.zeros((3, 8))
    steps = (((0, 0, 1), (0, -1, 0)), ((0, 0, 1), (1, 0, 0)), ((1, 0, 0), (0, -1, 0)))  # (t, y, x); the others are opposite
    volume = frames.astype(float)
    for t in range(1, frames.shape[0] - 1):
        for y in range(1, frames.shape[1] - 1):
            for x in range(1, frames.shape[2] - 1):
                for plane, pair in enumerate(steps):
                    ones = [volume[t + a, y + b, x + c] for a, b, c in pair]
                    others = [volume[t - a, y - b, x - c] for a, b, c in pair]
                    code = sum((abs(one - other) >= threshold) << bit for bit, (one, other) in enumerate(zip(ones, others, strict=True)))
                    mean = (sum(ones) + sum(others) + volume[t, y, x]) / 5
                    counts[plane, code + ((abs(volume[t, y, x] - mean) >= threshold) << 2)] += 1
    return (counts / counts.sum(axis=1, keepdims=True)).ravel()


@pytest.mark.parametrize("threshold", [1, 30, 120])
def test_against_a_loop(rng, threshold):
    frames = rng.integers(0, 256, (5, 6, 7), dtype=np.uint8)
    np.testing.assert_allclose(cbp_top(frames, (1, 1), (1, 1, 1), 4, threshold), by_hand(frames, threshold), atol=1e-6)


def test_flat_and_noisy_skin_has_the_code_0(rng):
    flat = np.full((7, 20, 20), 90, np.uint8)
    np.testing.assert_array_equal(cbp_top(flat).reshape(36, 3, 32), np.eye(32)[np.zeros((36, 3), int)])
    noisy = flat + rng.integers(0, 2, flat.shape, dtype=np.uint8)
    np.testing.assert_array_equal(cbp_top(noisy), cbp_top(flat))
    assert cbp_top(noisy, threshold=0.5).reshape(-1, 32)[:, 0].max() < 1


def test_a_still_clip_changes_along_no_time(rng):
    still = np.repeat(rng.integers(0, 256, (1, 24, 24), dtype=np.uint8), 9, axis=0)
    out = cbp_top(still, (1, 1), (1, 1, 1), 4, 10).reshape(3, 8)
    codes = np.arange(8)
    assert not out[1][codes & 2 > 0].any()  # before and after, in XT
    assert not out[2][codes & 1 > 0].any()  # in YT


def test_what_does_not_matter(rng):
    frames = rng.integers(0, 200, (8, 22, 25), dtype=np.uint8)
    out = cbp_top(frames, (2, 3))
    assert out.shape == (2 * 3 * 96,)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out.reshape(-1, 32).sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(cbp_top(frames + np.uint8(55), (2, 3)), out)
    np.testing.assert_array_equal(cbp_top(frames.astype(np.float64), (2, 3)), out)
    np.testing.assert_array_equal(cbp_top(frames / 256, (2, 3), threshold=2 / 256), out)
    # Opposite neighbours are compared without sign: time run backwards changes only which pair of YT and XT is meant.
    back = cbp_top(frames[::-1], (2, 3), neighbours=4)
    np.testing.assert_array_equal(back, cbp_top(frames, (2, 3), neighbours=4))


def test_long_clips_come_in_pieces(rng, monkeypatch):
    frames = rng.integers(0, 256, (20, 16, 16), dtype=np.uint8)
    whole = cbp_top(frames)
    monkeypatch.setattr("fleeting.features.neighbours.CHUNK", 600)
    np.testing.assert_array_equal(cbp_top(frames), whole)


def test_bad_input():
    with pytest.raises(UsageError, match=r"CBP-TOP .* at least 7 frames of 12 x 12 px; got 6 frames"):
        cbp_top(np.zeros((6, 20, 20)))
    with pytest.raises(UsageError, match="NaN"):
        cbp_top(np.full((7, 20, 20), np.nan))
    with pytest.raises(UsageError, match="even"):
        cbp_top(np.zeros((7, 20, 20)), neighbours=7)
    with pytest.raises(UsageError, match="threshold=0"):
        cbp_top(np.zeros((7, 20, 20)), threshold=0)


def test_clips():
    clip = make_clip(moving(np.arange(8) / 2))
    rows = clone(CBPTOP((2, 2))).transform([clip, clip])
    assert rows.shape == (2, 4 * 96)
    with pytest.raises(UsageError, match=r"made/s1/c1: CBP-TOP .* at least 7 frames"):
        CBPTOP().transform([make_clip(moving([0]))])
    file = io.BytesIO()
    joblib.dump(CBPTOP(threshold=3), file)
    file.seek(0)
    assert repr(joblib.load(file)) == "CBPTOP(threshold=3)"
