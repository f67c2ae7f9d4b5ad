"""Small synthetic flow maps, and real evaluations of small methods on them, for the tests of what is said about runs."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline

from fleeting.base import ClipTransformer
from fleeting.clip import Clip
from fleeting.evaluation.evaluate import evaluate
from fleeting.protocols import LOSO, LeakyClipKFold, SubjectKFold

WORDS = np.array(["negative", "positive", "surprise"])


def maps(persons=8, each=6, seed=0, noise=70.0):
    """Flow maps of two datasets, each class with a place of its own to move, in noise: clips and labels."""
    rng = np.random.default_rng(seed)
    y = np.arange(persons * each) % 3
    clips = []
    for i, label in enumerate(y):
        frame = 128 + noise * rng.normal(size=(8, 8, 3))
        frame[2 * label : 2 * label + 3, :, 0] += 60
        frames = np.clip(frame, 0, 255).astype(np.uint8)[None]
        dataset, subject = "ab"[i // each % 2], f"s{i // each}"
        clips.append(Clip(f"{dataset}/{subject}/{i}", dataset, subject, 50.0, 0, 0, 0, read=lambda frames=frames: frames))
    return clips, WORDS[y]


class Flat(ClipTransformer):
    def transform_clip(self, clip):
        return clip.frames[0].ravel() / 255


class Epochs(ClassifierMixin, BaseEstimator):
    """Nearest centroid, with a made-up history of as many epochs as asked; what it says depends a little on its seed."""

    def __init__(self, epochs=5, random_state=None):
        self.epochs = epochs
        self.random_state = random_state

    def fit(self, X, y):
        rng = np.random.default_rng(self.random_state)
        rows = rng.permutation(len(X))[: len(X) // 2]
        self.inner_ = NearestCentroid().fit(X[rows], y[rows])
        self.classes_ = self.inner_.classes_
        self.history_ = [
            {"epoch": e, "lr": 0.1, "loss": 1 / e, "validation_loss": 1 / e + 0.1, "chosen": int(e == self.epochs)}
            for e in range(1, self.epochs + 1)
        ]
        return self

    def predict(self, X):
        return self.inner_.predict(X)


def made_runs(out):
    """Six runs, kept in a folder: ``linear, majority, kfold, leaky, seed0, seed1``."""
    clips, y = maps()
    linear = make_pipeline(Flat(), LogisticRegression(C=0.1))
    epochs = make_pipeline(Flat(), Epochs())
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*persons it has trained on")
        return {
            "linear": evaluate(linear, clips, y, LOSO(), out, cache=False, name="linear"),
            "majority": evaluate(DummyClassifier(), clips, y, LOSO(), out, cache=False, name="majority"),
            "kfold": evaluate(linear, clips, y, SubjectKFold(4), out, cache=False, name="kfold"),
            "leaky": evaluate(linear, clips, y, LeakyClipKFold(4), out, cache=False, name="leaky"),
            "seed0": evaluate(epochs, clips, y, LOSO(), out, cache=False, name="epochs", seed=0),
            "seed1": evaluate(epochs, clips, y, LOSO(), out, cache=False, name="epochs", seed=1),
        }
