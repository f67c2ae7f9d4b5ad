"""How the studio feels, measured in Debian's chromium on the demo's SYNTHETIC interview, and on the same twelve times over: 20 minutes.

- long: until the first event is seen after a finished analysis of 36,000 frames is opened; pictures a second while the timeline is panned;
  from a key to the frame of the event, and to any frame.
- play: how far the video has come after 5 s of playing, by speed.
- kills: corrections over HTTP, the server killed (SIGKILL) as soon as each is answered; how many are lost.
- keys: keystrokes an event of a coder who knows the truth: judging alone; and with boundaries set to the true frames.
- memory: of the server while it has the 20 minutes analysed, and of the process that does it. Takes half an hour.
- pictures: screenshots for docs/studio.md.

    python benchmarks/studio.py FOLDER [long play kills keys pictures memory]      FOLDER: that of `fleeting demo`; made if it is not there
"""

import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path

import av
import cv2
import httpx
import numpy as np
import pandas as pd

TOKEN = "a-token-for-benchmarks"
TIMES, FPS = 12, 30.0


@contextmanager
def served(folder):
    """A studio in a process of its own: its address and the process."""
    process, port = start(folder)
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        os.kill(process.pid, signal.SIGINT)
        process.join(10)


def start(folder):
    import uvicorn

    from fleeting.cli.studio import _listen
    from fleeting.studio.desk import Desk
    from fleeting.studio.library import Library
    from fleeting.studio.server import studio

    listening = _listen("127.0.0.1", 0)

    def serve():
        os.setsid()
        app = studio(Desk(Library([folder])), TOKEN)
        with suppress(KeyboardInterrupt):
            uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, http="h11", ws="none")).run(sockets=[listening])

    process = multiprocessing.get_context("fork").Process(target=serve)  # what is imported here is there at once
    process.start()
    port = listening.getsockname()[1]
    listening.close()
    return process, port


def client_of(base):
    single = httpx.Limits(max_keepalive_connections=0)  # a busy machine may ask so late that the server has closed a kept one
    return httpx.Client(base_url=base, headers={"origin": base}, trust_env=False, timeout=60, limits=single)


@contextmanager
def page_of(base, size=(1280, 800), scheme="light"):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        page.goto(f"{base}/?token={TOKEN}")
        page.evaluate("sessionStorage.setItem('fleeting.coder', 'Anna')")
        page.locator("#analyses a").first.wait_for()
        yield page
        browser.close()


def review(page):
    page.get_by_role("link", name="Review").first.click()
    page.wait_for_selector("body[data-ready]")


def shown(page, frame, seconds=20):
    """Seconds until a frame is on the screen, polled in the page at each of its pictures."""
    return page.evaluate(
        """([frame, limit]) => new Promise((done) => { const begun = performance.now(); const look = () => {
        const waited = (performance.now() - begun) / 1000;
        if (document.getElementById('screen').dataset.frame === String(frame)) done(waited);
        else if (waited > limit) done(Infinity); else requestAnimationFrame(look); }; look(); })""",
        [int(frame), seconds],
    )


def long_film(demo, path):
    """The demo's interview twelve times over, at 30 frames a second."""
    about = json.loads((demo / "analysis.json").read_text())
    n = about["quality"]["frames"]
    slower = Fraction(about["quality"]["fps"]).limit_denominator(1001) / int(FPS)
    with av.open(str(path), "w") as out:
        stream = None
        for k in range(TIMES):
            with av.open(str(demo / "synthetic-interview.mp4")) as source:
                stream = stream or out.add_stream_from_template(source.streams.video[0])
                shift = k * n / (source.streams.video[0].time_base * int(FPS))
                for packet in source.demux(video=0):
                    if packet.size:
                        packet.pts, packet.dts = (round(shift + value * slower) for value in (packet.pts, packet.dts))
                        packet.stream = stream
                        out.mux(packet)


def long_analysis(demo, folder):
    """That film, and the demo's findings as often."""
    about = json.loads((demo / "analysis.json").read_text())
    n = about["quality"]["frames"]
    long_film(demo, folder / "long.mp4")

    def again(rows):
        moved = []
        for k in range(TIMES):
            for row in rows:
                frames = {key: row[key] + k * n for key in row if key.endswith("_frame")}
                moved.append(row | frames | {f"{key[:-6]}_s": round(frame / FPS, 4) for key, frame in frames.items()})
        return moved

    quality = about["quality"] | {"frames": n * TIMES, "duration_s": n * TIMES / FPS, "fps": FPS, "frame_s": 1 / FPS}
    about |= {"name": "long", "path": str(folder / "long.mp4"), "quality": quality}
    about |= {rows: again(about[rows]) for rows in ("events", "others")}
    (folder / "analysis.json").write_text(json.dumps(about))
    pd.DataFrame(about["events"]).to_csv(folder / "events.csv", index=False)
    table = pd.read_csv(demo / "signals.csv")
    tables = pd.concat([table.assign(frame=table["frame"] + k * n) for k in range(TIMES)])
    tables.assign(time_s=tables["frame"] / FPS).to_csv(folder / "signals.csv", index=False)
    return n * TIMES


