"""What a spotter must keep to, so that one of your own takes the place of ours: the contract of docs/own-parts.md, tried out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..errors import FleetingError, UsageError
from ..faces.regions import REGIONS
from ..faces.signals import COLUMNS
from .flow_spotter import Spotted

KINDS = ("micro", "macro", "blink", "closed", "speech", "head", "other")
NEEDED = ("onset", "apex", "offset", "score", "kind")
OPTIONAL = {"regions": "", "amplitude": np.nan, "open": "", "certain": True}  # of an interval, and what they are where they are missing
FPS = 100.0


def check_spotter(spotter: Any) -> None:
    """Nothing, where a spotter keeps to the contract; it is tried on made-up signals, with and without a face.

    Parameters
    ----------
    spotter : object
        With ``threshold``, ``max_duration_s`` and ``spot(table)``, as :class:`.flow_spotter.FlowSpotter` has them.

    Raises
    ------
    UsageError
        It does not; the message says what is wrong, on which signals, and what is expected.

    Examples
    --------
    >>> from fleeting.spotting import FlowSpotter, check_spotter
    >>> check_spotter(FlowSpotter(threshold=4))
    """
    name = type(spotter).__name__
    if isinstance(spotter, type):
        raise UsageError(f"{spotter.__name__} is a class: give a spotter that is made, {spotter.__name__}().")
    if not callable(getattr(spotter, "spot", None)):
        raise UsageError(f"{name} has no method spot(table): see docs/own-parts.md for what a spotter is.")
    for parameter in ("threshold", "max_duration_s"):
        value = getattr(spotter, parameter, None)
        if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value < np.inf:
            raise UsageError(f"{name}.{parameter} is {value!r}: it must be a positive number, which the report shows.")
    for table in (made_up(400), made_up(400, gone=400), made_up(3), made_up(0)):
        before = table.copy()
        first, second = (spot(spotter, table) for _ in range(2))
        where = f"{name}.spot, given {_rows(table)}"
        if not table.equals(before):
            raise UsageError(f"{where}, changes the table: take a copy, table.copy(), before you write into it.")
        same = all(np.array_equal(*pair) for pair in ((first.upper, second.upper), (first.lower, second.lower)))
        same &= np.array_equal(first.score, second.score, equal_nan=True)
        if not (same and first.intervals.reset_index(drop=True).equals(second.intervals.reset_index(drop=True))):
            raise UsageError(f"{where}, says something else the second time: draw random numbers from a seed of its own.")


def spot(spotter: Any, table: pd.DataFrame) -> Spotted:
    """What a spotter finds in one face's signals, after a look that it is what the contract says.

    Raises
    ------
    UsageError
        It is not, or the spotter failed.
    """
    where = f"{type(spotter).__name__}.spot, given {_rows(table)}"
    try:
        found = spotter.spot(table)
    except FleetingError:
        raise
    except Exception as error:
        raise UsageError(f"{where}, failed: {type(error).__name__}: {error}") from error
    lacking = [part for part in ("intervals", "score", "upper", "lower") if not hasattr(found, part)]
    if lacking:
        given = type(found).__name__
        raise UsageError(f"{where}, gives a {given} without {lacking[0]}: give fl.spotting.Spotted(intervals, score, upper, lower).")
    for part, kinds, words in (("score", "fiu", "real numbers"), ("upper", "b", "bool"), ("lower", "b", "bool")):
        array = np.asarray(getattr(found, part))
        if array.shape != (len(table),) or array.dtype.kind not in kinds:
            raise UsageError(f"{where}, gives {part} {array.shape} {array.dtype}: it must be ({len(table)},), one a frame, {words}.")
    if wrong := _wrong_with(found.intervals, len(table)):
        raise UsageError(f"{where}, gives intervals of which {wrong}.")
    rest = {column: found.intervals.get(column, default) for column, default in OPTIONAL.items()}
    return Spotted(found.intervals.assign(**rest), np.asarray(found.score), np.asarray(found.upper), np.asarray(found.lower))


def made_up(n: int, gone: int = 30) -> pd.DataFrame:
    """Signals of ``n`` frames such as :func:`fleeting.faces.signals.measure` gives: a brow that twitches; no face in the first ``gone``."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(0.0, index=range(n), columns=["frame", "time_s", "seen", *COLUMNS])
    for region in REGIONS:
        for axis in "xy":
            table[f"{region}_{axis}"] = 0.03 * rng.standard_normal(n)
        table[f"{region}_likeness"] = 1.0
    table["inner_brow_y"] += 2 * np.exp(-(((np.arange(n) - 250) / 6) ** 2))
    usual = {"eye_open": 0.3, "light": 120.0, "sharpness": 10.0, "residual": 0.1, "iod": 100.0, "track": 1.0}
    table = table.assign(**usual, face_x=320.0, face_y=240.0)
    seen = np.arange(n) >= gone
    table.loc[~seen, list(COLUMNS)] = np.nan
    table = table.astype(dict.fromkeys(COLUMNS, np.float32))
    return table.assign(frame=np.arange(n), time_s=np.arange(n) / FPS, seen=seen)


def _wrong_with(intervals: Any, n: int) -> str:
    """What is wrong with the intervals of a table of ``n`` rows; empty where nothing is."""
    if not isinstance(intervals, pd.DataFrame):
        return f"a {type(intervals).__name__} stands in the place of a DataFrame"
    if lacking := [column for column in NEEDED if column not in intervals]:
        return f"the column {lacking[0]} is missing: they need {', '.join(NEEDED)}, and may have {', '.join(OPTIONAL)}"
    if not len(intervals):
        return ""
    frames = intervals[["onset", "apex", "offset"]]
    if not all(kind.kind in "iu" for kind in frames.dtypes):
        return "onset, apex and offset are no whole numbers: they are rows of the table, from 0, the last one included"
    onset, apex, offset = frames.to_numpy().T
    wrong = ~((onset >= 0) & (onset <= apex) & (apex <= offset) & (offset < n))
    if wrong.any():
        row = frames[wrong].iloc[0]
        return f"one has onset {row.onset}, apex {row.apex}, offset {row.offset}: they must be in this order among 0 to {n - 1}"
    if unknown := sorted({str(kind) for kind in intervals["kind"]} - {*KINDS}):
        return f"one is of the kind {unknown[0]!r}: there is {', '.join(KINDS)}"
    if intervals["score"].dtype.kind not in "fiu" or not np.isfinite(intervals["score"].to_numpy(float)).all():
        return "a score is no finite number"
    return ""


def _rows(table: pd.DataFrame) -> str:
    return f"{len(table)} frames, a face in {int(table['seen'].sum())}"
