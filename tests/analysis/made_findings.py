"""Findings made by hand, for what is written about them."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

from fleeting.analysis.findings import EVENT_COLUMNS, OTHER_COLUMNS


def event(onset, offset, kind="micro", face=1, fps=100, **more):
    values = {
        "video": "a.mp4",
        "face": face,
        "onset_frame": onset,
        "apex_frame": onset,
        "offset_frame": offset,
        "onset_s": onset / fps,
        "apex_s": onset / fps,
        "offset_s": (offset + 1) / fps,
        "score": 4.23456,
        "emotion": "surprise",
        "p_negative": 0.1,
        "p_positive": 0.19,
        "p_surprise": 0.71049,
        "aus": "AU1+AU2",
        "kind": kind,
        "regions": "inner_brow",
        "amplitude": 1.25,
        "open": "",
        "certain": True,
        "repeatable": 0.8666,
    }
    return {**values, **more}


def analysis(events=(), others=(), path="videos/a.mp4", rows=20, faces=(1,)):
    signals = pd.DataFrame(
        {
            "frame": np.arange(rows),
            "time_s": np.arange(rows) / 3,
            "face": np.resize(faces, rows),
            "seen": True,
            "judged": True,
            "chin_x": np.float32(1 / 3),
            "chin_y": np.nan,
            "micro": 0.5,
            "threshold": 2.0,
        }
    )
    return SimpleNamespace(
        name=Path(path).name,
        path=str(path),
        events=pd.DataFrame(list(events), columns=list(EVENT_COLUMNS)),
        others=pd.DataFrame(list(others), columns=list(OTHER_COLUMNS)),
        signals=signals,
        quality={
            "frames": np.int64(20),
            "duration_s": 6.67,
            "frame_s": 0.01,
            "light": np.nan,
            "reason": None,
            "limits": [],
            "faces": [{"face": 1, "share": np.float32(0.5), "analysed": np.True_}],
        },
        settings={"version": "0.1.0", "spotter": "flow", "size": (1, 2)},
        pictures={},
    )
