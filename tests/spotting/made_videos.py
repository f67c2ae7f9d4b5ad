"""Small synthetic videos with coded intervals, and crops on which each spotter's rules can be seen without any face to be found."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd

from fleeting.clip import Video
from fleeting.datasets.frames import SteadyTimes


@dataclass(frozen=True, eq=False)
class Frames:
    """Frames in memory, one by one."""

    frames: np.ndarray

    def __call__(self, start, stop):
        return iter(self.frames[start:stop])


def video(subject, frames, intervals, fps=30.0, dataset="synthetic", name=None):
    """A video of these frames; intervals are (onset, apex, offset, kind)."""
    table = pd.DataFrame(intervals, columns=["onset", "apex", "offset", "kind"]).astype({"apex": "Int64"})
    name = f"{dataset}/{subject}/{name or 'v1'}"
    return Video(name, dataset, subject, fps, table, Frames(frames), SteadyTimes(len(frames), fps))


def texture(size=128, seed=0):
    """A picture with detail everywhere, uint8."""
    noise = np.random.default_rng(seed).normal(size=(size, size))
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return np.clip(128 + 45 * smooth / smooth.std(), 1, 255).astype(np.uint8)


def bump(n, centre, half):
    """A smooth rise and fall, 1 at the centre and 0 from ``half`` frames away, (n,)."""
    t = np.abs(np.arange(n) - centre) / half
    return np.where(t < 1, 0.5 * (1 + np.cos(np.pi * t)), 0.0)


def moved(picture, motion, where=(40, 80), px=2.5):
    """Crops in which a part of the picture, fading out around it, goes right and back: (T, size, size) uint8."""
    y, x = np.mgrid[: len(picture), : len(picture)].astype(np.float32)
    weight = np.exp(-0.5 * (((x - where[0]) / 9) ** 2 + ((y - where[1]) / 9) ** 2)).astype(np.float32)
    return _warped(picture, motion, px * weight)


def shifted(picture, motion, px=2.0):
    """Crops that move to the right as a whole."""
    return _warped(picture, motion, np.full(picture.shape, px, np.float32))


def _warped(picture, motion, right):
    y, x = np.mgrid[: len(picture), : len(picture)].astype(np.float32)
    moves = [x - np.float32(m) * right for m in motion]
    return np.stack([cv2.remap(picture, place, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT) for place in moves])
