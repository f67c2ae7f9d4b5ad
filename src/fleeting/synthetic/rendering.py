"""A still portrait made to move: skin over eyeballs and teeth, on a turning head, one picture for each pose.

Three displacement fields live in the portrait at rest: the head's (affine plus depth times yaw and pitch, fading out
into the background), the skin's (action units, :func:`fleeting.faces.action_units.au_fields`) and the eyelids'. Each
is inverted where it acts and the inverses are composed, so that every picture is sampled once. What lies behind lids
and lips is a layer of its own that moves with the skull: a closing lid covers the eye instead of squeezing it, a
dropping jaw uncovers dark.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import resources

import cv2
import numpy as np

from ..faces.action_units import AUS, au_fields
from ..faces.landmarks import LEFT_EYE, LEFT_IRIS, RIGHT_EYE, RIGHT_IRIS

STEP = 4  # px between the nodes of the fields
EYE_LINE, IOD_SHARE = 0.46, 0.1875  # of the picture's height: where the eyes are, how far apart
# Lids and inner lips as mesh points, from the right of the subject to the left: (upper, lower) borders.
RIGHT_OPENING = ((33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133))
LEFT_OPENING = ((362, 398, 384, 385, 386, 387, 388, 466, 263), (362, 382, 381, 380, 374, 373, 390, 249, 263))
MOUTH_OPENING = ((78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308), (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308))
CHIN, NOSE_TIP = 152, 1
# In eye distances.
FOLD, LASHES = 0.15, 0.055  # skin unrolls in a blink from FOLD above the lid's edge; the lowest LASHES keep their shape
NECK = 0.9  # the axis about which the head turns lies this far behind the eyes
DARK = (45, 20, 20)  # the inside of a mouth


@dataclass(frozen=True)
class Portrait:
    """A face looking at the camera.

    Attributes
    ----------
    image : ndarray of shape (H, W, 3), uint8 RGB
    points : ndarray of shape (478, 3), float32
        Its mesh, px, as :class:`fleeting.faces.landmarks.Face` has it.
    """

    image: np.ndarray
    points: np.ndarray


def astronaut() -> Portrait:
    """Eileen Collins in the public-domain photograph that scikit-image ships, with a mesh measured beforehand."""
    from skimage import data

    with resources.files("fleeting.synthetic").joinpath("astronaut_mesh.csv").open(encoding="utf-8") as file:
        points = np.loadtxt(file, delimiter=",", dtype=np.float32)
    return Portrait(data.astronaut(), points)  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Pose:
    """What a face does at one moment.

    Attributes
    ----------
    aus : ndarray of shape (A,)
        Strength of each of ``AUS``, % of the eye distance.
    blink : ndarray of shape (2,)
        How far the upper lids have come down, right and left, 0 (as in the portrait) to 1 (closed).
    gaze : ndarray of shape (2,)
        Shift of the irises, % of the eye distance, x right, y down.
    head : ndarray of shape (6,)
        Shift in x and y (% of the eye distance), roll (degrees, clockwise), yaw and pitch (degrees; the nose goes
        right, down), growth (%).
    """

    aus: np.ndarray = field(default_factory=lambda: np.zeros(len(AUS)))
    blink: np.ndarray = field(default_factory=lambda: np.zeros(2))
    gaze: np.ndarray = field(default_factory=lambda: np.zeros(2))
    head: np.ndarray = field(default_factory=lambda: np.zeros(6))


class FaceRenderer:
    """Draws a portrait in any :class:`Pose`, without noise.

    Parameters
    ----------
    portrait : Portrait
    size : tuple of int, default=(640, 480)
        Width and height of the pictures, px, multiples of 8.
    iod_share, eye_line : float, default=0.1875, 0.46
        How far apart the eyes are, and how far down, over the height of the picture.

    Attributes
    ----------
    points : ndarray of shape (478, 3), float32
        The mesh at rest, px of the pictures.
    iod : float
        Eye distance at rest, px.
    fields : ndarray of shape (A, H / 4, W / 4, 2), float32
        px of displacement for 1 % of each action unit, at x, y = 1.5, 5.5, ...
    lid_travel : float
        How far the upper lids come down in a blink, % of the eye distance.

    Notes
    -----
    Fields are inverted by iteration to within .03 px (.08 px at the lips of an opening mouth); bilinear sampling places
    the picture to within 1/64 px.
    """

    def __init__(
        self, portrait: Portrait, size: tuple[int, int] = (640, 480), iod_share: float = IOD_SHARE, eye_line: float = EYE_LINE
    ):
        self.size = width, height = size
        self.iod, self._eye_line = iod_share * height, eye_line
        eyes = np.stack([portrait.points[list(corners), :2].mean(axis=0) for corners in (RIGHT_EYE, LEFT_EYE)])
        scale = self.iod / float(np.linalg.norm(eyes[1] - eyes[0]))
        shift = np.array([width / 2, eye_line * height]) - scale * eyes.mean(axis=0)
        self.points = (portrait.points * scale + [*shift, 0]).astype(np.float32)
        self.skin = _enlarged(portrait.image, scale, shift, size)

        self._x, self._y = np.meshgrid(np.arange(width // STEP) * STEP + 1.5, np.arange(height // STEP) * STEP + 1.5)
        nodes = np.stack([self._x, self._y], axis=-1).reshape(-1, 2)
        self.pixels = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float32)
        shape = (len(AUS), *self._x.shape, 2)
        self.fields = au_fields(self.points, nodes).reshape(shape) * np.float32(self.iod / 100)
        self._depth, self._reach = self._depth_map(nodes), self._reach_map()

        self._eyes = [_Opening(self, *borders, (0.55, 0.5)) for borders in (RIGHT_OPENING, LEFT_OPENING)]
        self._mouth = _Opening(self, *MOUTH_OPENING, (0.75, 0.55))
        self._irises = self.points[[RIGHT_IRIS, LEFT_IRIS], :2]
        self.lid_travel = 100 * max(eye.height for eye in self._eyes) / self.iod
        self._open = np.maximum.reduce([part.mask for part in (*self._eyes, self._mouth)])
        self._behind = self._behind_the_skin()

    def render(self, pose: Pose) -> np.ndarray:
        """The picture of a pose, (H, W, 3) uint8 RGB."""
        skull = undo(self.head_displacement(pose.head), STEP)
        skin = undo(self.skin_displacement(pose.aus), STEP, skull)
        places = cv2.add(cv2.resize(skin, self.size, interpolation=cv2.INTER_LINEAR), self.pixels)
        picture = _sample(self.skin, places)
        for eye, iris, closed in zip(self._eyes, self._irises, pose.blink, strict=True):
            rest, behind = eye.at(skin), eye.at(skull)
            if closed > 0:
                rest[..., 1] = eye.before_blink(rest, min(float(closed), 0.98))
            behind = behind - self._gaze_shift(behind, iris, pose.gaze)
            self._compose(picture[eye.window], rest, behind)
        self._compose(picture[self._mouth.window], self._mouth.at(skin), self._mouth.at(skull))
        return picture

    def flow(self, a: Pose, b: Pose) -> np.ndarray:
        """Where each pixel of the picture of ``a`` has gone in that of ``b``, (H, W, 2) float32 px: what optical flow is after.

        Eyeballs, and what is seen between the lips, go with the skull and the gaze. What a lid or a lip has covered in ``b``
        is where it would be seen without.
        """
        skull = undo(self.head_displacement(a.head), STEP)
        skin = undo(self.skin_displacement(a.aus), STEP, skull)
        rest = cv2.resize(skin, self.size, interpolation=cv2.INTER_LINEAR) + self.pixels
        behind = cv2.resize(skull, self.size, interpolation=cv2.INTER_LINEAR) + self.pixels
        for eye, closed in zip(self._eyes, a.blink, strict=True):
            if closed > 0:
                rest[(*eye.window, 1)] = eye.before_blink(rest[eye.window], min(float(closed), 0.98))
        seen = _sample(self._open, rest) > 0.5
        for eye, iris, closed in zip(self._eyes, self._irises, b.blink, strict=True):
            if closed > 0:
                rest[(*eye.window, 1)] = eye.after_blink(rest[eye.window], min(float(closed), 0.98))
            place = behind[eye.window]
            behind[eye.window] = place + self._gaze_shift(place, iris, b.gaze - a.gaze)
        rest += _at_nodes(self.skin_displacement(b.aus), rest)
        there = np.where(seen[..., None], behind, rest)
        return np.asarray(there + _at_nodes(self.head_displacement(b.head), there) - self.pixels)

    def skin_displacement(self, aus: np.ndarray) -> np.ndarray:
        """Where action units ``aus`` (A,) move the skin at the nodes of ``fields``, (H / 4, W / 4, 2) float32 px."""
        active = np.flatnonzero(aus)
        return np.tensordot(np.asarray(aus, np.float32)[active], self.fields[active], 1)

    def head_displacement(self, head: np.ndarray) -> np.ndarray:
        """Where a head movement (6,) moves the same nodes, (H / 4, W / 4, 2) float32 px."""
        roll, yaw, pitch = np.radians(head[2:5])
        grow = 1 + head[5] / 100
        cos, sin = grow * np.cos(roll) - 1, grow * np.sin(roll)
        x, y = self._x - self.points[CHIN, 0], self._y - self.points[CHIN, 1]
        shift = self.iod / 100 * np.asarray(head[:2])
        dx = cos * x - sin * y + shift[0] + yaw * self._depth
        dy = sin * x + cos * y + shift[1] + pitch * self._depth
        return (np.stack([dx, dy], axis=-1) * self._reach[..., None]).astype(np.float32)

    def strength(self, aus: np.ndarray) -> float:
        """The largest displacement that action units ``aus`` (A,) cause together, % of the eye distance."""
        return float(100 / self.iod * np.linalg.norm(self.skin_displacement(aus), axis=-1).max())

    def squeeze(self, aus: np.ndarray) -> float:
        """How much the skin shortens where it shortens most: 0 not at all; from 1 on it would fold over itself."""
        return squeeze(self.skin_displacement(aus), STEP)

    def nose_shift(self, head: np.ndarray) -> np.ndarray:
        """How far head movements ``head`` (T, 6) carry the tip of the nose, (T, 2), % of the eye distance."""
        lever = NECK + float(self.points[[*RIGHT_EYE, *LEFT_EYE], 2].mean() - self.points[NOSE_TIP, 2]) / self.iod
        shift = head[:, :2] + 100 * lever * np.radians(head[:, 3:5])
        shift[:, 0] += 100 * np.radians(head[:, 2]) * (self.points[CHIN, 1] - self.points[NOSE_TIP, 1]) / self.iod
        return np.asarray(shift)

    def _gaze_shift(self, places: np.ndarray, iris: np.ndarray, gaze: np.ndarray) -> np.ndarray:
        """How far a gaze (2,) carries eyeballs at ``places`` (h, w, 2), px."""
        away = np.linalg.norm(places - iris, axis=-1, keepdims=True) / (0.16 * self.iod)
        return np.exp(-(away**4)) * np.float32(self.iod / 100) * gaze.astype(np.float32)

    def _compose(self, picture: np.ndarray, rest: np.ndarray, behind: np.ndarray) -> None:
        """Draws into ``picture`` the skin of places ``rest``, and through its openings what is ``behind``."""
        skin, seen = _sample(self.skin, rest), _sample(self._open, rest)[..., None]
        picture[...] = np.rint(skin + seen * (_sample(self._behind, behind).astype(np.float32) - skin))

    def _depth_map(self, nodes: np.ndarray) -> np.ndarray:
        """Pixels in front of the axis about which the head turns, (h, w); beyond the mesh, as at its nearest point."""
        from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

        z = self.points[[*RIGHT_EYE, *LEFT_EYE], 2].mean() + NECK * self.iod - self.points[:, 2]
        depth = LinearNDInterpolator(self.points[:, :2], z)(nodes)
        outside = np.isnan(depth)
        depth[outside] = NearestNDInterpolator(self.points[:, :2], z)(nodes[outside])
        return cv2.GaussianBlur(depth.reshape(self._x.shape), (0, 0), 0.08 * self.iod / STEP)

    def _reach_map(self) -> np.ndarray:
        """How much of the head's movement each node makes, (h, w): 1 on the head and its hair, 0 in the background."""
        x, y = self._x - self.size[0] / 2, self._y - (self._eye_line * self.size[1] - 0.1 * self.iod)
        r = np.hypot(x / (1.85 * self.iod), y / (2.0 * self.iod))
        return ease((1.75 - r) / 0.7)

    def _behind_the_skin(self) -> np.ndarray:
        """Eyeballs, teeth and the dark of the mouth, (H, W, 3) uint8, continued under the skin, which may give way."""
        layer = self.skin
        ring = cv2.dilate(self._open, np.ones((3, 3)), iterations=round(0.1 * self.iod))
        hidden = ((ring > 0) & (self._open < 0.9)).astype(np.uint8)
        layer = cv2.inpaint(layer, hidden, 3, cv2.INPAINT_TELEA)
        x, y = np.arange(self.size[0]), np.arange(self.size[1])[:, None]
        depth = (y - self._mouth.lower(x)) / (0.03 * self.iod)
        mouth = np.abs(x - self._mouth.centre[0]) < 0.6 * self.iod
        shade = (ease(depth + 0.5) * mouth)[..., None]
        return np.rint(layer + shade * (np.array(DARK) - layer)).astype(np.uint8)


