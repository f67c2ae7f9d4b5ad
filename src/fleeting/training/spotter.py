"""train_spotter: weights of the spotter that has learned, from drawn talk, synthetic interviews, and talking footage of one's own.

Nobody marks anything: micro-expressions are added to the signals (:mod:`fleeting.synthetic.signals`), and what was there before counts as
none. So the few that people really make in such footage are taught as talk; they are rare.

The same seed gives the same weights, on one machine and one set of versions. It takes some minutes, most of them for drawing interviews
and for what the network is given of each of the examples; and as long as footage takes to be measured. Its signals are kept in the cache,
so that a training that was stopped, or one with another seed, goes on from there.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.signal import find_peaks
from torch import nn
from torch.nn import functional

from .. import faces, synthetic
from ..compute.cache import Cache
from ..compute.identity import digest
from ..errors import UsageError
from ..faces.regions import REGIONS
from ..faces.signals import COLUMNS, HEAD
from ..spotting.flow_spotter import FlowSpotter, Stretch, stretches
from ..spotting.net_spotter import APART_S, METHOD, ONCE_A_MINUTE, RATE, SKIN, Net, at_rate, evidence, features, mirrored
from ..synthetic.script import expression
from ..synthetic.signals import mean_skin
from ..synthetic.talking import Talk
from .train import free_path

DRAWN, DRAWN_S = 300, 12.0  # stretches of drawn talk, and their length
INTERVIEWS, INTERVIEW_S, INTERVIEW_FPS = 8, 24.0, (30.0, 25.0)
VERSIONS, OF_FOOTAGE = 2, 24  # examples made of each stretch that is drawn, and of each that was filmed
MEMBERS, STEPS, BATCH, LENGTH, RATE_OF_LEARNING, DECAY = 2, 1000, 24, 250, 3e-3, 1e-2
HIDDEN, WIDTH, DEPTH, DROPOUT = 32, 5, 5, 0.2
PERCENT, SECONDS, PAUSE_S = (1.0, 6.0), (0.16, 0.5), (1.2, 4.0)  # of what is added
APEX_S = 0.05  # standard deviation of the target around an apex
EMPTY = 8  # of as many examples one has nothing added
KEPT_OUT = 0.2  # share of each filmed stretch, its end, that is not learned from but tells how often a score is reached
ENOUGH_S = 180.0  # of footage that was kept out tell how often it reaches a score; else drawn talk does,
REAL_TALK = 1.2  # which reaches as much less as real talk, as often: twelve people in three folds, benchmarks/net_spotter.py
RATES = (0.5, 1.0, 3.0, 6.0, 12.0, 20.0)  # false events a minute of which the card tells the scores
LIMITS = (
    "It learned from expressions that nobody made: modelled action units added to signals. How many real ones it finds is not known.",
    "Where people talk it finds a quarter of added expressions at six false events a minute: propose and look, never count.",
    "A movement is seen; no feeling, thought or intention, and nobody is to be judged by it.",
)
Progress = Callable[..., None]
Example = tuple[np.ndarray, np.ndarray]  # features (T, F), target (T,)


def train_spotter(
    out: str | os.PathLike[str],
    footage: Iterable[str | os.PathLike[str]] = (),
    *,
    seed: int = 0,
    steps: int = STEPS,
    progress: Progress | None = None,
    overwrite: bool = False,
) -> Path:
    """The file of the spotter's weights, ``<out>.safetensors``, with its card, ``<out>.json``.

    ``fleeting.analyze(video, spotter=path)`` takes it.

    Parameters
    ----------
    out : path
        With or without its suffix.
    footage : iterable of path, optional
        Recordings of people who talk, and folders of such; beside them the drawn talk and the synthetic interviews are learned from.
    seed : int, default=0
    steps : int, default=1000
        Of training, for each of two networks.
    progress : callable, optional
        Called as ``progress(stage, done, total, seconds_left)``.
    overwrite : bool, default=False

    Raises
    ------
    UsageError
        A file that is there already, no footage where some was named, or ``steps`` below 1.
    MediaError
        Footage that cannot be read or shows no face.
    """
    from threadpoolctl import threadpool_limits

    from .weights import save_weights

    path = free_path(out, overwrite)
    if steps < 1:
        raise UsageError(f"steps={steps} must be 1 or more.")
    tell: Progress = progress or (lambda *_: None)
    rng = np.random.default_rng(seed)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums in another order would be other bits
    try:
        with threadpool_limits(1, "blas"):
            filmed = [table for file in _files(footage) for table in _of_file(file, tell)]
            learned, kept_out = _split(filmed)
            parts = [*_drawn(rng), *_interviews(seed, tell)]
            examples = [*_examples(parts, VERSIONS, rng, tell), *_examples(learned, OF_FOOTAGE, rng, tell)]
            members = [fitted(examples, steps, seed + k, lambda *a, k=k: tell(f"network {k + 1}", *a)) for k in range(MEMBERS)]
            tensors = {f"{k}.{name}": value for k, member in enumerate(members) for name, value in member.items()}
            card: dict[str, Any] = {"method": METHOD, "members": MEMBERS, "once_a_minute": 1.0}
            drawn = [Talk.shipped().draw(round(60 * RATE), rng) for _ in range(10)]
            real = sum(map(len, kept_out)) >= ENOUGH_S * RATE
            reached = reached_a_minute(Net(tensors, card, {}), kept_out if real else drawn)
    finally:
        torch.set_num_threads(threads)
    card |= {
        "once_a_minute": (1.0 if real else REAL_TALK) * reached[1.0],
        "false_a_minute": {str(rate): ONCE_A_MINUTE * score / reached[1.0] for rate, score in reached.items()},
        "parameters": {"seed": seed, "steps": steps, "members": MEMBERS, "examples": len(examples)},
        "trained_on": f"{DRAWN} stretches of drawn talk ({Talk.shipped().about}) and {INTERVIEWS} synthetic interviews, SYNTHETIC: nobody "
        f"is shown; {len(filmed)} stretches of footage; expressions added to the signals of all of them",
        "epochs": None,
        "must_not": "Not for telling lies, hiring, policing, diagnosis, or any judgement of a person.",
        "limits": list(LIMITS),
    }
    return save_weights(path, {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in tensors.items()}, card)


def _files(footage: Iterable[str | os.PathLike[str]]) -> list[Path]:
    suffixes = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".wmv", ".mpg", ".mpeg", ".mts", ".ts")
    files: list[Path] = []
    for place in map(Path, footage):
        here = sorted(file for file in place.rglob("*") if file.suffix.lower() in suffixes) if place.is_dir() else [place]
        if not here:
            raise UsageError(f"{place} holds no video: name a folder with recordings of people who talk ({' '.join(suffixes)}), or a file.")
        files += here
    return files


def _signals(source: tuple[Any, ...], measure: Callable[[], pd.DataFrame]) -> list[pd.DataFrame]:
    """The unbroken stretches of what is measured, at ``RATE``; from the cache, where the same source has been measured by the same code."""
    cache, names = Cache(), ["frame", "time_s", "seen", *COLUMNS]
    code = [path.read_text("utf-8") for room in (faces, synthetic) for path in sorted(Path(str(room.__file__)).parent.glob("*.py"))]
    key = digest("signals to learn from", *source, *code)
    values = cache.get(key)
    if values is None:
        values = measure()[names].to_numpy(np.float64)
        cache.put(key, values)
    table = pd.DataFrame(values, columns=names).astype({"frame": int, "seen": bool, **dict.fromkeys(COLUMNS, np.float32)})
    return [at_rate(table.iloc[rows]) for rows in stretches(table) if len(rows) >= LENGTH // 10]


def _of_file(file: Path, tell: Progress) -> list[pd.DataFrame]:
    about = file.stat()
    return _signals((str(file.resolve()), about.st_size, about.st_mtime_ns), lambda: _measured(file, tell))


def _measured(file: Path, tell: Progress) -> pd.DataFrame:
    """The signals of the face that is seen longest."""
    from ..errors import MediaError
    from ..faces.mesh import FaceMesh
    from ..faces.signals import measure
    from ..media import open_media

    with open_media(file) as media:
        total = media.frame_count
        signals = measure(media, FaceMesh(), progress=lambda frame: tell(file.name, frame.index + 1, total, None))
    if not signals.tables:
        raise MediaError(f"{file}: no face was found in it, so there is nothing to learn from. Leave it out.")
    return signals.longest


def _split(filmed: list[pd.DataFrame]) -> tuple[list[pd.DataFrame], list[pd.DataFrame]]:
    ends = [round((1 - KEPT_OUT) * len(table)) for table in filmed]
    kept_out = [table[end:].assign(time_s=np.arange(len(table) - end) / RATE) for table, end in zip(filmed, ends, strict=True)]
    return [table[:end] for table, end in zip(filmed, ends, strict=True)], [table for table in kept_out if len(table) > RATE]


def _drawn(rng: np.random.Generator) -> list[pd.DataFrame]:
    return [Talk.shipped().draw(round(DRAWN_S * RATE), rng, float(rng.uniform(0.5, 1.4))) for _ in range(DRAWN)]


def _interviews(seed: int, tell: Progress) -> list[pd.DataFrame]:
    """Signals of synthetic interviews, hardly any micro-expressions in them: what is left of speech, blinks and heads is to be ignored."""
    from ..synthetic.interview import HEAD_MOTION, synthetic_interview

    def made(*drawn: Any) -> pd.DataFrame:
        with tempfile.TemporaryDirectory() as folder:
            interview = synthetic_interview(*drawn[:3], events_per_min=0, head_motion=drawn[3])
            return _measured(interview.write(Path(folder) / "interview.mp4"), tell)

    out: list[pd.DataFrame] = []
    for k in range(INTERVIEWS):
        drawn = (1000 * seed + 2000 + k, INTERVIEW_S, INTERVIEW_FPS[k // 2 % 2], HEAD_MOTION[k % 2])
        out += _signals(drawn, partial(made, *drawn))
    return out


def _examples(parts: list[pd.DataFrame], versions: int, rng: np.random.Generator, tell: Progress) -> list[Example]:
    """Versions of each stretch: faster or slower, mirrored, with more or less motion, with others' motion beside its own."""
    out = []
    for done, part in enumerate(part for part in parts for _ in range(versions)):
        table = at_rate(part, float(rng.uniform(0.85, 1.2)))
        if rng.random() < 0.5:
            table = mirrored(table)
        skin = table[list(SKIN)].to_numpy() * rng.uniform(0.5, 1.3)
        if rng.random() < 0.5:
            other = parts[rng.integers(len(parts))][list(SKIN)].to_numpy()
            skin = skin + rng.uniform(0.3, 0.9) * _looped(other, len(skin), rng)
        table[list(SKIN)] = skin + rng.normal(0, rng.uniform(0, 0.08), skin.shape)
        target = np.zeros(len(table), np.float32)
        if done % EMPTY:
            target = _add(table, rng)
        out.append((features(table), target))
        tell("examples", done + 1, len(parts) * versions, None)
    return out


