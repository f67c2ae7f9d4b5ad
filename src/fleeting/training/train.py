"""train: a network fitted to all clips there are, and kept as weights that ``analyze`` takes.

How well it does on other people, no weights can tell: that is what :func:`fleeting.evaluate` measures, with the same parameters.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..clip import shows_nobody
from ..compute.cache import cache_of
from ..errors import UsageError
from ..evaluation.evaluate import checked
from ..evaluation.unlearned import not_learned

if TYPE_CHECKING:
    from ..clip import Clip
    from ..compute.cache import Cache
    from ..compute.prefix import Progress

LIMITS = (
    "How well it does on people it was not trained on is not known from this file: evaluate the method by leaving people out.",
    "A class is what coders called such a movement; it is no feeling, thought or intention, and nobody is to be judged by it.",
    "Faces, cameras and frame rates unlike those it was trained on lower what it can do.",
)
NOT_OF_THE_METHOD = {"checkpoint", "device", "expressions", "progress", "weights"}  # what is of this machine, or in the weights by now


def train(
    method: str,
    clips: Iterable[Clip],
    y: Any,
    out: str | os.PathLike[str],
    parameters: Mapping[str, Any] | None = None,
    seed: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
    *,
    cache: Cache | bool = True,
    overwrite: bool = False,
) -> Path:
    """The file of a network's weights after training on these clips, ``<out>.safetensors``, with its card, ``<out>.json``.

    ``fleeting.analyze(video, recogniser=path)`` takes it, if its classes are negative, positive and surprise. Stopped and called
    again, the training goes on where it was. The epoch is chosen as the method says, on persons held out of these clips.

    Parameters
    ----------
    method : str
        A name of :data:`fleeting.methods.METHODS` whose last step is a network.
    clips : iterable of Clip
        All are trained on.
    y : array-like of length N, mapping or Series
        Classes, as in :func:`fleeting.evaluate`.
    out : path
        With or without its suffix.
    parameters : mapping, optional
        As in :func:`fleeting.methods.load.load_method`: ``epochs``, ``align``, ``picture__size``.
    seed : int, default=0
        For all that is random.
    jobs : int, default=1
        Processes for what is done once a clip.
    progress : callable, optional
        Called as ``progress(stage, done, total, seconds_left)``.
    cache : Cache or bool, default=True
        As in :func:`fleeting.evaluate`.
    overwrite : bool, default=False
        Replace weights that are there.

    Returns
    -------
    Path
        The file of the weights; its card lies beside it.

    Raises
    ------
    UsageError
        No such method or parameter, a method that is no network, clips that cannot be used, or a file that is there already.
    OutputError
        The weights could not be written.
    """
    from sklearn import config_context
    from sklearn.pipeline import Pipeline

    from ..compute.prefix import Features, check_finite, compute, reads_rows, split
    from ..methods import NETWORKS
    from ..methods.load import load_method
    from ..methods.networks import is_network

    clips, y = checked(clips, y)
    given = dict(parameters or {})
    whole = load_method(method, given)
    if method not in NETWORKS or not is_network(whole):
        raise UsageError(f"{method} leaves no weights to keep, for it does not end in a network; these do: {', '.join(NETWORKS)}")
    path = free_path(out, overwrite)
    steps, learner = split(whole, seed, clips)
    X = compute(Features(steps, cache_of(cache)), clips, jobs, progress, reads_rows(learner))
    check_finite(X, clips, learner)
    net = learner[-1] if isinstance(learner, Pipeline) else learner
    unfinished = path.with_name(f".{path.stem}.training")
    net.set_params(random_state=seed, checkpoint=unfinished, progress=progress)
    with config_context(enable_metadata_routing=True):
        learner.fit(X, y, groups=np.array([clip.person for clip in clips]))
    fitted = getattr(net, "net_", net)
    poor = not_learned({"": pd.DataFrame(fitted.history_)}, {"": y})
    if poor:
        warnings.warn(poor, stacklevel=2)
    people, datasets = len({clip.person for clip in clips}), sorted({clip.dataset for clip in clips})
    made = ", SYNTHETIC: nobody is shown" if all(map(shows_nobody, datasets)) else ""
    saved = fitted.save(
        path,
        method=method,
        parameters={key: value for key, value in given.items() if key not in NOT_OF_THE_METHOD},
        trained_on=f"{len(clips)} clips of {people} people ({', '.join(datasets)}{made})",
        limits=[*LIMITS, *([f"When it was trained, {poor}."] if poor else [])],
    )
    shutil.rmtree(unfinished, ignore_errors=True)
    return saved


def free_path(out: str | os.PathLike[str], overwrite: bool) -> Path:
    """The file that weights go to; UsageError if it is there and may not be replaced."""
    from .weights import weights_path

    path = weights_path(out)
    if path.exists() and not overwrite:
        raise UsageError(f"{path} is there already: give another name, or overwrite=True")
    return path
