"""Runs as one self-contained HTML page: scores with intervals, who was got right, confusions, learning, and how they came about."""

from __future__ import annotations

import json
import math
import os
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .. import __version__
from ..clip import shows_nobody
from ..drawing.page import page, write_text
from ..drawing.svg import COLOURS, STYLE
from ..drawing.tables import Table, number, span, to_html
from ..errors import FleetingError, UsageError
from ..metrics import SCORES, score_of
from ..stats import Interval, seed_spread
from .compare import compare, of_few
from .plot import confusion_svg, curves_svg, intervals_svg, persons_svg
from .run import Run
from .spotting_report import spotting_report_html
from .spotting_run import SpottingRun, load_run

SCORE_NAMES = {"uf1": "UF1", "uar": "UAR", "accuracy": "accuracy", "weighted_f1": "weighted F1"}
CONVENTIONS = {
    "uf1": ("UF1", "mean over classes, counts pooled over folds: MEGC 2019, also called macro F1"),
    "weighted_f1": ("weighted F1", "the same, each class weighted by its clips: kind to the large classes"),
    "micro_f1": ("micro F1", "counts pooled over classes too: this is accuracy"),
    "f1_of_macro_pr": ("F1 of macro P and R", "harmonic mean of macro precision and macro recall, pooled"),
    "fold_mean_f1": ("mean F1 of folds", "macro F1 of each fold over all classes, then the mean: absent classes count 0"),
    "fold_mean_f1_present": ("the same, classes present", "over the classes that occur in the fold, as libraries do unless told otherwise"),
    "fold_mean_weighted_f1": ("mean weighted F1 of folds", "weighted F1 of each fold, then the mean"),
}
WRONG = 300  # clips got wrong that are listed


def run_report(*runs: Run | SpottingRun | str | os.PathLike[str], out: str | os.PathLike[str], overwrite: bool = False) -> Path:
    """The path of an HTML page about one or several runs; it needs nothing from outside it.

    Parameters
    ----------
    *runs : Run, SpottingRun or path
        Runs, run folders, CSV files of predictions, or MEGC logs. Several are compared with the first; those that differ only in
        their seed are gathered, and their spread is shown. Runs of spotting get a page of their own.
    out : path
        The page, ``.html``. It appears whole or not at all.
    overwrite : bool, default=False
        Replace a page that is there.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    UsageError
        A run cannot be read, or there is a file already and ``overwrite`` is not set.
    OutputError
        The page cannot be written.
    """
    path = Path(out)
    if not runs:
        raise UsageError("there is no run to report on")
    if os.path.isdir(path):
        raise UsageError(f"{path} is a folder: name the page, such as {path / 'report.html'}")
    if os.path.exists(path) and not overwrite:
        raise UsageError(f"{path} exists already: replace it with overwrite=True, or name another file")
    if not os.path.isdir(path.parent):
        raise UsageError(f"{path.parent} does not exist: make that folder, or name another file")
    given = [each if isinstance(each, Run | SpottingRun) else load_run(each) for each in runs]
    named, spotted = [each for each in given if isinstance(each, Run)], [each for each in given if isinstance(each, SpottingRun)]
    if named and spotted:
        raise UsageError(f"{named[0].name} names clips and {spotted[0].name} finds events: make a page of each kind")
    write_text(path, spotting_report_html(spotted) if spotted else run_report_html(named))
    return path


