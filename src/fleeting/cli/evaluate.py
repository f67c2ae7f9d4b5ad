"""``fleeting evaluate``, ``inflate``, ``methods`` and ``cache``: a method on people it has never seen, and what belongs to it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from inspect import getdoc, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from ..clip import shows_nobody
from ..errors import UsageError
from .compare import finished
from .data import Data, DataSet, Labels, Megc, Partial, Set, clips_of, labelled, method_of
from .terminal import console, errors, literal, settings, stages

if TYPE_CHECKING:
    from ..evaluation.inflate import Inflation
    from ..evaluation.run import Run

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
LEAKY = "LEAKY: people were tested who had been trained on. Not to be compared with LOSO."

Protocol = Annotated[
    str,
    typer.Option(help="loso, subject-kfold, lodo, cross-dataset, hde; to reproduce papers that leak: leaky-clip-kfold, leaky-hold-out."),
]
Folds = Annotated[int | None, typer.Option(help="How many folds, of subject-kfold and leaky-clip-kfold.")]
Train = Annotated[list[str] | None, typer.Option(help="A dataset to train on, of cross-dataset (default: all but the tested) and hde.")]
Test = Annotated[list[str] | None, typer.Option(help="A dataset to test on, of cross-dataset and hde.")]
Share = Annotated[float | None, typer.Option(help="Share of the clips that leaky-hold-out tests.")]
Out = Annotated[Path, typer.Option(help="Folder that keeps the runs; one that was stopped goes on from its last finished fold.")]
Seed = Annotated[int, typer.Option(help="For all that is random; the same seed, the same predictions.")]
Jobs = Annotated[int, typer.Option(help="Processes; -1 takes one for each core. Changes no prediction.")]
ClusterAddress = Annotated[str | None, typer.Option(help="Address of a Dask scheduler, tcp://HOST:PORT, whose workers compute the folds.")]
Stack = Annotated[str, typer.Option(help="Folds of a network trained as one: auto (on a GPU), off, or how many.")]


def evaluate(
    method: Annotated[str, typer.Argument(help="A name that `fleeting methods` lists, or FILE.py:FUNCTION, which returns an estimator.")],
    data: Data = None,
    labels: Labels = "3class",
    protocol: Protocol = "loso",
    out: Out = Path("runs"),
    seed: Seed = 0,
    jobs: Jobs = 1,
    cluster: ClusterAddress = None,
    set_: Set = None,
    folds: Folds = None,
    train: Train = None,
    test: Test = None,
    test_share: Share = None,
    megc: Megc = None,
    data_set: DataSet = None,
    incomplete: Partial = False,
    stack: Stack = "auto",
) -> None:
    """Judge a method on people it has never seen, and print its scores with 95 % intervals over people."""
    from ..drawing.tables import to_rich
    from ..evaluation.evaluate import evaluate as run
    from ..evaluation.report import score_tables

    chosen, splitter = method_of(method, set_), protocol_of(protocol, folds, train, test, test_share)
    clips, y = labelled(clips_of(data, data_set, megc, incomplete), labels)
    told: dict[str, int] = {}
    with stages(told) as step:
        done = run(chosen, clips, y, splitter(clips), out, seed, jobs, step, cluster=cluster, name=_called(method), stack=_stack(stack))
    if kept := len(done.about["folds"]) - told.get("folds", 0):
        errors.print(f"{kept} of {len(done.about['folds'])} folds were there already.")
    scores, *others = score_tables(done)
    people = f"{len(done.predictions)} predictions for clips of {done.persons.nunique()} people"
    console.print(Text(f"{_called(method)}: {people}, {done.about['protocol_text']}, seed {seed}", "bold"), soft_wrap=True)
    if done.leaky:
        console.print(Text(LEAKY, "bold red"), soft_wrap=True)
        scores = scores._replace(title=f"{scores.title}, LEAKY")
    if made := [name for name in done.predictions.dataset.unique() if shows_nobody(name)]:
        console.print(Text(f"SYNTHETIC: the clips of {', '.join(made)} show nobody. This does not say how well it does on people.", "bold"))
    console.print(to_rich([scores, *others]), _confusion(done))
    console.print(f"Run: {out / done.name}", markup=False, highlight=False, soft_wrap=True)


def inflate(
    what: Annotated[list[str], typer.Argument(metavar="RUN... | METHOD", help="Finished runs of several settings; with --grid, a method.")],
    grid: Annotated[
        list[str] | None, typer.Option("--grid", metavar="PARAMETER=A,B,...", help="Values to choose from; of several, all combinations.")
    ] = None,
    score: Annotated[str, typer.Option(help="What the honest choice goes by, and what the interval is of.")] = "uf1",
    data: Data = None,
    labels: Labels = "3class",
    protocol: Protocol = "loso",
    out: Out = Path("runs"),
    seed: Seed = 0,
    jobs: Jobs = 1,
    cluster: ClusterAddress = None,
    set_: Set = None,
    folds: Folds = None,
    train: Train = None,
    test: Test = None,
    test_share: Share = None,
    megc: Megc = None,
    data_set: DataSet = None,
    incomplete: Partial = False,
) -> None:
    """Show how much of a score is choice: among several settings, chosen honestly and chosen on the test fold."""
    from ..evaluation.inflate import inflate as run
    from ..evaluation.inflate import inflation
    from ..evaluation.run import Run

    if grid is None:
        if data or set_:
            raise UsageError("--data and --set go with a METHOD and a --grid, such as --grid svc__C=0.1,1,10; else name finished runs")
        runs = finished(what)
        if spotting := [run.name for run in runs if not isinstance(run, Run)]:
            raise UsageError(f"{spotting[0]} is a run of spotting: how much is choice is shown of runs of methods that name classes")
        result = inflation([run for run in runs if isinstance(run, Run)], score=score)
    else:
        if len(what) != 1:
            raise UsageError(f"--grid tries the settings of one method; given were {', '.join(what)}")
        chosen, splitter = method_of(what[0], set_), protocol_of(protocol, folds, train, test, test_share)
        clips, y = labelled(clips_of(data, data_set, megc, incomplete), labels)
        values = {key: _values(text) for key, text in settings(grid, "--grid", "svc__C=0.1,1,10", plain=True).items()}
        with stages() as step:
            result = run(chosen, values, clips, y, splitter(clips), None, score, out, seed, jobs, step, cluster=cluster)
    console.print(_inflation(result, score))


def methods(
    name: Annotated[str | None, typer.Argument(help="Which one's parameters to list; or FILE.py:FUNCTION.")] = None,
) -> None:
    """List the methods, or the parameters of one, as --set takes them."""
    from ..methods import METHODS
    from ..methods.load import parameters_of

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_header=False)
    if name is None:
        for each, function in sorted(METHODS.items()):
            table.add_row(Text(each, "bold"), Text((getdoc(function) or "").partition("\n\n")[0].replace("\n", " ")))
    else:
        for key, value in parameters_of(name).items():
            table.add_row(Text(key, "bold"), Text(repr(value)))
    console.print(table)


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove everything.")] = False,
    limit: Annotated[str | None, typer.Option(help="How much to keep from now on, such as 50GB; what was used longest ago leaves.")] = None,
) -> None:
    """Show what is kept of clips from one evaluation to the next; everything in it can be computed again."""
    from ..compute.cache import Cache

    kept = Cache()
    if limit is not None:
        kept.keep_below(_bytes(limit))
    if clear:
        console.print(f"{_size(kept.clear())} freed.")
    about = kept.info()
    console.print(
        f"{about['folder']}: {about['entries']} entries, {_size(about['bytes'])} of {_size(about['limit'])}.",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip


def _stack(text: str) -> str | int:
    return int(text) if text.isdecimal() else text


def _called(text: str) -> str:
    """``svm`` of ``my_file.py:svm``."""
    return re.sub(r"[^\w.-]", "_", text.rpartition(":")[2])


def protocol_of(
    name: str, folds: int | None, train: list[str] | None, test: list[str] | None, test_share: float | None
) -> Callable[[Sequence[Any]], Any]:
    """What gives the protocol, once it is known of which datasets the clips or videos are."""
    from ..protocols import PROTOCOLS

    if name not in PROTOCOLS:
        raise UsageError(f"no protocol is called {name!r}; there are {', '.join(PROTOCOLS)}")
    takes = signature(PROTOCOLS[name]).parameters
    given = {"--folds": ("n_splits", folds), "--test-share": ("test_share", test_share)}
    options = {key: value for key, value in given.values() if value is not None and key in takes}
    of_datasets = name in ("cross-dataset", "hde")
    unused = [option for option, (key, value) in given.items() if value is not None and key not in takes]
    unused += [option for option, value in (("--train", train), ("--test", test)) if value and not of_datasets]
    if unused:
        raise UsageError(f"{name} has no {unused[0]}")
    if not of_datasets:
        return lambda clips: PROTOCOLS[name](**options)
    return lambda clips: PROTOCOLS[name](*_datasets(name, train or [], test or [], list(dict.fromkeys(clip.dataset for clip in clips))))


def _datasets(protocol: str, train: list[str], test: list[str], there: list[str]) -> tuple[Any, Any]:
    """Which datasets are trained on and which are tested, those that were not named included."""
    if protocol == "hde":
        both = train + test or there
        if len(both) != 2:
            raise UsageError(f"hde takes two datasets, and the clips are of {', '.join(there)}: name two with --train and --test")
        return both[0], both[1]
    rest = [name for name in there if name not in test]
    if not test:
        raise UsageError(f"cross-dataset needs --test, the dataset to test on; the clips are of {', '.join(there)}")
    return train or rest, test


def _values(text: str) -> list[Any]:
    """``0.1,1,10`` or ``rbf,linear`` or anything Python would take for a list."""
    value = literal(text)
    if isinstance(value, list | tuple):
        return list(value)
    return [literal(each.strip()) for each in text.split(",")] if isinstance(value, str) else [value]


def _confusion(run: Run) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), title=Text("Rows true, columns predicted", "bold"), title_justify="left")
    table.add_column("")
    for name in run.labels:
        table.add_column(Text(name), justify="right")
    for k, (name, counts) in enumerate(zip(run.labels, run.confusion().to_numpy().tolist(), strict=True)):
        table.add_row(Text(name), *(Text(str(n), "bold" if k == column else "") for column, n in enumerate(counts)))
    return table


def _inflation(result: Inflation, score: str) -> Any:
    from ..drawing.tables import Table as Words
    from ..drawing.tables import number, span, to_rich
    from ..evaluation.compare import of_few
    from ..evaluation.comparison import TITLES
    from ..evaluation.inflate import BEST, ON_TEST

    scores = list(dict.fromkeys((score, "uf1", "uar", "accuracy")))
    rows = []
    for way, row in zip(result.table.index.astype(str), result.table.to_dict("records"), strict=True):
        marked = f"{way} *" if way in (BEST, ON_TEST) else way
        first, *others = (number(row[name]) for name in scores)
        rows.append([marked, first, span(row["low"], row["high"]), *others])
    notes = ["* was chosen by looking at the test folds. Nobody can choose so for a new person."]
    if result.honest is None:
        notes.append("The honest choice takes more than predictions: give a METHOD with --data and --grid.")
    else:
        chosen = [", ".join(f"{k}={v}" for k, v in setting.items()) for setting in result.honest.about["chosen"].values()]
        often = "; ".join(f"{setting} in {n} of {len(chosen)} folds" for setting, n in Counter(chosen).most_common(5))
        notes.append(f"Chosen within the training clips: {often}.")
    if any(run.leaky for run in result.runs):
        notes.append(LEAKY)
    notes += of_few({"these clips": result.runs[0].persons.nunique()})
    first, *others = (TITLES.get(name, name) for name in scores)
    title = f"{len(result.runs)} settings on {len(result.runs[0].predictions)} clips, by how one was chosen"
    return to_rich([Words(title, ["", first, "95 % interval", *others], rows, notes)])


def _bytes(text: str) -> int:
    if not (found := re.fullmatch(r"(\d+(?:\.\d+)?) ?([kmgt]?)b?", text.strip().lower())):
        raise UsageError(f"--limit {text} is no size, such as 500MB or 50GB")
    return int(float(found[1]) * UNITS[found[2]])


def _size(n: float) -> str:
    unit = next(unit for unit in ("t", "g", "m", "k", "") if n >= UNITS[unit] or not unit)
    return f"{n / UNITS[unit]:.3g} {unit.upper().replace('K', 'k')}B"
