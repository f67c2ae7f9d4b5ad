import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.faces.landmarks import mean_mesh, to_ibug68
from fleeting.features.mdmo import MDMO, REGIONS, mdmo, region_masks

from ..made_clips import make_clip, moving

SHAPE = (220, 200)
POINTS = to_ibug68(mean_mesh() * 70 + np.array([100, 90, 0], np.float32))
# iBUG points of the mirrored face, and the regions that change places.
MIRROR = [*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31, 45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
MIRROR += [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65]


def constant(vector, frames=2):
    return np.zeros((frames, *SHAPE, 2)) + np.array(vector)


def test_each_region_has_pixels_and_hardly_any_is_in_two():
    masks = region_masks(POINTS, SHAPE)
    assert masks.shape == (36, *SHAPE)
    assert len(REGIONS) == 36
    assert masks.any(axis=(1, 2)).all()
    assert (masks.sum(axis=0) > 1).sum() < 0.25 * masks.any(axis=0).sum()  # shared edges


@pytest.mark.parametrize("aggregation", ["per_frame", "pooled"])
def test_one_motion_everywhere(aggregation):
    np.testing.assert_allclose(mdmo(constant((1, 0)), POINTS, aggregation=aggregation), [0.77] * 36 + [0] * 36, atol=1e-6)
    np.testing.assert_allclose(mdmo(constant((0, 3)), POINTS, aggregation=aggregation), [0.77] * 36 + [0.361283] * 36, atol=1e-6)
    np.testing.assert_allclose(mdmo(constant((0, -1)), POINTS, 0.5, aggregation)[36:], 0.75 * np.pi, atol=1e-6)
    assert not mdmo(constant((0, 0)), POINTS, aggregation=aggregation).any()


def test_the_main_direction_counts_vectors_not_lengths():
    flow = constant((1, 0))
    flow[:, np.arange(SHAPE[0]) % 5 < 2] = 0, 2
    out = mdmo(flow, POINTS, cartesian=True)
    np.testing.assert_allclose(out[:36], 1, atol=1e-6)
    np.testing.assert_allclose(out[36:], 0, atol=1e-6)


def test_angles_around_0_average_to_0():
    flow = constant((0, 0))
    up = np.arange(SHAPE[1]) % 2 == 0
    ten = np.radians(10)
    flow[:, :, up] = np.cos(ten), np.sin(ten)
    flow[:, :, ~up] = np.cos(ten), -np.sin(ten)
    out = mdmo(flow, POINTS, cartesian=True)
    np.testing.assert_allclose(np.arctan2(out[36:], out[:36]), 0, atol=0.05)


def test_there_and_back_is_told_apart_by_how_frames_are_added():
    flow = np.concatenate([constant((1, 0), 2), constant((-1, 0), 1)])
    flow[:, :, 100:] *= 2
    frame, pooled = (mdmo(flow, POINTS, aggregation=a, cartesian=True) for a in ("per_frame", "pooled"))
    np.testing.assert_allclose(frame[0] / frame[5], 0.5, atol=1e-6)
    np.testing.assert_allclose(pooled[0] / pooled[5], 0.5, atol=1e-6)
    mixed = np.concatenate([constant((1, 0), 2), constant((0, 1), 1)])
    np.testing.assert_allclose(mdmo(mixed, POINTS)[36:], 0.23 * np.arctan2(1, 2), atol=1e-6)
    np.testing.assert_allclose(mdmo(mixed, POINTS, aggregation="pooled")[36:], 0, atol=1e-6)


def test_a_mirrored_face_mirrors_the_regions():
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    flow = np.stack([1 + x / 200, y / 200 - 0.5], axis=-1)[None]
    points = np.rint(POINTS) * [1, 1]
    mirrored = (points * [-1, 1] + [SHAPE[1] - 1, 0])[MIRROR]
    one = mdmo(flow, points, cartesian=True).reshape(2, 36)
    other = mdmo(flow[:, :, ::-1] * [-1, 1], mirrored, cartesian=True).reshape(2, 36) * [[-1], [1]]
    for k in (0, 1, 2, 6, 9):
        partner = {0: 5, 1: 4, 2: 3, 6: 13, 9: 10}[k]
        np.testing.assert_allclose(other[:, partner], one[:, k], atol=0.03)
    # All 36: the partner of a region is where its mirrored pixels lie.
    masks, seen = region_masks(points, SHAPE)[..., ::-1], region_masks(mirrored, SHAPE)
    shared = np.array([[(a & b).sum() / (a | b).sum() for b in seen] for a in masks])
    partners = shared.argmax(axis=1)
    assert sorted(partners) == list(range(36))
    assert (partners[partners] == np.arange(36)).all()
    assert shared.max(axis=1).min() > 0.7
    np.testing.assert_allclose(other[:, partners], one, atol=0.06)


def test_alignment_takes_the_head_away():
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    head = np.stack([0.5 + 0.01 * x - 0.02 * y, 1 + 0.02 * x + 0.01 * y], axis=-1)[None]
    smile = np.zeros_like(head)
    smile[:, 150:160, 120:140] = 0.5, -1
    np.testing.assert_allclose(mdmo(head + smile, POINTS, align=True, cartesian=True), mdmo(smile, POINTS, cartesian=True), atol=1e-6)


def test_a_face_half_outside_gives_numbers():
    assert np.isfinite(mdmo(constant((1, 1)), POINTS - [120, 0])).all()


def test_clips():
    clip = make_clip(moving([0, 0.5, 1], 128, 112))
    out = MDMO(find_mesh=False, align=False, cartesian=True).transform([clip])
    assert out.shape == (1, 72)
    assert out.dtype == np.float32
    assert (out[0, :36] > 0.5).all()
    with pytest.raises(UsageError, match=r"made/s1/c1: .* at least 2 frames"):
        MDMO(find_mesh=False).transform([make_clip(moving([0]))])
    with pytest.raises(UsageError, match="per_frame, pooled"):
        mdmo(constant((1, 0)), POINTS, aggregation="sum")
    with pytest.raises(UsageError, match="68 points"):
        mdmo(constant((1, 0)), POINTS[:66])
    file = io.BytesIO()
    joblib.dump(clone(MDMO(0.5)), file)
    file.seek(0)
    assert repr(joblib.load(file)) == "MDMO(weight=0.5)"
