"""The live page: whether what it tells is what ``analyze`` tells, and how it keeps up.

- agreement: signals of whole recordings are given to the live spotter frame by frame, and what it told is compared with what the same
  spotter finds in the whole. SYNTHETIC interviews of 60 s at 30 frames a second, and recordings of which nothing is known, if named.
- chromium: a SYNTHETIC interview, 640 x 480 at 30 frames a second, is the camera of Debian's chromium; the page says what it keeps up.
- pictures: screenshots for docs/studio.md.

    python benchmarks/live.py [agreement chromium pictures] [--seeds 1-4] [--videos ../shared/data/video/*.m*] [--seconds 40]
"""

import argparse
import os
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from studio import TOKEN, keep, served

import fleeting as fl
from fleeting.faces.mesh import FaceMesh
from fleeting.faces.signals import COLUMNS, measure
from fleeting.spotting.live import DOUBTFUL_S, EXPRESSIONS, SETTLE_S, LiveSpotter
from fleeting.spotting.matching import match
from fleeting.studio.eye import LOOK_S

FPS, SIZE = 30.0, (640, 480)
KINDS = ("micro", "macro", "other", "blink", "speech", "head", "closed")
PROMISED_S = 0.7  # after its end, within which an event is to be shown


def agreement(options):
    first, last = map(int, options.seeds.split("-"))
    with tempfile.TemporaryDirectory() as folder:
        films = {f"synthetic, seed {seed}": written(seed, 60.0, Path(folder) / f"{seed}.mp4") for seed in range(first, last + 1)}
        compared("synthetic interviews", films)
    if options.videos:
        compared("recordings", {path: path for path in options.videos})


def compared(what, films):
    detector, total, seconds, looks, off, late = FaceMesh(), Counter(), 0.0, [], [], defaultdict(list)
    for path in films.values():
        with fl.open_media(path) as media:
            signals = measure(media, detector)
        seconds += signals.times[-1]
        for number, table in signals.tables.items():
            whole = fl.FlowSpotter().spot(table).intervals
            told, times = streamed(table, number)
            looks += times
            new = {each.id: (at, each) for at, each in told if each.state == "new"}
            for at, each in new.values():
                if at < table["time_s"].iloc[-1]:
                    late[each.kind].append(at - each.offset_s)
            final = {each.id: each for _, each in told}.values()
            total["told"] += len(new)
            total["taken back"] += sum(each.state == "gone" for each in final)
            total["corrected"] += sum(each.state == "changed" for each in final)
            for kind in KINDS:
                one = whole[whole["kind"] == kind]
                for name, some in (("at once", [e for _, e in new.values()]), ("at last", [e for e in final if e.state != "gone"])):
                    other = pd.DataFrame([(e.onset, e.offset) for e in some if e.kind == kind], columns=["onset", "offset"])
                    found = match(other, one)
                    group = "expressions" if kind in EXPRESSIONS else "the rest"
                    total[f"{group} {name} both"] += len(found.pairs)
                    total[f"{group} {name} live"] += found.found
                    total[f"{group} {name} whole"] += found.true
                    if name == "at last":
                        off += [abs(one["onset"].iloc[j] - other["onset"].iloc[i]) for i, j in found.pairs]
                        off += [abs(one["offset"].iloc[j] - other["offset"].iloc[i]) for i, j in found.pairs]
    print(f"{what}: {len(films)}, {seconds:.0f} s; {total['told']} told, {total['corrected']} corrected, {total['taken back']} taken back")
    for group in ("expressions", "the rest"):
        for name in ("at once", "at last"):
            both, live, whole = (total[f"{group} {name} {each}"] for each in ("both", "live", "whole"))
            print(f"  {group}, {name}: {both} alike of {live} live and {whole} in the whole: F1 {2 * both / max(live + whole, 1):.3f}")
    print(f"  boundaries the same to the frame {np.mean(np.array(off) == 0):.1%}, farthest {max(off, default=0)} frames")
    by_kind("told after their end, seconds of the stream", late)
    print(f"  a look takes {1000 * np.median(looks):.0f} ms of processor time (median; longest {1000 * max(looks):.0f} ms)")


def by_kind(what, late):
    """How late events were told or shown: of each kind, and of all."""
    print(f"  {what}:")
    for kind in (*(kind for kind in KINDS if late.get(kind)), "all"):
        waits = np.array(late.get(kind) or [each for some in late.values() for each in some])
        print(f"    {kind:6} {len(waits):4}: median {np.median(waits):.2f}, 95 % within {np.percentile(waits, 95):.2f}, "
              f"longest {waits.max():.2f}; {np.mean(waits <= PROMISED_S):.0%} within {PROMISED_S}")  # fmt: skip


