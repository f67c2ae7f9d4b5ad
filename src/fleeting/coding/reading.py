"""read_coding: a coding out of whatever file holds it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..analysis.clock import Clock
from ..errors import CodingError
from .coding import Coding
from .elan import read_eaf
from .tables import read_json, read_table


def read_coding(
    path: str | Path,
    *,
    coder: str | None = None,
    video: str | Path | None = None,
    clock: Clock | float | None = None,
    tiers: Mapping[str, str] | None = None,
) -> Coding:
    """What a file says happened in a recording.

    Parameters
    ----------
    path : str or Path
        ELAN annotations (``.eaf``); ``events.csv`` or ``analysis.json`` of an analysis, or its folder; or a coder's own table (csv, xlsx,
        xls) with onset and offset, and where known apex, kind, emotion, aus, note, face, in frames (``onset``, ``onset_frame``) or seconds
        (``onset_s``; ``offset_s`` is when the last frame ends).
    coder : str, optional
        Whose it is; default: what the file says, or else its name. In a file of several coders, which of them to take.
    video : str or Path, optional
        The recording, where the file's own link leads nowhere. In a file about several, which of them to take.
    clock : Clock or float, optional
        Timestamps of the frames, or frames a second. Default: those of ``signals.csv`` beside the file, or else of the recording, which is
        decoded for them.
    tiers : mapping of str to str, optional
        Of ELAN files: what tiers of other names hold: micro, macro, expression (the kind is said elsewhere, or follows from the
        length), apex, emotion, aus, kind, note; or skip.

    Returns
    -------
    Coding
        Its events by onset.

    Raises
    ------
    CodingError
        The file cannot be read, or says what cannot be; the message names the file, the tier or row, and what to do.
    UsageError
        ``tiers`` names a tier that the file has not, or what a tier cannot hold.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        path = path / "events.csv"
    if not path.is_file():
        raise CodingError(f"{path} is no file. Check the spelling, and the folder in which you are.")
    clock = clock if clock is None or isinstance(clock, Clock) else Clock(float(clock))
    suffix = path.suffix.casefold()
    if suffix == ".eaf":
        return read_eaf(path, coder=coder, video=video, clock=clock, tiers=tiers or {})
    if suffix == ".json":
        return read_json(path, coder=coder, video=video, clock=clock)
    if suffix in (".csv", ".xlsx", ".xls"):
        return read_table(path, coder=coder, video=video, clock=clock)
    raise CodingError(f"{path} is of a kind that is not read here. Give an .eaf, events.csv, analysis.json, or a table as csv or xlsx.")
