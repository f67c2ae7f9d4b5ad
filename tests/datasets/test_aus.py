"""Action units as coders write them."""

from __future__ import annotations

import pytest

from fleeting.datasets.aus import parse_aus


@pytest.mark.parametrize(
    ("text", "aus"),
    [
        ("12", ("AU12",)),
        ("4+7+L10", ("AU4", "AU7", "L10")),
        ("R1+R2", ("R1", "R2")),
        ("4D+ref(6)+7C+43E", ("AU4", "AU6", "AU7", "AU43")),
        ("A12A+25+26", ("AU12", "AU25", "AU26")),
        ("A/L12", ("L12",)),
        ("(R6 or R12) + R15", ("R6", "R12", "R15")),
        ("R14+17+soft focus", ("R14", "AU17")),
        ("ref(L10)+A12B", ("L10", "AU12")),
        ("7+B18+T23", ("AU7", "AU18", "AU23")),
        ("4+7+AD38+M58", ("AU4", "AU7", "AU38", "AU58")),
        ("AU1，AU2", ("AU1", "AU2")),
        ("4+4+4", ("AU4",)),
        ("L12 + 61", ("L12", "AU61")),
        ("4A/B", ("AU4",)),
        ("R2C, twice 2x", ("R2",)),
        ("AU12(k)+AU4", ("AU4",)),
        ("none", ()),
        ("0", ()),
        ("?", None),
        ("", None),
        ("/", None),
        (None, None),
        ("soft focus", None),
    ],
)
def test_cells(text, aus):
    assert parse_aus(text) == aus
