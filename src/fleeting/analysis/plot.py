"""Pictures of motion: a flow field in colours, and a video's timeline as an SVG. Arrays in, pictures out; no files."""
from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape, quoteattr

import cv2
import numpy as np
import pandas as pd

from .findings import Findings

LANES = {                                                 # lane of the timeline -> its lines: (region, subject's side)
    "brows": (("right_brow", "right"), ("left_brow", "left"), ("inner_brow", "middle")),
    "eyes": (("right_eye", "right"), ("left_eye", "left")),
    "cheeks, nose": (("right_cheek", "right"), ("left_cheek", "left"), ("nose", "middle")),
    "mouth, chin": (("right_mouth", "right"), ("left_mouth", "left"), ("chin", "middle")),
}
SPAN = 10_000                                             # width of the drawing in its own units: the whole video
TOP, EVENTS, LANE, BAR, GAP = 8, 30, 62, 11, 9            # heights in px
RARE = {"closed": "eyes shut", "other": "other motion"}   # kinds that get a row where there are any
GREY = 128                                                # where the flow is unknown


def flow_picture(flow: np.ndarray, max_flow: float | None = None) -> np.ndarray:
    """Flow as colours, (H, W, 3) uint8 RGB: hue is the direction, saturation the length, white is still.

    Red moves to the right, green-yellow down, cyan left, violet up; :func:`flow_legend` shows the key.

    Parameters
    ----------
    flow : ndarray of shape (H, W, 2), float
        Displacement in px; x to the right, y downwards. Where it is not finite the picture is grey.
    max_flow : float, optional
        Length in px that gets the full colour; longer ones look the same. Default: the longest in `flow`.
        Pass the same value to compare pictures.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8, RGB

    Raises
    ------
    ValueError
        If `flow` is not (H, W, 2), or `max_flow` is not above zero.
    """
    flow = np.asarray(flow, np.float32)
    if flow.ndim != 3 or flow.shape[2] != 2:
        raise ValueError(f"flow has shape {flow.shape}; a picture needs (H, W, 2), x and y displacement in px")
    if max_flow is not None and not max_flow > 0:
        raise ValueError(f"max_flow is {max_flow}; it is a length in px above 0, or None for the longest in the flow")
    known = np.isfinite(flow).all(axis=2)                                          # (H, W)
    x, y = np.where(known[..., None], flow, 0).transpose(2, 0, 1)
    length = np.hypot(x, y)
    full = max_flow or float(length.max(initial=0)) or 1.0
    hue = np.degrees(np.arctan2(y, x)) % 360
    hsv = np.stack([hue, np.minimum(length / full, 1), np.ones_like(hue)], axis=2)  # (H, W, 3), OpenCV's float HSV
    rgb = (cv2.cvtColor(hsv.astype(np.float32), cv2.COLOR_HSV2RGB) * 255).round().astype(np.uint8)
    rgb[~known] = GREY
    return rgb


def flow_legend(size: int = 64) -> np.ndarray:
    """The key to :func:`flow_picture`, (size, size, 3) uint8 RGB: each pixel of a disc shows the motion towards it.

    Parameters
    ----------
    size : int, default=64
        Side in px; outside the disc the picture is white.
    """
    y, x = np.mgrid[:size, :size].astype(np.float32) - (size - 1) / 2
    inside = np.hypot(x, y) <= size / 2
    return flow_picture(np.stack([x, y], axis=2) * inside[..., None], max_flow=max(size / 2, 1))


