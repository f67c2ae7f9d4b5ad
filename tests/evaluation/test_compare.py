"""compare: numbers by hand and by the functions they come from, what is marked, and what is refused."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from fleeting import compare, stats
from fleeting.errors import UsageError
from fleeting.evaluation.run import Run, read_run

from ..made_runs import made_runs


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return made_runs(tmp_path_factory.mktemp("runs"))


def table(predicted, true="aabbaabb", persons="11112222", **columns):
    rows = {"clip": [f"c{i}" for i in range(len(true))], "dataset": "d", "subject": list(persons), "fold": list(persons)}
    return pd.DataFrame({**rows, "y_true": list(true), "y_pred": list(predicted), **columns})


def run_of(name, predicted, about=None, **changes):
    return Run(table(predicted, **changes), name, about or {})


def four(name, predicted, **changes):
    """Sixteen clips of four persons, each of whom shows both classes."""
    return run_of(name, predicted, true="aabb" * 4, persons="1111222233334444", **changes)


GOOD, FAIR, POOR = "aabbaabbaabbaaba", "aabbaabbabbbabba", "aabaabbababababa"


def test_difference_interval_and_p_are_those_of_the_paired_interval():
    a, b = four("good", GOOD), four("poor", POOR)
    row = compare(a, b, metric="accuracy").table.iloc[0]
    p = a.predictions
    expected = stats.paired_interval("accuracy", p.y_true, p.y_pred, b.predictions.y_pred, a.persons)
    assert (row.a, row.b) == ("good", "poor")
    assert (row.difference, row.low, row.high, row.p) == expected
    assert row.difference == a.score("accuracy") - b.score("accuracy") == 15 / 16 - 9 / 16
    assert row.p_holm == row.p


def test_the_other_way_round_the_sign_turns():
    a, b = four("good", GOOD), four("poor", POOR)
    there, back = compare(a, b).table.iloc[0], compare(b, a).table.iloc[0]
    assert back.difference == -there.difference
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))
    assert back.p == there.p


def test_other_tests_by_hand():
    tests = compare(four("good", GOOD), four("poor", POOR)).tests.set_index("test")
    # Good alone is right six times, poor alone never. Of "aaba" for "aabb", F1 is 4/5 and 2/3.
    assert tests.p["McNemar"] == 2 / 2**6
    assert tests.statistic["McNemar"] == 6
    uf1 = [[1, 1, 1, 11 / 15], [11 / 15, 0.5, 0.5, 0.5]]
    folds = [name for name in tests.index if "4 folds, UF1" in name]
    assert [name.partition(" over")[0] for name in folds] == ["Nadeau–Bengio t", "paired t", "unpaired t"]
    expected = [stats.corrected_t(*uf1, 12, 4), stats.paired_t(*uf1), stats.unpaired_t(*uf1)]
    assert tests.p[folds].tolist() == pytest.approx([each.p for each in expected])
    assert tests.p["Wilcoxon over persons, UF1"] == pytest.approx(stats.wilcoxon(*uf1).p)


def test_the_unpaired_test_says_which_claims_of_its_paper_hold():
    note = compare(four("a", GOOD), four("b", FAIR)).tests.set_index("test").note["unpaired t over 4 folds, UF1"]
    assert "eight" in note
    assert "STCLQP" in note


def test_parts_that_lack_a_class_go_by_accuracy():
    a = run_of("a", "aabbaabb", true="aabbaaaa")
    assert {name.rpartition(", ")[2] for name in compare(a, run_of("b", "abbbaaab", true="aabbaaaa")).tests.test[1:]} == {"accuracy"}


def test_the_published_log_gives_the_published_scores(shared_data):
    log = shared_data / "ststnet_loso_predictions.csv"
    assert compare(log, log).runs.score.round(4).tolist() == [0.7209, 0.7209]
    found = compare(log, log, metric="uar")
    assert found.runs.score.round(4).tolist() == [0.7250, 0.7250]
    assert found.table.p.tolist() == [1.0]
    assert found.title == "UAR of 442 clips of 68 persons"


def test_real_runs_their_folders_and_their_predictions_as_a_foreign_file_agree(runs, tmp_path):
    a, b = runs["linear"], runs["seed0"]
    expected = compare(a, b)
    b.predictions[["clip", "subject", "y_true", "y_pred"]].to_csv(tmp_path / "b.csv", index=False)
    foreign = compare(a, tmp_path / "b.csv")
    columns = ["difference", "low", "high", "p", "p_holm"]
    pd.testing.assert_frame_equal(foreign.table[columns], expected.table[columns])
    pd.testing.assert_frame_equal(foreign.tests.drop(columns="b"), expected.tests.drop(columns="b"))
    assert foreign.runs.protocol.isna().tolist() == [False, True]


def test_the_order_of_rows_does_not_matter(runs, rng):
    a, b = runs["linear"], runs["seed0"]
    shuffled = Run(b.predictions.iloc[rng.permutation(48)], b.name, b.about)
    pd.testing.assert_frame_equal(compare(a, shuffled).table, compare(a, b).table)


@pytest.mark.parametrize(
    "names",
    [
        ["Clip ID", "Subject", "GT", "Pred"],
        ["filename", "sub", "label", "prediction"],
        ["sample", "participant", "Ground-Truth", "predicted"],
        ["clip", "subject", "y_true", "y_pred"],
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_go_by_several_names(tmp_path, names, separator):
    rows = table("aabbaaab").assign(more="x")[["clip", "subject", "y_true", "y_pred", "more"]]
    rows.set_axis([*names, "more"], axis=1).to_csv(tmp_path / "x.csv", index=False, sep=separator)
    run = read_run(tmp_path / "x.csv")
    assert run.predictions[["clip", "subject", "y_true", "y_pred"]].equals(rows.drop(columns="more").astype(run.predictions["clip"].dtype))
    assert compare(run, run_of("a", "aabbaaab")).table.difference.tolist() == [0]


def test_our_own_name_of_a_column_goes_first(tmp_path):
    table("aabbaaab", label="z", pred="z", filename="z").to_csv(tmp_path / "x.csv", index=False)
    assert read_run(tmp_path / "x.csv").score("accuracy") == 7 / 8


def test_clips_that_are_not_in_all_are_left_out_and_counted():
    a, b = four("a", GOOD), four("b", FAIR)
    fewer = Run(b.predictions.iloc[:14], "b")
    found = compare(a, fewer, metric="accuracy")
    assert "Compared on the 14 clips that all runs have; left out: 2 of a." in found.notes
    assert found.runs.score.tolist() == [14 / 14, 12 / 14]
    assert "14 clips" in str(found)


def test_runs_that_disagree_on_a_class_are_refused():
    with pytest.raises(UsageError, match=r"a and b disagree on the class of 1 of 8 clips, such as 'c7' \('b' and 'a'\)"):
        compare(run_of("a", "aabbaabb"), run_of("b", "aabbaabb", true="aabbaaba"))


def nameless(path, run, rng, columns=("subject", "y_true", "y_pred")):
    """The predictions as a file without names of clips, in another order."""
    run.predictions.iloc[rng.permutation(len(run.predictions))][list(columns)].to_csv(path, index=False)
    return path


def test_without_names_of_clips_persons_are_compared(runs, rng, tmp_path):
    a, b = runs["linear"], runs["seed0"]
    found, expected = compare(a, nameless(tmp_path / "b.csv", b, rng)), compare(a, b)
    columns = ["difference", "low", "high", "p"]
    assert found.table[columns].to_numpy() == pytest.approx(expected.table[columns].to_numpy())
    assert any("not known by name" in note for note in found.notes)
    rest = expected.tests[expected.tests.test != "McNemar"]  # which needs to know which clip is which
    assert found.tests.test.tolist() == rest.test.tolist()
    assert found.tests.p.tolist() == pytest.approx(rest.p.tolist())


def test_without_names_of_clips_persons_with_other_clips_are_left_out(rng, tmp_path):
    a, b = four("a", GOOD), four("b", FAIR)
    fewer = Run(b.predictions.iloc[:15], "b")
    found = compare(a, nameless(tmp_path / "b.csv", fewer, rng), metric="accuracy")
    assert found.runs.score.tolist() == [1, 11 / 12]
    assert "Compared on the 12 clips that all runs have; left out: 4 of a, 3 of b." in found.notes


def test_nothing_in_common_is_refused_and_classes_are_named(rng, tmp_path):
    a = four("a", GOOD)
    numbers = Run(four("b", FAIR).predictions.replace({"y_true": {"a": "0", "b": "1"}, "y_pred": {"a": "0", "b": "1"}}), "b")
    with pytest.raises(UsageError, match=r"no clip in common.*their classes are 0, 1 / a, b: give all the same names"):
        compare(a, nameless(tmp_path / "b.csv", numbers, rng))


def test_leaky_runs_are_marked_everywhere_and_not_ranked(runs):
    found = compare(runs["linear"], runs["leaky"])
    assert found.runs.leaky.tolist() == [False, True]
    screen = io.StringIO()
    Console(file=screen, width=200).print(found)
    for text in (str(found), found.markdown(), found._repr_html_(), screen.getvalue()):
        assert f"{runs['leaky'].name} (leaky)" in text
        assert "A and B cannot be ranked: one of them is leaky." in text
        assert "LeakyClipKFold(n_splits=4, seed=0)" in text
    assert any("is leaky" in note for note in found.as_dict()["notes"])
    assert any("protocols differ" in note for note in found.notes)


def test_other_folds_cost_the_tests_over_folds_of_that_pair_only(runs):
    found = compare(runs["linear"], runs["kfold"], runs["majority"])
    over_folds = found.tests[found.tests.test.str.contains("folds")]
    assert set(over_folds.b) == {runs["majority"].name}
    assert any(f"without a test over folds: {runs['kfold'].name}." in note for note in found.notes)
    assert "–" in str(found)


def test_folds_that_split_alike_are_the_same_whatever_they_are_called():
    a, b = four("a", GOOD), four("b", FAIR)
    renamed = Run(b.predictions.assign(fold="fold " + b.predictions.fold), "b")
    assert compare(a, renamed).tests.test.str.contains("folds").sum() == 3


def test_clips_that_are_tested_in_several_folds_count_once():
    a, b = four("a", GOOD), four("b", FAIR)
    twice = [Run(pd.concat([run.predictions, run.predictions.assign(fold="again " + run.predictions.fold)]), run.name) for run in (a, b)]
    found = compare(*twice)
    assert found.title == "UF1 of 16 clips of 4 persons"
    uf1 = [run.score("uf1", by="fold") for run in twice]
    test = found.tests.set_index("test").p["Nadeau–Bengio t over 8 folds, UF1"]
    assert test == pytest.approx(stats.corrected_t(*uf1, 12, 4).p)


def test_several_runs_are_corrected_and_ranked():
    a, b, c = four("a", GOOD), four("b", FAIR), four("c", POOR)
    found = compare(a, b, c)
    assert found.table.p_holm.tolist() == stats.holm(found.table.p).tolist()
    by_person = np.array([run.score("uf1", by="subject").to_numpy() for run in (a, b, c)]).T
    assert found.friedman[:2] == stats.friedman(by_person)[:2]
    assert found.ranks.mean_rank.tolist() == stats.mean_ranks(by_person).tolist()
    assert found.ranks.loc["a", "c"] == stats.nemenyi(by_person)[0, 2]
    assert "Nemenyi" in str(found)
    assert compare(a, b).ranks is None


def test_ranks_over_datasets(runs):
    names = ("linear", "majority", "seed0")
    found = compare(*(runs[name] for name in names), by="dataset")
    by_dataset = np.array([runs[name].score("uf1", by="dataset").to_numpy() for name in names]).T
    assert found.ranks.mean_rank.tolist() == stats.mean_ranks(by_dataset).tolist()
    assert "over 2 datasets, by UF1" in found.friedman.note


def test_equal_runs_of_one_name_are_told_apart_by_a_number():
    a = four("a", GOOD)
    found = compare(a, a)
    assert found.runs.index.tolist() == ["a", "a (2)"]
    assert found.table.p.tolist() == [1.0]
    assert "do not tell A apart from B" in str(found)


def test_seeds_of_one_method_are_said_to_be_that(runs):
    assert any("one method under several seeds" in note for note in compare(runs["seed0"], runs["seed1"]).notes)
    assert not any("seeds" in note for note in compare(runs["seed0"], runs["linear"]).notes)


def test_persons_known_to_one_run_only_serve_both():
    a, b = four("a", GOOD), four("b", FAIR)
    unknown = Run(b.predictions.assign(subject="", dataset="", fold="x"), "b")
    columns = ["difference", "low", "high", "p"]
    for pair in ((a, unknown), (unknown, a)):
        assert abs(compare(*pair).table[columns]).to_numpy()[0, 0] == compare(a, b).table.difference[0]
        assert compare(*pair).title == "UF1 of 16 clips of 4 persons"


@pytest.mark.parametrize("dataset", ["", "d"])
def test_where_nobody_knows_the_persons_there_is_no_interval(dataset):
    unknown = {"subject": "", "dataset": dataset, "fold": "1"}
    found = compare(*(Run(four(name, said).predictions.assign(**unknown), name) for name, said in (("a", GOOD), ("b", POOR))))
    assert found.table[["low", "high", "p", "p_holm"]].isna().all(axis=None)
    assert found.tests.test.tolist() == ["McNemar"]
    assert "who the clips show is not known" in str(found)
    assert found.as_dict()["table"][0]["p"] is None


def test_all_forms_hold_the_same_and_json_is_strict(runs):
    found = compare(runs["linear"], runs["majority"], runs["seed0"])
    text = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert [row["name"] for row in text["runs"]] == found.runs.index.tolist()
    assert text["table"][0]["difference"] == found.table.difference[0]
    assert {row["test"] for row in text["tests"]} == set(found.tests.test)
    assert text["friedman"]["p"] == found.friedman.p
    assert found.markdown().count("\n|---") + found.markdown().count("| ---") >= 4
    assert repr(found) == str(found)


def test_all_right_against_all_wrong_is_json_too():
    found = compare(four("right", "aabb" * 4), four("wrong", "bbaa" * 4))
    assert np.isinf(found.tests.statistic).any()
    text = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert text["runs"][0]["protocol"] is None
    assert "∞" in str(found)
    assert any("every fold differs by the same amount" in note for note in found.notes)


def test_names_cannot_break_a_page():
    html = compare(four("<b>|x", GOOD), four("b", FAIR))._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;|x" in html


def test_a_class_that_one_run_made_up_counts_for_both():
    a, b = run_of("a", "aabbaabb"), run_of("b", "aabbaabz")
    assert compare(a, b).runs.score["a"] == pytest.approx(2 / 3)


def test_bad_input_is_said(tmp_path):
    a = four("a", GOOD)
    with pytest.raises(UsageError, match="no score is called 'luck'"):
        compare(a, a, metric="luck")
    with pytest.raises(UsageError, match="by is 'clip'"):
        compare(a, a, by="clip")
    with pytest.raises(UsageError, match=r"gone does not exist"):
        compare(a, tmp_path / "gone")
    with pytest.raises(UsageError, match="level"):
        compare(a, a, level=95)
    (tmp_path / "x.csv").write_text("clip,truth\n1,2\n")
    with pytest.raises(UsageError, match=r"has no column 'y_pred' \(nor pred, predicted"):
        compare(a, tmp_path / "x.csv")


def test_other_names_of_a_metric_are_understood():
    a, b = four("a", GOOD), four("b", FAIR)
    assert compare(a, b, metric="macro_f1").table.equals(compare(a, b, metric="uf1").table)


def test_few_persons_are_said_and_many_are_not():
    few = compare(four("good", GOOD), four("poor", POOR))
    assert any(note.startswith("Of fewer than 15 persons (4 persons in these clips)") for note in few.notes)
    many = {"true": "ab" * 16, "persons": [str(k // 2) for k in range(32)]}
    one, other = run_of("one", "ab" * 16, **many), run_of("other", "aabb" * 8, **many)
    assert not any("persons in these clips" in note for note in compare(one, other).notes)
