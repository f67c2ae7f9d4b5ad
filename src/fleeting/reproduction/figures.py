"""A paper's figures, drawn anew from what was run: bars, pictures of what a network sees, amplified frames, the curve of lambda."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.sax.saxutils import quoteattr

import cv2
import numpy as np

from ..clip import Clip
from ..drawing.page import picture
from ..drawing.svg import svg
from ..drawing.tables import number
from .data import mark

if TYPE_CHECKING:
    from ..training.net import NetClassifier

MAPS = 32  # of a layer that are shown
SHOWN = 3  # clips that are shown
SIDE = 150  # px of a picture on the page


class Figure(NamedTuple):
    """A figure: its title, its HTML, and what it shows."""

    title: str
    html: str
    caption: str


def bars_svg(rows: Sequence[tuple[str, Sequence[float]]], kinds: Sequence[str], title: str, baseline: float) -> str:
    """Scores as bars, a group of them for each row.

    Parameters
    ----------
    rows : sequence of (name, scores)
        A score for each of ``kinds``, 0 to 1; nan draws nothing.
    kinds : sequence of str
        What the bars of a group are; the k-th has the k-th colour of the page.
    title : str
        For those who cannot see the picture.
    baseline : float
        What needs no method at all, drawn as a dashed line.
    """
    left, right, bar = min(330, 30 + 7 * max(len(name) for name, _ in rows)), 900, 11
    group = bar * len(kinds) + 12
    height = group * len(rows) + 30

    def x(value: float) -> float:
        return left + (right - left) * value

    parts = [f'<path class="grid" d="M{x(t / 5):.1f} 2V{height - 24}"/>' for t in range(6)]
    parts += [f'<text class="dim mid" x="{x(t / 5):.1f}" y="{height - 6}">{number(t / 5, 1)}</text>' for t in range(6)]
    for k, (name, scores) in enumerate(rows):
        top = group * k + 8
        parts.append(f'<text class="end" x="{left - 14}" y="{top + bar * len(kinds) / 2 + 4:.1f}">{escape(name)}</text>')
        for j, (kind, score) in enumerate(zip(kinds, scores, strict=True)):
            if np.isfinite(score):
                place = f'x="{left}" y="{top + bar * j}" width="{x(score) - left:.1f}" height="{bar - 1}"'
                said = escape(f"{name}, {kind}: {number(score)}")
                parts.append(f'<g><title>{said}</title><rect class="f{j}" {place} rx="2"/></g>')
    parts.append(f'<path class="base" d="M{x(baseline):.1f} 2V{height - 24}"><title>always the commonest class</title></path>')
    return svg(920, height, title, parts)


def curve_svg(points: Sequence[tuple[float, float]], title: str, marked: Mapping[str, float]) -> str:
    """A curve y over x, with a vertical line at each marked x. ``points`` are sorted by x."""
    xs, ys = np.array(points, float).T
    low, high = np.floor(10 * ys.min()) / 10, np.ceil(10 * ys.max() + 0.01) / 10
    left, right, top, bottom = 52, 640, 24, 222

    def at(x: float, y: float) -> tuple[float, float]:
        return left + (right - left) * (x - xs[0]) / (xs[-1] - xs[0]), bottom - (bottom - top) * (y - low) / (high - low)

    parts = []
    for tick in np.arange(low, high + 0.01, 0.1):
        y = at(xs[0], tick)[1]
        parts.append(f'<path class="grid" d="M{left} {y:.1f}H{right}"/>')
        parts.append(f'<text class="dim end" x="{left - 8}" y="{y + 4:.1f}">{number(tick, 1)}</text>')
    parts += [f'<text class="dim mid" x="{at(x, low)[0]:.1f}" y="{bottom + 20}">{x:g}</text>' for x in xs if x not in marked.values()]
    for name, x in marked.items():
        place = at(x, low)[0]
        parts.append(f'<path class="base" d="M{place:.1f} {top}V{bottom}"/>')
        parts.append(f'<text class="dim mid" x="{place:.1f}" y="14">{escape(name)}</text>')
    steps = " ".join("{:.1f} {:.1f}".format(*at(x, y)) for x, y in points)
    parts.append(f'<path class="mean t0" d="M{steps}"/>')
    return svg(right + 24, bottom + 30, title, parts)


def pictures_html(pictures: Iterable[tuple[str, np.ndarray]], side: int = SIDE) -> str:
    """Pictures beside each other, each above its words; (H, W) or (H, W, 3) uint8 RGB."""
    return f'<div class="row">{"".join(_figure(words, image, side) for words, image in pictures)}</div>'


def montage(maps: np.ndarray, across: int | None = None) -> np.ndarray:
    """Maps of a layer, (C, H, W) float, as one picture, (h, w) uint8: each from its own least to its own greatest value."""
    maps = maps[:MAPS].astype(np.float64)
    across = across or min(8, math.ceil(math.sqrt(len(maps))))
    low, high = (edge(maps, axis=(1, 2), keepdims=True) for edge in (np.min, np.max))
    grey = np.rint(255 * (maps - low) / np.maximum(high - low, 1e-12)).astype(np.uint8)
    grey = np.pad(grey, [(0, -len(grey) % across), (1, 1), (1, 1)], constant_values=0)
    c, h, w = grey.shape
    return np.asarray(grey.reshape(c // across, across, h, w).swapaxes(1, 2).reshape(c // across * h, across * w))


def layer_maps(net: NetClassifier, sample: np.ndarray, layers: Sequence[str]) -> dict[str, np.ndarray]:
    """What each named layer of a trained network makes of one sample, (C, H, W) float each, by the layer's name."""
    import torch

    seen: dict[str, Any] = {}
    hooks = [
        getattr(net.module_, name).register_forward_hook(lambda module, given, out, name=name: seen.update({name: out})) for name in layers
    ]
    try:
        with torch.no_grad():
            net.module_(net.as_trained(sample[None]).take(np.array([0])))
    finally:
        for hook in hooks:
            hook.remove()
    return {name: maps[0].float().cpu().numpy() for name, maps in seen.items()}


