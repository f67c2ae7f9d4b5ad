"""SVG: ticks."""

import pytest

from fleeting.drawing.svg import ticks


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.001, 0.0042), (3, 1700), (-2.5, 0.1), (0.5, 0.5001)])
def test_ticks_are_round_within_and_few(low, high):
    found = ticks(low, high)
    assert 2 <= len(found) <= 6
    assert low - 1e-9 <= min(found)
    assert max(found) <= high + 1e-9
