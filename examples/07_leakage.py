"""
Leakage, shown
==============

A method that has seen a person may recognise the person. When single clips are drawn for the test, as "5-fold cross-validation" in a paper
often means, each tested person has other clips in training. What that is worth is shown with labels that have **nothing** to do with the
face: each SYNTHETIC person gets a class by lot.
"""

import tempfile
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

import fleeting as fl
from fleeting.features import HOG

release = fl.datasets.synthesize(Path(tempfile.mkdtemp()), subjects=10, clips=50, fps=50, long_videos=0, expressions=0, maps=0)
clips = fl.datasets.Synthetic(release).clips()
lot = np.random.default_rng(0).permutation(["positive", "negative"] * 5)
persons = sorted({clip.person for clip in clips})
y = {clip.id: lot[persons.index(clip.person)] for clip in clips}
print(len(clips), "clips of", len(persons), "people")

# %%
# The same method, by people and by clips. Nothing can be learned here, so an honest score is near one half; the other protocol warns.

method = make_pipeline(HOG(), KNeighborsClassifier(1))
honest = fl.evaluate(method, clips, y, fl.LOSO(), name="people apart (LOSO)")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    leaky = fl.evaluate(method, clips, y, fl.LeakyClipKFold(5), name="clips drawn singly")
print(caught[0].message)

# %%
# The interval is over persons. What the leaky protocol measures is how well faces are recognised.

figure, axis = plt.subplots(figsize=(7, 2.2), layout="constrained")
for row, run in enumerate((honest, leaky)):
    interval = run.interval("accuracy")
    axis.plot([interval.low, interval.high], [row, row], color="tab:red" if run.leaky else "tab:blue")
    axis.plot(interval.value, row, "o", color="tab:red" if run.leaky else "tab:blue")
axis.axvline(0.5, color="black", linestyle="dashed")
axis.set(yticks=[0, 1], yticklabels=[honest.name, leaky.name], xlim=(0, 1.03), ylim=(-0.5, 1.5), xlabel="accuracy; dashed: guessing")

# %%
# A splitter from elsewhere that puts one person on both sides is refused, before anything is computed.

from sklearn.model_selection import KFold

try:
    fl.evaluate(method, clips, y, KFold(5, shuffle=True, random_state=0))
except fl.LeakageError as error:
    print(error)
