"""Pictures of runs as SVG elements: scores with their intervals, who was got right, confusions, learning."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd

from ..drawing.svg import COLOURS, begun, short, svg, ticks
from ..drawing.tables import number, span
from ..stats import Interval
from .run import Run

WIDTH = 1000  # of the wide pictures, in px
CLIPS = 3000  # with more, a picture of every clip is no picture any more
SQUARE, LABEL, GAP = 13, 62, 5  # px from one clip to the next, for the names of persons, between persons
TALL = 12  # clips in a column; who has more gets several


def intervals_svg(rows: Sequence[tuple[str, Interval, bool]], title: str, baseline: float | None = None) -> str:
    """Scores as points with their intervals, a row each, on one scale.

    Parameters
    ----------
    rows : sequence of (name, interval, leaky)
        A leaky one is drawn hollow.
    title : str
        What the scores are, for those who cannot see the picture.
    baseline : float, optional
        What needs no method at all, drawn as a dashed line.
    """
    known = [each for _, interval, _ in rows for each in interval if not math.isnan(each)] + ([] if baseline is None else [baseline])
    low, high = max(0.0, math.floor(10 * min(known) - 0.5) / 10), min(1.0, math.ceil(10 * max(known) + 0.5) / 10)
    left, right, tall = min(350, 30 + 7 * max(len(name) for name, _, _ in rows)), 800, 30
    height = tall * len(rows) + 34

    def x(value: float) -> float:
        return left + (right - left) * (value - low) / (high - low)

    step = 0.1 if high - low > 0.25 else 0.05
    ticks = np.arange(low, high + step / 2, step)
    parts = [f'<path class="grid" d="M{x(t):.1f} 4V{height - 26}"/>' for t in ticks]
    parts += [f'<text class="dim mid" x="{x(t):.1f}" y="{height - 8}">{number(t, 1 if step == 0.1 else 2)}</text>' for t in ticks]
    if baseline is not None:
        parts.append(f'<path class="base" d="M{x(baseline):.1f} 4V{height - 26}"><title>always the commonest class</title></path>')
    for k, (name, (value, a, b), leaky) in enumerate(rows):
        y = tall * k + 20
        line = "" if math.isnan(a) else f'<path class="span" d="M{x(a):.1f} {y}H{x(b):.1f}"/>'
        parts.append(
            f'<g class="{"leaky" if leaky else "fair"}"><title>{escape(name)}</title>'
            f'<text class="end" x="{left - 16}" y="{y + 4}">{escape(short(name, 48))}</text>{line}'
            f'<circle class="dot" cx="{x(value):.1f}" cy="{y}" r="5"/>'
            f'<text x="{right + 16}" y="{y + 4}">{number(value)}<tspan class="dim" dx="8">{span(a, b)}</tspan></text></g>'
        )
    return svg(WIDTH, height, title, parts)


def confusion_svg(counts: pd.DataFrame, title: str) -> str:
    """A confusion matrix: how many clips, and the share of their true class, which is also the shade."""
    k, classes, matrix = len(counts), [str(name) for name in counts.index], counts.to_numpy()
    cell = 78 if k <= 4 else 66 if k <= 8 else 44
    left, top = 12 + 7 * max(len(short(name, 14)) for name in classes), 42
    total = matrix.sum(axis=1, keepdims=True)
    share = np.divide(matrix, total, out=np.zeros(matrix.shape), where=total > 0)
    parts = [f'<text class="dim mid" x="{left + cell * k / 2}" y="14">predicted</text>']
    for i, true in enumerate(classes):
        y = top + cell * i
        parts.append(f'<text class="end" x="{left - 8}" y="{y + cell / 2 + 4}">{escape(short(true, 14))}</text>')
        for j, said in enumerate(classes):
            x, n, part = left + cell * j, int(matrix[i, j]), share[i, j]
            if i == 0:
                parts.append(f'<text class="mid" x="{x + cell / 2}" y="{top - 9}">{escape(begun(said, cell // 7))}</text>')
            light = " light" if part > 0.55 else ""
            percent = f'<text class="mid{light or " dim"}" x="{x + cell / 2}" y="{y + cell / 2 + 17}">{100 * part:.0f} %</text>'
            parts.append(
                f'<g><title>{escape(f"{true}, called {said}: {n} clips")}</title>'
                f'<rect class="{"cell" if i == j else "wrong"}" fill-opacity="{part:.3f}" x="{x + 1}" y="{y + 1}" width="{cell - 2}" '
                f'height="{cell - 2}" rx="3"/><rect class="edge" x="{x + 1}" y="{y + 1}" width="{cell - 2}" height="{cell - 2}" rx="3"/>'
                f'<text class="mid{light or ("" if n else " dim")}" x="{x + cell / 2}" y="{y + cell / 2 + (0 if cell > 50 and n else 4)}">'
                f"{n}</text>"
                f"{percent if cell > 50 and n else ''}</g>"
            )
    return svg(left + cell * k + 2, top + cell * k + 2, title, parts)


def persons_svg(run: Run) -> str:
    """Every clip as a square over its person: filled if it was got right, else hollow, with what it was taken for inside.

    Returns
    -------
    str
        Empty where there are more than :data:`CLIPS` clips, or it is not known whose they are.
    """
    table = run.predictions.assign(person=run.persons)
    if len(table) > CLIPS or (table.subject == "").any():
        return ""
    code = {name: k % COLOURS for k, name in enumerate(run.labels)}
    table = table.assign(true=table.y_true.map(code), said=table.y_pred.map(code), right=table.y_true == table.y_pred)
    parts: list[str] = []
    x, y = 0, 0
    line: list[tuple[int, str, pd.DataFrame, str]] = []
    for dataset, of_dataset in table.groupby("dataset"):
        order = of_dataset.groupby("person").size().sort_values(ascending=False, kind="stable").index
        share = f"{of_dataset.right.mean():.0%}".replace("%", " %")
        for first, person in enumerate(order):
            clips = of_dataset[of_dataset.person == person].sort_values(["true", "right"], ascending=[True, False], kind="stable")
            wide = SQUARE * math.ceil(len(clips) / TALL)
            if x + max(wide, 140 if first == 0 else 0) > WIDTH:  # room for the name of a dataset
                y, x, line = y + _place(parts, line, y), 0, []
            line.append((x, str(person), clips, f"{str(dataset) or 'persons'}: {share} right" if first == 0 else ""))
            x += wide + GAP
        x += 3 * GAP
    y += _place(parts, line, y)
    return svg(WIDTH, y, f"{len(table)} clips by person, {table.right.mean():.0%} right", parts)


def curves_svg(learning: Mapping[str, pd.DataFrame], measure: str) -> str:
    """One measure over the epochs: a thin line a fold and their mean, on training clips and, where recorded, validation clips.

    Parameters
    ----------
    learning : mapping of fold to DataFrame
        Columns ``epoch``, the measure, and perhaps ``validation_<measure>``; where ``chosen`` is 1, that epoch was taken.
    """
    names = (measure, f"validation_{measure}")
    curves = [(kind, name) for kind, name in enumerate(names) if any(name in each for each in learning.values())]
    values = np.concatenate([each[name].to_numpy(float) for _, name in curves for each in learning.values() if name in each])
    epochs = np.concatenate([each.epoch.to_numpy(float) for each in learning.values()])
    values = values[np.isfinite(values)]
    if not len(values):
        return ""
    low, high = (float(values.min()), float(values.max())) if np.ptp(values) else (float(values[0]) - 0.5, float(values[0]) + 0.5)
    first, last = float(epochs.min()), max(float(epochs.max()), float(epochs.min()) + 1)
    left, right, top, bottom = 52, 480, 12, 210

    def path(x: np.ndarray, y: np.ndarray, kind: str) -> str:
        px = left + (right - left) * (x - first) / (last - first)
        py = bottom - (bottom - top) * (y - low) / (high - low)
        whole = np.isfinite(py)
        steps = " ".join(f"{a:.1f} {b:.1f}" for a, b in zip(px[whole], py[whole], strict=True))
        return f'<path class="{kind}" d="M{steps}"/>' if whole.any() else ""

    parts = []
    for tick in ticks(low, high):
        y = bottom - (bottom - top) * (tick - low) / (high - low)
        parts.append(f'<path class="grid" d="M{left} {y:.1f}H{right}"/>')
        parts.append(f'<text class="dim end" x="{left - 8}" y="{y + 4:.1f}">{tick:g}</text>')
    for tick in (t for t in ticks(first, last) if t == int(t)):
        x = left + (right - left) * (tick - first) / (last - first)
        parts.append(f'<text class="dim mid" x="{x:.1f}" y="{bottom + 20}">{tick:g}</text>')
    for kind, name in curves:
        found = [each[["epoch", name]].to_numpy(float).T for each in learning.values() if name in each]
        parts += [path(x, y, f"fold t{kind}") for x, y in found]
        mean = pd.concat([pd.Series(y, index=x) for x, y in found]).groupby(level=0).mean()
        parts.append(path(mean.index.to_numpy(float), mean.to_numpy(), f"mean t{kind}"))
    for each in learning.values():
        for epoch in each.epoch[each["chosen"] == 1] if "chosen" in each else ():
            x = left + (right - left) * (epoch - first) / (last - first)
            parts.append(f'<path class="rug" d="M{x:.1f} {bottom}v-9"/>')
    return svg(right + 12, bottom + 28, f"{measure} over epochs, {len(learning)} folds", parts)


def _place(parts: list[str], line: list[tuple[int, str, pd.DataFrame, str]], y: int) -> int:
    """Draw a line of persons below y; its height."""
    tall = SQUARE * min(TALL, max(len(clips) for _, _, clips, _ in line)) + 26
    foot = y + tall
    for x, person, clips, name in line:
        if name:
            parts.append(f'<text class="dim" x="{x}" y="{y + 13}">{escape(name)}</text>')
        label, middle = escape(short(person.rpartition("/")[2], 8)), x + SQUARE * math.ceil(len(clips) / TALL) / 2
        parts.append(f'<text class="dim end" transform="translate({middle + 4:g} {foot + 8}) rotate(-90)">{label}</text>')
        columns = math.ceil(len(clips) / TALL)  # of one person: a line below holds them together, or each would look like somebody
        parts.append(f'<path class="foot" d="M{x} {foot + 3}H{x + SQUARE * columns - 1}"/>')
        for k, row in enumerate(clips.itertuples()):
            at, top = x + SQUARE * (k // TALL), foot - SQUARE * (k % TALL + 1)
            words = f"{row.clip}: {row.y_true}" + ("" if row.right else f", taken for {row.y_pred}")
            inside = "" if row.right else f'<rect class="f{row.said}" x="{at + 4}" y="{top + 4}" width="4" height="4"/>'
            shape = f'class="f{row.true}" x="{at}" y="{top}" width="12" height="12"'
            if not row.right:
                shape = f'class="s{row.true}" x="{at + 1}" y="{top + 1}" width="10" height="10"'
            parts.append(f"<g><title>{escape(words)}</title><rect {shape} rx=\"2\"/>{inside}</g>")
    return tall + LABEL
