"""Frames and times of a recording: the one rule by which intervals are written for other programs, and read back.

An interval's last frame belongs to it, and so an interval ends (``offset_s``) when that frame does, one frame after it was taken: in
tables, subtitles and ELAN alike, and what an event's duration is measured by. The way back: an interval
begins with the frame that is on the screen at its beginning, and its last frame is the first whose time plus one frame reaches its end. A
boundary that a coder sets while a frame is shown therefore means that frame, and what was written comes back as it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ROUNDED_S = 0.0006  # files hold whole milliseconds, so a frame's time may be off by half of one


@dataclass(frozen=True, eq=False)
class Clock:
    """When each frame of a recording was taken.

    Parameters
    ----------
    fps : float
        Nominal frames a second.
    times : ndarray of shape (T,) float64, or None
        Timestamps, s since the first frame, ascending. None: not known, and frames follow each other at ``fps``.
    start_s : float
        How long after the beginning of the file, from which players and ELAN count, the first frame is shown, s.
    """

    fps: float
    times: np.ndarray | None = None
    start_s: float = 0.0

    @property
    def frame_s(self) -> float:
        """How long one frame lasts, s: the usual distance of two timestamps."""
        return 1 / self.fps if self.times is None or len(self.times) < 2 else float(np.median(np.diff(self.times)))

    @property
    def end_s(self) -> float:
        """When the last frame ends, s; infinite where the number of frames is not known."""
        return float("inf") if self.times is None else float(self.times[-1]) + self.frame_s

    def time(self, frame: int) -> float:
        """When a frame was taken, s since the first; the last frame stands for any after it.

        Parameters
        ----------
        frame : int
            0-based.

        Returns
        -------
        float
            In seconds.
        """
        return frame / self.fps if self.times is None else float(self.times[min(frame, len(self.times) - 1)])

    def shown(self, time_s: float) -> int:
        """The frame that is on the screen at a time, 0-based.

        Parameters
        ----------
        time_s : float
            Seconds since the first frame.

        Returns
        -------
        int
            The last frame, where the time is later.
        """
        if self.times is None:
            return max(int(np.floor((time_s + ROUNDED_S) * self.fps)), 0)
        return max(int(np.searchsorted(self.times, time_s + ROUNDED_S, side="right")) - 1, 0)

    def last(self, end_s: float) -> int:
        """The last frame of an interval that ends at a time, 0-based.

        Parameters
        ----------
        end_s : float
            Seconds since the first frame.

        Returns
        -------
        int
            As an offset has it.
        """
        begin_s = end_s - self.frame_s - ROUNDED_S
        if self.times is None:
            return max(int(np.ceil(begin_s * self.fps)), 0)
        return min(int(np.searchsorted(self.times, begin_s, side="left")), len(self.times) - 1)


def milliseconds(onset_s: float, offset_s: float) -> tuple[int, int]:
    """Begin and end, ms, of an interval that begins and ends at these times, s; one millisecond long at least."""
    begin = max(round(1000 * onset_s), 0)
    return begin, max(round(1000 * offset_s), begin + 1)
