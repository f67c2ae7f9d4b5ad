"""Routes of the first page: what lies in the folders, videos taken in, and the jobs that analyse them."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

from ..errors import DatasetError, MediaError, OutputError
from ..media import open_media
from .desk import Desk
from .evidence import Evidence
from .library import VIDEOS, Place, free
from .store import Event, Store
from .texts import Name, Path_

UPLOAD = "/api/uploads"
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\<>:"|?*]')  # Windows takes none of these, nor a file named like a device
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


class Wanted(BaseModel):
    """Which video is to be analysed, and how."""

    model_config = ConfigDict(extra="forbid")
    video: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] | None = None  # one that was found in the folders
    path: Path_ | None = None  # or its path, in one of them
    face: Literal["largest", "all"] = "largest"
    partial: bool = False


def routes(desk: Desk) -> APIRouter:
    """The routes, below ``/api``."""
    router = APIRouter()

    @router.get("/library")
    def library() -> dict[str, Any]:
        """All videos, analyses and runs, with the progress of each."""
        analyses = [_analysis(desk, place) for place in desk.library.places("analysis")]
        analysed = {each["video"] for each in analyses}
        videos = [p for p in desk.library.places("video") if str(p.path) not in analysed]
        return {
            "folders": [str(folder).encode("utf-8", "replace").decode() for folder in desk.library.folders],
            "analyses": [{k: v for k, v in each.items() if k != "video"} for each in analyses],
            "videos": [{"id": p.id, "name": p.name, "bytes": p.path.stat().st_size} for p in videos],
            "runs": len(desk.library.places("run")),
            "types": VIDEOS,
        }

    @router.get("/jobs")
    def jobs() -> list[dict[str, Any]]:
        """All jobs, the newest first; one that is done says which analysis it made."""
        analyses = {str(place.path): place.id for place in desk.library.places("analysis")}
        return [
            {k: v for k, v in job.items() if k not in ("video", "folder")}
            | {"name": Path(job["video"]).name.encode("utf-8", "replace").decode(), "analysis": analyses.get(job["folder"])}
            for job in desk.jobs.list()
        ]

    @router.post("/jobs")
    def add(wanted: Wanted) -> dict[str, int]:
        """Queue a video of the folders."""
        if wanted.video:
            path = desk.place(wanted.video, "video").path
        else:
            inside = desk.library.within(wanted.path or "")
            if inside is None or not os.path.exists(inside):
                raise HTTPException(404, f"There is no {wanted.path} in the chosen folders. Elsewhere, name its folder (`--folder`).")
            path = inside
        return {"number": _queue(desk, path, wanted.model_dump(include={"face", "partial"}))}

    @router.post("/jobs/{number}/{what}")
    def steer(number: int, what: Literal["cancel", "again"]) -> dict[str, bool]:
        """Cancel a job, or queue one again that failed or was cancelled."""
        if not 0 < number < 2**31:
            raise HTTPException(404, "There is no such job.")
        return {"done": desk.jobs.cancel(number) if what == "cancel" else desk.jobs.again(number)}

    @router.post("/uploads")
    async def upload(request: Request, name: Name) -> dict[str, int]:
        """Take in a video: its bytes are the body, its name stands in the query. It is queued at once."""
        target = free(desk.library.home, _plain_name(name))
        handle, draft = tempfile.mkstemp(prefix=".fleeting-upload-", suffix=target.suffix, dir=desk.library.home)
        try:
            with os.fdopen(handle, "wb") as file:
                read = 0
                async for piece in request.stream():
                    read += len(piece)
                    if read > desk.upload_bytes:
                        raise HTTPException(413, f"{name} is larger than {desk.upload_bytes / 2**30:.3g} GB. Copy it into the folder.")
                    await run_in_threadpool(file.write, piece)
            await run_in_threadpool(_check, draft, name)
            target = free(desk.library.home, target.name)
            os.replace(draft, target)
        except OSError as error:
            raise OutputError(f"{name} could not be kept: {error.strerror or error}. Make room, or copy it into the folder.") from error
        finally:
            with suppress(OSError):
                os.unlink(draft)
        desk.library.forget()
        return {"number": await run_in_threadpool(_queue, desk, target, {})}

    return router


def _analysis(desk: Desk, place: Place) -> dict[str, Any]:
    quality: dict[str, Any]
    sure: list[Event]
    progress: list[dict[str, Any]]
    quality, sure, progress, reason = {}, [], [], None
    try:
        evidence, store = Evidence(place.path, 0), Store(place.path)
        quality, sure = evidence.about["quality"], evidence.sure
        reason = quality.get("reason")
        progress = [{**each, **store.state(each["coder"], sure).progress()} for each in store.coders()]
    except (DatasetError, OutputError) as error:
        reason = str(error)
    video, _ = desk.library.video_of(place)
    kinds = [event["kind"] for event in sure]
    return {
        "id": place.id,
        "name": place.name,
        "duration": quality.get("duration_s"),
        "judged": quality.get("judged_share"),
        "reason": reason,
        "micro": kinds.count("micro"),
        "macro": kinds.count("macro"),
        "coders": progress,
        "video": str(video) if video else None,
        "playable": video is not None,
    }


def _queue(desk: Desk, path: Path, options: dict[str, Any]) -> int:
    """The number of the new job; its results go into a folder of the video's name that is free."""
    home, taken = desk.library.home, {each.casefold() for each in desk.jobs.claimed()}
    stem = path.name if path.is_dir() else path.stem
    folder, number = home / f"{stem} results", 2
    while os.path.lexists(folder) or str(folder).casefold() in taken:
        folder, number = home / f"{stem} results {number}", number + 1
    return desk.jobs.add(path, folder, options)


def _plain_name(name: str) -> str:
    """A file's name as it may be kept; 415 where it is not a video's."""
    plain = _NOT_IN_NAMES.sub("_", name).strip().lstrip(".")
    stem, suffix = os.path.splitext(plain)
    if suffix.lower() not in VIDEOS or not stem:
        raise HTTPException(415, f"{name} is not named like a video. Allowed: {', '.join(VIDEOS)}.")
    return ("_" if _DEVICES.match(stem) else "") + stem.encode()[:150].decode(errors="ignore") + suffix


def _check(draft: str, name: str) -> None:
    """Nothing, if a picture of the file can be decoded; 415 otherwise."""
    try:
        open_media(draft, partial=True).close()
    except MediaError as error:
        raise HTTPException(415, str(error).replace(draft, name)) from error
