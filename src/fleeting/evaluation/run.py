"""Run: a finished evaluation, one row a clip, and its folder on disk.

``<run>/run.json``             what was done: method, parameters, protocol, seed, labels, versions
``<run>/folds/<fold>.csv``     the predictions of one fold
``<run>/learning/<fold>.csv``  one row an epoch, where the method recorded any: ``epoch``, then numbers such as ``loss``

A fold appears under its name whole or not at all, so whatever kills a run costs the folds under way, parallel writers
need no lock, and a run that is started again reads what is there. Scores are computed from the predictions, never stored.

Predictions of other programs are read too: a CSV file with columns ``clip`` or ``subject``, ``y_true`` and ``y_pred`` (other
names they go by are in :data:`SPELLINGS`), or the log of MEGC 2019 (a line ``dataset subject``, then lines ``clip true predicted``).
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from ..errors import OutputError, UsageError
from ..metrics import SCORES, Score, classes_in, confusion_matrix, f1_conventions, score_of
from ..stats import Interval, subject_interval
from ..whole import whole_file

FORMAT = 1
SPOTTING = "spotting"  # kind of the runs of spot; those of evaluate have none
COLUMNS = ("clip", "dataset", "subject", "fold", "y_true", "y_pred")
SPELLINGS = {
    "clip": ("clip_id", "clip_name", "filename", "file", "sample", "video"),
    "dataset": ("db", "database", "corpus"),
    "subject": ("sub", "subject_id", "person", "participant"),
    "fold": ("fold_id",),
    "y_true": ("true", "gt", "truth", "ground_truth", "true_label", "label", "target", "actual"),
    "y_pred": ("pred", "predicted", "prediction", "predicted_label"),
}
"""What other programs call our columns, likeliest first; capitals, blanks and hyphens do not matter."""


@dataclass(frozen=True, eq=False)
class Run:
    """The predictions of an evaluation and what can be said from them.

    Parameters
    ----------
    predictions : DataFrame
        One row a clip, all columns str: ``clip dataset subject fold y_true y_pred``; then, where the method gives
        probabilities, ``p_<class>`` float64. Clip and fold together occur once.
    name : str
        What tables call it.
    about : dict
        What ``run.json`` says; ``labels`` (all classes, also those no clip has) and ``leaky`` are understood here.
    learning : dict of str to DataFrame
        Of each fold whose method recorded any: one row an epoch, as in ``learning/<fold>.csv``.
    """

    predictions: pd.DataFrame
    name: str = "run"
    about: dict[str, Any] = field(default_factory=dict)
    learning: dict[str, pd.DataFrame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "predictions", checked(self.predictions, self.name))

    @property
    def labels(self) -> list[str]:
        """The classes: those of ``about["labels"]``, else of the ``p_`` columns, else those that occur, sorted."""
        named = self.about.get("labels") or [c[2:] for c in self.predictions.columns if c.startswith("p_")]
        return [str(each) for each in named] or classes_in(self.predictions.y_true, self.predictions.y_pred).tolist()

    @property
    def persons(self) -> pd.Series:
        """``dataset/subject`` of each row, since a subject's number alone may stand for two people; empty where none is known."""
        p = self.predictions
        return (p.dataset + "/" + p.subject).str.lstrip("/").where(p.subject != "", "")

    @property
    def leaky(self) -> bool:
        """Whether the protocol tested persons it had trained on."""
        return bool(self.about.get("leaky", False))

    def score(self, name: str, by: str | None = None) -> Any:
        """A score of all clips pooled, float; or of each dataset, fold or person, a Series of float64.

        Parameters
        ----------
        name : str
            ``accuracy``, ``uf1``, ``uar``, ``weighted_f1`` or ``f1_of_macro_pr``.
        by : {"dataset", "fold", "subject"}, optional
            The same predictions, restricted; nothing is trained anew. Every class counts in every part, so UF1 and UAR of a
            single fold or person in which classes are absent are low, and their mean is not the pooled score.

        Returns
        -------
        float or Series
            Pooled; or by dataset, fold or person.
        """
        if by is None:
            return float(score_of(name)(self.confusion().to_numpy()))
        parts = self._parts(by)
        function, labels = score_of(name), self.labels
        scores = {
            key: float(function(confusion_matrix(rows.y_true, rows.y_pred, labels))) for key, rows in self.predictions.groupby(parts)
        }
        return pd.Series(scores, name=name, dtype=float).rename_axis(by)

    def scores(self, by: str | None = None) -> pd.DataFrame:
        """Every score, a column each, with ``clips``: one row ``all``, and one for each dataset, fold or person.

        Parameters
        ----------
        by : {"dataset", "fold", "subject"}, optional
            As in :meth:`score`.

        Returns
        -------
        DataFrame
            A row for all, and one for each part.
        """
        rows = {"all": {"clips": len(self.predictions), **{name: self.score(name) for name in SCORES}}}
        table = pd.DataFrame.from_dict(rows, orient="index")
        if by is None:
            return table
        parts = pd.DataFrame({name: self.score(name, by) for name in SCORES})
        parts.insert(0, "clips", self.predictions.groupby(self._parts(by)).size())
        return pd.concat([table, parts])

    def interval(self, name: Score, level: float = 0.95, resamples: int = 2000, seed: int = 0) -> Interval:
        """The pooled score and its interval over persons (:func:`fleeting.stats.subject_interval`).

        Parameters
        ----------
        name : str or callable
            A score, as in :meth:`score`.
        level : float, default=0.95
            Between 0 and 1.
        resamples : int, default=2000
            Draws of persons.
        seed : int, default=0
            The same seed gives the same interval.

        Returns
        -------
        Interval
            With ``value``, ``low`` and ``high``.
        """
        p = self.predictions
        return subject_interval(
            name, p.y_true, p.y_pred, self.persons, labels=self.labels, level=level, resamples=resamples, seed=seed
        )

    def confusion(self) -> pd.DataFrame:
        """Counts of clips, a row for each true class and a column for each predicted one.

        Returns
        -------
        DataFrame of shape (K, K), int
            Rows true, columns predicted.
        """
        matrix = confusion_matrix(self.predictions.y_true, self.predictions.y_pred, self.labels)
        return pd.DataFrame(matrix, index=pd.Index(self.labels, name="true"), columns=pd.Index(self.labels, name="predicted"))

    def recalls(self) -> pd.Series:
        """Recall of each class, float64; nan for a class that no clip has.

        Returns
        -------
        Series of length K
            By class.
        """
        matrix = self.confusion().to_numpy()
        clips = matrix.sum(axis=1)
        share = np.divide(matrix.diagonal(), clips, out=np.full(len(clips), np.nan), where=clips > 0)
        return pd.Series(share, index=pd.Index(self.labels, name="class"), name="recall")

    def f1_conventions(self) -> dict[str, float]:
        """What papers would variously call the F1 of this run (:func:`fleeting.metrics.f1_conventions`).

        Returns
        -------
        dict of str to float
            By convention.
        """
        p = self.predictions
        return f1_conventions(p.y_true, p.y_pred, p.fold, self.labels)

    def _parts(self, by: str) -> pd.Series:
        if by not in ("dataset", "fold", "subject"):
            raise UsageError(f"scores go by dataset, fold or subject; got {by!r}")
        return self.persons.rename("subject") if by == "subject" else self.predictions[by]


