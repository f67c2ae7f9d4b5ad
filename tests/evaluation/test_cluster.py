"""The same run on a real Dask cluster: a scheduler and two workers on loopback, one of which is killed."""

from __future__ import annotations

import threading

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline

from fleeting.clip import Clip
from fleeting.compute.cache import Cache
from fleeting.errors import UsageError
from fleeting.evaluation.evaluate import evaluate
from fleeting.methods.load import load_method
from fleeting.protocols import LOSO

from ..made_cluster import OF_DASK, Cluster, waited_for

pytestmark = OF_DASK

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
    """On the cluster it takes its time, and leaves the number of its process: who is seen at work can be killed."""

    def fit(self, X, y):
        if folder := os.environ.get("WORKED"):
            (Path(folder) / str(os.getpid())).touch()
            time.sleep(0.25)
        return super().fit(X, y)

def method():
    return make_pipeline(Mean(), Forest(3))
'''


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    pytest.importorskip("distributed", reason="needs the extra `cluster`")
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def problem(tmp_path_factory):
    """A method in a file, clips, labels, and the predictions made here."""
    folder = tmp_path_factory.mktemp("method")
    (folder / "mine.py").write_text(METHOD)
    method = load_method(f"{folder / 'mine.py'}:method")
    rng, y = np.random.default_rng(0), np.arange(48) % 3
    frames = [(60 * label + rng.integers(0, 90, (3, 6, 5, 3))).astype(np.uint8) for label in y]
    clips = [Clip(f"a/s{i // 3}/{i}", "a", f"s{i // 3}", 50.0, 0, 1, 2, lambda i=i: frames[i]) for i in range(48)]
    return (method, clips, y, LOSO()), evaluate(method, clips, y, LOSO(), seed=3, cache=False).predictions


def test_a_worker_that_dies_before_its_first_fold_is_done(cluster, problem):
    """It may hold what all folds need."""
    what, expected = problem
    address = cluster.two_workers()

    def kill_the_first():
        waited_for(cluster.at_work)
        cluster.kill(cluster.at_work()[0])

    killer = threading.Thread(target=kill_the_first)
    killer.start()
    run = evaluate(*what, seed=3, cluster=address, cache=False)
    killer.join()
    assert len(cluster.at_work()) == 2
    pd.testing.assert_frame_equal(run.predictions, expected, check_exact=True)


def test_a_worker_that_dies_in_the_middle_costs_nothing_but_time(cluster, problem, tmp_path):
    what, expected = problem
    address, killed = cluster.two_workers(), []

    def progress(stage, done, total, left_s):
        if stage == "folds" and done == 3:
            waited_for(lambda: len(cluster.at_work()) == 2)
            killed.append(cluster.at_work()[0])
            cluster.kill(killed[0])

    run = evaluate(*what, seed=3, out=tmp_path, cluster=address, progress=progress, cache=False)
    assert killed
    pd.testing.assert_frame_equal(run.predictions, expected, check_exact=True)
    again = evaluate(*what, seed=3, out=tmp_path, cache=False)
    pd.testing.assert_frame_equal(again.predictions, expected, check_exact=True)


def test_what_the_cluster_loses_is_run_again_and_said(cluster, problem):
    from distributed import Client

    def forget(dask_scheduler):
        for client in list(dask_scheduler.clients):
            dask_scheduler.stimulus_cancel(list(dask_scheduler.tasks), client, force=True, reason="none", msg="")

    def progress(stage, done, total, left_s):
        if stage == "folds" and done == 2 and not calls:
            calls.append(done)
            with Client(address, timeout=60, set_as_default=False) as other:
                other.run_on_scheduler(forget)

    what, expected = problem
    address, calls = cluster.two_workers(), []
    with pytest.warns(UserWarning, match=r"the cluster gave up what was under way \(none\); the \d+ calls left are made again"):
        run = evaluate(*what, seed=3, cluster=address, progress=progress, cache=False)
    pd.testing.assert_frame_equal(run.predictions, expected, check_exact=True)


def test_a_cluster_that_is_not_there_is_said(problem):
    pytest.importorskip("distributed")
    with pytest.raises(UsageError, match="no Dask scheduler answers at nonsense://x"):
        evaluate(*problem[0], cluster="nonsense://x", cache=False)


@pytest.mark.parametrize("backend", ["multiprocessing", "ray"])
def test_a_pool_that_gives_results_only_all_together(problem, tmp_path, backend):
    """Ray's is a subclass of joblib's for processes, which is there to be tested where Ray is not."""
    if backend == "ray":
        pytest.importorskip("ray.util.joblib", reason="needs Ray, which no extra brings").register_ray()
    method, *what = problem[0]
    method, cache = make_pipeline(method[0], RandomForestClassifier(3)), Cache(tmp_path / "cache")
    expected, told = evaluate(method, *what, cache=cache), []
    with joblib.parallel_config(backend):
        run = evaluate(method, *what, out=tmp_path, jobs=2, cache=cache, progress=lambda *each: told.append(each[:3]))
    pd.testing.assert_frame_equal(run.predictions, expected.predictions, check_exact=True)
    assert told[-1] == ("folds", 16, 16)