def amplified(clips: list[Clip], alpha: float) -> Figure:
    """Onset and apex of a few clips, and the apex amplified by phase and by grey value."""
    from ..preprocess.magnify import magnify

    found = []
    for clip in clips[:SHOWN]:
        frames = clip.frames
        pair = np.stack([frames[clip.onset], frames[clip.apex]])
        made = [(f"{name}, amplified", magnify(pair, alpha, method)[1]) for name, method in (("EVM", "evm"), ("PBVM", "pbvm"))]
        found.append(pictures_html([(f"{clip.id}: onset", pair[0]), (f"apex, {clip.emotion}", pair[1]), *made]))
    caption = (
        f"The apex frame, its difference from the onset amplified {alpha:g} times: in grey values (EVM) and in phase (PBVM). "
        "Noise, light and the head's own motion are amplified with the face's."
    )
    return Figure(f"Amplified frames (the paper's Figure 3){mark(clips)}", "".join(found), caption)


def moments(clips: list[Clip]) -> Figure:
    """Onset, apex and offset of a few clips, and where the first two differ."""
    found = []
    for clip in clips[:SHOWN]:
        onset, apex, offset = (clip.frames[k] for k in (clip.onset, clip.apex, clip.offset))
        change = np.abs(apex.astype(int) - onset).max(axis=2)
        shown = [(f"{clip.id}: onset", onset), ("apex", apex), ("offset", offset)]
        found.append(pictures_html([*shown, ("apex less onset, 8 times", np.minimum(8 * change, 255).astype(np.uint8))]))
    caption = "What a network that is given the apex alone is not told: where the face was before. The paper only shows such frames."
    return Figure(f"Onset, apex and offset (the paper's Figure 8){mark(clips)}", "".join(found), caption)


def eye_regions(pictures: list[Clip], regions: list[Clip]) -> Figure:
    """A face beside its eye region, one of each emotion."""
    first = {clip.emotion: k for k, clip in reversed(list(enumerate(pictures)))}
    shown = [(f"{word}", pictures[k].frames[0], regions[k].frames[0]) for word, k in sorted(first.items(), key=lambda item: item[1])]
    html = pictures_html([(words, each) for word, face, eyes in shown for words, each in ((word, face), ("its eye region", eyes))], 96)
    caption = "Pictures of strong expressions, and what the network is given of each. They are no micro-expressions."
    return Figure(f"Faces and eye regions (the paper's Figures 2 to 7){mark(pictures)}", html, caption)


def _figure(words: str, image: np.ndarray, side: int) -> str:
    """The picture at about that many px on the page; pixels of a small one stay visible."""
    times = max(1, round(side / max(image.shape[:2])))
    image = np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image
    image = cv2.resize(image, None, fx=times, fy=times, interpolation=cv2.INTER_NEAREST)
    drawn = f'<img alt={quoteattr(words)} width="{min(image.shape[1], 2 * side)}" src="{picture(image, ".png")}">'
    return f"<figure>{drawn}<figcaption>{escape(words)}</figcaption></figure>"
