"""The same recording twice: how far what is found in a copy agrees with what is found in the recording; the tables of docs/spotting.md.

    python benchmarks/retest.py VIDEO... --out FOLDER [--interviews 20] [--inject] [--spotter flow] [--changes mirror "crf 23"]
    python benchmarks/retest.py VIDEO... --steps [--interviews 20] [--inject] [--changes "crf 28" brighter]

With --inject, expressions of 2 to 6 % are injected into the videos first, 24 a minute (half synthetic); interviews are SYNTHETIC. Each
recording is analysed, copied with one change, and analysed again. Agreement of events is twice the matched (IoU of half or more, micro
and macro together) over all of both; of these the share of the same kind and the same emotion. "Still there" is the share that the other
analysis has at least as a candidate (20 a minute): what is beyond it stands on the edge of a threshold, what is not is lost before.
Signals: median over recordings of the correlation of each region's traces; in a mirror image left and right are exchanged, among the
action units of an event, too. "same mesh" is the compressed copy once more, with the meshes of the recording: what is lost there, the
mesh has no part in.

--steps tells instead which step loses it: the events in the signals of a copy, and in the same signals with one group of columns taken from
those of the recording. It wants changes that leave every pixel in its place.

FOLDER holds events.csv, a row for each event of each comparison, and compared.csv; what is there already is not done again.
"""

import argparse
import importlib
import tempfile
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

import fleeting as fl
from fleeting.faces.mesh import FaceMesh
from fleeting.faces.regions import REGIONS
from fleeting.faces.signals import HEAD, measure
from fleeting.media import Frame, open_media, write_video
from fleeting.spotting import load_spotter
from fleeting.spotting.matching import match
from fleeting.synthetic.inject import inject
from fleeting.synthetic.interview import synthetic_interview

WEAKER = 20  # candidates a minute
analyze = importlib.import_module("fleeting.analysis.analyze")


def scaled(factor):
    def change(image):
        size = [2 * round(factor * side / 2) for side in image.shape[1::-1]]
        return cv2.resize(image, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)

    return change


def cropped(image):
    height, width = (2 * round(0.45 * side) for side in image.shape[:2])
    y, x = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[y : y + height, x : x + width]


def noisy(image):
    rng = np.random.default_rng(int(image[::16, ::16].sum()))
    return np.clip(image + rng.normal(0, 2, image.shape), 0, 255).round().astype(np.uint8)


def same(image):
    return image


# The picture's change, the first frame and every which one is kept, and the copy's codec: by default one that keeps every bit.
CHANGES = {
    "mirror": {"change": lambda image: np.ascontiguousarray(image[:, ::-1])},
    "brighter": {"change": lambda image: cv2.convertScaleAbs(image, alpha=1.15, beta=15 - 0.15 * 128)},
    "scale 1.25": {"change": scaled(1.25)},
    "scale .9": {"change": scaled(0.9)},
    "scale .75": {"change": scaled(0.75)},
    "crop by 10 %": {"change": cropped},
    "noise of 2 grey levels": {"change": noisy},
    "first frame dropped": {"first": 1},
    "every second frame": {"step": 2},
    "crf 18": {"codec": "libx264", "crf": 18},
    "crf 23": {"codec": "libx264", "crf": 23},
    "crf 28": {"codec": "libx264", "crf": 28},
    "crf 28, same mesh": {"codec": "libx264", "crf": 28},
    "crf 33": {"codec": "libx264", "crf": 33},
    "VP9": {"codec": "libvpx-vp9", "crf": 33},
    "MPEG-4": {"codec": "mpeg4", "qscale": 4},
    "MJPEG": {"codec": "mjpeg", "qscale": 4},
}
MILD = ("mirror", "brighter", "scale .9", "crf 18", "crf 23")  # nothing that a reader would say has changed the recording
SLOWEST = 45  # frames a second of which every second one may be left out


def copy(path, target, *, change=same, first=0, step=1, codec="ffv1", crf=None, qscale=None):
    with open_media(path) as media:
        frames = ((frame, change(frame.image)) for frame in media if frame.index >= first and (frame.index - first) % step == 0)
        if qscale is None:
            made = (Frame(number, frame.time, image) for number, (frame, image) in enumerate(frames))
            return write_video(target.with_suffix(".mkv" if codec != "libx264" else ".mp4"), made, media.fps / step, codec=codec, crf=crf)
        target = target.with_suffix(".avi")
        with av.open(str(target), "w") as file:
            stream = file.add_stream(codec, rate=round(media.fps))
            stream.width, stream.height = media.width, media.height
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            stream.codec_context.qmin = stream.codec_context.qmax = qscale
            for _, image in frames:
                file.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            file.mux(stream.encode())
    return target


