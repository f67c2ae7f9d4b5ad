"""The demo writes an interview, its truth and its results, and compares the two by itself."""

from __future__ import annotations

from io import StringIO

import pandas as pd
import pytest
from rich.console import Console

from fleeting.analysis import demo
from fleeting.analysis.analyze import Analysis
from fleeting.analysis.export import FILES
from fleeting.cli.demo import _comparison
from fleeting.errors import UsageError
from fleeting.media import open_media
from fleeting.spotting.matching import Match

SECONDS, FPS, SEED = 3.5, 50.0, 10  # lowered brows in frames 21-29, then speech


@pytest.fixture(scope="module")
def told() -> list[tuple[str, int, int | None]]:
    return []


@pytest.fixture(scope="module")
def result(face_model, tmp_path_factory, told) -> demo.Demo:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "DURATION_S", SECONDS)
        patch.setattr(demo, "FPS", FPS)
        return demo.demo(SEED, tmp_path_factory.mktemp("demo") / "made here", progress=lambda *step: told.append(step))


def test_the_interview_its_truth_and_the_results_are_in_the_folder(result):
    assert {path.name for path in result.folder.iterdir()} == {*FILES, "synthetic-interview.mp4", "synthetic-interview.truth.csv"}
    with open_media(result.folder / "synthetic-interview.mp4") as media:
        assert (media.frame_count, media.width, media.height, media.fps) == (175, 640, 480, 50)
    truth = pd.read_csv(result.folder / "synthetic-interview.truth.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(truth, result.truth, check_dtype=False, atol=5e-4)
    assert "synthetic" in (result.folder / "report.html").read_text().lower()


def test_what_was_found_is_held_against_the_truth(result):
    assert isinstance(result.analysis, Analysis)
    true = result.truth[result.truth["kind"] == "micro"]
    found = result.analysis.events[result.analysis.events["kind"] == "micro"]
    assert (result.match.true, result.match.found) == (len(true), len(found)) == (1, 1)
    assert result.match.pairs == [(0, 0)]
    assert result.match.f1 == 1


def test_progress_is_told_of_both_halves(result, told):
    assert told == [(what, k + 1, 175) for what in ("making the interview", "analysing") for k in range(175)]


def test_a_folder_that_cannot_be_used_is_refused_before_anything_is_made(tmp_path):
    (tmp_path / "taken").write_text("a file")
    steps = []
    with pytest.raises(UsageError, match="taken is a file"):
        demo.demo(folder=tmp_path / "taken", progress=lambda *step: steps.append(step))
    assert not steps


def test_the_table_is_whole_on_a_narrow_terminal(result):
    """On 80 columns no time and no action unit may be cut, also where many of them moved."""
    rows = {"onset_s": [12.44, 20.0, 26.5], "offset_s": [12.8, 20.3, 26.88], "emotion": "negative", "kind": "micro", "score": 12.345}
    truth = pd.DataFrame({**rows, "aus": "AU1+AU4+AU15+AU17+AU25"})
    events = pd.DataFrame({**rows, "aus": "AU1+AU4+R15+AU17", "onset_s": [12.46, 22.0, 26.5]})
    analysis = Analysis("", "", events, events.iloc[:0], events.iloc[:0], {}, {})
    shown = StringIO()
    Console(file=shown, width=80).print(_comparison(demo.Demo(truth, analysis, Match([(0, 0), (2, 2)], 3, 3), result.folder)))
    text = shown.getvalue()
    assert "…" not in text
    for word in ("12.44-12.80", "12.46-12.80", "26.50-26.88", "missed", "nothing", "AU25", "R15", "12.3"):
        assert word in text
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("negative") == 6
    order = [text.index(time) for time in ("12.44", "20.00", "22.00", "26.50")]
    assert order == sorted(order)
