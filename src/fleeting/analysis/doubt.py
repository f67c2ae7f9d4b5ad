"""When an event's emotion is left open: too little confidence, or motion that is not the face's own.

Each reason is a few words, so that a coder can disagree with it. Probabilities and action units are reported all the same.
"""

from __future__ import annotations

import re

from .reading import Seen

# The head carried the skin by this many times what the strongest action unit did. Up to here synthetic clips are named as well as without.
HEAD = 5.0
# Share of the squared motion that neither head nor action units explain; on synthetic clips .02, in 5 % of them above .17.
UNEXPLAINED = 0.5
OUTSIDE = 0.25  # share of the face that is out of the picture
# Which region of a side moves with an action unit of that side.
_MOVES = {"brow": (1, 2, 4), "eye": (5, 7), "cheek": (6, 9, 10, 12, 14), "mouth": (9, 10, 12, 14, 15, 20)}


def moved_by_head(seen: Seen) -> bool:
    """Whether the motion from onset to apex is mostly the head's."""
    return seen.head > HEAD * float(seen.intensities.max())


def doubts(seen: Seen, aus: str, regions: str, least: float) -> str:
    """Why no emotion is to be named, the reasons joined by ``; ``; empty where one may be.

    Parameters
    ----------
    seen : Seen
    aus : str
        The action units named, such as ``AU1+L12``.
    regions : str
        The regions that moved, such as ``left_cheek+left_mouth``; may be empty.
    least : float
        Probability below which no emotion is named.
    """
    reasons = []
    if float(seen.probabilities.max()) < least:
        reasons.append(f"no emotion above {least:g}")
    if moved_by_head(seen):
        reasons.append("head moved more than the face")
    if seen.unexplained > UNEXPLAINED:
        reasons.append(f"{seen.unexplained:.0%} of the motion unexplained")
    if seen.outside > OUTSIDE:
        reasons.append(f"{seen.outside:.0%} of the face out of the picture")
    if still := _on_a_still_side(aus, set(regions.split("+")) - {""}):
        reasons.append(f"{still} where nothing moved")
    return "; ".join(reasons)


def _on_a_still_side(aus: str, regions: set[str]) -> str:
    """The first one-sided action unit none of whose regions moved although those of the other side did; or nothing."""
    for side, number in re.findall(r"\b([RL])(\d+)", aus):
        mine, other = ("right", "left") if side == "R" else ("left", "right")
        places = [place for place, numbers in _MOVES.items() if int(number) in numbers]
        if any(f"{other}_{place}" in regions for place in places) and not any(f"{mine}_{place}" in regions for place in places):
            return f"{side}{number}"
    return ""
