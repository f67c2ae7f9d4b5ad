import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.features.lbp_top import lbp_top
from fleeting.features.strain_weighted import StrainMap, StrainWeightedLBPTOP, strain_map, strain_weights
from fleeting.preprocess.frames import grey

from ..made_clips import make_clip, moving


def stretched(size=60):
    """One field that stretches its left half by 2 % and its right half not at all."""
    flow = np.zeros((1, size, size, 2), np.float32)
    flow[0, ..., 0] = 0.02 * np.minimum(np.arange(size), size // 2)
    return flow


def test_maps_and_weights_of_a_stretch():
    out = strain_map(stretched()).reshape(50, 50)
    np.testing.assert_allclose(out[:, :24], 1, atol=1e-4)
    np.testing.assert_allclose(out[:, 27:], 0, atol=1e-4)
    np.testing.assert_allclose(strain_weights(stretched(), (1, 4)), [1, 1, 1 / 30, 0], atol=0.02)


def test_more_of_the_same_changes_nothing():
    np.testing.assert_allclose(strain_map(np.repeat(3 * stretched(), 4, axis=0)), strain_map(stretched()), atol=1e-6)


def test_no_strain_gives_zeros():
    shift = np.full((3, 20, 20, 2), 0.7, np.float32)
    for flow in (shift, 0 * shift):
        assert not strain_map(flow).any()
        assert not strain_weights(flow, (2, 2)).any()
    still = make_clip(np.repeat(moving([0]), 9, axis=0))
    assert not StrainWeightedLBPTOP((2, 2)).transform([still]).any()
    assert not StrainMap().transform([still]).any()


def test_weights_multiply_the_blocks_of_lbp_top():
    clip = make_clip(moving(np.arange(9) / 8))
    out = StrainWeightedLBPTOP((2, 2)).transform([clip])[0].reshape(4, 3, -1)
    plain = lbp_top(grey(clip.frames), (2, 2), (1, 1, 4), 4).reshape(4, 3, -1)
    weights = out.sum(axis=2, keepdims=True)
    assert weights.max() == pytest.approx(1, rel=1e-5)
    np.testing.assert_allclose(out, plain * weights, atol=1e-6)
    assert out.dtype == np.float32


def test_with_all_weights_one_it_is_lbp_top():
    """One block is its own maximum."""
    clip = make_clip(moving(np.arange(9) / 8))
    plain = lbp_top(grey(clip.frames), (1, 1), (1, 1, 4), 4)
    np.testing.assert_array_equal(StrainWeightedLBPTOP((1, 1)).transform([clip])[0], plain)


def test_clips():
    rows = StrainMap().transform([make_clip(moving([0, 0.3, 0.9]))])
    assert rows.shape == (1, 2500)
    assert rows.max() <= 1
    for step in (StrainMap(), StrainWeightedLBPTOP()):
        with pytest.raises(UsageError, match=r"clip made/s1/c1: .* at least"):
            step.transform([make_clip(moving([0]))])
    file = io.BytesIO()
    joblib.dump(clone(StrainWeightedLBPTOP((2, 2))), file)
    file.seek(0)
    assert repr(joblib.load(file)) == "StrainWeightedLBPTOP(grid=(2, 2))"
