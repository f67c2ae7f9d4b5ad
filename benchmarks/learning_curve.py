"""Would it work with more data? The papers' networks trained on more and more synthetic clips, tested on ten people they never saw.

SYNTHETIC: what comes out says how much of a modelled expression a network learns from how many clips; nothing about people.

    fleeting datasets synthesize --clips 16000 --subjects 640 --size 64 --long-videos 0 --expressions 0 --maps 0 RELEASE
    python benchmarks/learning_curve.py RELEASE --out runs [--clips 250 1000 4000 16000] [--only ststnet ...] [--seed 0] [--device auto]

The last ten people of the release are tested, whatever it is trained on; training takes people from the first on until there are so
many clips. Beside the UAR and its 95 % interval over the ten people stands the accuracy on the clips trained on, at the epoch that was
taken: a network that does not even know these has a recipe at fault; one that knows them and stays at chance has learned faces by heart.
A stopped run goes on where it was. Epochs are the method's up to 1,000 clips; beyond, they are fewer, such that steps stay as many.
The table is printed, and with the figure left in --out (learning_curve.md, learning_curve.svg), to be taken into docs/networks.md.
"""

import argparse
import inspect
from pathlib import Path

import numpy as np

from fleeting.datasets.synthetic_release import Synthetic
from fleeting.evaluation.evaluate import evaluate
from fleeting.labels import label
from fleeting.methods import METHODS
from fleeting.protocols import Fold

TESTED = 10  # people
FULL_EPOCHS_TO = 1000  # clips
FLOW_BASED = ("ststnet", "off_apexnet", "dtscnn", "two_stream", "elrcn")
NETWORKS = (*FLOW_BASED, "one_stream_3dcnn", "cnn_rnn", "micro_exp_stcnn", "cnn3d", "apex_dcnn")


class Unseen:
    """One fold: some people are trained on, others tested."""

    leaky = False

    def __init__(self, tested):
        self.tested = tested

    def folds(self, clips):
        test = np.array([clip.subject in self.tested for clip in clips])
        return [Fold("unseen", np.flatnonzero(~test), np.flatnonzero(test))]

    def __str__(self):
        return f"{len(self.tested)} people never seen"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs"))
    parser.add_argument("--clips", type=int, nargs="+", default=[250, 1000, 4000, 16000])
    parser.add_argument("--only", nargs="+", default=NETWORKS, metavar="NAME")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    given = parser.parse_args()
    clips, y = label(Synthetic(given.release).clips(), "3class")
    people = list(dict.fromkeys(clip.subject for clip in clips))
    tested = people[-TESTED:]
    order = [k for k, clip in enumerate(clips) if clip.subject not in tested]
    test = [k for k, clip in enumerate(clips) if clip.subject in tested]
    rows = []
    for name in given.only:
        for n in [n for n in given.clips if n <= len(order)]:
            some = order[:n] + test
            row = learned(name, [clips[k] for k in some], [y[k] for k in some], n, tested, given)
            rows.append(row)
            print("{name}, {n} clips: UAR {uar:.3f} ({low:.3f} to {high:.3f}), training accuracy {known:.3f}".format(**row), flush=True)
    if left := [n for n in given.clips if n > len(order)]:
        print(f"{', '.join(map(str, left))} clips were not tried: the release has {len(order)} of people who are not tested")
    written(rows, given.out, len(test))


def learned(name, clips, y, n, tested, given):
    usual = inspect.signature(METHODS[name]).parameters["epochs"].default
    epochs = max(1, round(usual * min(1, FULL_EPOCHS_TO / n)))
    method = METHODS[name](epochs=epochs, device=given.device)
    run = evaluate(method, clips, y, Unseen(tested), out=given.out, seed=given.seed, name=f"{name}-{n}")
    uar = run.interval("uar")
    epochs = run.learning.get("unseen")
    known = float("nan") if epochs is None else float(epochs.loc[epochs["chosen"] == 1, "accuracy"].iloc[-1])
    return {"name": name, "n": n, "uar": uar.value, "low": uar.low, "high": uar.high, "known": known}


def written(rows, out, tested):
    """The table and the figure."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    lines = [f"| network | trained on | UAR over {tested} clips of {TESTED} people | accuracy on its training clips |", "|---|---|---|---|"]
    lines += ["| `{name}` | {n} clips | {uar:.3f} ({low:.3f} to {high:.3f}) | {known:.3f} |".format(**row) for row in rows]
    (out / "learning_curve.md").write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(lines))
    figure, axes = plt.subplots(figsize=(7, 4))
    for name in dict.fromkeys(row["name"] for row in rows):
        n, uar, low, high = zip(*((row["n"], row["uar"], row["low"], row["high"]) for row in rows if row["name"] == name), strict=True)
        axes.errorbar(n, uar, [np.subtract(uar, low), np.subtract(high, uar)], marker="o", capsize=3, label=name)
    axes.axhline(1 / 3, color="grey", linestyle=":", label="chance")
    axes.set(xscale="log", xlabel="synthetic clips trained on", ylabel=f"UAR on {TESTED} people never seen", ylim=(0.2, 1))
    axes.legend(fontsize="small")
    figure.savefig(out / "learning_curve.svg")


if __name__ == "__main__":
    main()
