import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.features.hog import HOG, hog

from ..made_clips import make_clip, moving


def test_one_direction():
    y, x = np.mgrid[:32, :32].astype(float)
    across, down = (hog(ramp, 32).reshape(-1, 9) for ramp in (x, y))
    # Each cell has all in one of nine directions, and four cells make a block of length one.
    assert (np.count_nonzero(across, axis=1) == 1).all()
    np.testing.assert_allclose(np.sort(across, axis=1)[:, -1].reshape(-1, 4) ** 2 @ np.ones(4), 1, atol=1e-3)
    assert set(across.argmax(axis=1)).isdisjoint(down.argmax(axis=1))
    np.testing.assert_allclose(hog(-3 * x, 32).reshape(-1, 9), across, atol=1e-6)  # unsigned, and contrast is gone


def test_length_and_size(rng):
    image = rng.integers(0, 256, (64, 64), dtype=np.uint8)
    assert hog(image).shape == (1764,)
    assert hog(image).dtype == np.float32
    assert hog(image, 60, 10, 3, 8).shape == (4 * 4 * 9 * 8,)
    large = np.kron(image, np.ones((2, 2)))
    np.testing.assert_allclose(hog(large), hog(image), atol=1e-6)
    assert not hog(np.full((30, 40), 9)).any()


def test_bad_input():
    with pytest.raises(UsageError, match="size=15 at least cell"):
        hog(np.ones((32, 32)), 15)
    with pytest.raises(UsageError, match=r"HOG takes a grey picture .* \(4, 32, 32\)"):
        hog(np.ones((4, 32, 32)))
    with pytest.raises(UsageError, match="NaN"):
        hog(np.full((32, 32), np.nan))


def test_clips():
    clip = make_clip(moving([0, 0.5, 1]), apex=2)
    rows = clone(HOG(32)).transform([clip, make_clip(moving([1], 90, 80))])
    assert rows.shape == (2, 3 * 3 * 36)
    alone = [HOG(32).transform([make_clip(moving([shift]))])[0] for shift in (0, 0.5, 1)]
    np.testing.assert_allclose(HOG(32, frames="mean").transform([clip])[0], np.mean(alone, axis=0), atol=1e-6)
    file = io.BytesIO()
    joblib.dump(HOG(cell=4), file)
    file.seek(0)
    assert repr(joblib.load(file)) == "HOG(cell=4)"
