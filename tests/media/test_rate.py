"""Rates are exact whatever the container rounds its times to, and a rate that varies is never taken for a steady one."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from fleeting.media import Frame, open_media, write_video
from fleeting.media.rate import Grid, steady_rate

from .recordings import blocks, write_av

MS = Fraction(1, 1000)
RATES = [Fraction(1000 * n, 1001) for n in (24, 30, 60, 120)] + [Fraction(n) for n in (25, 30, 200, 1000, 2000)]
CONTAINERS = {
    ".mp4": ("libx264", "yuv420p"),
    ".mov": ("libx264", "yuv420p"),
    ".mkv": ("libx264", "yuv420p"),
    ".webm": ("libvpx", "yuv420p"),
    ".flv": ("flv", "yuv420p"),
    ".wmv": ("wmv2", "yuv420p"),
    ".avi": ("mjpeg", "yuvj420p"),
    ".ts": ("libx264", "yuv420p"),
}


def recording(path: Path, rate: Fraction, count: int) -> Path:
    """A steady recording; FFmpeg writes no AVI above 1000 frames a second, so the number in its header is changed after it is written."""
    fast_avi = path.suffix == ".avi" and rate > 1000
    images = blocks(count, 48, 32)
    write_av(path, images, *CONTAINERS[path.suffix], rate=Fraction(1000) if fast_avi else rate)
    if fast_avi:
        content = bytearray(path.read_bytes())
        numbers = content.index(b"vids") + 20  # scale, rate: uint32 each
        content[numbers : numbers + 8] = np.array([rate.denominator, rate.numerator], "<u4").tobytes()
        path.write_bytes(content)
    return path


# All but 2000 frames a second in ASF, which has milliseconds: FFmpeg writes no two pictures into one.
BOTH = [(suffix, rate) for suffix in CONTAINERS for rate in RATES if suffix != ".wmv" or rate <= 1000]


@pytest.mark.parametrize(("suffix", "rate"), BOTH, ids=[f"{suffix[1:]}-{float(rate):.6g}" for suffix, rate in BOTH])
def test_every_rate_is_exact_in_every_container(tmp_path, suffix, rate):
    count = min(150, max(12, int(1.25 * rate)))
    with open_media(recording(tmp_path / f"a{suffix}", rate, count)) as media:
        times = np.array([frame.time for frame in media])
        assert media.fps == pytest.approx(float(rate), rel=1e-12)
        np.testing.assert_allclose(times, np.arange(count) / float(rate), rtol=0, atol=1e-9)
        assert media.repaired == 0
        part = [frame.time for frame in media.frames(5, 9)]
        np.testing.assert_allclose(part, np.arange(5, 9) / float(rate), rtol=0, atol=1e-9)


@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
def test_a_rate_that_varies_keeps_the_times_in_the_file(tmp_path, suffix, rng):
    times = np.cumsum(np.r_[0, rng.integers(20, 60, 39)]) / 1000
    frames = [Frame(i, t, image) for i, (t, image) in enumerate(zip(times, blocks(40), strict=True))]
    with open_media(write_video(tmp_path / f"a{suffix}", frames, 30)) as media:
        np.testing.assert_allclose([frame.time for frame in media], times, rtol=0, atol=1e-9)


def test_a_rate_that_begins_to_vary_behind_what_is_looked_into_at_first(tmp_path):
    steady = np.arange(150) / 30
    times = np.r_[steady, steady[-1] + np.cumsum(np.resize([0.041, 0.027, 0.055], 30))]
    frames = [Frame(i, t, image) for i, (t, image) in enumerate(zip(times, blocks(180, 48, 32), strict=True))]
    with open_media(write_video(tmp_path / "a.mkv", frames, 30)) as media:
        seen = np.array([frame.time for frame in media])
    np.testing.assert_allclose(seen[:150], steady, rtol=0, atol=1e-9)
    np.testing.assert_allclose(seen[150:], np.round(times[150:], 3), rtol=0, atol=1e-9)


def test_frames_that_were_dropped_leave_the_others_at_their_times(tmp_path):
    kept = np.setdiff1d(np.arange(60), [7, 8, 30])
    frames = [Frame(i, t / 30, image) for i, (t, image) in enumerate(zip(kept, blocks(57), strict=True))]
    with open_media(write_video(tmp_path / "a.mkv", frames, 30)) as media:
        np.testing.assert_allclose([frame.time for frame in media], kept / 30, rtol=0, atol=1e-9)
        assert media.fps == 30


def test_a_stream_whose_container_declares_a_doubled_rate(tmp_path):
    """A transport stream of 1000 frames/s was said to have 2000: both fit its times, but every second moment is empty."""
    with av.open(str(recording(tmp_path / "a.ts", Fraction(1000), 120))) as container:
        assert container.streams.video[0].guessed_rate == 2000
    assert open_media(tmp_path / "a.ts").fps == 1000


@pytest.mark.parametrize(
    ("stamps", "declared", "rate"),
    [
        ([0, 33, 67, 100, 133, 167], [], Fraction(30)),
        ([0, 33, 67, 100, 133, 167], [Fraction(30000, 1001)], Fraction(30000, 1001)),  # too short to tell them apart
        ([0, 40, 80, 120], [], Fraction(25)),
        ([0, 40, 81, 120], [Fraction(25)], None),  # 25 has whole milliseconds: nothing was rounded
        ([0, 40, 80, 200, 240, 280], [], Fraction(25)),
        ([0, 1, 1, 2, 2, 3, 3, 4, 4, 5], [], Fraction(2000)),
        ([0, 10, 50, 55, 140, 150], [Fraction(25)], None),
        ([0], [Fraction(25)], None),
        ([5, 5, 5], [Fraction(25)], None),
    ],
)
def test_rates_worked_out_by_hand(stamps, declared, rate):
    assert steady_rate(stamps, MS, declared) == rate


def test_a_grid_gives_moments_in_order_and_none_beside_it():
    grid = Grid(Fraction(30), MS)
    assert [grid.place(ticks) for ticks in (0, 33, 66, 133, 150, 167)] == [0, 1, 2, 4, None, 5]
    assert grid.seconds(5) == 5 / 30
    assert Grid(Fraction(25), MS).place(41) is None
