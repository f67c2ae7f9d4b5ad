"""A camera watched in a process of its own: frames in, what each shows and what was found out, a recording if it is wanted.

Two sources: the browser, which sends its camera's frames as JPEG, and a camera of this machine. In both cases a page asks, and is answered
when the frames that are there have been measured. What comes meanwhile waits, a few frames of it, evenly taken: a slow machine then sees
fewer frames, but no holes between them, which would end a stretch. What is dropped is counted there. So nothing queues up without
end, and what is shown is never older than a moment.
"""

from __future__ import annotations

import queue
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..errors import FleetingError, MediaError
from ..faces.landmarks import to_ibug68
from ..faces.regions import REGIONS
from ..faces.signals import COLUMNS, Crowd, Detector
from ..media import Frame, open_media, write_video
from .film import jpeg

LOOK_S = 0.2  # how often the spotter is asked; less often where that takes more than a third of the time
ALONE_S = 10.0  # without a question, after which nobody is there any more
WAITING = 6  # frames of a machine's camera that wait to be measured
LINE = 60  # frames that wait for the disk
NOMINAL_FPS = 30.0
_AT = np.array([[COLUMNS.index(f"{region}_{axis}") for axis in "xy"] for region in REGIONS])

Sent = list[tuple[float, bytes]]  # time in s and JPEG of each frame


def watch(pipe: Connection, camera: int | str | None, spotter: str, recording: str | None) -> None:
    """What the process does, until it is told to end or nobody asks any more.

    Parameters
    ----------
    pipe : Connection
        It first says ``("ready", about)``. Each list of frames that comes (empty, where a machine's camera gives them) is answered by
        ``("seen", results)``, and None, which ends it, by ``("ended", results)``. What goes wrong is ``("failed", text)``.
    camera : int or str or None
        A camera of this machine, as :class:`MachineCamera` takes it; None: the browser's.
    spotter : str
        As :func:`fleeting.spotting.load_spotter` takes it.
    recording : str or None
        Path of a video file to make of the frames.
    """

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the server
    said: list[str] = []
    warnings.showwarning = lambda message, *_: said.append(str(message))
    source: MachineCamera | None = None
    recorder: Recorder | None = None
    try:
        from threadpoolctl import threadpool_limits

        from ..analysis.analyze import face_model
        from ..faces.mesh import FaceMesh, HaarFaces
        from ..spotting import load_spotter

        source = MachineCamera(camera) if camera is not None else None
        path = face_model()
        eye = Eye(FaceMesh(path) if path else HaarFaces(), load_spotter(spotter))
        recorder = Recorder(Path(recording)) if recording else None
        with threadpool_limits(1, "blas"):
            pipe.send(("ready", {"regions": REGIONS, "notes": said}))
            shape: tuple[int, ...] = ()
            while pipe.poll(ALONE_S):
                message: Sent | None = pipe.recv()
                frames = source.frames() if source and message is not None else _decoded(message or [])
                results: dict[str, Any] = {"frames": [], "events": []}
                last = None
                for frame in frames:
                    if frame.image.shape != (shape := shape or frame.image.shape):
                        raise MediaError("The camera's pictures have changed their size. Begin again.")
                    if frame.time <= eye.time:
                        continue
                    if recorder:
                        recorder.put(frame)
                    last = frame
                    results["frames"].append(eye.step(frame))
                    results["events"] += eye.look()
                if message is None:
                    results["events"] += eye.look(ended=True)
                    results["recording"] = recorder.close() if recorder else None
                    pipe.send(("ended", results))
                    return
                if source and last:
                    results |= {"picture": jpeg(last.image, 80), "dropped": source.dropped, "age_s": round(source.now() - last.time, 4)}
                pipe.send(("seen", results))
    except FleetingError as error:
        pipe.send(("failed", str(error)))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        pass  # the server is gone, or wants this to end
    except Exception as error:  # a fault of ours: named, so that it can be told
        pipe.send(("failed", f"{type(error).__name__}: {error}. This is a fault of Fleeting; please report it."))
    finally:
        if recorder:
            recorder.close()
        if source:
            source.close()


