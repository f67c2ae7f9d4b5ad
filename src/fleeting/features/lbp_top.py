"""Local binary patterns on three orthogonal planes (LBP-TOP), and its two short forms, LBP-SIP and LBP-MOP.

Each voxel is compared with neighbours on an ellipse in the planes XY, XT and YT; which of them are at least as bright makes
a number; a block of the face is described by how often each number occurs in it, over all frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from numbers import Integral

import numpy as np

from ..base import ClipTransformer
from ..clip import Clip
from ..errors import UsageError
from ..preprocess.frames import grey, moment, named, require_colour, require_whole
from .fields import block_edges, block_numbers
from .neighbours import Point, require_blocks, three_planes

# Voxels worked on at once: what is computed on the way then stays in the processor's cache, and memory is bounded.
CHUNK = 2**16
Pattern = tuple[list[Point], np.ndarray]


def lbp_top(
    frames: np.ndarray,
    grid: tuple[int, int] = (6, 6),
    radii: tuple[int, int, int] = (3, 3, 3),
    neighbours: int | tuple[int, int, int] = 8,
    uniform: bool = True,
    sampling: str = "bilinear",
) -> np.ndarray:
    """Histograms of local binary patterns in XY, XT and YT for each block, each summing to one.

    Parameters
    ----------
    frames : ndarray of shape (T, H, W) or (T, H, W, 3), uint8 or float
        Grey, or RGB: three descriptors, one a channel. At least ``2 radius + 1`` frames.
    grid : tuple of int, default=(6, 6)
        Rows and columns of blocks, without overlap, on what is left when a rim of ``radii`` is cut off.
    radii : tuple of int, default=(3, 3, 3)
        Along x and y, px, and t, frames.
    neighbours : int or tuple of int, default=8
        Points on the ellipse, 2 to 12, the same or one number each for XY, XT and YT. The first is at +x (XY, XT) or +t (YT),
        the rest go round towards -y (XY, YT) or +t (XT); the first is the lowest bit.
    uniform : bool, default=True
        Give a bin to each pattern with at most two changes around the circle, by ascending code, and the last to all others.
    sampling : {"bilinear", "nearest"}, default="bilinear"
        Value between pixels. With ``nearest``, no strictly increasing change of grey values alters the descriptor.

    Returns
    -------
    ndarray of shape (channels * rows * columns * (bins of XY, XT and YT),), float32
        In this order, bins fastest. 8 neighbours have 59 uniform bins: 6372 numbers in grey, 19116 in RGB.

    Raises
    ------
    UsageError
        When frames are too few, too small for the grid or not finite, or a parameter is not allowed.

    References
    ----------
    Zhao & Pietikäinen (2007), IEEE TPAMI 29(6). doi:10.1109/TPAMI.2007.1110. A neighbour as bright as the centre counts as
    brighter. Papers that write 8 x 9 blocks mean, as far as they say, 8 rows and 9 columns.

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.random.default_rng(0).integers(0, 255, (10, 64, 64), np.uint8)
    >>> lbp_top(frames, grid=(5, 5), radii=(1, 1, 2)).shape  # 25 blocks x 3 planes x 59 bins
    (4425,)
    """
    numbers = tuple(neighbours) if isinstance(neighbours, Sequence) else (neighbours,) * 3
    if len(numbers) != 3 or not all(isinstance(n, Integral) and 2 <= n <= 12 for n in numbers):
        raise UsageError(f"neighbours={neighbours}: 2 to 12, or three such numbers, are allowed")
    if sampling not in ("bilinear", "nearest"):
        raise UsageError(f"sampling={sampling!r} is not known; choose from bilinear, nearest")
    require_blocks(frames, grid, radii, "LBP-TOP")
    planes = three_planes(radii, numbers)
    if sampling == "nearest":
        planes = [[(round(x), round(y), round(t)) for x, y, t in plane] for plane in planes]
    return _describe(frames, [_pattern(plane, uniform) for plane in planes], grid, radii)


def lbp_sip(frames: np.ndarray, grid: tuple[int, int] = (6, 6), radii: tuple[int, int, int] = (1, 1, 2)) -> np.ndarray:
    """Histograms of patterns of the six intersection points for each block: 16 bins in space, 4 in time.

    Parameters
    ----------
    frames : ndarray of shape (T, H, W) or (T, H, W, 3), uint8 or float
        As in :func:`lbp_top`.
    grid : tuple of int, default=(6, 6)
        As in :func:`lbp_top`.
    radii : tuple of int, default=(1, 1, 2)
        As in :func:`lbp_top`.

    Returns
    -------
    ndarray of shape (channels * rows * columns * 20,), float32
        Both parts sum to one.

    References
    ----------
    Wang, See, Phan & Oh (2014), ACCV. doi:10.1007/978-3-319-16865-4_34

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.random.default_rng(0).integers(0, 255, (10, 64, 64), np.uint8)
    >>> lbp_sip(frames).shape  # 36 blocks x 20 bins
    (720,)
    """
    require_blocks(frames, grid, radii, "LBP-SIP")
    rx, ry, rt = radii
    space: list[Point] = [(rx, 0, 0), (0, -ry, 0), (-rx, 0, 0), (0, ry, 0)]
    time: list[Point] = [(0, 0, -rt), (0, 0, rt)]
    return _describe(frames, [_pattern(space, False), _pattern(time, False)], grid, radii)


def lbp_mop(
    frames: np.ndarray, grid: tuple[int, int] = (6, 6), radii: tuple[int, int, int] = (3, 3, 3), neighbours: int = 8, uniform: bool = True
) -> np.ndarray:
    """Histograms of the patterns of three mean pictures for each block: the means over time, over its rows and its columns.

    Parameters
    ----------
    frames : ndarray of shape (T, H, W) or (T, H, W, 3), uint8 or float
        As in :func:`lbp_top`.
    grid : tuple of int, default=(6, 6)
        As in :func:`lbp_top`.
    radii : tuple of int, default=(3, 3, 3)
        As in :func:`lbp_top`.
    neighbours : int, default=8
        As in :func:`lbp_top`, the same for all three.
    uniform : bool, default=True
        As in :func:`lbp_top`.

    Returns
    -------
    ndarray of shape (channels * rows * columns * 3 * bins,), float32
        XY, XT, YT, each summing to one.

    References
    ----------
    Wang, See, Oh, Phan, Rahulamathavan, Ling, Tan & Li (2015), PLoS ONE 10(5), e0124674. doi:10.1371/journal.pone.0124674

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.random.default_rng(0).integers(0, 255, (10, 64, 64), np.uint8)
    >>> lbp_mop(frames).shape  # 36 blocks x 3 planes x 59 bins
    (6372,)
    """
    require_blocks(frames, grid, radii, "LBP-MOP")
    rx, ry, rt = radii
    rows, columns = grid
    require_whole(neighbours=neighbours)
    if not 2 <= neighbours <= 12:
        raise UsageError(f"neighbours={neighbours}: 2 to 12 are allowed")
    channels = np.moveaxis(frames, -1, 0) if frames.ndim == 4 else frames[None]
    edges = [block_edges(size, n) for size, n in zip(frames.shape[1:3], grid, strict=True)]
    out = []
    for volume in channels:
        down, right = edges
        xt = [volume[:, a:b].mean(axis=1)[None] for a, b in pairwise(down)]  # (1, T, W) each
        yt = [volume[:, :, a:b].mean(axis=2).T[None] for a, b in pairwise(right)]  # (1, H, T) each
        parts = [
            _plane(volume.mean(axis=0)[None], (rx, -ry), neighbours, uniform, grid),
            np.concatenate([_plane(image, (rx, rt), neighbours, uniform, (1, columns)) for image in xt]),
            np.stack([_plane(image, (rt, -ry), neighbours, uniform, (rows, 1)) for image in yt], axis=1),
        ]
        out.append(np.stack([part.reshape(rows * columns, -1) for part in parts], axis=1).ravel())
    return np.concatenate(out)


class LBPTOP(ClipTransformer):
    """:func:`lbp_top` of each clip from onset to offset.

    Parameters
    ----------
    grid : tuple of int, default=(6, 6)
        As in :func:`lbp_top`.
    radii : tuple of int, default=(3, 3, 3)
        As in :func:`lbp_top`.
    neighbours : int or tuple of int, default=8
        As in :func:`lbp_top`.
    uniform : bool, default=True
        As in :func:`lbp_top`.
    sampling : {"bilinear", "nearest"}, default="bilinear"
        As in :func:`lbp_top`.
    colour : bool, default=False
        Describe R, G and B one by one; grey otherwise.
    """

    def __init__(
        self,
        grid: tuple[int, int] = (6, 6),
        radii: tuple[int, int, int] = (3, 3, 3),
        neighbours: int | tuple[int, int, int] = 8,
        uniform: bool = True,
        sampling: str = "bilinear",
        colour: bool = False,
    ):
        self.grid = grid
        self.radii = radii
        self.neighbours = neighbours
        self.uniform = uniform
        self.sampling = sampling
        self.colour = colour

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The descriptor of one clip."""
        with named(clip):
            frames = require_colour(moment(clip)) if self.colour else grey(moment(clip))
            return lbp_top(frames, self.grid, self.radii, self.neighbours, self.uniform, self.sampling)


