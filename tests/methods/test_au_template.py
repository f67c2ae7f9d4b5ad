import cv2
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.clip import Clip
from fleeting.faces.action_units import AUS, au_fields, sides
from fleeting.features.au_motion import place_mean_mesh
from fleeting.methods import METHODS, au_template


def clip(numbers, size=160):
    """A textured crop that moves by action units and with the head; synthetic."""
    noise = cv2.GaussianBlur(np.random.default_rng(1).normal(size=(size, size, 3)), (0, 0), 2)
    image = np.clip(128 + 45 * noise / noise.std(), 0, 255).astype(np.float32)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    fields = au_fields(place_mean_mesh(size, size), np.stack([x, y], axis=-1).reshape(-1, 2))
    move = fields[np.isin(AUS, sides(numbers))].sum(axis=0).reshape(size, size, 2) * 0.4 * size * 0.02
    head = 0.4 if numbers else 0.0
    after = cv2.remap(image, x - move[..., 0] - head, y - move[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    frames = np.stack([image, after]).round().astype(np.uint8)
    return Clip(f"synthetic/{numbers}", "synthetic", "1", 100.0, 0, 1, 1, lambda: frames)


@pytest.fixture
def method():
    return au_template().set_params(aumotion__find_mesh=False)


def test_surprise_smile_and_frown_without_fitting(method):
    clips = [clip((1, 2)), clip((6, 12)), clip((4, 7))]
    assert list(method.predict(clips)) == ["surprise", "positive", "negative"]
    assert list(method.classes_) == ["negative", "positive", "surprise"]


def test_still_clip_is_one_third_each(method):
    np.testing.assert_allclose(method.predict_proba([clip(())]), 1 / 3)


def test_is_registered_and_clones():
    assert METHODS["au_template"] is au_template
    assert repr(clone(au_template())) == repr(au_template())


def test_without_a_face_the_crop_is_taken_as_aligned():
    # With the model file, the network finds no face in texture; without it, none is looked for.
    assert list(au_template().predict([clip((1, 2))])) == ["surprise"]
