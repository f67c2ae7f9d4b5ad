"""The same recording twice: how far what is found in a copy agrees with what is found in the recording; the table of docs/spotting.md.

    python benchmarks/retest.py VIDEO... [--interviews 6] [--inject] [--spotter flow] [--changes mirror crf23]

Agreement of events is twice the matched (IoU of half or more, micro and macro together) over all of both; of these the share of the same
kind and the same emotion group. Signals: median over recordings of the correlation of each region's traces, left and right exchanged in
a mirror image. With --inject, expressions of 2 to 6 % are injected into the videos first, 24 a minute (half synthetic); interviews are
SYNTHETIC.
"""

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

import fleeting as fl
from fleeting.faces.regions import REGIONS
from fleeting.media import open_media, write_video
from fleeting.spotting.matching import match
from fleeting.synthetic.inject import inject
from fleeting.synthetic.interview import synthetic_interview


def scaled(factor):
    def change(image):
        size = [2 * round(factor * side / 2) for side in image.shape[1::-1]]
        return cv2.resize(image, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)

    return change


def cropped(image):
    height, width = (2 * round(0.45 * side) for side in image.shape[:2])
    y, x = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[y : y + height, x : x + width]


# The picture's change, and the compression of the copy: None keeps every bit.
CHANGES = {
    "mirror": (lambda image: np.ascontiguousarray(image[:, ::-1]), None),
    "brighter": (lambda image: cv2.convertScaleAbs(image, alpha=1.15, beta=15 - 0.15 * 128), None),
    "scale 1.25": (scaled(1.25), None),
    "scale .9": (scaled(0.9), None),
    "scale .75": (scaled(0.75), None),
    "crop by 10 %": (cropped, None),
    "crf 18": (lambda image: image, 18),
    "crf 23": (lambda image: image, 23),
    "crf 28": (lambda image: image, 28),
    "crf 33": (lambda image: image, 33),
}


def copy(path, target, change, crf):
    with open_media(path) as media:
        frames = (frame.__class__(frame.index, frame.time, change(frame.image)) for frame in media)
        return write_video(target.with_suffix(".mkv" if crf is None else ".mp4"), frames, media.fps, crf=crf)


def exchanged(signals):
    """Signals of a mirror image as those of the picture."""
    swap = {name: name.replace("right", "LEFT").replace("left", "right").replace("LEFT", "left") for name in signals.columns}
    out = signals.rename(columns=swap)
    for region in REGIONS:
        out[f"{region}_x"] *= -1
    return out


def alike(ours, theirs):
    """Median correlation of the regions' traces, and that of the score, of two tables of signals; NaN where one has no face."""
    both = ours.merge(theirs, on="frame", suffixes=("", "_copy")).dropna(subset=["right_brow_x", "right_brow_x_copy"])
    if len(both) < 10:
        return np.nan, np.nan
    pairs = [(f"{region}_{axis}", f"{region}_{axis}_copy") for region in REGIONS for axis in "xy"]
    score = both[["micro", "micro_copy"]].dropna()
    return float(np.median([np.corrcoef(both[a], both[b])[0, 1] for a, b in pairs])), float(score.corr().iloc[0, 1])


def events(analysis):
    sure = analysis.events[analysis.events["certain"]].reset_index(drop=True)
    return sure.rename(columns={"onset_frame": "onset", "offset_frame": "offset"})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="*", metavar="VIDEO")
    parser.add_argument("--interviews", type=int, default=0, help="synthetic interviews of 24 s beside them")
    parser.add_argument("--inject", action="store_true")
    parser.add_argument("--spotter", default="flow")
    parser.add_argument("--changes", nargs="+", default=list(CHANGES), choices=list(CHANGES), metavar="CHANGE")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(path) for path in options.videos]
        if options.inject:
            truth = inject(files, Path(folder) / "injected", per_min=24, amplitude=(2, 6))
            files = [Path(folder) / "injected" / name for name in truth["path"].unique()]
        for seed in range(options.interviews):
            motion = ("smooth", "restless")[seed % 2]
            made = synthetic_interview(3001 + seed, 24, 30, events_per_min=20, head_motion=motion)
            files.append(made.write(Path(folder) / f"interview {seed}.mp4", crf=14))
        for path in files:
            first = fl.analyze(path, spotter=options.spotter)
            for name in options.changes:
                second = fl.analyze(copy(path, Path(folder) / f"copy {path.stem}", *CHANGES[name]), spotter=options.spotter)
                ours, theirs = events(first), events(second)
                pairs = match(theirs, ours).pairs
                same = {what: sum(theirs[what][i] == ours[what][j] for i, j in pairs) for what in ("kind", "emotion")}
                signals, score = alike(first.signals, exchanged(second.signals) if name == "mirror" else second.signals)
                counts = {"all": len(ours) + len(theirs), "matched": len(pairs), **same}
                rows.append({"change": name, **counts, "signals": signals, "score": score})
                print(path.stem, name, f"{len(ours)} and {len(theirs)}, {len(pairs)} in both", flush=True)
    table = pd.DataFrame(rows).groupby("change", sort=False)
    print("| change | events of both | agreement | same kind | same emotion | signals | score |\n|---|---|---|---|---|---|---|")
    for name, some in table:
        total, matched = some["all"].sum(), some["matched"].sum()
        shares = [2 * matched / max(total, 1), *(some[what].sum() / max(matched, 1) for what in ("kind", "emotion"))]
        shares += [some["signals"].median(), some["score"].median()]
        print(f"| {name} | {total} | {' | '.join(f'{share:.2f}' for share in shares)} |")


if __name__ == "__main__":
    main()
