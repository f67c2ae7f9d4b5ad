"""Methods that learn from pictures of expressions first, and then from micro-expressions. ``align`` as in :mod:`.texture`.

The pictures are no part of Fleeting, nor are weights trained on them: :func:`pretrain` trains on a set of yours, once, and each method
takes the file. Without it ``fit`` refuses and says so; TLCNN may also go without (``skip_expression``), as its paper tried. Nobody
who is shown in the pictures should be shown in the clips that are tested.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from ..classifiers.evolution import EvolutionarySelection
from ..clip import Clip
from ..errors import UsageError
from ..extras import need
from ..features.pictures import FrameStack, Picture
from ..preprocess.crop import Align
from ..preprocess.interpolate import Interpolate
from .parts import pipeline


def tlcnn(
    expressions: Any = None,
    n_frames: int = 32,
    size: int = 227,
    width: float = 1.0,
    scale: float = 1.0,
    skip_expression: bool = False,
    skip_frames: bool = False,
    align: int | None = None,
    **training: Any,
) -> Pipeline:
    """A CNN trained on expressions, then on the frames of clips, then together with an LSTM over 16 frames of 32 (or 64).

    Wang, Li, Liu, Yan, Ou, Huang, Xu & Fu (2018); stages, rates and steps at :data:`fleeting.training.tlcnn.STAGES`. ``expressions``
    are weights that :func:`pretrain` saved, or clips (a dataset) of pictures of expressions; ``skip_expression`` is the paper's TLCNN(E),
    with ``skip_frames`` TLCNN(EM). ``scale`` shortens all stages. Further parameters are those of
    :class:`fleeting.training.tlcnn.TLCNNClassifier`.

    Parameters
    ----------
    expressions : str, Path or iterable of Clip, optional
        Weights that ``pretrain`` saved, or pictures of expressions as clips; the method refuses to begin without.
    n_frames : int, default=32
        Frames that a clip is interpolated to, or that are taken from it.
    size : int, default=227
        Sides of the pictures, px.
    width : float, default=1.0
        Share of the paper's filters.
    scale : float, default=1.0
        Share of the paper's steps in all stages.
    skip_expression : bool, default=False
        Begin without pictures of expressions: the paper's TLCNN(E).
    skip_frames : bool, default=False
        Leave out the training on single frames as well: the paper's TLCNN(EM).
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    **training
        Parameters of :class:`fleeting.models.TLCNNClassifier`, which go before the paper's.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    net = _tlcnn(expressions, size, width, scale, align, training, skip_expression=skip_expression, skip_frames=skip_frames)
    return pipeline(align, Interpolate(n_frames), FrameStack(size, colour=True), net)


