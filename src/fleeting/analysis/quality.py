"""How good a recording is, and in plain words what it can and cannot show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..faces.regions import REGIONS
from ..faces.signals import Signals
from ..media import Media

SHORTEST_S = 0.065  # the shortest micro-expressions reported: Yan et al. (2013), J. Nonverbal Behavior 37, 217
FEW_FRAMES, SMALL_FACE, DARK, BRIGHT = 5, 60, 50, 205
# From which on a copy loses a tenth of its original's events and more (docs/spotting.md, "The same recording twice"). Copies by VP9 at 116,
# MPEG-4 at 4 and MJPEG with blocks of 1.6 lose less: said is what is stronger than these.
COARSE_QUANTISER, BLOCKY = {"H.264": 27, "VP9": 150, "MPEG": 8}, 2.0
FOLLOWED, LOST = 0.4, 0.1  # likeness below which a region is not followed, as the spotter has it; share of the time from which this is said


def assess(
    media: Media, signals: Signals, upper: np.ndarray, lower: np.ndarray, *, mode: str, max_duration_s: float
) -> dict[str, Any]:
    """The numbers and sentences of a recording's quality, fit for JSON.

    Parameters
    ----------
    media : Media
        Read to its end.
    signals : Signals
    upper, lower : ndarray of shape (T,), bool
        Frames in which the brows, and the face from the cheeks downwards, of at least one face were judged.
    mode : {'mesh', 'coarse'}
    max_duration_s : float
        Longest micro-expression looked for.
    """
    times, judged = signals.times, upper | lower
    steps = np.diff(times)
    frame_s = _frame_s(steps) if len(steps) else 1 / media.fps
    duration = float(times[-1] + frame_s) if len(times) else 0.0
    tables = list(signals.tables.values())
    face = pd.concat(tables) if tables else pd.DataFrame()

    def middle(name: str) -> float | None:
        values = face[name].dropna().to_numpy() if name in face else np.array([])
        return round(float(np.median(values)), 3) if len(values) else None

    seen = np.any([table["seen"] for table in tables], axis=0) if tables else np.zeros(len(times), bool)
    out: dict[str, Any] = {
        "frames": len(times),
        "duration_s": round(duration, 4),
        "first_frame_s": media.start,
        "fps": round(1 / frame_s, 3),
        "fps_nominal": round(media.fps, 3),
        "variable_rate": bool(len(steps) and np.percentile(np.abs(steps - frame_s), 95) > 0.1 * frame_s),
        "frame_s": round(frame_s, 6),
        "width": media.width,
        "height": media.height,
        "pixel_aspect": round(media.pixel_aspect, 4),
        "seconds_without_face": round(float((~seen).sum()) * frame_s, 3),
        "judged_s": round(float(judged.sum()) * frame_s, 3),
        "judged_share": _share(judged),
        "judged_upper_share": _share(upper),
        "judged_lower_share": _share(lower),
        "iod_px": middle("iod"),
        "light": middle("light"),
        "flicker": _flicker(tables),
        "sharpness": middle("sharpness"),
        "head_speed": middle("head_speed"),
        "residual": middle("residual"),
        "lost_share": _lost(face),
        "compression": media.compression(),
        "mode": mode,
        "truncated": media.truncated,
        "faces": [_person(person, signals, duration, frame_s) for person in signals.people],
    }
    out["reason"] = None
    out["limits"] = _limits(out, media, max_duration_s)
    return out


def _share(mask: np.ndarray) -> float:
    return round(float(mask.mean()), 4) if len(mask) else 0.0


def _frame_s(steps: np.ndarray) -> float:
    """How long a frame lasts, s: the mean of the usual steps from one to the next, for each may be rounded to a millisecond."""
    middle = np.median(steps)
    return float(steps[np.abs(steps - middle) <= max(0.1 * middle, 0.001)].mean())


def _person(person: Any, signals: Signals, duration: float, frame_s: float) -> dict[str, Any]:
    table = signals.tables.get(person.number)
    return {
        "face": person.number,
        "first_s": round(person.first_s, 3),
        "last_s": round(person.last_s, 3),
        "seconds": round(person.seconds, 3),
        "share": round(person.seconds / duration, 4) if duration else 0.0,
        "iod_px": round(float(np.median(person.iods)), 1) if person.iods else None,
        "analysed": table is not None,
        "judged_s": round(float(table["judged"].sum()) * frame_s, 3) if table is not None else 0.0,
    }


def _flicker(tables: list[pd.DataFrame]) -> float | None:
    """Typical change of light from one frame to the next, % of the light."""
    changes = [np.abs(np.diff(t["light"])) / np.maximum(t["light"].to_numpy()[1:], 1) for t in tables if len(t) > 1]
    values = np.concatenate(changes) if changes else np.array([])
    values = values[np.isfinite(values)]
    return round(100 * float(np.median(values)), 3) if len(values) else None


def _lost(face: pd.DataFrame) -> dict[str, float]:
    """Share of the time in which a face was seen for which a region's skin was not followed: hidden, or a track that had slipped off."""
    seen = face[face["seen"]] if len(face) else face
    lost = {region: float((seen[f"{region}_likeness"] < FOLLOWED).mean()) for region in REGIONS} if len(seen) else {}
    return {region: round(share, 3) for region, share in lost.items() if share >= 0.005}


