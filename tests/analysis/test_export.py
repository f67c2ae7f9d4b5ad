"""What lies on disk is what was found, in formats that others read; and it lies there whole or not at all."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pympi.Elan import Eaf

from fleeting.analysis import export
from fleeting.analysis.export import FILES, check_writable, save, to_vtt
from fleeting.analysis.findings import EVENT_COLUMNS
from fleeting.errors import OutputError, UsageError

from .made_findings import analysis, event


def tree(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_all_files_and_nothing_else(tmp_path):
    folder = save(analysis([event(10, 30)]), tmp_path / "new" / "out")
    assert folder == tmp_path / "new" / "out"
    assert sorted(os.listdir(folder)) == sorted(FILES)


def test_events_csv_has_the_columns_in_order_rounded_and_quoted(tmp_path):
    save(analysis([event(10, 30, video='so, "called".mp4', onset_s=1 / 3)]), tmp_path)
    header, row = (tmp_path / "events.csv").read_text(encoding="utf-8").splitlines()
    assert header == (
        "video,face,onset_frame,apex_frame,offset_frame,onset_s,apex_s,offset_s,score,emotion,p_negative,"
        "p_positive,p_surprise,aus,kind,regions,amplitude,open,certain,doubt,repeatable"
    )
    assert (
        row
        == '"so, ""called"".mp4",1,10,10,30,0.3333,0.1,0.31,4.23,surprise,0.1,0.19,0.71,AU1+AU2,micro,inner_brow,1.25,,True,,0.87'
    )


def test_no_event_still_gives_a_header_and_valid_files(tmp_path):
    empty = analysis(rows=0)
    empty.events = pd.DataFrame()  # not even columns
    save(empty, tmp_path)
    assert (tmp_path / "events.csv").read_text().splitlines() == [",".join(EVENT_COLUMNS)]
    assert (tmp_path / "events.vtt").read_text() == "WEBVTT\n"
    assert {"blink", "head", "macro", "micro", "speech"} < set(Eaf(tmp_path / "events.eaf").get_tier_names())
    assert len((tmp_path / "signals.csv").read_text().splitlines()) == 1


def test_json_is_strict_and_complete(tmp_path):
    save(
        analysis([event(10, 30, score=np.inf)], [event(1, 2, "blink", p_surprise=None)], path="Übung/ß 日本.mp4"),
        tmp_path,
    )

    def refuse(constant):
        raise AssertionError(constant)

    text = (tmp_path / "analysis.json").read_text(encoding="utf-8")
    read = json.loads(text, parse_constant=refuse)
    assert read["format"] == 1
    assert read["name"] == "ß 日本.mp4"
    assert "日本" in text
    assert read["events"][0]["score"] is None
    assert read["events"][0]["onset_frame"] == 10
    assert list(read["events"][0]) == list(EVENT_COLUMNS)
    assert read["others"][0]["kind"] == "blink"
    assert read["quality"]["light"] is None
    assert read["quality"]["frames"] == 20
    assert read["quality"]["faces"] == [{"face": 1, "share": 0.5, "analysed": True}]
    assert read["settings"]["size"] == [1, 2]


def test_signals_are_rounded_and_read_back_in_pieces(tmp_path):
    export._write_signals(tmp_path / "s.csv", analysis(rows=50).signals, rows=7)
    read = pd.read_csv(tmp_path / "s.csv")
    assert len(read) == 50
    assert read["chin_x"].unique().tolist() == [0.3333]
    assert read["chin_y"].isna().all()
    assert read["time_s"][1] == 0.3333
    assert read["seen"].all()


def test_subtitles_count_from_the_beginning_of_the_file_where_the_sound_is_ahead():
    """Players count so; all cues were that much too early."""
    late = analysis([event(10, 30)])
    late.quality["first_frame_s"] = 0.52
    assert "00:00:00.620 --> 00:00:00.830" in to_vtt(late)


def test_vtt_cues_in_order_of_time_and_escaped():
    text = to_vtt(analysis([event(360_050, 360_070, "macro"), event(10, 30, aus="<b>&-->")]))
    assert text == (
        "WEBVTT\n\n1\n00:00:00.100 --> 00:00:00.310\nmicro: surprise .71 &lt;b&gt;&amp;--&gt; score 4.2\n\n"
        "2\n01:00:00.500 --> 01:00:00.710\nmacro: surprise .71 AU1+AU2 score 4.2\n"
    )


def test_existing_results_need_overwrite(tmp_path):
    (tmp_path / "events.vtt").write_text("mine")
    (tmp_path / "notes.txt").write_text("mine too")
    with pytest.raises(UsageError, match=r"events\.vtt exists already.*overwrite=True"):
        save(analysis(), tmp_path)
    assert tree(tmp_path) == {"events.vtt": b"mine", "notes.txt": b"mine too"}
    save(analysis(), tmp_path, overwrite=True)
    assert sorted(os.listdir(tmp_path)) == sorted([*FILES, "notes.txt"])
    assert (tmp_path / "events.vtt").read_text() == "WEBVTT\n"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError, OSError(28, "No space left on device")])
def test_stopped_while_writing_leaves_nothing(tmp_path, monkeypatch, stop):
    def report(_):
        raise stop

    monkeypatch.setattr(export, "report_html", report)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "events.csv").write_text("old")
    expected = OutputError if isinstance(stop, OSError) else stop
    for folder in (tmp_path / "new" / "er", tmp_path / "old"):
        with pytest.raises(expected) as caught:
            save(analysis([event(1, 2)]), folder, overwrite=True)
        assert not isinstance(stop, OSError) or re.search(
            r"report\.html could not be written: No space", str(caught.value)
        )
    assert tree(tmp_path) == {"old/events.csv": b"old"}
    assert os.listdir(tmp_path) == ["old"]


def test_stopped_while_moving_puts_the_old_files_back(tmp_path, monkeypatch):
    save(analysis(), tmp_path)
    (tmp_path / "events.vtt").unlink()
    before, move, moves = tree(tmp_path), os.replace, []

    for stop_at in range(1, 12):

        def counted(source, target, stop_at=stop_at):
            moves.append(target)
            if len(moves) == stop_at:
                raise KeyboardInterrupt
            move(source, target)

        moves.clear()
        monkeypatch.setattr(os, "replace", counted)
        with pytest.raises(KeyboardInterrupt):
            save(analysis([event(1, 2)]), tmp_path, overwrite=True)
        assert tree(tmp_path) == before
        assert sorted(os.listdir(tmp_path)) == sorted(before)


def test_check_writable_leaves_no_trace(tmp_path):
    check_writable(tmp_path / "a" / "b")
    assert not os.listdir(tmp_path)


def test_folder_that_is_a_file_or_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    for folder, named in (
        (tmp_path / "file", "is a file"),
        (tmp_path / "file" / "in", "cannot be written to"),
        (tmp_path / ("x" * 300), "cannot be written to"),
    ):
        with pytest.raises(UsageError, match=named):
            check_writable(folder)
    (tmp_path / "out" / "events.csv").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"events\.csv is a folder"):
        check_writable(tmp_path / "out", overwrite=True)
    assert os.listdir(tmp_path / "out") == ["events.csv"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="read-only folders do not bind this user")
def test_read_only_folder(tmp_path):
    tmp_path.chmod(0o555)
    for folder in (tmp_path, tmp_path / "new"):
        with pytest.raises(UsageError, match="cannot be written to: Permission denied"):
            check_writable(folder)
    tmp_path.chmod(0o755)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc here, in which nobody may make a folder")
def test_folder_where_nobody_may_write():
    with pytest.raises(UsageError, match="cannot be written to"):
        check_writable("/proc/results")


@pytest.mark.skipif(sys.platform == "win32", reason="no file size limits")
def test_a_disk_that_fills_up(tmp_path):
    # The limit on a file's size is the nearest to a full disk that any user can set; signals.csv does not fit.
    script = """if True:
        import resource, signal, sys
        from made_findings import analysis
        from fleeting.errors import OutputError
        from fleeting.analysis.export import save
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            save(analysis(rows=5_000), sys.argv[1])
        except OutputError as error:
            print(error)
    """
    paths = [str(Path(__file__).parent), str(Path(export.__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "out"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )
    assert "signals.csv could not be written: File too large" in done.stdout
    assert not done.stderr
    assert not os.listdir(tmp_path)


def test_name_that_is_not_utf8(tmp_path):
    save(analysis([event(1, 2, video="caf\udce9.mp4")], path="caf\udce9.mp4"), tmp_path)
    for name in FILES:
        (tmp_path / name).read_text(encoding="utf-8")
