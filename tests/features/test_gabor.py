import io

import joblib
import numpy as np
import pytest
from scipy.signal import fftconvolve
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.features.gabor import Gabor, gabor, gabor_kernel

from ..made_clips import make_clip, moving


def grating(scale, orientation, size=48):
    y, x = np.mgrid[:size, :size]
    angle = np.pi * orientation / 8
    return 100 + 50 * np.cos(2 * np.pi / (2 * 2 ** (scale / 2)) * (x * np.cos(angle) + y * np.sin(angle)))


@pytest.mark.parametrize(("scale", "orientation"), [(1, 0), (2, 3), (4, 2), (5, 7), (6, 5), (8, 4)])
def test_a_grating_is_answered_by_its_own_filter(scale, orientation):
    out = gabor(grating(scale, orientation)).reshape(9, 8, 48, 48)
    middle = out[:, :, 16:32, 16:32].mean(axis=(2, 3))
    assert np.unravel_index(middle.argmax(), (9, 8)) == (scale, orientation)
    assert middle.max() == pytest.approx(25, rel=0.15)  # half the amplitude


def test_a_flat_picture_and_light_give_nothing(rng):
    assert gabor(np.full((48, 48), 200)).max() < 1e-6
    image = rng.integers(0, 200, (48, 48))
    out = gabor(image)
    assert out.shape == (165888,)
    assert out.dtype == np.float32
    np.testing.assert_allclose(gabor(2 * image + 30), 2 * out, rtol=1e-4, atol=1e-4)
    turned = gabor(image.T).reshape(9, 8, 48, 48)
    np.testing.assert_allclose(turned[:, 0].swapaxes(1, 2), out.reshape(9, 8, 48, 48)[:, 4], rtol=1e-4, atol=1e-4)


def test_kernels_are_scikit_images_without_their_mean():
    from skimage.filters import gabor_kernel as theirs

    for wavelength, angle in ((4, 0.3), (8, 2)):
        ours = gabor_kernel(wavelength, angle)
        assert abs(ours.sum()) < 1e-12
        sigma = 0.56 * wavelength
        other = theirs(1 / wavelength, angle, sigma_x=sigma, sigma_y=sigma, n_stds=3)
        reach = len(ours) // 2
        inside = np.s_[reach - 3 : reach + 4, reach - 3 : reach + 4]
        middle = tuple(size // 2 for size in other.shape)
        near = other[middle[0] - 3 : middle[0] + 4, middle[1] - 3 : middle[1] + 4]
        np.testing.assert_allclose(ours[inside], near, atol=0.005 * abs(near).max())


def test_filtering_is_a_convolution(rng):
    image = rng.random((48, 48))
    out = gabor(image, scales=3, orientations=4).reshape(3, 4, 48, 48)
    kernel = gabor_kernel(4, np.pi / 4)
    expected = np.abs(fftconvolve(image, kernel, mode="same"))[8:-8, 8:-8]
    np.testing.assert_allclose(out[2, 1, 8:-8, 8:-8], expected, rtol=1e-4, atol=1e-6)


def test_bad_input():
    with pytest.raises(UsageError, match="size=8"):
        gabor(np.ones((48, 48)), 8)
    with pytest.raises(UsageError, match=r"grey picture .* \(48, 48, 3\)"):
        gabor(np.ones((48, 48, 3)))
    with pytest.raises(UsageError, match="NaN"):
        gabor(np.full((48, 48), np.nan))


def test_clips():
    clip = make_clip(moving([0, 0.5, 1]), apex=1)
    rows = clone(Gabor(16, 2, 3)).transform([clip, clip])
    assert rows.shape == (2, 6 * 16 * 16)
    assert not np.array_equal(rows[0], Gabor(16, 2, 3, frames="mean").transform([clip])[0])
    with pytest.raises(UsageError, match="made/s1/c1: Gabor: size=4"):
        Gabor(4).transform([clip])
    file = io.BytesIO()
    joblib.dump(Gabor(32), file)
    file.seek(0)
    assert repr(joblib.load(file)) == "Gabor(size=32)"
