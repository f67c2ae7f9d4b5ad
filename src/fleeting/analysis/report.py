"""An analysis as one self-contained HTML page, for people: summary, timeline, events with pictures, quality, limits."""
from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pandas as pd

from ..drawing.page import page, picture
from ..faces.action_units import AU_NAMES
from .findings import Findings, certain
from .plot import RARE, clock, flow_legend, timeline_svg
from .sensitivity import COLUMNS, chart

PICTURE_BYTES = 12_000_000                                # of pictures in one page, as written (base64)
MOVING_S = 2.0                                            # how long a pass of a moving picture takes at least
TIMELINES = 4                                             # faces that get one


def report_html(analysis: Findings) -> str:
    """One HTML page that needs nothing from outside it: no script, font, style or picture from elsewhere.

    Micro-expressions come first. Of many events, those with the highest scores get pictures, up to about 12 MB;
    the page says for how many there was no room.

    Parameters
    ----------
    analysis : Findings

    Returns
    -------
    str
        UTF-8 when written.
    """
    from markupsafe import Markup

    quality = analysis.quality
    cards, without = _cards(analysis)
    faces = sorted(int(f) for f in analysis.signals["face"].unique()) if len(analysis.signals) else [1]
    return page(
        "analysis/report.html.j2",
        name=analysis.name,
        summary=_summary(analysis),
        reason=None if len(analysis.events) else quality.get("reason") or "No motion stood out enough from the noise.",
        timelines=[(face, Markup(timeline_svg(analysis, face=face))) for face in faces[:TIMELINES]],
        faces=faces,
        followed=len(analysis.signals) > 0,
        cards=cards,
        without_pictures=without,
        legend=picture(flow_legend(72), ".png"),
        others=_others(analysis),
        quality=_quality(quality),
        people=[_person(f) for f in quality.get("faces") or []],
        sensitivity=Markup(chart(pd.DataFrame(quality.get("sensitivity") or [], columns=list(COLUMNS)))),
        limits=[str(limit) for limit in quality.get("limits") or []],
        truncated=quality.get("truncated"),
        weights=analysis.settings.get("weights"),
        settings=[(k, v if isinstance(v, str) else json.dumps(v, default=str, ensure_ascii=False))
                  for k, v in {"video": analysis.path, **analysis.settings}.items()],
    )


def _summary(analysis: Findings) -> str:
    """Such as "3 micro-expressions and 1 macro-expression in 42.0 s; 97 % of the video was judged."."""
    kinds = list(certain(analysis.events)["kind"]) if len(analysis.events) else []
    counts = [_count(kinds.count(kind), f"{kind}-expression") for kind in ("micro", "macro")]
    found = "No micro- or macro-expression" if not kinds else " and ".join(counts)
    if weaker := len(analysis.events) - len(kinds):
        found += f", and {_count(weaker, 'candidate')},"
    share = _number(analysis.quality.get("judged_share"))
    judged = "" if share is None else f"; {_percent(share)} of the video was judged"
    seconds = _number(analysis.quality.get("duration_s")) or 0
    length = f"{seconds:.1f} s" if seconds < 120 else "{:d} min {:d} s".format(*divmod(round(seconds), 60))
    return f"{found} in {length}{judged}."


def _cards(analysis: Findings) -> tuple[list[dict[str, Any]], int]:
    """What the page says about each event, micro first, then by time; and how many had to go without pictures."""
    events = analysis.events.assign(number=range(1, len(analysis.events) + 1))
    if not len(events):
        return [], 0
    events = events.assign(nth=events.groupby("kind").cumcount() + 1)
    micro_first = events["kind"].map({"micro": 0}).fillna(1)
    pictures: dict[Any, list[tuple[str, str]]] = {}
    moving: dict[Any, dict[str, Any]] = {}
    room = PICTURE_BYTES
    for label in events.assign(rank=micro_first).sort_values(["rank", "score"], ascending=[True, False]).index:
        if label not in analysis.pictures:
            continue
        look = analysis.pictures[label]
        larger = [(f"motion {look.factor:.2g} times larger", picture(look.magnified))] if look.factor != 1 else []
        shown = [("onset", picture(look.onset)), ("apex", picture(look.apex)), *larger, ("motion, onset to apex", picture(look.flow))]
        row = events.loc[label]
        film = _moving(look.moving, float(row["offset_s"]) - float(row["onset_s"]))
        room -= sum(len(data) for _, data in shown) + len(film["data"] if film else "")
        if room < 0:
            break
        pictures[label] = shown
        if film:
            moving[label] = film
    without = len(events) - len(pictures) if analysis.pictures else 0
    several = events["face"].nunique() > 1
    rows = events.assign(rank=micro_first).sort_values(["rank", "onset_s"], kind="stable").iterrows()
    cards = [_card(row, analysis.quality, pictures.get(label, []), several) | {"moving": moving.get(label)} for label, row in rows]
    return cards, without


