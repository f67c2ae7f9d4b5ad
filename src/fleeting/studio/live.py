"""Routes of the live page: frames in, what each shows and the events out.

The browser sends frames only when those before have been answered, and no more than a few at once: where the machine does not keep up, it
is the sender that leaves frames out, and counts them.
"""

from __future__ import annotations

import json
import struct
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .desk import Desk
from .eye import Sent

AT_ONCE = 8  # frames of one request
LEAST, MOST = 64, 1920  # px, the sides of a frame
Session = Annotated[str, Query(pattern=r"^[0-9a-f]{16}$")]


class Begin(BaseModel):
    """How a camera is to be watched."""

    model_config = ConfigDict(extra="forbid")
    record: bool = False


def routes(desk: Desk) -> APIRouter:
    """The routes, below ``/api``."""
    router, watcher = APIRouter(prefix="/live"), desk.watcher

    @router.get("")
    def about() -> dict[str, Any]:
        """Which camera it is: the number of one of this machine, or None for the browser's own; and where recordings go."""
        return {"camera": watcher.camera, "folder": str(desk.library.home).encode("utf-8", "replace").decode(), "at_once": AT_ONCE}

    @router.post("/begin")
    def begin(wanted: Begin) -> dict[str, Any]:
        """Begin to watch; what was watched before ends, and its recording is kept."""
        return watcher.begin(wanted.record)

    @router.post("/frames")
    async def frames(request: Request, session: Session) -> Response:
        """Measure some frames: time in s (8 bytes, little-endian), length (4 bytes) and JPEG of each. Of a machine's camera: none."""
        sent = _unpacked(await request.body())
        results = await run_in_threadpool(watcher.ask, session, sent)
        picture = results.pop("picture", None)
        if picture is None:
            return JSONResponse(results)
        head = json.dumps(results, allow_nan=False).encode()
        return Response(struct.pack("<I", len(head)) + head + picture, media_type="application/octet-stream")

    @router.post("/end")
    def end(session: Session) -> dict[str, Any]:
        """End it: what was still to be told, and the recording."""
        return watcher.end(session)

    return router


def _unpacked(body: bytes) -> Sent:
    """Times and pictures of a body; 422 where it is not what the page sends."""
    sent: Sent = []
    at = 0
    while at < len(body):
        seconds, length = struct.unpack_from("<dI", body, at) if len(body) - at >= 12 else (-1.0, 0)
        data = body[at + 12 : at + 12 + length]
        earliest = sent[-1][0] if sent else 0.0
        if not earliest < seconds < 1e8 or len(data) < length or not _is_picture(data):
            raise HTTPException(422, f"That is no frame: a time in s after the one before, and a JPEG with sides of {LEAST} to {MOST} px.")
        sent.append((seconds, data))
        at += 12 + length
    if len(sent) > AT_ONCE:
        raise HTTPException(422, f"{len(sent)} frames at once: at most {AT_ONCE} are taken. Leave some out.")
    return sent


def _is_picture(data: bytes) -> bool:
    """Whether a JPEG says that it is of an allowed size; a picture too large for the memory can be a few bytes long."""
    at = 2
    while data[:2] == b"\xff\xd8" and at + 9 <= len(data) and data[at] == 0xFF:
        marker, length, height, width = data[at + 1], *struct.unpack_from(">H", data, at + 2), *struct.unpack_from(">HH", data, at + 5)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # the start of a frame
            return min(height, width) >= LEAST and max(height, width) <= MOST
        at += 2 + length
    return False
