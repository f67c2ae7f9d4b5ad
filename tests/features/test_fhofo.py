import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.features.fhofo import FHOFO, fhofo, fuzzy_kernel

from ..made_clips import make_clip, moving


def test_the_kernel_by_hand():
    kernel = fuzzy_kernel()
    np.testing.assert_allclose(kernel[0, [1, 5, 10]], [0.995012, 0.882497, 0.606531], atol=1e-6)
    np.testing.assert_allclose(kernel[0, 49], kernel[0, 1])
    np.testing.assert_allclose(kernel.sum(axis=1), 24.753147, atol=1e-6)


@pytest.mark.parametrize("authors_bins", [False, True])
@pytest.mark.parametrize("angle", [-3, -1.2, 0.1, 2])
def test_one_direction_makes_a_bump_at_its_bin(angle, authors_bins):
    flow = np.zeros((2, 6, 6, 2)) + np.array([np.cos(angle), np.sin(angle)])
    histogram = fhofo(flow, (1, 1), authors_bins=authors_bins)
    centres = np.round(np.linspace(0, 49, 18)) if authors_bins else np.round(np.arange(18) * 50 / 18)
    if authors_bins:
        assert (centres + 1).tolist() == [1, 4, 7, 10, 13, 15, 18, 21, 24, 27, 30, 33, 36, 38, 41, 44, 47, 50]
    fine = np.floor((angle + np.pi) * 50 / (2 * np.pi))
    apart = np.abs(centres - fine)
    np.testing.assert_allclose(histogram.argmax(), np.minimum(apart, 50 - apart).argmin())
    np.testing.assert_allclose(histogram.sum(), 1, rtol=1e-6)


def test_length_is_ignored_and_zero_left_out(rng):
    flow = rng.normal(size=(3, 20, 20, 2))
    np.testing.assert_array_equal(fhofo(5 * flow), fhofo(flow))
    np.testing.assert_allclose(fhofo(flow).reshape(25, 18).sum(axis=1), 1, rtol=1e-6)
    assert not fhofo(0 * flow).any()
    padded = np.concatenate([flow, 0 * flow])
    np.testing.assert_array_equal(fhofo(padded), fhofo(flow))


def test_the_way_back_hides_the_way_there_from_frame_to_frame_and_not_from_the_onset():
    there_and_back = make_clip(moving([0, 0.7, 1.4, 0.7, 0.1]))
    onset, previous = (FHOFO((1, 1), reference=name).transform_clip(there_and_back) for name in ("onset", "previous"))
    right, left = 9, 0  # of the 18 evenly spaced directions, which begin at -pi
    assert onset[right] > 5 * onset[left]
    assert previous[right] < 2 * previous[left]


def test_clips():
    rows = FHOFO((2, 2)).transform([make_clip(moving([0, 0.5, 1])), make_clip(np.repeat(moving([0]), 3, axis=0))])
    assert rows.shape == (2, 72)
    assert rows.dtype == np.float32
    assert not rows[1].any()
    with pytest.raises(UsageError, match=r"made/s1/c1: .* at least 2 frames"):
        FHOFO().transform([make_clip(moving([0]))])
    with pytest.raises(UsageError, match="choose from onset, previous"):
        FHOFO(reference="apex").transform([make_clip(moving([0, 1]))])
    file = io.BytesIO()
    joblib.dump(clone(FHOFO(n_bins=8)), file)
    file.seek(0)
    assert repr(joblib.load(file)) == "FHOFO(n_bins=8)"