class LBPSIP(ClipTransformer):
    """:func:`lbp_sip` of each clip, grey, from onset to offset.

    Parameters
    ----------
    grid : tuple of int, default=(6, 6)
        As in :func:`lbp_top`.
    radii : tuple of int, default=(1, 1, 2)
        As in :func:`lbp_top`.
    """

    def __init__(self, grid: tuple[int, int] = (6, 6), radii: tuple[int, int, int] = (1, 1, 2)):
        self.grid = grid
        self.radii = radii

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The descriptor of one clip."""
        with named(clip):
            return lbp_sip(grey(moment(clip)), self.grid, self.radii)


class LBPMOP(ClipTransformer):
    """:func:`lbp_mop` of each clip, grey, from onset to offset.

    Parameters
    ----------
    grid : tuple of int, default=(6, 6)
        As in :func:`lbp_mop`.
    radii : tuple of int, default=(3, 3, 3)
        As in :func:`lbp_mop`.
    neighbours : int, default=8
        As in :func:`lbp_mop`.
    uniform : bool, default=True
        As in :func:`lbp_mop`.
    """

    def __init__(self, grid: tuple[int, int] = (6, 6), radii: tuple[int, int, int] = (3, 3, 3), neighbours: int = 8, uniform: bool = True):
        self.grid = grid
        self.radii = radii
        self.neighbours = neighbours
        self.uniform = uniform

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The descriptor of one clip."""
        with named(clip):
            return lbp_mop(grey(moment(clip)), self.grid, self.radii, self.neighbours, self.uniform)


