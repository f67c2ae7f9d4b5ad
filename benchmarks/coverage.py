"""How often a 95 % interval over few persons holds the true score: the jackknife's, the bootstrap's and others. SYNTHETIC.

    python benchmarks/coverage.py [--draws 400]

Persons of a made population: clips a person geometric with mean 6.5 (the 68 persons of MEGC 2019: 6.5, standard deviation 6.7), three
classes in its shares, which vary between persons (Dirichlet, 4 clips' worth); how often a clip is right varies between persons with a
standard deviation of .7 or 1.2 on the logit scale (.7 gives an intraclass correlation of .09, which a published log has over 68
persons). Scores from guessing to nearly perfect; accuracy, UF1 and UAR. Draws in which a class is missing are left out, as nobody
would evaluate them. The truth is the score of 200,000 such persons.
"""

import argparse
from itertools import product

import numpy as np
import pandas as pd
from scipy.stats import t as student

from fleeting.metrics import SCORES
from fleeting.stats.jackknife import jackknife_bounds

PEOPLE = (5, 8, 12, 20)
SHARES = np.array([250, 109, 83]) / 442
EASE = np.array([0.5, -0.3, -0.4])  # of each class: what is common is easier
NAMES = ("accuracy", "uf1", "uar")
LEVELS = {"score about .5": 0.2, ".7": 1.2, ".9": 2.5, ".97": 4.0}
RESAMPLES = 400


def drawn(rng, people, level, spread, lead=None):
    """Clips of each person by true class and what was said, (S, 3, 3); with a lead, by what two methods said, (S, 3, 3, 3)."""
    clips, mix = rng.geometric(1 / 6.5, people), rng.dirichlet(4 * SHARES, people)
    skill = rng.normal(0, spread, people)
    if lead is None:
        return rng.multinomial(clips, (mix[:, :, None] * said(skill + level)).reshape(people, -1)).reshape(people, 3, 3)
    a, b = (said(skill + rng.normal(0, 0.4, people) + each) for each in (level + lead, level))
    alike, apart = a[..., None] * np.eye(3), a[..., None] * b[:, :, None]  # in two clips of five, b says what a says
    return rng.multinomial(clips, (mix[..., None, None] * (0.4 * alike + 0.6 * apart)).reshape(people, -1)).reshape(people, 3, 3, 3)


def said(logit):
    """The probability of each answer (column) to each class (row), (S, 3, 3)."""
    right = 1 / (1 + np.exp(-(logit[:, None] + EASE)))
    others = np.where(np.eye(3, dtype=bool), 0, SHARES)
    wrong = (1 - right)[..., None] * others / others.sum(axis=1, keepdims=True)
    return wrong + right[..., None] * np.eye(3)


def intervals(share, counts, rng):
    """Bounds by each way, of a share as :func:`fleeting.stats.jackknife.jackknife_bounds` takes it."""
    people, value = len(counts), share(counts.sum(axis=0))
    weights = rng.multinomial(people, np.full(people, 1 / people), RESAMPLES)
    of_class = counts.reshape(people, 3, -1).sum(axis=2)
    weights = weights[(weights @ of_class > 0).all(axis=1)]
    again, tail = share(np.tensordot(weights, counts, 1)), student.ppf(0.975, people - 1)
    without = share(counts.sum(axis=0) - counts)
    error = np.sqrt((people - 1) * without.var())
    fewer = share(np.tensordot(weights, counts, 1)[:, None] - counts)  # one copy of each person less
    middle = (weights * fewer).sum(axis=1, keepdims=True) / people
    errors = np.sqrt((people - 1) / people * (weights * (fewer - middle) ** 2).sum(axis=1))
    ratios = ((again - value) / np.where(errors > 1e-9, errors, np.nan))[errors > 1e-9]
    upper, lower = np.quantile(ratios, [0.975, 0.025]) if len(ratios) else (0.0, 0.0)
    bayes = share(np.tensordot(rng.dirichlet(np.ones(people), RESAMPLES), counts, 1))
    return {
        "persons drawn with replacement": np.quantile(again, [0.025, 0.975]),
        "Bayesian bootstrap": np.quantile(bayes, [0.025, 0.975]),
        "bootstrap-t": (value - upper * error, value - lower * error),
        "t over persons left out": (value - tail * error, value + tail * error),
        "the jackknife's": jackknife_bounds(share, counts, 0.95),
    }


def lead_of(score):
    """How far the first of two methods is ahead, as a share: 1/2 where they are alike."""
    return lambda counts: (1 + score(counts.sum(axis=-1)) - score(counts.sum(axis=-2))) / 2


def coverage(draws):
    """A row an interval: what of, level, persons, way, whether it held the truth, its width."""
    rows = []
    for (what, lead), (title, level), spread in product({"score": None, "difference": 0.7}.items(), LEVELS.items(), (0.7, 1.2)):
        shares = {name: SCORES[name] if lead is None else lead_of(SCORES[name]) for name in NAMES}
        everybody = drawn(np.random.default_rng(1), 200_000, level, spread, lead).sum(axis=0)
        truth = {name: float(share(everybody)) for name, share in shares.items()}
        for people in PEOPLE:
            rng = np.random.default_rng([people, int(10 * level), int(10 * spread)])
            for _ in range(draws):
                counts = drawn(rng, people, level, spread, lead)
                if not counts.reshape(people, 3, -1).sum(axis=(0, 2)).all():
                    continue
                for name, share in shares.items():
                    for way, (low, high) in intervals(share, counts, rng).items():
                        width = (min(high, 1) - max(low, 0)) * (1 if lead is None else 2)
                        rows.append((what, title, people, way, low - 1e-9 <= truth[name] <= high + 1e-9, width))
    return pd.DataFrame(rows, columns=["of", "level", "persons", "way", "held", "width"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=400, help="of persons, for each setting")
    table = coverage(parser.parse_args().draws)
    print("Share of 95 % intervals that held the truth, and their mean width")
    print(table.pivot_table(index=["of", "way"], columns="persons", values=["held", "width"], sort=False).round(3).to_string())
    ours = table[table.way == "the jackknife's"]
    print("\nThe jackknife's, by how good the method is")
    print(ours.pivot_table(index=["of", "level"], columns="persons", values="held", sort=False).round(3).to_string())


if __name__ == "__main__":
    main()
