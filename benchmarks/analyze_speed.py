"""How fast `fleeting analyze` is, and how much memory it takes: rates and ratios, side by side in one run.

A synthetic interview at 640 x 480 is written at 30 and at 200 frames a second and analysed in a process of its own. Beside it, what a
do-it-yourself script would spend on the flow alone: OpenCV's Farnebäck flow of each whole frame, and its TV-L1 on a 128 px face crop.
Then the same minute at 30 frames a second is analysed once and twenty times over: the memory must not grow with it.

    python benchmarks/analyze_speed.py [--long] [--mediapipe PYTHON] [VIDEO...]

--long: the twenty-minute recording, about 10 minutes, and once more by two processes. --mediapipe: MediaPipe's face landmarker alone over
the same files, by the Python of an environment in which it is installed, such as `python -m venv there && there/bin/pip install mediapipe`
makes: it asks for its maker's server, so it is cut off from the network where the system can do that. VIDEOs are analysed as well.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np

import fleeting as fl
from fleeting.faces import model_file

CHILD = """
import json, resource, sys, time
import fleeting as fl
start = time.perf_counter()
analysis = fl.analyze(sys.argv[1], jobs=int(sys.argv[3]))
took = time.perf_counter() - start
saving = time.perf_counter()
analysis.save(sys.argv[2], overwrite=True)
print(json.dumps(dict(seconds=took, saving=time.perf_counter() - saving, frames=analysis.quality["frames"], events=len(analysis.events),
    duration=analysis.quality["duration_s"], peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)))
"""

LANDMARKS = """
import sys, time
import cv2, mediapipe
from mediapipe.tasks.python import BaseOptions, vision
options = vision.FaceLandmarkerOptions(BaseOptions(model_asset_path=sys.argv[2]), running_mode=vision.RunningMode.VIDEO)
video, count = cv2.VideoCapture(sys.argv[1]), 0
with vision.FaceLandmarker.create_from_options(options) as landmarker:
    start = time.perf_counter()
    while (read := video.read())[0]:
        image = mediapipe.Image(mediapipe.ImageFormat.SRGB, cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB))
        landmarker.detect_for_video(image, round(1000 * count / video.get(cv2.CAP_PROP_FPS)))
        count += 1
print(count / (time.perf_counter() - start))
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", nargs="*", metavar="VIDEO")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--mediapipe", metavar="PYTHON")
    options = parser.parse_args()
    machine = platform.processor() or platform.machine()
    print(f"{machine}, {os.cpu_count()} cores, Python {platform.python_version()}, OpenCV {cv2.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        drawn = {fps: fl.synthetic_interview(3, seconds, fps).write(Path(folder) / f"{fps}.mp4") for fps, seconds in ((30, 60), (200, 15))}
        files = {f"640x480 at {fps} fps": path for fps, path in drawn.items()} | {Path(video).name: Path(video) for video in options.videos}
        for what, path in files.items():
            result = analysed(path, folder)
            show(what, result)
            ours = result["frames"] / result["seconds"]
            flows = {"Farnebäck, whole frame, flow alone": farneback, "TV-L1, 128 px crop, flow alone": tvl1}
            others = {name: work(path) for name, work in flows.items() if path in drawn.values()}
            if options.mediapipe:
                others["MediaPipe's landmarks alone"] = mediapipe(options.mediapipe, path)
            for name, rate in others.items():
                print(f"    {name}: {rate:.1f} frames/s; fleeting is {ours / rate:.1f} times as fast")
        if options.long:
            twenty = repeated(drawn[30], 20)
            one = analysed(drawn[30], folder)
            for jobs in (1, 2):
                result = analysed(twenty, folder, jobs)
                show(f"twenty minutes of it, {jobs} process(es)", result)
                print(f"    peak memory: {result['peak_mb'] - one['peak_mb']:+.0f} MB against one minute")


def analysed(path, folder, jobs=1):
    done = subprocess.run([sys.executable, "-c", CHILD, path, Path(folder) / "out", str(jobs)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def mediapipe(python, path):
    """Frames a second of its face landmarker, with reading and converting them."""
    alone = ["unshare", "-n"] if shutil.which("unshare") and subprocess.run(["unshare", "-n", "true"], check=False).returncode == 0 else []
    command = [*alone, python, "-c", LANDMARKS, str(path), str(model_file.find())]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def show(what, r):
    print(
        f"{what}: {r['frames']} frames in {r['seconds']:.1f} s = {r['frames'] / r['seconds']:.0f} frames/s, "
        f"{r['duration'] / r['seconds']:.2f} times real time, saving {r['saving']:.1f} s, peak {r['peak_mb']:.0f} MB, {r['events']} events"
    )


def repeated(path, times):
    """The same recording again and again, without encoding it anew."""
    out = path.with_name(f"{times}-times.mp4")
    with av.open(str(out), "w") as target:
        with av.open(str(path)) as source:
            stream = target.add_stream_from_template(source.streams.video[0])
        offset = 0
        for _ in range(times):
            with av.open(str(path)) as source:
                end = 0
                for packet in source.demux(video=0):
                    if packet.dts is None:
                        continue
                    end = max(end, packet.pts + packet.duration)
                    packet.pts, packet.dts, packet.stream = packet.pts + offset, packet.dts + offset, stream
                    target.mux(packet)
                offset += end
    return out


def farneback(path, frames=40):
    grey = [cv2.cvtColor(f.image, cv2.COLOR_RGB2GRAY) for f in fl.open_media(path).frames(0, frames)]
    return rate(lambda a, b: cv2.calcOpticalFlowFarneback(a, b, None, 0.5, 3, 15, 3, 5, 1.1, 0), grey)


def tvl1(path, frames=8):
    grey = [
        cv2.resize(cv2.cvtColor(f.image[80:380, 170:470], cv2.COLOR_RGB2GRAY), (128, 128)) for f in fl.open_media(path).frames(0, frames)
    ]
    return rate(lambda a, b: cv2.optflow.DualTVL1OpticalFlow.create().calc(a, b, None), grey)


def rate(work, grey):
    times = []
    for a, b in pairwise(grey):
        start = time.perf_counter()
        work(a, b)
        times.append(time.perf_counter() - start)
    return 1 / float(np.median(times))


if __name__ == "__main__":
    main()
