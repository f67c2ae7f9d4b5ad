"""People who do not exist: faces drawn from a seed, each with its mesh, or found in pictures of your own.

A face is the mean mesh bent into a shape of its own (jaw, chin, nose, lips, eyes, brows, forehead), shaded by its depth
under a light of its own, and painted: tone and unevenness of skin, pores, freckles, moles, folds, stubble, brows and hair
stroke by stroke. No photograph goes into it, so no licence and nobody's likeness. It looks like a drawing, and is one.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from ..errors import DatasetError, UsageError
from ..faces.landmarks import LEFT_IRIS, RIGHT_IRIS, mean_mesh
from ..media.pictures import PICTURES, read_picture
from .rendering import LEFT_OPENING, MOUTH_OPENING, RIGHT_OPENING, Portrait, ease

SIDE, IOD, EYES = 512, 70.0, (255.5, 235.0)  # of the drawing: px a side, eye distance, middle between the eyes
# Modes of shape: centre, reach, direction, standard deviation, in eye distances; what goes outwards does so on both sides.
_SHAPES = (
    ((0.85, 1.15), (0.40, 0.40), (1, 0), 0.06),  # jaw
    ((1.00, 0.40), (0.30, 0.50), (1, 0), 0.05),  # cheeks
    ((0.00, 1.60), (0.60, 0.30), (0, 1), 0.08),  # chin
    ((0.22, 0.56), (0.14, 0.14), (1, 0), 0.03),  # wings of the nose
    ((0.00, 0.55), (0.30, 0.20), (0, 1), 0.04),  # length of the nose
    ((0.00, 0.95), (0.60, 0.25), (0, 1), 0.03),  # height of the mouth
    ((0.45, 0.92), (0.20, 0.15), (1, 0), 0.04),  # width of the mouth
    ((0.45, 0.92), (0.15, 0.10), (0, 1), 0.02),  # corners of the mouth
    ((0.00, 0.81), (0.30, 0.07), (0, -1), 0.02),  # upper lip
    ((0.00, 1.10), (0.30, 0.08), (0, 1), 0.03),  # lower lip
    ((0.55, -0.32), (0.50, 0.13), (0, -1), 0.035),  # brows
    ((0.85, -0.25), (0.20, 0.15), (0, -1), 0.03),  # ends of the brows
    ((0.50, -0.06), (0.20, 0.05), (0, -1), 0.012),  # upper lids
    ((0.00, -0.80), (1.20, 0.25), (0, -1), 0.06),  # forehead
)
_TONES = ((242, 210, 188), (232, 190, 162), (214, 168, 136), (186, 138, 106), (150, 106, 80), (110, 74, 56), (84, 56, 44))
_HAIR = ((28, 22, 20), (45, 32, 26), (74, 50, 34), (112, 76, 46), (160, 122, 76), (150, 148, 146))
_IRIS = ((62, 40, 26), (84, 56, 34), (96, 84, 52), (84, 104, 118), (78, 112, 96))
# Mesh points, right side first: brows (upper and lower edge from the outer end), outer lips, rim of the face from the top.
_BROWS = (((70, 63, 105, 66, 107), (46, 53, 52, 65, 55)), ((300, 293, 334, 296, 336), (276, 283, 282, 295, 285)))
_LIPS = (
    (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146),
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95),
)
_RIM: tuple[int, ...] = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152)
_RIM += (148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
_FOLDS = ((129, 203, 206, 216), (358, 423, 426, 436))  # from the nose to beside the mouth


def drawn_face(seed: int | list[int] = 0) -> Portrait:
    """A face that a seed draws, at rest, 512 x 512 px, its eyes 70 px apart.

    Parameters
    ----------
    seed : int or list of int, default=0
        The same seed draws the same face.
    """
    rng = np.random.default_rng(seed)
    points = (face_shape(rng) * IOD + [*EYES, 0]).astype(np.float32)
    return Portrait(_Painter(points, rng).paint(), points)


def faces_in(folder: str | Path, how_many: int) -> list[Portrait]:
    """The faces in a folder of your own pictures, one a picture, in the order of their names.

    Faces should look at the camera, at rest, and be 100 px wide or more. They are found by the mesh network.

    Raises
    ------
    UsageError
        The folder holds fewer pictures than ``how_many``.
    DatasetError
        There is no such folder, or a picture shows no face.
    ModelFileError
        The face model file is not on this machine.
    """
    from ..faces.mesh import FaceMesh

    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise DatasetError(f"{folder} is no folder. Give one with a picture of a face for each subject.")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES and not path.name.startswith("."))
    if len(files) < how_many:
        raise UsageError(f"{folder} has {len(files)} pictures ({', '.join(PICTURES)}) for {how_many} subjects: add some, or take fewer.")
    mesh, out = FaceMesh(), []
    for file in files[:how_many]:
        image = read_picture(file)
        found = mesh.detect(image)
        if not found:
            raise DatasetError(f"No face is found in {file}. Take it out of the folder, or give a frontal, well-lit picture.")
        largest = max(found, key=lambda face: face.iod)
        out.append(Portrait(image, largest.points))
    return out


def face_shape(rng: np.random.Generator) -> np.ndarray:
    """The mesh of a face of its own, at rest, lips closed, (478, 3) float64: the mean mesh, bent, in the mean mesh's units."""
    mesh = mean_mesh().astype(np.float64)
    # The mean mouth stands open, for one of its two faces smiles: bring the lower lip and the chin up, corners down.
    mesh[:, 1] -= 0.075 * np.exp(-(((mesh[:, 1] - 1.08) / 0.14) ** 2)) * ease((mesh[:, 1] - 0.93) / 0.06)
    shape = mesh[:, :2].copy()
    for centre, reach, direction, spread in _SHAPES:
        away = (np.abs(mesh[:, 0]) - centre[0]) / reach[0], (mesh[:, 1] - centre[1]) / reach[1]
        hill = rng.normal(0, spread) * np.exp(-(away[0] ** 2 + away[1] ** 2) / 2)
        shape += hill[:, None] * np.column_stack([np.sign(mesh[:, 0]) * direction[0], np.full(len(mesh), direction[1])])
    knots = rng.uniform((-1, -0.8), (1, 1.6), (6, 2))  # no face is the same on both sides
    near = np.exp(-((shape[:, None] - knots) ** 2).sum(axis=2) / (2 * 0.4**2))
    shape += near @ rng.normal(0, 0.012, (6, 2))
    for upper, lower in zip(*MOUTH_OPENING, strict=True):
        if upper != lower:
            middle = (shape[upper, 1] + shape[lower, 1]) / 2
            shape[upper, 1], shape[lower, 1] = middle - 0.012, middle + 0.012
    mesh[:, :2] = shape * (1 + rng.normal(0, [0.02, 0.045]))
    mesh[:, 2] *= 1 + rng.normal(0, 0.1)
    return mesh


