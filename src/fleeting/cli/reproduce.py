"""``fleeting reproduce``: a paper's tables run anew, published beside reproduced."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .terminal import console, stages

Data = Annotated[
    list[str] | None,
    typer.Option("--data", metavar="NAME[=PATH]", help="A dataset and its folder, such as casme2=~/casme2. Without: synthetic."),
]
Size = Annotated[str, typer.Option(help="tiny (a minute), small (minutes), or paper (the paper's own sizes, for a machine with a GPU).")]
Only = Annotated[list[str] | None, typer.Option("--only", metavar="NAME", help="Run this table or this row alone. Several are taken.")]
Out = Annotated[Path, typer.Option(help="Folder of the page, the runs and the synthetic release; what is there is not run again.")]


def reproduce(
    paper: Annotated[str, typer.Argument(help="eye-cnn, apex-dcnn, two-stream, survey or tlcnn.")],
    data: Data = None,
    scale: Size = "small",
    only: Only = None,
    out: Out = Path("reproduction"),
    seed: Annotated[int, typer.Option(help="For all that is random in training.")] = 0,
    jobs: Annotated[int, typer.Option(help="Processes; -1 takes one for each core. Changes no prediction.")] = 1,
) -> None:
    """Run the tables of a paper anew, by its own protocol and by LOSO, and write one page with both beside what was published."""
    from ..reproduction.reproduce import reproduce as run

    named = {name: path or None for name, _, path in (each.partition("=") for each in data or [])}
    with stages() as step:
        page = run(paper, named, scale, out, seed, jobs, step, only=only)
    console.print(f"Page: {page}", markup=False, highlight=False, soft_wrap=True)
