"""Faces found in pictures: scikit-image's public-domain astronaut, moved, turned, small and doubled; and pictures without one."""

from __future__ import annotations

import sys

import cv2
import numpy as np
import pytest
from skimage import data

from fleeting.faces.landmarks import Face
from fleeting.faces.mesh import FaceMesh, HaarFaces, mesh_network
from fleeting.faces.model_file import read_networks

ASTRONAUT = data.astronaut()
GREY = np.full_like(ASTRONAUT, 128)


@pytest.fixture(scope="module")
def mesh(face_model) -> FaceMesh:
    return FaceMesh(face_model)


@pytest.fixture(scope="module")
def astronaut(mesh) -> Face:
    (face,) = mesh.detect(ASTRONAUT)
    return face


def similarity(scale: float = 1.0, roll: float = 0.0, shift: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Scaling and turning (degrees, clockwise on screen) about the astronaut's face, then a shift in px, (2, 3)."""
    affine = cv2.getRotationMatrix2D((225, 115), -roll, scale)
    affine[:, 2] += shift
    return affine


def moved(affine: np.ndarray, image: np.ndarray = ASTRONAUT) -> np.ndarray:
    return cv2.warpAffine(image, affine, image.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)


def apart(face: Face, expected: Face, affine: np.ndarray) -> np.ndarray:
    """Distance of each point from where it should be, (478,), eye distances."""
    at = expected.points[:, :2] @ affine[:, :2].T + affine[:, 2]
    return np.linalg.norm(face.points[:, :2] - at, axis=1) / (expected.iod * np.hypot(*affine[:, 0]))


# The mesh


def test_the_astronaut_is_found(astronaut):
    assert astronaut.presence > 0.99
    assert astronaut.iod == pytest.approx(41.5, abs=1)
    np.testing.assert_allclose(astronaut.eyes, [[204.6, 102.2], [246.0, 104.3]], atol=2)  # the right one left in the picture
    assert astronaut.points.shape == (478, 3)
    assert astronaut.points.dtype == np.float32
    np.testing.assert_allclose(astronaut.box, [180, 70, 271, 178], atol=4)


@pytest.mark.parametrize(
    "affine",
    [
        similarity(shift=(40, 30)),
        similarity(shift=(-60, 20)),
        similarity(shift=(7.4, 3.6)),
        similarity(scale=0.7),
        similarity(scale=1.6, shift=(0, 60)),
        similarity(roll=20, shift=(30, 80)),
        similarity(roll=-20, shift=(30, 80)),
    ],
    ids=["shifted", "to the left", "by parts of a pixel", "smaller", "larger", "clockwise", "anticlockwise"],
)
def test_the_points_follow_a_face_that_is_elsewhere(mesh, astronaut, affine):
    (face,) = mesh.detect(moved(affine))
    assert face.presence > 0.99
    distance = apart(face, astronaut, affine)
    assert distance.mean() < 0.02
    assert distance.max() < 0.06
    assert face.iod == pytest.approx(astronaut.iod * np.hypot(*affine[:, 0]), rel=0.02)


@pytest.mark.parametrize("at", [(0, 0), (200, 150), (900, 500), (1400, 700), (1760, 920)])
def test_a_small_face_is_found_anywhere_in_a_large_picture(mesh, astronaut, at):
    picture = np.full((1080, 1920, 3), 128, np.uint8)
    picture[at[1] : at[1] + 160, at[0] : at[0] + 160] = ASTRONAUT[32:192, 144:304]
    (face,) = mesh.detect(picture)
    there = similarity(shift=(at[0] - 144, at[1] - 32))
    assert apart(face, astronaut, there).mean() < 0.08  # the box is coarse
    assert apart(mesh.refine(picture, face), astronaut, there).mean() < 0.02


def test_a_box_that_is_no_face_does_not_hide_a_small_one(mesh):
    picture = np.full((1080, 1920, 3), 128, np.uint8)
    picture[333:845, 601:1113] = ASTRONAUT
    assert len(mesh.detect(picture)) == 1


@pytest.mark.parametrize("small_first", [False, True])
def test_of_two_faces_the_larger_comes_first(mesh, astronaut, small_first):
    picture = np.hstack([ASTRONAUT, GREY])
    small = cv2.resize(ASTRONAUT, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    picture[: len(small), 512 : 512 + len(small)] = small
    if small_first:
        picture = np.hstack([picture[:, 512:], picture[:, :512]])
    faces = mesh.detect(picture)
    np.testing.assert_allclose([face.iod for face in faces], astronaut.iod * np.array([1, 0.6]), rtol=0.03)
    assert (faces[0].eyes[0, 0] > faces[1].eyes[0, 0]) == small_first


def test_litert_and_opencv_lay_the_same_mesh(face_model, monkeypatch, capfd):
    pytest.importorskip("ai_edge_litert", reason="needs the extra `fast`")
    model = read_networks(face_model)["face_landmarks_detector"]
    by_litert = mesh_network(model)
    assert capfd.readouterr().err == ""
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    by_opencv = mesh_network(model)
    crop = cv2.resize(ASTRONAUT, (256, 256), interpolation=cv2.INTER_AREA)
    (sure, points), (presence, expected) = by_litert(crop), by_opencv(crop)
    assert by_litert.__name__ != by_opencv.__name__
    assert sure == pytest.approx(presence, abs=1e-3)
    np.testing.assert_allclose(points, expected, atol=2e-3)


def test_a_known_face_that_is_seen_is_given_back_as_it_is(mesh, astronaut):
    picture = np.hstack([ASTRONAUT, ASTRONAUT])
    left, right = sorted(mesh.detect(picture), key=lambda face: face.box[0])
    again = mesh.detect(picture, [right])
    assert [face is right for face in sorted(again, key=lambda face: face.box[0])] == [False, True]
    gone = picture.copy()
    gone[:, 512:] = 128
    (only,) = mesh.detect(gone, [right])
    np.testing.assert_allclose(only.points, left.points, atol=0.1)


@pytest.mark.parametrize(
    "picture",
    [
        np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8),
        np.full((480, 640, 3), 128, np.uint8),
        np.zeros((1, 1, 3), np.uint8),
        data.chelsea(),
        data.coffee(),
    ],
    ids=["noise", "grey", "one pixel", "a cat", "a cup"],
)
def test_there_is_no_face_where_there_is_none(mesh, picture):
    assert mesh.detect(picture) == []


def test_refining_follows_a_face_that_moves(mesh, astronaut):
    face = astronaut
    for step in range(1, 5):  # .2 eye distances at a time
        affine = similarity(shift=(8 * step, -4 * step))
        face = mesh.refine(moved(affine), face)
        assert face.presence > 0.99
        assert apart(face, astronaut, affine).max() < 0.06


def test_refining_notices_that_the_face_is_gone(mesh, astronaut):
    assert mesh.refine(GREY, astronaut).presence < 0.1


# The coarse mode


def test_haar_boxes_bring_the_eyes_near_where_they_are(astronaut):
    (face,) = HaarFaces().detect(ASTRONAUT)
    assert (np.linalg.norm(face.eyes - astronaut.eyes, axis=1) < 0.25 * astronaut.iod).all()
    assert face.iod == pytest.approx(astronaut.iod, rel=0.15)
    assert face.presence == 1


def test_haar_finds_the_larger_face_first_and_none_in_grey():
    small = cv2.resize(ASTRONAUT, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    picture = np.hstack([GREY, ASTRONAUT])
    picture[: len(small), : len(small)] = small
    large, other = HaarFaces().detect(picture)
    assert large.iod > 1.2 * other.iod
    assert large.eyes[0, 0] > 512 > other.eyes[1, 0]
    assert HaarFaces().detect(GREY) == []


def test_haar_refining_follows_a_face_that_moves_and_notices_that_it_is_gone():
    haar = HaarFaces()
    (face,) = haar.detect(ASTRONAUT)
    after = haar.refine(moved(similarity(shift=(10, -5))), face)
    np.testing.assert_allclose((after.eyes - face.eyes).mean(axis=0), [10, -5], atol=0.1 * face.iod)
    gone = haar.refine(GREY, face)
    assert gone.presence == 0
    np.testing.assert_array_equal(gone.points, face.points)
