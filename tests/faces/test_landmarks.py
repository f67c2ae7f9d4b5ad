"""The mesh's points and what is read from them, on the mean face and on points moved by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fleeting.faces.landmarks import (
    IBUG68,
    LEFT_EYE,
    LEFT_IRIS,
    LEFT_LIDS,
    RIGHT_EYE,
    RIGHT_IRIS,
    RIGHT_LIDS,
    Face,
    eye_openness,
    gaze,
    mean_face,
    mean_mesh,
    mouth_openness,
    pose,
    to_ibug66,
    to_ibug68,
)

# The iBUG point on the other side of the face for each of the 68.
OTHER_SIDE = [
    *(*range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1)),  # jaw, brows, nose
    *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),  # eyes
    *(*range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), *range(67, 64, -1)),  # lips
]


def turned(roll: float = 0.0, yaw: float = 0.0, pitch: float = 0.0) -> np.ndarray:
    """The mean face after it looked down, then to the image's right, then leant over clockwise; degrees."""
    points = mean_mesh().astype(np.float64)
    for angle, axes in ((pitch, [1, 2]), (yaw, [0, 2]), (roll, [0, 1])):
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        points[:, axes] = points[:, axes] @ np.array([[c, s], [-s, c]])
    return points


# The mean face


def test_the_mean_face_is_one_eye_distance_wide_and_symmetric():
    mesh = mean_mesh()
    assert mesh.shape == (478, 3)
    assert mesh.dtype == np.float32
    right, left = (mesh[list(corners)].mean(axis=0) for corners in (RIGHT_EYE, LEFT_EYE))
    np.testing.assert_allclose(right, [-0.5, 0, 0], atol=1e-3)
    np.testing.assert_allclose(left, [0.5, 0, 0], atol=1e-3)
    for one, other in ((33, 263), (133, 362), (61, 291), (105, 334), (234, 454), (RIGHT_IRIS, LEFT_IRIS)):
        np.testing.assert_allclose(mesh[one] * [-1, 1, 1], mesh[other], atol=1e-3)
    assert mesh[1, 2] < mesh[33, 2]  # the nose is nearer than the eyes
    assert mesh[10, 1] < 0 < mesh[1, 1] < mesh[13, 1] < mesh[152, 1]  # forehead, nose, mouth, chin: y goes down
    np.testing.assert_allclose(pose(mesh), 0, atol=0.01)


def test_the_mean_face_cannot_be_changed_by_accident():
    with pytest.raises(ValueError, match="read-only"):
        mean_mesh()[0] = 0


@pytest.mark.parametrize("roll", [0.0, 30.0, -75.0])
def test_the_mean_face_is_laid_where_it_is_wanted(roll):
    face = mean_face(np.array([320.0, 200.0]), 80.0, roll=roll, presence=0.7)
    x, y = 40 * np.cos(np.radians(roll)), 40 * np.sin(np.radians(roll))
    np.testing.assert_allclose(face.eyes, [[320 - x, 200 - y], [320 + x, 200 + y]], atol=0.1)
    assert face.iod == pytest.approx(80, abs=0.1)
    assert face.presence == 0.7
    assert face.points.shape == (478, 3)
    assert face.points.dtype == np.float32
    np.testing.assert_allclose(face.box, [*face.points[:, :2].min(axis=0), *face.points[:, :2].max(axis=0)])
    np.testing.assert_allclose(pose(face.points), [roll, 0, 0], atol=0.05)


def test_the_eye_distance_outlasts_a_turn_of_the_head():
    face = Face((0, 0, 1, 1), turned(yaw=40), 1.0)
    assert face.iod == pytest.approx(1, abs=1e-3)
    assert np.linalg.norm(face.eyes[1] - face.eyes[0]) == pytest.approx(np.cos(np.radians(40)), abs=1e-3)


# iBUG


def test_68_points_of_a_mesh_in_two_or_three_dimensions():
    points = np.random.default_rng(0).normal(100, 30, (478, 3))
    found = to_ibug68(points)
    assert found.shape == (68, 2)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, to_ibug68(points[:, :2]))
    np.testing.assert_array_equal(found[36], points[33, :2].astype(np.float32))  # outer corner of the right eye
    np.testing.assert_array_equal(found[8], points[152, :2].astype(np.float32))  # chin


