"""Routes about runs: their scores with intervals, the report page live, and the clips that were got wrong."""

from __future__ import annotations

import threading
import warnings
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response, StreamingResponse

from ..clip import Clip
from ..errors import FleetingError
from ..evaluation.report import run_report_html
from ..evaluation.run import Run, read_run
from .desk import Desk
from .film import jpeg, packed

SCORES = ("uf1", "uar", "accuracy")
MOST = 12  # runs of one page
# A report brings its styles with it, and nothing else; it is shown within our own page.
_REPORT = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'self'; sandbox"


def routes(desk: Desk) -> APIRouter:
    """The routes, below ``/api``."""
    router, runs, clips = APIRouter(prefix="/runs"), _Runs(desk), _Clips(desk)

    @router.get("")
    def every() -> list[dict[str, Any]]:
        """All runs, with their scores and intervals; one that cannot be read says why."""
        return [_row(runs, place.id, place.name) for place in desk.library.places("run")]

    @router.get("/report")
    def report(ids: Annotated[list[str], Query(max_length=MOST)]) -> HTMLResponse:
        """The page about one run, or several compared with the first."""
        page = run_report_html([runs.get(id) for id in ids])
        return HTMLResponse(page, headers={"content-security-policy": _REPORT})

    @router.get("/{id}/wrong")
    def wrong(id: str) -> dict[str, Any]:
        """The clips that were taken for something else, and whether they can be shown."""
        p = runs.get(id).predictions
        rows: Any = p[p.y_true != p.y_pred].sort_values("clip").head(500)
        rows = rows[["clip", "dataset", "subject", "y_true", "y_pred"]].to_dict("records")
        found = [{**row, "shown": clips.at_hand(row["dataset"])} for row in rows]
        return {"clips": found, "all": len(p), "data": sorted(desk.data)}

    @router.get("/clip")
    def clip(dataset: str, clip: str) -> Response:
        """The frames of one labelled clip, packed as those of a video are."""
        frames = clips.get(dataset, clip).frames
        step = -(-len(frames) // 100)
        return StreamingResponse(packed((k, jpeg(frames[k])) for k in range(0, len(frames), step)), media_type="application/octet-stream")

    return router


class _Runs:
    """Runs by identifier, read once while their folder does not change."""

    def __init__(self, desk: Desk):
        self.desk, self.lock = desk, threading.Lock()
        self.known: dict[str, tuple[float, Run]] = {}
        self.rows: dict[str, tuple[float, dict[str, Any]]] = {}

    def stamp(self, id: str) -> float:
        folder = self.desk.place(id, "run").path
        return max((path.stat().st_mtime for path in (folder / "run.json", folder / "folds") if path.exists()), default=0.0)

    def get(self, id: str) -> Run:
        stamp = self.stamp(id)
        with self.lock:
            known = self.known.get(id)
            if known is None or known[0] != stamp:
                known = self.known[id] = (stamp, read_run(self.desk.place(id, "run").path))
        return known[1]


def _row(runs: _Runs, id: str, name: str) -> dict[str, Any]:
    stamp = runs.stamp(id)
    if (known := runs.rows.get(id)) and known[0] == stamp:
        return known[1]
    row: dict[str, Any] = {"id": id, "name": name}
    try:
        run = runs.get(id)
        row |= {"clips": len(run.predictions), "persons": int(run.persons.nunique()), "leaky": run.leaky}
        row |= {"datasets": sorted(set(run.predictions.dataset)), "protocol": run.about.get("protocol_text", "")}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is to be known of an interval stands in the report
            row["scores"] = {name: [_finite(value) for value in run.interval(name)] for name in SCORES}
    except FleetingError as error:
        row["error"] = str(error)
    runs.rows[id] = (stamp, row)
    return row


def _finite(value: float) -> float | None:
    return float(value) if value == value else None


class _Clips:
    """Clips of the datasets whose folders were given."""

    def __init__(self, desk: Desk):
        self.desk, self.lock = desk, threading.Lock()
        self.known: dict[str, dict[str, Clip]] = {}

    def at_hand(self, dataset: str) -> bool:
        return dataset in self.desk.data

    def get(self, dataset: str, id: str) -> Clip:
        from ..datasets.catalogue import open_dataset

        if not self.at_hand(dataset):
            raise HTTPException(404, f"The clips of {dataset} are not at hand. Start it by `fleeting studio --data {dataset}=PATH`.")
        with self.lock:
            if dataset not in self.known:
                self.known[dataset] = {clip.id: clip for clip in open_dataset(dataset, self.desk.data[dataset]).clips(partial=True)}
        if id not in self.known[dataset]:
            raise HTTPException(404, f"{dataset} has no clip {id}.")
        return self.known[dataset][id]