def _looped(x: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
    """A motion from anywhere in another's, forth and back as long as it is wanted, from zero on."""
    there_and_back = np.concatenate([x, x[-2:0:-1]])
    at = (np.arange(length) + rng.integers(len(there_and_back))) % len(there_and_back)
    return np.asarray(there_and_back[at] - there_and_back[at[0]])


def _add(table: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Micro-expressions added to the table itself, each region's share and direction a little its own; the target around their apexes."""
    face, target, at = mean_skin(), np.zeros(len(table), np.float32), rng.uniform(0.3, 2.0)
    columns = [*SKIN, *HEAD]
    values = table[columns].to_numpy(copy=True)
    while at < len(table) / RATE - 0.8:
        onset, length = round(at * RATE), round(rng.uniform(*SECONDS) * RATE) + 1
        size = float(np.exp(rng.uniform(*np.log(PERCENT))))
        _, course = expression("micro", length, RATE, face, rng, (size, size))
        angle, share = rng.normal(0, 0.25, len(REGIONS)), rng.lognormal(0, 0.2, len(REGIONS))
        turn = share * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])  # (2, 2, R)
        moved = np.einsum("ijr,trj->tri", turn, np.tensordot(course, face.regions, 1)).reshape(length, -1)
        values[onset : onset + length] += np.concatenate([moved, course @ face.head / 100], axis=1)
        apex = onset + int(np.argmax([face.strength(aus) for aus in course]))
        target = np.maximum(target, np.exp(-0.5 * ((np.arange(len(table)) - apex) / (APEX_S * RATE)) ** 2)).astype(np.float32)
        at += rng.uniform(*PAUSE_S)
    table[columns] = values
    return target