def read_run(path: str | os.PathLike[str]) -> Run:
    """The run in a folder, a CSV file or an MEGC 2019 log (``.txt`` or ``.log``).

    Parameters
    ----------
    path : str or Path
        Of a run.

    Returns
    -------
    Run
        As it was kept.

    Raises
    ------
    UsageError
        There is nothing there, or no run, one of another version, or one that was stopped before its last fold.
    """
    path = Path(path)
    if path.is_dir():
        about = read_about(path)
        if about.get("kind") == SPOTTING:
            raise UsageError(f"{path} is a run of spotting, with events in place of predictions: `fleeting compare` and `report` take it")
        done = [read_table(file) for file in sorted((path / "folds").glob("*.csv"))]
        found = {fold for table in done for fold in table.fold}
        if not found.issuperset(folds := about.get("folds", [])):
            raise UsageError(f"{path} was stopped after {len(found)} of {len(folds)} folds: run it again to finish it")
        if not done:
            raise UsageError(f"{path} holds no predictions: run the evaluation again")
        return Run(pd.concat(done, ignore_index=True), path.name, about, read_learning(path, sorted(found)))
    if not path.is_file():
        raise UsageError(f"{path} does not exist: name a run folder, a CSV file of predictions or an MEGC log")
    if path.suffix.lower() in (".txt", ".log"):
        return Run(_read_megc(path), path.stem)
    table = _foreign(path)
    return Run(_complete(table, path), path.stem, {} if "clip" in table.columns else {"unnamed_clips": True})


