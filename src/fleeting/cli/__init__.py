"""The command line: the same names as the Python functions, one file a group of commands."""

from __future__ import annotations

import sys
import warnings
from contextlib import suppress

import typer

from ..errors import FleetingError
from .analyze import analyze
from .coded import coded
from .compare import compare, report
from .datasets import datasets
from .demo import demo
from .evaluate import cache, evaluate, inflate, methods
from .models import models
from .reproduce import reproduce
from .spot import spot
from .terminal import INTERRUPTED, errors, note, say
from .train import train

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Facial micro-expressions: found in video, named, and measured honestly.",
)
for command in (analyze, coded, demo, evaluate, spot, compare, report, inflate, reproduce, train, methods, cache):
    app.command()(command)
app.add_typer(datasets, name="datasets")
app.add_typer(models, name="models")


def main() -> None:
    """Run the command line; exits with the codes documented in the README."""
    warnings.showwarning = note  # type: ignore[assignment]
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # a file name may hold what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app()
    except SystemExit as end:  # Typer ends with it on Ctrl-C, without a word
        if end.code == INTERRUPTED:
            errors.print("Interrupted. Nothing half-written was left behind.")
        raise
    except FleetingError as error:
        say(error)
        sys.exit(error.exit_code)
