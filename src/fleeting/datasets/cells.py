"""Cells of a sheet as frame numbers, rates and kinds, and numbers that no picture has; DatasetError names the cell that is none."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from ..errors import DatasetError
from .correct import NOT_CODED

MOST_FRAMES = 10**9  # 57 days at 200 frames/s: a greater number is a slip of the pen, and no reason to list what is missing up to it


def frame_numbers(table: pd.DataFrame, column: str, sheet: str) -> pd.Series:
    """A column as Int64; <NA> where it was not coded, which negative numbers say too.

    Parameters
    ----------
    table : DataFrame
        ``clip`` and the column, as text; a column that is not there was not coded.
    column, sheet : str
        Which, and for the message where it comes from.
    """
    if column not in table:
        return pd.Series(pd.NA, index=table.index, dtype="Int64")
    text = table[column].astype(str).str.strip()
    values = pd.to_numeric(text.mask(text.isin(NOT_CODED)), errors="coerce").astype(float)
    strange = (values.isna() & ~text.isin(NOT_CODED)) | (values.abs() >= MOST_FRAMES)
    _refuse(table, strange, text, f"{sheet} has {column}", "which is no frame number")
    return values.mask(values < 0).round().astype("Int64")  # SAMM's long videos have fractions, and -1 for "not coded"


def rates(table: pd.DataFrame, sheet: str) -> pd.Series:
    """Column ``fps`` as float64, frames/s; 0 where the table leaves it to the video."""
    text = table["fps"].astype(str).str.strip()
    values = pd.to_numeric(text, errors="coerce").astype(float)
    _refuse(table, ~((values >= 0) & np.isfinite(values)), text, f"{sheet} has fps", "which is no number of frames a second")
    return values


def kinds(table: pd.DataFrame, sheet: str) -> pd.Series:
    """Column ``kind`` as it stands, where it says nothing but ``micro`` and ``macro``."""
    text = table["kind"].astype(object).where(table["kind"].notna(), "")
    _refuse(table, ~text.isin(["micro", "macro"]), text, f"{sheet} has kind", "but there are micro and macro")
    return text


def missing_between(onset: int, offset: int, numbers: Collection[int]) -> int:
    """How many pictures from onset to offset are not there; 0 where a folder of 8 or more has every second, third ... number only."""
    few = offset - onset < len(numbers)  # a long video has many numbers, a slip of the pen a span of millions
    here = sum(number in numbers for number in range(onset, offset + 1)) if few else sum(onset <= n <= offset for n in numbers)
    if (gaps := max(0, offset - onset + 1 - here)) and len(numbers) >= 8:
        steps = set(np.diff(np.fromiter(numbers, np.int64)).tolist())
        return 0 if len(steps) == 1 else gaps
    return gaps


def next_missing(start: int, numbers: Collection[int]) -> int:
    """The first number from ``start`` on that no picture has."""
    while start in numbers:
        start += 1
    return start


def _refuse(table: pd.DataFrame, strange: pd.Series, text: pd.Series, what: str, why: str) -> None:
    if strange.any():
        cell, clip = text[strange].iloc[0], table.loc[strange, "clip"].iloc[0]
        raise DatasetError(f"{what} {cell!r} for {clip}, {why}. Mend the cell.")
