"""The page about runs stands alone, says what the runs say, and marks what must not be believed."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from fleeting.drawing.tables import number, span
from fleeting.errors import OutputError, UsageError
from fleeting.evaluation.report import run_report, run_report_html
from fleeting.evaluation.run import Run

from ..analysis.test_report import Page
from ..made_runs import made_runs


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def runs(folder):
    return made_runs(folder)


def foreign(name="foreign", **changes):
    """What is known of a file of predictions: six clips of three persons, two of them wrong."""
    rows = {"clip": list("uvwxyz"), "dataset": "", "subject": list("112233"), "fold": list("112233")}
    return Run(pd.DataFrame({**rows, "y_true": list("ababab"), "y_pred": list("abbaab"), **changes}), name)


def pictures(html):
    return [ET.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL)]


def test_nothing_outside_the_page_is_asked_for(runs):
    html = run_report_html(list(runs.values()))
    page = Page(html)
    ids = set(page.ids())
    for tag, attributes in page.tags:
        assert tag not in ("link", "script", "iframe", "object", "embed", "base", "form", "img")
        assert not any(key.startswith("on") for key in attributes)
        assert attributes.get("href", "#run-1").removeprefix("#") in ids
        assert "src" not in attributes
    assert "default-src 'none'" in html
    assert not re.search(r"https?:|url\(|@import", html.replace('xmlns="http://www.w3.org/2000/svg"', ""))
    assert len(pictures(html)) >= 6 * 3


def test_scores_stand_there_with_their_intervals(runs):
    run = runs["linear"]
    text = Page(run_report_html([run])).text
    for name, title in (("uf1", r"UF1 \(macro F1\)"), ("uar", "UAR"), ("accuracy", r"accuracy \(WAR\)"), ("weighted_f1", "weighted F1")):
        value, low, high = run.interval(name)
        by = [number(value) for value in run.score(name, by="dataset")]
        cells = rf"{title}\s+{re.escape(f'{number(value)} ({span(low, high)})')}\s+{re.escape(by[0])} \(.*?\)\s+{re.escape(by[1])}"
        assert re.search(cells, text), (cells, text[:900])
    for value in [*run.recalls(), *run.f1_conventions().values()]:
        assert number(value) in text
    assert "48 clips of 8 persons in a, b, LOSO()" in text
    assert "always says the commonest class, negative, has UF1 .167, UAR .333, accuracy .333." in text


def test_confusions_are_shown_pooled_and_by_dataset(runs):
    run = runs["linear"]
    drawn = [svg for svg in pictures(run_report_html([run])) if svg.get("aria-label").startswith("Confusions")]
    assert [svg.get("aria-label") for svg in drawn] == ["Confusions, all clips", "Confusions, a", "Confusions, b"]
    texts = [each.text for each in drawn[0].iter() if (each.text or "").isdigit()]
    assert texts == [str(n) for n in run.confusion().to_numpy().ravel()]


def test_how_it_was_made_is_said(runs):
    run = runs["linear"]
    text = Page(run_report_html([run])).text
    assert "LogisticRegression(C=0.1" in text
    assert "no tested person was trained on" in text
    assert "nothing: all parameters as given" in text
    assert run.about["key"] in text
    assert f"numpy {np.__version__}" in text
    chosen = Run(run.predictions, "x", {**run.about, "selection": ["GridSearchCV: best mean f1 within the training clips"]})
    assert "GridSearchCV: best mean f1 within the training clips" in Page(run_report_html([chosen])).text


def test_what_a_foreign_file_does_not_say_is_not_known():
    page = Page(run_report_html([foreign()]))
    assert re.search(r"method\s+not known\s+protocol\s+not known\s+persons\s+not known", page.text)
    assert "2 clips got wrong" in page.text
    assert re.search(r"w\s+a\s+b\s+x\s+b\s+a", page.text)


def test_the_published_log(shared_data, tmp_path):
    path = run_report(shared_data / "ststnet_loso_predictions.csv", out=tmp_path / "log.html")
    text = Page(path.read_text("utf-8")).text
    assert re.search(r"UF1 \.721 \(\.6\d\d to \.7\d\d\), UAR \.725 \(.*?\) on 442 clips of 68 persons", text)


def test_leaky_and_synthetic_runs_are_marked(runs):
    honest, leaky = (Page(run_report_html([runs[name]])).text for name in ("linear", "leaky"))
    assert "Leaky." in leaky
    assert "LeakyClipKFold(n_splits=4, seed=0)" in leaky
    assert "tested persons were trained on: LEAKY" in leaky
    assert "Leaky." not in honest
    assert "Synthetic." not in honest
    assert "Synthetic." in Page(run_report_html([foreign(dataset="synthetic")])).text


def test_a_choice_on_the_test_fold_is_said_to_be_that():
    chosen = Run(foreign().predictions, "best", {"leaky": True, "selection": ["the best for each fold, chosen on that test fold"]})
    assert "the best for each fold, chosen on that test fold" in Page(run_report_html([chosen])).text


def test_learning_curves_are_shown_where_they_were_recorded(runs, folder, tmp_path):
    kept = run_report(folder / runs["seed0"].name, out=tmp_path / "kept.html").read_text("utf-8")
    assert re.findall("<svg.*?</svg>", kept) == re.findall("<svg.*?</svg>", run_report_html([runs["seed0"]]))
    (curves,) = [svg for svg in pictures(kept) if svg.get("aria-label").startswith("loss over epochs")]
    lines = [each.get("class") for each in curves.iter() if each.get("class")]
    assert lines.count("fold t0") == lines.count("fold t1") == 8
    assert "over epochs" not in run_report_html([runs["linear"]])


def test_the_legend_of_learning_names_what_is_drawn_and_nothing_else(runs):
    """Validation clips and an epoch taken were named where there was neither."""
    of_training = pd.DataFrame({"epoch": [1, 2], "loss": [2.0, 1.0]})
    whole = of_training.assign(validation_loss=[3.0, 2.0], chosen=[0, 1])
    words = ("training clips", "validation clips, taken", "thin: one fold", "an epoch that was taken")
    two = {"x": whole, "y": of_training}
    for learning, there in (({"x": of_training}, (1, 0, 0, 0)), ({"x": whole}, (1, 1, 0, 1)), (two, (1, 1, 1, 1))):
        run = Run(runs["linear"].predictions, "x", runs["linear"].about, learning)
        legend = re.search(r'<div class="key" style="margin-top:10px">(.*?)</div>', run_report_html([run]))[1]
        assert tuple(int(each in legend) for each in words) == there


def test_several_runs_are_compared_and_seeds_gathered(runs):
    page = Page(run_report_html([runs["linear"], runs["seed1"], runs["seed0"], runs["majority"]]))
    assert "4 runs" in page.text
    assert "epochs: 2 seeds" in page.text
    uf1 = [runs[name].score("uf1") for name in ("seed0", "seed1")]
    assert re.search(rf"mean\s+{re.escape(number(np.mean(uf1)))}", page.text)
    assert re.search(rf"max\s+{re.escape(number(max(uf1)))}", page.text)
    # Of the two seeds the first is compared, not the better one.
    comparison = page.text[page.text.index("Comparison") : page.text.index("Confusions")]
    assert runs["seed0"].name in comparison.partition("Difference in")[0]
    assert runs["seed1"].name not in comparison.partition("Difference in")[0]
    assert "A − C" in comparison
    assert "A − D" not in comparison


def test_seeds_alone_are_not_compared(runs):
    text = Page(run_report_html([runs["seed0"], runs["seed1"]])).text
    assert "epochs: 2 seeds" in text
    assert "Difference in" not in text


def test_runs_that_cannot_be_compared_still_get_their_page(runs):
    text = Page(run_report_html([runs["linear"], foreign()])).text
    assert "They cannot be compared." in text
    assert "have no clip in common" in text


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": ""},  # nobody is known
        {"subject": "1", "fold": "1"},  # one person
        {"y_true": list("aaaaaa")},  # one class
        {"y_pred": list("aaaaac")},  # a class that no clip has
        {"dataset": list("ddddde")},  # a dataset of one clip
    ],
)
def test_little_data_gives_a_page_without_what_cannot_be_had(changes):
    page = Page(run_report_html([foreign(**changes)]))
    assert "Scores" in page.text
    assert "nan" not in page.text


def test_a_class_of_few_persons_is_warned_about_on_the_page():
    assert "a class occurs in only 1 of 3 persons" in Page(run_report_html([foreign(y_true=list("aaaabb"))])).text


def test_names_are_escaped():
    html = run_report_html([foreign("<script>x</script>", y_true=[*"ababa", "<i>"], subject=["<u>"] * 3 + ["&"] * 3)])
    assert "<script" not in html
    assert not re.search("<[iu]>", html)
    Page(html)


def test_the_page_is_there_whole_or_not_at_all(tmp_path):
    path = tmp_path / "x.html"
    path.write_text("old")
    with pytest.raises(UsageError, match="exists already"):
        run_report(foreign(), out=path)
    with pytest.raises(UsageError, match="gone does not exist"):
        run_report(foreign(), out=tmp_path / "gone" / "x.html")
    with pytest.raises(UsageError, match="is a folder"):
        run_report(foreign(), out=tmp_path)
    with pytest.raises(UsageError, match="no run"):
        run_report(out=path)
    with pytest.raises(OutputError):
        run_report(foreign(), out=tmp_path / ("x" * 300 + ".html"))
    assert path.read_text() == "old"
    assert run_report(foreign(), out=path, overwrite=True) == path
    assert path.read_text("utf-8") == run_report_html([foreign()])
    assert [each.name for each in tmp_path.iterdir()] == ["x.html"]
