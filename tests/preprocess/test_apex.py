import io

import cv2
import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.preprocess import Apex, spot_apex
from fleeting.preprocess.apex import SIGNALS, difference_from_onset, divide_and_conquer

from ..made_clips import make_clip, moving, texture


@pytest.mark.parametrize(
    ("signal", "apex"),
    [
        ([0, 1, 3, 2, 1, 2, 5, 9, 7, 4, 6, 3, 1, 0, 2, 1], 7),  # peaks at 2, 7, 10, 14: halves 12 against 8
        ([0, 6, 0, 5, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0], 1),  # 11 against 8: not the maximum
        ([0, 5, 0, 0, 0, 0, 5, 0], 1),  # a tie: the earlier half
        ([0, 1, 2, 3], 3),  # no peak: the maximum
        ([0, 0, 0], 0),
        ([4], 0),
    ],
)
def test_divide_and_conquer_by_hand(signal, apex):
    assert divide_and_conquer(np.array(signal, float)) == apex


@pytest.fixture(scope="module")
def bulge():
    """A spot which swells to frame 6 and goes back: strain, flow and pattern all peak there."""
    y, x = np.mgrid[:48, :56].astype(np.float32)
    picture = texture(48, 56).astype(np.float32)
    near = np.exp(-((x - 28) ** 2 + (y - 24) ** 2) / 100)
    size = 2 * np.exp(-((np.arange(13) - 6.0) ** 2) / 8)
    frames = [
        cv2.remap(picture, (x - (s - size[0]) * near).astype(np.float32), y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT) for s in size
    ]
    return np.rint(np.stack(frames)).astype(np.uint8)


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("search", ["divide", "peak"])
def test_the_peak_is_found(bulge, signal, search):
    assert abs(spot_apex(bulge, signal, search) - 6) <= 1


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_still_clip_differs_nowhere(signal):
    np.testing.assert_allclose(difference_from_onset(np.repeat(moving([0]), 4, axis=0), signal), 0, atol=1e-12)


def test_flow_is_measured_in_px():
    assert difference_from_onset(moving([0, 1]))[1] == pytest.approx(1, abs=0.15)


def test_the_apex_is_looked_for_between_onset_and_offset(bulge):
    before = np.concatenate([bulge[::-1], bulge])
    clip = make_clip(before, onset=13, apex=20, offset=25)
    out = clone(Apex("flow", "peak")).transform([clip])[0]
    assert abs(out.apex - 19) <= 1
    assert (out.onset, out.offset) == (13, 25)
    file = io.BytesIO()
    joblib.dump(Apex("lbp"), file)
    file.seek(0)
    assert repr(joblib.load(file)) == "Apex(signal='lbp')"


def test_errors_name_what_is_allowed():
    frames = moving([0, 1])
    with pytest.raises(UsageError, match="flow, strain, lbp"):
        spot_apex(frames, "magic")
    with pytest.raises(UsageError, match="divide, peak"):
        spot_apex(frames, search="magic")
    with pytest.raises(UsageError, match="at least 2 frames"):
        spot_apex(frames[:1])
    with pytest.raises(UsageError, match="the search for the apex takes uint8 pictures"):
        spot_apex(frames / 255, "lbp")
    with pytest.raises(UsageError, match=r"made/s1/c1: .*16 x 16"):
        Apex().transform([make_clip(frames[:, :9])])
