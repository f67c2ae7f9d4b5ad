"""Video files of all kinds, whole, cut off and damaged: upright, true in colour, honest about what is missing."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from fleeting.errors import TruncatedError
from fleeting.media import open_media, write_video

from .recordings import blocks, cut, images, noise, write_av


@pytest.mark.parametrize(("rotation", "turns"), [(0, 0), (90, 1), (180, 2), (-90, 3)])
@pytest.mark.parametrize("hflip", [False, True])
def test_rotated_recordings_come_upright(tmp_path, rotation, turns, hflip):
    stored = np.full((3, 32, 48, 3), 60, np.uint8)
    stored[:, :8, :12] = (230, 40, 40)  # red, top left as stored
    media = open_media(write_av(tmp_path / "a.mp4", stored, rotation=rotation, hflip=hflip))
    expected = np.rot90(stored[0], turns)  # counter-clockwise, as PyAV counts
    expected = expected[:, ::-1] if hflip else expected
    assert (media.height, media.width) == expected.shape[:2]
    for frame in media:
        assert np.abs(frame.image.astype(int) - expected).mean() < 8
        assert frame.image.flags.c_contiguous


OBLONG = {
    "a.mp4": ("libx264", "yuv420p"),
    "a.mov": ("mpeg4", "yuv420p"),
    "a.mkv": ("libx264", "yuv420p"),
    "a.avi": ("mpeg4", "yuv420p"),
    "b.avi": ("mjpeg", "yuvj420p"),
    "a.wmv": ("wmv2", "yuv420p"),
    "a.ts": ("libx264", "yuv420p"),
    "a.mpg": ("mpeg2video", "yuv420p"),
}


def disc(width: int, height: int, aspect: float) -> np.ndarray:
    """Three pictures of a disc of 60 px as a camera stores it whose pixels are ``aspect`` times as wide as high."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    inside = ((x - width / 2 + 0.5) * aspect) ** 2 + (y - height / 2 + 0.5) ** 2 < 30**2
    return np.where(inside[..., None], np.uint8(220), np.uint8(30)).repeat(3, axis=2)[None].repeat(3, axis=0)


@pytest.mark.parametrize("name", OBLONG)
@pytest.mark.parametrize(("width", "aspect"), [(96, Fraction(4, 3)), (108, Fraction(8, 9))])  # 16:9 and 4:3, which MPEG-2 knows
def test_pixels_that_are_not_square_are_made_so(tmp_path, name, width, aspect):
    """They were taken for square: the face was squeezed, and less often found."""
    media = open_media(write_av(tmp_path / name, disc(width, 72, float(aspect)), *OBLONG[name], aspect=aspect))
    assert media.pixel_aspect == pytest.approx(float(aspect))
    assert (media.width, media.height) == ((128, 72) if aspect > 1 else (108, 81))
    seen = [frame.image for frame in media]
    assert {image.shape for image in seen} == {(media.height, media.width, 3)}
    bright = seen[1][..., 1] > 125
    assert np.ptp(np.flatnonzero(bright.any(0))) == pytest.approx(np.ptp(np.flatnonzero(bright.any(1))), abs=2)
    np.testing.assert_array_equal(next(media.frames(1, 2)).image, seen[1])


def test_oblong_pixels_of_a_recording_that_was_turned(tmp_path):
    """The picture is made square before it is turned upright, for the shape is that of the stored pixels."""
    media = open_media(write_av(tmp_path / "a.mp4", disc(112, 96, 16 / 9), aspect=Fraction(16, 9), rotation=90))
    assert (media.height, media.width) == (199, 96)
    assert next(iter(media)).image.shape == (199, 96, 3)


def test_a_shape_of_pixels_that_no_camera_has_is_not_believed(tmp_path):
    media = open_media(write_av(tmp_path / "a.mkv", noise(2), aspect=Fraction(1, 40)))
    assert (media.pixel_aspect, media.width, media.height) == (1.0, 48, 32)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "tolerance"),
    [
        ("rgba.mkv", "ffv1", "bgra", 0),
        ("deep.mkv", "ffv1", "yuv420p10le", 6),
        ("deep.mp4", "libx265", "yuv420p10le", 8),
        ("444.mp4", "libx264", "yuv444p", 8),
        ("16.mkv", "ffv1", "rgb48le", 1),
        ("plain.avi", "rawvideo", "bgr24", 0),
        ("motion.avi", "mjpeg", "yuvj420p", 8),
        ("palette.gif", "gif", "rgb8", 40),
    ],
)
def test_pixel_formats(tmp_path, name, codec, pix_fmt, tolerance):
    frames = blocks(4)
    encoder = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    seen = images(open_media(write_av(tmp_path / name, frames, codec, pix_fmt, encoder=encoder)))
    assert seen.shape == frames.shape
    assert np.abs(seen.astype(int) - frames).mean() <= tolerance


