"""Published errors of a sheet, corrected where they still stand."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import DatasetError, UsageError

NOT_CODED = {"", "/", "\\", "?", "-", "nan", "NaN", "None"}


def read_corrections(name: str, own: str | Path | None = None) -> tuple[pd.DataFrame, str] | None:
    """The known errors of a release, or those of your own file, and where they stand; None if none are known."""
    if own is not None and not isinstance(own, str | Path):
        raise UsageError(f"corrections={own!r} must be True, False or the file with your own.")
    path: Any = Path(own).expanduser() if own is not None else files(__package__) / "corrections" / f"{name}.csv"
    if own is None and not path.is_file():
        return None
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False), str(path)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} is not a table of corrections that can be read ({error}).") from error


def correct(table: pd.DataFrame, corrections: pd.DataFrame, path: str, sheet: str) -> pd.DataFrame:
    """The table with published errors corrected where the published value still stands.

    A clip that the table lacks, and a value that a later edition has corrected already, are passed over.

    Parameters
    ----------
    table : DataFrame
        As ``read_table`` gives it: text.
    corrections : DataFrame
        ``clip, column, published, corrected, reason``. An empty ``corrected`` means: not coded.
    path, sheet : str
        For the message: where the corrections and the table come from.

    Raises
    ------
    DatasetError
        A value is neither the published nor the corrected one.
    """
    columns = ["clip", "column", "published", "corrected", "reason"]
    if list(corrections.columns) != columns:
        raise DatasetError(f"{path} must have the columns {', '.join(columns)}, not {', '.join(corrections.columns)}.")
    table = table.copy()
    row: Any
    for row in corrections.itertuples(index=False):
        here = table.index[table["clip"] == row.clip]
        if here.empty:
            continue
        if row.column not in table:
            raise DatasetError(f"{path} corrects {row.column!r} of {row.clip}, which {sheet} does not have.")
        values = {_plain(value) for value in table.loc[here, row.column]}
        if values == {_plain(row.published)}:
            table.loc[here, row.column] = row.corrected
        elif values != {_plain(row.corrected)}:
            raise DatasetError(
                f"{path} corrects {row.column} of {row.clip} from {row.published} to {row.corrected}, but {sheet} has "
                f"{', '.join(sorted(values))}: another edition. Look at the clip and mend that line, or take the sheet as it "
                "is with corrections=False."
            )
    return table


def _plain(value: Any) -> str:
    text = str(value).strip()
    return "" if text in NOT_CODED or text.startswith("-") else text
