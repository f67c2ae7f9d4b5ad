import numpy as np
import pytest

from fleeting.classifiers.motion_kernel import MotionKernel
from fleeting.classifiers.placement import FARTHEST, Placement, find, moved
from fleeting.features.motion_spectrum import COLUMNS, FREQUENCIES, MIDDLE, spectrum
from fleeting.metrics import uf1
from fleeting.synthetic import maps
from fleeting.synthetic.maps import Variety, synthetic_maps


def drawn(n, seed, down, monkeypatch):
    """Spectra of maps whose crop has the face lower, as rows of MotionSpectrum; their groups."""
    monkeypatch.setattr(maps, "MIDDLE", (MIDDLE[0], MIDDLE[1] + down))
    made = synthetic_maps(n, seed, Variety(a_person=6))
    rows = np.zeros((n, COLUMNS), np.float32)
    rows[:, :FREQUENCIES] = spectrum(np.moveaxis(made["maps"], -1, 1))
    return rows, made["emotion"]


def test_a_spectrum_is_moved_as_its_map_would_be():
    channels = np.moveaxis(synthetic_maps(20, 4)["maps"], -1, 1)
    shifted = np.concatenate([channels[:, :, 2:], np.repeat(channels[:, :, -1:], 2, axis=2)], axis=2)  # 2 px up
    before, wanted = spectrum(channels), spectrum(shifted)
    found = moved(before, Placement(down=-2))
    assert np.linalg.norm(found - wanted) < 0.4 * np.linalg.norm(before - wanted)
    np.testing.assert_array_equal(moved(before, Placement()), before)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), np.linalg.norm(before, axis=1), rtol=1e-5)


def test_the_least_loss_is_found_step_by_step_and_no_step_is_for_nothing():
    target = moved(np.random.default_rng(0).normal(size=(5, FREQUENCIES)), Placement(0, -2, 1))
    source = np.random.default_rng(0).normal(size=(5, FREQUENCIES)).astype(np.float32)
    assert find(source, lambda x: float(((x - target) ** 2).sum())) == Placement(0, -2, 1)
    assert find(source, lambda x: 0.0) == Placement()
    assert max(map(abs, find(source, lambda x: 1e4 * float(x[:, 1].sum())))) <= FARTHEST


def test_own_maps_of_another_crop_tell_where_the_face_lies(monkeypatch):
    own, y = drawn(60, 21, 4.0, monkeypatch)
    others, truth = drawn(150, 22, 4.0, monkeypatch)
    model = MotionKernel(adapt=True, ridge=1e6).fit(own, y)  # so that nothing but the place is learned
    assert model.place_.down < 0
    assert uf1(truth, model.predict(others)) > uf1(truth, MotionKernel().predict(others)) + 0.05


@pytest.mark.parametrize("measured", [0.0, 1.0])
def test_clips_whose_face_was_found_stay_where_they_are(monkeypatch, measured):
    own, y = drawn(60, 21, 4.0, monkeypatch)
    own[:, -4] = measured
    model = MotionKernel(adapt=True).fit(own, y)
    assert any(model.place_) == (measured == 0)