def c5_svm(
    expressions: Any = None,
    n_frames: int = 32,
    size: int = 227,
    width: float = 1.0,
    scale: float = 1.0,
    skip_expression: bool = False,
    layer: str = "c5",
    align: int | None = None,
    **training: Any,
) -> Pipeline:
    """What TLCNN's fifth convolution sees, averaged over the frames, and a linear support vector machine.

    Wang, Li, Liu et al. (2018); see :class:`fleeting.training.tlcnn.FrameFeatures` for what they leave open.

    Parameters
    ----------
    expressions : str, Path or iterable of Clip, optional
        Weights that ``pretrain`` saved, or pictures of expressions as clips; the method refuses to begin without.
    n_frames : int, default=32
        Frames that a clip is interpolated to, or that are taken from it.
    size : int, default=227
        Sides of the pictures, px.
    width : float, default=1.0
        Share of the paper's filters.
    scale : float, default=1.0
        Share of the paper's steps in all stages.
    skip_expression : bool, default=False
        Begin without pictures of expressions: the paper's TLCNN(E).
    layer : str, default="c5"
        Whose output is taken.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    **training
        Parameters of :class:`fleeting.models.TLCNNClassifier`, which go before the paper's.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    net = _tlcnn(expressions, size, width, scale, align, training, skip_expression=skip_expression, skip_joint=True)
    from ..training.tlcnn import FrameFeatures

    return pipeline(align, Interpolate(n_frames), FrameStack(size, colour=True), FrameFeatures(net, layer), SVC(kernel="linear"))


def sdf(
    expressions: str | os.PathLike[str] | None = None,
    n_frames: int = 10,
    size: int = 224,
    width: float = 1.0,
    layer: str = "fc7",
    population: int = 50,
    generations: int = 50,
    align: int | None = None,
    random_state: int | None = None,
) -> Pipeline:
    """What a CNN trained on expressions sees, some of which an evolutionary search selects, and a linear support vector machine.

    Patel, Hong & Zhao (2016), whose VGG-F saw ImageNet and expressions. ``expressions`` is a file of its weights: saved by
    :func:`pretrain`, or a safetensors file of other origin, of that ``width``. The search's parameters are not published: see
    :class:`fleeting.classifiers.evolution.EvolutionarySelection`.

    Parameters
    ----------
    expressions : str or Path, optional
        Weights of VGG-F; the method refuses to begin without.
    n_frames : int, default=10
        Frames that a clip is interpolated to, or that are taken from it.
    size : int, default=224
        Sides of the pictures, px.
    width : float, default=1.0
        Share of the paper's filters.
    layer : str, default="fc7"
        Whose output is taken.
    population : int, default=50
        Sets of features at a time.
    generations : int, default=50
        How often they compete.
    align : int, optional
        Side, px, of crops that are made first, in which the eyes are level; default: clips are pictures of a face already.
    random_state : int, optional
        The same number gives the same result.

    Returns
    -------
    Pipeline
        Unfitted; it takes a list of clips.
    """
    need("networks", "sdf")
    from ..training.net_features import DeepClipFeatures

    if expressions is not None and not isinstance(expressions, str | os.PathLike):
        raise UsageError("SDF takes the weights of a network trained on expressions: pretrain('sdf', expressions, path) saves them")
    deep = DeepClipFeatures(None if expressions is None else Path(expressions), size, layer, width)
    selection = EvolutionarySelection(population, generations, random_state=random_state)
    return pipeline(align, Interpolate(n_frames), deep, selection, StandardScaler(), SVC(kernel="linear"))


def pretrain(
    method: str,
    expressions: Iterable[Clip],
    path: str | os.PathLike[str],
    *,
    size: int | None = None,
    width: float = 1.0,
    scale: float = 1.0,
    align: int | None = None,
    trained_on: str = "",
    **training: Any,
) -> Path:
    """The file of the weights after training on pictures of expressions, with its card beside it.

    Parameters
    ----------
    method : {"tlcnn", "c5_svm", "sdf"}
        The first two share theirs.
    expressions : iterable of Clip
        Pictures as clips (a dataset's ``clips()``), with their emotion and subject; those without an emotion are left out.
    path : path
    size, width, align
        As the method has them.
    scale : float, default=1
        Steps, as a share of TLCNN's; of SDF's 50 epochs, which are ours.
    trained_on : str
        What the card says; else the datasets and the number of pictures.
    **training
        Parameters of :class:`fleeting.training.tlcnn.TLCNNClassifier` or, for SDF, of :class:`fleeting.training.net.NetClassifier`.
    """
    from ..models import VGGF, NetClassifier, TLCNNClassifier
    from ..training.tlcnn import train_expressions

    if method not in ("tlcnn", "c5_svm", "sdf"):
        raise UsageError(f"{method!r} is not trained on expressions; tlcnn, c5_svm and sdf are")
    kind = NetClassifier if method == "sdf" else TLCNNClassifier
    if unknown := [name for name in training if name not in (known := kind._get_param_names())]:
        raise UsageError(f"{unknown[0]!r} is no parameter of this training, which has size, width, scale, align, {', '.join(known)}")
    clips = [clip for clip in expressions if clip.emotion]
    pictures, emotions, persons = _pictures(clips, size or (224 if method == "sdf" else 227), align)
    trained_on = trained_on or f"{len(clips)} pictures of {', '.join(sorted({clip.dataset for clip in clips}))}"
    if method != "sdf":
        options = {**training.pop("options", {}), "width": width}
        return train_expressions(path, pictures, emotions, persons, trained_on, options=options, scale=scale, **training)
    usual = {"epochs": max(1, round(50 * scale)), "optimizer": "sgd", "lr": 0.01, "weight_decay": 5e-4, "random_state": 0}
    net = NetClassifier(VGGF, {"width": width}, standardise="data", **{**usual, **training})
    return net.fit(pictures, emotions, groups=persons).save(path, trained_on=trained_on)


def _tlcnn(expressions: Any, size: int, width: float, scale: float, align: int | None, training: dict[str, Any], **stages: Any) -> Any:
    from ..models import TLCNNClassifier

    known = TLCNNClassifier._get_param_names()
    if unknown := [name for name in training if name not in known]:
        raise UsageError(f"{unknown[0]!r} is no parameter of this method, nor of its training, which has {', '.join(known)}")
    if isinstance(expressions, str | os.PathLike):
        expressions = Path(expressions)  # runs then know the file, and not its name alone
    elif expressions is not None:
        clips = expressions.clips() if hasattr(expressions, "clips") else expressions
        expressions = _pictures([clip for clip in clips if clip.emotion], size, align)
    options = {**training.pop("options", {}), "width": width}
    return TLCNNClassifier(expressions, options=options, scale=scale, **stages, **training)


def _pictures(clips: list[Clip], size: int, align: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Apex frames, (M, 3, size, size) uint8, their emotions and their persons."""
    if not clips:
        raise UsageError("no picture of an expression has an emotion: give a dataset of expressions, such as fleeting.datasets.KDEF")
    picture = Picture(size)
    shown = clips if align is None else [Align(align).transform_clip(clip) for clip in clips]
    pictures = np.stack([picture.transform_clip(clip) for clip in shown])
    return pictures, np.array([str(clip.emotion) for clip in clips]), np.array([clip.person for clip in clips])
