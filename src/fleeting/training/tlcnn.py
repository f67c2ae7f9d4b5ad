"""TLCNN's training in its stages: expressions, single frames, then the CNN and the LSTM together.

Wang, Li, Liu, Yan, Ou, Huang, Xu & Fu (2018), Neurocomputing 312. What the paper leaves open is ours, and said at ``STAGES``. It chose each
snapshot on the test clips, which a method must never see; here whole persons are held out of the training clips, the same ones in all
stages. What a choice on test clips is worth is measured from outside (:func:`fleeting.evaluation.inflate.inflate`).
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone

from ..base import NoTable
from ..errors import UsageError
from ..models.tlcnn import TLCNN, TRUNK, TLCNNFrames
from .augment import Augment, Mirror, Window
from .loop import Progress, scores
from .net import NetClassifier
from .samples import as_array, checked_samples, hold_out
from .weights import tensors_of

MOMENTUM, DECAY = 0.9, 0.0005  # momentum is the paper's, weight decay ours: AlexNet's, a tenth of LRCN's
CLIP_NORM = 5.0  # LRCN's, for the joint stages, whose rate is ten times that of the frames


class Stage(NamedTuple):
    """Learning rate, after how many steps it falls to a tenth, and how many steps there are."""

    lr: float
    every: int
    steps: int


# Only frames and joint are printed in full. Ours: of expression everything but the momentum and the batch; the length and the
# schedule of both "again" stages, which do as the stage before at half its rate; that in the last of them the CNN is frozen.
STAGES = {
    "expression": Stage(0.001, 2560, 10_000),
    "frames": Stage(0.001, 2560, 10_000),
    "frames again": Stage(0.0005, 2560, 10_000),
    "joint": Stage(0.01, 5600, 20_000),
    "joint again": Stage(0.005, 5600, 20_000),
}
PATIENCE = 20  # epochs of expression training without anything better: "until the change is small"
PASSES = 4  # windows of each clip in an epoch: the paper's 112 steps of 16 clips an epoch are four times its 448 clips


@dataclass(frozen=True)
class Frames:
    """The single frames of clips (N, C, T, H, W) as samples (N T, C, H, W), without a copy of them all."""

    clips: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the samples."""
        n, c, t, h, w = self.clips.shape
        return n * t, c, h, w

    @property
    def dtype(self) -> Any:
        """Of the samples."""
        return self.clips.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        clip, moment = np.divmod(rows, self.clips.shape[2])
        return np.asarray(self.clips[clip, :, moment])


