"""``fleeting datasets``: what there is, what is wrong with a copy of it, and data made without any licence."""

from __future__ import annotations

import ast
import json
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from ..errors import DatasetError, UsageError
from .terminal import advance, console, progress, words

datasets = typer.Typer(no_args_is_help=True, help="Datasets of the field: listed, checked, and made without a licence.")


@datasets.command("list")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Everything that is known, as JSON.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Files, counts, oddities, leaks, as docs/datasets.md has them.")] = False,
) -> None:
    """List every dataset; in brackets what the survey's Table 1 has where it differs."""
    from ..datasets.catalogue import catalogue, catalogue_page

    if markdown:
        sys.stdout.write(catalogue_page())
        return
    table = catalogue()
    if as_json:
        _json(json.loads(table.to_json(orient="records")))
        return
    listed = table["survey_resolution"] != ""
    for title, rows in (("In the survey's Table 1", table[listed]), ("Others", table[~listed])):
        console.print(_listing(title, rows))
    console.print("In brackets: the survey's number, where it is another. --json tells more: addresses, DOIs.")
    for row in table[table["remark"] != ""].itertuples():
        console.print(Text.assemble((f"{row.name}: ", "bold"), str(row.remark)))


@datasets.command()
def check(
    name: Annotated[str, typer.Argument(help="Which dataset, as `fleeting datasets list` calls it.")],
    path: Annotated[Path, typer.Argument(help="The folder that its owners sent, unpacked.")],
    deep: Annotated[bool, typer.Option("--deep", "--frames", help="Decode every picture, not only look at its size and header.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="All findings as JSON.")] = False,
    jobs: Annotated[int | None, typer.Option(help="Pictures decoded at once; default: one a core.", min=1)] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the reader: sheet=FILE, layout=raw, camera=VIS.")
    ] = None,
) -> None:
    """Say what is missing from a release, what contradicts itself, and which counts differ from print; ends with 3 if there are errors."""
    from ..datasets.catalogue import open_dataset

    dataset = open_dataset(name, path, **_settings(set_ or []))
    with progress() as bars:
        checkup = dataset.check(deep=deep, jobs=jobs, progress=partial(advance, bars, "decoding"))
    if as_json:
        _json(checkup.to_dict())
    else:
        for line in str(checkup).splitlines():
            colour = {"error": "red", "warning": "yellow", "note": "dim"}.get(line.partition(":")[0], "")
            console.print(Text(line, colour), soft_wrap=True)
    if not checkup.ok:
        sys.exit(DatasetError.exit_code)


@datasets.command()
def synthesize(
    out: Annotated[Path, typer.Argument(help="Folder for the release; new, empty, or left unfinished by the same command.")],
    subjects: Annotated[int, typer.Option(help="How many people.")] = 26,
    clips: Annotated[int, typer.Option(help="How many clips of micro-expressions.")] = 255,
    fps: Annotated[float, typer.Option(help="Frames a second.")] = 200.0,
    seed: Annotated[int, typer.Option(help="Another number, another release.")] = 0,
    size: Annotated[int, typer.Option(help="Side of the pictures, px, a multiple of 8.")] = 128,
    long_videos: Annotated[int | None, typer.Option(help="How many long videos, for spotting.")] = None,
    expressions: Annotated[int | None, typer.Option(help="How many stills of strong expressions, for pre-training.")] = None,
    maps: Annotated[int | None, typer.Option(help="How many flow maps.")] = None,
    faces: Annotated[Path | None, typer.Option(help="Folder of your own pictures of faces, one for each person.")] = None,
    pictures: Annotated[str, typer.Option(help="jpg, or png, which keeps every bit.")] = "jpg",
    layout: Annotated[str, typer.Option(help="folders, packed (a zip file a clip), or auto, which packs 2,000 clips and more.")] = "auto",
    jobs: Annotated[int, typer.Option(help="Processes; -1 takes one for each core.")] = -1,
) -> None:
    """Write a synthetic release: clips with exact onset, apex, offset, action units and flow; nobody made these expressions."""
    from ..synthetic.release import synthesize as run

    given: dict[str, Any] = {"long_videos": long_videos, "expressions": expressions, "maps": maps}
    given = {key: value for key, value in given.items() if value is not None}
    with progress() as bars:
        tell = partial(advance, bars)
        folder = run(
            out, subjects, clips, fps, seed, size, faces=faces, jobs=jobs, progress=tell, pictures=pictures, layout=layout, **given
        )
    console.print(f"Synthetic release: {folder}", markup=False, highlight=False, soft_wrap=True)


@datasets.command()
def eyes(
    source: Annotated[str, typer.Argument(help="FER2013's csv, class folders, an npz of faces, a folder with clips.csv, or NAME=PATH.")],
    out: Annotated[Path, typer.Argument(help="Folder for the eyes; a new one.")],
    size: Annotated[int, typer.Option(help="Side of the pictures, px.")] = 32,
    keep_aspect: Annotated[bool, typer.Option("--keep-aspect", help="Repeat rows at the edge instead of stretching the eyes.")] = False,
    band: Annotated[bool, typer.Option("--band", help="Take the same band of each picture, without looking for the face.")] = False,
    jobs: Annotated[int, typer.Option(help="Pictures at once.", min=1)] = 1,
) -> None:
    """Cut the eye region out of an expression or clip set, into a folder for each emotion, with a sheet."""
    from ..datasets.eyes import SHEET, read_expressions
    from ..datasets.eyes import eyes as run

    found = read_expressions(source)
    with progress() as bars:
        step = partial(advance, bars, "cutting")
        table = run(found, out, size=size, keep_aspect=keep_aspect, find_mesh=not band, jobs=jobs, progress=step)
    counts = table["method"].value_counts()
    how = {"mesh": "by the face mesh", "band": "by the usual band, for no face was found", "none": "left out, no eyes were found"}
    if band:
        how["band"] = "by the usual band"
    said = ", ".join(f"{counts[method]} {text}" for method, text in how.items() if method in counts)
    doubles = int((table["same_as"] != "").sum())
    console.print(f"{said}; {doubles} are exactly another picture again. {out / SHEET}", markup=False, highlight=False, soft_wrap=True)


@datasets.command()
def inject(
    videos: Annotated[list[Path], typer.Argument(help="Recordings of a face: video files or folders of pictures.", metavar="VIDEO...")],
    out: Annotated[Path, typer.Option(help="Folder for the recordings with injected events, their controls and the sheet; a new one.")],
    seed: Annotated[int, typer.Option(help="Another number, other events.")] = 0,
    per_min: Annotated[float, typer.Option(help="Events a minute; one at least.")] = 12.0,
    percent: Annotated[tuple[float, float], typer.Option(help="Least and greatest displacement, % of the eye distance.")] = (1.5, 4.0),
    fps: Annotated[float | None, typer.Option(help="Frames a second: needed for picture folders, and for slow motion.")] = None,
    crf: Annotated[int | None, typer.Option(help="Compress into .mp4, 0 (best) to 51; default: .mkv, which keeps every bit.")] = None,
) -> None:
    """Put known micro-expressions into real recordings, beside untouched controls, to see what could have been seen there."""
    from ..synthetic.inject import SHEET
    from ..synthetic.inject import inject as run

    with progress() as bars:
        table = run(videos, out, seed=seed, per_min=per_min, amplitude=percent, fps=fps, crf=crf, progress=partial(advance, bars))
    shown = Table(box=SIMPLE_HEAD, title="Injected: nobody made these expressions", title_justify="left", padding=(0, 1, 0, 0))
    for column in ("video", "onset s", "apex s", "offset s", "emotion", "AUs", "%"):
        shown.add_column(column, justify="right" if column.endswith((" s", "%")) else "left")
    for row in table.to_dict("records"):
        seconds = (f"{row[column]:.2f}" for column in ("onset_s", "apex_s", "offset_s"))
        shown.add_row(row["video"], *seconds, row["emotion"], words(row["aus"]), f"{row['amplitude']:.1f}")
    console.print(shown)
    console.print(f"%: largest displacement, of the eye distance. The truth: {out / SHEET}", markup=False, highlight=False, soft_wrap=True)


def _listing(title: str, rows: Any) -> Table:
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))
    for column in ("name", "samples", "people", "frames/s", "px", "classes", "AUs", "reader"):
        table.add_column(column, justify="right" if column in ("samples", "people", "frames/s", "classes") else "left")
    for row in rows.itertuples():
        cells = [
            (row.clips, row.survey_clips), (row.subjects, row.survey_subjects), (row.fps, row.survey_fps),
            (row.resolution, row.survey_resolution), (row.classes, row.survey_classes),
            ("yes" if row.aus else "no", {"Y": "yes", "N": "no"}.get(row.survey_aus, "")),
        ]  # fmt: skip
        table.add_row(f"{row.name} {row.camera}".strip(), *(_beside(ours, theirs) for ours, theirs in cells), "yes" if row.reader else "no")
    return table


def _beside(ours: Any, theirs: Any) -> Text:
    """Our number, and in brackets the survey's where it is another one."""
    ours, theirs = (_plain(value) for value in (ours, theirs))
    return Text.assemble(ours or "-", (f" ({theirs})", "yellow") if theirs and theirs != ours else "")


def _plain(value: Any) -> str:
    import pandas as pd

    if value is None or pd.isna(value):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _settings(words: list[str]) -> dict[str, Any]:
    """``camera=VIS`` as a keyword; numbers and tuples as Python writes them."""
    settings = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not (sign and key.isidentifier()):
            raise UsageError(f"--set {word} is not KEY=VALUE, such as sheet=FILE, layout=raw or camera=VIS.")
        try:
            settings[key] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            settings[key] = value
    return settings


def _json(content: Any) -> None:
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
