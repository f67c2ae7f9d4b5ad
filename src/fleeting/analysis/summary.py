"""Several videos as one table, a row each, so that events have denominators and no video vanishes for having none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ..errors import FleetingError

KINDS = ("micro", "macro", "blink", "speech", "head")
SUMMARY_COLUMNS = (
    *("video", "path", "duration_s", "judged_s", "fps", "faces", *KINDS, *(f"{kind}_per_min" for kind in KINDS), "reason", "error"),
)


def summary(videos: Mapping[str, Mapping[str, Any] | FleetingError]) -> pd.DataFrame:
    """One row a video: how much of it was judged, what was found in it, and a minute judged; columns :data:`SUMMARY_COLUMNS`.

    Parameters
    ----------
    videos : mapping of str to dict or FleetingError
        By name: the content of its ``analysis.json``, or what went wrong with it.

    Returns
    -------
    DataFrame
        ``judged_s`` counts each face that was analysed. Where nothing was judged there is no rate (NaN); of a video that failed there
        is ``error`` and nothing else.
    """
    rows = [{"video": name, **(_failed(each) if isinstance(each, FleetingError) else _row(each))} for name, each in videos.items()]
    whole = dict.fromkeys(("faces", *KINDS), "Int64")
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS)).astype(whole).round({f"{kind}_per_min": 3 for kind in KINDS})


def _row(content: Mapping[str, Any]) -> dict[str, Any]:
    quality = content["quality"]
    analysed = [face for face in quality["faces"] if face["analysed"]]
    # What was written before faces had seconds of their own had one face, or counted it with the others.
    judged_s = round(sum(face.get("judged_s", 0) for face in analysed), 3) or quality["judged_s"]
    # Candidates, which do not reach the threshold, are no events.
    kinds = [event["kind"] for event in (*content["events"], *content["others"]) if event.get("certain", True)]
    counts = {kind: kinds.count(kind) for kind in KINDS}
    rates = {f"{kind}_per_min": 60 * n / judged_s if judged_s else None for kind, n in counts.items()}
    about = {"path": content["path"], "judged_s": judged_s, "faces": len(analysed)}
    return about | {name: quality[name] for name in ("duration_s", "fps", "reason")} | counts | rates


def _failed(error: FleetingError) -> dict[str, Any]:
    return {"error": " ".join(str(error).split())}
