"""``fleeting demo``: a synthetic interview, analysed, beside what is true of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from .terminal import advance, console, progress, words


def demo(
    seed: Annotated[int, typer.Option(help="Another number, another interview.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the interview and its results; replaced if it is there.")] = Path("fleeting-demo"),
) -> None:
    """Make a synthetic interview, analyse it, and compare what was found with what is true."""
    from ..analysis.demo import demo as run

    with progress() as bars:
        result = run(seed, out, progress=partial(advance, bars))
    console.print(_comparison(result))
    console.print(
        f"[bold]F1 {result.match.f1:.2f}[/] at an overlap of .5, on a [bold]synthetic[/] interview: "
        "it shows that the parts work together, not how well they do on people."
    )
    console.print(f"Report: {result.folder / 'report.html'}", markup=False, highlight=False, soft_wrap=True)


def _comparison(result: Any) -> Table:
    """Found beside true micro-expressions of the demo, in the order of time."""
    truth, events = (frame[frame["kind"] == "micro"].reset_index(drop=True) for frame in (result.truth, result.analysis.events))
    partner = {j: i for i, j in result.match.pairs}
    lines = [(row.onset_s, row, events.iloc[partner[j]] if j in partner else None) for j, row in truth.iterrows()]
    lines += [(row.onset_s, None, row) for i, row in events.iterrows() if i not in dict(result.match.pairs)]
    table = Table(title="Synthetic interview: the micro-expressions that are there, and those found", title_justify="left")
    for name in ("true s", "emotion", "AUs", "found s", "emotion", "AUs", "score"):
        table.add_column(name, no_wrap=name != "AUs")
    for _, true, found in sorted(lines, key=lambda line: line[0]):
        left = ("-", "", "nothing there") if true is None else (f"{true.onset_s:.2f}-{true.offset_s:.2f}", true.emotion, words(true.aus))
        right = (
            ("missed", "", "", "")
            if found is None
            else (f"{found.onset_s:.2f}-{found.offset_s:.2f}", found.emotion, words(found.aus), f"{found.score:.1f}")
        )
        table.add_row(*left, *right)
    return table
