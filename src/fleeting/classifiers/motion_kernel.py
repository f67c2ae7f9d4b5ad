"""The recogniser that ships: kernel ridge over motion spectra, learned from synthetic maps, bent towards a few real ones if there are any.

Scores are those of kernel ridge (:mod:`.kernel_ridge`) with two kernels, exp(-d) and exp(-root of d), each averaged over a face and its
mirror image; d is the mean squared difference of the spectra. A few labelled clips of one's own change the scores by a second kernel
ridge, over what the first got wrong on them: where nothing like them was seen, the first stays as it is. Of ready maps, whose crop is not
known, they tell first where the face lies (:mod:`.placement`).

Probabilities are a softmax of the scores, at a temperature that is the flatter of two: the one fitted to synthetic people that nothing
was learned from, and the one that real maps bear. Where action units were measured as well, the tables of FACS
(:class:`.emotion_table.EmotionTable`) have half the say.

References
----------
Saunders, Gammerman & Vovk (1998), ICML (kernel ridge). Guo, Pleiss, Sun & Weinberger (2017), On calibration of modern neural networks,
ICML. Schwaighofer, Tresp & Yu (2005), Learning Gaussian process kernels via hierarchical Bayes, NIPS (a prior learned elsewhere).
"""

from __future__ import annotations

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin

from ..errors import UsageError
from ..faces.action_units import AUS
from ..features.motion_spectrum import COLUMNS, FREQUENCIES, mirror_signs
from .emotion_table import EmotionTable
from .placement import Placement, find, moved

SHIPPED = Path(__file__).resolve().parents[1] / "weights" / "recogniser.safetensors"
METHOD = "pretrained"
KINDS = ("groups", "emotions")
MEASURED = FREQUENCIES + len(AUS)  # the column that is 0 of ready maps
RIDGE = 0.3  # of the synthetic samples
CAUTION = 24  # own clips, of which the penalty is twice that of many: a dozen clips shift the whole more than they should


