"""Interval matching, worked out by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from fleeting.spotting.matching import match


def spans(*pairs: tuple[int, int]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["onset", "offset"])


def test_one_of_two_found_is_true():
    # [10, 19] and [12, 21] share 8 of 12 frames: .67
    m = match(spans((10, 19), (50, 59)), spans((12, 21)))
    assert m.pairs == [(0, 0)]
    assert (m.precision, m.recall, m.f1) == (0.5, 1.0, pytest.approx(2 / 3))


def test_exactly_a_half_counts_and_less_does_not():
    assert match(spans((0, 9)), spans((0, 19))).f1 == 1.0
    assert match(spans((0, 9)), spans((0, 20))).f1 == 0.0


def test_each_true_interval_is_matched_once_by_the_best():
    m = match(spans((0, 9), (1, 10)), spans((1, 10)))
    assert m.pairs == [(1, 0)]


def test_one_found_interval_over_two_true_ones_counts_once():
    m = match(spans((0, 19)), spans((0, 9), (10, 19)))
    assert len(m.pairs) == 1


def test_nothing_found_and_nothing_there():
    assert match(spans(), spans()).f1 == 1.0
    assert match(spans(), spans((0, 1))).f1 == 0.0
    assert math.isnan(match(spans(), spans((0, 1))).precision)


def test_the_order_of_rows_does_not_matter():
    a, b = spans((0, 9), (20, 29), (40, 49)), spans((41, 50), (1, 10))
    assert match(a, b).f1 == match(a[::-1], b[::-1]).f1 == pytest.approx(0.8)
