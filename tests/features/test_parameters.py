"""Arrays and parameters out of range: an error that says what is allowed, and no other library's."""

import numpy as np
import pytest

from fleeting.errors import UsageError
from fleeting.faces.landmarks import to_ibug68
from fleeting.features import (
    bi_woof,
    cbp_top,
    fdm,
    fhofo,
    flow_image,
    flow_stack,
    hog3d,
    hoof,
    lbp_mop,
    lbp_top,
    lstd,
    mdmo,
    region_flow,
    stclqp_vectors,
    stlbp_ip,
    strain_map,
    wld,
)  # fmt: skip
from fleeting.features.au_motion import place_mean_mesh
from fleeting.features.strain_weighted import strain_weights
from fleeting.flow import strain

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (9, 64, 64), dtype=np.uint8)
FLOW = RNG.normal(size=(8, 64, 64, 2)).astype(np.float32)
POINTS = to_ibug68(place_mean_mesh(64, 64))
BOXES = np.array([[4, 4, 20, 16]])

OF_A_GRID = {
    "LBP-TOP": lambda grid: lbp_top(GREY, grid),
    "LBP-MOP": lambda grid: lbp_mop(GREY, grid),
    "CBP-TOP": lambda grid: cbp_top(GREY, grid),
    "STLBP-IP": lambda grid: stlbp_ip(GREY, grid),
    "STCLQP": lambda grid: stclqp_vectors(GREY, grid),
    "FDM": lambda grid: fdm(FLOW, grid),
    "FHOFO": lambda grid: fhofo(FLOW, grid),
    "HOOF": lambda grid: hoof(FLOW, grid=grid),
    "Bi-WOOF": lambda grid: bi_woof(FLOW[0], grid),
    "strain weighting": lambda grid: strain_weights(FLOW, grid),
    "WLD": lambda grid: wld(GREY[0], grid),
}
OF_FLOW = {
    "FDM": fdm,
    "FHOFO": fhofo,
    "HOOF": hoof,
    "MDMO": lambda flow: mdmo(flow, POINTS),
    "the flow stack": flow_stack,
    "the flow of regions": lambda flow: region_flow(flow, POINTS),
    "strain weighting": strain_map,
}
OF_ONE_FIELD = {"Bi-WOOF": bi_woof, "the flow image": flow_image, "strain": strain}


@pytest.mark.parametrize("what", OF_A_GRID)
@pytest.mark.parametrize("grid", [(0, 1), (-1, 2), (2.5, 2), 6, (1, 2, 3)], ids=str)
def test_a_grid_is_two_whole_numbers(what, grid):
    with pytest.raises(UsageError, match=f"{what}: grid=.* whole numbers from 1"):
        OF_A_GRID[what](grid)


@pytest.mark.parametrize("what", OF_A_GRID)
def test_a_grid_finer_than_pixels_names_the_smallest_size(what):
    with pytest.raises(UsageError, match=rf"{what}.* grid \(100, 90\).* needs .*at least .* x .* px; got .*64 x 64"):
        OF_A_GRID[what]((100, 90))


NO_FLOW = [FLOW[:0], FLOW[:, :0], FLOW[..., :1], FLOW * np.nan, FLOW + np.inf, FLOW[0, 0]]
NO_FIELD = [FLOW, FLOW[0, :0], FLOW[0, :1, :1], FLOW[0, ..., :1], FLOW[0] * np.nan]


@pytest.mark.parametrize("what", OF_FLOW)
@pytest.mark.parametrize("flow", NO_FLOW, ids=lambda x: str(x.shape))
def test_flow_of_a_wrong_kind(what, flow):
    with pytest.raises(UsageError, match=f"{what} takes"):
        OF_FLOW[what](flow)


@pytest.mark.parametrize("what", OF_ONE_FIELD)
@pytest.mark.parametrize("field", NO_FIELD, ids=lambda x: str(x.shape))
def test_one_field_of_a_wrong_kind(what, field):
    with pytest.raises(UsageError, match=f"{what} (takes|with)"):
        OF_ONE_FIELD[what](field)


