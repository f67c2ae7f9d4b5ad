"""Descriptors against plain loops that were written from the papers and share no code with them."""

import math
from collections import defaultdict
from itertools import pairwise

import cv2
import numpy as np
import pytest
from skimage.draw import polygon2mask

from fleeting.faces.landmarks import mean_mesh, to_ibug68
from fleeting.features import bi_woof, fdm, fhofo, hog3d, hoof, lbp_mop, lbp_sip, mdmo, region_flow, stclqp_vectors, strain_map  # fmt: skip
from fleeting.features.mdmo import MIDDLES, RAISED, REGIONS, region_masks
from fleeting.features.stclqp import _unpacked

POINTS = to_ibug68(mean_mesh() * 35 + np.array([50, 45, 0], np.float32))


@pytest.fixture
def flow(rng):
    return rng.normal(size=(4, 21, 26, 2))


def blocks(height, width, grid):
    down, right = (np.round(np.linspace(0, size, n + 1)).astype(int) for size, n in zip((height, width), grid, strict=True))
    for top, bottom in pairwise(down):
        for left, end in pairwise(right):
            yield slice(top, bottom), slice(left, end)


def turn(u, v):
    """The share of a full turn from +x towards +y, 0 to 1."""
    return math.atan2(v, u) % (2 * math.pi) / (2 * math.pi)


def test_hoof(flow):
    out = []
    for where in blocks(21, 26, (2, 3)):
        histogram = np.zeros(8)
        for u, v in flow[:, *where].reshape(-1, 2):
            histogram[int(turn(u, -v) * 8) % 8] += math.hypot(u, v)
        out.append(histogram / histogram.sum())
    np.testing.assert_allclose(hoof(flow, 8, (2, 3)), np.concatenate(out), atol=1e-6)


@pytest.mark.parametrize("authors_bins", [False, True])
def test_fhofo(flow, authors_bins):
    flow[:, 5:9, 3:20] = 0
    rows = [1, 4, 7, 10, 13, 15, 18, 21, 24, 27, 30, 33, 36, 38, 41, 44, 47, 50]
    if not authors_bins:
        rows = [round(50 * k / 18) + 1 for k in range(18)]
    out = []
    for where in blocks(21, 26, (2, 3)):
        fine = np.zeros(50)
        for u, v in flow[:, *where].reshape(-1, 2):
            if u or v:
                fine[min(int((math.atan2(v, u) + math.pi) / (2 * math.pi) * 50), 49)] += 1
        near = [[min(abs(i - j), 50 - abs(i - j)) for i in range(1, 51)] for j in rows]
        fuzzy = np.exp(-(np.array(near) ** 2) / 200) @ fine
        out.append(fuzzy / fuzzy.sum())
    np.testing.assert_allclose(fhofo(flow, (2, 3), authors_bins=authors_bins), np.concatenate(out), atol=1e-6)


def strained(field):
    """Magnitude of the strain at each pixel, central differences inside, one-sided at the rim."""
    height, width = field.shape[:2]
    out = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            above, below, left, right = max(y - 1, 0), min(y + 1, height - 1), max(x - 1, 0), min(x + 1, width - 1)
            u_x, v_x = (field[y, right] - field[y, left]) / (right - left)
            u_y, v_y = (field[below, x] - field[above, x]) / (below - above)
            out[y, x] = math.sqrt(u_x**2 + v_y**2 + 2 * ((u_y + v_x) / 2) ** 2)
    return out


def test_bi_woof(flow):
    local, weights, strain = [], [], strained(flow[0])
    for where in blocks(21, 26, (3, 2)):
        histogram = np.zeros(8)
        for u, v in flow[0][where].reshape(-1, 2):
            histogram[min(int((math.atan2(v, u) + math.pi) / (math.pi / 4)), 7)] += math.hypot(u, v)
        local.append(histogram)
        weights.append(strain[where].mean())
    expected = np.array(weights)[:, None] / max(weights) * np.array(local)
    np.testing.assert_allclose(bi_woof(flow[0], (3, 2)), expected.ravel(), rtol=1e-5, atol=1e-6)


