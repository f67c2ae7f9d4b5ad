import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.features.dwld import DWLD, dwld, wld

from ..made_clips import make_clip, moving


def place(excitation, direction):
    """Of the bin among 6 segments, 8 directions, 20 bins."""
    level = int((excitation / np.pi + 0.5) * 120)
    return (level // 20 * 8 + direction) * 20 + level % 20


@pytest.mark.parametrize(("alpha", "excitation"), [(1, 0.674741), (3, 1.176005)])
def test_one_pixel_by_hand(alpha, excitation):
    patch = np.full((3, 3), 110)
    patch[1, 1] = 100
    assert np.arctan(alpha * 0.8) == pytest.approx(excitation, abs=1e-6)
    out = wld(patch, alpha=alpha)
    assert out[place(excitation, 4)] == 1  # no gradient is an angle of 0, half a turn from the first sector
    assert out.sum() == 1


def test_a_flat_patch_and_a_black_one():
    for value in (7, 0, 0.3):
        out = wld(np.full((6, 7), value))
        assert out[place(1e-9, 4)] == 1
    spot = np.zeros((3, 3))
    spot[0] = 9
    out = wld(spot)
    assert out[place(np.pi / 2 - 0.001, 0)] == 1


@pytest.mark.parametrize("gradient", ["cross", "sobel"])
@pytest.mark.parametrize("radius", [1, 2])
def test_directions_go_clockwise_from_up(gradient, radius):
    y, x = np.mgrid[:15, :15] - 7
    for k in range(8):
        angle = k * np.pi / 4
        ramp = 1000 + 10 * (x * np.sin(angle) - y * np.cos(angle))  # brighter upwards, then to the right
        out = wld(ramp, radius=radius, gradient=gradient).reshape(6, 8, 20)
        assert out[:, k].sum() == pytest.approx(1)


def test_a_loop_agrees(rng):
    image = rng.integers(1, 256, (12, 13)).astype(float)
    counts = np.zeros(960)
    for i in range(1, 11):
        for j in range(1, 12):
            c = image[i, j]
            e = np.arctan((image[i - 1 : i + 2, j - 1 : j + 2].sum() - 9 * c) / c)
            angle = np.arctan2(image[i, j - 1] - image[i, j + 1], image[i + 1, j] - image[i - 1, j]) + np.pi
            counts[place(e, int(np.floor(angle / (np.pi / 4) + 0.5)) % 8)] += 1
    np.testing.assert_allclose(wld(image), counts / counts.sum(), atol=1e-6)


def test_gain_and_blocks(rng):
    image = rng.integers(1, 120, (20, 24), dtype=np.uint8)
    out = dwld(image, (2, 3))
    assert out.shape == (2 * 6 * 960,)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out.reshape(-1, 960).sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(dwld(image * np.uint8(2), (2, 3)), out)
    np.testing.assert_array_equal(out[: 6 * 960], wld(image, (2, 3)))
    mirrored = wld(image[:, ::-1]).reshape(6, 8, 20)[:, [0, 7, 6, 5, 4, 3, 2, 1]]
    # A direction between two sectors falls to one side, whichever way it is looked at.
    np.testing.assert_allclose(mirrored, wld(image).reshape(6, 8, 20), atol=0.02)


def test_bad_input():
    with pytest.raises(UsageError, match=r"WLD with radius 2 .* at least 1 frame of 5 x 5 px; got 1 frame of 4 x 4 px"):
        wld(np.ones((4, 4)), radius=2)
    with pytest.raises(UsageError, match="0 or more; got -1"):
        wld(np.full((4, 4), -1.0))
    with pytest.raises(UsageError, match=r"\(4, 4, 3\)"):
        wld(np.ones((4, 4, 3)))
    with pytest.raises(UsageError, match=r"'scharr'.*cross, sobel"):
        wld(np.ones((4, 4)), gradient="scharr")
    with pytest.raises(UsageError, match="NaN"):
        wld(np.full((4, 4), np.nan))


def test_clips():
    clip = make_clip(moving([0, 0.5, 1]), apex=2)
    rows = clone(DWLD()).transform([clip, clip])
    assert rows.shape == (2, 1920)
    assert rows.dtype == np.float32
    alone = [DWLD().transform([make_clip(moving([shift]))])[0] for shift in (0, 0.5, 1)]
    np.testing.assert_array_equal(rows[0], alone[2])
    np.testing.assert_allclose(DWLD(frames="mean").transform([clip])[0], np.mean(alone, axis=0), atol=1e-6)
    with pytest.raises(UsageError, match=r"made/s1/c1: frames='onset' .* apex, mean"):
        DWLD(frames="onset").transform([clip])
    with pytest.raises(UsageError, match=r"made/s1/c1: onset 0 and apex 9"):
        DWLD().transform([make_clip(moving([0]), apex=9)])
    with pytest.raises(UsageError, match=r"made/s1/c1: WLD .* got 1 frame of 56 x 3 px"):
        DWLD().transform([make_clip(moving([0, 1])[:, :3])])
    file = io.BytesIO()
    joblib.dump(DWLD(alpha=3), file)
    file.seek(0)
    assert repr(joblib.load(file)) == "DWLD(alpha=3)"
