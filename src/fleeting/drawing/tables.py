"""Tables of words for people, in the forms they are read in: terminal, Markdown, LaTeX, a web page."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.console import Group

NUMBER = re.compile(r"([<+−-]?\.?\d.*|–|∞|−∞|)$")  # what stands at the right edge of its column
LATEX = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"}, "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}",
    "<": "$<$", "−": "$-$", "–": "--", "∞": r"$\infty$",
}  # fmt: skip


class Table(NamedTuple):
    """A title, names of columns, rows of as many words, and what must be known to read them."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    notes: Sequence[str] = ()

    def right(self) -> list[bool]:
        """Whether each column holds numbers, and so stands at the right edge."""
        return [k > 0 and all(NUMBER.match(row[k]) for row in self.rows) for k in range(len(self.columns))]


def number(value: float, decimals: int = 3, sign: bool = False) -> str:
    """A score as the field writes it: ``.721``, ``1.000``, with its sign ``+.040``; an en dash for nan."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    size = f"{abs(value):.{decimals}f}"
    mark = "−" if value < 0 and float(size) else "+" if sign and float(size) else ""
    return mark + (size[1:] if size.startswith("0.") else size)


def span(low: float, high: float, sign: bool = False) -> str:
    """An interval: ``.655 to .785``."""
    return "–" if math.isnan(low) else f"{number(low, sign=sign)} to {number(high, sign=sign)}"


def chance(p: float) -> str:
    """A p-value: ``.210``, ``<.001``."""
    return "<.001" if p < 0.001 else number(p)


def to_text(tables: Sequence[Table]) -> str:
    """Plain text, columns aligned by blanks."""
    blocks = []
    for table in tables:
        lines = [table.columns, *table.rows] if any(table.columns) else table.rows
        widths = [max(len(line[k]) for line in lines) for k in range(len(table.columns))]
        right = table.right()
        text = [
            "  ".join(word.rjust(w) if r else word.ljust(w) for word, w, r in zip(line, widths, right, strict=True)).rstrip()
            for line in lines
        ]
        blocks.append("\n".join([table.title, *("  " + line for line in text), *("  " + note for note in table.notes)]))
    return "\n\n".join(blocks)


def to_markdown(tables: Sequence[Table]) -> str:
    """Markdown with pipe tables, a heading of the third level each."""
    blocks = []
    for table in tables:
        edge = ["--:" if right else "---" for right in table.right()]
        lines = ["| " + " | ".join(word.replace("|", "\\|") for word in line) + " |" for line in (table.columns, edge, *table.rows)]
        blocks.append("\n".join([f"### {table.title}", "", *lines, *(f"\n{note}" for note in table.notes)]))
    return "\n\n".join(blocks)


def to_latex(tables: Sequence[Table]) -> str:
    """LaTeX tabulars for the package booktabs, titles and notes as comments above and below."""
    blocks = []
    for table in tables:
        head, *rows = [" & ".join(map(_in_latex, line)) + r" \\" for line in (table.columns, *table.rows)]
        columns = "".join("r" if right else "l" for right in table.right())
        body = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", head, r"\midrule", *rows, r"\bottomrule", r"\end{tabular}"]
        blocks.append("\n".join([f"% {table.title}", *body, *(f"% {note}" for note in table.notes)]))
    return "\n\n".join(blocks)


def _in_latex(word: str) -> str:
    return re.sub(r"[&%$#_{}~^\\<−–−∞]", lambda found: LATEX[found[0]], word)


def to_html(tables: Sequence[Table]) -> str:
    """HTML tables, headed and explained, everything escaped."""
    blocks = []
    for table in tables:
        kind = [' class="number"' if right else "" for right in table.right()]
        head = "".join(f'<th scope="col"{k}>{escape(word)}</th>' for word, k in zip(table.columns, kind, strict=True))
        rows = [
            f'<tr><th scope="row">{escape(row[0])}</th>'
            + "".join(f"<td{k}>{escape(word)}</td>" for word, k in zip(row[1:], kind[1:], strict=True))
            + "</tr>"
            for row in table.rows
        ]
        notes = "".join(f'<p class="dim">{escape(note)}</p>' for note in table.notes)
        blocks.append(
            (f"<h3>{escape(table.title)}</h3>" if table.title else "")
            + f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>{notes}'
        )
    return "\n".join(blocks)


def to_rich(tables: Sequence[Table]) -> Group:
    """What ``rich`` prints on a terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.table import Table as Grid
    from rich.text import Text

    parts: list[Text | Grid] = []
    for table in tables:
        if parts:
            parts.append(Text())
        grid = Grid(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for name, right in zip(table.columns, table.right(), strict=True):
            grid.add_column(Text(name), justify="right" if right else "left", overflow="fold")
        for row in table.rows:
            grid.add_row(*map(Text, row))
        parts += [Text(table.title, "bold"), grid, *(Text(note, "dim") for note in table.notes)]
    return Group(*parts)
