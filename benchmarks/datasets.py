"""How long a release takes to open, a long table to read, and pictures to check.

    python benchmarks/datasets.py [--clips 255] [--rows 10000]

Makes a miniature of CASME II (its layout, its sheet as csv, small pictures) and a table for FolderDataset in a temporary
folder. Best of three.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from fleeting.datasets import CASME2, FolderDataset

FRAMES = 64


def best(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def casme2(root: Path, clips: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (340, 280, 3), dtype=np.uint8)
    jpeg = cv2.imencode(".jpg", cv2.GaussianBlur(picture, (0, 0), 2))[1].tobytes()
    lines = ["Subject,Filename,OnsetFrame,ApexFrame,OffsetFrame,Action Units,Estimated Emotion"]
    for k in range(clips):
        folder = root / f"Cropped/sub{k % 26 + 1:02d}/EP{k:03d}"
        folder.mkdir(parents=True)
        for number in range(1, FRAMES + 1):
            (folder / f"reg_img{number}.jpg").write_bytes(jpeg)
        lines.append(f"{k % 26 + 1},EP{k:03d},1,{FRAMES // 2},{FRAMES},4+7,disgust")
    (root / "CASME2-coding.csv").write_text("\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=255)
    parser.add_argument("--rows", type=int, default=10_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        casme2(root / "release", arguments.clips)
        seconds = best(lambda: CASME2(root / "release").clips())
        print(f"open {arguments.clips} clips of {FRAMES} frames: {seconds:.2f} s")
        seconds = best(lambda: CASME2(root / "release").check())
        print(f"check them against the sheet: {seconds:.2f} s")
        seconds = best(lambda: CASME2(root / "release").check(frames=True))
        print(f"and decode every picture (280x340 jpeg): {seconds:.2f} s, {arguments.clips * FRAMES / seconds:.0f} pictures/s")
        files = list((root / "release/Cropped").rglob("*.jpg"))
        seconds = best(lambda: [cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR) for file in files])
        print(f"    OpenCV alone, one picture after the other: {seconds:.2f} s, {len(files) / seconds:.0f} pictures/s")
        rows = "".join(f"c{i},s{i % 50},1,2,3,happiness,AU12\n" for i in range(arguments.rows))
        (root / "clips.csv").write_text("clip,subject,onset,apex,offset,emotion,aus\n" + rows)
        seconds = best(lambda: FolderDataset(root, "clips.csv", fps=100).table)
        print(f"a table of {arguments.rows} clips: {seconds:.2f} s")


if __name__ == "__main__":
    main()
