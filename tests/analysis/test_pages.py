"""The pages about what comes out, and about parts of one's own, are true."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

import fleeting as fl
from fleeting.faces.regions import REGIONS
from fleeting.faces.signals import COLUMNS
from fleeting.spotting.check import NEEDED, check_spotter

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_each_column_of_the_signals_has_its_row(film, frames):
    rows = re.findall(r"^\| `([^`]+)` \|(.*)$", (DOCS / "signals.md").read_text("utf-8"), re.MULTILINE)
    described = [name.replace("<region>", region) for name, _ in rows for region in (REGIONS if "<region>" in name else [""])]
    found = list(fl.analyze(film("columns.mkv", frames[:20]), coarse=True).signals.columns)
    assert sorted(described) == sorted(found)
    assert {*COLUMNS} < {*found}
    for name, rest in rows:
        unit, axis, meaning = (cell.strip() for cell in rest.removesuffix("|").split("|"))
        assert unit, name
        assert meaning, name
        assert axis or name in ("seen", "judged", "iod", "threshold"), name
    page = (DOCS / "signals.md").read_text("utf-8")
    assert all(f"`{region}`" in page for region in REGIONS)


def test_the_spotter_on_the_page_is_one():
    page = (DOCS / "own-parts.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(import numpy.*?)```", page, re.DOTALL)
    names: dict[str, type] = {}
    exec(code, names)
    check_spotter(names["Brow"]())
    assert all(f"`{column}`" in page for column in NEEDED)


def test_sides_are_the_persons_own():
    """Their right is on the left of the picture."""
    from fleeting.faces.regions import sites

    x = [float(np.median(sites().xy[sites().region == REGIONS.index(f"{side}_brow"), 0])) for side in ("right", "left")]
    assert x[0] < 0 < x[1]


def test_turns_since_the_track_began_and_the_meshs_own_have_the_signs_of_the_page(frames, face_model):
    """In a nod: head_pitch is positive upwards, pitch downwards."""
    signals = fl.analyze(frames[150:220], fps=50).signals
    assert np.corrcoef(signals["head_pitch"], signals["pitch"])[0, 1] < -0.8
    page = (DOCS / "signals.md").read_text("utf-8")
    assert all(row in page for row in ("| `head_pitch` | radians | up |", "| `pitch` | degrees | down;"))