class _Painter:
    """Paints a face over its mesh, layer by layer, as floats of 0 to 255."""

    def __init__(self, points: np.ndarray, rng: np.random.Generator):
        self.points, self.rng = points, rng
        self.y, self.x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
        self.u, self.v = (self.x - EYES[0]) / IOD, (self.y - EYES[1]) / IOD
        tone = rng.uniform(0, len(_TONES) - 1)
        low = int(min(tone, len(_TONES) - 2))
        between = np.array(_TONES[low]) + (tone - low) * (np.array(_TONES[low + 1]) - _TONES[low])
        self.skin = between * (1 + rng.normal(0, 0.03, 3))
        dark = tone / (len(_TONES) - 1)
        self.hair = np.array(_HAIR[rng.choice(len(_HAIR), p=_share(len(_HAIR), 0.25 + 0.6 * (1 - dark)))]) * rng.uniform(0.8, 1.2)
        self.iris = np.array(_IRIS[rng.choice(len(_IRIS), p=_share(len(_IRIS), 0.15 + 0.75 * (1 - dark)))], float)
        self.age = rng.beta(1.5, 2.5)  # 0 smooth, 1 folded
        self.bearded = rng.random() < 0.3
        self.long = rng.random() < 0.4

    def paint(self) -> np.ndarray:
        """The picture, (H, W, 3) uint8 RGB."""
        face = self._soft(self.points[list(_RIM), :2], 2.5)
        image = self._background()
        _over(image, self._strands(0.9, vertical=True), self._hair_behind())
        neck = self._soft(self._at([(-0.72, 1.1), (0.72, 1.1), (0.85, 2.4), (-0.85, 2.4)]), 6)
        _over(image, 0.62 * self.skin, neck)
        body = self._soft(self._at([(-0.7, 2.15), (0.7, 2.15), (2.6, 2.75), (3, 5), (-3, 5), (-2.6, 2.75)]), 5)
        _over(image, self._clothes(), body)
        _over(image, self._skin_layer() * self._shading()[..., None], face)
        self._features(image)
        _over(image, self._strands(1.0, vertical=False), self._hair_in_front())
        exposure = (130 / image[face > 0.5].mean()) ** 0.5 * self.rng.uniform(0.9, 1.1)  # a camera meets a dark face half-way
        image *= (exposure * (1 + self.rng.normal(0, 0.025) * np.array([1, 0, -1]))).astype(np.float32)
        return np.clip(np.rint(cv2.GaussianBlur(image.astype(np.float32), (0, 0), 0.6)), 0, 255).astype(np.uint8)

    def _features(self, image: np.ndarray) -> None:
        for opening, iris in ((RIGHT_OPENING, RIGHT_IRIS), (LEFT_OPENING, LEFT_IRIS)):
            self._eye(image, opening, iris)
        self._mouth(image)
        for side in (-1, 1):  # nostrils
            spot = np.exp(-(((self.u - self._u(2) - 0.13 * side) / 0.06) ** 2 + ((self.v - self._v(2) + 0.03) / 0.03) ** 2))
            _over(image, 0.25 * self.skin, 0.85 * spot)
        for brow in _BROWS:
            self._brow(image, *brow)

    def _skin_layer(self) -> np.ndarray:
        """Colour of the skin under even light, (H, W, 3)."""
        rng, u, v = self.rng, self.u, self.v
        red = sum(
            weight * np.exp(-(((np.abs(u) - at) / wide) ** 2 + ((v - height) / tall) ** 2) / 2)
            for at, height, wide, tall, weight in ((0.7, 0.55, 0.25, 0.2, 1.0), (0, 0.5, 0.15, 0.15, 0.8), (0, 1.4, 0.25, 0.15, 0.4))
        )
        out = self.skin * (1 + rng.uniform(0.01, 0.07) * np.asarray(red)[..., None] * [0.6, -1, -1])
        blotches = sum(share * self._cloud(scale) for scale, share in ((40, 0.03), (14, 0.025), (5, 0.02)))
        pores = rng.uniform(0.02, 0.045) * (self._cloud(1.0) + 0.7 * self._cloud(2.0))
        out = out * (1 + np.asarray(blotches + pores)[..., None] * [0.8, 1.0, 1.1])
        spots = np.zeros((SIDE, SIDE), np.float32)
        freckled = rng.integers(60, 260) if rng.random() < 0.3 else rng.integers(4, 20)
        for at, height in rng.normal((0, 0.35), (0.5, 0.3), (freckled, 2)):
            self._dot(spots, at, height, rng.uniform(0.6, 1.4), rng.uniform(0.1, 0.4))
        for at, height in rng.uniform((-0.9, -0.6), (0.9, 1.5), (rng.integers(1, 6), 2)):
            self._dot(spots, at, height, rng.uniform(1.2, 2.2), rng.uniform(0.5, 0.9))
        out = out * (1 - 0.6 * cv2.GaussianBlur(spots, (0, 0), 0.7)[..., None] * [0.8, 1, 1])
        if self.bearded:
            chin = ease((v - 0.75 - 0.4 * (np.abs(u) < 0.1)) / 0.25) + np.exp(-(((v - 0.72) / 0.07) ** 2)) * (np.abs(u) < 0.5)
            hairs = np.clip(self._cloud(0.9) - 0.2, 0, 2) * rng.uniform(0.2, 0.5)
            _over(out, self.hair, np.clip(hairs * np.clip(chin, 0, 1) * (np.abs(u) < 1.1), 0, 0.9))
        return np.asarray(out)

    def _shading(self) -> np.ndarray:
        """Light on the relief of the mesh, and the folds of the skin, (H, W), about 1."""
        from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

        rng, step = self.rng, 4
        nodes = np.stack([self.x[::step, ::step], self.y[::step, ::step]], axis=-1).reshape(-1, 2)
        xy, z = self.points[:, :2], self.points[:, 2]
        depth = LinearNDInterpolator(xy, z)(nodes)
        outside = np.isnan(depth)
        depth[outside] = NearestNDInterpolator(xy, z)(nodes[outside])
        relief = cv2.GaussianBlur(depth.reshape(SIDE // step, -1).astype(np.float32), (0, 0), 0.05 * IOD / step)
        relief = cv2.resize(relief, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        relief = cv2.GaussianBlur(relief, (0, 0), 0.03 * IOD)
        dy, dx = np.gradient(relief)
        normal = np.stack([dx, dy, np.ones_like(dx)], axis=-1)  # towards the camera
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        light = np.array([rng.normal(0, 0.45), -rng.uniform(0.1, 0.7), 1.0])
        light /= np.linalg.norm(light)
        diffuse, ambient = np.clip(normal @ light, 0, None), rng.uniform(0.35, 0.6)
        half = light + np.array([0, 0, 1])
        gloss = rng.uniform(0.02, 0.14) * np.clip(normal @ (half / np.linalg.norm(half)), 0, None) ** rng.uniform(12, 40)
        return np.asarray((ambient + (1 - ambient) * diffuse + gloss) * (1 - self._folds()))

    def _folds(self) -> np.ndarray:
        """How much the folds of the skin darken it, (H, W), 0 to about .4."""
        out = np.zeros((SIDE, SIDE), np.float32)
        for fold in _FOLDS:
            self._stroke(out, self.points[list(fold), :2], 2, 0.15 + 0.5 * self.age)
        for level in self.rng.uniform(-0.72, -0.5, 4):  # forehead
            across = np.linspace(-0.6, 0.6, 9)
            bent = level - 0.05 * (across / 0.6) ** 2 + self.rng.normal(0, 0.008, 9)
            self._stroke(out, self._at(np.column_stack([across, bent])), 1, 0.5 * self.age * self.rng.random())
        for side in (-1, 1):
            for turn in (-0.35, 0.0, 0.35):  # beside the eyes
                start = np.array([side * 0.8, -0.01])
                path = start + np.linspace(0, 0.2, 4)[:, None] * [side * np.cos(turn), np.sin(turn)]
                self._stroke(out, self._at(path), 1, 0.5 * self.age * self.rng.random())
            below = [(side * at, 0.17 + 0.05 * np.sin(np.pi * (at - 0.25) / 0.5)) for at in np.linspace(0.25, 0.75, 7)]
            self._stroke(out, self._at(below), 2, 0.12 + 0.4 * self.age)
            wing = [(side * 0.2, 0.42), (side * 0.29, 0.5), (side * 0.28, 0.6)]
            self._stroke(out, self._at(wing), 2, 0.4)
        return 0.4 * cv2.GaussianBlur(out, (0, 0), 1.2)

    def _eye(self, image: np.ndarray, opening: tuple[tuple[int, ...], ...], iris: int) -> None:
        upper, lower = (self.points[list(border), :2] for border in opening)
        line, lashes = np.zeros((2, SIDE, SIDE), np.float32)
        self._stroke(line, upper - [0, 0.085 * IOD], 2, 0.7)
        _over(image, 0.5 * self.skin, 0.6 * cv2.GaussianBlur(line, (0, 0), 1.2))
        x0, y0 = (self.points[iris, :2] - 0.5 * IOD).astype(int)
        window = np.s_[y0 : y0 + int(IOD), x0 : x0 + int(IOD)]
        x, y = self.x[window], self.y[window]
        away, glint = (np.hypot(x - self.points[iris, 0] + off, y - self.points[iris, 1] + off) / IOD for off in (0, 0.03 * IOD))
        under_lid = ease((y - np.interp(x, *upper[upper[:, 0].argsort()].T)) / (0.07 * IOD))
        ball = np.array([226, 220, 214]) * (0.62 + 0.38 * under_lid)[..., None]
        ring = (0.75 + 0.5 * ease(away / 0.09) + 0.12 * self._cloud(1.5)[window]) * (1 - 0.5 * ease((away - 0.075) / 0.02))
        _over(ball, self.iris * ring[..., None], ease((0.096 - away) / 0.012))
        _over(ball, np.array([12.0, 10, 10]), ease((0.044 - away) / 0.012))
        _over(ball, np.array([250.0, 250, 250]), 0.9 * ease((0.022 - glint) / 0.012))
        _over(image[window], ball, self._soft(np.concatenate([upper, lower[::-1]]), 0.7)[window])
        self._stroke(lashes, upper, 3, 0.9)
        self._stroke(lashes, lower, 1, 0.45)
        _over(image, 0.35 * self.hair, cv2.GaussianBlur(lashes, (0, 0), 0.7))

    def _mouth(self, image: np.ndarray) -> None:
        outer, inner = (self.points[list(border), :2] for border in _LIPS)
        colour = self.skin * self.rng.uniform((0.8, 0.55, 0.55), (0.98, 0.72, 0.75))
        lips = colour * (1 + 0.04 * self._cloud(1.2, 3.0))[..., None]
        roundness = np.exp(-(((self.v - self._v(17) + 0.06) / 0.05) ** 2)) * 0.18 - 0.1 * (self.v < self._v(13))
        _over(image, lips * (1 + roundness)[..., None], 0.8 * self._soft(outer, 1.5))
        _over(image, np.array([52.0, 26, 24]), 0.9 * self._soft(inner, 0.7))

    def _brow(self, image: np.ndarray, upper: tuple[int, ...], lower: tuple[int, ...]) -> None:
        top, bottom = (self.points[list(edge), :2] for edge in (upper, lower))
        hairs = np.zeros((SIDE, SIDE), np.float32)
        outwards = np.sign(top[0, 0] - EYES[0])
        thick = self.rng.uniform(0.55, 1.0)
        for _ in range(int(self.rng.uniform(160, 320))):
            along, across = self.rng.random(), 0.5 + thick * (self.rng.random() - 0.5) * 0.9
            k = along * (len(top) - 1)
            i = min(int(k), len(top) - 2)
            high, low = (edge[i] + (k - i) * (edge[i + 1] - edge[i]) for edge in (top, bottom))
            root = high + across * (low - high)
            lean = self.rng.normal(0.5 + 0.9 * along, 0.25)
            tip = root + 0.09 * IOD * np.array([outwards * lean, 0.25 - across])
            self._stroke(hairs, np.stack([root, tip]), 1, self.rng.uniform(0.4, 0.9))
        _over(image, self.hair * 0.8, np.clip(cv2.GaussianBlur(hairs, (0, 0), 0.6) * 1.1, 0, 0.92))

    def _background(self) -> np.ndarray:
        colour = self.rng.uniform(60, 190) * (1 + self.rng.normal(0, 0.05, 3))
        slope = 1 + 0.12 * self.rng.normal() * self.u / 3.6 - 0.08 * self.v / 3.6
        return np.asarray(colour * (slope + 0.006 * self._cloud(1.0))[..., None])

    def _clothes(self) -> np.ndarray:
        colour = self.rng.uniform(40, 180) * (1 + self.rng.normal(0, 0.15, 3))
        return np.asarray(colour * (1 + 0.08 * self._cloud(1.2) + 0.05 * self._cloud(20))[..., None])

    def _strands(self, shade: float, vertical: bool) -> np.ndarray:
        lines = self._cloud(1.0, 14.0) if vertical else self._cloud(1.2, 6.0)
        return np.asarray(shade * self.hair * (1 + 0.22 * lines + 0.1 * self._cloud(12))[..., None])

    def _hair_behind(self) -> np.ndarray:
        head = ease((1.05 - np.hypot(self.u / 1.28, (self.v + 0.25) / 1.4)) / 0.08)
        fall = ease((1.35 - np.abs(self.u)) / 0.15) * ease((2.4 - self.v) / 0.3) * (self.v > -0.3)
        return np.maximum(head * (self.v < 0.6), fall) if self.long else head * ease((0.35 - self.v) / 0.2)

    def _hair_in_front(self) -> np.ndarray:
        """Hair above the forehead, and beside it where it is long."""
        line = self._v(10) + self.rng.uniform(-0.2, 0.06) + 0.16 * (self.u * self.rng.uniform(0.7, 1.1)) ** 2
        ragged = line + 0.035 * self._cloud(3.0)
        head = ease((1.05 - np.hypot(self.u / 1.26, (self.v + 0.25) / 1.38)) / 0.06)
        return np.asarray(head * ease((ragged - self.v) / 0.05))

    def _u(self, point: int) -> float:
        return float((self.points[point, 0] - EYES[0]) / IOD)

    def _v(self, point: int) -> float:
        return float((self.points[point, 1] - EYES[1]) / IOD)

    def _at(self, places: object) -> np.ndarray:
        """Eye distances as px."""
        return np.asarray(places, float) * IOD + EYES

    def _cloud(self, sigma: float, sigma_y: float | None = None) -> np.ndarray:
        """Smooth noise of standard deviation 1, (H, W) float32."""
        coarse = max(int(sigma // 3), 1)  # what is smooth can be drawn small
        grains = self.rng.standard_normal((SIDE // coarse + 1,) * 2, dtype=np.float32)
        cloud = cv2.GaussianBlur(grains, (0, 0), sigma / coarse, sigmaY=(sigma_y or sigma) / coarse)
        return np.asarray(cv2.resize(cloud / cloud.std(), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC))

    def _dot(self, layer: np.ndarray, at: float, height: float, radius: float, strength: float) -> None:
        x, y = self._at((at, height))
        cv2.circle(layer, (round(x * 16), round(y * 16)), round(radius * 16), strength, -1, cv2.LINE_AA, 4)

    @staticmethod
    def _stroke(layer: np.ndarray, path: np.ndarray, width: int, strength: float) -> None:
        cv2.polylines(layer, [np.rint(path * 16).astype(np.int32)], False, float(strength), width, cv2.LINE_AA, 4)

    @staticmethod
    def _soft(outline: np.ndarray, softness: float) -> np.ndarray:
        """A filled outline with soft edges, (H, W) float32, 0 to 1."""
        mask = np.zeros((SIDE, SIDE), np.float32)
        cv2.fillPoly(mask, [np.rint(outline * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
        return cv2.GaussianBlur(mask, (0, 0), softness)


def _over(image: np.ndarray, paint: np.ndarray, opacity: np.ndarray) -> None:
    """Paints on the image itself, only where there is anything to paint."""
    rows, columns = np.flatnonzero(opacity.max(axis=1) > 1e-3), np.flatnonzero(opacity.max(axis=0) > 1e-3)
    if len(rows):
        window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        paint = np.asarray(paint, np.float32)
        image[window] += opacity[window][..., None].astype(np.float32) * ((paint[window] if paint.ndim == 3 else paint) - image[window])


def _share(n: int, slope: float) -> np.ndarray:
    """Chances that fall by a factor from one to the next."""
    weights = slope ** np.arange(n)
    return np.asarray(weights / weights.sum())
