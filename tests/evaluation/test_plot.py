"""Pictures of runs: what is drawn where, and how often."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from fleeting.evaluation import plot
from fleeting.evaluation.plot import confusion_svg, curves_svg, intervals_svg, persons_svg
from fleeting.evaluation.run import Run
from fleeting.stats import Interval

SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg, tag, kind):
    return [each for each in ET.fromstring(svg).iter(SVG + tag) if kind in each.get("class", "").split()]


def run_of(true, said, persons, datasets="d"):
    rows = {"clip": range(len(true)), "dataset": datasets, "subject": list(persons), "fold": "1"}
    return Run(pd.DataFrame({**rows, "y_true": list(true), "y_pred": list(said)}))


def test_intervals_lie_on_one_scale_from_left_to_right():
    svg = intervals_svg([("x", Interval(0.5, 0.3, 0.7), False), ("y", Interval(0.6, 0.4, 0.8), True)], "UF1", baseline=0.3)
    x, y = (float(each.get("cx")) for each in drawn(svg, "circle", "dot"))
    ticks = {each.text: float(each.get("x")) for each in drawn(svg, "text", "mid")}
    assert x == pytest.approx(ticks[".5"], abs=0.1)
    assert y == pytest.approx(ticks[".6"], abs=0.1)
    low, high = re.findall(r'class="span" d="M([\d.]+) 20H([\d.]+)"', svg)[0]
    assert float(low) == pytest.approx(ticks[".3"], abs=0.1)
    assert float(high) == pytest.approx(ticks[".7"], abs=0.1)
    assert len(drawn(svg, "g", "leaky")) == len(drawn(svg, "g", "fair")) == len(drawn(svg, "path", "base")) == 1


def test_a_score_without_interval_is_a_point():
    svg = intervals_svg([("x", Interval(1.0, np.nan, np.nan), False)], "UF1")
    assert len(drawn(svg, "circle", "dot")) == 1
    assert not drawn(svg, "path", "span")


def test_confusions_hold_each_count_and_shade_by_the_share_of_the_true_class():
    counts = pd.DataFrame([[3, 1], [0, 0]], index=["a", "b"], columns=["a", "b"])
    svg = confusion_svg(counts, "x")
    assert [each.text for each in drawn(svg, "text", "mid") if each.text.isdigit()] == ["3", "1", "0", "0"]
    assert [float(each.get("fill-opacity")) for each in drawn(svg, "rect", "cell")] == [0.75, 0]
    assert [float(each.get("fill-opacity")) for each in drawn(svg, "rect", "wrong")] == [0.25, 0]


def test_every_clip_is_one_square_and_those_got_wrong_are_hollow():
    svg = persons_svg(run_of("aabba", "aabab", "11122"))
    assert len(drawn(svg, "rect", "f0")) == 2 + 1  # right, and inside one taken for a
    assert len(drawn(svg, "rect", "f1")) == 1 + 1
    assert len(drawn(svg, "rect", "s0")) == len(drawn(svg, "rect", "s1")) == 1
    titles = [each.text for each in ET.fromstring(svg).iter(SVG + "title")]
    assert "3: b, taken for a" in titles
    assert "0: a" in titles


def test_the_columns_of_one_person_stand_on_one_line():
    """A person of thirty clips has three columns, with the name below the middle one: the others looked like nobody's."""
    svg = persons_svg(run_of("a" * 35, "a" * 35, ["17"] * 30 + ["3"] * 5))
    wide, narrow = (re.match(r"M([\d.]+) [\d.]+H([\d.]+)", each.get("d")) for each in drawn(svg, "path", "foot"))
    squares = [float(each.get("x")) for each in drawn(svg, "rect", "f0")]
    assert float(wide[1]) == min(squares)
    assert float(wide[2]) - float(wide[1]) == 3 * plot.SQUARE - 1
    assert float(narrow[1]) == max(squares)
    assert float(narrow[1]) - float(wide[2]) > plot.GAP - 1


def test_no_square_covers_another_and_all_lie_within():
    rng = np.random.default_rng(0)
    persons = np.sort(rng.integers(0, 120, 900).astype(str))
    svg = persons_svg(run_of(rng.choice(list("abc"), 900), rng.choice(list("abc"), 900), persons, ["d", "e", "f"] * 300))
    outer = [each for each in ET.fromstring(svg).iter(SVG + "rect") if float(each.get("width")) > 4]
    corners = np.array([[float(each.get("x")), float(each.get("y"))] for each in outer])
    width, height = map(float, re.search(r'viewBox="0 0 (\S+) (\S+)"', svg).groups())
    assert len(outer) == 900
    apart = np.abs(corners[:, None] - corners).max(axis=2) + 100 * np.eye(900)
    assert apart.min() >= 10  # a hollow one is 10 px wide
    assert corners.min() >= 0
    assert corners[:, 0].max() + 12 <= width
    assert corners[:, 1].max() + 12 <= height


def test_persons_that_are_not_known_and_very_many_clips_are_not_drawn(monkeypatch):
    assert persons_svg(run_of("ab", "ab", ["", ""])) == ""
    monkeypatch.setattr(plot, "CLIPS", 4)
    assert persons_svg(run_of("aabba", "aabab", "11122")) == ""


def test_curves_have_a_line_a_fold_their_mean_and_the_epochs_taken():
    fold = pd.DataFrame({"epoch": [1.0, 2, 3], "loss": [3.0, 2, 1], "validation_loss": [4.0, np.nan, 3], "chosen": [0.0, 1, 0]})
    svg = curves_svg({"x": fold, "y": fold.assign(loss=[5.0, 4, 3]).iloc[:2]}, "loss")
    assert len(drawn(svg, "path", "fold")) == 4
    mean, of_validation = drawn(svg, "path", "mean")
    heights = [float(y) for y in re.findall(r"[\d.]+ ([\d.]+)", mean.get("d")[1:])]
    assert heights[1] - heights[0] == pytest.approx((heights[2] - heights[1]) / 2, abs=0.2)  # the means are 4, 3 and 1
    assert of_validation.get("d").count(" ") == 3  # two points: nan is left out
    assert len(drawn(svg, "path", "rug")) == 2


def test_a_measure_that_was_never_a_number_is_not_drawn():
    assert curves_svg({"x": pd.DataFrame({"epoch": [1.0], "loss": [np.nan]})}, "loss") == ""


def test_names_are_escaped_and_long_ones_shortened():
    svg = intervals_svg([("<&>" + "x" * 90, Interval(0.5, 0.4, 0.6), False)], '"<title>"')
    ET.fromstring(svg)
    assert "…" in svg
    ET.fromstring(confusion_svg(pd.DataFrame([[1]], index=["<a>"], columns=["<a>"]), "&"))
    ET.fromstring(persons_svg(run_of(["<a>"] * 2, ["<b>"] * 2, "<&")))