def test_66_points_are_the_68_without_the_corners_of_the_inner_mouth():
    every = to_ibug68(mean_mesh())
    fewer = to_ibug66(mean_mesh())
    assert fewer.shape == (66, 2)
    np.testing.assert_array_equal(fewer[:60], every[:60])
    np.testing.assert_array_equal(fewer[60], every[61])
    np.testing.assert_array_equal(fewer[60:], every[[61, 62, 63, 65, 66, 67]])


def test_the_68_are_all_different_and_mirror_each_other():
    assert len(set(IBUG68)) == 68
    points = to_ibug68(mean_mesh())
    np.testing.assert_allclose(points * [-1, 1], points[OTHER_SIDE], atol=1e-3)


def test_the_68_lie_in_the_order_of_the_markup():
    x, y = to_ibug68(mean_mesh()).T
    assert (np.diff(x[1:16]) > 0).all()  # jaw, from the subject's right to the left
    assert y[8] == y.max()
    assert (np.diff(x[17:27]) > 0).all()  # both brows
    assert (np.diff(y[27:31]) > 0).all()  # bridge of the nose, downwards
    assert (np.diff(x[31:36]) > 0).all()  # nostrils
    assert y[37] < y[41]  # upper lid above the lower
    assert y[51] < y[62] <= y[66] < y[57]  # outer and inner lips


# Eyes, mouth and head


def test_open_eyes_are_as_open_as_their_lids_are_apart():
    points = np.zeros((478, 3))
    for corners, lids, apart in ((RIGHT_EYE, RIGHT_LIDS, 0.9), (LEFT_EYE, LEFT_LIDS, 0.3)):
        points[corners[0]], points[corners[1]] = (-1.5, 0, 0), (1.5, 0, 0)
        points[list(lids[0]), 1], points[list(lids[1]), 1] = -apart / 2, apart / 2
    np.testing.assert_allclose(eye_openness(points), [0.3, 0.1])
    np.testing.assert_allclose(eye_openness(mean_mesh()), 0.285, atol=0.005)
    np.testing.assert_allclose(eye_openness(50 * turned(20, 30, -15) + 7), eye_openness(mean_mesh()), rtol=1e-5)


def test_the_mouth_is_as_open_as_the_inner_lips_are_apart():
    points = mean_mesh().copy()
    points[14] = points[13]
    assert mouth_openness(points) == 0
    points[14, 1] += 0.3
    assert mouth_openness(points) == pytest.approx(0.3, abs=1e-3)
    assert mouth_openness(90 * points) == pytest.approx(0.3, abs=1e-3)


def test_gaze_goes_where_the_irises_go():
    points = mean_mesh().copy()
    for corners, iris in ((RIGHT_EYE, RIGHT_IRIS), (LEFT_EYE, LEFT_IRIS)):
        width = np.linalg.norm(points[corners[0]] - points[corners[1]])
        points[iris] = points[list(corners)].mean(axis=0) + width * np.array([0.2, -0.1, 0])  # to the image's right, up
    np.testing.assert_allclose(gaze(points), [0.2, -0.1], atol=1e-6)
    np.testing.assert_allclose(gaze(60 * points + 11), [0.2, -0.1], atol=1e-5)


def test_irises_that_converge_look_straight_ahead():
    points = np.zeros((478, 3))
    points[[RIGHT_EYE[0], LEFT_EYE[0]], 0] = -1, 1
    points[RIGHT_IRIS, 0], points[LEFT_IRIS, 0] = -0.4, 0.4
    np.testing.assert_allclose(gaze(points), 0, atol=1e-12)


@pytest.mark.parametrize("angle", [-40.0, -5.0, 0.0, 12.0, 60.0])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_pose_is_the_angle_by_which_the_head_was_turned(angle, axis):
    wanted = np.zeros(3)
    wanted[axis] = angle
    np.testing.assert_allclose(pose(turned(*wanted)), wanted, atol=0.05)


def test_the_signs_of_the_pose():
    nose = mean_mesh()[1]
    assert turned(yaw=20)[1, 0] > nose[0]  # the nose to the image's right
    assert turned(pitch=20)[1, 1] > nose[1]  # the nose downwards
    eyes = turned(roll=20)[[33, 263], 1]
    assert eyes[0] < eyes[1]  # clockwise on screen: the eye on the image's right sinks
    np.testing.assert_allclose(pose(80 * turned(roll=25, yaw=20) + 100), [25, 20, 0], atol=0.05)
