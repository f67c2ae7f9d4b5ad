"""ClipTransformer: what turns clips into clips or arrays and learns nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from .clip import Clip


class ClipTransformer(TransformerMixin, BaseEstimator):
    """A scikit-learn transformer over clips that needs no fitting. Subclasses give ``__init__`` and ``transform_clip``.

    ``transform`` returns a list of clips where ``transform_clip`` returns a clip (a preprocess), and a stacked array where it
    returns an array (a feature). ``revision`` is raised when a change moves the numbers, so that caches know.
    """

    revision = 1

    def fit(self, clips: Iterable[Clip], y: Any = None) -> ClipTransformer:
        """Itself: there is nothing to learn."""
        return self

    def transform_clip(self, clip: Clip) -> Clip | np.ndarray:
        """One clip, transformed."""
        raise NotImplementedError

    def transform(self, clips: Iterable[Clip]) -> list[Clip] | np.ndarray:
        """All clips, transformed: a list of clips, or an array of shape (N, ...)."""
        out = [self.transform_clip(clip) for clip in clips]
        clips_out = [x for x in out if isinstance(x, Clip)]
        return clips_out if len(clips_out) == len(out) else np.stack([np.asarray(x) for x in out])

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags
