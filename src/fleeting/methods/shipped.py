"""The recogniser that comes with its weights."""

from __future__ import annotations

import os

from sklearn.pipeline import Pipeline, make_pipeline

from ..classifiers.motion_kernel import MotionKernel
from ..features.motion_spectrum import MotionSpectrum


def pretrained(adapt: bool = False, weights: str | os.PathLike[str] | None = None, classes: str = "groups", ridge: float = 1.0) -> Pipeline:
    """A pipeline from clips, or ready flow maps, to ``negative``, ``positive`` or ``surprise``, with weights: it need not be fitted.

    Learned from synthetic maps alone (docs/recogniser.md); no recording of a person is in it. ``adapt=True`` learns from the clips that it
    is fitted to, too, and a few are enough. ``weights`` is a file of ``fleeting train recogniser``. ``classes="emotions"`` gives words.

    Parameters
    ----------
    adapt : bool, default=False
        Learn from the clips that it is fitted to, too.
    weights : str or Path, optional
        A file of ``fleeting train recogniser``; default: the weights that ship.
    classes : {"groups", "emotions"}, default="groups"
        Three groups, or eight words.
    ridge : float, default=1.0
        Penalty on what is learned from own clips; larger stays nearer to the weights.

    Returns
    -------
    Pipeline
        It takes a list of clips.

    Examples
    --------
    >>> pretrained().classes_.tolist()
    ['negative', 'positive', 'surprise']
    """
    return make_pipeline(MotionSpectrum(), MotionKernel(None if weights is None else str(weights), classes, adapt, ridge))