class Eye:
    """One face, measured and spotted as frames come.

    Parameters
    ----------
    detector : FaceMesh or HaarFaces
    spotter : object
        As :class:`fleeting.spotting.live.LiveSpotter` takes it.
    """

    def __init__(self, detector: Detector, spotter: Any):
        from ..spotting.live import LiveSpotter

        self._crowd, self._worker, self._spotter = Crowd(detector, "largest"), ThreadPoolExecutor(1), LiveSpotter(spotter)
        self.time = self._next_look = -np.inf

    def step(self, frame: Frame) -> dict[str, Any]:
        """What a frame shows: its ``time``; of a face its ``points``, and how far each of its ``regions`` is from its place, %."""
        rows = self._crowd.step(frame, self._worker)
        self._spotter.push(frame.time, rows)
        self.time = frame.time
        shown: dict[str, Any] = {"time": round(frame.time, 4)}
        for number, values in rows.items():
            face = next(person.face for person in self._crowd.people if person.number == number)
            shown |= {"points": to_ibug68(face.points).round(1).tolist(), "regions": np.hypot(*values[_AT].T).round(3).tolist()}
        return shown

    def look(self, ended: bool = False) -> list[dict[str, Any]]:
        """Events that are new or were looked at again, if it is time to look."""
        if not ended and self.time < self._next_look - 1e-3:
            return []
        begun = time.perf_counter()
        told = [asdict(each) for each in self._spotter.look(ended)]
        soon = min(self.time + LOOK_S, self._spotter.due)  # what is held back for being too fresh is told as soon as it may be
        self._next_look = max(soon, self.time + 3 * (time.perf_counter() - begun))
        return [{key: _plain(value) for key, value in each.items()} for each in told]


class MachineCamera:
    """A camera of this machine, read in a thread of its own: a few of the frames since it was asked last, evenly taken.

    Parameters
    ----------
    source : int or str
        Its number. (Any other source of :func:`fleeting.media.open_media` is shown as fast as it can be read.)
    """

    def __init__(self, source: int | str):
        self._media = open_media(source)
        self._line: list[Frame] = []
        self._taken = 0.0  # time of the last frame that was asked for
        self._more = threading.Condition()
        self._failure: FleetingError | None = None
        self._ended = False
        self.dropped = 0
        self._began = 0.0
        self._thread = threading.Thread(target=self._read, name="fleeting-camera", daemon=True)
        self._thread.start()

    def frames(self) -> list[Frame]:
        """Those that wait; if none does, the next one. MediaError where there will be no more."""
        with self._more:
            self._more.wait_for(lambda: self._line or self._ended, timeout=ALONE_S / 2)
            if not self._line and self._ended:
                raise self._failure or MediaError(f"{self._media.path} gives no more pictures.")
            waiting, self._line = self._line, []
            self._taken = waiting[-1].time if waiting else self._taken
        return waiting

    def now(self) -> float:
        """The present as its frames' timestamps have it, s."""
        return time.monotonic() - self._began

    def close(self) -> None:
        """Let go of the camera."""
        self._media.close()

    def _read(self) -> None:
        try:
            for frame in self._media:
                with self._more:
                    self._began = self._began or time.monotonic() - frame.time
                    if len(self._line) == WAITING:
                        del self._line[_needless([self._taken, *(each.time for each in self._line), frame.time])]
                        self.dropped += 1
                    self._line.append(frame)
                    self._more.notify()
        except FleetingError as error:
            self._failure = error
        finally:
            with self._more:
                self._ended = True
                self._more.notify()


class Recorder:
    """A video file made, in a thread of its own, of the frames that are put in: whole once it is closed, or not there.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path):
        self.path = path
        self._line: queue.Queue[Frame | None] = queue.Queue(LINE)
        self._count, self._failure = 0, ""
        self._thread = threading.Thread(target=self._write, name="fleeting-recorder")
        self._thread.start()

    def put(self, frame: Frame | None) -> None:
        """Take a frame in. Waits where the disk does not keep up, so that no frame is missing that was measured."""
        self._count += frame is not None
        while self._thread.is_alive():
            with suppress(queue.Full):
                return self._line.put(frame, timeout=0.1)
        return None

    def close(self) -> dict[str, Any]:
        """How it ended: the file's ``name``, None where there is none; how many ``frames``; and why it ``failed``, if it did."""
        self.put(None)
        self._thread.join()
        return {"name": self.path.name if self.path.exists() else None, "frames": self._count, "failed": self._failure}

    def _write(self) -> None:
        try:
            if first := self._line.get():
                write_video(self.path, self._frames(first), NOMINAL_FPS)
        except FleetingError as error:
            self._failure = str(error)

    def _frames(self, first: Frame) -> Iterator[Frame]:
        frame: Frame | None = first
        while frame:
            yield frame
            frame = self._line.get()


def _needless(times: list[float]) -> int:
    """Which of the frames between the first and the last of these times leaves the smallest gap: 0 for the second time, and so on."""
    return int(np.argmin([after - before for before, after in zip(times, times[2:], strict=False)]))


def _decoded(sent: Sent) -> Iterator[Frame]:
    for index, (seconds, data) in enumerate(sent):
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
        if image is not None:
            yield Frame(index, seconds, image)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4) if np.isfinite(value) else None
    return value
