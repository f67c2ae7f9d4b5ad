import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.features.flow_image import FlowImage
from fleeting.features.flow_map import FlowMap

from ..made_clips import make_clip, moving


def test_the_flow_of_a_clip_centred_and_scaled():
    clip = make_clip(moving([0, 0.4, 0.8]), apex=2)
    out, plain = FlowMap(20, "dis").transform_clip(clip), FlowImage(20, "dis").transform_clip(clip)
    assert out.shape == (3, 20, 20)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out.mean(axis=(1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(out.std(axis=(1, 2)), 1, atol=1e-5)
    for a, b in zip(out, plain, strict=True):
        assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.9999


def test_a_map_that_is_one_already_whatever_its_scale(rng):
    picture = rng.integers(0, 100, (28, 28, 3)).astype(np.uint8)
    out = FlowMap().transform_clip(make_clip(picture[None]))
    expected = np.moveaxis((picture - picture.mean(axis=(0, 1))) / picture.std(axis=(0, 1)), -1, 0)
    np.testing.assert_allclose(out, expected, atol=1e-5)
    np.testing.assert_allclose(FlowMap().transform_clip(make_clip(2 * picture[None] + 7)), out, atol=1e-5)
    assert FlowMap(14).transform_clip(make_clip(picture[None])).shape == (3, 14, 14)


def test_a_channel_without_difference_is_zero():
    picture = np.zeros((28, 28, 3), np.uint8)
    picture[:10, :, 1] = 200
    out = FlowMap().transform_clip(make_clip(picture[None]))
    assert not out[0].any()
    assert np.isfinite(out).all()
    assert not FlowMap(method="dis").transform_clip(make_clip(moving([0, 0, 0]))).any()


def test_a_single_picture_of_a_grey_face_is_no_map():
    with pytest.raises(UsageError, match=r"made/s1/c1: .*grey picture"):
        FlowMap().transform_clip(make_clip(moving([0])[..., :1].repeat(3, axis=-1)))


def test_is_copied_and_named():
    assert repr(clone(FlowMap(14))) == "FlowMap(size=14)"