def run_report_html(runs: Sequence[Run]) -> str:
    """The page as text, UTF-8 when written."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "a class occurs in only")  # it stands below the scores of its run
        return _page(runs)


def _page(runs: Sequence[Run]) -> str:
    from markupsafe import Markup

    groups = _seed_groups(runs)
    return page(
        "evaluation/report.html.j2",
        title=runs[0].name if len(runs) == 1 else f"{len(runs)} runs",
        summary=_summary(runs[0]) if len(runs) == 1 else _summary_of_several(runs),
        plot_style=Markup(STYLE),
        side_by_side=Markup(_forest(runs)) if len(runs) > 1 else "",
        seeds=[_spread(group) for group in groups if len(group) > 1],
        comparison=Markup(_comparison([group[0] for group in groups])),
        of_many_seeds=len(runs) > len(groups) > 1,
        leaky=[(run.name, _why_leaky(run)) for run in runs if run.leaky],
        synthetic=sorted({name for run in runs for name in run.predictions.dataset if shows_nobody(name)}),
        sections=[_section(run) for run in runs],
        colours=COLOURS,
        version=__version__,
    )


def score_tables(run: Run) -> list[Table]:
    """The scores of all clips and of each dataset with their intervals, what became of each class, and what to know of it."""
    counts = run.confusion()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scores, classes = _scores(_parts(run), counts), _classes(run, counts)
    notes = [*scores.notes, *dict.fromkeys(f"Note: {each.message}." for each in caught), *_odd_clips(run)]
    return [scores._replace(notes=notes), classes]


def _odd_clips(run: Run) -> list[str]:
    """What to know of clips that are not what methods take them for."""
    total = len(run.predictions)
    notes = []
    if count := run.about.get("apex_on_onset"):
        notes.append(
            f"{count} of {total} clips have their apex on their onset: methods that look at motion from onset to apex take it from offset "
            "to apex there."
        )
    if count := run.about.get("over_2_s"):
        notes.append(f"{count} of {total} clips last over 2 s by their coding; they are taken as they are.")
    return notes


def _summary(run: Run) -> str:
    p = run.predictions
    score = ", ".join(f"{SCORE_NAMES[name]} {cell(interval_of(run, name))}" for name in ("uf1", "uar"))
    protocol = run.about.get("protocol_text")
    return f"{score} on {_clips(len(p))}{_of_whom(run)}" + (f", {protocol}." if protocol else ".")


def _summary_of_several(runs: Sequence[Run]) -> str:
    best = max(run.score("uf1") for run in runs)
    least = min(run.score("uf1") for run in runs)
    return f"UF1 from {number(least)} to {number(best)}. The largest of several is not a result by itself: see the intervals."


def _clips(n: int) -> str:
    return f"{n} clip{'' if n == 1 else 's'}"


def _of_whom(run: Run) -> str:
    persons = run.persons.nunique() if (run.predictions.subject != "").all() else 0
    datasets = sorted(set(run.predictions.dataset) - {""})
    return (f" of {persons} persons" if persons else "") + (f" in {', '.join(datasets)}" if datasets else "")


def interval_of(run: Run, score: Any) -> Interval:
    """A score with its interval over persons; nan where there are too few of them, or they are not known."""
    try:
        return run.interval(score)
    except UsageError:
        return Interval(float(score_of(score)(run.confusion().to_numpy())), np.nan, np.nan)


def cell(interval: Interval) -> str:
    """A score and its interval, such as ``.721 (.655 to .785)``."""
    value, low, high = interval
    return number(value) if math.isnan(low) else f"{number(value)} ({span(low, high)})"


def _parts(run: Run) -> dict[str, Run]:
    """The run, and the same restricted to each of its datasets, if it has several."""
    datasets = sorted(set(run.predictions.dataset))
    about = {**run.about, "labels": run.labels}
    of_each = {name: Run(run.predictions[run.predictions.dataset == name], name, about) for name in datasets}
    return {"all clips": run} | (of_each if len(datasets) > 1 else {})


def _section(run: Run) -> dict[str, Any]:
    """What the page says about one run."""
    from markupsafe import Markup

    parts, counts = _parts(run), run.confusion()
    by_dataset = [(name, interval_of(part, "uf1"), run.leaky) for name, part in parts.items()]
    return {
        "name": run.name,
        "leaky": run.leaky,
        "summary": _summary(run),
        "not_learned": run.about.get("not_learned"),
        "tables": Markup(to_html(score_tables(run))),
        "by_dataset": Markup(intervals_svg(by_dataset, "UF1 by dataset", baseline(counts)["uf1"])) if len(parts) > 1 else "",
        "confusions": [(name, Markup(confusion_svg(part.confusion(), f"Confusions, {name}"))) for name, part in parts.items()],
        "conventions": Markup(to_html([_conventions(run)])),
        "persons": Markup(persons_svg(run)),
        "labels": run.labels,
        "curves": [(measure, Markup(drawn)) for measure in measures(run.learning) if (drawn := curves_svg(run.learning, measure))],
        "legend": _legend(run.learning),
        "lists": [(title, Markup(to_html([table]))) for title, table in _lists(run).items()],
        "provenance": _provenance(run),
        "about": json.dumps(run.about, indent=1, ensure_ascii=False, default=str) if run.about else "",
    }


def _scores(parts: Mapping[str, Run], counts: pd.DataFrame) -> Table:
    also = {"uf1": " (macro F1)", "accuracy": " (WAR)"}
    names = {name: title + also.get(name, "") for name, title in SCORE_NAMES.items()}
    rows = [[title, *(cell(interval_of(part, name)) for part in parts.values())] for name, title in names.items()]
    rows.append(["clips", *(str(len(part.predictions)) for part in parts.values())])
    least = ", ".join(f"{SCORE_NAMES[name]} {number(value)}" for name, value in baseline(counts).items())
    notes = [
        "Counts are pooled over all folds. In brackets, the 95 % interval over persons: so far the score would move with other people "
        "like these.",
        *of_few({name: part.persons.nunique() for name, part in parts.items() if (part.predictions.subject != "").all()}),
        f"Who always says the commonest class, {counts.sum(axis=1).idxmax()}, has {least}.",
    ]
    return Table("Scores", ["", *parts], rows, notes)


def baseline(counts: pd.DataFrame) -> dict[str, float]:
    """The scores of who always says the commonest class."""
    clips = counts.to_numpy().sum(axis=1)
    always = np.zeros_like(counts.to_numpy())
    always[:, clips.argmax()] = clips
    return {name: float(SCORES[name](always)) for name in ("uf1", "uar", "accuracy")}


def _classes(run: Run, counts: pd.DataFrame) -> Table:
    rows, matrix = [], counts.to_numpy()
    for k, label in enumerate(run.labels):
        of_class = run.predictions.y_true == label
        n, hits, said = int(of_class.sum()), int(matrix[k, k]), int(matrix[:, k].sum())
        persons = str(run.persons[of_class].nunique()) if (run.predictions.subject != "").all() else "–"
        recall = cell(interval_of(run, partial(_recall, k))) if n else "–"
        precision, f1 = hits / said if said else np.nan, 2 * hits / (n + said) if n + said else 0.0
        rows.append([label, str(n), persons, recall, number(precision), number(f1)])
    return Table("Classes", ["", "clips", "persons", "recall", "precision", "F1"], rows)


def _recall(k: int, counts: np.ndarray) -> np.ndarray:
    return counts[..., k, k] / counts[..., k, :].sum(axis=-1)


def _conventions(run: Run) -> Table:
    rows = [[*CONVENTIONS[name][:1], number(value), CONVENTIONS[name][1]] for name, value in run.f1_conventions().items()]
    note = "The same predictions under each convention that papers call F1. Before two papers are compared, they must mean the same one."
    return Table("What papers call F1", ["", "value", "how it is made"], rows, [note])


def measures(learning: Mapping[str, pd.DataFrame]) -> list[str]:
    """What was recorded of the epochs, each once, whether of training or of validation clips."""
    names = [str(name).removeprefix("validation_") for table in learning.values() for name in table.columns]
    return [name for name in dict.fromkeys(names) if name not in ("epoch", "chosen", "lr", "stage")]


def _legend(learning: Mapping[str, pd.DataFrame]) -> list[tuple[int | None, str]]:
    """What is to be seen in the pictures of learning, and in which colour: nothing that is in none of them."""
    names = {str(name) for table in learning.values() for name in table.columns if table[name].notna().any()}
    taken = any((table["chosen"] == 1).any() for table in learning.values() if "chosen" in table)
    there = [
        (0, "training clips", bool(names & set(measures(learning)))),
        (1, "validation clips, taken from the training persons", any(name.startswith("validation_") for name in names)),
        (None, "thin: one fold; thick: their mean", len(learning) > 1),
        (None, "tick below: an epoch that was taken", taken),
    ]
    return [(colour, words) for colour, words, seen in there if seen]


def _lists(run: Run) -> dict[str, Table]:
    """What is long, to be unfolded: persons, folds, clips that were got wrong."""
    p = run.predictions.assign(person=run.persons, right=run.predictions.y_true == run.predictions.y_pred)
    persons, folds = ((p.groupby(each, sort=True).right.agg(["size", "sum", "mean"])) for each in ("person", "fold"))
    found = {}
    if (p.subject != "").all():
        rows = [[str(name), str(r["size"]), str(r["sum"]), number(r["mean"])] for name, r in persons.to_dict("index").items()]
        found[f"{len(rows)} persons"] = Table("", ["person", "clips", "right", "accuracy"], rows)
    # A fold that lacks a class has no UF1 or UAR worth the name.
    whole = p.groupby("fold").y_true.nunique().min() == len(run.labels)
    names = ["uf1", "uar"] if whole else []
    scores = [run.score(name, by="fold") for name in names]
    took = {name: f"{value:.2f}" for name, value in run.about.get("seconds", {}).items()}
    rows = [
        [str(name), str(r["size"]), number(r["mean"]), *(number(each[name]) for each in scores), took.get(name, "–")]
        for name, r in folds.to_dict("index").items()
    ]
    columns = ["fold", "clips", "accuracy", *(SCORE_NAMES[name] for name in names), "seconds"]
    found[f"{len(rows)} folds"] = Table("", columns, rows)
    wrong = p[~p.right].sort_values("clip")
    rows = [list(row) for row in wrong[["clip", "y_true", "y_pred"]].head(WRONG).itertuples(index=False)]
    more = [f"The first {WRONG} of {len(wrong)}."] if len(wrong) > WRONG else []
    found[f"{_clips(len(wrong))} got wrong"] = Table("", ["clip", "is", "was taken for"], rows, more)
    return found


def _provenance(run: Run) -> list[tuple[str, list[str]]]:
    """How the run came about: a name and lines each; what it does not say of itself is said not to be known."""
    about = run.about
    chosen = about.get("selection")
    seconds = about.get("seconds") or {}
    folds = run.predictions.fold.nunique()
    took = f", {sum(seconds.values()):.1f} s of computing" if len(seconds) == folds else ""
    facts = {
        "method": _words(about["method"]) if "method" in about else [],
        "protocol": [about["protocol_text"]] if "protocol_text" in about else [],
        "persons": ["tested persons were trained on: LEAKY" if run.leaky else "no tested person was trained on"] if about else [],
        "chosen": chosen or (["nothing: all parameters as given"] if chosen == [] else []),
        "seed": [str(about["seed"])] if "seed" in about else [],
        "folds": [f"{folds}{took}"],
        "key": [about["key"]] if "key" in about else [],
        "commit": [about["commit"]] if about.get("commit") else [],
        "versions": [", ".join(f"{name} {version}" for name, version in about.get("versions", {}).items())] if "versions" in about else [],
        "device": [about["device"]] if about.get("device") else [],
    }
    return [(name, lines or ["not known"]) for name, lines in facts.items()]


def _words(method: Any) -> list[str]:
    """A method as it is described in ``run.json``, as a line a step: ``SVC(C=1.0, kernel='linear')``."""
    params = method.get("params", {}) if isinstance(method, dict) else {}
    if isinstance(params.get("steps"), list):
        return [line for _, step in params["steps"] for line in _words(step)]
    return [_word(method)]


def _word(value: Any) -> str:
    if isinstance(value, dict) and "class" in value:
        inside = ", ".join(f"{name}={_word(each)}" for name, each in (value.get("params") or {}).items())
        return f"{str(value['class']).rpartition('.')[2]}({inside})"
    if isinstance(value, dict) and "function" in value:
        return str(value["function"]).rpartition(".")[2]
    if isinstance(value, list):
        return f"[{', '.join(map(_word, value))}]"
    return repr(value)


def _why_leaky(run: Run) -> str:
    rule = "; ".join(run.about.get("selection", []))
    return run.about.get("protocol_text") or rule or "its protocol"


def _seed_groups(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs that differ in nothing but their seed together, by their seed; every other run alone."""
    groups: dict[str, list[Run]] = {}
    for number_, run in enumerate(runs):
        what = [run.about.get(name) for name in ("method", "protocol", "clips")]
        key = str(number_) if None in what else json.dumps(what, sort_keys=True)
        groups.setdefault(key, []).append(run)
    return [sorted(group, key=lambda run: run.about.get("seed") or 0) for group in groups.values()]


