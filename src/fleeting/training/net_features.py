"""What networks see, as features for other classifiers: of a network trained in each fold, or of one trained beforehand."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin, clone
from torch import nn

from ..base import ClipTransformer, NoTable
from ..clip import Clip
from ..errors import UsageError
from ..features.pictures import FrameStack
from ..models.layers import checked_shape
from ..models.sdf import LAYERS, VGGF
from .device import said
from .net import NetClassifier
from .samples import as_array
from .weights import put_into, read_tensors


class NetFeatures(NoTable, TransformerMixin, BaseEstimator):
    """What the ``features`` of a trained network's Module are of each sample, (N, D) float32; the network is trained by ``fit``.

    Parameters
    ----------
    net : NetClassifier
        Its network must have a method ``features``, as :class:`.dtscnn.DTSCNN` has.
    """

    revision = 1
    reads_rows = True  # a batch at a time: samples need not be in memory
    __metadata_request__fit = {"groups": True}  # noqa: RUF012

    def __init__(self, net: NetClassifier):
        self.net = net

    def fit(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> NetFeatures:
        """Itself, with the network trained. Parameters as in :meth:`.net.NetClassifier.fit`."""
        self.net_ = clone(self.net).fit(X, y, groups=groups)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """The features of each sample."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "net_")
        X = as_array(X)
        samples, batch, module = self.net_.as_trained(X), self.net_.batch_size, self.net_.module_
        with self.net_.speaking(X), torch.inference_mode():
            out = [module.features(samples.take(rows)).cpu() for rows in np.split(np.arange(len(X)), range(batch, len(X), batch))]
        return torch.cat(out).numpy()


class DeepFeatures(nn.Module):
    """What a trained :class:`VGGF` sees in clips (N, 3, T, H, W): the mean over the frames, (N, D).

    That the frames are averaged is ours; the paper does not say how a clip becomes one vector.

    Parameters
    ----------
    weights : path or mapping of str to Tensor
        A safetensors file, or tensors by name, of a VGGF; its last layer may have any number of classes, or lack.
    input_shape : (C, T, H, W), default=(3, 10, 224, 224)
        Of the clips.
    width : float, default=1
        As the weights have it.
    layer : {"c5", "fc6", "fc7"}, default="fc7"
        Whose output is taken.

    Raises
    ------
    UsageError
        No weights, or of another architecture.

    References
    ----------
    Patel, Hong & Zhao (2016), ICPR.
    """

    def __init__(
        self,
        weights: str | os.PathLike[str] | Mapping[str, torch.Tensor] | None,
        input_shape: tuple[int, ...] = (3, 10, 224, 224),
        width: float = 1.0,
        *,
        layer: Literal["c5", "fc6", "fc7"] = "fc7",
    ):
        super().__init__()
        if weights is None:
            raise UsageError("SDF's features need a trained network: train VGGF on expressions and give its weights, or bring your own")
        if layer not in LAYERS:
            raise UsageError(f"layer={layer!r} is not known; choose from {', '.join(LAYERS)}")
        self.input_shape, self.layer = checked_shape(self, input_shape, "CTHW"), layer
        c, _, rows, columns = self.input_shape
        self.network = VGGF(1, (c, rows, columns), width)
        if isinstance(weights, Mapping):
            put_into(self.network, weights, "body")
        else:
            put_into(self.network, read_tensors(Path(weights).expanduser())[0], "body", str(weights))
        self.eval().requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features of each clip."""
        n = x.shape[0]
        x = self.network.features(x.transpose(1, 2).flatten(0, 1), self.layer)  # (N T, D)
        return x.reshape(n, -1, x.shape[1]).mean(dim=1)


class DeepClipFeatures(ClipTransformer):
    """The mean over a clip's frames of what a network sees that was trained beforehand, (D,) float64: nothing is learned here.

    Parameters
    ----------
    weights : path, optional
        Of a :class:`.sdf.VGGF`: saved by :meth:`.net.NetClassifier.save`, then frames are standardised as its card says; or a
        safetensors file of other origin, which sees frames of 0-1. Without any it refuses: a random network is no feature.
    size : int, default=224
        Side of the frames that the network sees, px.
    layer : {"c5", "fc6", "fc7"}, default="fc7"
    width : float, default=1
        Of the network, where the weights have no card to say it.
    """

    def __init__(self, weights: str | Path | None = None, size: int = 224, layer: str = "fc7", width: float = 1.0):
        self.weights = weights
        self.size = size
        self.layer = layer
        self.width = width

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The features of one clip."""
        if self.layer not in LAYERS:
            raise UsageError(f"layer={self.layer!r} is not known; choose from {', '.join(LAYERS)}")
        frames = FrameStack(self.size, colour=True).transform_clip(clip)  # (3, T, size, size)
        if self.weights is None:
            DeepFeatures(None)
        path = Path(str(self.weights)).expanduser()
        written = path.stat().st_mtime_ns if path.exists() else 0
        if path.with_suffix(".json").exists():
            net = _trained(path, written)
            x = net.as_trained(frames.swapaxes(0, 1)).take(np.arange(frames.shape[1]))  # (T, 3, size, size)
            if tuple(x.shape[1:]) != net.input_shape_:
                raise UsageError(f"{self.weights} see pictures of {net.input_shape_}, not {tuple(x.shape[1:])}: give its size")
            with net.speaking(frames.swapaxes(0, 1)), torch.inference_mode():
                return net.module_.features(x, self.layer).double().mean(dim=0).cpu().numpy()  # type: ignore[operator]
        network = _foreign(path, written, frames.shape, self.width, self.layer)
        with said(f"VGGF on {frames.shape[1]} frames", "Lower n_frames, size or width"), torch.inference_mode():
            return network(torch.from_numpy(frames[None]).float() / 255)[0].double().numpy()


@lru_cache(maxsize=1)
def _trained(path: Path, written: int) -> NetClassifier:
    return NetClassifier.load(path, VGGF)


@lru_cache(maxsize=1)
def _foreign(path: Path, written: int, shape: tuple[int, ...], width: float, layer: Any) -> DeepFeatures:
    return DeepFeatures(path, shape, width, layer=layer)
