"""Methods that are networks trained from nothing, as their papers have them. ``align`` as in :mod:`.texture`.

Each takes ``width``, the share of a network's filters, and any parameter of :class:`fleeting.training.net.NetClassifier`, such as
``epochs`` or ``device``; what is given goes before the paper's. Papers choose the epoch on the test clips, or do not say how; here it is
chosen on persons held out of the training clips, or is the last.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from ..features.flow_map import FlowMap
from ..features.pictures import FlowScales, FlowSequence, FramesAndFlow, FrameStack, Picture
from ..preprocess.eyes import Eyes
from ..preprocess.interpolate import Interpolate
from ..preprocess.magnify import Magnify
from ..preprocess.pad import SIZE, PaddedApex
from ..preprocess.sample import Sample
from .parts import pipeline


def eye_cnn(
    variant: str = "modern",
    head: str = "lenet",
    init: str | None = None,
    eyes: str | None = "mesh",
    width: float = 1.0,
    epochs: int = 50,
    align: int | None = None,
    **training: Any,
) -> Pipeline:
    """LeNet on the eye region of the apex frame, 32 x 32 px grey; made for pictures of expressions, which are no micro-expressions.

    A paper whose text and equations contradict each other, see :class:`fleeting.models.eye_cnn.EyeCNN`: ``variant="text"`` is trained by
    plain gradient descent with momentum on squared errors (its update rule is dimensionally odd) and would stop at an error that it
    does not state (``stop_below``); ``init="seed"`` is its U(-1, 1). Rate, epochs and batch are not stated at all.
    ``eyes`` says how they are found: ``mesh`` by landmarks, ``band`` in pictures that are all face, as FER2013's; None where clips are
    pictures of eyes already (:func:`fleeting.datasets.eyes.eyes`).

    Parameters
    ----------
    variant : {"modern", "text"}, default="modern"
        As one would build it today, or as the paper's text has it.
    head : {"lenet", "direct"}, default="lenet"
        The last layers, which the paper does not size.
    init : {"seed"}, optional
        The paper's first weights, from U(-1, 1).
    eyes : {"mesh", "band"} or None, default="mesh"
        How the eyes are found.
    width : float, default=1.0
        Share of the paper's filters.
    epochs : int, default=50
        Times that the training clips are gone through.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    **training
        Parameters of :class:`fleeting.models.NetClassifier`, which go before the paper's.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    from ..models import EyeCNN

    text = {"loss": "squared", "optimizer": "sgd", "lr": 0.1} if variant == "text" else {"lr": 1e-3, "standardise": "data"}
    net = _net(EyeCNN, {"variant": variant, "head": head, "init": init, "width": width}, training, epochs=epochs, batch_size=128, **text)
    if eyes not in ("mesh", "band", None):
        raise UsageError(f"eyes={eyes!r} is not known; choose from mesh, band, None")
    return pipeline(align, *([] if eyes is None else [Eyes(32, band=eyes == "band")]), Picture(32, colour=False), net)


