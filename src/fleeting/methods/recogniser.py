"""Who names the emotions in ``analyze``: a method by its name, a network by the file of its weights, or a fitted method, looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..base import steps_of
from ..clip import Clip
from ..errors import FleetingError, UsageError
from . import GROUPS, METHODS, NETWORKS, UNTRAINED

SIZE = 224  # px, of the crops that analyze gives


def load_recogniser(recogniser: Any) -> Any:
    """The fitted method that :func:`fleeting.analyze` means by a name, a file of weights, or a method; UsageError where there is none."""
    if isinstance(recogniser, str) and recogniser.endswith(".safetensors"):
        recogniser = _from_file(recogniser)
    if isinstance(recogniser, str):
        name, weights = recogniser.replace("-", "_"), f"{recogniser}.safetensors"
        if name not in UNTRAINED and Path(weights).is_file():
            raise UsageError(f"recogniser={recogniser!r} is not a file, but {weights} is there: give that, recogniser={weights!r}.")
        if name in NETWORKS:
            raise UsageError(
                f"recogniser={recogniser!r} has to be trained first, and no weights of it come with Fleeting: fl.train, or "
                f"`fleeting train {name} --data NAME=PATH --out {name}`, writes {name}.safetensors, which is then its name. "
                f"Without training there is {', '.join(UNTRAINED)}."
            )
        if name in METHODS and name not in UNTRAINED:
            raise UsageError(
                f"recogniser={recogniser!r} has to be trained first: fit fl.methods.{name}() on clips and give that. "
                f"Without training there is {', '.join(UNTRAINED)}."
            )
        if name not in METHODS:
            raise UsageError(f"recogniser={recogniser!r} is not known; there is {', '.join(UNTRAINED)}, or a network's .safetensors file.")
        recogniser = METHODS[name]()
    classes = [str(c) for c in getattr(recogniser, "classes_", ())]
    if sorted(classes) != list(GROUPS):
        raise UsageError(f"recogniser: its classes must be {', '.join(GROUPS)}; this one has {', '.join(classes) or 'not been fitted'}.")
    return recogniser


def check_recogniser(recogniser: Any) -> None:
    """Nothing, where a method can name the emotions in ``analyze``; it is tried on two made-up clips, of which nothing is to be learned.

    Parameters
    ----------
    recogniser : str or estimator
        As :func:`fleeting.analyze` takes it; the contract is in docs/own-parts.md.

    Raises
    ------
    UsageError
        It cannot; the message says what is wrong and what is expected.

    Examples
    --------
    >>> from fleeting.methods import check_recogniser
    >>> check_recogniser("au_template")
    """
    method = load_recogniser(recogniser)
    name = steps_of(method)
    if not callable(getattr(method, "predict_proba", None)):
        raise UsageError(f"{name} has no predict_proba(clips): probabilities of {', '.join(GROUPS)} are what analyze asks for.")
    clips = [_made_up(seed) for seed in range(2)]
    try:
        p = np.asarray(method.predict_proba(clips))
    except FleetingError:
        raise
    except Exception as error:
        raise UsageError(f"{name}.predict_proba, given {len(clips)} clips, failed: {type(error).__name__}: {error}") from error
    expected = (len(clips), len(GROUPS))
    if p.shape != expected or p.dtype.kind != "f":
        raise UsageError(f"{name}.predict_proba gives {p.shape} {p.dtype}: it must be {expected}, a row a clip, in the order of classes_.")
    if not np.isfinite(p).all() or (p < 0).any() or not np.allclose(p.sum(axis=1), 1, atol=1e-3):
        raise UsageError(f"{name}.predict_proba gives rows such as {p[0].tolist()}: they must be probabilities, which sum to one.")


def _made_up(seed: int) -> Clip:
    """A clip as ``analyze`` cuts it, (9, 224, 224, 3): a soft texture of which one place moves and comes back."""
    rng = np.random.default_rng(seed)
    picture = cv2.GaussianBlur(rng.uniform(0, 255, (SIZE, SIZE, 3)).astype(np.float32), (0, 0), 3)
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    bump = np.exp(-((x - SIZE / 2) ** 2 + (y - SIZE / 3) ** 2) / (2 * 20**2)).astype(np.float32)
    moves = 3 * np.sin(np.linspace(0, np.pi, 9, dtype=np.float32))
    frames = np.stack([cv2.remap(picture, x, y + move * bump, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT) for move in moves])
    frames = np.clip(frames.round(), 0, 255).astype(np.uint8)
    return Clip(f"made-up/{seed}", "made-up", str(seed), 100.0, 0, 4, 8, lambda: frames)


def _from_file(path: str) -> Any:
    """The method whose weights a file holds."""
    from ..classifiers.motion_kernel import is_recogniser

    if is_recogniser(path):
        return METHODS["pretrained"](weights=path)
    from .networks import trained  # brings PyTorch

    return trained(path)
