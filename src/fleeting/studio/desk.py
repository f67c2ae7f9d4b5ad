"""What the studio's routes share: the folders, the jobs, and the analyses that are open."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

from starlette.exceptions import HTTPException

from ..errors import MediaError
from .evidence import Evidence
from .film import Film
from .jobs import Jobs
from .library import Library, Place
from .store import Store
from .watcher import Watcher

OPEN = 3  # analyses and videos kept in memory


class Desk:
    """The folders, the jobs and what is open.

    Parameters
    ----------
    library : Library
    upload_bytes : int
        The largest video that may be uploaded.
    data : mapping of str to Path, optional
        Datasets by name, to show the clips of runs.
    camera : int or str, optional
        A camera of this machine for the live page; default: the browser's own.
    spotter : str, default='flow'
        That of the live page.
    """

    def __init__(
        self,
        library: Library,
        upload_bytes: int = 64 * 2**30,
        data: Mapping[str, Path] | None = None,
        camera: int | str | None = None,
        spotter: str = "flow",
    ):
        self.library, self.upload_bytes, self.data = library, upload_bytes, dict(data or {})
        self.jobs = Jobs(library.home)
        self.watcher = Watcher(library, camera, spotter)
        self._lock = threading.Lock()
        self._evidence: OrderedDict[Path, Evidence] = OrderedDict()
        self._films: OrderedDict[tuple[Path, Path], Film] = OrderedDict()

    def place(self, id: str, kind: str) -> Place:
        """The thing of that identifier; 404 where there is none."""
        place = self.library.place(id, kind)
        if place is None:
            raise HTTPException(404, f"There is no such {kind} in the folders any more.")
        return place

    def evidence(self, id: str) -> Evidence:
        """What the program found in an analysis; read anew when it was made anew."""
        folder = self.place(id, "analysis").path
        stamp = (folder / "analysis.json").stat().st_mtime
        with self._lock:
            known = self._evidence.get(folder)
            if known is None or known.stamp != stamp:
                known = self._evidence[folder] = Evidence(folder, stamp)
            self._evidence.move_to_end(folder)
            while len(self._evidence) > OPEN:
                self._evidence.popitem(last=False)
        return known

    def store(self, id: str) -> Store:
        """What coders said about an analysis."""
        return Store(self.place(id, "analysis").path)

    def film(self, id: str) -> Film:
        """The video of an analysis; 404 where it is not in the folders."""
        place, evidence = self.place(id, "analysis"), self.evidence(id)
        path, named = self.library.video_of(place)
        if path is None:
            where = named or "not named"
            raise HTTPException(404, f"The video is not in the chosen folders ({where}). Name its folder, too (`--folder`).")
        key = (place.path, path)
        with self._lock:  # the first one surveys the file, which others then need not
            film = self._films.get(key)
            if film is None or film.evidence is not evidence:
                try:
                    film = self._films[key] = Film(path, evidence)
                except MediaError as error:
                    raise HTTPException(422, str(error)) from error
            self._films.move_to_end(key)
            while len(self._films) > OPEN:
                self._films.popitem(last=False)
        return film

    def close(self) -> None:
        """Stop the jobs and let go of the files."""
        self.watcher.close()
        self.jobs.close()
        for film in self._films.values():
            film.close()
