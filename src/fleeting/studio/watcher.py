"""The one camera that is watched: the process that does it (:mod:`.eye`), asked and answered one request at a time."""

from __future__ import annotations

import multiprocessing
import secrets
import threading
import time
from contextlib import suppress
from typing import Any

from starlette.exceptions import HTTPException

from ..errors import MediaError
from .eye import Sent, watch
from .library import Library, free

ANSWER_S = 60.0  # the longest that a start or a few frames may take, the face model's download included
END_S = 20.0  # and that a recording may take to be finished


class Watcher:
    """The one camera that is watched.

    Parameters
    ----------
    library : Library
        Recordings go into its first folder.
    camera : int or str, optional
        A camera of this machine; default: the browser's own.
    spotter : str, default='flow'
        As :func:`fleeting.spotting.load_spotter` takes it.
    """

    def __init__(self, library: Library, camera: int | str | None = None, spotter: str = "flow"):
        self.library, self.camera, self.spotter = library, camera, spotter
        self._lock = threading.Lock()
        self._session = ""
        self._process: Any = None
        self._pipe: Any = None

    def begin(self, record: bool) -> dict[str, Any]:
        """Start the process: the new ``session``, the name of its ``recording``, if any, and what is to be known about it."""
        with self._lock:
            self._stop()
            path = free(self.library.home, time.strftime("live %Y-%m-%d %H.%M.%S.mp4")) if record else None
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=watch, args=(theirs, self.camera, self.spotter, path and str(path)), daemon=True)
            self._process.start()
            theirs.close()
            about = self._answer(ANSWER_S)
            self._session = secrets.token_hex(8)
            return {"session": self._session, "recording": path and path.name, **about}

    def ask(self, session: str, sent: Sent | None) -> dict[str, Any]:
        """Send frames to the process, or None to end it, and wait for its answer; 409 where another page has taken over."""
        with self._lock:
            if not self._session or not secrets.compare_digest(session, self._session):
                raise HTTPException(409, "This is not watched any more: it was ended, or another page has begun. Begin again.")
            with suppress(OSError):  # then there is no answer either
                self._pipe.send(sent)
            return self._answer(ANSWER_S if sent is not None else END_S)

    def end(self, session: str) -> dict[str, Any]:
        """End the process in good order."""
        results = self.ask(session, None)
        with self._lock:
            self._stop()
        self.library.forget()
        return results

    def close(self) -> None:
        """End whatever is watched; a recording is finished."""
        with self._lock:
            self._stop()

    def _answer(self, seconds: float) -> Any:
        what, said = "failed", f"The process that watches has not answered for {seconds:.0f} s. Begin again."
        try:
            if self._pipe.poll(seconds):
                what, said = self._pipe.recv()
        except (EOFError, OSError):
            said = "The process that watches has ended: nothing was sent for some seconds, or it ran out of memory. Begin again."
        if what == "failed":
            self._stop()
            raise MediaError(said)
        return said

    def _stop(self) -> None:
        self._session = ""
        if self._process is None:
            return
        with suppress(OSError):
            self._pipe.send(None)
        self._process.join(END_S)
        if self._process.is_alive():
            self._process.kill()
        self._pipe.close()
        self._process = None
