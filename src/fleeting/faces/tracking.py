"""How the skin moves: sites of a face followed from a reference frame, and the head's own motion taken out.

Landmarks say where a face is, never how far it moved: a mesh jitters by as much as a micro-expression is large. So the mesh is
asked once, on a reference frame; from there pyramidal Lucas-Kanade follows the sites (error about .02 px). What all of them do
together as a rigid body is the head; what is left is expression. Both are fitted at once, the head beside the fields of all action
units, or a pair of raised brows would pass for half a nod. The reference is renewed when the head has drifted from it, and the new
trace goes on where the old one stood.

References
----------
Lucas & Kanade (1981), IJCAI. Bouguet (2001), Pyramidal implementation of the Lucas Kanade feature tracker, Intel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from .action_units import AUS, site_fields
from .landmarks import Face, mean_mesh
from .regions import REGIONS, sites

WORKING_IOD = 80.0  # px; larger faces are made smaller, smaller ones stay as they are
MARGIN = 0.55  # eye distances around the sites within which the head may move before the reference is renewed
MAX_SHIFT, MAX_TURN, MAX_SCALE = 0.4, 0.07, 0.06  # drift that renews the reference: eye distances, radians, share
NEAR, SLIPPED = 0.06, 0.12  # eye distances between a site and where the mesh has it: trusted up to the one, not at all from the other
REGAIN_S = 0.5  # in which a site that was put back is trusted again
AGREE, SETTLE_S = 3.0, 3.0  # % by which a trace may differ from the mesh's for good, and how fast it comes back from farther
MIN_FOLLOWED = 0.5  # share of the sites that must be followed
CRITERIA = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.01)

AU_RIDGE = 0.5  # what an action unit costs in the fit, beside what one fully trusted site costs that is left as far from its place
_PENALTY = np.diag([1e-6] * 6 + [AU_RIDGE] * len(AUS)).astype(np.float32)

# How far each region is trusted to move with the skull.
_STEADY = {"right_eye": 0.15, "left_eye": 0.15, "right_mouth": 0.15, "left_mouth": 0.15, "chin": 0.15, "right_brow": 0.6, "left_brow": 0.6}


@dataclass(frozen=True)
class Motion:
    """What one frame shows of a face's motion since its track began.

    Attributes
    ----------
    skin : ndarray of shape (N, 2), float32
        Displacement of each site beyond the head's motion, in % of the eye distance, along the face's own axes.
    weight : ndarray of shape (N,), float32
        Trust in each site, 0 (not followed, or no texture) to 1.
    likeness : ndarray of shape (N,), float32
        How far each site still looks as it did in the reference, 0 to 1: teeth that appear do not.
    head : ndarray of shape (6,), float32
        Shift x and y (eye distances, since the track began), scale (share), roll, yaw and pitch (radians), relative to the reference.
    residual : float
        Spread of the sites that move with the skull around its rigid motion and that of action units, in % of the eye distance:
        registration left undone.
    warp : ndarray of shape (2, 3), float
        Where a pixel of the reference frame is in this one if it moves with the head in the picture plane: shift, scale and roll.
    light : float
        Mean grey level around the face, 0 to 255.
    sharpness : float
        Standard deviation of the Laplacian of the normalised crop, grey levels.
    """

    skin: np.ndarray
    weight: np.ndarray
    likeness: np.ndarray
    head: np.ndarray
    residual: float
    warp: np.ndarray
    light: float
    sharpness: float


class FaceTrack:
    """One face followed from frame to frame.

    Parameters
    ----------
    face : Face
        Where the face is in ``image``.
    image : ndarray of shape (H, W, 3), uint8 RGB
        The first reference.
    """

    # What belongs to the reference, set by _refer.
    _reference: np.ndarray  # the crop, grey and normalised
    _start: np.ndarray  # (N, 2) places of the sites in it, px
    _guess: np.ndarray  # (N, 2) where they were last
    _window: tuple[int, int]
    _texture: np.ndarray  # (N,) trust by texture
    _design: np.ndarray  # (2N, 6) rigid motion
    _joint: np.ndarray  # (2N, 6 + A) rigid motion and action units

    def __init__(self, face: Face, image: np.ndarray):
        self._sites = sites()
        self.iod = face.iod
        self._skin = np.zeros((len(self._sites.xy), 2), np.float32)
        self._head = np.zeros(6, np.float32)
        self._weight = np.zeros(len(self._sites.xy), np.float32)
        self._refer(face, image)
        self._agree = np.ones(len(self._weight), np.float32)
        self._first, self._first_axes = self._sites.on(face.points) / face.iod, self._axes

    def follow(self, image: np.ndarray) -> Motion | None:
        """Motion of the face in the next frame, or None where it could not be followed (then :meth:`renew` or give up)."""
        raw = self._crop(image)
        crop = self._normalised(raw)
        found, status, error = cv2.calcOpticalFlowPyrLK(
            self._reference, crop, self._start, self._guess.copy(), winSize=self._window, maxLevel=3,
            criteria=CRITERIA, flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
        )  # fmt: skip
        good = (status.ravel() == 1) & np.isfinite(found).all(axis=1)
        found[~good] = self._start[~good]
        off = np.where(good, error.ravel(), 1e3)  # grey levels of the normalised crop
        likeness = np.exp(-np.minimum(off / 20, 9) ** 2)
        weight = self._texture * likeness
        if (weight > 0.25 * self._texture).mean() < MIN_FOLLOWED:
            return None
        moved = (found - self._start) / self._unit  # (N, 2) eye distances
        theta, left, keep = self._rigid(moved, weight)
        rest = moved - (self._design @ theta).reshape(-1, 2)
        self._guess = found
        self._guess[~good] = self._start[~good] + (self._design @ theta).reshape(-1, 2)[~good] * self._unit
        self._last_skin = self._turn(rest) * 100
        self._theta = theta
        self._weight = weight.astype(np.float32)
        spread = float(np.sqrt(np.average((left[keep] ** 2).sum(axis=1), weights=weight[keep]))) * 100 if keep.any() else 0.0
        sharpness = float(cv2.Laplacian(crop, cv2.CV_16S).std())
        skin, head = self._skin + self._last_skin, self._head + theta
        return Motion(skin, self._weight, likeness.astype(np.float32), head, spread, self._plane(theta), float(raw.mean()), sharpness)

    @property
    def drifted(self) -> bool:
        """Whether the head is now so far from the reference that a new one is due."""
        x, y, scale, roll, yaw, pitch = np.abs(self._theta)
        return bool(max(x, y) > MAX_SHIFT or max(roll, yaw, pitch) > MAX_TURN or scale > MAX_SCALE)

    def renew(self, face: Face, image: np.ndarray) -> None:
        """Take the current frame as the new reference; the traces go on from where they stand."""
        self._skin = self._skin + self._last_skin
        self._head = self._head + self._theta
        self._refer(face, image)

    def settle(self, face: Face, seconds: float) -> np.ndarray:
        """How far each site is where the mesh of the same picture has it, (N,) from 1 to 0 where it has slipped off.

        The mesh jitters by a per cent or two, but does not drift: it tells when what is followed is not the skin it was, because a mouth
        opened or a head turned. Such a site is put back, with the trace that the mesh has, and trusted again bit by bit. A trace that has
        come far from the mesh's in any other way sinks back to it within some seconds.

        Parameters
        ----------
        face : Face
            The mesh laid on the picture that :meth:`follow` saw last.
        seconds : float
            Since it was told so before.
        """
        places = self._sites.on(face.points)
        expected = ((places[:, :2] - self._box[:2] + 0.5) * self._scale - 0.5).astype(np.float32)
        off = np.linalg.norm(self._guess - expected, axis=1) / self._unit
        slipped = off > SLIPPED
        mesh = self._by_mesh(places)
        if slipped.any():
            back = self._turn((expected - self._start) / self._unit - (self._design @ self._theta).reshape(-1, 2)) * 100
            self._skin[slipped], self._last_skin[slipped] = (mesh - back)[slipped], back[slipped]
            self._guess[slipped] = expected[slipped]
        apart = mesh - (self._skin + self._last_skin)
        self._skin += (1 - np.exp(-seconds / SETTLE_S)) * (apart - np.clip(apart, -AGREE, AGREE))
        agree = np.clip((SLIPPED - off) / (SLIPPED - NEAR), 0, 1)
        self._agree = np.minimum(agree, self._agree + seconds / REGAIN_S).astype(np.float32)
        return self._agree

    def _by_mesh(self, places: np.ndarray) -> np.ndarray:
        """Displacement of each site since the track began as the mesh has it, (N, 2) in % like ``skin``, from its places (N, 3) px."""
        first = self._first
        trust = self._steady[:, None] / self._steady.sum()
        middle, first_middle = (trust * places).sum(axis=0), (trust * first).sum(axis=0)
        a, b = places - middle, first - first_middle
        u, size, v = np.linalg.svd((trust * a).T @ b)  # the turn that lays a on b: Kabsch (1976), Umeyama (1991)
        fold = np.array([1, 1, np.sign(np.linalg.det(u @ v))])
        turn = (u * fold) @ v
        scale = float((size * fold).sum() / (trust * a**2).sum())
        return np.asarray(100 * (scale * a @ turn - b)[:, :2] @ self._first_axes.T, np.float32)

    def _refer(self, face: Face, image: np.ndarray) -> None:
        self.face, self.iod = face, face.iod
        self._scale = min(1.0, WORKING_IOD / self.iod)
        self._unit = self.iod * self._scale  # working px in one eye distance
        height, width = image.shape[:2]
        places = self._sites.on(face.points)  # (N, 3) px
        low = np.floor(places[:, :2].min(axis=0) - MARGIN * self.iod).astype(int)
        high = np.ceil(places[:, :2].max(axis=0) + MARGIN * self.iod).astype(int)
        self._box = max(low[0], 0), max(low[1], 0), min(high[0], width), min(high[1], height)
        # A pixel's centre lies at integers: area resampling by s maps x to (x + .5) s - .5.
        self._start = ((places[:, :2] - self._box[:2] + 0.5) * self._scale - 0.5).astype(np.float32)
        self._guess = self._start.copy()
        side = max(9, round(0.2 * self._unit)) | 1
        self._window = (side, side)
        crop = self._crop(image)
        self._contrast = float(np.clip(45 / max(crop.std(), 1.0), 0.5, 4.0)) * float(crop.std())
        self._reference = self._normalised(crop)
        (outer, inner) = face.eyes
        across = (inner - outer) / max(float(np.linalg.norm(inner - outer)), 1e-6)
        self._axes = np.array([across, [-across[1], across[0]]], np.float32)  # rows: the face's x and y in the picture
        self._texture = self._textured(self._reference)
        self._steady = steadiness()
        self._middle = places.mean(axis=0)[:2]
        self._design = rigid_design(places / self.iod)
        self._joint = np.concatenate([self._design, _columns(site_fields() @ self._axes)], axis=1)
        self._theta = np.zeros(6, np.float32)
        self._last_skin = np.zeros_like(self._skin)

    def _crop(self, image: np.ndarray) -> np.ndarray:
        x0, y0, x1, y1 = self._box
        grey = cv2.cvtColor(image[y0:y1, x0:x1], cv2.COLOR_RGB2GRAY)
        if self._scale == 1.0:
            return grey
        size = max(16, round((x1 - x0) * self._scale)), max(16, round((y1 - y0) * self._scale))
        return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)

    def _normalised(self, crop: np.ndarray) -> np.ndarray:
        """Mean 128 and the reference's contrast, so that flicker and exposure do not look like motion."""
        mean, std = (float(v.item()) for v in cv2.meanStdDev(crop))
        table = (np.arange(256) - mean) * (self._contrast / max(std, 1.0)) + 128
        return cv2.LUT(crop, np.clip(np.rint(table), 0, 255).astype(np.uint8))

    def _textured(self, crop: np.ndarray) -> np.ndarray:
        """Trust by texture, (N,) in 0..1: the smaller eigenvalue of the structure tensor where each site lies; 0 outside the picture."""
        eigen = cv2.cornerMinEigenVal(crop, self._window[0])
        x, y = np.rint(self._start).astype(int).T
        inside = (x >= 0) & (y >= 0) & (x < crop.shape[1]) & (y < crop.shape[0])
        value = np.zeros(len(x), np.float32)
        value[inside] = eigen[y[inside], x[inside]]
        typical = float(np.median(value[inside])) if inside.any() else 1.0
        return value / (value + 0.25 * max(typical, 1e-12))

    def _plane(self, theta: np.ndarray) -> np.ndarray:
        """The part of a head motion that lies in the picture plane, as an affine map (2, 3) of px."""
        x, y, scale, roll = (float(v) for v in theta[:4])
        linear = np.array([[1 + scale, -roll], [roll, 1 + scale]])
        return np.column_stack([linear, self._middle - linear @ self._middle + self.iod * np.array([x, y])])

    def _rigid(self, moved: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Head motion (6,), what neither it nor action units explain (N, 2), and which sites agree, (N,) bool.

        Reweighted least squares (Tukey), the action units drawn towards zero: a nod costs nothing and stays a nod.
        """
        target = moved.reshape(-1)
        trust = weight * self._steady
        for step in range(6):
            pull = np.repeat(trust, 2)[:, None] * self._joint
            both = np.linalg.solve(pull.T @ self._joint + _PENALTY, pull.T @ target).astype(np.float32)
            left = (target - self._joint @ both).reshape(-1, 2)
            rest = np.linalg.norm(left, axis=1)
            scale = max(1.5 * float(np.median(rest[weight > 0.1])) if (weight > 0.1).any() else 1.0, 0.002)
            reach = scale * (6 if step < 2 else 3)
            trust = weight * self._steady * np.clip(1 - (rest / reach) ** 2, 0, 1) ** 2
        return both[:6], left, trust > 0

    def _turn(self, rest: np.ndarray) -> np.ndarray:
        """Displacements in the picture as displacements along the face's own axes."""
        return rest @ self._axes.T


def rigid_design(places: np.ndarray) -> np.ndarray:
    """(2N, 6) float32: displacement of places (N, 3) for unit shift x, shift y, scale, roll, yaw, pitch of a small rigid motion."""
    x, y, z = (places - places.mean(axis=0)).T
    one, zero = np.ones_like(x), np.zeros_like(x)
    along_x = np.stack([one, zero, x, -y, z, zero], axis=1)
    along_y = np.stack([zero, one, y, x, zero, z], axis=1)
    return np.stack([along_x, along_y], axis=1).reshape(-1, 6).astype(np.float32)


@cache
def steadiness() -> np.ndarray:
    """How far each site is trusted to move with the skull, (N,) float32."""
    return np.array([_STEADY.get(REGIONS[r], 1.0) if r >= 0 else 0.7 for r in sites().region], np.float32)


@cache
def taken_for_head() -> np.ndarray:
    """How much head motion the fit sees in each action unit of strength 1 on the mean face, (A, 6) float32; its skin misses as much."""
    fields = _columns(site_fields())
    both = np.concatenate([rigid_design(sites().on(mean_mesh())), fields], axis=1)
    pull = np.repeat(steadiness(), 2)[:, None] * both
    return np.asarray(np.linalg.solve(pull.T @ both + _PENALTY, pull.T @ fields)[:6].T, np.float32)


def _columns(fields: np.ndarray) -> np.ndarray:
    """Fields (A, N, 2) as columns of a design, (2N, A)."""
    return fields.reshape(len(fields), -1).T
