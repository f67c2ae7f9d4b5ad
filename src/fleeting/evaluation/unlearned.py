"""Whether a network has learned at all: whether it knows its own training clips better than who always says the commonest class."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..drawing.tables import number


def training_accuracy(epochs: pd.DataFrame) -> float | None:
    """The accuracy on its own training clips at the epoch taken; None where none was recorded."""
    if "accuracy" not in epochs or epochs.empty:
        return None
    taken = epochs[epochs["chosen"] == 1] if "chosen" in epochs else epochs
    return float((taken if len(taken) else epochs)["accuracy"].iloc[-1])


def not_learned(learning: Mapping[str, pd.DataFrame], classes: Mapping[str, np.ndarray]) -> str | None:
    """What to say of trainings that ended no better than always saying the commonest class; None if all did better.

    Parameters
    ----------
    learning : mapping of str to DataFrame
        The epochs of each training.
    classes : mapping of str to ndarray
        The classes of its training clips.
    """
    known = {name: accuracy for name, epochs in learning.items() if (accuracy := training_accuracy(epochs)) is not None}
    least = {name: np.unique(classes[name], return_counts=True)[1].max() / len(classes[name]) for name in known}
    poor = [name for name in known if known[name] <= least[name]]
    if not poor:
        return None
    where, which = (f"in {len(poor)} of {len(known)} folds ", f"{poor[0]}: ") if len(known) > 1 else ("", "")
    shares = f"{which}{number(known[poor[0]])} against {number(least[poor[0]])}"
    return (
        f"{where}the network ended no better on its own training clips than always saying the commonest class ({shares}): "
        "it has not learned. Train longer, or change the learning rate; until then its score says nothing about the method"
    )
