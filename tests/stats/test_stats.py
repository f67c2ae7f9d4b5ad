"""Intervals and tests, against published numbers, hand counts and simulations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fleeting import metrics, stats
from fleeting.errors import UsageError

# The TLCNN paper's Table 3: accuracy of five folds at 32 frames, then at 64; d, s_d, t and p of the first five folds
# against TLCNN worked out apart from this code.
TLCNN = [76.17, 68.95, 67.77, 72.32, 70.73, 74.47, 64.62, 66.10, 70.98, 69.41]
OTHERS = {
    "E": [74.67, 67.08, 66.77, 72.43, 69.81, 73.20, 66.88, 65.32, 71.12, 67.31],
    "EM": [71.54, 65.63, 66.60, 70.01, 67.69, 69.56, 64.72, 65.42, 66.71, 66.98],
    "C5+SVM": [64.29, 65.18, 64.29, 57.14, 66.07, 64.29, 65.18, 66.07, 60.71, 66.96],
    "3D-CNN": [64.29, 64.29, 55.36, 67.86, 62.50, 63.39, 63.39, 56.25, 68.75, 61.61],
    "LBP-TOP": [65.18, 65.18, 66.96, 63.39, 72.32, 62.50, 66.96, 67.86, 66.96, 74.11],
    "STLBP-IP": [66.96, 63.29, 73.21, 67.86, 67.86, 66.96, 62.50, 72.32, 65.18, 66.07],
    "STCLQP": [69.64, 65.17, 72.32, 69.64, 71.43, 67.86, 66.07, 70.54, 69.64, 65.50],
}


@pytest.mark.parametrize(
    ("name", "t", "p", "t_corrected", "p_corrected", "p_wilcoxon"),
    [
        ("E", 3.096389, 0.036348, 2.064259, 0.107930, 0.125),
        ("EM", 5.064846, 0.007156, 3.376564, 0.027874, 0.0625),
        ("C5+SVM", 3.238048, 0.031733, 2.158699, 0.097030, 0.0625),
        ("3D-CNN", 4.902868, 0.008027, 3.268579, 0.030830, 0.0625),
    ],
)
def test_five_folds_of_the_tlcnn_paper(name, t, p, t_corrected, p_corrected, p_wilcoxon):
    a, b = TLCNN[:5], OTHERS[name][:5]
    paired = stats.paired_t(a, b)
    assert (paired.statistic, paired.p) == (pytest.approx(t, abs=1e-6), pytest.approx(p, abs=1e-6))
    corrected = stats.corrected_t(a, b, n_train=4, n_test=1)
    assert (corrected.statistic, corrected.p) == (pytest.approx(t_corrected, abs=1e-6), pytest.approx(p_corrected, abs=1e-6))
    ranked = stats.wilcoxon(a, b)
    assert ranked.p == p_wilcoxon
    assert "cannot fall below 0.0625" in ranked.note


def test_only_the_unpaired_test_gives_the_papers_verdicts_and_not_all():
    p = {name: stats.unpaired_t(TLCNN, values).p for name, values in OTHERS.items()}
    published = {"E": 0.655, "EM": 0.0605, "C5+SVM": 0.0006, "3D-CNN": 0.0006, "LBP-TOP": 0.0787, "STLBP-IP": 0.0780, "STCLQP": 0.3346}
    assert p == pytest.approx(published, abs=6e-4)
    assert 0.05 < p["EM"] < 0.1 < p["STCLQP"]


def test_differences_without_spread():
    same = [0.5, 0.6, 0.7]
    assert stats.paired_t(same, same).p == stats.wilcoxon(same, same).p == stats.corrected_t(same, same, 2, 1).p == 1.0
    with pytest.warns(UserWarning, match="same amount"):
        assert stats.paired_t([2.0, 3.0, 4.0], [1.0, 2.0, 3.0]).p == 0.0


def test_wilson_by_hand():
    value, low, high = stats.wilson(23, 51)  # 45 % of 51
    assert (round(value, 2), round(low, 2), round(high, 2)) == (0.45, 0.32, 0.59)
    _, low, high = stats.wilson(22, 33)
    assert (round(low, 2), round(high, 2)) == (0.50, 0.80)
    assert stats.wilson(0, 5).low == pytest.approx(0)


def test_mcnemar_by_hand():
    true = np.ones(20)
    a, b = np.ones(20), np.ones(20)
    b[:8], a[8:10] = 0, 0  # 8 only a has right, 2 only b: p = 2 (1 + 10 + 45) / 1024
    result = stats.mcnemar(true, a, b)
    assert (result.statistic, result.p) == (6, pytest.approx(2 * 56 / 1024))
    assert stats.mcnemar(true, a, a).p == 1.0


def test_holm_by_hand():
    assert stats.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert stats.holm([0.9, 0.8]) == pytest.approx([1.0, 1.0])


def test_friedman_and_nemenyi_by_hand():
    # Three methods over four rows with ranks (1, 2, 3) x 3 and (2, 1, 3): sums 5, 7, 12.
    scores = np.array([[0.9, 0.8, 0.1], [0.7, 0.6, 0.2], [0.8, 0.4, 0.3], [0.5, 0.6, 0.1]])
    assert stats.mean_ranks(scores) == pytest.approx([5 / 4, 7 / 4, 3])
    # 12 / (4 * 3 * 4) (25 + 49 + 144) - 3 * 4 * 4 = 6.5
    assert stats.friedman(scores).statistic == pytest.approx(6.5)
    assert stats.friedman(scores).p == pytest.approx(np.exp(-3.25))
    p = stats.nemenyi(scores)
    assert p.shape == (3, 3)
    assert (p == p.T).all()
    assert p[0, 2] < p[1, 2] < p[0, 1]
    # Demsar (2006): q.05 of 4 methods is 2.569, so CD = 2.569 sqrt(4 * 5 / (6 * 14)) = 1.25
    assert stats.critical_difference(14, 4) == pytest.approx(2.569 * np.sqrt(20 / 84), abs=1e-3)
    assert stats.friedman(np.ones((5, 3))).p == 1.0


def test_seed_spread():
    assert stats.seed_spread([0.70, 0.74, 0.72]) == pytest.approx({"n": 3, "mean": 0.72, "sd": 0.02, "min": 0.70, "max": 0.74})
    assert np.isnan(stats.seed_spread([0.7])["sd"])


def people(rng, n_people=30, clips=8):
    persons = np.repeat(np.arange(n_people), clips)
    y = np.arange(n_people * clips) % 3
    return persons, y


def guess(rng, y, right, persons):
    """Right with the probability `right`, more often for some persons."""
    skill = (right + rng.normal(0, 0.15, persons.max() + 1))[persons]
    return np.where(rng.random(len(y)) < skill, y, rng.integers(0, 3, len(y)))


def test_the_bootstrap_holds_the_score_and_depends_on_nothing_but_the_seed(rng):
    persons, y = people(rng)
    p = guess(rng, y, 0.6, persons)
    first = stats.subject_bootstrap("uf1", y, p, persons, seed=3)
    order = rng.permutation(len(y))
    assert first == stats.subject_bootstrap("uf1", y[order], p[order], persons[order], seed=3)
    assert first != stats.subject_bootstrap("uf1", y, p, persons, seed=4)
    assert first.value == metrics.uf1(y, p)
    assert first.low < first.value < first.high
    narrow = stats.subject_bootstrap("uf1", y, p, persons, seed=3, level=0.5)
    assert first.low < narrow.low < narrow.high < first.high


def test_a_score_may_be_a_function_of_confusion_matrices(rng):
    persons, y = people(rng)
    p = guess(rng, y, 0.6, persons)
    same = stats.subject_bootstrap(metrics.SCORES["uar"], y, p, persons)
    assert same == stats.subject_bootstrap("uar", y, p, persons)


def test_clips_of_one_person_that_agree_widen_the_interval(rng):
    persons = np.repeat(np.arange(20), 10)
    y = np.arange(200) % 2
    p = np.where(persons % 2 == 0, y, 1 - y)  # each person all right or all wrong: 20 values, not 200
    wide = stats.subject_bootstrap("accuracy", y, p, persons)
    alone = stats.subject_bootstrap("accuracy", y, p, np.arange(200))
    assert wide.high - wide.low > 2.5 * (alone.high - alone.low)


def test_a_class_of_two_persons_is_warned_about():
    persons = np.repeat(np.arange(12), 3)
    y = np.zeros(36, int)
    y[[0, 3]] = 1
    with pytest.warns(UserWarning, match="only 2 of 12 persons"):
        interval = stats.subject_bootstrap("uar", y, y, persons)
    assert interval == (1.0, 1.0, 1.0)


def test_the_published_log_is_known_to_about_six_and_a_half_points(shared_data):
    table = pd.read_csv(shared_data / "ststnet_loso_predictions.csv", dtype={"subject": str})
    value, low, high = stats.subject_bootstrap("uf1", table.y_true, table.y_pred, table.subject)
    assert round(value, 4) == 0.7209
    assert 0.05 < (high - low) / 2 < 0.08


def test_paired_difference_of_equal_and_of_better(rng):
    persons, y = people(rng)
    a = guess(rng, y, 0.8, persons)
    b = guess(rng, y, 0.5, persons)
    assert stats.paired_bootstrap("uf1", y, a, a, persons) == (0.0, 0.0, 0.0, 1.0)
    better = stats.paired_bootstrap("uf1", y, a, b, persons)
    assert better.value == pytest.approx(metrics.uf1(y, a) - metrics.uf1(y, b))
    assert 0 < better.low < better.value < better.high
    assert better.p < 0.01
    worse = stats.paired_bootstrap("uf1", y, b, a, persons)
    assert (worse.value, worse.low, worse.p) == (-better.value, pytest.approx(-better.high), better.p)


def test_p_of_equal_methods_is_uniform_and_the_interval_covers():
    rng = np.random.default_rng(7)
    p, covered = [], 0
    for _ in range(200):
        persons, y = people(rng, 24, 6)
        a, b = (guess(rng, y, 0.5, persons) for _ in range(2))
        d = stats.paired_bootstrap("uf1", y, a, b, persons, resamples=300)
        p.append(d.p)
        covered += d.low <= 0 <= d.high
    assert 0.4 < np.mean(p) < 0.6
    assert 0.01 <= np.mean(np.array(p) < 0.05) <= 0.09
    assert 0.15 < np.mean(np.array(p) < 0.25) < 0.35
    assert covered / 200 > 0.9


def test_one_method_wins_by_a_class_the_other_never_names():
    y, a, b = ["x", "x", "y", "y"], ["x", "x", "y", "z"], ["x", "x", "x", "x"]
    d = stats.paired_bootstrap("accuracy", y, a, b, ["p", "q", "p", "q"], resamples=50)
    assert d.value == 0.25


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: stats.wilson(6, 5), "6 hits of 5"),
        (lambda: stats.paired_t([1.0], [2.0]), "at least two pairs"),
        (lambda: stats.paired_t([1.0, 2.0], [2.0]), "a has 2 values and b 1"),
        (lambda: stats.paired_t([1.0, np.nan], [2.0, 1.0]), "finite"),
        (lambda: stats.corrected_t([1.0, 2.0], [2.0, 4.0], 0, 1), "above 0"),
        (lambda: stats.unpaired_t([1.0], [2.0, 3.0]), "two folds"),
        (lambda: stats.friedman([[1.0, 2.0], [2.0, 1.0]]), "at least 3"),
        (lambda: stats.nemenyi([[1.0, 2.0]]), "2 rows"),
        (lambda: stats.holm([1.2]), "between 0 and 1"),
        (lambda: stats.subject_bootstrap("uf1", [0, 1], [0, 1], ["a", "a"]), "at least two"),
        (lambda: stats.subject_bootstrap("uf1", [0, 1], [0, 1], ["a", "b"], level=95), "level"),
        (lambda: stats.subject_bootstrap("f9", [0, 1], [0, 1], ["a", "b"]), "f9"),
    ],
)
def test_what_cannot_be_tested_is_said(call, says):
    with pytest.raises(UsageError, match=says):
        call()


def test_a_rate_of_few_events_by_garwood():
    assert stats.poisson_rate(0, 2.0) == (0, 0, pytest.approx(3.6889 / 2, abs=1e-4))
    assert stats.poisson_rate(10, 5.0) == (2, pytest.approx(4.7954 / 5, abs=1e-4), pytest.approx(18.3904 / 5, abs=1e-4))
    with pytest.raises(UsageError, match="3 events in 0"):
        stats.poisson_rate(3, 0)


def test_counts_of_persons_are_drawn_like_their_clips():
    """Accuracy of right and all clips is the same score, drawn the same way, whether it comes as clips or as counts."""
    true = np.repeat([0, 1], 12)
    said, other = (np.where(np.arange(24) % n == 0, 1 - true, true) for n in (5, 3))
    persons = np.tile(["a", "b", "c", "d", "e", "f"], 4)
    counts = [np.array([[np.sum((said == true)[persons == p]), 4] for p in "abcdef"]) for said in (said, other)]

    def share(n):
        return n[..., 0] / n[..., 1]

    of_clips = stats.subject_bootstrap("accuracy", true, said, persons)
    assert stats.count_bootstrap(share, counts[0], counts[0][:, 1]) == pytest.approx(of_clips)
    assert stats.paired_count_bootstrap(share, *counts, counts[0][:, 1]) == pytest.approx(
        stats.paired_bootstrap("accuracy", true, said, other, persons)
    )
