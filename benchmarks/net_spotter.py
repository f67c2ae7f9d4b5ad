"""Expressions found in footage of people who talk, by the rules and by networks that never saw the person; the table of docs/spotting.md.

    python benchmarks/net_spotter.py VIDEO... [--seeds 0-1] [--footage]

Half synthetic: real faces, modelled expressions injected into the pictures (fleeting datasets inject, 24 a minute, 1 to 6 % of the eye
distance). The clips are dealt into three folds; for each the motion of talk is measured, and the networks are trained, on the other two.
False events are those of the same clips untouched. With --footage the other clips themselves are learned from as well, as
fleeting train spotter --footage does. An hour and more on one core.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from talking_motion import signals

from fleeting.spotting import FlowSpotter, NetSpotter
from fleeting.spotting.flow_spotter import stretches
from fleeting.spotting.net_spotter import ONCE_A_MINUTE, Net, at_rate
from fleeting.synthetic.inject import inject
from fleeting.synthetic.talking import Talk
from fleeting.training import spotter as training

FOLDS, NEAR_S, QUIET = 3, 0.2, lambda *_: None


class Trained(NetSpotter):
    """With a network at hand instead of in a file."""

    def __init__(self, net, candidates):
        super().__init__(candidates=candidates)
        self.net = net

    @property
    def _net(self):
        return self.net


def trained(tables, seed, interviews, footage):
    rng, talk = np.random.default_rng(seed), Talk.measure(tables)
    parts = [talk.draw(round(training.DRAWN_S * 50), rng, float(rng.uniform(0.5, 1.4))) for _ in range(training.DRAWN)] + interviews
    filmed = [at_rate(table.iloc[rows]) for table in tables for rows in stretches(table) if len(rows) > 25] if footage else []
    examples = training._examples(parts, training.VERSIONS, rng, QUIET) + training._examples(filmed, training.OF_FOOTAGE, rng, QUIET)
    members = [training.fitted(examples, training.STEPS, 10 * seed + k, QUIET) for k in range(training.MEMBERS)]
    net = Net({f"{k}.{name}": x for k, member in enumerate(members) for name, x in member.items()}, {"members": 2, "once_a_minute": 1}, {})
    net.scale = ONCE_A_MINUTE / training.reached_a_minute(net, [talk.draw(3000, rng) for _ in range(10)])[1.0]
    return net


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="+", metavar="VIDEO")
    parser.add_argument("--seeds", default="0-1")
    parser.add_argument("--footage", action="store_true")
    options = parser.parse_args()
    names = [Path(path).stem for path in options.videos]
    first, _, last = options.seeds.partition("-")
    calm, injected = {name: signals(path) for name, path in zip(names, options.videos, strict=True)}, []
    for seed in range(int(first), int(last or first) + 1):
        with tempfile.TemporaryDirectory() as folder:
            truth = inject(options.videos, Path(folder) / "set", seed=seed, per_min=24, amplitude=(1, 6))
            for name, rows in truth.groupby("video"):
                injected.append((name, rows["apex_s"].to_numpy(), signals(Path(folder) / "set" / rows["path"].iloc[0])))
    interviews, nets = training._interviews(0, QUIET), {}
    for fold in range(FOLDS):
        net = trained([calm[name] for k, name in enumerate(names) if k % FOLDS != fold], fold, interviews, options.footage)
        nets |= dict.fromkeys(names[fold::FOLDS], net)
    minutes = sum(table["time_s"].iloc[-1] for table in calm.values()) / 60
    print("| | candidates a minute | found | false a minute, in the same clips untouched |\n|---|---|---|---|")
    for kind in ("rules", "network beside them"):
        for candidates in (0, 6, 12, 20):
            made = {name: FlowSpotter(candidates=candidates) if kind == "rules" else Trained(nets[name], candidates) for name in names}
            false = sum((made[name].spot(calm[name]).intervals["kind"] == "micro").sum() for name in names)
            found = []
            for name, apexes, table in injected:
                events = made[name].spot(table).intervals
                when = table["time_s"].to_numpy()[events.loc[events["kind"] == "micro", "apex"].to_numpy(int)]
                found += [bool((np.abs(when - apex) <= NEAR_S + 1e-6).any()) for apex in apexes]
            print(f"| {kind} | {candidates} | {sum(found)} of {len(found)} ({np.mean(found):.2f}) | {false / minutes:.1f} |", flush=True)


if __name__ == "__main__":
    main()
