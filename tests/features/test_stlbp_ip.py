import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.features.lbp_top import uniform_bins
from fleeting.features.stlbp_ip import STLBPIP, stlbp_ip

from ..made_clips import make_clip, moving


def shape_by_hand(profiles):
    """Share of the 256 codes of windows of 9 in each of some profiles, (256,)."""
    counts = np.zeros(256)
    for profile in profiles:
        for z in range(4, len(profile) - 4):
            around = [*profile[z - 4 : z], *profile[z + 1 : z + 5]]
            counts[sum((value >= profile[z]) << j for j, value in enumerate(around))] += 1
    return counts / counts.sum()


def motion_by_hand(image, clockwise):
    """Share of the codes of circles of 8 points with radius 2 in a picture of (time, place)."""
    counts = np.zeros(256)
    for t in range(2, image.shape[0] - 2):
        for z in range(2, image.shape[1] - 2):
            code = 0
            for p in range(8):
                c, s = round(2 * np.cos(p * np.pi / 4), 9), round(2 * np.sin(p * np.pi / 4), 9)
                dt, dz = (c, -s) if clockwise else (s, c)
                a, b = t + dt, z + dz
                i, j = int(np.floor(a)), int(np.floor(b))
                u, v = a - i, b - j
                value = np.array([1 - u, u]) @ image[i : i + 2, j : j + 2] @ [1 - v, v] if u and v else image[i, j]
                code |= int(value >= image[t, z]) << p
            counts[code] += 1
    return counts / counts.sum()


def test_against_loops(rng):
    frames = rng.integers(0, 256, (9, 23, 29), dtype=np.uint8)
    out = stlbp_ip(frames, (2, 3), radius=2, uniform=False, difference=None).reshape(2, 3, 4, 256)
    for r, (top, bottom) in enumerate([(0, 12), (12, 23)]):
        for c, (left, right) in enumerate([(0, 10), (10, 19), (19, 29)]):
            block = frames[:, top:bottom, left:right].astype(float)
            np.testing.assert_allclose(out[r, c, 0], shape_by_hand(block.sum(axis=2)), atol=1e-6)
            np.testing.assert_allclose(out[r, c, 1], shape_by_hand(block.sum(axis=1)), atol=1e-6)
            np.testing.assert_allclose(out[r, c, 2], motion_by_hand(block.sum(axis=2), True), atol=1e-6)
            np.testing.assert_allclose(out[r, c, 3], motion_by_hand(block.sum(axis=1), False), atol=1e-6)


def test_uniform_patterns_are_the_same_counted_together(rng):
    frames = rng.integers(0, 256, (9, 40, 40), dtype=np.uint8)
    fine = stlbp_ip(frames, (2, 2), uniform=False).reshape(-1, 256)
    coarse = np.stack([np.bincount(uniform_bins(8), row, 59) for row in fine])
    np.testing.assert_allclose(stlbp_ip(frames, (2, 2)).reshape(-1, 59), coarse, atol=1e-6)


def test_lengths():
    frames = moving(np.arange(9) / 3, 81, 90)[..., 0]
    out = stlbp_ip(frames)
    assert out.shape == (16992,)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out.reshape(-1, 59).sum(axis=1), 1, atol=1e-6)
    assert stlbp_ip(frames, (1, 1), uniform=False).shape == (4 * 256,)
    assert stlbp_ip(frames, (1, 1), reach=2).shape == (2 * 15 + 2 * 59,)


@pytest.mark.parametrize("difference", [None, "first", "absolute", "rpca"])
def test_where_nothing_changes_all_are_ones(difference):
    flat = np.full((9, 20, 20), 7, np.uint8)
    ones = uniform_bins(8)[255]
    np.testing.assert_array_equal(stlbp_ip(flat, (2, 2), difference=difference).reshape(16, 59), np.eye(59)[[ones] * 16])


@pytest.mark.parametrize("difference", ["first", "absolute", "rpca"])
def test_a_difference_does_away_with_what_stands_still(rng, difference):
    still = np.repeat(rng.integers(0, 200, (1, 20, 20), dtype=np.uint8), 9, axis=0)
    nothing = stlbp_ip(np.zeros_like(still), (2, 2), difference=difference)
    np.testing.assert_allclose(stlbp_ip(still, (2, 2), difference=difference), nothing, atol=1e-6)
    assert not np.array_equal(stlbp_ip(still, (2, 2), difference=None), nothing)
    brief = still.copy()
    brief[4:6, 3:7, 3:7] += 40
    assert not np.allclose(stlbp_ip(brief, (2, 2), difference=difference)[: 4 * 59], nothing[: 4 * 59], atol=0.01)


def test_who_it_is_does_not_matter_to_the_signed_difference(rng):
    change = rng.integers(0, 50, (9, 20, 20))
    change[0] = 0
    one, other = (stlbp_ip(change + rng.integers(0, 100, (1, 20, 20)), (2, 2)) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_a_shift_along_x_keeps_the_sums_of_rows():
    pattern = np.zeros((9, 24, 24))
    pattern[:, 6:18, 6:14] = np.random.default_rng(0).random((9, 12, 8))
    jumps = np.concatenate([pattern[:4], np.roll(pattern[4:], 1, axis=2)])
    out, moved = (stlbp_ip(x, (1, 1), difference=None).reshape(4, 59) for x in (pattern, jumps))
    np.testing.assert_array_equal(out[[0, 2]], moved[[0, 2]])
    assert not np.array_equal(out[3], moved[3])


def test_transposed_frames_exchange_x_and_y(rng):
    frames = rng.integers(0, 256, (9, 20, 20), dtype=np.uint8)
    one = stlbp_ip(frames, (2, 1), uniform=False).reshape(2, 1, 4, 256)
    other = stlbp_ip(frames.swapaxes(1, 2), (1, 2), uniform=False).reshape(1, 2, 4, 256)
    np.testing.assert_allclose(one[:, :, 0], other.swapaxes(0, 1)[:, :, 1], atol=1e-6)
    np.testing.assert_allclose(one[:, :, 1], other.swapaxes(0, 1)[:, :, 0], atol=1e-6)


def test_bad_input():
    with pytest.raises(UsageError, match=r"grid \(8, 9\).* at least 8 frames of 81 x 72 px; got 8 frames of 80 x 80 px"):
        stlbp_ip(np.zeros((8, 80, 80)))
    with pytest.raises(UsageError, match="at least 8 frames"):
        stlbp_ip(np.zeros((7, 81, 81)))
    stlbp_ip(np.zeros((7, 81, 81)), difference=None)
    with pytest.raises(UsageError, match=r"'last'.*first, absolute, rpca"):
        stlbp_ip(np.zeros((9, 81, 81)), difference="last")
    with pytest.raises(UsageError, match="reach=0"):
        stlbp_ip(np.zeros((9, 81, 81)), reach=0)
    with pytest.raises(UsageError, match="NaN"):
        stlbp_ip(np.full((9, 81, 81), np.nan))


def test_clips():
    clip = make_clip(moving(np.arange(9) / 3))
    rows = clone(STLBPIP((2, 2))).transform([clip, clip])
    assert rows.shape == (2, 4 * 236)
    with pytest.raises(UsageError, match=r"made/s1/c1: STLBP-IP .* got 9 frames of 56 x 48 px"):
        STLBPIP().transform([clip])
    file = io.BytesIO()
    joblib.dump(STLBPIP(difference="rpca"), file)
    file.seek(0)
    assert repr(joblib.load(file)) == "STLBPIP(difference='rpca')"
