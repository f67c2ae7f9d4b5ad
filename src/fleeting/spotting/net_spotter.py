"""A spotter that has learned: a small temporal network over the signals, for faces that move all the time.

Where a person talks, what the rules of :class:`.flow_spotter.FlowSpotter` measure (how far a pulse stands above the noise) says little:
talk is full of pulses. The network has seen talk with micro-expressions added to its signals (:mod:`fleeting.synthetic.signals`), and knows
what talk looks like around a moment. What the rules are sure of stays as they say it. Beside it stand the network's own events: peaks
of the geometric mean of what it says and of the logarithm of the rules' score.

Signals are taken at 50 frames a second, whatever the recording has. The network is a stack of dilated convolutions with residuals, run by
NumPy in some microseconds a frame. It says how likely an apex is at each moment, for the face and its mirror image.

References
----------
Bai, Kolter & Koltun (2018), An empirical evaluation of generic convolutional and recurrent networks for sequence modeling,
arXiv:1803.01271 (dilated convolutions over time). Training by injection into signals is ours.
"""

from __future__ import annotations

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.signal import find_peaks
from scipy.special import expit

from ..errors import UsageError
from ..faces.regions import REGIONS
from ..faces.signals import HEAD
from .context import moving_median, moving_percentile
from .flow_spotter import WEAKEST, Event, FlowSpotter, Stretch

SHIPPED = Path(__file__).resolve().parents[1] / "weights" / "spotter.safetensors"
METHOD = "net spotter"
RATE = 50.0  # frames a second
PLACE_S, SPEED_S = 1.6, 8.0  # over which a place, and a speed, are the usual ones
APART_S = 0.3  # between two events of the network
KEPT_S = 0.2  # around an event of the rules in which the network adds none
ONCE_A_MINUTE = 5.0  # score that talking footage without expressions reaches once a minute
SKIN = tuple(f"{region}_{axis}" for region in REGIONS for axis in "xy")
STRAIN, LIKENESS = (tuple(f"{region}_{what}" for region in REGIONS) for what in ("strain", "likeness"))
MEASURED = (*SKIN, *HEAD, *STRAIN, *LIKENESS, "eye_open", "mouth_open", "residual")  # what is taken of a face's signals
SIDEWAYS = ("head_x", "head_roll", "head_yaw")  # what changes its sign in a mirror, beside the x of the skin
LIMIT = 8.0  # of any feature


class NetSpotter(FlowSpotter):
    """The flow spotter's events, and those that a network adds which has learned from talking faces.

    Parameters
    ----------
    weights : path, optional
        File of ``fleeting train spotter``, with its card beside it. Default: the one that comes with Fleeting.
    max_duration_s : float, default=0.5
        As :class:`.flow_spotter.FlowSpotter` has it, as the others.
    threshold : float, default=5.0
        On a scale of which 5 is reached once a minute by talk in which there are no expressions.
    min_amplitude : float, default=0.4
        Least displacement, % of the eye distance.
    candidates : float, default=0
        How many weaker events a minute to give as well.

    Attributes
    ----------
    card_ : dict
        What the weights were learned from.
    """

    revision = 1

    def __init__(
        self,
        weights: str | os.PathLike[str] | None = None,
        max_duration_s: float = 0.5,
        threshold: float = 5.0,
        min_amplitude: float = 0.4,
        candidates: float = 0.0,
    ):
        super().__init__(max_duration_s, threshold, min_amplitude, candidates)
        self.weights = weights

    @property
    def card_(self) -> dict[str, Any]:
        """The card of the weights."""
        return self._net.card

    @property
    def file(self) -> dict[str, str]:
        """Name and SHA-256 of the weights' file."""
        return self._net.file

    @property
    def false_a_minute(self) -> dict[float, float]:  # type: ignore[override]
        """From which threshold on so many false events a minute are left in talk, as the card has it."""
        return {float(rate): score for rate, score in self.card_["false_a_minute"].items()}

    @property
    def _net(self) -> Net:
        return Net.read(os.fspath(self.weights or SHIPPED))

    def _found(self, part: Stretch) -> tuple[list[Event], np.ndarray]:
        events = [event for event in part.events() if event.certain]
        ours = evidence(part, self._net) * self._net.scale
        near, reach = round(KEPT_S * part.fps), round(0.5 * self.max_duration_s * part.fps) - 1
        taken = np.zeros(len(part.grid), bool)
        for event in events:
            if event.kind in ("micro", "macro"):
                taken[max(event.onset - near, 0) : event.offset + near + 1] = True
        peaks, _ = find_peaks(np.pad(ours, 1), height=WEAKEST, distance=max(1, round(APART_S * part.fps)))
        events += [part.around(peak, float(ours[peak]), max(reach, 1)) for peak in (peaks - 1).tolist() if not taken[peak]]
        score = np.interp(part.time, part.grid, np.maximum(part.micro.score, ours))
        return events, score.astype(np.float32)


def evidence(part: Stretch, net: Net) -> np.ndarray:
    """How much speaks for an apex at each place of a stretch's grid, 0 or more: network and rules together, in the network's own unit."""
    table = at_rate(part.table)
    said = sum(net(features(each)) for each in (table, mirrored(table))) / 2
    said = np.interp(part.grid - part.grid[0], table["time_s"], said)
    return np.asarray(np.sqrt(expit(said) * np.log1p(part.micro.score)))


