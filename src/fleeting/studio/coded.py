"""One coder's events as other programs and rooms want them: as findings, as a coding, and as the files that are exported."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import pandas as pd

from ..analysis import export
from ..analysis.clock import Clock
from ..analysis.elan import to_eaf
from ..analysis.findings import EVENT_COLUMNS, OTHER_COLUMNS, Findings
from ..coding.changes import corrections, counts
from ..coding.coding import Coding, event_table
from ..coding.pairing import paired
from ..coding.reading import read_coding
from ..errors import UsageError
from ..labels import UNCLEAR
from .evidence import MOMENTS, Evidence
from .store import Event, State

FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json", "eaf": "application/xml", "vtt": "text/vtt; charset=utf-8"}
Kept = Literal["accepted", "open"]
MORE_COLUMNS = ("coder", "verdict", "source", "note")


def kept_events(state: State, kept: Kept) -> list[Event]:
    """The events that were accepted or added, by onset; with ``open``, also those that nobody has judged yet."""
    verdicts = ("accepted",) if kept == "accepted" else ("accepted", "open")
    return sorted((e for e in state.events.values() if e["verdict"] in verdicts), key=lambda e: (e["onset"], e["offset"], e["id"]))


def coding_of(evidence: Evidence, state: State, coder: str, video: str, kept: Kept = "accepted") -> Coding:
    """What a coder says happened, for comparison, arbitration and training."""
    rows = [
        {f"{name}_frame": event[name] for name in MOMENTS} | {name: event[name] for name in ("face", "kind", "emotion", "aus", "note")}
        for event in kept_events(state, kept)
    ]
    clock = Clock(1 / evidence.frame_s, evidence.times)
    media = Path(video) if video and Path(video).exists() else None
    return Coding(video, coder, event_table(rows, clock, coder), clock, media, str(evidence.folder))


def taken_in(path: Path, evidence: Evidence, state: State, coder: str, video: str) -> tuple[list[tuple[str, Event]], dict[str, int]]:
    """What a coder's own file, such as one corrected in ELAN, makes of the coder's events.

    Returns
    -------
    changes : list of (str, Event)
        Identifier and new state of each event that the file confirms, moves, relabels or adds (accepted), or does not have (rejected).
    counts : dict of str to int
        How many of each, as :func:`fleeting.coding.changes.counts` has them.

    Raises
    ------
    CodingError
        The file cannot be read, or says what cannot be.
    """
    before = coding_of(evidence, state, coder, video, "open")
    events = sorted(kept_events(state, "open"), key=lambda e: (e["onset"], e["offset"], e["face"]))  # as the table has them
    after = read_coding(path, coder=coder, video=before.media, clock=before.clock)
    pairs = {j: i for i, j in paired(before.events, after.events, 1e-9)}
    blank = {"source": "coder", "certain": True, "score": None, "probabilities": {}, "regions": "", "amplitude": None, "open": ""}
    out: list[tuple[str, Event]] = []
    for j, row in enumerate(after.events.to_dict("records")):
        known = events[pairs[j]] if j in pairs else None
        event = dict(known or {"id": f"c-{uuid4()}", **blank, "emotion": "", "aus": "", "note": ""})
        apex = row["apex_frame"] if pd.notna(row["apex_frame"]) else (row["onset_frame"] + row["offset_frame"]) // 2
        event |= {"onset": int(row["onset_frame"]), "apex": int(apex), "offset": int(row["offset_frame"])}
        event |= {"verdict": "accepted", "kind": str(row["kind"]), "face": int(row["face"])}
        event |= {name: str(row[name]) for name in ("emotion", "aus", "note") if row[name]}  # what is left empty says nothing
        out.append((event["id"], event))
    gone = [event for i, event in enumerate(events) if i not in pairs.values()]
    return out + [(event["id"], event | {"verdict": "rejected"}) for event in gone], counts(corrections(after, before))


def exported(form: str, evidence: Evidence, state: State, coder: str, video: str, log: list[dict[str, Any]], kept: Kept) -> bytes:
    """The bytes of one exported file.

    Parameters
    ----------
    form : str
        One of :data:`FORMATS`.
    evidence : Evidence
    state : State
        The coder's.
    coder, video : str
        Who, and the path of what.
    log : list of dict
        All lines; those of this coder go into the JSON.
    kept : str
        As in :func:`kept_events`.

    Raises
    ------
    UsageError
        There is nothing to export.
    """
    findings = _findings(evidence, state, coder, video, kept)
    if form == "csv":
        # Without what the program thought of it: a coder's table, whose empty cells mean that nothing was said.
        own = [name for name in map(str, findings.events.columns) if not name.startswith("p_") and name != "certain"]
        return findings.events[own].to_csv(index=False, lineterminator="\n").encode("utf-8", "replace")
    if form == "vtt":
        return export.to_vtt(findings).encode("utf-8", "replace")
    if form == "eaf":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "events.eaf"
            to_eaf(findings, evidence.folder).to_file(path)
            return path.read_bytes()
    if form == "json":
        content = json.loads(export.to_json(findings))
        rows = findings.events[list(MORE_COLUMNS)].to_dict("records")
        for event, more in zip(content["events"], rows, strict=True):
            event.update(more)
        content |= {"coder": coder, "log": [line for line in log if line["coder"] == coder]}
        return (json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8", "replace")
    raise UsageError(f"{form} is not exported; there are {', '.join(FORMATS)}.")


def _findings(evidence: Evidence, state: State, coder: str, video: str, kept: Kept) -> Findings:
    about, times = evidence.about, evidence.times
    rows = []
    for event in kept_events(state, kept):
        row = {"video": about["name"], **{key: event.get(key) for key in ("face", "score", "emotion", "aus", "kind", "amplitude")}}
        row |= {f"{name}_frame": event[name] for name in MOMENTS} | {f"{name}_s": float(times[event[name]]) for name in MOMENTS}
        row["offset_s"] += evidence.frame_s  # the last frame belongs to the event
        row |= {"open": event.get("open", ""), "certain": True}
        row["doubt"] = event.get("doubt", "") if event["emotion"] == UNCLEAR else ""
        row |= {f"p_{name}": value for name, value in event["probabilities"].items()}
        row |= {"regions": event["regions"].replace(", ", "+").replace(" ", "_"), "coder": coder}
        rows.append(row | {key: event[key] for key in MORE_COLUMNS[1:]})
    events = pd.DataFrame(rows, columns=[*EVENT_COLUMNS, *MORE_COLUMNS])
    numbers = [c for c in EVENT_COLUMNS if c.endswith("_s") or c.startswith("p_") or c in ("score", "amplitude")]
    events = events.astype(dict.fromkeys(numbers, "float64")).round(export.DECIMALS)
    others = pd.DataFrame(about.get("others") or [], columns=list(OTHER_COLUMNS))
    settings = {**(about.get("settings") or {}), "coder": coder}
    signals = pd.DataFrame({"face": sorted(events["face"].unique())})
    return Findings(str(about["name"]), video, events, others, signals, about["quality"], settings)
