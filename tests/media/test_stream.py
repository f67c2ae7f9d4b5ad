"""What goes in must come out, frame by frame and second by second, in one pass or by random access."""

import threading
from fractions import Fraction

import av
import numpy as np
import pytest

from fleeting.errors import MediaError, UsageError
from fleeting.media import Frame, open_media, write_video

from .recordings import blocks, images, noise

VARIABLE = [0.0, 0.04, 0.05, 0.13, 0.2, 0.201, 0.5, 0.54, 0.6, 0.64, 0.9, 1.0]  # s


def test_ffv1_keeps_every_bit_and_a_second_pass_starts_again(tmp_path):
    frames = noise(7, 47, 33)  # odd sizes too
    with open_media(write_video(tmp_path / "a.mkv", frames, 25)) as media:
        np.testing.assert_array_equal(images(media), frames)
        np.testing.assert_array_equal(images(media), frames)
        assert (media.name, media.width, media.height, media.codec) == ("a", 47, 33, "ffv1")
        assert (media.fps, media.fps_assumed, media.repaired, media.truncated) == (25, False, 0, None)
        assert media.duration == pytest.approx(7 / 25)
        first = next(iter(media))
        assert first.image.dtype == np.uint8
        assert first.image.flags.c_contiguous
        assert first.image.flags.writeable


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".webm", ".mkv"])
def test_frames_indices_and_times_at_a_constant_rate(tmp_path, suffix):
    frames = blocks(12)
    media = open_media(write_video(tmp_path / f"a{suffix}", frames, 50))
    seen = list(media)
    assert [frame.index for frame in seen] == list(range(12))
    np.testing.assert_allclose([frame.time for frame in seen], np.arange(12) / 50, atol=1e-9)
    np.testing.assert_array_equal(media.times, [frame.time for frame in seen])
    difference = np.abs(np.stack([frame.image for frame in seen]).astype(int) - frames)
    assert difference.mean() < 4  # colours in the right order, pictures in the right order
    assert media.fps == 50


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_variable_timestamps_are_exact(tmp_path, suffix):
    frames = [Frame(i, 7 + t, image) for i, (t, image) in enumerate(zip(VARIABLE, blocks(12), strict=True))]
    media = open_media(write_video(tmp_path / f"a{suffix}", frames, 25))
    np.testing.assert_allclose([frame.time for frame in media], VARIABLE, atol=1e-9)
    assert media.repaired == 0


def test_fps_replaces_the_timestamps_of_slow_motion(tmp_path):
    media = open_media(write_video(tmp_path / "a.mp4", blocks(10), 25), fps=200)
    np.testing.assert_allclose([frame.time for frame in media], np.arange(10) / 200)
    assert media.fps == 200
    assert media.duration == pytest.approx(0.05)


def test_timestamps_that_stand_still_are_repaired(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.height, stream.width, stream.pix_fmt = 64, 96, "yuvj420p"
        packets = []
        for index, image in enumerate(blocks(6)):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuvj420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        for packet, ticks in zip(packets, [0, 1, 1, 3, 4, 5], strict=True):
            packet.pts = packet.dts = ticks
            container.mux(packet)
    media = open_media(path)
    np.testing.assert_allclose([frame.time for frame in media], np.arange(6) / 25, atol=1e-9)
    assert media.repaired == 1
    np.testing.assert_array_equal(next(media.frames(2, 3)).image, images(media)[2])


@pytest.mark.parametrize("times", [np.arange(60) / 25, np.cumsum(np.random.default_rng(2).integers(1, 90, 60)) / 1000])
@pytest.mark.parametrize(
    ("suffix", "codec", "encoder"),
    [
        (".mp4", "libx264", {"g": "12", "bf": "3"}),
        (".mp4", "libx264", {"g": "12", "bf": "3", "x264-params": "open-gop=1"}),
        (".mkv", "libx264", {"g": "12", "bf": "3", "x264-params": "open-gop=1"}),
        (".ts", "libx264", {"g": "12", "bf": "3"}),
        (".avi", "mpeg4", {"g": "12", "bf": "2"}),
    ],
)
def test_random_access_agrees_with_iteration(tmp_path, times, suffix, codec, encoder):
    path = tmp_path / f"a{suffix}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=encoder)
        stream.height, stream.width, stream.pix_fmt = 64, 96, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for moment, image in zip(times, blocks(60), strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = round(moment * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    media = open_media(path)
    early = list(media.frames(30, 33))  # before anything is known about the file
    seen = list(media)
    for start, stop in [
        (0, 1),
        (0, 60),
        (11, 14),
        (30, 33),
        (59, 60),
        (58, 99),
        (60, 70),
        (7, 7),
        *zip(range(60), range(1, 61), strict=True),
    ]:
        part = list(media.frames(start, stop))
        assert [(f.index, f.time) for f in part] == [(f.index, f.time) for f in seen[start:stop]]
        for frame, expected in zip(part, seen[start:stop], strict=True):
            np.testing.assert_array_equal(frame.image, expected.image)
    np.testing.assert_array_equal([f.image for f in early], [f.image for f in seen[30:33]])
    with pytest.raises(UsageError):
        next(media.frames(5, 4))


def test_the_stream_is_lazy_and_its_thread_ends(tmp_path):
    media = open_media(write_video(tmp_path / "a.mkv", noise(200), 25))
    stream = iter(media)
    assert next(stream).index == 0
    assert len(media.times) < 20  # 8 wait in line
    stream.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "fleeting-decoder"]
    assert len(list(media)) == 200
    media.close()
    with pytest.raises(MediaError, match="closed"):
        next(iter(media))
