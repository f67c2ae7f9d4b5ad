"""
Injecting expressions, and spotting them
========================================

"What could have been seen in this recording?" can be asked of a recording itself: expressions of known size are put into its pictures at
known times, beside an untouched control, and looked for. Yours would be real footage; here it is SYNTHETIC, too, without any expression of
its own.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import fleeting as fl

folder = Path(tempfile.mkdtemp())
calm = fl.synthetic_interview(
    seed=5, duration_s=6, fps=40, size=(320, 240), events_per_min=0, macro=False, speech=False, noise=1, head=0.5
)
recording = calm.write(folder / "calm.mkv", crf=None)

# %%
# The truth about what was injected; both recordings and this table lie in the folder. From a shell it is
# ``fleeting datasets inject calm.mkv --out injected``.

truth = fl.datasets.inject([recording], folder / "injected", per_min=30, seed=1)
truth[["onset_s", "apex_s", "offset_s", "emotion", "aus", "amplitude"]].round(2)

# %%
# What the default spotter finds in either.

injected = fl.analyze(folder / "injected" / "calm.injected.mkv")
control = fl.analyze(folder / "injected" / "calm.control.mkv")
print(len(injected.events), "events with the injected expressions,", len(control.events), "without")

# %%
# The score of either recording. Grey is where an expression was injected.

figure, axis = plt.subplots(figsize=(8, 3), layout="constrained")
for name, analysis in {"injected": injected, "control": control}.items():
    axis.plot(analysis.signals["time_s"], analysis.signals["micro"], label=name)
axis.plot(injected.signals["time_s"], injected.signals["threshold"], color="black", linestyle="dashed", label="threshold")
for event in truth.itertuples():
    axis.axvspan(event.onset_s, event.offset_s, color="lightgrey")
axis.set(xlabel="seconds", ylabel="score, multiples of the noise")
axis.legend()

# %%
# An event counts as found when it and the true one share at least half of their union.

from fleeting.spotting.matching import match

found = injected.events.rename(columns={"onset_frame": "onset", "offset_frame": "offset"})
hits = match(found, truth)
hits
