import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.features.fdm import FDM, fdm

from ..made_clips import make_clip, moving


def constant(vector, frames=31, size=16):
    return np.zeros((frames, size, size, 2), np.float32) + np.float32(vector)


def test_one_direction():
    np.testing.assert_allclose(fdm(constant((3, 4))).reshape(-1, 2), [[0.6, 0.8]] * 640, atol=1e-6)
    assert not fdm(constant((0, 0))).any()
    assert not fdm(constant((0.01, 0))).any()


def test_the_majority_wins_whole():
    flow = constant((1, 0), 3, 10)
    flow[:, :3] = -1, 0
    np.testing.assert_allclose(fdm(flow, (1, 1)), [1, 0], atol=1e-6)


def test_it_is_found_again_until_it_stays():
    # Mean of 4 right, 3 up-left, 1 left: slightly up; the left ones leave at once, those up-left once they outweigh nothing.
    flow = np.zeros((1, 1, 8, 2))
    flow[0, 0, :4] = 1, 0
    flow[0, 0, 4:7] = -0.5, -1
    flow[0, 0, 7] = -1, 0
    d = fdm(flow, (1, 1), 1)
    kept = flow[0, 0][flow[0, 0] @ d > 0].sum(axis=0)
    np.testing.assert_allclose(d, kept / np.linalg.norm(kept), atol=1e-6)


@pytest.mark.parametrize(("frames", "tau", "stretches"), [(32, 3, 10), (32, 10, 3), (64, 7, 9), (64, 10, 6), (64, 12, 5)])
def test_lengths_of_the_paper(frames, tau, stretches):
    assert fdm(constant((1, 0), frames - 1, 8), tau=tau).shape == (stretches * 64 * 2,)


def test_scale_does_not_matter_but_place_and_time_do(rng):
    flow = 5 + rng.normal(size=(6, 16, 16, 2))
    np.testing.assert_allclose(fdm(3 * flow), fdm(flow), atol=1e-6)
    mirrored = fdm(flow[:, :, ::-1] * [-1, 1]).reshape(2, 8, 8, 2)[:, :, ::-1] * [-1, 1]
    np.testing.assert_allclose(mirrored, fdm(flow).reshape(2, 8, 8, 2), atol=1e-6)
    np.testing.assert_allclose(fdm(np.concatenate([flow[3:], flow[:3]])), np.roll(fdm(flow), 128), atol=1e-6)


def test_alignment_takes_the_shift_away():
    flow = constant((1, 2), 3)
    flow[:, :2, :2] += 1
    out = fdm(flow, align=True).reshape(64, 2)
    np.testing.assert_allclose(out[0], [0.5**0.5] * 2, atol=1e-6)
    assert not out[1:].any()


def test_clips():
    rows = FDM((2, 2), align=False).transform([make_clip(moving(np.arange(4) / 2))])
    np.testing.assert_allclose(rows[0].reshape(4, 2), [[1, 0]] * 4, atol=0.1)
    assert rows.dtype == np.float32
    with pytest.raises(UsageError, match="made/s1/c1: FDM with tau=3 needs at least 4 frames"):
        FDM().transform([make_clip(moving([0, 1, 2]))])
    file = io.BytesIO()
    joblib.dump(clone(FDM(tau=7)), file)
    file.seek(0)
    assert repr(joblib.load(file)) == "FDM(tau=7)"
