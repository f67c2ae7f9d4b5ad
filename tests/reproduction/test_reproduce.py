"""reproduce: at the smallest scale, what was published and what was run stand side by side, and nothing is said that was not run."""

from __future__ import annotations

import math
import re
import shutil
import warnings
import xml.etree.ElementTree as ET
from dataclasses import replace
from inspect import signature

import numpy as np
import pandas as pd
import pytest

from fleeting.cli import main
from fleeting.errors import DatasetError, UsageError
from fleeting.evaluation.run import Run
from fleeting.reproduction import papers
from fleeting.reproduction.data import labelled
from fleeting.reproduction.figures import bars_svg, curve_svg, montage
from fleeting.reproduction.page import Outcome, Reproduced, t_tests, table_of, verdict
from fleeting.reproduction.papers import PAPERS, Row, Table
from fleeting.reproduction.reproduce import SCALES, reproduce

from ..analysis.test_report import Page
from ..made_clips import make_clip

TIM32 = "Table 3, TIM32"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("reproduction")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLEETING_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def hand_made(folder):
    """The page of two hand-made rows of the TLCNN paper, and what was told on the way."""
    told = []
    page = reproduce("tlcnn", scale="tiny", out=folder, only=["MDMO", "FDM"], progress=lambda *step: told.append(step))
    return page.read_text("utf-8"), told


@pytest.fixture(scope="module")
def networks(folder):
    return reproduce("tlcnn", scale="tiny", out=folder, only=["TLCNN"]).read_text("utf-8")


def run_of(true, said, persons="112233", learning=None):
    rows = {"clip": range(len(true)), "dataset": "d", "subject": list(persons), "fold": list(persons)}
    about = {"labels": sorted({*true, *said})}
    return Run(pd.DataFrame({**rows, "y_true": list(true), "y_pred": list(said)}), about=about, learning=learning or {})


def stands_alone(html):
    for tag, attributes in Page(html).tags:
        assert tag not in ("link", "script", "iframe", "object", "embed", "base", "form")
        assert attributes.get("src", "data:image/").startswith("data:image/")
        assert "href" not in attributes
    plain = re.sub(r"base64,[\w+/=]+", "", html.replace('xmlns="http://www.w3.org/2000/svg"', ""))
    assert not re.search(r"https?:|url\(|@import", plain)


def test_published_and_reproduced_stand_side_by_side_and_synthetic_is_said(hand_made):
    html = hand_made[0]
    page = Page(html)
    stands_alone(html)
    assert page.text.count("SYNTHETIC") >= 2 * 2  # each table by its name, and each row's pictures
    for value in (".611", ".475", ".626", ".466"):
        assert f"accuracy {value}" in page.text
    assert "LEAKY" in page.text
    assert "LeakyClipKFold(n_splits=5, seed=0)" in page.text
    assert all(error in page.text for error in PAPERS["tlcnn"].errors)
    assert "always the commonest class" in page.text
    assert "MDMO's lambda" in page.text
    assert "MDMO's lambda (the paper's Figure 11), SYNTHETIC" in page.text
    assert len([ET.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL)]) >= 2 + 8 + 1


def test_no_claim_about_lies_but_that_it_is_unsupported(hand_made):
    text = Page(hand_made[0]).text.lower()
    assert "unsupported" in text
    assert not re.search(r"lie detect|detects? lies|decepti|security", text)


def test_each_row_is_run_by_the_papers_protocol_and_by_loso(hand_made, folder):
    told = [step for step in hand_made[1] if step[0] == "runs"]
    assert [done for _, done, _, _ in told] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert told[-1][2] == 8
    runs = sorted(path.name.rpartition("-")[0] for path in (folder / "runs").iterdir())
    assert runs.count("mdmo") == runs.count("fdm") == 4


def test_what_was_run_is_not_run_again(hand_made, folder):
    before = {path: path.stat().st_mtime_ns for path in (folder / "runs").rglob("*")}
    told = []
    page = reproduce("tlcnn", scale="tiny", out=folder, only=["FDM"], progress=lambda *step: told.append(step))
    assert {path: path.stat().st_mtime_ns for path in (folder / "runs").rglob("*")} == before
    assert not [step for step in told if step[0] == "folds"]
    assert ".475" in page.read_text("utf-8")


def test_a_network_is_trained_on_synthetic_expressions_once_and_shows_how_it_learned(networks, folder):
    text = Page(networks).text
    stands_alone(networks)
    assert "135 pictures of synthetic-stills" in text
    assert "Feature maps of C5" in text
    assert "iteration curves" in text
    weights = list((folder / "weights").glob("tlcnn-expressions-*.safetensors"))
    assert len(weights) == 1  # both tables take the same


