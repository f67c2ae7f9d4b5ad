"""A synthetic release: clips, long videos, still expressions and flow maps that need no licence, written from a seed.

SYNTHETIC: nobody made these expressions. Faces are drawn (:mod:`.identities`), expressions modelled
(:mod:`.synthetic_clips`, :mod:`.script`). What a method scores here says that its parts work, and how it stands beside other
methods under known motion; it does not say how well it does on people. How hard it is: docs/synthetic.md.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..datasets.base import ABOUT, NOTE
from ..errors import FleetingError, OutputError, UsageError
from ..media.pictures import PICTURES
from ..whole import whole_file
from .clip_files import FACE, PLAN, STILL, VIDEO, Item, Settings, done, encoded, make_clips, one_thread, row_of
from .clips import GROUPS, WORDS, Difficulty, Sitter
from .identities import drawn_face, faces_in
from .interview import synthetic_interview
from .maps import write_maps
from .stills import CLASSES, still

REVISION = 1  # raised when the same settings give other files: what an earlier one left unfinished is not gone on with
SHEET, MAPS = "clips.csv", "maps.npz"
SHARES = {"negative": 0.5, "positive": 0.27, "surprise": 0.23}  # of the clips; in MEGC 2019 .57, .25, .19
VIDEO_SIZE, VIDEO_FPS, VIDEO_CRF = (320, 240), 100.0, 16
AT_ONCE, AT_ONCE_PACKED = 12, 60  # clips a task: each draws its person anew
PACKED_FROM = 2000  # clips: so many would be more than a hundred thousand pictures, of which few disks are fond
LAYOUTS = ("auto", "folders", "packed")
STILLS_A_PERSON = 3  # pictures of each class
Progress = Callable[[str, int, int], None]


def synthesize(
    out: str | Path,
    subjects: int = 26,
    clips: int = 255,
    fps: float = 200.0,
    seed: int = 0,
    size: int = 128,
    long_videos: int = 6,
    expressions: int = 420,
    maps: int = 2000,
    faces: str | Path | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
    *,
    pictures: str = "jpg",
    classes: int = 7,
    video_s: float = 30.0,
    difficulty: Difficulty | None = None,
    layout: str = "auto",
) -> Path:
    """Folder of the release written: clips, their sheet and true flow; long videos; still expressions; flow maps.

    :class:`.synthetic_release.Synthetic` reads it, :class:`.expressions.ClassFolders` its ``expressions``,
    :class:`.flow_maps.FlowMaps` its ``maps.npz``. The same settings give the same files. Each clip, video and picture
    appears whole or not at all, the sheet last. Stopped? The same call makes what is missing.

    Parameters
    ----------
    out : str or Path
        A new or empty folder, or one that a call with the same settings has left unfinished.
    subjects, clips : int, default=26, 255
        People and their clips; some people have more of them than others, each one at least.
    fps : float, default=200
        Frames a second, 10 or more. Long videos have 100 at most.
    seed : int, default=0
        Another number, another release.
    size : int, default=128
        Side of clips and stills, px, a multiple of 8, 64 or more. The eyes are .4 of it apart.
    long_videos : int, default=6
        Of 320 x 240 px, each of somebody who appears in no clip.
    expressions : int, default=420
        Still pictures of strong expressions, a folder for each class; of others again.
    maps : int, default=2000
        Flow maps of 28 x 28 px; of others again.
    faces : str or Path, optional
        Folder of your own pictures of faces, one for each subject of the clips. All other faces are drawn.
    jobs : int, default=1
        Processes; -1 takes one for each core. The files do not depend on it.
    progress : callable, optional
        Called as ``progress(stage, done, total)``; stages are ``clips``, ``videos``, ``expressions`` and ``maps``.
    pictures : {"jpg", "png"}, default="jpg"
        JPEG of a quality of 80 to 95, drawn for each clip; PNG keeps every bit.
    classes : {7, 8, 9}, default=7
        Of the stills: six emotions and neutral; with contempt; with shame.
    video_s : float, default=30
        How long each long video is, 1 or more.
    difficulty : Difficulty, optional
        What makes clips hard to tell apart; calibrated by default.
    layout : {"auto", "folders", "packed"}, default="auto"
        A folder of pictures a clip; or ``packed``: a zip file a clip, which holds the pictures and the true flow, of other people than
        a release of folders has. ``auto`` packs 2,000 clips and more.

    Returns
    -------
    Path
        ``out``, absolute.

    Raises
    ------
    UsageError
        A setting is not possible, or ``out`` holds something else.
    DatasetError, ModelFileError
        With ``faces``: a picture shows no face; the face model file is not there.
    OutputError
        A file could not be written.
    """
    counts = {"subjects": subjects, "clips": clips, "long_videos": long_videos, "expressions": expressions, "maps": maps}
    _check(counts, fps, seed, size, pictures, classes, video_s, jobs, layout)
    root = Path(os.path.abspath(Path(out).expanduser()))
    packed = layout == "packed" or (layout == "auto" and clips >= PACKED_FROM)
    settings = Settings(root, float(fps), seed, size, pictures, classes, float(video_s), difficulty or Difficulty(), packed)
    try:
        items = _plan(subjects, clips, seed)
        portraits = None
        if faces is not None and not all(done(settings, item) for item in items):
            portraits = faces_in(faces, subjects)  # before anything is written: they may be none
        _begin(settings, counts, faces)
        missing = [item for item in items if not done(settings, item)]
        at_once = AT_ONCE_PACKED if packed else AT_ONCE
        tasks = [(settings, some, portraits[some[0].subject] if portraits else None) for some in _chunks(missing, at_once)]
        _run(make_clips, tasks, jobs, progress, "clips", clips)
        _run(_make_video, [(settings, k) for k in range(long_videos)], jobs, progress, "videos", long_videos)
        firsts = range(0, expressions, STILLS_A_PERSON * classes)
        _run(_make_stills, [(settings, k, expressions) for k in firsts], jobs, progress, "expressions", expressions)
        _run(_make_maps, [(settings, maps)] if maps else [], 1, progress, "maps", maps)
        if clips:
            rows = pd.DataFrame([row_of(settings, item) for item in items])
            _write(root / SHEET, rows.to_csv(index=False, lineterminator="\n"))
    except FleetingError:
        raise
    except OSError as error:
        raise OutputError(f"{error.filename or root} cannot be written: {error.strerror}. Make room, or choose another folder.") from error
    return root


def _check(
    counts: dict[str, int], fps: float, seed: int, size: int, pictures: str, classes: int, video_s: float, jobs: int, layout: str
) -> None:
    for name, count in counts.items():
        if count < (name == "subjects"):
            raise UsageError(f"{name}={count} must be {int(name == 'subjects')} or more.")
    if 0 < counts["clips"] < counts["subjects"]:
        raise UsageError(f"clips={counts['clips']} are too few for subjects={counts['subjects']}: each has one at least.")
    if not 10 <= fps < float("inf"):
        raise UsageError(f"fps={fps} must be 10 or more: a micro-expression has four frames then.")
    if seed < 0:
        raise UsageError(f"seed={seed} must be 0 or more.")
    if size < 64 or size % 8:
        raise UsageError(f"size={size} must be a multiple of 8, 64 or more.")
    if pictures not in ("jpg", "png"):
        raise UsageError(f"pictures={pictures!r} must be jpg or png.")
    if classes not in (7, 8, 9):
        raise UsageError(f"classes={classes} must be 7, 8 or 9.")
    if not 1 <= video_s < float("inf"):
        raise UsageError(f"video_s={video_s} must be 1 or more.")
    if layout not in LAYOUTS:
        raise UsageError(f"layout={layout!r} must be one of {', '.join(LAYOUTS)}.")
    if jobs == 0:
        raise UsageError("jobs=0 must be a number of processes, or -1 for one on each core.")


def _begin(settings: Settings, counts: dict[str, int], faces: str | Path | None) -> None:
    """The folder, with what it is going to hold written into it; UsageError if it holds anything else."""
    root = settings.root
    about: dict[str, Any] = {"note": NOTE, "revision": REVISION, **asdict(settings), **counts, "faces": _digests(faces)}
    del about["root"]
    about = json.loads(json.dumps(about))  # as it will be read again: no tuples
    folders = {} if settings.packed else {"packed": False}  # what releases before this setting do not say
    if os.path.lexists(root) and not root.is_dir():
        raise UsageError(f"{root} is no folder. Choose a name that is free.")
    root.mkdir(parents=True, exist_ok=True)
    path = root / ABOUT
    if not path.exists():
        if any(root.iterdir()):
            raise UsageError(f"{root} holds other things already. Choose a name that is free.")
        _write(path, json.dumps({name: value for name, value in about.items() if name not in folders}, indent=1) + "\n")
    try:
        before = {"packed": False, **json.loads(path.read_text("utf-8"))}
        differing = [name for name in about if before.get(name) != about[name]]
    except (ValueError, AttributeError, TypeError):
        raise UsageError(f"{path} cannot be read. Remove {root}, or choose another name.") from None
    if differing:
        name = differing[0]
        raise UsageError(
            f"{root} holds a release made with {name}={before.get(name)!r}, not {about[name]!r}. Choose another name, or remove it first."
        )
    for draft in [*root.rglob(".*.part*"), *root.rglob(".*.tmp*"), *root.glob("videos/.v*")]:  # of a run that was killed
        shutil.rmtree(draft) if draft.is_dir() else draft.unlink()


def _digests(faces: str | Path | None) -> list[str] | None:
    """What pictures of the user's are taken, without their names."""
    if faces is None or not (folder := Path(faces).expanduser()).is_dir():
        return None
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    return [f"{zlib.crc32(path.read_bytes()):08x}" for path in files]


