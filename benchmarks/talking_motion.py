"""How faces that talk move: measures footage and writes src/fleeting/weights/talking.safetensors, from which talk is drawn.

    python benchmarks/talking_motion.py VIDEO...

Kept are covariances over all people at once, levels and a burstiness (fleeting.synthetic.talking.Talk), nothing of any one recording.
Prints what a reader wants to know: how far and how fast brows, lids and mouth move.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from fleeting.faces.mesh import FaceMesh
from fleeting.faces.signals import measure
from fleeting.media import open_media
from fleeting.spotting.flow_spotter import stretches
from fleeting.spotting.net_spotter import RATE, at_rate
from fleeting.synthetic.talking import SHIPPED, Talk


def signals(path):
    with open_media(path) as media:
        return measure(media, FaceMesh()).longest


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="+", metavar="VIDEO")
    options = parser.parse_args()
    tables = {Path(path).stem: signals(path) for path in options.videos}
    talk = Talk.measure(tables.values())
    parts = [at_rate(table.iloc[rows]) for table in tables.values() for rows in stretches(table)]
    seconds = sum(len(part) for part in parts) / RATE
    save_file({"bands": talk.bands, "levels": talk.levels, "bursts": np.array([talk.bursts], np.float32)}, SHIPPED)
    card = {
        "measured_on": f"how {len(tables)} people move who talk, {seconds:.0f} s of footage, eight of them drawn by a generator of talkers",
        "what": "covariance of signals in 12 bands of frequency over all people at once, mean and spread of levels, burstiness",
        "must_not": "no recording, and nobody's face or voice, is in it",
    }
    SHIPPED.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n", "utf-8")
    print("| | spread around its place, % of the eye distance | median speed, %/s | fastest 5 %, %/s |")
    print("|---|---|---|---|")
    for name, columns in {
        "brows": ("right_brow_y", "left_brow_y", "inner_brow_y"), "lids and gaze": ("right_eye_y", "left_eye_y"),
        "mouth": ("right_mouth_y", "left_mouth_y"), "chin": ("chin_y",), "cheeks": ("right_cheek_y", "left_cheek_y"),
    }.items():  # fmt: skip
        traces = [part[column].to_numpy() for part in parts for column in columns if len(part) > RATE]
        spread = np.median([trace.std() for trace in traces])
        speeds = np.abs(np.concatenate([np.diff(trace) * RATE for trace in traces]))
        print(f"| {name} | {spread:.1f} | {np.median(speeds):.0f} | {np.percentile(speeds, 95):.0f} |")


if __name__ == "__main__":
    main()