class TLCNNClassifier(ClassifierMixin, BaseEstimator):
    """TLCNN, trained in its stages, as a scikit-learn classifier of clips (N, 3, T, H, W).

    Parameters
    ----------
    expressions : path, or (pictures, emotions) or (pictures, emotions, persons), optional
        Weights that :func:`train_expressions` saved, which is done once instead of in each fold; or pictures (M, 3, H, W) of what
        clips show, sized alike, to train on first. Without any, ``fit`` refuses, unless ``skip_expression`` is set.
    options : mapping, optional
        Further arguments of the networks, such as ``{"width": 0.1}``.
    skip_expression : bool, default=False
        The paper's TLCNN(E): start with single frames, from random weights.
    skip_frames : bool, default=False
        With ``skip_expression`` the paper's TLCNN(EM): train CNN and LSTM together at once.
    skip_joint : bool, default=False
        Stop after the single frames, and average over them: what C5+SVM looks into.
    scale : float, default=1
        Steps of each stage, as a share of the paper's; its rate falls after as many steps as in the paper, so in a short stage not at all.
    frames_batch, clips_batch : int, default=224, 16
        Frames and clips in a batch.
    window : int, default=16
        Consecutive frames of a clip that a joint step sees, from anywhere; all are seen when predicting.
    validation : float, default=0.1
        Share of the training persons who are held out, in all stages, to choose the epochs. 0 takes the last ones.
    mirror, mirror_clips : bool, default=True, False
        Exchange left and right of half of the pictures, and of the clips of the joint stages.
    mixed_precision : bool, default=False
        As in :class:`.net.NetClassifier`, which tells of what follows as well.
    compile : bool, default=False
        Whether ``torch.compile`` is used.
    device : {"auto", "cpu", "cuda", "mps"}, default="auto"
        Where it computes.
    random_state : int, optional
        0 when not given. The stage of expressions always takes 0: it is the same in each fold.
    checkpoint : path, optional
        A folder, from which a training that was stopped goes on.
    progress : callable, optional
        Told the stage's name.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    history_ : list of dict
        As in :class:`.net.NetClassifier`, with ``stage``: the number of the stage in ``STAGES``.
    chosen_epoch_ : int
        The epoch of the last stage that was taken, counted through all stages.
    net_ : NetClassifier
        The network after the last stage.
    """

    revision = 2
    __metadata_request__fit = {"groups": True}  # noqa: RUF012

    def __init__(
        self,
        expressions: str | os.PathLike[str] | Sequence[Any] | None = None,
        *,
        options: Mapping[str, Any] | None = None,
        skip_expression: bool = False,
        skip_frames: bool = False,
        skip_joint: bool = False,
        scale: float = 1.0,
        frames_batch: int = 224,
        clips_batch: int = 16,
        window: int = 16,
        validation: float = 0.1,
        mirror: bool = True,
        mirror_clips: bool = False,
        mixed_precision: bool = False,
        compile: bool = False,
        device: str = "auto",
        random_state: int | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        progress: Progress | None = None,
    ):
        self.expressions = expressions
        self.options = options
        self.skip_expression = skip_expression
        self.skip_frames = skip_frames
        self.skip_joint = skip_joint
        self.scale = scale
        self.frames_batch = frames_batch
        self.clips_batch = clips_batch
        self.window = window
        self.validation = validation
        self.mirror = mirror
        self.mirror_clips = mirror_clips
        self.mixed_precision = mixed_precision
        self.compile = compile
        self.device = device
        self.random_state = random_state
        self.checkpoint = checkpoint
        self.progress = progress

    @property
    def selection(self) -> str | None:
        """By what rule the epochs are chosen, as a run records it."""
        return f"in each stage, epoch of highest accuracy on {self.validation:.0%} of the training persons" if self.validation else None

    def fit(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> TLCNNClassifier:
        """Itself, trained.

        Parameters
        ----------
        X : array-like of shape (N, 3, T, H, W), whole numbers of 0-255 or float
            Clips.
        y : array-like of length N
            Their classes.
        groups : array-like of length N, optional
            The person of each clip; needed to hold persons out.

        Returns
        -------
        TLCNNClassifier
            Itself.
        """
        X, classes, code = checked_samples(X, y)
        if len(X.shape) != 5:
            raise UsageError(f"TLCNN takes clips as (N, 3, T, H, W); got {tuple(X.shape)}")
        if self.skip_frames and self.skip_joint:
            raise UsageError("skip_frames and skip_joint leave nothing to train on clips: take one of them")
        self.history_: list[dict[str, float]] = []
        held_out = hold_out(groups, code, self.validation, self.random_state or 0)
        persons = () if groups is None else tuple(np.unique(np.asarray(groups)[held_out]).astype(str).tolist())
        weights = self._start()
        if not self.skip_frames:
            # A clip's frames all have its person, so none of its frames is held out from the others.
            labels, people = (None if each is None else np.repeat(each, X.shape[2]) for each in (y, groups))
            weights = self._stage("frames", Frames(X), labels, people, persons, weights, "body")
            weights = self._stage("frames again", Frames(X), labels, people, persons, weights, "all")
        if not self.skip_joint:
            weights = self._stage("joint", X, y, groups, persons, weights, "matching")
            self._stage("joint again", X, y, groups, persons, weights, "all")
        self.classes_ = classes
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """How likely each class is, (N, K) float64: the mean over all frames of a clip.

        Parameters
        ----------
        X : array-like of shape (N, 3, T, H, W)
            Clips.

        Returns
        -------
        ndarray of shape (N, K), float64
            In the order of ``classes_``.
        """
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "classes_")
        if not self.skip_joint:
            return self.net_.predict_proba(X)
        X = as_array(X)
        return self.net_.predict_proba(Frames(X)).reshape(len(X), X.shape[2], -1).mean(axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """The class of each clip, (N,).

        Parameters
        ----------
        X : array-like of shape (N, 3, T, H, W)
            Clips.

        Returns
        -------
        ndarray of shape (N,)
            Of ``classes_``.
        """
        best = self.predict_proba(X).argmax(axis=1)  # says first if nothing was fitted
        return np.asarray(self.classes_[best])

    def _start(self) -> dict[str, torch.Tensor] | None:
        """The weights after the stage of expressions; None where it is left out."""
        given = self.expressions
        if self.skip_expression:
            return None
        if given is None:
            raise UsageError(
                "TLCNN is first trained on pictures of expressions, and none are given: give expressions= (weights saved by "
                "train_expressions, or pictures with their emotions), or skip_expression=True, which the paper calls TLCNN(E)"
            )
        if isinstance(given, str | os.PathLike):
            return tensors_of(given)
        pictures, emotions, *rest = list(given)
        persons = rest[0] if rest else np.arange(len(emotions)).astype(str)
        held_out = hold_out(persons, checked_samples(pictures, emotions)[2], 0.2, 0)
        wanted = tuple(np.unique(np.asarray(persons)[held_out]).astype(str).tolist())
        return self._stage("expression", pictures, emotions, persons, wanted, None, "body")

    def _stage(
        self, name: str, X: Any, y: Any, groups: Any, persons: tuple[str, ...], start: Mapping[str, torch.Tensor] | None, part: str
    ) -> dict[str, torch.Tensor]:
        """The weights after one stage, with these persons held out; its epochs join the history, and ``net_`` is its network."""
        joint, stage = name.startswith("joint"), STAGES[name]
        passes, batch = (PASSES, self.clips_batch) if joint else (1, self.frames_batch)
        n = len(X) - (0 if groups is None else int(np.isin(np.asarray(groups).astype(str), persons).sum()))
        per_epoch = math.ceil(n * passes / batch)
        augment: tuple[Augment, ...] = (Mirror(),) if (self.mirror_clips if joint else self.mirror) else ()
        told = self.progress
        options = {key: value for key, value in (self.options or {}).items() if joint or key not in ("layers", "windows")}  # the LSTM's
        net = NetClassifier(
            TLCNN if joint else TLCNNFrames,
            options,
            epochs=max(1, round(self.scale * stage.steps / per_epoch)),
            batch_size=batch,
            optimizer="sgd",
            lr=stage.lr,
            momentum=MOMENTUM,
            weight_decay=DECAY,
            schedule=(stage.every / per_epoch, 0.1),
            clip_norm=CLIP_NORM if joint else None,
            validation=persons or 0.0,
            choose="accuracy" if persons else "last",
            patience=PATIENCE if name == "expression" else None,
            passes=passes,
            standardise="data",
            augment=(*augment, Window(min(self.window, X.shape[2]))) if joint else augment,
            weights=start,
            weights_part=part,
            frozen=TRUNK if name == "joint again" else (),
            mixed_precision=self.mixed_precision,
            compile=self.compile,
            device=self.device,
            random_state=0 if name == "expression" else self.random_state or 0,
            checkpoint=self.checkpoint,
            progress=None if told is None else lambda _, *much: told(name, *much),
        )
        net.batch_called = "clips_batch" if joint else "frames_batch"
        net.fit(X, y, groups=groups)
        before = int(self.history_[-1]["epoch"]) if self.history_ else 0
        number = list(STAGES).index(name) + 1
        self.history_ += [{**row, "epoch": row["epoch"] + before, "stage": number} for row in net.history_]
        self.net_, self.chosen_epoch_ = net, before + net.chosen_epoch_
        return {key: tensor.detach().cpu() for key, tensor in net.module_.state_dict().items()}


class FrameFeatures(NoTable, TransformerMixin, BaseEstimator):
    """The mean over a clip's frames of what a layer of TLCNN's CNN sees, each clip's of length 1, (N, D) float32.

    The C5+SVM of the paper, which does not say which network is meant, nor how frames become a clip: ours is the network after the
    single frames of the training clips, and the mean, which leaves no order in time, as the paper says of it.

    Parameters
    ----------
    tlcnn : TLCNNClassifier
        How the network is trained; with ``skip_joint``.
    layer : {"c5", "m3"}, default="c5"
        The fifth convolution, or its pooled maps.
    """

    revision = 1
    __metadata_request__fit = {"groups": True}  # noqa: RUF012

    def __init__(self, tlcnn: TLCNNClassifier, layer: str = "c5"):
        self.tlcnn = tlcnn
        self.layer = layer

    def fit(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> FrameFeatures:
        """Itself, with the network trained. Parameters as in :meth:`TLCNNClassifier.fit`."""
        if self.layer not in ("c5", "m3"):
            raise UsageError(f"layer={self.layer!r} is not known; choose from c5, m3")
        self.tlcnn_ = clone(self.tlcnn).fit(X, y, groups=groups)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """The features of each clip."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "tlcnn_")
        X, net = as_array(X), self.tlcnn_.net_
        samples, t = net.as_trained(Frames(X)), X.shape[2]
        seen: list[torch.Tensor] = []
        with net.speaking(X), getattr(net.module_, self.layer).register_forward_hook(lambda module, given, maps: seen.append(maps)):
            for clip in range(len(X)):
                scores(net.module_, samples, clip * t + np.arange(t), net.mixed_precision)
                seen[clip:] = [torch.cat(seen[clip:]).float().flatten(1).mean(dim=0).cpu()]
        features = torch.stack(seen).numpy()  # (N, D)
        return np.asarray(features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12))


def train_expressions(
    path: str | os.PathLike[str],
    pictures: Any,
    emotions: ArrayLike,
    persons: ArrayLike | None = None,
    trained_on: str = "",
    **settings: Any,
) -> Path:
    """The file of the weights after TLCNN's first stage, for ``TLCNNClassifier(expressions=path)``.

    Parameters
    ----------
    path : path
    pictures : array-like of shape (M, 3, H, W), whole numbers of 0-255 or float
        Sized like the frames of the clips.
    emotions : array-like of length M
        The paper has nine.
    persons : array-like of length M, optional
        A fifth of them is held out to see when to stop; without, each picture counts as a person of its own.
    trained_on : str
        What the card says of the pictures.
    **settings
        Of :class:`TLCNNClassifier`, such as ``options`` and ``scale``.
    """
    tlcnn = TLCNNClassifier((pictures, emotions) if persons is None else (pictures, emotions, persons), **settings)
    tlcnn.history_ = []
    tlcnn._start()
    return tlcnn.net_.save(path, trained_on=trained_on or f"{len(pictures)} pictures of expressions")
