"""
Comparing two runs
==================

Two scores over a few people differ by chance. :func:`fleeting.compare` pairs the runs person by person, and says what these data can tell.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

import fleeting as fl
from fleeting.features import FlowMap

# %%
# Two classifiers of the same SYNTHETIC flow maps. The runs are kept in a folder: called again, ``evaluate`` reads what is there.

folder = Path(tempfile.mkdtemp())
release = fl.datasets.synthesize(folder / "release", subjects=1, clips=3, long_videos=0, expressions=0, maps=400)
clips = fl.datasets.FlowMaps(release / "maps.npz").clips()
y = [clip.emotion for clip in clips]


def flat(maps):
    return maps.reshape(len(maps), -1)


machine = make_pipeline(FlowMap(), FunctionTransformer(flat), SVC(kernel="linear", class_weight="balanced"))
ridge = fl.evaluate(fl.methods.flow_krr(), clips, y, fl.LOSO(), out=folder / "runs", name="kernel ridge")
vectors = fl.evaluate(machine, clips, y, fl.LOSO(), out=folder / "runs", name="linear SVM")

# %%
# The first run is compared with each other one. Where persons are few, the interval is widened for it, and the text says so. From a shell
# it is ``fleeting compare runs/*``.

comparison = fl.compare(ridge, vectors)
print(comparison)

# %%
# The same for programs:

comparison.table.round(3)

# %%
# Behind it stand the persons: each line is one, and how many of their clips either run got right.

right = {run.name: (run.predictions.y_true == run.predictions.y_pred).groupby(run.persons).mean() for run in (ridge, vectors)}
figure, axis = plt.subplots(figsize=(5, 3.4), layout="constrained")
for person in right[ridge.name].index:
    axis.plot([0, 1], [scores[person] for scores in right.values()], "o-", color="tab:blue", alpha=0.5)
axis.set(xticks=[0, 1], xticklabels=list(right), xlim=(-0.3, 1.3), ylim=(0, 1.03), ylabel="share of a person's clips that are right")

# %%
# ``run_report`` writes a page with all of it, confusions and provenance included; it needs nothing from outside.

page = fl.run_report(ridge, vectors, out=folder / "runs.html")
print(f"{page.name}: {page.stat().st_size / 1024:.0f} KB")
