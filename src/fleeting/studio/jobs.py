"""Videos to be analysed, one after the other, each in a process of its own; the list is kept and outlives the server.

The process reports what it has done through a pipe, tidies up when it is told to stop, and stops by itself when the server is gone. A job
that was running when the server ended is begun again.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sqlite3
import threading
import time
import warnings
from contextlib import closing, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ..errors import FleetingError

NAME = ".fleeting-studio.sqlite"
STATES = ("queued", "running", "done", "failed", "cancelled")
CANDIDATES = 20.0  # weaker events a minute, for the slider of the review page
TELL_S = 0.25  # how often a process says how far it is
STOP_S = 5.0  # how long it may take to tidy up

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
  number  INTEGER PRIMARY KEY AUTOINCREMENT,
  video   TEXT NOT NULL,
  folder  TEXT NOT NULL,
  options TEXT NOT NULL,
  state   TEXT NOT NULL,
  done    INTEGER NOT NULL DEFAULT 0,
  total   INTEGER,
  begun   REAL,
  ended   REAL,
  message TEXT NOT NULL DEFAULT ''
);
"""


class Jobs:
    """The list of jobs, and the thread that works it off.

    Parameters
    ----------
    home : Path
        Where the list is kept.
    """

    def __init__(self, home: Path):
        self.path = home / NAME
        self._wake, self._ended = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._running: tuple[int, Any] | None = None
        with self._open() as db:
            db.executescript(_SCHEMA)
            db.execute("UPDATE jobs SET state = 'queued', done = 0, begun = NULL WHERE state = 'running'")
        self._thread = threading.Thread(target=self._work, name="fleeting-jobs", daemon=True)
        self._thread.start()

    def add(self, video: Path, folder: Path, options: dict[str, Any] | None = None) -> int:
        """The number of the new job: a video, and the folder for its results."""
        with self._open() as db:
            sql = "INSERT INTO jobs (video, folder, options, state) VALUES (?, ?, ?, 'queued')"
            number = int(db.execute(sql, (str(video), str(folder), json.dumps(options or {}))).lastrowid or 0)
        self._wake.set()
        return number

    def list(self) -> list[dict[str, Any]]:
        """All jobs, the newest first: number, video, folder, state, done, total, seconds (so far), left (estimate), message."""
        with self._open() as db:
            rows = [dict(row) for row in db.execute("SELECT * FROM jobs ORDER BY number DESC LIMIT 200")]
        return [_told(row) for row in rows]

    def claimed(self) -> set[str]:
        """The results folders of jobs that are queued or running."""
        return {job["folder"] for job in self.list() if job["state"] in ("queued", "running")}

    def cancel(self, number: int) -> bool:
        """Whether there was such a job to stop; nothing of its results is left."""
        with self._lock, self._open() as db:
            sql = "UPDATE jobs SET state = 'cancelled', ended = ? WHERE number = ? AND state IN ('queued', 'running')"
            stopped = db.execute(sql, (time.time(), number)).rowcount > 0
            if stopped and self._running and self._running[0] == number:
                self._running[1].terminate()
        return stopped

    def again(self, number: int) -> bool:
        """Whether there was such a job, failed or cancelled, which is now queued again."""
        with self._open() as db:
            sql = "UPDATE jobs SET state = 'queued', done = 0, begun = NULL, ended = NULL, message = ''"
            again = db.execute(f"{sql} WHERE number = ? AND state IN ('failed', 'cancelled')", (number,)).rowcount > 0
        self._wake.set()
        return again

    def close(self) -> None:
        """Stop working; the job that is running is begun again next time."""
        self._ended.set()
        self._wake.set()
        with self._lock:
            if self._running:
                self._running[1].terminate()
        self._thread.join(STOP_S)

    def _open(self) -> Any:
        db = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode=WAL")
        return closing(db)

    def _set(self, number: int, sql: str, *values: Any, only: str = "running") -> None:
        with self._open() as db:
            db.execute(f"UPDATE jobs SET {sql} WHERE number = ? AND state = ?", (*values, number, only))

    def _work(self) -> None:
        while not self._ended.is_set():
            self._wake.clear()
            with self._open() as db:
                row = db.execute("SELECT * FROM jobs WHERE state = 'queued' ORDER BY number LIMIT 1").fetchone()
            if row is None:
                self._wake.wait()
            else:
                self._run(dict(row))

    def _run(self, job: dict[str, Any]) -> None:
        number, context = job["number"], multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_analyse, args=(theirs, job["video"], job["folder"], json.loads(job["options"])), daemon=True)
        self._set(number, "state = 'running', begun = ?", time.time(), only="queued")
        with self._lock:
            process.start()
            self._running = (number, process)
        theirs.close()
        outcome = ("failed", "The analysis ended without a word: it may have run out of memory. Close other programs and try again.")
        with suppress(EOFError, OSError):
            while True:
                what, *values = ours.recv()
                if what == "at":
                    self._set(number, "done = ?, total = ?", *values)
                else:
                    outcome = (what, values[0])
        process.join(STOP_S)
        if process.is_alive():
            process.kill()
        with self._lock:
            self._running = None
        if not self._ended.is_set():
            self._set(number, "state = ?, message = ?, ended = ?", *outcome, time.time())


def _told(job: dict[str, Any]) -> dict[str, Any]:
    """A job for people: with seconds so far, and an estimate of those that are left."""
    seconds = (job["ended"] or time.time()) - job["begun"] if job["begun"] else None
    left = None
    if job["state"] == "running" and seconds and job["total"] and job["done"]:
        left = round(seconds / job["done"] * (job["total"] - job["done"]), 1)
    shown = {key: job[key] for key in ("number", "video", "folder", "state", "done", "total", "message")}
    return {**shown, "seconds": seconds and round(seconds, 1), "left": left}


def _analyse(pipe: Connection, video: str, folder: str, options: dict[str, Any]) -> None:
    """Analyse and save one video in this process, and tell of it."""

    def stop(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # tidying up is not to be stopped
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the server
    said: list[str] = []
    warnings.showwarning = lambda message, *_: said.append(str(message))
    told = 0.0
    try:
        from ..analysis.analyze import analyze

        def progress(frame: Any, media: Any) -> None:
            nonlocal told
            if time.monotonic() - told > TELL_S:
                told = time.monotonic()
                pipe.send(("at", frame.index + 1, media.frame_count))  # fails when the server is gone: then this ends too

        analyze(video, progress=progress, candidates=CANDIDATES, **options).save(folder, overwrite=True)
        pipe.send(("done", " ".join(said)))
    except FleetingError as error:
        pipe.send(("failed", str(error)))
    except (KeyboardInterrupt, BrokenPipeError):
        os._exit(1)
    except Exception as error:  # a fault of ours: named, so that it can be told
        pipe.send(("failed", f"{type(error).__name__}: {error}. This is a fault of Fleeting; please report it."))
