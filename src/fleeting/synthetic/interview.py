"""A synthetic interview: someone is filmed while something fleeting crosses the face, and the exact truth about it.

Nobody behaved like this. A public-domain portrait is moved (:mod:`.rendering`) by a script drawn from a seed: micro-
and macro-expressions, blinks, speech-like mouth motion, head movements; then the light flickers and the sensor adds
noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from ..errors import OutputError, UsageError
from ..whole import whole_file
from .rendering import FaceRenderer, Portrait, Pose, astronaut
from .script import COLUMNS, HEAD_EVENTS_PER_MIN, MACRO_S, MICRO_S, SPEECH_S, Script, drift, gaze_shifts, waves

HEAD_MOTION = ("smooth", "restless")

TITLE = "synthetic (Fleeting), not a real person's behaviour"
CRF = 12  # of H.264; 18, the usual value, freezes skin that hardly moves


@dataclass
class Interview:
    """A synthetic recording of one person, drawn frame by frame when asked for.

    Attributes
    ----------
    fps : float
    size : tuple of int
        Width and height, px.
    truth : DataFrame
        One row an event, by onset: ``onset apex offset`` (frames, 0-based, inclusive; in the onset and the offset frame
        the event's own motion is still, and again, zero), ``onset_s apex_s offset_s``, ``kind`` (micro, macro, blink,
        speech, head), ``emotion`` (negative, positive, surprise) and ``aus`` of micro and macro, else empty, and
        ``intensity``: the largest displacement of skin at the apex (of a lid's edge in a blink, of the tip of the nose
        when the head moves), % of the eye distance.
    aus, blink, gaze, head : ndarray of shape (T, A), (T, 2), (T, 2), (T, 6)
        The script, frame by frame, as :class:`.rendering.Pose` has it.
    light : ndarray of shape (T,)
        Factor on the brightness.
    noise : float
        Standard deviation of the sensor's noise at mid-grey, grey levels.
    seed : int
    renderer : FaceRenderer
        Draws the face; knows its mesh, its size in px and the fields of its action units.
    """

    fps: float
    size: tuple[int, int]
    truth: pd.DataFrame
    aus: np.ndarray
    blink: np.ndarray
    gaze: np.ndarray
    head: np.ndarray
    light: np.ndarray
    noise: float
    seed: int
    renderer: FaceRenderer = field(repr=False)

    def __len__(self) -> int:
        return len(self.light)

    @property
    def timestamps(self) -> np.ndarray:
        """Seconds since the first frame, (T,) float64."""
        return np.arange(len(self)) / self.fps

    def frames(self) -> Iterator[np.ndarray]:
        """The pictures, (H, W, 3) uint8 RGB, one by one; the same at each call."""
        camera = Camera(self.size, self.noise, np.random.default_rng([self.seed, 9]))

        def draw(k: int) -> np.ndarray:
            pose = Pose(self.aus[k], self.blink[k], self.gaze[k], self.head[k])
            return camera.expose(self.renderer.render(pose), float(self.light[k]))

        with ThreadPoolExecutor(1) as ahead:  # draws the next picture while this one is encoded
            coming = ahead.submit(draw, 0)
            for k in range(len(self)):
                picture = coming.result()
                if k + 1 < len(self):
                    coming = ahead.submit(draw, k + 1)
                yield picture

    def _told(self, progress: Callable[[int], None] | None) -> Iterator[np.ndarray]:
        for drawn, frame in enumerate(self.frames(), 1):
            yield frame
            if progress:
                progress(drawn)

    def write(
        self, path: str | Path, crf: int | None = CRF, *, repeatable: bool = False, progress: Callable[[int], None] | None = None
    ) -> Path:
        """Path of the video written (suffix .mp4, .mov, .mkv or .webm), beside it ``<stem>.truth.csv``.

        The file's title says that it is synthetic.

        Parameters
        ----------
        path : str or Path
            An existing file is replaced.
        crf : int or None, default=CRF (12)
            Compression, see :func:`fleeting.media.write_video`; None for its default, as .mkv needs. H.264 freezes
            skin that hardly moves: a smile of 3.7 % is seen 3 % smaller at 12, and 8 % smaller at the usual 18.
        repeatable : bool, default=False
            The same bytes each time, see :func:`fleeting.media.write_video`.
        progress : callable, optional
            Called with the number of frames drawn so far.
        """
        from ..media import write_video

        path = write_video(path, self._told(progress), self.fps, crf=crf, title=TITLE, repeatable=repeatable)
        table = self.truth.round({"onset_s": 6, "apex_s": 6, "offset_s": 6, "intensity": 3})
        try:
            with whole_file(path.with_name(f"{path.stem}.truth.csv")) as draft:
                table.to_csv(draft, index=False, lineterminator="\n")
        except OSError as error:
            raise OutputError(f"{path.stem}.truth.csv cannot be written to {path.parent}: {error.strerror}.") from error
        return path


def synthetic_interview(
    seed: int = 0,
    duration_s: float = 40.0,
    fps: float = 100.0,
    size: tuple[int, int] = (640, 480),
    *,
    events_per_min: float = 12.0,
    macro: bool = True,
    speech: bool = True,
    blinks_per_min: float = 15.0,
    gaze: float = 1.0,
    head: float = 1.0,
    head_motion: str = "smooth",
    noise: float = 1.8,
    flicker: float = 0.7,
    portrait: Portrait | None = None,
) -> Interview:
    """A synthetic recording whose every event is known: the demo, and the test bed of spotters.

    The same seed gives the same recording. Each ingredient draws from a stream of its own: turning one off moves others
    only where both wanted the same moment. Micro-expressions keep away from macro-expressions, speech and (if smooth)
    head movements, not from blinks. What finds no room in a short recording is left out; ``truth`` says what there is.

    Parameters
    ----------
    seed : int, default=0
        Another number, another interview.
    duration_s : float, default=40
        Seconds.
    fps : float, default=100
        Frames a second.
    size : tuple of int, default=(640, 480)
        Width and height, px, multiples of 8. The eye distance is .1875 of the height.
    events_per_min : float, default=12
        Micro-expressions a minute: .16-.5 s, 1.5-4 % of the eye distance at the apex, some on one side only.
    macro : bool, default=True
        Macro-expressions of .8-3 s and 6-15 %, one in 20 s.
    speech : bool, default=True
        Stretches of speech-like mouth motion, 1.5-4 s, 3-6 syllables a second, one in 40 s.
    blinks_per_min : float, default=15
        Blinks a minute.
    gaze : float, default=1
        Strength of gaze shifts; at 1 they move the irises by up to about 3 % of the eye distance.
    head : float, default=1
        Strength of head motion; 0 for none.
    head_motion : {"smooth", "restless"}, default="smooth"
        A slow drift with nods, shakes and tilts; or a random walk with jerks that may fall into any event.
        Spotters are tuned on the first only, and reported on both.
    noise : float, default=1.8
        Standard deviation of the sensor's noise at mid-grey, grey levels; it grows with the brightness.
    flicker : float, default=0.7
        Strength of the flicker of the lamps, % of the brightness; there is a slow drift of the same size.
    portrait : Portrait, optional
        Whose face; by default scikit-image's astronaut. She smiles: here that is the face at rest.

    Returns
    -------
    Interview
        Drawn when its frames are asked for.

    Raises
    ------
    UsageError
        An unknown ``head_motion``, a negative strength, a size that is not a multiple of 8, or less than three frames.

    Examples
    --------
    >>> from fleeting.synthetic.interview import synthetic_interview
    >>> next(synthetic_interview(duration_s=2).frames()).shape
    (480, 640, 3)
    """
    strengths = {"events_per_min": events_per_min, "blinks_per_min": blinks_per_min, "gaze": gaze, "head": head}
    _check(duration_s, fps, size, head_motion, {**strengths, "noise": noise, "flicker": flicker})
    count = round(duration_s * fps)
    time = np.arange(count) / fps
    face = FaceRenderer(portrait or astronaut(), size)
    streams = [np.random.default_rng([seed, k]) for k in range(8)]
    script = Script(face, count, fps)

    if speech:
        script.add("speech", _how_many(duration_s / 40), SPEECH_S, streams[1])
    if macro:
        script.add("macro", _how_many(duration_s / 20), MACRO_S, streams[2])
    moves = np.zeros((count, 6))
    if head and head_motion == "smooth":
        moves = script.add_head(_how_many(HEAD_EVENTS_PER_MIN * duration_s / 60), head, streams[3])
        moves += head * drift(time, streams[3])
    elif head:
        moves = script.add_restless(head, streams[3])
    script.add("micro", round(events_per_min * duration_s / 60), MICRO_S, streams[4])
    blink = script.add_blinks(blinks_per_min, streams[5])

    truth = pd.DataFrame(script.rows, columns=COLUMNS).sort_values(["onset", "offset"], ignore_index=True)
    light = lamps(time, flicker / 100, streams[6])
    irises = gaze * gaze_shifts(time, streams[7])
    return Interview(fps, size, truth, script.aus, blink, irises, moves, light, noise, seed, face)


class Camera:
    """Light and the sensor: brightness times ``light``, then noise whose variance grows with the brightness."""

    def __init__(self, size: tuple[int, int], noise: float, rng: np.random.Generator):
        self._rng = rng
        self._levels = np.arange(256, dtype=np.float32)
        self._sigma = (noise * np.sqrt((self._levels + 32) / 160)).astype(np.float32)
        # One sheet of noise, laid on each frame at another place and sign: fresh noise would take longer than the face.
        self._sheet = rng.standard_normal((size[1] + 256, size[0] + 256, 3), dtype=np.float32) if noise else None

    def expose(self, picture: np.ndarray, light: float) -> np.ndarray:
        """What the sensor gives, (H, W, 3) uint8."""
        bright = cv2.LUT(picture, self._levels * np.float32(light))
        if self._sheet is None:
            return np.clip(np.rint(bright), 0, 255).astype(np.uint8)
        (height, width), (y, x, sign) = picture.shape[:2], self._rng.integers(0, (256, 256, 2))
        sigma = cv2.LUT(picture, self._sigma * np.float32(2 * sign - 1))
        noise = cv2.multiply(sigma, self._sheet[y : y + height, x : x + width])
        return np.asarray(cv2.add(bright, noise, dtype=cv2.CV_8U))  # rounds and saturates


def lamps(time: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Brightness over time, (T,), about 1: lamps at twice a mains that is never quite 50 Hz, and a slow drift.

    At 100 frames a second the lamps show as a slow beat, at 30 as a flicker of 10 Hz, as with a real camera.
    """
    hz = 100 + rng.choice([-1, 1]) * rng.uniform(0.1, 0.5)
    flicker = np.sin(2 * np.pi * (hz * time + rng.random()))
    return np.asarray(1 + strength * (flicker + waves(time, (0.02, 0.1), 1, rng)[:, 0]))


def _how_many(expected: float) -> int:
    return max(1, round(expected))


def _check(duration_s: float, fps: float, size: tuple[int, int], head_motion: str, strengths: dict[str, float]) -> None:
    if head_motion not in HEAD_MOTION:
        raise UsageError(f"head_motion={head_motion!r} must be one of {', '.join(HEAD_MOTION)}.")
    if not (fps > 0 and duration_s > 0 and round(duration_s * fps) >= 3):
        raise UsageError(f"duration_s={duration_s} at fps={fps} gives less than the three frames an event needs.")
    if any(side < 64 or side % 8 for side in size):
        raise UsageError(f"size={size} must be two multiples of 8, each at least 64 px.")
    for name, value in strengths.items():
        if not 0 <= value < float("inf"):
            raise UsageError(f"{name}={value} must be a number from 0 on.")
