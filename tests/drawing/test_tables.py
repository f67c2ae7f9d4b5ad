"""Numbers as the field writes them, and tables in each form."""

from __future__ import annotations

import io
import math

import pytest
from rich.console import Console

from fleeting.drawing.tables import Table, chance, number, span, to_html, to_latex, to_markdown, to_rich, to_text

TABLE = Table("Scores", ["", "run", "UF1"], [["A", "<svm>|x", ".720"], ["B", "net", "1.000"]], ["A note."])


@pytest.mark.parametrize(
    ("value", "sign", "text"),
    [
        (0.7209, False, ".721"), (1, False, "1.000"), (0, True, ".000"), (0.04, True, "+.040"), (-0.04, True, "−.040"),
        (-0.5, False, "−.500"), (-0.0001, True, ".000"), (12.5, False, "12.500"), (math.nan, False, "–"), (math.inf, False, "∞"),
        (-math.inf, False, "−∞"),
    ],
)  # fmt: skip
def test_numbers(value, sign, text):
    assert number(value, sign=sign) == text


def test_spans_and_chances():
    assert span(0.655, 0.785) == ".655 to .785"
    assert span(-0.02, 0.1, sign=True) == "−.020 to +.100"
    assert span(math.nan, math.nan) == "–"
    assert [chance(p) for p in (0.21, 0.0004, 1.0, math.nan)] == [".210", "<.001", "1.000", "–"]


def test_text_is_aligned_and_numbers_stand_to_the_right():
    assert to_text([TABLE]) == "Scores\n     run        UF1\n  A  <svm>|x   .720\n  B  net      1.000\n  A note."


def test_markdown_keeps_its_columns():
    lines = to_markdown([TABLE]).splitlines()
    assert lines[0] == "### Scores"
    assert lines[2:5] == ["|  | run | UF1 |", "| --- | --- | --: |", "| A | <svm>\\|x | .720 |"]
    assert lines[-1] == "A note."


def test_latex_is_escaped():
    table = Table("A", ["run", "95 % interval"], [["a_b & c", "−.022 to .198"], [r"x^~\{}", "<.001"], ["–", "∞"]], ["50 % of them"])
    assert to_latex([table]).split("\n") == [
        "% A",
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"run & 95 \% interval \\",
        r"\midrule",
        r"a\_b \& c & $-$.022 to .198 \\",
        r"x\textasciicircum{}\textasciitilde{}\textbackslash{}\{\} & $<$.001 \\",
        r"-- & $\infty$ \\",
        r"\bottomrule",
        r"\end{tabular}",
        "% 50 % of them",
    ]


def test_html_is_escaped():
    html = to_html([TABLE])
    assert "&lt;svm&gt;|x" in html
    assert '<td class="number">.720</td>' in html
    assert '<p class="dim">A note.</p>' in html


def test_a_terminal_shows_every_word():
    screen = io.StringIO()
    Console(file=screen, width=80).print(to_rich([TABLE, TABLE]))
    for word in ("Scores", "<svm>|x", "1.000", "A note."):
        assert screen.getvalue().count(word) == 2
