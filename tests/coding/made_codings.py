"""Codings made by hand, and miniature ELAN files as ELAN writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from fleeting.coding import Clock, Coding
from fleeting.coding.coding import NUMBERS, event_table

CONSTRAINTS = ("Time_Subdivision", "Symbolic_Subdivision", "Symbolic_Association", "Included_In")


def coding(*events: tuple | dict, coder: str = "Anna", frames: int | None = 200, fps: float = 100, media: Path | None = None) -> Coding:
    """Events as (onset, offset), (onset, apex, offset) or dict; ``frames`` None: the recording's length is not known."""
    clock = Clock(fps, None if frames is None else np.arange(frames) / fps)
    rows = []
    for number, event in enumerate(events, 1):
        names = NUMBERS if len(event) == 3 else ("onset", "offset")
        spans = event if isinstance(event, dict) else dict(zip(names, event, strict=True))
        row = {f"{name}_frame": spans[name] for name in NUMBERS if name in spans}
        rest = {name: value for name, value in spans.items() if name not in NUMBERS}
        rows.append({"kind": "micro", "where": f"event {number}", **row, **rest})
    return Coding("talk.mp4", coder, event_table(rows, clock, coder), clock, media)


def tier(
    name: str,
    annotations: Sequence[tuple] = (),
    *,
    parent: str = "",
    constraint: str = "",
    participant: str = "",
    annotator: str = "",
    number: int = 100,
) -> str:
    """A tier of ELAN; annotations (begin, end, text), ms or time slots, or else (id referred to, text) or (the same, text, previous id)."""
    about = f"TIER_ID={quoteattr(name)} LINGUISTIC_TYPE_REF={quoteattr(constraint or 'free')}"
    for key, value in (("PARENT_REF", parent), ("PARTICIPANT", participant), ("ANNOTATOR", annotator)):
        about += f" {key}={quoteattr(value)}" if value else ""
    parts = []
    for place, annotation in enumerate(annotations):
        own = f'ANNOTATION_ID="a{number + place}"'
        if isinstance(annotation[0], str) and annotation[0].startswith("a"):
            previous = f' PREVIOUS_ANNOTATION="{annotation[2]}"' if len(annotation) > 2 else ""
            tag, own, text = "REF_ANNOTATION", f'{own} ANNOTATION_REF="{annotation[0]}"{previous}', annotation[1]
        else:
            begin, end, text = annotation
            slots = " ".join(f'TIME_SLOT_REF{i}="{_slot(value)}"' for i, value in ((1, begin), (2, end)))
            tag, own = "ALIGNABLE_ANNOTATION", f"{own} {slots}"
        parts.append(f"<ANNOTATION><{tag} {own}><ANNOTATION_VALUE>{escape(text)}</ANNOTATION_VALUE></{tag}></ANNOTATION>")
    return f"<TIER {about}>{''.join(parts)}</TIER>"


def media(url: str, relative: str = "", mime: str = "video/mp4", origin: int | None = None) -> str:
    """A linked recording."""
    about = f"MEDIA_URL={quoteattr(url)} MIME_TYPE={quoteattr(mime)}"
    about += f" RELATIVE_MEDIA_URL={quoteattr(relative)}" if relative else ""
    return f"<MEDIA_DESCRIPTOR {about}{'' if origin is None else f' TIME_ORIGIN={quoteattr(str(origin))}'}/>"


def write_eaf(
    path: Path,
    *tiers: str,
    linked: Iterable[str] = (),
    slots: Sequence[tuple[str, int | None]] = (),
    version: str = "3.0",
    author: str = "A. Lang",
) -> Path:
    """An ELAN file of these tiers; ``slots`` are further time slots, of which some may have no time."""
    text = "".join(tiers)
    named = sorted({int(ms) for ms in re.findall(r'TIME_SLOT_REF\d="ts(\d+)"', text)})
    times = [f'<TIME_SLOT TIME_SLOT_ID="ts{ms}" TIME_VALUE="{ms}"/>' for ms in named]
    times += [f'<TIME_SLOT TIME_SLOT_ID="{name}"' + ("/>" if ms is None else f' TIME_VALUE="{ms}"/>') for name, ms in slots]
    types = ['<LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="free" TIME_ALIGNABLE="true"/>']
    types += [
        f'<LINGUISTIC_TYPE CONSTRAINTS="{name}" GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="{name}" TIME_ALIGNABLE="false"/>'
        for name in CONSTRAINTS
    ]
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ANNOTATION_DOCUMENT AUTHOR={quoteattr(author)} DATE="2026-11-28T10:00:00+01:00" '
        f'FORMAT="{version}" VERSION="{version}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv{version}.xsd"><!-- written by hand -->'
        f'<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">{"".join(linked)}<PROPERTY NAME="URN">urn:made</PROPERTY></HEADER>'
        f'<TIME_ORDER>{"".join(times)}</TIME_ORDER>{text}{"".join(types)}</ANNOTATION_DOCUMENT>',
        encoding="utf-8",
    )
    return path


def _slot(value: int | str) -> str:
    return value if isinstance(value, str) else f"ts{value}"
