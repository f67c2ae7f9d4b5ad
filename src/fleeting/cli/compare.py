"""``fleeting compare`` and ``fleeting report``: what finished runs say."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from ..errors import UsageError
from .terminal import console, errors

if TYPE_CHECKING:
    from ..evaluation.run import Run
    from ..evaluation.spotting_run import SpottingRun

RUNS = typer.Argument(help="Run folders, CSV files of predictions (clip or subject, y_true, y_pred), or MEGC logs.", metavar="RUN...")


Names = Annotated[list[str] | None, typer.Option("--name", help="What to call a run; once for each, in their order.")]


def compare(
    runs: Annotated[list[str], RUNS],
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="uf1 (default), uar, accuracy, weighted_f1, f1_of_macro_pr, of all clips pooled; of spotting f1_overall (default), "
            "f1_micro, f1_macro. Several are taken."
        ),
    ] = None,
    names: Names = None,
    by: Annotated[str, typer.Option(help="What ranks go over: subject or dataset.")] = "subject",
    seed: Annotated[int, typer.Option(help="Of the bootstrap over persons.")] = 0,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print one table, of scores with intervals and p, in Markdown.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="The same in LaTeX, for booktabs.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a row a run and score as CSV, its numbers in full.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print all numbers as JSON; of several scores, a list.")] = False,
) -> None:
    """Compare the first run with each other one: difference, interval and p over persons, and the tests that papers use."""
    from ..drawing.tables import to_latex, to_markdown
    from ..evaluation.compare import compare as run
    from ..evaluation.comparison import side_by_side

    forms = [form for form, asked in (("--markdown", markdown), ("--latex", latex), ("--csv", as_csv), ("--json", as_json)) if asked]
    if len(forms) > 1:
        raise UsageError(f"{' and '.join(forms)} cannot be had together: ask for one of them")
    found = finished(runs, least=2, names=names)
    wanted: list[str | None] = [*dict.fromkeys(metric or ())] or [None]  # None: the usual one of such runs
    comparisons = [run(*found, metric=each, by=by, seed=seed) for each in wanted]
    if markdown or latex:
        write = to_latex if latex else to_markdown
        sys.stdout.write(write([side_by_side(comparisons)]) + "\n")
    elif as_csv:
        import pandas as pd

        sys.stdout.write(pd.concat([each.frame() for each in comparisons]).to_csv(index=False, lineterminator="\n"))
    elif as_json:
        every = [each.as_dict() for each in comparisons]
        sys.stdout.write(json.dumps(every if len(every) > 1 else every[0], indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    else:
        for number, each in enumerate(comparisons):
            console.print(*[""] * (number > 0), each, sep="\n")


def finished(runs: list[str], least: int = 1, names: list[str] | None = None) -> list[Run | SpottingRun]:
    """Those of the runs that are finished; a folder that holds no finished run, as ``runs/*`` may name it, is said and left out."""
    from ..evaluation.spotting_run import load_run

    if names and len(names) != len(runs):
        raise UsageError(f"{len(names)} names for {len(runs)} runs: give --name once for each run, in their order")
    found: list[Run | SpottingRun] = []
    for each, name in zip(runs, names or [""] * len(runs), strict=True):
        try:
            run = load_run(each)
            found.append(replace(run, name=name) if name else run)
        except UsageError as error:
            if not Path(each).is_dir():  # somebody has named this very file
                raise
            errors.print(f"[yellow]left out:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
    if len(found) < least:
        there = f"there is only {found[0].name}" if found else "none of them is a finished run"
        raise UsageError(f"{there}: name at least {'two runs to compare' if least > 1 else 'one'}")
    return found


def report(
    runs: Annotated[list[str], RUNS],
    out: Annotated[Path, typer.Option(help="The page, .html.")],
    names: Names = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the page if it is there already.")] = False,
) -> None:
    """Write one self-contained page about runs: scores with intervals, confusions, persons, learning curves, how they came about."""
    from ..evaluation.report import run_report

    path = run_report(*finished(runs, names=names), out=out, overwrite=overwrite)
    console.print(f"Report: {path}", markup=False, highlight=False, soft_wrap=True)