def test_grey_is_repeated_and_full_range_is_kept(tmp_path):
    grey = np.repeat(np.linspace(0, 255, 64).astype(np.uint8)[None, None, :, None], 32, axis=1).repeat(3, axis=3)
    seen = images(open_media(write_av(tmp_path / "grey.mkv", grey, "ffv1", "gray")))
    np.testing.assert_array_equal(seen, grey)
    seen = images(open_media(write_av(tmp_path / "full.mp4", grey, "libx264", "yuv420p", colour_range=2)))
    assert np.abs(seen.astype(int) - grey).max() < 12
    assert np.ptp(seen[..., 0]) > 245


def test_sound_that_outlasts_the_pictures_is_not_a_truncation(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        video, sound = container.add_stream("libx264", rate=25), container.add_stream("flac", rate=16000)
        video.height, video.width, video.pix_fmt = 64, 96, "yuv420p"
        for image in blocks(5):
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(video.encode(None))
        for index in range(64):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.pts = 16000, index * 1024
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    media = open_media(path)
    assert len(list(media)) == 5
    assert media.truncated is None


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.ts"])
@pytest.mark.parametrize("late", [0, 13])  # frames of 40 ms
def test_a_picture_that_begins_after_the_sound(tmp_path, name, late):
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        video, sound = container.add_stream("mpeg4", rate=25), container.add_stream("aac", rate=16000)
        video.height, video.width, video.pix_fmt = 64, 96, "yuv420p"
        for index in range(16):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 16000, index * 1024
            container.mux(sound.encode(frame))
        for index, image in enumerate(blocks(10)):
            picture = av.VideoFrame.from_ndarray(image, format="rgb24")
            picture.pts, picture.time_base = late + index, Fraction(1, 25)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        container.mux(sound.encode(None))
    media = open_media(path)
    assert media.start == pytest.approx(late * 0.04, abs=0.065)  # the encoder of the sound begins 64 ms earlier
    assert [frame.time for frame in media] == pytest.approx(np.arange(10) / 25)


# Recordings that break off


def recordings(folder: Path) -> Iterator[Path]:
    faststart = {"muxer": {"movflags": "faststart"}, "encoder": {"g": "10"}}
    yield write_av(folder / "a.mp4", noise(100), **faststart)
    yield write_av(folder / "b.mp4", noise(100), muxer={"movflags": "frag_keyframe+empty_moov"}, encoder={"g": "10"})
    yield write_av(folder / "c.mkv", noise(100), encoder={"g": "10"})
    yield write_video(folder / "d.webm", blocks(100), 25)
    yield write_video(folder / "e.mkv", noise(100), 25)
    yield write_av(folder / "f.avi", noise(100), "mjpeg", "yuvj420p")


def test_a_recording_that_breaks_off(tmp_path, capfd):
    for path in recordings(tmp_path):
        assert len(list(open_media(path))) == 100, path
        short = cut(path, 0.6)
        media = open_media(short)
        with pytest.raises(TruncatedError, match=str(short)):
            list(media)
        count = len(media.times)
        assert 20 < count < 90, path
        media = open_media(short, partial=True)
        assert abs(len(list(media)) - count) < 3, path
        assert str(short) in media.truncated
        assert [frame.index for frame in media.frames(15, 18)] == [15, 16, 17]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("name", "codec", "pix_fmt"), [("a.mp4", "libx264", "yuv420p"), ("a.avi", "png", "rgb24")])
def test_damage_in_the_middle(tmp_path, name, codec, pix_fmt):
    path = write_av(
        tmp_path / name, noise(40, 96, 64), codec, pix_fmt, **({"encoder": {"g": "5"}} if "x" in codec else {})
    )
    whole = images(open_media(path))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = np.random.default_rng(1).bytes(2000)
    path.write_bytes(content)
    with pytest.raises(TruncatedError, match="damaged"):
        list(open_media(path))
    media = open_media(path, partial=True)
    seen = list(media)
    assert 35 <= len(seen) < 40
    np.testing.assert_array_equal(seen[-1].image, whole[-1])
    np.testing.assert_array_equal([f.image for f in media.frames(15, 30)], [f.image for f in seen[15:30]])
    assert "damaged" in media.truncated


# Recordings of people


def test_the_shared_recordings(shared_data):
    counts = {
        "expressive_b": 225,
        "face_enters": 169,
        "no_face": 95,  # its edit list hides 3 of 98
        "pexels_face": 472,
        "single_face": 72,
        "talking_a": 216,
        "talking_c": 122,
    }
    for path in sorted(path for path in (shared_data / "video").iterdir() if path.is_file()):
        with open_media(path) as media:
            times = [frame.time for frame in media]
            assert len(times) == counts[media.name] == media.frame_count
            assert np.all(np.diff(times) > 0)
            assert times[0] == 0
            assert media.repaired == 0
            assert media.truncated is None
