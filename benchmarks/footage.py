"""What the spotter finds in footage of which nothing is known: the table of docs/spotting.md, in Markdown.

The last column is what somebody saw who looked at each event; it is kept in footage.csv, beside this file, with the numbers of micro- and
macro-expressions that it was written about. Where these are others now, the words are left out: look again, and write them anew.

    python benchmarks/footage.py ../shared/data/video/*.m*
"""

import argparse
import csv
from pathlib import Path

import fleeting as fl
from fleeting.analysis.summary import KINDS, summary

SEEN = Path(__file__).with_suffix(".csv")
COLUMNS = ("clip", "frames/s", "judged", *KINDS, "what the events were")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="+", metavar="VIDEO")
    parser.add_argument("--coarse", action="store_true", help="without the face model file")
    options = parser.parse_args()
    content = {Path(path).stem: fl.analyze(path, coarse=options.coarse).to_dict() for path in options.videos}
    with SEEN.open(encoding="utf-8", newline="") as file:
        seen = {row["clip"]: row for row in csv.DictReader(file)}
    print(page(summary(content), seen))


def page(table, seen):
    """The sentence with the rates and the table, of a :func:`fleeting.analysis.summary.summary` and what was seen in each clip."""
    minutes = table["judged_s"].sum() / 60
    names = ("micro", "macro", "blinks", "stretches of speech", "head movements")
    rates = [f"{table[kind].sum() / minutes:.1f} {name}" for kind, name in zip(KINDS, names, strict=True)] if minutes else ["nothing"]
    lines = [f"{len(table)} clips, {60 * minutes:.0f} s judged. Per minute: {', '.join(rates)}.", ""]
    lines += [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    for row in table.itertuples():
        known = seen.get(row.video, {})
        name = f"`{row.video}`" + (f" ({known['shown']})" if known.get("shown") else "")
        same = known and all(int(known[kind]) == getattr(row, kind) for kind in ("micro", "macro"))
        words = known["what the events were"] if same else ""
        judged = f"{row.judged_s:.1f} s" if row.judged_s else "0 s"
        cells = [name, f"{row.fps:.0f}", judged, *(str(getattr(row, kind)) for kind in KINDS), words]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
