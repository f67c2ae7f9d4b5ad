"""How fast `fleeting analyze` is, and how much memory it takes: rates and ratios, side by side in one run.

A synthetic interview at 640 x 480 is written at 30 and at 200 frames a second and analysed in a process of its own. Beside it, what a
do-it-yourself script would spend on the flow alone: OpenCV's Farnebäck flow of each whole frame, and its TV-L1 on a 128 px face crop.
Then the same minute at 30 frames a second is analysed once and twenty times over: the memory must not grow with it.

    python benchmarks/analyze_speed.py [--long]      # --long: the twenty-minute recording, about 10 minutes
"""

import argparse
import json
import os
import platform
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

CHILD = """
import json, resource, sys, time
import fleeting as fl
start = time.perf_counter()
analysis = fl.analyze(sys.argv[1])
took = time.perf_counter() - start
saving = time.perf_counter()
analysis.save(sys.argv[2], overwrite=True)
print(json.dumps(dict(seconds=took, saving=time.perf_counter() - saving, frames=analysis.quality["frames"], events=len(analysis.events),
    duration=analysis.quality["duration_s"], peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)))
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--long", action="store_true")
    long = parser.parse_args().long
    machine = platform.processor() or platform.machine()
    print(f"{machine}, {os.cpu_count()} cores, Python {platform.python_version()}, OpenCV {cv2.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        for fps, seconds in ((30, 60), (200, 15)):
            path = fl.synthetic_interview(3, seconds, fps).write(Path(folder) / f"{fps}.mp4")
            result = analysed(path, folder)
            show(f"640x480 at {fps} fps", result)
            for name, rate in (("Farnebäck, whole frame", farneback(path)), ("TV-L1, 128 px crop", tvl1(path))):
                ratio = result["frames"] / result["seconds"] / rate
                print(f"    {name}, flow alone: {rate:.1f} frames/s; fleeting is {ratio:.1f} times as fast")
            if fps == 30 and long:
                twenty = analysed(repeated(path, 20), folder)
                show("twenty minutes of it", twenty)
                print(f"    peak memory: {twenty['peak_mb'] / result['peak_mb']:.2f} times that of one minute")


def analysed(path, folder):
    done = subprocess.run([sys.executable, "-c", CHILD, path, Path(folder) / "out"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


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
