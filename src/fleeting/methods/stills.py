"""Methods on the apex frame alone. ``align`` as in :mod:`.texture`."""

from __future__ import annotations

from sklearn.pipeline import Pipeline

from ..classifiers.dbn import DBN
from ..classifiers.gentle_svm import GentleSVM
from ..features.dwld import DWLD
from ..features.gabor import Gabor
from .parts import pipeline


def gentle_svm(align: int | None = None) -> Pipeline:
    """Gabor responses of the apex frame, 9 scales and 8 directions at 48 x 48 px, and a linear machine on those that boosting picks.

    Wu, Shen & Fu (2011), whose 85.42 % are on stills edited into clips (METT), not on CASME, as is often said. Rounds and kernel are ours.

    Parameters
    ----------
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    return pipeline(align, Gabor(), GentleSVM())


def dwld_dbn(align: int | None = None, random_state: int | None = None) -> Pipeline:
    """Two Weber descriptors of the apex frame, and a deep belief network of two restricted Boltzmann machines.

    Hao & Tian (2017), as surveys report them, on JAFFE: posed expressions. How their two descriptors differ is not public.

    Parameters
    ----------
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    random_state : int, optional
        The same number gives the same result.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    return pipeline(align, DWLD(), DBN(random_state=random_state))
