"""
Magnifying a motion that one does not see
=========================================

Phase-based magnification shifts what moves by a multiple of its own motion. It shows a micro-expression to the eye; it also enlarges
whatever else moves, and broad motion less than fine texture.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import fleeting as fl
from fleeting.preprocess import magnify

# %%
# A SYNTHETIC clip in which little else stirs, and its true motion from onset to apex.

release = fl.datasets.synthesize(
    Path(tempfile.mkdtemp()), subjects=2, clips=8, fps=100, size=192, pictures="png", long_videos=0, expressions=0, maps=0
)
dataset = fl.datasets.Synthetic(release)
clip = max(dataset.clips(), key=lambda clip: (clip.emotion == "surprise", abs(dataset.flow(clip)).max()))
frames = clip.frames[clip.onset : clip.apex + 1]
print(f"{clip.emotion}, {'+'.join(clip.aus)}: at most {abs(dataset.flow(clip)).max():.1f} px in pictures of {frames.shape[2]} px")

# %%
# Motion since the onset, ten times as large.

larger = magnify(frames, alpha=10)
figure, axes = plt.subplots(1, 3, figsize=(8, 3), layout="constrained")
for axis, (title, picture) in zip(axes, {"onset": frames[0], "apex": frames[-1], "apex, magnified": larger[-1]}.items(), strict=True):
    axis.imshow(picture)
    axis.set_title(title, fontsize="medium")
    axis.axis("off")

# %%
# One column of pixels through a brow, from the first frame to the last: what is a hardly bent line becomes a step.

column = int(frames.shape[2] * 0.36)
figure, axes = plt.subplots(1, 2, sharey=True, figsize=(7, 3.2), layout="constrained")
for axis, (title, video) in zip(axes, {"as filmed": frames, "magnified": larger}.items(), strict=True):
    axis.imshow(video[:, : frames.shape[1] // 2, column].swapaxes(0, 1), aspect="auto", interpolation="nearest")
    axis.set(title=title, xlabel="frame since the onset")
axes[0].set_ylabel("row of the picture")

# %%
# The three methods side by side, and what each does to what does not move as a whole: Eulerian magnification works on brightness and
# enlarges noise with it.

figure, axes = plt.subplots(1, 3, figsize=(8, 3), layout="constrained")
for axis, method in zip(axes, ("pbvm", "riesz", "evm"), strict=True):
    axis.imshow(magnify(frames, alpha=10, method=method)[-1])
    axis.set_title(method, fontsize="medium")
    axis.axis("off")
