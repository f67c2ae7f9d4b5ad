"""What share of known expressions would have been found in a recording: the same spotter on its own signals, with expressions added.

Silence of a spotter says little unless one knows what it would have heard. Micro-expressions of known size and length, of the kinds
that are coded, are added to what was measured (:mod:`fleeting.synthetic.signals`), few at a time, at places drawn at random; what is
found of them is the recording's sensitivity, apart for where the person was calm and where they moved, spoke or blinked.
"""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..drawing.svg import svg
from ..spotting.context import mask
from ..synthetic.script import expression
from ..synthetic.signals import add_expressions, mean_skin

SIZES, SECONDS = (1.0, 2.0, 3.0, 5.0), (0.2, 0.35, 0.5)  # % of the eye distance; from onset to offset
APART_S = 5.0  # between two that are added, so that they do not become this person's habit
ENOUGH, MOST_S = 12, 900.0  # of each size and length, unless so many seconds have been gone through by then
NEAR_S = 0.2  # an event is found where an apex is as near as this to its own
COLUMNS = ("size", "seconds", "part", "added", "found", "share", "low", "high")
Tried = tuple[float, float, str, str, bool]  # size, length, part, emotion, found
Tell = Callable[[str, int, int | None], None]
COLOURS = ("var(--micro)", "var(--macro)", "var(--fill)")  # of the page, a length each


class Placed(NamedTuple):
    """An expression that is added to signals."""

    onset: int
    apex: int
    course: np.ndarray  # (length, A)
    size: float
    seconds: float
    emotion: str


def sensitivity(tables: Mapping[int, pd.DataFrame], spotter: Any, seed: int = 0) -> pd.DataFrame:
    """How many micro-expressions of each size and length would have been found, at the threshold used.

    Parameters
    ----------
    tables : mapping of int to DataFrame
        The signals of each analysed face, as :func:`fleeting.faces.signals.measure` gives them.
    spotter : FlowSpotter
        As it was used.
    seed : int, default=0

    Returns
    -------
    DataFrame
        ``size`` (% of the eye distance), ``seconds`` (from onset to offset), ``part`` (``calm``; ``moving``: within .3 s of speech, a
        blink, a head movement or a larger expression), ``added``, ``found``, ``share`` and its 95 % interval ``low high`` (Wilson).
        Empty where no event has room.
    """
    return shares(tried(tables, spotter, seed), list(COLUMNS[:3]))


def tried(tables: Mapping[int, pd.DataFrame], spotter: Any, seed: int = 0, enough: int = ENOUGH, most_s: float = MOST_S) -> pd.DataFrame:
    """The micro-expressions that were added to the signals, a row each: ``size seconds part emotion found``.

    ``enough`` of each size and length, unless the recording has been gone through for ``most_s`` seconds by then.
    """
    rng = np.random.default_rng(seed)
    rows: list[Tried] = []
    for table in tables.values():
        moving = _moving(table, spotter)
        for _ in range(math.ceil(most_s * _fps(table) / max(len(table), 1))):
            counts = Counter(row[:2] for row in rows)
            wanted = [(size, seconds) for size in SIZES for seconds in SECONDS if counts[size, seconds] < enough]
            if not wanted:
                break
            placed = _placed(table, wanted, rng)
            if not placed:
                continue  # there was no room from where it began
            rows += _found(table, placed, spotter, moving)
    return pd.DataFrame(rows, columns=["size", "seconds", "part", "emotion", "found"])