class Replayed:
    """A detector that gives, frame by frame, the answers another one gave on the recording, in their order."""

    def __init__(self, detector, answers=None):
        self.looks_hz, self.lays_mesh, self._detector = detector.looks_hz, detector.lays_mesh, detector
        self.recorded, self._answers = {"detect": [], "refine": []}, answers and {name: iter(each) for name, each in answers.items()}

    def _answer(self, name, *arguments):
        answer = next(self._answers[name], None) if self._answers else None
        answer = getattr(self._detector, name)(*arguments) if answer is None else answer
        self.recorded[name].append(answer)
        return answer

    def detect(self, image, known=()):
        return self._answer("detect", image, known)

    def refine(self, image, face):
        return self._answer("refine", image, face)


def analysed(path, spotter, meshes=None):
    """The analysis of a file and the meshes that it was made with; or the meshes given are used."""
    made, plain = [], analyze._detector

    def detector(coarse):
        found, mode = plain(coarse)
        made.append(Replayed(found, meshes))
        return made[0], mode

    analyze._detector = detector
    try:
        return fl.analyze(path, spotter=spotter), made[0].recorded
    finally:
        analyze._detector = plain


def exchanged(table):
    """Signals or events of a mirror image as those of the picture."""
    if "aus" in table:
        swapped = {"L": "R", "R": "L"}
        aus = ["+".join(sorted(swapped.get(au[:1], au[:1]) + au[1:] for au in str(each).split("+") if au)) for each in table["aus"]]
        return table.assign(aus=aus)
    swap = {name: name.replace("right", "LEFT").replace("left", "right").replace("LEFT", "left") for name in table.columns}
    out = table.rename(columns=swap)
    for region in REGIONS:
        out[f"{region}_x"] *= -1
    return out


def alike(ours, theirs):
    """Median correlation of the regions' traces, and that of the score, of two tables of signals; NaN where one has no face."""
    ours, theirs = (table.assign(at=(table["time_s"] * 1000).round(-1)) for table in (ours, theirs))
    both = ours.merge(theirs, on="at", suffixes=("", "_copy")).dropna(subset=["right_brow_x", "right_brow_x_copy"])
    if len(both) < 10:
        return np.nan, np.nan
    pairs = [(f"{region}_{axis}", f"{region}_{axis}_copy") for region in REGIONS for axis in "xy"]
    score = both[["micro", "micro_copy"]].dropna()
    return float(np.median([np.corrcoef(both[a], both[b])[0, 1] for a, b in pairs])), float(score.corr().iloc[0, 1])


def events(analysis, mirrored):
    """Its events, with times in ms for frames so that copies of another rate can be compared."""
    found = exchanged(analysis.events) if mirrored else analysis.events
    return found.assign(**{name: (1000 * found[f"{name}_s"]).round().astype(int) for name in ("onset", "offset")}).reset_index(drop=True)


def candidates(analysis):
    """What the rules would have reported as well, in ms."""
    parts = []
    for _, table in analysis.signals.groupby("face"):
        found = load_spotter("flow").set_params(candidates=WEAKER).spot(table.reset_index(drop=True)).intervals
        at = 1000 * table["time_s"].to_numpy()
        parts.append(pd.DataFrame({name: at[found[name].to_numpy(int)].round().astype(int) for name in ("onset", "offset")}))
    return pd.concat(parts, ignore_index=True)


def found_again(ours, theirs, weaker):
    """For each of our events: the row of theirs that it matches, or -1, and whether it is there at least as a candidate."""
    pairs = dict(match(ours, theirs).pairs)
    still = {i for i, _ in match(ours, weaker).pairs}
    return [pairs.get(i, -1) for i in range(len(ours))], [i in pairs or i in still for i in range(len(ours))]