def test_a_method_that_is_not_there_is_said_and_the_others_run(folder, monkeypatch, hand_made):
    paper = PAPERS["tlcnn"]
    table = replace(paper.tables[0], rows=(Row("ours", "no_such_method"), next(row for row in paper.tables[0].rows if row.name == "FDM")))
    monkeypatch.setitem(papers.PAPERS, "tlcnn", replace(paper, tables=(table,)))
    with pytest.warns(UserWarning, match=r"1 row could not be run \(ours\)"):
        page = reproduce("tlcnn", scale="tiny", out=folder)
    text = Page(page.read_text("utf-8")).text
    assert "not run: no method is called 'no_such_method'" in text
    assert ".475" in text


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"paper": "lies"}, "eye-cnn, apex-dcnn"),
        ({"paper": "tlcnn", "scale": "huge"}, "tiny, small, paper"),
        ({"paper": "tlcnn", "only": ["Table 9"]}, "no table or row 'Table 9'"),
        ({"paper": "tlcnn", "data": {"casme9": "x"}}, "casme9"),
    ],
)
def test_what_does_not_exist_is_named(given, says, tmp_path):
    with pytest.raises(UsageError, match=says):
        reproduce(**given, out=tmp_path / "out")


def test_a_dataset_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DatasetError, match="nowhere"):
        reproduce("tlcnn", {"casme2": tmp_path / "nowhere"}, "tiny", tmp_path / "out")


def test_on_the_command_line(folder, hand_made, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["fleeting", "reproduce", "tlcnn", "--scale", "tiny", "--only", "FDM", "--out", str(folder)])
    with warnings.catch_warnings(), pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    assert "tlcnn-tiny-part.html" in capsys.readouterr().out


def test_the_rows_of_every_paper_can_be_built_at_every_scale(tmp_path):
    """Each method, or the training on expressions before it, takes what the scales give; nothing is run."""
    from fleeting.methods import METHODS
    from fleeting.methods.transfer import pretrain

    before = set(signature(pretrain).parameters)
    for scale in SCALES.values():
        for name, options in scale.of.items():
            takes = signature(METHODS[name]).parameters
            plain = {key: value for key, value in options.items() if "__" not in key and not (key in before and key not in takes)}
            method = METHODS[name](**plain)
            assert {key for key in options if "__" in key} <= set(method.get_params())


class TestVerdict:
    def test_all_right_is_above(self):
        assert verdict(run_of("ab" * 12, "ab" * 12, "112233" * 4)) == "yes"
        assert verdict(run_of("ababab", "ababab")).startswith("not certain")  # six clips of three people

    def test_one_class_is_said(self):
        assert verdict(run_of("ababab", "aaaaaa")) == "no: it calls 6 of 6 clips a"

    def test_guessing_in_the_right_shares_is_not_above_though_its_f1_is(self):
        run = run_of("abababab", "aabbaabb", "11223344")
        assert run.score("uf1") > 1 / 3  # of always saying one of two classes
        assert verdict(run).startswith("no:")

    def test_a_network_that_knows_its_own_clips_and_no_others_differs_from_one_that_learned_nothing(self):
        def learned(accuracy):
            return {"1": pd.DataFrame({"epoch": [1, 2], "accuracy": [accuracy, 0], "chosen": [1, 0]})}

        assert "not those of other people" in verdict(run_of("ababab", "abbaba", learning=learned(0.95)))
        assert "trained too little" in verdict(run_of("ababab", "abbaba", learning=learned(0.5)))
        one = "no: it calls 6 of 6 clips a"
        assert verdict(run_of("ababab", "aaaaaa", learning=learned(0.5))) == (
            f"{one}; trained too little, it knows only .500 of the clips it was trained on"
        )
        assert verdict(run_of("ababab", "aaaaaa", learning=learned(0.95))) == one

    def test_one_person_gives_no_interval(self):
        assert verdict(run_of("ab", "ab", "11")).startswith("not known")


def test_the_line_of_a_row_that_failed_says_why():
    table = Table("T", "t", "d", ("accuracy",), (), "3class", ("loso", {}))
    row = Row("ours", "x", {"accuracy": 0.5}, note="as printed")
    good = Outcome(Row("theirs", "y"), run_of("ababab", "ababab"))
    words = table_of(Reproduced(table, (Outcome(row, reason="no memory"), good), synthetic=False))
    assert words.rows[0] == ["ours", "accuracy .500", "–", "–", "–", "not run: no memory"]
    assert words.rows[1][2].startswith("1.000")
    assert words.rows[2][:3] == ["always the commonest class", "–", ".500"]
    assert words.notes == ["ours: as printed."]