def tried_in_pictures(
    video: str | Path, spotter: Any, rounds: int = 3, seed: int = 0, *, fps: float | None = None, progress: Tell | None = None
) -> pd.DataFrame:
    """The same by injection into the pictures: what the tracking makes of it is tried as well; ``size`` and ``seconds`` are what was drawn.

    A recording is injected into and measured anew in each round, some minutes a minute of it.

    Raises
    ------
    MediaError, UsageError, ModelFileError
        As :func:`fleeting.synthetic.inject.inject` does.
    """
    from ..faces.mesh import FaceMesh
    from ..faces.signals import measure
    from ..media import open_media
    from ..synthetic.inject import inject

    rows: list[Tried] = []
    moving: np.ndarray | None = None
    detector = FaceMesh()
    for k in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "injected"
            truth = inject([video], out, seed=seed + k, amplitude=(SIZES[0], SIZES[-1]), fps=fps, progress=progress)
            files = [out / truth["path"][0], *([out / truth["control"][0]] if moving is None else [])]
            if progress:
                progress("rounds", k, rounds)
            tables = []
            for file in files:
                with open_media(file) as media:
                    tables.append(measure(media, detector).longest)
            moving = _moving(tables[-1], spotter) if moving is None else moving
            found = _apexes(tables[0], spotter)
            reach = max(1, round(NEAR_S * _fps(tables[0])))
            lengths = truth["offset_s"] - truth["onset_s"]
            for size, seconds, emotion, apex in zip(truth["amplitude"], lengths, truth["emotion"], truth["apex"], strict=True):
                hit = bool((np.abs(found - apex) <= reach).any())
                rows.append((size, seconds, "moving" if moving[apex] else "calm", emotion, hit))
    return pd.DataFrame(rows, columns=["size", "seconds", "part", "emotion", "found"])


