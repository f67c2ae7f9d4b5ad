"""What a sheet says by itself: counts beside those in print, numbers that contradict each other, words that are none of the release's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import pandas as pd

from ..clip import LONG_S

MICRO_S = 0.5  # the usual definition of a micro-expression: no longer than this


class Printed(Protocol):
    """What is known of a release from print."""

    classes: ClassVar[tuple[str, ...]]
    expected: ClassVar[Mapping[str, int]]
    long_videos: ClassVar[int]
    published: ClassVar[Mapping[str, int]]
    protocols: ClassVar[Mapping[str, tuple[tuple[str, ...], int]]]


@dataclass(frozen=True)
class Finding:
    """One thing that was noticed.

    Parameters
    ----------
    level : {"error", "warning", "note"}
        Errors keep a clip from being used as it stands; warnings want a look; notes say what is known and harmless.
    topic : str
        ``sheet counts names order onset apex offset long length emotion double clip pictures frames file video decode stray protocol``.
    clip : str
        As in the table; empty if the finding is not about one clip.
    text : str
        What it is, for people.
    """

    level: str
    topic: str
    clip: str
    text: str


def counts_of(table: pd.DataFrame) -> dict[str, int]:
    """``clips``, ``subjects``, clips of each emotion, ``macro``, and what is odd about the numbers, where there is any."""
    micro = table[table["kind"] == "micro"] if (table["kind"] == "micro").any() else table
    counts = {"clips": len(micro), "subjects": int(micro["subject"].nunique())}
    counts |= {str(word): int(n) for word, n in micro["emotion"].value_counts().items()}
    if len(micro) < len(table):
        counts["macro"] = len(table) - len(micro)
    odd = {"apex on onset": int(_apex_on_onset(micro).sum()), f"over {LONG_S:g} s": int((_seconds(micro) > LONG_S).sum())}
    return counts | {name: count for name, count in odd.items() if count and (micro["kind"] == "micro").any()}


def check_sheet(release: Printed, table: pd.DataFrame, counts: Mapping[str, int]) -> list[Finding]:
    """All that is to be noticed in the table of a release, without a look at its pictures."""
    return [*_against_print(release, counts), *_numbers(table), *_words(release, table), *_doubles(table)]


def _against_print(release: Printed, counts: Mapping[str, int]) -> Iterator[Finding]:
    if counts["clips"] < release.expected.get("clips", 0):
        shares = {name: f"{counts.get(name, 0)} of {number}" for name, number in release.expected.items()}
        whole = [f"{shares.pop(name)} {name}" for name in ("clips", "subjects", "macro") if name in shares]
        if counts.get("videos", release.long_videos) != release.long_videos > 0:
            whole.append(f"{counts['videos']} of {release.long_videos} long videos")
        classes = "; classes: " * bool(shares) + ", ".join(f"{name} {share}" for name, share in shares.items())
        yield Finding("warning", "counts", "", f"part of the release, {', '.join(whole)}{classes}")
        return
    for name, number in release.expected.items():
        if counts.get(name, 0) != number:
            yield Finding("warning", "counts", "", f"{counts.get(name, 0)} {name}; the release has {number}")
    if counts.get("videos", release.long_videos) != release.long_videos > 0:
        yield Finding("warning", "counts", "", f"{counts['videos']} long videos; the release has {release.long_videos}")
    for name, number in release.published.items():
        if counts.get(name, 0) != number:
            yield Finding("note", "counts", "", f"{counts.get(name, 0)} {name}; the paper has {number}")
    for name, (emotions, number) in release.protocols.items():
        here = sum(counts.get(word, 0) for word in emotions)
        if here != number:
            yield Finding("note", "protocol", "", f"{here} clips have the labels of {name}; that protocol takes {number}")


def _numbers(table: pd.DataFrame) -> Iterator[Finding]:
    apexes = table["apex"].isna().sum()
    if 0 < apexes < len(table):
        for clip in table.loc[table["apex"].isna(), "clip"]:
            yield Finding("warning", "apex", str(clip), "no apex was coded; the middle frame stands for it")
    elif apexes:
        yield Finding("note", "apex", "", "no apex was coded in this release; the middle frame stands for it")
    if table["onset"].notna().any():
        for clip in table.loc[table["onset"].isna(), "clip"]:
            yield Finding("warning", "onset", str(clip), "no onset was coded; it is taken to begin with its first picture")
        for clip in table.loc[table["offset"].isna(), "clip"]:
            yield Finding("warning", "offset", str(clip), "no offset was coded, or zero")
    early, seconds = _apex_on_onset(table), _seconds(table)
    if count := int(early.sum()):
        text = f"{count} clips have their apex on the onset: motion is measured from the offset to the apex there"
        yield Finding("warning", "apex", "", text)
    long = (table["kind"] == "micro") & (seconds > MICRO_S)
    for clip, length in zip(table.loc[long, "clip"], seconds[long], strict=True):
        yield Finding("warning", "long", str(clip), f"lasts {length:.2f} s; a micro-expression lasts at most {MICRO_S} s")
    if count := int((seconds[long] > LONG_S).sum()):
        text = f"{count} clips of micro-expressions last over {LONG_S:g} s, the longest {seconds[long].max():.1f} s"
        yield Finding("warning", "length", "", text)


def _apex_on_onset(table: pd.DataFrame) -> pd.Series:
    """Whether each row's apex is coded on its onset, and its offset later, bool."""
    return ((table["apex"] == table["onset"]) & (table["apex"] != table["offset"])).fillna(False).astype(bool)


def _seconds(table: pd.DataFrame) -> pd.Series:
    """How long each row's expression lasts, s, float64; nan where onset, offset or the rate is not known."""
    frames = (table["offset"] - table["onset"] + 1).astype("Float64").to_numpy(float, na_value=np.nan)
    return pd.Series(frames, table.index) / table["fps"].where(table["fps"] > 0)


def _words(release: Printed, table: pd.DataFrame) -> Iterator[Finding]:
    """Micro-expressions without a word for their emotion, where others have one, and words that the release does not use."""
    rows = table[table["kind"] == "micro"]
    if rows["emotion"].notna().any():
        for clip in rows.loc[rows["emotion"].isna(), "clip"]:
            yield Finding("warning", "emotion", str(clip), "no emotion was coded")
    if release.classes:
        words = rows["emotion"].dropna().str.split(r"\s*[+,/&]\s*", regex=True)  # 4DME has several in a cell
        known = words.map(lambda each: set(each) <= set(release.classes)).astype(bool)
        for row in rows.loc[known.index[~known]].itertuples():
            yield Finding("warning", "emotion", str(row.clip), f"{row.emotion!r} is none of {', '.join(release.classes)}")


def _doubles(table: pd.DataFrame) -> Iterator[Finding]:
    for clip, number in table["clip"].value_counts().items():
        if number > 1:
            yield Finding("error", "double", str(clip), f"stands in the sheet {number} times")
    case = table["subject"] + "/" + table["clip"].str.casefold()
    for clip in table.loc[case.duplicated() & ~table["clip"].duplicated(), "clip"]:
        yield Finding("error", "double", str(clip), "differs from another clip in case only")
