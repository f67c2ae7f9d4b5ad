"""Training samples: checked, given out in batches, and whole persons of them held out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from ..compute.rows import in_parts
from ..errors import UsageError
from .augment import Augment

ON_DEVICE = 0.5  # of a GPU's free memory, how much samples may take up for the whole of a training


@dataclass
class Samples:
    """Samples as batches of float32 on the device.

    Attributes
    ----------
    X : array or Tensor of shape (N, ...)
        Whole numbers are divided by 255. A tensor lies on the device, of an array a batch at a time is there.
    code : Tensor of shape (N,)
    centre, spread : ndarray of shape (C,), optional
        Of each channel, taken off and divided by. ``each`` makes them anew for each sample.
    """

    X: Any
    code: torch.Tensor
    device: torch.device
    augment: Sequence[Augment] = ()
    centre: np.ndarray | None = None
    spread: np.ndarray | None = None
    each: bool = False

    def take(self, rows: np.ndarray, generator: torch.Generator | None = None) -> torch.Tensor:
        """Some samples: as they are trained on where there is a generator, else plain."""
        x = batch(self.X, rows, self.device)
        for change in self.augment:
            x = change.plain(x) if generator is None else change(x, generator)
        if self.centre is not None and self.spread is not None:
            return standardised(x, *(torch.as_tensor(v, dtype=x.dtype, device=x.device) for v in (self.centre, self.spread)))
        return standardised(x) if self.each else x

    def labels(self, rows: np.ndarray) -> torch.Tensor:
        """Their classes' numbers."""
        return self.code[torch.from_numpy(rows)].to(self.device)


def batch(X: Any, rows: np.ndarray, device: torch.device) -> torch.Tensor:
    """Some samples as they are, float32 on the device; whole numbers divided by 255."""
    if isinstance(X, torch.Tensor):
        x = X[torch.from_numpy(rows).to(X.device)]
    else:
        raw = np.ascontiguousarray(X[rows])
        x = torch.from_numpy(raw.astype(np.float32, copy=False) if raw.dtype.kind == "f" else raw).to(device)
    return x if x.is_floating_point() else x.float() / 255


def on_device(X: Any, device: torch.device) -> Any:
    """The samples as a tensor on a GPU, once and for all, in their own type; as they are where they do not fit, or on a CPU."""
    if device.type != "cuda":
        return X
    kind = np.dtype(np.float32) if np.dtype(X.dtype).kind == "f" else np.dtype(X.dtype)
    if math.prod(X.shape) * kind.itemsize > ON_DEVICE * torch.cuda.mem_get_info(device)[0]:
        return X
    parts = [np.arange(start, min(start + 256, len(X))) for start in range(0, len(X), 256)]
    return torch.cat([torch.from_numpy(np.ascontiguousarray(X[part]).astype(kind, copy=False)).to(device) for part in parts])


def standardised(x: torch.Tensor, centre: torch.Tensor | None = None, spread: torch.Tensor | None = None) -> torch.Tensor:
    """Samples (N, C, ...) less the centre of each channel, (C,), divided by its spread; without these, each sample by its own."""
    if centre is not None and spread is not None:
        shape = (1, -1, *(1,) * (x.ndim - 2))
        return (x - centre.view(shape)) / spread.view(shape)
    axes = tuple(range(2, x.ndim))
    return (x - x.mean(axes, keepdim=True)) / (x.std(axes, keepdim=True, correction=0) + 1e-6)


def checked_samples(X: Any, y: ArrayLike) -> tuple[Any, np.ndarray, np.ndarray]:
    """The samples, the classes (K,), and the number of each sample's class, (N,)."""
    X, y = as_array(X), np.asarray(y)
    if y.shape != (len(X),):
        raise UsageError(f"{len(X)} samples, but labels of shape {y.shape}: each sample needs one label")
    if y.dtype.kind == "f" and len(odd := y[~np.isfinite(y) | (y != np.round(y))]):
        raise UsageError(f"labels are continuous numbers ({odd[0]:g}), not classes")
    classes, code = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise UsageError(f"all {len(y)} training samples are {', '.join(map(str, classes)) or 'none'}: there is nothing to tell apart")
    return X, classes, code


