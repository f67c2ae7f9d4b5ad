"""
What a recording could have shown
=================================

Finding nothing means little where nothing could have been seen. So each analysis says what its recording allows, in sentences and in
numbers. Here the same SYNTHETIC sitter is filmed well and badly.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

import fleeting as fl

folder = Path(tempfile.mkdtemp())
recordings = {
    "close, 60 frames/s": {"fps": 60, "size": (320, 240), "noise": 1.5},
    "far, noisy, 25 frames/s": {"fps": 25, "size": (160, 120), "noise": 5},
}
analyses = {}
for number, (name, settings) in enumerate(recordings.items()):
    interview = fl.synthetic_interview(seed=5, duration_s=6, events_per_min=30, macro=False, speech=False, **settings)
    analyses[name] = fl.analyze(interview.write(folder / f"{number}.mp4"))

# %%
# In words, the most important first:

for name, analysis in analyses.items():
    print(name.upper(), *analysis.quality["limits"], sep="\n- ", end="\n\n")

# %%
# In numbers, next to what was found:

numbers = ("fps", "iod_px", "light", "residual", "judged_share")
pd.DataFrame(
    {name: {key: analysis.quality[key] for key in numbers} | {"events": len(analysis.events)} for name, analysis in analyses.items()}
)

# %%
# The share of known events that would have been found: micro-expressions of several sizes and lengths are added to the recording's own
# signals, where the person was calm and where they moved, and looked for in the same way. Bars are 95 % intervals, Wilson's.

figure, axes = plt.subplots(1, 2, sharey=True, figsize=(8, 3.4), layout="constrained")
for axis, (name, analysis) in zip(axes, analyses.items(), strict=True):
    table = pd.DataFrame(analysis.quality["sensitivity"])
    pooled = table[table["added"] > 0].groupby("size")[["added", "found"]].sum()
    intervals = [fl.stats.wilson(row.found, row.added) for row in pooled.itertuples()]
    low = [each.value - each.low for each in intervals]
    high = [each.high - each.value for each in intervals]
    axis.errorbar(pooled.index, [each.value for each in intervals], [low, high], marker="o", capsize=4)
    axis.set(title=name, xlabel="largest motion, % of the eye distance", ylim=(-0.02, 1.02))
axes[0].set_ylabel("share found")
