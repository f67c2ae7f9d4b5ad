"""A file is whole or not there, and an older one stays until it is replaced."""

from __future__ import annotations

import pytest

from fleeting.whole import whole_file


def write(path, text, error=None):
    with whole_file(path) as beside:
        beside.write_text(text, "utf-8")
        if error:
            raise error


def test_what_is_written_gets_the_name(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old", "utf-8")
    with whole_file(path, ".txt") as beside:
        assert (beside.parent, beside.suffix, beside.name.startswith(".")) == (tmp_path, ".txt", True)
        beside.write_text("new", "utf-8")
        assert path.read_text("utf-8") == "old"
    assert [(each.name, each.read_text("utf-8")) for each in tmp_path.iterdir()] == [("a.txt", "new")]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_of_what_was_broken_off_nothing_is_left(tmp_path, error):
    path = tmp_path / "a.txt"
    path.write_text("old", "utf-8")
    with pytest.raises(error):
        write(path, "ne", error)
    assert [(each.name, each.read_text("utf-8")) for each in tmp_path.iterdir()] == [("a.txt", "old")]


def test_what_was_not_written_is_an_error_and_takes_nothing_away(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old", "utf-8")
    with pytest.raises(FileNotFoundError), whole_file(path):
        pass
    assert path.read_text("utf-8") == "old"


def test_the_name_of_a_folder_is_not_taken(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError):  # each system has a class of its own
        write(tmp_path / "a", "new")
    assert [each.name for each in tmp_path.iterdir()] == ["a"]
