"""Expressions added to signals: by known vectors, and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fleeting.faces.action_units import AUS
from fleeting.faces.regions import REGIONS
from fleeting.faces.signals import COLUMNS, HEAD
from fleeting.synthetic.signals import add_expressions, mean_skin


def course(frames, **strengths):
    out = np.zeros((frames, len(AUS)))
    for name, strength in strengths.items():
        out[:, AUS.index(name.lstrip("_"))] = strength * np.hanning(frames)
    return out


@pytest.fixture
def still():
    table = pd.DataFrame(np.zeros((60, len(COLUMNS)), np.float32), columns=list(COLUMNS))
    table.insert(0, "time_s", np.arange(60) / 30)
    return table


def test_a_raised_brow_raises_the_brow_and_leaves_the_mouth(still):
    moved = add_expressions(still, [(10, course(21, R1=2.0, R2=2.0))])
    assert moved["right_brow_y"].min() < -1
    assert moved["right_brow_y"].idxmin() == 20
    assert moved[["right_mouth_x", "chin_y", "left_cheek_y"]].abs().to_numpy().max() < 0.05
    assert 0 < moved[list(HEAD)].abs().to_numpy().max() < 0.003, "a little of it passes for the head"
    assert not moved.loc[[*range(10), *range(31, 60)], list(COLUMNS)].to_numpy().any()
    assert not still[list(COLUMNS)].to_numpy().any(), "the table itself is left alone"


def test_both_sides_mirror_each_other():
    skin = mean_skin()
    right, left = (skin.regions[AUS.index(name)] for name in ("R12", "L12"))
    for name in REGIONS:
        other = name.replace("right", "LEFT").replace("left", "right").replace("LEFT", "left")
        np.testing.assert_allclose(right[REGIONS.index(name)], left[REGIONS.index(other)] * [-1, 1], atol=0.02)


def test_strength_is_the_largest_displacement():
    skin = mean_skin()
    alone = np.zeros(len(AUS))
    alone[AUS.index("17")] = 2.0
    assert skin.strength(alone) == pytest.approx(2.0, rel=0.05)
    assert np.linalg.norm(np.tensordot(alone, skin.regions, 1), axis=1).max() < 2.0, "a region's mean is less than its greatest"
