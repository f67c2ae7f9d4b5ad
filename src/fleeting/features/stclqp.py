"""STCLQP: spatiotemporal completed local quantised patterns: sign, size and direction of the differences around a voxel.

:class:`STCLQPVectors` gives the vectors of a clip and learns nothing; :class:`STCLQP` learns from them words, and directions in
which the counts of words tell the classes apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import correlate1d
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.cluster import KMeans
from sklearn.utils.validation import check_is_fitted

from ..base import ClipTransformer, NoTable
from ..classifiers.samples import of_no_rows
from ..classifiers.slpp import SLPP
from ..clip import Clip
from ..errors import UsageError
from ..preprocess.frames import grey, moment, named, require_whole
from .fields import block_numbers, direction_bins
from .neighbours import Point, require_blocks, three_planes

NEIGHBOURS = 16
# Directions of a gradient, and how many of them make one level of the difference of two directions.
DIRECTIONS, PER_LEVEL = 16, 4
# Axes of the planes XY, XT and YT among T, H, W.
AXES = ((2, 1), (2, 0), (1, 0))
COMPONENTS = ("sign", "size", "direction")


def stclqp_vectors(frames: np.ndarray, grid: tuple[int, int] = (8, 8), radius: int = 2, voxels: int | None = 512) -> np.ndarray:
    """How 16 neighbours in XY, XT and YT differ from each voxel, three vectors packed in two numbers.

    Parameters
    ----------
    frames : ndarray of shape (T, H, W) or (T, H, W, 3), uint8 or float
        Grey, or uint8 RGB, of which the luma is taken.
    grid : tuple of int, default=(8, 8)
        Rows and columns of blocks, without overlap, on what is left when a rim of ``radius`` is cut off.
    radius : int, default=2
        Px and frames.
    voxels : int, optional, default=512
        How many of each block are taken, spread at random but always alike. None takes as many as the smallest block has:
        the papers', but some ten thousand a block and gigabytes for a dataset.

    Returns
    -------
    ndarray of shape (3, rows * columns, voxels, 2), uint32
        By plane and block. The first number holds in its lower 16 bits which neighbours are at least as bright as the voxel, in
        its upper 16 which differ from it by the plane's mean or more; the second holds, two bits a neighbour, by how many
        quarters of a turn its gradient is turned against the voxel's. Neighbours begin with the lowest bits.

    Raises
    ------
    UsageError
        When frames are too few, too small for the grid or not finite, or a parameter is not allowed.

    References
    ----------
    Huang, Zhao, Hong, Zheng & Pietikäinen (2016), Neurocomputing 175. Signs and sizes as Guo, Zhang & Zhang (2010), IEEE TIP
    19(6). How directions are quantised the papers leave open ("16 and 4 levels"): gradients by a 3 x 3 derivative of a Gaussian,
    at the voxel nearest to each neighbour, to 16 directions, their differences to 4.

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.random.default_rng(0).integers(0, 255, (10, 64, 64), np.uint8)
    >>> stclqp_vectors(frames, grid=(4, 4), voxels=100).shape
    (3, 16, 100, 2)
    """
    if voxels is not None:
        require_whole(voxels=voxels)
    require_blocks(frames, grid, (radius,) * 3, "STCLQP")
    volume = (grey(frames) if frames.ndim == 4 else frames).astype(np.float32)
    chosen = _chosen(volume.shape, grid, radius, voxels)  # (blocks, V)
    out = np.empty((3, *chosen.shape, 2), np.uint32)
    for k, points in enumerate(three_planes((radius,) * 3, (NEIGHBOURS,) * 3)):
        signs, sizes, turns, large = (np.zeros(chosen.shape, np.uint32) for _ in range(4))
        difference = [_at(volume, chosen, point) - np.take(volume, chosen) for point in points]  # 16 of (blocks, V)
        mean = np.mean([np.abs(each).mean() for each in difference])
        direction = _directions(volume, AXES[k])
        own = np.take(direction, chosen)
        for bit, (d, (x, y, t)) in enumerate(zip(difference, points, strict=True)):
            signs |= (d >= 0).astype(np.uint32) << np.uint32(bit)
            large |= (np.abs(d) >= mean).astype(np.uint32) << np.uint32(bit)
            there = np.take(direction, chosen + _steps(volume.shape, round(x), round(y), round(t)))
            turns |= ((there - own) % DIRECTIONS // PER_LEVEL).astype(np.uint32) << np.uint32(2 * bit)
        sizes = large << np.uint32(NEIGHBOURS)
        out[k, ..., 0], out[k, ..., 1] = signs | sizes, turns
    return out


class STCLQPVectors(ClipTransformer):
    """:func:`stclqp_vectors` of each clip, grey, from onset to offset, for :class:`STCLQP`.

    Parameters
    ----------
    grid : tuple of int, default=(8, 8)
        As in :func:`stclqp_vectors`.
    radius : int, default=2
        As in :func:`stclqp_vectors`.
    voxels : int, optional, default=512
        As in :func:`stclqp_vectors`.
    """

    def __init__(self, grid: tuple[int, int] = (8, 8), radius: int = 2, voxels: int | None = 512):
        self.grid = grid
        self.radius = radius
        self.voxels = voxels

    def transform_clip(self, clip: Clip) -> np.ndarray:
        """The vectors of one clip."""
        with named(clip):
            return stclqp_vectors(grey(moment(clip)), self.grid, self.radius, self.voxels)


class STCLQP(NoTable, TransformerMixin, BaseEstimator):
    """Counts of learned words in each block, brought into few dimensions: sign, size and direction side by side.

    For each of the three and each plane, k-means finds words among the training vectors; a block is the histogram of its
    vectors' nearest words; and a projection, fitted for each of the three, makes the histograms of all blocks and planes short.
    The original also selects words by a Fisher criterion, which the paper that is followed here leaves out.

    Parameters
    ----------
    n_words : int, default=20
        Words of each plane and component.
    projection : estimator or "passthrough", optional
        What makes the histograms short; :class:`fleeting.classifiers.slpp.SLPP` with its defaults when not given.
    most_vectors : int, default=50000
        K-means looks at so many of the training vectors, taken at random.
    random_state : int, default=0
        Of k-means and what it looks at.

    Attributes
    ----------
    words_ : ndarray of shape (3, 3, n_words, 16), float32
        By component (sign, size, direction) and plane (XY, XT, YT).
    projections_ : list of three fitted projections, empty for "passthrough"
    """

    revision = 1

    def __init__(self, n_words: int = 20, projection: Any = None, most_vectors: int = 50000, random_state: int = 0):
        self.n_words = n_words
        self.projection = projection
        self.most_vectors = most_vectors
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> STCLQP:
        """Words and projections, from vectors (N, 3, blocks, voxels, 2) and classes (N,).

        Parameters
        ----------
        X : array-like of shape (N, 3, blocks, voxels, 2), uint32
            What :class:`STCLQPVectors` gives.
        y : array-like of shape (N,), optional
            Their classes, for a projection that asks for them.

        Returns
        -------
        STCLQP
            Itself.
        """
        X = _given(X)
        if self.n_words < 1 or self.most_vectors < self.n_words:
            raise UsageError(f"n_words={self.n_words} must be 1 or more, most_vectors={self.most_vectors} at least as many")
        if isinstance(self.projection, str) and self.projection != "passthrough":
            raise UsageError(f"projection={self.projection!r} is not known; give an estimator, or 'passthrough'")
        self.words_ = np.stack([np.stack([self._words(X[:, plane], name) for plane in range(3)]) for name in COMPONENTS])
        self.projections_: list[Any] = []
        if self.projection != "passthrough":
            model = SLPP() if self.projection is None else self.projection
            self.projections_ = [clone(model).fit(part, y) for part in self.histograms(X)]
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """The clips, (N, d) float; with ``projection="passthrough"`` the histograms, d = 3 * 3 * blocks * n_words.

        Parameters
        ----------
        X : array-like of shape (N, 3, blocks, voxels, 2), uint32
            What :class:`STCLQPVectors` gives.

        Returns
        -------
        ndarray of shape (N, d), float
            A row a clip.
        """
        parts = self.histograms(X)
        if self.projections_:
            parts = [model.transform(part) for model, part in zip(self.projections_, parts, strict=True)]
        return np.concatenate(parts, axis=1)

    def histograms(self, X: ArrayLike) -> list[np.ndarray]:
        """Shares of the words, for each of sign, size and direction (N, blocks * 3 * n_words) float32, words fastest.

        Parameters
        ----------
        X : array-like of shape (N, 3, blocks, voxels, 2), uint32
            What :class:`STCLQPVectors` gives.

        Returns
        -------
        list of ndarray of shape (N, blocks * 3 * n_words), float32
            Sign, size, direction.
        """
        check_is_fitted(self)
        X = _given(X)
        n, _, blocks, voxels, _ = X.shape
        k = self.words_.shape[2]
        out = []
        for name, words in zip(COMPONENTS, self.words_, strict=True):
            counts = np.empty((n, blocks, 3, k), np.float32)
            for plane in range(3):
                nearest = _nearest(words[plane], name)
                for i, clip in enumerate(X[:, plane]):
                    place = nearest(_component(clip, name)) + np.arange(blocks)[:, None] * k
                    counts[i, :, plane] = np.bincount(place.ravel(), minlength=blocks * k).reshape(blocks, k)
            out.append((counts / voxels).reshape(n, -1))
        return out

    def _words(self, vectors: np.ndarray, name: str) -> np.ndarray:
        """Words of one component in one plane, (n_words, 16)."""
        codes = _component(vectors, name).ravel()
        if len(codes) > self.most_vectors:
            codes = np.random.default_rng(self.random_state).choice(codes, self.most_vectors, replace=False)
        codes, number = np.unique(codes, return_counts=True)
        if len(codes) < self.n_words:  # words are given more than once, and the first of them counts as the nearest
            return _unpacked(np.resize(codes, self.n_words), name)
        means = KMeans(self.n_words, n_init=1, random_state=self.random_state)
        return means.fit(_unpacked(codes, name), sample_weight=number).cluster_centers_

    def __sklearn_tags__(self) -> Any:
        tags = of_no_rows(super().__sklearn_tags__(), 5)
        tags.target_tags.required = True
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags


def _given(X: ArrayLike) -> np.ndarray:
    X = np.asarray(X)
    if X.ndim != 5 or X.shape[1] != 3 or X.shape[4] != 2 or X.dtype != np.uint32 or not len(X):
        raise UsageError(f"STCLQP takes what STCLQPVectors gives, uint32 of shape (N, 3, blocks, voxels, 2); got {X.dtype} of {X.shape}")
    return X


def _chosen(shape: tuple[int, ...], grid: tuple[int, int], radius: int, voxels: int | None) -> np.ndarray:
    """Which voxels are taken of each block, (blocks, V) int, as places in the flat volume."""
    inner = [size - 2 * radius for size in shape]
    block = np.broadcast_to(block_numbers((inner[1], inner[2]), grid), inner).ravel()
    places = np.arange(np.prod(shape)).reshape(shape)[(slice(radius, -radius),) * 3].ravel()
    order = np.random.default_rng(0).permutation(len(block))
    order = order[np.argsort(block[order], kind="stable")]  # by block, in each at random
    sizes = np.bincount(block)
    taken = sizes.min() if voxels is None else voxels
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    # A block with fewer voxels than asked for gives them again.
    return places[order[starts[:, None] + np.arange(taken) % sizes[:, None]]]


def _steps(shape: tuple[int, ...], x: int, y: int, t: int) -> int:
    """How far apart two voxels lie in the flat volume."""
    return int((t * shape[1] + y) * shape[2] + x)


def _at(volume: np.ndarray, places: np.ndarray, point: Point) -> np.ndarray:
    """Values at a place relative to voxels, linear between them, exact where these are equal."""
    out = None
    for corner, share in _corners(point):
        value = np.take(volume, places + _steps(volume.shape, *corner))
        if out is None:
            out = first = value
        else:
            out = out + share * (value - first)
    return np.asarray(out)


def _corners(point: Point) -> Iterator[tuple[tuple[int, int, int], np.float32]]:
    """The voxels around a place, and the share of each; the first is the lowest in all directions."""
    low = [int(np.floor(step)) for step in point]
    up = [step - whole for step, whole in zip(point, low, strict=True)]
    for x in (0, 1) if up[0] else (0,):
        for y in (0, 1) if up[1] else (0,):
            for t in (0, 1) if up[2] else (0,):
                share = np.prod([part if on else 1 - part for part, on in zip(up, (x, y, t), strict=True)])
                yield (low[0] + x, low[1] + y, low[2] + t), np.float32(share)


def _directions(volume: np.ndarray, axes: tuple[int, int]) -> np.ndarray:
    """The direction of the gradient in a plane at each voxel, (T, H, W) int16, 0 to 15."""
    a, b = axes
    along_a, along_b = (correlate1d(np.gradient(volume, axis=x), [0.25, 0.5, 0.25], y, mode="nearest") for x, y in ((a, b), (b, a)))
    return direction_bins(np.stack([along_a, along_b], axis=-1), DIRECTIONS).astype(np.int16)


def _component(packed: np.ndarray, name: str) -> np.ndarray:
    """Sign, size or direction of packed vectors (..., 2), (...,) uint32."""
    if name == "direction":
        return packed[..., 1]
    return packed[..., 0] & 0xFFFF if name == "sign" else packed[..., 0] >> np.uint32(NEIGHBOURS)


def _unpacked(codes: np.ndarray, name: str) -> np.ndarray:
    """The vectors behind the numbers, (M, 16) float32: 0 and 1, for directions 0 to 3."""
    bits = 2 if name == "direction" else 1
    return ((codes[:, None] >> np.arange(0, NEIGHBOURS * bits, bits, dtype=np.uint32)) & np.uint32(2**bits - 1)).astype(np.float32)


def _nearest(words: np.ndarray, name: str) -> Any:
    """What gives the nearest word for numbers of a component, by tables of all half numbers."""
    codes = np.arange(2**16, dtype=np.uint32)
    if name != "direction":
        table = _distances(_unpacked(codes, name), words).argmin(axis=1)
        return lambda packed: table[packed]
    half = NEIGHBOURS // 2
    parts = _unpacked(codes, name)[:, :half]
    lower, upper = _distances(parts, words[:, :half]), _distances(parts, words[:, half:])
    return lambda packed: (lower[packed & np.uint32(0xFFFF)] + upper[packed >> np.uint32(16)]).argmin(axis=-1)


def _distances(vectors: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Squared distances of vectors to words, but for what is the same for all words, (M, K) float32."""
    words = words.astype(np.float32)
    return (words**2).sum(axis=1) - 2 * vectors @ words.T
