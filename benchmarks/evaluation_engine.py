"""What the evaluation engine costs and survives, in the shape of MEGC 2019: 442 clips of 68 subjects, synthetic values.

    python benchmarks/evaluation_engine.py [--kills 50]

1. Computing time that `evaluate` adds to a bare loop of clone, fit and predict, a fold; folds kept on disk, clips cached.
2. A second run with a descriptor of 40 ms a clip, against the first.
3. Leave-one-subject-out of a kernel ridge in closed form, against 68 refits: the time, and how far the decisions differ.
4. Evaluations killed (SIGKILL) at random moments and started again: the predictions are compared, byte for byte.
"""

import argparse
import os
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from fleeting.base import ClipTransformer
from fleeting.classifiers.kernel_ridge import KernelRidgeClassifier
from fleeting.clip import Clip
from fleeting.evaluation.evaluate import evaluate
from fleeting.protocols import LOSO

SUBJECTS, CLIPS = 68, 442


class Feature(ClipTransformer):
    """64 numbers a clip."""

    def transform_clip(self, clip):
        return clip.frames.mean(axis=0).reshape(-1)[:64] / 255


class SlowFeature(Feature):
    """The same in 40 ms."""

    def transform_clip(self, clip):
        time.sleep(0.04)
        return super().transform_clip(clip)


class SlowSVC(SVC):
    """Slow enough to be killed at work."""

    def fit(self, X, y):
        time.sleep(0.01)
        return super().fit(X, y)


def made():
    rng = np.random.default_rng(0)
    y = rng.choice(3, CLIPS, p=[250 / 442, 109 / 442, 83 / 442])
    frames = rng.integers(0, 160, (CLIPS, 8, 16, 16, 3), dtype=np.uint8) + (40 * y[:, None, None, None, None]).astype(np.uint8)
    person = rng.permutation(np.arange(CLIPS) % SUBJECTS)
    return [Clip(f"d/{p:02}/{i}", "d", f"{p:02}", 100.0, 0, 4, 7, lambda i=i: frames[i]) for i, p in enumerate(person)], y


def overhead(clips, y, folder):
    method = make_pipeline(Feature(), StandardScaler(), SVC(kernel="linear"))
    X, learner, extra = Feature().transform(clips), method[1:], []
    for round_ in range(6):
        start = time.process_time()
        for train, test in LOSO().split(clips):
            clone(learner).fit(X[train], y[train]).predict(X[test])
        bare = time.process_time() - start
        start = time.process_time()
        evaluate(method, clips, y, LOSO(), out=folder / f"overhead{round_}")
        extra.append((time.process_time() - start - bare) / SUBJECTS)
    added, loop = 1000 * statistics.median(extra[1:]), 1000 * bare / SUBJECTS
    print(f"evaluate adds {added:.1f} ms of computing time a fold to a bare loop of {loop:.1f} ms")


def second_run(clips, y):
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        evaluate(make_pipeline(SlowFeature(), StandardScaler(), SVC(kernel="linear")), clips, y, LOSO())
        seconds.append(time.perf_counter() - start)
    print(f"40 ms a clip: first run {seconds[0]:.1f} s, second {seconds[1]:.2f} s, {seconds[1] / seconds[0]:.3f} of the first")


def closed_form(clips, y):
    X = np.random.default_rng(2).normal(size=(CLIPS, 3 * 28 * 28)) + 0.1 * y[:, None]
    groups, ridge, seconds = np.array([clip.person for clip in clips]), KernelRidgeClassifier(), {"closed": [], "refits": []}
    for _ in range(5):
        start = time.process_time()
        closed = ridge.loso_decision(X, y, groups)
        seconds["closed"].append(time.process_time() - start)
        start, refits = time.process_time(), np.empty_like(closed)
        for train, test in LOSO().split(clips):
            refits[test] = clone(ridge).fit(X[train], y[train]).decision_function(X[test])
        seconds["refits"].append(time.process_time() - start)
    a, b = (statistics.median(seconds[name]) for name in ("closed", "refits"))
    apart = abs(closed - refits).max()
    print(f"kernel ridge, closed form: {a:.2f} s, {SUBJECTS} refits {b:.2f} s, {b / a:.1f} times faster; decisions differ by {apart:.0e}")


def kills(clips, y, folder, wanted):
    method, rng, done, finished = make_pipeline(Feature(), SlowSVC(kernel="linear")), np.random.default_rng(1), 0, 0

    def predictions(name):
        return evaluate(method, clips, y, LOSO(), out=folder / name).predictions.to_csv(index=False)

    expected = predictions("whole")
    while done < wanted:
        child = os.fork()
        if child == 0:
            predictions(f"killed{finished}")
            os._exit(0)
        time.sleep(rng.uniform(0.02, 1.2))
        os.kill(child, signal.SIGKILL)
        if os.waitpid(child, 0)[1] == 0:  # it was quicker: begin another
            assert predictions(f"killed{finished}") == expected
            finished += 1
        else:
            done += 1
    same = all(predictions(f"killed{k}") == expected for k in range(finished + 1))
    files = len(list(folder.glob("killed*/*/folds/*.csv")))
    left = len(list(folder.glob("killed*/*/folds/.*")))
    print(f"{wanted} kills over {finished + 1} runs: predictions identical: {same}; {files} fold files whole, {left} temporary files left")
    return same


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    arguments = parser.parse_args()
    clips, y = made()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FLEETING_CACHE"] = str(Path(folder) / "cache")
        overhead(clips, y, Path(folder))
        second_run(clips, y)
        closed_form(clips, y)
        sys.exit(not kills(clips, y, Path(folder), arguments.kills))


if __name__ == "__main__":
    main()