def read_about(folder: Path) -> dict[str, Any]:
    """What a run folder says of itself; checked to be of this version."""
    try:
        about = json.loads((folder / "run.json").read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{folder} is no run folder: its run.json cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise UsageError(f"{folder / 'run.json'} is not JSON: {error}") from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        version = about.get("format") if isinstance(about, dict) else None
        raise UsageError(f"{folder} has format {version}; this Fleeting reads format {FORMAT}: evaluate into another folder")
    return about


def write_about(folder: Path, about: Mapping[str, Any]) -> None:
    """The run folder, made if need be, with its ``run.json``."""
    text = json.dumps({"format": FORMAT, **about}, indent=1, ensure_ascii=False, allow_nan=False)
    with disk(folder):
        (folder / "folds").mkdir(parents=True, exist_ok=True)
    write_whole(folder / "run.json", text + "\n")


def write_fold(folder: Path, fold: str, predictions: pd.DataFrame) -> Path:
    """The file of one fold, ``folds/<fold>.csv``: there when this returns, and never in part."""
    table = checked(predictions, f"fold {fold!r}")
    if set(table.fold) != {fold}:
        raise UsageError(f"the predictions of fold {fold!r} name the folds {sorted(set(table.fold))}")
    path = fold_path(folder, fold)
    with disk(path):  # another process may have taken away the folder which it had made, and failed in
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, table.to_csv(index=False, lineterminator="\n"))
    return path


def write_learning(folder: Path, fold: str, epochs: pd.DataFrame) -> None:
    """What a fold recorded of each epoch. Written before its predictions, so that a finished fold has both."""
    path = fold_path(folder, fold, "learning")
    with disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, epochs.to_csv(index=False, lineterminator="\n"))


def read_learning(folder: Path, folds: Iterable[str]) -> dict[str, pd.DataFrame]:
    """What those folds recorded of each epoch that recorded anything."""
    paths = {fold: path for fold in folds if (path := fold_path(folder, fold, "learning")).exists()}
    try:
        return {fold: pd.read_csv(path, dtype=float) for fold, path in paths.items()}
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder / 'learning'} holds a file that is no table of numbers: {error}; remove that file") from error


def fold_path(folder: Path, fold: str, what: str = "folds") -> Path:
    """Where a fold's predictions lie. What no file name may hold is written as ``%2F``."""
    return folder / what / f"{quote(fold, safe=' +=@,()')}.csv"


def write_megc(run: Run, path: str | os.PathLike[str]) -> None:
    """The predictions as the log that MEGC 2019 asked for: ``dataset subject``, then ``clip true predicted`` lines."""
    lines = []
    for (dataset, subject), rows in run.predictions.groupby(["dataset", "subject"]):
        if " " in f"{dataset}{subject}" or not dataset or not subject:
            raise UsageError(f"an MEGC log cannot hold the dataset {dataset!r} and subject {subject!r}: both are single words")
        lines.append(f"{dataset} {subject}")
        names = rows["clip"].str.removeprefix(f"{dataset}/{subject}/")
        lines += [" ".join(words) for words in zip(names, rows.y_true, rows.y_pred, strict=True)]
    write_whole(Path(path), "\n".join(lines) + "\n")


