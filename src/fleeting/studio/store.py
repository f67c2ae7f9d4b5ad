"""What coders say about one analysis, kept beside its results in ``coding.sqlite``: a log to which lines are only ever added.

Each correction is a transaction of its own, on the disk before it is answered. What holds now is the log replayed: the program's events,
overlaid by what a coder made of each. An undo is a line as well, so that nothing that anybody did is lost. Coders are kept apart: one's
events are never mixed with another's until both say that they are done.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import OutputError, UsageError

NAME = "coding.sqlite"
ACTS = ("change", "undo", "redo", "seen", "finish", "reopen", "begin")
VERDICTS = ("open", "accepted", "rejected")

Event = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS log (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  coder  TEXT NOT NULL,
  at     TEXT NOT NULL,
  act    TEXT NOT NULL,
  event  TEXT,
  before TEXT,
  after  TEXT
);
CREATE TRIGGER IF NOT EXISTS log_is_not_changed BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'lines are only added'); END;
CREATE TRIGGER IF NOT EXISTS log_is_not_shortened BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'lines are only added'); END;
"""


class StaleError(UsageError):
    """Somebody has changed the event since it was looked at: in a second tab, say."""


@dataclass
class State:
    """What one coder has made of an analysis.

    Attributes
    ----------
    events : dict of str to Event
        By identifier; those that the coder took out again are not there.
    revisions : dict of str to int
        The line of the log that last changed an event; 0 where none has.
    seen : set of str
    done, undone : list of int
        Lines of the log which can be undone, and redone, the last one next.
    finished : bool
    """

    events: dict[str, Event]
    revisions: dict[str, int] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    done: list[int] = field(default_factory=list)
    undone: list[int] = field(default_factory=list)
    finished: bool = False

    def progress(self) -> dict[str, int]:
        """How many events there are to judge, and were seen, accepted, rejected, added, and are left."""
        sure = [e for e in self.events.values() if e["source"] == "program" or self.revisions.get(e["id"])]
        count = {verdict: sum(e["verdict"] == verdict for e in sure) for verdict in VERDICTS}
        added = sum(e["source"] == "coder" for e in sure)
        seen = sum(e["id"] in self.seen or e["verdict"] != "open" for e in sure)
        return {"all": len(sure), "seen": seen, "left": count["open"], "added": added, **{v: count[v] for v in VERDICTS[1:]}}


