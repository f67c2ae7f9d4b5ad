"""``fleeting compare`` and ``fleeting report``: what finished runs say."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from .terminal import console

RUNS = typer.Argument(help="Run folders, CSV files of predictions (clip or subject, y_true, y_pred), or MEGC logs.", metavar="RUN...")


def compare(
    runs: Annotated[list[str], RUNS],
    metric: Annotated[
        str | None,
        typer.Option(help="uf1 (default), uar, accuracy, weighted_f1, f1_of_macro_pr; spotting: f1_overall (default), f1_micro, f1_macro."),
    ] = None,
    by: Annotated[str, typer.Option(help="What ranks go over: subject or dataset.")] = "subject",
    seed: Annotated[int, typer.Option(help="Of the bootstrap over persons.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print all numbers as JSON.")] = False,
) -> None:
    """Compare the first run with each other one: difference, interval and p over persons, and the tests that papers use."""
    from ..errors import UsageError
    from ..evaluation.compare import compare as run

    if len(runs) < 2:
        raise UsageError(f"there is only {runs[0]}: name at least two runs to compare")
    comparison = run(*runs, metric=metric, by=by, seed=seed)
    if as_json:
        sys.stdout.write(json.dumps(comparison.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    else:
        console.print(comparison)


def report(
    runs: Annotated[list[str], RUNS],
    out: Annotated[Path, typer.Option(help="The page, .html.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the page if it is there already.")] = False,
) -> None:
    """Write one self-contained page about runs: scores with intervals, confusions, persons, learning curves, how they came about."""
    from ..evaluation.report import run_report

    console.print(f"Report: {run_report(*runs, out=out, overwrite=overwrite)}", markup=False, highlight=False, soft_wrap=True)
