"""Who is in the picture, when, and that each frame's numbers are those of the face that was followed."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from fleeting.errors import UsageError
from fleeting.faces.mesh import FaceMesh
from fleeting.faces.signals import COLUMNS, Crowd, Signals, _Rows, measure
from fleeting.media import Frame


@pytest.fixture(scope="module")
def detector(face_model) -> FaceMesh:
    return FaceMesh(face_model)


def film(pictures: Iterable[np.ndarray], fps: float = 50.0) -> Iterable[Frame]:
    return (Frame(k, k / fps, picture) for k, picture in enumerate(pictures))


def beside(left: np.ndarray, right: np.ndarray, scale_left: float = 1.0, scale_right: float = 1.0) -> np.ndarray:
    """Two portraits in one grey picture, (240, 640, 3), each scaled about the middle of its half."""
    out = np.full((240, 640, 3), 90, np.uint8)
    for x, picture, scale in ((0, left, scale_left), (320, right, scale_right)):
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        height, width = small.shape[:2]
        top, start = (240 - height) // 2, x + (320 - width) // 2
        out[top : top + height, start : start + width] = small
    return out


def test_one_row_a_frame_of_finite_numbers(detector, frames):
    signals = measure(film(frames[:30]), detector)
    (table,) = signals.tables.values()
    assert list(table["frame"]) == list(range(30))
    assert table["time_s"].to_numpy() == pytest.approx(np.arange(30) / 50)
    assert list(table.columns) == ["frame", "time_s", "seen", *COLUMNS]
    assert table["seen"].all()
    assert np.isfinite(table[list(COLUMNS)].to_numpy()).all()
    # 320x240: the eyes are 45 px apart, and their middle lies in the middle of the picture's width.
    assert table["iod"].median() == pytest.approx(45, rel=0.1)
    assert table["face_x"].median() == pytest.approx(160, abs=12)
    assert table["track"].unique().tolist() == [1]


def test_meshes_laid_beforehand_change_no_number(detector, frames):
    still = np.full_like(frames[0], 90)
    pictures = [*frames[:20], *[still] * 12, *frames[40:60]]  # the face is lost and found meanwhile
    crowd, seen = Crowd(detector, "largest"), {}
    with ThreadPoolExecutor(1) as worker:
        for frame in film(pictures):
            for values in crowd.step(frame, worker).values():
                seen[frame.index] = values
    with_them = measure(film(pictures), detector).tables[1]
    np.testing.assert_array_equal(with_them.index[with_them["seen"]], list(seen))
    np.testing.assert_array_equal(with_them.loc[with_them["seen"], list(COLUMNS)].to_numpy(), np.stack(list(seen.values())))


def test_a_still_picture_moves_nothing(detector, frames):
    signals = measure(film([frames[0]] * 12), detector)
    (table,) = signals.tables.values()
    motion = table[[name for name in COLUMNS if name.endswith(("_x", "_y", "_strain")) and not name.startswith(("face", "gaze"))]]
    assert np.abs(motion.to_numpy()).max() < 0.02
    assert table["light"].std() < 0.01
    assert table["residual"].max() < 0.05


def test_times_are_those_of_the_frames_not_of_their_count(detector, frames):
    times = [0.0, 0.02, 0.05, 0.4, 0.41, 0.43]
    signals = measure([Frame(k, t, frames[k]) for k, t in enumerate(times)], detector)
    assert signals.times.tolist() == times
    assert signals.people[0].seconds == pytest.approx(0.43)


def test_a_face_lost_and_found_again_is_one_person_on_two_tracks(detector, frames):
    blank = np.full_like(frames[0], 90)
    signals = measure(film([*frames[:30], *[blank] * 30, *frames[60:90]]), detector)
    assert len(signals.people) == 1
    table = signals.tables[1]
    seen = table["seen"].to_numpy()
    assert seen[:30].all()
    assert not seen[40:60].any()  # .15 s after the last sight it counts as gone
    assert seen[72:].all()  # and it is looked for five times a second
    assert table.loc[~seen, list(COLUMNS)].isna().all(axis=None)
    assert table.loc[seen, "track"].unique().tolist() == [1, 2]
    (person,) = signals.people
    assert (person.first_s, person.last_s) == (0, pytest.approx(89 / 50))
    assert 1.0 < person.seconds < 1.5


def test_nobody(detector, frames):
    signals = measure(film([np.full_like(frames[0], 90)] * 3), detector)
    assert (signals.tables, signals.people, len(signals.times)) == ({}, [], 3)
    nothing = measure([], detector)
    assert (nothing.tables, nothing.people, len(nothing.times)) == ({}, [], 0)


def test_two_people_are_counted_from_left_to_right(detector, frames):
    both = [beside(frames[k], frames[k + 60][:, ::-1]) for k in range(8)]

    def faces(which) -> Signals:
        return measure(film(both), detector, face=which)

    assert [person.number for person in faces("all").people] == [1, 2]
    assert [faces("all").tables[k]["face_x"].median() // 320 for k in (1, 2)] == [0, 1]
    assert list(faces(2).tables) == [2]
    assert len(faces(2).people) == 2  # the other one is reported all the same
    assert len(faces("largest").tables) == 1
    assert faces(3).tables == {}


def test_the_largest_face_changes_when_another_has_clearly_outgrown_it(detector, frames):
    share = np.clip(np.linspace(-0.5, 1.5, 40), 0, 1)
    turning = [beside(frames[0], frames[0], 1 - 0.45 * s, 0.55 + 0.45 * s) for s in share]
    signals = measure(film(turning, 10.0), detector)
    one, two = signals.tables[1]["seen"].to_numpy(), signals.tables[2]["seen"].to_numpy()
    assert one[0]
    assert not two[0]
    assert two[-5:].all()
    assert not one[-5:].any()
    assert not (one & two).any()  # one face at a time
    alike = [beside(frames[0], frames[0], 1 - 0.1 * s, 0.9 + 0.1 * s) for s in share]
    assert len(measure(film(alike, 10.0), detector).tables) == 1  # no taking turns


@pytest.mark.parametrize("face", [0, -1, 1.5, "smallest", "1"])
def test_faces_that_cannot_be_meant(face):
    with pytest.raises(UsageError, match="is not allowed; use 'largest', 'all' or a number"):
        measure([], None, face=face)


def test_progress_is_told_after_each_frame(detector, frames):
    told = []
    measure(film(frames[:5]), detector, progress=told.append)
    assert [frame.index for frame in told] == [0, 1, 2, 3, 4]


def test_rows_keep_what_was_put_in_and_little_else():
    rows = _Rows(3)
    for k in range(5000):
        rows.append(2 * k, np.array([k, k + 0.5, -k]))
    index, values = rows.arrays()
    assert index.tolist() == list(range(0, 10000, 2))
    assert values[:, 1].tolist() == [k + 0.5 for k in range(5000)]
    assert values.base.nbytes < 2 * values.nbytes  # doubling, so at most twice what is needed
    assert values.dtype == np.float32
