"""Faces in a picture: MediaPipe's detector and 478-point mesh, run by OpenCV; the mesh by LiteRT, where that is installed.

References
----------
Bazarevsky et al. (2019), BlazeFace, arXiv:1907.05047. Kartynnik et al. (2019), Real-time facial surface geometry, arXiv:1907.06724.
Crop geometry (square of 1.5 times the box, eyes level) as MediaPipe publishes it; the refining second pass is ours.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from . import model_file
from .landmarks import Face, mean_face

INPUT, MESH_INPUT = 128, 256
MARGIN = 1.5
SAME = 0.5  # eye distances between the eyes that the detector sees and a known face's, up to which they are one


def mesh_network(model: bytes) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """What takes a crop, (256, 256, 3) uint8 RGB, to presence (before the sigmoid) and points (1434 float32, px of the crop).

    LiteRT (``pip install "fleeting[fast]"``) takes a little more than half the time of OpenCV; points differ by about 1e-4 px.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        net = cv2.dnn.readNetFromTFLite(np.frombuffer(model, np.uint8))

        def by_opencv(crop: np.ndarray) -> tuple[float, np.ndarray]:
            net.setInput(cv2.dnn.blobFromImage(crop) / np.float32(255))
            presence, points = net.forward(["Identity_1", "Identity"])
            return float(presence.ravel()[0]), points.ravel()

        return by_opencv
    with _no_stderr():  # it says by which means it computes
        lite = Interpreter(model_content=model, num_threads=1)
        lite.allocate_tensors()
    (given,), answers = lite.get_input_details(), {each["name"]: each["index"] for each in lite.get_output_details()}

    def by_litert(crop: np.ndarray) -> tuple[float, np.ndarray]:
        lite.set_tensor(given["index"], crop[None] / np.float32(255))
        lite.invoke()
        return float(lite.get_tensor(answers["Identity_1"]).ravel()[0]), lite.get_tensor(answers["Identity"]).ravel()

    return by_litert


@contextmanager
def _no_stderr() -> Iterator[None]:
    """What libraries write to the terminal past Python is not shown."""
    try:
        kept = os.dup(2)
    except OSError:  # there is none, as under a program with windows
        yield
        return
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


