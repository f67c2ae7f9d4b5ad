import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.faces.landmarks import to_ibug68
from fleeting.features.au_motion import place_mean_mesh
from fleeting.features.region_flow import RegionFlow, region_flow

from ..made_clips import make_clip, moving


@pytest.fixture
def points():
    return to_ibug68(place_mean_mesh(100, 120))


def eyes_apart(points):
    return np.linalg.norm(points[42:48].mean(axis=0) - points[36:42].mean(axis=0))


def test_everything_moves_down_and_to_the_right(points):
    """1 px along +x, then 2 px along +y: bin 0, then bin 2 of 8."""
    flow = np.zeros((2, 120, 100, 2), np.float32)
    flow[0, ..., 0], flow[1, ..., 1] = 1, 2
    out = region_flow(flow, points)
    expected = np.zeros((2, 4, 8))
    expected[0, :, 0], expected[1, :, 2] = 1, 2
    np.testing.assert_allclose(out, 100 * expected / eyes_apart(points), rtol=1e-5)


def test_only_the_region_that_moves_says_so(points):
    """A square of 10 x 10 px at the mouth's middle, of the region's pixels."""
    x, y = np.rint(points[48:68].mean(axis=0)).astype(int)
    flow = np.zeros((1, 120, 100, 2), np.float32)
    flow[0, y - 5 : y + 5, x - 5 : x + 5, 0] = 1
    out = region_flow(flow, points)[0]
    assert not out[:3].any()
    margin = 0.15 * eyes_apart(points)
    low, high = np.rint(points[48:68].min(axis=0) - margin), np.rint(points[48:68].max(axis=0) + margin)
    assert out[3, 0] == pytest.approx(100 * 100 / np.prod(high - low) / eyes_apart(points), rel=1e-5)
    assert not out[3, 1:].any()


def test_the_size_of_the_picture_does_not_matter(rng):
    small, large = (to_ibug68(place_mean_mesh(n, n)) for n in (100, 200))
    field = np.repeat(rng.normal(size=(1, 1, 1, 2)), 200, axis=1).repeat(200, axis=2)
    np.testing.assert_allclose(region_flow(2 * field, large), region_flow(field[:, ::2, ::2], small), rtol=1e-4)


def test_a_shift_of_the_head_can_be_taken_away(points):
    flow = np.zeros((1, 120, 100, 2), np.float32)
    flow[0, 70:80, 40:60, 1] = 3
    np.testing.assert_allclose(region_flow(flow + np.array([5, -7]), points, align=True), region_flow(flow, points), atol=1e-5)


def test_regions_outside_of_the_picture_are_zero(points):
    assert not region_flow(np.ones((3, 40, 40, 2)), points + 500).any()


def test_a_clip_as_a_sequence():
    clip = make_clip(moving([0, 0.5, 1.0, 1.0], 64, 64))
    out = RegionFlow(align=False, find_mesh=False).transform_clip(clip)
    assert out.shape == (3, 4, 8)
    assert out.dtype == np.float32
    right = out[..., 0] + out[..., 7]  # bins on both sides of +x
    assert (right > 0.8 * out.sum(axis=2)).all()
    assert (np.diff(right, axis=0)[0] > 0).all()
    assert RegionFlow(find_mesh=False).transform_clip(clip).max() < 0.3 * right.max()  # the whole head, taken away
    assert not RegionFlow(find_mesh=False).transform_clip(make_clip(moving([0, 0, 0]))).any()


def test_what_it_does_not_take(points):
    with pytest.raises(UsageError, match="68 points"):
        region_flow(np.zeros((1, 9, 9, 2)), points[:5])
    with pytest.raises(UsageError, match=r"made/s1/c1: .*needs at least 2 frames"):
        RegionFlow(find_mesh=False).transform_clip(make_clip(moving([0])))
    assert repr(clone(RegionFlow(6))) == "RegionFlow(n_bins=6)"
