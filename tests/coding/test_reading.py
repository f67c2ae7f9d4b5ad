"""Tables and JSON read as codings."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fleeting.analysis.export import save
from fleeting.coding import read_coding
from fleeting.errors import CodingError
from fleeting.media import write_video

from ..analysis.made_findings import analysis, event
from .made_codings import coding

WHAT = ["onset_frame", "apex_frame", "offset_frame", "kind", "emotion", "aus", "note"]


def rows(read):
    return read.events[WHAT].astype(object).where(read.events[WHAT].notna(), None).to_numpy().tolist()


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def results(tmp_path):
    """What analyze leaves of a recording of 300 frames at 100 frames/s: two events and a blink."""
    events = [event(10, 30, video="a", apex_frame=20), event(50, 120, "macro", video="a", emotion="negative", aus="")]
    found = analysis(events, [event(5, 9, "blink")], rows=300)
    found.signals["time_s"] = np.arange(300) / 100
    found.signals["face"] = 1
    found.name = "a"
    return save(found, tmp_path / "results")


@pytest.mark.parametrize("name", ["events.csv", "analysis.json", ""])
def test_results_of_analyze(results, name):
    read = read_coding(results / name)
    assert rows(read) == [[10, 20, 30, "micro", "surprise", "AU1+AU2", ""], [50, 50, 120, "macro", "negative", "none", ""]]
    assert (read.frames, read.events["offset_s"].tolist()) == (300, [0.31, 1.21])  # by the times of signals.csv
    assert (read.video, read.media) == ("videos/a.mp4", None)
    assert read.coder.startswith("Fleeting")


def test_the_times_are_those_of_the_same_recording(results):
    together = write(results.parent / "events.csv", (results / "events.csv").read_text())  # as of several videos, a folder each
    results.rename(results.parent / "a")
    clock = read_coding(together).clock
    assert clock is not None
    assert clock.times is not None
    assert len(clock.times) == 300
    about = json.loads((results.parent / "a" / "analysis.json").read_text())
    write(results.parent / "a" / "analysis.json", json.dumps({**about, "name": "another"}))
    assert read_coding(together).clock is None


def test_signals_that_lack_frames_are_no_clock(results):
    lines = (results / "signals.csv").read_text().splitlines()
    for text in ("\n".join(lines[:50] + lines[60:]), lines[0], "frame,face\n0,1\n", ""):
        write(results / "signals.csv", text)
        read = read_coding(results / "events.csv")
        assert (read.clock, read.events["offset_s"].tolist()) == (None, [0.31, 1.21])  # the table's own times


def test_a_coders_table_in_frames(tmp_path):
    path = write(
        tmp_path / "Anna.csv",
        "Onset;ApexFrame;Offset;Type;Estimated Emotion;Action Units;Comment;Age\n"
        "\n10;14;20;Micro - 1/2;Happiness;6+12;sure;31\n"
        "40;;90;macro-expression;;none;;31\n"
        "1;;9;blink;;;;31\n",
    )
    read = read_coding(path)
    assert rows(read) == [[10, 14, 20, "micro", "happiness", "AU6+AU12", "sure"], [40, None, 90, "macro", "", "none", ""]]
    assert (read.coder, read.clock, read.frames, read.events["onset_s"].isna().all()) == ("Anna", None, None, True)


def test_a_coders_table_in_seconds(tmp_path):
    film = write_video(tmp_path / "talk.mkv", np.zeros((60, 32, 48, 3), np.uint8), fps=50, crf=None)
    path = write(tmp_path / "coded.csv", "file,onset_s,apex_s,offset_s\ntalk.mkv,0.2,0.25,0.32\ntalk.mkv,0.4,,1.02\n")
    read = read_coding(path)
    assert rows(read) == [[10, 12, 15, "micro", "", "", ""], [20, None, 50, "macro", "", "", ""]]  # by their length: .12 and .62 s
    assert (read.media, read.frames) == (film, 60)
    film.unlink()
    assert read_coding(path, clock=100).events["onset_frame"].tolist() == [20, 40]
    with pytest.raises(CodingError, match=r"coded\.csv, row 2, is in seconds.*video=.*clock="):
        read_coding(path)


def test_a_table_of_several_coders_and_videos(tmp_path):
    text = "video,coder,onset,offset,kind\na.mp4,Anna,1,5,micro\na.mp4,Ben,2,6,micro\nb.mp4,Anna,7,9,micro\n"
    path = write(tmp_path / "all.csv", text)
    read = read_coding(path, coder="Anna", video="b.mp4")
    assert (rows(read)[0][:3], read.coder, read.video) == ([7, None, 9], "Anna", "b.mp4")
    with pytest.raises(CodingError, match=r"about 2 coders: Anna, Ben\. Say which one \(coder=\)"):
        read_coding(path)
    with pytest.raises(CodingError, match=r"about 2 videos: a\.mp4, b\.mp4"):
        read_coding(path, coder="Anna")


def test_what_is_written_is_read(tmp_path):
    made = coding((10, 14, 20), {"onset": 40, "offset": 45, "emotion": "fear", "aus": "none", "note": "a, b", "kind": "macro", "face": 2})
    made.table().to_csv(tmp_path / "coding.csv", index=False)
    read = read_coding(tmp_path / "coding.csv", clock=100)
    assert read.events.to_csv() == made.events.to_csv()
    assert (read.coder, read.video) == ("Anna", "talk.mp4")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "has no column onset; its first row reads: (nothing)"),
        ("onset,emotion\n1,fear\n", "has no column offset; its first row reads: onset_frame, emotion"),
        ("onset,offset,kind\n,5,micro\n", "row 2, has no onset"),
        ("onset,offset,kind\n\n1,5,micro\n\n9,5,micro\n", "row 5, has onset 9, apex -, offset 5: not in that order"),
        ("onset,apex,offset,kind\n1,8,5,micro\n", "onset 1, apex 8, offset 5"),
        ("onset,offset,kind\n-1,5,micro\n", "has onset -1"),
        ("onset,offset,kind\none,5,micro\n", "has onset_frame 'one', which is no number"),
        ("onset,offset,kind\n1.5,5,micro\n", "has onset_frame '1.5', which is no whole number"),
        ("onset,offset,kind\ninf,5,micro\n", "has onset_frame 'inf', which is no whole number"),
        ("onset,offset,kind,face\n1,5,micro,left\n", "has face 'left', which is no number"),
        ("onset,offset,kind\n1,5,tiny\n", "is of kind 'tiny'; there are micro and macro"),
        ("onset,offset\n1,5\n", "does not say whether it is micro or macro"),
        ("onset,offset,kind,aus\n1,5,micro,smile\n", "has action units 'smile'"),
    ],
)
def test_what_cannot_be_understood(tmp_path, text, named):
    with pytest.raises(CodingError) as caught:
        read_coding(write(tmp_path / "a.csv", text))
    assert f"{tmp_path / 'a.csv'}" in str(caught.value)
    assert named in str(caught.value)


def test_frames_beyond_the_recording(tmp_path):
    write_video(tmp_path / "talk.mkv", np.zeros((20, 32, 48, 3), np.uint8), fps=50, crf=None)
    path = write(tmp_path / "a.csv", "video,onset,offset\ntalk.mkv,5,20\n")
    with pytest.raises(CodingError, match=r"row 2, goes to frame 20, but the recording ends with 19"):
        read_coding(path)


def test_files_that_are_no_codings(tmp_path):
    for name, text, named in (
        ("a.txt", "", "is of a kind that is not read here"),
        ("a.json", "{", "is no analysis.json"),
        ("b.json", "[1]", "is no analysis.json"),
        ("c.json", '{"name": "a", "path": "a", "settings": [], "events": [1]}', "is no analysis.json"),
        ("a.xlsx", "no sheet", "is not a sheet that can be read"),
    ):
        with pytest.raises(CodingError, match=named):
            read_coding(write(tmp_path / name, text))
    with pytest.raises(CodingError, match="is no file"):
        read_coding(tmp_path / "absent.eaf")
    (tmp_path / "latin.csv").write_bytes("onset,offset,note\n1,2,für".encode("latin-1"))
    with pytest.raises(CodingError, match="is not in UTF-8"):
        read_coding(tmp_path / "latin.csv")


def test_a_recording_that_cannot_be_decoded(tmp_path):
    (tmp_path / "talk.mp4").write_text("no video")
    path = write(tmp_path / "a.csv", "video,onset,offset,kind\ntalk.mp4,5,20,micro\n")
    with pytest.raises(CodingError, match=r"talk\.mp4 is a text file, not a video\. Or say how many frames a second"):
        read_coding(path)
    assert read_coding(path, clock=25).events["onset_s"].tolist() == [0.2]
