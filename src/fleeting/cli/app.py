"""All commands in one, and how it ends."""

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
from .terminal import note, say
from .train import train

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Facial micro-expressions: found in video, named, and measured honestly.",
)
for command in (analyze, coded, demo, evaluate, compare, report, inflate, reproduce, train, methods, cache):
    app.command()(command)
app.add_typer(datasets, name="datasets")
app.add_typer(models, name="models")


def run() -> None:
    """Run the command that ``sys.argv`` names, and exit."""
    warnings.showwarning = note  # type: ignore[assignment]
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # a file name may hold what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app()
    except FleetingError as error:
        say(error)
        sys.exit(error.exit_code)
