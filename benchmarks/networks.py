"""One training step of each network at its paper's own size: parameters, seconds, and the peak of memory.

Each runs in a process of its own, on random samples: forward, backward, and the optimiser's step; the first one, so memory is also
taken up in that time. A network whose step would not fit into the memory that is free is left out, and said so. Where a paper
prints no batch size, * marks ours.

    python benchmarks/networks.py [NAME ...]      # names as in fleeting.models.NETWORKS; all, if none is given
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

GIB = 2**30
SGD, ADAM = 1, 2  # copies of the weights that the optimiser keeps

# network, options, samples in a batch, whether the paper prints that number, optimiser
ROWS = (
    ("eye_cnn", {}, 128, False, ADAM),
    ("eye_cnn", {"variant": "text", "init": "seed"}, 128, False, SGD),
    ("apex_dcnn", {}, 32, True, ADAM),
    ("apex_dcnn", {"pool": "mean"}, 32, True, ADAM),
    ("two_stream", {}, 8, True, SGD),
    ("two_stream", {"table1": False}, 8, True, SGD),
    ("one_stream_3dcnn", {}, 8, True, SGD),
    ("cnn_rnn", {}, 8, True, SGD),
    ("micro_exp_stcnn", {}, 16, True, SGD),
    ("micro_exp_stcnn", {"input_shape": (1, 18, 64, 64)}, 16, True, SGD),
    ("micro_exp_fusenet", {}, 16, True, SGD),
    ("micro_exp_fusenet", {"fusion": "late"}, 16, True, SGD),
    ("tlcnn_frames", {}, 224, True, SGD),
    ("tlcnn", {}, 16, True, SGD),
    ("cnn3d", {}, 7, True, SGD),
    ("cnn3d", {"input_shape": (3, 64, 112, 112)}, 4, True, SGD),
    ("dtscnn", {}, 4, False, SGD),
    ("elrcn", {}, 1, False, ADAM),
    ("elrcn", {"variant": "te"}, 1, False, ADAM),
    ("vggf", {}, 32, False, SGD),
    ("off_apexnet", {}, 256, False, ADAM),
    ("ststnet", {}, 256, True, ADAM),
    ("sssnet", {}, 64, False, ADAM),
    ("rcn", {}, 64, True, SGD),
    ("dual_inception", {}, 64, False, ADAM),
    ("mmnet", {}, 34, True, ADAM),
    ("htnet", {}, 256, True, ADAM),
    ("dssn", {}, 32, False, ADAM),
    ("kim_cnn_lstm", {}, 32, False, ADAM),
    ("flow_3dcnn", {}, 16, False, SGD),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--row", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.row is not None:
        print(json.dumps(step(*ROWS[given.row])))
        return
    if unknown := set(given.names) - {name for name, *_ in ROWS}:
        parser.error(f"not known: {', '.join(sorted(unknown))}; there are {', '.join(sorted({name for name, *_ in ROWS}))}")
    print(f"{'network':44} {'parameters':>12}  {'batch':24} {'s':>7} {'peak GiB':>9}")
    for number, (name, options, batch, printed, _) in enumerate(ROWS):
        if given.names and name not in given.names:
            continue
        done = subprocess.run([sys.executable, __file__, "--row", str(number)], capture_output=True, text=True, check=False)
        row = json.loads(done.stdout) if done.returncode == 0 else {}
        what = " ".join([name, *(f"{key}={value}" for key, value in options.items())])
        if not row:
            reason = done.stderr.strip().splitlines() or [f"ended by signal {-done.returncode}: out of memory?"]
            print(f"{what:44} failed: {reason[-1]}", flush=True)
            continue
        shape = f"{batch}{'' if printed else '*'} x {' x '.join(map(str, row['shape']))}"
        left_out = f"left out: needs about {row['needs']:.0f} GiB, {row['free']:.0f} are free"
        cost = f"{row['seconds']:7.2f} {row['peak']:9.2f}" if "seconds" in row else left_out
        print(f"{what:44} {row['parameters']:12,}  {shape:24} {cost}", flush=True)


def step(name, options, batch, printed, copies):
    """What a step costs; only what it would need, where that is not there."""
    import torch
    from torch.nn import functional

    from fleeting.models import network

    with torch.device("meta"):
        module = network(name)(**options)
        needs, parameters = memory(module, batch, copies)
    row = {"shape": module.input_shape, "parameters": parameters, "needs": needs, "free": free()}
    if needs > 0.8 * row["free"]:
        return row
    torch.manual_seed(0)
    module = network(name)(**options)
    x, y = torch.randn(batch, *module.input_shape), torch.arange(batch) % 2
    optimiser = torch.optim.SGD(module.parameters(), 0.001, momentum=0.9) if copies == SGD else torch.optim.Adam(module.parameters())
    began = time.perf_counter()
    scores = module(x)
    scores = scores.mean(dim=1) if scores.ndim == 3 else scores
    functional.cross_entropy(scores, y).backward()
    optimiser.step()
    row["seconds"] = time.perf_counter() - began
    row["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / GIB
    return row


def memory(module, batch, copies):
    """About how many GiB a step needs, from a network without memory; and its number of parameters."""
    import torch

    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda each: kept.append(each) or each, lambda each: each):
        module(torch.empty(batch, *module.input_shape))
    weights = {each.untyped_storage()._cdata for each in module.parameters()}
    stores = {each.untyped_storage()._cdata: each.untyped_storage().nbytes() for each in kept}
    activations = sum(size for key, size in stores.items() if key not in weights)
    parameters = sum(each.numel() for each in module.parameters())
    return (1.5 * activations + 4 * parameters * (2 + copies)) / GIB + 0.4, parameters


def free():
    """GiB of memory that is free; as much as one likes, where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return float("inf")
    return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable")) * 1024 / GIB


if __name__ == "__main__":
    main()
