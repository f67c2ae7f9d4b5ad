"""Runs of spotting as one self-contained HTML page: scores with intervals, persons, videos, and how they came about."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from .. import __version__
from ..clip import shows_nobody
from ..drawing.page import page
from ..drawing.tables import Table, number, span, to_html
from ..errors import FleetingError
from ..spotting.scores import PARTS, counts_by, f1
from ..stats import FEW
from .compare import compare
from .spotting_run import SpottingRun


def score_tables(run: SpottingRun) -> list[Table]:
    """The scores of micro, macro and overall as the challenges have them, and F1 of each dataset where there are several."""
    scores = run.scores()
    rows = [
        [
            str(part), *(str(int(row[name])) for name in ("persons", "coded", "found", "right", "false", "missed")),
            *(number(row[name]) for name in ("precision", "recall", "f1")), span(row["f1_low"], row["f1_high"]),
            number(row["average_precision"]), number(row["false_per_min"], 1),
            f"{number(row['false_low'], 1)} to {number(row['false_high'], 1)}",
        ]
        for part, row in scores.iterrows()
    ]  # fmt: skip
    columns = ["", "persons", "coded", "found", "TP", "FP", "FN", "precision", "recall", "F1", "95 %", "AP", "FP a min", "95 %"]
    notes = [
        "TP: shares half of the union with a coded event of its kind, one to one; counts pooled over all videos. F1 with its interval over "
        "persons, false alarms a minute with that of a Poisson count. AP: average precision by score.",
    ]
    if 1 < run.persons.nunique() < FEW:
        notes.append(f"Of fewer than {FEW} persons the interval of F1 is too narrow.")
    found = [Table(f"Events in {run.minutes:.1f} minutes", columns, rows, notes)]
    datasets = sorted(set(run.events.videos["dataset"]))
    if len(datasets) > 1:
        each = {name: run.restricted(name) for name in datasets}
        cells = [[name, str(len(part.persons)), *(_cell(part, kind) for kind in PARTS)] for name, part in each.items()]
        found.append(Table("F1 by dataset", ["", "videos", *PARTS], cells))
    return found


def spotting_report_html(runs: Sequence[SpottingRun]) -> str:
    """The page as text, UTF-8 when written."""
    from markupsafe import Markup

    first, several = runs[0], "Compared on the same videos below. The largest of several is not a result by itself."
    return page(
        "evaluation/spotting_report.html.j2",
        title=first.name if len(runs) == 1 else f"{len(runs)} runs of spotting",
        summary=_summary(first) if len(runs) == 1 else several,
        leaky=[run.name for run in runs if run.leaky],
        synthetic=sorted({name for run in runs for name in run.events.videos["dataset"] if shows_nobody(name)}),
        comparison=Markup(_comparison(runs)),
        sections=[_section(run) for run in runs],
        version=__version__,
    )


def _summary(run: SpottingRun) -> str:
    said = ", ".join(f"{part} {_cell(run, part)}" for part in PARTS)
    protocol = run.about.get("protocol_text")
    who = f"{len(run.persons)} videos of {run.persons.nunique()} persons, {run.minutes:.1f} minutes"
    return f"F1 {said}: {who}" + (f", {protocol}." if protocol else ".")


def _cell(run: SpottingRun, part: str) -> str:
    value, low, high = run.interval(part)
    return number(value) if np.isnan(low) else f"{number(value)} ({span(low, high)})"


def _section(run: SpottingRun) -> dict[str, Any]:
    """What the page says about one run."""
    from markupsafe import Markup

    return {
        "name": run.name,
        "leaky": run.leaky,
        "summary": _summary(run),
        "tables": Markup(to_html(score_tables(run))),
        "lists": [(title, Markup(to_html([table]))) for title, table in _lists(run).items()],
        "about": json.dumps(run.about, indent=1, ensure_ascii=False, default=str) if run.about else "",
    }


def _lists(run: SpottingRun) -> dict[str, Table]:
    """What is long, to be unfolded: persons, videos, what each fold has chosen."""
    names, counts = run.counts()
    columns = ["", "coded", "found", "TP", "F1 micro", "F1 macro", "F1 overall"]
    listed = {f"{len(names)} persons": Table("", columns, _rows(names, counts))}
    videos = pd.Series(run.persons.index, index=run.persons.index)
    names, counts = counts_by(videos, run.events.found, run.events.coded)
    listed[f"{len(names)} videos"] = Table("", columns, _rows(names, counts))
    if chosen := {fold: what for fold, what in run.about.get("chosen", {}).items() if what}:
        keys = sorted({f"{name.rstrip('_')} {kind}" for what in chosen.values() for name, each in what.items() for kind in each})
        rows = []
        for fold, what in chosen.items():
            values = {f"{name.rstrip('_')} {kind}": value for name, each in what.items() for kind, value in each.items()}
            rows.append([fold, *(f"{values[key]:g}" if key in values else "–" for key in keys)])
        listed["Chosen in each fold, of its training persons"] = Table("", ["fold", *keys], rows)
    return listed


def _rows(names: list[str], counts: np.ndarray) -> list[list[str]]:
    scores = f1(counts)
    return [
        [name, *(str(each[2, k]) for k in (2, 1, 0)), *(number(value) if each[part, 1:].sum() else "–" for part, value in enumerate(said))]
        for name, each, said in zip(names, counts, scores, strict=True)
    ]


def _comparison(runs: Sequence[SpottingRun]) -> str:
    if len(runs) < 2:
        return ""
    try:
        return to_html([table for part in PARTS for table in compare(*runs, metric=f"f1_{part}").tables()])
    except FleetingError as error:
        return to_html([Table("Not compared", [""], [], [str(error)])])
