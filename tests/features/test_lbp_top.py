import io
from importlib import import_module

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.features.lbp_top import LBPMOP, LBPSIP, LBPTOP, lbp_mop, lbp_sip, lbp_top, uniform_bins

from ..made_clips import make_clip, moving


@pytest.fixture
def noise(rng):
    return rng.integers(0, 256, (11, 40, 46), dtype=np.uint8)


def test_a_code_by_hand():
    picture = np.array([[6, 5, 2], [7, 6, 1], [9, 8, 7]], np.uint8)
    frames = np.repeat(picture[None], 3, axis=0)
    histogram = lbp_top(frames, (1, 1), (1, 1, 1), uniform=False, sampling="nearest").reshape(3, 256)
    # Counter-clockwise from the right, lowest bit first: 1, 2, 5 are darker than 6; 6, 7, 9, 8, 7 are not.
    assert histogram[0].argmax() == 0b11111000
    # Clockwise from the top left the same bits make the 241 of the textbooks.
    bits = [histogram[0].argmax() >> p & 1 for p in (3, 2, 1, 0, 7, 6, 5, 4)]
    assert sum(bit << p for p, bit in enumerate(bits)) == 241


def test_bins_of_uniform_codes():
    bins = uniform_bins(8)
    assert (bins[0], bins[255], bins.max()) == (0, 57, 58)
    assert len(np.unique(bins[bins < 58])) == 58
    assert bins[0b01010101] == 58
    assert [uniform_bins(p).max() + 1 for p in (2, 3, 4, 8, 12)] == [4, 8, 15, 59, 135]


@pytest.mark.parametrize("neighbours", [4, 8, (8, 4, 6)])
def test_each_histogram_sums_to_one(noise, neighbours):
    out = lbp_top(noise, (2, 3), neighbours=neighbours)
    numbers = (neighbours,) * 3 if isinstance(neighbours, int) else neighbours
    sizes = [uniform_bins(p).max() + 1 for p in numbers]
    assert out.dtype == np.float32
    assert out.shape == (6 * sum(sizes),)
    for part in np.split(out.reshape(6, -1), np.cumsum(sizes)[:-1], axis=1):
        np.testing.assert_allclose(part.sum(axis=1), 1, rtol=1e-5)


def test_lengths_of_the_papers():
    assert lbp_top(np.zeros((7, 20, 20), np.uint8)).shape == (6372,)
    assert lbp_top(np.zeros((7, 20, 20, 3), np.uint8)).shape == (19116,)
    assert lbp_top(np.zeros((9, 20, 20), np.uint8), (5, 5), (1, 1, 4), 4, uniform=False).shape == (25 * 48,)
    assert lbp_top(np.zeros((10, 20, 20), np.uint8), (8, 8)).shape == (11328,)  # SMIC's baseline


def codes_of_a_loop(frames, radii, t, y, x):
    """LBP of one voxel as the formula has it, all three planes, 8 neighbours, nothing shared with the code under test."""
    rx, ry, rt = radii

    def value(dx, dy, dt):
        total = 0.0
        for i in (0, 1):
            for j in (0, 1):
                for k in (0, 1):
                    fx, fy, ft = (d - np.floor(d) for d in (dx, dy, dt))
                    weight = (fx if i else 1 - fx) * (fy if j else 1 - fy) * (ft if k else 1 - ft)
                    if weight > 1e-9:
                        total += weight * frames[int(t + np.floor(dt)) + k, int(y + np.floor(dy)) + j, int(x + np.floor(dx)) + i]
        return total

    angle = 2 * np.pi * np.arange(8) / 8
    c, s = np.round(np.cos(angle), 12), np.round(np.sin(angle), 12)
    places = [zip(rx * c, -ry * s, 0 * c, strict=True), zip(rx * c, 0 * c, rt * s, strict=True), zip(0 * c, -ry * s, rt * c, strict=True)]
    return [sum(2**p for p, place in enumerate(plane) if value(*place) >= frames[t, y, x] - 1e-9) for plane in places]