def test_t_tests_of_the_published_folds_hold_for_eight_of_nine():
    paper = PAPERS["tlcnn"]
    tables = [Reproduced(table, tuple(Outcome(row) for row in table.rows), synthetic=True) for table in paper.tables]
    rows = {row[0]: row[1:] for row in t_tests(paper, tables).rows}
    assert [row[2] for row in rows.values()].count("yes") == 8
    assert rows["TLCNN and STCLQP"] == [".05 < p < .10", ".335", "no", "–", "–"]
    assert rows["TLCNN and TLCNN(E)"][:2] == [".20 < p", ".655"]
    assert t_tests(PAPERS["survey"], tables) is None


def test_synthetic_clips_have_three_classes_whatever_the_paper_has():
    clips = [replace(make_clip(np.zeros((2, 8, 8, 3), np.uint8)), id=f"synthetic/{k}", dataset="synthetic", emotion=word)
             for k, word in enumerate(("anger", "happiness", "surprise", "repression"))]  # fmt: skip
    table = PAPERS["tlcnn"].tables[0]
    kept, y, says = labelled(table, clips)
    assert y.tolist() == ["negative", "positive", "surprise", "negative"]
    assert kept == clips
    assert "three classes stand for the paper's 4" in says[0]
    smic = [replace(clip, dataset="smic") for clip in clips]
    assert labelled(table, smic)[1].tolist() == ["negative", "positive", "surprise", "others"]
    three = labelled(replace(table, scheme="7class"), smic)
    assert three[1].tolist() == ["negative", "positive", "surprise", "negative"]
    assert "defined for casme2" in three[2][0]


def test_bars_are_as_long_as_their_scores():
    root = ET.fromstring(bars_svg([("one", (0.5, 1.0)), ("two", (math.nan, 0.25))], ("a", "b"), "t", 0.5))
    bars = list(root.iter("{http://www.w3.org/2000/svg}rect"))
    lengths = [float(bar.get("width")) for bar in bars]
    assert lengths == pytest.approx([lengths[1] / 2, lengths[1], lengths[1] / 4], abs=0.2)
    assert [bar.get("class") for bar in bars] == ["f0", "f1", "f1"]


def test_a_curve_goes_through_its_points():
    svg = curve_svg([(0.1, 0.2), (0.5, 0.4), (0.9, 0.3)], "t", {"here": 0.5})
    (x0, y0), (x1, y1), (x2, y2) = re.findall(r"([\d.]+) ([\d.]+)", re.search(r'mean t0" d="M([^"]+)"', svg)[1])
    assert float(x1) == pytest.approx((float(x0) + float(x2)) / 2, abs=0.1)
    assert float(y2) == pytest.approx((float(y0) + float(y1)) / 2, abs=0.1)
    assert f'd="M{x1} ' in svg  # the mark


def test_maps_stand_in_rows_each_between_black_and_white():
    maps = np.stack([np.arange(6.0).reshape(2, 3) * (k + 1) - 5 for k in range(9)])
    image = montage(maps, across=8)
    assert image.shape == (2 * 4, 8 * 5)
    assert image[1, 1] == 0
    assert image[2, 3] == 255
    assert np.array_equal(image[1:3, 1:4], image[5:7, 1:4])  # the scale of a map does not matter
    assert not image[4:, 5:].any()
    assert montage(maps).shape == (3 * 4, 3 * 5)  # of its own accord about as many rows as columns


def test_ones_own_clips_are_taken_as_they_are_and_nothing_synthetic_is_made(hand_made, folder, tmp_path):
    own = tmp_path.with_name(f"{tmp_path.name}-own")  # a folder with a table: nothing in it says that these are drawn
    shutil.copytree(folder / "synthetic-tiny", own, ignore=shutil.ignore_patterns("release.json"))
    data = {"folder": own}
    page = reproduce("tlcnn", data, "tiny", tmp_path, only=["FDM"])
    assert page.name == "tlcnn-tiny-folder-part.html"
    text = Page(page.read_text("utf-8")).text
    assert "SYNTHETIC" not in text
    assert re.search(r"Run here on (\w+ \d+,? ?){3,4}\.", text)
    assert {path.name for path in tmp_path.iterdir()} == {page.name, "runs"}
