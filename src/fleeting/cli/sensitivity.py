"""``fleeting sensitivity``: what a recording could have shown."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ..errors import OutputError, UsageError
from .terminal import advance, console, progress


def sensitivity(
    video: Annotated[str, typer.Argument(help="A video file or a folder of pictures.", metavar="VIDEO")],
    spotter: Annotated[str, typer.Option(help="Whose: flow, net, or a .safetensors file of `fleeting train spotter`.")] = "flow",
    threshold: Annotated[float | None, typer.Option(help="Spotting score from which motion counts, as in `fleeting analyze`.")] = None,
    pixels: Annotated[
        bool, typer.Option("--pixels", help="Put the expressions into the pictures and measure these anew: minutes instead of seconds.")
    ] = False,
    rounds: Annotated[int, typer.Option(help="With --pixels: how often; 12 expressions a minute each time.", min=1)] = 3,
    each: Annotated[int, typer.Option(help="Without --pixels: how many expressions of each size and length.", min=1)] = 50,
    seed: Annotated[int, typer.Option(help="For all that is random.", min=0)] = 0,
    fps: Annotated[float | None, typer.Option(help="Frames a second of picture folders, which do not say.")] = None,
    out: Annotated[Path | None, typer.Option(help="Table (.csv) of every expression that was added, and whether it was found.")] = None,
) -> None:
    """Add micro-expressions of known size to a recording, and say which share of them is found: how to read that nothing was."""
    from ..analysis.sensitivity import SIZES, shares, tried, tried_in_pictures
    from ..faces.mesh import FaceMesh
    from ..faces.signals import measure
    from ..media import open_media
    from ..spotting import load_spotter

    chosen = load_spotter(spotter, **({} if threshold is None else {"threshold": threshold}))
    if out is not None and out.exists():
        raise UsageError(f"{out} is there already: give another name.")
    with progress() as bars:
        if pixels:
            rows = tried_in_pictures(video, chosen, rounds, seed, fps=fps, progress=partial(advance, bars))
        else:
            with open_media(video, fps=fps) as media:
                media.require_rate()
                total = media.frame_count
                tables = measure(media, FaceMesh(), progress=lambda frame: advance(bars, "measuring", frame.index + 1, total)).tables
            rows = tried(tables, chosen, seed, each, most_s=75.0 * each)
    if rows.empty:
        console.print("No expression has room in this recording: the face is not seen for long enough.")
        return
    highest = [*SIZES[1:-1], SIZES[-1] + 1]
    named = (lambda size: f"below {next(high for high in highest if size < high):g}") if pixels else "{:g}".format
    rows["% of the eye distance"] = [named(size) for size in rows["size"]]
    for by in (["part", "% of the eye distance"], ["part", "emotion"]):
        table = Table(*by, "added", "found", "share", "95 % interval", box=None, pad_edge=False)
        for row in shares(rows, by).itertuples(index=False):
            table.add_row(*map(str, row[:4]), f"{row.share:.2f}", f"{row.low:.2f} to {row.high:.2f}")
        console.print(table)
        console.print()
    if out is not None:
        try:
            rows.to_csv(out, index=False)
        except OSError as error:
            raise OutputError(f"{out} cannot be written: {error.strerror}.") from error
