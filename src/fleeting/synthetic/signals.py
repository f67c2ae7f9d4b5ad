"""Expressions added to the signals of a recording: injection at no cost, into this camera, this head and this speech.

An action unit moves each facial region by a known vector: its displacement field, as the tracking sees it and less what is taken for
the head's motion, averaged over the region's sites. Added to what was measured, with the course that an expression has, it gives the
signals that the same expression in the pictures (:mod:`.inject`) would have given, but for what the tracking adds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from ..faces.action_units import AUS, au_fields, site_fields
from ..faces.landmarks import mean_mesh
from ..faces.regions import REGIONS, sites
from ..faces.signals import HEAD
from ..faces.tracking import rigid_design, taken_for_head
from .rendering import squeeze

STEP = 0.05  # eye distances between the places at which a field's greatest displacement is looked for


@dataclass(frozen=True)
class MeanSkin:
    """What action units do to the mean face: to its regions as they are measured, and at most.

    Attributes
    ----------
    regions : ndarray of shape (A, R, 2), float32
        Displacement of each region, of whose sites the measured trace is the mean, for an action unit of strength 1.
    head : ndarray of shape (A, 6), float32
        The head motion that is measured with it: shift in eye distances, scale, turns in radians.
    dense : ndarray of shape (A, h, w, 2), float32
        The same on a grid over the face, ``STEP`` eye distances apart.
    """

    regions: np.ndarray
    head: np.ndarray
    dense: np.ndarray

    def strength(self, aus: np.ndarray) -> float:
        """The largest displacement that action units ``aus`` (A,) cause together, in their own unit."""
        return float(np.linalg.norm(np.tensordot(aus, self.dense, 1), axis=-1).max())

    def squeeze(self, aus: np.ndarray) -> float:
        """How much the skin shortens where it shortens most, ``aus`` in % of the eye distance."""
        return squeeze(np.tensordot(aus, self.dense, 1) / (100 * STEP), 1)


@cache
def mean_skin() -> MeanSkin:
    """The mean face's skin, as the tracking sees it."""
    mesh, layout = mean_mesh(), sites()
    head = taken_for_head()
    left = site_fields() - (head @ rigid_design(layout.on(mesh)).T).reshape(len(AUS), -1, 2)
    regions = np.stack([left[:, layout.region == r].mean(axis=1) for r in range(len(REGIONS))], axis=1)
    x, y = np.arange(-1.3, 1.3, STEP), np.arange(-1.0, 1.9, STEP)
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return MeanSkin(regions.astype(np.float32), head, au_fields(mesh, grid).reshape(len(AUS), len(y), len(x), 2))


def add_expressions(table: pd.DataFrame, placed: Iterable[tuple[int, np.ndarray]]) -> pd.DataFrame:
    """A copy of a face's signals with expressions added.

    Parameters
    ----------
    table : DataFrame
        As :func:`fleeting.faces.signals.measure` gives it.
    placed : iterable of (onset, course)
        The row of an expression's first frame, and the strength of each of ``AUS`` from there on, (length, A), % of the eye distance.
    """
    out = table.copy()
    columns = [*(f"{region}_{axis}" for region in REGIONS for axis in "xy"), *HEAD]
    values = out[columns].to_numpy(np.float32, copy=True)
    skin = mean_skin()
    for onset, course in placed:
        moved = np.tensordot(course, skin.regions, 1).reshape(len(course), -1)
        values[onset : onset + len(course)] += np.concatenate([moved, course @ skin.head / 100], axis=1)
    out[columns] = values
    return out
