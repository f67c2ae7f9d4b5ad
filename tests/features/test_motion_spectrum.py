import numpy as np
import pytest

from fleeting.clip import Clip
from fleeting.faces.action_units import AUS
from fleeting.features.au_motion import place_mean_mesh
from fleeting.features.motion_spectrum import (
    ACROSS,
    COLUMNS,
    FREQUENCIES,
    MIDDLE,
    TALL,
    MotionSpectrum,
    face_map,
    mirror_signs,
    spectrum,
)


@pytest.fixture
def maps():
    return np.random.default_rng(0).random((4, 3, 28, 28)).astype(np.float32)


def test_unit_and_zero_of_a_channel_do_not_count(maps):
    scale, zero = np.array([3, 0.5, 7])[:, None, None], np.array([-2, 4, 1])[:, None, None]
    np.testing.assert_allclose(spectrum(maps * scale + zero), spectrum(maps), atol=1e-4)


def test_a_mirrored_face_is_the_spectrum_with_other_signs(maps):
    mirrored = maps[..., ::-1] * np.array([-1, 1, 1], np.float32)[:, None, None]
    np.testing.assert_allclose(spectrum(mirrored), spectrum(maps) * mirror_signs(), atol=1e-5)


def test_a_map_in_which_nothing_moves_is_zero():
    np.testing.assert_array_equal(spectrum(np.full((1, 3, 28, 28), 5)), 0)


def test_the_face_of_a_picture_comes_where_maps_have_it():
    points = place_mean_mesh(200, 200)
    y, x = np.mgrid[:200, :200].astype(np.float32)
    u, v, strain = face_map(np.stack([x, y], axis=-1), points)  # the flow says where it was taken from
    iod = 0.4 * 200
    middle = MIDDLE[0], MIDDLE[1]
    row, column = 8, 13
    assert u[row, column] == pytest.approx(0.5 * 200 - 0.5 + (column - middle[0]) / ACROSS * iod, abs=0.6)
    assert v[row, column] == pytest.approx(0.42 * 200 - 0.5 + (row - middle[1]) / TALL * iod, abs=0.6)
    np.testing.assert_allclose(strain[2:-2, 2:-2], np.sqrt(2), rtol=1e-3)


def test_a_ready_map_has_frequencies_alone_and_a_clip_action_units_as_well():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (28, 28, 3)).astype(np.uint8)
    ready = MotionSpectrum().transform_clip(Clip("m", "flow-maps", "1", 200.0, 0, 0, 0, lambda: image[None]))
    assert ready.shape == (COLUMNS,)
    assert ready[:FREQUENCIES].any()
    assert not ready[FREQUENCIES:].any()
    picture = rng.integers(0, 255, (96, 96, 3)).astype(np.uint8)
    still = MotionSpectrum(find_mesh=False).transform_clip(Clip("s", "x", "1", 200.0, 0, 1, 1, lambda: np.stack([picture] * 2)))
    assert still[FREQUENCIES + len(AUS)] == 1  # measured
    np.testing.assert_allclose(still[FREQUENCIES : FREQUENCIES + len(AUS)], 0, atol=1e-3)