def streamed(table, number):
    """All that is told, with the time of the stream at which it was; and the processor time of each look. Asked as the eye asks."""
    live, out, looks, due = LiveSpotter(fl.FlowSpotter()), [], [], LOOK_S
    values, seen = table[list(COLUMNS)].to_numpy(np.float32), table["seen"].to_numpy()
    for k, at in enumerate(table["time_s"]):
        live.push(at, {number: values[k]} if seen[k] else {})
        if at >= due - 1e-3:
            begun = time.process_time()
            out += [(at, each) for each in live.look()]
            looks.append(time.process_time() - begun)
            due = max(min(at + LOOK_S, live.due), at + 3 * looks[-1])
    return out + [(at, each) for each in live.look(ended=True)], looks


def written(seed, seconds, path):
    return fl.synthetic_interview(seed, seconds, FPS, SIZE).write(path)


def camera(seed, seconds, path):
    """The interview there and back as chromium's camera file, and how long it is."""
    frames = list(fl.synthetic_interview(seed, seconds, FPS, SIZE).frames())
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{SIZE[0]} H{SIZE[1]} F{FPS:.0f}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in (*frames, *frames[::-1]):
            file.write(b"FRAME\n" + cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes())


@contextmanager
def page_of(base, film, size=(1280, 800), scheme="light"):
    from playwright.sync_api import sync_playwright

    options = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=[*options, f"--use-file-for-fake-video-capture={film}"])
        page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        page.set_default_timeout(180_000)
        page.goto(f"{base}/live?token={TOKEN}")
        yield page
        browser.close()


def begin(page, seconds):
    page.get_by_role("button", name="Start").click()
    page.wait_for_selector("body[data-state=running]")
    page.wait_for_timeout(1000 * seconds)


NUMBERS = """() => import('/static/live.js').then(({see}) => ({...see.counts, lags: see.lags,
  told: [...see.events.values()].map((e) => [e.kind, e.state])}))"""


def chromium(options):
    with tempfile.TemporaryDirectory() as home, served(Path(home)) as (base, _):
        film = Path(home) / "camera.y4m"
        camera(3, 10.0, film)
        with page_of(base, film) as page:
            begin(page, 5)
            before, since, start = used(), page.evaluate(NUMBERS), time.perf_counter()
            page.wait_for_timeout(1000 * options.seconds)
            after, until, wall = used(), page.evaluate(NUMBERS), time.perf_counter() - start
            measured, dropped = (until[name] - since[name] for name in ("measured", "dropped"))
            print(f"load {os.getloadavg()[0]:.0f}; {wall:.0f} s: {measured} frames measured, {measured / wall:.1f}/s, {dropped} dropped")
            lags = 1000 * np.array(until["lags"])
            print(f"behind the camera: median {np.median(lags):.0f} ms, 95 % within {np.percentile(lags, 95):.0f} ms")
            late = defaultdict(list)
            for kind, seconds in until["latencies"]:
                late[kind].append(seconds)
            by_kind(f"from an event's end until it is shown, s ({SETTLE_S} or {DOUBTFUL_S} are waited for)", late)
            print("told:", dict(Counter(f"{kind} {state}" for kind, state in until["told"])))
            for name in sorted({*before, *after}):
                share = (after.get(name, 0) - before.get(name, 0)) / wall
                print(f"processor time of {name}: {share:.2f} of one core, {1000 * share * wall / max(measured, 1):.1f} ms a frame")


def used():
    """Processor seconds so far of this machine's processes that belong to the page: the browser, the server and the one that watches."""
    ticks, out = os.sysconf("SC_CLK_TCK"), Counter()
    mine = {os.getpid()}
    table = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = path.read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue
        fields = rest.split()
        table[int(path.parent.name)] = (int(fields[1]), name, (int(fields[11]) + int(fields[12])) / ticks)
    while more := {pid for pid, (parent, _, _) in table.items() if parent in mine} - mine:
        mine |= more
    for pid in mine - {os.getpid()}:
        if pid in table:
            _, name, seconds = table[pid]
            out["chromium" if "chrom" in name else "server and watching process" if "python" in name else "the rest"] += seconds
    return out


def pictures(_):
    docs = Path(__file__).resolve().parents[1] / "docs" / "studio"
    with tempfile.TemporaryDirectory() as home, served(Path(home)) as (base, _):
        film = Path(home) / "camera.y4m"
        camera(3, 12.0, film)
        for scheme, size in (("light", (1280, 800)), ("dark", (1920, 1080))):
            with page_of(base, film, size, scheme) as page:
                begin(page, 22)
                keep(page, docs / f"live-{scheme}.webp")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["agreement", "chromium", "pictures"])
    parser.add_argument("--seeds", default="1-4", help="first-last")
    parser.add_argument("--videos", nargs="*", default=[])
    parser.add_argument("--seconds", type=float, default=40)
    options = parser.parse_args()
    for name in options.what:
        {"agreement": agreement, "chromium": chromium, "pictures": pictures}[name](options)
