"""What the commands that take clips and a method have in common: ``--data``, ``--labels``, ``--set``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .terminal import errors, settings

if TYPE_CHECKING:
    import numpy as np

    from ..clip import Clip
    from ..datasets.base import Dataset

Data = Annotated[
    list[str] | None,
    typer.Option("--data", metavar="NAME[=PATH]", help="A dataset and its folder, such as casme2=~/casme2. Several are taken together."),
]
DataSet = Annotated[
    list[str] | None,
    typer.Option("--data-set", metavar="NAME__KEY=VALUE", help="A setting of a dataset's reader, such as smic__camera=VIS."),
]
Megc = Annotated[str | None, typer.Option(help="Take the clips of MEGC 2019: 442, 441, or the organisers' list.")]
Partial = Annotated[bool, typer.Option("--partial", help="Leave out clips whose pictures are missing.")]
Labels = Annotated[str, typer.Option(help="3class, 4class, 5class, 7class, objective or binary.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PARAMETER=VALUE", help="A parameter of the method (`fleeting methods METHOD`): align=128, svc__C=10."),
]


def clips_of(data: list[str] | None, readers: list[str] | None, megc: str | None, incomplete: bool) -> list[Clip]:
    """All clips of the datasets."""
    from ..datasets import Composite

    sets = datasets_of(data, readers)
    if len(sets) > 1 or megc:
        return Composite(*sets, megc=int(megc) if megc and megc.isdecimal() else megc).clips(partial=incomplete)
    return sets[0].clips(partial=incomplete)


def datasets_of(data: list[str] | None, readers: list[str] | None) -> list[Dataset]:
    """The datasets of ``--data``, with the settings of ``--data-set``."""
    from ..datasets import DATASETS
    from ..datasets.catalogue import open_dataset

    if not data:
        raise UsageError(f"--data is missing: name a dataset and its folder, such as --data casme2=PATH; there are {', '.join(DATASETS)}")
    named = [each.partition("=") for each in data]
    options: dict[str, dict[str, Any]] = {name: {} for name, _, _ in named}
    for key, value in settings(readers or [], "--data-set", "smic__camera=VIS").items():
        name, _, setting = key.partition("__")
        if name not in options or not setting:
            raise UsageError(f"--data-set {key} is not NAME__KEY of a dataset in --data, such as smic__camera=VIS")
        options[name][setting] = value
    return [open_dataset(name, path or None, **options[name]) for name, _, path in named]


def labelled(clips: list[Clip], scheme: str) -> tuple[list[Clip], np.ndarray]:
    """The clips that have a class, and their classes; how many have none is said."""
    from ..labels import label, leaving

    kept, y = label(clips, scheme)
    if gone := leaving(clips, scheme):
        words = ", ".join(f"{word} {n}" for word, n in gone.items())
        errors.print(f"{len(clips) - len(kept)} of {len(clips)} clips have no class under {scheme}: {words}", markup=False, soft_wrap=True)
    return kept, y


def method_of(text: str, words: list[str] | None) -> Any:
    """The method of that name, with the parameters of ``--set``."""
    from ..methods.load import load_method

    return load_method(text, settings(words or [], "--set", "svc__C=10"))
