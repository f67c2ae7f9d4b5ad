"""train_recogniser: weights of the recogniser, from synthetic maps alone, or bent towards labelled clips of one's own.

The same seed gives the same file, on one machine and one set of versions. It takes a few minutes, most of them for drawing maps.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..clip import shows_nobody
from ..errors import UsageError
from .train import LIMITS, free_path

if TYPE_CHECKING:
    from ..clip import Clip

SAMPLES, HELD_OUT = 6000, 1500  # synthetic maps: learned from; of other people, for the temperature
EMOTIONS = ("anger", "contempt", "disgust", "fear", "happiness", "repression", "sadness", "surprise")
# Temperature of the softmax that real maps bear: where its error of calibration is least on the 145 of CASME II. Measured by
# benchmarks/recogniser.py; for the words of emotions nothing real was tried, so the same flattening is taken.
REAL_TEMPERATURE = 3.0
UNFIT_FOR = "Not for telling lies, hiring, policing, diagnosis, or any judgement of a person."
ABOUT = {
    "origin": "SYNTHETIC: drawn faces, modelled expressions. Nobody is shown, and no recording of a person was learned from.",
    "tried_on": "145 maps of CASME II (24 people, one laboratory in Beijing, 2013), scored about 310 times while the maps and the front "
    "were chosen: a development number. No other real maps, no other population.",
    "error_by_group": "Unknown: by age, sex, skin tone, culture or illness nothing was measured. CASME II shows young East Asian adults.",
    "must_not": UNFIT_FOR,
}
FEW_PEOPLE, FEW_CLIPS = 2, 4


def train_recogniser(
    out: str | os.PathLike[str],
    clips: Iterable[Clip] | None = None,
    y: Any = None,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
    progress: Callable[..., None] | None = None,
    overwrite: bool = False,
) -> Path:
    """The file of the recogniser's weights, ``<out>.safetensors``, with its card, ``<out>.json``.

    ``fleeting.analyze(video, recogniser=path)`` and ``fl.methods.pretrained(weights=path)`` take it.

    Parameters
    ----------
    out : path
        With or without its suffix.
    clips : iterable of Clip, optional
        Your own: the shipped weights are bent towards them. Without any, weights are learned anew from synthetic maps.
    y : array-like of length N, mapping or Series, optional
        Their classes, ``negative``, ``positive`` or ``surprise``.
    samples : int, default=6000
        Synthetic maps to learn from.
    seed : int, default=0
    progress : callable, optional
        Called as ``progress(stage, done, total, seconds_left)``.
    overwrite : bool, default=False

    Raises
    ------
    UsageError
        A class that is none of the three, clips of one class only, or a file that is there already.

    Warns
    -----
    UserWarning
        The clips are so few that they change little, or are of so few people that they say nothing about others.
    """
    from .weights import save_weights

    path = free_path(out, overwrite)
    arrays, card = _from_synthetic(samples, seed, progress) if clips is None else _from_clips(clips, y, progress)
    return save_weights(path, arrays, card)


def _from_synthetic(samples: int, seed: int, progress: Callable[..., None] | None) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    from threadpoolctl import threadpool_limits

    from ..classifiers.motion_kernel import METHOD, RIDGE, duals, evaluated, targets
    from ..features.motion_spectrum import spectrum
    from ..synthetic.maps import CLASSES, LEARNING, synthetic_maps

    if samples < 100:
        raise UsageError(f"samples={samples} must be 100 or more: a class needs some dozens")
    tell = progress or (lambda *_: None)
    tell("maps", 0, 2, None)
    made = synthetic_maps(samples, seed, LEARNING)
    tell("maps", 1, 2, None)
    other = synthetic_maps(HELD_OUT, seed + 1, LEARNING)
    tell("maps", 2, 2, None)
    learned, held_out = (spectrum(np.moveaxis(each["maps"], -1, 1)).astype(np.float16) for each in (made, other))
    arrays: dict[str, np.ndarray] = {"samples": learned}
    temperature, words = {}, {"groups": CLASSES, "emotions": EMOTIONS}
    with threadpool_limits(1, "blas"):  # sums in another order would be other bits
        for kind, names in words.items():
            code, truth = (_codes(each, kind) for each in (made, other))
            arrays[f"duals_{kind}"] = duals(learned, targets(code, len(names)), RIDGE)
            fitted = fit_temperature(evaluated(held_out, learned, arrays[f"duals_{kind}"]), truth)
            temperature[kind] = min(fitted, REAL_TEMPERATURE)
    return arrays, {
        "method": METHOD,
        "classes": {kind: list(names) for kind, names in words.items()},
        "temperature": temperature,
        "parameters": {"samples": samples, "seed": seed, "ridge": RIDGE, "variety": vars(LEARNING)},
        "trained_on": f"{samples} synthetic maps of {len(set(made['subject']))} drawn people, SYNTHETIC: nobody is shown",
        "epochs": None,
        **ABOUT,
        "limits": list(LIMITS),
    }


def _from_clips(clips: Iterable[Clip], y: Any, progress: Callable[..., None] | None) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    from ..classifiers.motion_kernel import SHIPPED, MotionKernel, read
    from ..evaluation.evaluate import checked
    from ..features.motion_spectrum import MotionSpectrum

    clips, y = checked(clips, y)
    people, datasets = {clip.person for clip in clips}, sorted({clip.dataset for clip in clips})
    words, counts = np.unique(y, return_counts=True)
    if len(words) < 2:
        raise UsageError(f"all {len(clips)} clips are {words[0]}: there is nothing to tell apart")
    if len(people) < FEW_PEOPLE or counts.min() < FEW_CLIPS:
        found = ", ".join(f"{n} {word}" for word, n in zip(words, counts, strict=True))
        warnings.warn(
            f"{found}, of {len(people)} {'person' if len(people) == 1 else 'people'}: too few to say whether these weights do better on "
            f"others. Code {FEW_CLIPS} clips or more of each class, of {FEW_PEOPLE} people or more.",
            UserWarning,
            stacklevel=3,
        )
    tell, front, rows = progress or (lambda *_: None), MotionSpectrum(), []
    for done, clip in enumerate(clips):
        tell("clips", done, len(clips), None)
        rows.append(front.transform_clip(clip))
    model = MotionKernel(adapt=True).fit(np.stack(rows), y)
    arrays, card = read(SHIPPED)
    spectra, own = model.own_
    still = np.zeros((2, len(spectra), arrays["duals_emotions"].shape[2]), np.float32)
    made = ", SYNTHETIC: nobody is shown" if all(map(shows_nobody, datasets)) else ""
    return {
        "samples": np.concatenate([arrays["samples"], spectra]).astype(np.float16),
        "duals_groups": np.concatenate([arrays["duals_groups"], own], axis=1),
        "duals_emotions": np.concatenate([arrays["duals_emotions"], still], axis=1),
    }, {
        **{key: value for key, value in card.items() if key not in ("sha256", "format")},
        "placement": list(model.place_),  # of ready maps among the clips
        "trained_on": f"{len(clips)} clips of {len(people)} people ({', '.join(datasets)}{made}), and {card['trained_on']}",
        "origin": f"{card['origin']} Then bent towards clips that somebody coded: their motion is in this file, no picture.",
    }


def fit_temperature(scores: np.ndarray, code: np.ndarray) -> float:
    """The factor of the scores with which their softmax has the least log loss, .1 to 20.

    Parameters
    ----------
    scores : ndarray of shape (N, K)
    code : ndarray of shape (N,)
        The true class of each.
    """
    from scipy.optimize import minimize_scalar

    from ..classifiers.motion_kernel import softmax

    def loss(log: float) -> float:
        p = softmax(scores * np.exp(log))[np.arange(len(code)), code]
        return float(-np.log(np.maximum(p, 1e-12)).mean())

    return round(float(np.exp(minimize_scalar(loss, bounds=(np.log(0.1), np.log(20)), method="bounded").x)), 3)


def _codes(made: dict[str, np.ndarray], kind: str) -> np.ndarray:
    """The class of each map, by its group or by the word whose table has its action units."""
    from ..synthetic.clips import WORDS

    if kind == "groups":
        return made["label"].astype(int)
    word_of = {frozenset(numbers): word for word, table in WORDS.items() for _, numbers in table}
    shown = (frozenset(int(number) for number in re.findall(r"\d+", text)) for text in made["au"])
    return np.array([EMOTIONS.index(word_of[each]) for each in shown])
