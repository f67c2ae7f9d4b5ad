"""
A dataset of your own folder
============================

A folder of clips and a table ``clips.csv`` are a dataset. The doctor says what is wrong with it before an evaluation does.
"""

import tempfile
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import pandas as pd

import fleeting as fl

# %%
# Some SYNTHETIC clips stand for yours. Each becomes a folder of numbered pictures.

release = fl.datasets.synthesize(Path(tempfile.mkdtemp()), subjects=3, clips=6, fps=100, long_videos=0, expressions=0, maps=0)
folder, rows = Path(tempfile.mkdtemp()), []
for number, clip in enumerate(fl.datasets.Synthetic(release).clips()):
    name = f"take{number + 1}"
    (folder / name).mkdir()
    for frame, picture in enumerate(clip.frames):
        cv2.imwrite(str(folder / name / f"{frame:03d}.png"), picture[..., ::-1])
    rows.append(
        {
            "clip": name,
            "subject": clip.subject,
            "onset": clip.onset,
            "apex": clip.apex,
            "offset": clip.offset,
            "emotion": clip.emotion,
            "aus": "+".join(clip.aus),
            "fps": clip.fps,
        }
    )
table = pd.DataFrame(rows)
table.to_csv(folder / "clips.csv", index=False)
table

# %%
# The reader. Frame numbers are those in the pictures' names, and nothing is read before it is looked at.

dataset = fl.datasets.FolderDataset(folder)
clips, classes = fl.label(dataset.clips(), "3class")
pd.DataFrame({"clip": [clip.id for clip in clips], "person": [clip.person for clip in clips], "class": classes})

# %%
# One clip: where its face is at rest, and where the motion is largest. What the apex differs by is hardly visible, so it is shown 5 times
# as large.

clip = clips[0]
frames = clip.frames
onset, apex = frames[clip.onset], frames[clip.apex]
figure, axes = plt.subplots(1, 3, figsize=(8, 3), layout="constrained")
shown = {"onset": onset, "apex": apex, "difference × 5": (128 + 5 * (apex.astype(float) - onset)).clip(0, 255).astype("uint8")}
for axis, (title, picture) in zip(axes, shown.items(), strict=True):
    axis.imshow(picture)
    axis.set_title(title, fontsize="medium")
    axis.axis("off")

# %%
# The doctor. Here a picture is lost and an apex lies before its onset, as happens; from a shell it is
# ``fleeting datasets check folder FOLDER``.

(folder / "take2" / f"{table.loc[1, 'apex']:03d}.png").unlink()
table.loc[3, "apex"] = table.loc[3, "onset"] - 1
table.to_csv(folder / "clips.csv", index=False)
checkup = fl.datasets.FolderDataset(folder).check()
pd.DataFrame([(finding.level, finding.clip, finding.text) for finding in checkup.findings], columns=["level", "clip", "what"])
