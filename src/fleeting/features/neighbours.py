"""Places around a voxel in the three planes of a clip, and what the frames hold there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Integral

import numpy as np

from ..errors import UsageError
from ..preprocess.frames import require_grid, require_size

# A place relative to a voxel: right, down, later; in px and frames.
Point = tuple[float, float, float]
# Voxels worked on at once, so that memory does not grow with the length of a clip.
CHUNK = 2**19


def three_planes(radii: Sequence[int], numbers: Sequence[int]) -> list[list[Point]]:
    """Points on an ellipse around a voxel in XY, XT and YT, ``numbers`` of them in each.

    The first is at +x (XY, XT) or +t (YT), the rest go round towards -y (XY, YT) or +t (XT).
    """
    rx, ry, rt = radii
    xy, xt, yt = ([(np.cos(2 * np.pi * p / n), np.sin(2 * np.pi * p / n)) for p in range(n)] for n in numbers)
    planes = [[(rx * c, -ry * s, 0) for c, s in xy], [(rx * c, 0, rt * s) for c, s in xt], [(0, -ry * s, rt * c) for c, s in yt]]
    # Rounded, so that a cosine that should be zero asks for no interpolation.
    return [[(round(float(x), 9), round(float(y), 9), round(float(t), 9)) for x, y, t in plane] for plane in planes]


def neighbour(volume: np.ndarray, point: Point, radii: Sequence[int]) -> np.ndarray:
    """The value at a place relative to each voxel ``radii`` or more from the rim, (T - 2 rt, H - 2 ry, W - 2 rx) float.

    Parameters
    ----------
    volume : ndarray of shape (T, H, W)
    point : tuple of float
        Steps right, down and later, none longer than the radius. Between voxels interpolated, exact where these are equal.
    radii : sequence of int
        Along x, y and t.
    """
    out = volume
    for axis, (step, radius) in enumerate(zip(point[::-1], radii[::-1], strict=True)):
        whole = int(np.floor(step))
        size = volume.shape[axis] - 2 * radius
        near, far = (out[(slice(None),) * axis + (slice(radius + k, radius + k + size),)] for k in (whole, whole + 1))
        if whole == step:
            out = near
        else:
            out = np.subtract(far, near, dtype=np.result_type(volume, np.float32))
            out *= step - whole
            out += near
    return out.astype(np.result_type(volume, np.float32), copy=False)


def binary_codes(volume: np.ndarray, points: Sequence[Point], radii: Sequence[int]) -> np.ndarray:
    """Which neighbours are at least as bright as each voxel, as a number, the first being the lowest bit; shape as in :func:`neighbour`."""
    centre = neighbour(volume, (0, 0, 0), radii)
    codes = np.zeros(centre.shape, np.uint32)
    for bit, point in enumerate(points):
        codes |= (neighbour(volume, point, radii) >= centre).astype(np.uint32) << np.uint32(bit)
    return codes


def stretches(volume: np.ndarray, rt: int) -> Iterator[np.ndarray]:
    """The volume in pieces of about ``CHUNK`` voxels that overlap by ``2 rt`` frames, so that each inner frame is in one."""
    inner = len(volume) - 2 * rt
    at_once = max(1, CHUNK // (volume.shape[1] * volume.shape[2]))
    for t in range(0, inner, at_once):
        yield volume[t : min(t + at_once, inner) + 2 * rt]


def require_blocks(frames: np.ndarray, grid: tuple[int, int], radii: tuple[int, int, int], what: str) -> None:
    """Nothing, after a look that radii and grid are whole numbers from 1, and the frames large enough for them."""
    require_grid(grid, what)
    if np.shape(radii) != (3,) or not all(isinstance(n, Integral) and n >= 1 for n in radii):
        raise UsageError(f"{what}: radii={radii!r} along x, y and t must be three whole numbers from 1")
    rx, ry, rt = radii
    require_size(frames, (2 * rt + 1, 2 * ry + grid[0], 2 * rx + grid[1]), f"{what} with radii {radii} and grid {grid}")