def _forest(runs: Sequence[Run]) -> str:
    rows = [(run.name, interval_of(run, "uf1"), run.leaky) for run in runs]
    return intervals_svg(rows, "UF1 of each run", baseline(runs[0].confusion())["uf1"])


def _spread(group: Sequence[Run]) -> dict[str, Any]:
    """The scores of one method under several seeds, and how far chance alone moves them."""
    from markupsafe import Markup

    names = list(SCORE_NAMES)
    rows = [[str(run.about["seed"]), *(cell(interval_of(run, name)) for name in names)] for run in group]
    spread = [seed_spread([run.score(name) for run in group]) for name in names]
    rows += [[what, *(number(each[what]) for each in spread)] for what in ("mean", "sd", "min", "max")]
    note = "One method, one protocol, the same clips: what differs is chance. The mean is the result, the largest is not."
    table = Table("", ["seed", *SCORE_NAMES.values()], rows, [note])
    return {"name": group[0].about.get("name", group[0].name), "n": len(group), "table": Markup(to_html([table]))}


def _comparison(runs: Sequence[Run]) -> str:
    """The first run against the others as HTML, or why they cannot be compared."""
    if len(runs) < 2:
        return ""
    try:
        return to_html(compare(*runs).tables())
    except FleetingError as error:
        return f'<div class="callout" role="note"><p><strong>They cannot be compared.</strong> {escape(str(error))}</p></div>'
