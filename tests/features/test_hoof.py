import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.features.hoof import HOOF, hoof

from ..made_clips import make_clip, moving


def test_lengths_are_counted_by_direction():
    flow = np.zeros((1, 2, 2, 2), np.float32)
    flow[0, 0, 0] = 3, 0  # right: bin 0
    flow[0, 0, 1] = 0, -1  # up on the screen: bin 2
    np.testing.assert_allclose(hoof(flow), [0.75, 0, 0.25, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(hoof(flow, 4, (1, 2)), [1, 0, 0, 0, 0, 1, 0, 0])


def test_scale_and_order_of_fields_do_not_matter(rng):
    flow = rng.normal(size=(4, 12, 12, 2))
    np.testing.assert_allclose(hoof(7 * flow[::-1], 8, (2, 2)), hoof(flow, 8, (2, 2)), atol=1e-6)
    np.testing.assert_allclose(hoof(flow, 8, (2, 2)).reshape(4, 8).sum(axis=1), 1, rtol=1e-6)


def test_a_mirrored_flow_swaps_left_and_right(rng):
    flow = rng.normal(size=(4, 12, 12, 2))
    np.testing.assert_allclose(hoof(flow[:, :, ::-1] * [-1, 1]), hoof(flow)[[3, 2, 1, 0, 7, 6, 5, 4]], atol=1e-6)


def test_clips():
    still, right = make_clip(np.repeat(moving([0]), 3, axis=0)), make_clip(moving([0, 0.5, 1]))
    rows = HOOF().transform([still, right])
    assert rows.dtype == np.float32
    assert not rows[0].any()
    assert rows[1, [0, 7]].sum() > 0.9
    with pytest.raises(UsageError, match=r"made/s1/c1: .* at least 2 frames"):
        HOOF().transform([make_clip(moving([0]))])
    file = io.BytesIO()
    joblib.dump(clone(HOOF(grid=(2, 2))), file)
    file.seek(0)
    assert repr(joblib.load(file)) == "HOOF(grid=(2, 2))"
