"""Sites and regions: about 400 places spread evenly over the face, each embedded in the mesh and belonging to one region.

Sites are laid out once on the mean face (units of the eye distance, origin between the eyes) and carried onto any face by their
barycentric coordinates in the mesh, so site 17 is the same piece of skin on everyone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from .landmarks import mean_mesh

REGIONS = (
    *("right_brow", "left_brow", "inner_brow", "right_eye", "left_eye", "right_cheek", "left_cheek"),
    *("nose", "right_mouth", "left_mouth", "chin"),
)
# What moves with speech, and what moves with a blink.
LOWER_FACE = ("right_cheek", "left_cheek", "nose", "right_mouth", "left_mouth", "chin")
EYES = ("right_eye", "left_eye")

SPACING = 0.105
# Mesh points on the rim of the face and inside mouth and eyes: what lies there is background, teeth or an eyeball.
_RIM = [10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152]
_RIM += [148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109]


@dataclass(frozen=True)
class Sites:
    """The layout of the sites on the mean face.

    Attributes
    ----------
    xy : ndarray of shape (N, 2), float32
        Places on the mean face in eye distances.
    corners : ndarray of shape (N, 3), int
        The three mesh points around each site.
    shares : ndarray of shape (N, 3), float32
        Barycentric coordinates in them.
    region : ndarray of shape (N,), int
        Index into ``REGIONS``; -1 where a site only helps to follow the head (temples, outer forehead, jaw).
    gradient : ndarray of shape (2, N, N), float32
        Matrices that turn a value at each site into its derivative along x and along y on the mean face (a plane fitted to the neighbours).
    """

    xy: np.ndarray
    corners: np.ndarray
    shares: np.ndarray
    region: np.ndarray
    gradient: np.ndarray

    def on(self, points: np.ndarray) -> np.ndarray:
        """The sites on one face: (N, 3) float32 px for mesh ``points`` of shape (478, 3)."""
        return np.einsum("nk,nkd->nd", self.shares, points[self.corners]).astype(np.float32)

    def strain(self, motion: np.ndarray) -> np.ndarray:
        """Optical strain magnitude at each site, (N,) float32, in the unit of ``motion`` (N, 2) over one eye distance."""
        (ux, vx), (uy, vy) = (self.gradient @ motion).transpose(0, 2, 1)
        return np.sqrt(ux**2 + vy**2 + 0.5 * (uy + vx) ** 2)


@cache
def sites() -> Sites:
    """The layout, the same in every process."""
    from scipy.spatial import Delaunay

    mesh = mean_mesh()[:468, :2].astype(np.float64)
    triangles = Delaunay(mesh).simplices  # (K, 3)
    rows = np.arange(-0.75, 1.6, SPACING * np.sqrt(3) / 2)
    grid = np.concatenate(
        [np.stack(np.broadcast_arrays(np.arange(-1.155, 1.16, SPACING) + SPACING / 2 * (i % 2), y), axis=1) for i, y in enumerate(rows)]
    )
    grid = grid[(np.abs(grid[:, 0]) <= 1.16) & _inside(grid, mesh[_RIM] * 0.93 + [0, 0.02])]
    # Delaunay's own look-up solves for each triangle in turn, which takes a second where threads of several processes compete.
    corners = mesh[triangles]  # (K, 3, 2)
    inverse = np.linalg.inv((corners[:, :2] - corners[:, 2:]).swapaxes(1, 2))  # (K, 2, 2)
    x, y = np.moveaxis(grid[:, None] - corners[:, 2], 2, 0)  # (N, K) each
    first, second = (row[:, 0] * x + row[:, 1] * y for row in inverse.swapaxes(0, 1))
    triangle = np.minimum(np.minimum(first, second), 1 - first - second).argmax(axis=1)
    own = np.arange(len(grid)), triangle
    shares = np.stack([first[own], second[own], 1 - (first[own] + second[own])], axis=1)
    inside = shares.min(axis=1) > -1e-12
    grid, triangle, shares = grid[inside], triangle[inside], shares[inside]
    region = np.array([_region(x, y) for x, y in grid])
    return Sites(
        grid.astype(np.float32), triangles[triangle], shares.astype(np.float32), region, _gradient(grid).astype(np.float32)
    )


def _region(x: float, y: float) -> int:
    """Region of a place on the mean face; brows lie at y = -.37, the mouth at y = .87."""
    side, across = ("right" if x < 0 else "left"), abs(x)
    name = ""
    if y < -0.16:
        name = "inner_brow" if across < 0.27 and y > -0.62 else f"{side}_brow" if across < 0.92 and y > -0.62 else ""
    elif y < 0.2 and 0.18 < across < 0.88:
        name = f"{side}_eye"
    elif y < 0.66:
        name = "nose" if across < 0.3 else f"{side}_cheek" if across < 0.9 and y > 0.2 else ""
    elif y < 1.08:
        name = f"{side}_mouth" if 0.01 < across < 0.62 else ""  # the midline is on neither side
    elif across < 0.45:
        name = "chin"
    return REGIONS.index(name) if name else -1


def _inside(places: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Which places lie within a convex-enough polygon, by even-odd rule."""
    x, y = places[:, 0, None], places[:, 1, None]
    (x0, y0), (x1, y1) = polygon.T, np.roll(polygon, -1, axis=0).T
    crosses = ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) * (x1 - x0) / np.where(y1 == y0, 1, y1 - y0))
    return np.asarray(crosses.sum(axis=1) % 2 == 1)


def _gradient(grid: np.ndarray) -> np.ndarray:
    """(2, N, N) derivative matrices: least-squares plane through each site's neighbours within 1.6 spacings."""
    from scipy.spatial import cKDTree

    out = np.zeros((2, len(grid), len(grid)))
    for i, near in enumerate(cKDTree(grid).query_ball_point(grid, 1.6 * SPACING)):
        plane = np.linalg.pinv(np.column_stack([np.ones(len(near)), grid[near] - grid[i]]))  # (3, neighbours)
        out[:, i, near] = plane[1:]
    return out