@pytest.mark.parametrize("radii", [(1, 1, 1), (3, 3, 3), (2, 1, 3)])
def test_codes_are_those_of_the_formula(radii, rng):
    frames = rng.random((7, 9, 10))
    rx, ry, rt = radii
    counts = np.zeros((3, 256))
    for t in range(rt, 7 - rt):
        for y in range(ry, 9 - ry):
            for x in range(rx, 10 - rx):
                for plane, code in enumerate(codes_of_a_loop(frames, radii, t, y, x)):
                    counts[plane, code] += 1
    counts /= counts.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(lbp_top(frames, (1, 1), radii, uniform=False).reshape(3, 256), counts, atol=1e-6)


def test_codes_are_those_of_scikit_image(noise):
    from skimage.feature import local_binary_pattern

    inner = np.s_[3:-3]
    slices = [
        np.stack([local_binary_pattern(p, 8, 3)[inner, inner] for p in noise[inner]]),
        np.stack([local_binary_pattern(p[::-1], 8, 3)[inner, inner] for p in noise.transpose(1, 0, 2)[inner]]),  # up is later
        np.stack([local_binary_pattern(p, 8, 3)[inner, inner] for p in noise.transpose(2, 1, 0)[inner]]),
    ]
    theirs = np.stack([np.bincount(codes.astype(int).ravel(), minlength=256) for codes in slices])
    ours = lbp_top(noise, (1, 1), uniform=False).reshape(3, 256)
    n = slices[0].size
    assert np.abs(ours * n - theirs).sum() <= 1e-3 * n  # they round the places to five digits


def test_blocks_are_the_blocks_of_the_inner_part(noise):
    """A block's histogram is that of the same part, cut out with its rim."""
    rows, columns = (np.round(np.linspace(0, size - 6, n + 1)).astype(int) for size, n in ((40, 3), (46, 2)))
    whole = lbp_top(noise, (3, 2)).reshape(3, 2, -1)
    for r in range(3):
        for c in range(2):
            part = noise[:, rows[r] : rows[r + 1] + 6, columns[c] : columns[c + 1] + 6]
            np.testing.assert_allclose(lbp_top(part, (1, 1)), whole[r, c], atol=1e-6)


def test_how_it_is_cut_into_chunks_changes_nothing(noise, monkeypatch):
    whole = lbp_top(noise, (2, 2))
    monkeypatch.setattr(import_module("fleeting.features.lbp_top"), "CHUNK", 1)  # the name is also the function's
    np.testing.assert_array_equal(lbp_top(noise, (2, 2)), whole)


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64])
def test_flat_voxels_have_neighbours_as_bright_as_they_are(kind):
    histogram = lbp_top(np.full((8, 20, 20), 77.7, kind), (2, 2)).reshape(4, 3, 59)
    assert (histogram[..., 57] == 1).all()


def test_a_still_clip_has_ones_along_time(noise):
    still = np.repeat(noise[:1], 7, axis=0)
    xt = lbp_top(still, (1, 1), neighbours=4, uniform=False).reshape(3, 16)[1]
    assert all(code & 0b1010 == 0b1010 for code in np.flatnonzero(xt))  # bits 1 and 3 are later and earlier


