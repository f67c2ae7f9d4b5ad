"""The face as points: the 478-point mesh, its parts, and the map to the 68 and 66 iBUG points of the papers' descriptors.

"Right" is the subject's right, which is on the left of the image.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

# Corners of the eyes, mesh numbers: (outer, inner).
RIGHT_EYE = (33, 133)
LEFT_EYE = (263, 362)
# Lids, from the outer to the inner third; upper and lower points lie above each other.
RIGHT_LIDS = ((160, 159, 158), (144, 145, 153))
LEFT_LIDS = ((387, 386, 385), (373, 374, 380))
RIGHT_IRIS, LEFT_IRIS = 468, 473

# Mesh point nearest in meaning to each iBUG point, 0-based iBUG order. The jaw line is the mesh's face oval from ear to ear;
# the mesh has no point exactly where the annotators of 300-W clicked, so differences of a few per cent of the face are normal.
IBUG68 = (
    *(127, 234, 93, 132, 58, 172, 136, 150, 152, 379, 365, 397, 288, 361, 323, 454, 356),  # jaw 0-16, subject's right to left
    *(70, 63, 105, 66, 107),  # right brow 17-21, outer to inner
    *(336, 296, 334, 293, 300),  # left brow 22-26, inner to outer
    *(168, 197, 5, 4),  # nose bridge 27-30
    *(98, 97, 2, 326, 327),  # nostrils 31-35
    *(33, 160, 158, 133, 153, 144),  # right eye 36-41
    *(362, 385, 387, 263, 373, 380),  # left eye 42-47
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),  # outer lip 48-59
    *(78, 82, 13, 312, 308, 317, 14, 87),  # inner lip 60-67
)


@dataclass(frozen=True)
class Face:
    """One face in one picture.

    Attributes
    ----------
    box : tuple of float
        ``(x0, y0, x1, y1)`` in px.
    points : ndarray of shape (478, 3), float32
        Mesh points in px of the picture; x right, y down, z towards the scene (the nose tip is negative), same scale.
    presence : float
        How sure the network is that this is a human face, 0 to 1.
    """

    box: tuple[float, float, float, float]
    points: np.ndarray
    presence: float

    @property
    def iod(self) -> float:
        """Distance between the centres of the eyes in px, measured in three dimensions so that a turned head keeps it."""
        return float(np.linalg.norm(_centre(self.points, LEFT_EYE) - _centre(self.points, RIGHT_EYE)))

    @property
    def eyes(self) -> np.ndarray:
        """Centres of the right and the left eye, (2, 2) float32, px."""
        return np.stack([_centre(self.points, RIGHT_EYE), _centre(self.points, LEFT_EYE)])[:, :2]


def to_ibug68(points: np.ndarray) -> np.ndarray:
    """The 68 iBUG points (300-W markup) of a mesh, (68, 2) float32 px.

    Parameters
    ----------
    points : ndarray of shape (478, 2 or 3)
        Mesh points in px.
    """
    return np.asarray(points, np.float32)[list(IBUG68), :2]


def to_ibug66(points: np.ndarray) -> np.ndarray:
    """The 66 points of the DRMF tracker, (66, 2) float32 px: iBUG-68 without the inner mouth corners 60 and 64.

    References
    ----------
    Asthana, Zafeiriou, Cheng & Pantic (2013), CVPR.
    """
    return np.delete(to_ibug68(points), (60, 64), axis=0)


@cache
def mean_mesh() -> np.ndarray:
    """A frontal face in units of the eye distance, (478, 3) float32, origin between the eyes, x right, y down.

    The mean of two answers of the mesh network, to a grey picture (its idea of a face, lips closed) and to scikit-image's
    public-domain astronaut (who smiles), turned frontal and averaged with its mirror image. It stands in where no mesh can be had
    (coarse mode) and gives canonical coordinates.
    """
    with resources.files("fleeting.faces").joinpath("mean_mesh.csv").open(encoding="utf-8") as file:
        mesh = np.loadtxt(file, delimiter=",", dtype=np.float32)
    mesh.setflags(write=False)
    return mesh


def mean_face(middle: np.ndarray, iod: float, roll: float = 0.0, presence: float = 1.0) -> Face:
    """The mean face laid where a face is known to be.

    Parameters
    ----------
    middle : ndarray of shape (2,)
        The point between the eyes, px.
    iod : float
        Distance of the eyes, px.
    roll : float, default=0
        Degrees, clockwise as seen on screen.
    presence : float, default=1
    """
    c, s = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    points = (mean_mesh() * iod) @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]], np.float32)
    points = (points + np.array([*middle, 0])).astype(np.float32)
    (x0, y0), (x1, y1) = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    return Face((float(x0), float(y0), float(x1), float(y1)), points, presence)


def eye_openness(points: np.ndarray) -> np.ndarray:
    """Lid distance over eye width of the right and the left eye, (2,) float: about .3 open, below .15 closed."""
    ratios = []
    for (outer, inner), (upper, lower) in ((RIGHT_EYE, RIGHT_LIDS), (LEFT_EYE, LEFT_LIDS)):
        lids = np.linalg.norm(points[list(upper)] - points[list(lower)], axis=1).mean()
        ratios.append(lids / max(float(np.linalg.norm(points[outer] - points[inner])), 1e-6))
    return np.array(ratios)


def gaze(points: np.ndarray) -> np.ndarray:
    """Iris centre relative to the middle between the eye corners, over eye width, mean of both eyes: (2,) float, x right, y down."""
    offsets = []
    for corners, iris in ((RIGHT_EYE, RIGHT_IRIS), (LEFT_EYE, LEFT_IRIS)):
        width = float(np.linalg.norm(points[corners[0]] - points[corners[1]]))
        offsets.append((points[iris, :2] - _centre(points, corners)[:2]) / max(width, 1e-6))
    return np.mean(offsets, axis=0)


def mouth_openness(points: np.ndarray) -> float:
    """Distance between the inner lips over the distance of the eyes: 0 closed, about .3 wide open."""
    eyes = np.linalg.norm(_centre(points, LEFT_EYE) - _centre(points, RIGHT_EYE))
    return float(np.linalg.norm(points[13] - points[14]) / max(float(eyes), 1e-6))


def pose(points: np.ndarray) -> np.ndarray:
    """Roll, yaw and pitch of the head in degrees, (3,) float; all 0 when upright and frontal.

    Roll is positive clockwise as seen on screen, yaw when the face turns to the image's right, pitch when it looks down.
    """
    across = _centre(points, LEFT_EYE) - _centre(points, RIGHT_EYE)
    down = points[152] - points[10]  # forehead to chin
    roll = np.arctan2(across[1], across[0])
    yaw = np.arctan2(across[2], np.hypot(across[0], across[1]))
    pitch = np.arctan2(down[2], np.hypot(down[0], down[1]))
    return np.degrees([roll, yaw, pitch])


def _centre(points: np.ndarray, corners: tuple[int, int]) -> np.ndarray:
    return points[list(corners)].mean(axis=0)