def long(demo):
    with tempfile.TemporaryDirectory() as folder:
        n = long_analysis(demo, Path(folder))
        with served(Path(folder)) as (base, _), page_of(base) as page:
            begun = time.perf_counter()
            page.get_by_role("link", name="Review").first.click()
            page.locator("#events li").first.wait_for()
            first = time.perf_counter() - begun
            page.wait_for_selector("body[data-ready]")
            print(f"{n} frames: first event after {first:.2f} s, timeline after {time.perf_counter() - begun:.2f} s")
            page.wait_for_timeout(3000)
            for share in (0.9, 0.5, 0.1, 0.01):
                rate = page.evaluate(PAN, share)
                print(f"panning with {share * n:.0f} frames in view: {rate[0]:.0f} pictures/s, the slowest took {rate[1]:.0f} ms")
            waits = []
            for _ in range(20):
                waits.append(page.evaluate(NEXT))
                page.wait_for_timeout(1500)  # a coder looks at it; the next one's first frame is fetched meanwhile
            print(f"to the next event's frame: median {np.median(waits):.3f} s, longest {max(waits):.3f} s of {len(waits)}")
            waits = []
            for frame in np.random.default_rng(0).integers(0, n, 20):
                page.evaluate("frame => import('/static/review.js').then(({see}) => { see.player.show(frame) })", int(frame))
                waits.append(shown(page, frame))
            print(f"to any frame: median {np.median(waits):.3f} s, longest {max(waits):.3f} s of {len(waits)}")


NEXT = """() => import('/static/review.js').then(({see}) => new Promise((done) => { const begun = performance.now();
  document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'j', bubbles: true}));
  const frame = String(see.coding.find(see.selected).onset), screen = document.getElementById('screen');
  const look = () => { const waited = (performance.now() - begun) / 1000;
    if (screen.dataset.frame === frame || waited > 20) done(waited); else requestAnimationFrame(look); }; look(); }))"""
PAN = """(share) => import('/static/review.js').then(({see}) => new Promise((done) => {
  const line = see.timeline, span = share * line.end, gaps = []; let k = 0, last = null; line.view(0, span);
  const step = (now) => { if (last !== null) gaps.push(now - last); last = now; if (k === 90) {
    const sum = gaps.reduce((a, b) => a + b, 0); return done([1000 * gaps.length / sum, Math.max(...gaps)]); }
    k += 1; const from = (line.end - span) * (k / 90); line.view(from, from + span); requestAnimationFrame(step); };
  requestAnimationFrame(step); }))"""


def play(demo):
    with tempfile.TemporaryDirectory() as home:
        shutil.copytree(demo, Path(home) / "interview")
        with served(Path(home)) as (base, _), page_of(base) as page:
            review(page)
            for speed in ("0.1", "0.25", "0.5", "1", "2", "4"):
                page.select_option("#speed", speed)
                before, after, drawn = page.evaluate(PLAY, 5.0)
                print(f"speed {speed}: {(after - before) / 5:.3f} s of the recording a second, {drawn / 5:.0f} pictures")


PLAY = """(seconds) => import('/static/review.js').then(({see}) => new Promise(async (done) => { const player = see.player;
  await player.show(0); player.play(); const begun = performance.now(), shown = new Set(); let first = null;
  const look = () => { shown.add(player.shown); const passed = (performance.now() - begun) / 1000;
    first ??= player.times[player.index];
    if (passed < seconds) return requestAnimationFrame(look);
    const last = player.times[player.index]; player.pause(); done([first, last, shown.size]); };
  look(); }))"""


