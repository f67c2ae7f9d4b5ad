"""``fleeting analyze``: videos in, events out."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from ..errors import FleetingError, MediaError, OutputError, UsageError
from .codes import INTERRUPTED, SOME_FAILED
from .terminal import advance, console, errors, note, progress, say, words

SHOWN = 50  # events of a video that are printed


def analyze(
    videos: Annotated[list[str], typer.Argument(help="Video files, folders of pictures, or the number of a camera.", metavar="VIDEO...")],
    out: Annotated[Path, typer.Option(help="Folder for the results; with several videos, one folder each inside it.")] = Path(
        "fleeting-results"
    ),
    face: Annotated[str, typer.Option(help="Whose face: 'largest', 'all', or a number in the order of appearance.")] = "largest",
    spotter: Annotated[
        str, typer.Option(help="What finds the events: flow; net where people talk; or a .safetensors file of `fleeting train spotter`.")
    ] = "flow",
    recogniser: Annotated[str, typer.Option(help="Which method names them, or a .safetensors file of `fleeting train`.")] = "pretrained",
    unclear: Annotated[float, typer.Option(help="Probability below which an emotion is unclear; 0 names one always.")] = 0.5,
    max_duration: Annotated[float, typer.Option(help="Longest micro-expression in seconds; longer ones are macro.")] = 0.5,
    threshold: Annotated[
        float | None, typer.Option(help="Spotting score from which motion counts; lower finds more, and more that is nothing.")
    ] = None,
    false_alarms: Annotated[
        float | None, typer.Option(help="Instead of --threshold: how many false events a minute talking footage may give.")
    ] = None,
    candidates: Annotated[float, typer.Option(help="How many weaker events a minute to report as well, marked as such.", min=0)] = 0.0,
    fps: Annotated[float | None, typer.Option(help="Frames a second: needed for picture folders, and for slow motion.")] = None,
    seconds: Annotated[float | None, typer.Option(help="How long to record a camera.")] = None,
    coarse: Annotated[bool, typer.Option("--coarse", help="Do without the face model file: face box only.")] = False,
    incomplete: Annotated[bool, typer.Option("--partial", help="Take what a truncated recording still holds.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace results that are there already.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Leave out videos whose results are there already.")] = False,
    jobs: Annotated[int, typer.Option(help="How many videos at once, or parts of a long one; each uses one to two cores.", min=1)] = 1,
    cluster: Annotated[str | None, typer.Option(help="Address of a Dask scheduler, tcp://host:port, whose workers take them all.")] = None,
) -> None:
    """Find the micro-expressions in videos and write events.csv, analysis.json, events.eaf, events.vtt, signals.csv and report.html."""
    from ..analysis.analyze import face_model
    from ..methods.recogniser import load_recogniser
    from ..spotting import load_spotter

    load_recogniser(recogniser)  # refused now, not after a video
    if threshold is not None and false_alarms is not None:
        raise UsageError("--threshold and --false-alarms say the same: give one of them.")
    chosen = load_spotter(spotter, max_duration_s=max_duration)
    if false_alarms is not None:
        threshold = chosen.threshold_at(false_alarms)
    if threshold is not None:
        chosen.set_params(threshold=threshold)
    whose, folders = _face(face), _folders(videos, out)
    todo = {video: folder for video, folder in folders.items() if not (resume and (folder / "events.csv").exists())}
    _check(todo, overwrite, fps)
    if cluster and (cameras := [video for video in videos if video.isdecimal()]):
        raise UsageError(f"camera {cameras[0]} is on this machine, not on the cluster's: leave out --cluster, or record it first.")
    together = [out / name for name in ("events.csv", "summary.csv", "overview.html")] if len(videos) > 1 else []
    if (there := [path for path in together if path.exists()]) and not (overwrite or resume):
        raise UsageError(f"{there[0]} exists already. Replace it with --overwrite, or choose another output folder.")
    for video in (video for video in folders if video not in todo):
        errors.print(f"{video}: the results are there already, in {folders[video]}.", markup=False, highlight=False, soft_wrap=True)
    options: dict[str, Any] = {
        "face": whose,
        "spotter": chosen,
        "recogniser": os.path.abspath(recogniser) if os.path.isfile(recogniser) else recogniser,
        "unclear": unclear,
        # Once for all, where each video would ask for the model file anew.
        "coarse": coarse or (len(todo) > 1 and face_model() is None),
        "partial": incomplete,
        "fps": fps,
        "seconds": seconds,
        "candidates": candidates,
        "jobs": jobs if len(todo) == 1 and not cluster else 1,
    }
    failed = _each(todo, options, overwrite, jobs, cluster)
    if together and len(failed) < len(folders):
        _gather(folders, failed, *together)
    if failed:
        sys.exit(SOME_FAILED if len(failed) < len(folders) else max(error.exit_code for error in failed.values()))


def _face(word: str) -> Any:
    if word.isdecimal():
        return int(word)
    if word not in ("largest", "all"):
        raise UsageError(f"--face {word} is not allowed; use 'largest', 'all' or a number from 1.")
    return word


def _folders(videos: list[str], out: Path) -> dict[str, Path]:
    """The results folder of each video."""
    files = [video if video.isdecimal() else os.path.realpath(video) for video in videos]
    for position, file in enumerate(files):
        if file in files[:position]:
            raise UsageError(f"{videos[position]} is named twice; name each video once.")
    if len(videos) == 1:
        return {videos[0]: out}
    folders: dict[str, Path] = {}
    taken: set[str] = set()  # in small letters: elsewhere than on Linux Anna and anna are one folder
    for video in videos:
        path = Path(os.path.abspath(video))  # "." and ".." have no name
        name = path.name if path.is_dir() else path.stem
        # Videos of one name in different folders, or with different endings, are told apart by a number.
        folder, number = out / name, 2
        while folder.name.casefold() in taken:
            folder, number = out / f"{name}-{number}", number + 1
        folders[video] = folder
        taken.add(folder.name.casefold())
    return folders


def _check(folders: dict[str, Path], overwrite: bool, fps: float | None) -> None:
    """Nothing, where all can be written, and no folder of pictures lacks its frame rate."""
    from ..analysis.export import check_writable
    from ..media import open_media

    for video, folder in folders.items():
        check_writable(folder, overwrite)
        if fps is None and os.path.isdir(video):
            with suppress(MediaError), open_media(video) as media:
                media.require_rate()


def _each(
    folders: dict[str, Path], options: dict[str, Any], overwrite: bool, jobs: int, cluster: str | None
) -> dict[str, FleetingError]:
    """Analyse and save every video; the errors of those that failed."""
    failed: dict[str, FleetingError] = {}
    made = _on_cluster(folders, options, cluster) if cluster else None
    with progress() as bars, closing(made or _outcomes(folders, options, overwrite, jobs, bars)) as outcomes:
        for done, (video, outcome) in enumerate(outcomes, 1):
            if isinstance(outcome, FleetingError):
                failed[video] = outcome
                say(outcome)
            else:
                # Above the bars where both show on a terminal.
                to = errors if errors.is_terminal and console.is_terminal else console
                to.print(outcome)
                to.print(f"Report: {folders[video] / 'report.html'}", markup=False, highlight=False, soft_wrap=True)
            if len(folders) > 1:
                advance(bars, "videos", done, len(folders))
    return failed


def _outcomes(
    folders: dict[str, Path], options: dict[str, Any], overwrite: bool, jobs: int, bars: Progress
) -> Generator[tuple[str, RenderableType | FleetingError]]:
    """Each video with what :func:`_one` says of it, in order, as they are done."""
    if jobs == 1 or len(folders) <= 1:
        for video, folder in folders.items():
            yield video, _one(video, folder, options, overwrite, partial(advance, bars, Path(video).name))
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import active_children, get_context

    with ProcessPoolExecutor(min(jobs, len(folders)), get_context("spawn")) as pool:
        # Ctrl-C reaches every process of a terminal. The others inherit that they ignore it, and are stopped from here.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            coming = {video: pool.submit(_one_of_many, video, folder, options, overwrite) for video, folder in folders.items()}
        finally:
            signal.signal(signal.SIGINT, handler)
        try:
            for video, outcome in coming.items():
                yield video, outcome.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in active_children():
                process.terminate()
            raise


def _one_of_many(*arguments: Any) -> RenderableType | FleetingError:
    """:func:`_one` in a process of its own, which tidies up and ends when it is terminated."""

    def stop(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # tidying up is not to be stopped
        raise KeyboardInterrupt

    handler = signal.signal(signal.SIGTERM, stop)
    try:
        return _one(*arguments)
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)  # the pool would keep the process
    finally:
        signal.signal(signal.SIGTERM, handler)


def _on_cluster(
    folders: dict[str, Path], options: dict[str, Any], address: str
) -> Generator[tuple[str, RenderableType | FleetingError]]:
    """Each video with what :func:`_one` says of it, as they are done by the workers of a cluster."""
    from ..compute.workers import run_all

    warnings.showwarning = note  # type: ignore[assignment]
    videos = list(folders)
    calls = [(os.path.abspath(video), folder.absolute(), options) for video, folder in folders.items()]
    for number, (outcome, said) in run_all(_one_there, calls, cluster=address):
        video, folder = videos[number], folders[videos[number]]
        for message in said:
            note(f"{video}: {message}", UserWarning)
        if not isinstance(outcome, FleetingError) and not (folder / "events.csv").exists():
            outcome = OutputError(
                f"{video} was analysed, but {folder} is not where the worker has it: the results folder must be on storage that "
                "all machines see under the same path."
            )
        yield video, outcome


def _one_there(video: str, folder: Path, options: dict[str, Any]) -> tuple[RenderableType | FleetingError, list[str]]:
    """:func:`_one` on another machine, and what it would have noted here."""
    import socket

    if not os.path.exists(video):
        return MediaError(
            f"{video} is not there for the worker on {socket.gethostname()}: videos must be on storage that all machines see under "
            "the same path."
        ), []
    said: list[str] = []
    # What is there already was asked for before anything was sent: it is of a worker that was lost when it had written but not said so.
    return _one(video, folder, options, True, tell=lambda message, *_: said.append(str(message))), said


def _one(
    video: str,
    folder: Path,
    options: dict[str, Any],
    overwrite: bool,
    advance: Callable[[int, int | None], None] | None = None,
    tell: Callable[..., None] = note,
) -> RenderableType | FleetingError:
    """A table of one video's events, or the error that stopped it."""
    from ..analysis.analyze import analyze as run

    warnings.showwarning = tell
    step = (lambda frame, media: advance(frame.index + 1, media.frame_count)) if advance else None
    try:
        analysis = run(video, progress=step, **options)
        analysis.save(folder, overwrite=overwrite)
    except FleetingError as error:
        return error
    return _summary(analysis)


