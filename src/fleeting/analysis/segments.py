"""A long recording on several cores: its segments are measured in processes of their own, and their signals joined.

Each segment but the first begins some seconds early, so that its track has settled where it takes over; there the traces are shifted onto
those of the segment before, for a trace tells how far the skin is from where that track began. Events are spotted on what was joined.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from math import ceil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from ..compute.workers import run_all
from ..errors import MediaError
from ..faces.mesh import FaceMesh, HaarFaces
from ..faces.regions import REGIONS
from ..faces.signals import HEAD, Detector, Person, Signals, measure
from ..media import Frame, Media, open_media

SEGMENT_S = 120.0  # about how long a segment is, and the least that is worth cutting in two
OVERLAP_S = 10.0  # by which it begins early: traces that are far from the mesh's sink back within some seconds
SEAM_S = 2.0  # before a seam, over which the traces of both segments are compared
# What is told from where a track began.
TRACES = [*(f"{region}_{axis}" for region in REGIONS for axis in ("x", "y")), *(f"{region}_strain" for region in REGIONS), *HEAD]


def measure_in_segments(
    media: Media, jobs: int, *, fps: float | None, coarse: bool, progress: Callable[[Frame], None] | None = None
) -> Signals | None:
    """The signals of a video file as :func:`fleeting.faces.signals.measure` has them, by several processes.

    Parameters
    ----------
    media : Media
        A video file; none of its pictures is read here, and its frames can be sought afterwards.
    jobs : int
        Processes; -1 takes one for each core.
    fps : float or None
        As it was opened with.
    coarse : bool
        Without the face mesh.
    progress : callable, optional
        Called with a frame for each segment that is done: its index tells how many frames are.

    Returns
    -------
    Signals or None
        None where it must be read in one go: it is short, not a file that tells where its frames lie, damaged, or shows more than one face:
        who is who is only known to somebody who has seen all.
    """
    if not Path(media.path).is_file():
        return None
    with open_media(media.path, fps=fps) as again:  # what is listed need not be what can be decoded
        signals = _by_several(again, jobs, fps, coarse, progress)
    if signals:
        media.listed()
    return signals


def _by_several(media: Media, jobs: int, fps: float | None, coarse: bool, progress: Callable[[Frame], None] | None) -> Signals | None:
    times = media.listed()
    count = 0 if times is None else round((times[-1] - times[0]) / SEGMENT_S)
    if times is None or count < 2:
        return None
    starts = [round(k * len(times) / count) for k in range(count)] + [len(times)]
    early = ceil(OVERLAP_S * (len(times) - 1) / (times[-1] - times[0]))
    calls = [(media.path, fps, coarse, max(0, start - early), stop) for start, stop in pairwise(starts)]
    parts: dict[int, Signals] = {}
    try:
        for number, part in (coming := run_all(_measured, calls, jobs=jobs)):
            if part is None or len(part.people) > 1:
                with warnings.catch_warnings(action="ignore"):  # joblib's word that what it still does is in vain
                    coming.close()
                return None
            parts[number] = part
            if progress:
                done = sum(starts[k + 1] - starts[k] for k in parts)
                progress(Frame(done - 1, times[done - 1], next(media.frames(done - 1, done)).image))
    except MediaError:  # damaged: who reads it in one go says how
        return None
    return joined([parts[k] for k in range(count)], starts, times)


def _measured(path: str, fps: float | None, coarse: bool, early: int, stop: int) -> Signals | None:
    """The signals of the frames from ``early`` to ``stop``."""
    from threadpoolctl import threadpool_limits

    cv2.setNumThreads(1)  # this process is one of several: two threads take 15.7 ms of processor time for a mesh that one takes 10.2 for
    with open_media(path, fps=fps) as media, threadpool_limits(1, "blas"):
        if media.listed() is None:
            return None
        signals = measure(media.ahead(media.frames(early, stop)), _detector(coarse))
    for person in signals.people:
        person.track = None  # its pictures need not be sent
    return signals


@cache
def _detector(coarse: bool) -> Detector:
    return HaarFaces() if coarse else FaceMesh()


def joined(parts: list[Signals], starts: list[int], times: np.ndarray) -> Signals:
    """The signals of segments that show one face or none, as those of one recording.

    Parameters
    ----------
    parts : list of Signals
        Those of the frames up to each of ``starts[1:]``, from ``starts`` or some seconds earlier.
    starts : list of int
        Where each segment takes over, and at last the number of frames.
    times : ndarray of shape (T,), float64
        Seconds of each frame.
    """
    tables: list[pd.DataFrame] = []
    person: Person | None = None
    tracks = 0
    for part, start, stop in zip(parts, starts, starts[1:], strict=False):
        begins = stop - len(part.times)  # the frame that the segment was begun with
        if part.people:
            came = part.people[0]
            person = came if person is None else _one_person(person, came, times[start])
        if not part.tables:
            tables.append(pd.DataFrame({"frame": np.arange(start, stop), "time_s": times[start:stop], "seen": False}))
            continue
        table = part.longest.assign(frame=np.arange(begins, stop), time_s=times[begins:stop])
        overlap, own = table[table["frame"] < start], table[table["frame"] >= start].copy()
        before = tables[-1] if tables else pd.DataFrame()
        own["track"] += tracks
        if len(shift := _shift(before, overlap)):
            goes_on = own["track"] == overlap["track"].iloc[-1] + tracks
            own.loc[goes_on, TRACES] += shift.to_numpy(np.float32)
            own.loc[goes_on, "track"] = before["track"].iloc[-1]
        tracks = int(np.nanmax([tracks, own["track"].max()]))
        tables.append(own)
    if person is None or not tracks:
        return Signals({}, [person] if person else [], times)
    return Signals({1: pd.concat(tables, ignore_index=True)}, [person], times)


def _shift(before: pd.DataFrame, overlap: pd.DataFrame) -> pd.Series:
    """How far the traces of one segment are from those of the next where both follow the face up to the seam; empty where one does not."""
    if before.empty or overlap.empty or "track" not in before:
        return pd.Series(dtype=float)
    seam = overlap["time_s"].iloc[-1] - SEAM_S
    ours, theirs = (part[part["time_s"] > seam] for part in (before, overlap))
    both = ours.merge(theirs, on="frame", suffixes=("", "_next"))
    steady = both["seen"].all() and both["seen_next"].all() and both["track"].nunique() == both["track_next"].nunique() == 1
    if not len(both) or not steady:
        return pd.Series(dtype=float)
    return pd.Series({name: (both[name] - both[f"{name}_next"]).median() for name in TRACES})


def _one_person(before: Person, after: Person, seam: float) -> Person:
    """One face that two segments saw."""
    overlap = max(0.0, seam - after.first_s)
    after.iods = before.iods + after.iods[ceil(overlap) :]  # a look a second while it is followed
    after.seconds = before.seconds + max(0.0, after.seconds - overlap)
    after.first_s, after.last_s = before.first_s, max(before.last_s, after.last_s)
    return after
