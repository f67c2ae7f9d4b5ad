"""The synthetic release: how long it takes, how hard it is, and how it differs from what is known of real faces.

SYNTHETIC: its scores compare methods under known motion. They say nothing about people.

    python benchmarks/synthetic_dataset.py FOLDER                              # makes the release there, or takes the one that is there
    python benchmarks/synthetic_dataset.py FOLDER --clips 90 --subjects 12     # a small one
    python benchmarks/synthetic_dataset.py FOLDER --real casme2_flows.npz      # also: beside the real maps of CASME II

With --real, a picture of the mean maps is written to FOLDER/mean_maps.png, and the kernel ridge classifier that learned from
synthetic maps alone is tested on the real ones, which it never saw. Those who drew the fields of the action units and laid
the face into the map had looked at these real maps, so that number is a development number.
"""

import argparse
import os
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from fleeting.analysis.analyze import analyze
from fleeting.base import ClipTransformer
from fleeting.classifiers.kernel_ridge import KernelRidgeClassifier
from fleeting.datasets.flow_maps import EMOTIONS, FlowMaps
from fleeting.datasets.synthetic_release import Synthetic
from fleeting.evaluation.evaluate import evaluate
from fleeting.features.flow_image import FlowImage
from fleeting.features.lbp_top import LBPTOP
from fleeting.flow import flow
from fleeting.labels import label
from fleeting.metrics import uar, uf1
from fleeting.preprocess.interpolate import Interpolate
from fleeting.protocols import LOSO
from fleeting.spotting.matching import match
from fleeting.synthetic.release import synthesize


class Standardised(ClipTransformer):
    """A flow image, (3, H, W) float32, each channel with mean 0 and standard deviation 1: one clip at a time."""

    def __init__(self, size=28, method="dis"):
        self.size = size
        self.method = method

    def transform_clip(self, clip):
        return standardised(FlowImage(self.size, self.method).transform_clip(clip))


def standardised(image):
    image = image - image.mean(axis=(1, 2), keepdims=True)
    return image / (image.std(axis=(1, 2), keepdims=True) + 1e-9)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, default=255)
    parser.add_argument("--subjects", type=int, default=26)
    parser.add_argument("--long-videos", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--real", help="npz of the flow maps of CASME II")
    options = parser.parse_args()
    timed(options)
    release = Synthetic(options.folder)
    truth(release)
    difficulty(release)
    if options.long_videos:
        spotting(release.videos())
        default_spotter(options.folder, release.videos())
    if options.real:
        beside_real_maps(options)


def timed(options):
    """Each stage alone; a stage that is already there costs nothing."""
    start, cpu, stages = time.perf_counter(), time.process_time(), {}

    def told(stage, done, total):
        stages[stage] = time.perf_counter(), time.process_time()

    shape = {"subjects": options.subjects, "clips": options.clips, "long_videos": options.long_videos}
    synthesize(options.folder, **shape, seed=options.seed, jobs=options.jobs, progress=told)
    for stage, (ended, used) in stages.items():
        print(f"{stage:12} {ended - start:6.1f} s" + (f", {used - cpu:6.1f} s of processor time" if options.jobs == 1 else ""))
        start, cpu = ended, used
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    start = time.perf_counter()
    clips = Synthetic(options.folder).clips()
    frames = sum(clip.offset + 1 for clip in clips)
    print(f"opened in {time.perf_counter() - start:.2f} s: {len(clips)} clips of {frames / len(clips):.0f} frames on average")


def truth(release):
    """The flow as DIS measures it on the pictures, against the true one."""
    rows = []
    for clip in release.clips()[::4]:
        frames, true = clip.frames, release.flow(clip)
        size = np.linalg.norm(true, axis=2)
        error = np.linalg.norm(flow(frames[clip.onset], frames[clip.apex]) - true, axis=2)
        rows.append([size.max(), size.mean(), error.mean(), np.median(error), np.percentile(error, 95)])
    names = ("true: largest", "true: mean", "error: mean", "error: median", "error: 95 % below")
    means = ", ".join(f"{name} {value:.3f}" for name, value in zip(names, np.mean(rows, axis=0), strict=True))
    print(f"DIS flow of the pictures against the true one, px, mean over clips: {means}")


def difficulty(release):
    """Two ordinary methods, three classes, leave one subject out."""
    clips, y = label(release.clips(), "3class")
    print(f"{len(clips)} clips: " + ", ".join(f"{n} {name}" for name, n in zip(*np.unique(y, return_counts=True), strict=True)))
    methods = {
        "LBP-TOP, linear SVM": make_pipeline(Interpolate(10), LBPTOP(grid=(5, 5), radii=(1, 1, 4)), LinearSVC()),
        "flow image, kernel ridge": make_pipeline(Standardised(), KernelRidgeClassifier(flip=True)),
    }
    for name, method in methods.items():
        run = evaluate(method, clips, y, LOSO(), cache=False)
        f1, recall = run.interval("uf1"), run.interval("uar")
        print(f"{name:26} UF1 {f1.value:.3f} ({f1.low:.3f} to {f1.high:.3f})   UAR {recall.value:.3f}", flush=True)


def spotting(videos):
    """A frame-difference spotter that is told where the face is, at its usual threshold and at the best one in hindsight."""
    curves = [(changes(video), video.intervals.query("kind == 'micro'"), video.intervals) for video in videos]
    print(f"{len(videos)} long videos, {sum(len(micro) for _, micro, _ in curves)} micro-expressions")
    scores = {}
    for share in np.arange(0.05, 1, 0.05):
        counts = np.zeros((2, 3))
        for curve, micro, both in curves:
            found = peaks(*curve, share)
            for k, true in enumerate((micro, both)):
                m = match(found, true)
                counts[k] += len(m.pairs), m.found, m.true
        scores[share] = 2 * counts[:, 0] / counts[:, 1:].sum(axis=1)
    usual = scores[min(scores, key=lambda share: abs(share - 0.55))]
    best = np.max(list(scores.values()), axis=0)
    print(f"frame-difference spotter: F1 {usual[0]:.3f} of micro-, {usual[1]:.3f} of all expressions")
    print(f"  at the best of 19 thresholds {best[0]:.3f}, {best[1]:.3f}")


def default_spotter(folder, videos):
    """What the analysis finds that anybody gets who runs ``fleeting analyze``."""
    counts = np.zeros(3)
    for video in videos:
        events = analyze(folder / "videos" / f"{video.subject}.mp4").events.query("kind == 'micro'")
        m = match(events.rename(columns={"onset_frame": "onset", "offset_frame": "offset"}), video.intervals.query("kind == 'micro'"))
        counts += len(m.pairs), m.found, m.true
    hits, found, true = counts
    print(f"default spotter: F1 {2 * hits / (found + true):.3f} of micro-expressions ({hits:.0f} of {true:.0f}, {found:.0f} found)")


def changes(video, span_s=0.15):
    """How much the face differs from itself ``span_s`` before and after, a number a frame; and frames in ``span_s``."""
    span, crops = max(round(span_s * video.fps), 1), []
    for frame in video.frames():
        height, width = frame.shape[:2]
        face = frame[int(0.3 * height) : int(0.85 * height), int(width / 2 - 0.28 * height) : int(width / 2 + 0.28 * height)]
        crops.append(cv2.GaussianBlur(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY), (0, 0), 2))
    crops = np.stack(crops).astype(np.float32)
    out = np.zeros(len(crops))
    for t in range(span, len(crops) - span):
        out[t] = np.abs(crops[t] - (crops[t - span] + crops[t + span]) / 2).mean()
    return out, span