def compared(name, change, first, second, truth):
    """A row for each event of the two, and one for the comparison."""
    if change == "first frame dropped":
        late, seconds = first.signals["time_s"].iloc[1], [each for each in second.events if each.endswith("_s")]
        second.events[seconds], second.signals["time_s"] = second.events[seconds] + late, second.signals["time_s"] + late
    mirrored = change == "mirror"
    ours, theirs = events(first, False), events(second, mirrored)
    rows = []
    for which, one, other, weaker in (("recording", ours, theirs, candidates(second)), ("copy", theirs, ours, candidates(first))):
        matched, still = found_again(one, other, weaker)
        for i, (_, event) in enumerate(one.iterrows()):
            pair = other.iloc[matched[i]] if matched[i] >= 0 else None
            kept = event[["kind", "score", "amplitude", "emotion", "onset_s", "offset_s"]]
            row = {"recording": name, "change": change, "of": which, **kept}
            row |= {f"same_{what}": pair is not None and event[what] == pair[what] for what in ("kind", "emotion", "aus")}
            rows.append(row | {"again": pair is not None, "still": still[i]})
    signals, score = alike(first.signals, exchanged(second.signals) if mirrored else second.signals)
    row = {"recording": name, "change": change, "signals": signals, "score": score, "true": 0}
    if truth is not None:
        row |= {"true": len(truth)} | {f"hits_{which}": hits(found, truth) for which, found in (("recording", ours), ("copy", theirs))}
    return rows, row


STEPS = {
    "likeness": [f"{region}_likeness" for region in REGIONS],
    "traces and strain": [*(f"{region}_{axis}" for region in REGIONS for axis in ("x", "y")), *(f"{region}_strain" for region in REGIONS)],
    "head": list(HEAD),
    "lids, gaze and mouth, by the mesh": ["eye_open", "gaze_x", "gaze_y", "mouth_open"],
}


def by_steps(options, folder):
    """Agreement of the events in copies' signals with those of the recordings, one group of columns or the mesh being the recording's."""
    spotter, counts = load_spotter("flow"), {}
    for _, path, _ in recordings(options, folder):
        first = Replayed(FaceMesh())
        table = measure(open_media(path), first).longest
        ours = expressions(spotter, table)
        for change in options.changes:
            made = copy(path, folder / "copy", **CHANGES[change])
            theirs = measure(open_media(made), FaceMesh()).longest
            tables = {"all": theirs} | {name: theirs.assign(**table[columns]) for name, columns in STEPS.items()}
            tables["mesh"] = measure(open_media(made), Replayed(FaceMesh(), first.recorded)).longest
            for name, each in tables.items():
                found = expressions(spotter, each)
                matched, total = counts.get((change, name), (0, 0))
                counts[change, name] = matched + len(match(found, ours).pairs), total + len(found) + len(ours)
        print(path.stem, len(ours), flush=True)
    print("| change | the recording's own | events of both | agreement |\n|---|---|---|---|")
    for (change, name), (matched, total) in sorted(counts.items()):
        print(f"| {change} | {'nothing' if name == 'all' else name} | {total} | {2 * matched / max(total, 1):.2f} |")


def expressions(spotter, table):
    found = spotter.spot(table).intervals
    return found[found["kind"].isin(["micro", "macro"])].reset_index(drop=True)


def hits(found, truth):
    return len(match(found[found["kind"] == "micro"].reset_index(drop=True), truth).pairs)


def recordings(options, folder):
    """Name, path and truth (onset and offset in ms; None where nobody knows) of each recording, made when it is wanted."""
    for seed in range(options.interviews):
        fps, motion = 60 if seed % 8 == 7 else 30, ("smooth", "restless")[seed % 2]
        made = synthetic_interview(3001 + seed, 24, fps, events_per_min=20, head_motion=motion)
        path = made.write(folder / f"interview {seed}.mp4", crf=14)
        micro = made.truth[made.truth["kind"] == "micro"]
        yield path.stem, path, in_ms(1000 * micro["onset"] / fps, 1000 * micro["offset"] / fps)
        path.unlink()
    files = [Path(path) for path in options.videos]
    if not options.inject or not files:
        yield from ((path.stem, path, None) for path in files)
        return
    truth = inject(files, folder / "injected", per_min=24, amplitude=(2, 6))
    for name in truth["path"].unique():
        rows, path = truth[truth["path"] == name], folder / "injected" / name
        with open_media(path) as media:
            times = 1000 * media.survey()
        yield Path(name).stem, path, in_ms(times[rows["onset"]], times[rows["offset"]])


