"""``fleeting compare`` and ``fleeting report``: what finished runs say."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from .terminal import console, errors

if TYPE_CHECKING:
    from ..evaluation.run import Run

RUNS = typer.Argument(help="Run folders, CSV files of predictions (clip or subject, y_true, y_pred), or MEGC logs.", metavar="RUN...")


def compare(
    runs: Annotated[list[str], RUNS],
    metric: Annotated[str, typer.Option(help="accuracy, uf1, uar, weighted_f1 or f1_of_macro_pr, of all clips pooled.")] = "uf1",
    by: Annotated[str, typer.Option(help="What ranks go over: subject or dataset.")] = "subject",
    seed: Annotated[int, typer.Option(help="Of the bootstrap over persons.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print all numbers as JSON.")] = False,
) -> None:
    """Compare the first run with each other one: difference, interval and p over persons, and the tests that papers use."""
    from ..evaluation.compare import compare as run

    comparison = run(*finished(runs, least=2), metric=metric, by=by, seed=seed)
    if as_json:
        sys.stdout.write(json.dumps(comparison.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    else:
        console.print(comparison)


def finished(runs: list[str], least: int = 1) -> list[Run]:
    """Those of the runs that are finished; a folder that holds no finished run, as ``runs/*`` may name it, is said and left out."""
    from ..errors import UsageError
    from ..evaluation.run import read_run

    found: list[Run] = []
    for each in runs:
        try:
            found.append(read_run(each))
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
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the page if it is there already.")] = False,
) -> None:
    """Write one self-contained page about runs: scores with intervals, confusions, persons, learning curves, how they came about."""
    from ..evaluation.report import run_report

    console.print(f"Report: {run_report(*finished(runs), out=out, overwrite=overwrite)}", markup=False, highlight=False, soft_wrap=True)
