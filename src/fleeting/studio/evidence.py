"""What the program found in one video, read from its results folder: events, weaker candidates, signals and their timeline."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DatasetError
from ..faces.regions import REGIONS
from .library import read_about
from .store import Event

WEAKEST = 0.5  # candidates are peaks of the spotter's score above this share of its threshold
MIN_GAP_S = 0.1  # between two candidates
MAX_CANDIDATES = 500
PLACE = ("face_x", "face_y", "iod", "roll")  # where the face is
MOMENTS = ("onset", "apex", "offset")


@dataclass
class Evidence:
    """One results folder, read when needed.

    Attributes
    ----------
    folder : Path
    stamp : float
        When its ``analysis.json`` was written.
    """

    folder: Path
    stamp: float

    @cached_property
    def about(self) -> dict[str, Any]:
        """``analysis.json``; DatasetError where it cannot be read."""
        about = read_about(self.folder)
        try:  # all that is relied on elsewhere
            about["name"].encode("utf-8", "replace"), about["path"].encode("utf-8", "replace")
            [_event(row) for row in about["events"]]
            [(row["kind"], int(row["onset_frame"]), int(row["offset_frame"])) for row in about["others"]]
            if int(about["quality"]["frames"]) < 0 or not float(about["quality"]["frame_s"] or 1) > 0:
                raise ValueError("a negative length")
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            where = self.folder / "analysis.json"
            raise DatasetError(f"{where} is not what fleeting analyze writes ({error!r}). Analyse the video again.") from error
        return about

    @property
    def frames(self) -> int:
        """Frames of the video."""
        return int(self.about["quality"].get("frames") or 0)

    @property
    def frame_s(self) -> float:
        """Seconds a frame."""
        return float(self.about["quality"].get("frame_s") or 0.04)

    @cached_property
    def sure(self) -> list[Event]:
        """What the spotter is sure of, each with an identifier that a second analysis gives again."""
        return [event for row in self.about["events"] if (event := _event(row))["certain"]]

    @cached_property
    def candidates(self) -> list[Event]:
        """What moved less: the spotter's own candidates, or where it tells none, the lower peaks of its score; the strongest first."""
        told = [event for row in self.about["events"] if not (event := _event(row))["certain"]]
        return sorted(told or self._peaks(), key=lambda e: -e["score"])[:MAX_CANDIDATES]

    @cached_property
    def signals(self) -> pd.DataFrame:
        """``signals.csv`` in float32."""
        path = self.folder / "signals.csv"
        try:
            header = list(pd.read_csv(path, nrows=0).columns)
            types = {name: np.float32 for name in header if name not in ("seen", "judged")}
            table = pd.read_csv(path, dtype=types | {"frame": np.int64, "time_s": np.float64, "face": np.int64})
            if lacking := [name for name in PLACE if name not in table]:
                raise KeyError(f"without {', '.join(lacking)}")
            if not table["frame"].between(0, self.frames - 1).all():
                raise ValueError("it has other frames than analysis.json says")
        except (OSError, ValueError, KeyError) as error:
            raise DatasetError(f"{path} cannot be read ({error}). Analyse the video again.") from error
        return table

    def of_face(self, face: int) -> pd.DataFrame:
        """The rows of one face, by frame."""
        return self.signals[self.signals["face"] == face]

    @cached_property
    def times(self) -> np.ndarray:
        """Timestamp of each frame, (N,) float64; where no face was followed, between those of its neighbours."""
        known = self.signals.drop_duplicates("frame")
        frames = np.arange(self.frames)
        if len(known) < 2:
            return frames * self.frame_s
        at, times = known["frame"].to_numpy(float), known["time_s"].to_numpy(float)
        before, after = np.minimum(frames - at[0], 0), np.maximum(frames - at[-1], 0)
        return np.interp(frames, at, times) + (before + after) * self.frame_s

    def timeline(self, face: int) -> bytes:
        """Lines of the timeline: a JSON head (its length first, 4 bytes), then a float32 column for each name in it.

        Regions are lengths of motion in % of the eye distance; frames that the face is not seen in are nan.
        """
        table, n = self.of_face(face), self.frames
        rows = table["frame"].to_numpy(int)
        columns = {region: np.hypot(table[f"{region}_x"], table[f"{region}_y"]) for region in REGIONS if f"{region}_x" in table}
        columns |= {name: table[name] for name in ("micro", "threshold", "head_speed", "eye_open", "judged") if name in table}
        out = np.full((1 + len(columns), n), np.nan, np.float32)
        out[0] = self.times
        for line, values in zip(out[1:], columns.values(), strict=True):
            line[rows] = np.asarray(values, np.float32)
        head = json.dumps({"frames": n, "columns": ["time", *columns]}).encode()
        head += b" " * (-len(head) % 4)  # the columns begin at a multiple of 4
        return struct.pack("<I", len(head)) + head + out.astype("<f4").tobytes()

    def _peaks(self) -> list[Event]:
        from scipy.signal import find_peaks

        found: list[Event] = []
        if "micro" not in self.signals:
            return found
        for face in map(int, self.signals["face"].unique()):
            table = self.of_face(face)
            score, frame = np.nan_to_num(table["micro"].to_numpy(float)), table["frame"].to_numpy(int)
            threshold = float(table["threshold"].iloc[0]) if "threshold" in table else 1.0
            peaks, shape = find_peaks(
                score, height=WEAKEST * threshold, distance=max(1, round(MIN_GAP_S / self.frame_s)), width=0, rel_height=0.5
            )
            taken = [(e["onset"], e["offset"]) for e in self.sure if e["face"] == face]
            for k, peak in enumerate(peaks):
                onset, apex, offset = (int(frame[int(i)]) for i in (shape["left_ips"][k], peak, math.ceil(shape["right_ips"][k])))
                if not any(a <= offset and onset <= b for a, b in taken):
                    row = {"face": face, "kind": "micro", "onset_frame": onset, "apex_frame": apex, "offset_frame": offset}
                    found.append(_event(row | {"score": round(float(score[peak]), 2), "certain": False}))
        return found


def _event(row: dict[str, Any]) -> Event:
    onset, apex, offset = (int(row[f"{name}_frame"]) for name in MOMENTS)
    kind, face = str(row["kind"]), int(row["face"])
    certain = row.get("certain", True) not in (False, "False")
    return {
        "id": f"{face}-{kind}-{onset}-{offset}",
        "source": "program" if certain else "candidate",
        "certain": certain,
        "verdict": "open",
        "face": face,
        "kind": kind,
        "onset": onset,
        "apex": apex,
        "offset": offset,
        "emotion": str(row.get("emotion") or ""),
        "aus": str(row.get("aus") or "none"),  # the program looks at each event, so none was seen
        "doubt": str(row.get("doubt") or ""),  # why the emotion is left open
        "note": "",
        "score": float(row.get("score") or 0),
        "probabilities": {name: row.get(f"p_{name}") for name in ("negative", "positive", "surprise") if row.get(f"p_{name}") is not None},
        "repeatable": row.get("repeatable"),
        "regions": str(row.get("regions") or "").replace("_", " ").replace("+", ", "),
        "amplitude": row.get("amplitude"),
        "open": str(row.get("open") or ""),
    }
