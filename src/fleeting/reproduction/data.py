"""What a reproduction is made of: the clips and pictures that were given, and the synthetic release for what was not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..clip import Clip, shows_nobody
from ..errors import UsageError
from ..labels import label, leaving
from .papers import Table

if TYPE_CHECKING:
    from ..datasets.base import Dataset

STILLS = "synthetic-stills"  # what the still expressions of the synthetic release are called in clip ids
Progress = Callable[[str, int, int, float | None], None]


@dataclass(frozen=True)
class Material:
    """Clips of micro-expressions, and single pictures of strong expressions.

    Attributes
    ----------
    clips, pictures : list of Clip
    """

    clips: list[Clip]
    pictures: list[Clip]

    def of(self, table: Table) -> list[Clip]:
        """What a table is run on."""
        return self.pictures if table.data_kind == "expressions" else self.clips


def gather(
    data: Mapping[str, str | Path | None],
    release: Mapping[str, Any],
    folder: Path,
    pictures: bool,
    jobs: int,
    progress: Progress | None,
) -> Material:
    """The clips and pictures of the datasets given; what these lack is synthetic.

    Parameters
    ----------
    data : mapping of str to path
        Datasets by the names of :data:`fleeting.datasets.DATASETS`, and their folders; None for the usual one.
    release : mapping
        How large the synthetic release is (:func:`fleeting.synthetic.release`), and as a dict, how difficult.
    folder : Path
        Where the synthetic release is, or is made.
    pictures : bool
        Whether pictures of expressions are needed. Clips always are.
    jobs : int
    progress : callable, optional
    """
    from ..datasets import ClassFolders, open_dataset
    from ..synthetic.clips import Difficulty
    from ..synthetic.release import synthesize

    def tell(stage: str, done: int, total: int) -> None:
        if progress is not None:
            progress(f"making synthetic {stage}", done, total, None)

    given = _together([open_dataset(name, path) for name, path in data.items()])
    if given.clips and (given.pictures or not pictures):
        return given
    settings = {**release, "difficulty": Difficulty(**release.get("difficulty", {}))}
    if given.clips:
        stills = synthesize(folder.with_name(f"{folder.name}-stills"), jobs=jobs, progress=tell, **{**settings, "clips": 0})
        return Material(given.clips, ClassFolders(stills / "expressions", name=STILLS).clips())
    made = _together([open_dataset("synthetic", synthesize(folder, jobs=jobs, progress=tell, **settings))])
    return Material(made.clips, given.pictures or made.pictures)


def labelled(table: Table, clips: list[Clip]) -> tuple[list[Clip], np.ndarray, list[str]]:
    """The clips of a table that have a class, their classes (N,) str, and what must be said of these."""
    from ..labels import SEVEN

    says: list[str] = []
    scheme: Any = dict(zip(SEVEN, SEVEN, strict=True)) if table.data_kind == "expressions" else table.scheme
    if scheme not in ("3class", "binary") and isinstance(scheme, str):
        if all(map(is_synthetic, clips)):
            says.append(f"The synthetic release has three groups of emotions: three classes stand for the paper's {scheme[0]}.")
            scheme = "3class"
        else:
            try:
                label(clips, scheme)
            except UsageError as error:
                says.append(f"Three classes stand for the paper's {scheme[0]}: {error}.")
                scheme = "3class"
    kept, y = label(clips, scheme)
    if gone := leaving(clips, scheme):
        says.append(f"{len(clips) - len(kept)} of {len(clips)} have no class and leave: {', '.join(f'{w} {n}' for w, n in gone.items())}.")
    return kept, y, says


def is_synthetic(clip: Clip) -> bool:
    """Whether nobody is shown."""
    return shows_nobody(clip.dataset)


def mark(clips: list[Clip]) -> str:
    """What the title of a figure of these clips ends with: that nobody is shown, where that is so."""
    return ", SYNTHETIC" if clips and all(map(is_synthetic, clips)) else ""


def _together(sets: list[Dataset]) -> Material:
    """The micro-expressions of the datasets, and apart from them the releases of pictures of expressions."""
    from ..datasets import ClassFolders
    from ..datasets.synthetic_release import Synthetic

    clips: list[Clip] = []
    pictures: list[Clip] = []
    for each in sets:
        (clips if (each.table["kind"] == "micro").any() else pictures).extend(each.clips())
        if isinstance(each, Synthetic) and (stills := each.root / "expressions").is_dir():
            pictures += ClassFolders(stills, name=STILLS).clips()
    return Material(clips, pictures)
