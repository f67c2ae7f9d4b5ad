"""The default spotter on synthetic interviews: F1 by seed, and what each of its stages contributes.

SYNTHETIC: these numbers say how the parts work together under known motion, not how well they do on people. Seeds 0-9 with smooth head
motion were looked at while the spotter was made; `--seeds 1001-1010 --head-motion restless` was not.

    python benchmarks/spotting_synthetic.py --seeds 1-20                                  # the demo's interviews
    python benchmarks/spotting_synthetic.py --seeds 1001-1010 --head-motion restless
"""

import argparse
import tempfile
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd

import fleeting as fl
from fleeting.analysis.demo import DURATION_S, FPS
from fleeting.faces.mesh import FaceMesh
from fleeting.faces.signals import measure
from fleeting.spotting import context, flow_spotter
from fleeting.spotting.matching import match

KINDS = ("micro", "macro", "blink", "speech", "head")
# What is left when one stage is left out.
STAGES = {
    "all stages": [],
    "blinks not told apart": [(context, "blinks", lambda eye_open, fps: [])],
    "speech not told apart": [(context, "speech", lambda mouth, fps: []), (flow_spotter, "LARGE", np.inf)],
    "rise enough, no fall needed": [(flow_spotter, "pulse", lambda x, k: _rise(x, k))],
    "one pulse width (.17 s)": [(flow_spotter, "MICRO_S", (0.17,))],
    "noise not adapted to each region": [(flow_spotter.Stretch, "_noise", lambda self, k, height, nod: np.full(height.shape, 0.1))],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1-20", help="first-last")
    parser.add_argument("--head-motion", default="smooth", choices=["smooth", "restless"])
    parser.add_argument("--fps", type=float, default=FPS)
    parser.add_argument("--whole", action="store_true", help="only the whole spotter, none of its stages left out")
    options = parser.parse_args()
    first, last = map(int, options.seeds.split("-"))
    seeds = range(first, last + 1)
    tables = {seed: recorded(seed, options) for seed in seeds}
    for stage, patches in list(STAGES.items())[: 1 if options.whole else None]:
        rows = [row for seed in seeds for row in scored(*tables[seed], patches)]
        scores = pd.DataFrame(rows, columns=["kind", "tp", "found", "true"])
        micro = scores[scores["kind"] == "micro"]
        f1 = (2 * micro["tp"] / (micro["found"] + micro["true"])).to_numpy()
        minutes = len(seeds) * DURATION_S / 60
        print(
            f"{stage:34s} micro F1 {pooled(micro):.3f}, by seed median {np.median(f1):.2f} [{f1.min():.2f}, {f1.max():.2f}], "
            f"false {(micro['found'] - micro['tp']).sum() / minutes:.2f} a minute"
        )
        if stage == "all stages":
            print("    by seed:", " ".join(f"{seed}:{value:.2f}" for seed, value in zip(seeds, f1, strict=True)))
            for kind in KINDS[1:]:
                part = scores[scores["kind"] == kind]
                print(f"    {kind}: F1 {pooled(part):.3f} ({part['tp'].sum()} of {part['true'].sum()} true, {part['found'].sum()} found)")


def recorded(seed, options):
    interview = fl.synthetic_interview(seed, DURATION_S, options.fps, head_motion=options.head_motion)
    with tempfile.TemporaryDirectory() as folder:
        path = interview.write(Path(folder) / "interview.mp4")
        table = measure(fl.open_media(path), FaceMesh()).tables[1]
    return table, interview.truth


def scored(table, truth, patches):
    with _all(patches):
        found = fl.FlowSpotter().spot(table).intervals
    for kind in KINDS:
        m = match(found[found["kind"] == kind], truth[truth["kind"] == kind])
        yield kind, len(m.pairs), m.found, m.true


def pooled(scores):
    return 2 * scores["tp"].sum() / max(scores["found"].sum() + scores["true"].sum(), 1)


def _rise(x, k):
    out = np.zeros(x.shape[:2])
    if len(x) > k:
        out[k:] = np.linalg.norm(x[k:] - x[:-k], axis=2)
    return out


def _all(patches):
    from contextlib import ExitStack

    stack = ExitStack()
    for place, name, value in patches:
        stack.enter_context(patch.object(place, name, value))
    return stack


if __name__ == "__main__":
    main()