def timeline_svg(analysis: Findings, *, face: int | None = None, points: int = 2000) -> str:
    """One face's video from left to right as an SVG element: motion of the regions, spotting score, events, the rest.

    It fills the width it is given: only the lines stretch, the writing does not, so that a page zooms by making it
    wider. Each event is a link to ``#event-N``, N its row in ``events.csv`` counted from 1. Where the face was not
    judged, the lanes are shaded. Regions show the length of their displacement on a square-root scale, by which a
    micro-expression of 1 % stays visible beside a laugh of 20 %.

    Parameters
    ----------
    analysis : Findings
    face : int, optional
        Which face; default is the first one that was analysed.
    points : int, default=2000
        At most about this many points a line; of longer recordings, the lowest and highest value of each stretch.

    Returns
    -------
    str
        Well-formed XML, styled for light and dark pages, without any outside reference.
    """
    signals, events, others = analysis.signals, analysis.events, analysis.others
    if face is None:
        face = int(signals["face"].min()) if len(signals) else 1
    rows = signals[signals["face"] == face].sort_values("time_s") if len(signals) else signals
    events = events.assign(number=range(1, len(events) + 1))
    events = events[events["face"] == face] if len(events) else events
    others = others[others["face"] == face] if len(others) else others
    times = rows["time_s"].to_numpy(float) if len(rows) else np.zeros(0)
    frame_s = analysis.quality.get("frame_s") or 0.04
    last = float(times[-1]) if len(times) else 0.0
    duration = max(float(analysis.quality.get("duration_s") or 0), last + frame_s)

    drawing, writing = [], []                             # stretched with the width, and not
    y = TOP + EVENTS + GAP
    if len(rows):
        for title, regions in LANES.items():
            lines = [(np.hypot(rows[f"{region}_x"].to_numpy(float), rows[f"{region}_y"].to_numpy(float)), side)
                     for region, side in regions if f"{region}_x" in rows]
            if lines:
                top = max(2.0, *(_highest(v) for v, _ in lines))
                drawing += _lane(y, [(1.0, top), (5.0, top)])
                drawing += [_path(times, np.sqrt(np.maximum(v, 0) / top), y, LANE, duration, points, f"line {side}")
                            for v, side in lines]
                writing += [_label(y, f"{title}, % of eye distance")] + [
                    f'<text class="tick" x="100%" dx="-3" y="{y + LANE * (1 - (v / top) ** .5) - 2:.0f}" '
                    f'text-anchor="end">{v:g}</text>' for v in (1, 5) if v < .9 * top]
                y += LANE + GAP
        if "micro" in rows and rows["micro"].notna().any():
            score, threshold = rows["micro"].to_numpy(float), rows["threshold"].to_numpy(float)
            top = 1.15 * max(_highest(score), _highest(threshold), 1e-6)
            drawing += _lane(y, [])
            drawing += [_path(times, score / top, y, LANE, duration, points, "line score"),
                        _path(times, threshold / top, y, LANE, duration, points, "line threshold")]
            writing.append(_label(y, "micro-expression score; dashed: threshold"))
            y += LANE + GAP
    bottom = y - GAP
    unjudged = _outside(times, _mask(rows, "judged"), frame_s, duration)
    shaded = f'<g class="unjudged">{_rects(unjudged, TOP, bottom - TOP, duration)}</g>'

    bars = {kind: _intervals(others, kind) for kind in ("blink", "speech", "head")}
    bars |= {name: found for kind, name in RARE.items() if (found := _intervals(others, kind))}
    bars["no face"] = _outside(times, _mask(rows, "seen"), frame_s, duration)
    for kind, spans in bars.items():
        drawing.append(f'<g class="{kind.replace(" ", "-")}">'
                       f'{_rects(_merge(spans, duration / points), y + 12, BAR, duration)}</g>')
        writing.append(_label(y - 2, kind))
        y += 12 + BAR + 4

    bands = [_event(row, duration, bottom) for _, row in events.iterrows()]
    writing.insert(0, _label(TOP - 2, "events"))
    grid, axis = _axis(duration, y)
    height = y + 22
    kinds = list(events["kind"]) if len(events) else []
    title = f"Timeline of face {face}: {kinds.count('micro')} micro-, {kinds.count('macro')} macro-expressions"
    return (f'<svg class="fl-timeline" xmlns="http://www.w3.org/2000/svg" width="100%" height="{height:.0f}" '
            f'role="img" aria-label={quoteattr(title)} data-duration="{duration:.4f}"><style>{STYLE}</style>'
            f'<svg x="0" y="0" width="100%" height="{height:.0f}" viewBox="0 0 {SPAN} {height:.0f}" '
            f'preserveAspectRatio="none">{grid}{shaded}{"".join(drawing)}{"".join(bands)}</svg>'
            f'{axis}<g class="labels">{"".join(writing)}</g></svg>')


