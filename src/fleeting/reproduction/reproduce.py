"""reproduce: a paper's tables run anew, by its own protocol and by LOSO, on one page beside what was published.

Whoever has the paper's data gives them; everybody else gets the synthetic release, and tables that say so. Runs are kept, so
that what was stopped goes on, and a second call only draws the page.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import FleetingError, OutputError, UsageError

if TYPE_CHECKING:
    import numpy as np

    from ..clip import Clip
    from ..compute.prefix import Progress
    from ..evaluation.run import Run
    from .data import Material
    from .page import Outcome, Reproduced
    from .papers import Paper, Row, Table


@dataclass(frozen=True)
class Scale:
    """How large a reproduction is.

    Attributes
    ----------
    words : str
        What the page says of it.
    release : dict
        The synthetic release: keywords of :func:`fleeting.synthetic.release`, the difficulty as a dict.
    shorter : int
        Where a table interpolates clips to some frames, so many times fewer.
    settings : dict
        What each method is built with that has such a parameter; then, by its name, what a single one is.
    """

    words: str
    release: Mapping[str, Any] = field(default_factory=dict)
    shorter: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)
    of: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


_CLIPS_AND_STILLS = {"long_videos": 0, "maps": 0, "classes": 9}  # nine are what TLCNN was first trained on
# So few clips cannot show more than whether a method works at all; that they can only where little but the expression moves.
_EASY = {
    "difficulty": {
        "percent": (2.5, 5.0), "ambiguity": 0.0, "stir": 0.0, "head": 0.3, "blink": 0.0, "gaze": 0.3, "own": 0.5, "noise": (0.5, 1.0),
        "flicker": 0.2,
    }
}  # fmt: skip
# Fewer steps need smaller batches, or nothing is learned.
_SMALL_TLCNN = {"size": 51, "width": 0.15, "scale": 0.01, "frames_batch": 32, "clips_batch": 4}
SCALES = {
    "tiny": Scale(
        "tiny: it shows that everything runs, no more. Networks of a few filters, two epochs; of synthetic clips, 12 easy ones of 3 people",
        {"subjects": 3, "clips": 12, "fps": 60.0, "size": 64, "expressions": 135, **_CLIPS_AND_STILLS, **_EASY},
        shorter=4,
        settings={"width": 0.05, "epochs": 2, "scale": 0.0002, "method": "dis"},
        of={
            "apex_dcnn": {"size": 32},
            "c5_svm": {"size": 51},
            "cnn3d": {"size": (32, 43), "crop": 28},
            "cnn_rnn": {"size": 32},
            "dtsa_elm": {"size": 16, "n_components": 8},
            "dtscnn": {"size": 32},
            "dwld_dbn": {"dbn__hidden": (20, 10), "dbn__pretrain_epochs": 2, "dbn__epochs": 5},
            "elrcn": {"size": 32},
            "flow_hmm": {"n_frames": 16},
            "gentle_svm": {"gentlesvm__n_rounds": 5, "gentlesvm__max_features": 2000},
            "lbp_top_dbn": {"dbn__hidden": (20, 10), "dbn__pretrain_epochs": 2, "dbn__epochs": 5},
            "lbp_top_rf": {"randomforestclassifier__n_estimators": 50},
            "one_stream_3dcnn": {"size": 32},
            "sdf": {"size": 51, "population": 6, "generations": 2, "evolutionaryselection__n_splits": 2},
            "stlbp_ip": {"stlbpip__grid": (4, 4)},
            "tlcnn": {"size": 51},
            "two_stream": {"size": 32},
        },
    ),
    "small": Scale(
        "small: narrower networks, fewer epochs, smaller pictures and shorter clips than the paper's, flow by DIS; of synthetic clips, 60 "
        "easy ones of 6 people, in which the expression is strong and little else moves",
        {"subjects": 6, "clips": 60, "fps": 100.0, "size": 96, "expressions": 810, **_CLIPS_AND_STILLS, **_EASY},
        shorter=2,
        settings={"width": 0.25, "epochs": 30, "method": "dis"},
        of={
            "apex_dcnn": {"size": 64},
            "c5_svm": _SMALL_TLCNN,
            "cnn3d": {"size": (32, 43), "crop": 28, "epochs": 20},
            "cnn_rnn": {"size": 48},
            "dtsa_elm": {"size": 32, "n_components": 20},
            "dtscnn": {"size": 48},
            "elrcn": {"size": 48, "width": 0.125, "epochs": 15},
            "eye_cnn": {"width": 1.0, "epochs": 50},
            "gentle_svm": {"gentlesvm__n_rounds": 50, "gentlesvm__max_features": 20_000},
            "one_stream_3dcnn": {"size": 48},
            "sdf": {"size": 67, "scale": 0.4, "population": 20, "generations": 10},
            "tlcnn": _SMALL_TLCNN,
            "two_stream": {"size": 48},
        },
    ),
    "paper": Scale("paper: sizes, widths and epochs as the paper has them", _CLIPS_AND_STILLS),
}
PRETRAINED = ("tlcnn", "c5_svm", "sdf")  # on pictures of expressions
LEAST_FRAMES = 8  # to which a clip is shortened


def reproduce(
    paper: str,
    data: Mapping[str, str | Path | None] | None = None,
    scale: str = "small",
    out: str | os.PathLike[str] = "reproduction",
    seed: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
    *,
    only: Iterable[str] | None = None,
) -> Path:
    """The path of a page with every results table of a paper, published and run anew, and its figures.

    Each row is run by the paper's own protocol and, where that leaks, by leaving one subject out as well. A row that cannot be run
    says why, and the others go on.

    Parameters
    ----------
    paper : {"eye-cnn", "apex-dcnn", "two-stream", "survey", "tlcnn"}
    data : mapping of str to path, optional
        Datasets by the names of :data:`fleeting.datasets.DATASETS`, and their folders, ``None`` for the usual one; several are taken
        together. What they lack, clips or pictures of expressions, is synthetic; so is everything without ``data``. Tables say it.
    scale : {"tiny", "small", "paper"}, default="small"
        ``tiny`` takes about a minute, ``small`` some minutes on two cores, ``paper`` has the paper's sizes and wants a GPU.
    out : path, default="reproduction"
        Folder of the page, the runs, trained weights and the synthetic release.
    seed : int, default=0
        For all that is random in training. The synthetic release is the same whatever the seed.
    jobs : int, default=1
        Processes; -1 takes one for each core. Changes no prediction.
    progress : callable, optional
        Called as ``progress(stage, done, total, seconds_left)``; one stage is ``runs``, the others those of its parts.
    only : iterable of str, optional
        Names of tables, or of rows, to run; all others are left out.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    UsageError
        No such paper, scale, dataset, table or row.
    DatasetError
        A dataset cannot be read.
    OutputError
        Something could not be written.
    """
    from ..drawing.page import write_text
    from .data import gather
    from .learned import figures_of
    from .page import page_of
    from .papers import PAPERS

    if paper not in PAPERS or scale not in SCALES:
        raise UsageError(f"paper {paper!r} at scale {scale!r}: papers are {', '.join(PAPERS)}, scales {', '.join(SCALES)}")
    chosen = _only(PAPERS[paper], [only] if isinstance(only, str) else only)
    size, folder = SCALES[scale], Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made a folder: {error.strerror}; choose another") from error
    pictures = any(table.data_kind == "expressions" or row.method in PRETRAINED for table in chosen.tables for row in table.rows)
    material = gather(data or {}, size.release, folder / f"synthetic-{scale}", pictures, jobs, progress)
    work = _Work(size, material, folder, seed, jobs, progress)
    work.total = sum(len(_protocols(table)) * len(table.rows) for table in chosen.tables)
    tables = [work.table(table) for table in chosen.tables]
    made = [
        ("scale", f"{size.words}."),
        ("clips", ", ".join(sorted({clip.dataset for clip in material.clips}))),
        *([("expressions", ", ".join(sorted({clip.dataset for clip in material.pictures})))] if pictures else []),
        ("seed", str(seed)),
        ("cost at full size", "python benchmarks/networks.py: one training step of each network at its paper's size, its time and memory"),
    ]
    page = folder / f"{'-'.join([paper, scale, *(data or {}), *(['part'] if only is not None else [])])}.html"
    write_text(page, page_of(chosen, tables, figures_of(chosen, material, work.build, folder, seed), made))
    if lost := [each.row.name for done in tables for each in done.outcomes if each.reason]:
        many = f"{len(lost)} row{'' if len(lost) == 1 else 's'}"
        warnings.warn(f"{many} could not be run ({', '.join(dict.fromkeys(lost))}); the page says why", stacklevel=2)
    return page


@dataclass
class _Work:
    """What all rows share, and how many runs are done."""

    size: Scale
    material: Material
    folder: Path
    seed: int
    jobs: int
    progress: Progress | None
    done: int = 0
    total: int = 0

    def table(self, table: Table) -> Reproduced:
        """All rows of a table."""
        from collections import Counter

        from .data import is_synthetic, labelled
        from .page import Outcome, Reproduced

        synthetic = any(map(is_synthetic, self.material.of(table)))
        try:
            clips, y, notes = labelled(table, self.material.of(table))
        except FleetingError as error:
            self._tell(len(table.rows) * len(_protocols(table)))
            return Reproduced(table, tuple(Outcome(row, reason=str(error)) for row in table.rows), synthetic)
        if not synthetic and any(row.method in PRETRAINED for row in table.rows) and any(map(is_synthetic, self.material.pictures)):
            notes.append("The pictures of expressions that networks were trained on first are SYNTHETIC.")
        rows = tuple(self._row(row, table, clips, y) for row in table.rows)
        return Reproduced(table, rows, synthetic, tuple(notes), dict(Counter(y.tolist())))

    def build(self, row: Row, table: Table) -> Any:
        """The method of a row, at this scale, for what there is; UsageError where there is no such method."""
        from ..methods import METHODS
        from .data import is_synthetic

        if row.method not in METHODS:
            raise UsageError(f"no method is called {row.method!r}")
        function = METHODS[row.method]
        takes = signature(function).parameters
        own = self.size.of.get(row.method, {})
        options = {key: value for key, value in self.size.settings.items() if key in takes}
        if "n_frames" in takes:
            options["n_frames"] = max(LEAST_FRAMES, (table.frames or takes["n_frames"].default) // self.size.shorter)
        anything = any(each.kind is each.VAR_KEYWORD for each in takes.values())
        options |= {key: value for key, value in own.items() if key in takes or (anything and "__" not in key)} | dict(row.options)
        if "expressions" in takes and not options.get("skip_expression"):
            options["expressions"] = self._pretrained(row.method, {**self.size.settings, **options, **own})
        synthetic = all(map(is_synthetic, self.material.of(table)))
        if "eyes" in takes and (synthetic or self.material.pictures[0].dataset == "fer2013"):
            options["eyes"] = "band"  # a face fills them, which no mesh is found in where they are small
        method = function(**options).set_params(**{key: value for key, value in own.items() if "__" in key})
        # Synthetic faces lie where the mean face does.
        return method.set_params(**{key: False for key in method.get_params() if synthetic and key.endswith("__find_mesh")})

    def _pretrained(self, method: str, options: Mapping[str, Any]) -> Path:
        """The weights after training on the pictures of expressions, which happens once."""
        from ..compute.identity import digest, source
        from ..methods.transfer import pretrain

        settings = {key: options[key] for key in ("size", "width", "scale", "frames_batch") if key in options}
        family = "sdf" if method == "sdf" else "tlcnn"
        pictures = self.material.pictures
        name = digest(family, settings, [[clip.id, clip.emotion, source(clip)] for clip in pictures], length=12)
        path = self.folder / "weights" / f"{family}-expressions-{name}.safetensors"
        if not path.with_suffix(".json").exists():
            path.parent.mkdir(exist_ok=True)
            self._stage("training on expressions", 0, 1)
            pretrain(family, pictures, path, **settings)
        return path

    def _row(self, row: Row, table: Table, clips: list[Clip], y: np.ndarray) -> Outcome:
        from .page import Outcome

        protocols = _protocols(table)
        runs: dict[str, Run] = {}
        reason = ""
        try:
            method = self.build(row, table)
            for name, protocol in protocols.items():
                runs[name] = self._run(row, method, clips, y, protocol)
                self._tell(1)
        except FleetingError as error:
            reason = str(error)
            self._tell(len(protocols) - len(runs))
        return Outcome(row, runs.get("own"), runs.get("loso"), reason)

    def _run(self, row: Row, method: Any, clips: list[Clip], y: np.ndarray, protocol: Any) -> Run:
        from ..evaluation.evaluate import evaluate

        with warnings.catch_warnings():
            for known in (".*persons it has trained on", ".*train without some class"):  # the page says the one, few clips make the other
                warnings.filterwarnings("ignore", known)
            return evaluate(method, clips, y, protocol, self.folder / "runs", self.seed, self.jobs, self.progress, name=row.method)

    def _tell(self, more: int) -> None:
        self.done += more
        self._stage("runs", self.done, self.total)

    def _stage(self, what: str, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(what, done, total, None)


def _only(paper: Paper, names: Iterable[str] | None) -> Paper:
    """The paper with the tables and rows of these names alone."""
    if names is None:
        return paper
    wanted = set(names)
    there = {table.name for table in paper.tables} | {row.name for table in paper.tables for row in table.rows}
    if unknown := sorted(wanted - there):
        raise UsageError(f"{paper.name} has no table or row {unknown[0]!r}; it has {', '.join(sorted(there))}")
    rows = [table.rows if table.name in wanted else tuple(row for row in table.rows if row.name in wanted) for table in paper.tables]
    return replace(paper, tables=tuple(replace(table, rows=some) for table, some in zip(paper.tables, rows, strict=True) if some))


def _protocols(table: Table) -> dict[str, Any]:
    """The paper's own protocol, and LOSO where that leaks."""
    from ..protocols import LOSO, PROTOCOLS

    name, options = table.protocol
    own = PROTOCOLS[name](**options)
    return {"own": own, "loso": LOSO()} if own.leaky else {"own": own}
