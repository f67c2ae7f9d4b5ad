import cv2
import numpy as np
import pytest
from scipy.interpolate import griddata
from sklearn.base import clone

from fleeting.clip import Clip
from fleeting.errors import UsageError
from fleeting.faces.action_units import AUS, au_fields, sides
from fleeting.faces.landmarks import mean_mesh
from fleeting.features.au_motion import AUMotion, au_intensities, face_grid, place_mean_mesh

IOD = 80
POINTS = mean_mesh() * IOD + np.array([150, 120, 0], np.float32)
XY = face_grid(POINTS)


def head_motion(seed=0, size=0.01):
    """Shift, scale, roll, and yaw and pitch by depth, of a few px."""
    rng = np.random.default_rng(seed)
    x, y = ((XY - [150, 120]) / IOD).T
    z = griddata(POINTS[:, :2], POINTS[:, 2], XY, method="nearest") / IOD
    shift_x, shift_y, scale, roll, yaw, pitch = rng.normal(0, size * IOD, 6)
    u = 3 * shift_x + scale * x - roll * y + yaw * z
    v = 3 * shift_y + scale * y + roll * x + pitch * z
    return np.stack([u, v], axis=1)


@pytest.mark.parametrize("name", AUS)
def test_each_unit_is_found_under_head_motion_and_noise(name):
    k = AUS.index(name)
    motion = 0.02 * IOD * au_fields(POINTS, XY)[k] + head_motion(k)
    motion += np.random.default_rng(k).normal(0, 0.05, XY.shape)
    found = au_intensities(motion, POINTS, XY)
    assert AUS[found.argmax()] == name
    assert 1 < found[k] < 2.6


def test_a_smile_with_raised_brows_is_read_apart():
    true = np.isin(AUS, (*sides((1, 2)), "L12")) * 0.015
    found = au_intensities(IOD * np.tensordot(true, au_fields(POINTS, XY), 1) + head_motion(), POINTS, XY)
    assert {AUS[i] for i in found.argsort()[-5:]} == {"R1", "L1", "R2", "L2", "L12"}
    assert found[AUS.index("R12")] < 0.2


@pytest.mark.parametrize("seed", range(5))
def test_head_motion_alone_is_no_action_unit(seed):
    motion = head_motion(seed)
    assert au_intensities(motion, POINTS, XY).max() < 0.05 * 100 * np.linalg.norm(motion, axis=1).max() / IOD


def test_gaze_alone_is_hardly_an_action_unit():
    iris = POINTS[[468, 473], :2]
    near = np.exp(-(((XY[:, None] - iris) / [0.13 * IOD, 0.05 * IOD]) ** 2).sum(axis=-1) / 2).sum(axis=1)
    assert au_intensities(np.outer(near, [2.0, 0]), POINTS, XY).max() < 0.3


def test_no_motion_and_doubled_motion():
    assert not au_intensities(np.zeros_like(XY), POINTS, XY).any()
    motion = np.random.default_rng(0).normal(0, 1, XY.shape)
    once, twice = (au_intensities(k * motion, POINTS, XY) for k in (1, 2))
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-3, atol=1e-4)
    assert once.min() >= 0


def test_a_place_that_is_not_trusted_has_no_say():
    k = AUS.index("R12")
    motion = 0.02 * IOD * au_fields(POINTS, XY)[k]
    spoiled, weights = motion.copy(), np.ones(len(XY))
    spoiled[:40], weights[:40] = 30, 0
    found = au_intensities(spoiled, POINTS, XY, weights)
    assert AUS[found.argmax()] == "R12"
    np.testing.assert_allclose(found[k], au_intensities(motion, POINTS, XY)[k], rtol=0.1)


def test_occluded_forehead_does_not_become_a_smile():
    motion = 0.02 * IOD * au_fields(POINTS, XY)[AUS.index("R12")] + np.random.default_rng(0).normal(0, 0.05, XY.shape)
    motion[XY[:, 1] < 85] += [0, 3]  # a fringe that swings
    found = dict(zip(AUS, au_intensities(motion, POINTS, XY), strict=True))
    assert max((name for name in AUS if int(name.strip("RL")) >= 9), key=found.get) == "R12"


def test_the_grid_is_even_and_on_the_face():
    assert 400 < len(XY) < 1200
    low, high = POINTS[:, :2].min(axis=0), POINTS[:, :2].max(axis=0)
    assert (low - 1e-3 <= XY).all()
    assert (high + 1e-3 >= XY).all()


def test_canonical_place():
    points = place_mean_mesh(200, 240)
    eyes = points[[33, 133]].mean(axis=0), points[[263, 362]].mean(axis=0)
    np.testing.assert_allclose(eyes[1][0] - eyes[0][0], 80, atol=0.1)
    np.testing.assert_allclose((eyes[0] + eyes[1])[:2] / 2, [99.5, 100.3], atol=0.1)


def clip(name, per_cent, size=200, onset=0):
    """A textured crop in which one action unit moves; synthetic."""
    noise = cv2.GaussianBlur(np.random.default_rng(0).normal(size=(size, size, 3)), (0, 0), 2)
    image = np.clip(128 + 45 * noise / noise.std(), 0, 255).astype(np.float32)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    points, xy = place_mean_mesh(size, size), np.stack([x, y], axis=-1).reshape(-1, 2)
    move = (au_fields(points, xy)[AUS.index(name)] * 0.4 * size * per_cent / 100).reshape(size, size, 2)
    after = cv2.remap(image, x - move[..., 0], y - move[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    frames = np.stack([image, after]).round().astype(np.uint8)
    return Clip("synthetic/1", "synthetic", "1", 100.0, onset, 1, 1, lambda: frames)


@pytest.mark.parametrize("name", ["R1", "L4", "R6", "L12", "R15", "17", "26"])
def test_from_pictures_to_intensities(name):
    found = AUMotion(find_mesh=False).transform([clip(name, 2.5)])
    assert found.shape == (1, len(AUS))
    assert found.dtype == np.float32
    assert AUS[found[0].argmax()] == name
    assert 1.2 < found.max() < 3.2


def test_a_still_clip_has_none():
    assert not AUMotion(find_mesh=False).transform([clip("R1", 0)]).any()


def test_frames_that_are_not_there():
    with pytest.raises(UsageError, match=r"synthetic/1.*onset 7.*0 to 1"):
        AUMotion(find_mesh=False).transform([clip("R1", 0, onset=7)])


def test_clone_and_repr():
    assert repr(clone(AUMotion(find_mesh=False, method="tvl1"))) == "AUMotion(find_mesh=False, method='tvl1')"
