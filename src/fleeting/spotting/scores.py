"""Scores of spotting as the Micro-Expression Grand Challenges define them, pooled over all videos.

A found interval is right if it shares at least half of the union with a coded one of its kind, each with one other at most
(:func:`.matching.match`). Counts are added over all videos, those without any coded or any found interval included; only then are
precision, recall and F1 made of them. *Overall* adds the counts of micro- and macro-expressions.

Public evaluators depart from this in ways that move scores; ``docs/spotting-benchmarks.md`` lists them.

References
----------
See, Yap, Li, Hong & Wang (2019), MEGC 2019, FG. Li, Soladie, Séguier, Wang & Yap (2019), Spotting micro-expressions on long videos
sequences, FG. Liong, See & Chan (2023), Spot-then-recognize, Signal Processing: Image Communication 110.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from .. import metrics
from ..errors import UsageError
from .matching import match, shares

KINDS = ("micro", "macro")
PARTS = ("micro", "macro", "overall")


class Counts(NamedTuple):
    """How many intervals are right, were found, and were coded."""

    right: int
    found: int
    coded: int

    @property
    def false(self) -> int:
        """Found intervals that are not right (FP)."""
        return self.found - self.right

    @property
    def missed(self) -> int:
        """Coded intervals that were not found (FN)."""
        return self.coded - self.right

    @property
    def precision(self) -> float:
        """Share of the found that are right; 0 when none was found."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Share of the coded that were found; 0 when there is none."""
        return self.right / self.coded if self.coded else 0.0

    @property
    def f1(self) -> float:
        """``2 TP / (found + coded)``; 0 when there is neither."""
        return float(f1(np.array(self)))


class SpotThenRecognise(NamedTuple):
    """How well intervals are found and, where they are right, named.

    ``recognition`` is the F1 of the right intervals' classes and ``strs`` its product with ``spotting``, the F1 of finding them: by
    the harmonic mean of macro precision and macro recall, as the authors' code has it; ``uf1`` and ``strs_uf1`` by the mean of the
    classes' F1, as the challenge's text has it.
    """

    spotting: float
    recognition: float
    strs: float
    uf1: float
    strs_uf1: float


def f1(counts: np.ndarray) -> np.ndarray:
    """F1 of counts ``(..., 3)``, right, found, coded: (...,) float64; 0 where nothing was found or coded."""
    counts = np.asarray(counts, float)
    total = counts[..., 1] + counts[..., 2]
    return np.divide(2 * counts[..., 0], total, out=np.zeros_like(total), where=total > 0)


def matches(found: pd.DataFrame, coded: pd.DataFrame, iou: float = 0.5, *, by_kind: bool = True) -> pd.DataFrame:
    """The pairs of found and coded intervals that agree: positions of rows, ``found coded``, a row a pair.

    Parameters
    ----------
    found, coded : DataFrame
        ``video onset offset kind``; frames, inclusive.
    iou : float, default=0.5
        Least shared part of the union.
    by_kind : bool, default=True
        Whether a found micro-expression must be a coded one, too.

    Raises
    ------
    UsageError
        A column is missing, a kind is neither micro nor macro, an interval ends before it begins, or ``iou`` is not above 0 and at
        most 1.
    """
    if not 0 < iou <= 1:
        raise UsageError(f"iou={iou} must lie above 0 and be 1 at most; the challenges take .5")
    for table, name in ((found, "found"), (coded, "coded")):
        _check(table, name)
    keys = ["video", "kind"] if by_kind else ["video"]
    places = [table.groupby(keys, sort=False).indices for table in (found, coded)]
    pairs = []
    for key in places[0].keys() & places[1].keys():
        a, b = (side[key] for side in places)
        pairs += [(int(a[i]), int(b[j])) for i, j in match(found.iloc[a], coded.iloc[b], iou).pairs]
    return pd.DataFrame(sorted(pairs), columns=["found", "coded"], dtype=int)


def count(found: pd.DataFrame, coded: pd.DataFrame, iou: float = 0.5) -> dict[str, Counts]:
    """The counts of ``micro``, ``macro`` and ``overall`` over all videos; tables as :func:`matches` takes them."""
    pairs = matches(found, coded, iou)
    of = found["kind"].to_numpy()[pairs["found"]]
    each = {kind: Counts(int((of == kind).sum()), int((found["kind"] == kind).sum()), int((coded["kind"] == kind).sum())) for kind in KINDS}
    return {**each, "overall": Counts(*map(sum, zip(*each.values(), strict=True)))}


