"""Methods on the texture of a clip in space and time: LBP-TOP with all the classifiers it was given, and its descendants.

Clips are taken for pictures of a face, as the releases' cropped editions hold them. ``align``, where a method has it, cuts the face
out of anything else and holds it still: the side of the crop, px.
"""

from __future__ import annotations

from collections.abc import Sequence

from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import StandardScaler

from ..classifiers.chi_square_svm import ChiSquareKernel
from ..classifiers.dbn import DBN
from ..classifiers.elm import ELM
from ..classifiers.linear_kernel import LinearKernel
from ..classifiers.mkl import AlignedKernel
from ..features.cbp_top import CBPTOP
from ..features.fhofo import FHOFO
from ..features.lbp_top import LBPTOP, uniform_bins
from ..features.stclqp import STCLQP, STCLQPVectors
from ..features.stlbp_ip import STLBPIP
from ..preprocess.colour import TICS
from ..preprocess.interpolate import Interpolate
from ..preprocess.magnify import Magnify
from .parts import SOME_C, pipeline, svm

ELM_C = tuple(2.0**k for k in range(-10, 11, 4))


def lbp_top_svm(n_frames: int = 32, C: float | Sequence[float] = SOME_C, align: int | None = None) -> Pipeline:
    """LBP-TOP of red, green and blue, 6 x 6 blocks, radii 3, 8 neighbours, and a linear support vector machine.

    As Wang, Li, Liu et al. (2018) compare with it, who took it from Zhao & Pietikäinen (2007); they do not name the kernel. For
    grey releases: ``set_params(lbptop__colour=False)``.

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
    return pipeline(align, Interpolate(n_frames), LBPTOP(colour=True), LinearKernel(), svm(C, kernel="precomputed"))


def lbp_top_mkl(
    n_frames: int = 10,
    grids: Sequence[tuple[int, int]] = ((5, 5), (8, 8)),
    C: float | Sequence[float] = SOME_C,
    align: int | None = None,
) -> Pipeline:
    """Grey LBP-TOP with several grids, and a support vector machine on a weighted sum of kernels: multiple kernel learning.

    Pfister, Li, Zhao & Pietikäinen (2011), who interpolate to 10 frames, have polynomial kernels of degree 2 and 6 and the
    intersection of histograms, and learn the weights together with the machine. Here the weights are the kernels' alignment with the
    classes; the grids are ours.

    Parameters
    ----------
    n_frames : int, default=10
        Frames that a clip is interpolated to, or that are taken from it.
    grids : sequence of tuple of int, default=((5, 5), (8, 8))
        Rows and columns of blocks of each descriptor.
    C : float or sequence of float, optional
        Penalty of the machine. One of several is chosen within the training clips, by folds of whole persons.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    size = 3 * (int(uniform_bins(8).max()) + 1)
    union = FeatureUnion([(f"lbptop{rows}x{columns}", LBPTOP((rows, columns))) for rows, columns in grids])
    kernel = AlignedKernel(blocks=[rows * columns * size for rows, columns in grids])
    return pipeline(align, Interpolate(n_frames), union, kernel, svm(C, kernel="precomputed"))


def lbp_top_mlp(n_frames: int = 32, align: int | None = None, random_state: int | None = None) -> Pipeline:
    """Grey LBP-TOP and a network of one hidden layer, learned by back-propagation ("BP").

    Named in a paper on eye regions as one of the usual methods; layer, learning rate and stopping rule are ours.

    Parameters
    ----------
    n_frames : int, default=32
        Frames that a clip is interpolated to, or that are taken from it.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    random_state : int, optional
        The same number gives the same result.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    network = MLPClassifier(
        (100,), activation="logistic", solver="sgd", learning_rate_init=0.05, momentum=0.9, max_iter=2000, tol=1e-3,
        random_state=random_state,
    )  # fmt: skip
    return pipeline(align, Interpolate(n_frames), LBPTOP(), StandardScaler(), network)


def lbp_top_rf(n_frames: int = 32, align: int | None = None, random_state: int | None = None) -> Pipeline:
    """Grey LBP-TOP and fuzzy histograms of flow side by side, and a random forest of 500 trees.

    After a thesis that a paper on eye regions reports ("light flow characteristics" and LBP-TOP; Zhang Xuange); it is not public, and
    which features of flow it took is our choice.

    Parameters
    ----------
    n_frames : int, default=32
        Frames that a clip is interpolated to, or that are taken from it.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    random_state : int, optional
        The same number gives the same result.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    union = FeatureUnion([("lbptop", LBPTOP()), ("fhofo", FHOFO())])
    return pipeline(align, Interpolate(n_frames), union, RandomForestClassifier(500, random_state=random_state))


