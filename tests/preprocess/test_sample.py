import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.preprocess import Sample, sample_indices

from ..made_clips import make_clip, moving


def test_frames_taken():
    assert sample_indices(17, 9).tolist() == [0, 2, 4, 6, 8, 10, 12, 14, 16]
    assert sample_indices(3, 6).tolist() == [0, 0, 1, 1, 2, 2]
    assert sample_indices(20, 8, "consecutive", centre=3).tolist() == list(range(8))
    assert sample_indices(20, 8, "consecutive").tolist() == list(range(6, 14))
    assert sample_indices(20, 8, "consecutive", centre=19).tolist() == list(range(12, 20))
    for n_from in range(1, 30):
        indices = sample_indices(n_from, 9)
        assert (indices[0], indices[-1]) == (0, n_from - 1)
        assert (np.diff(indices) >= 0).all()
    with pytest.raises(UsageError, match=r"n_to=2\.5"):
        sample_indices(5, 2.5)
    with pytest.raises(UsageError, match="8 of 5 frames"):
        sample_indices(5, 8, "consecutive")


def test_clips_of_eight():
    frames = moving(np.arange(20) / 4)
    clip = make_clip(frames, onset=2, apex=9, offset=16)
    out = clone(Sample()).transform([clip])[0]
    assert (out.onset, out.apex, out.offset) == (0, 3, 7)  # 2 4 6 8 10 12 14 16: 8 and 10 are as near, the first is taken
    assert out.fps == 50
    np.testing.assert_array_equal(out.frames, frames[2:17:2])
    near = Sample(4, "consecutive").transform([clip])[0]
    np.testing.assert_array_equal(near.frames, frames[7:11])
    assert (near.apex, near.fps) == (2, 100)
    few = Sample(8).transform([make_clip(frames[:3])])[0]
    assert len(few.frames) == 8
    with pytest.raises(UsageError, match="made/s1/c1: 8 of 3 frames"):
        Sample(8, "consecutive").transform([make_clip(frames[:3])])
    file = io.BytesIO()
    joblib.dump((Sample(4), out), file)
    file.seek(0)
    sample, kept = joblib.load(file)
    assert repr(sample) == "Sample(n_frames=4)"
    np.testing.assert_array_equal(kept.frames, out.frames)
