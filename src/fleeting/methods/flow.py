"""Methods on optical flow. ``align`` as in :mod:`.texture`."""

from __future__ import annotations

from collections.abc import Sequence

from sklearn.pipeline import FeatureUnion, Pipeline

from ..classifiers.hmm import DoubleLayerHMM
from ..classifiers.kernel_ridge import KernelRidgeClassifier
from ..classifiers.linear_kernel import LinearKernel
from ..features.bi_woof import BiWOOF
from ..features.fdm import FDM
from ..features.fhofo import FHOFO
from ..features.flow_map import FlowMap
from ..features.mdmo import MDMO
from ..features.region_flow import RegionFlow
from ..features.strain_weighted import StrainMap, StrainWeightedLBPTOP
from ..preprocess.interpolate import Interpolate
from .parts import SOME_C, pipeline, svm


def mdmo(n_frames: int = 32, C: float | Sequence[float] = SOME_C, align: int | None = None) -> Pipeline:
    """Main directional mean optical flow of 36 regions, and a support vector machine with a polynomial kernel.

    Liu, Zhang, Yan, Wang, Zhao & Fu (2016), with the values of Wang, Li, Liu et al. (2018). The kernel's degree is not stated: 2 or 3
    are chosen within the training clips, together with C.

    Parameters
    ----------
    n_frames : int, default=32
        Frames that a clip is interpolated to, or that are taken from it.
    C : float or sequence of float, optional
        Penalty of the machine. One of several is chosen within the training clips, by folds of whole persons.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    machine = svm(C, {"degree": [2, 3]}, kernel="poly", coef0=1.0)
    return pipeline(align, Interpolate(n_frames), MDMO(), machine)


def fdm(n_frames: int = 32, C: float | Sequence[float] = SOME_C, align: int | None = None) -> Pipeline:
    """The facial dynamics map, 8 x 8 blocks of 3 fields, and a support vector machine with a Gaussian kernel.

    Xu, Zhang & Wang (2017). Wang, Li, Liu et al. (2018) try many blocks and print the best; here they are fixed.

    Parameters
    ----------
    n_frames : int, default=32
        Frames that a clip is interpolated to, or that are taken from it.
    C : float or sequence of float, optional
        Penalty of the machine. One of several is chosen within the training clips, by folds of whole persons.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    return pipeline(align, Interpolate(n_frames), FDM(), svm(C, kernel="rbf"))


def fhofo(C: float | Sequence[float] = SOME_C, align: int | None = None) -> Pipeline:
    """Fuzzy histograms of flow directions, 5 x 5 blocks, and a linear support vector machine.

    Happy & Routray (2019). They try several classifiers, several ways to cut time, and eye masks; here time is not cut.

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
    return pipeline(align, FHOFO(), LinearKernel(), svm(C, kernel="precomputed"))


def bi_woof(C: float | Sequence[float] = 10_000.0, align: int | None = None) -> Pipeline:
    """Flow directions from onset to apex, weighted by length and strain, 8 x 8 blocks, and a linear support vector machine.

    Liong, See, Wong & Phan (2018), C as they have it. Where a release has no apex, put :class:`fleeting.preprocess.apex.Apex` before.

    Parameters
    ----------
    C : float or sequence of float, default=10000.0
        Penalty of the machine. One of several is chosen within the training clips, by folds of whole persons.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    return pipeline(align, BiWOOF(), svm(C, kernel="linear"))


def strain_weighted(n_frames: int = 10, C: float | Sequence[float] = SOME_C, align: int | None = None) -> Pipeline:
    """LBP-TOP weighted by the strain of its blocks beside the map of strain itself, and a linear support vector machine.

    Liong, See, Phan, Oh, Le Ngo, Wong & Tan (2016). Both parts are as long as they are; C is not stated.

    Parameters
    ----------
    n_frames : int, default=10
        Frames that a clip is interpolated to, or that are taken from it.
    C : float or sequence of float, optional
        Penalty of the machine. One of several is chosen within the training clips, by folds of whole persons.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    union = FeatureUnion([("weighted", StrainWeightedLBPTOP()), ("map", StrainMap())])
    return pipeline(align, Interpolate(n_frames), union, LinearKernel(), svm(C, kernel="precomputed"))


def flow_hmm(n_frames: int = 32, align: int | None = None) -> Pipeline:
    """Flow histograms of brows, eyes, nose and mouth, frame by frame, and hidden Markov models in two layers.

    After a thesis that a paper on eye regions reports (Wu Xue, a "double-layer hidden Markov model"); it is not public, and nearly
    everything is our reading: see :class:`fleeting.classifiers.hmm.DoubleLayerHMM`.

    Parameters
    ----------
    n_frames : int, default=32
        Frames that a clip is interpolated to, or that are taken from it.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    return pipeline(align, Interpolate(n_frames), RegionFlow(), DoubleLayerHMM())


def flow_krr(align: int | None = None) -> Pipeline:
    """The flow map from onset to apex, centred and scaled, and kernel ridge that takes mirrored faces for the same: nothing is chosen.

    Ours: the plain baseline that anything learned has to beat. Scores are the mean over 40 settings. Takes ready flow maps (clips of
    one frame, :class:`fleeting.datasets.flow_maps.FlowMaps`) as well as clips, of which it computes the flow by TV-L1.

    Parameters
    ----------
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    ridge = KernelRidgeClassifier(
        alpha=(0.1, 0.3, 1.0, 3.0, 10.0), kernel=("rbf", "exponential"), gamma=(0.1, 0.3, 1.0, 3.0), flip=True, several="mean"
    )
    return pipeline(align, FlowMap(), ridge)