def shares(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """How many of those that were tried were found, for each kind of them: ``added found share low high``."""
    from scipy.stats import binomtest

    out = []
    for kind, some in rows.groupby(by, sort=True, observed=True):
        hits = some["found"]
        interval = binomtest(int(hits.sum()), len(hits)).proportion_ci(method="wilson")
        out.append((*kind, len(hits), int(hits.sum()), *(round(float(x), 3) for x in (hits.mean(), interval.low, interval.high))))
    return pd.DataFrame(out, columns=[*by, "added", "found", "share", "low", "high"])


def in_words(shares: pd.DataFrame) -> str:
    """One sentence of it, about movements of 2 % of the eye distance; empty where too few had room."""
    said: list[str] = []
    for part, when in (("calm", "while the person sat still"), ("moving", "while they moved or spoke")):
        rows = shares[(shares["size"] == 2.0) & (shares["part"] == part)]
        if (added := int(rows["added"].sum())) >= 5:
            said.append(f"{round(10 * int(rows['found'].sum()) / added)} in 10{'' if said else ' would have been found'} {when}")
    if not said:
        return ""
    return f"Of movements of {SECONDS[0]:g} to {SECONDS[-1]:g} s by 2 % of the eye distance, such as a raised brow, {', '.join(said)}."


def chart(shares: pd.DataFrame) -> str:
    """The shares as an SVG: found of 100 by size, a line a length, with intervals; one panel for each part of the recording."""
    if shares.empty:
        return ""
    parts, wide, tall, left, top = [], 330, 150, 52, 30
    for k, (part, name) in enumerate({"calm": "while sitting still", "moving": "while moving or speaking"}.items()):
        x0 = left + k * (wide + 40)
        parts.append(f'<text x="{x0}" y="14">{name}</text>')
        for share in (0, 0.5, 1):
            y = top + tall * (1 - share)
            parts.append(f'<path class="grid" d="M{x0} {y:.0f}h{wide}"/>')
            parts += [f'<text class="dim end" x="{x0 - 6}" y="{y + 4:.0f}">{100 * share:.0f} %</text>'] if k == 0 else []
        of_part = shares[shares["part"] == part]
        for j, seconds in enumerate(SECONDS):
            rows = of_part[of_part["seconds"] == seconds].sort_values("size")
            x = [x0 + 40 + (wide - 80) * SIZES.index(size) / (len(SIZES) - 1) + 7 * (j - 1) for size in rows["size"]]
            at = [[top + tall * (1 - value) for value in rows[name]] for name in ("share", "low", "high")]
            for a, share, low, high in zip(x, *at, strict=True):
                parts.append(f'<path class="l{j}" d="M{a:.1f} {low:.1f}V{high:.1f}"/>')
                parts.append(f'<circle class="l{j}" cx="{a:.1f}" cy="{share:.1f}" r="3"/>')
            line = " ".join(f"{a:.1f} {share:.1f}" for a, share in zip(x, at[0], strict=True))
            parts += [f'<path class="l{j} line" d="M{line}"/>'] if len(x) > 1 else []
        for i, size in enumerate(SIZES):
            a = x0 + 40 + (wide - 80) * i / (len(SIZES) - 1)
            parts.append(f'<text class="dim mid" x="{a:.0f}" y="{top + tall + 18}">{size:g} %</text>')
    for j, seconds in enumerate(SECONDS):
        x0, y = left + 130 * j, top + tall + 40
        parts.append(f'<circle class="l{j}" cx="{x0 + 5}" cy="{y - 4}" r="4"/><text x="{x0 + 14}" y="{y}">{seconds:g} s long</text>')
    title = "Share of added micro-expressions that were found, by size in per cent of the eye distance"
    return svg(left + 2 * wide + 56, top + tall + 50, title, [f"<style>{STYLE}</style>", *parts], "sens")


STYLE = (
    ".sens{font:12px system-ui,sans-serif;max-width:100%;height:auto}.sens text{fill:var(--ink)}.sens .dim{fill:var(--dim)}"
    ".sens .end{text-anchor:end}.sens .mid{text-anchor:middle}.sens path{fill:none;stroke-width:1.5}.sens .grid{stroke:var(--hair)}"
    ".sens .line{stroke-width:2;opacity:.55}"
    + "".join(f".sens .l{j}{{stroke:{colour}}}.sens circle.l{j}{{fill:{colour}}}" for j, colour in enumerate(COLOURS))
)


def _moving(table: pd.DataFrame, spotter: Any) -> np.ndarray:
    """Frames within .3 s of something else that the face does, (T,) bool."""
    found = spotter.spot(table).intervals
    others = found[found["kind"] != "micro"]
    spans = [(int(a), 0, int(b), 0.0) for a, b in zip(others["onset"], others["offset"], strict=True)]
    return mask(spans, len(table), round(0.3 * _fps(table)))


def _placed(table: pd.DataFrame, wanted: list[tuple[float, float]], rng: np.random.Generator) -> list[Placed]:
    """Expressions that have room, ``APART_S`` from each other."""
    fps, skin, seen = _fps(table), mean_skin(), table["seen"].to_numpy(bool)
    placed, at = [], rng.uniform(0.3, APART_S)
    while at < len(table) / fps - 0.8:
        size, seconds = wanted[rng.integers(len(wanted))]
        onset, length = round(at * fps), max(round(seconds * fps) + 1, 4)
        if seen[onset : onset + length].all() and onset + length < len(table):
            emotion, course = expression("micro", length, fps, skin, rng, (size, size))
            apex = onset + int(np.argmax([skin.strength(aus) for aus in course]))
            placed.append(Placed(onset, apex, course, size, seconds, emotion))
        at += APART_S + rng.exponential(1.0)
    return placed


def _found(table: pd.DataFrame, placed: list[Placed], spotter: Any, moving: np.ndarray) -> list[Tried]:
    """What became of each expression that was added to the table."""
    apexes = _apexes(add_expressions(table, [(each.onset, each.course) for each in placed]), spotter)
    reach = max(1, round(NEAR_S * _fps(table)))
    hits = [bool((np.abs(apexes - each.apex) <= reach).any()) for each in placed]
    parts = ["moving" if moving[each.apex] else "calm" for each in placed]
    return [(each.size, each.seconds, part, each.emotion, hit) for each, part, hit in zip(placed, parts, hits, strict=True)]


def _apexes(table: pd.DataFrame, spotter: Any) -> np.ndarray:
    """Of the micro-expressions that the spotter is certain of."""
    events = spotter.spot(table).intervals
    return events.loc[(events["kind"] == "micro") & events["certain"], "apex"].to_numpy()


def _fps(table: pd.DataFrame) -> float:
    return 1 / max(float(np.median(np.diff(table["time_s"]))), 1e-6) if len(table) > 1 else 25.0