def _moving(frames: np.ndarray | None, event_s: float) -> dict[str, Any] | None:
    """What the page needs to play an event: its pictures side by side, their number, and how long a pass takes, s."""
    if frames is None:
        return None
    seconds = max(MOVING_S, event_s)
    slower = seconds / max(event_s, 1e-3)
    caption = f"played {slower:.2g} times slower" if slower >= 1.05 else "as it happened"
    return {"data": picture(np.hstack(list(frames))), "count": len(frames), "seconds": f"{seconds:.2f}", "caption": caption}


def _card(row: pd.Series, quality: dict[str, Any], pictures: list[tuple[str, str]], several: bool) -> dict[str, Any]:
    length = _number(quality.get("duration_s")) or 0
    amplitude = _number(row["amplitude"])
    return {
        "number": int(row["number"]),
        "kind": str(row["kind"]),
        "nth": int(row["nth"]),
        "certain": bool(row["certain"]),
        "open": str(row["open"] or "").replace("+", " and "),
        "face": int(row["face"]) if several else None,
        "emotion": row["emotion"] if isinstance(row["emotion"], str) else "",
        "times": [(name, clock(float(row[f"{name}_s"]), length), int(row[f"{name}_frame"]))
                  for name in ("onset", "apex", "offset")],
        "ms": round(1000 * (float(row["offset_s"]) - float(row["onset_s"]))),
        "frames": int(row["offset_frame"]) - int(row["onset_frame"]) + 1,
        "bars": [(name, p, f"{p:.2f}".lstrip("0") if p < .995 else "1.0")
                 for name in ("negative", "positive", "surprise") if (p := _number(row[f"p_{name}"])) is not None],
        "aus": [au_name(au) for au in str(row["aus"] or "").split("+") if au and au != "nan"],
        "regions": str(row["regions"] or "").replace("_", " ").replace("+", ", "),
        "score": f"{float(row['score']):.1f}",
        "amplitude": None if amplitude is None else f"{amplitude:.1f} % of the eye distance",
        "doubt": row["doubt"] if isinstance(row.get("doubt"), str) else "",
        "repeatable": None if (again := _number(row.get("repeatable"))) is None else _percent(again),
        "pictures": pictures,
    }


def au_name(code: str) -> tuple[str, str]:
    """An action unit's code and its name in words: ``"R12"`` gives ``("AU12", "lip corner puller, right side")``."""
    match = re.fullmatch(r"(?:AU)?([RL]?)(\d+)", code.strip())
    if not match:
        return code, ""
    side, number = {"R": ", right side", "L": ", left side", "": ""}[match[1]], int(match[2])
    return f"AU{number}", AU_NAMES.get(number, "") + side


def _others(analysis: Findings) -> list[tuple[str, int, str, str]]:
    """(kind, count, count a minute with a face, seconds in all) of blinks, speech and head movement."""
    duration, faceless = (_number(analysis.quality.get(key)) or 0 for key in ("duration_s", "seconds_without_face"))
    seconds = duration - faceless
    rows = []
    names = {"blink": "blinks", "closed": "eyes shut", "speech": "speech", "head": "head movements", "other": "other motion"}
    for kind, name in names.items():
        of_kind = analysis.others[analysis.others["kind"] == kind] if len(analysis.others) else analysis.others
        if kind in RARE and not len(of_kind):
            continue
        took = float((of_kind["offset_s"] - of_kind["onset_s"]).sum()) if len(of_kind) else 0.0
        rows.append((name, len(of_kind), f"{60 * len(of_kind) / seconds:.1f}" if seconds > 0 else "–", f"{took:.1f} s"))
    return rows


