"""What a mirrored, turned or shifted clip does to flow and descriptors."""

import numpy as np
import pytest

from fleeting.faces.landmarks import to_ibug68
from fleeting.features import (
    bi_woof,
    cbp_top,
    fhofo,
    flow_image,
    flow_stack,
    gabor,
    hog,
    lbp_mop,
    lbp_sip,
    lbp_top,
    region_flow,
    stclqp_vectors,
    stlbp_ip,
    strain_map,
)  # fmt: skip
from fleeting.features.au_motion import place_mean_mesh
from fleeting.features.stclqp import _unpacked
from fleeting.flow import FLOW_METHODS, flow, strain

from ..made_clips import moving

# Neighbours 0 to 7 of a circle, counter-clockwise from the right, in the mirror.
MIRRORED = [(4 - p) % 8 for p in range(8)]


def codes_with(places, bits=8):
    """What each code becomes when its bits change places."""
    return [sum((code >> p & 1) << places[p] for p in range(bits)) for code in range(2**bits)]


@pytest.fixture
def noise(rng):
    return rng.integers(0, 256, (9, 40, 46), dtype=np.uint8)


@pytest.fixture
def field(rng):
    return rng.normal(size=(2, 40, 48, 2))


def mirror(field):
    return field[..., ::-1, :] * [-1, 1]


@pytest.mark.parametrize("method", FLOW_METHODS)
def test_flow_is_mirrored_and_turned_with_the_pictures(method):
    a, _, b = moving([0, 0.7, 1.4], 64, 64)[..., 0]
    found = flow(a, b, method)
    inner = np.s_[8:-8, 8:-8]
    seen = mirror(flow(np.ascontiguousarray(a[:, ::-1]), np.ascontiguousarray(b[:, ::-1]), method))
    assert np.abs(seen - found)[inner].mean() < 0.01
    turned = flow(np.ascontiguousarray(a.T), np.ascontiguousarray(b.T), method).swapaxes(0, 1)[..., ::-1]
    assert np.abs(turned - found)[inner].mean() < 0.01


@pytest.mark.parametrize("method", FLOW_METHODS)
def test_flow_back_is_the_flow_there_turned_round(method):
    a, b = moving([0, 1.2], 64, 64)[..., 0]
    assert np.abs(flow(a, b, method) + flow(b, a, method))[8:-8, 8:-8].mean() < 0.05


def test_strain_knows_no_mirror_no_shift_and_no_direction(field):
    found = strain(field[0])
    np.testing.assert_allclose(strain(mirror(field)[0])[:, ::-1], found, atol=1e-6)
    np.testing.assert_allclose(strain(field[0] + [3, -7]), found, atol=1e-6)
    np.testing.assert_allclose(strain(-2 * field[0]), 2 * found, rtol=1e-6)
    np.testing.assert_allclose(strain_map(mirror(field)).reshape(50, 50)[:, ::-1], strain_map(field).reshape(50, 50), atol=1e-5)


def test_histograms_of_directions_are_mirrored(field):
    # Bins of a circle that begins at -pi: the mirror of bin k of n is n / 2 - 1 - k.
    order = [(3 - k) % 8 for k in range(8)]
    there = bi_woof(mirror(field)[0], (4, 6)).reshape(4, 6, 8)
    np.testing.assert_allclose(there[:, ::-1][..., order], bi_woof(field[0], (4, 6)).reshape(4, 6, 8), rtol=1e-5, atol=1e-6)
    field += np.array([0.8, 0.5])
    here, seen = (fhofo(x, (2, 3), 50).reshape(2, 3, 50) for x in (field, mirror(field)))
    assert np.ptp(here) > 0.01
    np.testing.assert_allclose(seen[:, ::-1][..., [(24 - k) % 50 for k in range(50)]], here, atol=1e-6)


def test_pictures_of_flow_are_mirrored(field):
    here, seen = flow_image(field[0], 20), flow_image(mirror(field)[0], 20)
    np.testing.assert_allclose(seen[..., ::-1], here * np.array([-1, 1, 1])[:, None, None], atol=1e-6)
    here, seen = flow_stack(field, 24).reshape(2, 2, 24, 24), flow_stack(mirror(field), 24).reshape(2, 2, 24, 24)
    np.testing.assert_allclose(seen[..., ::-1], here * np.array([-1, 1])[:, None, None, None], atol=1e-6)


def test_region_flow_is_mirrored(rng):
    points = to_ibug68(place_mean_mesh(64, 64))
    flow = np.zeros((1, 64, 64, 2)) + rng.normal(size=(1, 64, 1, 2))  # the same from left to right, as the regions nearly are
    here, seen = region_flow(flow, points), region_flow(mirror(flow), points)
    np.testing.assert_allclose(seen[..., [(3 - k) % 8 for k in range(8)]], here, rtol=1e-4)


