"""What is opened and what is not, and what the user is told then."""

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from fleeting.errors import MediaError, UsageError
from fleeting.media import open_media, write_video

from .recordings import blocks, cut, noise, write_pictures, write_sound


def test_a_name_outside_ascii_or_like_a_protocol(tmp_path):
    for name in ("Gespräch 微表情 😀.mp4", "a:b%03d.mkv"):
        path = write_video(tmp_path / name, blocks(3), 25)
        assert len(list(open_media(str(path)))) == 3
    folder = tmp_path / "Fräulein 微"
    folder.mkdir()
    cv2.imencode(".png", noise(1)[0])[1].tofile(folder / "bild_ä.png")
    assert len(list(open_media(folder))) == 1


def test_an_array_is_a_video():
    pictures = noise(6)
    with open_media(pictures, fps=50) as media:
        assert (media.name, media.path, media.codec, media.frame_count) == ("array", "array", "array", 6)
        assert (media.width, media.height, media.fps, media.duration) == (*pictures.shape[2:0:-1], 50, 0.12)
        frames = list(media)
        assert [frame.time for frame in frames] == [k / 50 for k in range(6)]
        assert all(np.shares_memory(frame.image, pictures) for frame in frames)
        assert np.array_equal([frame.image for frame in media.frames(2, 4)], pictures[2:4])
    with pytest.raises(MediaError, match="has been closed"):
        list(media)
    assert open_media(pictures).fps_assumed


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (np.zeros((4, 8, 8, 3)), r"is \(T, H, W, 3\) uint8 RGB, at least one of them; this is \(4, 8, 8, 3\) float64"),
        (np.zeros((4, 8, 8), np.uint8), r"this is \(4, 8, 8\) uint8; grey ones: np.repeat"),
        (np.zeros((0, 8, 8, 3), np.uint8), r"at least one of them"),
        ([np.zeros((8, 8, 3), np.uint8)], r"a list is no video: .*fl\.write_video\('frames\.mkv', frames, fps\)"),
        (None, "a NoneType is no video"),
    ],
)
def test_what_is_no_video(source, says):
    with pytest.raises(UsageError, match=says):
        open_media(source, fps=25)


def test_an_array_is_read_to_its_end():
    with pytest.raises(UsageError, match="seconds=2 is for cameras only; an array is read"):
        open_media(noise(2), fps=25, seconds=2)


def bad_files(folder: Path) -> Iterator[tuple[Path, str]]:
    yield folder / "missing.mp4", "does not exist"
    yield folder / "text.mp4" / "below.mp4", "may not be read|does not exist"
    (folder / "empty.mp4").touch()
    yield folder / "empty.mp4", "0 bytes"
    for name in ("text.mp4", "text.txt"):
        (folder / name).write_text("hello, this is not a video\n" * 100)
        yield folder / name, "is a text file"
    (folder / "list.mp4").write_text("#EXTM3U\n#EXTINF:1,\nhttp://localhost/a.ts\n")
    yield folder / "list.mp4", "is a text file"
    (folder / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(5000))
    yield folder / "noise.mp4", "is not a video"
    yield write_sound(folder / "sound.m4a"), "sound only"
    yield write_sound(folder / "cover.flac", cover=True), "sound only"
    cv2.imwrite(str(folder / "one.png"), noise(1)[0])
    yield folder / "one.png", "one picture"
    yield cut(write_video(folder / "unfinished.mp4", blocks(30), 25), 0.5), "was cut off"
    os.mkfifo(folder / "pipe")
    yield folder / "pipe", "neither a file nor a folder"


def test_bad_input_says_what_is_wrong(tmp_path, capfd):
    for path, message in bad_files(tmp_path):
        with pytest.raises(MediaError, match=message) as caught:
            open_media(path)
        assert str(path) in str(caught.value)
    assert capfd.readouterr() == ("", "")  # FFmpeg keeps quiet


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read(tmp_path):
    path = write_video(tmp_path / "a.mp4", blocks(3), 25)
    path.chmod(0)
    with pytest.raises(MediaError, match="may not be read"):
        open_media(path)
    folder = write_pictures(tmp_path / "s", noise(1), ["a.png"])
    folder.chmod(0)
    with pytest.raises(MediaError, match="may not be read"):
        open_media(folder)
    folder.chmod(0o700)


def test_a_missing_camera_and_wrong_parameters(tmp_path, capfd):
    for camera in (99, "99"):
        with pytest.raises(MediaError, match="Camera 99"):
            open_media(camera)
    assert capfd.readouterr() == ("", "")
    for settings in ({"fps": 0}, {"fps": float("nan")}, {"seconds": 3}):
        with pytest.raises(UsageError):
            open_media(tmp_path, **settings)