def _quality(q: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(what, value, what it means) of those measures that were taken."""
    fps, nominal, frame_s = (_number(q.get(key)) for key in ("fps", "fps_nominal", "frame_s"))
    rate = None if fps is None else f"{fps:.4g} frames a second"
    if rate and fps and nominal and abs(nominal - fps) > .02 * nominal:
        rate += f" (the file says {nominal:.4g})"
    if rate and q.get("variable_rate"):
        rate += ", varying"
    frame = "" if not frame_s else (f"One frame lasts {1000 * frame_s:.3g} ms: an event of 1/25 s spans "
                                    f"{_count(max(1, round(.04 / frame_s)), 'frame')}.")
    size = f"{q['width']} × {q['height']} px" if q.get("width") and q.get("height") else None
    mode = {"mesh": "478-point face mesh", "coarse": "coarse: face box only"}.get(str(q.get("mode")), q.get("mode"))
    rows = [
        ("length", _unit(q, "duration_s", "s"), "" if q.get("frames") is None else _count(int(q["frames"]), "frame")),
        ("frame rate", rate, frame),
        ("picture", size, _oblong(_number(q.get("pixel_aspect")))),
        ("face followed by", mode, "Regions and action units are only rough." if q.get("mode") == "coarse" else ""),
        ("judged", _unit(q, "judged_s", "s"), "A face was seen well enough to say whether it moved."),
        ("brows judged", _share(q, "judged_upper_share"), "Not during blinks, nor where they could not be followed."),
        ("lower face judged", _share(q, "judged_lower_share"), "Not during speech, nor where lips, teeth or a hand mislead the tracking."),
        ("without a face", _unit(q, "seconds_without_face", "s"), "Nothing can be found there."),
        ("face size", _unit(q, "iod_px", "px", 0),
         "Distance between the eye centres. Micro-expressions move the skin by 0.5 to 4 % of it."),
        ("light", _unit(q, "light", "of 255", 0), "Mean brightness of the face."),
        ("flicker", _unit(q, "flicker", "%", 2), "Typical change of that brightness from one frame to the next."),
        ("sharpness", _unit(q, "sharpness", "", 1), "Higher is sharper."),
        ("head movement", _unit(q, "head_speed", "eye distances a second", 2), ""),
        ("left after alignment", _unit(q, "residual", "% of the eye distance", 2),
         "Spread of the skull's own places around the head's motion."),
        ("compression", *_compression(q.get("compression") or {})),
    ]
    return [(what, value, note) for what, value, note in rows if value is not None]


def _compression(found: dict[str, Any]) -> tuple[str | None, str]:
    """How strongly the file is compressed, and what these numbers mean."""
    quantiser, blocking = _number(found.get("quantiser")), _number(found.get("blocking"))
    parts = [f"{found['quantiser_of']} quantiser {quantiser:g} of {found['quantiser_most']}"] if quantiser is not None else []
    parts += [f"blocks {blocking:.2f}"] if blocking is not None else []
    note = "Steps across the borders of 8 px blocks, over those elsewhere: 1 where there is no trace of them."
    return ", ".join(parts) or None, note


def _oblong(aspect: float | None) -> str:
    """What was done to pixels that are not square."""
    return "" if aspect in (None, 1.0) else f"Stored in pixels {aspect:.3g} times as wide as high, and brought to square ones."


def _person(face: dict[str, Any]) -> str:
    first, last, share, iod = (_number(face.get(k)) for k in ("first_s", "last_s", "share", "iod_px"))
    parts = [f"Face {face.get('face')}"]
    if first is not None and last is not None:
        parts.append(f"from {clock(first, last)} to {clock(last, last)}")
    if share is not None:
        parts.append(f"{_percent(share)} of the video")
    if iod is not None:
        parts.append(f"{iod:.0f} px between the eyes")
    return ", ".join(parts) + (": analysed" if face.get("analysed") else ": not analysed")


def _unit(quality: dict[str, Any], key: str, unit: str, decimals: int = 1) -> str | None:
    value = _number(quality.get(key))
    return None if value is None else f"{value:.{decimals}f} {unit}".strip()


def _share(quality: dict[str, Any], key: str) -> str | None:
    value = _number(quality.get(key))
    return None if value is None else f"{_percent(value)} of the time"


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _percent(share: float) -> str:
    """Rounded, but never up to 100 % or down to 0 % from something in between."""
    rounded = round(100 * share)
    if rounded in (0, 100) and 0 < share < 1:
        return "less than 1\u00a0%" if share < .5 else "over 99\u00a0%"
    return f"{rounded}\u00a0%"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}".replace(",", " ")