class MotionKernel(ClassifierMixin, BaseEstimator):
    """Probabilities of emotion groups, or of emotions, from :class:`.motion_spectrum.MotionSpectrum`; works without being fitted.

    Parameters
    ----------
    weights : path, optional
        File of weights, with its card beside it. Default: the one that comes with Fleeting, learned from synthetic maps alone.
    classes : {"groups", "emotions"}, default="groups"
        ``negative``, ``positive``, ``surprise``; or the words of the synthetic release, of which maps say much less.
    adapt : bool, default=False
        Whether ``fit`` learns from its clips. If not, it changes nothing, and what is evaluated are the weights.
    ridge : float, default=1.0
        Penalty on what is learned from own clips, above 0: larger stays nearer to the weights. It rises where they are few.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    card_ : dict
        What the weights were learned from.
    place_ : Placement
        How ready maps are moved first: as own ones among them asked for, if any.
    """

    revision = 2

    def __init__(self, weights: str | os.PathLike[str] | None = None, classes: str = "groups", adapt: bool = False, ridge: float = 1.0):
        self.weights = weights
        self.classes = classes
        self.adapt = adapt
        self.ridge = ridge

    @property
    def card_(self) -> dict[str, Any]:
        """The card of the weights."""
        return read(self._path)[1]

    @property
    def classes_(self) -> np.ndarray:
        """The classes in the order of the probabilities."""
        return np.array(self.card_["classes"].get(self.classes, ()))

    @property
    def file(self) -> dict[str, str]:
        """Name and SHA-256 of the weights' file."""
        return {"name": self._path.name, "sha256": self.card_["sha256"]}

    def fit(self, X: ArrayLike, y: ArrayLike) -> MotionKernel:
        """Itself; with ``adapt``, after learning from these samples and classes, (N, 227) and (N,)."""
        if self.adapt:
            X, labels = _rows(X), np.asarray(y)
            if unknown := sorted(set(labels.tolist()) - set(self.classes_.tolist())):
                raise UsageError(f"{unknown[0]} is no class of {self._path.name}: its {self.classes} are {', '.join(self.classes_)}")
            if not self.ridge > 0:
                raise UsageError(f"ridge={self.ridge!r} must be above 0")
            code = np.searchsorted(self.classes_, labels)
            share = np.bincount(code, minlength=len(self.classes_))[code] * len(np.unique(code)) / len(code)
            ready = X[:, MEASURED] == 0
            self.fitted_place_ = self._found(X[ready, :FREQUENCIES], code[ready], share[ready])
            spectra = self._placed(X)
            wrong = targets(code, len(self.classes_)) - self._prior(spectra)
            self.own_ = spectra, duals(spectra, wrong, self.ridge * (1 + CAUTION / len(code)) * share)
        return self

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Scores, (N, K) float64; each row sums to 0."""
        spectra = self._placed(_rows(X))
        scores = self._prior(spectra)
        if hasattr(self, "own_"):
            scores += evaluated(spectra, *self.own_)
        return scores

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Probabilities, (N, K) float64 in the order of ``classes_``."""
        X = _rows(X)
        p = softmax(self.decision_function(X) * self.card_["temperature"][self.classes])
        measured = X[:, MEASURED] > 0
        if self.classes == "groups" and measured.any():
            table = EmotionTable().predict_proba(X[measured, FREQUENCIES : FREQUENCIES + len(AUS)])
            p[measured] = (p[measured] + table) / 2
        return p

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The most probable class of each sample, (N,)."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    @property
    def place_(self) -> Placement:
        """How ready maps are moved first."""
        return getattr(self, "fitted_place_", None) or Placement(*self.card_.get("placement", ()))

    def _placed(self, X: np.ndarray) -> np.ndarray:
        """Spectra of rows, (N, 192), those of ready maps moved."""
        spectra, ready = X[:, :FREQUENCIES], X[:, MEASURED] == 0
        if any(self.place_) and ready.any():
            spectra = spectra.copy()
            spectra[ready] = moved(spectra[ready], self.place_)
        return spectra

    def _found(self, spectra: np.ndarray, code: np.ndarray, share: np.ndarray) -> Placement:
        """Where own maps say that the face lies: each class has the same say, whichever ``share`` it has of the maps."""
        if not len(spectra):
            return self.place_
        temperature = self.card_["temperature"][self.classes]

        def loss(spectra: np.ndarray) -> float:
            p = softmax(self._prior(spectra) * temperature)[np.arange(len(code)), code]
            return float((-np.log(np.maximum(p, 1e-12)) / share).sum())

        return find(spectra, loss)

    def _prior(self, spectra: np.ndarray) -> np.ndarray:
        if self.classes not in KINDS:
            raise UsageError(f"classes={self.classes!r} is not known; choose from {', '.join(KINDS)}")
        arrays, _ = read(self._path)
        return evaluated(spectra, arrays["samples"], arrays[f"duals_{self.classes}"])

    @property
    def _path(self) -> Path:
        return SHIPPED if self.weights is None else Path(self.weights).expanduser()

    def __sklearn_is_fitted__(self) -> bool:
        return not self.adapt or hasattr(self, "own_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = bool(self.adapt)
        return tags


def kernels(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Both kernels between spectra, with the bias folded in, (2, N, M) float32."""
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    lengths = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)
    out = np.ones((2, len(a), len(b)), np.float32)
    for each in (a, a * mirror_signs()):
        d = np.maximum(lengths - 2 * each @ b.T, 0) / 3  # three channels
        out[0] += np.exp(-d) / 2
        out[1] += np.exp(-np.sqrt(d)) / 2
    return out


def duals(spectra: np.ndarray, wanted: np.ndarray, ridge: float | np.ndarray) -> np.ndarray:
    """The dual solution of each kernel, (2, N, K) float32: what :func:`evaluated` takes.

    Parameters
    ----------
    spectra : ndarray of shape (N, 192)
    wanted : ndarray of shape (N, K)
    ridge : float or ndarray of shape (N,)
    """
    penalty = np.diag(np.broadcast_to(np.asarray(ridge, np.float64), len(spectra)))
    solved = [np.linalg.solve(kernel.astype(np.float64) + penalty, wanted) for kernel in kernels(spectra, spectra)]
    return np.stack(solved).astype(np.float32)


def evaluated(spectra: np.ndarray, samples: np.ndarray, dual: np.ndarray) -> np.ndarray:
    """Scores of spectra, (N, K) float64: the mean over both kernels."""
    return np.asarray((kernels(spectra, samples) @ dual).mean(axis=0), np.float64)


def targets(code: np.ndarray, classes: int) -> np.ndarray:
    """What scores are to be, (N, K): 1 for the class of each sample, -1 / (K - 1) for the others."""
    return np.where(code[:, None] == np.arange(classes), 1.0, -1 / (classes - 1))


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities of scores, (N, K)."""
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def is_recogniser(path: str | os.PathLike[str]) -> bool:
    """Whether the card beside a file of weights says that they are those of a :class:`MotionKernel`."""
    try:
        return json.loads(Path(path).expanduser().with_suffix(".json").read_text("utf-8")).get("method") == METHOD
    except (OSError, ValueError, AttributeError):
        return False


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays of a file of weights and its card; UsageError where one of them is not there, broken, or not of the other."""
    try:
        stamp = path.stat().st_mtime_ns
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}): make it by `fleeting train recogniser --out {path.name}`") from error
    return _read(path, stamp)


@lru_cache(maxsize=4)
def _read(path: Path, stamp: int) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        content = path.read_bytes()
        arrays = {name: each.astype(np.float32) for name, each in load(content).items()}
        card = json.loads(path.with_suffix(".json").read_text("utf-8"))
    except (OSError, ValueError, SafetensorError) as error:
        raise UsageError(f"{path} and its card {path.stem}.json cannot be read ({error}): copy both again, or train anew") from error
    if card.get("method") != METHOD:
        raise UsageError(f"{path} holds no recogniser of `fleeting train recogniser`: its card speaks of {card.get('method')}")
    if card.get("sha256") != hashlib.sha256(content).hexdigest():
        raise UsageError(f"{path} is not the file that its card speaks of: one of the two was exchanged or cut short. Copy both again")
    return arrays, card


def _rows(X: ArrayLike) -> np.ndarray:
    X = np.asarray(X, np.float32)
    if X.ndim != 2 or X.shape[1] != COLUMNS:
        raise UsageError(f"MotionKernel takes rows of MotionSpectrum, {COLUMNS} numbers each; got shape {X.shape}")
    return X
