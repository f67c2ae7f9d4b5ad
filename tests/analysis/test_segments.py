"""Segments of a recording measured apart and joined: by hand, and against the same recording read in one go."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fleeting.analysis import segments
from fleeting.analysis.analyze import analyze
from fleeting.analysis.segments import TRACES, joined, measure_in_segments
from fleeting.errors import TruncatedError, UsageError
from fleeting.faces.landmarks import mean_face
from fleeting.faces.signals import COLUMNS, Person, Signals, measure
from fleeting.media import open_media
from fleeting.spotting.matching import match

TIMES = np.arange(30) / 10  # s


def part(first, stop, values, track=1, seen=True, iods=()):
    """Signals of frames from `first` on whose traces have these values, and one face if it was seen."""
    table = pd.DataFrame(np.zeros((stop - first, len(COLUMNS)), np.float32), columns=list(COLUMNS))
    table[TRACES] = np.tile(np.asarray(values, np.float32)[:, None], len(TRACES))
    table["track"], table["eye_open"] = np.float32(track), np.float32(0.3)
    table.insert(0, "frame", np.arange(stop - first))
    table.insert(1, "time_s", TIMES[first:stop])
    table.insert(2, "seen", True)
    person = Person(1, mean_face(np.zeros(2), 60.0), TIMES[first], TIMES[stop - 1], TIMES[stop - 1] - TIMES[first], list(iods))
    return Signals({1: table} if seen else {}, [person] if seen else [], TIMES[first:stop])


def test_traces_are_shifted_onto_those_of_the_segment_before(monkeypatch):
    monkeypatch.setattr(segments, "SEAM_S", 0.45)
    # The second begins at frame 6 and takes over at 10; there it is 4.5 below the first: 4, 5, 4, 5 in the last .4 s.
    first = part(0, 10, [0, 0, 0, 0, 0, 0, 7, 7, 7, 7], iods=[60, 60])
    second = part(6, 30, [3, 2, 3, 2] + [1] * 20, iods=[60, 62, 64])
    both = joined([first, second], [0, 10, 30], TIMES)
    table = both.longest
    assert table["frame"].tolist() == list(range(30))
    assert table["time_s"].tolist() == TIMES.tolist()
    assert table["nose_x"].tolist() == [0] * 6 + [7] * 4 + [5.5] * 20
    assert set(table["track"]) == {1}
    np.testing.assert_allclose(table["eye_open"], 0.3, rtol=1e-6)  # not told from where the track began
    (person,) = both.people
    assert (person.first_s, person.last_s) == (0.0, TIMES[-1])
    assert person.seconds == pytest.approx(0.9 + 2.3 - 0.4)
    assert person.iods == [60, 60, 62, 64]


def test_a_face_lost_at_the_seam_is_another_track():
    first, second = part(0, 10, np.full(10, 7), track=2), part(10, 30, np.ones(20))
    table = joined([first, second], [0, 10, 30], TIMES).longest
    assert table["nose_x"].tolist() == [7] * 10 + [1] * 20
    assert table["track"].tolist() == [2] * 10 + [3] * 20


def test_segments_without_a_face_are_not_seen():
    table = joined([part(0, 10, np.zeros(10), seen=False), part(8, 30, np.ones(22))], [0, 10, 30], TIMES).longest
    assert table["seen"].tolist() == [False] * 10 + [True] * 20
    assert table["nose_x"].isna().sum() == 10
    nobody = joined([part(0, 10, np.zeros(10), seen=False)] * 2, [0, 10, 20], TIMES[:20])
    assert (nobody.tables, nobody.people, len(nobody.times)) == ({}, [], 20)


@pytest.fixture
def short_segments(monkeypatch):
    """Of two and a half seconds, begun one second early."""
    monkeypatch.setattr(segments, "SEGMENT_S", 2.5)
    monkeypatch.setattr(segments, "OVERLAP_S", 1.0)


def test_two_processes_find_what_one_finds(recording, face_model, short_segments):
    told = []
    one, two = analyze(recording), analyze(recording, jobs=2, progress=lambda frame, media: told.append(frame.index))
    assert sorted(told) == told
    assert (len(told), told[-1]) == (2, 249)
    assert two.signals["time_s"].tolist() == one.signals["time_s"].tolist()
    assert two.signals["seen"].tolist() == one.signals["seen"].tolist()
    head = one.signals["frame"] < 125
    pd.testing.assert_series_equal(two.signals.loc[head, "nose_x"], one.signals.loc[head, "nose_x"])
    names = {"onset_frame": "onset", "offset_frame": "offset"}
    assert match(two.events.rename(columns=names), one.events.rename(columns=names)).f1 == 1
    assert two.events["emotion"].tolist() == one.events["emotion"].tolist()
    assert two.quality["faces"][0]["seconds"] == pytest.approx(one.quality["faces"][0]["seconds"], abs=0.1)


def test_what_cannot_be_cut_is_left_to_one_process(recording, film, frames, face_model, tmp_path, short_segments):
    twice = film("twice.mp4", np.concatenate([frames, frames], axis=2))
    with open_media(twice) as media:
        assert len(measure(media, segments._detector(False)).people) == 2
        assert measure_in_segments(media, 2, fps=None, coarse=False) is None
    cut = tmp_path / "cut.mkv"
    whole = film("whole.mkv", frames).read_bytes()
    cut.write_bytes(whole[: int(0.9 * len(whole))])
    with pytest.raises(TruncatedError, match="breaks off"):
        analyze(cut, jobs=2)
    with open_media(frames, fps=50) as media:
        assert measure_in_segments(media, 2, fps=50, coarse=False) is None


def test_a_short_recording_is_not_cut(recording):
    with open_media(recording) as media:
        assert measure_in_segments(media, 2, fps=None, coarse=False) is None


def test_how_many_processes_is_checked(recording):
    with pytest.raises(UsageError, match="jobs=0"):
        analyze(recording, jobs=0)