def _summary(analysis: Any) -> RenderableType:
    from ..analysis.findings import certain

    q = analysis.quality
    sure = certain(analysis.events)
    counts = [f"{(sure['kind'] == kind).sum()} {kind}" for kind in ("micro", "macro")]
    counts += [f"{weaker} candidates"] if (weaker := len(analysis.events) - len(sure)) else []
    counts += [f"{(analysis.others['kind'] == kind).sum()} {kind}" for kind in ("blink", "speech", "head")]
    title = f"{analysis.name}: {', '.join(counts)}; {q['judged_share']:.0%} of {q['duration_s']:.1f} s judged"
    if others := sum(not face["analysed"] for face in q["faces"]):
        title += f"; {others} of {len(q['faces'])} faces not analysed"
    if q["reason"]:
        return Group(Text(title, "italic"), Text(q["reason"]))
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("kind", "onset s", "apex s", "offset s", "score", "emotion", "AUs", "regions"):
        wide = name in ("AUs", "regions")
        table.add_column(name, justify="right" if name.endswith(" s") or name == "score" else "left", no_wrap=not wide)
    for row in analysis.events.head(SHOWN).itertuples():
        seconds = (f"{value:.2f}" for value in (row.onset_s, row.apex_s, row.offset_s))
        likely = getattr(row, f"p_{row.emotion}", None)
        emotion = row.emotion if likely is None else f"{row.emotion} {likely:.2f}"
        kind = row.kind if row.certain else f"{row.kind}?"
        table.add_row(kind, *seconds, f"{row.score:.1f}", emotion, words(row.aus), words(row.regions))
    rest = f"The first {SHOWN} of {len(analysis.events)}; all are in events.csv." if len(analysis.events) > SHOWN else ""
    return Group(Text(title, "italic"), table, Text(rest)) if rest else Group(Text(title, "italic"), table)


def _gather(folders: dict[str, Path], failed: dict[str, FleetingError], events: Path, videos: Path, overview: Path) -> None:
    """One table of all videos' events, each under the name of its folder, one with a row a video, and a page of them."""
    import pandas as pd

    from ..analysis.overview import overview_html
    from ..analysis.summary import summary
    from ..drawing.page import write_text

    done = [folder for video, folder in folders.items() if video not in failed]
    tables = [pd.read_csv(folder / "events.csv", dtype=str, keep_default_na=False).assign(video=folder.name) for folder in done]
    write_text(events, pd.concat(tables).to_csv(index=False, lineterminator="\n"))
    contents = {folder.name: failed.get(video) or _content(folder) for video, folder in folders.items()}
    table = summary(contents)
    table["path"] = table["path"].fillna(pd.Series([*folders], index=table.index))  # what failed has no other
    write_text(videos, table.to_csv(index=False, lineterminator="\n"))
    write_text(overview, overview_html(contents))


def _content(folder: Path) -> Any:
    from ..analysis.read import read_content

    try:
        return read_content(folder)
    except UsageError as error:  # left out by --resume, and not whole any more
        return error
