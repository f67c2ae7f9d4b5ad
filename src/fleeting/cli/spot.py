"""``fleeting spot``: a spotter on long videos of people it has never learned from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ..clip import shows_nobody
from .data import Data, DataSet, datasets_of
from .evaluate import LEAKY, Folds, Jobs, Out, Seed, protocol_of
from .terminal import console, errors, settings, stages

if TYPE_CHECKING:
    from ..clip import Video

Parameters = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PARAMETER=VALUE", help="A parameter of the spotter: rate=25, p=0.55, k={'micro':6,'macro':18}."),
]


def spot(
    data: Data = None,
    spotter: Annotated[
        str,
        typer.Option(help="flow; or expression_runs, feature_difference, frame_difference, mdmd, optical_strain, softnet: published ones."),
    ] = "flow",
    protocol: Annotated[str, typer.Option(help="loso, subject-kfold or lodo.")] = "loso",
    out: Out = Path("runs"),
    seed: Seed = 0,
    jobs: Jobs = 1,
    set_: Parameters = None,
    folds: Folds = None,
    data_set: DataSet = None,
) -> None:
    """Judge a spotter on long videos as the challenges do: F1 of micro, macro and overall, with 95 % intervals over people."""
    from ..drawing.tables import to_rich
    from ..evaluation.spot import spot as run
    from ..evaluation.spotting_report import score_tables
    from ..spotting import load_video_spotter

    chosen = load_video_spotter(spotter, **settings(set_ or [], "--set", "p=0.55"))
    videos: list[Video] = [video for dataset in datasets_of(data, data_set) for video in dataset.videos()]
    splitter = protocol_of(protocol, folds, None, None, None)(videos)
    told: dict[str, int] = {}
    with stages(told) as step:
        done = run(chosen, videos, splitter, out, seed, jobs, step, name=spotter)
    if kept := len(done.about["folds"]) - told.get("folds", 0):
        errors.print(f"{kept} of {len(done.about['folds'])} folds were there already.")
    people = f"{len(done.persons)} videos of {done.persons.nunique()} people"
    console.print(Text(f"{spotter}: {people}, {splitter}, seed {seed}", "bold"), soft_wrap=True)
    if done.leaky:
        console.print(Text(LEAKY, "bold red"), soft_wrap=True)
    if made := [name for name in done.events.videos["dataset"].unique() if shows_nobody(name)]:
        text = f"SYNTHETIC: the videos of {', '.join(made)} show nobody. This does not say how well it does on people."
        console.print(Text(text, "bold"), soft_wrap=True)
    console.print(to_rich(score_tables(done)))
    console.print(f"Run: {out / done.name}", markup=False, highlight=False, soft_wrap=True)