def test_patterns_along_x_are_mirrored(noise):
    seen = noise[:, :, ::-1]
    here, there = (cbp_top(x, (1, 2)).reshape(2, 3, 32) for x in (noise, seen))
    # Pairs 0 (along x), 1, 2 (along y), 3, then the centre's bit: the diagonals 1 and 3 change places.
    order = codes_with([0, 3, 2, 1, 4], 5)
    np.testing.assert_allclose(there[::-1][:, 0][:, order], here[:, 0], atol=2e-3)
    np.testing.assert_allclose(there[::-1][:, 2], here[:, 2], atol=2e-3)
    here, there = (lbp_sip(x, (1, 2)).reshape(2, 20) for x in (noise, seen))
    np.testing.assert_allclose(there[::-1][:, codes_with([2, 1, 0, 3], 4)], here[:, :16], atol=1e-6)
    np.testing.assert_allclose(there[::-1][:, 16:], here[:, 16:], atol=1e-6)
    here, there = (lbp_mop(x, (1, 2), uniform=False).reshape(2, 3, 256) for x in (noise, seen))
    for plane in (0, 1):
        np.testing.assert_allclose(there[::-1][:, plane][:, codes_with(MIRRORED)], here[:, plane], atol=5e-3)
    np.testing.assert_allclose(there[::-1][:, 2], here[:, 2], atol=5e-3)
    here, there = (stlbp_ip(x, (2, 2), uniform=False).reshape(2, 2, 4, 256) for x in (noise, seen))
    for part in (0, 2):  # of rows
        np.testing.assert_allclose(there[:, ::-1, part], here[:, :, part], atol=1e-6)
    np.testing.assert_allclose(there[:, ::-1, 1][..., codes_with([7 - p for p in range(8)])], here[:, :, 1], atol=1e-6)
    np.testing.assert_allclose(there[:, ::-1, 3][..., codes_with(MIRRORED)], here[:, :, 3], atol=1e-2)


def test_time_run_backwards_turns_patterns_of_time(noise):
    here, there = (lbp_top(x, (1, 2), uniform=False).reshape(2, 3, 256) for x in (noise, noise[::-1]))
    np.testing.assert_allclose(there[:, 0], here[:, 0], atol=2e-3)
    np.testing.assert_allclose(there[:, 1][:, codes_with([(8 - p) % 8 for p in range(8)])], here[:, 1], atol=2e-3)  # XT: later is up
    np.testing.assert_allclose(there[:, 2][:, codes_with(MIRRORED)], here[:, 2], atol=2e-3)  # YT: later is right


def test_signs_of_stclqp_are_mirrored(noise):
    here, there = (stclqp_vectors(x[:6, :9, :11], (1, 1), voxels=None)[0, 0, :, 0] for x in (noise, noise[:, :, 10::-1]))
    for name in ("sign", "size"):
        a, b = (_unpacked(x & 0xFFFF if name == "sign" else x >> np.uint32(16), name) for x in (here, there))
        b = b[:, [(8 - p) % 16 for p in range(16)]]
        assert (np.sort(a @ 2.0 ** np.arange(16)) != np.sort(b @ 2.0 ** np.arange(16))).mean() < 0.1  # ties fall to either side


def test_pictures_are_mirrored(rng):
    image = rng.integers(0, 256, (32, 32), dtype=np.uint8)
    here, seen = (gabor(x, 32, 3, 4).reshape(3, 4, 32, 32) for x in (image, image[:, ::-1]))
    np.testing.assert_allclose(seen[..., ::-1][:, [0, 3, 2, 1]], here, rtol=1e-3, atol=1e-3)
    y, x = np.mgrid[:32, :32]
    smooth = 100 + 40 * np.sin(x / 5 + y / 3) + 30 * np.cos(x / 4 - y / 6)
    here, seen = (hog(x, 32, 8, 1, 9).reshape(4, 4, 9) for x in (smooth, smooth[:, ::-1]))
    # scikit-image's cells reach a pixel further to one side, so that the two are alike and not the same.
    assert np.corrcoef(seen[:, ::-1, ::-1].ravel(), here.ravel())[0, 1] > 0.9 > np.corrcoef(seen[:, ::-1].ravel(), here.ravel())[0, 1]


def test_a_shifted_clip_has_the_descriptors_of_its_place(noise):
    """Cut out two windows, one the other moved: where they show the same, so do the blocks."""
    one, other = noise[:, 0:30, 0:30], noise[:, 4:34, 8:38]
    for describe in (lambda x: lbp_top(x, (1, 1)), lambda x: cbp_top(x, (1, 1)), lambda x: lbp_sip(x, (1, 1))):
        np.testing.assert_allclose(describe(one[:, 4:, 8:]), describe(other[:, :26, :22]), atol=1e-6)