def _strong(compression: dict[str, Any]) -> str:
    """How strong a compression is that is too strong; empty where it is not."""
    quantiser, of = compression.get("quantiser"), compression.get("quantiser_of")
    if quantiser and of and quantiser >= COARSE_QUANTISER[of]:
        return f"{of} quantiser {quantiser:g} of {compression['quantiser_most']}"
    blocking = compression.get("blocking")
    return f"blocks of 8 px stand out by {blocking - 1:.0%}" if blocking and blocking >= BLOCKY else ""


def _limits(q: dict[str, Any], media: Media, max_duration_s: float) -> list[str]:
    """What a reader must know before believing the events, most important first."""
    out = []
    fps, frame_ms = q["fps"], 1000 * q["frame_s"]
    if q["truncated"]:
        out.append(f"The recording is incomplete: {q['truncated']}")
    if q["mode"] == "coarse":
        out.append(
            "Coarse mode: only a face box was found, without the face model. Regions are approximate; "
            "blinks and gaze were not seen and may be taken for expressions."
        )
    shortest = int(SHORTEST_S / q["frame_s"])
    if SHORTEST_S / q["frame_s"] < FEW_FRAMES:
        out.append(
            f"At {fps:g} frames a second one frame lasts {frame_ms:.0f} ms: an event of 1/25 s covers "
            f"{_frames(0.04 / q['frame_s'])}, the shortest micro-expressions ({1000 * SHORTEST_S:.0f} ms) {_frames(shortest)}, "
            f"and one of {max_duration_s:g} s {_frames(max_duration_s / q['frame_s'])}. Very short events can be missed, and onset and "
            f"offset are good to about {frame_ms:.0f} ms; what shows in a single frame is not counted. 100 frames a second or more are "
            "better."
        )
    if q["variable_rate"]:
        out.append(
            "The frame rate varies; times are taken from each frame's own timestamp, and where it drops, short events can be missed."
        )
    if media.repaired:
        out.append(f"{media.repaired} frames had no usable timestamp; theirs were filled in by the nominal frame rate.")
    if q["iod_px"] is not None and q["iod_px"] < SMALL_FACE:
        out.append(
            f"The face is small ({q['iod_px']:.0f} px between the eyes): a micro-expression moves the skin by 1-3 % of that, "
            f"here {q['iod_px'] * 0.01:.1f} to {q['iod_px'] * 0.03:.1f} px. Come closer: {SMALL_FACE} px or more are needed."
        )
    lost = {region: share for region, share in q["lost_share"].items() if share > LOST}
    if lost:
        worst = max(lost, key=lambda region: lost[region])
        more = f" (and {len(lost) - 1} more, for less)" if len(lost) > 1 else ""
        out.append(
            f"For {100 * lost[worst]:.0f} % of the time in which the face was seen, the {worst.replace('_', ' ')} could not be followed"
            f"{more}: something hid the skin, or what was followed had slipped off it. Nothing is judged there then."
        )
    if q["light"] is not None and not DARK <= q["light"] <= BRIGHT:
        out.append(f"The face is too {'dark' if q['light'] < DARK else 'bright'} (mean grey level {q['light']:.0f} of 255).")
    if q["flicker"] is not None and q["flicker"] > 1.5:
        out.append(f"The light flickers by {q['flicker']:.1f} % from frame to frame.")
    if strong := _strong(q["compression"]):
        out.append(
            f"The recording is strongly compressed ({strong}), and that limits what can be found: some events of an original are not found "
            "in a copy compressed like this, and the other way round. Where there is an original, use it."
        )
    if q["seconds_without_face"] > max(1.0, 0.02 * q["duration_s"]):
        out.append(f"For {q['seconds_without_face']:.1f} of {q['duration_s']:.1f} s no face was seen; nothing can be said about them.")
    others = [f for f in q["faces"] if not f["analysed"]]
    if others:
        names = ", ".join(str(f["face"]) for f in others)
        out.append(f"{len(q['faces'])} faces were seen; not analysed: {names}. Analyse one by its number, or 'all' (setting: face).")
    out.append(
        "Motion is reported, and the emotion group such motion is usually coded as. No one's thoughts or honesty can be read from it."
    )
    return out


def _frames(count: float) -> str:
    whole = max(1, round(count))
    return f"{whole} frame{'s' if whole > 1 else ''}"
