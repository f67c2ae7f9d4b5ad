"""An analysis that was saved, read back."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import UsageError
from .analyze import Analysis
from .export import FORMAT
from .findings import EVENT_COLUMNS, OTHER_COLUMNS, typed


def read_analysis(folder: str | os.PathLike[str]) -> Analysis:
    """The analysis in a folder that :meth:`.Analysis.save` or ``fleeting analyze`` wrote.

    Numbers are rounded as they were written. The pictures are in ``report.html`` alone, so that ``pictures`` is empty.

    Parameters
    ----------
    folder : path
        Its ``analysis.json`` and ``signals.csv`` are read.

    Returns
    -------
    Analysis
        As it was saved.

    Raises
    ------
    UsageError
        They are not there, cannot be read, or are of another version.
    """
    folder = Path(folder)
    content = read_content(folder)
    path = folder / "signals.csv"
    try:
        signals = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {_why(error)}. Give the folder as it was saved, or analyse the video again.") from error
    return Analysis(
        content["name"],
        content["path"],
        typed(pd.DataFrame(content["events"], columns=list(EVENT_COLUMNS))),
        typed(pd.DataFrame(content["others"], columns=list(OTHER_COLUMNS))),
        signals,
        content["quality"],
        content["settings"],
    )


def read_content(folder: Path) -> dict[str, Any]:
    """What ``analysis.json`` in a folder says, checked to be of this version."""
    path = folder / "analysis.json"
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {_why(error)}. Give a folder that an analysis was saved in.") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        there = content.get("format") if isinstance(content, dict) else None
        raise UsageError(f"{path} has format {there}; this Fleeting reads format {FORMAT}. Analyse the video again.")
    return content


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
