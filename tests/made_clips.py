"""Small moving clips for the tests of preprocesses and descriptors."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fleeting.clip import Clip


@dataclass(frozen=True)
class Stored:
    """Frames held in memory; a class and no lambda, so that clips can be pickled."""

    frames: np.ndarray

    def __call__(self):
        return self.frames


def make_clip(frames, onset=0, apex=None, offset=None, name="made/s1/c1"):
    apex = len(frames) // 2 if apex is None else apex
    offset = len(frames) - 1 if offset is None else offset
    return Clip(name, "made", "s1", 100.0, onset, apex, offset, Stored(frames))


def texture(height=48, width=56, seed=0, smooth=1.5):
    """A colourful, smooth, random picture, (H, W, 3) float64, about 40 to 220."""
    noise = np.random.default_rng(seed).normal(size=(height, width, 3))
    picture = cv2.GaussianBlur(noise, (0, 0), smooth)
    return 130 + 40 * np.clip(picture / picture.std(), -2.2, 2.2)


def moving(shifts, height=48, width=56, seed=0):
    """The texture moved to the right by each of the shifts, px: (T, H, W, 3) uint8."""
    picture = texture(height, width, seed).astype(np.float32)
    moves = [np.float32([[1, 0, shift], [0, 1, 0]]) for shift in shifts]
    frames = [cv2.warpAffine(picture, m, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT) for m in moves]
    return np.rint(np.stack(frames)).astype(np.uint8)
