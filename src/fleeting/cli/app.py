"""All commands in one, and how it ends."""

from __future__ import annotations

import sys
import warnings
from contextlib import suppress
from typing import Annotated

import typer

from .. import __version__
from ..errors import FleetingError
from .analyze import analyze
from .coded import coded
from .compare import compare, report
from .datasets import datasets
from .demo import demo
from .evaluate import cache, evaluate, inflate, methods
from .live import live
from .models import models
from .reproduce import reproduce
from .sensitivity import sensitivity
from .spot import spot
from .studio import studio
from .terminal import console, note, say
from .train import train

HELP = """Facial micro-expressions: found in video, named, and measured honestly.

[bold]fleeting analyze interview.mp4[/]: find the micro-expressions of a video; start with report.html.

[bold]fleeting demo[/]: see it at work, on a synthetic interview whose truth is known.

[bold]fleeting evaluate lbp_top_svm --data casme2=FOLDER[/]: judge a method on people it has never seen.
"""
PANELS = {
    "Events in video": (analyze, sensitivity, studio, live, coded, demo),
    "Methods on people they have never seen": (evaluate, spot, compare, report, inflate, reproduce, train, methods, cache),
}

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich")
for panel, commands in PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
app.add_typer(datasets, name="datasets", rich_help_panel="Data and files")
app.add_typer(models, name="models", rich_help_panel="Data and files")


def _version(asked: bool) -> None:
    if asked:
        console.print(f"fleeting {__version__}", highlight=False)
        raise typer.Exit


@app.callback(help=HELP)
def start(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show which version this is.")] = False,
) -> None:
    """What stands before any command."""


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
