"""spot: what a spotter finds in long videos of people it has never learned from, as a run that resumes.

Each fold gets a fresh copy of the spotter. What is learned or chosen (lengths, thresholds, weights) comes from the fold's training
persons alone. What depends on no fold is measured once a video and kept.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from ..base import open_seeds
from ..clip import Video
from ..compute.cache import Cache, cache_of
from ..compute.identity import UnnamableError, describe, digest, source
from ..compute.prefix import Progress, tell
from ..compute.workers import run_all
from ..errors import FleetingError, UsageError
from ..extras import need
from .evaluate import SAVE_EVERY_S, about_before, folds_of, provenance, tidy
from .fold import fold_seed, needs_torch, one_core, repeatable
from .run import SPOTTING, fold_path, write_about
from .spotting_run import EVENTS, Events, SpottingRun, joined, read_events, write_events

if TYPE_CHECKING:
    from ..protocols import Fold
    from ..spotting.video_spotter import VideoSpotter


class _Task(NamedTuple):
    """What all calls of one evaluation share."""

    spotter: VideoSpotter
    videos: list[Video]
    cache: Cache
    seed: int


def spot(
    spotter: str | Any,
    videos: Iterable[Video],
    protocol: Any,
    out: str | os.PathLike[str] | None = None,
    seed: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
    *,
    name: str | None = None,
    cache: Cache | bool = True,
) -> SpottingRun:
    """What the spotter finds in each tested video, by copies of it that never learned from the video's person.

    Parameters
    ----------
    spotter : str, VideoSpotter or FlowSpotter
        A name of :data:`fleeting.spotting.VIDEO_SPOTTERS` or :data:`fleeting.spotting.SPOTTERS`; or a spotter over videos or over signals.
    videos : iterable of Video
        As :meth:`fleeting.datasets.FolderDataset.videos` and other readers give them; each id once. Videos without a coded interval
        belong here, too: what is found there is false.
    protocol : Protocol or scikit-learn splitter
        Such as ``LOSO()``; it must test each video once.
    out : path, optional
        Where runs are kept, a folder each, ``<out>/<name>-<key>``. Started again, an interrupted run goes on from its last finished fold.
    seed : int, default=0
        For all that is random.
    jobs : int, default=1
        Processes; -1 takes one for each core. What is found does not depend on it.
    progress : callable, optional
        Called as ``progress(stage, done, total, seconds_left)``; stage is ``videos`` or ``folds``.
    name : str, optional
        What to call the spotter; default: its name or class.
    cache : Cache or bool, default=True
        Where crops and measurements are kept from one evaluation to the next; False: for this one only.

    Returns
    -------
    SpottingRun
        What was found in all tested videos.

    Raises
    ------
    UsageError
        Videos or spotter cannot be used as given, or a fold failed; finished folds are kept.
    LeakageError
        A person would be on both sides of a fold, and the protocol does not say that this may be.
    """
    from sklearn import clone

    named = spotter if isinstance(spotter, str) else None
    chosen = clone(_over_videos(spotter))
    films = _checked(videos)
    folds = folds_of(protocol, films)
    name = name or named or type(chosen).__name__
    leaky = bool(getattr(protocol, "leaky", False))
    about: dict[str, Any] = {"kind": SPOTTING, "name": name, "seed": seed, "leaky": leaky, "folds": [fold.name for fold in folds]}
    folder, done, before = None, {}, {}
    if out is not None:
        about |= _identity(chosen, films, protocol, seed)
        folder = Path(out) / f"{name}-{about['key']}"
        before = about_before(folder, about["key"])
        done = _kept_folds(folder, folds, films)
    if todo := [fold for fold in folds if fold.name not in done]:
        if needs_torch(chosen):
            need("networks", name)
        if folder is not None:
            about |= provenance(chosen) | {key: before.get(key, {}) for key in ("seconds", "chosen")}
            write_about(folder, about)
            tidy(folder)
        with ExitStack() as stack:
            held = cache_of(cache) or Cache(stack.enter_context(TemporaryDirectory(prefix="fleeting-")))
            done |= _run(_Task(chosen, films, held, seed), todo, about, folder, jobs, progress)
    else:
        about |= before  # what computed it, and not what looks at it now
    if folder is not None and about != before:
        write_about(folder, about)
    return SpottingRun(joined([done[fold.name] for fold in folds]), folder.name if folder else name, about)


def _over_videos(spotter: Any) -> VideoSpotter:
    from ..spotting import load_video_spotter
    from ..spotting.signal_spotter import SignalSpotter
    from ..spotting.video_spotter import VideoSpotter

    if isinstance(spotter, str):
        return load_video_spotter(spotter)
    if isinstance(spotter, VideoSpotter):
        return spotter
    if isinstance(spotter, type) or not (hasattr(spotter, "spot") and hasattr(spotter, "get_params")):
        raise UsageError(f"{spotter!r} is no spotter: give a name, a fleeting.spotting.VideoSpotter, or a spotter over signals")
    return SignalSpotter(spotter)


def _checked(videos: Iterable[Video]) -> list[Video]:
    films = list(videos)
    if wrong := [each for each in films if not isinstance(each, Video)]:
        raise UsageError(f"videos must be fleeting.Video; one of them is a {type(wrong[0]).__name__}: long videos come from videos()")
    ids = [video.id for video in films]
    if len(set(ids)) < len(ids):
        raise UsageError(f"the video id {next(each for each in ids if ids.count(each) > 1)!r} occurs more than once: make them unique")
    if not any(len(video.intervals) for video in films):
        raise UsageError(f"none of the {len(films)} videos has a coded interval: there is nothing to be found")
    return films


def _identity(spotter: VideoSpotter, videos: list[Video], protocol: Any, seed: int) -> dict[str, Any]:
    """What the key is made of, and the key."""
    try:
        what = {"method": describe(spotter), "protocol": describe(protocol)}
        frames = digest(sorted([video.id, source(video)] for video in videos))
    except UnnamableError as error:
        raise UsageError(f"this run cannot be kept in a folder, which must be known again: {error}") from error
    who = sorted([video.id, video.person, video.fps, _events(video).astype(str).to_numpy().tolist()] for video in videos)
    what |= {"protocol_text": str(protocol), "clips": digest(who), "frames": frames}
    return {"key": digest(SPOTTING, what, seed, length=12), **what}


def _kept_folds(folder: Path, folds: list[Fold], videos: Sequence[Video]) -> dict[str, Events]:
    """The folds that are finished, checked to be of these videos."""
    done = {}
    for fold in folds:
        if not (path := fold_path(folder, fold.name)).exists():
            continue
        try:
            events = read_events(folder, fold.name)
            whole = events.videos["video"].tolist() == [videos[i].id for i in fold.test]
        except FleetingError:
            whole = False
        if whole:
            done[fold.name] = events
        else:
            warnings.warn(f"{path} does not hold the videos of its fold: it is computed again", stacklevel=3)
    return done


def _run(
    task: _Task, folds: list[Fold], about: dict[str, Any], folder: Path | None, jobs: int, progress: Progress | None
) -> dict[str, Events]:
    """The events of the folds, each written as soon as it is there."""
    used = sorted({int(i) for fold in folds for part in (fold.train, fold.test) for i in part})
    start = time.monotonic()
    tell(progress, "videos", 0, len(used), None)
    for done, _ in enumerate(run_all(_prepare, [(i,) for i in used], jobs, None, task), 1):
        tell(progress, "videos", done, len(used), start)
    events: dict[str, Events] = {}
    start = saved = time.monotonic()
    tell(progress, "folds", 0, len(folds), None)
    for number, (part, seconds, chosen) in run_all(_run_fold, [(fold,) for fold in folds], jobs, None, task):
        fold = folds[number]
        events[fold.name] = part
        about.setdefault("seconds", {})[fold.name] = round(seconds, 4)
        about.setdefault("chosen", {})[fold.name] = chosen
        if folder is not None:
            write_events(folder, fold.name, part)
            if time.monotonic() - saved > SAVE_EVERY_S:
                write_about(folder, about)
                saved = time.monotonic()
        tell(progress, "folds", len(events), len(folds), start)
    return events


def _prepare(task: _Task, i: int) -> None:
    video = task.videos[i]
    try:
        with one_core():
            task.spotter.prepare(video, task.cache)
    except Exception as error:
        raise UsageError(_reason(f"video {video.id}", error)) from error


def _run_fold(task: _Task, fold: Fold) -> tuple[Events, float, dict[str, Any]]:
    """What a fresh copy, fitted on the fold's training videos, finds in its test videos; seconds; what it has chosen."""
    from sklearn import clone

    start, seed = time.perf_counter(), fold_seed(task.seed, fold.name)
    videos, tables = [task.videos[i] for i in fold.test], []
    try:
        with one_core(), repeatable(seed, needs_torch(task.spotter)):
            spotter = clone(task.spotter).set_params(**dict.fromkeys(open_seeds(task.spotter), seed))
            spotter.fit([task.videos[i] for i in fold.train], task.cache)
            tables = [spotter.spot(video, task.cache).assign(video=video.id) for video in videos]
    except Exception as error:
        raise UsageError(_reason(f"fold {fold.name!r}", error)) from error
    lengths = [_length(video) for video in videos]
    films = pd.DataFrame(
        {
            "video": [video.id for video in videos], "dataset": [video.dataset for video in videos],
            "subject": [video.subject for video in videos], "fold": fold.name,
            "frames": [frames for frames, _ in lengths], "seconds": [seconds for _, seconds in lengths],
        }
    )  # fmt: skip
    coded = pd.concat([_events(video) for video in videos], ignore_index=True)
    found = pd.concat(tables, ignore_index=True)[[*EVENTS, "score"]].astype({"apex": "Int64"})
    chosen = {name: getattr(spotter, name) for name in ("k_", "p_") if hasattr(spotter, name)}
    return Events(films, coded, found), time.perf_counter() - start, chosen


def _events(video: Video) -> pd.DataFrame:
    table = video.intervals.reindex(columns=["onset", "apex", "offset", "kind"]).assign(video=video.id)
    return table[list(EVENTS)].astype({"onset": int, "apex": "Int64", "offset": int, "kind": object})


def _length(video: Video) -> tuple[int, float]:
    """Frames of a video, and seconds from its first frame to the end of its last."""
    times = video.timestamps
    return len(times), float(times[-1] - times[0] + 1 / video.fps) if len(times) else 0.0


def _reason(where: str, error: Exception) -> str:
    said = str(error) if isinstance(error, FleetingError) else f"{type(error).__name__}: {error}"
    return f"{where}: {said}"
