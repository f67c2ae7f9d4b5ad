import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates, shift

from fleeting.errors import UsageError
from fleeting.flow import FLOW_METHODS, flow, strain


@pytest.fixture(scope="module")
def texture():
    noise = gaussian_filter(np.random.default_rng(0).normal(size=(160, 160)), 3, mode="wrap")
    return (noise - noise.min()) / np.ptp(noise) * 255


def moved(texture, x, y):
    cut = (slice(16, 144), slice(16, 144))
    after = shift(texture, (y, x), mode="wrap", order=5)
    return [image[cut].round().clip(0, 255).astype(np.uint8) for image in (texture, after)]


@pytest.mark.parametrize("method", FLOW_METHODS)
@pytest.mark.parametrize(("x", "y"), [(0.3, -0.2), (1.5, 0.5), (3, -2)])
def test_flow_of_a_shift(texture, method, x, y):
    found = flow(*moved(texture, x, y), method)
    assert found.shape == (128, 128, 2)
    assert found.dtype == np.float32
    assert np.linalg.norm(found[13:-13, 13:-13] - [x, y], axis=-1).mean() < 0.08


@pytest.mark.parametrize(("x", "y"), [(0.3, -0.2), (1.5, 0.5), (3, -2)])
def test_tvl1_is_near_scikit_images(texture, x, y):
    """Two programs of one method: they differ by less than either may be wrong."""
    from skimage.registration import optical_flow_tvl1

    a, b = moved(texture, x, y)
    v, u = optical_flow_tvl1(a / 255, b / 255)  # rows come first
    apart = flow(a, b, "tvl1") - np.stack([u, v], axis=-1)
    assert np.linalg.norm(apart[13:-13, 13:-13], axis=-1).mean() < 0.1


@pytest.mark.parametrize("method", ["dis", "tvl1", "horn_schunck"])
def test_same_pictures_have_no_flow(texture, method):
    image, _ = moved(texture, 0, 0)
    assert np.abs(flow(image, image, method)).max() < 1e-3


def test_horn_and_schunck_see_what_moves_in_one_place(texture):
    y, x = np.mgrid[:128, :128].astype(float)
    there = np.exp(-((x - 60) ** 2 + (y - 70) ** 2) / 200)
    after = texture[16:144, 16:144]
    before = map_coordinates(after, [y - 0.4 * there, x + 0.8 * there], order=5, mode="reflect")
    found = flow(before.clip(0, 255).astype(np.uint8), after.astype(np.uint8), "horn_schunck")
    apart = np.hypot(found[..., 0] - 0.8 * there, found[..., 1] + 0.4 * there)
    assert apart[there > 0.3].mean() < 0.08
    assert apart[there < 0.01].mean() < 0.03
    turned = flow(*(np.rot90(image.clip(0, 255).astype(np.uint8)) for image in (before, after)), "horn_schunck")
    np.testing.assert_allclose(np.rot90(turned, -1)[..., ::-1] * [-1, 1], found, atol=0.05)  # x is then up, y right


def test_colour_is_grey_seen_and_views_are_welcome(texture):
    a, b = moved(texture, 1, 0)
    colour = [np.dstack([image] * 3)[:, ::-1] for image in (a, b)]
    np.testing.assert_allclose(flow(*colour), flow(a[:, ::-1], b[:, ::-1]), atol=1e-6)


def test_flow_says_what_it_needs(texture):
    a, b = moved(texture, 1, 0)
    with pytest.raises(UsageError, match="128 x 128 and 128 x 100"):
        flow(a, b[:100])
    with pytest.raises(UsageError, match="16 px"):
        flow(a[:8], b[:8])
    with pytest.raises(UsageError, match=r"'lk'.*dis, tvl1, farneback, horn_schunck"):
        flow(a, b, "lk")


@pytest.mark.parametrize("method", FLOW_METHODS)
def test_flow_takes_pictures_only(texture, method):
    """Real numbers from 0 to 1 had no flow to speak of in one method, and ended in OpenCV's own errors in others."""
    a, b = moved(texture, 1, 0)
    for wrong in (a / 255, a.astype(np.float32), a.astype(int), np.full((20, 20), np.nan), a[..., None], a[0], np.dstack([a] * 4)):
        with pytest.raises(UsageError, match=r"flow takes pictures of shape \(H, W\) or \(H, W, 3\), uint8"):
            flow(wrong, wrong, method)
    with pytest.raises(UsageError, match="flow takes pictures"):
        flow(a, b / 255, method)


@pytest.mark.parametrize(
    ("u", "v", "expected"),
    [
        ((0.01, 0), (0, 0), 0.01),  # u = .01 x: stretch
        ((0, 0.02), (0, 0), 0.02 / np.sqrt(2)),  # u = .02 y: shear
        ((0, -0.03), (0.03, 0), 0),  # roll
        ((0, 0), (0, 0), 0),  # shift, by the 5 below
        ((0.03, 0), (0, 0.04), 0.05),
    ],
)
def test_strain_by_hand(u, v, expected):
    y, x = np.mgrid[:5, :6]
    motion = np.stack([u[0] * x + u[1] * y + 5, v[0] * x + v[1] * y - 5], axis=-1)
    found = strain(motion)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.full((5, 6), expected), atol=1e-7)
