"""Writing: whole files or none, whatever happens meanwhile."""

import itertools
import signal
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from fleeting.errors import MediaError, OutputError, UsageError
from fleeting.media import Frame, open_media, write_video

from .recordings import blocks, images, noise


def test_odd_sizes_grow_by_one_pixel_in_h264_only(tmp_path):
    frames = blocks(3)[:, :63, :95]
    media = open_media(write_video(tmp_path / "a.mp4", frames, 25))
    seen = images(media)
    assert seen.shape == (3, 64, 96, 3)
    assert np.abs(seen[:, :63, :95].astype(int) - frames).mean() < 4
    assert np.abs(seen[:, 63].astype(int) - seen[:, 62]).mean() < 4
    assert images(open_media(write_video(tmp_path / "a.webm", frames, 25))).shape == frames.shape


def test_quality_costs_bytes(tmp_path):
    sizes = [write_video(tmp_path / f"{crf}.mp4", noise(5), 25, crf=crf).stat().st_size for crf in (10, 40)]
    assert sizes[0] > 2 * sizes[1]


class Stop(Exception):
    pass


@pytest.mark.parametrize("error", [Stop, KeyboardInterrupt, MediaError])
def test_an_interrupted_recording_leaves_nothing(tmp_path, error):
    def broken() -> Iterator[np.ndarray]:
        yield from noise(5)
        raise error

    with pytest.raises(error):
        write_video(tmp_path / "a.mp4", broken(), 25)
    assert not list(tmp_path.iterdir())


def test_an_older_recording_survives_a_failed_one(tmp_path):
    path = write_video(tmp_path / "a.mkv", noise(3), 25)
    with pytest.raises(UsageError, match="Frame 1 has shape"):
        write_video(path, [noise(1)[0], noise(1, 20, 20)[0]], 25)
    assert len(list(open_media(path))) == 3
    assert list(tmp_path.iterdir()) == [path]


def test_writing_is_lazy(tmp_path):
    alive = []

    def frames() -> Iterator[np.ndarray]:
        for index in range(50):
            alive.append(index)
            yield noise(1, seed=index)[0]

    media = open_media(write_video(tmp_path / "a.mkv", itertools.islice(frames(), 10), 25))
    assert len(alive) == 10
    assert len(list(media)) == 10


@pytest.mark.parametrize(
    ("name", "frames", "settings"),
    [
        ("a.wmv", noise(1), {}),
        ("a.mkv", noise(1), {"codec": "mpeg4"}),
        ("a.mkv", noise(1), {"crf": 5}),
        ("a.mp4", noise(1), {"crf": 99}),
        ("a.mp4", [], {}),
        ("a.mp4", noise(2)[..., 0], {}),
        ("a.mp4", noise(2) / 255, {}),
        ("a.mp4", [Frame(0, 1.0, noise(1)[0]), Frame(1, 1.0, noise(1)[0])], {}),
    ],
)
def test_what_cannot_be_written(tmp_path, name, frames, settings):
    with pytest.raises(UsageError):
        write_video(tmp_path / name, frames, 25, **settings)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder(tmp_path):
    with pytest.raises(OutputError, match=r"none.a.mp4 cannot be written"):
        write_video(tmp_path / "none" / "a.mp4", noise(1), 25)


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="needs a limit on the size of files")
@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_a_full_disk(tmp_path, name):
    script = f"""
import resource, signal, sys
import numpy as np
from fleeting.errors import OutputError
from fleeting.media import write_video
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    write_video({str(tmp_path / name)!r}, np.random.default_rng(0).integers(0, 256, (40, 64, 96, 3), np.uint8), 25)
except OutputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "cannot be written" in done.stdout
    assert not done.stderr
    assert not list(tmp_path.iterdir())
