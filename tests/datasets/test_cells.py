"""Cells of a sheet as frame numbers, rates and kinds."""

from __future__ import annotations

import pandas as pd
import pytest

from fleeting.datasets.casme2 import CASME2
from fleeting.datasets.cells import frame_numbers, kinds, rates
from fleeting.errors import DatasetError

from . import releases


def _column(name, *cells):
    return pd.DataFrame({"clip": [f"c{i}" for i in range(len(cells))], name: list(cells)})


def test_numbers_are_rounded_and_signs_for_not_coded_are_none():
    numbers = frame_numbers(_column("apex", "3.4", " 7 ", "/", "?", "", "-1"), "apex", "s.xlsx")
    assert numbers.dtype == "Int64"
    assert numbers.tolist()[:2] == [3, 7]
    assert numbers.isna().tolist() == [False, False, True, True, True, True]
    assert frame_numbers(_column("apex", "3"), "onset", "s.xlsx").isna().all()


@pytest.mark.parametrize("cell", ["eight", "inf", "-inf", "1e30", "20250101120000"])
def test_what_is_no_frame_number_is_named_with_its_clip(cell):
    with pytest.raises(DatasetError, match=rf"s\.xlsx has onset '{cell}' for c1, which is no frame number"):
        frame_numbers(_column("onset", "8", cell), "onset", "s.xlsx")


@pytest.mark.parametrize("cell", ["fast", "-25", "inf", "nan", ""])
def test_what_is_no_rate_is_named_with_its_clip(cell):
    assert rates(_column("fps", "25", "29.97", "0"), "s.csv").tolist() == [25, 29.97, 0]
    with pytest.raises(DatasetError, match=rf"s\.csv has fps '{cell}' for c1, which is no number of frames a second"):
        rates(_column("fps", "25", cell), "s.csv")


@pytest.mark.parametrize("cell", ["Other", None, float("nan")])
def test_what_is_no_kind_is_named_with_its_clip(cell):
    assert kinds(_column("kind", "micro", "macro"), "s.xlsx").tolist() == ["micro", "macro"]
    with pytest.raises(DatasetError, match=r"s\.xlsx has kind .* for c1, but there are micro and macro"):
        kinds(_column("kind", "micro", cell), "s.xlsx")


@pytest.mark.parametrize("offset", ["inf", 1e30])
def test_a_number_that_overflows_is_no_traceback(tmp_path, offset):
    """It was an OverflowError out of pandas, or a TypeError."""
    row = ["01", "EP02_01f", None, 8, 10, offset, None, "12", "happiness"]
    releases.workbook(tmp_path / "CASME2-coding-20190701.xlsx", Sheet1=[releases.CASME2_HEADER, row])
    (finding,) = CASME2(tmp_path).check().findings
    assert finding.level == "error"
    assert "which is no frame number" in finding.text
