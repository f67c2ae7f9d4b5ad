"""Pictures as SVG elements: the frame they stand in, their style, ticks and names that fit.

They take their colours from the page they stand in (``--ink, --dim, --hair, --back`` and ``--c0`` to ``--c7``), and need
nothing else from outside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

COLOURS = 8

STYLE = """
.fl{display:block;max-width:100%;height:auto;font:12.5px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
.fl text{fill:var(--ink)}.fl .dim{fill:var(--dim)}.fl .end{text-anchor:end}.fl .mid{text-anchor:middle}
.fl .grid{stroke:var(--hair);stroke-width:1;fill:none}.fl .foot{stroke:var(--dim);stroke-width:1.5;fill:none}
.fl .base{stroke:var(--dim);stroke-dasharray:4 4;fill:none}
.fl .span{stroke:var(--c0);stroke-width:3;stroke-linecap:round;opacity:.45}.fl .dot{fill:var(--c0)}
.fl .leaky .span{stroke:var(--c1)}.fl .leaky .dot{fill:var(--back);stroke:var(--c1);stroke-width:2.5}
.fl .cell{fill:var(--c0)}.fl .wrong{fill:var(--c1)}.fl .edge{fill:none;stroke:var(--hair)}.fl .light{fill:var(--back)}
.fl .fold{fill:none;stroke-width:1;opacity:.22}.fl .mean{fill:none;stroke-width:2.4;stroke-linejoin:round}
.fl .t0{stroke:var(--c0)}.fl .t1{stroke:var(--c1)}.fl .rug{stroke:var(--dim);stroke-width:1.5;opacity:.6}
""" + "".join(f".fl .f{k}{{fill:var(--c{k})}}.fl .s{k}{{fill:none;stroke:var(--c{k});stroke-width:1.6}}" for k in range(COLOURS))


def svg(width: float, height: float, title: str, parts: Sequence[str], kind: str = "fl") -> str:
    """The parts as one picture of a class; ``title`` is for those who cannot see it."""
    return (
        f'<svg class="{kind}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'role="img" aria-label={quoteattr(title)}>{"".join(parts)}</svg>'
    )


def ticks(low: float, high: float) -> list[float]:
    """About five round numbers within."""
    raw = (high - low) / 5
    size = 10 ** math.floor(math.log10(raw))
    step = next(m * size for m in (1, 2, 5, 10) if m * size >= raw)
    return [round(t * step, 10) for t in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def short(text: str, length: int) -> str:
    """The text, its middle left out if it is longer."""
    return text if len(text) <= length else f"{text[: (length - 1) // 2]}…{text[-(length // 2) :]}"


def begun(text: str, length: int) -> str:
    """The text, its end left out if it is longer."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
