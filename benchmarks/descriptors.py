"""How long each descriptor takes: of one clip of 64 frames of 128 x 128 px, and by that of 255 such clips on two cores.

The clip is synthetic (a texture that moves a little, with noise), the face is taken to fill it, and defaults are the papers'.
For descriptors of optical flow, how much of the time is flow. Medians of three, on one thread.

    python benchmarks/descriptors.py
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
from timing import medians

from fleeting import Clip, features
from fleeting.faces.landmarks import to_ibug68
from fleeting.features.au_motion import mesh_in
from fleeting.features.fields import flow_frame_to_frame, flow_from_first
from fleeting.features.strain_weighted import strain_weights
from fleeting.flow import FLOW_METHODS, flow
from fleeting.preprocess import robust_pca

FRAMES, SIDE, CLIPS, CORES = 64, 128, 255, 2


def main():
    cv2.setNumThreads(1)
    frames = moving_texture()
    clip = Clip("made", "made", "made", 200.0, 0, FRAMES // 2, FRAMES - 1, lambda: frames)
    grey = np.ascontiguousarray(frames[..., 0])

    flows = {"from frame to frame": lambda: flow_frame_to_frame(frames), "from the first frame": lambda: flow_from_first(frames)}
    fields = {name: work() for name, work in flows.items()}
    seconds = medians(flows, 3)
    next_to, from_first = fields.values()
    points = to_ibug68(mesh_in(frames[0], False))
    print(f"{'flow of all frames, DIS':44} {'s a clip':>9} {f'min for {CLIPS}':>12}")
    for name, s in seconds.items():
        show(name, s)
    pairs = medians({method: lambda m=method: flow(frames[0], frames[-1], m) for method in FLOW_METHODS}, 3)
    print("flow of one pair: " + ", ".join(f"{method} {1000 * s:.0f} ms" for method, s in pairs.items()))

    print("\ndescriptors of flow; the share of it that is flow")
    rows = {
        "HOOF": ("from frame to frame", lambda: features.hoof(next_to)),
        "FHOFO": ("from frame to frame", lambda: features.fhofo(next_to)),
        "FDM": ("from frame to frame", lambda: features.fdm(next_to, align=True)),
        "MDMO": ("from the first frame", lambda: features.mdmo(from_first, points, align=True)),
        "StrainMap (OSF)": ("from the first frame", lambda: features.strain_map(from_first)),
        "StrainWeightedLBPTOP (OSW)": (
            "from the first frame",
            lambda: (strain_weights(from_first, (5, 5)), features.lbp_top(grey, (5, 5), (1, 1, 4), 4)),
        ),
    }
    beside = medians({name: work for name, (_, work) in rows.items()}, 3)
    for name, (kind, _) in rows.items():
        show(name, seconds[kind] + beside[name], f"{100 * seconds[kind] / (seconds[kind] + beside[name]):5.1f} %")
    timed(clip, {
        "AUMotion, DIS": features.AUMotion(find_mesh=False),
        "BiWOOF, TV-L1": features.BiWOOF(),
        "FlowImage, TV-L1": features.FlowImage(),
        "FlowStack, TV-L1": features.FlowStack(),
    })

    print("\ndescriptors of grey values")
    timed(clip, {
        "LBPTOP": features.LBPTOP(),
        "LBPTOP, colour": features.LBPTOP(colour=True),
        "LBPSIP": features.LBPSIP(),
        "LBPMOP": features.LBPMOP(),
        "CBPTOP": features.CBPTOP(),
        "STLBPIP": features.STLBPIP(),
        "STLBPIP, sparse part": features.STLBPIP(difference="rpca"),
        "STCLQPVectors": features.STCLQPVectors(),
        "STCLQPVectors, all voxels": features.STCLQPVectors(voxels=None),
        "LSTD, sparse part": features.LSTD(find_mesh=False),
        "HOG3D": features.HOG3D(find_mesh=False),
        "DWLD": features.DWLD(),
        "DWLD, mean of all frames": features.DWLD(frames="mean"),
        "Gabor": features.Gabor(),
        "Gabor, mean of all frames": features.Gabor(frames="mean"),
        "HOG": features.HOG(),
    })
    matrix = grey.reshape(FRAMES, -1).T
    show("of which robust PCA of the whole picture", medians({"": lambda: robust_pca(matrix)}, 3)[""])


def moving_texture():
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.normal(size=(SIDE, SIDE, 3)), (0, 0), 2)
    still = (128 + 40 * noise / noise.std()).astype(np.float32)
    shifts = np.sin(np.arange(FRAMES) / 10)
    moved = [cv2.warpAffine(still, np.float32([[1, 0, s], [0, 1, 0]]), (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT) for s in shifts]
    return np.clip(np.stack(moved) + rng.normal(size=(FRAMES, SIDE, SIDE, 3)), 0, 255).astype(np.uint8)


def timed(clip, steps):
    for name, s in medians({name: lambda step=step: step.transform_clip(clip) for name, step in steps.items()}, 3).items():
        show(name, s)


def show(name, seconds, more=""):
    print(f"{name:44} {seconds:9.3f} {seconds * CLIPS / CORES / 60:12.1f}   {more}")


if __name__ == "__main__":
    main()