def counts_by(names: pd.Series, found: pd.DataFrame, coded: pd.DataFrame, iou: float = 0.5) -> tuple[list[str], np.ndarray]:
    """The counts of each part of the videos, such as each person: its names, sorted, and (N, 3, 3) int.

    Parameters
    ----------
    names : Series
        Of each video, by its id, the part to which it belongs. Parts in whose videos there is nothing have zeros.

    Returns
    -------
    names : list of str
    counts : ndarray of shape (N, 3, 3)
        Micro, macro, overall; of each right, found, coded.
    """
    parts = sorted(set(names))
    rows = []
    for part in parts:
        here = names.index[names == part]
        some = count(found[found["video"].isin(here)], coded[coded["video"].isin(here)], iou)
        rows.append([some[name] for name in PARTS])
    return parts, np.array(rows, int).reshape(len(parts), len(PARTS), 3)


def average_precision(found: pd.DataFrame, coded: pd.DataFrame, iou: float = 0.5) -> float:
    """The area under precision over recall as found intervals are taken in by falling ``score``, 0 to 1; nan where none is coded.

    All videos together. Each interval in turn takes the coded one of its video and kind that it shares most with and that no better
    scored one has taken; precision at a recall is the best at that recall or beyond, as in VOC 2010 and later.
    """
    if not len(coded):
        return float("nan")
    _check(coded, "coded")
    _check(found, "found")
    if not len(found):
        return 0.0
    if "score" not in found or not np.isfinite(found["score"].to_numpy(float)).all():
        raise UsageError("the average precision needs a finite score of each found interval: a column 'score'")
    scores, hits = found["score"].to_numpy(float), np.zeros(len(found), bool)
    there = coded.groupby(["video", "kind"], sort=False).indices
    for key, rows in found.groupby(["video", "kind"], sort=False).indices.items():
        shared = shares(found.iloc[rows], coded.iloc[there.get(key, [])])
        for i in np.argsort(-scores[rows], kind="stable"):
            if shared.shape[1] and shared[i].max() >= iou:
                hits[rows[i]] = True
                shared[:, shared[i].argmax()] = 0  # taken
    hits = hits[np.argsort(-scores, kind="stable")]
    right = np.cumsum(hits)
    precision = np.maximum.accumulate((right / np.arange(1, len(hits) + 1))[::-1])[::-1]
    return float(precision[hits].sum() / len(coded))


def spot_then_recognise(
    found: pd.DataFrame, coded: pd.DataFrame, iou: float = 0.5, *, kind: str | None = "micro", without: Sequence[str] = ()
) -> SpotThenRecognise:
    """The spot-then-recognise score (STRS) and what it is made of; all are 0 where nothing that was found is right.

    Parameters
    ----------
    found, coded : DataFrame
        As :func:`matches` takes them, with ``emotion``: the class that was said, and the coded one.
    kind : {"micro", "macro"} or None, default="micro"
        Which are scored; None: all, each kind with its own.
    without : sequence of str, default=()
        Coded classes that recognition leaves out. The challenges of 2023 and later leave out ``others``.

    Raises
    ------
    UsageError
        As :func:`matches`; or an interval has no emotion.
    """
    for table, name in ((found, "found"), (coded, "coded")):
        if "emotion" not in table or table["emotion"].isna().any():
            raise UsageError(f"the {name} intervals need a column 'emotion' without gaps: spot-then-recognise scores what they are called")
    if kind is not None:
        found, coded = (table[table["kind"] == kind] for table in (found, coded))
    pairs = matches(found, coded, iou)
    spotting = Counts(len(pairs), len(found), len(coded)).f1
    said, true = found["emotion"].to_numpy(str)[pairs["found"]], coded["emotion"].to_numpy(str)[pairs["coded"]]
    kept = ~np.isin(true, list(without))
    if not kept.any():
        return SpotThenRecognise(spotting, 0.0, 0.0, 0.0, 0.0)
    named, uf1 = metrics.f1_of_macro_pr(true[kept], said[kept]), metrics.uf1(true[kept], said[kept])
    return SpotThenRecognise(spotting, named, spotting * named, uf1, spotting * uf1)


def _check(table: pd.DataFrame, name: str) -> None:
    if missing := [column for column in ("video", "onset", "offset", "kind") if column not in table]:
        raise UsageError(f"the {name} intervals have no column {missing[0]!r}; they need video, onset, offset and kind")
    if wrong := sorted(set(table["kind"]) - set(KINDS), key=str):
        raise UsageError(f"the {name} intervals have the kind {wrong[0]!r}; there are micro and macro")
    if (back := table["offset"].to_numpy() < table["onset"].to_numpy()).any():
        row = table[back].iloc[0]
        raise UsageError(f"the {name} intervals of {row['video']} hold one from frame {row['onset']} to {row['offset']}: it ends too soon")
