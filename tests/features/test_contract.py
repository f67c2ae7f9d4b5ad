"""What holds for every transformer over clips: it can be copied, named and stored; rows are independent; clips that are none are named."""

import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting import features, preprocess
from fleeting.base import ClipTransformer
from fleeting.clip import Clip
from fleeting.errors import UsageError
from fleeting.features import pictures

from ..made_clips import make_clip, moving

# What makes a step quick, or fit for textures without a face; all else are the defaults.
SMALL = {
    "AUMotion": {"find_mesh": False},
    "Align": {"coarse": True},
    "BiWOOF": {"method": "dis"},
    "Crop": {"coarse": True},
    "Eyes": {"band": True},
    "FlowImage": {"method": "dis"},
    "FlowMap": {"method": "dis"},
    "FlowScales": {"method": "dis", "n_maps": 4, "size": 16},
    "FlowSequence": {"method": "dis"},
    "FlowStack": {"method": "dis"},
    "FramesAndFlow": {"method": "dis"},
    "Gabor": {"size": 16, "scales": 2},
    "HOG3D": {"find_mesh": False},
    "LSTD": {"find_mesh": False},
    "MDMO": {"find_mesh": False},
    "PaddedApex": {"size": 64},
    "RegionFlow": {"find_mesh": False},
    "Register": {"coarse": True},
    "STLBPIP": {"grid": (2, 2)},
}
ROOMS = (preprocess.__dict__, features.__dict__, pictures.__dict__)
FOUND = {name: kind for room in ROOMS for name, kind in room.items() if isinstance(kind, type) and issubclass(kind, ClipTransformer)}
STEPS = {name: kind(**SMALL.get(name, {})) for name, kind in FOUND.items() if kind is not ClipTransformer}
FACES = {"Align", "Crop", "Register"}  # see nothing in a texture
# Descriptors of a single picture, and what takes a clip of one frame for a flow map.
STILLS = {"DWLD", "FlowMap", "FrameStack", "FramesAndFlow", "Gabor", "HOG", "PaddedApex", "Picture"}
NOT_REAL = {"FrameStack": np.uint8, "Picture": np.uint8, "STCLQPVectors": np.uint32}


def clip_of(frames, name="made/s1/c1"):
    return make_clip(frames, offset=max(len(frames), 1) - 1, name=name)


def out_of(step, clips):
    """What a step makes of clips; of clips their frames, read."""
    made = step.transform(clips)
    return np.stack([clip.frames for clip in made]) if isinstance(made, list) else made


def tried(step, clip):
    """What a step makes of a clip, or None and what it says against it."""
    try:
        return out_of(step, [clip]), ""
    except UsageError as error:
        return None, str(error)


def stored(x):
    file = io.BytesIO()
    joblib.dump(x, file)
    file.seek(0)
    return joblib.load(file)


@pytest.fixture(scope="module")
def clips():
    return [clip_of(moving(np.arange(12) * speed), f"made/s1/c{k}") for k, speed in enumerate((0.1, 0.25, 0.3))]


def test_all_steps_are_here():
    assert len(STEPS) >= 38
    assert set(SMALL) <= set(STEPS)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_copied_named_and_stored(name):
    step = STEPS[name]
    assert type(step).__doc__
    assert repr(clone(step)) == repr(step) == repr(stored(step))
    assert stored(step).get_params() == step.get_params()
    assert step.fit([]) is step


@pytest.mark.parametrize("name", sorted(set(STEPS) - FACES))
def test_rows_are_of_one_kind_and_know_nothing_of_each_other(name, clips):
    step = STEPS[name]
    whole = out_of(step, clips)
    assert len(whole) == 3
    kind = NOT_REAL.get(name, np.uint8 if isinstance(step.transform(clips[:1]), list) else np.float32)
    assert whole.dtype == kind
    assert np.isfinite(whole).all()
    np.testing.assert_array_equal(out_of(stored(clone(step)), clips[::-1]), whole[::-1])
    np.testing.assert_array_equal(out_of(step, clips[1:2])[0], whole[1])


FRAMES = moving(np.arange(12) / 4)
BROKEN = {
    "real numbers": FRAMES / 255,
    "NaN": np.where(FRAMES > 200, np.nan, FRAMES),
    "other whole numbers": FRAMES.astype(np.int64),
    "yes and no": FRAMES > 100,
    "four channels": np.concatenate([FRAMES, FRAMES[..., :1]], axis=3),
    "one channel": FRAMES[..., :1],
    "a single picture": FRAMES[0, :, :, 0],
    "no frames": FRAMES[:0],
    "no pixels": FRAMES[:, :0, :0],
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("what", BROKEN)
def test_clips_that_hold_no_pictures_are_named(name, what):
    """Real numbers from 0 to 1 had become black frames in Interpolate and an error of OpenCV's in most descriptors."""
    with pytest.raises(UsageError, match="clip made/s1/c1: "):
        out_of(STEPS[name], [clip_of(BROKEN[what])])


@pytest.mark.parametrize("name", sorted(set(STEPS) - STILLS - {"Colour", "Eyes", "Magnify", "Sample"} - FACES))
def test_one_frame_is_too_few_for_motion(name):
    """BiWOOF, FlowImage and AUMotion had given zeros."""
    with pytest.raises(UsageError, match=r"clip made/s1/c1: .*at least [2-9]"):
        out_of(STEPS[name], [clip_of(FRAMES[:1])])


@pytest.mark.parametrize("name", sorted(set(STEPS) - {"Colour", "Sample", "Picture"}))
def test_tiny_pictures_give_numbers_or_name_the_clip(name):
    for side in (1, 2, 5, 9):
        out, complaint = tried(STEPS[name], clip_of(FRAMES[:, :side, :side]))
        assert "clip made/s1/c1: " in complaint or np.isfinite(out).all()


@pytest.mark.parametrize("name", sorted(set(STEPS) - FACES))
def test_frames_without_contrast_give_finite_numbers(name):
    for frames in (np.full((12, 64, 64, 3), 90, np.uint8), np.zeros((12, 64, 64, 3), np.uint8), np.repeat(FRAMES[:1], 12, axis=0)):
        out, complaint = tried(STEPS[name], clip_of(frames))
        assert "colour is asked" in complaint or np.isfinite(out).all()


GREY_WELCOME = sorted(set(STEPS) - FACES - {"Colour", "Eyes", "FlowMap", "PaddedApex", "Picture"})


@pytest.mark.parametrize("name", GREY_WELCOME)
def test_grey_frames_are_as_good_as_grey_ones_stored_thrice(name):
    grey = FRAMES[..., 1]
    thrice = out_of(STEPS[name], [clip_of(np.repeat(grey[..., None], 3, axis=3))])
    once = out_of(STEPS[name], [clip_of(grey)])
    if name in ("Interpolate", "Magnify", "Sample", "Apex"):
        thrice = thrice[..., 0]
    np.testing.assert_array_equal(once, thrice)


@pytest.mark.parametrize("name", ["Colour", "PaddedApex", "Picture"])
def test_colour_cannot_be_had_of_grey_frames(name):
    with pytest.raises(UsageError, match="clip made/s1/c1: "):
        out_of(STEPS[name], [clip_of(FRAMES[..., 1])])


def test_what_comes_out_of_a_preprocess_is_a_clip_with_its_name(clips):
    for name in sorted(set(STEPS) - FACES):
        made = STEPS[name].transform(clips[:1])
        if isinstance(made, list):
            assert isinstance(made[0], Clip)
            assert (made[0].id, made[0].person) == (clips[0].id, clips[0].person)
