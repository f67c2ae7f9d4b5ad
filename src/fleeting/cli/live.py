"""``fleeting live``: a camera watched in the browser, with events as they happen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .studio import Browser, Port, serve


def live(
    camera: Annotated[
        int | None, typer.Option(help="Number of a camera of this machine, the first is 0; default: the browser's own camera.", min=0)
    ] = None,
    spotter: Annotated[str, typer.Option(help="What finds the events: flow; net where people talk; or a file of weights.")] = "flow",
    folder: Annotated[Path | None, typer.Option(help="Where recordings go, if you make any; default: the current folder.")] = None,
    port: Port = None,
    browser: Browser = True,
) -> None:
    """Watch a camera: the face, how its regions move, and events as they happen. Nothing is kept unless you record."""
    from ..spotting import load_spotter

    load_spotter(spotter)  # what cannot be is said now
    serve([folder or Path()], path="/live", port=port, browser=browser, camera=camera, spotter=spotter)
