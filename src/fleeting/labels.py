"""From the words and action units of a release to the classes of an evaluation.

===============  ============================================================================================
``3class``       negative, positive, surprise, as in MEGC 2019. In CASME II only disgust and repression are
                 negative; ``others``, ``tense`` and the like leave.
``4class``       the same and ``others`` (repression and tension among them), as the TLCNN paper must have had it
``5class``       CASME II: disgust, happiness, others, repression, surprise.
                 SAMM: anger, contempt, happiness, others, surprise
``7class``       the seven words of CASME II, CAS(ME)³, MMEW and DFME, which differ; in the synthetic release those of DFME
``objective``    I to V, from the action units alone, as in MEGC 2018; VI and VII (the rest) leave
``binary``       negative, positive: ``3class`` without surprise. Ours, no paper's
===============  ============================================================================================

References
----------
See, Yap, Li, Hong & Wang (2019), MEGC 2019, FG. Davison, Merghani & Yap (2018), Objective classes for micro-facial
expression recognition, J. Imaging 4(10), 119. doi:10.3390/jimaging4100119
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from .clip import Clip
from .errors import UsageError

__all__ = ["SCHEMES", "au_matrix", "emotion_group", "label", "leaving", "objective_class"]

SEVEN = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")  # the words of pictures of strong expressions
UNCLEAR = "unclear"  # what analyze writes for an emotion that it leaves open
SCHEMES = ("3class", "4class", "5class", "7class", "objective", "binary")
"""What :func:`label` knows by name."""

_GROUPS = {
    "positive": "happiness amusement positive",
    "negative": "disgust sadness fear anger contempt repression negative",
    "surprise": "surprise",
    "others": "others tense helpless",
}
_THREE = {word: name for name, words in _GROUPS.items() if name != "others" for word in words.split()}
_FOUR = {word: name for name, words in _GROUPS.items() for word in words.split()} | {"repression": "others"}
# MEGC 2019 took only disgust and repression for negative in CASME II. Its own three words stay what they are.
_THREE_CASME2 = {word: name for word, name in _THREE.items() if word not in ("sadness", "fear", "anger", "contempt")}
_NATIVE = {
    "5class": {
        "casme2": "disgust happiness others repression surprise",
        "samm": "anger contempt happiness others surprise",
    },
    "7class": {
        "casme2": "disgust fear happiness others repression sadness surprise",
        "cas-me-3": "anger disgust fear happiness others sadness surprise",
        "mmew": "anger disgust fear happiness others sadness surprise",
        "dfme": "anger contempt disgust fear happiness sadness surprise",
        "synthetic": "anger contempt disgust fear happiness sadness surprise",
    },
}
_SPELLINGS = {
    "other": "others", "happy": "happiness", "sad": "sadness", "angry": "anger", "afraid": "fear", "fearful": "fear",
    "disgusted": "disgust", "surprised": "surprise", "contemptuous": "contempt", "repressed": "repression",
    "tension": "tense",
}  # fmt: skip

# The combinations of Davison et al., Table 2. They give the published class for 860 of 860 clips of CAS(ME)3, 253 of 255
# of CASME II (2019) and 144 of 159 of SAMM, whose sheets class some further combinations, not always alike.
_OBJECTIVE = {
    frozenset(map(int, combination.split("+"))): name
    for name, combinations in {
        "I": "6 12 6+12 6+7+12 7+12",
        "II": "1+2 5 25 1+2+25 25+26 5+24",
        "III": "23 4 4+7 4+5 4+5+7 17+24 4+6+7 4+38",
        "IV": "10 9 4+9 4+40 4+5+40 4+7+9 4+9+17 4+7+10 4+5+7+9 7+10",
        "V": "1 15 1+4 6+15 15+17",
        "VI": "1+2+4 20",
    }.items()
    for combination in combinations.split()
}

_log = logging.getLogger(__name__)


def label(clips: Iterable[Clip], scheme: str | Mapping[str, str]) -> tuple[list[Clip], np.ndarray]:
    """The clips that have a class under a scheme, and their classes, (N,) str.

    Clips without one leave; how many, and with which words, is logged at level INFO (:func:`leaving` counts them).

    Parameters
    ----------
    clips : iterable of Clip
        Of any datasets.
    scheme : str or mapping
        One of ``SCHEMES``, or your own ``{emotion: class}`` in lower case, such as ``{"happiness": "smile"}``.

    Returns
    -------
    tuple of list of Clip and ndarray of shape (N,), str
        The clips that stay, and the class of each.

    Raises
    ------
    UsageError
        No such scheme; the scheme is not defined for a dataset, or means different classes in two of them; no clip stays.

    Examples
    --------
    >>> import fleeting as fl
    >>> def clip(k, word):
    ...     return fl.Clip(f"mine/{k}", "mine", f"person {k}", 100.0, 0, 5, 9, read=lambda: None, emotion=word)
    >>> clips, y = fl.label([clip(1, "happiness"), clip(2, "others"), clip(3, "fear")], "3class")
    >>> [clip.id for clip in clips], y.tolist()
    (['mine/1', 'mine/3'], ['positive', 'negative'])
    """
    clips = list(clips)
    classes = _label_all(clips, scheme)
    kept = [(clip, name) for clip, name in zip(clips, classes, strict=True) if name is not None]
    if not kept:
        raise UsageError(f"none of {len(clips)} clips has a class under {_called(scheme)}: {_counts(leaving(clips, scheme))}")
    if len(kept) < len(clips):
        gone = _counts(leaving(clips, scheme))
        _log.info("%d of %d clips leave under %s: %s", len(clips) - len(kept), len(clips), _called(scheme), gone)
    return [clip for clip, _ in kept], np.array([name for _, name in kept])


def leaving(clips: Iterable[Clip], scheme: str | Mapping[str, str]) -> dict[str, int]:
    """How many clips have no class under a scheme, ``{"dataset word": count}``, most first.

    Parameters
    ----------
    clips : iterable of Clip
        Of any datasets.
    scheme : str or mapping
        As :func:`label` takes it.

    Returns
    -------
    dict of str to int
        Empty where all have a class.
    """
    clips = list(clips)
    gone = [clip for clip, name in zip(clips, _label_all(clips, scheme), strict=True) if name is None]
    words = (objective_class(c.aus) if scheme == "objective" else c.emotion for c in gone)
    return dict(Counter(f"{c.dataset} {word or 'uncoded'}" for c, word in zip(gone, words, strict=True)).most_common())


def emotion_group(word: str) -> str:
    """An emotion's group: negative, positive or surprise, as in MEGC 2019; "others" for any further word.

    Parameters
    ----------
    word : str
        As a release has it.

    Returns
    -------
    str
        ``negative``, ``positive``, ``surprise`` or ``others``.

    Examples
    --------
    >>> emotion_group("Happy"), emotion_group("tense")
    ('positive', 'others')
    """
    return _THREE.get(_spelled(word), "others")


def objective_class(aus: Sequence[str] | None) -> str | None:
    """The objective class of action units, ``I`` to ``VII``; None where they were not coded. Sides do not count.

    Parameters
    ----------
    aus : sequence of str or None
        Such as ``("AU6", "L12")``.

    Returns
    -------
    str or None
        Of VI and VII MEGC 2018 made no use.

    Examples
    --------
    >>> objective_class(["AU6", "L12"])
    'I'
    """
    if aus is None:
        return None
    return _OBJECTIVE.get(frozenset(_number(au) for au in aus), "VII")


def au_matrix(clips: Iterable[Clip], aus: Iterable[int] | None = None) -> pd.DataFrame:
    """Which action unit each clip shows: a row a clip, a column an AU; 1 seen, 0 not seen, nan not coded.

    Parameters
    ----------
    clips : iterable of Clip
        Of any datasets.
    aus : iterable of int, optional
        The columns, such as ``(1, 2, 4, 12)``. Default: all that occur, in rising order.

    Returns
    -------
    DataFrame of shape (N, A), float64
        Index: clip ids. Columns: ``AU1``, ``AU2``, ... A one-sided ``L12`` counts as ``AU12``. A clip whose AUs were
        never coded (``aus is None``) has nan in its whole row, one in which none was seen (``()``) zeros.
    """
    clips = list(clips)
    shown = [None if clip.aus is None else {_number(au) for au in clip.aus} for clip in clips]
    columns = sorted(set().union(*filter(None, shown))) if aus is None else list(aus)
    rows = [[np.nan if seen is None else float(au in seen) for au in columns] for seen in shown]
    table = np.array(rows, dtype=float).reshape(len(clips), len(columns))
    return pd.DataFrame(table, index=pd.Index([clip.id for clip in clips], name="clip"), columns=[f"AU{au}" for au in columns])


def _label_all(clips: list[Clip], scheme: str | Mapping[str, str]) -> list[str | None]:
    if isinstance(scheme, str) and scheme not in SCHEMES:
        raise UsageError(f"no label scheme is called {scheme!r}; there are {', '.join(SCHEMES)}, or give {{emotion: class}}")
    if scheme == "objective":
        named = [objective_class(clip.aus) for clip in clips]
        return [name if name in ("I", "II", "III", "IV", "V") else None for name in named]
    words = {dataset: _words(scheme, dataset) for dataset in sorted({clip.dataset for clip in clips})}
    if not isinstance(scheme, str) or scheme not in _NATIVE:
        return [words[clip.dataset].get(_word(clip)) for clip in clips]
    if len({tuple(sorted(each)) for each in words.values()}) > 1:
        raise UsageError(f"{scheme} means different classes in {' and '.join(words)}: evaluate them apart, or take 3class")
    return [words[clip.dataset].get(_word(clip)) for clip in clips]


def _words(scheme: str | Mapping[str, str], dataset: str) -> Mapping[str, str]:
    """From the words of a dataset to the classes."""
    if not isinstance(scheme, str):
        return {_spelled(word): name for word, name in scheme.items()}
    if scheme == "4class":
        return _FOUR
    if scheme in _NATIVE:
        if dataset not in _NATIVE[scheme]:
            known = ", ".join(_NATIVE[scheme])
            raise UsageError(f"{scheme} is defined for {known}, not for {dataset}: take 3class, or give {{emotion: class}}")
        return {word: word for word in _NATIVE[scheme][dataset].split()}
    three = _THREE_CASME2 if dataset == "casme2" else _THREE
    return three if scheme == "3class" else {word: name for word, name in three.items() if name != "surprise"}


def _word(clip: Clip) -> str:
    return _spelled(clip.emotion or "")


def _spelled(word: str) -> str:
    """A release's word in one spelling: ``Other`` and ``others`` are one."""
    word = word.strip().lower()
    return _SPELLINGS.get(word, word)


def _number(au: str) -> int:
    if not (found := re.fullmatch(r"(?:AU|[LRUTB])?(\d+)[A-E]?", au.strip(), re.IGNORECASE)):
        raise UsageError(f"{au!r} is no action unit; they are written as AU4, L12 or R12")
    return int(found.group(1))


def _called(scheme: str | Mapping[str, str]) -> str:
    return scheme if isinstance(scheme, str) else "the given classes"


def _counts(gone: dict[str, int]) -> str:
    return ", ".join(f"{what} {n}" for what, n in gone.items()) or "there are none"