def in_ms(onset, offset):
    table = pd.DataFrame({"onset": np.round(onset).astype(int), "offset": np.round(offset).astype(int)})
    return table.sort_values("onset", ignore_index=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="*", metavar="VIDEO")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--steps", action="store_true")
    parser.add_argument("--interviews", type=int, default=0, help="synthetic interviews of 24 s beside them")
    parser.add_argument("--inject", action="store_true")
    parser.add_argument("--spotter", default="flow")
    parser.add_argument("--changes", nargs="+", default=list(CHANGES), choices=list(CHANGES), metavar="CHANGE")
    options = parser.parse_args()
    if options.steps:
        with tempfile.TemporaryDirectory() as temporary:
            return by_steps(options, Path(temporary))
    if not options.out:
        parser.error("--out FOLDER says where the comparisons are kept")
    options.out.mkdir(parents=True, exist_ok=True)
    files = {name: options.out / f"{name}.csv" for name in ("events", "compared")}
    done = {name: pd.read_csv(file) if file.exists() else pd.DataFrame() for name, file in files.items()}
    had = set() if done["compared"].empty else set(zip(done["compared"]["recording"], done["compared"]["change"], strict=True))
    with tempfile.TemporaryDirectory() as temporary:
        for name, path, truth in recordings(options, Path(temporary)):
            with open_media(path) as media:
                fast = media.fps > SLOWEST
            wanted = [each for each in options.changes if (name, each) not in had and (fast or each != "every second frame")]
            first, meshes = analysed(path, options.spotter) if wanted else (None, None)
            for change in wanted:
                made = copy(path, Path(temporary) / "copy", **CHANGES[change])
                second, _ = analysed(made, options.spotter, meshes if change.endswith("same mesh") else None)
                rows, row = compared(name, change, first, second, truth)
                done["events"] = pd.concat([done["events"], pd.DataFrame(rows)])
                done["compared"] = pd.concat([done["compared"], pd.DataFrame([row])])
                for each, file in files.items():
                    done[each].to_csv(file, index=False)
                print(name, change, f"{sum(each['again'] for each in rows)} of {len(rows)} again", flush=True)
    print(tables(done["events"], done["compared"]))


def tables(found, compared):
    """The table by change, and that of the injected or drawn expressions, as Markdown."""
    names = ["change", "events of both", "agreement", "of interviews", "of footage", "micro alone", "still there", "same kind"]
    names += ["same emotion", "same units", "signals", "score"]
    lines = [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    tried = [each for each in CHANGES if each in set(compared["change"])]
    for change in tried:
        some, pairs = found[found["change"] == change], compared[compared["change"] == change]
        again = some[some["again"]]
        drawn = some["recording"].str.startswith("interview ")
        groups = (some, some[drawn], some[~drawn], some[some["kind"] == "micro"])
        shares = [*(each["again"].mean() for each in groups), some["still"].mean()]
        shares += [again[f"same_{what}"].mean() for what in ("kind", "emotion", "aus")]
        shares += [pairs["signals"].median(), pairs["score"].median()]
        lines.append(f"| {change} | {len(some)} | {' | '.join(f'{share:.2f}' for share in shares)} |")
    lines += ["", "| change | true micro-expressions | F1, recording | F1, copy |", "|---|---|---|---|"]
    for change in tried:
        pairs = compared[(compared["change"] == change) & (compared["true"] > 0)]
        some = found[(found["change"] == change) & found["recording"].isin(pairs["recording"]) & (found["kind"] == "micro")]
        f1 = [2 * pairs[f"hits_{of}"].sum() / max(pairs["true"].sum() + (some["of"] == of).sum(), 1) for of in ("recording", "copy")]
        lines.append(f"| {change} | {pairs['true'].sum()} | {f1[0]:.2f} | {f1[1]:.2f} |")
    return "\n".join([*lines, "", fitted(found[found["change"].isin(MILD)])])


def fitted(found):
    """The numbers of fleeting.analysis.repeatable, and how well they hold for recordings that they were not fitted on."""
    model = LogisticRegression(C=10)
    X, y = np.log(found[["score"]].to_numpy() / load_spotter("flow").threshold), found["again"].to_numpy(bool)
    foreseen = cross_val_predict(model, X, y, groups=found["recording"], cv=GroupKFold(8), method="predict_proba")[:, 1]
    parts = pd.cut(foreseen, [0, 0.5, 0.7, 0.8, 0.9, 0.95, 1])
    held = pd.DataFrame({"foreseen": foreseen, "again": y}).groupby(parts, observed=True).agg(["mean", "size"]).round(2)
    model.fit(X, y)
    return f"repeatable: {model.intercept_[0]:.2f} at the threshold, {model.coef_[0, 0]:.2f} for each e-fold of the score\n{held}"


if __name__ == "__main__":
    main()
