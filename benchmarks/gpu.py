"""Networks on a GPU: all folds as one against one after another, and what speeds up a step of the large networks.

One run of some minutes, by anyone who has a GPU; what it prints goes into docs/networks.md. Without one it says so and measures nothing:

    python benchmarks/gpu.py [--minutes 8] [--real casme2_flows.npz] [--rehearse]

1. Small networks in the shape of MEGC 2019 (442 samples of 68 persons, random): seconds of all folds in one stack at the published number
   of epochs, and of a few folds one after another, times as many as there are. The first of each is run once before and not counted.
2. Networks of medium size, one epoch of 24 folds: where stacking stops to pay (``SMALL`` in fleeting/training/stacked.py).
3. Large networks at their papers' sizes: steps a second as they were before (a batch at a time from memory), with samples on the GPU, with
   TF32 in products of matrices as well, and in bfloat16.
4. With --real: LOSO on the flow maps of CASME II in one stack, three seeds, beside what docs/networks.md has of a CPU.

--rehearse runs everything on the CPU with next to nothing of each, to see that it runs; its figures mean nothing and are not printed.
"""

import argparse
import time

import numpy as np
import torch

from fleeting.compute.rows import Rows
from fleeting.datasets.flow_maps import FlowMaps
from fleeting.evaluation.evaluate import evaluate
from fleeting.methods import METHODS
from fleeting.models import network
from fleeting.protocols import LOSO
from fleeting.training import samples
from fleeting.training.net import NetClassifier
from fleeting.training.stacked import cannot_stack, fit_together, step_bytes

PERSONS, SAMPLES = 68, 442
ADAM = {"optimizer": "adam", "validation": 0.0, "choose": "last"}
SGD = {"optimizer": "sgd", "validation": 0.0, "choose": "last"}
SMALL = (  # network, a sample, epochs, batch, rate, of the method in fleeting/methods/networks.py
    ("ststnet", (3, 28, 28), 500, 256, 5e-5),
    ("off_apexnet", (2, 28, 28), 60, 32, 1e-4),
)
MEDIUM = (
    ("eye_cnn", (1, 32, 32), 128), ("cnn_rnn", (1, 8, 64, 64), 8), ("one_stream_3dcnn", (1, 8, 64, 64), 8), ("sssnet", (3, 64, 64), 64),
)  # fmt: skip
LARGE = (("tlcnn_frames", (3, 227, 227), 224), ("apex_dcnn", (3, 400, 400), 32), ("elrcn", (4, 9, 224, 224), 8))
ONE_BY_ONE = 3  # folds that are trained one after another


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=8, help="begin nothing new after so long")
    parser.add_argument("--real", help="npz of the flow maps of CASME II")
    parser.add_argument("--rehearse", action="store_true")
    given = parser.parse_args()
    if not torch.cuda.is_available() and not given.rehearse:
        print("There is no GPU here (or this PyTorch was built without CUDA): nothing was measured, and nothing is claimed.")
        return
    device, until = "cpu" if given.rehearse else "cuda", time.monotonic() + 60 * given.minutes
    if not given.rehearse:
        about = torch.cuda.get_device_properties(0)
        print(f"{about.name}, {about.total_memory / 2**30:.0f} GiB, PyTorch {torch.__version__}, CUDA {torch.version.cuda}")
    parts = [lambda row=row: small(row, device) for row in SMALL]
    parts += [lambda row=row: medium(row, device) for row in MEDIUM]
    parts += [lambda row=row: large(row, device) for row in LARGE]
    parts += [lambda seed=seed: real(given.real, seed, device) for seed in range(3)] if given.real else []
    for part in parts:
        if time.monotonic() > until:
            print("out of time: the rest was not measured")
            break
        line = part()
        print("rehearsed: " + line.partition(":")[0] if given.rehearse else line, flush=True)


def small(row, device):
    """All folds as one, and a few one after another."""
    name, shape, epochs, batch, lr = row
    tiny = device == "cpu"
    persons = np.arange(12 if tiny else SAMPLES) % (3 if tiny else PERSONS)
    epochs = 2 if tiny else epochs
    build = lambda seed: classifier(name, device, epochs=epochs, batch_size=batch, lr=lr, random_state=seed, **ADAM)  # noqa: E731
    X, y, rows = made(len(persons), shape), np.arange(len(persons)) // 2 % 3, folds(persons)
    together, alone = compared(build, X, y, rows)
    both = f"as one {together:.1f} s, one after another {alone:.1f} s"
    return f"{name}, {len(rows)} folds, {epochs} epochs: {both}, {alone / together:.1f} times"


