"""Composite: several datasets as one, and the composite of MEGC 2019 in its 442 and 441 clips."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from ..clip import Clip, Video
from ..errors import DatasetError, UsageError
from .check import Checkup
from .smic import smic_name
from .tree import read_sheets

GROUPS = ("negative", "positive", "surprise")  # classes 0, 1, 2 of the list
_SAMM = {"happiness": "positive", "surprise": "surprise"} | dict.fromkeys(
    ("anger", "contempt", "disgust", "fear", "sadness"), "negative"
)
_CASME2 = {"happiness": "positive", "surprise": "surprise", "disgust": "negative", "repression": "negative"}
_RULES = {"casme2": _CASME2, "samm": _SAMM, "smic": {word: word for word in GROUPS}}
# sub04/EP12_01f lost its apex in the sheet of 2019; why sub05/EP09_05f is left out nobody says. The three of sub24 are
# sadness in the sheet of 2014, which the list follows, and surprise in that of 2019.
_LEFT_OUT = {f"casme2/{clip}" for clip in ("sub04/EP12_01f", "sub05/EP09_05f", "sub24/EP07_01", "sub24/EP07_04f", "sub24/EP10_03")}
_NOT_IN_441 = {"samm/032/032_3_1"}  # its published apex lies before its onset


class Composite:
    """Several datasets as one. Persons stay apart: ``person`` is ``dataset/subject``.

    ``megc`` takes the clips of the composite of MEGC 2019 and gives them its three words: 442 clips of 68 subjects
    (CASME II 88 negative, 32 positive, 25 surprise; SMIC 70, 51, 43; SAMM 92, 26, 15), or 441 without samm/032/032_3_1.
    From CASME II it takes disgust and repression as negative, from SAMM anger, contempt, disgust, fear and sadness.
    Leave-one-subject-out over it is the challenge's composite database evaluation (CDE).

    Parameters
    ----------
    *datasets : Dataset
        Each name once.
    megc : {442, 441} or path, optional
        Number of clips, or the organisers' list (``combined_3class_gt.csv``: dataset, subject, clip, class). Default: all
        clips with their own words.

    References
    ----------
    See, Yap, Li, Hong, Wang (2019), MEGC 2019, FG. doi:10.1109/FG.2019.8756611
    """

    name = "composite"
    title = "Composite"

    def __init__(self, *datasets: Any, megc: int | str | Path | None = None):
        names = [dataset.name for dataset in datasets]
        if not datasets or len(set(names)) < len(names):
            raise UsageError(f"A composite takes one or more datasets, each once; these are {', '.join(names) or 'none'}.")
        if isinstance(megc, int) and (megc not in (441, 442) or set(names) != set(_RULES)):
            raise UsageError(f"megc={megc}: 442 or 441, of {', '.join(_RULES)}; given were {', '.join(names)}.")
        self.datasets = datasets
        self.megc = megc

    @property
    def table(self) -> pd.DataFrame:
        """The tables below each other, with ``dataset`` and ``id`` (as in ``Clip.id``) in front."""
        tables = []
        for dataset in self.datasets:
            table = dataset.table
            own = table["clip"] if "dataset" in table else dataset.name + "/" + table["clip"]  # flow maps name them in full
            front = {"id": own, "dataset": table.get("dataset", dataset.name)}
            tables.append(table.drop(columns="dataset", errors="ignore").assign(**front))
        whole = pd.concat(tables, ignore_index=True)
        return whole[["id", "dataset", *(column for column in whole if column not in ("id", "dataset"))]]

    def clips(self, *, kind: str | None = None, partial: bool = False) -> list[Clip]:
        """The clips of all datasets, or those of MEGC 2019.

        Parameters
        ----------
        kind : {"micro", "macro"}, optional
            Default: micro-expressions.
        partial : bool, default=False
            Leave out clips that are not whole, instead of raising.

        Returns
        -------
        list of Clip
            Dataset by dataset.

        Raises
        ------
        DatasetError
            A dataset cannot give its clips, or, unless ``partial``, a clip of the composite is missing.
        """
        clips = [clip for dataset in self.datasets for clip in dataset.clips(kind=kind, partial=partial or self.megc is not None)]
        if self.megc is None:
            return clips
        if isinstance(self.megc, int):
            wanted, number = _by_rule(self.megc), self.megc
            chosen = [replace(clip, emotion=word) for clip in clips if (word := wanted(clip))]
            missing = f"{number - len(chosen)} of the {number} clips"
        else:
            listed = read_megc_list(self.megc)
            chosen = [replace(clip, emotion=listed[clip.id]) for clip in clips if clip.id in listed]
            number = len(listed)
            lost = sorted(set(listed) - {clip.id for clip in chosen})
            missing = f"{len(lost)} of the {number} clips ({', '.join(lost[:3])})"
        if len(chosen) != number and not partial:
            raise DatasetError(
                f"{missing} of MEGC 2019 cannot be had. Run `fleeting datasets check` on each dataset; clips(partial=True) "
                "takes those which are there, but that is no longer the challenge."
            )
        return chosen

    def videos(self) -> list[Video]:
        """The long videos of all datasets that have some.

        Returns
        -------
        list of Video
            Dataset by dataset.
        """
        return [video for dataset in self.datasets if "video" in dataset.table for video in dataset.videos()]

    def check(
        self,
        *,
        deep: bool = False,
        frames: bool = False,
        jobs: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Checkup:
        """The findings of all datasets together.

        Parameters
        ----------
        deep : bool, default=False
            Decode each picture, too.
        frames : bool, default=False
            The same as ``deep``.
        jobs : int, optional
            Threads that decode; default: one a core.
        progress : callable, optional
            Called with the number of pictures decoded, and of all.

        Returns
        -------
        Checkup
            Of all together.
        """
        whole = Checkup(self.title, ", ".join(str(dataset.root) for dataset in self.datasets), layout="several")
        for dataset in self.datasets:
            one = dataset.check(deep=deep or frames, jobs=jobs, progress=progress)
            whole.counts |= {f"{dataset.name} {name}": number for name, number in one.counts.items()}
            whole.findings += [replace(each, clip=f"{dataset.name}/{each.clip}" if each.clip else "") for each in one.findings]
        return whole


def read_megc_list(path: str | Path) -> dict[str, str]:
    """The organisers' list: emotion group by clip id, such as ``{"samm/036/036_7_3": "negative"}``.

    Reads both forms in circulation: with and without a header; subjects of SAMM with and without zeros, lines of commas only.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    dict of str to str
        By ``Clip.id``.

    Raises
    ------
    DatasetError
        The file cannot be read or lists nothing, a line is not dataset, subject, clip, class, or names a clip again.
    """
    path = Path(path).expanduser()
    listed = {}
    for number, row in enumerate(next(iter(read_sheets(path).values()), []), 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and len(cells) > 3 and not cells[3].isdecimal()):
            continue
        if len(cells) < 4 or cells[0].lower() not in _RULES or cells[3] not in ("0", "1", "2"):
            raise DatasetError(f"{path}, line {number}, is {','.join(cells)!r}; expected: casme2|samm|smic, subject, clip, 0|1|2.")
        dataset, subject, clip = cells[0].lower(), cells[1], cells[2]
        if dataset == "samm":
            subject = subject.zfill(3)
        elif dataset == "casme2":
            subject = f"sub{int(re.sub(r'[^0-9]', '', subject) or 0):02d}"
        else:
            clip = smic_name(clip) or clip
            subject = clip[:3]
        if (name := f"{dataset}/{subject}/{clip}") in listed:
            raise DatasetError(f"{path}, line {number}, lists {name} again. Take the list as it was published.")
        listed[name] = GROUPS[int(cells[3])]
    if not listed:
        raise DatasetError(f"{path} lists no clip; expected are lines such as casme2,sub01,EP02_01f,1.")
    return listed


def _by_rule(number: int) -> Callable[[Clip], str | None]:
    out = _LEFT_OUT | (_NOT_IN_441 if number == 441 else set())
    return lambda clip: None if clip.id in out else _RULES[clip.dataset].get(clip.emotion or "")