def apex_dcnn(
    inputs: str = "apex",
    depth: int = 14,
    activation: str = "relu",
    pool: str = "max",
    size: int = SIZE,
    width: float = 1.0,
    epochs: int = 50,
    align: int | None = None,
    **training: Any,
) -> Pipeline:
    """47 layers on the apex frame, which stands on a black square of 400 px.

    Houlton's term paper; optimiser and rates are those of its author's notebook. ``inputs="onset-apex-offset"`` (three frames as one
    sample), ``depth`` and ``activation`` are the questions it leaves for later. At any other ``size`` than 400, and with several frames,
    pictures are resized to the square instead. Pictures larger than 400 px need ``align``.

    Parameters
    ----------
    inputs : {"apex", "onset-apex-offset"}, default="apex"
        Which frames.
    depth : int, default=14
        Number of convolutions.
    activation : str, default="relu"
        Between them.
    pool : {"max", "mean"}, default="max"
        The last pooling.
    size : int, default=400
        Sides of the pictures, px.
    width : float, default=1.0
        Share of the paper's filters.
    epochs : int, default=50
        Times that the training clips are gone through.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    **training
        Parameters of :class:`fleeting.models.NetClassifier`, which go before the paper's.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    from ..models import ApexDCNN

    options = {"depth": depth, "activation": activation, "pool": pool, "width": width}
    net = _net(ApexDCNN, options, training, epochs=epochs, batch_size=32, lr=1e-3, weight_decay=1e-4, schedule=(30, 0.1))
    return pipeline(align, PaddedApex() if size == SIZE and inputs == "apex" else Picture(size, inputs), net)


def two_stream(
    magnification: str | None = "pbvm",
    alpha: float = 20,
    streams: str = "both",
    frames: str = "magnified",
    n_frames: int = 8,
    size: int = 64,
    table1: bool = True,
    width: float = 1.0,
    epochs: int = 100,
    method: str = "tvl1",
    align: int | None = None,
    **training: Any,
) -> Pipeline:
    """Magnified frames and the flow between them, each through its own 3D convolution.

    Yan & Li (2020). ``magnification`` is pbvm, evm, riesz or None, ``streams`` both, frames or flow. Eight flows need nine frames: nine
    are taken evenly, the last is only flowed to. Its "default learning rate" is read as Keras': plain gradient descent, .01. Its figure
    has both streams see the magnified video, its text "original frames": ``frames="raw"`` magnifies for the flow alone.

    Parameters
    ----------
    magnification : {"pbvm", "evm", "riesz"} or None, default="pbvm"
        How motion is magnified.
    alpha : float, default=20
        What is added to the motion, in units of the motion.
    streams : {"both", "frames", "flow"}, default="both"
        Which of the two.
    frames : {"magnified", "raw"}, default="magnified"
        What the first stream sees.
    n_frames : int, default=8
        Frames that a clip is interpolated to, or that are taken from it.
    size : int, default=64
        Sides of the pictures, px.
    table1 : bool, default=True
        Pool as the paper's table is printed, over filters; otherwise over time.
    width : float, default=1.0
        Share of the paper's filters.
    epochs : int, default=100
        Times that the training clips are gone through.
    method : {"tvl1", "dis", "farneback", "horn_schunck"}, default="tvl1"
        Optical flow, see :func:`fleeting.flow.flow`.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    **training
        Parameters of :class:`fleeting.models.NetClassifier`, which go before the paper's.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    from ..models import OneStream3DCNN, TwoStream

    if frames not in ("magnified", "raw"):
        raise UsageError(f"frames={frames!r} is not known; choose from magnified, raw")
    network = TwoStream if streams == "both" else OneStream3DCNN
    net = _net(network, {"table1": table1, "width": width}, training, epochs=epochs, batch_size=8, **_KERAS_SGD)
    steps = [] if magnification is None else [Magnify(magnification, alpha)]
    if magnification is not None and frames == "raw" and streams == "both":
        return pipeline(align, RawFramesMagnifiedFlow(magnification, alpha, n_frames, size, method), net)
    steps = [] if frames == "raw" and streams == "frames" else steps
    return pipeline(align, *steps, Sample(n_frames + 1), FramesAndFlow(size, streams, method), net)


def one_stream_3dcnn(
    n_frames: int = 8,
    size: int = 64,
    table1: bool = True,
    width: float = 1.0,
    epochs: int = 100,
    align: int | None = None,
    **training: Any,
) -> Pipeline:
    """Eight frames through one 3D convolution: what Yan & Li (2020) compare with under this name, as we read it.

    Parameters
    ----------
    n_frames : int, default=8
        Frames that a clip is interpolated to, or that are taken from it.
    size : int, default=64
        Sides of the pictures, px.
    table1 : bool, default=True
        Pool as the paper's table is printed, over filters; otherwise over time.
    width : float, default=1.0
        Share of the paper's filters.
    epochs : int, default=100
        Times that the training clips are gone through.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    **training
        Parameters of :class:`fleeting.models.NetClassifier`, which go before the paper's.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    from ..models import OneStream3DCNN

    net = _net(OneStream3DCNN, {"table1": table1, "width": width}, training, epochs=epochs, batch_size=8, **_KERAS_SGD)
    return pipeline(align, Sample(n_frames), FrameStack(size), net)


def cnn_rnn(
    n_frames: int = 8, size: int = 64, width: float = 1.0, epochs: int = 100, align: int | None = None, **training: Any
) -> Pipeline:
    """A small CNN a frame and an LSTM: what Yan & Li (2020) compare with under this name, as we read it.

    Parameters
    ----------
    n_frames : int, default=8
        Frames that a clip is interpolated to, or that are taken from it.
    size : int, default=64
        Sides of the pictures, px.
    width : float, default=1.0
        Share of the paper's filters.
    epochs : int, default=100
        Times that the training clips are gone through.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    **training
        Parameters of :class:`fleeting.models.NetClassifier`, which go before the paper's.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    from ..models import CNNRNN

    net = _net(CNNRNN, {"width": width}, training, epochs=epochs, batch_size=8, lr=1e-3, standardise="data")
    return pipeline(align, Sample(n_frames), FrameStack(size), net)


