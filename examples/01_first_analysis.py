"""
A first analysis
================

A video goes in, a table of events comes out, and a page to look at. The video here is SYNTHETIC: a public-domain portrait moved by modelled
facial actions, so that it is known what should be found.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import fleeting as fl

folder = Path(tempfile.mkdtemp())
interview = fl.synthetic_interview(seed=0, duration_s=7, fps=60, size=(320, 240), events_per_min=24, macro=False, speech=False)
video = interview.write(folder / "interview.mp4")

# %%
# One call does all of it. From a shell it is ``fleeting analyze interview.mp4 --out results``.

analysis = fl.analyze(video)
analysis

# %%
# Each micro-expression is a row: when, which action units were seen, which group of emotions coders most often give to such motion.

analysis.events[["onset_s", "apex_s", "offset_s", "score", "aus", "emotion", "kind"]].round(2)

# %%
# ``signals`` has a row a frame: how far each part of the face has moved, in per cent of the distance between the eyes, the head's motion
# taken out. Grey is what the script of the interview says, coloured what was found.

signals = analysis.signals
figure, (upper, lower) = plt.subplots(2, 1, sharex=True, figsize=(8, 4.5), layout="constrained")
for region in ("right_brow", "left_brow", "right_mouth", "left_mouth"):
    upper.plot(signals["time_s"], signals[f"{region}_y"], label=region.replace("_", " "))
upper.set_ylabel("down, % of the\neye distance")
upper.legend(ncols=4, fontsize="small", loc="upper right")
lower.plot(signals["time_s"], signals["micro"], color="black")
lower.plot(signals["time_s"], signals["threshold"], color="black", linestyle="dashed")
lower.set(xlabel="seconds", ylabel="score, multiples\nof the noise")
for event in interview.truth.query("kind == 'micro'").itertuples():
    upper.axvspan(event.onset_s, event.offset_s, color="lightgrey")
for event in analysis.events.itertuples():
    lower.axvspan(event.onset_s, event.offset_s, color="tab:red", alpha=0.3)

# %%
# The first event, with its motion made larger and as colour (hue is the direction).

pictures = analysis.pictures[0]
figure, axes = plt.subplots(1, 4, figsize=(8, 2.4), layout="constrained")
shown = {
    "onset": pictures.onset,
    "apex": pictures.apex,
    f"{pictures.factor:.1f} times the motion": pictures.magnified,
    "motion": pictures.flow,
}
for axis, (title, picture) in zip(axes, shown.items(), strict=True):
    axis.imshow(picture)
    axis.set_title(title, fontsize="medium")
    axis.axis("off")

# %%
# The same as files, ``report.html`` among them: one page that opens anywhere.

analysis.save(folder / "results")
sorted(path.name for path in (folder / "results").iterdir())
