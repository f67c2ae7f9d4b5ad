"""What methods have in common: how a pipeline begins, and a support vector machine whose C is chosen within the training clips."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import SVC

from ..preprocess.crop import Align
from ..protocols import SubjectKFold

# Values of C to choose from; papers that search speak of a grid and do not print it. ALL_C is what libsvm's guide recommends.
SOME_C = (2.0**-5, 2.0**-1, 2.0**3, 2.0**7)
ALL_C = tuple(2.0**k for k in range(-5, 16, 2))


class Within(SubjectKFold):
    """A few folds of whole persons within training clips, or as many as there are persons, if these are fewer.

    Parameters
    ----------
    n_splits : int, default=5
    seed : int, optional
        As in :class:`fleeting.protocols.SubjectKFold`.
    """

    def _tests(self, X: Any, groups: Any) -> Iterator[tuple[str, np.ndarray]]:
        n_splits = self.n_splits if groups is None else min(self.n_splits, len(np.unique(groups)))
        yield from SubjectKFold(n_splits, self.seed)._tests(X, groups)


def pipeline(align: int | None, *steps: Any) -> Pipeline:
    """These steps, behind :class:`fleeting.preprocess.crop.Align` if it is given a size, px."""
    return make_pipeline(*([] if align is None else [Align(align)]), *steps)


def svm(C: float | Sequence[float] = SOME_C, grid: Mapping[str, Sequence[Any]] | None = None, **options: Any) -> SVC | GridSearchCV:
    """A support vector machine, or a search for its best parameters.

    Parameters
    ----------
    C : float or sequence of float
        Of several, the one with the best mean macro F1 in five folds of whole persons; the test clips are never looked at. What is
        fitted then needs ``groups``, which :func:`fleeting.evaluation.evaluate.evaluate` gives it.
    grid : mapping, optional
        Other parameters to choose, by name.
    **options
        Parameters of :class:`sklearn.svm.SVC`.
    """
    several = {} if isinstance(C, int | float) else {"C": list(C)}
    choice = several | {key: list(values) for key, values in (grid or {}).items()}
    machine = SVC(**options, **({} if several else {"C": C}))
    # Where persons are few, the rest of a fold may show one class only: it says nothing then, and scikit-learn warns.
    return GridSearchCV(machine, choice, scoring="f1_macro", cv=Within(), error_score=0.0) if choice else machine
