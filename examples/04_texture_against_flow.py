"""
LBP-TOP against flow
====================

Two methods on the same clips, each tested on people whom it has never seen: local binary patterns on three orthogonal planes with a linear
support vector machine, and the optical flow from onset to apex with kernel ridge. The clips are SYNTHETIC: this compares methods under
known motion, and says nothing about people.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

import fleeting as fl

release = fl.datasets.synthesize(Path(tempfile.mkdtemp()), subjects=8, clips=48, fps=100, long_videos=0, expressions=0, maps=0)
clips, y = fl.label(fl.datasets.Synthetic(release).clips(), "3class")
dict(zip(*np.unique(y, return_counts=True), strict=True))

# %%
# ``LOSO`` leaves out one person after the other. What learns nothing (crops, descriptors, flow) is computed once a clip; what learns is
# fitted anew within each fold. Grid, radii and frames are settings that papers give; nothing was chosen by looking at scores.

patterns = make_pipeline(fl.Interpolate(10), fl.LBPTOP(grid=(5, 5), radii=(1, 1, 4)), LinearSVC())
ridge = fl.methods.flow_krr().set_params(flowmap__method="dis")  # quicker than TV-L1, the default
texture = fl.evaluate(patterns, clips, y, fl.LOSO(), name="LBP-TOP, SVM")
motion = fl.evaluate(ridge, clips, y, fl.LOSO(), name="flow, kernel ridge")

# %%
# UF1 with its 95 % interval over persons. Of so few people it is wide.

runs = (texture, motion)
intervals = [run.interval("uf1") for run in runs]
figure, axis = plt.subplots(figsize=(7, 2.2), layout="constrained")
for row, interval in enumerate(intervals):
    axis.plot([interval.low, interval.high], [row, row], color="tab:blue")
    axis.plot(interval.value, row, "o", color="tab:blue")
axis.set(yticks=range(len(runs)), yticklabels=[run.name for run in runs], xlim=(0, 1), xlabel="UF1", ylim=(-0.5, 1.5))

# %%
# Which class is taken for which:

figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
for axis, run in zip(axes, runs, strict=True):
    matrix = run.confusion()
    axis.imshow(matrix, cmap="Blues")
    for i, j in np.ndindex(matrix.shape):
        dark = matrix.iloc[i, j] > matrix.to_numpy().max() / 2
        axis.text(j, i, matrix.iloc[i, j], ha="center", va="center", color="white" if dark else "black")
    axis.set(title=run.name, xlabel="predicted", ylabel="true", xticks=range(3), yticks=range(3))
    axis.set_xticklabels(run.labels, fontsize="small")
    axis.set_yticklabels(run.labels, fontsize="small")

# %%
# Whether the two differ at all is a question of its own: :func:`fleeting.compare` pairs them person by person.

print(fl.compare(motion, texture))
