from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from fleeting.errors import OutputError, UsageError
from fleeting.studio.store import NAME, StaleError, Store

BASE = [
    {"id": "e1", "source": "program", "verdict": "open", "onset": 10},
    {"id": "e2", "source": "program", "verdict": "open", "onset": 50},
]


def event(id, verdict="open", source="program", onset=10):
    return {"id": id, "source": source, "verdict": verdict, "onset": onset}


def test_nothing_is_written_by_looking(tmp_path):
    store = Store(tmp_path)
    assert store.state("Anna", BASE).events["e1"] == BASE[0]
    assert store.coders() == store.log() == []
    assert not any(tmp_path.iterdir())


def test_changes_are_replayed_undone_and_made_again(tmp_path):
    store = Store(tmp_path)
    store.change("Anna", BASE, "e1", 0, event("e1", "accepted"))
    second = store.change("Anna", BASE, "e2", 0, event("e2", "rejected", onset=50))
    store.change("Anna", BASE, "e2", second, event("e2", "accepted", onset=51))
    assert store.undo("Anna", BASE) == "e2"
    assert store.state("Anna", BASE).events["e2"]["verdict"] == "rejected"
    assert store.undo("Anna", BASE) == "e2"
    assert store.state("Anna", BASE).events["e2"] == BASE[1]
    assert store.undo("Anna", BASE, redo=True) == "e2"
    assert store.undo("Anna", BASE, redo=True) == "e2"
    assert store.state("Anna", BASE).events["e2"] == event("e2", "accepted", onset=51)
    assert store.undo("Anna", BASE, redo=True) is None
    assert [line["act"] for line in store.log()] == ["change"] * 3 + ["undo"] * 2 + ["redo"] * 2


def test_a_change_after_an_undo_leaves_nothing_to_redo(tmp_path):
    store = Store(tmp_path)
    store.change("Anna", BASE, "e1", 0, event("e1", "accepted"))
    store.undo("Anna", BASE)
    store.change("Anna", BASE, "e2", 0, event("e2", "accepted"))
    assert store.undo("Anna", BASE, redo=True) is None


def test_what_was_added_can_be_taken_out_and_that_undone(tmp_path):
    store = Store(tmp_path)
    new = event("c1", "accepted", "coder", 90)
    line = store.change("Anna", BASE, "c1", 0, new)
    store.change("Anna", BASE, "c1", line, None)
    assert "c1" not in store.state("Anna", BASE).events
    store.undo("Anna", BASE)
    assert store.state("Anna", BASE).events["c1"] == new


def test_a_second_tab_cannot_overwrite_what_it_has_not_seen(tmp_path):
    store = Store(tmp_path)
    store.change("Anna", BASE, "e1", 0, event("e1", "accepted"))
    with pytest.raises(StaleError):
        store.change("Anna", BASE, "e1", 0, event("e1", "rejected"))
    assert store.state("Anna", BASE).events["e1"]["verdict"] == "accepted"


def test_coders_are_kept_apart_and_a_finished_coding_is_closed(tmp_path):
    store = Store(tmp_path)
    store.change("Anna", BASE, "e1", 0, event("e1", "accepted"))
    assert store.state("Ben", BASE).events["e1"]["verdict"] == "open"
    store.note("Anna", "finish")
    with pytest.raises(UsageError, match="finished"):
        store.change("Anna", BASE, "e2", 0, event("e2"))
    assert store.undo("Anna", BASE) is None
    assert [(each["coder"], each["finished"]) for each in store.coders()] == [("Anna", True)]
    store.note("Anna", "reopen")
    assert store.undo("Anna", BASE) == "e1"


def test_progress_counts_the_programs_events_and_what_was_touched(tmp_path):
    store = Store(tmp_path)
    store.note("Anna", "seen", "e1")
    store.change("Anna", BASE, "e2", 0, event("e2", "rejected"))
    store.change("Anna", BASE, "c1", 0, event("c1", "accepted", "coder"))
    assert store.state("Anna", BASE).progress() == {"all": 3, "seen": 3, "left": 1, "added": 1, "accepted": 1, "rejected": 1}


def test_who_is_blind_or_decides_between_two_has_not_coded_before(tmp_path):
    store = Store(tmp_path)
    store.note("Anna", "finish")
    with pytest.raises(UsageError, match="somebody"):
        store.begin("Anna", between=("Ben", "Cleo"))
    store.begin("Dora", between=("Anna", "Ben"))
    store.begin("Emil")
    assert store.begun("Dora") == (False, ("Anna", "Ben"))
    assert store.begun("Emil") == (True, None)
    assert store.begun("Anna") == store.begun("nobody") == (False, None)


@pytest.mark.parametrize("sql", ["UPDATE log SET coder = 'x'", "DELETE FROM log"])
def test_lines_are_only_added(tmp_path, sql):
    Store(tmp_path).note("Anna", "finish")
    with closing(sqlite3.connect(tmp_path / NAME)) as db, pytest.raises(sqlite3.IntegrityError, match="only added"):
        db.execute(sql)


def test_a_file_that_is_no_database_is_told(tmp_path):
    (tmp_path / NAME).write_text("something else, and long enough to be looked at as a database" * 40)
    with pytest.raises(OutputError, match=NAME):
        Store(tmp_path).note("Anna", "finish")


def test_no_answered_correction_is_lost_when_the_process_is_killed(tmp_path):
    """A process is killed as soon as it says that a correction is kept, in whatever it does next."""
    code = (
        "import sys; from pathlib import Path; from fleeting.studio.store import Store\n"
        "store, first = Store(Path(sys.argv[1])), int(sys.argv[2])\n"
        "for k in range(first, 10**6):\n"
        "    store.change('Anna', [], f'c{k}', 0, {'id': f'c{k}', 'source': 'coder', 'verdict': 'accepted'}); print(k, flush=True)\n"
    )
    answered = -1
    for _ in range(6):
        with subprocess.Popen([sys.executable, "-c", code, tmp_path, str(answered + 1)], stdout=subprocess.PIPE, text=True) as process:
            answered = int(process.stdout.readline())
            process.kill()
            answered = max([answered, *(int(line) for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n"))])
        kept = set(Store(tmp_path).state("Anna", []).events)
        assert kept >= {f"c{k}" for k in range(answered + 1)}
        answered = max(int(id[1:]) for id in kept)  # one may be kept whose answer was on its way
