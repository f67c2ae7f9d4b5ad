"""All registered methods on one dataset, leave one subject out, as a table in Markdown.

    python benchmarks/methods.py synthetic FOLDER --out runs --jobs 2
    python benchmarks/methods.py flow-maps casme2_flows.npz --only flow_krr
    python benchmarks/methods.py casme2 FOLDER --align 128 --set version=raw

What is in --out already is not computed again. Networks are left out unless they are named: they take hours. A method that cannot
be run on these clips has the reason in its row.
"""

import argparse
import inspect
import time

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from fleeting.datasets.catalogue import open_dataset
from fleeting.errors import FleetingError
from fleeting.evaluation.evaluate import evaluate
from fleeting.labels import label
from fleeting.methods import METHODS
from fleeting.protocols import LOSO

NETWORKS = ("networks", "transfer")


def nothing(clips):
    return np.zeros((len(clips), 1))


def built(name, align):
    """The method, its faces cut out if it can."""
    if name == "majority class":
        return make_pipeline(FunctionTransformer(nothing), DummyClassifier())
    options = {"align": align} if align and "align" in inspect.signature(METHODS[name]).parameters else {}
    return METHODS[name](**options)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", help="a name that `fleeting datasets list` has")
    parser.add_argument("root", help="its folder, or the npz of flow maps")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="settings of its reader, such as version=raw")
    parser.add_argument("--labels", default="3class")
    parser.add_argument("--align", type=int, help="cut faces out and hold them still, at so many px a side")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these methods alone")
    parser.add_argument("--out", help="keep the runs here, and resume them")
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    dataset = open_dataset(arguments.dataset, arguments.root, **dict(each.split("=", 1) for each in arguments.set))
    clips, y = label(dataset.clips(), arguments.labels)
    classes = ", ".join(f"{n} {name}" for name, n in zip(*np.unique(y, return_counts=True), strict=True))
    hand_made = [name for name in METHODS if METHODS[name].__module__.rpartition(".")[2] not in NETWORKS]
    print(f"{dataset.title}: {len(clips)} clips of {len({clip.person for clip in clips})} people: {classes}\n")
    print("| method | UF1 | UAR | accuracy | seconds |\n|---|---|---|---|---|", flush=True)
    for name in arguments.only or ["majority class", *hand_made]:
        start = time.perf_counter()
        try:
            kept = {"out": arguments.out, "jobs": arguments.jobs, "name": name.replace(" ", "_")}
            run = evaluate(built(name, arguments.align), clips, y, LOSO(), **kept)
        except FleetingError as error:
            print(f"| `{name}` | – | – | – | {error} |", flush=True)
            continue
        f1, recall = (f"{i.value:.3f} ({i.low:.3f} to {i.high:.3f})" for i in (run.interval("uf1"), run.interval("uar")))
        print(f"| `{name}` | {f1} | {recall} | {run.score('accuracy'):.3f} | {time.perf_counter() - start:.0f} |", flush=True)


if __name__ == "__main__":
    main()
