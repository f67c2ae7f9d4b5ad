"""``fleeting train``: a network fitted to all clips of a dataset, kept for ``fleeting analyze --recogniser``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from ..extras import need
from .data import Data, DataSet, Labels, Megc, Partial, Set, clips_of, labelled
from .terminal import console, settings, stages

if TYPE_CHECKING:
    from ..clip import Clip


def train(
    method: Annotated[
        str,
        typer.Argument(
            help="A network that `fleeting methods` lists, such as eye_cnn or ststnet; or recogniser: with --data what `pretrained` "
            "makes of your own clips, without it the weights that come with Fleeting, made anew; or spotter, for `analyze --spotter`."
        ),
    ],
    out: Annotated[Path, typer.Option(help="File of the weights, .safetensors; its card, .json, comes to lie beside it.")],
    data: Data = None,
    labels: Labels = "3class",
    seed: Annotated[int, typer.Option(help="For all that is random.")] = 0,
    jobs: Annotated[int, typer.Option(help="Processes for what is done once a clip; -1 takes one for each core.")] = 1,
    set_: Set = None,
    megc: Megc = None,
    data_set: DataSet = None,
    incomplete: Partial = False,
    pretrain: Annotated[
        bool, typer.Option("--pretrain", help="Train on pictures of expressions instead, for what tlcnn, c5_svm and sdf start from.")
    ] = False,
    footage: Annotated[
        list[Path] | None,
        typer.Option(help="For spotter: a recording of people who talk, or a folder of such, to learn from; nothing in it need be coded."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace weights that are there.")] = False,
) -> None:
    """Train a network on all clips of a dataset and keep its weights. How good it is on other people, `fleeting evaluate` tells."""
    from ..methods.transfer import pretrain as run_first
    from ..training.train import free_path
    from ..training.train import train as run

    if method == "spotter":
        _spotter(out, footage or [], seed, set_, overwrite)
        return
    if footage:
        raise UsageError(f"--footage is what the spotter learns from; {method} takes --data.")
    if method == "recogniser":
        _recogniser(clips_of(data, data_set, megc, incomplete) if data else None, labels, out, seed, set_, overwrite)
        return
    clips, parameters = clips_of(data, data_set, megc, incomplete), settings(set_ or [], "--set", "epochs=50")
    if pretrain:
        with stages() as step:
            path = run_first(method, clips, free_path(out, overwrite), progress=step, **parameters)
        console.print(f"Weights: {path}", markup=False, highlight=False, soft_wrap=True)
        console.print(f"To use them: fleeting evaluate {method} --set expressions={path}", markup=False, highlight=False, soft_wrap=True)
        return
    clips, y = labelled(clips, labels)
    with stages() as step:
        path = run(method, clips, y, out, parameters, seed, jobs, step, overwrite=overwrite)
    _say_recogniser(path)


def _recogniser(clips: list[Clip] | None, labels: str, out: Path, seed: int, set_: list[str] | None, overwrite: bool) -> None:
    from ..training.recogniser import train_recogniser

    y: Any = None
    if clips is not None:
        clips, y = labelled(clips, labels)
    with stages() as step:
        options = settings(set_ or [], "--set", "samples=6000")
        path = train_recogniser(out, clips, y, seed=seed, progress=step, overwrite=overwrite, **options)
    _say_recogniser(path)


def _spotter(out: Path, footage: list[Path], seed: int, set_: list[str] | None, overwrite: bool) -> None:
    need("networks", "train spotter")
    from ..training.spotter import train_spotter

    with stages() as step:
        path = train_spotter(out, footage, seed=seed, progress=step, overwrite=overwrite, **settings(set_ or [], "--set", "steps=1000"))
    console.print(f"Weights: {path}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"To use them: fleeting analyze VIDEO --spotter {path}", markup=False, highlight=False, soft_wrap=True)


def _say_recogniser(path: Path) -> None:
    console.print(f"Weights: {path}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"To use them: fleeting analyze VIDEO --recogniser {path}", markup=False, highlight=False, soft_wrap=True)
