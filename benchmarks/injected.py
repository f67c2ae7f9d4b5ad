"""How many injected expressions are found in real footage, by size, and whether the untouched control stays silent.

    python benchmarks/injected.py VIDEO... [--seeds 0-4] [--per-min 12] [--percent 1.5 4]

Half synthetic: real faces, injected motion (fleeting datasets inject). Found means a micro-expression that overlaps an
injected one by half of their union. Tables go to stdout, each event to injected.csv.
"""

import argparse
import tempfile
from pathlib import Path

import pandas as pd

import fleeting as fl
from fleeting.spotting.matching import match
from fleeting.synthetic.inject import inject

SIZES = (0, 2, 3, 4.001, 100)  # % of the eye distance


FRAMES = {"onset_frame": "onset", "offset_frame": "offset"}


def analysed(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Micro-expressions, and everything that is none."""
    analysis = fl.analyze(path)
    events = analysis.events.rename(columns=FRAMES)
    others = pd.concat([events[events["kind"] == "macro"], analysis.others.rename(columns=FRAMES)])
    return events[events["kind"] == "micro"].reset_index(drop=True), others


def during(row: pd.Series, others: pd.DataFrame) -> str:
    """What else the control shows between onset and offset."""
    return "+".join(sorted(set(others.loc[(others["onset"] <= row["offset"]) & (others["offset"] >= row["onset"]), "kind"]))) or "calm"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="+")
    parser.add_argument("--seeds", default="0-4")
    parser.add_argument("--per-min", type=float, default=12.0)
    parser.add_argument("--percent", nargs=2, type=float, default=(1.5, 4.0))
    arguments = parser.parse_args()
    first, _, last = arguments.seeds.partition("-")
    controls: dict[str, tuple[pd.DataFrame, pd.DataFrame]] = {}
    rows, more = [], []
    for seed in range(int(first), int(last or first) + 1):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "set"
            truth = inject(arguments.videos, out, seed=seed, per_min=arguments.per_min, amplitude=tuple(arguments.percent))
            for name, injected in truth.groupby("video"):
                injected = injected.reset_index(drop=True)
                found, _ = analysed(out / injected["path"][0])
                if name not in controls:
                    controls[name] = analysed(out / injected["control"][0])
                control, others = controls[name]
                partner = {j: i for i, j in match(found, injected).pairs}
                silent = {j for _, j in match(control, injected).pairs}
                for j, row in injected.iterrows():
                    event = found.loc[partner[j]] if j in partner else None
                    seen = {} if event is None else {"named": event["emotion"], "measured": event["amplitude"], "score": event["score"]}
                    rows.append({**row, "during": during(row, others), "found": event is not None, "in_control": j in silent, **seen})
                more.append({"others": len(found) - len(partner), "in_control": len(control)})
                print(seed, name, f"{len(partner)} of {len(injected)} found", flush=True)
    table, rest = pd.DataFrame(rows), pd.DataFrame(more)
    table.to_csv("injected.csv", index=False)
    table["size"] = pd.cut(table["amplitude"], SIZES)
    for by in ("size", "video", "during"):
        print(table.groupby(by, observed=True).agg(injected=("found", "size"), found=("found", "sum"), in_control=("in_control", "sum")))
    seen, places = table[table["found"]], table["in_control"].sum()
    print(f"all: {len(seen)} of {len(table)} found ({len(seen) / len(table):.2f}); at {places} of these places in the control as well")
    if len(seen):
        named, ratio = (seen["named"] == seen["emotion"]).mean(), (seen["measured"] / seen["amplitude"]).median()
        print(f"emotion group as injected: {named:.2f}; measured over injected size: median {ratio:.2f}")
    print(f"other micro-expressions: {rest['others'].sum()} in the injected videos, {rest['in_control'].sum()} in their controls")


if __name__ == "__main__":
    main()