def test_strain_map(flow):
    total = sum(strained(field) for field in flow)
    expected = cv2.resize(total / total.max(), (50, 50), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(strain_map(flow), expected.ravel(), atol=1e-5)


def test_fdm(flow):
    flow[:, 0:7, 0:6] *= 0.01
    out = []
    for first in (0, 2):
        for where in blocks(21, 26, (3, 4)):
            vectors = [v for v in flow[first : first + 2, *where].reshape(-1, 2) if math.hypot(*v) > 0.02]
            kept, direction = vectors, np.zeros(2)
            for _ in range(20):
                total = np.sum(kept, axis=0)
                direction = total / math.hypot(*total)
                again = [v for v in vectors if v @ direction > 0]
                if len(again) == len(kept) and np.array_equal(again, kept):
                    break
                kept = again
            out.append(direction)
    np.testing.assert_allclose(fdm(flow, (3, 4), 2), np.concatenate(out), atol=1e-5)


@pytest.mark.parametrize("aggregation", ["per_frame", "pooled"])
def test_mdmo(aggregation, rng):
    flow = rng.normal([0.3, 0.2], 1, (3, 110, 100, 2))
    means = []
    for mask in region_masks(POINTS, (110, 100)):
        each = []
        for fields in [flow] if aggregation == "pooled" else [field[None] for field in flow]:
            sectors = defaultdict(list)
            for u, v in fields[:, mask].reshape(-1, 2):
                sectors[int((math.degrees(math.atan2(v, u)) + 22.5) % 360 // 45)].append((u, v))
            main = max(sorted(sectors), key=lambda k: len(sectors[k]))
            each.append(np.mean(sectors[main], axis=0))
        means.append(np.mean(each, axis=0))
    length, angle = np.hypot(*np.transpose(means)), [2 * math.pi * turn(u, v) for u, v in means]
    expected = np.concatenate([0.77 * length / length.max(), 0.23 * np.array(angle)])
    np.testing.assert_allclose(mdmo(flow, POINTS, aggregation=aggregation), expected, atol=1e-5)


def test_regions_of_mdmo_are_scikit_images_polygons():
    iod = np.linalg.norm(POINTS[36:42].mean(axis=0) - POINTS[42:48].mean(axis=0))
    raised = POINTS[list(RAISED)] - [0, 0.2 * iod]
    corners = [*POINTS, *raised, (raised[2] + raised[3]) / 2, *((POINTS[a] + POINTS[b]) / 2 for a, b in MIDDLES)]
    for mask, region in zip(region_masks(POINTS, (110, 100)), REGIONS, strict=True):
        theirs = polygon2mask((110, 100), np.rint([corners[k][::-1] for k in region]))
        assert not (theirs & ~mask).any()
        rim = cv2.dilate(theirs.astype(np.uint8), np.ones((3, 3))).astype(bool)  # ours counts pixels on the edge, too
        assert not (mask & ~rim & (theirs.sum() > 0)).any()


def test_hog3d(rng):
    frames = rng.random((5, 20, 24))
    blurred = np.stack([cv2.GaussianBlur(frame, (0, 0), 1) for frame in frames])
    along_t, along_y, along_x = np.gradient(blurred)
    out = []
    for t in range(5):
        inside = np.s_[t, 2:14, 3:15]
        parts = []
        for a, b, n in ((along_x, along_y, 8), (along_x, along_t, 12), (along_y, along_t, 12)):
            histogram = np.zeros(n)
            for p, q in zip(a[inside].ravel(), b[inside].ravel(), strict=True):
                histogram[int(turn(p, q) * n) % n] += math.hypot(p, q)
            parts.append(histogram)
        out.append(np.concatenate(parts) / np.linalg.norm(np.concatenate(parts)))
    np.testing.assert_allclose(hog3d(frames, np.array([[3, 2, 15, 14]])), np.mean(out, axis=0), atol=1e-6)


def test_region_flow(rng):
    flow = rng.normal(size=(2, 110, 100, 2))
    iod = np.linalg.norm(POINTS[36:42].mean(axis=0) - POINTS[42:48].mean(axis=0))
    out = region_flow(flow, POINTS)
    for k, part in enumerate((POINTS[17:27], POINTS[36:48], POINTS[27:36], POINTS[48:68])):
        low, high = np.rint(part.min(axis=0) - 0.15 * iod).astype(int), np.rint(part.max(axis=0) + 0.15 * iod).astype(int)
        for t in range(2):
            sums, pixels = np.zeros(8), 0
            for y in range(max(low[1], 0), min(high[1], 110)):
                for x in range(max(low[0], 0), min(high[0], 100)):
                    sums[int(turn(*flow[t, y, x]) * 8) % 8] += math.hypot(*flow[t, y, x])
                    pixels += 1
            np.testing.assert_allclose(out[t, k], 100 * sums / pixels / iod, rtol=1e-4)


def test_lbp_sip(rng):
    frames = rng.integers(0, 256, (7, 9, 10), dtype=np.uint8)
    space, time = np.zeros(16), np.zeros(4)
    for t in range(2, 5):
        for y in range(1, 8):
            for x in range(1, 9):
                c = frames[t, y, x]
                around = frames[t, y, x + 1], frames[t, y - 1, x], frames[t, y, x - 1], frames[t, y + 1, x]
                space[sum((g >= c) << p for p, g in enumerate(around))] += 1
                time[int(frames[t - 2, y, x] >= c) + 2 * int(frames[t + 2, y, x] >= c)] += 1
    np.testing.assert_allclose(lbp_sip(frames, (1, 1)), [*space / space.sum(), *time / time.sum()], atol=1e-6)


def test_lbp_mop(rng):
    """Four neighbours at whole pixels: the mean pictures, and codes in each of them."""
    frames = rng.random((8, 13, 15))
    means = frames.mean(axis=0), frames.mean(axis=1), frames.mean(axis=2)  # (y, x), (t, x), (t, y)
    steps = ([(0, 1), (-1, 0), (0, -1), (1, 0)], [(0, 1), (1, 0), (0, -1), (-1, 0)], [(1, 0), (0, -1), (-1, 0), (0, 1)])
    out = []
    for image, around in zip(means, steps, strict=True):
        counts = np.zeros(16)
        for i in range(1, image.shape[0] - 1):
            for j in range(1, image.shape[1] - 1):
                counts[sum((image[i + a, j + b] >= image[i, j]) << p for p, (a, b) in enumerate(around))] += 1
        out.append(counts / counts.sum())
    np.testing.assert_allclose(lbp_mop(frames, (1, 1), (1, 1, 1), 4, False), np.concatenate(out), atol=1e-6)


@pytest.mark.parametrize(("plane", "axes"), [(0, (2, 1)), (1, (2, 0)), (2, (1, 0))])
def test_directions_of_stclqp(rng, plane, axes):
    """By how many quarters of a turn the gradient at each of 16 neighbours, at the nearest voxel, is turned against the voxel's."""
    frames = rng.integers(0, 256, (6, 7, 8)).astype(np.float64)

    def value(place):
        return frames[tuple(np.clip(place, 0, np.array(frames.shape) - 1))]

    def slope(place, along, across):
        """Central difference, one-sided at the rim, weighted 1 2 1 over the neighbours across."""
        total = 0.0
        for offset, weight in ((-1, 0.25), (0, 0.5), (1, 0.25)):
            at = np.array(place)
            at[across] = np.clip(at[across] + offset, 0, frames.shape[across] - 1)
            step = np.eye(3, dtype=int)[along]
            inside = 0 < at[along] < frames.shape[along] - 1
            total += weight * (value(at + step) - value(at - step)) / (2 if inside else 1)
        return total

    a, b = axes
    level = np.zeros(frames.shape, int)
    for place in np.ndindex(frames.shape):
        level[place] = int(turn(slope(place, a, b), slope(place, b, a)) * 16 + 1e-9) % 16
    expected = []
    for t, y, x in np.ndindex(2, 3, 4):
        here, row = np.array([t + 2, y + 2, x + 2]), []
        for p in range(16):
            c, s = (round(round(2 * f(2 * math.pi * p / 16), 9)) for f in (math.cos, math.sin))
            step = {0: (0, -s, c), 1: (s, 0, c), 2: (c, -s, 0)}[plane]  # t, y, x
            row.append(int((level[tuple(here + step)] - level[tuple(here)]) % 16 // 4))
        expected.append(row)
    found = _unpacked(stclqp_vectors(frames, (1, 1), voxels=None)[plane, 0, :, 1], "direction").astype(int).tolist()
    assert sorted(found) == sorted(expected)
