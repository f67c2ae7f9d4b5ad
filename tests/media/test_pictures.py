"""Folders of pictures: their order, their depth, and pictures that do not belong or do not decode."""

import cv2
import numpy as np
import pytest

from fleeting.errors import MediaError
from fleeting.media import open_media

from .recordings import images, noise, write_pictures


def test_a_folder_comes_in_natural_order(tmp_path):
    frames = noise(4)
    folder = write_pictures(tmp_path / "s01", frames, ["img2.png", "img1.bmp", "img10.tif", "IMG3.PNG"])
    (folder / "Thumbs.db").write_bytes(b"x")
    (folder / "._img1.png").write_bytes(b"x")
    media = open_media(folder, fps=200)
    np.testing.assert_array_equal(images(media), frames[[1, 0, 3, 2]])
    np.testing.assert_allclose(media.times, np.arange(4) / 200)
    assert (media.name, media.frame_count, media.duration, media.fps_assumed) == ("s01", 4, 0.02, False)
    np.testing.assert_array_equal([f.image for f in media.frames(1, 3)], frames[[0, 3]])
    assert open_media(folder).fps == 25
    assert open_media(folder).fps_assumed


def test_the_folder_one_stands_in_has_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(write_pictures(tmp_path / "s01", noise(1), ["1.png"]))
    assert open_media(".").name == "s01"


def test_deep_grey_and_transparent_pictures(tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    deep = np.full((8, 8), 0x80FF, np.uint16)
    cv2.imwrite(str(folder / "1.png"), deep)
    cv2.imwrite(str(folder / "2.tif"), deep)
    cv2.imwrite(str(folder / "3.png"), np.full((8, 8), 128, np.uint8))
    cv2.imwrite(str(folder / "4.png"), np.full((8, 8, 4), 128, np.uint8))
    np.testing.assert_array_equal(images(open_media(folder)), np.full((4, 8, 8, 3), 128, np.uint8))


def test_pictures_of_different_sizes(tmp_path):
    folder = write_pictures(tmp_path / "mixed", noise(2), ["a1.png", "a2.png"])
    cv2.imwrite(str(folder / "a3.png"), noise(1, 20, 10)[0])
    with pytest.raises(MediaError, match=r"a1.png has 48x32 px, a3.png has 20x10 px"):
        list(open_media(folder))


def test_a_picture_that_does_not_decode(tmp_path):
    folder = write_pictures(tmp_path / "s", noise(3), ["a1.png", "a2.png", "a3.png"])
    (folder / "a2.png").write_text("no picture")
    with pytest.raises(MediaError, match=r"a2.png cannot be decoded"):
        list(open_media(folder))
    media = open_media(folder, partial=True)
    seen = [(frame.index, round(frame.time, 6)) for frame in media]
    assert seen == [(0, 0.0), (1, 0.08)]
    np.testing.assert_array_equal(next(media.frames(1, 2)).image, images(media)[1])
    assert "a2.png" in media.truncated


def test_folders_without_pictures(tmp_path):
    with pytest.raises(MediaError, match="it is empty"):
        open_media(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(MediaError, match=r"1 other files such as notes.txt"):
        open_media(tmp_path)