def uniform_bins(neighbours: int) -> np.ndarray:
    """The bin of each code, (2 ** neighbours,) int: those with at most two changes by ascending code, then one for the rest."""
    codes = np.arange(2**neighbours)
    turned = codes >> 1 | (codes & 1) << (neighbours - 1)
    changes = np.bitwise_count(codes ^ turned)
    return np.where(changes <= 2, np.cumsum(changes <= 2) - 1, np.sum(changes <= 2))


def _pattern(points: Sequence[Point], uniform: bool) -> Pattern:
    # Rounded, so that a cosine that should be zero asks for no interpolation.
    rounded = [(round(float(x), 9), round(float(y), 9), round(float(t), 9)) for x, y, t in points]
    return rounded, uniform_bins(len(points)) if uniform else np.arange(2 ** len(points))


def _plane(image: np.ndarray, radii: tuple[float, float], neighbours: int, uniform: bool, grid: tuple[int, int]) -> np.ndarray:
    angles = 2 * np.pi * np.arange(neighbours) / neighbours
    points = [(radii[0] * np.cos(angle), radii[1] * np.sin(angle), 0) for angle in angles]
    return _histograms(image[None], [_pattern(points, uniform)], grid, (abs(int(radii[0])), abs(int(radii[1])), 0))[0]