class _TCN(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.norm, self.first, self.drop = nn.BatchNorm1d(features), nn.Conv1d(features, HIDDEN, 1), nn.Dropout(DROPOUT)
        self.taps = nn.ModuleList(nn.Conv1d(HIDDEN, HIDDEN, WIDTH, padding="same", dilation=2**k) for k in range(DEPTH))
        self.mix = nn.ModuleList(nn.Conv1d(HIDDEN, HIDDEN, 1) for _ in range(DEPTH))
        self.last = nn.Conv1d(HIDDEN, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (N, F, T) -> (N, T)
        hidden = self.first(self.drop(self.norm(x)))
        for taps, mix in zip(self.taps, self.mix, strict=True):
            hidden = hidden + mix(self.drop(functional.relu(taps(hidden))))
        return self.last(functional.relu(hidden))[:, 0]

    def arrays(self) -> dict[str, np.ndarray]:
        """The weights as :class:`fleeting.spotting.net_spotter.Net` reads them, float32; the normalisation is a scale and a shift."""
        state = {name: value.detach().numpy().astype(np.float32) for name, value in self.state_dict().items()}
        scale = state["norm.weight"] / np.sqrt(state["norm.running_var"] + np.float32(self.norm.eps))
        named = {"scale": scale, "shift": state["norm.bias"] - state["norm.running_mean"] * scale}
        for ours, theirs in {"in": "first", "out": "last", **{f"mix{k}": f"mix.{k}" for k in range(DEPTH)}}.items():
            named |= {ours: state[f"{theirs}.weight"][:, :, 0], f"{ours}_bias": state[f"{theirs}.bias"]}
        for k in range(DEPTH):
            named |= {f"taps{k}": state[f"taps.{k}.weight"], f"taps{k}_bias": state[f"taps.{k}.bias"]}
        return named


def fitted(examples: list[Example], steps: int, seed: int, tell: Progress) -> dict[str, np.ndarray]:
    """The weights of one network after training on examples, features (T, F) and target (T,) each."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = _TCN(examples[0][0].shape[1])
    optimiser = torch.optim.AdamW(network.parameters(), RATE_OF_LEARNING, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE_OF_LEARNING, total_steps=max(steps, 2))
    for step in range(steps):
        batch = [_piece(examples[i], rng) for i in rng.integers(len(examples), size=BATCH)]
        x, y, here = (torch.from_numpy(np.stack(each)) for each in zip(*batch, strict=True))
        loss = functional.binary_cross_entropy_with_logits(network(x), y, reduction="none")
        loss = (loss * here * (1 + 4 * y)).mean()  # apexes are rare
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        tell(step + 1, steps, None)
    return network.eval().arrays()


def _piece(example: Example, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A piece of ``LENGTH`` frames: features (F, T), target, and where it is no padding."""
    x, y = example
    start = int(rng.integers(max(1, len(x) - LENGTH)))
    x, y = x[start : start + LENGTH], y[start : start + LENGTH]
    missing = LENGTH - len(x)
    here = np.pad(np.ones(len(x), np.float32), (0, missing))
    return np.pad(x, ((0, missing), (0, 0))).T, np.pad(y, (0, missing)), here


def reached_a_minute(net: Net, tables: list[pd.DataFrame]) -> dict[float, float]:
    """Which evidence signals without expressions, at ``RATE``, reach so many times a minute."""
    peaks, minutes = [], 0.0
    for table in tables:
        found = evidence(Stretch(table, FlowSpotter()), net)
        where, _ = find_peaks(np.pad(found, 1), distance=round(APART_S * RATE))
        peaks += found[where - 1].tolist()
        minutes += len(table) / RATE / 60
    ordered = np.sort(peaks)[::-1]
    return {rate: float(ordered[min(round(rate * minutes), len(ordered) - 1)]) for rate in RATES}
