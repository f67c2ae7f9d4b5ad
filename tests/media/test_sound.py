"""The sound lies where the pictures are."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from fleeting.media import open_media
from fleeting.media.sound import RATE, read_sound


def recorded(path, codec, begins_s=0.0, rate=48_000, seconds=6.0):
    """Grey pictures from ``begins_s`` on, and a tone from 3.0 to 3.5 s of the file, the rest silent."""
    at = np.arange(round(seconds * rate)) / rate
    tone = np.where((at >= 3.0) & (at < 3.5), 0.5 * np.sin(2 * np.pi * 440 * at), 0)
    with av.open(str(path), "w") as out:
        video, audio = out.add_stream("libx264", rate=25), out.add_stream(codec, rate=rate, layout="stereo")
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        for k in range(round((seconds - begins_s) * 25)):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), format="rgb24")
            frame.pts, frame.time_base = k + round(begins_s * 25), Fraction(1, 25)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        for k in range(0, len(tone), 1024):
            piece = np.repeat(tone[k : k + 1024], 2)[None].astype(np.float32)
            frame = av.AudioFrame.from_ndarray(piece, format="flt", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = rate, k, Fraction(1, rate)
            out.mux(audio.encode(frame))
        out.mux(audio.encode(None))
    return open_media(path)


def heard(samples):
    """First and last moment that is loud, s."""
    loud = np.flatnonzero(np.abs(samples.astype(float)) > 4000)
    return loud[0] / RATE, loud[-1] / RATE


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "aac"), ("a.mkv", "flac"), ("a.webm", "libopus")])
def test_a_tone_lies_where_it_was_recorded_whichever_stretch_is_asked_for(tmp_path, name, codec):
    if name == "a.webm":  # that container has other pictures
        name = "a.mkv"
    with recorded(tmp_path / name, codec) as media:
        for start, stop in ((0, 6), (2, 4), (2.9, 5)):
            samples = read_sound(media, start, stop)
            assert len(samples) == (stop - start) * RATE
            assert heard(samples) == pytest.approx((3 - start, 3.5 - start), abs=0.02)
        assert not read_sound(media, 4, 5).any()
        assert not read_sound(media, 50, 51).any()


def test_sound_counts_from_the_first_picture(tmp_path):
    with recorded(tmp_path / "a.mkv", "flac", begins_s=1.0) as media:
        assert media.start == pytest.approx(1.0)
        assert heard(read_sound(media, 1, 4)) == pytest.approx((1.0, 1.5), abs=0.02)


def test_a_silent_film_has_none(recording, frames):
    assert len(read_sound(open_media(recording), 0, 1)) == 0
    assert len(read_sound(open_media(frames, fps=50), 0, 1)) == 0
