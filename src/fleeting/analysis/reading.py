"""What a recogniser says of a clip, and what it is: its steps, every parameter, and where its weights come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..clip import Clip
from ..faces.action_units import AUS


class Seen(NamedTuple):
    """What a recogniser and the action units say of one event.

    Attributes
    ----------
    probabilities : ndarray of shape (K,)
        In the order of the method's classes.
    intensities : ndarray of shape (A,)
        Of ``AUS``, % of the eye distance.
    head : float
        Median displacement by the head from onset to apex, % of the eye distance.
    unexplained, outside : float
        Share of the squared motion that neither head nor action units explain, and of the face that is out of the picture, 0 to 1.
    """

    probabilities: np.ndarray
    intensities: np.ndarray
    head: float
    unexplained: float
    outside: float


def reader(method: Any) -> Callable[[Clip], Seen]:
    """What reads a clip by a fitted method; where the method begins with what is measured anyway, it is measured once."""
    from ..features.au_motion import AUMotion
    from ..features.motion_spectrum import FREQUENCIES, MotionSpectrum

    first, *rest = [step for _, step in getattr(method, "steps", [])] or [None]
    whole = bool(rest) and isinstance(first, MotionSpectrum)
    part = bool(rest) and type(first) is AUMotion  # what inherits from it may measure otherwise
    front = first if whole else MotionSpectrum(first.find_mesh, first.method) if part else MotionSpectrum()

    def read(clip: Clip) -> Seen:
        row = np.asarray(front.transform_clip(clip))
        intensities, (_, head, unexplained, outside) = row[FREQUENCIES : FREQUENCIES + len(AUS)], row[FREQUENCIES + len(AUS) :].tolist()
        if whole or part:
            probabilities = method[1:].predict_proba((row if whole else intensities)[None])
        else:
            probabilities = method.predict_proba([clip])
        return Seen(np.asarray(probabilities)[0], intensities, head, unexplained, outside)

    return read


def described(thing: Any) -> str:
    """A spotter's or method's name with all parameters, defaults included; what holds no plain value by its module and name."""
    if hasattr(thing, "steps"):
        return " > ".join(described(step) for _, step in thing.steps)
    kind = type(thing)
    if hasattr(thing, "get_params"):
        values = thing.get_params(deep=False)
    else:
        values = {key: value for key, value in getattr(thing, "__dict__", {}).items() if not key.endswith("_")}
    name = kind.__name__ if kind.__module__.startswith("fleeting.") else f"{kind.__module__}.{kind.__qualname__}"
    return f"{name}({', '.join(f'{key}={_plain(value)}' for key, value in values.items() if not key.startswith('_'))})"


def weights_of(method: Any) -> dict[str, Any] | None:
    """Of a method with weights: their file, its SHA-256, what they were learned from and for how many epochs; else None."""
    last = method.steps[-1][1] if hasattr(method, "steps") else method
    card = getattr(last, "card_", None)
    if not isinstance(card, dict):
        return None
    file = getattr(last, "file", None) or {"name": None, "sha256": card.get("sha256")}
    return {**file, "learned_from": card.get("trained_on"), "epochs": card.get("epochs"), "must_not": card.get("must_not")}


def _plain(value: Any) -> str:
    if value is None or isinstance(value, str | bool | int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_plain, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_plain(each)}" for key, each in value.items()) + "}"
    kind = value if isinstance(value, type) else type(value)
    return f"{kind.__module__}.{kind.__qualname__}"  # its own repr may hold an address in memory
