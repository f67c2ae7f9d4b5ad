"""Blinks, speech and head movements on traces made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fleeting.spotting import context

FPS = 100.0


def bump(length: int, at: int, width: int) -> np.ndarray:
    """A raised cosine of height 1 that begins at ``at`` and lasts ``width`` frames."""
    out = np.zeros(length)
    out[at : at + width + 1] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(width + 1) / width)
    return out


def test_a_blink_is_found_where_the_lids_close():
    (blink,) = context.blinks(0.3 * (1 - 0.8 * bump(400, 200, 24)), FPS)
    onset, apex, offset, score = blink
    assert (abs(onset - 200) <= 5, apex, abs(offset - 224) <= 5) == (True, 212, True)
    assert score == pytest.approx(0.8, abs=0.02)


def test_open_eyes_shut_eyes_and_a_slight_droop_are_no_blinks():
    assert context.blinks(np.full(300, 0.3), FPS) == []
    assert context.blinks(0.3 * (1 - 0.15 * bump(400, 200, 24)), FPS) == []
    asleep = np.full(600, 0.3)
    asleep[200:400] = 0.05
    assert context.blinks(asleep, FPS) == []


def test_speech_opens_the_mouth_again_and_again_and_a_smile_does_not():
    t = np.arange(800) / FPS
    talking = np.where((t > 2) & (t < 5), 5 * np.sin(2 * np.pi * 4 * t), 0)[:, None]
    (span,) = context.speech(talking, FPS)
    assert span[0] == pytest.approx(200, abs=60)
    assert span[2] == pytest.approx(500, abs=60)
    assert context.speech(6 * bump(800, 300, 200)[:, None], FPS) == []


def test_head_speed_counts_shift_and_turn_alike():
    still = np.zeros((200, 6))
    moving = still.copy()
    moving[:, 0] = np.arange(200) * 0.5 / FPS  # .5 eye distances a second
    turning = still.copy()
    turning[:, 4] = np.arange(200) * 0.5 / FPS  # .5 radians a second
    assert context.head_speed(still, FPS).max() == 0
    assert context.head_speed(moving, FPS)[100] == pytest.approx(0.5)
    assert context.head_speed(turning, FPS)[100] == pytest.approx(0.5)
    ((onset, _, offset, _),) = context.head_movements(np.where(np.arange(300) // 100 == 1, 0.6, 0.0), FPS)
    assert (onset, offset) == (100, 199)


def test_merge_joins_what_is_near_and_keeps_the_strongest_apex():
    assert context.merge([(0, 3, 10, 1.0), (15, 16, 20, 5.0), (60, 61, 62, 1.0)], 5) == [(0, 16, 20, 5.0), (60, 61, 62, 1.0)]


def test_the_moving_median_keeps_a_step_and_removes_a_pulse():
    step = np.repeat([0.0, 1.0], 300)[:, None]
    np.testing.assert_allclose(context.moving_median(step, 100)[[100, 500], 0], [0, 1])
    assert np.abs(context.moving_median(bump(600, 300, 30)[:, None], 125)).max() < 0.05


def test_a_blink_ends_when_the_lids_are_open_again_though_less_than_before():
    narrower = np.where(np.arange(400) >= 212, 0.24, 0.3) - 0.2 * bump(400, 200, 24)  # a smile begins, and stays
    (blink,) = context.blinks(narrower, FPS)
    assert blink[2] <= 226
    assert context.closures(narrower, FPS) == []


def test_eyes_that_stay_shut_are_shut_and_no_blink():
    asleep = np.full(600, 0.3)
    asleep[200:400] = 0.05
    ((onset, _, offset, share),) = context.closures(asleep, FPS)
    assert (onset, offset) == (200, 399)
    assert share == pytest.approx(1 - 0.05 / 0.3)
    assert context.closures(np.full(300, 0.3), FPS) == []
    assert context.closures(np.zeros(0), FPS) == []
