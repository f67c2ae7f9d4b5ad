"""Flow fields of a clip, and the blocks in which descriptors sum them up."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..errors import UsageError
from ..flow import flow
from ..preprocess.frames import require_grid, require_size

# DIS and TV-L1 build pyramids that need about this much picture.
LEAST_SIDE = 16

REFERENCES = ("onset", "previous")  # which frame flow is measured from


def flow_frame_to_frame(frames: np.ndarray, method: str = "dis") -> np.ndarray:
    """The flow from each frame to the next, (T - 1, H, W, 2) float32 px, x right, y down; at least 2 frames of 16 x 16 px."""
    require_size(frames, (2, LEAST_SIDE, LEAST_SIDE), "flow from frame to frame")
    return np.stack([flow(a, b, method) for a, b in pairwise(frames)])


def flow_from_first(frames: np.ndarray, method: str = "dis") -> np.ndarray:
    """The flow from the first frame to each later one, (T - 1, H, W, 2) float32 px, x right, y down; as above."""
    require_size(frames, (2, LEAST_SIDE, LEAST_SIDE), "flow from the first frame")
    return np.stack([flow(frames[0], b, method) for b in frames[1:]])


def require_fields(fields: np.ndarray, what: str, grid: tuple[int, int] = (1, 1)) -> np.ndarray:
    """The same fields, after a look that they are (..., H, W, 2), finite, and have a pixel for each block."""
    if not isinstance(fields, np.ndarray):
        raise UsageError(f"{what} takes an array of flow; got a {type(fields).__name__}: make one with np.stack")
    if fields.ndim < 3 or fields.shape[-1] != 2:
        raise UsageError(f"{what} takes flow of shape (..., H, W, 2); got {fields.shape}")
    require_grid(grid, what)
    if not fields.size:
        raise UsageError(f"{what} takes at least one field of at least {grid[1]} x {grid[0]} px; got flow of shape {fields.shape}")
    height, width = fields.shape[-3:-1]
    if height < grid[0] or width < grid[1]:
        raise UsageError(f"{what} with grid {grid} needs flow of at least {grid[1]} x {grid[0]} px; got {width} x {height}")
    if not np.isfinite(fields).all():
        raise UsageError(f"{what} takes finite numbers; the flow holds NaN or infinity")
    return fields


def require_field(field: np.ndarray, what: str, grid: tuple[int, int] = (1, 1)) -> np.ndarray:
    """The same, of a single field: (H, W, 2)."""
    if field.ndim != 3:
        raise UsageError(f"{what} takes one field of flow, (H, W, 2); got shape {field.shape}")
    return require_fields(field, what, grid)


def block_edges(size: int, n: int) -> np.ndarray:
    """Where ``n`` blocks along an axis begin, and at last where they end, (n + 1,) int."""
    return np.round(np.linspace(0, size, n + 1)).astype(int)


def block_insides(size: int, n: int, rim: int) -> np.ndarray:
    """The block of each place from ``rim`` to ``size - rim`` along an axis; ``n`` where its own block's rim is nearer than that."""
    out = np.full(size, n)
    for k, (start, end) in enumerate(pairwise(block_edges(size, n))):
        out[start + rim : end - rim] = k
    return out[rim : size - rim]


def block_numbers(shape: tuple[int, int], grid: tuple[int, int]) -> np.ndarray:
    """Which of ``grid`` = (rows, columns) blocks, counted by rows, each pixel of a picture belongs to, (H, W) int."""
    row, column = (np.searchsorted(block_edges(size, n)[1:], np.arange(size), side="right") for size, n in zip(shape, grid, strict=True))
    return row[:, None] * grid[1] + column


def direction_bins(fields: np.ndarray, n_bins: int, first: float = 0.0) -> np.ndarray:
    """The bin of each vector's direction, (...,) int: equal sectors from the angle ``first`` on, +x towards +y (down)."""
    angle = np.arctan2(fields[..., 1], fields[..., 0]).astype(np.float64) - first
    return np.floor(angle * (n_bins / (2 * np.pi)) + 1e-9).astype(int) % n_bins