class FaceMesh:
    """Finds faces and lays the 478-point mesh on them.

    Parameters
    ----------
    path : Path, optional
        The model file; looked for as :func:`fleeting.faces.model_file.find` does when not given.
    min_score : float, default=0.5
        Detector score from which a box is tried.
    min_presence : float, default=0.6
        Mesh presence from which a box counts as a human face. Drawn faces pass the detector but rarely this.
    """

    looks_hz, lays_mesh = 30.0, True

    def __init__(self, path: Path | None = None, min_score: float = 0.5, min_presence: float = 0.6):
        networks = model_file.read_networks(path or model_file.find() or model_file.fetch())
        self._detector = cv2.dnn.readNetFromTFLite(np.frombuffer(networks["face_detector"], np.uint8))
        self._mesh = mesh_network(networks["face_landmarks_detector"])
        self._anchors = _anchors()
        self.min_score = min_score
        self.min_presence = min_presence

    def detect(self, image: np.ndarray, known: Sequence[Face] = ()) -> list[Face]:
        """The faces of a picture, largest first.

        The detector sees faces down to about a tenth of the picture; only where it sees none are overlapping parts of the picture searched,
        so a small face beside a large one can be missed.

        Parameters
        ----------
        image : ndarray of shape (H, W, 3), uint8 RGB
        known : sequence of Face
            Faces that are being followed: one of them that is seen is given back as it is, which spares two meshes.

        Returns
        -------
        list of Face
            Only those whose mesh says that a human face is present.
        """
        whole = self._faces(image, self._boxes(image, 0, 0), known)
        return whole or self._faces(image, [box for x, y, tile in _tiles(image) for box in self._boxes(tile, x, y)], known)

    def _faces(self, image: np.ndarray, boxes: list[tuple[float, np.ndarray, np.ndarray]], known: Sequence[Face]) -> list[Face]:
        faces: list[Face] = []
        for box, eyes in _suppress(boxes):
            apart = [(float(np.linalg.norm(face.eyes.mean(axis=0) - eyes.mean(axis=0))) / face.iod, i) for i, face in enumerate(known)]
            nearest, i = min(apart, default=(np.inf, -1))
            if nearest < SAME:
                if all(face is not known[i] for face in faces):
                    faces.append(known[i])
                continue
            face = self._fit(image, _square(box, eyes))
            # Each pass starts from better eyes; a small face needs one more.
            for _ in range(1 if face.iod > 50 else 2):
                if face.presence >= 0.3:
                    face = self.refine(image, face)
            if face.presence >= self.min_presence and not any(_overlap(face.box, other.box) > 0.5 for other in faces):
                faces.append(face)
        return sorted(faces, key=lambda face: -(face.box[2] - face.box[0]) * (face.box[3] - face.box[1]))

    def refine(self, image: np.ndarray, face: Face) -> Face:
        """The mesh fitted anew around a known face, which may have moved a little or be from a frame before."""
        return self._fit(image, _square(face.box, face.eyes))

    def _fit(self, image: np.ndarray, square: np.ndarray) -> Face:
        """Mesh in the rotated square whose (3, 2) corners are top left, top right, bottom left."""
        size = MESH_INPUT - 1
        to_crop = cv2.getAffineTransform(square, np.array([[0, 0], [size, 0], [0, size]], np.float32))
        crop = cv2.warpAffine(image, to_crop, (MESH_INPUT, MESH_INPUT), flags=cv2.INTER_LINEAR)
        presence, points = self._mesh(crop)
        mesh = points.reshape(478, 3).astype(np.float32)  # px of the crop
        back = cv2.invertAffineTransform(to_crop).astype(np.float32)
        scale = float(np.hypot(back[0, 0], back[1, 0]))
        out = np.empty_like(mesh)
        out[:, :2] = mesh[:, :2] @ back[:, :2].T + back[:, 2]
        out[:, 2] = mesh[:, 2] * scale
        (x0, y0), (x1, y1) = out[:, :2].min(axis=0), out[:, :2].max(axis=0)
        return Face((float(x0), float(y0), float(x1), float(y1)), out, _sigmoid(presence))

    def _boxes(self, image: np.ndarray, left: int, top: int) -> list[tuple[float, np.ndarray, np.ndarray]]:
        """Detections as (score, box (4,), eyes (2, 2)) in px of the whole picture, best first."""
        height, width = image.shape[:2]
        side = max(height, width)
        scale = INPUT / side
        small = cv2.resize(image, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)
        canvas = np.zeros((INPUT, INPUT, 3), np.float32)
        y, x = (INPUT - small.shape[0]) // 2, (INPUT - small.shape[1]) // 2
        canvas[y : y + small.shape[0], x : x + small.shape[1]] = small
        self._detector.setInput((canvas / 127.5 - 1).transpose(2, 0, 1)[None])
        scores, boxes = self._detector.forward(["classificators", "regressors"])
        score = 1 / (1 + np.exp(-np.clip(scores.ravel(), -80, 80)))
        keep = np.flatnonzero(score >= self.min_score)
        raw = boxes.reshape(-1, 16)[keep] / INPUT  # cx cy w h, then six points
        centre = raw[:, :2] + self._anchors[keep]
        corner = np.concatenate([centre - raw[:, 2:4] / 2, centre + raw[:, 2:4] / 2], axis=1).reshape(-1, 2, 2)
        eyes = raw[:, 4:8].reshape(-1, 2, 2) + self._anchors[keep][:, None]
        origin, unit = np.array([x, y]) / INPUT, INPUT / scale
        shift = np.array([left, top])
        corner, eyes = (corner - origin) * unit + shift, (eyes - origin) * unit + shift
        return [(float(score[k]), corner[i].reshape(4), eyes[i].astype(np.float32)) for i, k in enumerate(keep)]


