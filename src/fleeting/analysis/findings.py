"""What was found in a video, as tables and pictures: what every file, picture and page about it is made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

OTHER_COLUMNS = ("video", "face", "onset_frame", "apex_frame", "offset_frame", "onset_s", "apex_s", "offset_s", "score", "kind")
EVENT_COLUMNS = (
    *OTHER_COLUMNS[:-1], "emotion", "p_negative", "p_positive", "p_surprise", "aus", "kind", "regions", "amplitude", "open", "certain",
    "doubt", "repeatable"
)  # fmt: skip


def certain(events: pd.DataFrame) -> pd.DataFrame:
    """The events that reached the threshold, without the candidates."""
    return events[events["certain"].astype(bool)] if len(events) else events


@dataclass
class Pictures:
    """What an event looks like: aligned face crops, (224, 224, 3) uint8 RGB.

    Parameters
    ----------
    onset, apex : ndarray
        The two frames.
    flow : ndarray
        Motion from onset to apex as colour: hue is direction, strength is size.
    magnified : ndarray
        The onset with that motion made larger; the onset itself where the motion is mostly the head's.
    factor : float
        How many times larger, measured: the multiple of the motion nearest to what moved between ``onset`` and ``magnified``;
        1 where nothing was magnified.
    moving : ndarray or None
        The event from onset to offset in at most 12 small pictures, (T, 112, 112, 3); kept where all faces were analysed.
    """

    onset: np.ndarray
    apex: np.ndarray
    flow: np.ndarray
    magnified: np.ndarray
    factor: float
    moving: np.ndarray | None = None


@dataclass(repr=False)
class Findings:
    """What was found in one video. :class:`.analyze.Analysis` is the same, and can be saved.

    Attributes
    ----------
    name, path : str
        The video, without and with its folder.
    events : DataFrame
        One row a micro- or macro-expression. Frames are 0-based and inclusive; times are seconds since the first frame, and as the last
        frame belongs to the event, ``offset_s`` is when that frame ends: ``offset_s - onset_s`` is how long the event is seen. ``score`` is
        in multiples of the noise, ``amplitude`` the largest displacement in % of the eye distance; ``open`` says which end was not seen
        (``onset``, ``offset``), and ``certain`` is False of candidates. ``emotion`` is ``unclear`` where ``doubt`` says why none is named
        (:mod:`.doubt`). ``repeatable`` is the chance that it would be found again in a copy of the recording (:mod:`.repeatable`).
    others : DataFrame
        Blinks, shut eyes, speech, head movements and other motion, likewise.
    signals : DataFrame
        One row a frame and analysed face (:class:`fleeting.faces.signals.Signals`), with ``judged``, the spotter's ``micro`` score and
        its ``threshold``.
    quality : dict
        Numbers, and ``limits``: what the recording can and cannot show, in plain words.
    settings : dict
    pictures : dict of int to Pictures
        By row label of ``events``.
    """

    name: str
    path: str
    events: pd.DataFrame
    others: pd.DataFrame
    signals: pd.DataFrame
    quality: dict[str, Any]
    settings: dict[str, Any]
    pictures: dict[int, Pictures] = field(default_factory=dict)

    def __repr__(self) -> str:
        q, faces = self.quality, sum(bool(face.get("analysed")) for face in self.quality.get("faces", []))
        tables = [(certain(self.events), ("micro", "macro")), (self.others, ("blink", "speech", "head"))]
        counts = [", ".join(f"{(table['kind'] == kind).sum()} {kind}" for kind in kinds) for table, kinds in tables]
        length = f"{q.get('duration_s', 0):.1f} s at {q.get('fps', 0):.4g} frames/s"
        judged = f"{q.get('judged_s', 0):.1f} s judged, {faces} face{'s' * (faces != 1)}"
        return f"{type(self).__name__} of {self.path}\n{length}, {judged}\n{'; '.join(counts)}"


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """Events or others with the types of their columns: whole numbers, real numbers and words."""
    whole = dict.fromkeys(("face", "onset_frame", "apex_frame", "offset_frame"), "int64")
    real = {c: "float64" for c in table.columns if c.endswith("_s") or c.startswith("p_") or c in ("score", "amplitude", "repeatable")}
    words = {c: "object" for c in ("emotion", "aus", "open", "doubt") if c in table}
    yes = {c: "bool" for c in ("certain",) if c in table}
    return table.astype({**whole, **real, **words, **yes})
