"""Contrast, threshold, peaks and intervals, worked out by hand."""

import numpy as np
import pytest

from fleeting.errors import UsageError
from fleeting.spotting.peaks import as_table, contrast, half_length, peaks, runs, threshold

BUMP = np.array([0, 0, 0, 1, 3, 1, 0, 0, 0], float)


def test_half_the_mean_length():
    assert half_length([9, 11]) == 5  # (10 + 1) // 2
    assert half_length([13, 13, 14]) == 7
    assert half_length([1]) == 1


def test_contrast_by_hand():
    # at 4: 3 - (0 + 0) / 2; at 3: 1 - (0 + 1) / 2; at 2 and 6: 0 - 3 / 2, so 0
    assert contrast(BUMP, 2).tolist() == [0, 0, 0, 0.5, 3, 0.5, 0, 0, 0]


def test_contrast_knows_no_level_and_no_edge():
    np.testing.assert_allclose(contrast(BUMP + 17.25, 2), contrast(BUMP, 2))
    assert not contrast(np.arange(50.0), 4).any()  # a ramp
    assert not contrast(np.array([9.0, 0, 0, 0, 0, 9.0]), 2)[[0, 1, 4, 5]].any()
    assert contrast(BUMP, 5).tolist() == [0] * 9  # shorter than two halves


def test_frames_without_a_face_have_no_contrast():
    gone = BUMP.copy()
    gone[2] = np.nan
    assert np.isfinite(contrast(gone, 2)).all()
    assert contrast(gone, 2)[[2, 4]].tolist() == [0, 0]  # 4 looks at 2


def test_threshold_lies_between_mean_and_maximum():
    assert threshold(np.array([0, 0, 4.0]), 0) == pytest.approx(4 / 3)
    assert threshold(np.array([0, 0, 4.0]), 1) == 4
    assert threshold(np.array([0, 0, 4.0]), 0.5) == pytest.approx(8 / 3)
    with pytest.raises(UsageError, match=r"p=1\.5 must lie between"):
        threshold(BUMP, 1.5)


def test_a_constant_has_no_interval():
    for level in (0.0, 3.0):
        assert peaks(np.full(30, level), 3, 0.0) == []
    assert peaks(np.zeros(0), 3, 0.5) == []


def test_a_peak_takes_k_frames_to_each_side_and_stops_at_the_ends():
    assert peaks(BUMP, 2, 0.5) == [(2, 4, 6, 3.0)]
    assert peaks(BUMP, 7, 0.5) == [(0, 4, 8, 3.0)]
    assert peaks(BUMP[4:], 1, 0.5) == [(0, 0, 1, 3.0)]


def test_with_p_one_the_maximum_alone_is_left(rng):
    scores = rng.random(200)
    assert [apex for _, apex, _, _ in peaks(scores, 5, 1.0)] == [int(scores.argmax())]


def test_a_pulse_train_comes_back():
    t = np.arange(400)
    true = [50, 130, 210, 300]
    signal = sum(np.exp(-0.5 * ((t - c) / 4) ** 2) for c in true)
    assert [apex for _, apex, _, _ in peaks(contrast(signal, 10), 10, 0.55)] == true


def test_overlapping_intervals_are_one_if_asked():
    scores = np.zeros(40)
    scores[[10, 15, 30]] = [2, 3, 2]
    assert len(peaks(scores, 4, 0.3)) == 3
    assert peaks(scores, 4, 0.3, merge=True) == [(6, 15, 19, 3.0), (26, 30, 34, 2.0)]


def test_runs():
    assert runs(np.array([1, 1, 0, 1, 0, 0, 1], bool)) == [(0, 1), (3, 3), (6, 6)]
    assert runs(np.zeros(3, bool)) == []


def test_an_empty_table_has_its_columns():
    table = as_table([])
    assert list(table) == ["onset", "apex", "offset", "score", "kind"]
    assert table["onset"].dtype == int
