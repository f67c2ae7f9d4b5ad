"""The eye CNN on pictures of expressions, five folds of whole people, beside the majority class.

    python benchmarks/eye_cnn.py faces48.npz [--epochs 50] [--out runs] [--jobs 2] [--only NAME ...] [--save eyes]

The npz holds faces of 48 x 48 px in the form of FER2013 (``image``, ``emotion``, ``name``: see fleeting.datasets.eyes.read_expressions);
a FER2013 csv or class folders will do. Eyes are cut out as a band, for a face fills each picture. --save trains once more, on
all people, and keeps the weights, which can then be the recogniser of `fleeting analyze`: in it neutral faces leave, and
the others count as negative, positive or surprise. Expressions on photographs are no micro-expressions.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline

from fleeting.datasets.eyes import read_expressions
from fleeting.evaluation.evaluate import evaluate
from fleeting.features.pictures import Picture
from fleeting.methods.networks import eye_cnn
from fleeting.protocols import SubjectKFold

GROUPS = {"happiness": "positive", "surprise": "surprise"} | dict.fromkeys(("anger", "contempt", "disgust", "fear", "sadness"), "negative")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="npz, csv or folder of pictures of expressions")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", help="keep the runs here, and resume them")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these rows alone")
    parser.add_argument("--save", metavar="PATH", help="keep weights for three groups, trained on everybody")
    arguments = parser.parse_args()
    source = read_expressions(arguments.data)
    every = [clip for clip in (source.clips() if hasattr(source, "clips") else source) if clip.emotion]
    grouped = [clip for clip in every if clip.emotion in GROUPS]
    common = {"eyes": "band", "epochs": arguments.epochs, "device": "cpu"}
    rows = {
        "majority": (make_pipeline(Picture(8), DummyClassifier()), every),
        "modern": (eye_cnn(**common), every),
        "modern, balanced": (eye_cnn(class_weight="balanced", **common), every),
        "text": (eye_cnn(variant="text", **common), every),
        "weights from U(-1, 1)": (eye_cnn(init="seed", **common), every),
        "majority, three groups": (make_pipeline(Picture(8), DummyClassifier()), grouped),
        "modern, balanced, three groups": (eye_cnn(class_weight="balanced", **common), grouped),
    }
    for name, (method, clips) in rows.items():
        if arguments.only and name not in arguments.only:
            continue
        y = [GROUPS[clip.emotion] if clips is grouped else clip.emotion for clip in clips]
        start = time.perf_counter()
        run = evaluate(method, clips, y, SubjectKFold(5), out=arguments.out, seed=arguments.seed, jobs=arguments.jobs, cache=False)
        scores = [run.interval(score, resamples=500) for score in ("accuracy", "uf1", "uar")]
        words = zip(("accuracy", "macro F1", "UAR"), scores, strict=True)
        said = "   ".join(f"{word} {v.value:.3f} ({v.low:.3f} to {v.high:.3f})" for word, v in words)
        people = len({clip.person for clip in clips})
        print(f"{name:31} {len(clips)} pictures, {people} people   {said}   {time.perf_counter() - start:.0f} s", flush=True)
        print(" " * 31, ", ".join(f"{word} {recall:.2f}" for word, recall in run.recalls().items()), flush=True)
    if arguments.save:
        method = rows["modern, balanced, three groups"][0]
        X, y = method[:-1].fit_transform(grouped), np.array([GROUPS[clip.emotion] for clip in grouped])
        net = method[-1].set_params(random_state=arguments.seed).fit(X, y, groups=[clip.person for clip in grouped])
        trained_on = f"{len(grouped)} pictures of expressions, none of them neutral, of {Path(arguments.data).name}"
        print(net.save(arguments.save, method="eye_cnn", parameters={"eyes": "band"}, trained_on=trained_on))


if __name__ == "__main__":
    main()
