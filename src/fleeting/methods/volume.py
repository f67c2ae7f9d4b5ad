"""Methods on a clip as a block of grey values: its gradients, its brief changes, its subspaces. ``align`` as in :mod:`.texture`."""

from __future__ import annotations

from collections.abc import Sequence

from sklearn.pipeline import Pipeline

from ..classifiers.dtsa import DTSA
from ..classifiers.elm import ELM
from ..classifiers.linear_kernel import LinearKernel
from ..features.hog3d import HOG3D
from ..features.lstd import LSTD
from ..features.pictures import FrameStack
from ..preprocess.interpolate import Interpolate
from .parts import SOME_C, pipeline, svm
from .texture import ELM_C


def hog3d(C: float | Sequence[float] = SOME_C, align: int | None = None) -> Pipeline:
    """Histograms of gradients in space and time at twelve places of the face, and a linear support vector machine.

    Polikovsky, Kameda & Ohta (2009), who go on to cluster frames and let clusters vote; the mean over frames and the machine are ours.

    Parameters
    ----------
    C : float or sequence of float, optional
        Penalty of the machine. One of several is chosen within the training clips, by folds of whole persons.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    return pipeline(align, HOG3D(), LinearKernel(), svm(C, kernel="precomputed"))


def rpca_lstd(C: float | Sequence[float] = SOME_C, align: int | None = None) -> Pipeline:
    """Directional codes of what robust PCA leaves of the motion in sixteen regions, and a linear support vector machine.

    Wang, Yan, Zhao, Fu & Zhou (2014). The layout of their codes is not public: see :func:`fleeting.features.lstd.lstd`.

    Parameters
    ----------
    C : float or sequence of float, optional
        Penalty of the machine. One of several is chosen within the training clips, by folds of whole persons.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    return pipeline(align, LSTD(), LinearKernel(), svm(C, kernel="precomputed"))


def dtsa_elm(
    size: int = 64,
    n_components: int = 40,
    C: float | Sequence[float] = ELM_C,
    align: int | None = None,
    random_state: int | None = None,
) -> Pipeline:
    """Grey clips of 64 x 64 x 64, discriminant tensor subspaces of 40 x 40 x 40, and an extreme learning machine.

    Wang, Chen, Yan, Chen & Fu (2014). Size and penalty of the machine are not stated.

    Parameters
    ----------
    size : int, default=64
        Sides of the pictures, px.
    n_components : int, default=40
        Directions along each axis.
    C : float or sequence of float, optional
        Penalty of the machine. One of several is chosen within the training clips, by folds of whole persons.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    random_state : int, optional
        The same number gives the same result.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    tensors = FrameStack(size, colour=False)  # (1, T, H, W)
    subspaces = DTSA((1, *[n_components] * 3))
    return pipeline(align, Interpolate(size), tensors, subspaces, ELM(C=C, random_state=random_state))
