"""The page of a reproduction: published and reproduced side by side, with the leak, the baseline and the errors named."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import __version__, stats
from ..drawing.page import page
from ..drawing.svg import COLOURS, STYLE
from ..drawing.tables import Table as Words
from ..drawing.tables import chance, number, span, to_html
from ..errors import UsageError
from ..evaluation.plot import confusion_svg, curves_svg
from ..evaluation.report import baseline, cell, interval_of, measures
from ..evaluation.run import Run
from ..evaluation.unlearned import training_accuracy
from .figures import Figure, bars_svg
from .papers import Paper, Row, Table

TITLES = {"accuracy": "accuracy", "uf1": "UF1", "uar": "UAR"}
OWN, LOSO = "paper's protocol", "LOSO"
ONE_CLASS = 0.9  # of the clips called the same: nothing was learned but the commonest class
UNLEARNED = 0.1  # by how much the training clips must be known better than by the commonest class


@dataclass(frozen=True)
class Outcome:
    """One row, run anew: by the paper's protocol, by LOSO where that differs, or the reason why not."""

    row: Row
    own: Run | None = None
    loso: Run | None = None
    reason: str = ""

    @property
    def honest(self) -> Run | None:
        """The run that tested nobody it had trained on."""
        return self.loso if self.own is None or self.own.leaky else self.own


@dataclass(frozen=True)
class Reproduced:
    """One table, run anew: its rows, whether anybody is shown, and what must be said of clips and classes."""

    table: Table
    outcomes: tuple[Outcome, ...]
    synthetic: bool
    notes: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)  # clips of each class


def page_of(paper: Paper, tables: Sequence[Reproduced], figures: Sequence[Figure], made: Sequence[tuple[str, str]]) -> str:
    """The page as text.

    Parameters
    ----------
    paper : Paper
    tables : sequence of Reproduced
    figures : sequence of Figure
    made : sequence of (name, words)
        How it was made: scale, data, seed.
    """
    from markupsafe import Markup

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "a class occurs in only")  # said once, below "how to read this"
        return page(
            "reproduction/page.html.j2",
            paper=paper,
            synthetic=any(each.synthetic for each in tables),
            leaks=list(dict.fromkeys(run.about["protocol_text"] for each in tables for run in _runs(each) if run.leaky)),
            sections=[_section(each) for each in tables],
            t_tests=Markup(to_html([tests])) if (tests := t_tests(paper, tables)) else "",
            figures=[(each.title, Markup(each.html), each.caption) for each in figures],
            made=made,
            plot_style=Markup(STYLE),
            colours=COLOURS,
            version=__version__,
        )


def table_of(done: Reproduced) -> Words:
    """Published and reproduced numbers, a line a row, the majority class last."""
    scores = list(TITLES)
    leaky = any(each.own is not None and each.own.leaky for each in done.outcomes)
    columns = ["", "published"]
    columns += [f"{OWN}, LEAKY: {TITLES[name]}" for name in scores[:1]] if leaky else []
    columns += [f"{LOSO if leaky else OWN}: {TITLES[name]}" for name in scores] + ["above the majority class?"]
    rows = [_line(each, scores, leaky) for each in done.outcomes]
    own, honest = (_least([run for each in done.outcomes if (run := getattr(each, kind))]) for kind in ("own", "honest"))
    if own and honest:
        cells = [own[name] for name in scores[: int(leaky)]] + [honest[name] for name in scores]
        rows.append(["always the commonest class", "–", *map(number, cells), "–"])
    notes = [f"{row.row.name}: {row.row.note}." for row in done.outcomes if row.row.note] + list(done.notes)
    return Words("", columns, rows, notes)


def verdict(run: Run) -> str:
    """Whether the interval of UAR lies above what always saying one class gives, as guessing does; if not, why."""
    least, (value, low, _) = baseline(run.confusion()), interval_of(run, "uar")
    if math.isnan(low):
        return "not known: too few people for an interval"
    if low > least["uar"]:
        return "yes"
    said, known = run.predictions.y_pred.value_counts(), _training_accuracy(run)
    little = "" if known is None or known >= least["accuracy"] + UNLEARNED else f"knows only {number(known)} of the clips it was trained on"
    if said.iloc[0] >= ONE_CLASS * len(run.predictions):
        one = f"no: it calls {said.iloc[0]} of {len(run.predictions)} clips {said.index[0]}"
        return f"{one}; trained too little, it {little}" if little else one
    if little:
        return f"no: trained too little, it {little}"
    if known is not None:
        people = f"no: it knows {number(known)} of the clips it was trained on, and not those of other people"
        return people if value <= least["uar"] else f"{people} beyond chance"
    if value > least["uar"]:
        return f"not certain: above, but {run.persons.nunique()} people are too few to tell"
    return "no: what it looks at does not tell the classes apart here"


