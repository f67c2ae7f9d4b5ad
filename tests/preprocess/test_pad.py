import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.preprocess import PaddedApex, pad

from ..made_clips import make_clip, moving


def test_the_middle_and_the_rim():
    image = np.random.default_rng(0).integers(0, 256, (5, 8, 3), dtype=np.uint8)
    out = pad(image, 11)
    assert out.shape == (3, 11, 11)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out[:, 3:8, 1:9], (image / 255 - 0.5).transpose(2, 0, 1) / 0.5, atol=1e-6)
    out[:, 3:8, 1:9] = -1
    assert (out == -1).all()
    full = np.zeros((400, 400, 3), np.uint8)
    full[0, 0] = 255
    assert pad(full)[:, 0, 0].tolist() == [1, 1, 1]


def test_bad_input():
    with pytest.raises(UsageError, match="401 x 300 px does not fit into 400 x 400"):
        pad(np.zeros((300, 401, 3), np.uint8))
    with pytest.raises(UsageError, match=r"\(9, 9\) uint8"):
        pad(np.zeros((9, 9), np.uint8))
    with pytest.raises(UsageError, match="float64"):
        pad(np.zeros((9, 9, 3)))


def test_clips():
    clip = make_clip(moving([0, 1, 2]), apex=2)
    rows = clone(PaddedApex(64)).transform([clip, clip])
    assert rows.shape == (2, 3, 64, 64)
    np.testing.assert_allclose(rows[0, :, 8:56, 4:60] * 127.5 + 127.5, clip.frames[2].transpose(2, 0, 1), atol=1e-3)
    with pytest.raises(UsageError, match="made/s1/c1: a picture of 56 x 48 px"):
        PaddedApex(50).transform([clip])
    file = io.BytesIO()
    joblib.dump(PaddedApex(64), file)
    file.seek(0)
    assert repr(joblib.load(file)) == "PaddedApex(size=64)"
