"""What holds for all that takes clips: it says so, and pipelines ask it for no table."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from sklearn.utils import get_tags

from fleeting import features, preprocess
from fleeting.base import ClipTransformer
from fleeting.errors import UsageError
from fleeting.features import LBPTOP, STCLQP
from fleeting.preprocess import TICS

from .made_clips import make_clip, moving

OVER_CLIPS = [
    each
    for room in (features, preprocess)
    for each in (getattr(room, name) for name in room.__all__)
    if isinstance(each, type) and issubclass(each, ClipTransformer)
]


@pytest.mark.parametrize("transformer", [*OVER_CLIPS, TICS], ids=lambda each: each.__name__)
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.zeros((3, 8, 6, 6, 3), np.uint8), r"got an array of shape \(3, 8, 6, 6, 3\)"),
        ([np.zeros((8, 6, 6, 3), np.uint8)], "got a list with a ndarray in it"),
        ("clips.mp4", "got str"),
        (make_clip(moving([0, 1])), "got Clip"),
        (7, "got int"),
    ],
    ids=["array", "list of arrays", "path", "one clip", "number"],
)
def test_what_is_no_clip_is_told_what_is_wanted(transformer, given, said):
    """An array gave "'numpy.ndarray' object has no attribute 'id'", or 'read'."""
    for call in (transformer().fit_transform, transformer().transform):
        if transformer is TICS and call.__name__ == "transform":
            continue  # it is to be fitted first
        with pytest.raises(UsageError, match=rf"{transformer.__name__} takes a list of fleeting.Clip: .*; {said}"):
            call(given)


@pytest.mark.parametrize("container", ["default", "pandas"])
def test_a_pipeline_with_clips_in_it_takes_set_output(container):
    """It refused: "Unable to configure output for LBPTOP()"."""
    clips = [make_clip(moving(np.linspace(0, shift, 8)), name=f"made/s/{shift}") for shift in range(4)]
    pipeline = make_pipeline(LBPTOP((1, 1)), SVC()).set_output(transform=container)
    plain = make_pipeline(LBPTOP((1, 1)), SVC()).fit(clips, [0, 0, 1, 1])
    np.testing.assert_array_equal(pipeline.fit(clips, [0, 0, 1, 1]).predict(clips), plain.predict(clips))
    assert isinstance(pipeline[0].transform(clips), np.ndarray)
    with config_context(transform_output=container):
        assert isinstance(STCLQP(5, "passthrough").set_output(transform=container), STCLQP)
        assert isinstance(LBPTOP((1, 1)).fit_transform(clips), np.ndarray)


def test_who_takes_clips_does_not_say_that_it_takes_rows():
    assert not any(get_tags(each()).input_tags.two_d_array for each in [*OVER_CLIPS, TICS, STCLQP])