class HaarFaces:
    """Finds faces by OpenCV's own Haar cascade and lays the mean face into the box: the coarse mode, when the model file is missing.

    The points are a guess good to about a tenth of the face. Blinks and gaze are not seen.
    """

    looks_hz, lays_mesh = 4.0, False

    def __init__(self) -> None:
        self._cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"))

    def detect(self, image: np.ndarray, known: Sequence[Face] = ()) -> list[Face]:
        """All frontal faces of a picture, largest first; ``known`` ones are found anew like the others."""
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        least = max(24, min(grey.shape) // 8)
        found = self._cascade.detectMultiScale(grey, 1.1, 6, minSize=(least, least))
        faces = [self._face(*map(float, box)) for box in found]
        return sorted(faces, key=lambda face: -face.iod)

    def refine(self, image: np.ndarray, face: Face) -> Face:
        """The detection nearest to a known face; presence 0 when there is none."""
        overlaps = [(_overlap(found.box, face.box), i, found) for i, found in enumerate(self.detect(image))]
        best = max(overlaps, default=(0.0, 0, face))
        return best[2] if best[0] > 0.2 else Face(face.box, face.points, 0.0)

    @staticmethod
    def _face(x: float, y: float, width: float, height: float) -> Face:
        # A Haar box holds the eyes at .38 of its height, .42 of its width apart.
        return mean_face(np.array([x + width / 2, y + 0.38 * height]), 0.42 * width)


def _anchors() -> np.ndarray:
    """Centres of the detector's 896 anchors in units of its input: two a cell at stride 8, six a cell at stride 16."""
    centres = []
    for cells, repeat in ((16, 2), (8, 6)):
        y, x = np.mgrid[0:cells, 0:cells]
        grid = (np.stack([x.ravel(), y.ravel()], axis=1) + 0.5) / cells
        centres.append(np.repeat(grid, repeat, axis=0))
    return np.concatenate(centres)


def _tiles(image: np.ndarray) -> list[tuple[int, int, np.ndarray]]:
    """Overlapping squares of a large picture, in which a small face is large enough for the short-range detector."""
    height, width = image.shape[:2]
    if max(height, width) < 400:
        return []
    side = round(0.6 * min(height, width))

    def starts(length: int) -> np.ndarray:
        return np.linspace(0, length - side, int(np.ceil((length - side) / (side / 2))) + 1).astype(int)

    return [(x, y, image[y : y + side, x : x + side]) for y in starts(height) for x in starts(width)]


def _suppress(found: list[tuple[float, np.ndarray, np.ndarray]]) -> list[tuple[tuple[float, float, float, float], np.ndarray]]:
    """Boxes with their eyes, best first, those which overlap a better one removed."""
    kept: list[tuple[tuple[float, float, float, float], np.ndarray]] = []
    for _, corners, eyes in sorted(found, key=lambda item: -item[0]):
        x0, y0, x1, y1 = map(float, corners)
        if not any(_overlap((x0, y0, x1, y1), other) > 0.3 for other, _ in kept):
            kept.append(((x0, y0, x1, y1), eyes))
    return kept


def _square(box: tuple[float, float, float, float], eyes: np.ndarray) -> np.ndarray:
    """Top left, top right and bottom left corner, (3, 2) float32, of the square around a face that stands upright on the eyes."""
    x0, y0, x1, y1 = box
    side = MARGIN * max(x1 - x0, y1 - y0)
    across = (eyes[1] - eyes[0]) / max(float(np.linalg.norm(eyes[1] - eyes[0])), 1e-6)
    down = np.array([-across[1], across[0]])
    centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    corner = centre - (across + down) * side / 2
    return np.stack([corner, corner + across * side, corner + down * side]).astype(np.float32)


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    """Intersection over union of two boxes."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def _sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(x, -80, 80))))