def checked(predictions: pd.DataFrame, what: str) -> pd.DataFrame:
    """The table in its canonical form: columns in order, words as str, probabilities as float64; errors name ``what``."""
    if missing := [name for name in COLUMNS if name not in predictions.columns]:
        raise UsageError(f"the predictions of {what} lack the column {missing[0]!r}; they need {', '.join(COLUMNS)}")
    if not len(predictions):
        raise UsageError(f"the predictions of {what} have no row")
    words = {name: predictions[name].tolist() for name in COLUMNS}  # lists: a fold has few rows, and there are many folds
    for name in ("clip", "y_true", "y_pred"):
        if (gap := predictions[name].isna().to_numpy()).any() or "" in words[name]:
            row = int(gap.argmax()) if gap.any() else words[name].index("")
            raise UsageError(f"the predictions of {what} have no {name} in row {row + 1}")
    table = pd.DataFrame({name: list(map(str, column)) for name, column in words.items()})
    if len(set(zip(table["clip"], table["fold"], strict=True))) < len(table):
        clip = table["clip"][table.duplicated(["clip", "fold"])].iloc[0]
        raise UsageError(f"the predictions of {what} hold the clip {clip!r} twice: make ids unique (dataset/subject/name)")
    for name in (c for c in predictions.columns if str(c).startswith("p_")):
        try:
            table[name] = predictions[name].to_numpy(dtype=float)
        except ValueError as error:
            raise UsageError(f"the predictions of {what} have a {name} that is no number: {error}") from error
    return table


def read_table(path: Path, separator: str = ",") -> pd.DataFrame:
    """A CSV file of predictions, words as they stand: ``006`` is no number and ``NA`` no gap."""
    try:
        table = pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise UsageError(f"{path} cannot be read as a CSV file of predictions: {error}") from error
    for name in (c for c in table.columns if c.startswith("p_")):
        # Python's own float reads back the very number that was written.
        with suppress(ValueError):  # what is no number is said later, with the name of its column
            table[name] = [float(text) if text else float("nan") for text in table[name]]
    return table


def _foreign(path: Path) -> pd.DataFrame:
    """A table of another program, its columns called as ours are."""
    table = read_table(path)
    for separator in ";\t":
        if len(table.columns) == 1 and separator in table.columns[0]:
            table = read_table(path, separator)
    plain = {str(name).strip().lower().replace(" ", "_").replace("-", "_"): name for name in reversed(table.columns)}
    ours = {plain[word]: name for name, others in SPELLINGS.items() if (word := next((w for w in (name, *others) if w in plain), ""))}
    return table.drop(columns=[name for name in SPELLINGS if name in table.columns and name not in ours]).rename(columns=ours)


def _complete(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """A foreign table with the columns it may lack: fold and subject for each other, a number within it for the clip."""
    if missing := [name for name in ("y_true", "y_pred") if name not in table.columns]:
        others = ", ".join(SPELLINGS[missing[0]])
        raise UsageError(f"{path} has no column {missing[0]!r} (nor {others}); it has {', '.join(table.columns)}")
    if "clip" not in table.columns and "subject" not in table.columns:
        raise UsageError(f"{path} has neither a column 'clip' nor 'subject'; it has {', '.join(table.columns)}")
    table = table.copy()
    with suppress(ValueError):  # 1 in one column and 1.0 in the other are one class
        table = table.assign(**{name: [f"{float(text):g}" for text in table[name]] for name in ("y_true", "y_pred")})
    if "dataset" not in table.columns:
        table["dataset"] = ""
    if "subject" not in table.columns:
        table["subject"] = ""
        warnings.warn(f"{path} does not say whose clips these are: intervals over persons cannot be had", stacklevel=3)
    if "clip" not in table.columns:
        number = table.groupby(["dataset", "subject"]).cumcount().astype(str)
        table["clip"] = (table.dataset + "/" + table.subject + "/" + number).str.lstrip("/")
    if "fold" not in table.columns:
        table["fold"] = (table.dataset + "/" + table.subject).str.strip("/")
    return table


def _read_megc(path: Path) -> pd.DataFrame:
    rows, person = [], None
    for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), 1):
        words = line.split()
        if len(words) == 2:
            person = words
        elif len(words) >= 3 and person is not None:
            clip, true, predicted = line.rsplit(maxsplit=2)
            rows.append([f"{'/'.join(person)}/{clip.strip()}", *person, "/".join(person), true, predicted])
        elif words:
            raise UsageError(f"{path}, line {number}: {line!r} is neither 'dataset subject' nor 'clip true predicted' below one")
    return pd.DataFrame(rows, columns=list(COLUMNS))


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """What the disk refuses, as an :class:`OutputError` that names the place."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path} could not be written: {error.strerror or error}; finished folds are kept") from error


def write_whole(path: Path, text: str) -> None:
    """The file under its name with all of its text, or not there at all."""
    with disk(path), whole_file(path) as beside:
        beside.write_text(text, "utf-8", newline="\n")
