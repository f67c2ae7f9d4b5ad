"""Where the face lies in ready flow maps: another crop moves and resizes it, and what was learned of one crop then reads another badly.

A ready map says nothing of its crop, but all maps of a set have the same one. So it is sought among moves of the whole set, in what is
kept of the maps (:mod:`fleeting.features.motion_spectrum`): a move of a picture is linear in its frequencies.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from scipy.fft import dctn, idctn

from ..features.motion_spectrum import FREQUENCIES, KEPT, SIDE

# How far crops differ, in steps: px across, px down, 4 % in size. Most have the face in the middle; where its brow lies, anybody chooses.
USUAL = np.array([0.5, 2.0, 1.0])
FARTHEST = 4  # steps
GROWTH = 1.04


class Placement(NamedTuple):
    """How maps are moved so that the face comes to lie where it was learned: px right, px down, times 1.04 larger."""

    right: int = 0
    down: int = 0
    larger: int = 0


def moved(spectra: np.ndarray, place: Placement) -> np.ndarray:
    """The spectra of moved maps, (N, 192) float32; each channel keeps its strength."""
    if not any(place):
        return np.asarray(spectra, np.float32)
    channels = np.asarray(spectra, np.float32).reshape(-1, KEPT * KEPT)
    out = channels @ _operator(place)
    before, after = (np.linalg.norm(each, axis=1, keepdims=True) for each in (channels, out))
    return np.asarray(out * before / np.maximum(after, 1e-9), np.float32).reshape(-1, FREQUENCIES)


def find(spectra: np.ndarray, loss: Callable[[np.ndarray], float]) -> Placement:
    """The move after which the loss is least, from no move on, step by step; far moves have to be worth it.

    Parameters
    ----------
    spectra : ndarray of shape (N, 192)
    loss : callable
        Of the moved spectra: a log loss, summed over the maps.
    """
    known: dict[Placement, float] = {}

    def costs(place: Placement) -> float:
        if place not in known:
            known[place] = loss(moved(spectra, place)) + float(((np.array(place) / USUAL) ** 2).sum() / 2)
        return known[place]

    best = Placement()
    while True:
        steps = np.concatenate([np.eye(3, dtype=int), -np.eye(3, dtype=int)])
        around = [Placement(*(np.array(best) + step).tolist()) for step in steps]
        nearest = min((place for place in around if max(map(abs, place)) <= FARTHEST), key=costs)
        if costs(nearest) >= costs(best):
            return best
        best = nearest


@lru_cache(maxsize=256)
def _operator(place: Placement) -> np.ndarray:
    """What takes the frequencies of a channel to those of the moved channel, (64, 64) float32."""
    middle = (SIDE - 1) / 2
    move = np.asarray(cv2.getRotationMatrix2D((middle, middle), 0, GROWTH**place.larger))
    move[:, 2] += place.right, place.down
    padded = np.zeros((KEPT * KEPT, SIDE, SIDE), np.float32)
    padded[:, :KEPT, :KEPT] = np.eye(KEPT * KEPT).reshape(-1, KEPT, KEPT)
    waves = idctn(padded, axes=(1, 2), norm="ortho")
    there = np.stack([cv2.warpAffine(wave, move, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for wave in waves])
    return np.ascontiguousarray(dctn(there, axes=(1, 2), norm="ortho")[:, :KEPT, :KEPT].reshape(len(waves), -1))