def _plan(subjects: int, clips: int, seed: int) -> list[Item]:
    """Who shows what, in the order of people."""
    if not clips:
        return []
    rng = np.random.default_rng([seed, PLAN])
    more = rng.choice(subjects, clips - subjects, p=rng.dirichlet(np.full(subjects, 3.0)))
    who = np.sort(np.concatenate([np.arange(subjects), more]))
    words: list[str] = []
    for group, share in SHARES.items():
        count = round(share * clips) if group != "surprise" else clips - len(words)
        own = [word for word in WORDS if GROUPS[word] == group]
        usual = np.array([sum(often for often, _ in WORDS[word]) for word in own])
        words += rng.choice(own, count, p=usual / usual.sum()).tolist()
    return [Item(k, int(subject), str(word)) for k, (subject, word) in enumerate(zip(who, rng.permutation(words), strict=True))]


def _chunks(items: Iterable[Item], at_once: int) -> Iterator[list[Item]]:
    """Clips of one person, not too many at once."""
    some: list[Item] = []
    for item in items:
        if some and (item.subject != some[0].subject or len(some) == at_once):
            yield some
            some = []
        some.append(item)
    if some:
        yield some


def _run(
    function: Callable[..., int], tasks: Sequence[tuple[Any, ...]], jobs: int, progress: Progress | None, stage: str, total: int
) -> None:
    """Calls the function for each task; it says how many things it made."""
    from joblib import Parallel, delayed

    tell = progress or (lambda stage, done, total: None)
    calls = Parallel(n_jobs=jobs, return_as="generator_unordered")(delayed(function)(*task) for task in tasks)
    left = total - sum(len(task[1]) for task in tasks) if stage == "clips" else 0
    for made in calls:
        left += made
        tell(stage, left, total)


