import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from fleeting.errors import UsageError
from fleeting.preprocess import TICS, Colour, to_colour_space

from ..made_clips import make_clip, moving

MIX = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.2], [0.1, 0.3, 0.6]])


def mixed(seed=0, frames=4):
    """Three independent uniform channels, mixed by a known matrix, as a clip."""
    sources = np.random.default_rng(seed).random((frames, 40, 40, 3))
    return make_clip(np.rint(255 * sources @ MIX.T).astype(np.uint8), name=f"made/s{seed}/c")


def amari(p):
    """Zero for a permutation with scales, towards one for anything else (Amari, Cichocki & Yang 1996)."""
    p = np.abs(p)
    n = len(p)
    rows = (p.sum(axis=1) / p.max(axis=1) - 1).sum()
    columns = (p.sum(axis=0) / p.max(axis=0) - 1).sum()
    return (rows + columns) / (2 * n * (n - 1))


def test_independent_channels_are_found_again():
    space = TICS(pixels_a_clip=5000).fit([mixed(0), mixed(1), mixed(2)])
    assert amari(space.components_ @ MIX) < 0.05
    assert (space.components_.sum(axis=1) >= 0).all()


def test_channels_use_the_range():
    clips = [mixed(0), mixed(1)]
    out = TICS().fit(clips).transform(clips)[0]
    assert out.id == clips[0].id
    assert out.frames.shape == clips[0].frames.shape
    assert out.frames.dtype == np.uint8
    assert ((out.frames == 0).mean(axis=(0, 1, 2)) < 0.03).all()
    assert (np.ptp(out.frames, axis=(0, 1, 2)) == 255).all()


def test_the_order_of_clips_does_not_matter():
    one, two = TICS().fit([mixed(0), mixed(1)]), TICS().fit([mixed(1), mixed(0)])
    np.testing.assert_allclose(np.sort(np.abs(one.components_), axis=0), np.sort(np.abs(two.components_), axis=0), rtol=0.05)


def test_it_can_be_cloned_and_stored_and_wants_to_be_fitted():
    fitted = TICS().fit([mixed()])
    assert not hasattr(clone(fitted), "components_")
    with pytest.raises(NotFittedError):
        TICS().transform([mixed()])
    file = io.BytesIO()
    joblib.dump((fitted, fitted.transform([mixed()])), file)
    file.seek(0)
    again, clips = joblib.load(file)
    np.testing.assert_array_equal(again.components_, fitted.components_)
    np.testing.assert_array_equal(clips[0].frames, fitted.transform([mixed()])[0].frames)
    assert repr(TICS(500)) == "TICS(pixels_a_clip=500)"


def test_known_colours():
    frames = np.array([[[[255, 255, 255], [255, 0, 0]]]], np.uint8)
    np.testing.assert_array_equal(to_colour_space(frames, "lab")[0, 0, 0], [255, 128, 128])
    np.testing.assert_allclose(to_colour_space(frames, "lab")[0, 0, 1], [53.24 * 2.55, 80.09 + 128, 67.2 + 128], atol=1)
    np.testing.assert_array_equal(to_colour_space(frames, "ycrcb")[0, 0, 0], [255, 128, 128])
    out = clone(Colour("luv")).transform([make_clip(moving([0, 1]))])[0]
    assert out.frames.shape == (2, 48, 56, 3)
    assert out.frames.dtype == np.uint8


def test_grey_clips_are_refused_by_name():
    grey = make_clip(np.repeat(moving([0, 1])[..., :1], 3, axis=3))
    with pytest.raises(UsageError, match="made/s1/c1: colour is asked"):
        TICS().fit([grey])
    with pytest.raises(UsageError, match="made/s1/c1: colour is asked"):
        Colour().transform([grey])[0].frames  # noqa: B018
    with pytest.raises(UsageError, match="lab, luv, ycrcb"):
        to_colour_space(moving([0]), "cmyk")


def test_colours_of_which_no_space_can_be_made_are_refused():
    """One colour, or mixtures of two, had ended in warnings of a division by zero, and in NaN."""
    one = np.zeros((2, 20, 20, 3), np.uint8) + np.uint8([10, 20, 30])
    two = one.copy()
    two[:, :7] = 90, 40, 10
    two[:, 7:9] = 50, 30, 20
    for frames in (one, two):
        with pytest.raises(UsageError, match="lie in a plane"):
            TICS().fit([make_clip(frames)])
    with pytest.raises(UsageError, match="no clip to learn"):
        TICS().fit([])
    with pytest.raises(UsageError, match="pixels_a_clip=0"):
        TICS(pixels_a_clip=0).fit([mixed()])
    with pytest.raises(UsageError, match=r"made/s1/c1: .*float64"):
        TICS().fit([make_clip(mixed().frames / 255)])
    with pytest.raises(UsageError, match="a colour space takes uint8 pictures"):
        to_colour_space(moving([0]) / 255)
