"""What `unclear` is worth: expressions injected into real footage, and the same moments of the untouched control, read as in analyze.

    python benchmarks/doubt.py VIDEO... [--seeds 0-1] [--per-min 20]

Half synthetic: real faces, heads and speech, injected motion (fleeting datasets inject) of .5 to 4 % of the eye distance. Each moment is
read from its coded onset to its coded apex, so that nothing depends on a spotter. Per reason: how often it is given where something was
injected and where nothing was, and how often the group was the injected one, with and without it. The reason that a side did not move
is left out: it needs the regions that a spotter names.
"""

import argparse
import tempfile
from pathlib import Path

import pandas as pd

from fleeting.analysis.analyze import _detector, _seen_aus
from fleeting.analysis.doubt import doubts
from fleeting.analysis.reading import reader
from fleeting.clip import Clip
from fleeting.faces.align import align
from fleeting.media import open_media
from fleeting.methods import METHODS
from fleeting.synthetic.inject import inject

REASONS = {
    "no emotion above": "probability",
    "head moved": "head",
    "unexplained": "unexplained",
    "out of the picture": "outside",
}


def clip_between(path, onset, apex, detector):
    """The aligned crops of onset and apex; None where no face is found."""
    with open_media(path) as media:
        frames = [frame.image for frame in media.frames(onset, apex + 1) if frame.index in (onset, apex)]
    faces = detector.detect(frames[0])
    if not faces:
        return None
    crops = align(frames, faces[0])
    return Clip(f"{path.name}/{onset}", "video", path.name, 25.0, 0, 1, 1, lambda: crops)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="+")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--per-min", type=float, default=20.0)
    parser.add_argument("--out", type=Path, help="a row a moment, csv")
    arguments = parser.parse_args()
    method, detector = METHODS["pretrained"](), _detector(coarse=False)[0]
    read, rows = reader(method), []
    for seed in arguments.seeds:
        with tempfile.TemporaryDirectory() as folder:
            truth = inject(arguments.videos, Path(folder) / "set", seed=seed, per_min=arguments.per_min, amplitude=(0.5, 4))
            for row in truth.itertuples():
                for kind in ("path", "control"):
                    clip = clip_between(Path(folder) / "set" / getattr(row, kind), row.onset, row.apex, detector)
                    if clip is None:
                        continue
                    seen = read(clip)
                    said = doubts(seen, _seen_aus(seen.intensities), "", 0.5)
                    rows.append(
                        {
                            "video": row.video, "amplitude": row.amplitude, "injected": kind == "path", "why": said,
                            "right": method.classes_[seen.probabilities.argmax()] == row.emotion, "p": seen.probabilities.max(),
                            "head": seen.head / max(float(seen.intensities.max()), 1e-6), "unexplained": seen.unexplained,
                            "strongest": seen.intensities.max(), "outside": seen.outside,
                        }
                    )  # fmt: skip
        print(f"seed {seed}: {len(rows)} moments", flush=True)
    table = pd.DataFrame(rows)
    if arguments.out:
        table.to_csv(arguments.out, index=False)
    real, control = table[table["injected"]], table[~table["injected"]]
    print(f"{len(real)} injected, {len(control)} of the control; right where injected: {real['right'].mean():.2f}")
    print("| reason | given, injected | given, control | right with it | right without |\n|---|---|---|---|---|")
    for text, name in [*REASONS.items(), ("", "any")]:
        given, idle = (each["why"].str.contains(text) & each["why"].ne("") for each in (real, control))
        share = [f"{each.mean():.2f} of {len(each)}" if len(each) else "none" for each in (real["right"][given], real["right"][~given])]
        print(f"| {name} | {given.mean():.2f} | {idle.mean():.2f} | {share[0]} | {share[1]} |")


if __name__ == "__main__":
    main()
