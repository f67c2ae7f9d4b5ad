"""Routes for several coders of one recording: how far they agree, what they settle on, and coded recordings as a dataset."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from ..coding.arbitration import arbitrate
from ..coding.coding import Coding
from ..coding.folder import training_folder
from ..coding.measures import agreement
from ..drawing.tables import to_html
from ..errors import UsageError
from .coded import coding_of
from .desk import Desk
from .store import Event
from .texts import Coder, Name

_Id = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class Part(BaseModel):
    """One coded recording of a dataset: whose coding, and who is to be seen."""

    model_config = ConfigDict(extra="forbid")
    analysis: _Id
    coder: Coder
    subject: Coder


class Wanted(BaseModel):
    """A dataset of coded recordings."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    parts: Annotated[list[Part], Field(min_length=1, max_length=1000)]


class Arbitration(BaseModel):
    """Who decides between whom."""

    model_config = ConfigDict(extra="forbid")
    a: Coder
    b: Coder
    third: Coder


def routes(desk: Desk) -> APIRouter:
    """The routes, below ``/api``."""
    router = APIRouter()

    @router.get("/analyses/{id}/agreement")
    def agree(id: str, a: Coder, b: Coder) -> dict[str, Any]:
        """How far two coders agree, once both are done: numbers, and the same as tables."""
        one, other = _finished(desk, id, a, b)
        found = agreement(one, other, frames=desk.evidence(id).frames)
        return {"numbers": found.as_dict(), "tables": to_html(found.tables())}

    @router.post("/analyses/{id}/arbitration")
    def begin(id: str, wanted: Arbitration) -> dict[str, bool]:
        """Make a third coder the one who decides between two: their page then shows what the two have."""
        _finished(desk, id, wanted.a, wanted.b)
        desk.store(id).begin(wanted.third, between=(wanted.a, wanted.b))
        return {"done": True}

    @router.get("/analyses/{id}/settled")
    def settled(id: str, a: Coder, b: Coder, third: Coder | None = None) -> Response:
        """What two coders settle on, a third deciding where given, as CSV that says who decided what."""
        codings = _finished(desk, id, *dict.fromkeys([a, b, *([third] if third else [])]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what was left out is seen in the file
            table = arbitrate(*codings).events
        headers = {"content-disposition": 'attachment; filename="settled.csv"'}
        return Response(table.to_csv(index=False, lineterminator="\n"), media_type="text/csv; charset=utf-8", headers=headers)

    @router.post("/datasets")
    def dataset(wanted: Wanted) -> dict[str, Any]:
        """A folder that evaluate and train read: one coding of each recording."""
        codings = [_coding(desk, part.analysis, part.coder) for part in wanted.parts]
        subjects = {(c.media or Path(c.video)).name: part.subject for c, part in zip(codings, wanted.parts, strict=True)}
        if len(subjects) < len(codings):
            raise UsageError("Two of these recordings have files of one name. Rename one, so that they can be told apart.")
        if wanted.name.startswith(".") or set(wanted.name) & set("/\\"):
            raise UsageError(f"{wanted.name} cannot be a folder's name. Use letters and digits.")
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            folder = training_folder(codings, desk.library.home / wanted.name, subjects=subjects)
        return {"folder": str(folder), "clips": sum(len(c.events) for c in codings), "notes": [str(each.message) for each in said]}

    return router


def base_of(desk: Desk, id: str, coder: str) -> list[Event]:
    """What a coder begins with: the program's events; none, if blind to it; those of the two between whom this one decides."""
    blind, between = desk.store(id).begun(coder)
    if between:
        return _both(*(_coding(desk, id, each) for each in between))
    return [] if blind else desk.evidence(id).sure


def _coding(desk: Desk, id: str, coder: str) -> Coding:
    video, named = desk.library.video_of(desk.place(id, "analysis"))
    return coding_of(desk.evidence(id), desk.store(id).state(coder, base_of(desk, id, coder)), coder, str(video or named))


def _finished(desk: Desk, id: str, *coders: str) -> list[Coding]:
    """The codings; UsageError while one of them is not finished, so that nobody sees another's events before."""
    known = {each["coder"]: each["finished"] for each in desk.store(id).coders()}
    if len(set(coders)) < 2:
        raise UsageError("Two different coders are needed.")
    for coder in coders:
        if not known.get(coder):
            raise UsageError(f"{coder} has not finished. Coders are kept apart until each has said that they are done.")
    return [_coding(desk, id, coder) for coder in coders]


def _both(one: Coding, other: Coding) -> list[Event]:
    """The events of two coders, as a third begins with them: accepted where the two say the same, open where they do not."""
    found: dict[tuple[int, int, int], Event] = {}
    for coding in (one, other):
        rows: Any = coding.events.itertuples()
        for row in rows:
            key = (int(row.face), int(row.onset_frame), int(row.offset_frame))
            said = {"kind": row.kind, "apex": int(row.apex_frame), "emotion": row.emotion, "aus": row.aus}
            if event := found.get(key):
                event["verdict"] = "accepted" if all(event[name] == value for name, value in said.items()) else "open"
            event = found.setdefault(key, _open_event(key, said))
            event["note"] += f"{coding.coder}: {' '.join(str(word) for word in said.values() if word)}\n"
    return sorted(found.values(), key=lambda event: (event["onset"], event["offset"]))


def _open_event(key: tuple[int, int, int], said: dict[str, Any]) -> Event:
    frames = {"face": key[0], "onset": key[1], "offset": key[2]}
    blank: dict[str, Any] = {"score": None, "probabilities": {}, "regions": "", "amplitude": None, "note": "", "open": ""}
    return {"id": "d-" + "-".join(map(str, key)), "source": "program", "certain": True, "verdict": "open", **frames, **said, **blank}
