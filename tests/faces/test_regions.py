"""The layout of the sites, and their strain on motions worked out by hand."""

from __future__ import annotations

import numpy as np

from fleeting.faces.landmarks import mean_mesh
from fleeting.faces.regions import REGIONS, sites


def test_each_region_has_enough_sites_and_the_layout_is_symmetric():
    counts = np.bincount(sites().region[sites().region >= 0], minlength=len(REGIONS))
    assert counts.min() >= 15
    for name in ("brow", "eye", "cheek"):
        assert abs(counts[REGIONS.index(f"right_{name}")] - counts[REGIONS.index(f"left_{name}")]) <= 3


def test_on_the_mean_face_the_sites_are_where_they_were_laid():
    np.testing.assert_allclose(sites().on(mean_mesh())[:, :2], sites().xy, atol=1e-4)


def test_sites_follow_the_face_when_it_is_moved_scaled_and_rolled():
    c, s = np.cos(0.3), np.sin(0.3)
    turn = 90 * np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]], np.float32)
    moved = mean_mesh() @ turn + np.array([300, 200, 0], np.float32)
    expected = sites().xy @ turn[:2, :2] + np.array([300, 200], np.float32)
    np.testing.assert_allclose(sites().on(moved)[:, :2], expected, atol=1e-2)


def test_right_is_the_subjects_right_which_is_left_in_the_picture():
    x = sites().xy[sites().region == REGIONS.index("right_mouth"), 0]
    assert (x < 0).all()


def test_stretching_by_a_hundredth_is_a_strain_of_a_hundredth():
    x, y = sites().xy.T
    zero = np.zeros_like(x)
    np.testing.assert_allclose(sites().strain(np.stack([0.01 * x, zero], axis=1)), 0.01, rtol=1e-3)
    # pure shear u = .02 y: .02 / sqrt(2)
    np.testing.assert_allclose(sites().strain(np.stack([0.02 * y, zero], axis=1)), 0.02 / np.sqrt(2), rtol=1e-3)


def test_shift_and_rotation_are_no_strain():
    x, y = sites().xy.T
    motion = np.stack([0.5 - 0.03 * y, 0.2 + 0.03 * x], axis=1)
    np.testing.assert_allclose(sites().strain(motion), 0, atol=1e-6)
