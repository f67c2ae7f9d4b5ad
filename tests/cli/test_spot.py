"""``fleeting spot`` through the real ``main``, on two people's long videos in a folder."""

from __future__ import annotations

import os

import pytest

from fleeting import read_spotting_run
from fleeting.media import write_video


@pytest.fixture
def fleeting(fleeting, monkeypatch, tmp_path, frames):
    """``fleeting ARGUMENTS`` within this process, beside a folder of two synthetic videos with one event each."""
    (tmp_path / "videos").mkdir()
    write_video(tmp_path / "videos" / "a.mkv", frames[20:95], 50.0)
    write_video(tmp_path / "videos" / "b.mkv", frames[80:155], 50.0)
    table = "clip,subject,onset,apex,offset,kind,path,video\na1,a,27,34,41,micro,videos/a.mkv,a\nb1,b,26,37,49,micro,videos/b.mkv,b\n"
    (tmp_path / "clips.csv").write_text(table)
    monkeypatch.setenv("FLEETING_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[int, str]:
        ended = fleeting(*arguments)
        return ended.code, ended.said

    return run


def test_spot_resume_compare_report(fleeting, tmp_path):
    code, said = fleeting("spot", "--data", "folder=.", "--out", "runs")
    assert code == 0, said
    assert "flow: 2 videos of 2 people, LOSO(), seed 0" in said
    (name,) = os.listdir("runs")
    assert f"Run: runs/{name}" in said
    assert read_spotting_run(f"runs/{name}").scores().loc["micro", "right"] == 2
    code, said = fleeting("spot", "--data", "folder=.", "--out", "runs")
    assert "2 of 2 folds were there already" in said
    code, said = fleeting("spot", "--data", "folder=.", "--spotter", "frame_difference", "--set", "size=64", "--set", "p=0.4")
    assert code == 0, said
    runs = sorted(f"runs/{each}" for each in os.listdir("runs"))
    assert len(runs) == 2
    code, said = fleeting("compare", *runs, "--metric", "f1_micro")
    assert code == 0, said
    assert "F1 of spotting, micro" in said
    code, said = fleeting("report", *runs, "--out", "page.html")
    assert code == 0, said
    assert (tmp_path / "page.html").stat().st_size > 5000


def test_what_is_wrong_is_said(fleeting):
    for arguments, expected in (
        (("--data", "folder=.", "--spotter", "lbp"), "no spotter is called 'lbp'"),
        (("--data", "folder=.", "--set", "k=3"), "the spotter flow has no parameter 'k'"),
        ((), "--data is missing"),
        (("--data", "folder=.", "--protocol", "nobody"), "no protocol is called 'nobody'"),
    ):
        code, said = fleeting("spot", *arguments)
        assert code == 2
        assert expected in said