STYLE = """
.fl-timeline{--ink:#23262b;--dim:#62676f;--hair:#dcdfe3;--back:#fff;--right:#0067a5;--left:#c65102;--middle:#00795c;
--micro:#b0106e;--macro:#5a5ac8;--shade:#8a909a;font:11px system-ui,sans-serif;display:block}
@media (prefers-color-scheme:dark){.fl-timeline{--ink:#e8e9eb;--dim:#a3a8b0;--hair:#383c43;--back:#1b1d21;
--right:#5db7ee;--left:#f2a24a;--middle:#3fd0a4;--micro:#ff77c0;--macro:#a9a9ff;--shade:#757b85}}
@media print{.fl-timeline{--ink:#23262b;--dim:#62676f;--hair:#dcdfe3;--back:#fff;--right:#0067a5;--left:#c65102;
--middle:#00795c;--micro:#b0106e;--macro:#5a5ac8;--shade:#8a909a}}
.fl-timeline path{fill:none;stroke-width:1.1;stroke-linejoin:round;vector-effect:non-scaling-stroke}
.fl-timeline .right{stroke:var(--right)}.fl-timeline .left{stroke:var(--left)}.fl-timeline .middle{stroke:var(--middle)}
.fl-timeline .score{stroke:var(--ink)}.fl-timeline .threshold{stroke:var(--micro);stroke-dasharray:5 4}
.fl-timeline .grid{stroke:var(--hair);stroke-width:1}
.fl-timeline rect{vector-effect:non-scaling-stroke}
.fl-timeline .unjudged rect,.fl-timeline .no-face rect{fill:var(--shade)}.fl-timeline .unjudged{opacity:.17}
.fl-timeline .blink rect,.fl-timeline .speech rect,.fl-timeline .head rect,
.fl-timeline .eyes-shut rect,.fl-timeline .other-motion rect{fill:var(--dim);stroke:var(--dim)}
.fl-timeline .micro rect{fill:var(--micro);stroke:var(--micro);stroke-width:1.5}
.fl-timeline .macro rect{fill:var(--macro);stroke:var(--macro);stroke-width:1.5}
.fl-timeline a .behind{fill-opacity:.14;stroke-opacity:.3}
.fl-timeline a:hover .behind,.fl-timeline a:focus .behind{fill-opacity:.4}
.fl-timeline text{fill:var(--dim)}
.fl-timeline .labels text{paint-order:stroke;stroke:var(--back);stroke-width:3px;stroke-linejoin:round}
""".replace("\n", "")


def _path(times: np.ndarray, height: Any, y: float, tall: float, duration: float, points: int, kind: str) -> str:
    """One line of a lane; `height` is 0 at its bottom and 1 at its top. Broken where values or rows are missing."""
    t, v = _thin(times, np.asarray(height, float), duration, points)
    gap = np.diff(t, prepend=-np.inf) > max(0.5, 4 * duration / points)
    fresh = gap | np.isnan(np.concatenate([[np.nan], v[:-1]]))
    px, py = t / duration * SPAN, y + tall * (1 - np.clip(v, 0, 1))
    steps = [f"{'M' if new else 'L'}{a:.0f} {b:.1f}" for a, b, new in zip(px, py, fresh, strict=True) if b == b]
    return f'<path class="{kind}" d="{"".join(steps)}"/>'


