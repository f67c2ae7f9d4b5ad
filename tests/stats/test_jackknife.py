"""Intervals over few persons: worked out by a plain loop, never empty, and true about as often as they say."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest
from scipy.stats import t as student

from fleeting import metrics, stats
from fleeting.stats.jackknife import FEW, jackknife_bounds


def five(wrong=8, seed=0):
    """Six clips of each of five persons, two classes; so many of them wrong."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(30) % 2)
    said = y.copy()
    said[rng.choice(30, wrong, replace=False)] ^= 1
    return y, said, np.repeat(np.arange(5), 6)


def test_the_bounds_are_those_of_a_plain_loop():
    counts = np.array([[[3, 1], [0, 2]], [[1, 2], [1, 1]], [[2, 0], [0, 2]]])  # (3, 2, 2)
    n = counts.sum()
    of_class = [counts[:, k].sum() for k in (0, 1)]
    added = np.array([[2 * of_class[0] / n / 2] * 2, [2 * of_class[1] / n / 2] * 2])
    logits = []
    for person in range(3):
        left = counts.sum(axis=0) - counts[person] + added
        share = np.trace(left) / left.sum()
        logits.append(math.log(share / (1 - share)))
    spread = math.sqrt(2 / 3 * sum((each - sum(logits) / 3) ** 2 for each in logits))
    clips = n + 2
    right = (np.trace(counts.sum(axis=0)) + 1) / clips
    of_clips = 1 / math.sqrt(clips * right * (1 - right))  # of independent clips, on the logit scale
    half = max(student.ppf(0.975, 2) * spread, 1.95996 * of_clips)
    centre = math.log(right / (1 - right))
    expected = [1 / (1 + math.exp(-(centre + sign * half))) for sign in (-1, 1)]
    assert jackknife_bounds(metrics.SCORES["accuracy"], counts, 0.95) == pytest.approx(expected, abs=1e-4)


def test_twenty_two_of_thirty_clips_of_five_persons_are_known_no_better_than_that():
    """Drawing persons gave .632 to .818 where the exact binomial of independent clips has .541 to .877."""
    y, said, persons = five()
    exact = binomtest(22, 30).proportion_ci()
    interval = stats.subject_interval("accuracy", y, said, persons)
    assert interval.value == 22 / 30
    assert interval.low < exact.low + 0.02
    assert interval.high > exact.high - 0.02


@pytest.mark.parametrize("score", ["accuracy", "uf1", "uar", "weighted_f1"])
def test_all_right_and_all_wrong_are_not_certain(score):
    """They were "1.000 (1.000 to 1.000)"; all of 30 clips right has a lower bound of .884 by the exact binomial."""
    y, _, persons = five()
    value, low, high = stats.subject_interval(score, y, y, persons)
    assert (value, high) == (1, 1)
    assert 0.75 < low < 0.9
    value, low, high = stats.subject_interval(score, y, 1 - y, persons)
    assert (value, low) == (0, 0)
    assert 0.1 < high < 0.25


def test_from_fifteen_persons_on_nothing_moves():
    rng = np.random.default_rng(3)
    for people in (FEW - 1, FEW):
        persons, y = np.repeat(np.arange(people), 4), np.tile([0, 1, 2, 0], people)
        a, b = (np.where(rng.random(len(y)) < 0.7, y, 0) for _ in range(2))
        same = people == FEW
        assert (stats.subject_interval("uf1", y, a, persons) == stats.subject_bootstrap("uf1", y, a, persons)) == same
        one, other = stats.paired_interval("uf1", y, a, b, persons), stats.paired_bootstrap("uf1", y, a, b, persons)
        assert (one == other) == same
        assert (one.value, one.p) == (other.value, other.p)


def test_the_difference_has_its_sign_and_is_open_where_two_say_the_same():
    y, said, persons = five()
    there, back = stats.paired_interval("uar", y, said, y, persons), stats.paired_interval("uar", y, y, said, persons)
    assert (there.value, there.low, there.high, there.p) == pytest.approx((-back.value, -back.high, -back.low, back.p))
    value, low, high, p = stats.paired_interval("uar", y, y, y, persons)
    assert (value, p) == (0, 1)
    assert -0.1 < low < 0
    assert low == pytest.approx(-high)


def test_persons_who_differ_widen_it():
    y, persons = np.tile([0, 1], 30), np.repeat(np.arange(6), 10)
    alike = np.where(np.arange(60) % 5 < 4, y, 1 - y)  # each person four of five
    apart = np.where(np.isin(np.arange(60), [*range(0, 60, 10), *range(6)]), 1 - y, y)
    narrow, wide = (stats.subject_interval("accuracy", y, said, persons, level=0.9) for said in (alike, apart))
    assert wide.high - wide.low > narrow.high - narrow.low
    assert narrow.low > stats.subject_interval("accuracy", y, alike, persons, level=0.99).low


@pytest.mark.parametrize("people", [5, 8, 12])
def test_it_holds_the_truth_about_as_often_as_it_says(people):
    """Made persons; drawing persons with replacement holds it in about 60, 75 and 85 % of cases."""
    rng, held = np.random.default_rng(people), []
    truth = np.mean(1 / (1 + np.exp(-rng.normal(1, 1, 200_000))))
    for _ in range(400):
        clips, right = rng.geometric(1 / 6.5, people), 1 / (1 + np.exp(-rng.normal(1, 1, people)))
        persons = np.repeat(np.arange(people), clips)
        hit = rng.random(len(persons)) < right[persons]
        _, low, high = stats.subject_interval("accuracy", np.ones(len(hit), int), hit.astype(int), persons, labels=[0, 1])
        held.append(low <= truth <= high)
    assert np.mean(held) >= 0.93


def test_a_class_of_one_person_is_warned_about_and_one_person_refused():
    y = np.array([0, 0, 1, 0, 0, 0])
    with pytest.warns(UserWarning, match="only 1 of 3 persons"):
        low, high = stats.subject_interval("uar", y, y, [1, 1, 1, 2, 2, 3])[1:]
    assert high - low > 0.4
    with pytest.raises(metrics.UsageError, match="at least two"):
        stats.subject_interval("uar", y, y, ["a"] * 6)
    with pytest.raises(metrics.UsageError, match="level"):
        stats.paired_interval("uf1", y % 1, y % 1, y % 1, [1, 1, 1, 2, 2, 2], level=95)
