"""Methods by name: each is a function that returns a scikit-learn estimator over clips."""

from collections.abc import Callable

from sklearn.pipeline import Pipeline

from .au_template import au_template

METHODS: dict[str, Callable[[], Pipeline]] = {"au_template": au_template}

__all__ = ["METHODS", "au_template"]
