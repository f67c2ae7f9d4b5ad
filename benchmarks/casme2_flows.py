"""Recognition from flow maps, leave one subject out: four honest baselines with 95 % intervals over subjects.

    python benchmarks/casme2_flows.py casme2_flows.npz [--maps NAME] [--out runs] [--seeds 3] [--jobs 2] [--networks]

The npz (or the folder norm_u_v_os) holds maps of 28 x 28 px: horizontal and vertical flow from onset to apex, and strain
(see fleeting.datasets.FlowMaps). No setting was chosen by looking at test scores; `kernel ridge, chosen` chooses its kernel,
width and penalty anew within the training clips of each fold, by closed-form leave-one-subject-out. --networks adds STSTNet with
its authors' values (eight minutes a seed on one core) and OFF-ApexNet with epochs that its training loss alone asked for (three).
"""

import argparse
import time

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from fleeting.base import ClipTransformer
from fleeting.classifiers.kernel_ridge import KernelRidgeClassifier
from fleeting.datasets.flow_maps import FlowMaps
from fleeting.evaluation.evaluate import evaluate
from fleeting.labels import label
from fleeting.methods import METHODS
from fleeting.protocols import LOSO


class Standardised(ClipTransformer):
    """The map, (3, H, W) float32, each channel with mean 0 and standard deviation 1: one clip at a time."""

    def transform_clip(self, clip):
        channels = np.moveaxis(clip.frames[0], -1, 0).astype(np.float32)  # (3, H, W)
        channels -= channels.mean(axis=(1, 2), keepdims=True)
        return channels / (channels.std(axis=(1, 2), keepdims=True) + 1e-6)


class SmallNet(ClassifierMixin, BaseEstimator):
    """16 filters, pooling, one hidden layer: about as small as STSTNet. The last epoch is taken."""

    def __init__(self, epochs=80, lr=1e-3, batch=32, random_state=None):
        self.epochs = epochs
        self.lr = lr
        self.batch = batch
        self.random_state = random_state

    def fit(self, X, y):
        import torch
        from torch import nn

        torch.manual_seed(self.random_state)
        self.classes_, code = np.unique(y, return_inverse=True)
        x, code = torch.from_numpy(np.ascontiguousarray(X)), torch.from_numpy(code)
        counts = torch.bincount(code)
        loss = nn.CrossEntropyLoss(weight=len(code) / (len(counts) * counts))
        self.net_ = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(16), nn.MaxPool2d(3, 3, padding=1),  # (N, 16, 10, 10)
            nn.AvgPool2d(2), nn.Flatten(), nn.Dropout(0.5),  # (N, 400)
            nn.Linear(400, 64), nn.ReLU(), nn.Linear(64, len(counts)),
        )  # fmt: skip
        optimiser = torch.optim.AdamW(self.net_.parameters(), lr=self.lr, weight_decay=1e-2)
        for _ in range(self.epochs):
            for rows in torch.randperm(len(x)).split(self.batch):
                if len(rows) < 2:  # too few to normalise over
                    continue
                batch = x[rows]
                mirrored = torch.rand(len(rows)) < 0.5
                batch[mirrored] = batch[mirrored].flip(-1) * torch.tensor([-1, 1, 1])[:, None, None]  # u changes its sign
                optimiser.zero_grad()
                loss(self.net_(batch), code[rows]).backward()
                optimiser.step()
        return self

    def predict_proba(self, X):
        import torch

        with torch.no_grad():
            return self.net_.eval()(torch.from_numpy(np.ascontiguousarray(X))).softmax(1).numpy()

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def kernel_ridge():
    return make_pipeline(Standardised(), KernelRidgeClassifier(flip=True))


def flat(maps):
    return maps.reshape(len(maps), -1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="npz of flow maps, or the folder norm_u_v_os")
    parser.add_argument("--maps", help="of an npz, the array to take")
    parser.add_argument("--out", help="keep the runs here, and resume them")
    parser.add_argument("--seeds", type=int, default=3, help="runs of the network")
    parser.add_argument("--networks", action="store_true", help="STSTNet and OFF-ApexNet, too")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these methods alone")
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    clips, y = label(FlowMaps(arguments.data, maps=arguments.maps).clips(), "3class")
    classes = ", ".join(f"{n} {name}" for name, n in zip(*np.unique(y, return_counts=True), strict=True))
    print(f"{len(clips)} clips, {len({clip.person for clip in clips})} subjects: {classes}")
    chosen = KernelRidgeClassifier(alpha=[0.1, 1, 10], kernel=["rbf", "exponential"], gamma=[0.1, 0.3, 1], flip=True)
    methods = {
        "majority class": (make_pipeline(Standardised(), DummyClassifier()), 1),
        "linear SVM": (make_pipeline(Standardised(), FunctionTransformer(flat), SVC(kernel="linear", class_weight="balanced")), 1),
        "kernel ridge": (kernel_ridge(), 1),
        "kernel ridge, chosen": (make_pipeline(Standardised(), chosen), 1),
        "small network": (make_pipeline(Standardised(), SmallNet()), arguments.seeds),
    }
    if arguments.networks:
        methods |= {name: (METHODS[name](device="cpu"), arguments.seeds) for name in ("ststnet", "off_apexnet")}
    for name, (method, seeds) in methods.items():
        if arguments.only and name not in arguments.only:
            continue
        for seed in range(seeds):
            start = time.perf_counter()
            run = evaluate(method, clips, y, LOSO(), out=arguments.out, seed=seed, jobs=arguments.jobs)
            f1, recall = run.interval("uf1"), run.interval("uar")
            print(
                f"{name + (f', seed {seed}' if seeds > 1 else ''):24} UF1 {f1.value:.3f} ({f1.low:.3f} to {f1.high:.3f})   "
                f"UAR {recall.value:.3f} ({recall.low:.3f} to {recall.high:.3f})   {time.perf_counter() - start:6.1f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