OF_LUMA = [cbp_top, stclqp_vectors, lambda x: stlbp_ip(x, (2, 2)), lambda x: hog3d(x, BOXES), lambda x: lstd(x, BOXES)]


@pytest.mark.parametrize("describe", OF_LUMA)
def test_real_colours_are_taken_by_their_luma(describe):
    """Real RGB frames had ended in an error of OpenCV's."""
    frames = RNG.random((9, 32, 32, 3))
    np.testing.assert_allclose(describe(frames), describe(frames @ [0.299, 0.587, 0.114]), atol=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: hoof(list(FLOW)), r"takes an array of flow; got a list: make one with np\.stack"),
        (lambda: lbp_top(list(GREY)), r"takes an array of frames; got a list: make one with np\.stack"),
        (lambda: hoof(FLOW, 0), "n_bins=0"),
        (lambda: fhofo(FLOW, n_bins=0), "n_bins=0"),
        (lambda: fhofo(FLOW, n_bins=51), "chosen of 50"),
        (lambda: bi_woof(FLOW[0], n_bins=0), "n_bins=0"),
        (lambda: region_flow(FLOW, POINTS, 0), "n_bins=0"),
        (lambda: region_flow(FLOW, POINTS * np.nan), "68 points, finite"),
        (lambda: mdmo(FLOW, POINTS * np.nan), "68 points, finite"),
        (lambda: mdmo(FLOW, POINTS, 1.5), "weight=1.5 must be 0 to 1"),
        (lambda: mdmo(FLOW, POINTS + 500), "no region of the face lies in the picture of 64 x 64 px"),
        (lambda: mdmo(FLOW[:, :2, :2], POINTS, align=True), "no region"),
        (lambda: fdm(FLOW, tau=0), "tau=0"),
        (lambda: flow_image(FLOW[0], 0), "size=0"),
        (lambda: flow_stack(FLOW, 0), "size=0"),
        (lambda: flow_stack(FLOW[0]), r"\(F, H, W, 2\)"),
        (lambda: hog3d(GREY, BOXES, -1), "sigma=-1"),
        (lambda: hog3d(GREY, BOXES[0]), "boxes of shape"),
        (lambda: hog3d(GREY, BOXES[:0]), "at least one"),
        (lambda: lstd(GREY, BOXES / 2), "whole numbers"),
        (lambda: lstd(GREY, BOXES, 1.5), "radius=1.5"),
        (lambda: lbp_top(GREY, radii=3), "three whole numbers"),
        (lambda: lbp_top(GREY, radii=(1.5, 1, 1)), "three whole numbers"),
        (lambda: lbp_top(GREY, neighbours=3.5), "2 to 12"),
        (lambda: lbp_mop(GREY, neighbours=3.5), "neighbours=3.5"),
        (lambda: cbp_top(GREY, neighbours=4.0), "neighbours=4.0"),
        (lambda: stlbp_ip(GREY, (1, 1), reach=7), "reach=7"),
    ],
)
def test_a_parameter_out_of_range(call, words):
    with pytest.raises(UsageError, match=words):
        call()


def test_numbers_of_numpy_are_numbers():
    np.testing.assert_array_equal(lbp_top(GREY, np.array([2, 3]), np.array([1, 1, 2]), np.int64(8)), lbp_top(GREY, (2, 3), (1, 1, 2)))


def test_a_field_by_itself_is_a_sequence_of_one():
    """The limit below which strain counts as rounding had grown with the height of a single field."""
    field = np.ones((64, 64, 2), np.float32)
    field[:, 32:, 0] += 2e-5 * np.arange(32, dtype=np.float32)
    assert strain_map(field).any()
    np.testing.assert_array_equal(strain_map(field), strain_map(field[None]))
