"""
A method of your own
====================

A method is a scikit-learn pipeline over clips. A descriptor of your own is a :class:`fleeting.base.ClipTransformer`, of which
``transform_clip`` is all that must be written; ready ones and any scikit-learn estimator stand beside it.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import fleeting as fl
from fleeting.base import ClipTransformer
from fleeting.flow import flow


class MotionGrid(ClipTransformer):
    """Mean flow from onset to apex in each cell of a grid, as many numbers as ``2 * rows * columns``."""

    def __init__(self, rows=6, columns=6):
        self.rows = rows
        self.columns = columns

    def transform_clip(self, clip):
        frames = clip.frames
        moved = flow(frames[clip.neutral], frames[clip.apex])  # (H, W, 2), px
        moved = moved - np.median(moved, axis=(0, 1))  # what all of the face does together is the head
        cells = [np.array_split(band, self.columns, axis=1) for band in np.array_split(moved, self.rows)]
        return np.array([cell.mean(axis=(0, 1)) for row in cells for cell in row]).ravel()


# %%
# SYNTHETIC clips, and what the descriptor sees of one of them.

release = fl.datasets.synthesize(Path(tempfile.mkdtemp()), subjects=8, clips=48, fps=100, long_videos=0, expressions=0, maps=0)
clips, y = fl.label(fl.datasets.Synthetic(release).clips(), "3class")
clip = next(clip for clip, name in zip(clips, y, strict=True) if name == "surprise")
cells = MotionGrid().transform_clip(clip).reshape(6, 6, 2)
figure, axis = plt.subplots(figsize=(4, 4), layout="constrained")
axis.imshow(clip.frames[clip.apex])
middles = (np.arange(6) + 0.5) * 128 / 6
axis.quiver(*np.meshgrid(middles, middles), cells[..., 0], cells[..., 1], angles="xy", color="red")
axis.set_title(f"{clip.emotion}, {'+'.join(clip.aus)}: mean motion in each cell", fontsize="medium")
axis.axis("off")

# %%
# The pipeline is evaluated as any published method is: the scaler and the forest are fitted in each fold, on its training persons alone;
# the descriptor, which learns nothing, runs once a clip. From a shell it is ``fleeting evaluate FILE.py:FUNCTION``.

method = make_pipeline(MotionGrid(), StandardScaler(), RandomForestClassifier(200))
run = fl.evaluate(method, clips, y, fl.LOSO(), name="motion grid, forest")
run.scores().round(3)

# %%
# It is a method of :func:`fleeting.analyze`, too, once it is fitted to clips that are aligned as ``analyze`` cuts out its events: then
# ``fl.analyze(video, recogniser=method.fit(clips, y))``.

recalls = run.recalls()
figure, axis = plt.subplots(figsize=(6, 2.2), layout="constrained")
axis.barh(recalls.index, recalls)
axis.axvline(1 / 3, color="black", linestyle="dashed")
axis.set(xlim=(0, 1), xlabel="recall; dashed: guessing")
