"""The steps of a method that learn nothing: run once a clip, ahead of all folds, and kept in the cache."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..base import open_seeds
from ..clip import Clip
from ..errors import FleetingError, OutputError, UsageError
from .cache import Cache
from .identity import UnnamableError, digest, source
from .rows import Stored, in_parts
from .workers import run_all

IN_MEMORY = 2**26  # bytes of features up to which a file for them is not worth it
LARGEST = 2**31 - 4096  # bytes that a single item of an array may have

Progress = Callable[[str, int, int, float | None], None]


def split(method: Any, seed: int, clips: list[Clip]) -> tuple[tuple[Any, ...], Any]:
    """The steps that learn nothing, up to the first that does, and the method without them.

    A step that is not Fleeting's own and says that it needs no fit is tried on the first clips: should one clip alone come
    out of it otherwise than among others, it counts as one that learns.
    """
    from sklearn.pipeline import Pipeline

    if not isinstance(method, Pipeline):
        return (), method
    steps = [step for _, step in method.steps[:-1]]
    n = next((k for k, step in enumerate(steps) if _learns(step)), len(steps))
    foreign = next((k for k, step in enumerate(steps[:n]) if not _of_single_clips(step)), n)
    if foreign < n and not _each_alone(Features(tuple(_active(steps[:n], seed)), None), clips[:3]):
        n = foreign
    return tuple(_active(steps[:n], seed)), method[n:] if n else method


def _each_alone(features: Features, clips: list[Clip]) -> bool:
    """Whether clips come out alone as they do together."""
    try:
        pairs = list(zip(features.of(clips), [features.of([clip])[0] for clip in clips], strict=True))
    except FleetingError:
        raise
    except Exception:  # not made for single clips; should all fail, the fold will say so
        return False
    return all(isinstance(a, np.ndarray) and np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in pairs)


def _learns(step: Any) -> bool:
    from sklearn.pipeline import FeatureUnion, Pipeline
    from sklearn.utils import get_tags

    if step is None or isinstance(step, str):
        return False
    if isinstance(step, Pipeline | FeatureUnion):
        parts = step.steps if isinstance(step, Pipeline) else step.transformer_list
        return any(_learns(part) for _, part in parts)
    return bool(get_tags(step).requires_fit)


def _of_single_clips(step: Any) -> bool:
    """Whether a step is known to look at one clip at a time."""
    from ..base import ClipTransformer

    if step is None or isinstance(step, str):
        return True
    return isinstance(step, ClipTransformer) and type(step).transform is ClipTransformer.transform


def _active(steps: Sequence[Any], seed: int) -> list[Any]:
    there = [step for step in steps if step is not None and not isinstance(step, str)]
    return [step.set_params(**dict.fromkeys(open_seeds(step), seed)) for step in there]


def compute(features: Features, clips: list[Clip], jobs: int, progress: Progress | None, reads_rows: bool = False) -> Any:
    """What these steps make of each clip: an array (N, ...), or a list of clips.

    Where what comes next ``reads_rows``, more than ``IN_MEMORY`` bytes of features go to a file, :class:`.rows.Stored`: those of all
    clips need not fit into memory.

    Raises
    ------
    UsageError
        The features of two clips differ in shape.
    OutputError
        There is no room for what is to be stored.
    """
    start, total = time.monotonic(), len(clips)
    out: list[Any] = [None] * total
    stored: Stored | None = None
    first = -1  # the clip whose features came first

    def place(i: int, result: np.ndarray | Clip) -> None:
        nonlocal stored, first
        shape = np.shape(result) if isinstance(result, np.ndarray) else None
        if first < 0:
            first, out[i] = i, result
            if reads_rows and isinstance(result, np.ndarray) and result.nbytes * total > IN_MEMORY:
                with suppress(OutputError):  # nowhere to write to: in memory, as long as that lasts
                    stored = Stored(features.cache.folder if features.cache else None, total, result)
        elif shape != (known := stored.shape[1:] if stored else np.shape(out[first]) if isinstance(out[first], np.ndarray) else None):
            raise UsageError(
                f"features of all clips must be alike: {clips[first].id} gives {known}, {clips[i].id} {shape}. "
                "Bring the clips to one length and size before, such as with Interpolate"
            )
        if stored is not None and isinstance(result, np.ndarray):
            stored.put(i, result)
            out[i] = shape
        else:
            out[i] = result

    missing = []
    for i, clip in enumerate(clips):
        if (result := features.kept(clip)) is None:
            missing.append(i)
        else:
            place(i, result)
    done = total - len(missing)
    tell(progress, "clips", done, total, None)
    for number, result in run_all(features, [(clips[i],) for i in missing], jobs):
        place(missing[number], result)
        done += 1
        tell(progress, "clips", done, total, start, total - len(missing))
    if stored is not None:
        return stored
    return out if isinstance(out[first], Clip) else np.stack(out)


def reads_rows(learner: Any) -> bool:
    """Whether what learns asks for its samples a batch at a time, so that they need not be in memory."""
    from sklearn.pipeline import Pipeline

    while isinstance(learner, Pipeline):
        learner = learner.steps[0][1]
    return bool(getattr(learner, "reads_rows", False))


def check_finite(X: Any, clips: list[Clip], learner: Any) -> None:
    """Nothing, or UsageError naming the first clip with NaN or infinity, unless the learner takes them."""
    from sklearn.pipeline import Pipeline
    from sklearn.utils import get_tags

    first = learner
    while isinstance(first, Pipeline):
        first = next(step for _, step in first.steps if step is not None and not isinstance(step, str))
    if isinstance(X, list) or X.dtype.kind != "f" or get_tags(first).input_tags.allow_nan:
        return
    wrong = np.concatenate([~np.isfinite(part.reshape(len(part), -1)).all(axis=1) for part in in_parts(X)])
    if wrong.any():
        raise UsageError(
            f"the features of {int(wrong.sum())} of {len(X)} clips hold NaN or infinity, first those of {clips[int(wrong.argmax())].id}: "
            "leave these clips out, or put an imputer behind the features"
        )


@dataclass(frozen=True)
class Features:
    """What the steps that learn nothing make of one clip: an array, or another clip.

    Attributes
    ----------
    steps : tuple of estimators
    cache : Cache or None
    """

    steps: tuple[Any, ...]
    cache: Cache | None

    def __call__(self, clip: Clip) -> np.ndarray | Clip:
        """Computed, and kept."""
        try:
            out = self.of([clip])[0]
        except Exception as error:
            reason = str(error) if isinstance(error, FleetingError) else f"{type(error).__name__}: {error}"
            raise UsageError(reason if clip.id in reason else f"clip {clip.id}: {reason}") from error
        if self.cache is None or (key := self._key(clip)) is None:
            return out
        if not isinstance(out, Clip):
            self.cache.put(key, out)
            return out
        packed = _packed(clip, out)
        return self._unpacked(clip, packed) if packed is not None and self.cache.put(key, packed) else out

    def kept(self, clip: Clip) -> np.ndarray | Clip | None:
        """What was computed before, or None."""
        if self.cache is None or (key := self._key(clip)) is None or (entry := self.cache.get(key)) is None:
            return None
        return entry if entry.dtype.names is None else self._unpacked(clip, entry)

    def of(self, clips: list[Clip]) -> list[Any]:
        """Each clip's array or clip, computed together."""
        values: Any = clips
        for step in self.steps:
            values = step.fit_transform(values)  # fitting these learns nothing
        if not isinstance(values, list):
            values = values.toarray() if hasattr(values, "toarray") else np.asarray(values)
        return [each if isinstance(each, Clip) else np.asarray(each) for each in values]

    def frames(self, clip: Clip) -> np.ndarray:
        """The frames of the clip that comes out."""
        entry = self.cache.get(self._key(clip) or "") if self.cache else None
        return self.of([clip])[0].frames if entry is None else entry["frames"]

    @cached_property
    def _name(self) -> str | None:
        from ..faces import model_file

        try:
            # Without the face model file, faces are found less exactly or taken to lie where most do: other numbers.
            return digest(self.steps, model_file.find() is not None)
        except UnnamableError:
            return None

    def _key(self, clip: Clip) -> str | None:
        if self._name is None:
            return None
        about: tuple[Any, ...] = (clip.id, clip.dataset, clip.subject, clip.fps, clip.onset, clip.apex, clip.offset, clip.emotion, clip.aus)
        if clip.neutral != clip.onset:  # what was kept before this rule had no motion in it
            about = (*about, clip.neutral)
        try:
            return digest(self._name, about, source(clip, place=True))
        except UnnamableError:
            return None

    def _unpacked(self, clip: Clip, entry: np.ndarray) -> Clip:
        onset, apex, offset = (int(entry[name]) for name in ("onset", "apex", "offset"))
        return replace(clip, fps=float(entry["fps"]), onset=onset, apex=apex, offset=offset, read=_Kept(self, clip))