def micro_exp_stcnn(
    n_frames: int = 96, size: int = 64, width: float = 1.0, epochs: int = 100, align: int | None = None, **training: Any
) -> Pipeline:
    """One 3D convolution over 96 grey frames (18 for SMIC).

    Reddy, Karri, Dubey & Mukherjee (2019), who take frames 72 to 167 of the raw recording, wherever the expression is; here the clip is
    interpolated to as many.

    Parameters
    ----------
    n_frames : int, default=96
        Frames that a clip is interpolated to, or that are taken from it.
    size : int, default=64
        Sides of the pictures, px.
    width : float, default=1.0
        Share of the paper's filters.
    epochs : int, default=100
        Times that the training clips are gone through.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    **training
        Parameters of :class:`fleeting.models.NetClassifier`, which go before the paper's.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    from ..models import MicroExpSTCNN

    net = _net(MicroExpSTCNN, {"width": width}, training, epochs=epochs, batch_size=16, choose="accuracy", **_KERAS_SGD)
    return pipeline(align, Interpolate(n_frames), FrameStack(size), net)


def cnn3d(
    n_frames: int = 32,
    size: int | tuple[int, int] = (128, 171),
    crop: int | None = 112,
    width: float = 1.0,
    epochs: int | None = None,
    align: int | None = None,
    **training: Any,
) -> Pipeline:
    """The small C3D that Wang, Li, Liu et al. (2018) compare TLCNN with; for 64 frames as for 32, each with its rate and batch.

    ``crop`` is cut out of the frames anywhere in training (C3D's, not theirs). They lower the rate after 20,000 steps and do not say when
    to stop: here it stops there, 313 epochs of their 448 clips.

    Parameters
    ----------
    n_frames : int, default=32
        Frames that a clip is interpolated to, or that are taken from it.
    size : int or tuple of int, default=(128, 171)
        Height and width of the frames, px.
    crop : int or None, default=112
        Side of what is cut out of them in training, px.
    width : float, default=1.0
        Share of the paper's filters.
    epochs : int, optional
        Default: as many as 20,000 steps are.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    **training
        Parameters of :class:`fleeting.models.NetClassifier`, which go before the paper's.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    from ..models import CNN3D
    from ..training.augment import Crop

    fit = {"lr": 0.001, "batch_size": 4} if n_frames >= 64 else {"lr": 0.003, "batch_size": 7}
    epochs = (179 if n_frames >= 64 else 313) if epochs is None else epochs
    augment = () if crop is None else (Crop(crop, crop),)
    net = _net(CNN3D, {"width": width}, training, optimizer="sgd", standardise="data", augment=augment, epochs=epochs, **fit)
    return pipeline(align, Interpolate(n_frames), FrameStack(size, colour=True), net)


def dtscnn(
    n_maps: int = 64,
    size: int = 128,
    classifier: str = "svm",
    width: float = 1.0,
    epochs: int = 100,
    method: str = "tvl1",
    align: int | None = None,
    **training: Any,
) -> Pipeline:
    """Two shallow streams over 64 and 128 flow maps, and a linear support vector machine on what they see (or ``"softmax"``).

    Peng, Wang, Chen, Liu & Fu (2017). Optimiser, rate and epochs are ours.

    Parameters
    ----------
    n_maps : int, default=64
        Flow maps of the first stream; the second has twice as many.
    size : int, default=128
        Sides of the pictures, px.
    classifier : {"svm", "softmax"}, default="svm"
        What says the class.
    width : float, default=1.0
        Share of the paper's filters.
    epochs : int, default=100
        Times that the training clips are gone through.
    method : {"tvl1", "dis", "farneback", "horn_schunck"}, default="tvl1"
        Optical flow, see :func:`fleeting.flow.flow`.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    **training
        Parameters of :class:`fleeting.models.NetClassifier`, which go before the paper's.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    from ..models import DTSCNN
    from ..training.net_features import NetFeatures

    if classifier not in ("svm", "softmax"):
        raise UsageError(f"classifier={classifier!r} is not known; choose from svm, softmax")
    net = _net(DTSCNN, {"width": width}, training, epochs=epochs, batch_size=8, lr=1e-3, standardise="data")
    last = [net] if classifier == "softmax" else [NetFeatures(net), StandardScaler(), SVC(kernel="linear")]
    return pipeline(align, FlowScales(n_maps, size, method=method), *last)


def elrcn(
    variant: str = "se",
    n_frames: int = 10,
    size: int = 224,
    grey: bool = False,
    width: float = 1.0,
    epochs: int = 100,
    method: str = "tvl1",
    align: int | None = None,
    **training: Any,
) -> Pipeline:
    """VGG-16 on each of nine flow and strain maps, and an LSTM over them.

    Khor, See, Phan & Lin (2018). ``variant`` is se (inputs joined as channels) or te (as features). The authors start te from VGG-Face:
    give ``weights=`` with ``weights_part="matching"``, and their first layers as ``frozen``; without, it starts at random. Batch and the
    most epochs are ours; their rate falls by a millionth a step, which is left out.

    Parameters
    ----------
    variant : {"se", "te"}, default="se"
        Inputs joined as channels, or as features.
    n_frames : int, default=10
        Frames that a clip is interpolated to, or that are taken from it.
    size : int, default=224
        Sides of the pictures, px.
    grey : bool, default=False
        Add the grey picture to the maps.
    width : float, default=1.0
        Share of the paper's filters.
    epochs : int, default=100
        Times that the training clips are gone through.
    method : {"tvl1", "dis", "farneback", "horn_schunck"}, default="tvl1"
        Optical flow, see :func:`fleeting.flow.flow`.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    **training
        Parameters of :class:`fleeting.models.NetClassifier`, which go before the paper's.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    from ..models import ELRCN

    channels = ("u", "v", "magnitude", "strain", *(("grey",) if grey else ()))
    options = {"variant": variant, "width": width}
    net = _net(ELRCN, options, training, epochs=epochs, batch_size=8, lr=1e-5, patience=10, standardise="data")
    return pipeline(align, Interpolate(n_frames), FlowSequence(size, channels, "onset", method), net)


def off_apexnet(
    size: int = 28, width: float = 1.0, epochs: int = 60, mirror: bool = False, align: int | None = None, **training: Any
) -> Pipeline:
    """Horizontal and vertical flow from onset to apex, each through its own shallow stream.

    Gan, Liong, Yau, Liu & Tan (2019), last epoch; rate, batch and epochs are ours. Takes clips, or ready flow maps
    (:class:`fleeting.datasets.flow_maps.FlowMaps`). ``mirror`` trains on mirrored faces too.

    Parameters
    ----------
    size : int, default=28
        Sides of the pictures, px.
    width : float, default=1.0
        Share of the paper's filters.
    epochs : int, default=60
        Times that the training clips are gone through.
    mirror : bool, default=False
        Train on mirrored faces, too.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    **training
        Parameters of :class:`fleeting.models.NetClassifier`, which go before the paper's.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    from ..models import OFFApexNet

    net = _net(OFFApexNet, {"width": width}, training, epochs=epochs, batch_size=32, lr=1e-4, augment=_mirrored(mirror), **_LAST)
    return pipeline(align, FlowMap(size), FunctionTransformer(without_strain), net)


def ststnet(
    size: int = 28, width: float = 1.0, epochs: int = 500, mirror: bool = False, align: int | None = None, **training: Any
) -> Pipeline:
    """Flow and strain from onset to apex through three shallow streams, 1,683 weights.

    Liong, Gan, See, Khor & Huang (2019), last epoch; rate and batch of the authors' PyTorch program, which has 800 epochs, the paper
    500. Otherwise as :func:`off_apexnet`.

    Parameters
    ----------
    size : int, default=28
        Sides of the pictures, px.
    width : float, default=1.0
        Share of the paper's filters.
    epochs : int, default=500
        Times that the training clips are gone through.
    mirror : bool, default=False
        Train on mirrored faces, too.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    **training
        Parameters of :class:`fleeting.models.NetClassifier`, which go before the paper's.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    from ..models import STSTNet

    net = _net(STSTNet, {"width": width}, training, epochs=epochs, batch_size=256, lr=5e-5, augment=_mirrored(mirror), **_LAST)
    return pipeline(align, FlowMap(size), net)


def trained(path: str | os.PathLike[str], **changed: Any) -> Pipeline:
    """A method with the weights of a file, which says clips' classes without being fitted: a recogniser for :func:`fleeting.analyze`.

    Parameters
    ----------
    path : path
        Saved by :func:`fleeting.train`; or by ``net.save(path, method="eye_cnn", parameters={"eyes": "band"}, trained_on="...")``, where
        ``net`` is the last step of a fitted method, of this name and with these parameters.
    **changed
        Parameters of the method that are to be others now, such as ``eyes="mesh"``.

    Raises
    ------
    UsageError
        The file is not whole, or its card names no method.
    """
    from ..models import NetClassifier
    from . import METHODS
    from .load import load_method

    net = NetClassifier.load(path)
    if (name := net.card_.get("method")) not in METHODS:
        raise UsageError(f"{path}: its card names no method of Fleeting; save the weights with method= one of {', '.join(METHODS)}")
    parameters = {key: tuple(value) if isinstance(value, list) else value for key, value in net.card_.get("parameters", {}).items()}
    method = load_method(name, {**parameters, **changed})
    if not is_network(method):
        raise UsageError(f"{path}: the method {name} does not end in a network alone, so it cannot be had from weights")
    method.steps[-1] = (method.steps[-1][0], net)
    return method


def is_network(method: Any) -> bool:
    """Whether a method ends in a network, and not in something that learns from one."""
    from ..models import NetClassifier, TLCNNClassifier

    return isinstance(method[-1], NetClassifier | TLCNNClassifier) if isinstance(method, Pipeline) else False


class RawFramesMagnifiedFlow(ClipTransformer):
    """The grey frames of each clip as they are, then the flow between the magnified ones, (1, 3 n_frames, size, size) float32.

    Parameters as in :func:`two_stream`; layout as in :class:`fleeting.features.pictures.FramesAndFlow`.
    """

    def __init__(self, magnification: str = "pbvm", alpha: float = 20, n_frames: int = 8, size: int = 64, method: str = "tvl1"):
        self.magnification = magnification
        self.alpha = alpha
        self.n_frames = n_frames
        self.size = size
        self.method = method

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """Frames and flow of one clip."""
        take, moved = Sample(self.n_frames + 1), Magnify(self.magnification, self.alpha).transform_clip(clip)
        frames = FramesAndFlow(self.size, "frames").transform_clip(take.transform_clip(clip))
        flow = FramesAndFlow(self.size, "flow", self.method).transform_clip(take.transform_clip(moved))
        return np.concatenate([frames, flow], axis=1)


def without_strain(maps: np.ndarray) -> np.ndarray:
    """The first two channels of flow maps, (N, 2, H, W)."""
    return maps[:, :2]


_KERAS_SGD: Mapping[str, Any] = {"optimizer": "sgd", "lr": 0.01, "momentum": 0.0}
_LAST: Mapping[str, Any] = {"validation": 0.0, "choose": "last"}


def _mirrored(mirror: bool) -> tuple[Any, ...]:
    from ..training.augment import Mirror

    return (Mirror(signed=(0,)),) if mirror else ()  # horizontal flow turns round


def _net(network: Callable[..., Any], options: Mapping[str, Any], training: Mapping[str, Any], **paper: Any) -> Any:
    """A NetClassifier with the paper's parameters, where others are not given."""
    from ..models import NetClassifier

    known = NetClassifier._get_param_names()
    if unknown := [name for name in training if name not in known]:
        raise UsageError(f"{unknown[0]!r} is no parameter of this method, nor of its training, which has {', '.join(known)}")
    return NetClassifier(network, options, **{**paper, **training})
