"""Estimators over clips: ClipTransformer, which learns nothing, and what is done with any of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os import PathLike
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from .clip import Clip
from .errors import UsageError

__all__ = ["ClipTransformer"]


class NoTable:
    """For transformers whose output is clips, a kernel, or arrays of any shape: in a pipeline, ``set_output`` passes them by."""

    def set_output(self, *, transform: str | None = None) -> Self:
        """Itself, unchanged, whatever container is asked for: what it gives is no table."""
        return self


class ClipTransformer(NoTable, TransformerMixin, BaseEstimator):
    """A scikit-learn transformer over clips that needs no fitting. Subclasses give ``__init__`` and ``transform_clip``.

    ``transform`` returns a list of clips where ``transform_clip`` returns a clip (a preprocess), and a stacked array where it
    returns an array (a feature). ``revision`` is raised when a change moves the numbers, so that caches know.

    Examples
    --------
    >>> import numpy as np, fleeting as fl
    >>> class Brightness(ClipTransformer):
    ...     def transform_clip(self, clip):
    ...         return clip.frames.mean(axis=(0, 1))
    >>> clip = fl.Clip("a", "mine", "ann", 100.0, 0, 1, 2, read=lambda: np.full((3, 8, 8, 3), 7, np.uint8))
    >>> Brightness().transform([clip]).shape
    (1, 8, 3)
    """

    revision = 1

    def fit(self, clips: Iterable[Clip], y: Any = None) -> ClipTransformer:
        """Itself: there is nothing to learn.

        Parameters
        ----------
        clips : iterable of Clip
            Not looked at.
        y : object, optional
            Not looked at.

        Returns
        -------
        ClipTransformer
            Itself.
        """
        return self

    def transform_clip(self, clip: Clip) -> Clip | np.ndarray:
        """One clip, transformed.

        Parameters
        ----------
        clip : Clip
            Its frames are read here.

        Returns
        -------
        Clip or ndarray
            Of the same kind and shape for every clip.
        """
        raise NotImplementedError

    def transform(self, clips: Iterable[Clip]) -> list[Clip] | np.ndarray:
        """All clips, transformed: a list of clips, or an array of shape (N, ...).

        Parameters
        ----------
        clips : iterable of Clip
            One after the other, so that one clip's frames are in memory at a time.

        Returns
        -------
        list of Clip or ndarray
            In the order of the clips.

        Raises
        ------
        UsageError
            These are no clips: an array, a path, a clip that is in no list.
        """
        out = [self.transform_clip(clip) for clip in each_clip(self, clips)]
        clips_out = [x for x in out if isinstance(x, Clip)]
        return clips_out if len(clips_out) == len(out) else np.stack([np.asarray(x) for x in out])

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        return tags


def each_clip(estimator: Any, clips: Iterable[Clip]) -> Iterator[Clip]:
    """The clips one after the other, after a look that each is one."""
    if isinstance(clips, Clip | str | PathLike) or not isinstance(clips, Iterable):
        raise _no_clips(estimator, clips)
    for clip in clips:
        if not isinstance(clip, Clip):
            raise _no_clips(estimator, clips)
        yield clip


def _no_clips(estimator: Any, given: Any) -> UsageError:
    what = type(given).__name__
    if isinstance(given, np.ndarray):
        what = f"an array of shape {given.shape}"
    elif isinstance(given, list | tuple):
        what = f"a {what} with a {next(type(each) for each in given if not isinstance(each, Clip)).__name__} in it"
    wanted = "a list of fleeting.Clip: a dataset's clips() gives them, and Clip(...) makes one of your own frames"
    return UsageError(f"{type(estimator).__name__} takes {wanted}; got {what}")


def copied(method: Any) -> Any:
    """A fresh copy of the method: the caller's own is never touched."""
    from sklearn import clone

    if isinstance(method, type) or not (hasattr(method, "fit") and hasattr(method, "predict") and hasattr(method, "get_params")):
        raise UsageError(f"{method!r} is no method: give a scikit-learn estimator with fit and predict, such as make_pipeline(...)")
    try:
        return clone(method)
    except Exception as error:
        raise UsageError(f"{steps_of(method)} cannot be copied for each fold: {error}. Build what it holds within fit") from error


def steps_of(method: Any) -> str:
    """What a method is called that has no other name: its steps, joined by hyphens."""
    names = [type(step).__name__ for _, step in getattr(method, "steps", [("", method)]) if not isinstance(step, str)]
    return "-".join(names)[:80]


def open_seeds(estimator: Any) -> list[str]:
    """Its parameters, and those of its parts, that are called ``random_state`` and are None."""
    parameters = estimator.get_params().items() if hasattr(estimator, "get_params") else ()
    return [key for key, value in parameters if key.split("__")[-1] == "random_state" and value is None]
