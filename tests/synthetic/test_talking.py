"""Talk that is drawn moves as the talk that was measured."""

from __future__ import annotations

import numpy as np
import pytest

from fleeting.spotting.net_spotter import LIKENESS, RATE, SKIN
from fleeting.synthetic.talking import Talk


@pytest.fixture(scope="module")
def talk():
    return Talk.shipped()


def drawn(talk, seed=0, strength=1.0):
    return talk.draw(round(60 * RATE), np.random.default_rng(seed), strength)


def test_it_is_the_same_for_a_seed_and_within_what_signals_may_be(talk):
    table = drawn(talk)
    assert table.equals(drawn(talk))
    assert not table.equals(drawn(talk, 1))
    assert np.isfinite(table.to_numpy()).all()
    assert table[list(LIKENESS)].to_numpy().max() <= 1
    assert (table["eye_open"] > 0).all()


def test_measured_anew_it_moves_as_far_and_as_much_together(talk):
    tables = [drawn(talk, seed).assign(seen=True, track=1.0) for seed in range(12)]
    again = Talk.measure(tables)
    ours, theirs = (np.diagonal(each.bands, axis1=1, axis2=2)[:8, : len(SKIN)] for each in (again, talk))
    assert np.median(np.abs(np.log(ours / theirs))) < 0.3
    together = [band[: len(SKIN), : len(SKIN)].ravel() for each in (again, talk) for band in each.bands[2:4]]
    assert np.corrcoef(together[0], together[2])[0, 1] > 0.95


def test_twice_the_strength_moves_twice_as_far(talk):
    once, twice = (drawn(talk, 3, strength)["chin_y"].std() for strength in (1.0, 2.0))
    assert twice == pytest.approx(2 * once, rel=1e-6)
