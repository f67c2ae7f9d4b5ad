"""What all commands share: where words go, and progress."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..errors import FleetingError, UsageError

# Parameters that are options, of the same meaning wherever they are.
SWITCHES = re.compile(r"(?:\bclips\()?\b(coarse|overwrite|partial)=True\b\)?")
VALUES = re.compile(
    r"\b(candidates|clock|coder|face|fps|jobs|recogniser|seconds|seed|spotter|subjects|video)=(?:'([^']*)'|([^\s,;:)']*))"
)
OTHERWISE = {"clock": "fps", "subjects": "subject"}
TIERS = re.compile(r"\btiers=\{'(\w+)': '(\w+)'\}")

console, errors = Console(), Console(stderr=True)


@contextmanager
def progress() -> Iterator[Progress]:
    """Bars for long work, gone when it is done; to be moved by :func:`advance`."""
    columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=errors, transient=True, redirect_stdout=False) as bars:
        yield bars


def advance(bars: Progress, what: str, done: int, total: int | None) -> None:
    """Move the bar called ``what``, which appears with its first step."""
    task = next((t for t in bars.tasks if t.description == what), None)
    if task is None:
        bars.update(bars.add_task(what, total=total), completed=done)
    else:
        bars.update(task.id, completed=done, total=total)


@contextmanager
def stages(told: dict[str, int] | None = None) -> Iterator[Callable[[str, int, int, float | None], None]]:
    """What moves a bar for each stage of long work, as ``progress(stage, done, total, seconds_left)``; ``told`` gets each one's length."""
    with progress() as bars:

        def step(stage: str, done: int, total: int, seconds_left: float | None) -> None:
            if told is not None:
                told[stage] = total
            advance(bars, stage, done, total)

        yield step


def note(message: Warning | str, category: type[Warning], filename: str = "", *_: object) -> None:
    """Show a warning of ours as a note; others' warnings are not the user's concern."""
    renewed = "loky" in filename  # joblib tells that it has replaced a worker, by which nothing is lost
    if not renewed and (category is UserWarning or category.__module__.startswith("fleeting")):
        errors.print(f"[yellow]note:[/] {escape(in_options(str(message)))}", highlight=False, soft_wrap=True)


def say(error: FleetingError) -> None:
    """Show an error of ours."""
    errors.print(f"[bold red]error:[/] {escape(in_options(str(error)))}", highlight=False, soft_wrap=True)


def in_options(message: str) -> str:
    """A message, which speaks Python, in the words of the command line: ``--fps 30`` for ``fps=30``, ``--overwrite`` for its True."""
    message = SWITCHES.sub(r"--\1", TIERS.sub(r"--tier \1=\2", message))
    return VALUES.sub(lambda found: f"--{OTHERWISE.get(found[1], found[1])} {found[2] or found[3] or ''}".rstrip(), message)


def settings(given: Sequence[str], option: str, example: str, plain: bool = False) -> dict[str, Any]:
    """``svc__C=10`` as a keyword, its value as :func:`literal` reads it, or, if ``plain``, as text."""
    found = {}
    for word in given:
        key, sign, value = word.partition("=")
        if not (sign and key.replace("-", "_").isidentifier()):
            raise UsageError(f"{option} {word} is not KEY=VALUE, such as {option} {example}")
        found[key] = value if plain else literal(value)
    return found


def literal(text: str) -> Any:
    """Numbers, True, None, tuples and lists as Python writes them; anything else is a word."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def words(joined: str) -> str:
    """``AU1+AU2`` so that a narrow column can break it."""
    return joined.replace("+", " ")
