"""Action units out of what coders wrote: ``4+7+L10``, ``A12B``, ``ref(7B)+43``, ``L12 or L14``, ``?``."""

from __future__ import annotations

import re

# side or manner, number; what follows is an intensity. "2x" is "twice", not action unit 2.
_UNIT = re.compile(r"(?<![A-Za-z])(AU|AD|[LRATBMlr])?\s?(\d{1,2})(?!\d|x\b|\s*\(k\))")
_NONE_SEEN = {"0", "none", "neutral", "no"}
_NOT_CODED = {"", "?", "/", "\\", "-", "nan", "n/a"}


def parse_aus(text: str | None) -> tuple[str, ...] | None:
    """The action units of a cell, such as ``("AU4", "L10")``; None where they were not coded, () where none were seen.

    ``L`` and ``R`` (one side of the face) are kept. Intensities (A-E) and the marks for asymmetric (A), top (T), bottom (B),
    descriptor (AD) and movement (M) are dropped: AD38 is ``AU38``. Where the coder left a choice, ``L12 or L14``, all are
    given: the face did one of them. Each unit appears once, in the coder's order.

    Parameters
    ----------
    text : str or None
        The cell as released.

    Returns
    -------
    tuple of str, or None
    """
    plain = (text or "").strip().casefold()
    if plain in _NOT_CODED:
        return None
    if plain in _NONE_SEEN:
        return ()
    found = []
    for prefix, number in _UNIT.findall(text or ""):
        side = prefix.upper() if prefix.upper() in ("L", "R") else "AU"
        found.append(f"{side}{int(number)}")
    return tuple(dict.fromkeys(found)) or None