def kills(demo, corrections=200):
    from fleeting.studio.store import Store

    with tempfile.TemporaryDirectory() as home:
        folder = Path(shutil.copytree(demo, Path(home) / "interview"))
        (folder / "coding.sqlite").unlink(missing_ok=True)
        answered = []
        for k in range(corrections):
            process, port = start(Path(home))
            base = f"http://127.0.0.1:{port}"
            with client_of(base) as client:
                client.get("/", params={"token": TOKEN})
                id = client.get("/api/library").json()["analyses"][0]["id"]
                after = {"verdict": "accepted", "kind": "micro", "face": 1, "onset": k, "apex": k, "offset": k}
                change = {"coder": "Anna", "id": f"c-{k}", "revision": 0, "after": after}
                if client.post(f"/api/analyses/{id}/changes", json=change).status_code == 200:
                    answered.append(f"c-{k}")
                os.kill(process.pid, signal.SIGKILL)
            process.join()
        kept = Store(folder).state("Anna", []).events
        print(f"{len(answered)} of {corrections} corrections answered, the server killed after each: {len(set(answered) - set(kept))} lost")


def keys(demo):
    truth = pd.read_csv(demo / "synthetic-interview.truth.csv")
    with tempfile.TemporaryDirectory() as home:
        folder = Path(shutil.copytree(demo, Path(home) / "interview"))
        for exact in (False, True):
            (folder / "coding.sqlite").unlink(missing_ok=True)
            with served(Path(home)) as (base, _), page_of(base) as page:
                review(page)
                events, pressed, begun = page.locator("#events li").count(), 0, time.perf_counter()

                def press(key, page=page):
                    nonlocal pressed
                    pressed += 1
                    page.keyboard.press(key)

                for _ in range(events):
                    onset, offset = (int(page.input_value(f"#{name}")) for name in ("onset", "offset"))
                    overlap = np.minimum(truth["offset"], offset) - np.maximum(truth["onset"], onset)
                    known = truth.iloc[int(overlap.argmax())] if overlap.max() > 0 else None
                    if exact and known is not None:
                        at = onset
                        for key, moment in (("1", "onset"), ("2", "apex"), ("3", "offset")):
                            way = int(known[moment]) - at
                            for _ in range(abs(way) // 10):
                                press("Shift+ArrowRight" if way > 0 else "Shift+ArrowLeft")
                            for _ in range(abs(way) % 10):
                                press("ArrowRight" if way > 0 else "ArrowLeft")
                            press(key)
                            at = int(known[moment])
                    press("a" if known is not None else "x")
                    page.wait_for_timeout(150)
                while page.evaluate("document.body.dataset.unsaved !== '0'"):
                    page.wait_for_timeout(50)
                what = "judged, boundaries set to the true frames" if exact else "judged"
                seconds = time.perf_counter() - begun
                print(f"{what}: {pressed} keystrokes for {events} events, {pressed / events:.1f} each, {seconds:.0f} s by script")


def memory(demo):
    def peak(pid):
        _, found, rest = Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")
        return int(rest.split()[0]) / 1024 if found else 0.0  # nothing of one that has just ended

    with tempfile.TemporaryDirectory() as home:
        long_film(demo, Path(home) / "long.mp4")
        with served(Path(home)) as (base, process), client_of(base) as client:
            client.get("/", params={"token": TOKEN})
            client.post("/api/jobs", json={"path": "long.mp4"})
            most = 0.0
            while (job := client.get("/api/jobs").json()[0])["state"] in ("queued", "running"):
                threads = Path(f"/proc/{process.pid}/task").glob("*/children")
                for child in [child for path in threads for child in path.read_text().split()]:
                    try:
                        most = max(most, peak(child))
                    except OSError:
                        continue
                time.sleep(0.3)
            print(f"{job['state']} in {job['seconds']} s; server {peak(process.pid):.0f} MB at most, the analysing process {most:.0f} MB")


def pictures(demo):
    docs = Path(__file__).resolve().parents[1] / "docs" / "studio"
    docs.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        folder = Path(shutil.copytree(demo, Path(home) / "interview (synthetic)"))
        for scheme, size in (("light", (1280, 800)), ("dark", (1920, 1080))):
            (folder / "coding.sqlite").unlink(missing_ok=True)
            with served(Path(home)) as (base, _), page_of(base, size, scheme) as page:
                page.evaluate("document.getElementById('where').textContent = 'In /data/interviews'")
                keep(page, docs / f"videos-{scheme}.webp")
                review(page)
                for key in "ajm":
                    page.keyboard.press(key)
                    page.wait_for_timeout(1500)
                page.wait_for_timeout(4000)
                keep(page, docs / f"review-{scheme}.webp")


def keep(page, path):
    picture = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_WEBP_QUALITY, 80])
    print(path.name, f"{path.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    demo = Path(sys.argv[1])
    if not (demo / "analysis.json").exists():
        from fleeting.analysis.demo import demo as make

        make(folder=demo)
    for name in sys.argv[2:] or ["long", "play", "kills", "keys", "pictures", "memory"]:
        {"long": long, "play": play, "kills": kills, "keys": keys, "memory": memory, "pictures": pictures}[name](demo)
