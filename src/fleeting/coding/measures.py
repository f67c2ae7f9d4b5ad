"""How far two coders agree: on frames, on events and their boundaries, on action units and emotions.

References
----------
Cohen (1960), A coefficient of agreement for nominal scales, Educational and Psychological Measurement 20(1), 37.
Yan, Wu, Liu, Wang & Fu (2013), CASME database: a dataset of spontaneous micro-expressions collected from neutralized faces, FG.
Yan, Li, Wang, Zhao, Liu, Chen & Fu (2014), CASME II, PLoS ONE 9(1), e86041. doi:10.1371/journal.pone.0086041
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..drawing.tables import Table, number
from ..labels import emotion_group
from .changes import check_same
from .coding import KINDS, NUMBERS, Coding
from .pairing import GROUPS, paired, units


@dataclass(frozen=True)
class Agreement:
    """How far two coders agree.

    Parameters
    ----------
    coders : tuple of str
        The two.
    frames : int
        How many frames kappa is over.
    whole : bool
        Whether these are the recording's; otherwise they go to the last event, and kappa is lower than it would be.
    kappa : dict of str to float
        Cohen's kappa on frames, in an event or not: any ``expression``, ``micro``, ``macro``; nan where neither coder has any. With several
        faces, each frame of each face counts.
    events : tuple of int
        How many events each has.
    pairs : list of tuple of int
        Row positions of matched events.
    reliability : float
        2 × matched / all events of both. It is of events, and not the reliability of the CASME papers: that is ``au_reliability``.
    aus : tuple of int
        Action units that both gave to a matched event, and all that the two gave; over events whose action units both coded.
    differences : DataFrame
        By onset, apex, offset of matched events, the second coder's frame less the first's: ``n``, ``q1``, ``median``, ``q3``, and the
        mean of its size, ``mean_absolute``.
    emotions : int
        Matched events to which both gave an emotion.
    emotions_alike : int
        Those of them with the same one.
    emotion_kappa : float
        Cohen's kappa over them. Where one coder has but the groups negative, positive and surprise, groups are compared.
    """

    coders: tuple[str, str]
    frames: int
    whole: bool
    kappa: dict[str, float]
    events: tuple[int, int]
    pairs: list[tuple[int, int]]
    reliability: float
    aus: tuple[int, int]
    differences: pd.DataFrame
    emotions: int
    emotions_alike: int
    emotion_kappa: float

    @property
    def au_reliability(self) -> float:
        """R = 2 × #AU(C1C2) / #All_AU: action units both gave, and all that the two gave, pooled over events; nan where there is none.

        The reliability of CASME and CASME II, which counts action units, as FACS counts agreement (Wexler's ratio). The formula is as it is
        cited; the papers' own passages were not at hand when this was written. Their two coders had coded the same events; here only
        matched events count whose action units both coded.
        """
        return 2 * self.aus[0] / self.aus[1] if self.aus[1] else math.nan

    def as_dict(self) -> dict[str, Any]:
        """All of it for JSON; None where a number does not exist.

        Returns
        -------
        dict
            Numbers, words, lists, dicts and None.
        """
        content = {
            "coders": list(self.coders),
            "frames": self.frames,
            "whole_recording": self.whole,
            "kappa": self.kappa,
            "events": list(self.events),
            "matched": len(self.pairs),
            "reliability": self.reliability,
            "aus": {"both": self.aus[0], "all": self.aus[1], "reliability": self.au_reliability},
            "differences_frames": self.differences.to_dict("index"),
            "emotions": {"both_coded": self.emotions, "alike": self.emotions_alike, "kappa": self.emotion_kappa},
        }
        return _plain(content)

    def tables(self) -> list[Table]:
        """The same for people.

        Returns
        -------
        list of Table
            To be printed.
        """
        first, second = self.coders
        rows = [[f"kappa on frames, {name}", number(value)] for name, value in self.kappa.items()]
        rows += [
            ["events matched", f"{len(self.pairs)} of {self.events[0]} and {self.events[1]}"],
            ["agreement on events, 2 × matched / all", number(self.reliability)],
            ["reliability on action units (CASME II), 2 × both / all", number(self.au_reliability)],
            [f"kappa on emotions, {self.emotions_alike} of {self.emotions} alike", number(self.emotion_kappa)],
        ]
        end = "" if self.whole else ", up to the last event, as the length of the recording is not known"
        lines = [
            [name, str(int(row["n"])), *(number(row[column], 1, column != "mean_absolute") for column in row.index[1:])]
            for name, row in self.differences.iterrows()
        ]
        columns = ["frame", "events", "lower quartile", "median", "upper quartile", "mean size"]
        return [
            Table(f"Agreement of {first} and {second}", ["", ""], rows, [f"Kappa is over {self.frames} frames{end}."]),
            Table(f"Matched events: {second} later than {first}, frames", columns, [[str(cell) for cell in line] for line in lines]),
        ]


def agreement(a: Coding, b: Coding, *, iou: float = 0.5, frames: int | None = None) -> Agreement:
    """How far two coders of one recording agree.

    Parameters
    ----------
    a, b : Coding
        Of one recording.
    iou : float, default=.5
        Events are one if they overlap by this share of their union, as in the spotting challenges.
    frames : int, optional
        How long the recording is; default: as either coding knows, or else up to the last event.

    Returns
    -------
    Agreement
        The first of the two is ``a``.

    Raises
    ------
    UsageError
        They are of recordings of different lengths.

    Examples
    --------
    >>> import pandas as pd
    >>> def coding(coder, *spans):
    ...     return Coding("talk.mp4", coder, pd.DataFrame([(1, a, (a + b) // 2, b, "micro", "", "", "") for a, b in spans],
    ...         columns=["face", "onset_frame", "apex_frame", "offset_frame", "kind", "emotion", "aus", "note"]))
    >>> ann, ben = coding("ann", (10, 20), (50, 60)), coding("ben", (11, 21))
    >>> round(agreement(ann, ben, frames=100).reliability, 3)
    0.667
    """
    check_same(a, b)
    known = frames or a.frames or b.frames
    last = max([int(table["offset_frame"].max()) + 1 for table in (a.events, b.events) if len(table)], default=0)
    faces = sorted({*a.events["face"], *b.events["face"]}) or [1]
    length = max(known or 0, last)
    kappa = {}
    for name, kinds in {"expression": KINDS, **{kind: (kind,) for kind in KINDS}}.items():
        marks = [np.concatenate([_marks(coding.events, face, kinds, length) for face in faces]) for coding in (a, b)]
        kappa[name] = cohen_kappa(*marks) if marks[0].any() or marks[1].any() else math.nan
    pairs = paired(a.events, b.events, iou)
    matched = [(a.events.iloc[i], b.events.iloc[j]) for i, j in pairs]
    total = len(a.events) + len(b.events)
    both_coded = [(units(one["aus"]), units(other["aus"])) for one, other in matched if one["aus"] and other["aus"]]
    emotions = [[row["emotion"] for row in pair] for pair in matched if pair[0]["emotion"] and pair[1]["emotion"]]
    if any({pair[side] for pair in emotions} <= GROUPS for side in (0, 1)):
        emotions = [[emotion_group(word) for word in pair] for pair in emotions]
    return Agreement(
        (a.coder, b.coder),
        length,
        bool(known),
        kappa,
        (len(a.events), len(b.events)),
        pairs,
        2 * len(pairs) / total if total else math.nan,
        (sum(len(one & other) for one, other in both_coded), sum(len(one) + len(other) for one, other in both_coded)),
        _differences(matched),
        len(emotions),
        sum(one == other for one, other in emotions),
        cohen_kappa([one for one, _ in emotions], [other for _, other in emotions]) if emotions else math.nan,
    )


def cohen_kappa(a: Sequence[Any] | np.ndarray, b: Sequence[Any] | np.ndarray) -> float:
    """Cohen's kappa of two codings of the same things: (p_o - p_e) / (1 - p_e); nan where both give all of them one and the same label."""
    names, codes = np.unique(np.concatenate([np.asarray(a), np.asarray(b)]), return_inverse=True)
    table = np.zeros((len(names), len(names)), np.int64)
    np.add.at(table, (codes[: len(a)], codes[len(a) :]), 1)
    alike, by_chance = int(np.trace(table)) / len(a), int(table.sum(axis=0) @ table.sum(axis=1)) / len(a) ** 2
    return (alike - by_chance) / (1 - by_chance) if len(names) > 1 else math.nan


def _marks(events: pd.DataFrame, face: int, kinds: tuple[str, ...], length: int) -> np.ndarray:
    """Whether each frame lies in an event of these kinds, (length,) bool."""
    marks = np.zeros(length, bool)
    chosen = events[(events["face"] == face) & events["kind"].isin(kinds)]
    for onset, offset in zip(chosen["onset_frame"], chosen["offset_frame"], strict=True):
        marks[onset : offset + 1] = True
    return marks


def _differences(matched: list[tuple[pd.Series, pd.Series]]) -> pd.DataFrame:
    rows = {}
    for name in NUMBERS:
        frames = [(one[f"{name}_frame"], other[f"{name}_frame"]) for one, other in matched]
        values = np.array([other - one for one, other in frames if pd.notna(one) and pd.notna(other)], float)
        quartiles = np.quantile(values, (0.25, 0.5, 0.75)).tolist() if len(values) else [math.nan] * 3
        rows[name] = [len(values), *quartiles, float(np.abs(values).mean()) if len(values) else math.nan]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["n", "q1", "median", "q3", "mean_absolute"])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
