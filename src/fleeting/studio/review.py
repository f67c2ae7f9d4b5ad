"""Routes of the review page: the evidence, the frames, and one coder's events."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ..errors import FleetingError
from .coded import FORMATS, Kept, exported, taken_in
from .desk import Desk
from .evidence import Evidence
from .film import MAX_RUN, Film, packed
from .store import Event, State
from .texts import Coder, EventId, FaceNumber, FrameNumber, Name, Note, Units, Word
from .together import base_of

TAKEN_IN = (".eaf", ".csv", ".json")
MAX_SOUND_S = 30.0
Seconds = Annotated[float, Query(ge=0, le=1e7, allow_inf_nan=False)]
AHEAD_OF_ANSWER = 1  # frames that are decoded before an answer begins, so that a failure can still be said


class Said(BaseModel):
    """What a coder can say of an event."""

    model_config = ConfigDict(extra="forbid")
    verdict: Literal["open", "accepted", "rejected"]
    kind: Literal["micro", "macro"]
    face: FaceNumber = 1
    onset: FrameNumber
    apex: FrameNumber
    offset: FrameNumber
    emotion: Word = ""
    aus: Units = ""
    note: Note = ""


class Change(BaseModel):
    """One correction: what an event is after it, or None to take out one that the coder had added."""

    model_config = ConfigDict(extra="forbid")
    coder: Coder
    id: EventId
    revision: Annotated[int, Field(ge=0, lt=2**53)]
    after: Said | None


class Act(BaseModel):
    """Something else that a coder does."""

    model_config = ConfigDict(extra="forbid")
    coder: Coder
    act: Literal["undo", "redo", "seen", "finish", "reopen", "blind"]
    id: EventId | None = None


def routes(desk: Desk) -> APIRouter:
    """The routes, below ``/api``."""
    router = APIRouter(prefix="/analyses/{id}")

    @router.get("")
    def about(id: str) -> dict[str, Any]:
        """The recording: its length, rate and faces, what was not an expression, and what the recording can show."""
        evidence = desk.evidence(id)
        place, quality = desk.place(id, "analysis"), evidence.about["quality"]
        video, named = desk.library.video_of(place)
        return {
            "name": place.name,
            "frames": evidence.frames,
            "frame_s": evidence.frame_s,
            "fps": quality.get("fps"),
            "duration": quality.get("duration_s"),
            "faces": sorted({face.get("face") for face in quality.get("faces") or [] if face.get("analysed")}) or [1],
            "others": [
                {key: row.get(key) for key in ("kind", "face", "onset_frame", "offset_frame")} for row in evidence.about.get("others") or []
            ],
            "limits": quality.get("limits") or [],
            "reason": quality.get("reason"),
            "video": None if video is None else "here",
            "named": named.encode("utf-8", "replace").decode(),
            "coders": desk.store(id).coders(),
            "formats": list(FORMATS),
        }

    @router.get("/candidates")
    def candidates(id: str) -> list[Event]:
        """What moved less than an event."""
        return desk.evidence(id).candidates

    @router.get("/timeline")
    def timeline(id: str, face: FaceNumber = 1) -> Response:
        """Signals of one face, in binary (:meth:`.evidence.Evidence.timeline`)."""
        return Response(desk.evidence(id).timeline(face), media_type="application/octet-stream")

    @router.get("/frames")
    def frames(
        id: str,
        start: FrameNumber,
        stop: FrameNumber,
        step: Annotated[int, Query(ge=1, le=1000)] = 1,
        width: Annotated[int, Query(ge=0, le=4096)] = 0,
    ) -> Response:
        """Frames of the video, packed (:func:`.film.packed`); at most 2000 at once."""
        film = desk.film(id)
        if not start < stop <= film.evidence.frames or (stop - start) / step > MAX_RUN:
            raise HTTPException(422, f"frames {start} to {stop}: the video has {film.evidence.frames}, and {MAX_RUN} are given at once.")
        return _stream(film.run(start, stop, step, width))

    @router.get("/sound")
    def sound(id: str, start: Seconds, stop: Seconds) -> Response:
        """The sound of a stretch (:meth:`.film.Film.sound`), at most 30 s of it."""
        if not 0 < stop - start <= MAX_SOUND_S:
            raise HTTPException(422, f"Sound from {start} to {stop} s: stop must come later, and {MAX_SOUND_S:.0f} s are given at once.")
        return Response(desk.film(id).sound(start, stop), media_type="application/octet-stream")

    @router.get("/crop")
    def crop(id: str, frame: FrameNumber, face: FaceNumber = 1) -> Response:
        """The face of one frame, as JPEG."""
        film = desk.film(id)
        _check(film.evidence, frame, frame, frame)
        return _jpeg(film.crop(frame, face))

    @router.get("/look")
    def look(
        id: str,
        onset: FrameNumber,
        apex: FrameNumber,
        offset: FrameNumber,
        face: FaceNumber = 1,
        alpha: Annotated[float, Query(ge=0, le=100, allow_inf_nan=False)] = 0,
    ) -> Response:
        """An event's face, head held still, its motion magnified on demand: packed as frames are."""
        film = _film(desk, id, onset, apex, offset)
        return _stream(film.look(face, onset, apex, offset, alpha))

    @router.get("/overlay")
    def overlay(id: str, onset: FrameNumber, apex: FrameNumber, face: FaceNumber = 1) -> Response:
        """The apex with the flow laid over it, as JPEG."""
        return _jpeg(_film(desk, id, onset, apex, apex).overlay(face, onset, apex))

    @router.get("/units")
    def units(id: str, onset: FrameNumber, apex: FrameNumber, face: FaceNumber = 1) -> list[dict[str, Any]]:
        """Action units that explain the motion from onset to apex."""
        return _film(desk, id, onset, apex, apex).units(face, onset, apex)

    @router.get("/coding")
    def coding(id: str, coder: Coder) -> dict[str, Any]:
        """One coder's events and progress."""
        return _told(desk.store(id).state(coder, base_of(desk, id, coder)))

    @router.post("/changes")
    def change(id: str, wanted: Change) -> dict[str, Any]:
        """Set an event; answered once it is on the disk, with the whole state."""
        evidence, store, base = desk.evidence(id), desk.store(id), base_of(desk, id, wanted.coder)
        after = None
        if wanted.after is not None:
            _check(evidence, wanted.after.onset, wanted.after.apex, wanted.after.offset)
            known = store.state(wanted.coder, base).events.get(wanted.id) or _candidate(evidence, wanted.id) or _new(wanted.id)
            after = known | wanted.after.model_dump()
        store.change(wanted.coder, base, wanted.id, wanted.revision, after)
        return _told(store.state(wanted.coder, base))

    @router.post("/acts")
    def act(id: str, wanted: Act) -> dict[str, Any]:
        """Undo, redo, note that an event was seen, finish the coding or open it again; begin it blind to the program."""
        store, base = desk.store(id), base_of(desk, id, wanted.coder)
        event = None
        if wanted.act == "blind":
            store.begin(wanted.coder)
            base = []
        elif wanted.act in ("undo", "redo"):
            event = store.undo(wanted.coder, base, redo=wanted.act == "redo")
        elif (wanted.act == "seen") == (wanted.id is None):
            raise HTTPException(422, "seen needs the event's id; finish and reopen need none.")
        else:
            store.note(wanted.coder, wanted.act, wanted.id)
        return {"event": event, **_told(store.state(wanted.coder, base))}

    @router.post("/taken")
    async def taken(id: str, request: Request, coder: Coder, name: Name) -> dict[str, Any]:
        """Take in a coder's own file, corrected in ELAN, say: its bytes are the body, its name stands in the query."""
        body = await request.body()
        return await run_in_threadpool(_take_in, desk, id, coder, name, body)

    @router.get("/export/{form}")
    def export(id: str, form: Literal["csv", "json", "eaf", "vtt"], coder: Coder, kept: Kept = "accepted") -> Response:
        """One coder's events as a file to keep."""
        video, named = desk.library.video_of(desk.place(id, "analysis"))
        store, state = desk.store(id), desk.store(id).state(coder, base_of(desk, id, coder))
        data = exported(form, desk.evidence(id), state, coder, str(video or named), store.log(), kept)
        headers = {"content-disposition": f'attachment; filename="events.{form}"'}
        return Response(data, media_type=FORMATS[form], headers=headers)

    return router