def peaks(curve, span, share):
    """Intervals around the highest points above ``mean + share * (max - mean)``, which keep their distance."""
    threshold, left, rows = curve.mean() + share * (curve.max() - curve.mean()), curve.copy(), []
    while left.max() > threshold:
        t = int(left.argmax())
        rows.append((t - span, t + span))
        left[max(t - 2 * span, 0) : t + 2 * span + 1] = -1
    return pd.DataFrame(rows, columns=["onset", "offset"])


def beside_real_maps(options):
    real, made = FlowMaps(options.real).clips(), FlowMaps(options.folder / "maps.npz").clips()
    release, labels = label(Synthetic(options.folder).clips(), "3class")
    groups = {
        "real CASME II": ([np.moveaxis(clip.frames[0], -1, 0) for clip in real], [clip.emotion for clip in real]),
        "synthetic maps": ([np.moveaxis(clip.frames[0], -1, 0) for clip in made], [clip.emotion for clip in made]),
        "synthetic clips": ([FlowImage(28, "dis").transform_clip(clip) for clip in release], list(labels)),
    }
    groups = {name: (np.stack([standardised(m.astype(float)) for m in maps]), np.array(y)) for name, (maps, y) in groups.items()}
    means = {name: {e: maps[y == e].mean(axis=0) for e in EMOTIONS} for name, (maps, y) in groups.items()}
    for name in list(groups)[1:]:
        for what, taken in (("mean maps", lambda m, e: m[e]), ("less the mean of the classes", lambda m, e: m[e] - sum(m.values()) / 3)):
            print(f"{name}, {what}: correlation with the real ones, u v strain")
            for e in EMOTIONS:
                pairs = zip(taken(means["real CASME II"], e), taken(means[name], e), strict=True)
                print(f"  {e:9}", " ".join(f"{np.corrcoef(a.ravel(), b.ravel())[0, 1]:.2f}" for a, b in pairs))
    tiles = [np.hstack([tile for e in EMOTIONS for tile in means[name][e]]) for name in groups]
    picture = np.clip(128 + 60 * np.vstack(tiles), 0, 255).astype(np.uint8)
    cv2.imwrite(str(options.folder / "mean_maps.png"), cv2.resize(picture, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST))
    real_x, real_y = groups["real CASME II"]
    for name in list(groups)[1:]:
        x, y = groups[name]
        said = KernelRidgeClassifier(flip=True).fit(x, y).predict(real_x)
        print(f"learned from {len(x)} {name}, tested on {len(real_x)} real: UF1 {uf1(real_y, said):.3f} UAR {uar(real_y, said):.3f}")


if __name__ == "__main__":
    main()
