"""Who names the emotions in ``analyze``: a method by its name, a network by the file of its weights, or a fitted method."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import UsageError
from . import GROUPS, METHODS, NETWORKS, UNTRAINED


def load_recogniser(recogniser: Any) -> Any:
    """The fitted method that :func:`fleeting.analyze` means by a name, a file of weights, or a method; UsageError where there is none."""
    if isinstance(recogniser, str) and recogniser.endswith(".safetensors"):
        from .networks import trained  # brings PyTorch

        recogniser = trained(recogniser)
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
