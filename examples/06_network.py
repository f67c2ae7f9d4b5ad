"""
A network
=========

STSTNet (Liong et al. 2019) has three shallow streams, of horizontal flow, vertical flow and strain, and 1,683 weights. It is a scikit-learn
classifier like any other, and its epoch is chosen on persons held out of the training ones, never on the tested person.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.pipeline import make_pipeline

import fleeting as fl
from fleeting.features import FlowMap
from fleeting.models import NetClassifier, STSTNet

# %%
# SYNTHETIC flow maps of 28 × 28 px, as STSTNet and its followers pass them around: a channel each for u, v and strain.

release = fl.datasets.synthesize(Path(tempfile.mkdtemp()), subjects=1, clips=3, long_videos=0, expressions=0, maps=200)
clips = fl.datasets.FlowMaps(release / "maps.npz").clips()
y = [clip.emotion for clip in clips]
figure, axes = plt.subplots(3, 3, figsize=(5, 5), layout="constrained")
for row, name in zip(axes, ("negative", "positive", "surprise"), strict=True):
    picture = clips[y.index(name)].frames[0]
    for axis, channel, title in zip(row, picture.transpose(2, 0, 1), ("u", "v", "strain"), strict=True):
        axis.imshow(channel, cmap="gray")
        axis.set_title(f"{name}: {title}", fontsize="small")
        axis.axis("off")

# %%
# Three folds of whole persons. ``validation=0.2`` holds out a fifth of each fold's training persons, and the epoch of their lowest loss is
# taken. With ``out=`` the run and its learning curves would be kept.

network = NetClassifier(STSTNet, epochs=40, lr=1e-3, batch_size=64, validation=0.2, choose="best", device="cpu")
run = fl.evaluate(make_pipeline(FlowMap(), network), clips, y, fl.SubjectKFold(3), name="ststnet")
run.scores().round(3)

# %%
# What each fold learned, and where it stopped.

figure, axis = plt.subplots(figsize=(7, 3.2), layout="constrained")
for number, (fold, curve) in enumerate(run.learning.items()):
    curve = pd.DataFrame(curve)
    axis.plot(curve["loss"], color=f"C{number}", label=f"fold {fold}")
    axis.plot(curve["validation_loss"], color=f"C{number}", linestyle="dashed")
    axis.plot(curve.index[curve["chosen"] == 1], curve["validation_loss"][curve["chosen"] == 1], "o", color=f"C{number}")
axis.set(xlabel="epoch", ylabel="loss; dashed: persons held out")
axis.legend()
