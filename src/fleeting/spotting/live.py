"""A spotter while the camera still runs: what it finds in the last seconds is told once, looked at again, and corrected where it was wrong.

The spotter itself is the one that ``analyze`` uses, asked anew every fifth of a second about the last half minute. It judges a moment by
what comes before and after it, so that near the end of what it is shown it can err. An event is therefore told when its end lies a little
back, and looked at once more when much more has been seen of what came after: then it is kept, changed or taken back, and stays so. What is
seen but too fresh to be told says when it is ``due``, so that it need not wait for the next fifth of a second.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..faces.regions import LOWER_FACE
from ..faces.signals import table_of
from .check import spot
from .matching import match

WINDOW_S = 30.0  # what the spotter is shown; its widest look at a region's habits is 16 s
SETTLE_S = 0.2  # how far an event's end must lie back before it is told
DOUBTFUL_S = 0.3  # the same of what is most often taken back: a mouth's motion may be a first syllable, and a weak one nothing
FINAL_S = 4.0  # and before it is looked at for the last time: speech is told by what follows, and a macro pulse by its other half
EXPRESSIONS = ("micro", "macro", "other")

State = Literal["new", "kept", "changed", "gone"]


@dataclass(frozen=True)
class Told:
    """One event, as it is told.

    Attributes
    ----------
    id : int
        The same when it is told again.
    state : str
        ``new``; later ``kept`` or ``changed``, or ``gone`` where it turned out to be none.
    face : int
    kind : str
    onset, apex, offset : int
        Frames, counted from the first that was pushed; inclusive.
    onset_s, apex_s, offset_s : float
        Their timestamps. The last frame belongs to the event: ``offset_s`` is its end.
    score, amplitude : float
    regions, open : str
        As :class:`.flow_spotter.Spotted` has them.
    """

    id: int
    state: State
    face: int
    kind: str
    onset: int
    apex: int
    offset: int
    onset_s: float
    apex_s: float
    offset_s: float
    score: float
    amplitude: float
    regions: str
    open: str


class LiveSpotter:
    """Tells the events of a recording that goes on.

    Parameters
    ----------
    spotter : object
        Any spotter over signals, such as :class:`.flow_spotter.FlowSpotter`.
    window_s : float, default=30
        How much of the past it is shown, and what is kept.
    settle_s, doubtful_s, final_s : float, default=.2, .3 and 4
        How far the end of an event must lie back before it is told; the same of motion of the lower face alone, and of motion that is weak
        and of no kind; and before it is looked at for the last time.

    Attributes
    ----------
    due : float
        From which timestamp on a look can tell what the last one saw and held back; infinite where it held back nothing.
    """

    def __init__(
        self,
        spotter: Any,
        window_s: float = WINDOW_S,
        settle_s: float = SETTLE_S,
        doubtful_s: float = DOUBTFUL_S,
        final_s: float = FINAL_S,
    ):
        self.spotter, self.window_s = spotter, window_s
        self.settle_s, self.doubtful_s, self.final_s = settle_s, doubtful_s, final_s
        self._times: deque[float] = deque()
        self._gone = 0  # frames before the first of the window
        self._rows: dict[int, deque[tuple[int, np.ndarray]]] = {}
        self._told: dict[int, Told] = {}  # by identifier, those that are not final
        self._final: deque[Told] = deque()
        self._count = 0
        self.due = math.inf

    def push(self, time: float, rows: Mapping[int, np.ndarray]) -> None:
        """Take in the next frame.

        Parameters
        ----------
        time : float
            Its timestamp in s, later than the one before.
        rows : mapping of int to ndarray of shape (len(COLUMNS),), float32
            What :meth:`fleeting.faces.signals.Crowd.step` gave for it.
        """
        for number, values in rows.items():
            self._rows.setdefault(number, deque()).append((self._gone + len(self._times), values))
        self._times.append(time)
        while self._times[-1] - self._times[0] > self.window_s:
            self._times.popleft()
            self._gone += 1
        for number in list(self._rows):
            kept = self._rows[number]
            while kept and kept[0][0] < self._gone:
                kept.popleft()
            if not kept:
                del self._rows[number]
        while self._final and self._final[0].offset < self._gone:
            self._final.popleft()

    def look(self, ended: bool = False) -> list[Told]:
        """What is new since the last look, and what has become of earlier events; by onset.

        Parameters
        ----------
        ended : bool, default=False
            No frame will follow: everything is told, and nothing looked at again.
        """
        self.due = math.inf
        if not self._times:
            return []
        out = []
        for face in sorted({*self._rows, *(each.face for each in self._told.values())}):
            out += self._look(face, self._found(face), ended)
        return sorted(out, key=lambda each: (each.onset, each.id))

    def _found(self, face: int) -> list[Told]:
        """What the spotter says of the window, without identifiers."""
        times = np.array(self._times)
        rows = self._rows.get(face)
        if not rows:
            return []
        index = np.array([frame for frame, _ in rows]) - self._gone
        found = spot(self.spotter, table_of(times, index, np.stack([values for _, values in rows]))).intervals
        frame_s = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
        out = []
        for row in found[found["certain"].astype(bool)].to_dict("records"):
            onset, apex, offset = (int(row[name]) for name in ("onset", "apex", "offset"))
            frames = (self._gone + onset, self._gone + apex, self._gone + offset)
            seconds = (float(times[onset]), float(times[apex]), float(times[offset]) + frame_s)
            score, amplitude, regions = float(row["score"]), float(row["amplitude"]), str(row["regions"])
            out.append(Told(0, "new", face, str(row["kind"]), *frames, *seconds, score, amplitude, regions, str(row["open"])))
        return out

    def _look(self, face: int, found: list[Told], ended: bool) -> list[Told]:
        known = [each for each in (*self._told.values(), *self._final) if each.face == face]
        same = {i: known[j] for j, i in _paired(known, found)}
        out: list[Told] = []
        for i, now in enumerate(found):
            before = same.get(i)
            if before is None:
                if ended or self._tellable(now):
                    self._count += 1
                    self._told[self._count] = replace(now, id=self._count)
                    out.append(self._told[self._count])
                elif self._back(now) < self.final_s:
                    self.due = min(self.due, now.offset_s + self._settles(now))
            elif before.id in self._told and (ended or self._back(now) >= self.final_s):
                out.append(replace(now, id=before.id, state="kept" if _said(now) == _said(before) else "changed"))
        still = {each.id for each in same.values()}
        lost = [e for e in known if e.id in self._told and e.id not in still and (ended or self._back(e) >= self.final_s)]
        # What began before the window cannot be judged any more: it stays what it was.
        out += [replace(each, state="gone" if each.onset > self._gone else "kept") for each in lost]
        for each in out:
            if each.state != "new":
                del self._told[each.id]
            if each.state in ("kept", "changed"):
                self._final.append(each)
        return out

    def _back(self, event: Told) -> float:
        return self._times[-1] - event.offset_s

    def _tellable(self, event: Told) -> bool:
        goes_on = "offset" in event.open and self._times[-1] - event.onset_s >= self.final_s  # held for long: not to be waited for
        return self._back(event) < self.final_s and (goes_on or self._back(event) >= self._settles(event))

    def _settles(self, event: Told) -> float:
        mouth = event.kind in EXPRESSIONS and set(event.regions.split("+")) <= set(LOWER_FACE)
        return self.doubtful_s if mouth or event.kind == "other" else self.settle_s


def _paired(known: list[Told], found: list[Told]) -> list[tuple[int, int]]:
    """Positions of those that overlap and are of one sort: both expressions, or of the same other kind; the best overlaps first."""
    sorts = sorted({_sort(each) for each in (*known, *found)})
    apart = 1 + max((each.offset for each in (*known, *found)), default=0)  # each sort in a stretch of its own
    shifts = [[apart * sorts.index(_sort(each)) for each in events] for events in (known, found)]
    one, other = (
        pd.DataFrame([(e.onset + shift, e.offset + shift) for e, shift in zip(events, by, strict=True)], columns=["onset", "offset"])
        for events, by in zip((known, found), shifts, strict=True)
    )
    return match(one, other, iou=1e-9).pairs if known and found else []


def _sort(event: Told) -> str:
    return "expression" if event.kind in EXPRESSIONS else event.kind


def _said(event: Told) -> tuple[str, int, int, int, str]:
    return event.kind, event.onset, event.apex, event.offset, event.open
