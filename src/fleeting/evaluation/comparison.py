"""Comparison: what came out of holding the first run against each other one, as tables, Markdown and plain data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import stats
from ..drawing.tables import Table, chance, number, span, to_html, to_markdown, to_rich, to_text
from ..spotting.scores import PARTS

if TYPE_CHECKING:
    from rich.console import Group

TITLES = {"accuracy": "accuracy", "uf1": "UF1", "uar": "UAR", "weighted_f1": "weighted F1", "f1_of_macro_pr": "F1 of macro P and R"}
TITLES |= {f"f1_{part}": f"F1 of spotting, {part}" for part in PARTS}
LEAKY = "leaky"


@dataclass(frozen=True, eq=False)
class Comparison:
    """The first run against each other one. Printed, it is a few tables; ``markdown()`` and ``as_dict()`` give it otherwise.

    Attributes
    ----------
    metric : str
    level : float
        Of the intervals.
    runs : DataFrame
        One row a run, indexed by its name: ``score, low, high, protocol, seed, leaky``; score and interval on the clips compared.
    table : DataFrame
        One row a comparison: ``a, b`` (names), ``difference`` (a - b), ``low, high`` (its interval over persons), ``p``
        (exchange of predictions person by person), ``p_holm`` (the same, corrected for the number of rows). Where fewer than
        two persons are known, the last four are nan.
    tests : DataFrame
        Other tests of the same differences: ``b, test, statistic, p, note``.
    ranks : DataFrame or None
        Of three runs or more, the index: ``mean_rank`` (1 is best), and Nemenyi's p against each run.
    friedman : Outcome or None
        Friedman's test behind ``ranks``.
    notes : tuple of str
        What a reader must know: clips left out, leaky protocols, folds that differ.
    title : str
        Score, clips and persons that were compared.
    """

    metric: str
    level: float
    runs: pd.DataFrame
    table: pd.DataFrame
    tests: pd.DataFrame
    ranks: pd.DataFrame | None
    friedman: stats.Outcome | None
    notes: tuple[str, ...]
    title: str

    def tables(self) -> list[Table]:
        """The comparison as tables of words: runs, differences, other tests, ranks."""
        letter = dict(zip(self.runs.index, _letters(len(self.runs)), strict=True))
        percent, score = f"{100 * self.level:g} % interval", TITLES[self.metric]
        several = len(self.table) > 1
        runs = [
            [letter[r.Index], r.Index + (f" ({LEAKY})" if r.leaky else ""), number(r.score), span(r.low, r.high), r.protocol or "–"]
            for r in _rows(self.runs)
        ]
        pairs = [
            [f"A − {letter[r.b]}", number(r.difference, sign=True), span(r.low, r.high, sign=True), chance(r.p), chance(r.p_holm)]
            for r in _rows(self.table)
        ]
        found = [
            Table(self.title, ["", "run", score, percent, "protocol"], runs, self.notes),
            Table(
                f"Difference in {score}, paired over persons",
                ["", "difference", percent, "p", "p, Holm"][: 5 if several else 4],
                [row[: 5 if several else 4] for row in pairs],
                self._verdicts(letter),
            ),
        ]
        if len(self.tests):
            found.append(self._other_tests(letter))
        if self.ranks is not None and self.friedman is not None:
            ranks = [
                [letter[r[0]], f"{r.mean_rank:.2f}", *("–" if r[0] == name else chance(p) for name, p in zip(letter, r[2:], strict=True))]
                for r in _rows(self.ranks)
            ]
            said = f"Friedman's test {self.friedman.note}: chi-squared {self.friedman.statistic:.2f}, p {chance(self.friedman.p)}."
            found.append(Table("Ranks, and Nemenyi's p of each pair", ["", "mean rank", *letter.values()], ranks, [said]))
        return found

    def markdown(self) -> str:
        """The tables in Markdown."""
        return to_markdown(self.tables())

    def as_dict(self) -> dict[str, Any]:
        """All numbers as JSON takes them: what is not finite is None."""
        parts = {name: _records(each) for name, each in (("runs", self.runs.reset_index()), ("table", self.table), ("tests", self.tests))}
        ranks = None if self.ranks is None else _records(self.ranks.reset_index(names="name"))
        friedman = None if self.friedman is None else self.friedman._asdict()
        return {"metric": self.metric, "level": self.level, **parts, "ranks": ranks, "friedman": friedman, "notes": list(self.notes)}

    def frame(self) -> pd.DataFrame:
        """One row a run: ``run metric score low high protocol seed leaky``, and of all but the first what the first is better by.

        That is ``difference, difference_low, difference_high, p, p_holm``, as ``runs`` and ``table`` have them.
        """
        better = self.table.drop(columns="a").set_index("b").rename(columns={"low": "difference_low", "high": "difference_high"})
        found = self.runs.reset_index(names="run").join(better, on="run")
        found.insert(1, "metric", self.metric)
        return found

    def __str__(self) -> str:
        return to_text(self.tables())

    __repr__ = __str__

    def __rich__(self) -> Group:
        return to_rich(self.tables())

    def _repr_html_(self) -> str:
        return to_html(self.tables())

    def _verdicts(self, letter: dict[str, str]) -> list[str]:
        """What the differences come to, in a sentence or two."""
        leaky = self.runs.leaky
        open_, sure = [], []
        for r in _rows(self.table):
            if math.isnan(r.p_holm):
                return ["Whether they differ cannot be told: who the clips show is not known."]
            if leaky[r.a] != leaky[r.b]:
                sure.append(f"A and {letter[r.b]} cannot be ranked: one of them is {LEAKY}.")
            elif r.p_holm >= 1 - self.level:
                open_.append(letter[r.b])
            else:
                sure.append(f"A is {'better' if r.difference > 0 else 'worse'} than {letter[r.b]}.")
        said = [" ".join(sure)] if sure else []
        if open_:
            said.append(f"These data do not tell A apart from {' or '.join(open_)}.")
        if any(r.low * r.high > 0 and r.p >= 1 - self.level for r in _rows(self.table)):
            said.append("Where an interval leaves out 0 and p does not agree, go by p: of few persons, intervals are a little narrow.")
        return said

    def _other_tests(self, letter: dict[str, str]) -> Table:
        """A row a test, a column a pair; below, what must be known to believe it."""
        pairs = [f"A − {letter[b]}" for b in self.table.b]
        found: dict[str, dict[str, str]] = {}
        remarks: dict[tuple[str, str], list[str]] = {}
        for r in _rows(self.tests):
            found.setdefault(r.test, {})[r.b] = chance(r.p)
            # How many clips only one of them has right is told where there are but two.
            remark = r.note.partition("; ")[2] if len(pairs) > 1 and r.test == "McNemar" else r.note
            if remark:
                remarks.setdefault((r.test.partition(" over")[0], remark), []).append(f"A − {letter[r.b]}")
        rows = [[test, *(p.get(b, "–") for b in self.table.b)] for test, p in found.items()]
        kinds = [kind for test, p in found.items() for kind in [test.partition(" over")[0]] * len(p)]
        said = [
            f"{kind}: {text}" + (f" ({', '.join(of)})." if len(of) < kinds.count(kind) else ".") for (kind, text), of in remarks.items()
        ]
        if len(pairs) == 1:
            rows = [[test, number(value, 2), p] for (test, p), value in zip(rows, self.tests.statistic, strict=True)]
            return Table("Other tests of the same", ["test", "statistic", "p"], rows, said)
        return Table("Other tests of the same: p", ["test", *pairs], rows, said)


def side_by_side(comparisons: Sequence[Comparison]) -> Table:
    """The same runs by several scores, as papers have it: a row a run, each score with its interval, and p against the first run."""
    rows = [[f"{name} ({LEAKY})" if leaky else str(name)] for name, leaky in comparisons[0].runs.leaky.items()]
    columns, notes = ["run"], [f"p: the first run against each other one, Holm. {comparisons[0].title.partition(' of ')[2]}."]
    for each in comparisons:
        columns += [TITLES[each.metric], f"{100 * each.level:g} % interval", "p"]
        ps = [math.nan, *each.table.p_holm]
        for row, run, p in zip(rows, _rows(each.runs), ps, strict=True):
            row += [number(run.score), span(run.low, run.high), "–" if math.isnan(p) else chance(p)]
        notes += each.notes
    return Table(", ".join(TITLES[each.metric] for each in comparisons), columns, rows, tuple(dict.fromkeys(notes)))


def _rows(table: pd.DataFrame) -> list[Any]:
    return list(table.itertuples())


def _letters(n: int) -> list[str]:
    return [chr(65 + k) if n <= 26 else f"M{k + 1}" for k in range(n)]


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows = table.to_dict("records")
    return [{str(k): None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()} for row in rows]