def medium(row, device):
    """One epoch of a leave-one-person-out, and what a step keeps."""
    name, shape, batch = row
    tiny = device == "cpu"
    persons = np.arange(12 if tiny else 240) % (3 if tiny else 24)
    options = {"width": 0.1} if tiny else {}
    build = lambda seed: classifier(name, device, options, epochs=1, batch_size=batch, lr=1e-3, random_state=seed, **SGD)  # noqa: E731
    X, y, rows = made(len(persons), shape), np.arange(len(persons)) // 2 % 3, folds(persons)
    both = [build(0).prepared(Rows(X, some), y[some]) for some in rows[:2]]
    for training in both:
        build(0).build(training)
    if reason := cannot_stack(build(0), both):
        return f"{name}: {reason}"
    kept = step_bytes(build(0), both[0]) / 2**20
    together, alone = compared(build, X, y, rows)
    return f"{name}, {len(rows)} folds: a step keeps {kept:.0f} MB, one after another / as one {alone / together:.1f} times"


def large(row, device):
    """Steps a second, as they were and as they can be."""
    name, shape, batch = row
    tiny = device == "cpu"
    shape = (shape[0], *(min(side, 64 if side > 16 else 2) for side in shape[1:])) if tiny else shape
    batch, options = (2, {"width": 0.02}) if tiny else (batch, {})
    X, y = made(2 * batch, shape), np.arange(2 * batch) % 3
    found, share, precision = {}, samples.ON_DEVICE, torch.get_float32_matmul_precision()
    ways = {"before": (0, "highest", False), "on the GPU": (share, "highest", False), "TF32": (share, "high", False)}
    for what, (on_gpu, tf32, mixed) in {**ways, "bfloat16": (share, "high", True)}.items():
        samples.ON_DEVICE = on_gpu
        torch.set_float32_matmul_precision(tf32)
        ends = []
        net = classifier(name, device, options, epochs=2 if tiny else 6, batch_size=batch, lr=1e-4, random_state=0, mixed_precision=mixed,
                         progress=lambda *told, ends=ends: ends.append(time.perf_counter()), **SGD)  # fmt: skip
        try:
            net.fit(X, y)
        except Exception as error:  # one setting that a GPU cannot do is no reason to lose the others
            found[what] = f"failed ({error})"
            continue
        found[what] = f"{2 / np.median(np.diff(ends)):.2f}"  # two steps an epoch; the first warms up
    samples.ON_DEVICE = share
    torch.set_float32_matmul_precision(precision)
    return f"{name}, batch {batch}: steps a second " + ", ".join(f"{what} {value}" for what, value in found.items())


def real(path, seed, device):
    """LOSO on the maps of CASME II, all folds in one stack."""
    clips = FlowMaps(path).clips()
    said = []
    for name in ("ststnet", "off_apexnet"):
        start = time.perf_counter()
        method = METHODS[name](device=device, **({"epochs": 1} if device == "cpu" else {}))
        run = evaluate(method, clips, [clip.emotion for clip in clips], LOSO(), seed=seed, stack=24)
        f1 = run.interval("uf1")
        said.append(f"{name} UF1 {f1.value:.3f} ({f1.low:.3f} to {f1.high:.3f}) in {time.perf_counter() - start:.1f} s")
    return f"CASME II, seed {seed}: " + ", ".join(said)


def compared(build, X, y, rows):
    """Seconds of all folds as one, and of all one after another by the pace of a few."""
    few = rows[:ONE_BY_ONE]
    fit_together([build(k) for k in range(2)], X, y, rows[:2])  # to warm up
    build(0).fit(X[rows[0]], y[rows[0]])
    together = timed(lambda: fit_together([build(k) for k in range(len(rows))], X, y, rows))
    alone = timed(lambda: [build(k).fit(X[some], y[some]) for k, some in enumerate(few)])
    return together, alone * len(rows) / len(few)


def timed(work):
    start = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def classifier(name, device, options=None, **settings):
    return NetClassifier(network(name), options or {}, device=device, **settings)


def made(n, shape):
    return np.random.default_rng(0).integers(0, 256, (n, *shape), dtype=np.uint8)


def folds(persons):
    return [np.flatnonzero(persons != person) for person in np.unique(persons)]


if __name__ == "__main__":
    main()