def at_rate(table: pd.DataFrame, speed: float = 1.0) -> pd.DataFrame:
    """Signals of one stretch at ``RATE`` frames a second, ``speed`` times as fast as they were."""
    time = table["time_s"].to_numpy(float)
    grid = np.arange(time[0], time[-1] + 1e-9, speed / RATE)
    values = {column: np.interp(grid, time, table[column].to_numpy(float)) for column in MEASURED}
    return pd.DataFrame({"time_s": np.arange(len(grid)) / RATE, **values})


def mirrored(table: pd.DataFrame) -> pd.DataFrame:
    """The signals of the mirror image."""

    def other(name: str) -> str:
        return name.replace("right", "LEFT").replace("left", "right").replace("LEFT", "left")

    out = pd.DataFrame({column: table[other(column)] for column in ("time_s", *MEASURED)})
    turned = [column for column in MEASURED if column in SIDEWAYS or (column in SKIN and column.endswith("_x"))]
    out[turned] *= -1
    return out


def features(table: pd.DataFrame) -> np.ndarray:
    """What the network is given, (T, F) float32, of signals at ``RATE``: what moved, how fast for this face, and what the rules measure."""
    part = Stretch(table, FlowSpotter())
    skin, strain, head = (table[list(columns)].to_numpy(float) for columns in (SKIN, STRAIN, HEAD))
    moved, strained, turned = (x - moving_median(x, round(PLACE_S * RATE)) for x in (skin, strain, head))
    speed = np.gradient(skin, axis=0)
    usual = 1.4 * np.sqrt(moving_median(speed**2, round(SPEED_S * RATE)) + 0.02**2)
    eyes = table["eye_open"].to_numpy(float)
    eyes = eyes / np.maximum(moving_percentile(eyes, 75, round(SPEED_S * RATE)), 0.05)
    columns = [
        np.arcsinh(moved), np.arcsinh(speed / usual), np.arcsinh(strained), np.arcsinh(50 * turned), eyes,
        np.log(table["residual"].to_numpy(float) + 0.1), np.log1p(part.micro.snr), np.log1p(part.micro.height), np.log1p(part.micro.score),
        np.log1p(part.head_speed),
    ]  # fmt: skip
    together = np.column_stack([np.asarray(column)[: len(table)] for column in columns])
    return np.nan_to_num(np.clip(together, -LIMIT, LIMIT)).astype(np.float32)


class Net:
    """The network, from its weights.

    Attributes
    ----------
    card : dict
    scale : float
        From its own unit to scores.
    file : dict
        Name and SHA-256 of the weights' file.
    """

    def __init__(self, tensors: dict[str, np.ndarray], card: dict[str, Any], file: dict[str, str]):
        self.card, self.file, self.scale = card, file, ONCE_A_MINUTE / float(card["once_a_minute"])
        members = int(card["members"])
        self._members = [{key[2:]: value for key, value in tensors.items() if key.startswith(f"{k}.")} for k in range(members)]

    @classmethod
    def read(cls, path: str) -> Net:
        """The network in a file of weights; kept while the file stays as it is."""
        try:
            when = os.stat(path).st_mtime_ns
        except OSError as error:
            raise UsageError(f"{path}: no weights can be read there ({error.strerror}). fleeting train spotter makes some.") from error
        return _read(path, when)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Log odds of an apex, (T,), for features (T, F): the mean of the members."""
        return np.asarray(np.mean([_forward(weights, x) for weights in self._members], axis=0))


@lru_cache(maxsize=4)
def _read(path: str, _when: int) -> Net:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        content = Path(path).read_bytes()
        tensors = load(content)
        card = json.loads(Path(path).with_suffix(".json").read_text("utf-8"))
    except (OSError, ValueError, SafetensorError) as error:
        raise UsageError(f"The spotter's weights {path} cannot be read, or the card beside them ({error}).") from error
    if card.get("method") != METHOD:
        whose = card.get("method", "an unknown method")
        raise UsageError(f"{path} holds weights of {whose}, not of a spotter: fleeting train spotter makes those.")
    return Net(tensors, card, {"name": Path(path).name, "sha256": hashlib.sha256(content).hexdigest()})


def _forward(weights: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    hidden = (x * weights["scale"] + weights["shift"]) @ weights["in"].T + weights["in_bias"]  # (T, H)
    depth = sum(key.startswith("mix") and key.endswith("bias") for key in weights)
    for k in range(depth):
        taps = weights[f"taps{k}"]  # (H, H, width)
        step, reach = 2**k, taps.shape[2] // 2
        padded = np.pad(hidden, ((reach * step, reach * step), (0, 0)))
        inner = sum(padded[j * step : j * step + len(hidden)] @ taps[:, :, j].T for j in range(taps.shape[2])) + weights[f"taps{k}_bias"]
        hidden = hidden + np.maximum(inner, 0) @ weights[f"mix{k}"].T + weights[f"mix{k}_bias"]
    return np.asarray(np.maximum(hidden, 0) @ weights["out"][0] + weights["out_bias"][0])