def _thin(times: np.ndarray, values: np.ndarray, duration: float, points: int) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest sample of each of points / 2 equal stretches of time, so that no peak is lost or moved."""
    if len(times) <= points:
        return times, values
    known = ~np.isnan(values)
    times, values = times[known], values[known]
    stretch = np.minimum((times / duration * (points // 2)).astype(int), points // 2 - 1)
    order = np.lexsort([values, stretch])                 # by stretch, and from low to high within it
    first = np.flatnonzero(np.diff(stretch, prepend=-1))  # lowest of each stretch, once ordered
    last = np.append(first[1:], len(order)) - 1 if len(first) else first
    kept = np.unique(order[np.concatenate([first, last])])
    return times[kept], values[kept]


def _highest(values: np.ndarray) -> float:
    return float(np.max(values, initial=0, where=np.isfinite(values)))


def _mask(rows: pd.DataFrame, column: str) -> np.ndarray:
    return rows[column].to_numpy(bool) if len(rows) else np.zeros(0, bool)


def _outside(times: np.ndarray, mask: np.ndarray, frame_s: float, duration: float) -> list[tuple[float, float]]:
    """Where no frame has `mask`, as (start, end) in seconds: frames that lack it, and stretches without any row."""
    on = np.flatnonzero(mask)
    if not len(on):
        return [(0.0, duration)]
    cut = np.flatnonzero((np.diff(on) > 1) | (np.diff(times[on]) > max(0.5, 4 * frame_s)))
    ends = np.concatenate([[0.0], times[on[cut]] + frame_s, [times[on[-1]] + frame_s]])
    starts = np.concatenate([[times[on[0]]], times[on[cut + 1]], [duration]])
    spans = [(float(a), float(b)) for a, b in zip(ends, starts, strict=True) if b - a > frame_s / 2]
    return _merge(spans, duration / 2000)


def _intervals(table: pd.DataFrame, kind: str) -> list[tuple[float, float]]:
    rows = table[table["kind"] == kind] if len(table) else table
    return [] if rows.empty else sorted(zip(rows["onset_s"].astype(float), rows["offset_s"].astype(float),
                                            strict=True))


def _merge(spans: list[tuple[float, float]], gap: float) -> list[tuple[float, float]]:
    """The same intervals, those less than `gap` apart joined: at that width none could be told apart."""
    merged: list[tuple[float, float]] = []
    for a, b in spans:
        if merged and a - merged[-1][1] < gap:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((a, b))
    return merged


def _rect(start: float, end: float, y: float, tall: float, duration: float, kind: str = "lane") -> str:
    a, b = start / duration * SPAN, min(end / duration, 1) * SPAN
    return f'<rect class="{kind}" x="{a:.1f}" y="{y:.0f}" width="{max(b - a, .1):.1f}" height="{tall:.0f}"/>'


def _rects(spans: list[tuple[float, float]], y: float, tall: float, duration: float) -> str:
    return "".join(_rect(a, b, y, tall, duration) for a, b in spans)


def _event(row: pd.Series, duration: float, bottom: float) -> str:
    """The band of one event: a block in the events' lane and a veil over the lanes below, with a hover text."""
    start, end = float(row["onset_s"]), float(row["offset_s"])
    text = f"{row['number']}. {row['kind']} {clock(start, duration)}, {1000 * (end - start):.0f} ms"
    details = [str(row[c]) for c in ("emotion", "aus") if isinstance(row.get(c), str) and row[c]]
    low = 14 if row["kind"] == "micro" else 20
    return (f'<a class="{escape(str(row["kind"]))}" href="#event-{row["number"]}">'
            f'<title>{escape(", ".join([text, *details]))}</title>'
            f'{_rect(start, end, TOP + low, bottom - TOP - low, duration, kind="behind")}'
            f'{_rect(start, end, TOP + low, EVENTS - low, duration)}</a>')


def _lane(y: float, levels: list[tuple[float, float]]) -> list[str]:
    heights = [y + LANE] + [y + LANE * (1 - (v / top) ** .5) for v, top in levels if v < .9 * top]
    return [f'<path class="grid" d="M0 {h:.1f}H{SPAN}"/>' for h in heights]


def _label(y: float, text: str) -> str:
    return f'<text x="3" y="{y + 10:.0f}">{escape(text)}</text>'


def _axis(duration: float, y: float) -> tuple[str, str]:
    """Vertical lines (stretched) and the times below them (not stretched), about ten."""
    step = next((s for s in (.01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
                 if duration / s <= 10), 3600 * np.ceil(duration / 36000))
    ticks = np.arange(0, duration + step / 1000, step)
    lines = "".join(f"M{t / duration * SPAN:.1f} {TOP}V{y}" for t in ticks)
    anchors = ["start"] + ["end" if t > .97 * duration else "middle" for t in ticks[1:]]
    texts = "".join(f'<text x="{100 * min(t / duration, 1):.3f}%" y="{y + 15:.0f}" text-anchor="{anchor}">'
                    f'{_tick(t, duration, step)}</text>' for t, anchor in zip(ticks, anchors, strict=True))
    return f'<path class="grid" d="{lines}"/>', f'<g class="axis">{texts}</g>'


def _tick(t: float, duration: float, step: float) -> str:
    return clock(t, duration, 0) if duration >= 120 else f"{t:.{max(0, -int(np.floor(np.log10(step))))}f} s"


def clock(seconds: float, duration: float = 0.0, decimals: int = 2) -> str:
    """A time as people read it: ``4.20 s`` in a recording under two minutes, ``1:04.20``, ``1:01:04.20`` in others."""
    if max(duration, seconds) < 120:
        return f"{seconds:.{decimals}f} s"
    minutes, rest = divmod(round(seconds, decimals), 60)
    hours, minutes = divmod(int(minutes), 60)
    tail = f"{rest:0{3 + decimals if decimals else 2}.{decimals}f}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"
