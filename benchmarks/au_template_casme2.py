"""The weight-free recogniser on real flow maps: the CASME II part of the MEGC 2019 composite, no training on real data.

A DEVELOPMENT number: the anatomy (fields, tables, where the face lies in the crop) was improved by people who looked at
these 145 samples, though nothing was fitted to their labels. It says nothing about data nobody has looked at.

The maps hold u, v and strain, 28 x 28, each min-max scaled by itself: u = a U + b, v = c V + d, with a, b, c, d
unknown. b and d look like head shift and leave with it. The ratio a / c is read off the third channel: the ratio whose
strain, computed from a U and c V, correlates best with the strain given, drawn a little towards the typical one. The
overall amplitude stays unknown; 1 % of the eye distance is assumed for the strongest action unit. The mean face is laid
on the map once for each derivation, without labels: by a search for the place from which the action units explain most
motion, corrected by eye so that brows, lids and mouth meet their strain. The maps are squeezed in height.

    python benchmarks/au_template_casme2.py casme2_flows.npz
"""

import sys

import numpy as np
from sklearn.metrics import confusion_matrix, f1_score, log_loss, recall_score

from fleeting.classifiers.emotion_table import EmotionTable
from fleeting.faces.action_units import AUS, EMOTION_AUS, au_fields, sides
from fleeting.faces.landmarks import mean_mesh
from fleeting.features.au_motion import au_intensities, face_grid

CLASSES = ("negative", "positive", "surprise")
# Eye distance across, unit of height, middle of the eyes x, y; map px.
PLACES = {"htnet_oa": (14.75, 13.25, 13.5, 8.25), "causal_oa": (14.0, 12.0, 13.5, 11.0)}
RATIOS, TYPICAL = np.exp(np.linspace(-1.2, 1.2, 25)), 0.75


def place(across, tall, x, y):
    return (mean_mesh() * [across, tall, (across + tall) / 2] + [x, y, 0]).astype(np.float32)


def gain_ratio(u, v, strain):
    (u_y, u_x), (v_y, v_x) = np.gradient(u), np.gradient(v)
    inner = (slice(1, -1), slice(1, -1))

    def fit(r):
        guess = np.sqrt((r * u_x) ** 2 + v_y**2 + (r * u_y + v_x) ** 2 / 2)
        return np.corrcoef(guess[inner].ravel(), strain[inner].ravel())[0, 1] - 0.05 * np.log(r / TYPICAL) ** 2

    return max(RATIOS, key=fit)


def real(maps, points):
    y, x = np.mgrid[:28, :28]
    xy = np.stack([x, y], axis=-1).reshape(-1, 2).astype(np.float32)
    rows = []
    for image in maps / 255.0:
        ratio = gain_ratio(*np.moveaxis(image, -1, 0))
        intensities = au_intensities((image[..., :2] * [ratio, 1]).reshape(-1, 2), points, xy)
        rows.append(intensities / max(intensities.max(), 1e-9))
    return np.array(rows)


def synthetic(n, seed=0):
    """AU intensities read from n synthetic motions with head motion and smooth noise, on faces that vary."""
    rng = np.random.default_rng(seed)
    rows, labels = [], []
    while len(rows) < n:
        label = CLASSES[len(rows) % 3]
        usual = np.array([w for w, _ in EMOTION_AUS[label]])
        numbers = EMOTION_AUS[label][rng.choice(len(usual), p=usual / usual.sum())][1]
        hidden = rng.choice(["", "L", "R"], p=[0.8, 0.1, 0.1])
        seen = [name for name in sides(numbers) if not hidden or name[0] != hidden] or list(sides(numbers))
        true = np.isin(AUS, seen) * rng.uniform(0.5, 1.2, len(AUS)) * rng.uniform(0.5, 3) / 100
        true[rng.integers(len(AUS))] += rng.uniform(0, 0.35) * true.max() * (rng.random() < 0.25)
        assumed = mean_mesh() * 100
        xy = face_grid(assumed)
        face = assumed * (1 + rng.normal(0, 0.05, 3)) + rng.normal(0, 5, 3)  # the face is not quite where it is thought
        motion = np.tensordot(true, au_fields(face, xy), 1) * 100
        x, y = (xy / 100).T
        head = rng.normal(0, 0.5, 4)
        motion += np.stack([head[0] + head[1] * x - head[2] * y, head[3] + head[1] * y + head[2] * x], axis=1)
        near = np.exp(-((xy[:, None] - xy) ** 2).sum(axis=-1) / (2 * 25**2))
        smooth = near @ rng.normal(0, 1, xy.shape) / np.sqrt((near**2).sum(axis=1, keepdims=True))
        motion += smooth * rng.uniform(0.05, 0.3)
        rows.append(au_intensities(motion, assumed, xy))
        labels.append(label)
    return np.array(rows), np.array(labels)


def show(name, labels, intensities):
    found = EmotionTable().predict(intensities)
    uf1 = f1_score(labels, found, labels=CLASSES, average="macro", zero_division=0)
    uar = recall_score(labels, found, labels=CLASSES, average="macro", zero_division=0)
    print(f"{name}: UF1 {uf1:.3f}  UAR {uar:.3f}; rows true, columns found, {', '.join(CLASSES)}")
    print(confusion_matrix(labels, found, labels=CLASSES))


if __name__ == "__main__":
    data = np.load(sys.argv[1])
    truth = np.array(CLASSES)[data["label"]]
    for key, where in PLACES.items():
        show(f"CASME II, {key} (development number)", truth, real(data[key], place(*where)))
    intensities, truth = synthetic(300)
    show("synthetic", truth, intensities)
    for concentration in (5, 8, 12, 20, 30):
        loss = log_loss(truth, EmotionTable(concentration).predict_proba(intensities), labels=CLASSES)
        print(f"concentration {concentration}: log loss on synthetic motion {loss:.3f}")
