"""How fast LBP-TOP is: side by side in one run with one built on scikit-image and, if its checkout is given, with MEB's.

A clip of 32 frames of 128 x 128 px, 6 x 6 blocks, radii 3, 8 neighbours; medians, the contestants taking turns. Then the same
clip interpolated to 64 frames (TIM), beside MEB's.

    python benchmarks/lbp_top.py [--meb PATH]      # PATH: a checkout of github.com/tvaranka/meb, with what it needs installed
"""

import argparse
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
from skimage.feature import local_binary_pattern
from timing import medians

from fleeting.features.lbp_top import lbp_mop, lbp_sip, lbp_top
from fleeting.preprocess import interpolate

GRID, RADIUS = (6, 6), 3


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meb", metavar="PATH", help="checkout of MEB")
    path = parser.parse_args().meb
    rgb = np.random.default_rng(0).integers(0, 256, (32, 128, 128, 3), dtype=np.uint8)
    grey = np.ascontiguousarray(rgb[..., 0])
    rows = {
        "fleeting, grey": lambda: lbp_top(grey, GRID),
        "fleeting, RGB": lambda: lbp_top(rgb, GRID),
        "fleeting, LBP-SIP": lambda: lbp_sip(grey, GRID),
        "fleeting, LBP-MOP": lambda: lbp_mop(grey, GRID),
        "scikit-image": lambda: with_scikit_image(grey),
    }
    tim = {"fleeting, TIM": lambda: interpolate(grey, 64)}
    if path:
        meb = from_file(Path(path) / "meb" / "utils" / "traditional_methods.py")
        video = grey.transpose(1, 2, 0)
        last = video.shape[2] - 1
        rows["MEB"] = lambda: meb.LBPTOP(video, 0, last, 3, 3, 3, (8, 8, 8), 3, 3, *GRID, 0, 1, "u2")
        tim["MEB, TIM"] = lambda: meb.tim(video, 64)
    for contest, rounds in ((rows, 1 if path else 15), (tim, 15)):
        seconds = medians(contest, rounds)
        first = next(iter(seconds))
        for name, s in seconds.items():
            print(f"{name:20} {1000 * s:9.1f} ms   {s / seconds[first]:7.1f} times {first}")
    apart = np.abs(lbp_top(grey, GRID, uniform=False) - with_scikit_image(grey)).sum() / 2 / (3 * GRID[0] * GRID[1])
    print(f"share of codes that differ from scikit-image's: {apart:.1e}")


def with_scikit_image(frames):
    """What one writes with scikit-image: a 2-D pattern for each slice, then a histogram for each block, 256 bins."""
    inner = np.s_[RADIUS:-RADIUS]
    xy = np.stack([local_binary_pattern(p, 8, RADIUS)[inner, inner] for p in frames[inner]])
    xt = np.stack([local_binary_pattern(p[::-1], 8, RADIUS)[::-1][inner, inner] for p in frames.transpose(1, 0, 2)[inner]], axis=1)
    yt = np.stack([local_binary_pattern(p, 8, RADIUS)[inner, inner].T for p in frames.transpose(2, 1, 0)[inner]], axis=2)
    rows, columns = (np.round(np.linspace(0, size, n + 1)).astype(int) for size, n in zip(xy.shape[1:], GRID, strict=True))
    out = []
    for r in range(GRID[0]):
        for c in range(GRID[1]):
            for codes in (xy, xt, yt):
                block = codes[:, rows[r] : rows[r + 1], columns[c] : columns[c + 1]].astype(int)
                out.append(np.bincount(block.ravel(), minlength=256) / block.size)
    return np.concatenate(out)


def from_file(path):
    spec = spec_from_file_location(path.stem, path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
