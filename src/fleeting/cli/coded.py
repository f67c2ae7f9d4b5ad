"""``fleeting coded``: what coders say, compared, arbitrated, and made into a dataset."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .terminal import console, errors

if TYPE_CHECKING:
    from ..coding import Coding

Against = Annotated[Path | None, typer.Option(help="Compare with this: events.csv, or another coder's file.")]
Coder = Annotated[str | None, typer.Option(help="Whose coding it is; in a file of several coders, which to take.")]
Fps = Annotated[float | None, typer.Option(help="Frames a second, where the recording is not on this machine.")]
Holds = "What a tier of ELAN holds: micro, macro, expression, apex, emotion, aus, kind, note or skip."
Whose = "Who is in a recording; PERSON alone where there is but one."


def coded(
    files: Annotated[list[Path], typer.Argument(help="Codings: ELAN files, tables (csv, xlsx), results of analyze.", metavar="CODING...")],
    against: Against = None,
    against_coder: Annotated[str | None, typer.Option(help="Whose coding to compare with, in a file of several coders.")] = None,
    third: Annotated[Path | None, typer.Option(help="A third coder's file, who decides what differs.")] = None,
    arbitrate: Annotated[bool, typer.Option("--arbitrate", help="Settle the two without a third coder: mean frames.")] = False,
    coder: Coder = None,
    video: Annotated[str | None, typer.Option(help="The recording, where the file's link leads nowhere; or which of several.")] = None,
    fps: Fps = None,
    tier: Annotated[list[str] | None, typer.Option(metavar="NAME=KIND", help=Holds)] = None,
    tolerance: Annotated[int, typer.Option(help="Frames by which a boundary may differ and still be the same.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option(help="New folder for coding.csv, changes.csv, agreement.json, arbitrated.csv.")] = None,
    train: Annotated[Path | None, typer.Option(help="New folder for a dataset, which evaluate and train take as --data folder=...")] = None,
    subject: Annotated[list[str] | None, typer.Option(metavar="RECORDING=PERSON", help=Whose)] = None,
) -> None:
    """Read what coders say: what became of the program's events, how far two agree, one coding out of two, a dataset."""
    from ..coding import Clock, agreement, corrections, read_coding
    from ..coding import arbitrate as settle
    from ..coding.changes import change_tables
    from ..drawing.tables import to_rich

    if against is None and (against_coder or third or arbitrate):
        raise UsageError("--against-coder, --third and --arbitrate need a second coding: name it with --against.")
    if len(files) > 1 and (against or coder or video):
        raise UsageError(f"{len(files)} codings are named, but --against, --coder and --video are about one. Name one.")
    if fps is not None and not 0 < fps < float("inf"):
        raise UsageError(f"--fps {fps} must be a positive number.")
    tiers = _tiers(tier or [], [*files, *filter(None, (against, third))])
    clock = None if fps is None else Clock(fps)
    other = None if against is None else read_coding(against, coder=against_coder, video=video, clock=clock, tiers=tiers.get(against))
    clock = clock or (other.clock if other else None)
    codings = [read_coding(file, coder=coder, video=video, clock=clock, tiers=tiers.get(file)) for file in files]
    texts, settled = {"coding.csv": _csv(codings)}, None
    for coding in codings:
        _say(coding)
    if other is not None:
        _say(other)
        _note_other_recording(codings[0], other)
        changes, agreed = corrections(codings[0], other, tolerance=tolerance), agreement(codings[0], other)
        console.print(to_rich([*change_tables(changes, codings[0], other), *agreed.tables()]))
        texts["changes.csv"] = changes.to_csv(index=False, lineterminator="\n")
        texts["agreement.json"] = json.dumps(agreed.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    if other is not None and (third or arbitrate):
        judge = None if third is None else read_coding(third, video=video, clock=clock, tiers=tiers.get(third))
        settled = settle(codings[0], other, judge, tolerance=tolerance)
        texts["arbitrated.csv"] = _csv([settled])
        _tell(f"{settled.coder}: {len(settled.events)} expressions settled on")
    if out is not None:
        _tell(f"Results: {_write(out, texts)}")
    if train is not None:
        _tell(f"Dataset: {_dataset([settled] if settled else codings, train, subject)}")


def _tiers(given: Sequence[str], files: Sequence[Path]) -> dict[Path, dict[str, str]]:
    """``--tier NAME=micro`` for each of the files that has a tier of that name."""
    from ..coding.elan import tier_names

    named = {}
    for word in given:
        name, _, holds = word.rpartition("=")
        if not (name and holds):
            raise UsageError(f"--tier {word} is not NAME=KIND, such as --tier Expression=micro.")
        named[name] = holds
    names = {file: tier_names(file) for file in files if named and file.suffix.casefold() == ".eaf"}
    if absent := [name for name in named if not any(name in each for each in names.values())]:
        there = ", ".join(dict.fromkeys(name for each in names.values() for name in each))
        raise UsageError(f"--tier: there is no tier {absent[0]!r}, but {there or 'no ELAN file is named'}.")
    return {file: {name: holds for name, holds in named.items() if name in each} for file, each in names.items()}


def _say(coding: Coding) -> None:
    """What was read, and what was not."""
    number = coding.events["kind"].value_counts()
    _tell(f"{coding.source}: {coding.coder}, {number.get('micro', 0)} micro and {number.get('macro', 0)} macro")
    if coding.unread:
        unread = f"Not read, as their names do not say what they hold (--tier NAME=KIND): {', '.join(coding.unread)}"
        errors.print(unread, markup=False, highlight=False, soft_wrap=True)


def _note_other_recording(coding: Coding, other: Coding) -> None:
    """That two codings seem to be of different recordings; of copies with other names they may well be."""
    from ..coding.recording import name_of

    names = [name_of(each.video) for each in (coding, other)]
    if all(names) and len({Path(name).stem.casefold() for name in names}) > 1:
        warnings.warn(f"{coding.source} is about {names[0]}, {other.source} about {names[1]}: taken for one recording.", stacklevel=2)


def _tell(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _csv(codings: Sequence[Coding]) -> str:
    import pandas as pd

    return pd.concat([coding.table() for coding in codings]).round(4).to_csv(index=False, lineterminator="\n")


def _write(out: Path, texts: dict[str, str]) -> Path:
    from ..datasets.new_folder import new_folder
    from ..drawing.page import write_plainly

    with new_folder(out) as draft:
        for name, text in texts.items():
            write_plainly(draft / name, text)
    return out


def _dataset(codings: Sequence[Coding], out: Path, given: Sequence[str] | None) -> Path:
    """The training folder; who is in the recordings is asked for at a terminal, unless it is given."""
    from ..coding import training_folder

    named = [word.rpartition("=") for word in given or ()]
    if any(not name for name, _, _ in named) and len(codings) > 1:
        raise UsageError(f"--subject {named[0][2]}: there are {len(codings)} recordings. Say RECORDING=PERSON for each.")
    videos = [coding.media.name if coding.media else coding.video for coding in codings]
    subjects = {name or videos[0]: person for name, _, person in named} if named else None
    if subjects is None and sys.stdin.isatty():
        _tell("Who is in each recording? A person in several recordings has one name.")
        subjects = {video: typer.prompt(video) for video in videos}
    return training_folder(codings, out, subjects=subjects)
