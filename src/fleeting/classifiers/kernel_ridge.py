"""Class-weighted kernel ridge whose leave-one-subject-out predictions come from one factorisation.

Each class is regressed on +1 (its clips) and -1 / (K - 1) (the others), with the bias folded into the kernel:

    alpha = (k + 1 + lambda / w)^-1 T          scores(x) = (k(x, X) + 1) alpha

With S the inverse over all clips and t those of one person, the same without that person follows from blocks of S
(:meth:`KernelRidgeClassifier.loso_decision`). Nothing of the person is left in it. Balanced class weights change with
who is left out; a few steps of conjugate gradients, with S to guide them, then lead to the exact solution.

References
----------
Saunders, Gammerman & Vovk (1998), Ridge regression learning algorithm in dual variables, ICML.
Pahikkala, Boberg & Salakoski (2006), Fast n-fold cross-validation for regularized least-squares, SCAI.
An, Liu & Venkatesh (2007), Fast cross-validation algorithms for least squares support vector machine and kernel ridge
regression, Pattern Recognition 40(8), 2154. doi:10.1016/j.patcog.2006.12.015
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from ..errors import UsageError
from .samples import given, labels_of, people_in, persons_of, training

MAX_STEPS = 200  # of conjugate gradients; a dozen is usual
TINY = 1e-300

class KernelRidgeClassifier(ClassifierMixin, BaseEstimator):
    """Kernel ridge regression on class indicators, largest score wins.

    ``alpha``, ``kernel`` and ``gamma`` each take one value or several. Of several, ``fit`` takes the combination with
    the best pooled UF1 under leave-one-subject-out within its training clips, in closed form; it then needs ``groups``.
    The first of equals wins, so write the simplest first. Or nothing is chosen, and all combinations have the same say.

    Parameters
    ----------
    alpha : float or sequence of float, default=1.0
        Ridge penalty lambda, above 0.
    kernel : {"linear", "rbf", "exponential"} or sequence of them, default="rbf"
        ``gamma x.y``, ``exp(-gamma |x - y|^2)``, ``exp(-sqrt(gamma) |x - y|)``.
    gamma : float or sequence of float, default=1.0
        Scale of the kernel, in units of 1 / number of values in a sample: fixed beforehand, not taken from the data.
        1 suits features with a mean square of about 1.
    class_weight : "balanced", mapping or None, default="balanced"
        Weight of each class's errors: n / (K n_c) of the clips trained on; or ``{class: weight}``; or all 1.
    flip : bool, default=False
        A face and its mirror image are the same expression. Samples must be (C, H, W) flow maps whose first channel is
        horizontal motion, which changes sign when mirrored.
    several : {"best", "mean"}, default="best"
        Of several settings, the best; or the mean of the scores of all.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    alpha_, kernel_, gamma_ : float, str, float
        What was used, or chosen; not there for a mean.
    X_ : ndarray of shape (N, ...)
        The training samples, float64.
    duals_ : dict of (str, float) to ndarray of shape (N, K)
        By kernel and gamma; scores are the mean over them.
    """

    revision = 1
    __metadata_request__fit = {"groups": True}  # noqa: RUF012

    def __init__(
        self,
        alpha: float | Sequence[float] = 1.0,
        kernel: str | Sequence[str] = "rbf",
        gamma: float | Sequence[float] = 1.0,
        class_weight: str | Mapping[Any, float] | None = "balanced",
        flip: bool = False,
        several: str = "best",
    ):
        self.alpha = alpha
        self.kernel = kernel
        self.gamma = gamma
        self.class_weight = class_weight
        self.flip = flip
        self.several = several

    @property
    def selection(self) -> str | None:
        """By what rule the setting is chosen, as a run records it; None where there is nothing to choose."""
        several = any(not isinstance(each, str) and np.size(each) > 1 for each in (self.alpha, self.kernel, self.gamma))
        chosen = several and self.several == "best"
        return "best pooled UF1 of leave-one-subject-out within the training clips" if chosen else None

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> KernelRidgeClassifier:
        """Itself, fitted.

        Parameters
        ----------
        X : array-like of shape (N, D) or (N, C, H, W)
            Samples; with ``flip``, flow maps.
        y : array-like of length N
            Their classes.
        groups : array-like of length N, optional
            The person of each sample. Only needed where there is something to choose.

        Returns
        -------
        KernelRidgeClassifier
            Itself.
        """
        X, classes, code = self._training(X, y)
        kernels = self._kernels(X)
        if self.several == "mean":
            alphas = np.ravel(self.alpha).tolist()
            self.duals_ = {
                pair: np.mean([self._dual(kernel, classes, code, alpha) for alpha in alphas], axis=0) for pair, kernel in kernels.items()
            }
        else:
            several = len(kernels) * np.size(self.alpha) > 1
            setting = self._choose(kernels, classes, code, persons_of(self, groups, X)) if several else self._only()
            self.kernel_, self.gamma_, self.alpha_ = setting
            self.duals_ = {setting[:2]: self._dual(kernels[setting[:2]], classes, code, self.alpha_)}
        self.X_, self.classes_ = X, classes
        return self

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Scores, (N, K) float64 in the order of ``classes_``, each row summing to 0; about 1 where a class is sure.

        Of two classes only the second's, (N,), as scikit-learn has it; the first's is its negative.

        Parameters
        ----------
        X : array-like of shape (N, ...)
            Samples; with ``flip``, flow maps (N, C, H, W).

        Returns
        -------
        ndarray of shape (N, K), or (N,) for two classes, float64
            In the order of ``classes_``.
        """
        products = _products(given(self, X, None).astype(float), self.X_, self.flip)
        return _of_two(np.mean([(_kernel(products, *pair) + 1) @ dual for pair, dual in self.duals_.items()], axis=0))

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The class of each sample, (N,).

        Parameters
        ----------
        X : array-like of shape (N, ...)
            Samples; with ``flip``, flow maps (N, C, H, W).

        Returns
        -------
        ndarray of shape (N,)
            Of ``classes_``.
        """
        return labels_of(self.decision_function(X), self.classes_)

    def loso_decision(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike) -> np.ndarray:
        """Scores of each sample by a model that never saw its person, as :meth:`decision_function` has them, classes in sorted order.

        Equal to a ``fit`` on all others for each person, balanced weights and the choice among several settings, or
        the mean over them, included, up to rounding. A setting costs one factorisation for everybody; the choice is
        made anew for each person, each time in closed form.

        Parameters
        ----------
        X : array-like of shape (N, ...)
            Samples; with ``flip``, flow maps (N, C, H, W).
        y : array-like of shape (N,)
            Their classes.
        groups : array-like of shape (N,)
            Their persons.

        Returns
        -------
        ndarray of shape (N, K), or (N,) for two classes, float64
            In the sorted order of the classes.

        Raises
        ------
        UsageError
            Nobody else shows a class that some person shows, so it could not be learned.
        """
        samples, classes, code = clone(self)._training(X, y)  # a fitted one stays fitted to what it was fitted to
        people = people_in(persons_of(self, groups, samples))
        for person, test in people.items():
            if len(lost := np.setdiff1d(code, np.delete(code, test))):
                raise UsageError(f"without {person} no sample of class {classes[lost[0]]!s} is left to train on")
        kernels = self._kernels(samples)
        if self.several == "mean" or len(kernels) * np.size(self.alpha) == 1:
            settings = product(kernels.values(), np.ravel(self.alpha).tolist())
            everybody = list(people.values())
            return _of_two(np.mean([self._leave_out(kernel, classes, code, everybody, alpha) for kernel, alpha in settings], axis=0))
        scores = np.empty((len(code), len(classes)))
        persons = np.asarray(groups)
        for test in people.values():
            train = np.delete(np.arange(len(code)), test)
            inner = {name: kernel[np.ix_(train, train)] for name, kernel in kernels.items()}
            name, gamma, alpha = self._choose(inner, classes, code[train], persons[train])
            dual = self._dual(inner[name, gamma], classes, code[train], alpha)
            scores[test] = (kernels[name, gamma][np.ix_(test, train)] + 1) @ dual
        return _of_two(scores)

    def loso_predict(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike) -> np.ndarray:
        """The class of each sample by a model that never saw its person, (N,).

        Parameters
        ----------
        X : array-like of shape (N, ...)
            Samples; with ``flip``, flow maps (N, C, H, W).
        y : array-like of shape (N,)
            Their classes.
        groups : array-like of shape (N,)
            Their persons.

        Returns
        -------
        ndarray of shape (N,)
            Of the classes in ``y``.
        """
        return labels_of(self.loso_decision(X, y, groups), np.unique(np.asarray(y)))

    def _training(self, X: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Samples as float64, classes and codes as :func:`.samples.training` gives them, after a look at the parameters."""
        X, classes, code = training(self, X, y, None)
        self._check(classes)
        return X.astype(float), classes, code

    def _check(self, classes: np.ndarray) -> None:
        for what, values in (("alpha", self.alpha), ("gamma", self.gamma)):
            if not np.size(values) or not (np.asarray(values, dtype=float) > 0).all():
                raise UsageError(f"{what} must be above 0; got {values!r}")
        if unknown := set(self._names()) - set(KERNELS) or not self._names():
            raise UsageError(f"kernel must be among {', '.join(KERNELS)}; got {unknown or 'none'}")
        if self.several not in ("best", "mean"):
            raise UsageError(f"several={self.several!r} is not known; choose from best, mean")
        given = self.class_weight
        if isinstance(given, Mapping):
            if any(given.get(name, 0) <= 0 for name in classes.tolist()):
                raise UsageError(f"class_weight must give each of {classes.tolist()} a weight above 0; got {dict(given)}")
        elif given not in ("balanced", None):
            raise UsageError(f"class_weight must be 'balanced', None or {{class: weight}}; got {given!r}")

    def _names(self) -> list[str]:
        return [self.kernel] if isinstance(self.kernel, str) else list(self.kernel)

    def _only(self) -> tuple[str, float, float]:
        return self._names()[0], float(np.ravel(self.gamma)[0]), float(np.ravel(self.alpha)[0])

    def _kernels(self, X: np.ndarray) -> dict[tuple[str, float], np.ndarray]:
        """The kernel matrix, (N, N), of each kernel and gamma there is to choose from."""
        products = _products(X, X, self.flip)
        pairs = [(name, float(gamma)) for name in self._names() for gamma in np.ravel(self.gamma)]
        return {pair: _kernel(products, *pair) for pair in pairs}

    def _weights(self, counts: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """The weight of each class, (..., K), where training has these counts of them, (..., K)."""
        if self.class_weight == "balanced":
            return np.asarray(counts.sum(axis=-1, keepdims=True) / (len(classes) * np.maximum(counts, 1)))
        fixed = [1.0 if self.class_weight is None else self.class_weight[name] for name in classes.tolist()]
        return np.broadcast_to(fixed, counts.shape)

    def _dual(self, kernel: np.ndarray, classes: np.ndarray, code: np.ndarray, alpha: float) -> np.ndarray:
        weights = self._weights(np.bincount(code, minlength=len(classes)), classes)
        return np.linalg.solve(kernel + 1 + np.diag(alpha / weights[code]), _targets(code, len(classes)))

    def _leave_out(
        self, kernel: np.ndarray, classes: np.ndarray, code: np.ndarray, people: list[np.ndarray], alpha: float
    ) -> np.ndarray:
        k = len(classes)
        seen = np.bincount(code, minlength=k) - np.array([np.bincount(code[test], minlength=k) for test in people])
        ridges = alpha / self._weights(seen, classes)[:, code]  # (F, N): of each person's training set
        return _leave_out(kernel + 1, _targets(code, k), people, ridges)

    def _choose(
        self, kernels: dict[tuple[str, float], np.ndarray], classes: np.ndarray, code: np.ndarray, persons: np.ndarray
    ) -> tuple[str, float, float]:
        """The kernel, gamma and alpha with the best pooled UF1 when each person in turn is left out."""
        from sklearn.metrics import f1_score

        people = list(people_in(persons).values())
        best, choice = -1.0, self._only()
        for ((name, gamma), kernel), alpha in product(kernels.items(), np.ravel(self.alpha).tolist()):
            found = self._leave_out(kernel, classes, code, people, alpha).argmax(axis=1)
            score = f1_score(code, found, labels=range(len(classes)), average="macro", zero_division=0)
            if score > best + 1e-12:
                best, choice = score, (name, gamma, float(alpha))
        return choice


def _leave_out(system: np.ndarray, targets: np.ndarray, people: list[np.ndarray], ridges: np.ndarray) -> np.ndarray:
    """Scores of each person's samples from the ridge solution over all others, (N, K).

    Parameters
    ----------
    system : ndarray of shape (N, N)
        Kernel with the bias.
    targets : ndarray of shape (N, K)
    people : list of ndarray
        Each person's positions.
    ridges : ndarray of shape (F, N)
        What is added to the diagonal when each person is left out.
    """
    targets = targets[:, :-1]  # all scores of a sample sum to 0, so the last needs no solving
    shared = ridges.mean(axis=0)
    inverse = np.linalg.inv(system + np.diag(shared))  # the one factorisation
    scores = np.empty_like(targets)
    size = max(1, 4_000_000 // targets.size)  # people at a time, for memory
    for start in range(0, len(people), size):
        some = people[start : start + size]
        ridge = ridges[start : start + size].T[:, :, None]  # (N, F, 1)
        blocks = [inverse[:, test] @ np.linalg.inv(inverse[np.ix_(test, test)]) for test in some]
        dual = _solve(system, targets, inverse, blocks, some, ridge)
        for f, test in enumerate(some):
            scores[test] = system[test] @ dual[:, f]
    return np.column_stack([scores, -scores.sum(axis=1)])


def _solve(
    system: np.ndarray, targets: np.ndarray, inverse: np.ndarray, blocks: list[np.ndarray], people: list[np.ndarray],
    ridge: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """The dual solution with each person left out, (N, F, K), 0 at their own samples."""
    n, k = targets.shape
    f = len(people)
    train = np.ones((n, f, 1))
    for i, test in enumerate(people):
        train[test, i] = 0

    def multiplied(v: np.ndarray) -> np.ndarray:
        return train * ((system @ v.reshape(n, -1)).reshape(n, f, k) + ridge * v)

    def divided(v: np.ndarray) -> np.ndarray:
        """Exact for the shared ridge: by blocks, inverse(A_tt) = S_tt - S_ti inverse(S_ii) S_it."""
        out = (inverse @ v.reshape(n, -1)).reshape(n, f, k)
        for i, (test, block) in enumerate(zip(people, blocks, strict=True)):
            out[:, i] -= block @ out[test, i]
        return train * out

    wanted = train * targets[:, None]
    x = divided(wanted)
    rest = wanted - multiplied(x)
    # Preconditioned conjugate gradients, each column with its own steps. With fixed weights x is already the solution.
    direction, energy = np.zeros_like(x), np.ones((f, k))
    for _ in range(MAX_STEPS):
        if np.abs(rest).max() < 1e-13:
            break
        step = divided(rest)
        before, energy = energy, np.einsum("nfk,nfk->fk", rest, step)
        direction = step + direction * (energy / np.maximum(before, TINY))
        image = multiplied(direction)
        length = energy / np.maximum(np.einsum("nfk,nfk->fk", direction, image), TINY)
        x += length * direction
        rest -= length * image
    return x


def _of_two(scores: np.ndarray) -> np.ndarray:
    """The scores of all classes, (N, K); of two only the second's, (N,)."""
    return scores if scores.shape[1] > 2 else scores[:, 1]


def _targets(code: np.ndarray, k: int) -> np.ndarray:
    """1 for a sample's class and -1 / (K - 1) for each other, (N, K)."""
    targets = np.full((len(code), k), -1 / (k - 1))
    targets[np.arange(len(code)), code] = 1
    return targets


class _Products(NamedTuple):
    """Inner products of samples, with each other and with the mirrored ones, and their squared lengths, all / D."""

    inner: list[np.ndarray]  # (N, M) each; the second, if any, with the mirrored
    a: np.ndarray  # (N, 1)
    b: np.ndarray  # (M,)


def _products(a: np.ndarray, b: np.ndarray, flip: bool) -> _Products:
    """What every kernel is made from, per value of a sample."""
    others = [b]
    if flip:
        if b.ndim != 4:
            raise UsageError(f"flip needs flow maps (N, C, H, W), channel 0 horizontal; got samples of shape {b.shape[1:]}")
        mirrored = b[..., ::-1].copy()
        mirrored[:, 0] *= -1
        others.append(mirrored)
    a, *others = (each.reshape(len(each), -1) for each in (a, *others))
    d = a.shape[1]
    inner = [a @ each.T / d for each in others]
    return _Products(inner, (a * a).sum(axis=1, keepdims=True) / d, (others[0] ** 2).sum(axis=1) / d)


def _kernel(products: _Products, name: str, gamma: float) -> np.ndarray:
    """The kernel between samples, (N, M), mean over the mirror images where there are any."""
    lengths = products.a + products.b
    forms = []
    for inner in products.inner:
        distance = lengths - 2 * inner
        distance[distance < 1e-12 * lengths] = 0  # rounding, whose root would make a sample differ from itself by 1e-8
        forms.append(_FORMS[name](inner, distance, gamma))
    return np.mean(forms, axis=0)


# Of inner products and squared distances, both per value.
_FORMS: dict[str, Callable[[np.ndarray, np.ndarray, float], np.ndarray]] = {
    "linear": lambda inner, distance, gamma: gamma * inner,
    "rbf": lambda inner, distance, gamma: np.exp(-gamma * distance),
    "exponential": lambda inner, distance, gamma: np.exp(-np.sqrt(gamma * distance)),
}
KERNELS = tuple(_FORMS)
