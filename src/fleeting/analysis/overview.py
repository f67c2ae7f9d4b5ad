"""Several videos on one page, a row each: what was found a minute, how much could be judged, and the way to each one's report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from ..drawing.page import page
from ..errors import FleetingError
from .plot import clock
from .summary import KINDS, summary

COLUMNS = ("length", "judged", "micro", "macro", "micro a minute", "macro a minute", "blinks a minute", "sensitivity")
SIZE, ENOUGH = 2.0, 5  # % of the eye distance, and how many of them must have had room for a share


def overview_html(videos: Mapping[str, Mapping[str, Any] | FleetingError]) -> str:
    """One HTML page that needs nothing from outside it, with a row a video and a last one for all of them together.

    Parameters
    ----------
    videos : mapping of str to dict or FleetingError
        As :func:`.summary.summary` takes them; the names are those of the folders beside the page that hold the reports.
    """
    table = summary(videos)
    rows = []
    for (name, each), row in zip(videos.items(), table.to_dict("records"), strict=True):
        if isinstance(each, FleetingError):
            rows.append({"name": name, "report": "", "cells": ["–"] * len(COLUMNS), "note": row["error"]})
        else:
            heard = _share(*_heard(each))
            cells = [clock(row["duration_s"]), f"{each['quality']['judged_share']:.0%}", *_counted(row), heard]
            rows.append({"name": name, "report": f"{quote(name)}/report.html", "cells": cells, "note": each["quality"]["reason"] or ""})
    read = [each for each in videos.values() if not isinstance(each, FleetingError)]
    sums = table[[*KINDS, "judged_s", "duration_s"]].sum()
    rates = {f"{kind}_per_min": 60 * sums[kind] / sums["judged_s"] if sums["judged_s"] else np.nan for kind in KINDS}
    heard = _share(*np.sum([_heard(each) for each in read] or [(0, 0)], axis=0))
    judged = sum(each["quality"]["judged_s"] for each in read)
    share = f"{judged / sums['duration_s']:.0%}" if sums["duration_s"] else "–"
    together = [clock(sums["duration_s"]), share, *_counted({**sums, **rates}), heard]
    failed = len(videos) - len(read)
    said = f"{int(sums['micro'])} micro- and {int(sums['macro'])} macro-expressions in {clock(sums['judged_s'])} judged."
    said += f" {failed} could not be analysed." if failed else ""
    return page("analysis/overview.html.j2", summary=said, columns=COLUMNS, rows=rows, together=together)


def _counted(row: Mapping[Any, Any]) -> list[str]:
    counts = [str(int(row[kind])) for kind in ("micro", "macro")]
    rates = (row[f"{kind}_per_min"] for kind in ("micro", "macro", "blink"))
    return [*counts, *("–" if pd.isna(rate) else f"{rate:.1f}" for rate in rates)]


def _heard(content: Mapping[str, Any]) -> tuple[int, int]:
    """How many movements of ``SIZE`` were added to a calm face, and how many were found."""
    rows = [row for row in content["quality"].get("sensitivity") or [] if (row["size"], row["part"]) == (SIZE, "calm")]
    return sum(row["added"] for row in rows), sum(row["found"] for row in rows)


def _share(added: int, found: int) -> str:
    return f"{found / added:.0%}" if added >= ENOUGH else "–"
