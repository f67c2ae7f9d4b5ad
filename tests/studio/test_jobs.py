from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing

import pytest

from fleeting.studio.jobs import NAME, Jobs


def until(jobs, state, seconds=90):
    """The newest job once it is in that state."""
    end = time.monotonic() + seconds
    while (job := jobs.list()[0])["state"] != state:
        assert time.monotonic() < end, job
        time.sleep(0.05)
    return job


@pytest.fixture
def jobs(tmp_path):
    jobs = Jobs(tmp_path)
    yield jobs
    jobs.close()


def test_a_failure_is_readable_and_the_job_can_be_tried_again(tmp_path, jobs, recording):
    video = tmp_path / "notes.mp4"
    video.write_text("this is no video")
    jobs.add(video, tmp_path / "results")
    assert "is a text file, not a video" in until(jobs, "failed")["message"]
    assert not (tmp_path / "results").exists()
    video.unlink()
    assert jobs.again(1)
    assert "does not exist" in until(jobs, "failed")["message"]
    assert not jobs.again(7)


def test_a_cancelled_job_leaves_nothing(tmp_path, jobs, recording, face_model):
    jobs.add(recording, tmp_path / "results")
    jobs.add(recording, tmp_path / "more")
    assert jobs.cancel(2)
    assert jobs.claimed() == {str(tmp_path / "results")}
    assert jobs.cancel(1)
    assert not jobs.cancel(1)
    assert [job["state"] for job in jobs.list()] == ["cancelled", "cancelled"]
    jobs.close()
    assert not (tmp_path / "results").exists()
    assert not (tmp_path / "more").exists()


def test_a_job_that_was_running_when_the_server_ended_is_begun_again(tmp_path, recording, face_model):
    first = Jobs(tmp_path)
    first.add(recording, tmp_path / "results")
    until(first, "running")
    first.close()  # as Ctrl-C does; a kill leaves the same row
    with closing(sqlite3.connect(tmp_path / NAME)) as db:
        assert db.execute("SELECT state FROM jobs").fetchone() == ("running",)
    second = Jobs(tmp_path)
    done = until(second, "done")
    second.close()
    assert (done["number"], done["message"]) == (1, "")
    assert done["seconds"] > 0
    assert (tmp_path / "results" / "events.csv").exists()


def test_jobs_wait_for_each_other(tmp_path, jobs, recording, face_model):
    shutil.copy(recording, tmp_path / "b.mp4")
    jobs.add(recording, tmp_path / "a")
    jobs.add(tmp_path / "b.mp4", tmp_path / "b")
    while jobs.list()[1]["state"] == "queued":
        time.sleep(0.05)
    assert [job["state"] for job in jobs.list()] == ["queued", "running"]