def t_tests(paper: Paper, tables: Sequence[Reproduced]) -> Words | None:
    """The paper's t-tests, from its own folds and from those run anew, and the paired test over persons; None where it has none."""
    first = paper.tested
    if first not in {each.row.name for done in tables for each in done.outcomes}:
        return None
    printed: dict[str, list[float]] = {}
    anew: dict[str, list[float]] = {}
    for done in tables:
        for each in done.outcomes:
            printed.setdefault(each.row.name, []).extend(each.row.folds)
            if each.own is not None:
                anew.setdefault(each.row.name, []).extend(each.own.score("accuracy", by="fold"))
    persons = {each.row.name: each.honest for each in tables[0].outcomes}
    rows = []
    for name, (low, high) in paper.t_tests.items():
        if name not in printed:
            continue
        p = stats.unpaired_t(printed[first], printed[name]).p
        again = _again(anew.get(first, []), anew.get(name, []))
        paired = _paired(persons.get(first), persons.get(name))
        claim = (f"{number(low, 2)} < " if low else "") + "p" + (f" < {number(high, 2)}" if high < 1 else "")
        rows.append([f"{first} and {name}", claim, chance(p), "yes" if low < p < high else "no", again, paired])
    columns = ["", "claimed", "p, published folds", "holds", "accuracy of folds run anew", "UF1 by LOSO, paired over persons"]
    notes = [
        "The published folds give the paper's verdicts only as an unpaired test over the folds of both tables together, which takes "
        "folds of the same clips for independent; so the folds run anew are tested in the same way.",
        "The last column is what such a question should be answered by: the difference on the same clips, of people not trained on.",
    ]
    synthetic = "; what was run anew is SYNTHETIC" if any(each.synthetic for each in tables) else ""
    return Words(f"t-tests{synthetic}", columns, rows, notes)


def _line(each: Outcome, scores: list[str], leaky: bool) -> list[str]:
    published = ", ".join(f"{TITLES.get(name, name)} {number(value)}" for name, value in each.row.published.items()) or "–"
    width = len(scores) + int(leaky)
    if each.honest is None and each.own is None:
        return [each.row.name, published, *["–"] * width, f"not run: {each.reason}"]
    cells = [_cell(each.own, scores[0])] if leaky else []
    cells += [_cell(each.honest, name) for name in scores]
    judged = verdict(each.honest) if each.honest else f"not run by LOSO: {each.reason}"
    return [each.row.name, published, *cells, judged]


def _cell(run: Run | None, score: str) -> str:
    """The score with its interval, which no line break divides."""
    return "–" if run is None else cell(interval_of(run, score)).replace(" to ", "\u00a0to\u00a0")


def _least(runs: Sequence[Run]) -> dict[str, float]:
    """The scores of always saying the commonest class of the clips tested; empty without a run."""
    return baseline(runs[0].confusion()) if runs else {}


def _training_accuracy(run: Run) -> float | None:
    """The accuracy on its own training clips at the epoch taken, mean over the folds; None for what records no epochs."""
    found = [known for epochs in run.learning.values() if (known := training_accuracy(epochs)) is not None]
    return float(np.mean(found)) if found else None


def _section(done: Reproduced) -> dict[str, Any]:
    from markupsafe import Markup

    run_anew = [each for each in done.outcomes if each.honest or each.own]
    score = done.table.columns[0]
    kinds = ["published", OWN, LOSO] if any(each.loso for each in run_anew) else ["published", OWN]
    bars = [
        (each.row.name, [each.row.published.get(score, math.nan), *(_score(run, score) for run in (each.own, each.loso))][: len(kinds)])
        for each in run_anew
    ]
    honest = [run for each in run_anew if (run := each.honest)]
    least = _least(honest).get(score, 0.0)
    return {
        "table": done.table,
        "synthetic": done.synthetic,
        "counts": ", ".join(f"{name} {n}" for name, n in done.counts.items()),
        "words": Markup(to_html([table_of(done)])),
        "score": TITLES[score],
        "bars": Markup(bars_svg(bars, kinds, f"{TITLES[score]} of {done.table.name}", least)) if bars else "",
        "kinds": kinds,
        "rows": [_row(each) for each in run_anew],
    }


def _row(each: Outcome) -> dict[str, Any]:
    from markupsafe import Markup

    runs = [(title, run) for title, run in ((OWN, each.own), (LOSO, each.loso)) if run is not None]
    pictures = []
    for title, run in runs:
        leaky = ", leaky" if run.leaky else ""
        pictures.append((f"{title}{leaky}", Markup(confusion_svg(run.confusion(), f"{each.row.name}, {title}: confusions"))))
        curves = [(f"{measure}, {title}{leaky}", curves_svg(run.learning, measure)) for measure in measures(run.learning)]
        pictures += [(words, Markup(svg)) for words, svg in curves if svg]
    return {"name": each.row.name, "method": each.row.method, "pictures": pictures, "learned": any(run.learning for _, run in runs)}


def _runs(done: Reproduced) -> list[Run]:
    return [run for each in done.outcomes for run in (each.own, each.loso) if run is not None]


def _score(run: Run | None, name: str) -> float:
    return math.nan if run is None else run.score(name)


def _again(a: Sequence[float], b: Sequence[float]) -> str:
    """The first less the second, mean over the folds, and the p of their t-test."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # folds without spread: it is said by the p itself
            return f"{number(float(np.mean(a) - np.mean(b)), sign=True)}, p {chance(stats.unpaired_t(a, b).p)}" if a and b else "–"
    except UsageError:
        return "–"


def _paired(a: Run | None, b: Run | None) -> str:
    """The first less the second, with its interval and p."""
    if a is None or b is None:
        return "–"
    both = a.predictions.set_index("clip").join(b.predictions.set_index("clip")[["y_pred"]], rsuffix="_b", how="inner")
    persons = both.dataset + "/" + both.subject
    try:
        value, low, high, p = stats.paired_interval("uf1", both.y_true, both.y_pred, both.y_pred_b, persons, labels=a.labels)
    except UsageError:
        return "too few people"
    return f"{number(value, sign=True)} ({span(low, high, sign=True)}), p {chance(p)}"
