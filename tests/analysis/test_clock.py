"""Clock: what is written in milliseconds comes back as the frames it was."""

import numpy as np
import pytest

from fleeting.analysis.clock import Clock, milliseconds


@pytest.mark.parametrize("fps", [24, 25, 29.97, 30, 59.94, 90, 100, 120, 200, 400])
@pytest.mark.parametrize("measured", [False, True])
def test_intervals_come_back(fps, measured, rng):
    clock = Clock(fps, np.arange(5000) / fps if measured else None)
    for onset, length in zip(rng.integers(0, 4950, 500), rng.integers(0, 50, 500), strict=True):
        begin, end = milliseconds(clock.time(onset), clock.time(onset + length) + clock.frame_s)
        assert (clock.shown(begin / 1000), clock.last(end / 1000)) == (onset, onset + length)


def test_intervals_of_a_recording_with_uneven_frames_come_back(rng):
    clock = Clock(30, np.append(0, np.cumsum(rng.uniform(0.01, 0.06, 2000))))
    for onset, length in zip(rng.integers(0, 1950, 500), rng.integers(0, 50, 500), strict=True):
        begin, end = milliseconds(clock.time(onset), clock.time(onset + length) + clock.frame_s)
        assert (clock.shown(begin / 1000), clock.last(end / 1000)) == (onset, onset + length)


@pytest.mark.parametrize("clock", [Clock(10), Clock(10, np.arange(20) / 10)])
def test_a_boundary_within_a_frame_means_that_frame(clock):
    # Frame 3 is on the screen from .3 to .4 s.
    assert [clock.shown(t) for t in (0.3, 0.35, 0.399, 0.4)] == [3, 3, 3, 4]
    assert [clock.last(t) for t in (0.31, 0.35, 0.4, 0.41)] == [3, 3, 3, 4]


def test_times_beyond_the_recording_are_its_first_and_last_frame():
    clock = Clock(10, np.arange(20) / 10)
    assert (clock.shown(-1), clock.shown(9), clock.last(9), clock.time(50)) == (0, 19, 19, 1.9)
    assert clock.end_s == pytest.approx(2.0)
    assert Clock(10).end_s == np.inf
    assert Clock(10, np.zeros(1)).frame_s == 0.1


def test_one_frame_is_one_frame_long():
    assert milliseconds(0.1, 0.11) == (100, 110)
    assert milliseconds(0.1, 0.1) == (100, 101)
