"""The pages about what comes out, and about parts of one's own, are true."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import numpy as np
import pandas as pd

import fleeting as fl
from fleeting.faces.regions import REGIONS
from fleeting.faces.signals import COLUMNS
from fleeting.spotting.check import KINDS, NEEDED, check_spotter

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


def test_the_table_of_footage_is_printed_as_it_stands():
    spec = importlib.util.spec_from_file_location("footage", DOCS.parent / "benchmarks" / "footage.py")
    footage = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(footage)
    counts = dict.fromkeys(KINDS, 0) | {"micro": 1, "blink": 3}
    rows = [{"video": name, "fps": 24.0, "judged_s": s, **counts} for name, s in (("a", 19.6), ("b", 10.4), ("c", 0.0))]
    seen = {
        "a": {"shown": "", "micro": "1", "macro": "0", "what the events were": "a brow"},
        "b": {"shown": "cartoon", "micro": "0", "macro": "0", "what the events were": "of other events"},
    }
    said, _, header, _, *lines = footage.page(pd.DataFrame(rows), seen).split("\n")
    assert header in (DOCS / "spotting.md").read_text("utf-8")
    assert said == "3 clips, 30 s judged. Per minute: 6.0 micro, 0.0 macro, 18.0 blinks, 0.0 stretches of speech, 0.0 head movements."
    assert lines == [
        "| `a` | 24 | 19.6 s | 1 | 0 | 3 | 0 | 0 | a brow |",
        "| `b` (cartoon) | 24 | 10.4 s | 1 | 0 | 3 | 0 | 0 |  |",
        "| `c` | 24 | 0 s | 1 | 0 | 3 | 0 | 0 |  |",
    ]


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
