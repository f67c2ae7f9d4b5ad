"""A real Dask cluster: a scheduler and workers, as processes of this machine, which can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

# Dask leaves sockets to the garbage collector when a worker dies, and says much about it.
OF_DASK = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    pytest.mark.filterwarnings("ignore:.*:UserWarning:distributed"),
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def of_dask(test):
    """A single test that has a cluster."""
    for mark in OF_DASK:
        test = mark(test)
    return test


class Cluster:
    """A scheduler and its workers, of one thread each, as processes of this machine."""

    def __init__(self, folder):
        self.file, self.folder, self.processes = folder / "scheduler.json", folder, []
        self.worked = folder / "worked"
        self.worked.mkdir()
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0")

    def _start(self, kind, *options):
        command = [sys.executable, "-m", "distributed.cli.dask_" + kind, "--scheduler-file", str(self.file), "--no-dashboard", *options]
        with (self.folder / f"{kind}{len(self.processes)}.log").open("w") as log:
            environment = os.environ | {"WORKED": str(self.worked)}
            self.processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=self.folder))

    def two_workers(self):
        """The address, once there are two workers of whom none has worked."""
        from distributed import Client

        for file in self.worked.iterdir():
            file.unlink()
        waited_for(self.file.exists)
        address = json.loads(self.file.read_text())["address"]
        for _ in range(2 - sum(process.poll() is None for process in self.processes[1:])):
            self._start("worker", "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--memory-limit", "0")
        with Client(address, timeout=60, set_as_default=False) as client:
            waited_for(lambda: len(client.scheduler_info(n_workers=-1)["workers"]) == 2)
        return address

    def at_work(self):
        """Processes that have been seen at work."""
        return [int(file.name) for file in self.worked.iterdir()]

    def kill(self, number):
        os.kill(number, getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows has the one word, and means the other
        next(process for process in self.processes if process.pid == number).wait()

    def stop(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()


def waited_for(condition):
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline, "nothing happened for five minutes"
        time.sleep(0.01)
