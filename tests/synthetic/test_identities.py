"""Drawn people: each their own, and a face to whoever looks for faces."""

from __future__ import annotations

import numpy as np
import pytest

from fleeting.faces.landmarks import mean_mesh
from fleeting.synthetic.identities import IOD, drawn_face, face_shape
from fleeting.synthetic.rendering import MOUTH_OPENING


def test_a_seed_draws_a_face_and_another_seed_another():
    one, again, other = drawn_face([1, 2]), drawn_face([1, 2]), drawn_face([1, 3])
    assert one.image.shape == (512, 512, 3)
    assert one.image.dtype == np.uint8
    np.testing.assert_array_equal(one.image, again.image)
    np.testing.assert_array_equal(one.points, again.points)
    assert np.abs(one.image.astype(int) - other.image).mean() > 5
    assert np.abs(one.points - other.points).mean() > 0.5


def test_shapes_differ_about_the_mean_face():
    shapes = np.stack([face_shape(np.random.default_rng(seed)) for seed in range(40)])[..., :2]
    mouth = sorted({point for border in MOUTH_OPENING for point in border})
    away = np.delete(np.linalg.norm(shapes.mean(axis=0) - mean_mesh()[:, :2], axis=1), mouth)
    assert np.median(away) < 0.03  # eye distances; lips and chin are brought up to close the mouth
    assert 0.02 < np.median(shapes.std(axis=0)) < 0.06


def test_lips_are_closed():
    mesh = face_shape(np.random.default_rng(0))
    gaps = [mesh[lower, 1] - mesh[upper, 1] for upper, lower in zip(*MOUTH_OPENING, strict=True) if upper != lower]
    assert max(gaps) < 0.03
    assert min(gaps) > 0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_face_is_found_where_it_was_drawn(face_model, seed):
    from fleeting.faces.mesh import FaceMesh

    portrait = drawn_face(seed)
    (face,) = FaceMesh().detect(portrait.image)
    assert face.presence > 0.99
    assert np.linalg.norm((face.points - portrait.points)[:, :2], axis=1).mean() < 0.06 * IOD