def _take_in(desk: Desk, id: str, coder: str, name: str, body: bytes) -> dict[str, Any]:
    suffix = Path(name).suffix.lower()
    if suffix not in TAKEN_IN:
        raise HTTPException(415, f"{name} is of a kind that is not read here. Give one of {', '.join(TAKEN_IN)}.")
    evidence, store, base = desk.evidence(id), desk.store(id), base_of(desk, id, coder)
    state = store.state(coder, base)
    video, named = desk.library.video_of(desk.place(id, "analysis"))
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        path = Path(folder) / f"coding{suffix}"
        path.write_bytes(body)
        try:
            changes, counts = taken_in(path, evidence, state, coder, str(video or named))
        except FleetingError as error:
            raise HTTPException(422, str(error).replace(str(path), name)) from error
    for event, after in changes:
        store.change(coder, base, event, state.revisions.get(event, 0), after)
    return {"counts": counts, "notes": [str(each.message).replace(str(path), name) for each in said], **_told(store.state(coder, base))}


def _told(state: State) -> dict[str, Any]:
    events = [{**event, "revision": state.revisions.get(id, 0), "seen": id in state.seen} for id, event in state.events.items()]
    gone = {id: line for id, line in state.revisions.items() if id not in state.events}
    return {
        "events": events,
        "gone": gone,
        "undo": len(state.done),
        "redo": len(state.undone),
        "finished": state.finished,
        "progress": state.progress(),
    }


def _candidate(evidence: Evidence, id: str) -> Event | None:
    return next((event for event in evidence.candidates if event["id"] == id), None)


def _new(id: str) -> Event:
    return {"id": id, "source": "coder", "certain": True, "score": None, "probabilities": {}, "regions": "", "amplitude": None, "open": ""}


def _check(evidence: Evidence, onset: int, apex: int, offset: int) -> None:
    if not onset <= apex <= offset < max(evidence.frames, 1):
        raise HTTPException(
            422, f"Onset {onset}, apex {apex}, offset {offset}: they must follow each other and lie in frames 0 to {evidence.frames - 1}."
        )


def _film(desk: Desk, id: str, onset: int, apex: int, offset: int) -> Film:
    _check(desk.evidence(id), onset, apex, offset)
    return desk.film(id)


def _jpeg(data: bytes) -> Response:
    return Response(data, media_type="image/jpeg", headers={"cache-control": "private, max-age=3600"})


def _stream(frames: Iterator[tuple[int, bytes]]) -> Response:
    begun = [item for _, item in zip(range(AHEAD_OF_ANSWER), frames, strict=False)]
    return StreamingResponse(packed(chain(begun, frames)), media_type="application/octet-stream")
