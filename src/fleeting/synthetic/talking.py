"""The motion of faces that talk, drawn: signals as a talking person gives them, from how such faces were measured to move.

What was measured is how strongly each signal moves in each band of frequencies and how signals move together (their covariance, over all
people at once), how far their levels differ from person to person, and how bursty motion is. What is drawn is noise with these properties:
nobody's recording, and no words. It lacks what covariances do not hold: the shapes of syllables, and what people do on purpose.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d

from ..spotting.flow_spotter import stretches
from ..spotting.net_spotter import LIKENESS, MEASURED, RATE, SKIN, STRAIN, at_rate

SHIPPED = Path(__file__).resolve().parents[1] / "weights" / "talking.safetensors"
WINDOW = 150  # frames of a window whose spectrum is taken: 3 s
EDGES = (1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 30, WINDOW // 2 + 1)  # of the bands, in units of RATE / WINDOW hertz
BRIEF, LONG = 8, 40  # frames over which bursts, and phases of more or less motion, are smooth
# Units in which all signals move by about one.
_UNIT = np.array([1.0] * len(SKIN) + [0.01] * 6 + [1.0] * len(STRAIN) + [0.1] * len(LIKENESS) + [0.1, 0.01, 1.0])


@dataclass(frozen=True)
class Talk:
    """How faces that talk move.

    Attributes
    ----------
    bands : ndarray of shape (K, C, C), float32
        Covariance of the signals :data:`fleeting.spotting.net_spotter.MEASURED` in each band, their power at one frequency.
    levels : ndarray of shape (2, C), float32
        Mean over people of each signal's median, and its standard deviation.
    bursts : float
        Standard deviation of the logarithm of the skin's speed.
    """

    bands: np.ndarray
    levels: np.ndarray
    bursts: float

    @classmethod
    def measure(cls, tables: Iterable[pd.DataFrame]) -> Talk:
        """From the signals of people who talk, as :func:`fleeting.faces.signals.measure` gives them; a table a person."""
        total, count, medians, speeds = np.zeros((WINDOW // 2 + 1, len(MEASURED), len(MEASURED))), 0, [], []
        taper = np.hanning(WINDOW)
        for table in tables:
            for rows in stretches(table):
                x = at_rate(table.iloc[rows])[list(MEASURED)].to_numpy() / _UNIT
                medians.append(np.median(x, axis=0))
                speed = np.log(np.linalg.norm(np.diff(x[:, : len(SKIN)], axis=0), axis=1) + 0.05)
                speeds.append(speed - speed.mean())
                for start in range(0, len(x) - WINDOW + 1, WINDOW // 2):
                    window = x[start : start + WINDOW]
                    window = window - np.linspace(window[0], window[-1], WINDOW)  # no jump where the end meets the beginning
                    spectrum = np.fft.rfft((window - window.mean(axis=0)) * taper[:, None], axis=0)
                    total += (spectrum[:, :, None] * spectrum[:, None].conj()).real
                    count += 1
        power = total / max(count, 1) / (taper**2).sum()
        bands = np.stack([power[low:high].mean(axis=0) for low, high in pairwise(EDGES)])
        levels = np.stack([np.mean(medians, axis=0), np.std(medians, axis=0)])
        return cls(bands.astype(np.float32), levels.astype(np.float32), float(np.concatenate(speeds).std()))

    @classmethod
    @cache
    def shipped(cls) -> Talk:
        """As it was measured for Fleeting; the card beside the file says on what."""
        from safetensors.numpy import load_file

        tensors = load_file(SHIPPED)
        return cls(tensors["bands"], tensors["levels"], float(tensors["bursts"][0]))

    @property
    def about(self) -> str:
        """On what the shipped one was measured."""
        return str(json.loads(SHIPPED.with_suffix(".json").read_text("utf-8"))["measured_on"])

    def draw(self, frames: int, rng: np.random.Generator, strength: float = 1.0) -> pd.DataFrame:
        """Signals of somebody who talks, at ``RATE`` frames a second; ``strength`` times as much motion as usual."""
        # (K, C, C): what makes independent noise move together.
        roots = np.stack([_root(band) for band in self.bands])
        frequency = np.fft.rfftfreq(frames) * WINDOW
        band = np.clip(np.searchsorted(EDGES, np.round(frequency), "right") - 1, 0, len(EDGES) - 2)
        noise = rng.standard_normal((2, len(frequency), len(MEASURED))) / np.sqrt(2)
        spectrum = np.einsum("fij,fj->fi", roots[band], noise[0] + 1j * noise[1])
        spectrum[0] = 0
        moving = np.fft.irfft(spectrum * np.sqrt(frames), frames, axis=0)
        brief, long = (gaussian_filter1d(rng.standard_normal(frames), width, mode="wrap") for width in (BRIEF, LONG))
        loud = np.exp(0.8 * self.bursts * (0.6 * brief / brief.std() + 0.8 * long / long.std()))
        level = self.levels[0] + self.levels[1] * rng.standard_normal(len(MEASURED))
        values = (level + strength * moving * (loud / np.sqrt((loud**2).mean()))[:, None]) * _UNIT
        table = pd.DataFrame(values, columns=list(MEASURED))
        table[list(LIKENESS)] = table[list(LIKENESS)].clip(0, 1)
        table[[*STRAIN, "residual"]] = table[[*STRAIN, "residual"]].clip(lower=0.05)
        table["eye_open"] = table["eye_open"].clip(lower=0.02)
        return pd.concat([pd.DataFrame({"time_s": np.arange(frames) / RATE}), table], axis=1)


def _root(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance.astype(float))
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))
