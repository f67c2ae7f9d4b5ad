"""A new folder is there whole, or not at all."""

from __future__ import annotations

import pytest

from fleeting.datasets.new_folder import new_folder
from fleeting.errors import OutputError, UsageError


def test_it_appears_when_the_block_has_ended(tmp_path):
    for out in (tmp_path / "deep/er", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with new_folder(out) as draft:
            (draft / "a.txt").write_text("whole")
            assert not (out / "a.txt").exists()
        assert [path.name for path in out.iterdir()] == ["a.txt"]
        assert [path.name for path in out.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt()])
def test_nothing_is_left_of_a_block_that_fails(tmp_path, error):
    def work():
        with new_folder(tmp_path / "out") as draft:
            (draft / "a.txt").write_text("half")
            raise error

    with pytest.raises(type(error)):
        work()
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_never_replaced(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine").write_text("x")
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    for name in ("out", "file", "link"):
        with pytest.raises(UsageError, match=f"{name} exists already"), new_folder(tmp_path / name):
            raise AssertionError
    assert (tmp_path / "out/mine").read_text() == "x"


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=r"file/out could not be written: Not a directory"), new_folder(tmp_path / "file/out"):
        raise AssertionError
