from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from fleeting.media import open_media, write_video
from fleeting.studio.evidence import Evidence
from fleeting.studio.film import Film, packed

N = 300
BITS = 10


def coded(number):
    """A picture that says its number in ten blocks, black or white."""
    picture = np.full((48, 16 * BITS, 3), 128, np.uint8)
    for bit in range(BITS):
        picture[8:40, 16 * bit : 16 * bit + 16] = 235 if number >> bit & 1 else 20
    return picture


def number(data):
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    return sum(1 << bit for bit in range(BITS) if picture[24, 16 * bit + 8] > 128)


@pytest.fixture(params=["film.mp4", "film.webm", "film.mkv"])
def film(tmp_path, request):
    path = write_video(tmp_path / request.param, (coded(k) for k in range(N)), 30)
    return Film(path, evidence(tmp_path))


def evidence(folder):
    about = {"format": 1, "name": "film", "path": "", "events": [], "others": [], "settings": {}}
    about["quality"] = {"frames": N, "frame_s": 1 / 30}
    (folder / "analysis.json").write_text(json.dumps(about))
    return Evidence(folder, 0)


def test_every_frame_is_the_one_that_was_asked_for(film, rng):
    for start in (N - 1, 0, 151, 150, 149, *rng.integers(0, N - 4, 8).tolist()):
        stop = min(start + 3, N)
        assert [(k, number(data)) for k, data in film.run(start, stop)] == [(k, k) for k in range(start, stop)]


def test_frames_come_in_steps_at_a_width_and_the_same_again(film):
    once = list(film.run(10, 100, 13, width=80))
    assert [k for k, _ in once] == list(range(10, 100, 13))
    assert list(film.run(10, 100, 13, width=80)) == once
    assert cv2.imdecode(np.frombuffer(once[0][1], np.uint8), cv2.IMREAD_COLOR).shape == (24, 80, 3)


def test_an_answer_can_be_taken_apart():
    data = b"".join(packed(iter([(7, b"abc"), (8, b"")])))
    assert data == b"\x07\0\0\0\x03\0\0\0abc\x08\0\0\0\0\0\0\0"


@pytest.mark.parametrize("name", ["film.mp4", "film.webm", "film.mkv"])
def test_a_survey_without_decoding_gives_the_times_that_decoding_gives(tmp_path, name):
    path = write_video(tmp_path / name, (coded(k) for k in range(N)), 29.97)
    with open_media(path) as decoded, open_media(path) as listed, open_media(path) as wrong:
        assert decoded.survey().tolist() == [frame.time for frame in open_media(path)]
        assert listed.survey(N).tolist() == decoded.times.tolist() == wrong.survey(N - 1).tolist()
        assert not listed.repaired
        (frame,) = listed.frames(217, 218)
        assert np.array_equal(frame.image, next(iter(decoded.frames(217, 218))).image)


def test_pictures_are_surveyed_too(tmp_path):
    for k in range(4):
        cv2.imwrite(str(tmp_path / f"img{k}.png"), coded(k))
    with open_media(tmp_path, fps=20) as pictures:
        assert pictures.survey(4).tolist() == [0, 0.05, 0.1, 0.15]
        assert np.array_equal(next(iter(pictures.frames(2, 3))).image, coded(2))