class _Opening:
    """A hole in the skin, an eye or the mouth: its borders, its mask, the window of the picture in which it may lie."""

    def __init__(self, face: FaceRenderer, upper: tuple[int, ...], lower: tuple[int, ...], margin: tuple[float, float]):
        self._iod = face.iod
        self._upper, self._lower = (face.points[list(border), :2] for border in (upper, lower))
        self.height = float((self._lower[:, 1] - self._upper[:, 1]).max())
        outline = np.concatenate([self._upper, self._lower[::-1]])
        fine = 8  # the mask is drawn this much larger: an eye is only a few px high
        mask = np.zeros((face.size[1] * fine, face.size[0] * fine), np.uint8)
        cv2.fillPoly(mask, [np.rint((outline + 0.5) * fine - 0.5).astype(np.int32)], 255)
        large = cv2.resize(mask, face.size, interpolation=cv2.INTER_AREA)
        self.mask = cv2.GaussianBlur(large, (0, 0), 0.006 * face.iod).astype(np.float32) / 255
        self.centre, reach = outline.mean(axis=0), np.multiply(margin, face.iod)
        first = np.clip((self.centre - reach) // STEP, 0, None).astype(int)
        last = np.clip((self.centre + reach) // STEP + 1, None, np.array(face.size) // STEP).astype(int)
        self._nodes = np.s_[first[1] : last[1], first[0] : last[0]]
        self.window = np.s_[first[1] * STEP : last[1] * STEP, first[0] * STEP : last[0] * STEP]
        self._places = face.pixels[self.window]

    def at(self, displacement: np.ndarray) -> np.ndarray:
        """A displacement at the nodes, as absolute places of the window's pixels, (h, w, 2) float32 px."""
        inside = displacement[self._nodes]
        return self._places + cv2.resize(inside, self._places.shape[1::-1], interpolation=cv2.INTER_LINEAR)

    def lower(self, x: np.ndarray) -> np.ndarray:
        """Height of the lower border, px."""
        return np.interp(x, self._lower[:, 0], self._lower[:, 1])

    def before_blink(self, places: np.ndarray, closed: float) -> np.ndarray:
        """The y at rest of skin at ``places``, with the upper lid moved down by ``closed`` of the way.

        Down a column lie the fold, skin that unrolls, lashes that keep their shape, the opening, the lower lid.
        """
        x, y = places[..., 0], places[..., 1]
        lid, floor = np.interp(x, self._upper[:, 0], self._upper[:, 1]), self.lower(x)
        height = np.maximum(floor - lid, 0)
        down = closed * height
        fold, lashes = lid - FOLD * self._iod, lid - LASHES * self._iod
        unrolled = fold + (y - fold) * (lashes - fold) / (lashes + down - fold)
        opening = lid + (y - lid - down) * height / np.maximum(height - down, 1e-6)
        return np.select([y < fold, y < lashes + down, y < lid + down, y < floor], [y, unrolled, y - down, opening], y)

    def after_blink(self, places: np.ndarray, closed: float) -> np.ndarray:
        """The y to which a lid moved down by ``closed`` of the way brings skin that was at ``places``."""
        x, y = places[..., 0], places[..., 1]
        lid, floor = np.interp(x, self._upper[:, 0], self._upper[:, 1]), self.lower(x)
        down = closed * np.maximum(floor - lid, 0)
        fold, lashes = lid - FOLD * self._iod, lid - LASHES * self._iod
        unrolled = fold + (y - fold) * (lashes + down - fold) / (lashes - fold)
        opening = floor - (floor - y) * (1 - closed)
        return np.select([y < fold, y < lashes, y < lid, y < floor], [y, unrolled, y + down, opening], y)


def undo(forward: np.ndarray, step: int, start: np.ndarray | None = None) -> np.ndarray:
    """Where what is now at node + ``start`` was before ``forward`` moved it, less the node: (h, w, 2) float32 px.

    Solves d = start - forward(node + d), damped: opening lips pull apart harder than the plain iteration bears.

    Parameters
    ----------
    forward : ndarray of shape (h, w, 2), float32
        Displacement at nodes ``step`` px apart, px.
    step : int
    start : ndarray of shape (h, w, 2), float32, optional
        Zero when not given.
    """
    start = np.zeros_like(forward) if start is None else start
    if not forward.any():
        return start
    nodes = np.stack(np.meshgrid(*map(np.arange, forward.shape[1::-1])), axis=-1).astype(np.float32)
    d = start
    for _ in range(15):
        error = start - _sample(forward, nodes + d / step) - d
        d = d + 0.7 * error
        if np.abs(error).max() < 0.03:
            break
    return d


def squeeze(displacement: np.ndarray, step: int) -> float:
    """How much skin shortens where it shortens most: 0 not at all; from 1 on it would fold over itself.

    Parameters
    ----------
    displacement : ndarray of shape (h, w, 2)
        At nodes ``step`` px apart, px.
    step : int
    """
    (xy, xx), (yy, yx) = (np.gradient(component, step) for component in np.moveaxis(displacement, -1, 0))
    smaller = (xx + yy) / 2 - np.hypot((xx - yy) / 2, (xy + yx) / 2)  # eigenvalue of the strain
    return float(-smaller.min())


def _enlarged(image: np.ndarray, scale: float, shift: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The part of a portrait that fills the picture, and a faint grain for the pores that an enlarged skin lacks."""
    if scale < 1:
        image = cv2.GaussianBlur(image, (0, 0), 0.5 * np.sqrt(1 / scale**2 - 1) + 1e-3)
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    large = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT_101)
    sharp = 1.5 * large.astype(np.float32) - 0.5 * cv2.GaussianBlur(large, (0, 0), max(scale, 1.0))
    grain = np.random.default_rng(0).standard_normal(sharp.shape[:2]).astype(np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), 0.8)
    return np.clip(np.rint(sharp + (1.5 / grain.std() * grain)[..., None]), 0, 255).astype(np.uint8)


def _sample(image: np.ndarray, places: np.ndarray) -> np.ndarray:
    """An image at ``places`` (h, w, 2), bilinear, to 1/32 px: in the form of a map in which OpenCV is quickest."""
    whole, part = cv2.convertMaps(places.astype(np.float32, copy=False), np.empty(0), cv2.CV_16SC2)
    return cv2.remap(image, whole, part, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def _at_nodes(field: np.ndarray, places: np.ndarray) -> np.ndarray:
    """A field known at the nodes (h, w, 2), at ``places`` (H, W, 2) px."""
    return cv2.remap(field, (places - 1.5) / STEP, np.empty(0), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def ease(x: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, without corners (minimum jerk) in between."""
    t = np.clip(x, 0, 1)
    return np.asarray(t**3 * (10 - 15 * t + 6 * t**2))