def as_array(X: Any) -> Any:
    """The samples as something with shape and dtype that gives rows; checked to be finite."""
    if isinstance(X, torch.Tensor):
        X = X.detach().cpu().numpy()
    elif not (hasattr(X, "shape") and hasattr(X, "dtype")):
        try:
            X = np.asarray(X)
        except ValueError as error:
            raise UsageError("samples are of different shapes: bring all to one length and size before") from error
    if len(X.shape) < 2 or np.dtype(X.dtype).kind not in "iuf":
        raise UsageError(f"samples must be numbers, (N, C, H, W) or (N, C, T, H, W); got {X.dtype} of shape {tuple(X.shape)}")
    if np.dtype(X.dtype).kind == "f":
        start = 0
        for part in in_parts(X):
            if len(bad := np.flatnonzero(~np.isfinite(part.reshape(len(part), -1)).all(axis=1))):
                raise UsageError(f"sample {start + bad[0]} holds nan or infinity: look at the clip behind it")
            start += len(part)
    return X


def channel_statistics(X: Any, rows: np.ndarray, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each channel over some samples, (C,) float64 each; whole numbers count in 255ths."""
    sums = squares = np.zeros(())
    count = 0
    for part in np.split(rows, range(batch_size, len(rows), batch_size)):
        x = np.moveaxis(np.asarray(X[part]), 1, 0)
        x = x.reshape(len(x), -1).astype(np.float64)  # (C, n)
        sums, squares, count = sums + x.sum(axis=1), squares + np.square(x).sum(axis=1), count + x.shape[1]
    scale = 1 if np.dtype(X.dtype).kind == "f" else 255
    mean = sums / count
    return mean / scale, np.sqrt(np.maximum(squares / count - mean**2, 0)) / scale + 1e-6


def class_weights(given: Any, classes: np.ndarray, code: np.ndarray) -> torch.Tensor:
    """The weight of each class's errors, (K,): all 1, balanced, or as given. ``code`` is the class of each sample that is trained on."""
    if given == "balanced":
        counts = np.bincount(code, minlength=len(classes))
        return torch.from_numpy(len(code) / (len(classes) * counts)).float()
    if given is None:
        return torch.ones(len(classes))
    if not isinstance(given, Mapping) or any(not given.get(name, 0) > 0 for name in classes.tolist()):
        raise UsageError(f"class_weight must be 'balanced', None or give each of {classes.tolist()} a weight above 0; got {given!r}")
    return torch.tensor([float(given[name]) for name in classes.tolist()])


def hold_out(groups: ArrayLike | None, code: np.ndarray, share: float | Sequence[str], seed: int) -> np.ndarray:
    """The samples, (n,) int, of the persons who are held out of a training.

    Parameters
    ----------
    groups : array-like of length N or None
        The person of each sample.
    code : ndarray of shape (N,)
        The class of each, from 0.
    share : float or sequence of str
        Of the persons, 0 or more and below 1, rounded, at least one; or who they are.
    seed : int
    """
    if isinstance(share, int | float) and not 0 <= share < 1:
        raise UsageError(f"validation={share!r} is a share of the training persons, 0 or more and below 1")
    if share == 0:
        return np.empty(0, dtype=int)
    if groups is None:
        raise UsageError("persons are held out to choose the epoch, but groups, the person of each sample, is not given; "
                         "give it, or validation=0 and choose='last'")  # fmt: skip
    if len(np.asarray(groups)) != len(code):
        raise UsageError(f"groups has {len(np.asarray(groups))} persons for {len(code)} samples: one is needed for each")
    everyone, who = np.unique(np.asarray(groups).astype(str), return_inverse=True)
    shown = np.zeros((len(everyone), int(code.max()) + 1), dtype=int)
    np.add.at(shown, (who, code), 1)  # how often each person shows each class
    chosen: list[int] = []
    if isinstance(share, int | float):
        left = shown.sum(axis=0)
        for person in np.random.default_rng(seed).permutation(len(everyone)).tolist():
            if len(chosen) < max(1, round(share * len(everyone))) and (left > shown[person]).all():
                chosen.append(person)
                left = left - shown[person]
    else:
        chosen = np.flatnonzero(np.isin(everyone, [str(each) for each in share])).tolist()
    if not chosen or not (shown.sum(axis=0) > shown[chosen].sum(axis=0)).all():
        raise UsageError(
            f"of {len(everyone)} persons none can be held out without losing a class: give validation=0, choose='last'"
            if isinstance(share, int | float)
            else f"validation={list(share)!r}: these are not among the persons, or no class would be left without them"
        )
    return np.flatnonzero(np.isin(who, chosen))
