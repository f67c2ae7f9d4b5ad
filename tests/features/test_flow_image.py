import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.features.flow_image import FlowImage, FlowStack, flow_image, flow_stack

from ..made_clips import make_clip, moving


def test_a_stretch_as_a_picture():
    y, x = np.mgrid[:40, :80].astype(np.float32)
    out = flow_image(np.stack([0.01 * x, 0 * y], axis=-1), 20)
    assert out.shape == (3, 20, 20)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out[0, 0], 0.01 * (4 * np.arange(20) + 1.5) / 4, atol=1e-6)  # a quarter of the width
    np.testing.assert_allclose(out[1], 0)
    np.testing.assert_allclose(out[2], 0.01, atol=1e-6)


def test_the_order_and_range_of_a_stack():
    flow = np.arange(1, 4)[:, None, None, None] * np.array([1, -2]) * np.ones((3, 32, 32, 2))
    out = flow_stack(flow, 16)
    np.testing.assert_allclose(out[:, 0, 0] * 6, [1, 2, 3, -2, -4, -6], rtol=1e-6)
    np.testing.assert_allclose(flow_stack(flow, 16, interleave=True)[:, 0, 0] * 6, [1, -2, 2, -4, 3, -6], rtol=1e-6)
    np.testing.assert_allclose(flow_stack(5 * flow, 16), out)
    assert not flow_stack(0 * flow, 16).any()


def test_clips():
    clip = make_clip(moving([0, 0.5, 1, 1.2, 1]), apex=2)
    images = FlowImage(method="dis").transform([clip, clip])
    assert images.shape == (2, 3, 28, 28)
    np.testing.assert_allclose(images[0, 0, 8:20, 8:20].mean(), 0.5, atol=0.05)  # 1 px of 56
    stacks = clone(FlowStack(method="dis")).transform([clip])
    assert stacks.shape == (1, 16, 64, 64)
    assert np.abs(stacks).max() == 1
    with pytest.raises(UsageError, match=r"made/s1/c1: .* at least 2 frames"):
        FlowStack().transform([make_clip(moving([0]))])
    with pytest.raises(UsageError, match=r"made/s1/c1: flow needs .* at least 16 px"):
        FlowImage().transform([make_clip(moving([0, 1])[:, :9])])
    file = io.BytesIO()
    joblib.dump(FlowImage(32), file)
    file.seek(0)
    assert repr(joblib.load(file)) == "FlowImage(size=32)"
