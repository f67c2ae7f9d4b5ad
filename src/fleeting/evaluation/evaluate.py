"""evaluate: a method's predictions for people it has never seen.

A pipeline is split at the first step that learns. What comes before runs once a clip, ahead of the folds, and is cached;
the rest is cloned and fitted within each fold, on its training clips alone. Persons reach whoever asks for ``groups``
(an inner search, a network's validation split). Predictions carry the id of their clip, never a mere position.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from .. import __version__
from ..base import copied, steps_of
from ..clip import LONG_S, Clip, Video
from ..compute.cache import ABANDONED_S, Cache, cache_of
from ..compute.identity import UnnamableError, describe, digest, source
from ..compute.prefix import Features, Progress, check_finite, compute, reads_rows, split, tell
from ..errors import FleetingError, LeakageError, UsageError
from ..extras import need
from ..metrics import classes_in
from .fold import Prediction, Task, asks_for_groups, needs_torch, prepared
from .run import Run, fold_path, read_about, read_learning, read_table, write_about, write_fold, write_learning
from .stacks import run_folds
from .unlearned import not_learned

if TYPE_CHECKING:
    from ..protocols import Fold

SAVE_EVERY_S = 5.0  # how often run.json learns how long the folds took


def evaluate(
    method: Any,
    clips: Iterable[Clip],
    y: ArrayLike | Mapping[str, Any] | pd.Series,
    protocol: Any,
    out: str | os.PathLike[str] | None = None,
    seed: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
    *,
    cluster: str | None = None,
    name: str | None = None,
    cache: Cache | bool = True,
    stack: str | int = "auto",
) -> Run:
    """The method's prediction for each tested clip, by copies of it that never saw the clip's person.

    Parameters
    ----------
    method : estimator
        Any scikit-learn estimator that takes a list of clips, usually a ``Pipeline``.
    clips : iterable of Clip
        Each id once.
    y : array-like of length N, mapping or Series
        The class of each clip; a mapping, or a Series whose index holds the ids, is matched by clip id.
    protocol : Protocol or scikit-learn splitter
        Such as ``LOSO()``.
    out : path, optional
        Where runs are kept, a folder each: ``<out>/<name>-<key>``. Started again, an interrupted run goes on from its last
        finished fold; one that fails before its first leaves no folder. The key stands for the method with its parameters, the
        protocol, the seed, the clips, their labels and their frames (files by name and size).
    seed : int, default=0
        Every ``random_state`` that is None gets a number made of the seed and the fold, and so do the global generators.
    jobs : int, default=1
        Processes; -1 takes one for each core. The predictions do not depend on it: a fold computes on one core.
    progress : callable, optional
        Called as ``progress(stage, done, total, seconds_left)``; stage is ``clips`` or ``folds``, seconds_left None at first.
    cluster : str, optional
        Address of a Dask scheduler, ``tcp://host:port``: the folds run there, the clips are still prepared here.
    name : str, optional
        What to call the method; default: its steps.
    cache : Cache or bool, default=True
        Where what learns nothing is kept from one evaluation to the next.
    stack : {"auto", "off"} or int, default="auto"
        How many folds of a network are trained as one. ``auto``: on a GPU, with ``jobs=1``, as many as it has room for, if the network
        is small; elsewhere none. The predictions are those of folds trained alone, up to the order of sums; on a GPU dropout is drawn
        for all at once. Folds of a stack are written when it is done.

    Returns
    -------
    Run
        One row a tested clip, in the order of the folds.

    Raises
    ------
    UsageError
        Clips, labels or the method cannot be used as given, or a fold failed; finished folds are kept.
    LeakageError
        A person would be on both sides of a fold, and the protocol does not say that this may be.

    Examples
    --------
    >>> import numpy as np, fleeting as fl
    >>> from sklearn.dummy import DummyClassifier
    >>> def clip(k):
    ...     return fl.Clip(f"mine/{k}", "mine", f"person {k % 4}", 100.0, 0, 1, 2, read=lambda: np.zeros((3, 32, 32, 3), np.uint8))
    >>> y = ["smile"] * 6 + ["frown"] * 2
    >>> run = fl.evaluate(DummyClassifier(), [clip(k) for k in range(8)], y, fl.LOSO(), cache=False)
    >>> run.score("accuracy"), run.confusion().loc["frown", "smile"].item()
    (0.75, 2)
    """
    clips, y = checked(clips, y)
    labels = [str(each) for each in np.unique(y)]
    folds = folds_of(protocol, clips)
    _warn_of_lost_classes(folds, y)
    method = copied(method)
    name = name or steps_of(method)
    leaky = bool(getattr(protocol, "leaky", False))
    about: dict[str, Any] = {"name": name, "seed": seed, "labels": labels, "leaky": leaky, "folds": [fold.name for fold in folds]}
    folder, done, before = None, {}, {}
    learning: dict[str, pd.DataFrame] = {}
    if out is not None:
        about |= _identity(method, clips, y, protocol, seed)
        folder = Path(out) / f"{name}-{about['key']}"
        before = about_before(folder, about["key"])
        done = _kept_folds(folder, folds, clips, y)
        learning = read_learning(folder, done)
    if todo := [fold for fold in folds if fold.name not in done]:
        with kept_from_the_first_fold_on(folder):
            if folder is not None:
                about |= provenance(method) | {"seconds": before.get("seconds", {})}
                write_about(folder, about)
                tidy(folder)
            if needs_torch(method):
                need("networks", name)
            steps, learner = split(method, seed, clips)
            features = Features(steps, cache_of(cache))
            done |= _run(features, learner, clips, y, todo, about, learning, folder, jobs, cluster, progress, stack)
    else:
        about |= before  # what computed it, and not what looks at it now
    predictions = pd.concat([done[fold.name] for fold in folds], ignore_index=True)
    for column in predictions.columns[predictions.columns.str.startswith("p_")]:
        predictions[column] = predictions[column].fillna(0.0)  # a class that its fold did not know
    about["labels"] = _with_strangers(labels, predictions)
    about |= _odd(clips)
    if poor := not_learned(learning, {fold.name: y[fold.train] for fold in folds}):
        about["not_learned"] = poor
        warnings.warn(poor, stacklevel=2)
    if folder is not None and about != before:
        write_about(folder, about)
    return Run(predictions, folder.name if folder else name, about, learning)


def checked(clips: Iterable[Clip], y: Any) -> tuple[list[Clip], np.ndarray]:
    """The clips as a list, and their labels, (N,) of numbers or words."""
    clips = list(clips)
    if wrong := [each for each in clips if not isinstance(each, Clip)]:
        raise UsageError(f"clips must be fleeting.Clip; one of them is a {type(wrong[0]).__name__}")
    if not clips:
        raise UsageError("there is no clip to evaluate on")
    ids = [clip.id for clip in clips]
    if len(set(ids)) < len(ids):
        twice = sorted({each for each in ids if ids.count(each) > 1})
        raise UsageError(f"{len(twice)} clip ids occur more than once, such as {twice[0]!r}: make them unique (dataset/subject/name)")
    if isinstance(y, pd.Series) and set(y.index) == set(ids):
        y = y.to_dict()
    if isinstance(y, Mapping):
        if lacking := [each for each in ids if each not in y]:
            raise UsageError(f"{len(lacking)} clips have no label, such as {lacking[0]!r}")
        y = [y[each] for each in ids]
    y = np.asarray(y)
    y = np.array(y.tolist()) if y.dtype == object else y
    if y.shape != (len(clips),):
        raise UsageError(f"{len(clips)} clips but labels of shape {y.shape}: each clip needs one label")
    if len(classes_in(y)) < 2:
        raise UsageError(f"all {len(clips)} clips are {y[0]!s}: there is nothing to tell apart")
    return clips, y


def folds_of(protocol: Any, clips: Sequence[Clip | Video]) -> list[Fold]:
    """The folds of a protocol or of a scikit-learn splitter, LeakageError where a person is on both sides and may not be."""
    from ..protocols import Fold

    persons = np.array([clip.person for clip in clips])
    if hasattr(protocol, "folds"):
        folds = list(protocol.folds(clips))
    elif hasattr(protocol, "split"):
        groups = persons if asks_for_groups(protocol, "split") else None
        folds = [Fold(str(n), *map(np.asarray, each)) for n, each in enumerate(protocol.split(clips, None, groups), 1)]
    else:
        raise UsageError(f"{protocol!r} is no protocol: give LOSO(), another of fleeting.protocols, or a scikit-learn splitter")
    for fold in folds:
        both = sorted(set(persons[fold.train].tolist()) & set(persons[fold.test].tolist()))
        if both and not getattr(protocol, "leaky", False):
            raise LeakageError(
                f"fold {fold.name!r} of {protocol} trains on and tests {both[0]!r}"
                + (f" and {len(both) - 1} more" if len(both) > 1 else "")
                + ": its score would say little about other people. Take a protocol that keeps persons whole, such as LOSO()"
            )
    return folds


def _warn_of_lost_classes(folds: list[Fold], y: np.ndarray) -> None:
    gone = {fold.name: np.setdiff1d(y, y[fold.train]) for fold in folds}
    lost = [f"{name} without {', '.join(map(str, classes))}" for name, classes in gone.items() if len(classes)]
    if lost:
        more = f" and {len(lost) - 5} more" if len(lost) > 5 else ""
        warnings.warn(f"{len(lost)} of {len(folds)} folds train without some class: {'; '.join(lost[:5])}{more}", stacklevel=3)


def _odd(clips: list[Clip]) -> dict[str, int]:
    """How many clips are not what methods take them for, where there are any; for whoever reads the scores."""
    counts = {
        "apex_on_onset": sum(clip.neutral != clip.onset for clip in clips),
        "over_2_s": sum(clip.seconds > LONG_S for clip in clips),
    }
    return {name: count for name, count in counts.items() if count}


def _identity(method: Any, clips: list[Clip], y: np.ndarray, protocol: Any, seed: int) -> dict[str, Any]:
    """What the key is made of, and the key."""
    try:
        what = {"method": describe(method), "protocol": describe(protocol)}
        frames = digest(sorted([clip.id, source(clip)] for clip in clips))
    except UnnamableError as error:
        raise UsageError(f"this run cannot be kept in a folder, which must be known again: {error}") from error
    who = sorted([clip.id, clip.person, str(label)] for clip, label in zip(clips, y, strict=True))
    if from_offset := sorted(clip.id for clip in clips if clip.neutral != clip.onset):  # runs before this rule had no motion there
        who = [*who, from_offset]
    what |= {"protocol_text": str(protocol), "clips": digest(who), "frames": frames}
    return {"key": digest(what, seed, length=12), **what}


def about_before(folder: Path, key: str) -> dict[str, Any]:
    """What ``run.json`` says of a run that was started before; empty for a new one."""
    if not (folder / "run.json").exists():
        return {}
    before = read_about(folder)
    if before.get("key") != key:
        raise UsageError(f"{folder} holds another run (key {before.get('key')}): evaluate into another folder")
    return {name: value for name, value in before.items() if name != "format"}


@contextmanager
def kept_from_the_first_fold_on(folder: Path | None) -> Iterator[None]:
    """A block in which a run is made; if it fails before any fold is finished, the folders that it made are taken away again."""
    made = [] if folder is None else [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        yield
    except BaseException:
        with suppress(OSError):  # a fold is finished, or somebody else has put something there
            for each in made:
                if (folds := each / "folds").exists():
                    folds.rmdir()
                    rmtree(each)
                else:
                    each.rmdir()
        raise


def tidy(folder: Path) -> None:
    """What a killed run had not renamed yet goes, once nobody can be writing it any more."""
    for path in folder.rglob(".*.tmp"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - ABANDONED_S:
                path.unlink()


def _kept_folds(folder: Path, folds: list[Fold], clips: list[Clip], y: np.ndarray) -> dict[str, pd.DataFrame]:
    """The folds that are finished, checked to be of these clips and labels."""
    done = {}
    for fold in folds:
        if not (path := fold_path(folder, fold.name)).exists():
            continue
        try:
            table = read_table(path)
            expected = [(clips[i].id, str(y[i])) for i in fold.test]
            whole = list(zip(table["clip"], table["y_true"], strict=True)) == expected
        except (FleetingError, AttributeError, KeyError):
            whole = False
        if whole:
            done[fold.name] = table
        else:
            warnings.warn(f"{path} does not hold the clips of its fold: it is computed again", stacklevel=3)
    return done


def _run(
    features: Features,
    learner: Any,
    clips: list[Clip],
    y: np.ndarray,
    folds: list[Fold],
    about: dict[str, Any],
    learning: dict[str, pd.DataFrame],
    folder: Path | None,
    jobs: int,
    cluster: str | None,
    progress: Progress | None,
    stack: str | int,
) -> dict[str, pd.DataFrame]:
    """The predictions of the folds, each written as soon as it is there; ``learning`` gets their epochs."""
    used = np.unique(np.concatenate([part for fold in folds for part in (fold.train, fold.test)]))
    some = [clips[i] for i in used]
    X = compute(features, some, jobs, progress, reads_rows(learner)) if features.steps else some
    check_finite(X, some, learner)
    persons, classes = np.array([clip.person for clip in some]), y[used]
    task = Task(prepared(learner), X, classes, persons, about["seed"])
    places = [fold._replace(train=np.searchsorted(used, fold.train), test=np.searchsorted(used, fold.test)) for fold in folds]
    tables: dict[str, pd.DataFrame] = {}
    start = saved = time.monotonic()
    tell(progress, "folds", 0, len(folds), None)
    for number, prediction in run_folds(task, places, jobs, cluster, stack):
        fold = folds[number]
        tables[fold.name] = table = _table(prediction, fold, [clips[i] for i in fold.test], y[fold.test])
        about.setdefault("seconds", {})[fold.name] = round(prediction.seconds, 4)
        if prediction.epochs:
            learning[fold.name] = pd.DataFrame(prediction.epochs)
        if folder is not None:
            if prediction.epochs:
                write_learning(folder, fold.name, learning[fold.name])
            write_fold(folder, fold.name, table)
            if time.monotonic() - saved > SAVE_EVERY_S:
                write_about(folder, about)
                saved = time.monotonic()
        tell(progress, "folds", len(tables), len(folds), start)
    return tables


def _table(prediction: Prediction, fold: Fold, clips: list[Clip], y: np.ndarray) -> pd.DataFrame:
    if prediction.labels.shape != (len(clips),):
        shape = prediction.labels.shape
        raise UsageError(f"fold {fold.name!r}: {len(clips)} clips were tested, but the predictions have the shape {shape}")
    said = prediction.labels
    if y.dtype.kind in "iu" and said.dtype.kind == "f":  # 1 and 1.0 are one class
        said = said.astype(y.dtype)
    columns: dict[str, Any] = {
        "clip": [clip.id for clip in clips],
        "dataset": [clip.dataset for clip in clips],
        "subject": [clip.subject for clip in clips],
        "fold": fold.name,
        "y_true": y.astype(str),
        "y_pred": said.astype(str),
    }
    if prediction.probabilities is not None:
        columns |= {f"p_{name}": prediction.probabilities[:, k] for k, name in enumerate(prediction.classes)}
    return pd.DataFrame(columns)


def _with_strangers(labels: list[str], predictions: pd.DataFrame) -> list[str]:
    """The classes, with those that only the method knows: they count as wrong, and lower UF1."""
    strangers = sorted(set(predictions.y_pred) - set(labels))
    if strangers:
        warnings.warn(f"the method says {', '.join(strangers)}, which no clip is: these clips count as wrong", stacklevel=3)
    return labels + strangers


def provenance(method: Any) -> dict[str, Any]:
    """What stands in run.json beside the key: it may differ and the run is still the same."""
    versions = {"python": platform.python_version(), "fleeting": __version__}
    for package in ("numpy", "scipy", "scikit-learn", "opencv-contrib-python-headless", "torch"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {"versions": versions, "commit": _commit(), "device": _device(), "selection": _selection(method)}


def _commit() -> str | None:
    """The commit of the checkout that Fleeting runs from, if it does; ``-dirty`` if it was changed."""
    here = Path(__file__).resolve().parent
    if not (here.parents[1] / ".git").exists():
        return None
    command = ["git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip() or None
    except (OSError, subprocess.SubprocessError):
        return None


def _device() -> str:
    torch = sys.modules.get("torch")
    gpu = f", {torch.cuda.get_device_name()}" if torch is not None and torch.cuda.is_available() else ""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores{gpu}"


def _selection(method: Any) -> list[str]:
    """By what rule anything in the method is chosen on the training clips; empty if its parameters are as given."""
    from sklearn.model_selection._search import BaseSearchCV

    rules = []
    for part in [method, *method.get_params().values()]:
        if isinstance(part, BaseSearchCV):
            rules.append(f"{type(part).__name__}: best mean {part.scoring or 'score'} within the training clips, cv={part.cv}")
        elif isinstance(rule := getattr(part, "selection", None), str) and not isinstance(part, type):
            rules.append(f"{type(part).__name__}: {rule}")
    return rules