def lbp_top_dbn(n_frames: int = 32, align: int | None = None, random_state: int | None = None) -> Pipeline:
    """Grey LBP-TOP and a deep belief network of two restricted Boltzmann machines.

    After a thesis that a paper on eye regions reports (Liu Yuzhen): two machines and a layer for back-propagation. Which features it
    put in, and all sizes, are our choice.

    Parameters
    ----------
    n_frames : int, default=32
        Frames that a clip is interpolated to, or that are taken from it.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    random_state : int, optional
        The same number gives the same result.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    return pipeline(align, Interpolate(n_frames), LBPTOP(), DBN(random_state=random_state))


def cbp_top_elm(
    n_frames: int = 32, C: float | Sequence[float] = ELM_C, align: int | None = None, random_state: int | None = None
) -> Pipeline:
    """Centralised binary patterns on three planes, and an extreme learning machine.

    Guo, Xue, Wang & Yu (2015). Grid, threshold, size and penalty of the machine are ours; scores are the mean of ten machines, as
    a single one is a matter of luck.

    Parameters
    ----------
    n_frames : int, default=32
        Frames that a clip is interpolated to, or that are taken from it.
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
    return pipeline(align, Interpolate(n_frames), CBPTOP(), ELM(C=C, random_state=random_state))


def stlbp_ip(n_frames: int = 32, C: float | Sequence[float] = SOME_C, align: int | None = None) -> Pipeline:
    """Patterns of the sums along rows and columns (STLBP-IP), 8 x 9 blocks, and a support vector machine with a chi-square kernel.

    Huang, Wang, Zhao & Pietikäinen (2015), with the values of Wang, Li, Liu et al. (2018). The width of the kernel is not stated.

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
    return pipeline(align, Interpolate(n_frames), STLBPIP(), ChiSquareKernel(), svm(C, kernel="precomputed"))


def stclqp(n_frames: int = 32, C: float = 1.0, align: int | None = None, random_state: int = 0) -> Pipeline:
    """Words for sign, size and direction of local differences (STCLQP), supervised projections, a linear support vector machine.

    Huang, Zhao, Hong, Zheng & Pietikäinen (2016), with the values of Wang, Li, Liu et al. (2018). They search for C; behind a projection
    that has seen the classes all values look alike, so that it is fixed here.

    Parameters
    ----------
    n_frames : int, default=32
        Frames that a clip is interpolated to, or that are taken from it.
    C : float, default=1.0
        Penalty of the machine.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    random_state : int, default=0
        Of the words.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    words = STCLQP(random_state=random_state)
    return pipeline(align, Interpolate(n_frames), STCLQPVectors(), words, StandardScaler(), svm(C, kernel="linear"))


def tics_lbp_top(n_frames: int = 32, C: float | Sequence[float] = SOME_C, align: int | None = None) -> Pipeline:
    """LBP-TOP of the channels of a colour space in which training pixels are as independent as they can be (TICS).

    Wang, Yan, Li et al. (2015). As the space is learned, the descriptor is computed anew in each fold.

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
    return pipeline(align, Interpolate(n_frames), TICS(), LBPTOP(colour=True), LinearKernel(), svm(C, kernel="precomputed"))


def evm_lbp_top(n_frames: int = 32, alpha: float = 10, C: float | Sequence[float] = SOME_C, align: int | None = None) -> Pipeline:
    """Linear Eulerian motion magnification, then grey LBP-TOP and a linear support vector machine.

    Named, without numbers, in a paper that magnifies by phases; how much is magnified (its text has 20 for the phases) and that it is
    the difference from the onset that is, are ours.

    Parameters
    ----------
    n_frames : int, default=32
        Frames that a clip is interpolated to, or that are taken from it.
    alpha : float, default=10
        What is added to the motion, in units of the motion.
    C : float or sequence of float, optional
        Penalty of the machine. One of several is chosen within the training clips, by folds of whole persons.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    magnified = Magnify("evm", alpha)
    return pipeline(align, magnified, Interpolate(n_frames), LBPTOP(), LinearKernel(), svm(C, kernel="precomputed"))
