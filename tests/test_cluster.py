"""The same run on a real Dask cluster: a scheduler and two workers on loopback, one of them killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fleeting.errors import UsageError
from fleeting.evaluate import evaluate, load_method
from fleeting.protocols import LOSO

Client = pytest.importorskip("distributed", reason="needs the extra `cluster`").Client
# Dask leaves sockets to the garbage collector when a worker dies, and says much about it.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    pytest.mark.filterwarnings("ignore:.*:UserWarning:distributed"),
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

METHOD = '''
import os
import time
from pathlib import Path
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from fleeting.base import ClipTransformer

class Mean(ClipTransformer):
    def transform_clip(self, clip):
        return clip.frames.mean(axis=0).ravel() / 255

class Forest(RandomForestClassifier):
    """Leaves its process number, so that the test can kill whom it has seen at work."""

    def fit(self, X, y):
        (Path(os.environ["WORKED"]) / str(os.getpid())).touch()
        time.sleep(0.5)
        return super().fit(X, y)

def method():
    return make_pipeline(Mean(), Forest(3))
'''


@pytest.fixture
def cluster(tmp_path):
    """Address of a scheduler with two workers of one thread each."""
    environment = os.environ | {"WORKED": str(tmp_path / "worked"), "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "10s"}
    (tmp_path / "worked").mkdir()
    file, processes = tmp_path / "scheduler.json", []

    def start(kind, *options):
        command = [sys.executable, "-m", "distributed.cli.dask_" + kind, "--scheduler-file", str(file), "--no-dashboard", *options]
        log = (tmp_path / f"{kind}{len(processes)}.log").open("w")
        processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=tmp_path))
        log.close()

    start("scheduler", "--host", "127.0.0.1", "--port", "0")
    for _ in range(2):
        start("worker", "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--memory-limit", "0")
    try:
        deadline = time.monotonic() + 60
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        address = json.loads(file.read_text())["address"]
        with Client(address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield address
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()


def test_a_worker_that_dies_costs_nothing_but_time(cluster, tmp_path, made_clips, monkeypatch):
    monkeypatch.setenv("FLEETING_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("WORKED", str(tmp_path / "worked"))
    clips, y = made_clips
    (tmp_path / "mine.py").write_text(METHOD)
    method = load_method(f"{tmp_path / 'mine.py'}:method")
    expected = evaluate(method, clips, y, LOSO(), seed=3)
    (tmp_path / "worked" / str(os.getpid())).unlink()
    killed = []

    def progress(stage, done, total, left_s):
        workers = [int(file.name) for file in Path(tmp_path / "worked").iterdir()]
        if stage == "folds" and done >= 3 and len(workers) == 2 and not killed:
            killed.append(workers[0])
            os.kill(workers[0], signal.SIGKILL)

    def evaluated():
        return evaluate(method, clips, y, LOSO(), seed=3, out=tmp_path / "runs", cluster=cluster, progress=progress)

    try:
        run = evaluated()
    except UsageError as error:  # joblib's Dask backend sometimes forgets the dead worker's batch; then the run is resumed
        if "FutureCancelledError" not in str(error):
            raise
        run = evaluated()
    if not killed:
        pytest.skip("one worker took every fold, so none could be killed while both were at work")
    pd.testing.assert_frame_equal(run.predictions, expected.predictions, check_exact=True)
    again = evaluate(method, clips, y, LOSO(), seed=3, out=tmp_path / "runs")
    pd.testing.assert_frame_equal(again.predictions, expected.predictions, check_exact=True)


@pytest.fixture
def made_clips():
    from fleeting.clip import Clip

    rng = np.random.default_rng(0)
    y = np.arange(48) % 3
    frames = [(60 * label + rng.integers(0, 90, (3, 6, 5, 3))).astype(np.uint8) for label in y]
    return [Clip(f"a/s{i // 3}/{i}", "a", f"s{i // 3}", 50.0, 0, 1, 2, lambda i=i: frames[i]) for i in range(48)], y
