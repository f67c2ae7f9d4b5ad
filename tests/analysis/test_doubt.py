import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from fleeting.analysis.doubt import doubts, moved_by_head
from fleeting.analysis.reading import Seen, described, reader, weights_of
from fleeting.clip import Clip
from fleeting.faces.action_units import AUS
from fleeting.features.au_motion import AUMotion
from fleeting.methods import au_template, pretrained
from fleeting.spotting import SPOTTERS


def seen(p=(0.8, 0.1, 0.1), strongest=1.0, head=0.1, unexplained=0.2, outside=0.0):
    intensities = np.zeros(len(AUS))
    intensities[0] = strongest
    return Seen(np.array(p), intensities, head, unexplained, outside)


@pytest.mark.parametrize(
    ("what", "aus", "regions", "reason"),
    [
        ({}, "AU1+L12", "left_mouth+inner_brow", ""),
        ({"p": (0.4, 0.35, 0.25)}, "AU1", "", "no emotion above 0.5"),
        ({"head": 5.5}, "AU1", "", "head moved more than the face"),
        ({"unexplained": 0.9}, "AU1", "", "90% of the motion unexplained"),
        ({"outside": 0.4}, "AU1", "", "40% of the face out of the picture"),
        ({}, "L2+R9", "left_cheek+left_brow", "R9 where nothing moved"),
        ({}, "R12", "inner_brow", ""),  # neither side was named: nothing contradicts it
        ({"head": 9, "outside": 0.5}, "", "", "head moved more than the face; 50% of the face out of the picture"),
    ],
)
def test_each_reason(what, aus, regions, reason):
    assert doubts(seen(**what), aus, regions, 0.5) == reason


def test_the_head_is_held_against_the_strongest_action_unit():
    assert moved_by_head(seen(strongest=0.2, head=1.1))
    assert not moved_by_head(seen(strongest=2.0, head=1.1))


@pytest.mark.parametrize("method", [au_template, pretrained])
def test_reading_is_the_methods_own(method):
    picture = np.random.default_rng(0).integers(0, 255, (96, 96, 3)).astype(np.uint8)
    clip = Clip("c", "x", "1", 100.0, 0, 1, 1, lambda: np.stack([picture, np.roll(picture, 1, axis=1)]))
    found = reader(method())(clip)
    np.testing.assert_allclose(found.probabilities, method().predict_proba([clip])[0], atol=1e-6)
    np.testing.assert_allclose(found.intensities, AUMotion().transform_clip(clip), atol=1e-5)
    assert 0 <= found.unexplained <= 1


def test_all_parameters_are_named_and_no_address():
    class Own:
        def __init__(self):
            self.inner, self.floor = object(), 0.5

    text = described(make_pipeline(AUMotion(), *au_template()[1:]))
    assert text == "AUMotion(find_mesh=True, method='dis') > EmotionTable(concentration=12.0, doubt=0.18, floor=0.3)"
    assert "threshold=" in described(SPOTTERS["flow"]())
    assert described(Own()).endswith("Own(inner=builtins.object, floor=0.5)")
    assert " at 0x" not in described(Own())


def test_weights_are_named_by_file_and_sum():
    about = weights_of(pretrained())
    assert about["name"] == "recogniser.safetensors"
    assert len(about["sha256"]) == 64
    assert "SYNTHETIC" in about["learned_from"]
    assert weights_of(au_template()) is None