class Store:
    """The codings of one analysis.

    Parameters
    ----------
    folder : Path
        That of the analysis.
    """

    def __init__(self, folder: Path):
        self.path = folder / NAME

    def coders(self) -> list[dict[str, Any]]:
        """Who has worked on this: name, last time (ISO, UTC), whether finished, whether blind, between whom this coder decides."""
        found: dict[str, dict[str, Any]] = {}
        for line in self.log():
            coder = found.setdefault(line["coder"], {"coder": line["coder"], "finished": False, "between": None, "blind": False})
            coder["last"] = line["at"]
            if line["act"] in ("finish", "reopen"):
                coder["finished"] = line["act"] == "finish"
            elif line["act"] == "begin":
                coder |= line["after"]
        return list(found.values())

    def state(self, coder: str, base: list[Event]) -> State:
        """What the coder's log makes of the program's events."""
        if not self.path.exists():
            return _replay([], base)
        with self._open() as db:
            return _replay(_lines(db, coder), base)

    def change(self, coder: str, base: list[Event], id: str, revision: int, after: Event | None) -> int:
        """The log's line that sets an event of one coder, or takes one out that the coder had added.

        Parameters
        ----------
        coder : str
        base : list of Event
            The program's events.
        id : str
        revision : int
            The one that the coder has seen; 0 for an event that nobody has touched, or a new one.
        after : Event or None

        Raises
        ------
        StaleError
            The event has changed since.
        UsageError
            The coding is finished.
        """
        with self._transaction() as db:
            state = _replay(_lines(db, coder), base)
            if state.finished:
                raise UsageError("This coding is finished. Reopen it to change something.")
            if state.revisions.get(id, 0) != revision:
                raise StaleError("This event was changed meanwhile, in another tab or window. It is shown as it is now.")
            before = state.events.get(id)
            if before is None and after is None:
                raise UsageError("There is no such event.")
            return self._add(db, coder, "change", id, before, after)

    def undo(self, coder: str, base: list[Event], *, redo: bool = False) -> str | None:
        """The identifier of the event whose last change was taken back, or with ``redo`` made again; None if there is none."""
        with self._transaction() as db:
            lines = _lines(db, coder)
            state = _replay(lines, base)
            stack = state.undone if redo else state.done
            if not stack or state.finished:
                return None
            line = next(line for line in lines if line["number"] == stack[-1])
            before, after = (line["before"], line["after"]) if redo else (line["after"], line["before"])
            self._add(db, coder, "redo" if redo else "undo", line["event"], before, after)
            return str(line["event"])

    def note(self, coder: str, act: str, id: str | None = None) -> None:
        """A line that changes no event: ``seen``, ``finish`` or ``reopen``."""
        with self._transaction() as db:
            self._add(db, coder, act, id, None, None)

    def begin(self, coder: str, *, between: tuple[str, str] | None = None) -> None:
        """A line with which a coder begins otherwise than with the program's events: with none, or with those of two others.

        Parameters
        ----------
        coder : str
        between : tuple of str, optional
            The two between whom this coder decides; without it, the coder is blind to the program.

        Raises
        ------
        UsageError
            The coder has begun already.
        """
        with self._transaction() as db:
            if _lines(db, coder):
                raise UsageError(f"{coder} has coded this recording already. It must be somebody who has not begun.")
            self._add(db, coder, "begin", None, None, {"between": list(between)} if between else {"blind": True})

    def begun(self, coder: str) -> tuple[bool, tuple[str, str] | None]:
        """Whether a coder is blind to the program, and the two between whom this one decides, if so."""
        found: dict[str, Any] = next((each for each in self.coders() if each["coder"] == coder), {})
        pair = found.get("between")
        return bool(found.get("blind")), (pair[0], pair[1]) if pair else None

    def log(self) -> list[dict[str, Any]]:
        """Every line: number, coder, at, act, event, before, after."""
        if not self.path.exists():
            return []
        with self._open() as db:
            return _lines(db)

    def _add(self, db: sqlite3.Connection, coder: str, act: str, id: str | None, before: Event | None, after: Event | None) -> int:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        kept = [None if each is None else json.dumps(each, ensure_ascii=False, sort_keys=True) for each in (before, after)]
        sql = "INSERT INTO log (coder, at, act, event, before, after) VALUES (?, ?, ?, ?, ?, ?)"
        return int(db.execute(sql, (coder, at, act, id, *kept)).lastrowid or 0)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=10, isolation_level=None)) as db:
                db.execute("PRAGMA journal_mode=WAL")
                db.execute("PRAGMA synchronous=FULL")  # on the disk, not only out of our hands
                db.executescript(_SCHEMA)
                yield db
        except sqlite3.Error as error:
            raise OutputError(f"{self.path} cannot be used: {error}. Make room, or see that the folder may be written to.") from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")


def _lines(db: sqlite3.Connection, coder: str | None = None) -> list[dict[str, Any]]:
    sql = "SELECT number, coder, at, act, event, before, after FROM log WHERE ?1 IS NULL OR coder = ?1 ORDER BY number"
    names = ("number", "coder", "at", "act", "event")
    return [
        {**dict(zip(names, row, strict=False)), **{k: v and json.loads(v) for k, v in zip(("before", "after"), row[5:], strict=True)}}
        for row in db.execute(sql, (coder,))
    ]


def _replay(lines: list[dict[str, Any]], base: list[Event]) -> State:
    state = State({event["id"]: dict(event) for event in base})
    for line in lines:
        number, act, id = line["number"], line["act"], line["event"]
        if act == "seen":
            state.seen.add(id)
        elif act in ("finish", "reopen"):
            state.finished = act == "finish"
        elif act == "begin":
            continue
        else:
            if act == "change":
                state.done.append(number)
                state.undone.clear()
            elif act == "undo":
                state.undone.append(state.done.pop())
            else:
                state.done.append(state.undone.pop())
            state.revisions[id] = number
            if line["after"] is None:
                state.events.pop(id, None)
            else:
                state.events[id] = line["after"]
    return state
