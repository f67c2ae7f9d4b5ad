"""How many injected expressions are found in real footage, by size, and whether the untouched control stays silent.

    python benchmarks/injected.py VIDEO... [--seeds 0-4] [--per-min 12] [--percent 1.5 4] [--spotter flow] [--false-alarms N]

Half synthetic: real faces, injected motion (fleeting datasets inject). Found means a micro-expression that overlaps an
injected one by half of their union; near, one whose apex is within .2 s. Beside it, what `analyze` states of every recording by adding
expressions to its signals: at the same places of the control, of the same size and length, how many of six are near. Tables go to
stdout, each event to injected.csv.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import fleeting as fl
from fleeting.spotting import load_spotter
from fleeting.spotting.matching import match
from fleeting.synthetic.inject import inject
from fleeting.synthetic.script import expression
from fleeting.synthetic.signals import add_expressions, mean_skin

SIZES = (0, 2, 3, 4.001, 100)  # % of the eye distance
NEAR_S, DRAWS = 0.2, 6
FRAMES = {"onset_frame": "onset", "offset_frame": "offset"}


def analysed(path: Path, spotter) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Micro-expressions, everything that is none, and the signals."""
    analysis = fl.analyze(path, spotter=spotter)
    events = analysis.events.rename(columns=FRAMES)
    others = pd.concat([events[events["kind"] == "macro"], analysis.others.rename(columns=FRAMES)])
    return events[events["kind"] == "micro"].reset_index(drop=True), others, analysis.signals


def near(micro: pd.DataFrame, apex_s: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Whether each of some moments has the apex of a micro-expression by it, (N,) bool."""
    apexes = times[micro["apex_frame" if "apex_frame" in micro else "apex"].to_numpy(int)]
    return np.array([bool((np.abs(apexes - each) <= NEAR_S + 1e-6).any()) for each in apex_s], bool)


def in_signals(signals: pd.DataFrame, injected: pd.DataFrame, spotter, rng: np.random.Generator) -> np.ndarray:
    """Share of expressions like each injected one that are near where they are added to the signals of the control, (N,)."""
    skin, times, hits = mean_skin(), signals["time_s"].to_numpy(), np.zeros(len(injected))
    fps = 1 / np.median(np.diff(times))
    for _ in range(DRAWS):
        added, apexes = [], []
        for row in injected.itertuples():
            _, course = expression("micro", max(row.offset - row.onset + 1, 4), fps, skin, rng, (row.amplitude, row.amplitude))
            added.append((row.onset, course))
            apexes.append(times[row.onset + int(np.argmax([skin.strength(aus) for aus in course]))])
        found = spotter.spot(add_expressions(signals, added)).intervals
        hits += near(found[(found["kind"] == "micro") & found["certain"]], np.array(apexes), times)
    return hits / DRAWS


def during(row: pd.Series, others: pd.DataFrame) -> str:
    """What else the control shows between onset and offset."""
    return "+".join(sorted(set(others.loc[(others["onset"] <= row["offset"]) & (others["offset"] >= row["onset"]), "kind"]))) or "calm"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="+")
    parser.add_argument("--seeds", default="0-4")
    parser.add_argument("--per-min", type=float, default=12.0)
    parser.add_argument("--percent", nargs=2, type=float, default=(1.5, 4.0))
    parser.add_argument("--spotter", default="flow")
    parser.add_argument("--false-alarms", type=float)
    arguments = parser.parse_args()
    spotter, rng = load_spotter(arguments.spotter), np.random.default_rng(0)
    if arguments.false_alarms:
        spotter.set_params(threshold=spotter.threshold_at(arguments.false_alarms))
    first, _, last = arguments.seeds.partition("-")
    controls: dict[str, tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]] = {}
    rows, more = [], []
    for seed in range(int(first), int(last or first) + 1):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "set"
            truth = inject(arguments.videos, out, seed=seed, per_min=arguments.per_min, amplitude=tuple(arguments.percent))
            for name, injected in truth.groupby("video"):
                injected = injected.reset_index(drop=True)
                found, _, signals = analysed(out / injected["path"][0], spotter)
                if name not in controls:
                    controls[name] = analysed(out / injected["control"][0], spotter)
                control, others, untouched = controls[name]
                injected["near"] = near(found, injected["apex_s"], signals["time_s"].to_numpy())
                injected["signals"] = in_signals(untouched, injected, spotter, rng)
                partner = {j: i for i, j in match(found, injected).pairs}
                silent = {j for _, j in match(control, injected).pairs}
                for j, row in injected.iterrows():
                    event = found.loc[partner[j]] if j in partner else None
                    seen = {} if event is None else {"named": event["emotion"], "measured": event["amplitude"], "score": event["score"]}
                    rows.append({**row, "during": during(row, others), "found": event is not None, "in_control": j in silent, **seen})
                minutes = len(untouched) / 60 * untouched["time_s"].diff().median()
                more.append({"others": len(found) - len(partner), "in_control": len(control), "minutes": minutes})
                print(seed, name, f"{len(partner)} of {len(injected)} found", flush=True)
    table, rest = pd.DataFrame(rows), pd.DataFrame(more)
    table.to_csv("injected.csv", index=False)
    table["size"] = pd.cut(table["amplitude"], SIZES)
    for by in ("size", "video", "during"):
        counts = {"injected": ("found", "size"), "found": ("found", "sum"), "near": ("near", "mean"), "signals": ("signals", "mean")}
        print(table.groupby(by, observed=True).agg(**counts, in_control=("in_control", "sum")).round(2))
    seen, places = table[table["found"]], table["in_control"].sum()
    print(f"all: {len(seen)} of {len(table)} found ({len(seen) / len(table):.2f}); at {places} of these places in the control as well")
    if len(seen):
        named, ratio = (seen["named"] == seen["emotion"]).mean(), (seen["measured"] / seen["amplitude"]).median()
        print(f"emotion group as injected: {named:.2f}; measured over injected size: median {ratio:.2f}")
    print(
        f"other micro-expressions: {rest['others'].sum()} in the injected videos, {rest['in_control'].sum()} in their controls of "
        f"{rest['minutes'].sum():.1f} min"
    )


if __name__ == "__main__":
    main()
