import numpy as np
import pytest

from fleeting.errors import UsageError
from fleeting.features.fields import block_numbers, direction_bins, flow_frame_to_frame, flow_from_first, require_fields

from ..made_clips import moving


def test_blocks_are_counted_by_rows():
    np.testing.assert_array_equal(block_numbers((4, 5), (2, 2)), [[0, 0, 1, 1, 1]] * 2 + [[2, 2, 3, 3, 3]] * 2)
    assert np.bincount(block_numbers((128, 120), (8, 9)).ravel()).size == 72


def test_bins_go_from_right_to_down():
    vectors = np.array([[1, 0], [1, 1], [0, 1], [-1, 0], [0, -1], [1, -1e-3]])
    assert direction_bins(vectors, 8).tolist() == [0, 1, 2, 4, 6, 7]
    assert direction_bins(vectors, 8, -np.pi).tolist() == [4, 5, 6, 0, 2, 3]


def test_flows_of_a_clip():
    frames = moving([0, 1, 3])
    steps, whole = flow_frame_to_frame(frames), flow_from_first(frames)
    assert steps.shape == whole.shape == (2, 48, 56, 2)
    np.testing.assert_allclose(steps[:, 10:-10, 10:-10, 0].mean(axis=(1, 2)), [1, 2], atol=0.1)
    np.testing.assert_allclose(whole[:, 10:-10, 10:-10, 0].mean(axis=(1, 2)), [1, 3], atol=0.1)


def test_errors_name_what_is_needed():
    with pytest.raises(UsageError, match="at least 2 frames of 16 x 16 px; got 1 frame of"):
        flow_frame_to_frame(moving([0]))
    with pytest.raises(UsageError, match="at least 9 x 3 px; got 8 x 8"):
        require_fields(np.zeros((8, 8, 2)), "it", (3, 9))
    with pytest.raises(UsageError, match="NaN"):
        require_fields(np.full((8, 8, 2), np.nan), "it")
    with pytest.raises(UsageError, match="shape"):
        require_fields(np.zeros((8, 8)), "it")