def test_more_light_changes_nothing(noise):
    np.testing.assert_array_equal(lbp_top(noise // 2 + 90), lbp_top(noise // 2))
    curve = np.cumsum(np.random.default_rng(0).integers(1, 5, 256)).astype(np.uint16)
    np.testing.assert_array_equal(lbp_top(curve[noise], sampling="nearest"), lbp_top(noise, sampling="nearest"))


def test_whole_numbers_and_real_ones_agree(noise):
    np.testing.assert_array_equal(lbp_top(noise), lbp_top(noise.astype(np.float32)))
    np.testing.assert_allclose(lbp_top(noise), lbp_top(noise.astype(float)), atol=2e-3)


def test_a_mirrored_clip_has_mirrored_blocks_and_codes(noise):
    one = lbp_top(noise, (1, 2), uniform=False).reshape(2, 3, 256)
    other = lbp_top(noise[:, :, ::-1], (1, 2), uniform=False).reshape(2, 3, 256)[::-1]
    mirrored = [sum((code >> p & 1) << ((4 - p) % 8) for p in range(8)) for code in range(256)]
    np.testing.assert_allclose(other[:, 0][:, mirrored], one[:, 0], atol=2e-3)
    np.testing.assert_allclose(other[:, 2], one[:, 2], atol=2e-3)


def test_colour_is_three_descriptors(rng):
    frames = rng.integers(0, 256, (8, 20, 22, 3), dtype=np.uint8)
    np.testing.assert_array_equal(lbp_top(frames, (2, 2)), np.concatenate([lbp_top(frames[..., c], (2, 2)) for c in range(3)]))


def test_six_points(noise):
    out = lbp_sip(noise, (2, 3)).reshape(6, 20)
    np.testing.assert_allclose(out[:, :16].sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(out[:, 16:].sum(axis=1), 1, rtol=1e-5)
    still = lbp_sip(np.repeat(noise[:1], 5, axis=0), (2, 3)).reshape(6, 20)
    assert (still[:, 19] == 1).all()
    darker = np.arange(255, 0, -20, dtype=np.uint8)[:, None, None] * np.ones((1, 9, 9), np.uint8)
    assert lbp_sip(darker, (1, 1))[16 + 1] == 1  # only the earlier one is brighter


def test_mean_pictures(noise):
    out = lbp_mop(noise, (2, 3)).reshape(6, 3, 59)
    np.testing.assert_allclose(out.sum(axis=2), 1, rtol=1e-5)
    still = np.repeat(noise[:1], 8, axis=0)
    np.testing.assert_allclose(lbp_mop(still, (2, 3)).reshape(6, 3, 59)[:, 0], lbp_top(still, (2, 3)).reshape(6, 3, 59)[:, 0], atol=1e-6)
    assert lbp_mop(np.zeros((7, 9, 9, 3), np.uint8), (1, 1)).shape == (3 * 3 * 59,)


def test_errors_name_the_smallest_allowed_size():
    with pytest.raises(UsageError, match="at least 7 frames of 12 x 12 px; got 6 frames of 20 x 30"):
        lbp_top(np.zeros((6, 30, 20), np.uint8))
    with pytest.raises(UsageError, match="at least 7 frames of 26 x 12 px"):
        lbp_top(np.zeros((9, 30, 20), np.uint8), grid=(6, 20))
    with pytest.raises(UsageError, match="NaN"):
        lbp_top(np.full((7, 20, 20), np.nan))
    with pytest.raises(UsageError, match="2 to 12"):
        lbp_top(np.zeros((7, 20, 20), np.uint8), neighbours=16)
    with pytest.raises(UsageError, match="whole numbers from 1"):
        lbp_top(np.zeros((7, 20, 20), np.uint8), radii=(0, 1, 1))
    with pytest.raises(UsageError, match="bilinear, nearest"):
        lbp_top(np.zeros((7, 20, 20), np.uint8), sampling="cubic")
    with pytest.raises(UsageError, match=r"LBP-MOP .* at least 7 frames"):
        lbp_mop(np.zeros((3, 20, 20), np.uint8))
    short = make_clip(moving([0, 1, 2]))
    for step in (LBPTOP(), LBPSIP(), LBPMOP()):
        with pytest.raises(UsageError, match=r"clip made/s1/c1: .* got 3 frames"):
            step.transform([short])
    grey = make_clip(np.repeat(moving(range(8))[..., :1], 3, axis=3))
    with pytest.raises(UsageError, match="clip made/s1/c1: colour is asked"):
        LBPTOP(colour=True).transform([grey])


def test_a_row_a_clip():
    clips = [make_clip(moving(np.arange(9) * s), onset=1, offset=8, name=f"made/s/{s}") for s in (0.1, 0.5)]
    rows = LBPTOP((2, 2)).transform(clips)
    assert rows.shape == (2, 4 * 177)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(LBPTOP((2, 2)).transform(clips[::-1]), rows[::-1])
    assert LBPTOP((2, 2), colour=True).transform(clips).shape == (2, 3 * 4 * 177)
    file = io.BytesIO()
    joblib.dump(LBPTOP(radii=(1, 1, 4)), file)
    file.seek(0)
    assert repr(clone(joblib.load(file))) == "LBPTOP(radii=(1, 1, 4))"