def _make_video(settings: Settings, number: int) -> int:
    folder = settings.root / "videos"
    path = folder / f"v{number + 1:02d}.mp4"
    if not (path.exists() and path.with_suffix(".truth.csv").exists()):
        folder.mkdir(exist_ok=True)
        portrait = drawn_face([settings.seed, FACE, 1, number])
        seed = int(np.random.SeedSequence([settings.seed, VIDEO, number]).generate_state(1)[0])
        motion = "restless" if number % 2 else "smooth"
        fps = min(settings.fps, VIDEO_FPS)
        interview = synthetic_interview(seed, settings.video_s, fps, VIDEO_SIZE, portrait=portrait, head_motion=motion)
        interview.write(path, VIDEO_CRF, repeatable=True)
    return 1


def _make_stills(settings: Settings, first: int, total: int) -> int:
    """The pictures of one person, from the ``first`` on."""
    with one_thread():
        return _some_stills(settings, first, total)


def _some_stills(settings: Settings, first: int, total: int) -> int:
    person = first // (STILLS_A_PERSON * settings.classes)
    numbers = range(first, min(first + STILLS_A_PERSON * settings.classes, total))
    sitter = None
    for number in numbers:
        emotion = CLASSES[number % settings.classes]
        path = settings.root / "expressions" / emotion / f"e{person + 1:03d}_{number + 1:05d}.{settings.pictures}"
        if path.exists():
            continue
        muscles = np.random.default_rng([settings.seed, FACE, 2, person, 1])
        sitter = sitter or Sitter(drawn_face([settings.seed, FACE, 2, person]), settings.size, settings.difficulty.own, muscles)
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path, path.suffix) as draft:
            _save_picture(draft, still(sitter, emotion, [settings.seed, STILL, number]), 92)
    return len(numbers)


def _make_maps(settings: Settings, n: int) -> int:
    if not (path := settings.root / MAPS).exists():
        write_maps(path, n, settings.seed)
    return n


def _save_picture(path: Path, picture: np.ndarray, quality: int) -> None:
    encoded(path.name, picture, quality).tofile(path)


def _write(path: Path, text: str) -> None:
    with whole_file(path) as draft:
        draft.write_text(text, "utf-8", newline="")