@dataclass(frozen=True)
class _Kept:
    """Frames in the cache; computed again should they have left it."""

    features: Features
    clip: Clip

    def __call__(self) -> np.ndarray:
        return self.features.frames(self.clip)


def tell(progress: Progress | None, stage: str, done: int, total: int, start: float | None, before: int = 0) -> None:
    """The progress of a stage, with the seconds left by the pace since ``start``, when ``before`` were done already."""
    if progress is not None:
        passed = None if start is None or done == before else (time.monotonic() - start) / (done - before)
        progress(stage, done, total, None if passed is None else passed * (total - done))


def _packed(clip: Clip, out: Clip) -> np.ndarray | None:
    """Another clip as one array; None where it is not the same moment of the same person any more, or too large."""
    frames = np.asarray(out.frames)
    same = all(getattr(out, name) == getattr(clip, name) for name in ("id", "dataset", "subject", "emotion", "aus"))
    if not same or frames.nbytes > LARGEST:
        return None
    kind = [("fps", "f8"), *((name, "i8") for name in ("onset", "apex", "offset")), ("frames", frames.dtype, frames.shape)]
    packed = np.zeros((), kind)
    packed["fps"], packed["onset"], packed["apex"], packed["offset"] = out.fps, out.onset, out.apex, out.offset
    packed["frames"] = frames
    return packed
