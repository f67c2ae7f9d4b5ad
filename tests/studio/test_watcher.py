"""A camera of the machine, watched: a recording stands in its place, as there is none where tests run."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from fleeting.errors import MediaError
from fleeting.faces.mesh import FaceMesh
from fleeting.media import Frame, open_media
from fleeting.spotting import FlowSpotter
from fleeting.studio.eye import WAITING, Eye, MachineCamera, Recorder
from fleeting.studio.library import Library
from fleeting.studio.watcher import Watcher


@pytest.fixture
def watcher(tmp_path):
    made = []

    def make(camera):
        made.append(Watcher(Library([tmp_path]), camera))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_a_camera_that_is_not_there_says_what_to_do(watcher):
    with pytest.raises(MediaError, match=r"Camera 99 gives no picture\. Is it plugged in"):
        watcher(99).begin(False)


def test_a_machines_camera_gives_its_newest_frames_and_counts_what_it_dropped(watcher, recording, face_model, tmp_path):
    camera = watcher(str(recording))
    begun = camera.begin(True)
    answers = []

    def watch_to_the_end():
        while True:
            answers.append(camera.ask(begun["session"], []))

    with pytest.raises(MediaError, match="gives no more pictures"):
        watch_to_the_end()
    for answer in answers:
        assert len(answer["frames"]) <= WAITING
        assert cv2.imdecode(np.frombuffer(answer["picture"], np.uint8), cv2.IMREAD_COLOR).shape == (240, 320, 3)
    times = [frame["time"] for answer in answers for frame in answer["frames"]]
    assert len(times) + answers[-1]["dropped"] == 250
    assert times == sorted(set(times))
    # It ended without a word, and what was measured is recorded all the same.
    with open_media(tmp_path / begun["recording"]) as media:
        assert media.survey() == pytest.approx([each - times[0] for each in times], abs=1e-4)


def test_frames_that_nobody_asks_for_are_dropped_evenly(recording):
    camera = MachineCamera(str(recording))
    while not camera._ended:
        pass
    left = [frame.index for frame in camera.frames()]
    assert (len(left), left[-1]) == (WAITING, 249)
    assert max(np.diff([0, *left])) <= 2 * 250 / WAITING
    assert camera.dropped == 250 - WAITING
    camera.close()


def test_the_eye_tells_what_is_told_of_the_whole_recording(frames, face_model):
    eye, film = Eye(FaceMesh(face_model), FlowSpotter()), [Frame(k, k / 50, picture) for k, picture in enumerate(frames)]
    told, seen = [], []
    for frame in film:
        seen.append(eye.step(frame))
        told += eye.look()
    told += eye.look(ended=True)
    assert all(len(each["points"]) == 68 and len(each["regions"]) == 11 for each in seen)
    left = {each["id"]: each for each in told}.values()
    micro = [(each["onset"], each["offset"]) for each in left if each["kind"] == "micro" and each["state"] != "gone"]
    truth = [(47, 61), (106, 129)]
    assert len(micro) == len(truth)
    assert all(a <= d and c <= b for (a, b), (c, d) in zip(micro, truth, strict=True))


class Holding:
    """In place of the spotter: it tells nothing, and counts how often it is asked."""

    def __init__(self, due):
        self.due, self.asked = due, 0

    def look(self, ended):
        self.asked += 1
        return []


@pytest.mark.parametrize(("due", "cost", "asked_at"), [(np.inf, 0.0, 1.2), (1.1, 0.0, 1.12), (1.1, 0.05, 1.16), (np.inf, 0.1, 1.32)])
def test_the_spotter_is_asked_again_when_something_is_due_but_never_for_more_than_a_third_of_the_time(monkeypatch, due, cost, asked_at):
    eye, clock = Eye(None, None), itertools.count(0.0, cost)
    eye._spotter = Holding(due)
    monkeypatch.setattr("fleeting.studio.eye.time.perf_counter", lambda: next(clock))
    times = 1 + np.arange(12) / 25
    again = []
    for eye.time in times:
        before = eye._spotter.asked
        eye.look()
        again += [eye.time] if eye._spotter.asked > before else []
    assert again[:2] == pytest.approx([1.0, asked_at])


def test_a_recording_without_frames_is_none(tmp_path):
    recorder = Recorder(tmp_path / "nothing.mp4")
    assert recorder.close() == {"name": None, "frames": 0, "failed": ""}
    assert not list(tmp_path.iterdir())


def test_a_recording_that_cannot_be_written_is_said_and_leaves_nothing(tmp_path):
    recorder = Recorder(tmp_path / "no" / "folder.mp4")
    for k in range(3):
        recorder.put(Frame(k, k / 25, np.zeros((64, 64, 3), np.uint8)))
    made = recorder.close()
    assert (made["name"], made["frames"]) == (None, 3)
    assert "cannot be written" in made["failed"]
    assert not list(tmp_path.iterdir())