def _describe(frames: np.ndarray, patterns: list[Pattern], grid: tuple[int, int], radii: tuple[int, int, int]) -> np.ndarray:
    return _histograms(np.moveaxis(frames, -1, 0) if frames.ndim == 4 else frames[None], patterns, grid, radii).ravel()


def _histograms(volumes: np.ndarray, patterns: list[Pattern], grid: tuple[int, int], radii: tuple[int, int, int]) -> np.ndarray:
    """Histograms of each pattern side by side for each volume and block, (C, rows * columns, bins of all), float32.

    A volume is worked on as one long line, in which a neighbour is a number of places ahead or behind: voxels at the rim
    get codes without meaning, and are counted in a block that is thrown away.
    """
    rx, ry, rt = radii
    n_frames, height, width = volumes.shape[1:]
    area, blocks = height * width, grid[0] * grid[1]
    margin = (ry + 1) * width + rx + 1
    block = np.full((height, width), blocks)
    block[ry : height - ry, rx : width - rx] = block_numbers((height - 2 * ry, width - 2 * rx), grid)
    bins = [int(table.max()) + 1 for _, table in patterns]
    starts = [(block * n).ravel() for n in bins]  # of each pixel's block among the counts
    counts = [np.zeros((len(volumes), (blocks + 1) * n), np.int64) for n in bins]
    at_once = max(1, CHUNK // area)
    for c, volume in enumerate(volumes):
        line = np.zeros(volume.size + 2 * margin, volume.dtype)
        line[margin:-margin].reshape(volume.shape)[:] = volume
        for t in range(0, n_frames - 2 * rt, at_once):
            now = min(at_once, n_frames - 2 * rt - t)
            part = line[t * area : (t + now + 2 * rt) * area + 2 * margin]
            for codes, (_, table), start, count in zip(
                _codes(part, patterns, area, width, rt, margin), patterns, starts, counts, strict=True
            ):
                where = np.take(table, codes, mode="clip").reshape(now, area)
                where += start
                count[c] += np.bincount(where.ravel(), minlength=count.shape[1])
    kept = [count.reshape(len(volumes), -1, n)[:, :-1].astype(np.float32) for count, n in zip(counts, bins, strict=True)]
    return np.concatenate([count / count.sum(axis=-1, keepdims=True) for count in kept], axis=-1)


def _codes(part: np.ndarray, patterns: list[Pattern], area: int, width: int, rt: int, margin: int) -> list[np.ndarray]:
    """The code of each voxel of a stretch of the line, for each pattern. ``part`` reaches rt frames and a margin beyond it."""
    n = part.size - 2 * (rt * area + margin)
    first = rt * area + margin
    side = margin % width  # what a step along x may need; the rest of the margin is for steps along y
    real = part.astype(np.result_type(part, np.float32), copy=False)
    later: dict[float, np.ndarray] = {}
    lower: dict[tuple[float, float], np.ndarray] = {}
    out = []
    for points, table in patterns:
        codes: np.ndarray = np.zeros(n, np.uint8 if len(table) <= 256 else np.uint16)
        for x, y, t in reversed(points):
            if x.is_integer() and y.is_integer() and t.is_integer():
                at = first + int(t) * area + int(y) * width + int(x)
                brighter = part[at : at + n] >= part[first : first + n]
            else:  # linear interpolation along t, then y, then x; neighbours share the first two
                if t not in later:
                    later[t] = _between(real, t, area, first - margin, n + 2 * margin)
                if (t, y) not in lower:
                    lower[t, y] = _between(later[t], y, width, margin - side, n + 2 * side)
                brighter = _between(lower[t, y], x, 1, side, n) >= real[first : first + n]
            codes += codes
            codes += brighter.view(np.uint8)
        out.append(codes)
    return out


def _between(line: np.ndarray, distance: float, stride: int, start: int, length: int) -> np.ndarray:
    """The stretch of a line that begins ``distance`` steps from ``start``; exact where neighbours are equal."""
    whole = int(np.floor(distance))
    near = line[start + whole * stride :][:length]
    if whole == distance:
        return near
    out = line[start + (whole + 1) * stride :][:length] - near
    out *= distance - whole
    out += near
    return out
