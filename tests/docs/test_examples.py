"""The gallery's examples run from the first line to the last, and draw something."""

from __future__ import annotations

import runpy
import tempfile
from pathlib import Path

import matplotlib
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples"
EXAMPLES = [path.name for path in sorted(FOLDER.glob("*.py"))]


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_runs_and_draws(name, tmp_path, monkeypatch, face_model):
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(FOLDER / name))
    figures = [plt.figure(number) for number in plt.get_fignums()]
    plt.close("all")
    assert figures
    assert all(figure.axes for figure in figures)


def test_there_are_ten():
    assert len(EXAMPLES) == 10
